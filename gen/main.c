/*
 * eqml-gen: from a composition and a degree to a specialised C header.
 *
 *     composition -> blocks (multidegrees) -> Molien series  \
 *                                 orbits of monomials         > certified basis -> program -> C
 *                    point sets and patterns of the group    /
 *
 * or, with --environment, the second family (clouds.c); or, with --from, from the tables of a basis that was chosen already: tables -> program -> C.
 */
#include "molecule/basis.h"
#include "algebra/blocks.h"
#include "clouds.h"
#include "molecule/composition.h"
#include "emit/dump.h"
#include "emit/header.h"
#include "emit/plain_tables.h"
#include "emit/statistics.h"
#include "molecule/group.h"
#include "base/memory.h"
#include "molecule/molien.h"
#include "options.h"
#include "molecule/orbit.h"
#include "base/output.h"
#include "base/progress.h"
#include "molecule/describe.h"
#include "molecule/lower.h"
#include "molecule/lower_tensor.h"
#include "molecule/structure.h"
#include "molecule/tensor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TERMS_LIMIT 5000000u /* terms of a basis */
#define MEMORY_LIMIT 8e9     /* bytes for values at points and for the rank test */
#define TIME_LIMIT 3600.0    /* seconds */
#define TIME_WORTH_TELLING 10.0

static int fail(const char *text)
{
    fprintf(stderr, "eqml-gen: %s\n", text);
    return 1;
}

static int refuse_cost(const composition *c, int degree, const char *what, double count, double seconds,
                       double bytes, const char *remedy)
{
    fprintf(stderr,
            "eqml-gen: \"%s\" of degree %d has %.0f %s, and would take about %.1f %s and %.1f GB of memory, "
            "past the limit of %.0f hour and %.0f GB; %s\n",
            c->text, degree, count, what, seconds < 3600 ? seconds : seconds / 3600,
            seconds < 3600 ? "s" : "hours", bytes / 1e9, TIME_LIMIT / 3600, MEMORY_LIMIT / 1e9, remedy);
    return 1;
}

/* The group itself may be too much: nested fragments have many classes of permutations. */
static int check_group(const composition *c, int degree)
{
    const double pairs = c->npairs;
    double bytes, classes = molien_classes(c, degree, &bytes);
    double seconds = 6 * classes * (5e-7 + 1e-8 * pairs); /* three primes, twice */
    if (seconds <= TIME_LIMIT && bytes <= MEMORY_LIMIT)
        return 0;
    return refuse_cost(c, degree, "classes of permutations", classes, seconds, bytes,
                       degree > 1 ? "choose a smaller degree, or nest fragments less deep"
                                  : "nest fragments less deep");
}

/* Patterns between all sets of atoms and pairs, where the group is not a product of symmetric groups. */
static int check_patterns(const composition *c, int degree)
{
    double elements = c->nclasses > 0 ? (double)c->natoms + c->npairs : 0, bytes = 24 * elements * elements;
    double sets = (double)c->nclasses + c->npair_classes, n = c->natoms;
    double seconds = 2e-8 * (elements * elements * c->ngenerators + sets * sets * c->npairs * n);
    if (c->tree || (seconds <= TIME_LIMIT && bytes <= MEMORY_LIMIT))
        return 0;
    return refuse_cost(c, degree, "classes of atoms and pairs under its group", sets, seconds, bytes,
                       "the patterns between these need a larger group, or fewer atoms");
}

/* Refuses, before any work, what would not fit. Where the basis is cut, it is not known yet. */
static int check_size(const composition *c, int degree, const wanted_request *request)
{
    uint64_t total = 0;
    for (int d = 0; d <= degree && total <= TERMS_LIMIT && !request; d++) {
        uint64_t more = molien_total(c, d);
        total = more > UINT64_MAX - total ? UINT64_MAX : total + more;
        if (total > TERMS_LIMIT) {
            fprintf(stderr,
                    "eqml-gen: \"%s\" has more than %llu terms up to degree %d, past the limit of %u; "
                    "choose a smaller degree than %d\n",
                    c->text, (unsigned long long)total, d, TERMS_LIMIT, d);
            return 1;
        }
    }
    return 0;
}

static int check_cost(const composition *c, const blocks *b, const uint64_t *invariants, bool orbit_sums)
{
    double largest = 0, terms = 0, kept = 0, cubes = 0;
    for (size_t m = 0; m < b->count; m++) {
        double count = (double)invariants[m];
        largest = count > largest ? count : largest;
        terms += count;
        cubes += count * count * (count + 16);
        kept += blocks_degree(b, m) <= (b->degree + 1) / 2 ? count : 0;
    }
    double bytes = 4 * largest * largest + 4 * largest * (kept + c->npairs) + 200 * terms;
    /* Of the rank tests, which more products fail where there are few pairs, and of the orbits: right to a
     * factor of about three, on the processor where the constants were measured. */
    double redundant = 1 + b->degree / (4.0 * c->npairs);
    double seconds = (orbit_sums ? 0 : 1.8e-9 * redundant * cubes) + 6e-5 * terms;
    if (bytes > MEMORY_LIMIT || seconds > TIME_LIMIT)
        return refuse_cost(c, b->degree, "terms", terms, seconds, bytes, "choose a smaller degree");
    if (seconds > TIME_WORTH_TELLING)
        fprintf(stderr, "eqml-gen: \"%s\" of degree %d has %.0f terms: about %.0f s and %.2f GB of memory\n",
                c->text, b->degree, terms, seconds, bytes / 1e9);
    return 0;
}

/* The certificate: two independent counts of the invariants of each block agree. */
static int check_counts(const blocks *b, const uint64_t *invariants, const uint64_t *kept,
                        const orbit_list *orbits)
{
    for (size_t m = 0; m < b->count; m++) {
        size_t nkept = 0;
        for (size_t k = orbits->first[m]; k < orbits->first[m + 1]; k++)
            nkept += orbits->kept[k];
        if (orbits_in_block(orbits, m) != invariants[m] || nkept != kept[m]) {
            fprintf(
                stderr,
                "eqml-gen: internal: block %zu has %zu orbits and keeps %zu, but Burnside's count is %llu "
                "and %llu\n",
                m, orbits_in_block(orbits, m), nkept, (unsigned long long)invariants[m],
                (unsigned long long)kept[m]);
            return 1;
        }
    }
    return 0;
}

static size_t total(const blocks *b, const uint64_t *invariants)
{
    size_t sum = 0;
    for (size_t m = 0; m < b->count; m++)
        sum += (size_t)invariants[m];
    return sum;
}

static uint64_t *sum_by_degree(const blocks *b, const uint64_t *invariants)
{
    uint64_t *sum = xcalloc((size_t)b->degree + 1, sizeof *sum);
    for (size_t m = 0; m < b->count; m++)
        sum[blocks_degree(b, m)] += invariants[m];
    return sum;
}

/* The highest degree of a tensor, 0 where there is none. */
static int covariant_degree(const options *o)
{
    int degree = 0;
    for (int k = 0; k < TENSOR_KINDS; k++)
        degree = o->tensor[k] > degree ? o->tensor[k] : degree;
    return degree;
}

/* What is made of a composition, and what is printed of it. */
typedef struct work {
    basis *basis;
    lowering *lowering;
    tensor_basis *tensor[TENSOR_KINDS]; /* NULL: none */
    tensor_program *tensor_program[TENSOR_KINDS];
    description description;
    enum form form;
} work;

static int choose_tensors(const options *o, work *w, const uint64_t *invariants, const orbit_list *orbits,
                          char *error, size_t error_size)
{
    for (int k = 0; k < TENSOR_KINDS; k++) {
        if (!o->tensor[k])
            continue;
        w->tensor[k] =
            tensor_create(w->basis, (tensor_kind)k, invariants, orbits, o->tensor[k], error, error_size);
        if (!w->tensor[k])
            return -1;
    }
    return 0;
}

/* For the potential, and on top of that for each tensor. */
static int make_programs(work *w, char *error, size_t error_size)
{
    const basis *b = w->basis;
    w->lowering = lower_basis(b);
    size_t most = w->lowering->program->nslots;
    for (int k = 0; k < TENSOR_KINDS; k++) {
        if (!w->tensor[k])
            continue;
        const tensor_program *p = w->tensor_program[k] = lower_tensor(b, w->lowering, w->tensor[k]);
        most = p->nslots > most ? p->nslots : most;
        most = p->nvectors > most ? p->nvectors : most;
    }
    if (most <= SLOTS_LIMIT)
        return 0;
    snprintf(
        error, error_size,
        "\"%s\" of degree %d needs %zu numbers at once to evaluate its %zu terms, and a header holds at most "
        "%u; choose a smaller degree, or fewer terms with --cap or --body",
        b->composition->text, b->degree, most, b->nterms, SLOTS_LIMIT);
    return -1;
}

static void describe(const options *o, work *w, const uint64_t *by_degree, double seconds)
{
    description *d = &w->description;
    *d = describe_basis(w->basis, w->lowering->program, by_degree);
    d->name = o->name;
    d->command = o->command;
    d->cut = o->cut;
    d->seconds = seconds;
    for (int k = 0; k < TENSOR_KINDS; k++)
        if (w->tensor[k])
            describe_tensor(d, w->basis, w->tensor[k], w->tensor_program[k]);
}

static void work_free(work *w)
{
    description_free(&w->description);
    for (int k = 0; k < TENSOR_KINDS; k++) {
        tensor_program_free(w->tensor_program[k]);
        tensor_free(w->tensor[k]);
    }
    lowering_free(w->lowering);
    basis_free(w->basis);
}

static void write_form(FILE *out, const void *context)
{
    const work *w = context;
    static void (*const print[])(FILE *, const description *) = {[FORM_HEADER] = emit_header,
                                                                 [FORM_STATISTICS] = emit_statistics,
                                                                 [FORM_PROGRAM] = dump_program,
                                                                 [FORM_DOT] = dump_dot,
                                                                 [FORM_TABLES] = emit_plain_tables};
    print[w->form](out, &w->description);
}

/* request: what the basis is cut to, or NULL. */
static int generate(const options *o, const composition *c, const wanted_request *request)
{
    clock_t start = clock();
    char error[512];
    blocks multidegrees = {0};
    orbit_list orbits = {0};
    work made = {.form = o->form};
    wanted *w = NULL;
    uint64_t *invariants = NULL, *by_degree = NULL;
    const uint64_t *kept;
    const bool over_pairs = o->tensor[TENSOR_QUADRUPOLE] || o->tensor[TENSOR_POLARIZABILITY];
    structure *sets = structure_create(c, over_pairs);
    int status = 1;

    if (blocks_create(c->npair_classes, o->degree, &multidegrees)) {
        fail("too many multidegrees; choose a smaller degree");
        goto done;
    }
    invariants = xcalloc(multidegrees.count, sizeof *invariants);
    if (request) {
        w = wanted_create(c, &multidegrees, request, error, sizeof error);
        if (!w) {
            fail(error);
            goto done;
        }
        memcpy(invariants, w->allowed_count, multidegrees.count * sizeof *invariants);
    } else if (molien_invariants(c, &multidegrees, invariants)) {
        fail("the number of invariants is too large; choose a smaller degree");
        goto done;
    }
    kept = w ? w->kept_count : invariants;
    if (check_cost(c, &multidegrees, invariants, o->orbit_sums))
        goto done;
    progress_begin("monomials", total(&multidegrees, invariants));
    const int lost = orbits_enumerate_wanted(c, &multidegrees, o->degree, w, &orbits);
    progress_end();
    if (lost) {
        fail("the orbits of monomials could not be enumerated");
        goto done;
    }
    if (check_counts(&multidegrees, invariants, kept, &orbits))
        goto done;
    progress_begin("terms", total(&multidegrees, invariants));
    if (o->orbit_sums)
        made.basis = basis_of_orbits(c, &multidegrees, sets, &orbits, error, sizeof error);
    else
        made.basis = basis_create(c, &multidegrees, sets, invariants, &orbits, covariant_degree(o),
                                  progress_show, error, sizeof error);
    progress_end();
    if (!made.basis) {
        fail(error);
        goto done;
    }
    if (choose_tensors(o, &made, invariants, &orbits, error, sizeof error) ||
        make_programs(&made, error, sizeof error)) {
        fail(error);
        goto done;
    }
    by_degree = sum_by_degree(&multidegrees, kept);
    describe(o, &made, by_degree, (double)(clock() - start) / CLOCKS_PER_SEC);
    status = output_write(o->output, write_form, &made);

done:
    progress_end();
    free(by_degree);
    work_free(&made);
    orbits_free(&orbits);
    wanted_free(w);
    free(invariants);
    blocks_free(&multidegrees);
    structure_free(sets);
    return status;
}

/* Tables have been chosen already: they are arranged, and written with code. */
static int generate_from(options *o)
{
    const clock_t start = clock();
    char error[768];
    basis_tables tables;
    program *program = NULL;
    work made = {.form = o->form};
    int status = tables_read(o->from, &tables, error, sizeof error) ? fail(error)
                                                                    : options_complete_from(o, tables.name);
    if (status == OPTIONS_GO) {
        program = program_arrange(&tables.program);
        made.description = describe_tables(&tables, program);
        made.description.name = o->name;
        made.description.command = o->command;
        made.description.from = options_base(o->from);
        made.description.seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        status = program->nslots > SLOTS_LIMIT
                     ? fail("the basis needs too many numbers at once; prune it further")
                     : output_write(o->output, write_form, &made);
    }
    work_free(&made);
    program_free(program);
    tables_free(&tables);
    return status;
}

int main(int argc, char **argv)
{
    options o;
    composition c;
    char error[512];
    int status = options_parse(argc, argv, &o);
    if (status != OPTIONS_GO)
        return status;
    if (o.from || o.environment) {
        status = o.from ? generate_from(&o) : clouds_generate(&o);
        options_free(&o);
        return status;
    }
    if (composition_parse(o.composition, &c, error, sizeof error) ||
        (o.group && group_read(o.group, &c, error, sizeof error))) {
        composition_free(&c);
        options_free(&o);
        return fail(error);
    }
    wanted_request request;
    if (o.form == FORM_TABLES && o.orbit_sums) {
        composition_free(&c);
        options_free(&o);
        return fail("--dump tables takes the factored scheme: leave out --scheme orbit-sums");
    }
    int cut = request_find(&o.wanted, o.composition, &c, &request, error, sizeof error);
    if ((cut > 0 || o.orbit_sums) && covariant_degree(&o)) {
        status = fail("dipoles and other tensors need the whole, factored basis; leave out --terms, --cap, "
                      "--without, --body and --scheme for them");
    } else if (cut >= 0) {
        options_complete(&o, &c, cut ? &request : NULL);
        status = check_group(&c, o.degree) || check_patterns(&c, o.degree) ||
                 check_size(&c, o.degree, cut ? &request : NULL) || generate(&o, &c, cut ? &request : NULL);
    } else {
        status = fail(error);
    }
    wanted_request_free(&request);
    composition_free(&c);
    options_free(&o);
    return status;
}
