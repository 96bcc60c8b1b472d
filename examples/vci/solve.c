/* The lowest states of all blocks, and what they are. */
#include "vci/solve.h"
#include "common/eigen.h"
#include <stdlib.h>
#include <string.h>

enum { AUTO_STATES = 150, MOST_PRODUCTS = 20000 };

/* The states of a block. */
typedef struct block_states {
    const hamiltonian *h;
    int block;
    size_t n, size;          /* how many, of how many configurations */
    double *energy, *vector; /* [n], [n][size] */
} block_states;

/* A state among those of all blocks. */
typedef struct state_place {
    double energy;
    const block_states *of;
    size_t at;
} state_place;

static void apply(const void *context, size_t n, const double *x, double *y)
{
    const block_states *b = context;
    (void)n;
    hamiltonian_apply(b->h, b->block, x, y);
}

static int ascending(const void *one, const void *other)
{
    const double *a = one, *b = other;
    return *a < *b ? -1 : *a > *b;
}

static int lower(const void *one, const void *other)
{
    const state_place *a = one, *b = other;
    if (a->energy != b->energy)
        return a->energy < b->energy ? -1 : 1;
    return a->of->block != b->of->block ? a->of->block - b->of->block : a->at < b->at ? -1 : a->at > b->at;
}

/* How many states are wanted, and up to which element of the diagonal that probably is; 0: no memory. */
static size_t how_many(const vci_problem *p, const space *s, const hamiltonian *h, double *up_to)
{
    double highest = 0, *sorted = malloc(s->count * sizeof *sorted);
    size_t n = 0;
    if (!sorted)
        return 0;
    memcpy(sorted, h->diagonal, s->count * sizeof *sorted);
    qsort(sorted, s->count, sizeof *sorted, ascending);
    for (int k = 0; k < s->modes; k++)
        highest = fmax(highest, h->diagonal[space_single(s, k)]);
    while (n < s->count && sorted[n] <= highest + 1e-9)
        n++;
    n += n / 4 + 2;
    n = n < AUTO_STATES ? n : AUTO_STATES;
    n = p->states > 0 ? (size_t)p->states : n;
    n = n < s->count ? n : s->count;
    *up_to = sorted[n - 1];
    free(sorted);
    return n;
}

static const char *solve_block(block_states *b, size_t n, int *products)
{
    const double *diagonal = b->h->diagonal + b->h->space->begin[b->block];
    const eigen_operator o = {b->size, apply, b, diagonal};
    b->n = n < b->size ? n : b->size;
    free(b->energy);
    b->energy = calloc(b->n * (b->size + 1) + 1, sizeof *b->energy);
    if (!b->energy)
        return "out of memory";
    b->vector = b->energy + b->n;
    if (b->n == 0)
        return NULL;
    const int now = eigen_lowest(&o, b->n, 2 * b->n + 40, 1e-7, MOST_PRODUCTS, 0, b->energy, b->vector);
    *products += now;
    return now ? NULL : "Davidson's iteration does not converge: ask for fewer --states";
}

/*
 * The n lowest states of all blocks, found[*nfound], *nfound >= n. A block of which all states that were asked for are among them is
 * asked for more, unless it is the only one.
 */
static const char *solve_blocks(block_states *b, int blocks, size_t n, double up_to, state_place **found,
                                int *products)
{
    const char *bad = NULL;
    size_t want[SYMMETRY_BLOCKS], count = 0;
    for (int k = 0; k < blocks; k++) {
        const double *diagonal = b[k].h->diagonal + b[k].h->space->begin[k];
        want[k] = 0;
        for (size_t i = 0; i < b[k].size; i++)
            want[k] += diagonal[i] <= up_to;
        want[k] = blocks == 1 ? n : want[k] + want[k] / 4 + 1;
    }
    for (int again = 1; again && !bad;) {
        for (int k = 0; k < blocks && !bad; k++)
            if (!b[k].energy || b[k].n < (want[k] < b[k].size ? want[k] : b[k].size))
                bad = solve_block(&b[k], want[k], products);
        count = again = 0;
        for (int k = 0; k < blocks; k++)
            count += b[k].n;
        free(*found);
        *found = malloc((count + 1) * sizeof **found);
        if (!*found)
            return "out of memory";
        for (int k = 0, at = 0; k < blocks && !bad; k++)
            for (size_t v = 0; v < b[k].n; v++)
                (*found)[at++] = (state_place){b[k].energy[v], &b[k], v};
        if (bad)
            break;
        qsort(*found, count, sizeof **found, lower);
        for (int k = 0; k < blocks && blocks > 1; k++)
            if (b[k].n < b[k].size &&
                (count < n || b[k].n == 0 || b[k].energy[b[k].n - 1] < (*found)[n - 1].energy)) {
                want[k] = b[k].n + b[k].n / 2 + 2;
                again = 1;
            }
    }
    return bad;
}

/* Each mode's fundamental: pairs of a mode and a state, the largest coefficient first; none with less than a tenth. */
static void find_fundamentals(const space *s, const state_place *found, vci_states *states)
{
    for (int k = 0; k < s->modes; k++)
        states->fundamental[k] = -1;
    for (int k = 0; k < s->modes; k++) {
        double largest = 0.1;
        int mode = -1;
        size_t state = 0;
        for (int l = 0; l < s->modes; l++) {
            const size_t single = space_single(s, l);
            for (size_t v = 0; v < states->n && states->fundamental[l] < 0; v++) {
                const block_states *b = found[v].of;
                const size_t begin = s->begin[b->block];
                if (single < begin || single >= begin + b->size)
                    continue;
                const double c = pow(b->vector[found[v].at * b->size + single - begin], 2);
                int taken = 0;
                for (int other = 0; other < s->modes; other++)
                    taken |= states->fundamental[other] == (int)v;
                if (!taken && c > largest)
                    largest = c, mode = l, state = v;
            }
        }
        if (mode < 0)
            break;
        states->fundamental[mode] = (int)state;
    }
}

static void describe(const space *s, const state_place *found, vci_states *states)
{
    const size_t modes = (size_t)s->modes;
    for (size_t v = 0; v < states->n; v++) {
        size_t main = 0;
        const block_states *b = found[v].of;
        const double *c = b->vector + found[v].at * b->size;
        for (size_t i = 0; i < b->size; i++)
            main = fabs(c[i]) > fabs(c[main]) ? i : main;
        states->energy[v] = found[v].energy;
        states->strength[v] = (double)NAN;
        states->weight[v] = c[main] * c[main];
        memcpy(states->main + v * modes, s->excited + (s->begin[b->block] + main) * modes, modes);
    }
    find_fundamentals(s, found, states);
}

static int find_strengths(const vci_problem *p, const space *s, const modals *m, const state_place *found,
                          vci_states *states)
{
    const block_states *ground = found[0].of;
    double *image = calloc(s->count, sizeof *image);
    int bad = !image;
    for (size_t v = 0; v < states->n; v++)
        states->strength[v] = 0;
    for (int b = 0; b < s->blocks; b++)
        for (int a = 0; a < 3 && !bad; a++) {
            sparse mu;
            bad = hamiltonian_field(&mu, s, m, p->dipole, a, p->dipole->order, b, ground->block);
            memset(image, 0, s->count * sizeof *image);
            if (!bad)
                sparse_multiply(&mu, 1, ground->vector + found[0].at * ground->size, image);
            sparse_free(&mu);
            for (size_t v = 0; v < states->n; v++) {
                const block_states *of = found[v].of;
                double sum = 0;
                for (size_t i = 0; i < of->size && of->block == b; i++)
                    sum += of->vector[found[v].at * of->size + i] * image[i];
                states->strength[v] += sum * sum;
                if (v == 0)
                    states->dipole[a] += sum;
            }
        }
    free(image);
    return bad;
}

const char *vci_solve(const vci_problem *p, modals *m, vci_states *states)
{
    space s = {0};
    hamiltonian h = {0};
    block_states b[SYMMETRY_BLOCKS] = {{0}};
    state_place *found = NULL;
    const char *bad = NULL;
    double up_to = 0;
    *states = (vci_states){0};
    if (modals_scf(m, p->v, p->order < MEAN_FIELD_ORDER ? p->order : MEAN_FIELD_ORDER))
        bad = "the self-consistent field does not converge";
    else if (space_make(&s, m->modes, m->points, &p->limits, p->symmetry) || hamiltonian_make(&h, p, &s, m))
        bad = "out of memory";
    const size_t n = bad ? 0 : how_many(p, &s, &h, &up_to), modes = (size_t)m->modes;
    if (!bad) {
        states->configurations = s.count, states->n = n, states->scf = m->scf;
        states->blocks = s.blocks, states->elements = h.elements;
        states->energy = calloc(3 * n + 3, sizeof *states->energy);
        states->main = calloc(n + 1, modes);
        states->fundamental = calloc(modes, sizeof *states->fundamental);
        bad = n && states->energy && states->main && states->fundamental ? NULL : "out of memory";
    }
    if (!bad) {
        states->strength = states->energy + n, states->weight = states->strength + n;
        states->dipole = states->weight + n;
        for (int k = 0; k < s.blocks; k++)
            b[k] = (block_states){.h = &h, .block = k, .size = space_size(&s, k)};
        bad = solve_blocks(b, s.blocks, n, up_to, &found, &states->products);
    }
    if (!bad) {
        describe(&s, found, states);
        if (p->dipole && find_strengths(p, &s, m, found, states))
            bad = "out of memory";
    }
    for (int k = 0; k < s.blocks; k++)
        free(b[k].energy);
    free(found);
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
