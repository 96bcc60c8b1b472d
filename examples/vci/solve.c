/* The matrix of the Hamiltonian by its products with vectors, its lowest states, and what they are. */
#include "vci/solve.h"
#include "common/eigen.h"
#include <stdlib.h>
#include <string.h>

enum { AUTO_STATES = 150, MOST_PRODUCTS = 20000 };

typedef struct hamiltonian {
    sparse v, mu, pi;
    double *diagonal, *image, *sum; /* [n], [n][3] R x, [n][3] mu R x */
} hamiltonian;

/* y[n][3] <- R_a x for the three components. */
static void angular_momentum(const sparse *pi, const double *x, double *y)
{
    memset(y, 0, 3 * pi->n * sizeof *y);
    for (size_t i = 0; i < pi->n; i++)
        for (size_t k = pi->begin[i]; k < pi->begin[i + 1]; k++) {
            const size_t j = pi->column[k];
            for (size_t a = 0; a < 3; a++) {
                y[3 * i + a] += pi->value[3 * k + a] * x[j];
                y[3 * j + a] -= pi->value[3 * k + a] * x[i];
            }
        }
}

/* y[n] += 1/2 sum_a R_a^T x_a, x[n][3]. */
static void add_transposed(const sparse *pi, const double *x, double *y)
{
    for (size_t i = 0; i < pi->n; i++)
        for (size_t k = pi->begin[i]; k < pi->begin[i + 1]; k++) {
            const size_t j = pi->column[k];
            for (size_t a = 0; a < 3; a++) {
                y[j] += 0.5 * pi->value[3 * k + a] * x[3 * i + a];
                y[i] -= 0.5 * pi->value[3 * k + a] * x[3 * j + a];
            }
        }
}

/* y[3] += mu x, of six fields. */
static void add_mu(const double *mu, const double *x, double *y)
{
    y[0] += mu[0] * x[0] + mu[3] * x[1] + mu[4] * x[2];
    y[1] += mu[3] * x[0] + mu[1] * x[1] + mu[5] * x[2];
    y[2] += mu[4] * x[0] + mu[5] * x[1] + mu[2] * x[2];
}

/* y <- H x. pi_a = -i R_a, R_a real and antisymmetric, so that 1/2 pi_a mu pi_b = 1/2 R_a^T mu R_b. */
static void apply(const void *context, size_t n, const double *x, double *y)
{
    const hamiltonian *h = context;
    memset(y, 0, n * sizeof *y);
    sparse_add(&h->v, 0, 1, x, y);
    if (!h->pi.begin)
        return;
    angular_momentum(&h->pi, x, h->image);
    memset(h->sum, 0, 3 * n * sizeof *h->sum);
    for (size_t i = 0; i < n; i++)
        for (size_t k = h->mu.begin[i]; k < h->mu.begin[i + 1]; k++) {
            const size_t j = h->mu.column[k];
            add_mu(h->mu.value + 6 * k, h->image + 3 * j, h->sum + 3 * i);
            if (j != i)
                add_mu(h->mu.value + 6 * k, h->image + 3 * i, h->sum + 3 * j);
        }
    add_transposed(&h->pi, h->sum, y);
}

static void hamiltonian_free(hamiltonian *h)
{
    sparse_free(&h->v);
    sparse_free(&h->mu);
    sparse_free(&h->pi);
    free(h->diagonal);
}

/* The diagonal of 1/2 R^T mu R with mu as at the minimum. */
static void add_pi_diagonal(hamiltonian *h, const double *mu)
{
    const sparse *a = &h->pi;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = a->begin[i]; k < a->begin[i + 1]; k++)
            for (int f = 0; f < 3; f++) {
                const double r = a->value[3 * k + (size_t)f], add = 0.5 * mu[f] * r * r;
                h->diagonal[i] += add;
                if (a->column[k] != i)
                    h->diagonal[a->column[k]] += add;
            }
}

/* Terms to a sparse matrix. */
static int take(sparse *to, const space *s, operator_terms *terms, int bad)
{
    bad = bad || sparse_make(to, s, terms);
    terms_free(terms);
    return bad;
}

static int hamiltonian_make(hamiltonian *h, const vci_problem *p, const space *s, const modals *m)
{
    operator_terms terms;
    int bad = take(&h->v, s, &terms, terms_make(&terms, s, m, p->v, p->order, 1));
    if (!bad && p->mu)
        bad = take(&h->mu, s, &terms, terms_make(&terms, s, m, p->mu, p->mu_order, 0)) ||
              take(&h->pi, s, &terms, terms_pi(&terms, s, m, p->v, p->zeta));
    h->diagonal = bad ? NULL : calloc(7 * s->count, sizeof *h->diagonal);
    if (!h->diagonal)
        return 1;
    h->image = h->diagonal + s->count, h->sum = h->image + 3 * s->count;
    for (size_t i = 0; i < s->count; i++)
        h->diagonal[i] = h->v.value[h->v.begin[i + 1] - 1];
    if (p->mu)
        add_pi_diagonal(h, p->mu->origin);
    return 0;
}

/* How many states are wanted. */
static size_t how_many(const vci_problem *p, const space *s, const hamiltonian *h)
{
    double highest = 0;
    size_t below = 0;
    if (p->states > 0)
        return (size_t)p->states < s->count ? (size_t)p->states : s->count;
    for (int k = 0; k < s->modes; k++)
        highest = fmax(highest, h->diagonal[space_single(k)]);
    for (size_t i = 0; i < s->count; i++)
        below += h->diagonal[i] <= highest + 1e-9;
    below += below / 4 + 2;
    below = below < AUTO_STATES ? below : AUTO_STATES;
    return below < s->count ? below : s->count;
}

/* Each mode's fundamental: pairs of a mode and a state, the largest coefficient first; none with less than a tenth. */
static void find_fundamentals(const space *s, const double *vector, vci_states *states)
{
    for (int k = 0; k < s->modes; k++)
        states->fundamental[k] = -1;
    for (int k = 0; k < s->modes; k++) {
        double largest = 0.1;
        int mode = -1;
        size_t state = 0;
        for (int l = 0; l < s->modes; l++)
            for (size_t v = 0; v < states->n && states->fundamental[l] < 0; v++) {
                const double c = pow(vector[v * s->count + space_single(l)], 2);
                int taken = 0;
                for (int other = 0; other < s->modes; other++)
                    taken |= states->fundamental[other] == (int)v;
                if (!taken && c > largest)
                    largest = c, mode = l, state = v;
            }
        if (mode < 0)
            break;
        states->fundamental[mode] = (int)state;
    }
}

static void describe(const space *s, const double *vector, vci_states *states)
{
    const size_t modes = (size_t)s->modes;
    for (size_t v = 0; v < states->n; v++) {
        size_t main = 0;
        const double *c = vector + v * s->count;
        for (size_t i = 0; i < s->count; i++)
            main = fabs(c[i]) > fabs(c[main]) ? i : main;
        states->weight[v] = c[main] * c[main];
        memcpy(states->main + v * modes, s->excited + main * modes, modes);
    }
    find_fundamentals(s, vector, states);
}

static int find_strengths(const vci_problem *p, const space *s, const modals *m, const double *vector,
                          vci_states *states)
{
    operator_terms terms;
    sparse mu = {0};
    double *image = calloc(s->count, sizeof *image);
    int bad = !image || take(&mu, s, &terms, terms_make(&terms, s, m, p->dipole, p->dipole->order, 0));
    for (size_t v = 0; v < states->n; v++)
        states->strength[v] = 0;
    for (int a = 0; a < 3 && !bad; a++) {
        memset(image, 0, s->count * sizeof *image);
        sparse_add(&mu, a, 1, vector, image);
        for (size_t v = 0; v < states->n; v++) {
            double sum = 0;
            for (size_t i = 0; i < s->count; i++)
                sum += vector[v * s->count + i] * image[i];
            states->strength[v] += sum * sum;
            if (v == 0)
                states->dipole[a] = sum;
        }
    }
    sparse_free(&mu);
    free(image);
    return bad;
}

const char *vci_solve(const vci_problem *p, modals *m, vci_states *states)
{
    space s = {0};
    hamiltonian h = {0};
    double *vector = NULL;
    const char *bad = NULL;
    *states = (vci_states){0};
    if (modals_scf(m, p->v, p->order))
        bad = "the self-consistent field does not converge";
    else if (space_make(&s, m->modes, p->quanta, p->coupled, m->points) || hamiltonian_make(&h, p, &s, m))
        bad = "out of memory";
    const size_t n = bad ? 0 : how_many(p, &s, &h), modes = (size_t)m->modes;
    if (!bad) {
        states->configurations = s.count, states->n = n, states->scf = m->scf;
        states->energy = calloc(3 * n + 3, sizeof *states->energy);
        states->main = calloc(n, modes);
        states->fundamental = calloc(modes, sizeof *states->fundamental);
        vector = calloc(n * s.count, sizeof *vector);
        bad = states->energy && states->main && states->fundamental && vector ? NULL : "out of memory";
    }
    if (!bad) {
        const eigen_operator o = {s.count, apply, &h, h.diagonal};
        states->strength = states->energy + n, states->weight = states->strength + n;
        states->dipole = states->weight + n;
        states->products = eigen_lowest(&o, n, 2 * n + 40, 1e-7, MOST_PRODUCTS, 0, states->energy, vector);
        bad = states->products ? NULL : "Davidson's iteration does not converge: ask for fewer --states";
    }
    if (!bad) {
        describe(&s, vector, states);
        for (size_t v = 0; v < n; v++)
            states->strength[v] = (double)NAN;
        if (p->dipole && find_strengths(p, &s, m, vector, states))
            bad = "out of memory";
    }
    free(vector);
    hamiltonian_free(&h);
    space_free(&s);
    return bad;
}

void vci_states_free(vci_states *s)
{
    free(s->energy);
    free(s->main);
    free(s->fundamental);
    *s = (vci_states){0};
}
