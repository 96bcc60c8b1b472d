/* Covariants as products of matrices: the steps of a program against the operations that they stand for. */
#include "made.h"
#include <string.h>

typedef struct products {
    size_t count;
    operation *list;
} products;

static void add(products *p, size_t target, size_t left, size_t right)
{
    p->list = realloc(p->list, (p->count + 1) * sizeof *p->list);
    cr_assert_not_null(p->list);
    p->list[p->count++] = (operation){(unsigned)target, (unsigned)left, (unsigned)right};
}

static void add_series(products *p, const matrix_table *t, const matrix_form *f, const matrix_step *s)
{
    const element_matrix *a = &t->matrix[f->left], *b = &t->matrix[f->right], *c = &t->matrix[f->target];
    for (int i = 0; i < c->nrows; i++)
        for (int j = 0; j < c->ncolumns; j++)
            for (int k = 0; k < a->ncolumns; k++) {
                const unsigned x = c->element[i * c->ncolumns + j], y = a->element[i * a->ncolumns + k],
                               z = b->element[k * b->ncolumns + j];
                if (x != c->none && y != a->none && z != b->none && (!f->half || i < j))
                    add(p, s->target + x, s->left + y, (size_t)s->right + z);
            }
}

/* Pushes and ends. */
static void add_cells(products *p, const matrix_table *t, const matrix_form *f, const matrix_step *s,
                      size_t one)
{
    const element_matrix *a = &t->matrix[f->left];
    for (int i = 0; i < a->nrows; i++)
        for (int j = 0; j < a->ncolumns; j++) {
            const unsigned x = a->element[i * a->ncolumns + j];
            if (x == a->none)
                continue;
            if (f->kind == MATRIX_ENDS)
                add(p, s->target + x, s->left + x, (size_t)(s->right + i));
            else
                add(p, s->target + (size_t)i, s->left + x,
                    s->right == RIGHT_ONES ? one : (size_t)(s->right + j));
        }
}

/* What a step does by its definition, written out. */
static products products_of(const program *p, const matrix_step *s)
{
    products list = {0, NULL};
    const matrix_form *f = &p->matrices.form[s->form];
    const operation *first = &p->operations.item[s->first];
    if (f->kind == MATRIX_SERIES)
        add_series(&list, &p->matrices, f, s);
    else if (f->kind == MATRIX_PUSH || f->kind == MATRIX_ENDS)
        add_cells(&list, &p->matrices, f, s, p->factor0);
    for (unsigned x = 0; x < f->ntarget && f->kind == MATRIX_POINTWISE; x++)
        add(&list, s->target + x, s->left + x, (size_t)s->right + x);
    for (unsigned x = 0; x < f->ntarget && f->kind == MATRIX_COPY; x++)
        add(&list, s->target + x, first[x].left, p->factor0);
    for (unsigned x = 0; x < f->nleft && f->kind == MATRIX_SUM; x++)
        add(&list, first->target, first[x].left, p->factor0);
    return list;
}

static int compare_operations(const void *x, const void *y)
{
    const operation *a = x, *b = y;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->left != b->left)
        return a->left < b->left ? -1 : 1;
    return a->right < b->right ? -1 : a->right > b->right;
}

/* Runs hold every element of a matrix once, or of a symmetric one those above the diagonal. */
static void expect_runs(const element_matrix *m)
{
    int *seen = calloc(m->none + 1, sizeof *seen), count = 0, covered = 0;
    for (int k = 0; k < m->nrows * m->ncolumns; k++)
        if (m->element[k] != m->none && !seen[m->element[k]]++)
            count++;
    for (int k = 0; k < m->nruns; k++)
        for (int x = 0; x < m->run[k][3]; x++, covered++) {
            const int i = m->run[k][0], j = m->run[k][1] + x;
            cr_assert_eq(m->element[i * m->ncolumns + j], (unsigned)(m->run[k][2] + x));
            cr_assert(!m->symmetric ||
                      (i < j && m->element[j * m->ncolumns + i] == m->element[i * m->ncolumns + j]));
        }
    cr_assert_eq(covered, count);
    free(seen);
}

static void expect_steps(const char *text, int degree, bool all_kinds)
{
    made *m = make(text, degree, degree);
    const program *p = m->program;
    int kinds[MATRIX_POINTWISE + 1] = {0};
    cr_assert_gt(p->matrices.nsteps, 0u, "%s", text);
    for (size_t k = 0; k < p->matrices.nsteps; k++) {
        const matrix_step *s = &p->matrices.step[k];
        products list = products_of(p, s);
        operation *written = calloc(s->end - s->first, sizeof *written);
        memcpy(written, p->operations.item + s->first, (s->end - s->first) * sizeof *written);
        cr_assert_eq(list.count, s->end - s->first, "%s, step %zu", text, k);
        qsort(list.list, list.count, sizeof *written, compare_operations);
        qsort(written, list.count, sizeof *written, compare_operations);
        for (size_t i = 0; i < list.count; i++)
            cr_assert_eq(compare_operations(&list.list[i], &written[i]), 0, "%s, step %zu, operation %zu",
                         text, k, i);
        kinds[p->matrices.form[s->form].kind]++;
        free(list.list);
        free(written);
    }
    for (int k = 0; k <= MATRIX_POINTWISE && all_kinds; k++)
        cr_assert_gt(kinds[k], 0, "%s: no step of kind %d", text, k);
    for (size_t k = 0; k < p->matrices.nmatrices; k++)
        expect_runs(&p->matrices.matrix[k]);
    made_free(m);
}

/* Some large molecules; one with patterns of few elements; one with fragments. */
Test(matrix_steps, are_their_operations)
{
    expect_steps("H30 C14", 3, true);
    expect_steps("H9 O9 C9", 3, true);
    expect_steps("(H O)12", 3, false);
}

/* Small molecules are faster without. */
Test(matrix_steps, small_molecules_have_none)
{
    made *m = make("H5 O2", 4, 4);
    cr_assert_eq(m->program->matrices.nsteps, 0u);
    made_free(m);
}

/* Code needs copies of the pair variables: where they no longer fit, there is the table. */
Test(matrix_steps, the_largest_molecules_have_none)
{
    made *m = make("H165", 3, 3);
    cr_assert_eq(m->program->matrices.nsteps, 0u);
    cr_assert_leq(m->program->nslots, (size_t)SLOTS_LIMIT);
    made_free(m);
}
