/* Walls: inside nothing changes, outside all functions of a surface agree, and files hold them. */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"
#include "ch4_d6.h"
#include "dimer_purified_d3.h"
#include "h2o_d8.h"
#include "h30_d3.h"
#include "nh3_orbits_d4.h"

enum { MOST = 90, TRAIN = 300 };

static const eqml_basis *const bases[] = {&h2o_d8_basis, &ch4_d6_basis, &nh3_orbits_d4_basis,
                                          &dimer_purified_d3_basis, &h30_d3_basis};
static const eqml_variable many[] = {{EQML_MORSE, 2.0, NULL, NULL}, {EQML_EXP_OVER_R, 3.0, NULL, NULL},
                                     {EQML_INVERSE, 0, NULL, NULL}, {EQML_MORSE, 3.0, NULL, NULL},
                                     {EQML_POWER, 1, NULL, NULL},   {EQML_MORSE, 2.5, NULL, NULL}};

/* A surface with a wall about data of its own; and room for one evaluation. */
typedef struct fixture {
    eqml_surface surface;
    eqml_data data;
    void *work;
    int n;
} fixture;

static fixture walled(const eqml_basis *b, eqml_wall_options options)
{
    uint64_t state = 77;
    eqml_message message;
    fixture f = {.surface = random_surface(b, many, &state), .n = 3 * b->natoms};
    const size_t hessian = EQML_WORK_HESSIAN((size_t)b->nslots, (size_t)b->npairs) * sizeof(double);
    const size_t batch =
        EQML_WORK_BATCH((size_t)b->nslots, (size_t)b->npairs, (size_t)b->natoms) * sizeof(eqml_lanes);
    f.work = aligned_alloc(64, ((hessian > batch ? hessian : batch) + 63) / 64 * 64);
    cr_assert_not_null(f.work);
    f.data = sample(&f.surface.model, TRAIN, &state);
    cr_assert_eq(eqml_surface_set_wall(&f.surface, &f.data, NULL, &options, &message), EQML_OK, "%s",
                 message.text);
    return f;
}

static void lower(fixture *f)
{
    eqml_surface_free(&f->surface);
    eqml_data_free(&f->data);
    free(f->work);
}

static double leverage(const fixture *f, const double *xyz, double *z)
{
    const eqml_model *m = &f->surface.model;
    const eqml_basis *b = m->basis;
    double *slots = f->work, *pair = slots + 3 * EQML_ROUND(b->nslots);
    eqml__pairs_one(m, xyz, slots, pair, EQML_ROUND(b->npairs));
    eqml__forward_one(m, slots);
    return eqml__leverage_one(m->wall, slots + b->factor0, z);
}

/* Over the training geometries the whitened features are uncorrelated and spread alike, and the largest leverage is as the
 * width says. */
Test(wall, leverages_are_those_of_the_data)
{
    for (size_t k = 0; k < COUNT(bases); k++) {
        fixture f = walled(bases[k], (eqml_wall_options){.width = 2});
        const int n = f.surface.wall->nfeatures;
        double z[EQML_WALL_FEATURES], *product = room((size_t)(n * n), sizeof *product), most = 0, sum = 0;
        cr_assert_gt(n, 0);
        for (size_t g = 0; g < f.data.n; g++) {
            const double h = leverage(&f, f.data.xyz + g * (size_t)f.n, z);
            most = fmax(most, h);
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    product[i * n + j] += z[i] * z[j] / TRAIN;
        }
        cr_assert_float_eq(most, 0.5, 1e-9);
        for (int i = 0; i < n; i++)
            sum += product[i * n + i] / n;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                cr_assert_float_eq(product[i * n + j], i == j ? sum : 0, 1e-5 * sum, "%s %d %d",
                                   bases[k]->name, i, j);
        free(product);
        lower(&f);
    }
}

/* Inside, every number is as without the wall, to the bit; the whole training set is inside. */
Test(wall, inside_nothing_changes)
{
    for (size_t k = 0; k < COUNT(bases); k++) {
        fixture f = walled(bases[k], (eqml_wall_options){0});
        eqml_model without = f.surface.model;
        double *value = room(2 * (size_t)(TRAIN * (f.n + 1)), sizeof *value),
               *other = value + TRAIN * (f.n + 1);
        double *hessian = room(2 * (size_t)(f.n * f.n), sizeof *hessian), *hessian2 = hessian + f.n * f.n;
        without.wall = NULL;
        eqml_energy_gradient_batch(&f.surface.model, TRAIN, f.data.xyz, value, value + TRAIN, f.work);
        eqml_energy_gradient_batch(&without, TRAIN, f.data.xyz, other, other + TRAIN, f.work);
        cr_assert_eq(memcmp(value, other, (size_t)(TRAIN * (f.n + 1)) * sizeof *value), 0);
        for (size_t g = 0; g < 10; g++) {
            const double *xyz = f.data.xyz + g * (size_t)f.n;
            value[0] = eqml_energy_gradient(&f.surface.model, xyz, value + 1, f.work);
            other[0] = eqml_energy_gradient(&without, xyz, other + 1, f.work);
            cr_assert_eq(memcmp(value, other, (size_t)(f.n + 1) * sizeof *value), 0);
        }
        value[0] = eqml_energy_hessian(&f.surface.model, f.data.xyz, value + 1, hessian, f.work);
        other[0] = eqml_energy_hessian(&without, f.data.xyz, other + 1, hessian2, f.work);
        cr_assert_eq(memcmp(value, other, (size_t)(f.n + 1) * sizeof *value), 0);
        cr_assert_eq(memcmp(hessian, hessian2, (size_t)(f.n * f.n) * sizeof *hessian), 0);
        free(value);
        free(hessian);
        lower(&f);
    }
}

/* The walled energy as a function of the fitted one and of the leverage: its derivatives against differences, and both
 * ends. */
Test(wall, derivatives_of_the_blend)
{
    static const double edges[3] = {3, -5, 2};
    const eqml_wall w = {.edges = edges};
    const double step = 1e-5;
    for (double h = 1.1; h < 4; h += 0.3)
        for (double v = -40; v < 40; v += 17) {
            const eqml__walled e = eqml__raise_wall(&w, v, h), up = eqml__raise_wall(&w, v, h + step),
                               down = eqml__raise_wall(&w, v, h - step),
                               more = eqml__raise_wall(&w, v + step, h),
                               less = eqml__raise_wall(&w, v - step, h);
            cr_assert_float_eq(e.h, (up.energy - down.energy) / (2 * step), 1e-6 * (1 + fabs(e.h)));
            cr_assert_float_eq(e.hh, (up.h - down.h) / (2 * step), 1e-5 * (1 + fabs(e.hh)));
            cr_assert_float_eq(e.vh, (up.v - down.v) / (2 * step), 1e-6 * (1 + fabs(e.vh)));
            cr_assert_float_eq(e.v, (more.energy - less.energy) / (2 * step), 1e-6 * (1 + fabs(e.v)));
            cr_assert_float_eq(e.vv, (more.v - less.v) / (2 * step), 1e-6 * (1 + fabs(e.vv)));
        }
    const eqml__walled first = eqml__raise_wall(&w, 7, 1), last = eqml__raise_wall(&w, 7, 3 - 1e-9);
    cr_assert(first.energy == 7 && first.v == 1 && fabs(first.h) < 1e-14 && first.vv == 0 && first.vh == 0 &&
              fabs(first.hh) < 1e-14);
    cr_assert_float_eq(last.energy, -5 + 2 * sqrt(3), 1e-7);
    cr_assert_float_eq(last.hh, eqml__raise_wall(&w, 7, 3).hh, 1e-5);
    cr_assert_float_eq(eqml__raise_wall(&w, (double)NAN, 9).energy, -5 + 2 * 3,
                       1e-12); /* nothing is left of v */
}

/* Gradients against differences of energies, Hessians against those of gradients, batches against one by one, in float to
 * its precision: from within far out. */
Test(wall, all_functions_agree)
{
    for (size_t k = 0; k < COUNT(bases); k++) {
        fixture f = walled(bases[k], (eqml_wall_options){.width = 0.15, .outside = 4});
        const eqml_model *m = &f.surface.model;
        const size_t n = (size_t)f.n;
        double z[EQML_WALL_FEATURES], gradient[MOST], plus[MOST], minus[MOST], x[MOST];
        double *hessian = room(n * n, sizeof *hessian);
        double *energy = room(2 * TRAIN, sizeof *energy), *batch = room(2 * TRAIN * n, sizeof *batch);
        int seen[3] = {0};
        eqml_energy_gradient_batch(m, TRAIN, f.data.xyz, energy, batch, f.work);
        for (size_t first = 0; first < TRAIN; first += 2 * EQML_FLOATS) {
            const int count = TRAIN - first < 2 * EQML_FLOATS ? (int)(TRAIN - first) : 2 * EQML_FLOATS;
            eqml__step_floats(m, 2, count, f.data.xyz + first * n, energy + TRAIN + first,
                              batch + (TRAIN + first) * n, f.work);
        }
        for (size_t g = 0; g < TRAIN; g++) {
            const double *xyz = f.data.xyz + g * n, h = leverage(&f, xyz, z);
            const int place = h <= 1 ? 0 : h < 4 ? 1 : 2;
            const double v = eqml_energy_gradient(m, xyz, gradient, f.work);
            double size = 1;
            for (size_t i = 0; i < n; i++)
                size = fmax(size, fabs(gradient[i]));
            cr_assert_float_eq(energy[g], v, 1e-10 * size, "%s: %g, %g", bases[k]->name, energy[g], v);
            cr_assert_float_eq(energy[TRAIN + g], v, 1e-2 * size, "%s: %g, %g", bases[k]->name,
                               energy[TRAIN + g], v);
            for (size_t i = 0; i < n; i++) {
                cr_assert_float_eq(batch[g * n + i], gradient[i], 1e-9 * size);
                cr_assert_float_eq(batch[(TRAIN + g) * n + i], gradient[i], 3e-2 * size);
            }
            if (seen[place]++ >= (n > 40 ? 1 : 4))
                continue;
            const double step = 1e-5;
            cr_assert_eq(eqml_energy_hessian(m, xyz, plus, hessian, f.work), v);
            memcpy(x, xyz, n * sizeof *x);
            for (size_t i = 0; i < n; i++) {
                x[i] = xyz[i] + step;
                const double up = eqml_energy_gradient(m, x, plus, f.work);
                x[i] = xyz[i] - step;
                const double down = eqml_energy_gradient(m, x, minus, f.work);
                x[i] = xyz[i];
                cr_assert_float_eq(gradient[i], (up - down) / (2 * step), 1e-5 * size, "%s, place %d: %g, %g",
                                   bases[k]->name, place, gradient[i], (up - down) / (2 * step));
                for (size_t j = 0; j < n; j++)
                    cr_assert_float_eq(hessian[i * n + j], (plus[j] - minus[j]) / (2 * step), 1e-4 * size,
                                       "%s, place %d", bases[k]->name, place);
            }
        }
        cr_assert(seen[1] > 0 && seen[2] > 0, "%s: %d %d %d", bases[k]->name, seen[0], seen[1], seen[2]);
        free(hessian);
        free(energy);
        free(batch);
        lower(&f);
    }
}

/* Files hold every bit; without a wall they are as they were. */
Test(wall, files)
{
    char path[TEMPORARY_PATH], line[64];
    fixture f = walled(&ch4_d6_basis, (eqml_wall_options){.width = 0.3});
    eqml_surface other;
    eqml_message message;
    double gradient[15], gradient2[15];
    make_file(path);
    cr_assert_eq(eqml_surface_write(&f.surface, path, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_surface_read(&other, &ch4_d6_basis, path, &message), EQML_OK, "%s", message.text);
    for (size_t g = 0; g < TRAIN; g++) {
        const double *xyz = f.data.xyz + 15 * g;
        cr_assert_eq(eqml_energy_gradient(&f.surface.model, xyz, gradient, f.work),
                     eqml_energy_gradient(&other.model, xyz, gradient2, f.work));
        cr_assert_eq(memcmp(gradient, gradient2, sizeof gradient), 0);
    }
    eqml_surface_clear_wall(&other);
    cr_assert_null(other.model.wall);
    cr_assert_eq(eqml_surface_write(&other, path, &message), EQML_OK);
    FILE *in = fopen(path, "r");
    bool none = false;
    while (in && fgets(line, sizeof line, in))
        none |= !strcmp(line, "wall 0\n");
    cr_assert(none);
    fclose(in);
    remove(path);
    eqml_surface_free(&other);
    lower(&f);
}

/* On another basis that finds its features: here the one of the tables, whose factors are all found. */
Test(wall, goes_to_another_basis)
{
    char path[TEMPORARY_PATH];
    fixture f = walled(&ch4_d6_basis, (eqml_wall_options){.width = 0.3});
    eqml_surface tables, moved;
    eqml_message message;
    double gradient[15], gradient2[15], z[EQML_WALL_FEATURES];
    int outside = 0;
    make_file(path);
    cr_assert_eq(eqml_surface_write(&f.surface, path, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_surface_read(&tables, NULL, path, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_surface_rebase(&f.surface, tables.model.basis, &moved, &message), EQML_OK, "%s",
                 message.text);
    cr_assert_not_null(moved.model.wall);
    for (size_t g = 0; g < TRAIN; g++) {
        const double *xyz = f.data.xyz + 15 * g;
        const double energy = eqml_energy_gradient(&f.surface.model, xyz, gradient, f.work);
        const double other = eqml_energy_gradient(&moved.model, xyz, gradient2, f.work);
        cr_expect(fabs(other - energy) <= 1e-12 * (1 + fabs(energy)));
        for (int k = 0; k < 15; k++)
            cr_expect(fabs(gradient2[k] - gradient[k]) <= 1e-10 * (1 + fabs(gradient[k])));
        outside += leverage(&f, xyz, z) > 1;
    }
    cr_expect_gt(outside, 10);
    remove(path);
    eqml_surface_free(&moved);
    eqml_surface_free(&tables);
    lower(&f);
}

/* A file whose wall is not one is refused with its line. */
Test(wall, bad_files)
{
    static const char *const edits[][2] = {{"wall 9", "wall 0"},          {"wall 9", "wall 65"},
                                           {"wall 9", "wall 10"},         {"wall 9", "wall 8"},
                                           {"edge ", "edge -"},           {"feature 1 ", "feature 0 "},
                                           {"feature 1 ", "feature 52 "}, {"feature 1 ", "feature 1"},
                                           {"whiten ", "whiten x"},       {"eqml-pes 5", "eqml-pes 3"}};
    char path[TEMPORARY_PATH], *text, *at;
    fixture f = walled(&ch4_d6_basis, (eqml_wall_options){0});
    eqml_surface other;
    eqml_message message;
    make_file(path);
    cr_assert_eq(f.surface.wall->nfeatures, 9);
    cr_assert_eq(eqml_surface_write(&f.surface, path, &message), EQML_OK);
    FILE *in = fopen(path, "r");
    text = room(1 << 20, 1);
    cr_assert_gt(fread(text, 1, (1 << 20) - 1, in), 0);
    fclose(in);
    for (size_t k = 0; k < COUNT(edits); k++) {
        at = strstr(text, edits[k][0]);
        cr_assert_not_null(at, "%s", edits[k][0]);
        FILE *out = fopen(path, "w");
        fprintf(out, "%.*s%s%s", (int)(at - text), text, edits[k][1], at + strlen(edits[k][0]));
        cr_assert_eq(fclose(out), 0);
        cr_assert_neq(eqml_surface_read(&other, &ch4_d6_basis, path, &message), EQML_OK, "%s", edits[k][1]);
        cr_assert(strstr(message.text, path) && strchr(message.text, ':'), "%s", message.text);
        cr_assert_null(other.wall);
    }
    remove(path);
    free(text);
    lower(&f);
}

Test(wall, refusals)
{
    fixture f = walled(&ch4_d6_basis, (eqml_wall_options){0});
    unsigned char use[TRAIN] = {0};
    eqml_message message;
    eqml_wall *wall = f.surface.wall;
    memset(use, 1, 17);
    cr_assert_eq(eqml_surface_set_wall(&f.surface, &f.data, use, NULL, &message), EQML_ERROR_EMPTY);
    cr_assert(strstr(message.text, "17"), "%s", message.text);
    f.data.natoms = 4;
    cr_assert_eq(eqml_surface_set_wall(&f.surface, &f.data, NULL, NULL, NULL), EQML_ERROR_MATCH);
    f.data.natoms = 5;
    for (size_t g = 1; g < TRAIN; g++)
        memcpy(f.data.xyz + 15 * g, f.data.xyz, 15 * sizeof *f.data.xyz);
    cr_assert_eq(eqml_surface_set_wall(&f.surface, &f.data, NULL, NULL, &message), EQML_ERROR_EMPTY, "%s",
                 message.text);
    cr_assert_eq(f.surface.wall, wall); /* as it was */
    lower(&f);
}
