/* The census of holes in the surface that was fitted. */
#include "job.h"
#include "common/atoms.h"

/* Descents of a census, from each kind of start, where what lies far out is looked for, as in `make holes`; 0: the default. */
enum { FEW = 0, MANY = 50 };

/* The training geometry of the lowest energy, or data->n. */
static size_t lowest_of(const eqml_data *data, const unsigned char *train)
{
    size_t lowest = data->n;
    for (size_t g = 0; g < data->n; g++)
        if (train[g] && (data->has[g] & EQML_HAS_ENERGY) &&
            (lowest == data->n || data->energy[g] < data->energy[lowest]))
            lowest = g;
    return lowest;
}

/* A census of the surface as it is, in place of the one before. Returns nonzero after a message. */
static int take_census(const eqml_surface *surface, const double *start, const census_options *options,
                       outcome *o)
{
    static eqml_message
        message; /* the program fits one surface, and says why there is no census at the end */
    census_free(&o->holes);
    o->uncounted = NULL;
    const eqml_status status = census_run(&surface->model, o->symbols, start, options, &o->holes, &message);
    if (status == EQML_ERROR_MEMORY)
        return fail("out of memory");
    if (status)
        o->uncounted = message.text;
    return 0;
}

/* Returns nonzero where there can be no wall; o->no_wall says why. */
static int raise_wall(const eqml_wall_options *options, eqml_surface *surface, const eqml_data *data,
                      const unsigned char *train, outcome *o)
{
    static eqml_message message;
    o->no_wall = NULL;
    if (eqml_surface_set_wall(surface, data, train, options, &message)) {
        o->no_wall = message.text;
        return 1;
    }
    o->wall = *options;
    return 0;
}

/* Whether samples or walkers have met a hole; those that only minimisations find are far out. */
static int is_met(const census *c)
{
    size_t met = c->walker_holes;
    for (int k = 0; k < CENSUS_WIDTHS; k++)
        met += c->sampled[k];
    return met > 0;
}

/* A census and, where it finds no hole, one of twice as many walkers and other random numbers. */
static int take_two(const eqml_surface *surface, const double *start, int seed, int descents, outcome *o)
{
    const census_options first = {.seed = (uint64_t)seed, .descents = descents},
                         second = {.seed = 2, .walkers = 2000, .samples = 20000, .descents = descents};
    return take_census(surface, start, &first, o) ||
           (o->holes.natoms && !o->holes.holes && take_census(surface, start, &second, o));
}

/* ---- penalties ---------------------------------------------------------------------------------------- */

/*
 * The weight of a penalty against that of a datum, 1, hartree^-2. On ammonia of degree 8 and methane of degree 6 all from 1e-5
 * to 1e-8 do the same; 1e-3 takes ten times as many solutions, and is felt by the data.
 */
#define PENALTY 1e-6

/* Holes that were found, and their least energy: the lowest of the training data. */
typedef struct lifted {
    size_t n;
    double *xyz, *least;
} lifted;

static int remember_holes(const census *c, double least, lifted *points)
{
    const size_t size = 3 * (size_t)c->natoms, n = points->n + c->kept;
    double *xyz = realloc(points->xyz, n * size * sizeof *xyz);
    points->xyz = xyz ? xyz : points->xyz;
    double *bound = realloc(points->least, n * sizeof *bound);
    points->least = bound ? bound : points->least;
    if (!xyz || !bound)
        return fail("out of memory");
    memcpy(xyz + points->n * size, c->hole_xyz, c->kept * size * sizeof *xyz);
    for (; points->n < n; points->n++)
        bound[points->n] = least;
    return 0;
}

/* The fit with penalties on all these points, and a census of what came of it. A surface that has no minimum then is as it was
 * before. */
static int lift(eqml_surface *surface, const double *start, const lifted *points, outcome *o)
{
    static eqml_message message;
    double *before = malloc((size_t)basis->nterms * sizeof *before);
    if (!before)
        return fail("out of memory");
    eqml_surface_get(surface, before);
    if (eqml_penalise(o->problem, surface, points->n, points->xyz, points->least, PENALTY, NULL, &message)) {
        o->no_penalties = message.text;
        free(before);
        return 0;
    }
    int bad = take_two(surface, start, o->penalty_rounds + 3, FEW, o);
    if (!bad && !o->holes.natoms) {
        o->no_penalties = "with more penalties the surface would have no minimum";
        eqml_surface_set(surface, before);
        bad = take_census(surface, start, NULL, o);
    } else {
        o->penalty_rounds++;
        o->penalty_points = points->n;
    }
    free(before);
    return bad;
}

/* Whether the solutions, of which there are dozens, take long: where the rank is not full, terms^3 operations each. */
static int takes_long(const job *j, const outcome *o)
{
    return j->penalties_auto && o->fit.rank < o->fit.terms && o->fit.terms > 1000;
}

/* Rounds of penalties on the holes of all rounds, until there are none. */
static int lift_holes(const job *j, eqml_surface *surface, const double *start, double least, outcome *o)
{
    lifted points = {0};
    int bad = 0;
    while (o->holes.holes && o->penalty_rounds < j->penalties && !o->no_penalties && !bad)
        bad = remember_holes(&o->holes, least, &points) || lift(surface, start, &points, o);
    free(points.xyz);
    free(points.least);
    return bad;
}

/* ---- walls -------------------------------------------------------------------------------------------- */

/* Walls from the loosest to the tightest, until a census finds no hole. */
static int find_wall(eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                     const double *start, int descents, outcome *o)
{
    static const eqml_wall_options walls[] = {{.width = 4, .degree = 2},
                                              {.width = 8, .degree = 3},
                                              {.width = 4, .degree = 3},
                                              {.width = 2, .degree = 3},
                                              {.width = 1, .degree = 3}};
    for (size_t k = 0; k < sizeof walls / sizeof *walls && o->holes.holes; k++) {
        if (raise_wall(&walls[k], surface, data, train, o))
            return 0;
        if (take_two(surface, start, 1, descents, o))
            return 1;
    }
    return 0;
}

int count_holes(const job *j, eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                outcome *o)
{
    const size_t lowest = lowest_of(data, train);
    if (lowest == data->n)
        return 0;
    const double *start = data->xyz + lowest * 3 * (size_t)data->natoms;
    if (j->wall == WALL_YES && raise_wall(&j->wall_options, surface, data, train, o))
        return fail(o->no_wall);
    if (j->no_census)
        return 0;
    o->symbols = symbols_of(data);
    if (!o->symbols)
        return fail("out of memory");
    if (take_census(surface, start, NULL, o))
        return 1;
    o->unpenalised = o->holes.holes;
    if (o->problem && !takes_long(j, o) && lift_holes(j, surface, start, data->energy[lowest], o))
        return 1;
    if (j->wall == WALL_ANY && o->holes.natoms && take_two(surface, start, 1, MANY, o))
        return 1;
    o->unwalled = o->holes.holes;
    if (j->wall == WALL_ANY || (j->wall == WALL_AUTO && is_met(&o->holes)))
        return find_wall(surface, data, train, start, j->wall == WALL_ANY ? MANY : FEW, o);
    return 0;
}

void print_holes(const job *j, const outcome *o)
{
    if (o->penalty_rounds)
        printf("  penalties: on %zu holes that a census found, in %d rounds (--penalties no: none); without "
               "them %zu holes\n",
               o->penalty_points, o->penalty_rounds, o->unpenalised);
    if (o->no_penalties)
        printf("  note: %s\n", o->no_penalties);
    if (o->no_wall)
        printf("  note: %s\n", o->no_wall);
    if (o->wall.width > 0)
        printf("  wall: where the leverage in factors of degree %d is %g times the largest of the training "
               "data\n",
               o->wall.degree, o->wall.width);
    if (o->wall.width > 0 && j->wall != WALL_YES)
        printf("    (--wall %g,%d); without it %zu holes\n", o->wall.width, o->wall.degree, o->unwalled);
    if (o->holes.natoms)
        census_print(stdout, &o->holes);
    else if (o->uncounted)
        printf("  note: no census of holes: %s\n", o->uncounted);
}

int write_holes(const job *j, const outcome *o)
{
    char path[1024], title[256];
    if (!o->holes.natoms)
        return 0;
    snprintf(title, sizeof title, "%s: census of holes", j->name);
    for (int k = 0; k < 3; k++) {
        static const char *const names[] = {"minimum.xyz", "holes.xyz", "holes.svg"};
        snprintf(path, sizeof path, "%s/%s", j->directory, names[k]);
        if (k == 0   ? census_write_minimum(&o->holes, o->symbols, path)
            : k == 1 ? census_write_holes(&o->holes, o->symbols, path)
                     : census_draw(&o->holes, title, path)) {
            fprintf(stderr, "fit: %s: cannot be written: %s\n", path, strerror(errno));
            return 1;
        }
    }
    return 0;
}
