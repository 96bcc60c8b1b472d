#include "algebra/modular.h"
#include "base/memory.h"
#include <stdlib.h>

void modular_multiply_vector(size_t n, const residue *x, const residue *y, residue *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = modular_multiply(x[i], y[i]);
}

void modular_accumulate_vector(size_t n, const residue *x, const residue *y, residue *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = modular_reduce((uint64_t)x[i] * y[i] + z[i]);
}

void modular_add_vector(size_t n, const residue *x, residue *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = modular_reduce((uint64_t)x[i] + z[i]);
}

void modular_random(uint64_t *state, size_t n, residue *x)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        x[i] = modular_reduce((z ^ (z >> 31)) >> 1);
    }
}

struct rank_space {
    size_t length, stride, rank, capacity;
    int32_t *rows;  /* [capacity][stride], centred; row k has a 1 at pivot[k] and 0 at the pivots before it */
    size_t *pivot;  /* [capacity] */
    uint64_t *work; /* [stride] the vector under reduction, entries below 2^34 */
};

rank_space *rank_create(size_t max_length)
{
    rank_space *space = xcalloc(1, sizeof *space);
    space->stride = max_length;
    space->work = xcalloc(max_length + 1, sizeof *space->work);
    return space;
}

void rank_free(rank_space *space)
{
    if (!space)
        return;
    free(space->rows);
    free(space->pivot);
    free(space->work);
    free(space);
}

void rank_reset(rank_space *space, size_t length)
{
    space->length = length;
    space->rank = 0;
}

size_t rank_of(const rank_space *space)
{
    return space->rank;
}

static void reserve_row(rank_space *space)
{
    if (space->rank < space->capacity)
        return;
    space->capacity = space->capacity ? 2 * space->capacity : 64;
    space->rows = xrealloc(space->rows, space->capacity * space->stride, sizeof *space->rows);
    space->pivot = xrealloc(space->pivot, space->capacity, sizeof *space->pivot);
}

static residue modular_inverse(residue a) /* a^(p-2) */
{
    residue result = 1;
    for (uint32_t e = MODULAR_PRIME - 2; e; e >>= 1) {
        if (e & 1)
            result = modular_multiply(result, a);
        a = modular_multiply(a, a);
    }
    return result;
}

enum { ROWS_AT_ONCE = 6 };

/* Congruent to x, of magnitude at most p/2, so that sums of several products fit into 64 bits. */
static int32_t centred(residue x)
{
    return (int32_t)(x > MODULAR_PRIME / 2 ? (int64_t)x - MODULAR_PRIME : x);
}

/*
 * work -= sum over rows k .. k + 5 of c_k * row, which makes it zero at their pivots: folding and memory
 * traffic are shared by six rows. Six products of magnitude up to (p/2)^2 are less than the multiple of p
 * that is added to make their sum positive, and both fit into 64 bits.
 */
static void eliminate(rank_space *space, size_t k)
{
    const uint64_t positive = UINT64_C(3) * MODULAR_PRIME * (MODULAR_PRIME / 2);
    const size_t stride = space->stride, length = space->length;
    const int32_t *row = space->rows + k * stride;
    uint64_t *work = space->work;
    int64_t c[ROWS_AT_ONCE];
    for (int r = 0; r < ROWS_AT_ONCE; r++) {
        size_t at = space->pivot[k + (size_t)r];
        uint64_t sum = work[at];
        for (int q = 0; q < r; q++)
            sum = modular_fold(sum + positive + (uint64_t)(c[q] * row[(size_t)q * stride + at]));
        c[r] = -(int64_t)centred(modular_reduce(sum));
    }
    const int32_t *row0 = row, *row1 = row0 + stride, *row2 = row1 + stride, *row3 = row2 + stride,
                  *row4 = row3 + stride, *row5 = row4 + stride;
    const int64_t c0 = c[0], c1 = c[1], c2 = c[2], c3 = c[3], c4 = c[4], c5 = c[5];
    for (size_t i = 0; i < length; i++) {
        int64_t sum = c0 * row0[i] + c1 * row1[i] + c2 * row2[i] + c3 * row3[i] + c4 * row4[i] + c5 * row5[i];
        work[i] = modular_fold(work[i] + positive + (uint64_t)sum);
    }
}

static void eliminate_one(rank_space *space, size_t k)
{
    const int32_t *row = space->rows + k * space->stride;
    const uint64_t positive = UINT64_C(3) * MODULAR_PRIME * (MODULAR_PRIME / 2);
    uint64_t *work = space->work;
    int64_t c = -(int64_t)centred(modular_reduce(work[space->pivot[k]]));
    for (size_t i = 0; i < space->length; i++)
        work[i] = modular_fold(work[i] + positive + (uint64_t)(c * row[i]));
}

bool rank_extend(rank_space *space, const residue *x)
{
    uint64_t *work = space->work;
    for (size_t i = 0; i < space->length; i++)
        work[i] = x[i];
    size_t k = 0;
    for (; k + ROWS_AT_ONCE <= space->rank; k += ROWS_AT_ONCE)
        eliminate(space, k);
    for (; k < space->rank; k++)
        eliminate_one(space, k);

    size_t pivot = 0;
    while (pivot < space->length && modular_reduce(work[pivot]) == 0)
        pivot++;
    if (pivot == space->length)
        return false;
    reserve_row(space);
    int32_t *row = space->rows + space->rank * space->stride;
    residue scale = modular_inverse(modular_reduce(work[pivot]));
    for (size_t i = 0; i < space->length; i++)
        row[i] = centred(modular_multiply(modular_reduce(work[i]), scale));
    space->pivot[space->rank++] = pivot;
    return true;
}
