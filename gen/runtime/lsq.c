/* The streaming least-squares solver. */
#ifndef EQML__LSQ_C
#define EQML__LSQ_C
#include "lsq.h"
#include "lanes.h"
#include "memory.c"
#include <stdbool.h>
#include <stdlib.h>

/* --- Householder reflections ---------------------------------------------------------------------------- */

/* H = I - tau [1; v] [1; v]^T with v = scale * tail maps [alpha; tail] to [beta; 0]. */
typedef struct eqml__reflector {
    double beta, tau, scale;
} eqml__reflector;

/* The sign of beta is opposite to alpha's, so that alpha - beta cannot cancel. tail2 = |tail|^2. */
static eqml__reflector eqml__reflect(double alpha, double tail2)
{
    eqml__reflector h = {alpha, 0.0, 0.0};
    if (tail2 > 0.0) {
        h.beta = -copysign(sqrt(alpha * alpha + tail2), alpha);
        h.tau = (h.beta - alpha) / h.beta;
        h.scale = 1.0 / (alpha - h.beta);
    }
    return h;
}

/* --- The streaming factorisation ------------------------------------------------------------------------ */

struct eqml_lsq {
    int ncols, nrhs;
    int width;        /* ncols + nrhs: the right-hand sides are columns like the others */
    int padded;       /* width, rounded up to whole panels; the rest stays zero */
    int filled;       /* rows waiting in the block */
    size_t rows;      /* rows added */
    double *row;      /* [padded]: the row being written */
    double *least;    /* [padded]: columns are scaled by no less than this; zero where nothing is asked for */
    double tolerance; /* the rank is decided with no less than this */
    double *r;        /* upper triangular [width][width], see eqml__lsq_r */
    double *block;    /* [EQML__LSQ_BLOCK][padded], see eqml__lsq_put */
    double *work;
    void *room;             /* for the next solution, see eqml__lsq_reserve; or null */
    struct eqml_lsq *spare; /* likewise, where it has a ridge; or null */
};

#define EQML__LSQ_BLOCK 384 /* rows folded at once: enough to hide the traffic of R, a panel stays in L2 */
#define EQML__LSQ_PANEL 48  /* reflectors applied at once */

#ifdef EQML_USE_LAPACK

/* R and the block are column-major squares and rectangles, as dtpqrt wants them. */

#define EQML__LSQ_WORK(padded) (2 * (size_t)EQML__LSQ_PANEL * (size_t)(padded))

#ifdef __cplusplus
#define EQML__FORTRAN extern "C"
#else
#define EQML__FORTRAN extern
#endif
EQML__FORTRAN void dtpqrt_(const int *m, const int *n, const int *l, const int *nb, double *a, const int *lda,
                           double *b, const int *ldb, double *t, const int *ldt, double *work, int *info);

static size_t eqml__lsq_r_size(int padded)
{
    return (size_t)padded * (size_t)padded;
}

static double *eqml__lsq_r(const eqml_lsq *lsq, int i, int j)
{
    return lsq->r + (size_t)j * (size_t)lsq->padded + i;
}

static void eqml__lsq_put(eqml_lsq *lsq, int i, const double *row)
{
    for (int j = 0; j < lsq->width; j++)
        lsq->block[(size_t)j * EQML__LSQ_BLOCK + (size_t)i] = row ? row[j] : 0.0;
}

static void eqml__lsq_fold(eqml_lsq *lsq)
{
    const int none = 0, ldb = EQML__LSQ_BLOCK;
    const int nb = lsq->width < EQML__LSQ_PANEL ? lsq->width : EQML__LSQ_PANEL;
    double *t = lsq->work, *work = t + (size_t)EQML__LSQ_PANEL * (size_t)lsq->padded;
    int info; /* cannot fail: it only reports illegal arguments */
    if (lsq->filled)
        dtpqrt_(&lsq->filled, &lsq->width, &none, &nb, lsq->r, &lsq->padded, lsq->block, &ldb, t, &nb, work,
                &info);
    lsq->filled = 0;
}

#else

/* Matrices are kept as strips, two vectors wide and row-major, so that the tile below finds its operands in
 * consecutive memory and nothing is ever packed. A tile of 6 by 2 vectors fills the 16 registers of SSE and
 * AVX with accumulators and operands, and has chains enough to hide the latency of AVX-512. */
#define EQML__TILE 6                 /* rows; divides PANEL and BLOCK */
#define EQML__STRIP (2 * EQML_LANES) /* columns; divides PANEL */

/* Reflectors [PANEL + BLOCK][PANEL], their T [PANEL][PANEL], two products [PANEL][STRIP]. */
#define EQML__LSQ_WORK(padded)                                                                               \
    ((size_t)EQML__LSQ_PANEL * (2 * EQML__LSQ_PANEL + EQML__LSQ_BLOCK + 2 * EQML__STRIP))

/* c += a b for c[TILE][STRIP], b[depth][STRIP] and a(i, k) = a[i * ia + k * ka]. */
static inline void eqml__tile(int depth, const double *a, ptrdiff_t ia, ptrdiff_t ka, const double *b,
                              double *c)
{
    eqml_lanes sum[EQML__TILE][2];
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        sum[i][0] = eqml__load(c + i * EQML__STRIP);
        sum[i][1] = eqml__load(c + i * EQML__STRIP + EQML_LANES);
    }
    for (int k = 0; k < depth; k++, a += ka, b += EQML__STRIP) {
        EQML__UNROLL_ALL
        for (int i = 0; i < EQML__TILE; i++) {
            sum[i][0] += a[i * ia] * eqml__load(b);
            sum[i][1] += a[i * ia] * eqml__load(b + EQML_LANES);
        }
    }
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        eqml__store(c + i * EQML__STRIP, sum[i][0]);
        eqml__store(c + i * EQML__STRIP + EQML_LANES, sum[i][1]);
    }
}

/* R ends at the last row of its diagonal panel: all strips of panel p have (p + 1) PANEL rows. */
static size_t eqml__lsq_r_offset(int column)
{
    size_t p = (size_t)(column / EQML__LSQ_PANEL), within = (size_t)(column % EQML__LSQ_PANEL);
    size_t above = EQML__LSQ_PANEL * (p * (p + 1) / 2), strip = within / EQML__STRIP;
    return EQML__LSQ_PANEL * (above + (p + 1) * strip * EQML__STRIP) + within % EQML__STRIP;
}

static size_t eqml__lsq_r_size(int padded)
{
    return eqml__lsq_r_offset(padded);
}

/* The element R_ij, i <= j. */
static double *eqml__lsq_r(const eqml_lsq *lsq, int i, int j)
{
    return lsq->r + eqml__lsq_r_offset(j) + (size_t)i * EQML__STRIP;
}

static double *eqml__lsq_block_strip(const eqml_lsq *lsq, int column)
{
    return lsq->block + (size_t)column * EQML__LSQ_BLOCK;
}

/* Row i of the block; a null row is zero. */
static void eqml__lsq_put(eqml_lsq *lsq, int i, const double *row)
{
    for (int j = 0; j < lsq->padded; j += EQML__STRIP) {
        double *to = eqml__lsq_block_strip(lsq, j) + i * EQML__STRIP;
        if (row)
            memcpy(to, row + j, EQML__STRIP * sizeof(double));
        else
            memset(to, 0, EQML__STRIP * sizeof(double));
    }
}

/* Copies rows of STRIP columns between matrices whose rows have the given lengths. */
static void eqml__strip_copy(int rows, double *to, int to_length, const double *from, int from_length)
{
    for (int i = 0; i < rows; i++)
        memcpy(to + i * to_length, from + i * from_length, EQML__STRIP * sizeof(double));
}

/* Copies the columns of one panel: the diagonal of R to d[PANEL][PANEL], the block to v[rows][PANEL]. Returns
 * 0 where the block has nothing to eliminate: so rows that begin with zeros cost less. */
static int eqml__lsq_gather(const eqml_lsq *lsq, int column, int rows, double *d, double *v)
{
    int nonzero = 0;
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__STRIP) {
        const double *b = eqml__lsq_block_strip(lsq, column + j);
        eqml__strip_copy(EQML__LSQ_PANEL, d + j, EQML__LSQ_PANEL, eqml__lsq_r(lsq, column, column + j),
                         EQML__STRIP);
        eqml__strip_copy(rows, v + j, EQML__LSQ_PANEL, b, EQML__STRIP);
        for (int i = 0; i < rows * EQML__STRIP; i++)
            nonzero |= b[i] != 0.0;
    }
    return nonzero;
}

static void eqml__lsq_scatter(eqml_lsq *lsq, int column, const double *d)
{
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__STRIP)
        eqml__strip_copy(EQML__LSQ_PANEL, eqml__lsq_r(lsq, column, column + j), EQML__STRIP, d + j,
                         EQML__LSQ_PANEL);
}

/* One pass over v[rows][PANEL]: v -= (scale v_j) w^T, then g = v^T v_next. w is zero in columns up to j, so
 * the vectors left of column j need no store. */
static void eqml__lsq_eliminate(int rows, double *v, int j, double scale, const double *w, int next,
                                double *g)
{
    const int first = j / EQML_LANES * EQML_LANES;
    memset(g, 0, EQML__LSQ_PANEL * sizeof(double));
    for (int i = 0; i < rows; i += EQML__TILE, v += EQML__TILE * EQML__LSQ_PANEL) {
        double t[EQML__TILE], s[EQML__TILE];
        for (int k = 0; k < EQML__TILE; k++) {
            t[k] = scale * v[k * EQML__LSQ_PANEL + j];
            s[k] = v[k * EQML__LSQ_PANEL + next] - t[k] * w[next];
        }
        for (int q = 0; q < first; q += EQML_LANES) {
            eqml_lanes sum = eqml__load(g + q);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__TILE; k++)
                sum += s[k] * eqml__load(v + k * EQML__LSQ_PANEL + q);
            eqml__store(g + q, sum);
        }
        for (int q = first; q < EQML__LSQ_PANEL; q += EQML_LANES) {
            eqml_lanes sum = eqml__load(g + q), wq = eqml__load(w + q);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__TILE; k++) {
                double *at = v + k * EQML__LSQ_PANEL + q;
                const eqml_lanes left = eqml__load(at) - t[k] * wq;
                eqml__store(at, left);
                sum += s[k] * left;
            }
            eqml__store(g + q, sum);
        }
    }
}

/* Factors the panel d[PANEL][PANEL] (upper triangular) above v[rows][PANEL]. On return d is the new triangle,
 * and the product of the reflectors is I - [I; v] T [I; v]^T with upper triangular T; t = -T. */
static void eqml__lsq_factor(int rows, double *d, double *v, double *t)
{
    double scale[EQML__LSQ_PANEL], w[EQML__LSQ_PANEL] = {0}, g[EQML__LSQ_PANEL];
    memset(t, 0, EQML__LSQ_PANEL * EQML__LSQ_PANEL * sizeof(double));
    eqml__lsq_eliminate(rows, v, 0, 0.0, w, 0, g);
    for (int j = 0; j < EQML__LSQ_PANEL; j++, d += EQML__LSQ_PANEL) {
        eqml__reflector h = eqml__reflect(d[j], g[j]);
        scale[j] = h.scale;
        for (int k = 0; k < j; k++) {
            double sum = 0.0;
            for (int l = k; l < j; l++)
                sum += t[k * EQML__LSQ_PANEL + l] * scale[l] * g[l];
            t[k * EQML__LSQ_PANEL + j] = -h.tau * h.scale * sum;
        }
        t[j * EQML__LSQ_PANEL + j] = -h.tau;
        d[j] = h.beta;
        w[j] = 0.0;
        for (int k = j + 1; k < EQML__LSQ_PANEL; k++) {
            w[k] = h.tau * (d[k] + h.scale * g[k]);
            d[k] -= w[k];
        }
        if (j + 1 < EQML__LSQ_PANEL)
            eqml__lsq_eliminate(rows, v, j, h.scale, w, j + 1, g);
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < EQML__LSQ_PANEL; j++)
            v[i * EQML__LSQ_PANEL + j] *= scale[j];
}

/* Applies the transposed product of reflectors to one strip: [r; b] += [I; v] t^T (r + v^T b). */
static void eqml__lsq_apply(int rows, const double *v, const double *t, double *w, double *r, double *b)
{
    const size_t size = EQML__LSQ_PANEL * EQML__STRIP;
    double *y = w + size;
    memcpy(w, r, size * sizeof(double));
    memset(y, 0, size * sizeof(double));
    for (int i = 0; i < EQML__LSQ_PANEL; i += EQML__TILE)
        eqml__tile(rows, v + i, 1, EQML__LSQ_PANEL, b, w + i * EQML__STRIP);
    for (int i = 0; i < EQML__LSQ_PANEL; i += EQML__TILE)
        eqml__tile(i + EQML__TILE, t + i, 1, EQML__LSQ_PANEL, w, y + i * EQML__STRIP);
    for (size_t k = 0; k < size; k++)
        r[k] += y[k];
    for (int i = 0; i < rows; i += EQML__TILE)
        eqml__tile(EQML__LSQ_PANEL, v + i * EQML__LSQ_PANEL, EQML__LSQ_PANEL, 1, y, b + i * EQML__STRIP);
}

/* R <- triangular factor of [R; block]; the block is empty afterwards. */
static void eqml__lsq_fold(eqml_lsq *lsq)
{
    double *d = lsq->work, *v = d + EQML__LSQ_PANEL * EQML__LSQ_PANEL;
    double *t = v + EQML__LSQ_BLOCK * EQML__LSQ_PANEL, *w = t + EQML__LSQ_PANEL * EQML__LSQ_PANEL;
    int rows = lsq->filled;
    for (; rows % EQML__TILE; rows++)
        eqml__lsq_put(lsq, rows, NULL);
    for (int column = 0; column < lsq->width; column += EQML__LSQ_PANEL) {
        if (!eqml__lsq_gather(lsq, column, rows, d, v))
            continue;
        eqml__lsq_factor(rows, d, v, t);
        eqml__lsq_scatter(lsq, column, d);
        for (int j = column + EQML__LSQ_PANEL; j < lsq->width; j += EQML__STRIP)
            eqml__lsq_apply(rows, v, t, w, eqml__lsq_r(lsq, column, j), eqml__lsq_block_strip(lsq, j));
    }
    lsq->filled = 0;
}

#endif

static int eqml__lsq_padded(int width)
{
    return (width + EQML__LSQ_PANEL - 1) / EQML__LSQ_PANEL * EQML__LSQ_PANEL;
}

/* Numbers in the one allocation of a system. */
static size_t eqml__lsq_count(int padded)
{
    return (size_t)padded * (EQML__LSQ_BLOCK + 2) + eqml__lsq_r_size(padded) + EQML__LSQ_WORK(padded);
}

/* Bytes of an eqml__system. */
static size_t eqml__system_size(int n, int nrhs)
{
    const size_t size = (size_t)n, ld = size + (size_t)nrhs;
    return (size * ld + 5 * size + ld) * sizeof(double) + size * sizeof(int);
}

/* A system without room for its solution. Everything lives in one allocation; the matrices begin on a cache
 * line. */
static eqml_status eqml__lsq_open(eqml_lsq **lsq, int ncols, int nrhs)
{
    *lsq = NULL;
    if (ncols < 1 || nrhs < 1 || ncols > (1 << 24) || nrhs > (1 << 24))
        return EQML_ERROR_ARGUMENT;
    const int width = ncols + nrhs, padded = eqml__lsq_padded(width);
    if ((double)padded * padded * sizeof(double) > 0.25 * (double)SIZE_MAX)
        return EQML_ERROR_MEMORY;
    const size_t nrow = (size_t)padded, nblock = nrow * EQML__LSQ_BLOCK, nr = eqml__lsq_r_size(padded);
    const size_t count = eqml__lsq_count(padded), line = 64;
    eqml_lsq *s = (eqml_lsq *)EQML_MALLOC(sizeof(eqml_lsq) + line + count * sizeof(double));
    if (!s)
        return EQML_ERROR_MEMORY;
    memset(s, 0, sizeof(eqml_lsq));
    s->ncols = ncols, s->nrhs = nrhs, s->width = width, s->padded = padded;
    s->block = (double *)(((uintptr_t)(s + 1) + line - 1) / line * line);
    memset(s->block, 0, count * sizeof(double));
    s->r = s->block + nblock;
    s->work = s->r + nr;
    s->row = s->work + EQML__LSQ_WORK(padded);
    s->least = s->row + nrow;
    *lsq = s;
    return EQML_OK;
}

/* Takes what the next solution needs, so that one for which memory is short fails before the work. */
static eqml_status eqml__lsq_reserve(eqml_lsq *lsq, int ridge)
{
    if (!lsq->room)
        lsq->room = EQML_MALLOC(eqml__system_size(lsq->ncols, lsq->nrhs));
    if (!lsq->room)
        return EQML_ERROR_MEMORY;
    return ridge && !lsq->spare ? eqml__lsq_open(&lsq->spare, lsq->ncols, lsq->nrhs) : EQML_OK;
}

static void eqml__lsq_release(eqml_lsq *lsq)
{
    EQML_FREE(lsq->room);
    EQML_FREE(lsq->spare);
    lsq->room = NULL;
    lsq->spare = NULL;
}

/* An empty system with the room of its first solution, which may have a ridge. */
static eqml_status eqml__lsq_start(eqml_lsq **lsq, int ncols, int nrhs, int ridge)
{
    eqml_status status = eqml__lsq_open(lsq, ncols, nrhs);
    if (status == EQML_OK)
        status = eqml__lsq_reserve(*lsq, ridge);
    if (status != EQML_OK) {
        eqml_lsq_free(*lsq);
        *lsq = NULL;
    }
    return status;
}

eqml_status eqml_lsq_create(eqml_lsq **lsq, int ncols, int nrhs)
{
    return lsq ? eqml__lsq_start(lsq, ncols, nrhs, 0) : EQML_ERROR_ARGUMENT;
}

size_t eqml_lsq_memory(int ncols, int nrhs, int ridge)
{
    const size_t stream = eqml__lsq_count(eqml__lsq_padded(ncols + nrhs)) * sizeof(double);
    return (ridge ? 2 : 1) * stream + eqml__system_size(ncols, nrhs);
}

void eqml_lsq_free(eqml_lsq *lsq)
{
    if (lsq)
        eqml__lsq_release(lsq);
    EQML_FREE(lsq);
}

double *eqml_lsq_row(eqml_lsq *lsq)
{
    return lsq->row;
}

eqml_status eqml_lsq_add(eqml_lsq *lsq)
{
    for (int j = 0; j < lsq->width; j++)
        if (!isfinite(lsq->row[j]))
            return EQML_ERROR_VALUE;
    eqml__lsq_put(lsq, lsq->filled++, lsq->row);
    lsq->rows++;
    if (lsq->filled == EQML__LSQ_BLOCK)
        eqml__lsq_fold(lsq);
    return EQML_OK;
}

/* --- Solution of the triangular system ------------------------------------------------------------------ */

/* The copy that a solution works on: columns scaled to unit norm, then possibly pivoted. */
typedef struct eqml__system {
    int n, nrhs, rank;
    size_t ld;      /* n + nrhs */
    double *a;      /* [n][ld], row-major: the triangle, then the right-hand sides */
    double *norm;   /* [n]: norms of the original columns */
    double *tau;    /* [n]: reflectors from the right, see eqml__system_complete */
    double *left;   /* [n]: norms of what is left of the columns, downdated ... */
    double *exact;  /* [n]: ... since they were last computed */
    double *u, *w;  /* [n], [ld]: work */
    int *permuted;  /* [n]: the original place of column j */
    double largest; /* extreme singular values of the leading triangle [rank][rank] */
    double smallest;
} eqml__system;

/* Four chains, because the compiler may not reorder a sum. */
static double eqml__dot(int n, const double *a, const double *b)
{
    double s[4] = {0.0, 0.0, 0.0, 0.0};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static void eqml__axpy(int n, double alpha, const double *a, double *b)
{
    for (int i = 0; i < n; i++)
        b[i] += alpha * a[i];
}

/* Lays the arrays out in `room`, eqml__system_size() bytes, which stay the caller's. */
static void eqml__system_create(eqml__system *s, int n, int nrhs, void *room)
{
    const size_t size = (size_t)n, ld = size + (size_t)nrhs;
    double *p = (double *)room;
    memset(s, 0, sizeof(*s));
    s->n = n, s->nrhs = nrhs, s->rank = n, s->ld = ld;
    s->a = p, p += size * ld;
    s->norm = p, p += size;
    s->tau = p, p += size;
    s->left = p, p += size;
    s->exact = p, p += size;
    s->u = p, p += size;
    s->w = p, p += ld;
    s->permuted = (int *)p;
    for (int j = 0; j < n; j++)
        s->permuted[j] = j;
}

/* Copies R and the right-hand sides; columns of the matrix are divided by norm, if given, where not zero. */
static void eqml__system_copy(eqml__system *s, const eqml_lsq *lsq, const double *norm)
{
    memset(s->a, 0, (size_t)s->n * s->ld * sizeof(double));
    for (int j = 0; j < (int)s->ld; j++) {
        const double scale = norm && j < s->n && norm[j] > 0.0 ? norm[j] : 1.0;
        for (int i = 0; i < s->n && i <= j; i++)
            s->a[(size_t)i * s->ld + (size_t)j] = *eqml__lsq_r(lsq, i, j) / scale;
    }
}

/* Divides each column by its norm in A, which is that in R, or by lsq->least where this is larger. */
static eqml_status eqml__system_load(eqml__system *s, const eqml_lsq *lsq)
{
    for (int j = 0; j < lsq->width; j++) {
        double sum = 0.0;
        for (int i = 0; i <= j; i++)
            sum += *eqml__lsq_r(lsq, i, j) * *eqml__lsq_r(lsq, i, j);
        if (!isfinite(sum))
            return EQML_ERROR_VALUE;
        if (j < s->n)
            s->norm[j] = fmax(sqrt(sum), lsq->least[j]);
    }
    eqml__system_copy(s, lsq, s->norm);
    return EQML_OK;
}

/* Adds the rows sqrt(ridge) e_j to the scaled system: one more stream, empty yet, ordered to keep the leading
 * zeros. */
static eqml_status eqml__system_ridge(eqml__system *s, double ridge, int first, eqml_lsq *lsq)
{
    eqml_status status = EQML_OK;
    for (int i = 0; i < s->n && status == EQML_OK; i++) {
        double *row = eqml_lsq_row(lsq);
        memcpy(row, s->a + (size_t)i * s->ld, s->ld * sizeof(double));
        status = eqml_lsq_add(lsq);
        if (status != EQML_OK || i < first || s->norm[i] == 0.0)
            continue;
        memset(row, 0, s->ld * sizeof(double));
        row[i] = sqrt(ridge);
        status = eqml_lsq_add(lsq);
    }
    if (status == EQML_OK) {
        eqml__lsq_fold(lsq);
        eqml__system_copy(s, lsq, NULL);
    }
    return status;
}

/* y <- T y, T^T y, T^-1 y, T^-T y for the leading triangle T; rows are contiguous in all four. */
static void eqml__multiply(const eqml__system *s, double *y)
{
    for (int i = 0; i < s->rank; i++)
        y[i] = eqml__dot(s->rank - i, s->a + (size_t)i * s->ld + i, y + i);
}

static void eqml__multiply_transposed(const eqml__system *s, double *y)
{
    for (int i = s->rank - 1; i >= 0; i--) {
        const double *row = s->a + (size_t)i * s->ld, yi = y[i];
        y[i] = row[i] * yi;
        eqml__axpy(s->rank - i - 1, yi, row + i + 1, y + i + 1);
    }
}

static void eqml__divide(const eqml__system *s, double *y)
{
    for (int i = s->rank - 1; i >= 0; i--) {
        const double *row = s->a + (size_t)i * s->ld;
        y[i] = (y[i] - eqml__dot(s->rank - i - 1, row + i + 1, y + i + 1)) / row[i];
    }
}

static void eqml__divide_transposed(const eqml__system *s, double *y)
{
    for (int i = 0; i < s->rank; i++) {
        const double *row = s->a + (size_t)i * s->ld;
        y[i] /= row[i];
        eqml__axpy(s->rank - i - 1, -y[i], row + i + 1, y + i + 1);
    }
}

/* Largest singular value of T (inverse = 0) or of its inverse, from below: power iteration on T^T T from a
 * scattered start, until a step changes it by less than 1e-4. */
static double eqml__norm2(const eqml__system *s, int inverse)
{
    double *y = s->u, sigma = 0.0, previous;
    uint32_t random = 1;
    for (int i = 0; i < s->rank; i++) {
        random = random * 1664525u + 1013904223u;
        y[i] = random / 2147483648.0 - 1.0;
    }
    for (int iteration = 0; iteration < 300; iteration++) {
        double length = sqrt(eqml__dot(s->rank, y, y));
        for (int i = 0; i < s->rank; i++)
            y[i] /= length;
        (inverse ? eqml__divide_transposed : eqml__multiply)(s, y);
        previous = sigma;
        sigma = sqrt(eqml__dot(s->rank, y, y));
        if (!isfinite(sigma) || fabs(sigma - previous) <= 1e-4 * sigma)
            break;
        (inverse ? eqml__divide : eqml__multiply_transposed)(s, y);
    }
    return sigma;
}

static void eqml__system_singular_values(eqml__system *s)
{
    s->largest = s->rank ? eqml__norm2(s, 0) : 0.0;
    s->smallest = s->rank ? 1.0 / eqml__norm2(s, 1) : 0.0;
}

/* Nonzero where pivoting cannot find a deficiency: every pivoted |R_kk| is at least the smallest singular
 * value, and |R_11|, a column norm, is at most sqrt(1 + ridge) = bound. The factor 2 covers the estimate. */
static int eqml__system_regular(eqml__system *s, double tolerance, double bound)
{
    for (int i = 0; i < s->n; i++)
        if (!(fabs(s->a[(size_t)i * s->ld + (size_t)i]) > tolerance * bound))
            return 0;
    eqml__system_singular_values(s);
    return s->smallest > 2.0 * tolerance * bound;
}

static double eqml__column_norm(const eqml__system *s, int first, int j)
{
    double sum = 0.0;
    for (int i = first; i < s->n; i++)
        sum += s->a[(size_t)i * s->ld + (size_t)j] * s->a[(size_t)i * s->ld + (size_t)j];
    return sqrt(sum);
}

static void eqml__swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

/* Brings the column with the most left to place k. */
static void eqml__system_pivot(eqml__system *s, int k)
{
    int p = k;
    for (int j = k + 1; j < s->n; j++)
        if (s->left[j] > s->left[p])
            p = j;
    if (p == k)
        return;
    for (int i = 0; i < s->n; i++)
        eqml__swap(s->a + (size_t)i * s->ld + k, s->a + (size_t)i * s->ld + p);
    eqml__swap(s->left + k, s->left + p);
    eqml__swap(s->exact + k, s->exact + p);
    int t = s->permuted[k];
    s->permuted[k] = s->permuted[p];
    s->permuted[p] = t;
}

/* Removes row k from what is left of the columns. Where too many digits have cancelled since the last exact
 * norm, it is computed anew (Drmac, Bujanovic, ACM Trans. Math. Softw. 35, 12 (2008), as in LAPACK 3.1). */
static void eqml__system_downdate(eqml__system *s, int k)
{
    for (int j = k + 1; j < s->n; j++) {
        if (s->left[j] == 0.0)
            continue;
        const double ratio = fabs(s->a[(size_t)k * s->ld + (size_t)j]) / s->left[j];
        const double kept = fmax(0.0, 1.0 - ratio * ratio), trust = s->left[j] / s->exact[j];
        if (kept * trust * trust > sqrt(DBL_EPSILON))
            s->left[j] *= sqrt(kept);
        else
            s->left[j] = s->exact[j] = eqml__column_norm(s, k + 1, j);
    }
}

/* One reflection: zero below the diagonal of column k. Does nothing and returns 0 where the new diagonal
 * would be at most `least`. */
static int eqml__system_step(eqml__system *s, int k, double least)
{
    double *v = s->u, *row = s->a + (size_t)k * s->ld;
    int last = k + 1; /* rows behind the last nonzero stay as they are */
    for (int i = k + 1; i < s->n; i++)
        if ((v[i] = s->a[(size_t)i * s->ld + (size_t)k]) != 0.0)
            last = i + 1;
    const eqml__reflector h = eqml__reflect(row[k], eqml__dot(last - k - 1, v + k + 1, v + k + 1));
    if (fabs(h.beta) <= least)
        return 0;
    const int m = (int)s->ld - k - 1;
    memcpy(s->w, row + k + 1, (size_t)m * sizeof(double));
    for (int i = k + 1; i < last; i++)
        eqml__axpy(m, v[i] *= h.scale, s->a + (size_t)i * s->ld + k + 1, s->w);
    row[k] = h.beta;
    eqml__axpy(m, -h.tau, s->w, row + k + 1);
    for (int i = k + 1; i < last; i++)
        eqml__axpy(m, -h.tau * v[i], s->w, s->a + (size_t)i * s->ld + k + 1);
    return 1;
}

/* QR with column pivoting, up to the numerical rank. */
static void eqml__system_triangulate(eqml__system *s, double tolerance)
{
    for (int j = 0; j < s->n; j++)
        s->left[j] = s->exact[j] = eqml__column_norm(s, 0, j);
    for (int k = 0; k < s->n; k++) {
        eqml__system_pivot(s, k);
        if (!eqml__system_step(s, k, k ? tolerance * fabs(s->a[0]) : 0.0)) {
            s->rank = k;
            return;
        }
        eqml__system_downdate(s, k);
    }
}

/* [R11 R12] = [T 0] Z: reflectors from the right, the last row first; their tails take the place of R12. */
static void eqml__system_complete(eqml__system *s)
{
    const int r = s->rank, m = s->n - r;
    for (int i = r - 1; i >= 0; i--) {
        double *row = s->a + (size_t)i * s->ld, *v = row + r;
        const eqml__reflector h = eqml__reflect(row[i], eqml__dot(m, v, v));
        row[i] = h.beta;
        s->tau[i] = h.tau;
        for (int k = 0; k < m; k++)
            v[k] *= h.scale;
        for (int q = 0; q < i; q++) {
            double *above = s->a + (size_t)q * s->ld, t = h.tau * (above[i] + eqml__dot(m, above + r, v));
            above[i] -= t;
            eqml__axpy(m, -t, v, above + r);
        }
    }
}

/* Finds the numerical rank r and leaves a regular triangle T of that size. */
static void eqml__system_reduce(eqml__system *s, double tolerance, double bound)
{
    if (eqml__system_regular(s, tolerance, bound))
        return;
    eqml__system_triangulate(s, tolerance);
    if (s->rank < s->n)
        eqml__system_complete(s);
    eqml__system_singular_values(s);
}

/* x[n] for one right-hand side: T y = c, z = Z^T [y; 0], then back to the caller's order and scale. */
static void eqml__system_solve(const eqml__system *s, int rhs, double *x)
{
    const int r = s->rank, m = s->n - r;
    double *z = s->u;
    for (int i = 0; i < s->n; i++)
        z[i] = i < r ? s->a[(size_t)i * s->ld + (size_t)(s->n + rhs)] : 0.0;
    eqml__divide(s, z);
    for (int i = 0; i < r && m > 0; i++) {
        const double *v = s->a + (size_t)i * s->ld + r, t = s->tau[i] * (z[i] + eqml__dot(m, v, z + r));
        z[i] -= t;
        eqml__axpy(m, -t, v, z + r);
    }
    for (int j = 0; j < s->n; j++) {
        const int k = s->permuted[j];
        x[k] = s->norm[k] > 0.0 ? z[j] / s->norm[k] : 0.0;
    }
}

/* |A x - b|^2 = |R x - c|^2 + |what no x can reach|^2. */
static double eqml__lsq_residual(const eqml_lsq *lsq, int rhs, const double *x)
{
    const int n = lsq->ncols, column = n + rhs;
    double total = 0.0;
    for (int i = 0; i <= column; i++) {
        double e = *eqml__lsq_r(lsq, i, column);
        for (int j = i; j < n; j++)
            e -= *eqml__lsq_r(lsq, i, j) * x[j];
        total += e * e;
    }
    return total;
}

static void eqml__lsq_report(const eqml_lsq *lsq, const eqml__system *s, const double *x,
                             eqml_lsq_result *result)
{
    result->rows = lsq->rows;
    result->rank = s->rank;
    result->condition = s->rank ? s->largest / s->smallest : 0.0;
    result->residual = 0.0;
    for (int k = 0; k < lsq->nrhs; k++)
        result->residual += eqml__lsq_residual(lsq, k, x + (size_t)k * (size_t)lsq->ncols);
}

/* Twice what dependent columns leave in R at worst, as measured with 2 to 500 columns and 600 to 2,000,000
 * rows; rounding errors of the folds add like a random walk. */
static double eqml__lsq_tolerance(const eqml_lsq *lsq)
{
    return fmax(lsq->tolerance, DBL_EPSILON * (20.0 + 2.0 * lsq->ncols + sqrt((double)lsq->rows)));
}

eqml_status eqml_lsq_solve(eqml_lsq *lsq, const eqml_lsq_options *options, double *x, eqml_lsq_result *result)
{
    const eqml_lsq_options zero = {0.0, 0.0, 0}, *o = options ? options : &zero;
    if (!lsq || !x || !(o->tolerance >= 0.0) || o->tolerance >= 1.0 || !(o->ridge >= 0.0) || isinf(o->ridge))
        return EQML_ERROR_ARGUMENT;
    if (lsq->rows == 0)
        return EQML_ERROR_EMPTY;
    const double tolerance = o->tolerance > 0.0 ? o->tolerance : eqml__lsq_tolerance(lsq);
    eqml__lsq_fold(lsq);

    eqml__system s;
    eqml_status status = eqml__lsq_reserve(lsq, o->ridge > 0.0);
    if (status == EQML_OK) {
        eqml__system_create(&s, lsq->ncols, lsq->nrhs, lsq->room);
        status = eqml__system_load(&s, lsq);
    }
    if (status == EQML_OK && o->ridge > 0.0)
        status = eqml__system_ridge(&s, o->ridge, o->free_first ? 1 : 0, lsq->spare);
    if (status == EQML_OK) {
        eqml__system_reduce(&s, tolerance, sqrt(1.0 + o->ridge));
        for (int k = 0; k < lsq->nrhs; k++)
            eqml__system_solve(&s, k, x + (size_t)k * (size_t)lsq->ncols);
        if (result)
            eqml__lsq_report(lsq, &s, x, result);
    }
    eqml__lsq_release(lsq);
    return status;
}

#endif /* EQML__LSQ_C */
