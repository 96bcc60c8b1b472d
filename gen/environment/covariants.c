#include "environment/covariants.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = COUPLING_LIMIT + 1 };

static cloud_covariant *append(covariant_list *c)
{
    if (c->count == c->capacity)
        c->item = xrealloc(c->item, c->capacity = c->capacity ? 2 * c->capacity : 256, sizeof *c->item);
    return &c->item[c->count++];
}

covariant_list covariants_create(size_t nchannels, const int *l)
{
    covariant_list c = {.nchannels = nchannels,
                        .couplings = xcalloc((size_t)SIDE * SIDE * SIDE * 2, sizeof *c.couplings)};
    *append(&c) = (cloud_covariant){0};
    for (size_t k = 0; k < nchannels; k++)
        *append(&c) = (cloud_covariant){(unsigned)k, 0, 1, (unsigned char)l[k], 0};
    return c;
}

void covariants_free(covariant_list *c)
{
    free(c->item);
    free(c->couplings);
    keyset_free(&c->products);
    memset(c, 0, sizeof *c);
}

size_t covariants_couplings(covariant_list *c, int l1, int l2, int L, bool same)
{
    unsigned short *at = c->couplings + 2 * ((size_t)(l1 * SIDE + l2) * SIDE + (size_t)L) + same;
    if (!*at) {
        size_t count;
        free(coupling_list(l1, l2, L, same, &count));
        *at = (unsigned short)count;
    }
    return *at;
}

unsigned covariants_product(covariant_list *c, unsigned left, unsigned right, int L)
{
    if (c->item[left].order == 1 && left > right) {
        const unsigned other = left;
        left = right;
        right = other;
    }
    const unsigned short key[] = {(unsigned short)(left >> 16), (unsigned short)left,
                                  (unsigned short)(right >> 16), (unsigned short)right, (unsigned short)L};
    size_t number;
    if (keyset_add(&c->products, key, sizeof key / sizeof *key, &number)) {
        const cloud_covariant a = c->item[left], b = c->item[right];
        /* Each constant once forward and twice back, and each component is stored and loaded. */
        const size_t constants = covariants_couplings(c, a.l, b.l, L, left == right);
        *append(c) = (cloud_covariant){left, right, (unsigned char)(a.order + 1), (unsigned char)L,
                                       (unsigned)(3 * constants) + 2 * (unsigned)L + 1};
    }
    return (unsigned)(1 + c->nchannels + number);
}
