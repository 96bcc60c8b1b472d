/* Matrices term by term, and their products. */
#include "vci/hamiltonian.h"
#include <stdlib.h>
#include <string.h>

#define LEAST_ENERGY 1e-10  /* hartree: smaller elements of V are dropped */
#define LEAST_INVERSE 1e-12 /* of mu, in units of 1/(electron mass bohr^2), of R, and of the dipole, e bohr */

int hamiltonian_field(sparse *a, const space *s, const modals *m, const expansion *e, int field, int order,
                      int row_block, int column_block)
{
    int bad = sparse_make(a, s, row_block, column_block, 0, order);
    for (size_t k = 0; k < e->count && e->term[k].n <= order && !bad; k++) {
        term_matrix t;
        bad = term_make(&t, s, m, e, k, field) || sparse_add_term(a, s, &t);
        term_free(&t);
    }
    if (!bad && row_block == column_block)
        sparse_add_constant(a, e->origin[field]);
    if (!bad)
        sparse_drop(a, LEAST_INVERSE);
    return bad;
}

static int make_potential(hamiltonian *h, const vci_problem *p, const space *s, const modals *m)
{
    int bad = 0;
    for (int b = 0; b < s->blocks && !bad; b++)
        bad = sparse_make(&h->v[b], s, b, b, 1, p->order);
    for (size_t k = 0; k < p->v->count && p->v->term[k].n <= p->order && !bad; k++) {
        term_matrix t;
        bad = p->v->term[k].n == 1 ? term_alone(&t, s, m, p->v->term[k].mode[0])
                                   : term_make(&t, s, m, p->v, k, 0);
        for (int b = 0; b < s->blocks && !bad; b++)
            bad = sparse_add_term(&h->v[b], s, &t);
        term_free(&t);
    }
    for (int b = 0; b < s->blocks && !bad; b++) {
        sparse_add_constant(&h->v[b], p->v->origin[0]);
        sparse_drop(&h->v[b], LEAST_ENERGY);
    }
    return bad;
}

/* R_a from a block. */
static int make_rotation(sparse *r, const vci_problem *p, const space *s, const modals *m, int axis, int from,
                         int to)
{
    const double *zeta = p->zeta + (size_t)(axis * s->modes * s->modes);
    int bad = sparse_make(r, s, to, from, 0, 2);
    for (int k = 0; k < s->modes; k++)
        for (int l = k + 1; l < s->modes && !bad; l++) {
            const double kl = zeta[k * s->modes + l], lk = zeta[l * s->modes + k];
            term_matrix t;
            if (kl == 0 && lk == 0)
                continue;
            bad = term_turn(&t, s, m, k, l, kl, lk) || sparse_add_term(r, s, &t);
            term_free(&t);
        }
    if (!bad)
        sparse_drop(r, LEAST_INVERSE);
    return bad;
}

/* Field of mu_ac. */
static int field_of(int a, int c)
{
    return a == c ? a : a + c + 2;
}

/* The diagonal of 1/2 sum_a R_a^T mu_aa R_a with mu as at the minimum. */
static void add_rotation_diagonal(hamiltonian *h, const double *mu)
{
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < h->space->blocks; b++) {
            const sparse *r = &h->r[a][b];
            double *diagonal = h->diagonal + h->space->begin[b];
            for (size_t k = 0; k < r->begin[r->rows]; k++)
                diagonal[r->column[k]] += 0.5 * mu[a] * r->value[k] * r->value[k];
        }
}

int hamiltonian_make(hamiltonian *h, const vci_problem *p, const space *s, const modals *m)
{
    size_t largest = 0;
    *h = (hamiltonian){.space = s, .rotates = p->mu != NULL};
    for (int a = 0; a < 3 && p->symmetry; a++)
        h->axis[a] = p->symmetry->axis[a];
    int bad = make_potential(h, p, s, m);
    for (int a = 0; a < 3 && p->mu; a++)
        for (int b = 0; b < s->blocks && !bad; b++)
            bad = make_rotation(&h->r[a][b], p, s, m, a, b, b ^ h->axis[a]);
    for (int a = 0; a < 3 && p->mu; a++)
        for (int c = a; c < 3; c++)
            for (int b = 0; b < s->blocks && !bad; b++)
                bad = hamiltonian_field(&h->mu[a][c][b], s, m, p->mu, field_of(a, c), p->mu_order, b,
                                        b ^ h->axis[a] ^ h->axis[c]);
    for (int b = 0; b < s->blocks; b++)
        largest = space_size(s, b) > largest ? space_size(s, b) : largest;
    h->diagonal = bad ? NULL : calloc(s->count + 6 * largest, sizeof *h->diagonal);
    if (!h->diagonal)
        return 1;
    h->room = h->diagonal + s->count;
    for (int b = 0; b < s->blocks; b++)
        for (size_t i = 0; i < h->v[b].rows; i++)
            h->diagonal[s->begin[b] + i] = h->v[b].value[h->v[b].begin[i + 1] - 1];
    if (p->mu)
        add_rotation_diagonal(h, p->mu->origin);
    for (int b = 0; b < s->blocks; b++) {
        h->elements += (double)h->v[b].begin[h->v[b].rows];
        for (int a = 0; a < 3 && p->mu; a++) {
            h->elements += (double)h->r[a][b].begin[h->r[a][b].rows];
            for (int c = a; c < 3; c++)
                h->elements += (double)h->mu[a][c][b].begin[h->mu[a][c][b].rows];
        }
    }
    return 0;
}

void hamiltonian_free(hamiltonian *h)
{
    for (int b = 0; b < SYMMETRY_BLOCKS; b++) {
        sparse_free(&h->v[b]);
        for (int a = 0; a < 3; a++) {
            sparse_free(&h->r[a][b]);
            for (int c = a; c < 3; c++)
                sparse_free(&h->mu[a][c][b]);
        }
    }
    free(h->diagonal);
}

void hamiltonian_apply(const hamiltonian *h, int block, const double *x, double *y)
{
    const space *s = h->space;
    const size_t n = h->v[block].rows;
    double *image[3], *sum[3], *room = h->room;
    memset(y, 0, n * sizeof *y);
    sparse_multiply(&h->v[block], 1, x, y);
    for (int a = 0; a < 3 && h->rotates; a++) {
        const int to = block ^ h->axis[a];
        const size_t size = space_size(s, to);
        image[a] = room, sum[a] = room + size;
        memset(room, 0, 2 * size * sizeof *room);
        room += 2 * size;
        sparse_multiply(&h->r[a][block], 1, x, image[a]);
    }
    for (int a = 0; a < 3 && h->rotates; a++)
        for (int c = a; c < 3; c++) {
            const sparse *mu = &h->mu[a][c][block ^ h->axis[a]];
            sparse_multiply(mu, 1, image[c], sum[a]);
            if (c > a)
                sparse_multiply_transposed(mu, 1, image[a], sum[c]);
        }
    for (int a = 0; a < 3 && h->rotates; a++)
        sparse_multiply_transposed(&h->r[a][block], 0.5, sum[a], y);
}
