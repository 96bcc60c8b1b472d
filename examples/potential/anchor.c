/*
 * Anchors: configurations with atoms so close that the repulsion of nuclei is all that counts, with its energies and
 * forces, and errors of a third of these allowed. Repulsion beneath the fit alone would not do: polynomials that know
 * nothing of short distances may fall faster than it rises.
 */
#include "job.h"

enum { DIMERS = 14, MOVED = 140, PRESSED = 42, SCALES = 7 };

/* What the repulsion may be wrong by, relative, and beside that (hartree; hartree/bohr). */
static const double relative = 0.3, energy_off = 1 * EQML_EV, force_off = 0.5 * EQML_EV / EQML_ANGSTROM;

/* Anchors that are being made: frames with room for some, and a weight for each. */
typedef struct anchors {
    eqml_frames f;
    double (*weight)[EQML_CLOUD_KINDS];
} anchors;

static int anchors_create(anchors *a, size_t frames, size_t natoms)
{
    eqml_frames *f = &a->f;
    memset(a, 0, sizeof *a);
    f->first = calloc(frames + 1, sizeof *f->first);
    f->xyz = calloc(3 * natoms, sizeof *f->xyz);
    f->species = calloc(natoms, sizeof *f->species);
    f->cell = calloc(9 * frames, sizeof *f->cell);
    f->pbc = calloc(3 * frames, sizeof *f->pbc);
    f->energy = calloc(frames, sizeof *f->energy);
    f->forces = calloc(3 * natoms, sizeof *f->forces);
    f->virial = calloc(6 * frames, sizeof *f->virial);
    f->has = calloc(frames, 1);
    f->line = calloc(frames, sizeof *f->line);
    f->group = calloc(frames, sizeof *f->group);
    a->weight = calloc(frames, sizeof *a->weight);
    return f->first && f->xyz && f->species && f->cell && f->pbc && f->energy && f->forces && f->virial &&
                   f->has && f->line && f->group && a->weight
               ? 0
               : fail("out of memory");
}

static void anchors_free(anchors *a)
{
    eqml_frames_free(&a->f);
    free(a->weight);
}

/* A 50th of the root mean square force of the training data: about what a fit leaves. */
static double usual_error(const input *in)
{
    const eqml_frames *f = &in->data;
    double sum = 0;
    size_t count = 0;
    for (size_t k = 0; k < f->n; k++)
        for (size_t i = 3 * f->first[k];
             i < 3 * f->first[k + 1] && in->train[k] && (f->has[k] & EQML_FRAME_FORCES); i++, count++)
            sum += f->forces[i] * f->forces[i];
    return count ? 0.02 * sqrt(sum / (double)count) : 0.02 * EQML_EV / EQML_ANGSTROM;
}

/* Two atoms in space, of all pairs of species. */
static void put_dimers(const input *in, const eqml_pair_reference *target, double error, anchors *a)
{
    for (int s = 0; s < basis->nspecies; s++)
        for (int t = 0; t <= s; t++)
            for (int k = 0; k < DIMERS; k++) {
                eqml_frames *f = &a->f;
                const size_t at = f->n++, first = f->natoms;
                const int pair = eqml_pair(s, t);
                const double r = in->shortest[pair] * 0.95 * pow(0.2, k / (double)DIMERS);
                double slope;
                eqml_pair_energy(&target[pair], r, &slope);
                f->natoms += 2;
                f->first[at + 1] = f->natoms;
                f->species[first] = s;
                f->species[first + 1] = t;
                f->xyz[3 * first + 5] = r;
                f->forces[3 * first + 2] = slope;
                f->forces[3 * first + 5] = -slope;
                f->group[at] = -1;
                f->has[at] = EQML_FRAME_FORCES;
                a->weight[at][EQML_CLOUD_FORCES] = pow(error / (relative * fabs(slope) + force_off), 2);
            }
}

/* The vector from atom i to the nearest that is no image of its own; nonzero where there is none. */
static int nearest_other(const eqml_neighbours *list, size_t i, size_t *pair)
{
    double least = DBL_MAX;
    for (size_t p = list->first[i]; p < list->first[i + 1]; p++) {
        const double *r = list->vector[p], square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
        if (square < least && list->index[p] != (int)i) {
            least = square;
            *pair = p;
        }
    }
    return least == DBL_MAX;
}

static eqml_status repulsion(const eqml_configuration *c, const eqml_pair_reference *target,
                             eqml_neighbours *list, double *energy)
{
    const eqml_cloud_result result = {energy, NULL, NULL, NULL};
    *energy = 0;
    const eqml_status status = eqml_neighbours_find(c, eqml_pairs_reach(basis->nspecies, target), list, NULL);
    if (!status)
        eqml_pairs_add(basis->nspecies, target, list, c->species, &result);
    return status;
}

/* What anchors are made with. */
typedef struct maker {
    const input *in;
    const eqml_pair_reference *target; /* the repulsion that they know */
    double error;                      /* what a fit leaves of forces */
    eqml_neighbours list;
    anchors a;
} maker;

/*
 * Configuration k with its new coordinates, which stand at the end of m->a, and its cell times a scale: an anchor, unless
 * the repulsion has little to say of so many atoms that came closer.
 */
static void put_energy(maker *m, size_t k, double scale, double moved)
{
    const eqml_configuration c = eqml_frame(&m->in->data, k);
    eqml_frames *f = &m->a.f;
    const size_t at = f->n, first = f->natoms;
    eqml_configuration close = c;
    double before, after;
    close.xyz = f->xyz + 3 * first;
    if (c.cell) {
        for (size_t e = 0; e < 9; e++)
            f->cell[9 * at + e] = scale * c.cell[e];
        close.cell = f->cell + 9 * at;
    }
    if (repulsion(&c, m->target, &m->list, &before) || repulsion(&close, m->target, &m->list, &after) ||
        after - before < 2 * moved * energy_off)
        return;
    memcpy(f->species + first, c.species, c.natoms * sizeof *f->species);
    memcpy(f->pbc + 3 * at, m->in->data.pbc + 3 * k, 3 * sizeof *f->pbc);
    f->n++;
    f->natoms += c.natoms;
    f->first[at + 1] = f->natoms;
    f->group[at] = -1;
    f->energy[at] = m->in->data.energy[k] + after - before;
    f->has[at] = EQML_FRAME_ENERGY;
    m->a.weight[at][EQML_CLOUD_ENERGY] =
        pow(m->error * EQML_ANGSTROM / (relative * (after - before) + moved * energy_off), 2) *
        (double)c.natoms;
}

/* One atom is taken towards its nearest neighbour, down to a part of the shortest distance. */
static void put_moved(maker *m, size_t k, size_t atom, double part)
{
    const eqml_configuration c = eqml_frame(&m->in->data, k);
    double *xyz = m->a.f.xyz + 3 * m->a.f.natoms;
    size_t pair = 0;
    if (eqml_neighbours_find(&c, 5 * EQML_ANGSTROM, &m->list, NULL) || nearest_other(&m->list, atom, &pair))
        return;
    const double *r = m->list.vector[pair], d = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
    const double wanted = part * m->in->shortest[eqml_pair(c.species[atom], c.species[m->list.index[pair]])];
    memcpy(xyz, c.xyz, 3 * c.natoms * sizeof *xyz);
    for (size_t e = 0; e < 3; e++)
        xyz[3 * atom + e] += r[e] * (1 - wanted / d);
    put_energy(m, k, 1, 1);
}

/* All of it is pressed together, until two atoms are as close as a part of the shortest distance. */
static void put_pressed(maker *m, size_t k, double part)
{
    const eqml_configuration c = eqml_frame(&m->in->data, k);
    double *xyz = m->a.f.xyz + 3 * m->a.f.natoms, least = DBL_MAX;
    if (eqml_neighbours_find(&c, 5 * EQML_ANGSTROM, &m->list, NULL))
        return;
    for (size_t i = 0; i < c.natoms; i++)
        for (size_t p = m->list.first[i]; p < m->list.first[i + 1]; p++) {
            const double *r = m->list.vector[p], d = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
            least = fmin(least, d / m->in->shortest[eqml_pair(c.species[i], c.species[m->list.index[p]])]);
        }
    if (least == DBL_MAX)
        return;
    for (size_t e = 0; e < 3 * c.natoms; e++)
        xyz[e] = c.xyz[e] * part / least;
    put_energy(m, k, part / least, (double)c.natoms);
}

/* Puts the anchors behind the data. */
static int append(input *in, anchors *a)
{
    const size_t n = in->data.n, all = n + a->f.n;
    double(*weights)[EQML_CLOUD_KINDS] = malloc(all * sizeof *weights);
    unsigned char *train = calloc(3, all);
    in->anchors = a->f.n;
    if (!weights || !train || eqml_frames_append(&in->data, &a->f)) {
        free(weights);
        free(train);
        return fail("out of memory");
    }
    for (size_t k = 0; k < all; k++)
        for (int i = 0; i < EQML_CLOUD_KINDS; i++)
            weights[k][i] = k >= n ? a->weight[k - n][i] : in->weights ? in->weights[k][i] : 1;
    for (size_t k = 0; k < all; k++) {
        train[k] = k < n && in->train[k];
        train[all + k] = k < n && in->test[k];
        train[2 * all + k] = k >= n;
    }
    free(in->train);
    free(in->weights);
    in->train = train;
    in->test = train + all;
    in->anchor = train + 2 * all;
    in->weights = weights;
    return 0;
}

/* numbers[] <- the training configurations that anchors can be made of; returns how many. *most <- atoms of the largest. */
static size_t find_bases(const input *in, size_t *number, size_t *most)
{
    const eqml_frames *f = &in->data;
    size_t count = 0;
    *most = 0;
    for (size_t k = 0; k < f->n; k++) {
        const size_t n = f->first[k + 1] - f->first[k];
        if (in->train[k] && (f->has[k] & EQML_FRAME_ENERGY) && n > 1) {
            number[count++] = k;
            *most = n > *most ? n : *most;
        }
    }
    return count;
}

int add_anchors(input *in)
{
    const eqml_frames *f = &in->data;
    const size_t pairs = (size_t)pair_count();
    size_t most, *number = calloc(f->n, sizeof *number);
    eqml_pair_reference *target = calloc(pairs, sizeof *target);
    maker m = {in, target, usual_error(in), {0}, {{0}, NULL}};
    int unknown, bad = !in->shortest ? 0 : number && target ? 0 : fail("out of memory");
    if (in->shortest && !bad) {
        const size_t count = find_bases(in, number, &most);
        bad = anchors_create(&m.a, DIMERS * pairs + MOVED + PRESSED,
                             2 * DIMERS * pairs + (MOVED + PRESSED) * most) ||
              make_zbl(in->shortest, 0.8, 1.3, target, &unknown);
        if (!bad)
            put_dimers(in, target, m.error, &m.a);
        for (size_t k = 0; k < MOVED && count && !bad; k++) {
            const size_t frame = number[k * count / MOVED], n = f->first[frame + 1] - f->first[frame];
            put_moved(&m, frame, k * 7919 % n, 0.85 - 0.1 * (double)(k % SCALES));
        }
        for (size_t k = 0; k < PRESSED && count && !bad; k++)
            put_pressed(&m, number[k * count / PRESSED], 1 - 0.1 * (double)(k % SCALES));
        bad = bad || append(in, &m.a);
        anchors_free(&m.a);
        eqml_neighbours_free(&m.list);
    }
    free(number);
    free(target);
    return bad;
}
