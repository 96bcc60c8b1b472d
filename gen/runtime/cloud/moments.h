/* The moments of an atom from its neighbours, and the forces back; neighbours are in the lanes. */
#ifndef EQML__CLOUD_MOMENTS_H
#define EQML__CLOUD_MOMENTS_H
#include "cloud/basis.h"
#include "cloud/harmonics.h"
#include "cloud/radial.h"

/* Numbers in a vector of the kernel's type. */
#define EQML__CLOUD_WIDTH ((int)(sizeof(EQML__T) / sizeof(EQML__NUMBER)))

/* Where the harmonics begin in the block of a vector of neighbours. */
#define EQML__HARMONICS_AT 4

/* Moments that differ in n only, which grows by one from n on; their slots follow one another. */
typedef struct eqml__moment_run {
    int species, l, n, count, slot;
} eqml__moment_run;

/* Some radial functions of a run, from n on, by some harmonics, from number `harmonic` on; slot is that of the first. */
typedef struct eqml__moment_tile {
    int species, n, harmonic, slot, step; /* step: from a slot to that of the next n */
    int kind;                             /* EQML__MOMENT_TILE of the numbers of functions and of harmonics */
} eqml__moment_tile;

#define EQML__MOMENT_TILE(functions, harmonics) (8 * (functions) + (harmonics))

/* The moments of a program in the order of work: runs for the forces, tiles for the moments. */
typedef struct eqml__moment_plan {
    const eqml_cloud_program *program; /* whose plan it is; NULL: none yet */
    int nruns, ntiles;
    eqml__moment_run *runs;   /* [nmoments] at most */
    eqml__moment_tile *tiles; /* [nmoments (2 lmax / 7 + 1)] at most */
} eqml__moment_plan;

EQML_FUNCTION void eqml__plan_runs(const eqml_cloud_program *p, eqml__moment_plan *plan)
{
    plan->nruns = 0;
    for (int k = 0; k < p->nmoments; k++) {
        const unsigned short *m = p->moments[k];
        eqml__moment_run *r = plan->runs + plan->nruns, *last = plan->nruns ? r - 1 : NULL;
        if (last && m[0] == last->species && m[1] == last->l && m[2] == last->n + last->count &&
            m[3] == last->slot + last->count * (2 * last->l + 1)) {
            last->count++;
            continue;
        }
        r->species = m[0];
        r->l = m[1];
        r->n = m[2];
        r->slot = m[3];
        r->count = 1;
        plan->nruns++;
    }
}

/*
 * At most twelve sums a tile, which stay in registers, so that each load serves several of them. The harmonics of one l are
 * shared out evenly: one sum alone would wait for itself.
 */
EQML_FUNCTION void eqml__plan_tiles(eqml__moment_plan *plan)
{
    static const int most[] = {0, 7, 6, 4, 3}; /* harmonics, beside so many functions */
    plan->ntiles = 0;
    for (int k = 0; k < plan->nruns; k++) {
        const eqml__moment_run *r = &plan->runs[k];
        const int width = 2 * r->l + 1;
        for (int n = 0, functions; n < r->count; n += functions) {
            const int left = r->count - n;
            functions = width == 1 && left >= 8 ? 8 : left < 4 ? left : 4;
            const int parts = width == 1 ? 1 : (width + most[functions] - 1) / most[functions];
            for (int part = 0; part < parts; part++) {
                const int m = part * width / parts, next = (part + 1) * width / parts;
                eqml__moment_tile *t = &plan->tiles[plan->ntiles++];
                t->species = r->species;
                t->n = r->n + n;
                t->harmonic = r->l * r->l + m;
                t->slot = r->slot + n * width + m;
                t->step = width;
                t->kind = EQML__MOMENT_TILE(functions, next - m);
            }
        }
    }
}

/* Does nothing where it is the plan of this program already, as from one atom to the next of its species. */
EQML_FUNCTION void eqml__plan_moments(const eqml_cloud_program *p, eqml__moment_plan *plan)
{
    if (plan->program == p)
        return;
    plan->program = p;
    eqml__plan_runs(p, plan);
    eqml__plan_tiles(plan);
}

#include "kernel/of_lanes.inc"
#include "cloud/moments.inc"
#include "kernel/of_floats.inc"
#include "cloud/moments.inc"
#include "kernel/of_none.inc"

#endif /* EQML__CLOUD_MOMENTS_H */
