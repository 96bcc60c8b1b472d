#include "molecule/terms.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

term *term_append(basis *b, term new)
{
    if (b->nterms == b->terms_capacity) {
        b->terms_capacity = b->terms_capacity ? 2 * b->terms_capacity : 256;
        b->term = xrealloc(b->term, b->terms_capacity, sizeof *b->term);
    }
    b->term[b->nterms] = new;
    return &b->term[b->nterms++];
}

void term_values(const basis *b, const term *t, size_t begin, size_t end, residue *value)
{
    if (t->value)
        memcpy(value + begin, t->value + begin, (end - begin) * sizeof *value);
    else
        modular_multiply_vector(end - begin, b->term[t->left].value + begin, b->term[t->right].value + begin,
                                value + begin);
}

void term_keep_values(basis *b, size_t index)
{
    if (b->term[index].value)
        return;
    residue *value = xmalloc(b->npoints, sizeof *value);
    term_values(b, &b->term[index], 0, b->npoints, value);
    b->term[index].value = value;
}

void monomials_values(const basis *b, const unsigned short *monomial, size_t count, size_t begin, size_t end,
                      residue *value)
{
    const size_t length = end - begin;
    residue *product = xmalloc(length, sizeof *product);
    memset(value + begin, 0, length * sizeof *value);
    for (size_t m = 0; m < count; m++, monomial += b->degree) {
        memcpy(product, b->variable + monomial[0] * b->npoints + begin, length * sizeof *product);
        for (int k = 1; k < b->degree && monomial[k] != ORBIT_UNUSED; k++)
            modular_multiply_vector(length, product, b->variable + monomial[k] * b->npoints + begin, product);
        modular_add_vector(length, product, value + begin);
    }
    free(product);
}

size_t orbit_write(basis *b, const unsigned short *monomial, int degree)
{
    unsigned short *members;
    size_t count, first = b->nmonomials;
    if (orbit_expand(b->composition, monomial, degree, MONOMIALS_LIMIT, &members, &count))
        return 0;
    b->monomial = xrealloc(b->monomial, (first + count) * (size_t)b->degree, sizeof *b->monomial);
    for (size_t m = 0; m < count; m++)
        for (int k = 0; k < b->degree; k++)
            b->monomial[(first + m) * (size_t)b->degree + (size_t)k] =
                k < degree ? members[m * (size_t)degree + (size_t)k] : ORBIT_UNUSED;
    free(members);
    return count;
}

void basis_free(basis *b)
{
    if (!b)
        return;
    for (size_t k = 0; k < b->nterms; k++)
        free(b->term[k].value);
    for (int k = 0; k < b->ncovariants; k++)
        free(b->covariant[k].value);
    free(b->term);
    free(b->block_term);
    free(b->covariant);
    free(b->block_covariant);
    free(b->monomial);
    free(b->variable);
    membership_free(&b->allowed);
    membership_free(&b->kept);
    free(b);
}
