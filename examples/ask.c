/*
 * Which geometries to compute next for a surface that `make pes` fitted: D-optimal ones (eqml_design) among the holes that
 * the census found, a pool, and geometries about the minimum up to an energy. By hand:
 *
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/ask.c examples/common/?*.c examples/census/?*.c \
 *         -o ask -lm
 *     ./ask --directory build/pes/ch4 --name ch4 --n 100 --pool more.xyz [options]
 *
 * basis.c and eqml.c are those of fit/main.c. It reads NAME.pes, NAME.sigma, minimum.xyz and holes.xyz, and writes ask.xyz, in
 * order of merit. Status: 0, or 1 where it could not be done.
 */
#define _POSIX_C_SOURCE 200809L
#include "census/census.h"
#include "common/atoms.h"
#include "common/evaluate.h"
#include "common/modes.h"
#include "common/molecule.h"
#include "common/whole.h"

static const char help[] =
    "options of the geometries to compute next:\n"
    "  --samples N         geometries about the minimum, beside holes and pool; default 2000, 0: none\n"
    "  --up-to E           their highest energy above the minimum, cm^-1; default 20000\n"
    "  --pool-up-to E      geometries of the pool that are higher on the surface are left out; default: "
    "none\n"
    "  --holes yes|no      whether holes.xyz is looked at; default yes\n"
    "  --gradients W       gradients will be computed too, and fitted with this weight; default 0: energies "
    "alone\n"
    "  --energy-weight E0  weights of the fit, E0/(E0+E-Emin), hartree; default 0: all the same\n"
    "  --apart D           least root mean square difference of sorted distances, bohr; default "
    "0.02\n" SURFACE_HELP_FEW;

typedef enum origin { HOLE, POOL, SAMPLE, ORIGINS } origin;
static const char *const origins[ORIGINS] = {"hole", "pool", "sample"};

typedef struct job {
    surface_job on;
    const char *pool, *holes;
    int wanted, samples;
    double up_to, pool_up_to, gradients, energy_weight, apart;
} job;

typedef struct candidates {
    char *symbols; /* "H H O"; NULL: not known yet */
    size_t n, count[ORIGINS];
    double *xyz;     /* [n][natoms][3] */
    double *weight;  /* [n] */
    size_t left_out; /* holes of weight 0 */
    double
        zero; /* the energy of the minimum on the surface; NaN: that of the lowest candidate that is no hole */
} candidates;

static int fail(const char *what, const char *text)
{
    return complain("ask", what, text);
}

static int parse(int argc, char **argv, job *j)
{
    const option own[] = {{"--pool", &j->pool, NULL, NULL, 0, 0},
                          {"--holes", &j->holes, NULL, NULL, 0, 0},
                          {"--n", NULL, NULL, &j->wanted, 1, 0},
                          {"--samples", NULL, NULL, &j->samples, 0, 0},
                          {"--up-to", NULL, &j->up_to, NULL, 0, 0},
                          {"--pool-up-to", NULL, &j->pool_up_to, NULL, 0, 0},
                          {"--gradients", NULL, &j->gradients, NULL, 0, 0},
                          {"--energy-weight", NULL, &j->energy_weight, NULL, 0, 0},
                          {"--apart", NULL, &j->apart, NULL, 0, 0}};
    if (surface_options(&j->on, help, argc, argv, own, sizeof own / sizeof *own))
        return 1;
    if (strcmp(j->holes, "yes") && strcmp(j->holes, "no"))
        return fail("--holes", "expected yes or no");
    return 0;
}

/* ---- candidates ---------------------------------------------------------------------------------------- */

/* Room for n more; NULL where there is none. Those that come are counted by the caller. */
static double *more_room(candidates *c, size_t n)
{
    const size_t size = 3 * (size_t)basis->natoms;
    double *xyz = realloc(c->xyz, (c->n + n + 1) * size * sizeof *xyz);
    c->xyz = xyz ? xyz : c->xyz;
    return xyz ? xyz + c->n * size : NULL;
}

static void count_in(candidates *c, origin from, size_t n)
{
    c->n += n;
    c->count[from] += n;
}

/* The geometries of a file in the order of the basis; none where it is empty and may be. */
static int read_geometries(const char *path, int may_be_empty, candidates *c, eqml_data *data)
{
    eqml_message message;
    const eqml_status status = eqml_data_read(path, data, &message);
    if (status == EQML_ERROR_EMPTY && may_be_empty)
        return 0;
    if (status)
        return fail("", message.text);
    if (match_basis(data, basis, NULL, &message))
        return fail(path, message.text);
    if (!c->symbols)
        c->symbols = symbols_of(data);
    return c->symbols ? 0 : fail("", "out of memory");
}

static int add_file(const char *path, origin from, candidates *c)
{
    eqml_data data = {0};
    int bad = read_geometries(path, from == HOLE, c, &data);
    if (!bad && data.n) {
        double *to = more_room(c, data.n);
        bad = to ? 0 : fail("", "out of memory");
        if (to) {
            memcpy(to, data.xyz, data.n * 3 * (size_t)basis->natoms * sizeof *to);
            count_in(c, from, data.n);
        }
    }
    eqml_data_free(&data);
    return bad;
}

/* Samples about the minimum. */
static int add_samples(const job *j, molecule *m, candidates *c)
{
    eqml_message message;
    size_t drawn = 0;
    double *to = more_room(c, (size_t)j->samples);
    int bad = !to && fail("", "out of memory");
    if (!bad && census_spread(m->model, m->symbols, m->xyz, j->up_to / PER_CM, (uint64_t)j->on.seed,
                              (size_t)j->samples, to, &drawn, &message))
        bad = fail(j->on.name, message.text);
    count_in(c, SAMPLE, drawn);
    if (!c->symbols) {
        c->symbols = m->symbols;
        m->symbols = NULL;
    }
    return bad;
}

static int gather(const job *j, molecule *m, candidates *c)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/holes.xyz", j->on.directory);
    if (!strcmp(j->holes, "yes") && !access(path, F_OK) && add_file(path, HOLE, c))
        return 1;
    if (j->pool && *j->pool && add_file(j->pool, POOL, c))
        return 1;
    if ((j->samples > 0 || j->pool_up_to > 0) && molecule_start(&j->on, m))
        return 1;
    if (j->pool_up_to > 0)
        c->zero = evaluate(m->model, m->xyz, NULL, m->work);
    return j->samples > 0 && add_samples(j, m, c);
}

/*
 * Energies of the surface, and the weights that a fit would give them: the lowest has 1. Holes come first; those that
 * are farther from the lowest geometry than all samples and all of the pool are left out, by weight 0: they would come
 * before all others, and tell of where nobody goes. So are geometries of the pool that are too high.
 */
static void weigh(const eqml_model *m, const job *j, candidates *c, double *energy, double *room)
{
    const size_t size = 3 * (size_t)basis->natoms, holes = c->count[HOLE], pool = holes + c->count[POOL];
    const double e0 = j->energy_weight,
                 highest = j->pool_up_to > 0 ? j->pool_up_to / PER_CM : (double)INFINITY;
    size_t lowest = holes;
    double reach = c->n > holes ? 0 : INFINITY;
    for (size_t g = 0; g < c->n; g++)
        energy[g] = evaluate(m, c->xyz + g * size, NULL, room);
    for (size_t g = holes; g < c->n; g++)
        lowest = energy[g] < energy[lowest] ? g : lowest;
    for (size_t g = c->n; g-- > 0;) {
        const double change =
            lowest < c->n ? eqml_design_change(basis, c->xyz + g * size, c->xyz + lowest * size, room) : 0;
        const double zero = isnan(c->zero) && lowest < c->n ? energy[lowest] : c->zero;
        const double above = isnan(zero) ? 0 : fmax(0, energy[g] - zero);
        const int out = g < holes ? change > reach : g < pool && above > highest;
        c->weight[g] = out ? 0 : e0 > 0 ? e0 / (e0 + above) : 1;
        c->left_out += g < holes && change > reach;
        reach = g < holes || out ? reach : fmax(reach, change);
    }
}

/* ---- the choice ---------------------------------------------------------------------------------------- */

static int write_choice(const job *j, const eqml_surface *surface, const eqml_sigma *sigma,
                        const candidates *c, const eqml_design_choice *choice, size_t found,
                        const double *energy, double *work)
{
    char path[4096], comment[256];
    size_t count[ORIGINS] = {0};
    whole w;
    snprintf(path, sizeof path, "%s/ask.xyz", j->on.directory);
    whole_open(&w, path);
    for (size_t k = 0; k < found && w.out; k++) {
        const size_t g = choice[k].candidate;
        const double *xyz = c->xyz + g * 3 * (size_t)basis->natoms;
        size_t frame = g + 1;
        int from = 0;
        while (frame > c->count[from])
            frame -= c->count[from++];
        count[from]++;
        snprintf(comment, sizeof comment,
                 "surface_energy=%.9f surface_sigma=%.3e gain=%.6g origin=%s frame=%zu pbc=\"F F F\"",
                 energy[g] / EQML_EV, eqml_energy_sigma(sigma, &surface->model, xyz, work) / EQML_EV,
                 choice[k].gain, origins[from], frame);
        census_put_frame(w.out, basis->natoms, c->symbols, xyz, comment);
    }
    if (whole_close(&w, 0))
        return fail(path, strerror(errno));
    printf("%s: %zu geometries of %zu holes (%zu more are too far out), %zu of the pool and %zu samples; "
           "gains %.3g to %.3g\n"
           "  %zu holes, %zu of the pool, %zu samples: %s\n",
           j->on.name, found, c->count[HOLE] - c->left_out, c->left_out, c->count[POOL], c->count[SAMPLE],
           found ? choice[0].gain : 0, found ? choice[found - 1].gain : 0, count[HOLE], count[POOL],
           count[SAMPLE], path);
    if (found < (size_t)j->wanted)
        printf("  fewer than %d: the others are not %g bohr apart, or tell nothing\n", j->wanted, j->apart);
    return fflush(stdout) || ferror(stdout) ? fail("", "standard output cannot be written") : 0;
}

static int choose(const job *j, const eqml_surface *surface, const eqml_sigma *sigma, candidates *c)
{
    const size_t work_size =
        EQML_WORK_SIGMA((size_t)basis->nslots, (size_t)basis->npairs, (size_t)basis->nterms) * sizeof(double);
    const size_t wanted = (size_t)j->wanted;
    char text[200];
    eqml_message message;
    size_t found;
    if (wanted > c->n) {
        snprintf(text, sizeof text, "%zu geometries are wanted, and there are %zu candidates", wanted, c->n);
        return fail(j->on.name, text);
    }
    eqml_design_choice *choice = calloc(wanted, sizeof *choice);
    double *energy = calloc(2 * c->n, sizeof *energy), *work = aligned_alloc(64, (work_size + 63) / 64 * 64);
    int bad = !choice || !energy || !work;
    if (bad) {
        fail("", "out of memory");
    } else {
        c->weight = energy + c->n;
        weigh(&surface->model, j, c, energy, work);
        const eqml_design_options o = {
            .gradient_weight = j->gradients, .weights = c->weight, .apart = j->apart};
        if (eqml_design(sigma, surface, c->n, c->xyz, &o, wanted, choice, &found, &message))
            bad = fail(j->on.name, message.text);
        else
            bad = write_choice(j, surface, sigma, c, choice, found, energy, work);
    }
    free(choice);
    free(energy);
    free(work);
    return bad;
}

int main(int argc, char **argv)
{
    job j = {.on = {.program = "ask", .few = 1},
             .holes = "yes",
             .wanted = 100,
             .samples = 2000,
             .up_to = 20000,
             .apart = 0.02};
    char path[4096];
    eqml_message message;
    molecule m = {0};
    eqml_sigma sigma = {0};
    candidates c = {.zero = NAN};
    int bad = parse(argc, argv, &j) || molecule_read(&j.on, &m);
    snprintf(path, sizeof path, "%s/%s.sigma", j.on.directory, j.on.name);
    if (!bad && access(path, R_OK))
        bad = fail(path, "there are no standard deviations: they need 20 geometries that the others "
                         "determine (more data, a "
                         "ridge or a lower degree), and FIT without --sigma 0");
    if (!bad && eqml_sigma_read(&sigma, &m.surface, path, &message))
        bad = fail("", message.text);
    if (!bad && !sigma.triangular)
        bad =
            fail(path,
                 "has not all of the fit, which is kept up to 1000 terms, where the data determine them all: "
                 "take a lower degree, more data or a ridge");
    bad = bad || gather(&j, &m, &c) || choose(&j, &m.surface, &sigma, &c);
    free(c.symbols);
    free(c.xyz);
    eqml_sigma_free(&sigma);
    molecule_free(&m);
    return bad;
}
