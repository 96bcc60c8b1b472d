#include "program/matrices.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* ---- matrices ----------------------------------------------------------------------------------------- */

void matrix_free(element_matrix *m)
{
    free(m->row);
    free(m->column);
    free(m->element);
    free(m->run);
}

/* The elements, or those above the diagonal, as runs along the rows. */
static void find_runs(element_matrix *m)
{
    m->symmetric = m->nrows == m->ncolumns && !memcmp(m->row, m->column, (size_t)m->nrows * sizeof *m->row);
    m->run = xcalloc((size_t)m->nrows * (size_t)m->ncolumns + 1, sizeof *m->run);
    for (int i = 0; i < m->nrows; i++) {
        int *last = NULL;
        for (int j = m->symmetric ? i + 1 : 0; j < m->ncolumns; j++) {
            int element = (int)m->element[i * m->ncolumns + j];
            if (element == (int)m->none) {
                last = NULL;
            } else if (last && element == last[2] + last[3]) {
                last[3]++;
            } else {
                last = m->run[m->nruns++];
                last[0] = i, last[1] = j, last[2] = element, last[3] = 1;
            }
        }
    }
}

size_t matrix_add(matrix_table *t, element_matrix m)
{
    find_runs(&m);
    t->matrix = xrealloc(t->matrix, t->nmatrices + 1, sizeof *t->matrix);
    t->matrix[t->nmatrices] = m;
    return t->nmatrices++;
}

/* ---- forms -------------------------------------------------------------------------------------------- */

void matrix_append_form(matrix_table *t, matrix_form f)
{
    t->form = xrealloc(t->form, t->nforms + 1, sizeof *t->form);
    t->form[t->nforms++] = f;
}

size_t matrix_find_form(const matrix_table *t, enum matrix_kind kind, int pattern)
{
    size_t k = 0;
    while (k < t->nforms && (t->form[k].kind != kind || t->form[k].pattern != pattern))
        k++;
    return k;
}

size_t matrix_find_pattern(const matrix_table *t, int pattern)
{
    size_t k = 0;
    while (k < t->nforms &&
           (t->form[k].kind == MATRIX_COPY || t->form[k].kind == MATRIX_SUM || t->form[k].pattern != pattern))
        k++;
    return k;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

void matrix_append_step(matrix_table *t, matrix_step step)
{
    t->step = xrealloc(t->step, t->nsteps + 1, sizeof *t->step);
    t->step[t->nsteps++] = step;
}

const matrix_step *matrix_step_from(const matrix_table *t, size_t first)
{
    for (size_t k = 0; k < t->nsteps; k++)
        if (t->step[k].first == first)
            return &t->step[k];
    return NULL;
}

const matrix_step *matrix_step_until(const matrix_table *t, size_t end)
{
    for (size_t k = 0; k < t->nsteps; k++)
        if (t->step[k].end == end)
            return &t->step[k];
    return NULL;
}

size_t matrix_operations(const matrix_table *t)
{
    size_t count = 0;
    for (size_t k = 0; k < t->nsteps; k++)
        count += t->step[k].end - t->step[k].first;
    return count;
}

void matrix_table_free(matrix_table *t)
{
    for (size_t k = 0; k < t->nmatrices; k++)
        matrix_free(&t->matrix[k]);
    free(t->matrix);
    free(t->form);
    free(t->step);
    memset(t, 0, sizeof *t);
}
