#include "algebra/blocks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define EXPONENTS_LIMIT ((size_t)1 << 30)

size_t blocks_number(int nvariables, int degree)
{
    size_t less = (size_t)(nvariables < degree ? nvariables : degree);
    size_t more = (size_t)(nvariables < degree ? degree : nvariables);
    size_t number = 1; /* binomial(more + k, k) */

    for (size_t k = 1; k <= less; k++) {
        /* number * n / k, where k divides the product, without overflow on the way. */
        size_t n = more + k, quotient = number / k, rest = number % k * n / k;
        if (quotient > (SIZE_MAX - rest) / n)
            return SIZE_MAX;
        number = quotient * n + rest;
    }
    return number;
}

/* Monomials of degree <= d in n variables. */
static size_t ways(const blocks *b, int n, int d)
{
    return d < 0 ? 0 : b->ways[(size_t)n * ((size_t)b->degree + 1) + (size_t)d];
}

/*
 * Replaces e[n] by the next multidegree of its total degree, in descending lexicographic order. Returns 0
 * after the last.
 */
static int next(unsigned char *e, int n)
{
    int last = n - 1, tail = e[last], k = last - 1;

    while (k >= 0 && !e[k])
        k--;
    if (k < 0)
        return 0;
    e[last] = 0;
    e[k]--;
    e[k + 1] = (unsigned char)(tail + 1);
    return 1;
}

int blocks_create(int nvariables, int degree, blocks *b)
{
    memset(b, 0, sizeof *b);
    if (nvariables < 1 || degree < 0 || degree > 255)
        return -1;

    size_t n = (size_t)nvariables, row = (size_t)degree + 1, count = blocks_number(nvariables, degree);
    if (count > BLOCKS_LIMIT || count > EXPONENTS_LIMIT / n)
        return -1;

    b->nvariables = nvariables;
    b->degree = degree;
    b->count = count;
    b->ways = xmalloc((n + 1) * row, sizeof *b->ways);
    for (size_t m = 0; m <= n; m++) {
        for (size_t d = 0; d < row; d++)
            b->ways[m * row + d] = m && d ? b->ways[(m - 1) * row + d] + b->ways[m * row + d - 1] : 1;
    }
    b->first = xmalloc(row + 1, sizeof *b->first);
    for (int d = 0; d <= degree + 1; d++)
        b->first[d] = ways(b, nvariables, d - 1);

    b->exponents = xmalloc(count * n, 1);
    unsigned char *e = xcalloc(n, 1);
    size_t block = 0;
    for (int d = 0; d <= degree; d++) {
        memset(e, 0, n);
        e[0] = (unsigned char)d;
        do
            memcpy(b->exponents + n * block++, e, n);
        while (next(e, nvariables));
    }
    free(e);
    return 0;
}

static const unsigned char *exponents_of(const blocks *b, size_t block)
{
    return b->exponents + block * (size_t)b->nvariables;
}

/*
 * Index of the multidegree e = x + sign y, of total degree `left`. The blocks before it have a lower degree, or
 * agree with e up to some variable k and have more of that one. The later variables, n - 1 - k of them, then
 * share at most left - 1, where `left` is what e leaves them.
 */
static size_t find(const blocks *b, int left, const unsigned char *x, const unsigned char *y, int sign)
{
    size_t index = b->first[left];
    for (int k = 0; left > 0; k++) {
        left -= x[k] + sign * y[k];
        index += ways(b, b->nvariables - 1 - k, left - 1);
    }
    return index;
}

size_t blocks_find(const blocks *b, const unsigned char *exponents)
{
    int degree = 0;

    for (int i = 0; i < b->nvariables; i++)
        degree += exponents[i];
    return find(b, degree, exponents, exponents, 0);
}

size_t blocks_sum(const blocks *b, size_t i, size_t j)
{
    const int degree = blocks_degree(b, i) + blocks_degree(b, j);

    return degree > b->degree ? BLOCKS_NONE : find(b, degree, exponents_of(b, i), exponents_of(b, j), 1);
}

size_t blocks_difference(const blocks *b, size_t i, size_t j)
{
    const unsigned char *x = exponents_of(b, i), *y = exponents_of(b, j);

    for (int k = 0; k < b->nvariables; k++)
        if (x[k] < y[k])
            return BLOCKS_NONE;
    return find(b, blocks_degree(b, i) - blocks_degree(b, j), x, y, -1);
}

int blocks_degree(const blocks *b, size_t block)
{
    const unsigned char *e = exponents_of(b, block);
    int degree = 0;

    for (int i = 0; i < b->nvariables; i++)
        degree += e[i];
    return degree;
}

void blocks_free(blocks *b)
{
    free(b->exponents);
    free(b->first);
    free(b->ways);
    memset(b, 0, sizeof *b);
}
