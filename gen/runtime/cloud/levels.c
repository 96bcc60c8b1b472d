/* What terms are made of: their levels, and the bases of fewer of them. */
#ifndef EQML__CLOUD_LEVELS_C
#define EQML__CLOUD_LEVELS_C
#include "cloud/fit.h"
#include "memory.c"

/* level[nslots] <- those of the tensors that begin there. */
static void eqml__slot_levels(const eqml_cloud_program *p, double level_weight, double *level)
{
    for (int k = 0; k < p->nmoments; k++)
        level[p->moments[k][3]] = p->moments[k][2] + level_weight * p->moments[k][1];
    for (int k = 0; k < p->nproducts; k++) /* operands stand before */
        level[p->products[k][2]] = level[p->products[k][0]] + level[p->products[k][1]];
}

EQML_API eqml_status eqml_cloud_levels(const eqml_cloud_basis *basis, double level_weight, double *level)
{
    for (int c = 0; c < basis->ncentres; c++) {
        const eqml_cloud_program *p = basis->centres[c].program;
        double *slot = (double *)eqml__zeroed((size_t)p->nslots, sizeof(double));
        double *to = level + basis->centres[c].first;
        const unsigned short *column = p->columns;
        if (!slot)
            return EQML_ERROR_MEMORY;
        eqml__slot_levels(p, level_weight, slot);
        for (int r = 0; r < p->nrows; r++)
            for (int k = 0; k < p->rows[r][2]; k++)
                *to++ = slot[p->rows[r][0]] + slot[*column++];
        EQML_FREE(slot);
    }
    return EQML_OK;
}

/* A basis with some of the terms of another, whose products it has all. */
typedef struct eqml__cloud_lower {
    eqml_cloud_basis basis;
    eqml_cloud_centre *centres;   /* [ncentres] */
    eqml_cloud_program *programs; /* [ncentres] */
    unsigned short (*rows)[3];    /* of all centres */
    unsigned short *columns;      /* likewise */
} eqml__cloud_lower;

static void eqml__lower_free(eqml__cloud_lower *b)
{
    EQML_FREE(b->centres);
    EQML_FREE(b->programs);
    EQML_FREE(b->rows);
    EQML_FREE(b->columns);
    memset(b, 0, sizeof *b);
}

/* *to <- the terms up to a level, level[whole->nterms]; the whole must stay. The caller frees *to, also on failure. */
static eqml_status eqml__lower_create(eqml__cloud_lower *to, const eqml_cloud_basis *whole,
                                      const double *level, double highest)
{
    size_t nrows = 0, ncentres = (size_t)whole->ncentres;
    memset(to, 0, sizeof *to);
    for (int c = 0; c < whole->ncentres; c++)
        nrows += (size_t)whole->centres[c].program->nrows;
    to->centres = (eqml_cloud_centre *)eqml__zeroed(ncentres, sizeof *to->centres);
    to->programs = (eqml_cloud_program *)eqml__zeroed(ncentres, sizeof *to->programs);
    to->rows = (unsigned short(*)[3])eqml__zeroed(nrows, sizeof *to->rows);
    to->columns = (unsigned short *)eqml__zeroed((size_t)whole->nterms, sizeof *to->columns);
    if (!to->centres || !to->programs || !to->rows || !to->columns)
        return EQML_ERROR_MEMORY;
    to->basis = *whole;
    to->basis.centres = to->centres;
    to->basis.nterms = 0;
    unsigned short(*row)[3] = to->rows, *put = to->columns;
    for (int c = 0; c < whole->ncentres; c++) {
        const eqml_cloud_program *p = whole->centres[c].program;
        const unsigned short *column = p->columns;
        eqml_cloud_program *q = &to->programs[c];
        *q = *p;
        q->rows = (const unsigned short(*)[3])row;
        q->columns = put;
        for (int r = 0; r < p->nrows; r++, row++) {
            memcpy(*row, p->rows[r], sizeof *row);
            (*row)[2] = 0;
            for (int k = 0; k < p->rows[r][2]; k++, column++, level++)
                if (*level <= highest) {
                    *put++ = *column;
                    (*row)[2]++;
                }
        }
        q->nterms = (int)(put - q->columns);
        to->centres[c] = whole->centres[c];
        to->centres[c].program = q;
        to->centres[c].first = to->basis.nterms;
        to->basis.nterms += q->nterms;
    }
    return EQML_OK;
}

#endif /* EQML__CLOUD_LEVELS_C */
