/* The choice of variables: what made the data is found, and what should not count does not. */
#define _POSIX_C_SOURCE 200809L
#include "ch4_d4.h"
#include "nh3_d5.h"
#include "surfaces.h"

#define POINTS 240

/* Data of a molecule that vibrates: distances by up to a third. */
static void shake(const eqml_surface *truth, eqml_data *d, uint64_t *state)
{
    const eqml_basis *b = truth->model.basis;
    const size_t size = 3 * (size_t)b->natoms;
    double *work = room((size_t)EQML_WORK_ONE(b->nslots, b->npairs), sizeof *work);
    for (size_t g = 0; g < d->n; g++) {
        for (int i = 0; i < b->natoms; i++)
            for (int k = 0; k < 3; k++) /* corners of a cube of 2.2 bohr, the last atom at its centre */
                d->xyz[g * size + 3 * (size_t)i + (size_t)k] =
                    0.35 * draw_real(state) + (i == b->natoms - 1        ? 0
                                               : (i + (k == i)) % 2 == 0 ? 1.1
                                                                         : -1.1);
        d->energy[g] = eqml_energy_gradient(&truth->model, d->xyz + g * size, d->gradient + g * size, work);
        d->has[g] = EQML_HAS_ENERGY | EQML_HAS_GRADIENT;
    }
    free(work);
}

/* A surface of low degree in these variables, so that other ones cannot give it. */
static eqml_surface low_surface(const eqml_basis *b, const eqml_variable *v, int degree, uint64_t *state)
{
    eqml_surface s = random_surface(b, v, state);
    for (int f = 0; f < b->nfactors; f++)
        if (b->degrees[f] > degree)
            s.linear[f] = 0;
    double *c = room((size_t)b->nterms, sizeof *c);
    eqml_surface_get(&s, c);
    int term = 0;
    for (int f = 0; f < b->nfactors; f++)
        term += !b->is_term || b->is_term[f];
    for (int r = 0; r < b->nruns; r++)
        for (int k = 0; k < b->runs[r][2]; k++, term++)
            if (b->degrees[b->runs[r][0]] + b->degrees[b->runs[r][1] + k] > degree)
                c[term] = 0;
    eqml_surface_set(&s, c);
    free(c);
    return s;
}

typedef struct truth {
    const eqml_basis *basis;
    eqml_variable variables[2]; /* H-H or the like, then bonds */
} truth;

static const truth truths[] = {
    {&nh3_d5_basis, {{EQML_MORSE, 5.0, NULL, NULL}, {EQML_MORSE, 1.6, NULL, NULL}}},
    {&nh3_d5_basis, {{EQML_MORSE, -3.0, NULL, NULL}, {EQML_MORSE, 2.5, NULL, NULL}}},
    {&ch4_d4_basis, {{EQML_MORSE, 2.0, NULL, NULL}, {EQML_MORSE, 1.2, NULL, NULL}}},
    {&ch4_d4_basis, {{EQML_MORSE, 2.0, NULL, NULL}, {EQML_POWER, 1.0, NULL, NULL}}},
};

/* 1/range, which goes through 0 where the variable is the distance itself. */
static double rate_of(const eqml_variable *v)
{
    return v->kind == EQML_MORSE ? 1 / v->range : 0;
}

static eqml_data data_of(const truth *t, uint64_t *state)
{
    eqml_surface s = low_surface(t->basis, t->variables, 3, state);
    eqml_data d = make_data(t->basis->natoms, POINTS);
    shake(&s, &d, state);
    eqml_surface_free(&s);
    return d;
}

static void choose(const eqml_basis *b, const eqml_data *d, const eqml_choice_options *o, eqml_variable *v,
                   eqml_choice *choice)
{
    eqml_message message;
    cr_assert_eq(eqml_choose_variables(b, d, o, v, choice, &message), EQML_OK, "%s", message.text);
}

/* Steps of the search are a sixteenth of the inverse mean distance: 0.03 per bohr or less. */
#define NEAR 0.1

Test(variables, what_made_the_data_is_found)
{
    for (size_t k = 0; k < COUNT(truths); k++) {
        const truth *t = &truths[k];
        uint64_t state = 88172645463325252u;
        eqml_data d = data_of(t, &state);
        eqml_variable found[2];
        eqml_choice choice;
        choose(t->basis, &d, NULL, found, &choice);
        for (int c = 0; c < 2; c++)
            cr_expect_float_eq(rate_of(&found[c]), rate_of(&t->variables[c]), NEAR,
                               "%zu: class %d: range %g, not %g", k, c, found[c].range,
                               t->variables[c].range);
        cr_expect_eq(choice.growing, (rate_of(&found[0]) <= 0) + (rate_of(&found[1]) <= 0));
        eqml_data_free(&d);
    }
}

/* The choice depends on training geometries alone, and on nothing that changes from run to run. */
Test(variables, test_data_do_not_count)
{
    uint64_t state = 88172645463325252u;
    eqml_data d = data_of(&truths[0], &state);
    unsigned char use[POINTS];
    eqml_fit_options fit = {.use = use};
    const eqml_choice_options o = {.fit = &fit};
    eqml_variable first[2], again[2];
    eqml_choice a, b;
    for (size_t g = 0; g < POINTS; g++)
        use[g] = g % 3 != 0;
    choose(truths[0].basis, &d, &o, first, &a);
    for (size_t g = 0; g < POINTS; g += 3) {
        d.energy[g] = draw_real(&state);
        d.xyz[12 * g] += 0.1;
    }
    choose(truths[0].basis, &d, &o, again, &b);
    for (int c = 0; c < 2; c++)
        cr_expect_eq(first[c].range, again[c].range);
    cr_expect_eq(a.rmse_energy, b.rmse_energy);
    cr_expect_eq(a.trials, b.trials);
    eqml_data_free(&d);
}

Test(variables, one_wrong_energy_does_not_count)
{
    uint64_t state = 88172645463325252u;
    eqml_data d = data_of(&truths[0], &state);
    eqml_variable found[2];
    d.has[7] = EQML_HAS_ENERGY; /* its gradient would tell */
    d.energy[7] += 0.01;
    choose(truths[0].basis, &d, NULL, found, NULL);
    for (int c = 0; c < 2; c++)
        cr_expect_float_eq(rate_of(&found[c]), rate_of(&truths[0].variables[c]), 2 * NEAR,
                           "class %d: range %g", c, found[c].range);
    eqml_data_free(&d);
}

Test(variables, fixed_ones_stay)
{
    uint64_t state = 88172645463325252u;
    eqml_data d = data_of(&truths[0], &state);
    static const unsigned char fixed[] = {1, 0};
    const eqml_choice_options o = {.fixed = fixed};
    eqml_variable v[2] = {{EQML_INVERSE, 0, NULL, NULL}, {EQML_USER, 0, NULL, NULL}};
    choose(truths[0].basis, &d, &o, v, NULL);
    cr_expect_eq(v[0].kind, EQML_INVERSE);
    cr_expect(v[1].kind == EQML_MORSE || v[1].kind == EQML_POWER);
    eqml_data_free(&d);
}

/* Where one geometry is pulled apart, nothing grows, although what made the data does. */
Test(variables, nothing_grows_where_atoms_part)
{
    uint64_t state = 88172645463325252u;
    eqml_data d = data_of(&truths[1], &state);
    eqml_variable found[2];
    eqml_choice choice;
    for (size_t g = 0; g < 3; g++) {
        d.xyz[12 * g] += 30;
        d.has[g] = EQML_HAS_ENERGY;
    }
    choose(truths[1].basis, &d, NULL, found, &choice);
    for (int c = 0; c < 2; c++)
        cr_expect(found[c].kind == EQML_MORSE && found[c].range > 0);
    cr_expect_eq(choice.growing, 0);
    eqml_data_free(&d);
}

/* With few geometries, or none with an energy, ranges are four times the mean distance. */
Test(variables, too_few_to_choose_by)
{
    uint64_t state = 88172645463325252u;
    eqml_data d = data_of(&truths[0], &state);
    const eqml_basis *b = truths[0].basis;
    for (int without = 0; without < 2; without++) {
        eqml_variable found[2];
        eqml_choice choice;
        double sum[2] = {0}, count[2] = {0};
        if (without)
            memset(d.has, EQML_HAS_DIPOLE, d.n);
        else
            d.n = 19;
        for (size_t g = 0; g < d.n; g++)
            for (int p = 0; p < b->npairs; p++) {
                double square = 0;
                for (int k = 0; k < 3; k++) {
                    const double *x = d.xyz + 12 * g + k;
                    square += (x[3 * b->pairs[p][0]] - x[3 * b->pairs[p][1]]) *
                              (x[3 * b->pairs[p][0]] - x[3 * b->pairs[p][1]]);
                }
                sum[b->pair_classes[p]] += sqrt(square), count[b->pair_classes[p]]++;
            }
        choose(b, &d, NULL, found, &choice);
        for (int c = 0; c < 2; c++) {
            cr_expect_eq(found[c].kind, EQML_MORSE);
            cr_expect_float_eq(found[c].range, 4 * sum[c] / count[c], 0.006 * found[c].range);
        }
        cr_expect_eq(choice.trials, 0);
    }
    eqml_data_free(&d);
}

/* Of noisy data a ridge is a cure, and is taken; what it leaves is not worse than no ridge by more than 2 %. */
Test(variables, a_ridge_costs_nearly_nothing)
{
    uint64_t state = 88172645463325252u;
    eqml_data d = data_of(&truths[0], &state);
    const eqml_basis *b = truths[0].basis;
    static const unsigned char fixed[] = {1, 1};
    const eqml_choice_options o = {.fixed = fixed, .choose_ridge = 1};
    unsigned char even[POINTS], odd[POINTS];
    double error[2];
    for (size_t g = 0; g < POINTS; g++) {
        even[g] = g % 2 == 0, odd[g] = !even[g];
        d.energy[g] += 1e-5 * draw_real(&state);
        d.has[g] = EQML_HAS_ENERGY;
    }
    eqml_variable v[] = {{EQML_MORSE, 5.0, NULL, NULL}, {EQML_MORSE, 1.6, NULL, NULL}};
    eqml_choice choice;
    choose(b, &d, &o, v, &choice);
    cr_expect(choice.ridge > 0, "%g", choice.ridge);
    for (int with = 0; with < 2; with++) {
        eqml_surface s = empty_surface(b, v);
        const eqml_fit_options fit = {.use = even, .energies_only = 1, .ridge = with ? choice.ridge : 0};
        cr_assert_eq(eqml_fit(&s, &d, &fit, NULL, NULL), EQML_OK);
        error[with] = errors_of(&s, &d, odd).rmse_energy;
        eqml_surface_free(&s);
    }
    cr_expect_lt(error[1], 1.02 * error[0]);
    eqml_data_free(&d);
}

Test(variables, what_fits_refuse_is_refused)
{
    uint64_t state = 88172645463325252u;
    eqml_data d = data_of(&truths[0], &state);
    eqml_variable found[2];
    eqml_message message;
    const eqml_fit_options negative = {.ridge = -1};
    const eqml_choice_options o = {.fit = &negative};
    cr_expect_eq(eqml_choose_variables(&nh3_d5_basis, &d, &o, found, NULL, &message), EQML_ERROR_ARGUMENT);
    cr_expect_eq(eqml_choose_variables(&ch4_d4_basis, &d, NULL, found, NULL, &message), EQML_ERROR_MATCH);
    d.n = 0;
    cr_expect_eq(eqml_choose_variables(&nh3_d5_basis, &d, NULL, found, NULL, &message), EQML_ERROR_EMPTY);
    d.n = POINTS;
    eqml_data_free(&d);
}
