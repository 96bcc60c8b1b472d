/* Checkpoints: a line that says what they are of, then numbers as they lie in memory. */
#define _POSIX_C_SOURCE 200809L
#include "dmc/checkpoint.h"
#include "common/fingerprint.h"
#include "common/whole.h"
#include <math.h>

typedef struct head {
    char magic[16];
    uint64_t of; /* options and surface, in a few bits */
    int done;    /* time steps that are whole; the walkers of the next one follow */
} head;

static const char magic[16] = "eqml dmc 1";

/* All that the results depend on. */
static uint64_t print_of(const run_options *o, const molecule *m)
{
    const double numbers[] = {o->walkers, o->steps, o->settle, o->descend,
                              o->margin,  o->seed,  m->energy, m->has_dipole};
    uint64_t hash = fingerprint_add(FINGERPRINT, numbers, sizeof numbers);
    hash = fingerprint_add(hash, o->time_step, (size_t)o->ntime_steps * sizeof *o->time_step);
    hash = fingerprint_add(hash, o->node ? o->node : "", o->node ? strlen(o->node) : 0);
    return fingerprint_molecule(hash, m);
}

int checkpoint_has(const run_options *o)
{
    return o->checkpoint && access(o->checkpoint, F_OK) == 0;
}

static int failed(const run_options *o, const char *why)
{
    return complain("dmc", o->checkpoint, why);
}

static int read_head(const run_options *o, const molecule *m, FILE *file, head *h)
{
    if (!file)
        return failed(o, strerror(errno));
    if (fread(h, sizeof *h, 1, file) != 1 || memcmp(h->magic, magic, sizeof magic))
        return failed(o, "it is no checkpoint of dmc: name another file, or remove it");
    if (h->of != print_of(o, m) || h->done < 0 || h->done >= o->ntime_steps)
        return failed(o, "it is of another surface, or of other options: give those, or remove it");
    return 0;
}

int checkpoint_count(const run_options *o, const molecule *m, int *done)
{
    head h;
    FILE *file = fopen(o->checkpoint, "rb");
    const int bad = read_head(o, m, file, &h);
    if (!bad)
        *done = (int)h.done;
    if (file)
        fclose(file);
    return bad;
}

/* What of a run and of its walkers is one number each. */
enum { SCALARS = 10 };

static void take_scalars(run *r, const double *s)
{
    r->at = (size_t)s[0], r->window = (size_t)s[1], r->seconds = s[2];
    r->w.alive = (size_t)s[3], r->w.reference = s[4], r->w.average = s[5], r->w.steps = s[6];
    r->w.holes = s[7], r->w.deepest = s[8], r->w.surface = s[9];
}

static void give_scalars(const run *r, double *s)
{
    s[0] = (double)r->at, s[1] = (double)r->window, s[2] = r->seconds;
    s[3] = (double)r->w.alive, s[4] = r->w.reference, s[5] = r->w.average, s[6] = r->w.steps;
    s[7] = r->w.holes, s[8] = r->w.deepest, s[9] = r->w.surface;
}

static size_t trace_size(const run *r)
{
    return (size_t)r->o->ntime_steps * (size_t)r->o->steps + (size_t)r->on.n; /* and deepest_xyz */
}

static int read_all(FILE *file, void *to, size_t bytes)
{
    return bytes && fread(to, bytes, 1, file) != 1;
}

int checkpoint_read(run *r, run_results *all)
{
    head h;
    double scalars[SCALARS];
    FILE *file = fopen(r->o->checkpoint, "rb");
    int bad = read_head(r->o, r->m, file, &h);
    if (!bad && h.done == all->done &&
        (read_all(file, all->of, sizeof all->of) || read_all(file, &all->deepest, sizeof all->deepest) ||
         read_all(file, all->trace, trace_size(r) * sizeof *all->trace) ||
         read_all(file, scalars, sizeof scalars) || read_all(file, r->w.xyz, r->w.bytes) ||
         read_all(file, r->reference, r->numbers * sizeof *r->reference)))
        bad = failed(r->o, "it is cut short: remove it");
    if (!bad && h.done == all->done) {
        take_scalars(r, scalars);
        bad = r->w.alive > r->w.room || r->window > r->nwindows;
        if (bad)
            failed(r->o, "its numbers make no sense: remove it");
    }
    if (file)
        fclose(file);
    return bad ? -1 : h.done == all->done;
}

int checkpoint_write(const run *r, const run_results *all)
{
    double scalars[SCALARS];
    head h = {{0}, print_of(r->o, r->m), all->done};
    whole w;
    memcpy(h.magic, magic, sizeof magic);
    give_scalars(r, scalars);
    whole_open(&w, r->o->checkpoint);
    if (w.out) {
        fwrite(&h, sizeof h, 1, w.out);
        fwrite(all->of, sizeof all->of, 1, w.out);
        fwrite(&all->deepest, sizeof all->deepest, 1, w.out);
        fwrite(all->trace, trace_size(r) * sizeof *all->trace, 1, w.out);
        fwrite(scalars, sizeof scalars, 1, w.out);
        fwrite(r->w.xyz, r->w.bytes, 1, w.out);
        fwrite(r->reference, r->numbers * sizeof *r->reference, 1, w.out);
    }
    return whole_close(&w, 0) ? failed(r->o, strerror(errno)) : 0;
}
