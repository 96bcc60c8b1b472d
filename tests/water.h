/* A fitted surface of water in a folder, as `make pes` leaves it, for programs on a surface: basis h2o_d8. */
#ifndef TESTS_WATER_H
#define TESTS_WATER_H
#include "common/molecule.h"
#include "support.h"

/* Writes NAME.pes, trained on the first `most` geometries, and minimum.xyz, a geometry near the minimum, into the folder. */
static inline void write_water_of(size_t most, const char *folder, const char *name)
{
    static const eqml_variable variables[] = {{EQML_MORSE, 8, NULL, NULL}, {EQML_MORSE, 5, NULL, NULL}};
    const int classes[] = {0, 0, 1};
    char path[TEMPORARY_PATH + 64];
    eqml_data data = {0};
    eqml_surface surface = {0};
    eqml_message message;
    cr_assert_eq(eqml_data_read("examples/data/h2o_ps.xyz", &data, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_data_match(&data, "H H O", classes, &message), EQML_OK, "%s", message.text);
    const size_t all = data.n;
    data.n = most < all ? most : all;
    cr_assert_eq(eqml_surface_create(basis, variables, &surface), EQML_OK);
    cr_assert_eq(eqml_fit(&surface, &data, NULL, NULL, &message), EQML_OK, "%s", message.text);
    snprintf(path, sizeof path, "%s/%s.pes", folder, name);
    cr_assert_eq(eqml_surface_write(&surface, path, &message), EQML_OK, "%s", message.text);
    snprintf(path, sizeof path, "%s/minimum.xyz", folder);
    write_file(path,
               "3\nProperties=species:S:1:pos:R:3 pbc=\"F F F\"\nH 0.75 0.6 0\nH -0.76 0.58 0\nO 0 0 0\n");
    eqml_surface_free(&surface);
    data.n = all;
    eqml_data_free(&data);
}

static inline void write_water(const char *folder, const char *name)
{
    write_water_of((size_t)-1, folder, name);
}

/* Writes the surface of water into the folder; the molecule at its minimum. Released with molecule_free(). */
static inline void settled_water(const char *folder, molecule *m)
{
    surface_job job = {.program = "test", .directory = folder, .name = "water"};
    write_water(folder, "water");
    cr_assert_eq(molecule_read(&job, m) || molecule_settle(&job, m), 0);
}

#endif
