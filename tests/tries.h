/* Each function of molecules that can fail, called once, for test_private.c: what it takes is here, and made there. */
#ifndef TESTS_TRIES_H
#define TESTS_TRIES_H
#include "h2_d4.h"
#include "h2o_d2_tensors.h"
#include "limited.h"
#include "support.h"

static const eqml_variable inverse[] = {{EQML_INVERSE, 1, NULL, NULL}, {EQML_INVERSE, 1, NULL, NULL}};
static const eqml_part parts[] = {{&h2o_d2_tensors_basis, inverse, 0, NULL, 0, 0, 0},
                                  {&h2_d4_basis, inverse, 0, NULL, 0, 6, 0}};
static const eqml_basis *const part_bases[] = {&h2o_d2_tensors_basis, &h2_d4_basis};
static char folder[256], data_path[300], pes_path[300], header_path[300], basis_path[300],
    expansion_path[300], lsq_path[300], orders_path[300], sigma_path[300], sigma_header_path[300];
enum { FRAMES = 24 };
static eqml_influence influence[FRAMES];
static eqml_sigma sigma;
static eqml_data data;
static eqml_surface surface, h2_surface;
static eqml_problem *problem;
static eqml_ranking ranking;
static eqml_expansion expansion;
static eqml_message message;

/* On failure an object is all zero, and may be emptied again. */
static eqml_status checked(eqml_status status, const void *object, size_t size)
{
    for (size_t k = 0; k < size && status; k++)
        cr_assert_eq(((const unsigned char *)object)[k], 0, "not empty: byte %zu of %zu", k, size);
    return status;
}

static double reference(void *context, const double *xyz, double *gradient)
{
    (void)context;
    for (int k = 0; k < 3 * h2o_d2_tensors_NATOMS; k++)
        gradient[k] = 0.02 * xyz[k];
    return -0.5 + 0.01 * xyz[0] * xyz[0];
}

static eqml_status try_read(void)
{
    eqml_data d;
    eqml_status status = checked(eqml_data_read(data_path, &d, &message), &d, sizeof d);
    eqml_data_free(&d);
    return status;
}

/* Frames with their atoms in two orders, which takes memory, too. */
static eqml_status try_read_as(void)
{
    eqml_data d;
    eqml_data_source source;
    eqml_status status = checked(eqml_data_read_as(orders_path, NULL, &d, &source, &message), &d, sizeof d);
    eqml_data_free(&d);
    return status;
}

static eqml_status try_match_order(void)
{
    const int class_of_atom[] = {0, 0, 1}, order[] = {0, 1, 2};
    return eqml_data_match_order(&data, "H H O", class_of_atom, order, &message);
}

static eqml_status try_match(void)
{
    const int class_of_atom[] = {0, 0, 1};
    return eqml_data_match(&data, "H H O", class_of_atom, &message);
}

static eqml_status try_lsq_create(void)
{
    eqml_lsq *lsq;
    eqml_status status = eqml_lsq_create(&lsq, 3, 2);
    checked(status, &lsq, sizeof lsq);
    eqml_lsq_free(lsq);
    return status;
}

/* Gathering takes no memory, but its system does. */
static eqml_status try_lsq_gather(void)
{
    const eqml_team alone = {0, 1, NULL, NULL, NULL};
    eqml_lsq *lsq;
    eqml_status status = eqml_lsq_create(&lsq, 3, 2);
    if (!status)
        status = eqml_lsq_gather(&alone, lsq, &message);
    eqml_lsq_free(lsq);
    return status;
}

/* Adding takes no memory; the triangle is made without limit, so that each refusal is one of solving. */
static eqml_status try_lsq_solve(void)
{
    const size_t limit = allowed, before = used;
    const eqml_lsq_options o = {0, 1e-6, 0};
    double x[4];
    eqml_lsq *lsq;
    allowed = SIZE_MAX;
    cr_assert_eq(eqml_lsq_create(&lsq, 2, 2), EQML_OK);
    allowed = used = 0;
    for (int i = 0; i < 9; i++) {
        for (int k = 0; k < 4; k++)
            eqml_lsq_row(lsq)[k] = cos(3 * i + k);
        cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
    }
    cr_assert_eq(used, 0);
    allowed = limit;
    used = before;
    eqml_status status = eqml_lsq_solve(lsq, &o, x, NULL);
    eqml_lsq_free(lsq);
    return status;
}

static eqml_status try_lsq_save(void)
{
    const size_t limit = allowed;
    eqml_lsq *lsq, *other = NULL;
    allowed = SIZE_MAX;
    cr_assert_eq(eqml_lsq_create(&lsq, 2, 1), EQML_OK);
    allowed = limit, used = 0;
    eqml_status status = eqml_lsq_save(lsq, 1, lsq_path, &message);
    if (!status)
        status = checked(eqml_lsq_load(&other, 1, lsq_path, &message), &other, sizeof other);
    if (!status)
        status = eqml_lsq_merge(lsq, other);
    eqml_lsq_free(lsq);
    eqml_lsq_free(other);
    return status;
}

static eqml_status try_create(void)
{
    eqml_surface s;
    eqml_status status = checked(eqml_surface_create(&h2o_d2_tensors_basis, inverse, &s), &s, sizeof s);
    eqml_surface_free(&s);
    return status;
}

static eqml_status try_fit(void)
{
    const eqml_fit_options o = {.ridge = 1e-3};
    return eqml_fit(&surface, &data, &o, NULL, &message);
}

/* The first writes the file, the second goes on from it. */
static eqml_status try_checkpoint(void)
{
    const eqml_fit_options o = {.checkpoint = lsq_path};
    return eqml_fit(&surface, &data, &o, NULL, &message);
}

static eqml_status try_resume(void)
{
    eqml_fit_result r;
    const eqml_fit_options o = {.checkpoint = lsq_path};
    const eqml_status status = eqml_fit(&surface, &data, &o, &r, &message);
    cr_assert(status || r.resumed == r.geometries);
    return status;
}

static eqml_status try_fit_difference(void)
{
    const eqml_fit_options o = {.ridge = 1e-3, .reference = reference};
    return eqml_fit(&surface, &data, &o, NULL, &message);
}

static eqml_status try_fit_tensor(eqml_tensor kind)
{
    const eqml_fit_options o = {.ridge = 1e-3};
    return eqml_fit_tensor(&surface, kind, &data, 0, &o, NULL, &message);
}

static eqml_status try_dipole(void)
{
    return try_fit_tensor(EQML_DIPOLE);
}

static eqml_status try_quadrupole(void)
{
    return try_fit_tensor(EQML_QUADRUPOLE);
}

static eqml_status try_polarizability(void)
{
    return try_fit_tensor(EQML_POLARIZABILITY);
}

static eqml_status try_errors(void)
{
    eqml_errors e;
    return eqml_surface_errors(&surface, &data, NULL, &e);
}

static eqml_status try_wall(void)
{
    const eqml_wall_options options = {.degree = 1};
    const eqml_status status = eqml_surface_set_wall(&surface, &data, NULL, &options, &message);
    eqml_surface_clear_wall(&surface);
    return status;
}

static eqml_status try_potential_errors(void)
{
    eqml_errors e;
    return eqml_potential_errors(reference, NULL, &data, NULL, &e);
}

static eqml_status try_write(void)
{
    return eqml_surface_write(&surface, pes_path, &message);
}

static eqml_status try_read_surface(void)
{
    eqml_surface s;
    eqml_status status =
        checked(eqml_surface_read(&s, &h2o_d2_tensors_basis, pes_path, &message), &s, sizeof s);
    eqml_surface_free(&s);
    return status;
}

/* With the basis that is in the file. */
static eqml_status try_open_surface(void)
{
    eqml_surface s;
    const eqml_status status = checked(eqml_surface_read(&s, NULL, pes_path, &message), &s, sizeof s);
    eqml_surface_free(&s);
    return status;
}

static eqml_status try_basis_read(void)
{
    eqml_basis *basis;
    const eqml_status status = eqml_basis_read(basis_path, &basis, &message);
    cr_assert(!status == (basis != NULL));
    eqml_basis_free(basis);
    return status;
}

static eqml_status try_write_header(void)
{
    return eqml_surface_write_header(&surface, "h2o", "eqml.h", "build/tests/h2o_d2_tensors.h", header_path,
                                     &message);
}

static eqml_status try_problem(void)
{
    const eqml_fit_options o = {.ridge = 1e-3};
    eqml_problem *p;
    eqml_status status = eqml_problem_create(&p, &surface, &data, &o, NULL, &message);
    checked(status, &p, sizeof p);
    eqml_problem_free(p);
    return status;
}

static eqml_status try_diagnose(void)
{
    eqml_influence found[FRAMES];
    return eqml_diagnose(problem, &surface, &data, NULL, NULL, found, &message);
}

static eqml_status try_causes(void)
{
    eqml_influence found[FRAMES];
    eqml_cause cause[FRAMES];
    memset(found, 0, sizeof found);
    return eqml_find_causes(&data, found, cause);
}

static eqml_status try_robust(void)
{
    double weights[FRAMES];
    const eqml_fit_options o = {.ridge = 1e-3};
    return eqml_fit_robust(&surface, &data, &o, NULL, weights, NULL, NULL, &message);
}

/* With fewer than 20 geometries nothing is fitted; a choice with trials asks for memory some thousand times. */
static eqml_status try_choose(void)
{
    unsigned char use[FRAMES];
    const eqml_fit_options fit = {.use = use};
    const eqml_choice_options o = {.fit = &fit};
    eqml_variable found[2];
    for (int g = 0; g < FRAMES; g++)
        use[g] = g < 19;
    return eqml_choose_variables(surface.model.basis, &data, &o, found, NULL, &message);
}

static eqml_status try_choose_degree(void)
{
    double error[3];
    int degree;
    return eqml_choose_degree(surface.model.basis, &data, NULL, inverse, &degree, error, &message);
}

/* Every other training geometry should lie a little higher than it does; a surface that could not be fitted stays as it is. */
static eqml_status try_penalise(void)
{
    double least[FRAMES], weights[FRAMES], before = surface.linear[1];
    for (size_t g = 0; g < data.n; g++)
        least[g] = data.energy[g] + (g % 2 ? 0.1 : -10), weights[g] = 1;
    problem->ridge = 1e-6;
    const eqml_status status =
        eqml_penalise(problem, &surface, data.n, data.xyz, least, weights, NULL, &message);
    problem->ridge = 0;
    cr_assert(status ? surface.linear[1] == before : surface.linear[1] != before);
    return status;
}

static eqml_status try_sigma(void)
{
    eqml_sigma s;
    eqml_status status = checked(eqml_sigma_create(&s, problem, &data, influence, 0, &message), &s, sizeof s);
    eqml_sigma_free(&s);
    return status;
}

static eqml_status try_design(void)
{
    const eqml_design_options o = {.gradient_weight = 1};
    eqml_design_choice choice[2];
    size_t found;
    eqml_status status = eqml_design(&sigma, &surface, data.n, data.xyz, &o, 2, choice, &found, &message);
    cr_assert(status ? !found : found == 2);
    return status;
}

static eqml_status try_coverage(void)
{
    eqml_coverage c;
    return eqml_sigma_coverage(&sigma, &surface, &data, NULL, &c);
}

static eqml_status try_sigma_write(void)
{
    return eqml_sigma_write(&sigma, &surface, sigma_path, &message);
}

static eqml_status try_sigma_read(void)
{
    eqml_sigma s;
    eqml_status status = checked(eqml_sigma_read(&s, &surface, sigma_path, &message), &s, sizeof s);
    eqml_sigma_free(&s);
    return status;
}

static eqml_status try_sigma_header(void)
{
    return eqml_sigma_write_header(&sigma, &surface, "h2o", "eqml.h", sigma_header_path, &message);
}

static eqml_status try_prune(void)
{
    eqml_ranking r;
    eqml_status status = checked(eqml_prune(problem, &r, &message), &r, sizeof r);
    eqml_ranking_free(&r);
    return status;
}

static eqml_status try_grow(void)
{
    eqml_ranking r;
    eqml_status status = checked(eqml_grow(problem, 0, 0, &r, &message), &r, sizeof r);
    eqml_ranking_free(&r);
    return status;
}

static eqml_status try_keep(void)
{
    eqml_subset s;
    eqml_status status =
        checked(eqml_keep(problem, &ranking, ranking.terms - 1, "kept", &s, &message), &s, sizeof s);
    eqml_subset_free(&s);
    return status;
}

static eqml_status try_basis_write(void)
{
    return eqml_basis_write(&h2_d4_basis, "made here", basis_path, &message);
}

static eqml_status try_rebase(void)
{
    eqml_surface s;
    eqml_status status = checked(eqml_surface_rebase(&h2_surface, &h2_d4_basis, &s, &message), &s, sizeof s);
    eqml_surface_free(&s);
    return status;
}

static eqml_status try_expansion_create(void)
{
    eqml_expansion x;
    eqml_status status = checked(eqml_expansion_create(&x, "H H O", 2, parts, &message), &x, sizeof x);
    eqml_expansion_free(&x);
    return status;
}

static eqml_status try_expansion_fit(void)
{
    const eqml_fit_options o = {.ridge = 1e-3, .reference = reference};
    return eqml_expansion_fit(&expansion, &data, &o, NULL, &message);
}

static eqml_status try_expansion_errors(void)
{
    eqml_errors e;
    return eqml_expansion_errors(&expansion, &data, NULL, &e);
}

static eqml_status try_expansion_write(void)
{
    return eqml_expansion_write(&expansion, expansion_path, &message);
}

static eqml_status try_expansion_read(void)
{
    eqml_expansion x;
    eqml_status status =
        checked(eqml_expansion_read(&x, expansion_path, 2, part_bases, &message), &x, sizeof x);
    eqml_expansion_free(&x);
    return status;
}

#endif
