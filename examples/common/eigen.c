/* Eigenvalues of larger symmetric matrices. */
#include "common/eigen.h"
#include <float.h>
#include <stdlib.h>
#include <string.h>

static double dot(size_t n, const double *x, const double *y)
{
    double sum[4] = {0}; /* four chains of additions side by side */
    size_t k = 0;
    for (; k + 4 <= n; k += 4)
        for (size_t s = 0; s < 4; s++)
            sum[s] += x[k + s] * y[k + s];
    for (; k < n; k++)
        sum[0] += x[k] * y[k];
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

static void add(size_t n, double factor, const double *x, double *y)
{
    for (size_t k = 0; k < n; k++)
        y[k] += factor * x[k];
}

/* Makes x orthogonal to the first `count` rows, and of length 1; 0 where nothing is left of it. */
static int orthonormalise(size_t n, size_t count, const double *rows, double *x)
{
    double before = sqrt(dot(n, x, x));
    for (int twice = 0; twice < 3 && before > 0; twice++) {
        for (size_t r = 0; r < count; r++)
            add(n, -dot(n, rows + r * n, x), rows + r * n, x);
        const double after = sqrt(dot(n, x, x));
        if (!(after > 1e-10 * before) || !isfinite(after))
            return 0;
        for (size_t k = 0; k < n; k++)
            x[k] /= after;
        before = 1;
    }
    return before > 0;
}

/* ---- all of them ---- */

/*
 * Reflections 1 - beta v v^T, one for each row, take a to tridiagonal form: diagonal[n], beside[n], beside[k] between k and k +
 * 1. v stands in the row that it cleared, behind the diagonal. image[n] is room.
 */
static void tridiagonalise(size_t n, double *a, double *diagonal, double *beside, double *beta, double *image)
{
    for (size_t k = 0; k < n; k++) {
        double *v = a + k * n + k + 1;
        const size_t rest = n - k - 1;
        const double length = sqrt(dot(rest, v, v));
        diagonal[k] = a[k * n + k];
        beside[k] = beta[k] = 0;
        if (rest == 0)
            break;
        beside[k] = v[0];
        if (rest == 1 || length == fabs(v[0]))
            continue;
        beside[k] = v[0] > 0 ? -length : length;
        v[0] -= beside[k];
        beta[k] = 2 / dot(rest, v, v);
        memset(image, 0, rest * sizeof *image);
        for (size_t i = 0; i < rest; i++) {
            const double *row = a + (k + 1 + i) * n + k + 1;
            image[i] += row[i] * v[i] + dot(rest - i - 1, row + i + 1, v + i + 1);
            add(rest - i - 1, v[i], row + i + 1, image + i + 1);
        }
        const double half = beta[k] * beta[k] * dot(rest, image, v) / 2;
        for (size_t i = 0; i < rest; i++)
            image[i] = beta[k] * image[i] - half * v[i];
        for (size_t i = 0; i < rest; i++) {
            double *row = a + (k + 1 + i) * n + k + 1;
            for (size_t j = i; j < rest; j++)
                row[j] -= v[i] * image[j] + image[i] * v[j];
        }
    }
}

/* The eigenvalues of a tridiagonal matrix in place of its diagonal; the rows of vector[n][n] turn along. */
static int iterate(size_t n, double *diagonal, double *beside, double *vector)
{
    for (size_t k = 0; k < n; k++)
        for (int tries = 0;; tries++) {
            size_t end = k;
            while (end + 1 < n &&
                   fabs(beside[end]) > DBL_EPSILON * (fabs(diagonal[end]) + fabs(diagonal[end + 1])))
                end++;
            if (end == k)
                break;
            if (tries == 60)
                return 1;
            const double slope = (diagonal[k + 1] - diagonal[k]) / (2 * beside[k]);
            double s = 1, c = 1, shifted = 0;
            double g = diagonal[end] - diagonal[k] + beside[k] / (slope + copysign(hypot(slope, 1), slope));
            size_t i = end;
            while (i-- > k) {
                const double f = s * beside[i], b = c * beside[i], r = hypot(f, g);
                beside[i + 1] = r;
                if (r == 0) { /* it falls apart here */
                    diagonal[i + 1] -= shifted;
                    break;
                }
                s = f / r, c = g / r;
                g = diagonal[i + 1] - shifted;
                const double t = (diagonal[i] - g) * s + 2 * c * b;
                shifted = s * t;
                diagonal[i + 1] = g + shifted;
                g = c * t - b;
                for (size_t j = 0; vector && j < n; j++) {
                    double *low = vector + i * n, *high = low + n;
                    const double x = high[j];
                    high[j] = s * low[j] + c * x;
                    low[j] = c * low[j] - s * x;
                }
            }
            if (i + 1 > k) { /* the loop broke off */
                beside[end] = 0;
                continue;
            }
            diagonal[k] -= shifted;
            beside[k] = g;
            beside[end] = 0;
        }
    return 0;
}

/* Ascending, rows along with their values, by selection. */
static void sort(size_t n, double *value, double *vector)
{
    for (size_t i = 0; i + 1 < n; i++) {
        size_t least = i;
        for (size_t j = i + 1; j < n; j++)
            least = value[j] < value[least] ? j : least;
        const double v = value[i];
        value[i] = value[least], value[least] = v;
        for (size_t k = 0; vector && least != i && k < n; k++) {
            const double x = vector[i * n + k];
            vector[i * n + k] = vector[least * n + k], vector[least * n + k] = x;
        }
    }
}

/* Eigenvectors of the tridiagonal matrix to those of the whole, row by row. */
static void reflect_back(size_t n, size_t count, const double *a, const double *beta, double *vector)
{
    for (size_t row = 0; row < count; row++)
        for (size_t k = n; k-- > 0;)
            if (beta[k] != 0) {
                const double *v = a + k * n + k + 1;
                double *x = vector + row * n + k + 1;
                add(n - k - 1, -beta[k] * dot(n - k - 1, v, x), v, x);
            }
}

static int is_finite(size_t n, const double *a)
{
    for (size_t k = 0; k < n * n; k++)
        if (k % n >= k / n && !isfinite(a[k]))
            return 0;
    return 1;
}

int eigen_all(size_t n, double *a, double *value, double *vector)
{
    double *beside = calloc(3 * n + 1, sizeof *beside), *beta = beside ? beside + n + 1 : NULL;
    int bad = !beside || !is_finite(n, a);
    if (!bad) {
        tridiagonalise(n, a, value, beside, beta, beta + n);
        for (size_t k = 0; vector && k < n * n; k++)
            vector[k] = k % (n + 1) == 0;
        bad = iterate(n, value, beside, vector);
    }
    if (!bad) {
        sort(n, value, vector);
        reflect_back(n, vector ? n : 0, a, beta, vector);
    }
    free(beside);
    return bad;
}

/*
 * x <- (T - shift)^-1 x by elimination with exchange of rows, T tridiagonal; room[4][n]. Pivots that vanish are taken as `tiny`.
 */
static void solve_shifted(size_t n, const double *diagonal, const double *beside, double shift, double tiny,
                          double *x, double *room)
{
    double *p = room, *q = p + n, *r = q + n; /* the row: p at the diagonal, q and r behind it */
    double d = diagonal[0] - shift, e = n > 1 ? beside[0] : 0, first = x[0];
    for (size_t k = 0; k + 1 < n; k++) {
        const double below = beside[k], next = diagonal[k + 1] - shift, after = k + 2 < n ? beside[k + 1] : 0;
        const double b = x[k + 1];
        if (fabs(below) > fabs(d)) {
            const double factor = d / below;
            p[k] = below, q[k] = next, r[k] = after, x[k] = b;
            d = e - factor * next, e = -factor * after, first -= factor * b;
        } else {
            const double pivot = d != 0 ? d : tiny, factor = below / pivot;
            p[k] = pivot, q[k] = e, r[k] = 0, x[k] = first;
            d = next - factor * e, e = after, first = b - factor * first;
        }
    }
    p[n - 1] = fabs(d) > tiny ? d : tiny, q[n - 1] = r[n - 1] = 0, x[n - 1] = first;
    for (size_t k = n; k-- > 0;) {
        x[k] -= (k + 1 < n ? q[k] * x[k + 1] : 0) + (k + 2 < n ? r[k] * x[k + 2] : 0);
        x[k] /= p[k];
    }
}

int eigen_some(size_t n, size_t count, double *a, double *value, double *vector)
{
    if (4 * count > n && count < n) { /* no gain */
        double *all = calloc(n * n, sizeof *all);
        const int bad = !all || eigen_all(n, a, value, all);
        if (!bad)
            memcpy(vector, all, count * n * sizeof *all);
        free(all);
        return bad;
    }
    if (count >= n)
        return eigen_all(n, a, value, vector);
    double *room = calloc(8 * n + 1, sizeof *room);
    int bad = !room || !is_finite(n, a);
    if (!bad) {
        double *diagonal = room, *beside = diagonal + n, *beta = beside + n, *spare = beta + n;
        tridiagonalise(n, a, diagonal, beside, beta, spare);
        memcpy(value, diagonal, n * sizeof *value);
        memcpy(spare, beside, n * sizeof *spare);
        bad = iterate(n, value, spare, NULL);
        sort(n, value, NULL);
        const double size = fmax(fabs(value[0]), fabs(value[n - 1])), tiny = DBL_EPSILON * size + DBL_MIN;
        for (size_t c = 0; c < count && !bad; c++) {
            double *x = vector + c * n;
            unsigned state = 1;
            for (size_t k = 0; k < n; k++) { /* what has a part in every direction */
                state = state * 1664525U + 1013904223U;
                x[k] = 0.5 + (double)state / 4294967296.0;
            }
            for (int step = 0; step < 4 && !bad; step++) {
                solve_shifted(n, diagonal, beside, value[c], tiny, x, spare);
                bad = !orthonormalise(n, c, vector, x);
            }
        }
        reflect_back(n, count, a, beta, vector);
    }
    free(room);
    return bad;
}

/* ---- the lowest ---- */

/* to[count][n] <- turn[count][m] times from[m][n]. */
static void combine(size_t n, size_t m, size_t count, const double *turn, size_t stride, const double *from,
                    double *to)
{
    memset(to, 0, count * n * sizeof *to);
    for (size_t c = 0; c < count; c++)
        for (size_t r = 0; r < m; r++)
            add(n, turn[c * stride + r], from + r * n, to + c * n);
}

typedef struct davidson {
    const eigen_operator *o;
    size_t count, space, size; /* wanted; room for vectors, and how many there are */
    double *v, *w;             /* [space][n] orthonormal vectors, and their products */
    double *projected, *ritz;  /* [space][space] v^T A v, and its eigenvectors */
    double *copy, *value;      /* [space][space], [space] */
    double *few;               /* [keep][n] */
} davidson;

/* One more vector, where something new is in it. */
static int extend(davidson *d, const double *x)
{
    const size_t n = d->o->n;
    double *v = d->v + d->size * n, *w = d->w + d->size * n;
    if (x)
        memcpy(v, x, n * sizeof *v);
    if (!orthonormalise(n, d->size, d->v, v))
        return 0;
    d->o->apply(d->o->context, n, v, w);
    for (size_t r = 0; r <= d->size; r++)
        d->projected[r * d->space + d->size] = d->projected[d->size * d->space + r] = dot(n, d->v + r * n, w);
    d->size++;
    return 1;
}

/* The eigenvectors within the space. */
static int solve(davidson *d)
{
    for (size_t r = 0; r < d->size; r++)
        memcpy(d->copy + r * d->size, d->projected + r * d->space, d->size * sizeof *d->copy);
    return eigen_all(d->size, d->copy, d->value, d->ritz);
}

/* Keeps the `keep` lowest eigenvectors within the space as all that there is of it. */
static void restart(davidson *d, size_t keep)
{
    const size_t n = d->o->n;
    double *of[] = {d->v, d->w};
    for (int k = 0; k < 2; k++) {
        combine(n, d->size, keep, d->ritz, d->size, of[k], d->few);
        memcpy(of[k], d->few, keep * n * sizeof *d->few);
    }
    memset(d->projected, 0, d->space * d->space * sizeof *d->projected);
    for (size_t r = 0; r < keep; r++)
        d->projected[r * d->space + r] = d->value[r];
    d->size = keep;
}

/* Unit vectors at the lowest elements of the diagonal. */
static void begin(davidson *d)
{
    const size_t n = d->o->n;
    char *taken = calloc(n, 1);
    for (size_t c = 0; taken && c < d->count + d->count / 4 + 2 && c < n; c++) {
        size_t least = n;
        for (size_t k = 0; k < n; k++)
            if (!taken[k] && (least == n || d->o->diagonal[k] < d->o->diagonal[least]))
                least = k;
        taken[least] = 1;
        memset(d->few, 0, n * sizeof *d->few);
        d->few[least] = 1;
        extend(d, d->few);
    }
    free(taken);
}

int eigen_lowest(const eigen_operator *o, size_t count, size_t space, double tolerance, int most, int begun,
                 double *value, double *vector)
{
    const size_t n = o->n, wanted = space ? space : 4 * count + 20;
    davidson d = {.o = o, .count = count, .space = wanted < n ? wanted : n};
    const size_t keep = count + count / 4 + 2 < d.space ? count + count / 4 + 2 : d.space, s = d.space;
    double *all = count <= n ? calloc((2 * s + keep) * n + 3 * s * s + s, sizeof *all) : NULL;
    int products = 0, done = 0;
    if (!all)
        return 0;
    d.v = all, d.w = d.v + s * n, d.few = d.w + s * n, d.projected = d.few + keep * n;
    d.ritz = d.projected + s * s, d.copy = d.ritz + s * s, d.value = d.copy + s * s;
    for (size_t c = 0; begun && c < count; c++)
        extend(&d, vector + c * n);
    if (d.size < count)
        begin(&d);
    products = (int)d.size;
    while (!done && d.size >= count && !solve(&d)) {
        const size_t size = d.size, room = d.space - size;
        size_t open = 0, added = 0;
        if (room < count && size > keep && size < n) {
            restart(&d, keep);
            continue;
        }
        for (size_t c = 0; c < count; c++) {
            double *r = d.few; /* the residual */
            combine(n, size, 1, d.ritz + c * size, size, d.w, r);
            for (size_t k = 0; k < size; k++)
                add(n, -d.value[c] * d.ritz[c * size + k], d.v + k * n, r);
            if (sqrt(dot(n, r, r)) <= tolerance)
                continue;
            open++;
            for (size_t k = 0; k < n; k++) {
                const double gap = o->diagonal[k] - d.value[c];
                r[k] /= fabs(gap) > 1e-4 * fabs(d.value[c]) + 1e-12
                            ? gap
                            : copysign(1e-4 * fabs(d.value[c]) + 1e-12, gap);
            }
            if (d.size < d.space)
                added += (size_t)extend(&d, r);
        }
        products += (int)added;
        done = open == 0 || size == n;
        if (done) {
            memcpy(value, d.value, count * sizeof *value);
            combine(n, size, count, d.ritz, size, d.v, vector);
        } else if (products > most || (added == 0 && size <= keep)) {
            break;
        } else if (added == 0) {
            restart(&d, keep);
        }
    }
    free(all);
    return done ? products : 0;
}
