#include "program/coupled.h"
#include <stdlib.h>
#include <string.h>

/* Distinct pairs (m1, m2): each is one multiplication, or two multiply-adds on the way back. */
static size_t pairs(const coupled_kernel *k)
{
    size_t count = 0;
    for (size_t i = 0; i < k->nconstants; i++) {
        size_t j = 0;
        while (j < i && (k->constant[j].m1 != k->constant[i].m1 || k->constant[j].m2 != k->constant[i].m2))
            j++;
        count += j == i;
    }
    return count;
}

void coupled_count(coupled_program *p)
{
    p->forward = p->reverse = p->form = 0;
    for (size_t k = 0; k < p->nkernels; k++) {
        const coupled_kernel *x = &p->kernel[k];
        p->forward += x->count * (pairs(x) + x->nconstants);
        p->reverse += x->count * (2 * pairs(x) + x->nconstants);
    }
    for (size_t k = 0; k < p->nrows; k++)
        p->form += (2 * p->row[k].count + 1) * (2 * (size_t)p->row[k].l + 1);
}

void coupled_free(coupled_program *p)
{
    for (size_t k = 0; k < p->nkernels; k++)
        free(p->kernel[k].constant);
    free(p->moment);
    free(p->kernel);
    free(p->product);
    free(p->row);
    free(p->column);
    memset(p, 0, sizeof *p);
}
