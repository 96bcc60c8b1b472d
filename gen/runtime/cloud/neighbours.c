#ifndef EQML__CLOUD_NEIGHBOURS_C
#define EQML__CLOUD_NEIGHBOURS_C
#include "cloud/neighbours.h"
#include "memory.c"
#include "status.c"

/* The cell and its bins. Atoms are known by their fractions of the cell's vectors. */
typedef struct eqml__bins {
    double cell[3][3], inverse[3][3]; /* fraction_k = sum_d r_d inverse[d][k] */
    int periodic[3], count[3], reach[3];
    double low[3], width[3]; /* of the fractions; low 0 and width 1 where it is periodic */
} eqml__bins;

static void eqml__cross(const double *a, const double *b, double *c)
{
    for (size_t k = 0; k < 3; k++)
        c[k] = a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3];
}

static double eqml__scalar_product(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* A unit vector, at right angles to the other two (or to the one of them that is not zero). */
static void eqml__open_vector(double cell[3][3], size_t k)
{
    double *v = cell[k];
    const double *a = cell[(k + 1) % 3], *b = cell[(k + 2) % 3];
    eqml__cross(a, b, v);
    for (size_t d = 0; d < 3 && eqml__scalar_product(v, v) == 0; d++) {
        double axis[3] = {0, 0, 0};
        axis[d] = 1;
        const double *other = eqml__scalar_product(a, a) > 0 ? a : b;
        eqml__cross(other, axis, v);
        if (eqml__scalar_product(a, a) == 0 && eqml__scalar_product(b, b) == 0) /* all three are open */
            v[k] = 1;
    }
    const double length = sqrt(eqml__scalar_product(v, v));
    for (size_t d = 0; d < 3; d++)
        v[d] /= length;
}

static eqml_status eqml__bins_cell(const eqml_configuration *c, eqml__bins *b, eqml_message *message)
{
    for (size_t k = 0; k < 3; k++) {
        b->periodic[k] = c->cell && (!c->pbc || c->pbc[k]);
        for (size_t d = 0; d < 3; d++) {
            b->cell[k][d] = b->periodic[k] ? c->cell[3 * k + d] : 0;
            if (!(fabs(b->cell[k][d]) <= 1e100))
                return eqml__fail(message, EQML_ERROR_VALUE, "the cell has a component that is not finite");
        }
    }
    for (size_t k = 0; k < 3; k++)
        if (!b->periodic[k])
            eqml__open_vector(b->cell, k);
    double normal[3][3];
    for (size_t k = 0; k < 3; k++)
        eqml__cross(b->cell[(k + 1) % 3], b->cell[(k + 2) % 3], normal[k]);
    const double volume = eqml__scalar_product(b->cell[0], normal[0]);
    double scale = 1;
    for (size_t k = 0; k < 3; k++)
        scale *= sqrt(eqml__scalar_product(b->cell[k], b->cell[k]));
    if (!(fabs(volume) > 1e-10 * scale))
        return eqml__fail(message, EQML_ERROR_VALUE,
                          "the cell has no volume: its vectors lie in a plane, or one is zero");
    for (size_t k = 0; k < 3; k++)
        for (size_t d = 0; d < 3; d++)
            b->inverse[d][k] = normal[k][d] / volume;
    return EQML_OK;
}

/* As many bins as atoms at most, no smaller than half the cutoff where that can be. */
static void eqml__bins_count(size_t natoms, const double *low, const double *high, double cutoff,
                             eqml__bins *b)
{
    double wanted[3], most = (double)natoms + 1;
    for (size_t k = 0; k < 3; k++) {
        const double per_height =
            sqrt(b->inverse[0][k] * b->inverse[0][k] + b->inverse[1][k] * b->inverse[1][k] +
                 b->inverse[2][k] * b->inverse[2][k]);
        b->low[k] = b->periodic[k] ? 0 : low[k];
        b->width[k] = b->periodic[k] ? 1 : (high[k] - low[k]) * (1 + 1e-9) + 1e-9;
        wanted[k] = floor(2 * b->width[k] / (per_height * cutoff));
        wanted[k] = wanted[k] < 1 ? 1 : wanted[k] > 1000 ? 1000 : wanted[k];
    }
    while (wanted[0] * wanted[1] * wanted[2] > most) {
        const int k = wanted[0] >= wanted[1] && wanted[0] >= wanted[2] ? 0 : wanted[1] >= wanted[2] ? 1 : 2;
        wanted[k] = floor(wanted[k] * 0.9);
    }
    for (size_t k = 0; k < 3; k++) {
        const double per_height =
            sqrt(b->inverse[0][k] * b->inverse[0][k] + b->inverse[1][k] * b->inverse[1][k] +
                 b->inverse[2][k] * b->inverse[2][k]);
        b->count[k] = (int)wanted[k];
        const double bin = b->width[k] / b->count[k]; /* as a fraction */
        b->reach[k] = (int)fmin(b->periodic[k] ? 1e6 : b->count[k] - 1, ceil(cutoff * per_height / bin));
    }
}

/* The atoms bin by bin; temporary arrays of one call. */
typedef struct eqml__binned {
    int *shift;          /* [natoms][3] whole cells that were taken off */
    int *bin;            /* [natoms] */
    int *start, *member; /* the atoms of a bin are member[start[bin]] .. */
    double (*inside)[3]; /* [natoms] where they are in the cell, in the order of members */
} eqml__binned;

static void eqml__binned_free(eqml__binned *x)
{
    EQML_FREE(x->shift);
    EQML_FREE(x->bin);
    EQML_FREE(x->start);
    EQML_FREE(x->member);
    EQML_FREE(x->inside);
}

static int eqml__bin_of(const eqml__bins *b, int k, double fraction)
{
    const int n = (int)((fraction - b->low[k]) / b->width[k] * b->count[k]);
    return n < 0 ? 0 : n >= b->count[k] ? b->count[k] - 1 : n;
}

/* fraction[natoms][3] of the cell's vectors, within the cell where it is periodic. Returns the first atom that is too many
 * cells away to be counted, or natoms. */
static size_t eqml__wrap(const eqml_configuration *c, const eqml__bins *b, double *fraction, int *shift)
{
    for (size_t i = 0; i < c->natoms; i++)
        for (size_t k = 0; k < 3; k++) {
            double f = 0;
            for (size_t d = 0; d < 3; d++)
                f += c->xyz[3 * i + d] * b->inverse[d][k];
            const double whole = b->periodic[k] ? floor(f) : 0;
            if (!(fabs(whole) < 1e9))
                return i;
            fraction[3 * i + k] = f - whole;
            shift[3 * i + k] = (int)whole;
        }
    return c->natoms;
}

/* Where each bin begins, and its members in the order of their numbers. */
static void eqml__sort_bins(size_t natoms, size_t nbins, const int *bin, int *start, int *member)
{
    for (size_t i = 0; i < natoms; i++)
        start[bin[i] + 1]++;
    for (size_t k = 0; k < nbins; k++)
        start[k + 1] += start[k];
    for (size_t i = natoms; i-- > 0;)
        member[--start[bin[i] + 1]] = (int)i;
    for (size_t k = 0; k < nbins; k++) /* start[k+1] is where bin k begins: one place to the left */
        start[k] = start[k + 1];
    start[nbins] = (int)natoms;
}

static eqml_status eqml__bin_atoms(const eqml_configuration *c, double cutoff, eqml__bins *b, eqml__binned *x,
                                   eqml_message *message)
{
    const size_t n = c->natoms;
    size_t lost = n;
    double low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
    double *fraction = (double *)eqml__zeroed(3 * n, sizeof(double));
    x->shift = (int *)eqml__zeroed(3 * n, sizeof(int));
    x->bin = (int *)eqml__zeroed(n, sizeof(int));
    x->member = (int *)eqml__zeroed(n, sizeof(int));
    x->inside = (double(*)[3])eqml__zeroed(n, sizeof *x->inside);
    if (fraction && x->shift && x->bin && x->member && x->inside) {
        lost = eqml__wrap(c, b, fraction, x->shift);
        for (size_t i = 0; i < 3 * n && lost == n; i++) {
            const size_t k = i % 3;
            low[k] = i < 3 || fraction[i] < low[k] ? fraction[i] : low[k];
            high[k] = i < 3 || fraction[i] > high[k] ? fraction[i] : high[k];
        }
        eqml__bins_count(n, low, high, cutoff, b);
        const size_t nbins = (size_t)b->count[0] * (size_t)b->count[1] * (size_t)b->count[2];
        x->start = (int *)eqml__zeroed(nbins + 1, sizeof(int));
        for (size_t i = 0; i < n && lost == n; i++) {
            const double *f = fraction + 3 * i;
            x->bin[i] = (eqml__bin_of(b, 0, f[0]) * b->count[1] + eqml__bin_of(b, 1, f[1])) * b->count[2] +
                        eqml__bin_of(b, 2, f[2]);
        }
        if (x->start)
            eqml__sort_bins(n, nbins, x->bin, x->start, x->member);
    }
    EQML_FREE(fraction);
    if (lost < n)
        return eqml__fail(message, EQML_ERROR_VALUE, "atom %zu, counted from 0, is more than 1e9 cells away",
                          lost);
    if (!x->start)
        return EQML_ERROR_MEMORY;
    for (size_t at = 0; at < n; at++) {
        const size_t i = (size_t)x->member[at];
        for (size_t d = 0; d < 3; d++) {
            double r = c->xyz[3 * i + d];
            for (size_t k = 0; k < 3; k++)
                r -= x->shift[3 * i + k] * b->cell[k][d];
            x->inside[at][d] = r;
        }
    }
    return EQML_OK;
}

/* Room for one more pair. */
static int eqml__neighbours_grow(eqml_neighbours *list)
{
    const size_t capacity = list->capacity ? 2 * list->capacity : 4096;
    int *index = (int *)eqml__zeroed(capacity, sizeof(int));
    double(*vector)[3] = (double(*)[3])eqml__zeroed(capacity, sizeof *vector);
    if (!index || !vector) {
        EQML_FREE(index);
        EQML_FREE(vector);
        return -1;
    }
    if (list->count) {
        memcpy(index, list->index, list->count * sizeof *index);
        memcpy(vector, list->vector, list->count * sizeof *vector);
    }
    EQML_FREE(list->index);
    EQML_FREE(list->vector);
    list->index = index;
    list->vector = vector;
    list->capacity = capacity;
    return 0;
}

/*
 * Adds the pair of i and an image of j if they are closer than the cutoff. Its vector is that of the coordinates as given
 * plus whole cells; wrapped coordinates would have other last digits.
 */
static eqml_status eqml__add_pair(const eqml_configuration *c, const eqml__bins *b, const eqml__binned *x,
                                  size_t i, size_t j, const int *image, double cutoff2, eqml_neighbours *list,
                                  eqml_message *message)
{
    double d[3];
    for (size_t k = 0; k < 3; k++)
        d[k] = c->xyz[3 * j + k] - c->xyz[3 * i + k];
    for (size_t k = 0; k < 3; k++) {
        const double cells = image[k] + x->shift[3 * i + k] - x->shift[3 * j + k];
        for (size_t e = 0; e < 3 && cells != 0; e++)
            d[e] += cells * b->cell[k][e];
    }
    const double r2 = eqml__scalar_product(d, d);
    if (r2 >= cutoff2)
        return EQML_OK;
    if (!(r2 > 1e-16))
        return eqml__fail(message, EQML_ERROR_VALUE, "atoms %zu and %zu, counted from 0, are in one place", i,
                          j);
    if (list->count == list->capacity && eqml__neighbours_grow(list))
        return EQML_ERROR_MEMORY;
    list->index[list->count] = (int)j;
    memcpy(list->vector[list->count++], d, sizeof d);
    return EQML_OK;
}

/* The pairs of atom i, at `inside`, with the members of one bin, in the cell that is `image` cells away. */
static eqml_status eqml__pairs_in_bin(const eqml_configuration *c, const eqml__bins *b, const eqml__binned *x,
                                      size_t i, const double *inside, size_t bin, const int *image,
                                      double cutoff2, eqml_neighbours *list, eqml_message *message)
{
    const int here = image[0] == 0 && image[1] == 0 && image[2] == 0;
    const double near = cutoff2 * (1 + 1e-9); /* what is at the edge is decided by eqml__add_pair */
    double from[3];
    for (size_t d = 0; d < 3; d++)
        from[d] = inside[d] - image[0] * b->cell[0][d] - image[1] * b->cell[1][d] - image[2] * b->cell[2][d];
    for (int at = x->start[bin]; at < x->start[bin + 1]; at++) {
        const double *to = x->inside[at];
        const double d[3] = {to[0] - from[0], to[1] - from[1], to[2] - from[2]};
        const size_t j = (size_t)x->member[at];
        if (eqml__scalar_product(d, d) > near || (here && i == j))
            continue;
        const eqml_status status = eqml__add_pair(c, b, x, i, j, image, cutoff2, list, message);
        if (status)
            return status;
    }
    return EQML_OK;
}

/* The bin at a distance from that of atom i along k, and how many cells away it is; -1: outside. */
static int eqml__bin_beside(const eqml__bins *b, int k, int bin, int *image)
{
    const int n = b->count[k];
    *image = 0;
    if (bin >= 0 && bin < n)
        return bin;
    if (!b->periodic[k])
        return -1;
    *image = bin >= 0 ? bin / n : -((n - 1 - bin) / n);
    return bin - *image * n;
}

static eqml_status eqml__pairs_of(const eqml_configuration *c, const eqml__bins *b, const eqml__binned *x,
                                  size_t i, double cutoff2, eqml_neighbours *list, eqml_message *message)
{
    double inside[3];
    for (size_t d = 0; d < 3; d++) {
        inside[d] = c->xyz[3 * i + d];
        for (size_t k = 0; k < 3; k++)
            inside[d] -= x->shift[3 * i + k] * b->cell[k][d];
    }
    const int at[3] = {x->bin[i] / (b->count[1] * b->count[2]), x->bin[i] / b->count[2] % b->count[1],
                       x->bin[i] % b->count[2]};
    int image[3], bin[3];
    for (int p = -b->reach[0]; p <= b->reach[0]; p++) {
        if ((bin[0] = eqml__bin_beside(b, 0, at[0] + p, &image[0])) < 0)
            continue;
        for (int q = -b->reach[1]; q <= b->reach[1]; q++) {
            if ((bin[1] = eqml__bin_beside(b, 1, at[1] + q, &image[1])) < 0)
                continue;
            for (int r = -b->reach[2]; r <= b->reach[2]; r++) {
                if ((bin[2] = eqml__bin_beside(b, 2, at[2] + r, &image[2])) < 0)
                    continue;
                const size_t number =
                    ((size_t)bin[0] * (size_t)b->count[1] + (size_t)bin[1]) * (size_t)b->count[2] +
                    (size_t)bin[2];
                const eqml_status status =
                    eqml__pairs_in_bin(c, b, x, i, inside, number, image, cutoff2, list, message);
                if (status)
                    return status;
            }
        }
    }
    return EQML_OK;
}

static eqml_status eqml__neighbours_begin(const eqml_configuration *c, double cutoff, eqml_neighbours *list,
                                          eqml_message *message)
{
    if (!(cutoff > 0 && cutoff < 1e6))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the cutoff is %g bohr; it must be positive", cutoff);
    for (size_t k = 0; k < 3 * c->natoms; k++)
        if (!(fabs(c->xyz[k]) < 1e9))
            return eqml__fail(message, EQML_ERROR_VALUE, "a coordinate of atom %zu, counted from 0, is %g",
                              k / 3, c->xyz[k]);
    if (list->atoms_capacity < c->natoms + 1) {
        EQML_FREE(list->first);
        list->first = (size_t *)eqml__zeroed(c->natoms + 1, sizeof(size_t));
        list->atoms_capacity = list->first ? c->natoms + 1 : 0;
        if (!list->first)
            return EQML_ERROR_MEMORY;
    }
    list->natoms = c->natoms;
    list->count = 0;
    return EQML_OK;
}

EQML_API eqml_status eqml_neighbours_find(const eqml_configuration *c, double cutoff, eqml_neighbours *list,
                                          eqml_message *message)
{
    eqml__bins bins;
    eqml__binned x = {NULL, NULL, NULL, NULL, NULL};
    eqml_status status = eqml__neighbours_begin(c, cutoff, list, message);
    if (!status)
        status = eqml__bins_cell(c, &bins, message);
    if (!status)
        status = eqml__bin_atoms(c, cutoff, &bins, &x, message);
    for (size_t i = 0; i < c->natoms && !status; i++) {
        list->first[i] = list->count;
        status = eqml__pairs_of(c, &bins, &x, i, cutoff * cutoff, list, message);
    }
    if (status == EQML_ERROR_MEMORY)
        eqml__fail(message, status, "no memory for the pairs of %zu atoms", c->natoms);
    if (!status)
        list->first[c->natoms] = list->count;
    eqml__binned_free(&x);
    return status;
}

EQML_API void eqml_neighbours_free(eqml_neighbours *list)
{
    EQML_FREE(list->first);
    EQML_FREE(list->index);
    EQML_FREE(list->vector);
    memset(list, 0, sizeof *list);
}

#endif /* EQML__CLOUD_NEIGHBOURS_C */
