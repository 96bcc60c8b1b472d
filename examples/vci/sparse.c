/* Sparse matrices between blocks of configurations. */
#include "vci/sparse.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Whether two configurations differ in at most `order` modes. */
static int meet(int modes, int order, const unsigned char *x, const unsigned char *y)
{
    int apart = 0;
    for (int k = 0; k < modes && apart <= order; k++)
        apart += x[k] != y[k];
    return apart <= order;
}

static const unsigned char *configuration(const space *s, int block, size_t i)
{
    return s->excited + (s->begin[block] + i) * (size_t)s->modes;
}

/* The columns of a row, written to `column` unless NULL. */
static size_t row_of(const space *s, int row_block, int column_block, int triangle, int order, size_t i,
                     unsigned *column)
{
    const unsigned char *x = configuration(s, row_block, i);
    const size_t columns = triangle ? i + 1 : space_size(s, column_block);
    size_t count = 0;
    for (size_t j = 0; j < columns; j++)
        if (meet(s->modes, order, x, configuration(s, column_block, j))) {
            if (column)
                column[count] = (unsigned)j;
            count++;
        }
    return count;
}

int sparse_make(sparse *a, const space *s, int row_block, int column_block, int triangle, int order)
{
    *a = (sparse){.row_block = row_block,
                  .column_block = column_block,
                  .triangle = triangle,
                  .rows = space_size(s, row_block),
                  .columns = space_size(s, column_block)};
    size_t room = 0;
    a->begin = calloc(a->rows + 1, sizeof *a->begin);
    if (!a->begin)
        return 1;
    for (size_t i = 0; i < a->rows; i++) {
        if (room < a->begin[i] + a->columns) {
            room = a->begin[i] + a->begin[i] / 2 + a->columns;
            unsigned *more = realloc(a->column, room * sizeof *more);
            if (!more)
                return 1;
            a->column = more;
        }
        a->begin[i + 1] =
            a->begin[i] + row_of(s, row_block, column_block, triangle, order, i, a->column + a->begin[i]);
    }
    const size_t count = a->begin[a->rows] + 1;
    unsigned *less = realloc(a->column, count * sizeof *less);
    a->column = less ? less : a->column;
    a->value = calloc(count, sizeof *a->value);
    return !a->value;
}

void sparse_free(sparse *a)
{
    free(a->begin);
    free(a->column);
    free(a->value);
    *a = (sparse){0};
}

double sparse_estimate(const space *s, int row_block, int column_block, int triangle, int order)
{
    const size_t rows = space_size(s, row_block), step = rows / 100 + 1;
    double sum = 0, looked = 0;
    for (size_t i = rows; i > 0; i -= i < step ? i : step, looked++)
        sum += (double)row_of(s, row_block, column_block, triangle, order, i - 1, NULL);
    return looked > 0 ? sum / looked * (double)rows : 0;
}

/* ---- terms ---- */

/* What a configuration is in the modes of a term, and in the others: digits of two numbers, eleven modes each. */
typedef struct place {
    uint64_t rest[2];
    unsigned index;
    int part;
} place;

static int compare_rest(const place *a, const place *b)
{
    for (int k = 0; k < 2; k++)
        if (a->rest[k] != b->rest[k])
            return a->rest[k] < b->rest[k] ? -1 : 1;
    return 0;
}

static int order_of(const void *one, const void *other)
{
    const place *a = one, *b = other;
    const int rest = compare_rest(a, b);
    return rest ? rest : a->index < b->index ? -1 : a->index > b->index;
}

/* The configurations of a block, those with the same rest together, ascending. */
static void find_places(const space *s, const term_matrix *t, int block, place *p)
{
    int own = 0;
    for (int k = 0; k < t->n; k++)
        own |= 1 << t->parts[t->n].mode[k];
    for (size_t i = 0; i < space_size(s, block); i++) {
        const unsigned char *x = configuration(s, block, i);
        p[i] = (place){.index = (unsigned)i, .part = parts_rank(&t->parts[t->n], s, x)};
        for (int k = 0; k < s->modes; k++)
            p[i].rest[k / 11] = 41 * p[i].rest[k / 11] + (own >> k & 1 ? 0 : x[k]);
    }
    qsort(p, space_size(s, block), sizeof *p, order_of);
}

/* The end of the places that have the rest of the first one. */
static size_t end_of_group(const place *p, size_t begin, size_t end)
{
    size_t at = begin + 1;
    while (at < end && !compare_rest(&p[at], &p[begin]))
        at++;
    return at;
}

/* Adds elements between a row and the columns of a group. */
static void add_row(sparse *a, const term_matrix *t, const place *row, const place *column, size_t count)
{
    size_t at = a->begin[row->index];
    const size_t end = a->begin[row->index + 1], i = (size_t)row->part;
    for (size_t c = 0; c < count && !(a->triangle && column[c].index > row->index); c++) {
        size_t high = end;
        while (high - at > 1) { /* the last of the columns up to this one; it is there */
            const size_t middle = at + (high - at) / 2;
            if (a->column[middle] <= column[c].index)
                at = middle;
            else
                high = middle;
        }
        const size_t j = (size_t)column[c].part, low = i < j ? i : j, top = i < j ? j : i;
        const double value = t->value[top * (top + 1) / 2 + low];
        a->value[at] += t->antisymmetric && i < j ? -value : value;
    }
}

int sparse_add_term(sparse *a, const space *s, const term_matrix *t)
{
    const int same = a->row_block == a->column_block;
    place *row = malloc((a->rows + a->columns + 1) * sizeof *row), *column = row;
    if (!row)
        return 1;
    find_places(s, t, a->row_block, row);
    if (!same) {
        column = row + a->rows;
        find_places(s, t, a->column_block, column);
    }
    for (size_t r = 0, c = 0; r < a->rows && c < a->columns;) {
        const int apart = compare_rest(&row[r], &column[c]);
        if (apart < 0) {
            r++;
        } else if (apart > 0) {
            c++;
        } else {
            const size_t r_end = end_of_group(row, r, a->rows), c_end = end_of_group(column, c, a->columns);
            for (; r < r_end; r++)
                add_row(a, t, &row[r], column + c, c_end - c);
            c = c_end;
        }
    }
    free(row);
    return 0;
}

void sparse_add_constant(sparse *a, double constant)
{
    for (size_t i = 0; i < a->rows; i++)
        for (size_t k = a->begin[i]; k < a->begin[i + 1]; k++)
            if (a->column[k] == i)
                a->value[k] += constant;
}

void sparse_drop(sparse *a, double least)
{
    size_t to = 0, from = 0;
    for (size_t i = 0; i < a->rows; i++) {
        for (; from < a->begin[i + 1]; from++)
            if (fabs(a->value[from]) >= least || (a->triangle && a->column[from] == i)) {
                a->value[to] = a->value[from];
                a->column[to++] = a->column[from];
            }
        a->begin[i + 1] = to;
    }
    double *value = realloc(a->value, (to + 1) * sizeof *value);
    a->value = value ? value : a->value;
    unsigned *column = realloc(a->column, (to + 1) * sizeof *column);
    a->column = column ? column : a->column;
}

/* ---- products ---- */

void sparse_multiply(const sparse *a, double factor, const double *x, double *y)
{
    for (size_t i = 0; i < a->rows; i++) {
        const size_t begin = a->begin[i], end = a->begin[i + 1] - (a->triangle ? 1 : 0);
        double sum = 0;
        if (!a->triangle) {
            for (size_t k = begin; k < end; k++)
                sum += a->value[k] * x[a->column[k]];
        } else { /* the last element is the diagonal */
            const double own = factor * x[i];
            for (size_t k = begin; k < end; k++) {
                sum += a->value[k] * x[a->column[k]];
                y[a->column[k]] += own * a->value[k];
            }
            sum += a->value[end] * x[i];
        }
        y[i] += factor * sum;
    }
}

void sparse_multiply_transposed(const sparse *a, double factor, const double *x, double *y)
{
    for (size_t i = 0; i < a->rows; i++) {
        const double own = factor * x[i];
        for (size_t k = a->begin[i]; k < a->begin[i + 1]; k++)
            y[a->column[k]] += own * a->value[k];
    }
}
