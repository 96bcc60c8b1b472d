/* Rows of contractions: they are the contractions of the program, each once with both of its covariants. */
#include "made.h"
#include <math.h>
#include <stdlib.h>

/* Slots at some pair variables, by the definition of the operations. */
static double *slots_of(const program *p)
{
    double *slot = calloc(p->nslots, sizeof *slot);
    for (size_t k = 0; k < p->ninputs; k++)
        slot[k] = 1 + 0.5 * sin((double)k + 1);
    slot[p->factor0] = 1;
    for (size_t k = 0; k < p->operations.count; k++)
        slot[p->operations.item[k].target] +=
            slot[p->operations.item[k].left] * slot[p->operations.item[k].right];
    return slot;
}

static void expect_rows(const char *text, const program *p)
{
    double *slot = slots_of(p);
    int *left = calloc(p->nfactors, sizeof *left), *right = calloc(p->nfactors, sizeof *right);
    const contraction_use *use = p->rows.use;
    for (size_t r = 0; r < p->rows.nrows; r++) {
        const contraction_row *row = &p->rows.row[r];
        cr_expect_eq(row->slot % ROW_ALIGNMENT, 0);
        for (unsigned k = 0; k < row->nuses; k++, use++) {
            double value = 0;
            for (unsigned x = 0; x < row->count; x++)
                value += slot[row->slot + x] * slot[use->slot + x];
            cr_expect_float_eq(value, slot[p->factor0 + use->factor], 1e-10 * fabs(value), "%s: factor %u",
                               text, use->factor);
            (k < row->nlinear + row->nvalues ? left : right)[use->factor]++;
            if (k < row->nlinear + row->nvalues)
                cr_expect_eq(k < row->nlinear, use->factor >= p->nvalues, "%s: factor %u", text, use->factor);
        }
    }
    cr_expect_eq((size_t)(use - p->rows.use), p->rows.nuses);
    for (size_t k = p->contractions; k < p->operations.count;
         k++) /* each target is a contraction, or a product */
        if (k < p->products || k >= p->linear)
            cr_expect_eq(left[p->operations.item[k].target - p->factor0], 1, "%s: operation %zu", text, k);
    for (size_t f = 0; f < p->nfactors; f++)
        cr_expect_eq(left[f], right[f], "%s: factor %zu", text, f);
    free(slot);
    free(left);
    free(right);
}

Test(contractions, rows_are_the_contractions)
{
    static const struct {
        const char *text;
        int degree;
    } cases[] = {{"H4 C", 6}, {"H5 O2", 5}, {"C C O H2 H3 H", 3}, {"(H2 O)2", 4}, {"A6", 5}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        made *m = make(cases[k].text, cases[k].degree, 0);
        cr_expect_gt(m->program->rows.nrows, 0, "%s", cases[k].text);
        expect_rows(cases[k].text, m->program);
        made_free(m);
    }
}

/* Factors of the highest degrees occur in no product: an evaluation does without their values. */
Test(contractions, those_in_no_product_have_no_value)
{
    made *m = make("H5 O2", 5, 0), *tensors = make("H5 O2", 5, 2), *small = make("H2 O", 8, 0);
    program *p = m->program;
    cr_expect_eq(p->nvalues, p->ncore);
    cr_expect_lt(p->nvalues, p->nfactors);
    for (size_t r = 0; r < p->nruns; r++)
        cr_expect_leq(p->run[r].first + p->run[r].count, p->nvalues);
    cr_expect_eq(tensors->program->nvalues, tensors->program->nfactors, "tensors may ask for any");
    cr_expect_eq(small->program->rows.nrows, 0);
    cr_expect_eq(small->program->nvalues, small->program->nfactors);
    made_free(m);
    made_free(tensors);
    made_free(small);
}
