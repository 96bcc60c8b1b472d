#include "environment/characters.h"
#include "environment/level.h"
#include <string.h>

/* Coefficients of q^M at [M + REACH]. */
enum { REACH = ORDER_LIMIT * LMAX_LIMIT, WIDTH = 2 * REACH + 1 };

/* Vectors of Sym^k(V_l) by weight: ways[j][M] counts those of j factors; the m come in one after the other. */
static void symmetric_power(int l, int k, uint64_t *count)
{
    static const uint64_t zero[ORDER_LIMIT + 1][WIDTH];
    uint64_t ways[ORDER_LIMIT + 1][WIDTH];
    memcpy(ways, zero, sizeof ways);
    ways[0][REACH] = 1;
    for (int m = -l; m <= l; m++)
        for (int j = 1; j <= k; j++) /* ascending: m may be taken again */
            for (int at = 0; at < WIDTH; at++)
                if (at - m >= 0 && at - m < WIDTH)
                    ways[j][at] += ways[j - 1][at - m];
    memcpy(count, ways[k], sizeof ways[k]);
}

uint64_t characters_invariants(int ngroups, const int *l, const int *k)
{
    uint64_t product[WIDTH] = {0}, factor[WIDTH], next[WIDTH];
    product[REACH] = 1;
    for (int g = 0; g < ngroups; g++) {
        const int reach = k[g] * l[g];
        symmetric_power(l[g], k[g], factor);
        memset(next, 0, sizeof next);
        for (int a = 0; a < WIDTH; a++)
            for (int b = -reach; b <= reach && product[a]; b++)
                if (a + b >= 0 && a + b < WIDTH)
                    next[a + b] += product[a] * factor[b + REACH];
        memcpy(product, next, sizeof product);
    }
    return product[REACH] - product[REACH + 1];
}
