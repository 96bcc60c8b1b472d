/* Fits of tensors: models in the span of the basis come back, origins and charges matter as documented. */
#define _POSIX_C_SOURCE 200809L
#include "tensors.h"

#include "h2o_d8.h"

static eqml_surface empty_surface(const subject *j)
{
    eqml_surface s;
    cr_assert_eq(eqml_surface_create(j->basis, model_variables(j), &s), EQML_OK);
    return s;
}

static eqml_errors errors_of(const eqml_surface *s, const eqml_data *data, const unsigned char *use)
{
    eqml_errors errors;
    cr_assert_eq(eqml_surface_errors(s, data, use, &errors), EQML_OK);
    return errors;
}

static double *xyz_of(const eqml_data *data, size_t g)
{
    return data->xyz + 3 * (size_t)data->natoms * g;
}

static double *tensor_in(const eqml_data *data, const subject *j, size_t g)
{
    return data->tensors[j->kind] + (size_t)components_of(j) * g;
}

/* The tensor of the model as a surface has it: a quadrupole about the centre of the reference atoms. */
static void expected_tensor(const subject *j, double charge, const double *xyz, double *value)
{
    double moved[XYZ_LIMIT], centre[3];
    reference_centre(j->basis, xyz, centre);
    for (int k = 0; k < 3 * j->basis->natoms; k++)
        moved[k] = xyz[k] - (j->kind == EQML_QUADRUPOLE ? centre[k % 3] : 0);
    model_tensor(j, charge, moved, value);
}

/* At geometries that were not in the fit. */
static void expect_model(const subject *j, const eqml_surface *s, double charge, double tolerance,
                         uint64_t *state)
{
    for (int fresh = 0; fresh < 10; fresh++) {
        double xyz[XYZ_LIMIT], value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT];
        draw_geometry(state, j->basis->natoms, xyz);
        j->value(&s->model, xyz, value);
        expected_tensor(j, charge, xyz, expected);
        expect_equal(components_of(j), value, expected, tolerance, label(j));
    }
}

/* ---- models come back ---- */

/* Also after a fit of energies, which shifts the factors; and where some geometries have no tensors. */
Test(tensor_fit, recovers_charges_and_bonds)
{
    enum { TERMS_LIMIT = 1000 }; /* the time grows with their third power */
    uint64_t state = 51;
    for (size_t k = 0; k < SUBJECTS; k++)
        for (int energies = 0; energies < 2; energies++) {
            const subject *j = subject_number(k);
            const eqml_tensor_basis *t = tensor_of(j);
            const double charge = energies ? (k % 2 ? 1 : -2) : 0;
            const size_t n = 5 * ((size_t)t->nterms / 5 + 12), rows = j->kind == EQML_DIPOLE ? 3 : 6;
            if (t->nterms > TERMS_LIMIT)
                continue;
            eqml_data data = model_data(j, charge, n, &state);
            eqml_surface s = empty_surface(j);
            eqml_fit_result result;
            if (energies)
                cr_assert_eq(eqml_fit(&s, &data, NULL, NULL, NULL), EQML_OK);
            cr_assert_eq(eqml_fit_tensor(&s, j->kind, &data, charge, NULL, &result, NULL), EQML_OK);
            cr_expect_eq(result.geometries, n / 5 * 4);
            cr_expect_eq(result.rows, t->nterms ? rows * (n / 5 * 4) : 0);
            cr_expect_eq(result.terms, t->nterms);
            cr_expect_eq(result.rank, t->nterms, "%s: rank %d of %d", label(j), result.rank, t->nterms);
            const eqml_errors errors = errors_of(&s, &data, NULL);
            cr_expect_eq(errors.tensors[j->kind], n / 5 * 4);
            cr_expect(errors.rmse_tensor[j->kind] < 1e-12, "%s: %g", label(j), errors.rmse_tensor[j->kind]);
            const bool nothing = j->basis->natoms == 2 && charge == 0 && j->kind != EQML_POLARIZABILITY;
            cr_expect(nothing || errors.rms_tensor[j->kind] > 0.1, "%s: %g", label(j),
                      errors.rms_tensor[j->kind]);
            expect_model(j, &s, charge, 1e-9, &state);
            eqml_surface_free(&s);
            eqml_data_free(&data);
        }
}

/* Moves a geometry; its tensors are those of the model at the new place. */
static void move(const subject *j, double charge, const double shift[3], eqml_data *data, size_t g)
{
    subject dipole = *j;
    dipole.kind = EQML_DIPOLE;
    for (int k = 0; k < 3 * data->natoms; k++)
        xyz_of(data, g)[k] += shift[k % 3];
    model_tensor(j, charge, xyz_of(data, g), tensor_in(data, j, g));
    model_tensor(&dipole, charge, xyz_of(data, g), data->tensors[EQML_DIPOLE] + 3 * g);
}

/* Neutral or not, near or far: with the dipoles, each geometry may be about an origin of its own. */
Test(tensor_fit, quadrupoles_may_be_about_any_origin)
{
    static const char *const names[] = {"h2o_tensors", "h3o_tensors", "ch4_tensors", "abc_tensors",
                                        "o2_tensors"};
    uint64_t state = 55;
    for (size_t k = 0; k < COUNT(names); k++)
        for (int charge = -1; charge < 2; charge++) {
            const subject *j = subject_of(names[k], EQML_QUADRUPOLE);
            const size_t n = (size_t)tensor_of(j)->nterms / 2 + 20;
            eqml_data data = model_data(j, charge, n, &state);
            for (size_t g = 0; g < n; g++) {
                const double shift[3] = {20 * draw_real(&state), 20 * draw_real(&state),
                                         20 * draw_real(&state)};
                move(j, charge, shift, &data, g);
                data.has[g] |= EQML_HAS_DIPOLE | EQML_HAS_QUADRUPOLE;
            }
            eqml_surface s = empty_surface(j);
            cr_assert_eq(eqml_fit_tensor(&s, j->kind, &data, charge, NULL, NULL, NULL), EQML_OK);
            const eqml_errors errors = errors_of(&s, &data, NULL);
            cr_expect_eq(errors.tensors[j->kind], n);
            cr_expect(errors.rmse_tensor[j->kind] < 1e-11, "%s: %g", label(j), errors.rmse_tensor[j->kind]);
            expect_model(j, &s, charge, 1e-8, &state);
            eqml_surface_free(&s);
            eqml_data_free(&data);
        }
}

/* About R, the centre of the smallest class of atoms, they are taken as they are, and need no dipole. */
Test(tensor_fit, quadrupoles_about_their_own_centre_need_no_dipole)
{
    uint64_t state = 56;
    for (size_t k = 0; k < SUBJECTS; k++) {
        const subject *j = subject_number(k);
        if (j->kind != EQML_QUADRUPOLE)
            continue;
        const size_t n = (size_t)tensor_of(j)->nterms / 2 + 20;
        eqml_data data = model_data(j, 1, n, &state);
        for (size_t g = 0; g < n; g++) {
            double shift[3];
            reference_centre(j->basis, xyz_of(&data, g), shift);
            for (int c = 0; c < 3; c++)
                shift[c] = -shift[c];
            move(j, 1, shift, &data, g);
            for (int c = 0; c < 3; c++)
                data.tensors[EQML_DIPOLE][3 * g + (size_t)c] = NAN; /* must not be looked at */
            data.has[g] = EQML_HAS_QUADRUPOLE;
        }
        eqml_surface s = empty_surface(j);
        cr_assert_eq(eqml_fit_tensor(&s, j->kind, &data, 1, NULL, NULL, NULL), EQML_OK);
        const eqml_errors errors = errors_of(&s, &data, NULL);
        cr_expect_eq(errors.tensors[EQML_QUADRUPOLE], n);
        cr_expect_eq(errors.tensors[EQML_DIPOLE], 0);
        cr_expect(errors.rmse_tensor[j->kind] < 1e-12, "%s: %g", label(j), errors.rmse_tensor[j->kind]);
        expect_model(j, &s, 1, 1e-8, &state);
        eqml_surface_free(&s);
        eqml_data_free(&data);
    }
}

/* ---- errors, charges and weights ---- */

/* The reported errors are those of a loop over the data, and over all nine components where the rank is 2. */
Test(tensor_fit, reports_its_errors)
{
    uint64_t state = 54;
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const subject *j = subject_of("h3o_tensors", (eqml_tensor)kind);
        const int dipole = kind == EQML_DIPOLE;
        eqml_data data = model_data(j, 1, 60, &state);
        eqml_surface s = random_surface(j->basis, variables, 1, &state);
        double error = 0, size = 0;
        int count = 0;
        for (size_t g = 0; g < data.n; g++) {
            double value[COMPONENTS_LIMIT], expected[COMPONENTS_LIMIT];
            j->value(&s.model, xyz_of(&data, g), value);
            expected_tensor(j, 1, xyz_of(&data, g), expected);
            for (int k = 0; k < (dipole ? 3 : 9) && (data.has[g] & (EQML_HAS_DIPOLE << kind)); k++) {
                const int c = dipole ? k : component[k / 3][k % 3];
                error += (value[c] - expected[c]) * (value[c] - expected[c]);
                size += expected[c] * expected[c];
                count++;
            }
        }
        const eqml_errors errors = errors_of(&s, &data, NULL);
        cr_expect_eq(errors.tensors[kind], 48);
        cr_expect_float_eq(errors.rmse_tensor[kind], sqrt(error / count), 1e-12 * errors.rmse_tensor[kind]);
        cr_expect_float_eq(errors.rms_tensor[kind], sqrt(size / count), 1e-12 * errors.rms_tensor[kind]);
        eqml_surface_free(&s);
        eqml_data_free(&data);
    }
}

/* With the wrong charge nothing fits that depends on it, as the molecules are not at the origin. */
Test(tensor_fit, keeps_the_charge_it_is_given)
{
    static const double shift[3] = {5, 5, 5};
    uint64_t state = 52;
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const subject *j = subject_of("h3o_tensors", (eqml_tensor)kind);
        eqml_data data = model_data(j, 1, 400, &state);
        for (size_t g = 0; g < data.n; g++)
            if (data.has[g] != EQML_HAS_ENERGY)
                move(j, 1, shift, &data, g);
        for (int charge = 0; charge < 3; charge++) {
            eqml_surface s = empty_surface(j);
            cr_assert_eq(eqml_fit_tensor(&s, j->kind, &data, charge, NULL, NULL, NULL), EQML_OK);
            cr_expect_eq(s.model.charge, charge);
            const double error = errors_of(&s, &data, NULL).rmse_tensor[kind];
            if (charge == 1 || kind == EQML_POLARIZABILITY)
                cr_expect(error < 1e-11, "%s: %g", label(j), error);
            else
                cr_expect(error > 1, "%s: %g", label(j), error);
            eqml_surface_free(&s);
        }
        eqml_data_free(&data);
    }
}

/* Geometries that are weighted down or left out matter less, or not at all. */
Test(tensor_fit, uses_what_it_is_told_to)
{
    uint64_t state = 53;
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const subject *j = subject_of("h2o_tensors", (eqml_tensor)kind);
        eqml_data data = model_data(j, 0, 200, &state);
        unsigned char use[200];
        eqml_fit_options options = {.use = use};
        eqml_fit_result result;
        eqml_surface s = empty_surface(j);
        for (size_t g = 0; g < data.n; g++) {
            use[g] = g % 2 == 0;
            if (!use[g])
                tensor_in(&data, j, g)[0] = 77;
        }
        cr_assert_eq(eqml_fit_tensor(&s, j->kind, &data, 0, &options, &result, NULL), EQML_OK);
        cr_expect_eq(result.geometries, 80);
        eqml_errors errors = errors_of(&s, &data, use);
        cr_expect_eq(errors.tensors[kind], 80);
        cr_expect(errors.rmse_tensor[kind] < 1e-12, "%s: %g", label(j), errors.rmse_tensor[kind]);
        for (size_t g = 0; g < data.n; g++)
            data.energy[g] = use[g] ? 0 : 1e12; /* weights 1 and 1e-12 */
        options.use = NULL;
        for (int weighted = 0; weighted < 2; weighted++) {
            options.energy_weight = weighted;
            cr_assert_eq(eqml_fit_tensor(&s, j->kind, &data, 0, &options, &result, NULL), EQML_OK);
            cr_expect_eq(result.geometries, 160);
            const double error = errors_of(&s, &data, use).rmse_tensor[kind];
            cr_expect(weighted ? error < 1e-6 : error > 1, "%s: %g", label(j), error);
        }
        eqml_surface_free(&s);
        eqml_data_free(&data);
    }
}

/* What is minimised counts each component that stands twice in the tensor twice. */
Test(tensor_fit, minimises_the_sum_over_all_components)
{
    uint64_t state = 57;
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const subject *j = subject_of("o3_tensors", (eqml_tensor)kind);
        const int nterms = tensor_of(j)->nterms;
        eqml_data data = model_data(j, 0, 40, &state);
        eqml_surface s = empty_surface(j);
        double *best = room((size_t)nterms, sizeof *best), *moved = room((size_t)nterms, sizeof *moved);
        for (size_t g = 0; g < data.n; g++)
            for (int c = 0; c < components_of(j); c++)
                tensor_in(&data, j, g)[c] += 0.1 * draw_real(&state);
        cr_assert_eq(eqml_fit_tensor(&s, j->kind, &data, 0, NULL, NULL, NULL), EQML_OK);
        eqml_surface_get_tensor(&s, j->kind, best);
        const double least = pow(errors_of(&s, &data, NULL).rmse_tensor[kind], 2);
        cr_expect(least > 1e-4);
        for (int k = 0; k < nterms; k++) { /* a parabola along any coefficient, with its lowest point here */
            double side[2];
            for (int way = 0; way < 2; way++) {
                memcpy(moved, best, (size_t)nterms * sizeof *best);
                moved[k] += way ? 1e-2 : -1e-2;
                eqml_surface_set_tensor(&s, j->kind, moved);
                side[way] = pow(errors_of(&s, &data, NULL).rmse_tensor[kind], 2) - least;
            }
            cr_expect(side[0] > 0 && side[1] > 0, "%s, term %d: %g %g", label(j), k, side[0], side[1]);
            cr_expect(fabs(side[0] - side[1]) <= 1e-5 * (side[0] + side[1]) + 1e-13 * least,
                      "%s, term %d: %g %g", label(j), k, side[0], side[1]);
        }
        free(best);
        free(moved);
        eqml_surface_free(&s);
        eqml_data_free(&data);
    }
}

/* ---- bad input ---- */

/* The fit fails with this status and these words, and leaves the charge as it was. */
static void expect_refused(const subject *j, const eqml_data *data, double charge, eqml_status status,
                           const char *words)
{
    eqml_surface s = empty_surface(j);
    eqml_message message = {""};
    cr_expect_eq(eqml_fit_tensor(&s, j->kind, data, charge, NULL, NULL, &message), status,
                 "%s, charge %g: \"%s\"", label(j), charge, message.text);
    cr_expect_not_null(strstr(message.text, words), "\"%s\" does not say \"%s\"", message.text, words);
    cr_expect_eq(s.model.charge, 0);
    cr_expect_eq(eqml_fit_tensor(&s, j->kind, data, charge, NULL, NULL, NULL), status);
    eqml_surface_free(&s);
}

Test(tensor_fit, refuses_bad_input)
{
    static const char *const missing[EQML_TENSORS] = {"--dipole", "--quadrupole", "--polarizability"};
    uint64_t state = 71;
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const subject *j = subject_of("h2o_tensors", (eqml_tensor)kind);
        eqml_data data = model_data(j, 1, 100, &state);
        eqml_surface without;
        eqml_message message = {""};
        char none[64];
        expect_refused(j, &data, 0.5, EQML_ERROR_ARGUMENT, "0.5");
        expect_refused(j, &data, NAN, EQML_ERROR_ARGUMENT, "whole number");
        expect_refused(j, &data, INFINITY, EQML_ERROR_ARGUMENT, "whole number");
        expect_refused(j, &data, -1e300, EQML_ERROR_ARGUMENT, "whole number");
        tensor_in(&data, j, 7)[1] = NAN; /* in a geometry that has it */
        expect_refused(j, &data, 1, EQML_ERROR_VALUE, eqml_tensor_name(j->kind));
        data.natoms = 4;
        expect_refused(j, &data, 1, EQML_ERROR_MATCH, "4 atoms");
        data.natoms = 3;
        memset(data.has, EQML_HAS_ENERGY, data.n);
        snprintf(none, sizeof none, "no geometry with a %s", eqml_tensor_name(j->kind));
        expect_refused(j, &data, 1, EQML_ERROR_EMPTY, none);
        cr_assert_eq(eqml_surface_create(&h2o_d8_basis, exponentials, &without), EQML_OK);
        cr_expect_eq(eqml_fit_tensor(&without, j->kind, &data, 1, NULL, NULL, &message), EQML_ERROR_ARGUMENT);
        cr_expect_not_null(strstr(message.text, missing[kind]), "%s", message.text);
        eqml_surface_free(&without);
        eqml_data_free(&data);
    }
}

/* Away from R without a dipole: the geometry is named; errors skip it. */
Test(tensor_fit, a_quadrupole_elsewhere_needs_a_dipole)
{
    const subject *j = subject_of("h2o_tensors", EQML_QUADRUPOLE);
    uint64_t state = 72;
    eqml_data data = model_data(j, 1, 100, &state);
    data.has[7] &= (unsigned char)~EQML_HAS_DIPOLE;
    expect_refused(j, &data, 1, EQML_ERROR_VALUE, "geometry 8 ");
    eqml_surface s = random_surface(j->basis, variables, 1, &state);
    cr_expect_eq(errors_of(&s, &data, NULL).tensors[EQML_QUADRUPOLE], 79);
    data.tensors[EQML_DIPOLE][3 * 2 + 1] = NAN; /* that would be moved with */
    data.has[7] |= EQML_HAS_DIPOLE;
    expect_refused(j, &data, 1, EQML_ERROR_VALUE, "quadrupole");
    eqml_surface_free(&s);
    eqml_data_free(&data);
}
