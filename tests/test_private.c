/*
 * The implementation of eqml.h with an allocator that fails on demand, private to this file: every allocation
 * is refused once, and each time the call must say so and give back what it had.
 */
#define _POSIX_C_SOURCE 200809L
#include "limited.h"
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "eqml.h"

#include "tries.h"
#include "tries_clouds.h"

/* ---- memory ---- */

static const struct {
    const char *name;
    eqml_status (*call)(void);
    int silent;         /* no message is given */
    const char *writes; /* a file that must be as it was after a refusal */
} calls[] = {{"eqml_data_read", try_read, 0, NULL},
             {"eqml_data_read_as", try_read_as, 0, NULL},
             {"eqml_data_match_order", try_match_order, 0, NULL},
             {"eqml_data_match", try_match, 0, NULL},
             {"eqml_lsq_create", try_lsq_create, 1, NULL},
             {"eqml_lsq_gather", try_lsq_gather, 1, NULL},
             {"eqml_lsq_add", try_lsq_solve, 1, NULL},
             {"eqml_lsq_solve", try_lsq_solve, 1, NULL},
             {"eqml_lsq_save", try_lsq_save, 0, NULL},
             {"eqml_lsq_load", try_lsq_save, 0, NULL},
             {"eqml_lsq_merge", try_lsq_save, 0, NULL},
             {"eqml_surface_create", try_create, 1, NULL},
             {"eqml_fit", try_fit, 0, NULL},
             {"eqml_fit", try_fit_difference, 0, NULL},
             {"eqml_fit", try_checkpoint, 0, lsq_path},
             {"eqml_fit", try_resume, 0, NULL},
             {"eqml_fit_tensor", try_dipole, 0, NULL},
             {"eqml_fit_tensor", try_quadrupole, 0, NULL},
             {"eqml_fit_tensor", try_polarizability, 0, NULL},
             {"eqml_surface_errors", try_errors, 1, NULL},
             {"eqml_surface_set_wall", try_wall, 0, NULL},
             {"eqml_potential_errors", try_potential_errors, 1, NULL},
             {"eqml_surface_write", try_write, 0, pes_path},
             {"eqml_surface_read", try_read_surface, 0, NULL},
             {"eqml_surface_read", try_open_surface, 0, NULL},
             {"eqml_surface_write_header", try_write_header, 0, header_path},
             {"eqml_problem_create", try_problem, 0, NULL},
             {"eqml_diagnose", try_diagnose, 0, NULL},
             {"eqml_find_causes", try_causes, 1, NULL},
             {"eqml_fit_robust", try_robust, 0, NULL},
             {"eqml_choose_variables", try_choose, 0, NULL},
             {"eqml_choose_degree", try_choose_degree, 0, NULL},
             {"eqml_sigma_create", try_sigma, 0, NULL},
             {"eqml_sigma_coverage", try_coverage, 1, NULL},
             {"eqml_sigma_write", try_sigma_write, 0, sigma_path},
             {"eqml_sigma_read", try_sigma_read, 0, NULL},
             {"eqml_sigma_write_header", try_sigma_header, 0, sigma_header_path},
             {"eqml_penalise", try_penalise, 0, NULL},
             {"eqml_design", try_design, 0, NULL},
             {"eqml_prune", try_prune, 0, NULL},
             {"eqml_grow", try_grow, 0, NULL},
             {"eqml_keep", try_keep, 0, NULL},
             {"eqml_basis_write", try_basis_write, 0, basis_path},
             {"eqml_basis_read", try_basis_read, 0, NULL},
             {"eqml_surface_rebase", try_rebase, 0, NULL},
             {"eqml_expansion_create", try_expansion_create, 0, NULL},
             {"eqml_expansion_fit", try_expansion_fit, 0, NULL},
             {"eqml_expansion_errors", try_expansion_errors, 1, NULL},
             {"eqml_expansion_write", try_expansion_write, 0, expansion_path},
             {"eqml_expansion_read", try_expansion_read, 0, NULL},
             {"eqml_neighbours_find", try_neighbours, 0, NULL},
             {"eqml_frames_read", try_frames, 0, NULL},
             {"eqml_points_describe", try_points, 1, NULL},
             {"eqml_cloud_term_kinds", try_term_kinds, 1, NULL},
             {"eqml_cloud_fit", try_cloud_fit, 0, NULL},
             {"eqml_cloud_find_errors", try_cloud_errors, 0, NULL},
             {"eqml_cloud_choose", try_cloud_choose, 0, NULL},
             {"eqml_cloud_choose_level", try_cloud_level, 0, NULL},
             {"eqml_cloud_cross_validate", try_cloud_validate, 0, NULL},
             {"eqml_frames_append", try_append, 0, NULL},
             {"eqml_cloud_grader_create", try_grader, 0, NULL},
             {"eqml_cloud_design", try_cloud_design, 0, NULL},
             {"eqml_cloud_calibrate", try_calibrate, 0, NULL},
             {"eqml_cloud_coverage", try_cloud_coverage, 0, NULL},
             {"eqml_cloud_write_grades", try_write_grades, 0, header_path},
             {"eqml_pair_zbl", try_zbl, 1, NULL},
             {"eqml_pair_fit", try_pair_fit, 1, NULL},
             {"eqml_cloud_levels", try_levels, 1, NULL},
             {"eqml_frames_read_as", try_frames_as, 0, NULL},
             {"eqml_cloud_write", try_cloud_write, 0, potential_path},
             {"eqml_cloud_read", try_cloud_read, 0, NULL},
             {"eqml_skin_update", try_skin, 0, NULL},
             {"eqml_cloud_write_header", try_cloud_header, 0, header_path}};

/* Frames of water with all that a file can hold. */
static void write_frames(void)
{
    uint64_t state = 5;
    FILE *out = fopen(data_path, "w");
    cr_assert_not_null(out);
    for (int g = 0; g < FRAMES; g++) {
        double xyz[9];
        draw_geometry(&state, 3, xyz);
        fprintf(out, "3\nProperties=species:S:1:pos:R:3:forces:R:3 energy=%.6f dipole=\"%.6f 0.1 0.2\" ",
                draw_real(&state), draw_real(&state));
        fprintf(out, "quadrupole=\"0.1 0.2 %.6f 0 0.3 -0.1\" polarizability=\"7 0.1 0.2 8 %.6f 9\"\n",
                draw_real(&state), draw_real(&state));
        for (int i = 0; i < 3; i++)
            fprintf(out, "%s %.6f %.6f %.6f 0.1 0.2 %.6f\n", i < 2 ? "H" : "O", xyz[3 * i], xyz[3 * i + 1],
                    xyz[3 * i + 2], draw_real(&state));
    }
    cr_assert_eq(fclose(out), 0);
}

static int exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void refuse_each_allocation(size_t k)
{
    const size_t before = alive;
    eqml_status status = EQML_ERROR_MEMORY;
    for (size_t limit = 0; status; limit++) {
        cr_assert_lt(limit, 500);
        if (calls[k].writes)
            remove(calls[k].writes);
        used = 0;
        allowed = limit;
        message.text[0] = 0;
        status = calls[k].call();
        allowed = SIZE_MAX;
        cr_assert_eq(alive, before, "%s, allocation %zu: memory is lost", calls[k].name, limit);
        cr_assert_eq(status, used > limit ? EQML_ERROR_MEMORY : EQML_OK, "%s, allocation %zu: %s, %s",
                     calls[k].name, limit, eqml_status_text(status), message.text);
        if (status && !calls[k].silent)
            cr_assert_not_null(strstr(message.text, "memory"), "%s, allocation %zu: \"%s\"", calls[k].name,
                               limit, message.text);
        if (calls[k].writes)
            cr_assert_eq(exists(calls[k].writes), !status, "%s, allocation %zu: a file without its end",
                         calls[k].name, limit);
    }
    cr_assert(calls[k].call == try_match || calls[k].call == try_match_order || calls[k].call == try_zbl ||
                  calls[k].call == try_pair_fit || used > 0,
              "%s allocates nothing", calls[k].name);
}

Test(memory, every_refusal_is_reported_and_nothing_is_lost)
{
    make_folder(folder);
    snprintf(data_path, sizeof data_path, "%s/a.xyz", folder);
    snprintf(pes_path, sizeof pes_path, "%s/a.pes", folder);
    snprintf(header_path, sizeof header_path, "%s/a.h", folder);
    snprintf(sigma_path, sizeof sigma_path, "%s/a.sigma", folder);
    snprintf(sigma_header_path, sizeof sigma_header_path, "%s/a_sigma.h", folder);
    snprintf(basis_path, sizeof basis_path, "%s/h2.basis", folder);
    snprintf(expansion_path, sizeof expansion_path, "%s/expansion.pes", folder);
    snprintf(lsq_path, sizeof lsq_path, "%s/fit.lsq", folder);
    snprintf(orders_path, sizeof orders_path, "%s/orders.xyz", folder);
    write_file(orders_path, "2\n-1\nH 0 0 0\nO 0 0 1\n2\n-1\nO 0 0 0\nH 0 0 1\n");
    snprintf(potential_path, sizeof potential_path, "%s/water.pot", folder);
    write_frames();
    cr_assert_eq(eqml_data_read(data_path, &data, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_frames_read(data_path, "O H", &frames, &message), EQML_OK, "%s", message.text);
    cr_assert_leq(cloud_water_basis.nterms, 64);
    cr_assert_eq(try_match(), EQML_OK);
    cr_assert_eq(eqml_surface_create(&h2o_d2_tensors_basis, inverse, &surface), EQML_OK);
    cr_assert_eq(eqml_surface_create(&h2_d4_basis, inverse, &h2_surface), EQML_OK);
    cr_assert_eq(eqml_expansion_create(&expansion, "H H O", 2, parts, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_problem_create(&problem, &surface, &data, NULL, NULL, &message), EQML_OK, "%s",
                 message.text);
    cr_assert_eq(eqml_diagnose(problem, &surface, &data, NULL, NULL, influence, &message), EQML_OK);
    cr_assert_eq(eqml_sigma_create(&sigma, problem, &data, influence, 0, &message), EQML_OK, "%s",
                 message.text);
    cr_assert_eq(eqml_prune(problem, &ranking, &message), EQML_OK, "%s", message.text);
    cr_assert_gt(ranking.terms, 3);
    for (size_t k = 0; k < COUNT(calls); k++)
        refuse_each_allocation(k);
    cr_assert_eq(run("test \"$(LC_ALL=C ls '%s' | tr '\n' ' ')\" = 'a.h a.pes a.sigma a.xyz a_sigma.h "
                     "expansion.pes fit.lsq "
                     "h2.basis orders.xyz water.pot '",
                     folder)
                     .status,
                 0);
    eqml_sigma_free(&sigma);
    eqml_ranking_free(&ranking);
    eqml_problem_free(problem);
    eqml_expansion_free(&expansion);
    eqml_surface_free(&h2_surface);
    eqml_surface_free(&surface);
    eqml_data_free(&data);
    eqml_frames_free(&frames);
    cr_assert_eq(alive, 0);
    remove_folder(folder);
}

/* A new function that can fail must join the list. */
Test(memory, all_public_functions_are_tried)
{
    static const char status[] = "EQML_API eqml_status ";
    char *text = read_whole("eqml.h"), *at = text;
    size_t found = 0;
    for (; (at = strstr(at, status)) != NULL; found++) {
        size_t k = 0;
        at += strlen(status);
        const size_t length = strcspn(at, "(");
        while (k < COUNT(calls) &&
               (strlen(calls[k].name) != length || memcmp(calls[k].name, at, length) != 0))
            k++;
        cr_assert_lt(k, COUNT(calls), "%.*s is not tried without memory", (int)length, at);
    }
    cr_assert_gt(found, 20);
    free(text);
}

/* ---- sizes ---- */

/* What is told beforehand is what a system and its solution take. */
Test(memory, of_a_system_is_known_beforehand)
{
    enum { COLUMNS = 200, ROWS = 300 };
    static double x[COLUMNS];
    uint64_t state = 3;
    for (int ridge = 0; ridge < 2; ridge++) {
        const eqml_lsq_options o = {.ridge = ridge ? 1e-6 : 0};
        eqml_lsq *lsq;
        asked = 0;
        cr_assert_eq(eqml_lsq_create(&lsq, COLUMNS, 1), EQML_OK);
        for (int i = 0; i < ROWS; i++) {
            double *row = eqml_lsq_row(lsq);
            for (int k = 0; k <= COLUMNS; k++)
                row[k] = draw_real(&state);
            cr_assert_eq(eqml_lsq_add(lsq), EQML_OK);
        }
        cr_assert_eq(eqml_lsq_solve(lsq, &o, x, NULL), EQML_OK);
        const double told = (double)eqml_lsq_memory(COLUMNS, 1, ridge);
        cr_expect(fabs((double)asked - told) <= 1e-3 * told, "%zu bytes, but %g were told", asked, told);
        eqml_lsq_free(lsq);
    }
}

Test(memory, sizes_whose_product_does_not_fit_are_refused)
{
    used = 0;
    cr_assert_null(eqml__zeroed(SIZE_MAX / 8 + 1, 8));
    cr_assert_null(eqml__zeroed(SIZE_MAX, 1));
    cr_assert_null(eqml__zeroed(eqml__times(SIZE_MAX / 2, 3), 1));
    cr_assert_eq(used, 0, "memory was asked for");
    cr_assert_eq(eqml__times(0, SIZE_MAX), 0);
    cr_assert_eq(eqml__times(SIZE_MAX, 0), 0);
    cr_assert_eq(eqml__times(3, SIZE_MAX / 3), SIZE_MAX / 3 * 3);
    char *none = eqml__zeroed(0, 8);
    cr_assert_not_null(none);
    cr_assert_eq(*none, 0);
    EQML_FREE(none);
}

/* Room follows the lines that are there, not the number that a file promises. */
Test(memory, a_promise_in_a_file_takes_none)
{
    static const eqml_basis *const bases[] = {&h2_d4_basis};
    char path[TEMPORARY_PATH];
    eqml_expansion x;
    make_file(path);
    write_file(path, "eqml-expansion 1 40 1\nconstant 0x0p+0\ncomponent 500000000 2 0\ninner 0x0p+0\n"
                     "cutoff 0x0p+0\ntuple 0 1\ntuple 0 2\n");
    asked = 0;
    cr_assert_eq(eqml_expansion_read(&x, path, 1, bases, &message), EQML_ERROR_FORMAT);
    cr_assert_not_null(strstr(message.text, "truncated"), "%s", message.text);
    cr_assert_lt(asked, 10000);
    cr_assert_eq(alive, 0);
    remove(path);
}

/* ---- displacements ---- */

Test(displacements, are_orthonormal_and_free_of_translation_and_rotation)
{
    uint64_t state = 15;
    for (int natoms = 2; natoms <= 9; natoms++)
        for (int linear = natoms == 2; linear < 2; linear++) {
            const int n = 3 * natoms;
            double xyz[27], axis[3], *q = room((size_t)(n * n), sizeof *q);
            int external = 0;
            draw_geometry(&state, natoms, xyz);
            for (int k = 0; k < 3; k++)
                axis[k] = draw_real(&state);
            for (int i = 0; i < natoms && linear; i++)
                for (int k = 0; k < 3; k++)
                    xyz[3 * i + k] = 3 + (1.5 * i + 0.2 * i * i) * axis[k];
            eqml__displacements(xyz, natoms, q, &external);
            cr_assert_eq(external, linear ? 5 : 6, "%d atoms, linear %d", natoms, linear);
            for (int r = 0; r < n; r++)
                for (int s = 0; s <= r; s++) {
                    double dot = 0;
                    for (int k = 0; k < n; k++)
                        dot += q[r * n + k] * q[s * n + k];
                    cr_assert_float_eq(dot, r == s, 1e-13);
                }
            for (int r = external; r < n; r++) {
                double total[3] = {0, 0, 0}, torque[3] = {0, 0, 0};
                for (int i = 0; i < natoms; i++)
                    for (int k = 0; k < 3; k++) {
                        const int j = (k + 1) % 3, l = (k + 2) % 3;
                        total[k] += q[r * n + 3 * i + k];
                        torque[k] +=
                            xyz[3 * i + j] * q[r * n + 3 * i + l] - xyz[3 * i + l] * q[r * n + 3 * i + j];
                    }
                for (int k = 0; k < 3; k++)
                    cr_assert(fabs(total[k]) < 1e-12 && fabs(torque[k]) < 1e-10);
            }
            free(q);
        }
}
