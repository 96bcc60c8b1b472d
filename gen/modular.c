#include "modular.h"
#include "memory.h"
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
    residue *rows;  /* [capacity][stride]; row k has a 1 at pivot[k] and 0 at the pivots before it */
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

/* work -= work[pivot] * row, for one row and for two at once (half the folding, half the memory traffic). */
static void eliminate_one(rank_space *space, size_t k)
{
    const residue *row = space->rows + k * space->stride;
    uint64_t *work = space->work;
    residue c = modular_reduce(work[space->pivot[k]]);
    if (c == 0)
        return;
    uint64_t minus = MODULAR_PRIME - c;
    for (size_t i = 0; i < space->length; i++)
        work[i] = modular_fold(work[i] + minus * row[i]);
}

static void eliminate_two(rank_space *space, size_t k)
{
    const residue *row0 = space->rows + k * space->stride, *row1 = row0 + space->stride;
    uint64_t *work = space->work;
    uint64_t minus0 = MODULAR_PRIME - modular_reduce(work[space->pivot[k]]);
    uint64_t at1 = work[space->pivot[k + 1]] + minus0 * row0[space->pivot[k + 1]];
    uint64_t minus1 = MODULAR_PRIME - modular_reduce(at1);
    for (size_t i = 0; i < space->length; i++)
        work[i] = modular_fold(work[i] + minus0 * row0[i] + minus1 * row1[i]);
}

bool rank_extend(rank_space *space, const residue *x)
{
    uint64_t *work = space->work;
    for (size_t i = 0; i < space->length; i++)
        work[i] = x[i];
    size_t k = 0;
    for (; k + 1 < space->rank; k += 2)
        eliminate_two(space, k);
    if (k < space->rank)
        eliminate_one(space, k);

    size_t pivot = 0;
    while (pivot < space->length && modular_reduce(work[pivot]) == 0)
        pivot++;
    if (pivot == space->length)
        return false;
    reserve_row(space);
    residue *row = space->rows + space->rank * space->stride;
    residue scale = modular_inverse(modular_reduce(work[pivot]));
    for (size_t i = 0; i < space->length; i++)
        row[i] = modular_multiply(modular_reduce(work[i]), scale);
    space->pivot[space->rank++] = pivot;
    return true;
}
