#include "emit/matrices.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { CALL_OPERATIONS = 20 }; /* what a call counts for in the length of a function */

/* Whether pushes and ends work along the runs of the transpose, which are longer. */
static bool is_turned(const matrix_table *t, const matrix_form *f)
{
    return t->matrix[f->left_turned].nruns < t->matrix[f->left].nruns;
}

static bool has_runs(const matrix_table *t, size_t number)
{
    for (size_t k = 0; k < t->nforms; k++)
        if ((t->form[k].kind == MATRIX_PUSH || t->form[k].kind == MATRIX_ENDS) &&
            (is_turned(t, &t->form[k]) ? t->form[k].left_turned : t->form[k].left) == number)
            return true;
    return false;
}

static void emit_matrix(FILE *out, const char *name, const program *p, size_t number)
{
    const matrix_table *t = &p->matrices;
    const element_matrix *m = &t->matrix[number];
    line l = {out, 0, "    ", ""};
    char item[64];
    fprintf(out, "static const unsigned short %s_matrix_%zu[] = {\n", name, number);
    for (int k = 0; k < m->nrows * m->ncolumns; k++) {
        snprintf(item, sizeof item, "%u,", m->element[k]);
        put_item(&l, item);
    }
    end_line(&l);
    fprintf(out, "};\n");
    if (!has_runs(t, number))
        return;
    fprintf(out, "static const unsigned short %s_runs_%zu[][4] = {\n", name, number);
    for (int k = 0; k < m->nruns; k++) {
        snprintf(item, sizeof item, "{%d,%d,%d,%d},", m->run[k][0], m->run[k][1], m->run[k][2], m->run[k][3]);
        put_item(&l, item);
    }
    end_line(&l);
    fprintf(out, "};\n");
}

/* The inputs that a copy takes, in the order of its elements. */
static void emit_elements(FILE *out, const char *name, const program *p, const matrix_step *step)
{
    const matrix_form *form = &p->matrices.form[step->form];
    unsigned *input = xcalloc(form->ntarget, sizeof *input);
    line l = {out, 0, "    ", ""};
    for (size_t k = step->first; k < step->end; k++)
        input[p->operations.item[k].target - step->target] = p->operations.item[k].left;
    fprintf(out, "static const unsigned short %s_elements_%d[] = {\n", name, form->pattern);
    for (unsigned x = 0; x < form->ntarget; x++) {
        char item[16];
        snprintf(item, sizeof item, "%u,", input[x]);
        put_item(&l, item);
    }
    end_line(&l);
    fprintf(out, "};\n");
    free(input);
}

void emit_matrices(FILE *out, const char *name, const program *p)
{
    const matrix_table *t = &p->matrices;
    if (!t->nsteps)
        return;
    for (size_t k = 0; k < t->nsteps; k++)
        if (t->form[t->step[k].form].kind == MATRIX_COPY)
            emit_elements(out, name, p, &t->step[k]);
    if (!t->nmatrices)
        return;
    fprintf(out, "/* where the elements of covariants over pairs stand between atoms */\n");
    for (size_t k = 0; k < t->nmatrices; k++)
        emit_matrix(out, name, p, k);
    fprintf(out, "static const eqml_matrix %s_matrices[] = {\n", name);
    for (size_t k = 0; k < t->nmatrices; k++) {
        const element_matrix *m = &t->matrix[k];
        fprintf(out, "    {%d, %d, %u, %s_matrix_%zu, %d, ", m->nrows, m->ncolumns, m->none, name, k,
                m->symmetric);
        if (has_runs(t, k))
            fprintf(out, "%d, %s_runs_%zu},\n", m->nruns, name, k);
        else
            fprintf(out, "0, NULL},\n");
    }
    fprintf(out, "};\n");
}

/* ---- statements --------------------------------------------------------------------------------------- */

/* A covariant as slots `s` or as adjoints `a`, its elements, and one of its matrices. */
typedef struct operand {
    char array;
    unsigned slot, count;
    size_t matrix;
} operand;

static const operand ones = {0};

/* Zeros in elements [first, end). */
static void put_zeros(functions *f, operand x, unsigned first, unsigned end)
{
    char item[96];
    snprintf(item, sizeof item, "memset(%c + %u, 0, %u * sizeof *%c); ", x.array, x.slot + first, end - first,
             x.array);
    put_item(&f->line, item);
}

/* The zero that follows a covariant. */
static void put_end(functions *f, operand x)
{
    put_zeros(f, x, x.count, x.count + 1);
}

static void put_argument(functions *f, operand x, const char *after)
{
    char item[64];
    if (x.array)
        snprintf(item, sizeof item, "%c + %u%s", x.array, x.slot, after);
    else
        snprintf(item, sizeof item, "NULL%s", after);
    put_item(&f->line, item);
}

/* Ends the call of a kernel. */
static void put_arguments(functions *f, operand x, operand y, operand to)
{
    put_argument(f, x, ", ");
    put_argument(f, y, ", ");
    put_argument(f, to, "); ");
}

static void put_call(functions *f, const char *name, const char *kernel, size_t matrix, operand x, operand y,
                     operand to)
{
    char item[128];
    snprintf(item, sizeof item, "eqml__%s_##T(%s_matrices + %zu, ", kernel, name, matrix);
    put_item(&f->line, item);
    put_arguments(f, x, y, to);
}

/* The same for a kernel that works along the runs of a matrix: it takes the matrix or its transpose,
 * whichever has longer ones. */
static void put_runs(functions *f, const char *name, const program *p, const char *kernel,
                     const matrix_form *form, operand x, operand y, operand to)
{
    const bool turned = is_turned(&p->matrices, form);
    char item[128];
    snprintf(item, sizeof item, "eqml__%s_##T(%s_matrices + %zu, %d, ", kernel, name,
             turned ? form->left_turned : form->left, turned);
    put_item(&f->line, item);
    put_arguments(f, x, y, to);
}

/* to += left right */
static void put_series(functions *f, const char *name, operand left, operand right, operand to, bool half)
{
    char item[160];
    snprintf(item, sizeof item, "eqml__series_##T(%s_matrices, %zu, %zu, %zu, %d, ", name, left.matrix,
             right.matrix, to.matrix, half);
    put_item(&f->line, item);
    put_arguments(f, left, right, to);
}

/* For each element x of a covariant. */
static void put_each(functions *f, unsigned count)
{
    char item[64];
    snprintf(item, sizeof item, "for (int x = 0; x < %u; x++) { ", count);
    put_item(&f->line, item);
}

static void put_copy(functions *f, const char *name, const matrix_form *form, char array, unsigned slot,
                     bool back)
{
    char item[128];
    put_each(f, form->ntarget);
    if (back)
        snprintf(item, sizeof item, "%c[%s_elements_%d[x]] = %c[%u + x]; } ", array, name, form->pattern,
                 array, slot);
    else
        snprintf(item, sizeof item, "%c[%u + x] = %c[%s_elements_%d[x]]; } ", array, slot, array, name,
                 form->pattern);
    put_item(&f->line, item);
}

/* f = offset + sum of elements. */
static void put_sum(functions *f, const program *p, operand from, unsigned target)
{
    char item[160];
    const unsigned factor = target - (unsigned)p->factor0;
    snprintf(item, sizeof item, "s[%u] = EQML_ADD(offset[%u], eqml__total_##T(%u, s + %u)); ", target, factor,
             from.count, from.slot);
    put_item(&f->line, item);
}

static void put_sum_back(functions *f, unsigned target, operand to)
{
    char item[96];
    put_each(f, to.count);
    snprintf(item, sizeof item, "a[%u + x] += a[%u]; } ", to.slot, target);
    put_item(&f->line, item);
}

static void put_pointwise(functions *f, operand x, operand y, operand to)
{
    char item[160];
    put_each(f, to.count);
    snprintf(item, sizeof item, "%c[%u + x] += %c[%u + x]*%c[%u + x]; } ", to.array, to.slot, x.array, x.slot,
             y.array, y.slot);
    put_item(&f->line, item);
}

/* Whether a step writes a covariant: then it has its zero already, and no kernel leaves anything else there. */
static bool is_written(const matrix_table *t, unsigned slot)
{
    for (size_t k = 0; k < t->nsteps; k++)
        if (t->step[k].target == slot && t->form[t->step[k].form].kind != MATRIX_SUM)
            return true;
    return false;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

void put_step(functions *f, const char *name, const program *p, const matrix_step *step)
{
    const matrix_form *form = &p->matrices.form[step->form];
    const operand left = {'s', step->left, form->nleft, form->left};
    const operand right = {'s', (unsigned)step->right, form->nright, form->right};
    const operand target = {'s', step->target, form->ntarget, form->target};
    functions_reserve(f, CALL_OPERATIONS);
    if (form->kind == MATRIX_SUM) {
        put_sum(f, p, left, p->operations.item[step->first].target);
        return;
    }
    if (form->kind != MATRIX_COPY && !is_written(&p->matrices, left.slot))
        put_end(f, left);
    put_zeros(f, target, 0, target.count / ROW_ALIGNMENT * ROW_ALIGNMENT + ROW_ALIGNMENT);
    if (form->kind == MATRIX_COPY) {
        put_copy(f, name, form, 's', step->target, false);
    } else if (form->kind == MATRIX_SERIES) {
        if (!is_written(&p->matrices, right.slot))
            put_end(f, right);
        put_series(f, name, left, right, target, form->half);
    } else if (form->kind == MATRIX_PUSH) {
        put_call(f, name, "push", form->left, left, step->right == RIGHT_ONES ? ones : right, target);
    } else if (form->kind == MATRIX_ENDS) {
        put_runs(f, name, p, "ends", form, left, right, target);
    } else {
        put_pointwise(f, left, right, target);
    }
}

bool *rows_begun(const program *p)
{
    bool *begun = xcalloc(p->nslots, sizeof *begun);
    for (size_t r = 0; r < p->rows.nrows; r++)
        begun[p->rows.row[r].slot] = true;
    return begun;
}

static operand begin(functions *f, operand to, bool *begun)
{
    if (!begun[to.slot])
        put_zeros(f, to, 0, to.count);
    begun[to.slot] = true;
    return to;
}

void put_step_back(functions *f, const char *name, const program *p, const matrix_step *step, bool *begun)
{
    const matrix_form *form = &p->matrices.form[step->form];
    const unsigned right_slot = (unsigned)step->right;
    const operand from = {'a', step->target, form->ntarget, form->target};
    const operand left = {'s', step->left, form->nleft, form->left_turned};
    const operand right = {'s', right_slot, form->nright, form->right_turned};
    functions_reserve(f, 2 * CALL_OPERATIONS);
    if (form->kind == MATRIX_COPY) {
        put_copy(f, name, form, 'a', step->target, true);
        return;
    }
    if (form->kind != MATRIX_SUM)
        put_end(f, from);
    const operand to_left = begin(f, (operand){'a', step->left, form->nleft, form->left}, begun);
    if (form->kind == MATRIX_SUM) {
        put_sum_back(f, p->operations.item[step->first].target, to_left);
        return;
    }
    if (form->kind == MATRIX_PUSH && step->right == RIGHT_ONES) {
        put_runs(f, name, p, "outer", form, from, ones, to_left);
        return;
    }
    if (form->kind == MATRIX_SERIES && form->half) { /* all of dV/dT: what the right side gives is in it */
        put_series(f, name, from, right, to_left, false);
        return;
    }
    const operand to_right = begin(f, (operand){'a', right_slot, form->nright, form->right}, begun);
    if (form->kind == MATRIX_SERIES) {
        put_series(f, name, from, right, to_left, false);
        put_series(f, name, left, from, to_right, false);
    } else if (form->kind == MATRIX_PUSH) {
        put_runs(f, name, p, "outer", form, from, right, to_left);
        put_call(f, name, "push", form->left_turned, left, from, to_right);
    } else if (form->kind == MATRIX_ENDS) {
        put_runs(f, name, p, "ends", form, from, right, to_left);
        put_call(f, name, "meet", form->left, from, left, to_right);
    } else {
        put_pointwise(f, from, right, to_left);
        put_pointwise(f, from, left, to_right);
    }
}

void mark_operands(const program *p, bool *stored)
{
    for (size_t k = 0; k < p->matrices.nsteps; k++) {
        const matrix_step *step = &p->matrices.step[k];
        const matrix_form *form = &p->matrices.form[step->form];
        if (form->kind == MATRIX_COPY)
            for (unsigned x = 0; x < form->ntarget; x++)
                stored[p->operations.item[step->first + x].left] = true;
        memset(stored + step->left, true, form->nleft);
        if (step->right != RIGHT_ONES)
            memset(stored + step->right, true, form->nright);
    }
}
