#include "molecule/covariant_orbit.h"
#include "molecule/canonical.h"
#include "molecule/covariant.h"
#include "algebra/keyset.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { ORBIT_LIMIT = 200000 }; /* monomials of one covariant */

/*
 * Fills the set with all images of (element, monomial) under the group, as keys: the element, then the pairs
 * in ascending order.
 */
static bool close_orbit(const basis *b, int set, int element, const unsigned short *monomial, int degree,
                        keyset *orbit)
{
    const composition *c = b->composition;
    const int count = b->structure->set[set].count;
    int *images = structure_images(c, &b->structure->set[set]);
    unsigned short *key = xmalloc((size_t)degree + 1, sizeof *key);
    size_t length;
    key[0] = (unsigned short)element;
    memcpy(key + 1, monomial, (size_t)degree * sizeof *key);
    keyset_add(orbit, key, (size_t)degree + 1, NULL);
    for (size_t next = 0; next < orbit->count && orbit->count <= ORBIT_LIMIT; next++)
        for (int g = 0; g < c->ngenerators; g++) {
            const unsigned short *member = keyset_key(orbit, next, &length);
            key[0] = (unsigned short)images[g * count + member[0]];
            canonical_image(c, c->generator + (size_t)g * c->natoms, member + 1, degree, key + 1);
            keyset_add(orbit, key, (size_t)degree + 1, NULL);
        }
    free(images);
    free(key);
    return orbit->count <= ORBIT_LIMIT;
}

int covariant_append_orbit(basis *b, int set, int element, const unsigned short *monomial, int degree,
                           size_t block)
{
    const size_t count = (size_t)b->structure->set[set].count, row = (size_t)b->degree, first = b->nmonomials;
    keyset orbit = {0};
    size_t length;
    if (!close_orbit(b, set, element, monomial, degree, &orbit)) {
        keyset_free(&orbit);
        return -1;
    }
    const size_t each = orbit.count / count; /* elements are equivalent: they have equally many */
    size_t *filled = xcalloc(count, sizeof *filled);
    b->nmonomials += orbit.count;
    b->monomial = xrealloc(b->monomial, b->nmonomials * row, sizeof *b->monomial);
    for (size_t k = 0; k < orbit.count; k++) {
        const unsigned short *key = keyset_key(&orbit, k, &length);
        unsigned short *to = b->monomial + (first + key[0] * each + filled[key[0]]++) * row;
        for (size_t i = 0; i < row; i++)
            to[i] = i < (size_t)degree ? key[1 + i] : ORBIT_UNUSED;
    }
    free(filled);
    keyset_free(&orbit);
    covariant *new = covariant_append(b);
    *new = (covariant){.set = set,
                       .pattern = COVARIANT_ORBIT,
                       .left = (int)first,
                       .right = (int)each,
                       .degree = degree,
                       .block = block};
    new->value = xmalloc(count * b->npoints, sizeof *new->value);
    for (size_t x = 0; x < count; x++)
        monomials_values(b, b->monomial + (first + x * each) * row, each, 0, b->npoints,
                         new->value + x * b->npoints);
    return b->ncovariants - 1;
}

void covariant_remove_orbit(basis *b)
{
    const covariant *last = &b->covariant[--b->ncovariants];
    b->nmonomials = (size_t)last->left;
    free(last->value);
}
