/* Fits of potentials of neighbour clouds. */
#define _POSIX_C_SOURCE 200809L
#include "cloud_one.h"
#include "frames.h"

/* ---- rows and fits ---- */

/* Energy, forces and virial are linear in the coefficients: rows times coefficients, by two ways of derivation. */
Test(potential, rows_times_coefficients_are_energy_forces_and_virial)
{
    const eqml_cloud_basis *b = &cloud_two_basis;
    const size_t n = (size_t)b->nterms;
    double *coefficients = room(n, sizeof *coefficients), *row = room(n * (1 + 3 * EACH + 6), sizeof *row);
    const eqml_cloud_model model = random_model(b, coefficients, NULL);
    uint64_t state = 4;
    double xyz[EACH][3], cell[9] = {9, 0, 0, 1, 9, 0, 0, 1, 9}, energy, forces[3 * EACH], virial[6];
    int species[EACH];
    for (int i = 0; i < EACH; i++) {
        species[i] = i % 2;
        for (int d = 0; d < 3; d++)
            xyz[i][d] = 4.5 * (i >> d & 1) + 0.9 * draw_real(&state);
    }
    const eqml_configuration c = {EACH, &xyz[0][0], species, cell, NULL};
    eqml_cloud_workspace w = {0};
    const eqml_cloud_result result = {&energy, forces, virial, NULL};
    const eqml_cloud_rows rows = {row, row + n, row + n * (1 + 3 * EACH)};
    cr_assert_eq(eqml_cloud_evaluate(&model, &c, &w, &result, NULL), EQML_OK);
    cr_assert_eq(eqml_cloud_find_rows(b, &model.radial, &w.list, species, &w, &rows), EQML_OK);
    for (size_t r = 0; r < 1 + 3 * EACH + 6; r++) {
        const double expected = r == 0 ? energy : r <= 3 * EACH ? forces[r - 1] : virial[r - 1 - 3 * EACH];
        double sum = 0, size = 1e-6;
        for (size_t k = 0; k < n; k++) {
            sum += row[r * n + k] * coefficients[k];
            size += fabs(row[r * n + k] * coefficients[k]);
        }
        cr_expect_float_eq(sum, expected, 1e-12 * size, "row %zu: %g, expected %g", r, sum, expected);
    }
    eqml_cloud_workspace_free(&w);
    free(coefficients);
    free(row);
}

/* Data that come from a model are fitted to the last digits, and the model comes back through a file. */
Test(potential, a_model_is_found_again)
{
    const eqml_cloud_basis *b = &cloud_two_basis;
    const size_t n = (size_t)b->nterms;
    static const double atoms[] = {-1.5, -0.25};
    double *truth = room(n, sizeof *truth), *found = room(n, sizeof *found), *again = room(n, sizeof *again);
    double found_atoms[2], again_atoms[2];
    const eqml_cloud_model model = random_model(b, truth, atoms);
    char folder[TEMPORARY_PATH], path[512], pot[512];
    make_folder(folder);
    eqml_frames frames;
    eqml_message message;
    eqml_cloud_fit_result result;
    eqml_cloud_errors errors;
    snprintf(path, sizeof path, "%s/data.xyz", folder);
    snprintf(pot, sizeof pot, "%s/w.pot", folder);
    make_frames(&model, path, FRAMES);
    cr_assert_eq(eqml_frames_read(path, b->species, &frames, &message), EQML_OK, "%s", message.text);
    const eqml_cloud_fit_options options = {.virial_weight = 1};
    cr_assert_eq(
        eqml_cloud_fit(b, &model.radial, &frames, &options, found, found_atoms, NULL, &result, &message),
        EQML_OK, "%s", message.text);
    cr_expect_eq(result.frames, FRAMES);
    cr_expect_eq(result.rows, FRAMES * (1 + 3 * EACH + 6));
    eqml_cloud_model fitted = {b, model.radial, found, found_atoms, NULL};
    cr_assert_eq(eqml_cloud_find_errors(&fitted, &frames, NULL, &errors, &message), EQML_OK);
    cr_expect_eq(errors.energies, FRAMES);
    cr_expect_lt(errors.rmse_force, 1e-9);
    cr_expect_lt(errors.rmse_virial, 1e-8);
    eqml_pair_reference pairs[3] = {{.outer = 0}}, again_pairs[3];
    eqml_radial radial = {.function = NULL};
    for (int with = 0; with < 2; with++) {
        cr_assert_eq(eqml_cloud_write(&fitted, pot, &message), EQML_OK);
        cr_assert_eq(eqml_cloud_read(pot, b, &radial, again, again_atoms, again_pairs, &message), EQML_OK,
                     "%s", message.text);
        cr_expect_eq(memcmp(again_pairs, pairs, sizeof pairs), 0);
        cr_expect_eq(eqml_cloud_read(pot, b, &radial, again, again_atoms, NULL, &message),
                     with ? EQML_ERROR_MATCH : EQML_OK);
        cr_assert_eq(eqml_pair_zbl(74, 1, 1.5, 3, &pairs[1]), EQML_OK);
        fitted.pairs = pairs;
    }
    cr_expect_eq(memcmp(again, found, n * sizeof *again), 0);
    cr_expect_eq(memcmp(again_atoms, found_atoms, sizeof found_atoms), 0);
    cr_expect(radial.cutoff == model.radial.cutoff && radial.range == model.radial.range);
    cr_expect_eq(eqml_cloud_read(pot, &cloud_one_basis, &radial, again, again_atoms, again_pairs, &message),
                 EQML_ERROR_MATCH);
    cr_expect_not_null(strstr(message.text, "w.pot:2:"), "%s", message.text);
    eqml_frames_free(&frames);
    remove_folder(folder);
    free(truth);
    free(found);
    free(again);
}

/* ---- options of the fit -------------------------------------------------------------------------------- */

/* Made configurations, and room for fits. */
typedef struct made {
    char folder[TEMPORARY_PATH];
    eqml_frames frames;
    eqml_cloud_model truth;
    double *coefficients, *found, *other, atoms[2], found_atoms[2];
} made;

static const double made_atoms[2] = {-1.5, -0.25};

static void make_data(made *m, const eqml_pair_reference *pairs, int count)
{
    const eqml_cloud_basis *b = &cloud_two_basis;
    eqml_message message;
    char path[512];
    m->coefficients = room(3 * (size_t)b->nterms, sizeof *m->coefficients);
    m->found = m->coefficients + b->nterms;
    m->other = m->found + b->nterms;
    m->truth = random_model(b, m->coefficients, made_atoms);
    m->truth.pairs = pairs;
    make_folder(m->folder);
    snprintf(path, sizeof path, "%s/data.xyz", m->folder);
    make_frames(&m->truth, path, count);
    cr_assert_eq(eqml_frames_read(path, b->species, &m->frames, &message), EQML_OK, "%s", message.text);
}

static void free_data(made *m)
{
    eqml_frames_free(&m->frames);
    remove_folder(m->folder);
    free(m->coefficients);
}

static void fit_made(made *m, const eqml_cloud_fit_options *o, double *found)
{
    eqml_message message;
    cr_assert_eq(eqml_cloud_fit(&cloud_two_basis, &m->truth.radial, &m->frames, o, found, m->found_atoms,
                                NULL, NULL, &message),
                 EQML_OK, "%s", message.text);
}

static void expect_equal_fits(const double *a, const double *b, double tolerance)
{
    for (int k = 0; k < cloud_two_basis.nterms; k++)
        cr_expect_float_eq(a[k], b[k], tolerance, "coefficient %d: %g and %g", k, a[k], b[k]);
}

/* What is beneath the fit is subtracted from the data, and belongs to the potential. */
Test(potential, the_fit_is_to_what_pairs_and_free_atoms_leave)
{
    eqml_pair_reference pairs[3];
    made m;
    for (int k = 0; k < 3; k++)
        cr_assert_eq(eqml_pair_zbl(k ? 74 : 1, k == 1 ? 1 : 74, 3, 6.5, &pairs[k]), EQML_OK);
    make_data(&m, pairs, FRAMES);
    const eqml_cloud_fit_options options = {.virial_weight = 1, .pairs = pairs, .atoms = made_atoms};
    eqml_cloud_errors e, bare;
    fit_made(&m, &options, m.found);
    cr_expect(m.found_atoms[0] == made_atoms[0] && m.found_atoms[1] == made_atoms[1]);
    eqml_cloud_model fitted = {&cloud_two_basis, m.truth.radial, m.found, m.found_atoms, pairs};
    cr_assert_eq(eqml_cloud_find_errors(&fitted, &m.frames, NULL, &e, NULL), EQML_OK);
    cr_expect_lt(e.rmse_energy, 1e-9);
    cr_expect_lt(e.rmse_force, 1e-9);
    cr_expect_lt(e.rmse_virial, 1e-8);
    cr_expect_float_eq(e.virial_sign, 1, 1e-9);
    fitted.pairs = NULL;
    cr_assert_eq(eqml_cloud_find_errors(&fitted, &m.frames, NULL, &bare, NULL), EQML_OK);
    cr_expect_gt(bare.rmse_force, 1e-4);
    free_data(&m);
}

/* A configuration of weight 0 is left out; the scale of all weights plays no part, a penalty included. */
Test(potential, weights_of_configurations)
{
    double weights[FRAMES][EQML_CLOUD_KINDS];
    unsigned char use[FRAMES];
    made m;
    make_data(&m, NULL, FRAMES);
    for (int k = 0; k < FRAMES; k++) {
        use[k] = k % 3 != 1;
        for (int j = 0; j < EQML_CLOUD_KINDS; j++)
            weights[k][j] = use[k] ? 4 : 0;
    }
    eqml_cloud_fit_options options = {
        .virial_weight = 2, .ridge = 1e-4, .smoothness = 2, .use = use, .atoms = made_atoms};
    fit_made(&m, &options, m.found);
    options.use = NULL;
    options.weights = (const double(*)[EQML_CLOUD_KINDS])weights;
    fit_made(&m, &options, m.other);
    expect_equal_fits(m.found, m.other, 1e-10);
    for (int k = 0; k < FRAMES; k++)
        weights[k][EQML_CLOUD_FORCES] = 0.25; /* the same as heavier energies and virials */
    fit_made(&m, &options, m.found);
    for (int k = 0; k < FRAMES; k++)
        for (int j = 0; j < EQML_CLOUD_KINDS; j++)
            weights[k][j] = j == EQML_CLOUD_FORCES || use[k] ? 1 : 0;
    options.energy_weight = 1600;
    options.virial_weight = 32;
    fit_made(&m, &options, m.other);
    expect_equal_fits(m.found, m.other, 1e-10);
    free_data(&m);
}

/* An anchor is a configuration whose energy weighs as if energies had the weight 1; use[k] does not ask it. */
Test(potential, anchors_are_configurations_beside_the_data)
{
    double weights[FRAMES][EQML_CLOUD_KINDS];
    unsigned char use[FRAMES], anchors[FRAMES];
    made m;
    make_data(&m, NULL, FRAMES);
    for (int k = 0; k < FRAMES; k++) {
        anchors[k] = k % 3 == 1;
        use[k] = !anchors[k];
        m.frames.energy[k] += anchors[k] ? 1e-3 * k : 0; /* else the data were exact, and weights nothing */
        for (int j = 0; j < EQML_CLOUD_KINDS; j++)
            weights[k][j] = !anchors[k] ? 1 : j == EQML_CLOUD_ENERGY ? 0.25 / 1600 : 0.25;
    }
    eqml_cloud_fit_options options = {.energy_weight = 1600,
                                      .virial_weight = 1,
                                      .use = use,
                                      .atoms = made_atoms,
                                      .anchors = anchors,
                                      .anchor_weight = 0.25};
    const eqml_cloud_fit_options plain = {.energy_weight = 1600,
                                          .virial_weight = 1,
                                          .atoms = made_atoms,
                                          .weights = (const double(*)[EQML_CLOUD_KINDS])weights};
    double moved = 0;
    fit_made(&m, &options, m.found);
    fit_made(&m, &plain, m.other);
    expect_equal_fits(m.found, m.other, 1e-10);
    options.anchors = NULL;
    fit_made(&m, &options, m.other);
    for (int k = 0; k < cloud_two_basis.nterms; k++)
        moved = fmax(moved, fabs(m.found[k] - m.other[k]));
    cr_expect_gt(moved, 1e-6);
    eqml_cloud_errors e;
    options.anchors = anchors;
    cr_assert_eq(
        eqml_cloud_cross_validate(&cloud_two_basis, &m.truth.radial, &m.frames, &options, 5, &e, NULL),
        EQML_OK);
    cr_expect_eq(e.energies, FRAMES - FRAMES / 3, "none is held back");
    free_data(&m);
}

/* As many terms up to a level as a basis of that level has; heavier l, fewer terms. */
Test(potential, levels_of_terms)
{
    double level[256];
    int below = 0;
    cr_assert_eq(cloud_one_basis.nterms, 156); /* level 10 */
    cr_assert_eq(eqml_cloud_levels(&cloud_one_basis, 1.5, level), EQML_OK);
    for (int k = 0; k < 156; k++) {
        cr_expect(level[k] >= 1 && level[k] <= 10);
        below += level[k] <= 8;
    }
    cr_expect_eq(below, 69); /* level 8 */
}

/* Each part of exact data is predicted by the others; the cutoff of a model is found again. */
Test(potential, cross_validation_of_exact_data)
{
    made m;
    make_data(&m, NULL, FRAMES);
    eqml_cloud_errors e;
    eqml_message message;
    eqml_cloud_fit_options fit = {.virial_weight = 1, .ridge = 1e-12};
    cr_assert_eq(
        eqml_cloud_cross_validate(&cloud_two_basis, &m.truth.radial, &m.frames, &fit, 5, &e, &message),
        EQML_OK, "%s", message.text);
    cr_expect_eq(e.energies, FRAMES);
    cr_expect_eq(e.forces, FRAMES);
    cr_expect_lt(e.rmse_force, 1e-6);
    const eqml_cloud_choice_options options = {.cutoff = 1, .parts = 3};
    eqml_radial radial = {.cutoff = m.truth.radial.cutoff * exp(0.14), .range = m.truth.radial.range},
                again = radial;
    eqml_cloud_choice choice;
    cr_assert_eq(eqml_cloud_choose(&cloud_two_basis, &m.frames, &options, &radial, &fit, &choice, &message),
                 EQML_OK, "%s", message.text);
    cr_expect_float_eq(radial.cutoff, m.truth.radial.cutoff, 0.005 * radial.cutoff);
    cr_expect_gt(choice.trials, 2);
    cr_assert_eq(eqml_cloud_choose(&cloud_two_basis, &m.frames, &options, &again, &fit, NULL, &message),
                 EQML_OK);
    cr_expect(again.cutoff == radial.cutoff && again.range == radial.range);
    double score[8];
    int level, terms[8];
    cr_assert_eq(eqml_cloud_choose_level(&cloud_two_basis, &m.truth.radial, &m.frames, &fit, 2, 7, &level,
                                         score, terms, &message),
                 EQML_OK, "%s", message.text);
    cr_expect_eq(level, 7); /* with fewer terms the data are not exact */
    cr_expect_eq(terms[7], cloud_two_basis.nterms);
    cr_expect(terms[4] < terms[5] && score[7] < score[4]);
    free_data(&m);
}

/* The sum of the logarithms of the squared diagonal of F: minus log det of the information. */
static double log_determinant(const eqml_sigma *s)
{
    const double *row = s->matrix;
    double sum = 0;
    for (int i = 0; i < s->terms; i++) {
        sum += 2 * log(fabs(row[i]));
        row += eqml__sigma_length(s, i / EQML__SIGMA_ROWS * EQML__SIGMA_ROWS);
    }
    return sum;
}

/* A potential of one species, as which all atoms count: with more, terms of pairs are there twice, around either. */
static void grade_made(made *m, eqml_cloud_model *small, const eqml_cloud_fit_options *o,
                       eqml_cloud_grader *g)
{
    eqml_message message;
    eqml_lsq *triangle;
    *small = (eqml_cloud_model){&cloud_one_basis, m->truth.radial, m->found, m->found_atoms, NULL};
    cr_assert_eq(eqml_cloud_fit(small->basis, &small->radial, &m->frames, o, m->found, m->found_atoms,
                                &triangle, NULL, &message),
                 EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_cloud_grader_create(g, small, triangle, &m->frames, o->use, 0, &message), EQML_OK, "%s",
                 message.text);
    eqml_lsq_free(triangle);
}

/* Grades are at most 1 in the training data and beyond it elsewhere; what configurations gain is what their rows do to
 * the determinant of a fit with them. */
Test(potential, grades_and_designs)
{
    made m;
    eqml_cloud_grader few, all;
    eqml_cloud_model small;
    eqml_message message;
    eqml_design_choice choice[FRAMES];
    eqml_cloud_workspace w = {0};
    unsigned char use[FRAMES];
    double grade[EACH], top = 0, beyond = 0, xyz[EACH][3], gains = 0;
    size_t found;
    make_data(&m, NULL, FRAMES);
    for (int k = 0; k < FRAMES; k++)
        use[k] = k < FRAMES - 5;
    for (size_t i = 0; i < m.frames.natoms; i++)
        m.frames.species[i] = 0;
    const eqml_cloud_fit_options options = {.use = use, .energy_weight = 7};
    grade_made(&m, &small, &options, &few);
    for (size_t k = 0; k < FRAMES - 5; k++) {
        const eqml_configuration c = eqml_frame(&m.frames, k);
        cr_assert_eq(eqml_cloud_find_grades(&few, &small, &c, &w, grade, NULL), EQML_OK);
        for (int i = 0; i < EACH; i++)
            top = grade[i] > top ? grade[i] : top;
    }
    cr_expect_float_eq(top, 1, 1e-9);
    eqml_configuration near = eqml_frame(&m.frames, 0); /* atoms come closer than in any of these */
    memcpy(xyz, near.xyz, sizeof xyz);
    for (int d = 0; d < 3; d++)
        xyz[1][d] = xyz[0][d] + 0.3 * (xyz[1][d] - xyz[0][d]);
    near.xyz = &xyz[0][0];
    cr_assert_eq(eqml_cloud_find_grades(&few, &small, &near, &w, grade, NULL), EQML_OK);
    for (int i = 0; i < EACH; i++)
        beyond = grade[i] > beyond ? grade[i] : beyond;
    cr_expect_gt(beyond, 1, "%g", beyond);
    /* the pool: the five that were left out */
    eqml_frames pool = m.frames;
    pool.n = 5;
    pool.first = m.frames.first + FRAMES - 5;
    pool.cell = m.frames.cell + (size_t)9 * (FRAMES - 5);
    pool.pbc = m.frames.pbc + (size_t)3 * (FRAMES - 5);
    cr_assert_eq(eqml_cloud_design(&few, &small, &pool, &options, 1, 5, choice, &found, &message), EQML_OK,
                 "%s", message.text);
    cr_assert_eq(found, 5);
    for (size_t k = 0; k < 5; k++) {
        gains += choice[k].gain;
        cr_expect(k == 0 || choice[k].gain <= choice[k - 1].gain * (1 + 1e-9));
    }
    const eqml_cloud_fit_options whole = {.energy_weight = 7};
    grade_made(&m, &small, &whole, &all);
    cr_expect_float_eq(gains, log_determinant(&few.variance) - log_determinant(&all.variance), 1e-6 * gains);
    eqml_cloud_grader_free(&few);
    eqml_cloud_grader_free(&all);
    eqml_cloud_workspace_free(&w);
    free_data(&m);
}

/* Data with normal noise: half of them say how large errors are, and the errors of the others are so. */
Test(potential, deviations_are_those_of_the_errors)
{
    enum { MANY = 80 };
    const double noise[2] = {2e-4, 1e-3}; /* of energies over atoms, hartree; of forces, hartree/bohr */
    made m;
    eqml_cloud_grader g;
    eqml_cloud_model small;
    eqml_cloud_sigma sigma;
    eqml_coverage coverage[2];
    eqml_message message;
    unsigned char use[2][MANY];
    double tail[2], mean[2];
    uint64_t state = 8;
    make_data(&m, NULL, MANY);
    for (size_t k = 0; k < MANY; k++) {
        use[0][k] = k % 2 == 0;
        use[1][k] = k % 2 == 1;
    }
    for (size_t i = 0; i < m.frames.natoms; i++)
        m.frames.species[i] = 0;
    const eqml_cloud_fit_options options = {.use = use[0], .ridge = 1e-9};
    /* what a model of one species makes of these, and noise (twelve uniform numbers, of variance 4), are the data */
    grade_made(&m, &small, &options, &g);
    for (size_t k = 0; k < MANY; k++) {
        const eqml_configuration c = eqml_frame(&m.frames, k);
        eqml_cloud_workspace w = {0};
        double energy, forces[3 * EACH];
        const eqml_cloud_result result = {&energy, forces, NULL, NULL};
        cr_assert_eq(eqml_cloud_evaluate(&small, &c, &w, &result, NULL), EQML_OK);
        for (int d = 0; d < 12; d++)
            energy += EACH * noise[0] * draw_real(&state) / 2;
        m.frames.energy[k] = energy;
        for (int i = 0; i < 3 * EACH; i++) {
            m.frames.forces[3 * m.frames.first[k] + (size_t)i] = forces[i];
            for (int d = 0; d < 12; d++)
                m.frames.forces[3 * m.frames.first[k] + (size_t)i] += noise[1] * draw_real(&state) / 2;
        }
        eqml_cloud_workspace_free(&w);
    }
    eqml_cloud_grader_free(&g);
    eqml_lsq *triangle;
    cr_assert_eq(eqml_cloud_fit(small.basis, &small.radial, &m.frames, &options, m.found, m.found_atoms,
                                &triangle, NULL, &message),
                 EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_cloud_grader_create(&g, &small, triangle, &m.frames, use[0], 0, &message), EQML_OK);
    cr_assert_eq(
        eqml_cloud_calibrate(&sigma, &g, &small, triangle, &m.frames, &options, use[0], 30, &message),
        EQML_OK, "%s", message.text);
    cr_expect_eq(sigma.left_out, 30);
    cr_assert_eq(eqml_cloud_coverage(&sigma, &small, &m.frames, use[1], coverage, tail, mean, &message),
                 EQML_OK, "%s", message.text);
    cr_expect_eq(coverage[0].energies, MANY / 2);
    cr_expect_eq(coverage[1].energies, MANY / 2 * 3 * EACH);
    eqml_cloud_errors e;
    cr_assert_eq(eqml_cloud_find_errors(&small, &m.frames, use[1], &e, &message), EQML_OK);
    cr_expect(mean[0] > e.rmse_energy / 3 && mean[0] < 3 * e.rmse_energy, "%g %g", mean[0], e.rmse_energy);
    cr_expect(mean[1] > e.rmse_force / 3 && mean[1] < 3 * e.rmse_force, "%g %g", mean[1], e.rmse_force);
    cr_expect(coverage[0].within[0] > 0.4 && coverage[0].within[1] > 0.75, "%g %g", coverage[0].within[0],
              coverage[0].within[1]);
    cr_expect(fabs(coverage[1].within[0] - 0.683) < 0.08 && fabs(coverage[1].within[1] - 0.954) < 0.04,
              "%g %g", coverage[1].within[0], coverage[1].within[1]);
    cr_expect(fabs(sigma.tail[1] - 2) < 0.4, "the noise is normal: %g", sigma.tail[1]);
    cr_expect(fabs(tail[1] - 0.9545) < 0.04, "%g", tail[1]);
    cr_expect_eq(
        eqml_cloud_calibrate(&sigma, &g, &small, triangle, &m.frames, &options, use[0], 10, &message),
        EQML_ERROR_EMPTY);
    eqml_lsq_free(triangle);
    eqml_cloud_grader_free(&g);
    free_data(&m);
}
