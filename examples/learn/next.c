/* What is computed: held-out samples, those before the first fit, and the geometries of each round. */
#define _POSIX_C_SOURCE 200809L
#include "learn/learn.h"
#include "common/modes.h"
#include "common/whole.h"

/* Random numbers of their own for each kind, round and number, so that a run that goes on draws the same again. */
enum { STREAM_TEST = 1, STREAM_FIRST = 2, STREAM_POOL = 3, STREAM_CONFIRM = 4 }; /* and those behind it */

/* xyz[n][natoms][3] <- samples first, first + 1, ... */
static void draw(const settings *s, search *found, const ways *w, int stream, size_t first, size_t n,
                 double highest, double *xyz)
{
    for (size_t k = 0; k < n; k++) {
        random_start(&found->random, (uint64_t)s->seed, ((uint64_t)stream << 40) + first + k);
        sample(found, w, highest, xyz + k * (size_t)found->n);
    }
}

/* Computes n samples of a stream, which are named PREFIX-00012. *computed <- how many of them there are. */
static int compute_samples(const settings *s, points *p, search *found, const ways *w, int stream,
                           const char *prefix, size_t first, size_t n, size_t *computed)
{
    const size_t size = (size_t)found->n;
    double *xyz = calloc(n * size + 1, sizeof *xyz);
    task *tasks = calloc(n + 1, sizeof *tasks);
    int bad = xyz && tasks ? 0 : fail("", "out of memory");
    *computed = 0;
    if (!bad) {
        draw(s, found, w, stream, first, n, s->up_to / PER_CM, xyz);
        for (size_t k = 0; k < n; k++) {
            tasks[k].xyz = xyz + k * size;
            snprintf(tasks[k].id, sizeof tasks[k].id, "%s-%05zu", prefix, first + k);
        }
        bad = compute(s, p, prefix, n, tasks);
    }
    for (size_t k = 0; k < n && !bad; k++)
        *computed += tasks[k].point >= 0;
    free(xyz);
    free(tasks);
    return bad;
}

/* Held-out geometries: so many samples of a stream as have s->test energies up to s->up_to among them. */
static int compute_held_out(const settings *s, points *p, search *found, const ways *w, int stream,
                            const char *prefix)
{
    size_t held = 0, computed, all = 0;
    for (size_t first = 0, n; held < (size_t)s->test; first += n) {
        n = (size_t)s->test - held;
        n = n < 8 ? 8 : n;
        if (compute_samples(s, p, found, w, stream, prefix, first, n, &computed))
            return 1;
        held = points_up_to(p, s, prefix, NULL);
        all += computed;
        if (!all)
            return fail("no random geometry could be computed", last_reason());
        if (first > 20 * (size_t)s->test + 100)
            return fail("", "hardly a random geometry has an energy below UP_TO: is the start a minimum?");
    }
    return 0;
}

int compute_test(const settings *s, points *p, search *found, const ways *w)
{
    return compute_held_out(s, p, found, w, STREAM_TEST, "test");
}

void fresh_prefix(int number, char prefix[ID_LENGTH])
{
    snprintf(prefix, ID_LENGTH, "confirm-%02d", number);
}

int compute_fresh(const settings *s, points *p, search *found, const ways *w, int number)
{
    char prefix[ID_LENGTH];
    fresh_prefix(number, prefix);
    return compute_held_out(s, p, found, w, STREAM_CONFIRM + number, prefix);
}

int compute_first(const settings *s, points *p, search *found, const ways *w)
{
    size_t computed, n = (size_t)s->first;
    if (compute_samples(s, p, found, w, STREAM_FIRST, "first", 0, n, &computed))
        return 1;
    return computed ? 0 : fail("no random geometry could be computed", last_reason());
}

/* pool.xyz, from which the surface chooses: xyz[n][natoms][3], bohr. */
static int write_pool(const settings *s, size_t n, const double *xyz)
{
    char path[PATH_LENGTH];
    whole w;
    snprintf(path, sizeof path, "%s/pool.xyz", s->folder);
    whole_open(&w, path);
    for (size_t k = 0; k < n && w.out; k++)
        census_put_frame(w.out, basis->natoms, s->symbols, xyz + k * 3 * (size_t)basis->natoms,
                         "pbc=\"F F F\"");
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

/* Is this about a geometry that failed? room[2 npairs]. */
static int failed_before(const points *p, const double *xyz, double *room)
{
    const size_t size = 3 * (size_t)basis->natoms;
    for (size_t k = 0; k < p->failures; k++)
        if (eqml_design_change(basis, p->failed_xyz + k * size, xyz, room) < 0.02)
            return 1;
    return 0;
}

/* tasks[wanted] <- geometries of a list that two atoms are not too close in, and that did not fail before. */
static size_t choose(const points *p, const search *found, const char *prefix, int round, size_t n,
                     const double *xyz, double *room, size_t wanted, task *tasks)
{
    size_t count = 0;
    for (size_t k = 0; k < n && count < wanted; k++) {
        const double *at = xyz + k * (size_t)found->n;
        if (is_close(found, at) || failed_before(p, at, room))
            continue;
        tasks[count].xyz = at;
        snprintf(tasks[count].id, sizeof tasks[count].id, "%s-%03d-%04zu", prefix, round, count);
        count++;
    }
    return count;
}

int compute_next(const settings *s, points *p, search *found, const ways *w, int round, size_t wanted)
{
    const size_t npool = 2000 + 10 * wanted;
    double *pool = calloc(npool * (size_t)found->n, sizeof *pool),
           *room = calloc(2 * (size_t)basis->npairs, sizeof *room);
    task *tasks = calloc(wanted, sizeof *tasks);
    eqml_data asked = {0};
    size_t n = 0, computed = 0;
    int bad = pool && room && tasks ? 0 : fail("", "out of memory");
    if (!bad) {
        draw(s, found, w, STREAM_POOL, (size_t)round << 20, npool, 1.1 * s->up_to / PER_CM, pool);
        if (!s->random)
            bad = write_pool(s, npool, pool) || ask_for(s, wanted, &asked);
    }
    if (!bad) {
        n = choose(p, found, "ask", round, asked.n, asked.xyz, room, wanted, tasks);
        n = n ? n : choose(p, found, "random", round, npool, pool, room, wanted, tasks);
        bad = compute(s, p, "the next geometries", n, tasks);
    }
    for (size_t k = 0; k < n && !bad; k++)
        computed += tasks[k].point >= 0;
    if (!bad && !computed)
        bad = fail("none of the next geometries could be computed", last_reason());
    free(pool);
    free(room);
    free(tasks);
    eqml_data_free(&asked);
    return bad;
}
