#include "environment/coupling.h"
#include "base/memory.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Exact up to n = COUPLING_LIMIT + 1, the products as well. */
static int64_t binomial(int n, int k)
{
    int64_t value = 1;
    if (k < 0 || k > n)
        return 0;
    k = k > n - k ? n - k : k;
    for (int i = 1; i <= k; i++)
        value = value * (n - k + i) / i;
    return value;
}

/*
 * The Clebsch-Gordan coefficient is this whole number times the square root of `ratio` below: Varshalovich et al.,
 * Quantum Theory of Angular Momentum (1988), section 8.2.1, in binomial coefficients.
 */
static int64_t whole_part(int l1, int m1, int l2, int m2, int L)
{
    const int k = l1 + l2 - L;
    int64_t sum = 0;
    for (int s = 0; s <= k; s++) {
        const int64_t x =
            binomial(k, s) * binomial(l1 - l2 + L, l1 - m1 - s) * binomial(l2 - l1 + L, l2 + m2 - s);
        sum += s % 2 ? -x : x;
    }
    return sum;
}

static long double ratio(int l1, int m1, int l2, int m2, int L, int M)
{
    const int k = l1 + l2 - L;
    const long double above = (long double)binomial(2 * l1, k) * (long double)binomial(2 * l2, k);
    const long double below =
        (long double)binomial(l1 + l2 + L + 1, k) * (long double)binomial(2 * l1, l1 - m1);
    return above / (below * (long double)binomial(2 * l2, l2 - m2) * (long double)binomial(2 * L, L - M));
}

/* Numbers re + i im. */
typedef struct gaussian {
    int64_t re, im;
} gaussian;

static gaussian times(gaussian a, gaussian b)
{
    return (gaussian){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static gaussian conjugate(gaussian a)
{
    return (gaussian){a.re, -a.im};
}

/* S_mu = sum_m U_(mu m) Y_m; U without 1/sqrt 2 where mu is not 0. m is mu or -mu. */
static gaussian unitary(int mu, int m)
{
    const int sign = abs(mu) % 2 ? -1 : 1;
    if (mu == 0)
        return (gaussian){1, 0};
    if (mu > 0)
        return (gaussian){m > 0 ? sign : 1, 0};
    return (gaussian){0, m > 0 ? -sign : 1};
}

double coupling_constant(int l1, int m1, int l2, int m2, int L, int M)
{
    const int a = abs(m1), b = abs(m2), c = abs(M);
    gaussian sum = {0, 0};
    if (L < abs(l1 - l2) || L > l1 + l2 || (a + b != c && abs(a - b) != c))
        return 0;
    int at1 = 0, at2 = 0; /* some complex components that contribute: all have the same ratio */
    for (int s1 = a ? -1 : 1; s1 <= 1; s1 += 2)
        for (int s2 = b ? -1 : 1; s2 <= 1; s2 += 2) {
            const int x = s1 * a, y = s2 * b;
            if (abs(x + y) != c)
                continue;
            const gaussian phase = times(unitary(M, x + y), conjugate(times(unitary(m1, x), unitary(m2, y))));
            const int64_t whole = whole_part(l1, x, l2, y, L);
            sum.re += phase.re * whole;
            sum.im += phase.im * whole;
            at1 = x;
            at2 = y;
        }
    const int64_t whole = (l1 + l2 + L) % 2 ? sum.im : sum.re;
    const int halves = (a != 0) + (b != 0) + (c != 0);
    return (double)((long double)whole *
                    sqrtl(ratio(l1, at1, l2, at2, L, at1 + at2) / (long double)(1 << halves)));
}

coupling *coupling_list(int l1, int l2, int L, bool same, size_t *count)
{
    coupling *list = NULL;
    size_t n = 0, capacity = 0;
    for (int M = -L; M <= L; M++)
        for (int m1 = -l1; m1 <= l1; m1++)
            for (int m2 = same ? m1 : -l2; m2 <= l2; m2++) {
                const double value = coupling_constant(l1, m1, l2, m2, L, M);
                if (value == 0)
                    continue;
                if (n == capacity)
                    list = xrealloc(list, capacity = capacity ? 2 * capacity : 16, sizeof *list);
                list[n++] = (coupling){m1, m2, M, same && m1 != m2 ? 2 * value : value};
            }
    *count = n;
    return list;
}
