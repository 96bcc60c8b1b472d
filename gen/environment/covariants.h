/* The covariants of a basis, each once: the constant 1, the moments of each channel, and products (x A)_L. */
#ifndef EQML_GEN_ENVIRONMENT_COVARIANTS_H
#define EQML_GEN_ENVIRONMENT_COVARIANTS_H
#include "algebra/keyset.h"
#include "environment/coupling.h"

typedef struct cloud_covariant {
    unsigned left, right; /* of a product; of the moments of a channel: its number */
    unsigned char order, l;
    unsigned weight; /* multiply-adds to evaluate it and to go back */
} cloud_covariant;

/* Number 0 is the constant; then come the channels in their order; then products in that of their discovery. */
typedef struct covariant_list {
    size_t count, capacity;
    cloud_covariant *item;
    keyset products; /* of left, right, l: the number behind the channels */
    size_t nchannels;
    unsigned short *couplings; /* [..][2]: constants of (l1, l2, L), of two tensors and of one with itself */
} covariant_list;

/* nchannels moments of l[nchannels]; covariants_free releases it. */
covariant_list covariants_create(size_t nchannels, const int *l);
void covariants_free(covariant_list *c);

/* The number of (left right)_L; right is a channel. Orders of the two do not matter for two channels. */
unsigned covariants_product(covariant_list *c, unsigned left, unsigned right, int L);

/* Coupling constants of a product. */
size_t covariants_couplings(covariant_list *c, int l1, int l2, int L, bool same);
#endif
