/*
 * Methane as a sum over its pairs, triples and quadruples of atoms, against bases of the whole molecule:
 * errors and times. Trains on every second geometry from the first, with gradients, and tests on the others.
 *
 * `make expansion DATA=methane.xyz` generates the bases and runs this.
 */
#define _POSIX_C_SOURCE 200809L
#include "hh.h"
#include "hc.h"
#include "hhh.h"
#include "hhc.h"
#include "hhhh.h"
#include "hhhc.h"
#include "ch4_d3.h"
#include "ch4_d4.h"
#include "ch4_d5.h"
#include "ch4_d6.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PER_CM 219474.6313632 /* cm^-1 in a hartree; CODATA 2018 */

static const eqml_variable morse[] = {{EQML_MORSE, 2.0, 0, 0}, {EQML_MORSE, 2.0, 0, 0}};

typedef struct job {
    eqml_data data;
    unsigned char *train, *test;
    double *energy, *gradient; /* [n], [n][natoms][3]: results that are timed */
} job;

static int fail(const char *text)
{
    fprintf(stderr, "expansion: %s\n", text);
    return 1;
}

/* Standard output may be a file on a full disk. */
static int finish_output(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    fprintf(stderr, "expansion: standard output cannot be written\n");
    return 1;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print_row(const char *what, const eqml_fit_result *fit, const eqml_errors *test, double one,
                      double batch)
{
    printf("%-38s %6d %5d   %10.3f   %10.3e   %7.2f %7.2f\n", what, fit->terms, fit->rank,
           PER_CM * test->rmse_energy, test->rmse_gradient, 1e6 * one, 1e6 * batch);
    fflush(stdout);
}

/* ---- sums --------------------------------------------------------------------------------------------- */

/* Seconds for a geometry, best of sixty: one at a time, and in a batch. */
static void time_expansion(const job *j, const eqml_expansion *x, double *work, double *one, double *batch)
{
    const size_t n = 3 * (size_t)j->data.natoms, count = j->data.n < 160 ? j->data.n : 160;
    *one = *batch = 1e9;
    for (int pass = 0; pass < 60; pass++) {
        double start = seconds_now(), seconds;
        for (size_t g = 0; g < count; g++)
            j->energy[g] = eqml_expansion_energy_gradient(x, j->data.xyz + g * n, j->gradient, work);
        seconds = (seconds_now() - start) / (double)count;
        *one = seconds < *one ? seconds : *one;
        start = seconds_now();
        eqml_expansion_energy_gradient_batch(x, count, j->data.xyz, j->energy, j->gradient, work);
        seconds = (seconds_now() - start) / (double)count;
        *batch = seconds < *batch ? seconds : *batch;
    }
}

static int try_expansion(job *j, const char *what, int nparts, const eqml_part *parts)
{
    eqml_expansion x;
    eqml_message message = {"out of memory"};
    eqml_fit_result fit;
    eqml_errors test;
    const eqml_fit_options options = {.use = j->train};
    double one, batch, *work = NULL;
    eqml_status status = eqml_expansion_create(&x, "H H H H C", nparts, parts, &message);
    if (!status)
        status = eqml_expansion_fit(&x, &j->data, &options, &fit, &message);
    if (!status)
        status = eqml_expansion_errors(&x, &j->data, j->test, &test);
    if (!status && posix_memalign((void **)&work, 64, eqml_expansion_work(&x) * sizeof(double)))
        status = EQML_ERROR_MEMORY;
    if (!status) {
        time_expansion(j, &x, work, &one, &batch);
        print_row(what, &fit, &test, one, batch);
    }
    free(work);
    eqml_expansion_free(&x);
    return status ? fail(message.text) : 0;
}

/* ---- the whole molecule ------------------------------------------------------------------------------- */

typedef double (*one_function)(const eqml_model *, const double *, double *);
typedef void (*batch_function)(const eqml_model *, size_t, const double *, double *, double *);

static void time_surface(const job *j, const eqml_model *m, one_function f, batch_function many, double *one,
                         double *batch)
{
    const size_t n = 3 * (size_t)j->data.natoms, count = j->data.n < 160 ? j->data.n : 160;
    *one = *batch = 1e9;
    for (int pass = 0; pass < 60; pass++) {
        double start = seconds_now(), seconds;
        for (size_t g = 0; g < count; g++)
            j->energy[g] = f(m, j->data.xyz + g * n, j->gradient);
        seconds = (seconds_now() - start) / (double)count;
        *one = seconds < *one ? seconds : *one;
        start = seconds_now();
        many(m, count, j->data.xyz, j->energy, j->gradient);
        seconds = (seconds_now() - start) / (double)count;
        *batch = seconds < *batch ? seconds : *batch;
    }
}

static int try_surface(job *j, const char *what, const eqml_basis *basis, one_function f, batch_function many)
{
    eqml_surface surface;
    eqml_message message = {"out of memory"};
    eqml_fit_result fit;
    eqml_errors test;
    const eqml_fit_options options = {.use = j->train};
    double one, batch;
    eqml_status status = eqml_surface_create(basis, morse, &surface);
    if (!status)
        status = eqml_fit(&surface, &j->data, &options, &fit, &message);
    if (!status)
        status = eqml_surface_errors(&surface, &j->data, j->test, &test);
    if (!status) {
        time_surface(j, &surface.model, f, many, &one, &batch);
        print_row(what, &fit, &test, one, batch);
    }
    eqml_surface_free(&surface);
    return status ? fail(message.text) : 0;
}

#define TRY_SURFACE(j, what, name)                                                                           \
    try_surface(j, what, &name##_basis, name##_model_energy_gradient, name##_model_energy_gradient_batch)

/* ---- the job ------------------------------------------------------------------------------------------ */

static int run(job *j)
{
    const eqml_part parts[] = {
        {&hh_basis, morse, 0, NULL, 0, 0, 0},   {&hc_basis, morse, 0, NULL, 0, 0, 0},
        {&hhh_basis, morse, 0, NULL, 0, 0, 0},  {&hhc_basis, morse, 0, NULL, 0, 0, 0},
        {&hhhh_basis, morse, 0, NULL, 0, 0, 0}, {&hhhc_basis, morse, 0, NULL, 0, 0, 0},
    };
    printf("                                                      energy       gradient        energy and\n"
           "methane, test errors (RMSE)             terms  rank     cm^-1  hartree/bohr  gradient, us: one, "
           "batch\n");
    return try_expansion(j, "pairs (degree 8)", 2, parts) || try_expansion(j, "and triples (6)", 4, parts) ||
           try_expansion(j, "and quadruples (5)", 6, parts) ||
           TRY_SURFACE(j, "whole molecule, degree 3", ch4_d3) ||
           TRY_SURFACE(j, "whole molecule, degree 4", ch4_d4) ||
           TRY_SURFACE(j, "whole molecule, degree 5", ch4_d5) ||
           TRY_SURFACE(j, "whole molecule, degree 6", ch4_d6);
}

int main(int argc, char **argv)
{
    static const int class_of[] = {0, 0, 0, 0, 1};
    job j = {.train = NULL};
    eqml_message message;
    if (argc != 2)
        return fail("usage: expansion methane.xyz");
    if (eqml_data_read(argv[1], &j.data, &message) ||
        eqml_data_match(&j.data, ch4_d4_basis.symbols, class_of, &message)) {
        eqml_data_free(&j.data);
        return fail(message.text);
    }
    j.train = calloc(2, j.data.n);
    j.energy = calloc(j.data.n * (1 + 3 * (size_t)j.data.natoms), sizeof *j.energy);
    int status = !j.train || !j.energy ? fail("out of memory") : 0;
    if (!status) {
        j.test = j.train + j.data.n;
        j.gradient = j.energy + j.data.n;
        for (size_t g = 0; g < j.data.n; g++) {
            j.train[g] = g % 2 == 0;
            j.test[g] = !j.train[g];
        }
        status = run(&j) || finish_output();
    }
    free(j.energy);
    free(j.train);
    eqml_data_free(&j.data);
    return status;
}
