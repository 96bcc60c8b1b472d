#include "molecule/lower_matrices.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/*
 * The least number of operations of a pattern that becomes matrices, for each need. Shorter patterns are
 * faster written out (H14C6 of degree 4, energy: 3.2 us with 50 in place of 100). Copies have a lower limit,
 * since there is one for each pair.
 */
static const struct {
    int series, other, copies;
} least[MATRIX_NEEDS] = {{600, 100, 50}, {60, 20, 20}};

/* ---- matrices ----------------------------------------------------------------------------------------- */

/* The marked atoms, ascending. */
static int *listed(const bool *marked, int natoms, int *count)
{
    int *list = xcalloc((size_t)natoms, sizeof *list);
    *count = 0;
    for (int i = 0; i < natoms; i++)
        if (marked[i])
            list[(*count)++] = i;
    return list;
}

static bool same_matrix(const element_matrix *a, const element_matrix *b)
{
    return a->set == b->set && a->nrows == b->nrows && a->ncolumns == b->ncolumns &&
           !memcmp(a->row, b->row, (size_t)a->nrows * sizeof *a->row) &&
           !memcmp(a->column, b->column, (size_t)a->ncolumns * sizeof *a->column);
}

/* Returns the number of the matrix of a set between the marked atoms; it is added if it is new. */
static size_t find_matrix(matrix_table *t, const basis *b, int set, const bool *rows, const bool *columns)
{
    const composition *c = b->composition;
    const point_set *pairs = &b->structure->set[set];
    element_matrix m = {.set = set, .none = (unsigned)pairs->count};
    m.row = listed(rows, c->natoms, &m.nrows);
    m.column = listed(columns, c->natoms, &m.ncolumns);
    for (size_t k = 0; k < t->nmatrices; k++)
        if (same_matrix(&t->matrix[k], &m)) {
            matrix_free(&m);
            return k;
        }
    unsigned *position = xcalloc((size_t)c->npairs, sizeof *position);
    for (int p = 0; p < c->npairs; p++)
        position[p] = m.none;
    for (int x = 0; x < pairs->count; x++)
        position[pairs->element[x]] = (unsigned)x;
    m.element = xcalloc((size_t)m.nrows * (size_t)m.ncolumns, sizeof *m.element);
    for (int i = 0; i < m.nrows; i++)
        for (int j = 0; j < m.ncolumns; j++) {
            int pair = c->pair_of[m.row[i] * c->natoms + m.column[j]];
            m.element[i * m.ncolumns + j] = pair < 0 ? m.none : position[pair];
        }
    free(position);
    return matrix_add(t, m);
}

static size_t elements_in_use(const element_matrix *m)
{
    size_t count = 0;
    for (int k = 0; k < m->nrows * m->ncolumns; k++)
        count += m->element[k] != m->none;
    return count;
}

/* ---- forms -------------------------------------------------------------------------------------------- */

typedef bool *marks; /* [natoms] */

/* Marks atoms i, k and j of the triples (ij, ik, kj) of a series. */
static void mark_series(const basis *b, const pattern *p, const marks atoms[3])
{
    const point_set *set = b->structure->set;
    for (int k = 0; k < p->count; k++) {
        const int *target = b->composition->pair[set[p->target].element[p->triple[k][0]]];
        const int *left = b->composition->pair[set[p->left].element[p->triple[k][1]]];
        int end = target[0] == left[0] || target[0] == left[1] ? 0 : 1;
        atoms[0][target[end]] = true;
        atoms[1][left[0] == target[end] ? left[1] : left[0]] = true;
        atoms[2][target[1 - end]] = true;
    }
}

/* Products a_ik b_kj for the elements of T, those above the diagonal if `half`. */
static size_t count_products(const matrix_table *t, const matrix_form *f)
{
    const element_matrix *a = &t->matrix[f->left], *b = &t->matrix[f->right], *c = &t->matrix[f->target];
    size_t count = 0;
    for (int i = 0; i < c->nrows; i++)
        for (int j = f->half ? i + 1 : 0; j < c->ncolumns; j++)
            for (int k = 0; k < a->ncolumns; k++)
                count += a->element[i * a->ncolumns + k] != a->none &&
                         b->element[k * b->ncolumns + j] != b->none &&
                         c->element[i * c->ncolumns + j] != c->none;
    return count;
}

/* Whether the matrices are full enough, and stand for just the triples. All triples are among their products,
 * so that an equal number is enough. */
static bool try_series(matrix_table *t, const basis *b, const pattern *p, matrix_form *f,
                       const marks atoms[3])
{
    mark_series(b, p, atoms);
    for (int i = 0; i < b->composition->natoms; i++)
        f->half = f->half || (p->square && atoms[0][i] && atoms[2][i]);
    for (int i = 0; i < b->composition->natoms && f->half; i++) /* pairs i < j */
        atoms[0][i] = atoms[2][i] = atoms[0][i] || atoms[2][i];
    f->left = find_matrix(t, b, p->left, atoms[0], atoms[1]);
    f->left_turned = find_matrix(t, b, p->left, atoms[1], atoms[0]);
    f->right = find_matrix(t, b, p->right, atoms[1], atoms[2]);
    f->right_turned = find_matrix(t, b, p->right, atoms[2], atoms[1]);
    f->target = find_matrix(t, b, p->target, atoms[0], atoms[2]);
    const element_matrix *a = &t->matrix[f->left], *c = &t->matrix[f->target];
    size_t cells = (size_t)a->nrows * (size_t)a->ncolumns * (size_t)c->ncolumns;
    return count_products(t, f) == (size_t)p->count && (f->half ? 4 : 2) * (size_t)p->count >= cells;
}

/* Rows: the atoms of a set; columns: the other ends of its pairs. */
static bool try_rows(matrix_table *t, const basis *b, const pattern *p, matrix_form *f, int atom_set,
                     const marks atoms[3])
{
    const structure *s = b->structure;
    const composition *c = b->composition;
    for (int x = 0; x < s->set[atom_set].count; x++)
        atoms[0][s->set[atom_set].element[x]] = true;
    for (int k = 0; k < p->count; k++) {
        const int *pair = c->pair[s->set[p->left].element[p->triple[k][1]]];
        int atom = s->set[atom_set].element[p->triple[k][p->kind == PATTERN_PUSH ? 0 : 2]];
        atoms[1][pair[0] == atom ? pair[1] : pair[0]] = true;
    }
    if (p->kind == PATTERN_PUSH && p->right != SET_ONES) /* the vector g, element by element */
        for (int x = 0; x < s->set[p->right].count; x++)
            atoms[1][s->set[p->right].element[x]] = true;
    f->left = find_matrix(t, b, p->left, atoms[0], atoms[1]);
    f->left_turned = find_matrix(t, b, p->left, atoms[1], atoms[0]);
    bool vector = p->kind != PATTERN_PUSH || p->right == SET_ONES ||
                  t->matrix[f->left].ncolumns == s->set[p->right].count;
    return vector && elements_in_use(&t->matrix[f->left]) == (size_t)p->count;
}

static unsigned elements(const basis *b, int set)
{
    return set < 0 ? 0 : (unsigned)b->structure->set[set].count;
}

static enum matrix_kind kind_of_pattern(enum pattern_kind kind)
{
    return kind == PATTERN_SERIES ? MATRIX_SERIES
           : kind == PATTERN_PUSH ? MATRIX_PUSH
           : kind == PATTERN_ENDS ? MATRIX_ENDS
                                  : MATRIX_POINTWISE;
}

static void try_form(matrix_table *t, const basis *b, int index)
{
    const pattern *p = &b->structure->pattern[index];
    matrix_form f = {.kind = kind_of_pattern(p->kind),
                     .pattern = index,
                     .nleft = elements(b, p->left),
                     .nright = elements(b, p->right),
                     .ntarget = elements(b, p->target)};
    marks atoms[3];
    for (int side = 0; side < 3; side++)
        atoms[side] = xcalloc((size_t)b->composition->natoms, sizeof **atoms);
    bool possible = p->kind == PATTERN_POINTWISE;
    if (p->kind == PATTERN_SERIES)
        possible = try_series(t, b, p, &f, atoms);
    else if (p->kind == PATTERN_PUSH || p->kind == PATTERN_ENDS)
        possible = try_rows(t, b, p, &f, p->kind == PATTERN_PUSH ? p->target : p->right, atoms);
    if (possible)
        matrix_append_form(t, f);
    for (int side = 0; side < 3; side++)
        free(atoms[side]);
}

matrix_table lower_matrices(const basis *b, int need)
{
    matrix_table t = {0};
    for (int v = 0; v < b->ncovariants; v++) {
        const covariant *c = &b->covariant[v];
        if (!(c->users & USER_POTENTIAL) || c->pattern == COVARIANT_ORBIT)
            continue;
        if (c->pattern == COVARIANT_VARIABLES) {
            unsigned count = elements(b, c->set);
            if (b->structure->set[c->set].pairs && (int)count >= least[need].copies) {
                matrix_append_form(&t,
                                   (matrix_form){.kind = MATRIX_COPY, .pattern = c->set, .ntarget = count});
                matrix_append_form(&t, (matrix_form){.kind = MATRIX_SUM, .pattern = c->set, .nleft = count});
            }
            continue;
        }
        if (matrix_find_pattern(&t, c->pattern) < t.nforms)
            continue;
        const pattern *p = &b->structure->pattern[c->pattern];
        if (p->count >= (p->kind == PATTERN_SERIES ? least[need].series : least[need].other))
            try_form(&t, b, c->pattern);
    }
    return t;
}
