/*
 * The implementation of eqml.h with an allocator that fails on demand, private to this file: every allocation
 * is refused once, and each time the call must say so and give back what it had.
 */
#define _POSIX_C_SOURCE 200809L
#include <stddef.h>
static void *limited_malloc(size_t size);
static void limited_free(void *pointer);
#define EQML_MALLOC(size) limited_malloc(size)
#define EQML_FREE(pointer) limited_free(pointer)
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "eqml.h"

#include "ch4_d4.h"
#include "support.h"

static size_t allowed = SIZE_MAX, used, alive;

static void *limited_malloc(size_t size)
{
    void *pointer = used++ < allowed ? malloc(size) : NULL;
    alive += pointer != NULL;
    return pointer;
}

static void limited_free(void *pointer)
{
    alive -= pointer != NULL;
    free(pointer);
}

/* ---- memory ---- */

static const eqml_variable inverse[] = {{EQML_INVERSE, 1, NULL, NULL}, {EQML_INVERSE, 1, NULL, NULL}};
static char folder[256], data_path[300], pes_path[300], header_path[300];
static eqml_data data;
static eqml_surface surface;
static eqml_message message;

static eqml_status try_read(void)
{
    eqml_data d;
    eqml_status status = eqml_data_read(data_path, &d, &message);
    eqml_data_free(&d);
    return status;
}

static eqml_status try_match(void)
{
    const int class_of_atom[] = {0, 0, 0, 0, 1};
    return eqml_data_match(&data, "H H H H C", class_of_atom, &message);
}

static eqml_status try_create(void)
{
    eqml_surface s;
    eqml_status status = eqml_surface_create(&ch4_d4_basis, inverse, &s);
    eqml_surface_free(&s);
    return status;
}

static eqml_status try_fit(void)
{
    const eqml_fit_options o = {.ridge = 1e-3};
    return eqml_fit(&surface, &data, &o, NULL, &message);
}

static eqml_status try_errors(void)
{
    eqml_errors e;
    return eqml_surface_errors(&surface, &data, NULL, &e);
}

static eqml_status try_write(void)
{
    return eqml_surface_write(&surface, pes_path, &message);
}

static eqml_status try_read_surface(void)
{
    eqml_surface s;
    eqml_status status = eqml_surface_read(&s, &ch4_d4_basis, pes_path, &message);
    eqml_surface_free(&s);
    return status;
}

static eqml_status try_write_header(void)
{
    return eqml_surface_write_header(&surface, "ch4", "eqml.h", "build/tests/ch4_d4.h", header_path,
                                     &message);
}

Test(memory, every_refusal_is_reported_and_nothing_is_lost)
{
    static const struct {
        const char *name;
        eqml_status (*call)(void);
        int silent; /* no message is given */
    } calls[] = {{"read", try_read, 0},
                 {"match", try_match, 0},
                 {"create", try_create, 1},
                 {"fit", try_fit, 0},
                 {"errors", try_errors, 1},
                 {"write", try_write, 0},
                 {"read a surface", try_read_surface, 0},
                 {"write a header", try_write_header, 0}};
    make_folder(folder);
    snprintf(data_path, sizeof data_path, "%s/a.xyz", folder);
    snprintf(pes_path, sizeof pes_path, "%s/a.pes", folder);
    snprintf(header_path, sizeof header_path, "%s/a.h", folder);
    write_file(data_path,
               "5\n-40.5\nC 0 0 0 0 0 0\nH 1.1 0.1 0 0 0 1e-3\nH -0.3 1 0 0 0 0\nH -0.4 -0.6 0.9 0 1e-3 0\n"
               "H -0.4 -0.5 -0.8 0 0 0\n");
    cr_assert_eq(eqml_data_read(data_path, &data, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(try_match(), EQML_OK);
    cr_assert_eq(eqml_surface_create(&ch4_d4_basis, inverse, &surface), EQML_OK);
    cr_assert_eq(try_write(), EQML_OK);
    for (size_t k = 0; k < COUNT(calls); k++) {
        const size_t before = alive;
        eqml_status status = EQML_ERROR_MEMORY;
        for (size_t limit = 0; status; limit++) {
            cr_assert_lt(limit, 100);
            used = 0;
            allowed = limit;
            message.text[0] = 0;
            status = calls[k].call();
            allowed = SIZE_MAX;
            cr_assert_eq(alive, before, "%s, allocation %zu: memory is lost", calls[k].name, limit);
            cr_assert_eq(status, used > limit ? EQML_ERROR_MEMORY : EQML_OK, "%s, allocation %zu: %s",
                         calls[k].name, limit, eqml_status_text(status));
            if (status && !calls[k].silent)
                cr_assert_not_null(strstr(message.text, "memory"), "%s, allocation %zu: \"%s\"",
                                   calls[k].name, limit, message.text);
        }
        cr_assert(k == 1 || used > 0, "%s allocates nothing", calls[k].name);
    }
    cr_assert_eq(run("test \"$(ls '%s' | tr '\n' ' ')\" = 'a.h a.pes a.xyz '", folder).status, 0);
    eqml_surface_free(&surface);
    eqml_data_free(&data);
    cr_assert_eq(alive, 0);
    remove_folder(folder);
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
