/* The census of holes in the surface that was fitted. */
#include "job.h"
#include "common/atoms.h"

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

/* Holes that samples and walkers have met; those that only minimisations find are far out. */
static size_t count_met(const census *c)
{
    size_t met = c->walker_holes;
    for (int k = 0; k < CENSUS_WIDTHS; k++)
        met += c->sampled[k];
    return met;
}

/* *met <- how many a short census does, whatever the last one was, which stays. */
static int count_near(const eqml_surface *surface, const double *start, outcome *o, size_t *met)
{
    const census last = o->holes;
    const char *why = o->uncounted;
    memset(&o->holes, 0, sizeof o->holes);
    const int bad = take_census(surface, start, NULL, o);
    *met = o->holes.natoms ? count_met(&o->holes) : SIZE_MAX;
    census_free(&o->holes);
    o->holes = last;
    o->uncounted = why;
    return bad;
}

static int is_clean(const outcome *o)
{
    return o->holes.natoms && !o->holes.holes;
}

/* Where the census found no hole, one that looks farther out: more samples and minimisations than those of `make holes`, whose
 * seed is 1, and few walkers, which take most of the time. It counts where it finds some. */
static int look_far(const eqml_surface *surface, const double *start, outcome *o)
{
    const census_options far = {.seed = 2, .walkers = 100, .samples = 200000, .descents = 500};
    if (!is_clean(o))
        return 0;
    census near = o->holes;
    memset(&o->holes, 0, sizeof o->holes);
    const int bad = take_census(surface, start, &far, o);
    if (!bad && o->holes.holes) {
        census_free(&near);
    } else {
        census_free(&o->holes);
        o->holes = near;
        o->uncounted = NULL;
    }
    return bad;
}

/* A census and, where it finds no hole, one of twice as many walkers and other random numbers, and then one farther out. */
static int take_all(const eqml_surface *surface, const double *start, int seed, outcome *o)
{
    const census_options first = {.seed = (uint64_t)seed},
                         second = {.seed = 2, .walkers = 2000, .samples = 20000};
    return take_census(surface, start, &first, o) ||
           (is_clean(o) && take_census(surface, start, &second, o)) || look_far(surface, start, o);
}

/* ---- penalties ---------------------------------------------------------------------------------------- */

/*
 * Weights of a penalty against that of a datum, 1: the first that lifts most holes. For ammonia of degree 8 and methane of
 * degree 6, where the data leave much open, all from 1e-8 to 1e-5 do the same; a thousand times as much takes ten times as
 * many solutions. For ethanol of degree 3, whose few terms the data hold, it takes 1e-2, which adds 1 % to the test error.
 * What minimisations find then, far down, would cost more, and is left to a wall.
 */
static const double penalties[] = {1e-6, 1e-4, 1e-2};
enum { PENALTIES = sizeof penalties / sizeof *penalties };

/* What penalties may make of the weighted sum of squares of the training data: a tenth more of its root. Data that are known
 * better than the surface is free elsewhere, as those of a polynomial that is recovered, keep their fit and get a wall. Where
 * the data do not determine all terms, they fit too well to tell. */
static const double most_errors = 1.21;

/* Holes that were found, and their least energy, that of the lowest training datum. */
typedef struct lifted {
    size_t n;
    double *xyz, *least, *weights; /* [n][natoms][3], [n], [n] */
    unsigned char *far;            /* [n] nonzero: a minimisation found it, without a wall */
    double *before;                /* [nterms] the coefficients before a trial */
    double most;                   /* what penalties may make of the weighted sum of squares of the data */
    int weight;                    /* number of the weight */
    int walled;                    /* nonzero: there is a wall, and what is found now is within */
} lifted;

static void free_lifted(lifted *p)
{
    free(p->xyz);
    free(p->least);
    free(p->far);
    free(p->before);
}

static int remember_holes(const census *c, double least, lifted *p)
{
    const size_t size = 3 * (size_t)c->natoms, room = p->n + c->kept;
    double *xyz = realloc(p->xyz, room * size * sizeof *xyz);
    p->xyz = xyz ? xyz : p->xyz;
    double *bound = realloc(p->least, 2 * room * sizeof *bound);
    p->least = bound ? bound : p->least;
    unsigned char *far = realloc(p->far, room);
    p->far = far ? far : p->far;
    if (!xyz || !bound || !far)
        return fail("out of memory");
    for (size_t k = 0; k < c->kept; k++) {
        if (!isfinite(c->hole[k].energy))
            continue;
        memcpy(xyz + p->n * size, c->hole_xyz + k * size, size * sizeof *xyz);
        far[p->n++] = !p->walled && c->hole[k].origin == CENSUS_DESCENT;
    }
    p->weights = bound + room;
    for (size_t k = 0; k < p->n; k++)
        bound[k] = least;
    return 0;
}

/* Leaves out what minimisations found. */
static void leave_out_far(lifted *p, size_t size)
{
    size_t n = 0;
    for (size_t k = 0; k < p->n; k++)
        if (!p->far[k]) {
            memmove(p->xyz + n * size, p->xyz + k * size, size * sizeof *p->xyz);
            p->far[n++] = 0;
        }
    p->n = n;
}

static int all_far(const lifted *p)
{
    return p->n == 0 || !memchr(p->far, 0, p->n);
}

/* The fit with penalties on all these points, heavier ones where most of them stay below; as it was before, with why in the message,
 * where the data would pay for it. */
static eqml_status lift(eqml_surface *surface, lifted *p, const outcome *o, eqml_message *message)
{
    eqml_penalty_result r;
    eqml_surface_get(surface, p->before);
    for (;; p->weight++) {
        if (p->weight > 0)
            leave_out_far(p, 3 * (size_t)basis->natoms);
        for (size_t k = 0; k < p->n; k++)
            p->weights[k] = penalties[p->weight];
        const eqml_status status =
            eqml_penalise(o->problem, surface, p->n, p->xyz, p->least, p->weights, &r, message);
        if (!status && r.errors > p->most) {
            eqml_surface_set(surface, p->before);
            strcpy(message->text,
                   "more penalties would make the errors of the training data more than a tenth larger");
            return EQML_ERROR_VALUE;
        }
        if (status || 2 * r.violated <= p->n || p->weight + 1 == PENALTIES || all_far(p))
            return status;
    }
}

/* Whether the solutions, of which there are dozens, take long: where the rank is not full, terms^3 operations each. */
static int takes_long(const job *j, const outcome *o)
{
    return j->penalties_auto && o->fit.rank < o->fit.terms && o->fit.terms > 1000;
}

/* Rounds of penalties on the holes of all rounds, so many at most, until there are none. */
static int lift_in_rounds(eqml_surface *surface, const double *start, double least, int rounds, lifted *p,
                          outcome *o)
{
    static eqml_message message;
    int bad = 0;
    for (; !bad && rounds > 0 && (p->weight > 0 && !p->walled ? count_met(&o->holes) : o->holes.holes);
         rounds--) {
        bad = remember_holes(&o->holes, least, p);
        if (!bad && lift(surface, p, o, &message)) {
            o->no_penalties = message.text;
            break;
        }
        o->penalty_rounds++;
        o->penalty_points = p->n;
        o->penalty = penalties[p->weight];
        bad = bad || take_all(surface, start, o->penalty_rounds + 2, o);
    }
    return bad;
}

/* The same; a surface that is no better for it, or has no minimum any more, is as it was before. */
static int lift_holes(const job *j, eqml_surface *surface, const double *start, double least, lifted *p,
                      outcome *o)
{
    const outcome was = *o;
    double *before = malloc(2 * (size_t)basis->nterms * sizeof *before);
    size_t met, left;
    if (!before)
        return fail("out of memory");
    eqml_surface_get(surface, before);
    int bad = lift_in_rounds(surface, start, least, j->penalties, p, o);
    if (!bad && o->penalty_rounds > was.penalty_rounds && !is_clean(o)) {
        double *after = before + basis->nterms;
        eqml_surface_get(surface, after);
        bad = count_near(surface, start, o, &left);
        eqml_surface_set(surface, before);
        bad = bad || count_near(surface, start, o, &met);
        if (!bad && left > met) {
            o->no_penalties = "more penalties leave more holes than there were; the fit is without these";
            o->penalty_rounds = was.penalty_rounds;
            o->penalty_points = was.penalty_points;
            o->penalty = was.penalty;
            bad = take_all(surface, start, 1, o);
        } else {
            eqml_surface_set(surface, after);
        }
    }
    free(before);
    return bad;
}

/* What penalties may cost, from the surface without them. Where there can be none, o->no_penalties says why. */
static int begin_lifting(eqml_surface *surface, lifted *p, outcome *o)
{
    static eqml_message message;
    eqml_penalty_result plain;
    p->most = HUGE_VAL;
    p->before = malloc((size_t)basis->nterms * sizeof *p->before);
    if (!p->before)
        return fail("out of memory");
    if (eqml_penalise(o->problem, surface, 0, NULL, NULL, NULL, &plain, &message))
        o->no_penalties = message.text;
    else if (o->fit.rank == o->fit.terms)
        p->most = most_errors * plain.errors;
    return 0;
}

/* ---- walls -------------------------------------------------------------------------------------------- */

/* Walls from the loosest to the tightest, until a census finds no hole; the loosest in any case. */
static int find_wall(eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                     const double *start, outcome *o)
{
    static const eqml_wall_options walls[] = {{.width = 4, .degree = 2},
                                              {.width = 8, .degree = 3},
                                              {.width = 4, .degree = 3},
                                              {.width = 2, .degree = 3},
                                              {.width = 1, .degree = 3}};
    for (size_t k = 0; k < sizeof walls / sizeof *walls && (k == 0 || o->holes.holes); k++) {
        if (raise_wall(&walls[k], surface, data, train, o))
            return 0;
        if (take_all(surface, start, 1, o))
            return 1;
    }
    return 0;
}

/* Penalties on what the census found, then a wall, and where it leaves holes penalties on these, too. */
static int mend_holes(const job *j, eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                      size_t lowest, outcome *o)
{
    const double *start = data->xyz + lowest * 3 * (size_t)data->natoms, least = data->energy[lowest];
    const size_t met = count_met(&o->holes);
    const int lifts = o->problem && !takes_long(j, o);
    lifted p = {.walled = j->wall == WALL_YES};
    int bad = lifts && (begin_lifting(surface, &p, o) ||
                        (!o->no_penalties && lift_holes(j, surface, start, least, &p, o)));
    o->unwalled = o->holes.holes;
    /* Penalties lift the holes that were met; the loosest wall is for those beyond, which a longer run meets. */
    if (!bad && j->wall == WALL_AUTO && met + o->unwalled > 0) {
        bad = find_wall(surface, data, train, start, o);
        p.walled = o->wall.width > 0;
        if (!bad && lifts && !o->no_penalties && p.walled && o->holes.holes)
            bad = lift_holes(j, surface, start, least, &p, o);
    }
    free_lifted(&p);
    return bad;
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
    if (take_census(surface, start, NULL, o) || look_far(surface, start, o))
        return 1;
    o->unpenalised = o->holes.holes;
    return o->holes.holes ? mend_holes(j, surface, data, train, lowest, o) : 0;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

void print_holes(const job *j, const outcome *o)
{
    if (o->penalty_rounds)
        printf("  penalties: of weight %g on %zu hole%s that a census found, in %d round%s (--penalties no: "
               "none); "
               "without them %zu hole%s\n",
               o->penalty, o->penalty_points, plural(o->penalty_points), o->penalty_rounds,
               plural((size_t)o->penalty_rounds), o->unpenalised, plural(o->unpenalised));
    if (o->no_penalties)
        printf("  note: %s\n", o->no_penalties);
    if (o->no_wall)
        printf("  note: %s\n", o->no_wall);
    if (o->wall.width > 0)
        printf("  wall: where the leverage in factors of degree %d is %g times the largest of the training "
               "data\n",
               o->wall.degree, o->wall.width);
    if (o->wall.width > 0 && j->wall != WALL_YES && o->unwalled)
        printf("    (--wall %g,%d); without it %zu hole%s\n", o->wall.width, o->wall.degree, o->unwalled,
               plural(o->unwalled));
    else if (o->wall.width > 0 && j->wall != WALL_YES)
        printf("    (--wall %g,%d), against holes that only a longer census meets\n", o->wall.width,
               o->wall.degree);
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
