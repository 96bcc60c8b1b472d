#include "environment/transvectant.h"
#include "base/memory.h"
#include <stdlib.h>

enum { SIDE = TRANSVECTANT_LIMIT + 1 };

struct transvectants {
    residue
        *table[SIDE * SIDE * SIDE]; /* [2 l1+1][2 l2+1]: what f_i g_j adds to h_(i+j-k); NULL: not made yet */
};

transvectants *transvectants_create(void)
{
    return xcalloc(1, sizeof(transvectants));
}

void transvectants_free(transvectants *t)
{
    for (int k = 0; t && k < SIDE * SIDE * SIDE; k++)
        free(t->table[k]);
    free(t);
}

/* n (n-1) ... (n-k+1); 0 where k > n. */
static residue falling(int n, int k)
{
    residue product = k > n ? 0 : 1;
    for (int i = 0; i < k && product; i++)
        product = modular_multiply(product, (residue)(n - i));
    return product;
}

static residue *make_table(int l1, int l2, int L)
{
    const int n1 = 2 * l1, n2 = 2 * l2, k = l1 + l2 - L;
    residue *table = xcalloc((size_t)(n1 + 1) * (size_t)(n2 + 1), sizeof *table), binomial[2 * SIDE] = {1};
    for (int row = 1; row <= k; row++) /* Pascal's triangle modulo p */
        for (int s = row; s > 0; s--)
            binomial[s] = modular_reduce((uint64_t)binomial[s] + binomial[s - 1]);
    for (int i = 0; i <= n1; i++)
        for (int j = 0; j <= n2; j++) {
            residue sum = 0;
            for (int s = 0; s <= k; s++) {
                residue x = modular_multiply(falling(n1 - i, k - s), falling(i, s));
                x = modular_multiply(x, modular_multiply(falling(n2 - j, s), falling(j, k - s)));
                x = modular_multiply(x, binomial[s]);
                sum = modular_reduce((uint64_t)sum + (s % 2 && x ? MODULAR_PRIME - x : x));
            }
            table[i * (n2 + 1) + j] = sum;
        }
    return table;
}

void transvectant(transvectants *t, int l1, int l2, int L, const residue *f, const residue *g, residue *h)
{
    residue **at = &t->table[(l1 * SIDE + l2) * SIDE + L];
    if (!*at)
        *at = make_table(l1, l2, L);
    const residue *c = *at;
    const int n2 = 2 * l2, k = l1 + l2 - L;
    for (int M = 0; M <= 2 * L; M++) {
        uint64_t sum = 0;
        for (int i = 0; i <= 2 * l1; i++) {
            const int j = M + k - i;
            if (j >= 0 && j <= n2)
                sum = modular_fold(sum + (uint64_t)modular_multiply(f[i], g[j]) * c[i * (n2 + 1) + j]);
        }
        h[M] = modular_reduce(sum);
    }
}
