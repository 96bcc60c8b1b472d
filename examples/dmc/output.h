/* What dmc tells. */
#ifndef DMC_OUTPUT_H
#define DMC_OUTPUT_H
#include "dmc/run.h"

/* Of all runs together. Energies in cm^-1 above the minimum. */
typedef struct outcome {
    double zpe, sigma, average[AVERAGES], sigma_average[AVERAGES];
    double holes, walker_steps, walkers_per_s, surface_share;
} outcome;

void outcome_of(const run_options *o, const run_results *r, outcome *all);

void print_outcome(const run_options *o, const molecule *m, const run_results *r, const outcome *all);

/* The results as JSON, the energy of each step drawn, the lowest geometry where it lies in a hole. Nonzero after a message. */
int write_json(const char *path, const run_options *o, const molecule *m, const run_results *r,
               const outcome *all);
int draw_trace(const char *path, const run_options *o, const molecule *m, const run_results *r,
               const outcome *all);
int write_deepest(const char *path, const molecule *m, const run_results *r);

#endif
