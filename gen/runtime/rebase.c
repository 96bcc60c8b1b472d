/* A surface over another basis. */
#ifndef EQML__REBASE_C
#define EQML__REBASE_C
#include "select.h"
#include "surface.c"
#include "memory.c"
#include "status.c"
#include "wall.c"
#include <stdlib.h>

/*
 * Factors are recognised by what they are, not by their numbers: two polynomials are the same where their values
 * are, at two points of random numbers modulo 2^64. The numbers of a point follow from the atoms of each pair, and
 * so are the same for both bases.
 */
static uint64_t eqml__scramble(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u; /* the finaliser of splitmix64 */
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* The values of one basis. */
typedef struct eqml__prints {
    uint64_t *slot;       /* [nslots] */
    uint64_t (*value)[2]; /* [nfactors] */
    uint64_t *offset;     /* [nfactors] numbers that factors are shifted by */
    int *term;            /* [nfactors] the term that a factor is, or -1 */
} eqml__prints;

static eqml_status eqml__prints_create(const eqml_basis *b, eqml__prints *p)
{
    int terms = 0;
    p->slot = (uint64_t *)eqml__zeroed((size_t)b->nslots, sizeof(uint64_t));
    p->value = (uint64_t(*)[2])eqml__zeroed((size_t)b->nfactors, sizeof *p->value);
    p->offset = (uint64_t *)eqml__zeroed((size_t)b->nfactors, sizeof(uint64_t));
    p->term = (int *)eqml__zeroed((size_t)b->nfactors, sizeof(int));
    if (!p->slot || !p->value || !p->offset || !p->term)
        return EQML_ERROR_MEMORY;
    for (int f = 0; f < b->nfactors; f++)
        p->term[f] = eqml__is_term(b, (size_t)f) ? terms++ : -1;
    return EQML_OK;
}

static void eqml__prints_free(eqml__prints *p)
{
    EQML_FREE(p->slot);
    EQML_FREE(p->value);
    EQML_FREE(p->offset);
    EQML_FREE(p->term);
}

static void eqml__find_prints(const eqml_basis *b, eqml__prints *p)
{
    for (int point = 0; point < 2; point++) {
        memset(p->slot, 0, (size_t)b->nslots * sizeof *p->slot);
        for (int k = 0; k < b->npairs; k++)
            p->slot[k] = eqml__scramble((uint64_t)b->pairs[k][0] << 32 | (uint64_t)b->pairs[k][1] << 16 |
                                        (uint64_t)(point + 1));
        for (int f = 0; f < b->nfactors; f++)
            p->slot[b->factor0 + f] = f ? p->offset[f] : 1;
        for (int k = 0; k < b->noperations; k++) {
            const unsigned short *o = b->operations[k];
            p->slot[o[0]] += p->slot[o[1]] * p->slot[o[2]];
        }
        for (int f = 0; f < b->nfactors; f++)
            p->value[f][point] = p->slot[b->factor0 + f];
    }
}

/* Where a term stands: a product of two factors; left is 0 for a factor alone. */
typedef struct eqml__place_of_term {
    unsigned left, right; /* left <= right */
    int term;
} eqml__place_of_term;

static int eqml__compare_places(const void *x, const void *y)
{
    const eqml__place_of_term *a = (const eqml__place_of_term *)x, *b = (const eqml__place_of_term *)y;
    return a->left != b->left ? (a->left < b->left ? -1 : 1) : (a->right > b->right) - (a->right < b->right);
}

/* All terms in their order; place[nterms]. */
static void eqml__list_terms(const eqml_basis *b, const eqml__prints *p, eqml__place_of_term *place)
{
    int k = 0;
    for (int f = 0; f < b->nfactors; f++)
        if (p->term[f] >= 0)
            place[k].left = 0, place[k].right = (unsigned)f, place[k].term = k, k++;
    for (int r = 0; r < b->nruns; r++)
        for (unsigned c = 0; c < b->runs[r][2]; c++, k++) {
            const unsigned left = b->runs[r][0], right = b->runs[r][1] + c;
            place[k].left = left < right ? left : right;
            place[k].right = left < right ? right : left;
            place[k].term = k;
        }
}

/* A factor by its values. */
typedef struct eqml__print {
    uint64_t value[2];
    int factor;
} eqml__print;

static int eqml__compare_prints(const void *x, const void *y)
{
    const eqml__print *a = (const eqml__print *)x, *b = (const eqml__print *)y;
    const int point = a->value[0] == b->value[0];
    return (a->value[point] > b->value[point]) - (a->value[point] < b->value[point]);
}

/* The work of one move; it owns all that is allocated. */
typedef struct eqml__move {
    const eqml_basis *from, *to;
    eqml__prints old_prints, new_prints;
    eqml__print *sorted; /* [nfactors] of the new basis */
    int *factor;         /* [nfactors] of the old basis: its number in the new one, or -1 */
    eqml__place_of_term *old_place, *new_place;
    double *old_coefficient, *new_coefficient;
} eqml__move;

static eqml_status eqml__move_create(eqml__move *m)
{
    m->sorted = (eqml__print *)eqml__zeroed((size_t)m->to->nfactors, sizeof *m->sorted);
    m->factor = (int *)eqml__zeroed((size_t)m->from->nfactors, sizeof(int));
    m->old_place = (eqml__place_of_term *)eqml__zeroed((size_t)m->from->nterms, sizeof *m->old_place);
    m->new_place = (eqml__place_of_term *)eqml__zeroed((size_t)m->to->nterms, sizeof *m->new_place);
    m->old_coefficient = (double *)eqml__zeroed((size_t)m->from->nterms, sizeof(double));
    m->new_coefficient = (double *)eqml__zeroed((size_t)m->to->nterms, sizeof(double));
    if (!m->sorted || !m->factor || !m->old_place || !m->new_place || !m->old_coefficient ||
        !m->new_coefficient || eqml__prints_create(m->from, &m->old_prints) ||
        eqml__prints_create(m->to, &m->new_prints))
        return EQML_ERROR_MEMORY;
    return EQML_OK;
}

static void eqml__move_free(eqml__move *m)
{
    eqml__prints_free(&m->old_prints);
    eqml__prints_free(&m->new_prints);
    EQML_FREE(m->sorted);
    EQML_FREE(m->factor);
    EQML_FREE(m->old_place);
    EQML_FREE(m->new_place);
    EQML_FREE(m->old_coefficient);
    EQML_FREE(m->new_coefficient);
}

/*
 * Factors of the new basis are found by their values without offsets. Products of factors are products of shifted
 * ones: so with offsets, random numbers, the values must agree again; else the factor is not the same.
 */
static void eqml__match_factors(eqml__move *m)
{
    eqml__prints *old = &m->old_prints, *now = &m->new_prints;
    eqml__find_prints(m->from, old);
    eqml__find_prints(m->to, now);
    for (int f = 0; f < m->to->nfactors; f++) {
        memcpy(m->sorted[f].value, now->value[f], sizeof now->value[f]);
        m->sorted[f].factor = f;
    }
    qsort(m->sorted, (size_t)m->to->nfactors, sizeof *m->sorted, eqml__compare_prints);
    for (int f = 0; f < m->from->nfactors; f++) {
        eqml__print wanted = {{old->value[f][0], old->value[f][1]}, f};
        const eqml__print *found = (const eqml__print *)bsearch(&wanted, m->sorted, (size_t)m->to->nfactors,
                                                                sizeof wanted, eqml__compare_prints);
        m->factor[f] = found ? found->factor : -1;
        old->offset[f] = eqml__scramble(~(uint64_t)f);
        if (found)
            now->offset[found->factor] = old->offset[f];
    }
    eqml__find_prints(m->from, old);
    eqml__find_prints(m->to, now);
    for (int f = 0; f < m->from->nfactors; f++)
        if (m->factor[f] >= 0 && memcmp(old->value[f], now->value[m->factor[f]], sizeof old->value[f]))
            m->factor[f] = -1;
}

/* Why a surface over one basis cannot stand over the other, whatever its coefficients; NULL if it can. */
static const char *eqml__misfit(const eqml_basis *from, const eqml_basis *to)
{
    if (from->natoms != to->natoms || strcmp(from->symbols, to->symbols))
        return "other atoms";
    if (from->npair_classes != to->npair_classes)
        return "other classes of pairs";
    for (int p = 0; p < from->npairs; p++)
        for (int q = 0; q < to->npairs; q++)
            if (!memcmp(from->pairs[p], to->pairs[q], sizeof *to->pairs) &&
                from->pair_classes[p] != to->pair_classes[q])
                return "other classes of pairs";
    for (int k = 0; k < EQML_TENSORS; k++)
        if (from->tensors[k])
            return "no place for a tensor";
    return NULL;
}

/*
 * Moves the coefficients to the places of their terms. Returns the first term with a coefficient that has no
 * place, or -1.
 */
static int eqml__move_coefficients(eqml__move *m)
{
    const size_t size = sizeof *m->new_place;
    eqml__list_terms(m->from, &m->old_prints, m->old_place);
    eqml__list_terms(m->to, &m->new_prints, m->new_place);
    qsort(m->new_place, (size_t)m->to->nterms, size, eqml__compare_places);
    for (int k = 0; k < m->from->nterms; k++) {
        const int left = m->factor[m->old_place[k].left], right = m->factor[m->old_place[k].right];
        eqml__place_of_term wanted = {(unsigned)(left < right ? left : right),
                                      (unsigned)(left < right ? right : left), k};
        const eqml__place_of_term *found =
            left < 0 || right < 0
                ? NULL
                : (const eqml__place_of_term *)bsearch(&wanted, m->new_place, (size_t)m->to->nterms, size,
                                                       eqml__compare_places);
        if (found)
            m->new_coefficient[found->term] = m->old_coefficient[k];
        else if (m->old_coefficient[k] != 0)
            return k;
    }
    return -1;
}

/* The wall, where the code of the new basis finds the values of all its features. */
static eqml_status eqml__move_wall(const eqml__move *m, const eqml_surface *from, eqml_surface *to)
{
    const eqml_wall *old = from->model.wall;
    const int values = m->to->forward_one ? m->to->nvalues : m->to->nfactors;
    for (int k = 0; k < (old ? old->nfeatures : 0); k++)
        if (m->factor[old->features[k]] < 0 || m->factor[old->features[k]] >= values)
            return EQML_OK;
    if (!old)
        return EQML_OK;
    const size_t n = (size_t)old->nfeatures;
    eqml_wall *wall = eqml__new_wall(old->nfeatures);
    if (!wall)
        return EQML_ERROR_MEMORY;
    for (size_t k = 0; k < n; k++)
        ((unsigned short *)wall->features)[k] = (unsigned short)m->factor[old->features[k]];
    memcpy((double *)wall->means, old->means, n * sizeof(double));
    memcpy((double *)wall->whiten, old->whiten, n * EQML_ROUND(n) * sizeof(double));
    memcpy((double *)wall->edges, old->edges, 3 * sizeof(double));
    eqml__use_wall(to, wall);
    return EQML_OK;
}

EQML_API eqml_status eqml_surface_rebase(const eqml_surface *from, const eqml_basis *basis, eqml_surface *to,
                                         eqml_message *message)
{
    eqml__move m;
    int lost = -1;
    memset(&m, 0, sizeof m);
    memset(to, 0, sizeof *to);
    m.from = from->model.basis;
    m.to = basis;
    const char *misfit = eqml__misfit(m.from, basis);
    if (misfit)
        return eqml__fail(message, EQML_ERROR_MATCH,
                          "a surface over \"%s\" cannot stand over \"%s\", which has %s", m.from->name,
                          basis->name, misfit);
    eqml_status status = eqml__move_create(&m);
    if (!status)
        status = eqml_surface_create(basis, from->variables, to);
    if (!status) {
        eqml__copy_classes(to, from);
        eqml__match_factors(&m);
        eqml_surface_get(from, m.old_coefficient);
        lost = eqml__move_coefficients(&m);
        for (int f = 0; f < m.from->nfactors; f++)
            if (m.factor[f] >= 0)
                to->offset[m.factor[f]] = from->offset[f];
        eqml_surface_set(to, m.new_coefficient);
        to->standardised = from->standardised;
        status = eqml__move_wall(&m, from, to);
    }
    if (status)
        eqml__fail(message, status, "a surface over \"%s\": %s", basis->name, eqml_status_text(status));
    if (lost >= 0)
        status = eqml__fail(message, EQML_ERROR_MATCH,
                            "a surface over \"%s\" cannot stand over \"%s\", which lacks its term %d",
                            m.from->name, basis->name, lost);
    if (status)
        eqml_surface_free(to);
    eqml__move_free(&m);
    return status;
}

#endif /* EQML__REBASE_C */
