/* Bases of neighbour clouds as the generator chooses them, and their terms by definition, for tests. */
#ifndef TESTS_CLOUDS_H
#define TESTS_CLOUDS_H
#include "environment/lower.h"
#include "environment/select.h"
#include "harmonics.h"

static inline level_rule rule_of(int order, double level, bool chiral)
{
    return (level_rule){
        order, (long)(level * LEVEL_UNIT), 3 * LEVEL_UNIT / 2, LMAX_LIMIT, NMAX_LIMIT, chiral, NULL, NULL};
}

typedef struct chosen {
    inventory v;
    selection s;
    coupled_program p;
} chosen;

static inline chosen choose_terms(level_rule rule, int nspecies)
{
    chosen c;
    char error[512] = "";
    cr_assert_eq(inventory_create(&rule, nspecies, &c.v, error, sizeof error), 0, "%s", error);
    c.s = selection_create(&c.v);
    c.p = lower_selection(&c.v, &c.s);
    return c;
}

static inline void chosen_free(chosen *c)
{
    coupled_free(&c->p);
    selection_free(&c->s);
    inventory_free(&c->v);
}

typedef long double (*radial_function)(const void *context, int n, long double r);

/* All terms around an atom, from neighbours x of some species, by the definition of a program. The caller frees. */
static inline long double *cloud_terms(const coupled_program *p, radial_function radial, const void *context,
                                       int count, const long double (*x)[3], const int *species)
{
    long double *slot = room(p->nslots, sizeof *slot), *term = room(p->nterms, sizeof *term), harmonic[64];
    slot[0] = 1;
    for (size_t k = 0; k < p->nmoments; k++) {
        const coupled_moment *m = &p->moment[k];
        for (int j = 0; j < count; j++) {
            if (species[j] != m->species)
                continue;
            const long double r = sqrtl(x[j][0] * x[j][0] + x[j][1] * x[j][1] + x[j][2] * x[j][2]);
            harmonics_at(m->l, x[j], harmonic);
            for (int i = 0; i <= 2 * m->l; i++)
                slot[m->slot + (unsigned)i] += radial(context, m->n, r) * harmonic[i];
        }
    }
    for (size_t k = 0; k < p->nkernels; k++)
        for (size_t i = p->kernel[k].first; i < p->kernel[k].first + p->kernel[k].count; i++)
            for (size_t c = 0; c < p->kernel[k].nconstants; c++) {
                const coupled_constant *x1 = &p->kernel[k].constant[c];
                const coupled_product *f = &p->product[i];
                slot[f->target + (unsigned)x1->M] +=
                    x1->value * slot[f->left + (unsigned)x1->m1] * slot[f->right + (unsigned)x1->m2];
            }
    for (size_t k = 0; k < p->nrows; k++)
        for (size_t i = p->row[k].first; i < p->row[k].first + p->row[k].count; i++)
            for (unsigned m = 0; m <= 2 * (unsigned)p->row[k].l; m++)
                term[i] += slot[p->row[k].slot + m] * slot[p->column[i] + m];
    free(slot);
    return term;
}
#endif
