/* Triangles of least squares: merged, as parts of one problem, and as files. */
#define _POSIX_C_SOURCE 200809L
#include "systems.h"
#include "temporary.h"
#include <float.h>

/* --- Several triangles ---------------------------------------------------------------------------------- */

static eqml_lsq *fed(matrix m, const double *b, int from, int to)
{
    eqml_lsq *lsq;
    cr_assert_eq(eqml_lsq_create(&lsq, m.cols, 1), EQML_OK);
    feed(lsq, m, b, from, to);
    return lsq;
}

/* Rows dealt out to three systems, whose triangles are merged, are the rows of one; also where a share is less than
 * the columns, or nothing. */
Test(triangles, merged_triangles_are_one)
{
    for (int k = 0; k < COUNT(widths); k++) {
        const int n = widths[k], rows = 3 * n + 900, cuts[] = {0, n / 2, n / 2 + 400, rows, rows};
        matrix m = matrix_random(rows, n, (uint64_t)n), b = matrix_random(1, rows, 31);
        double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a;
        eqml_lsq *all = fed(m, b.a, cuts[0], cuts[1]);
        for (int i = 1; i < 4; i++) {
            eqml_lsq *part = fed(m, b.a, cuts[i], cuts[i + 1]);
            cr_assert_eq(eqml_lsq_merge(all, part), EQML_OK);
            eqml_lsq_free(part);
        }
        eqml_lsq_result result;
        cr_assert_eq(eqml_lsq_solve(all, NULL, x, &result), EQML_OK);
        cr_assert_eq(result.rows, (size_t)rows);
        assert_close(result.residual, reference(m, b.a, y), 1e-12);
        cr_assert_leq(distance2(n, x, y), 1e-24);
        eqml_lsq_free(all);
        free(m.a), free(b.a), free(x), free(y);
    }
}

/* Into a system without rows the triangle is copied, and both go on alike. */
Test(triangles, merging_into_nothing_is_exact)
{
    const int n = 60, rows = 700;
    matrix m = matrix_random(rows, n, 41), b = matrix_random(1, rows, 42);
    double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a;
    eqml_lsq *one = fed(m, b.a, 0, 500), *other = fed(m, b.a, 0, 0);
    cr_assert_eq(eqml_lsq_merge(other, one), EQML_OK);
    feed(one, m, b.a, 500, rows);
    feed(other, m, b.a, 500, rows);
    cr_assert_eq(eqml_lsq_solve(one, NULL, x, NULL), EQML_OK);
    cr_assert_eq(eqml_lsq_solve(other, NULL, y, NULL), EQML_OK);
    cr_assert_arr_eq(x, y, (size_t)n * sizeof(double));
    eqml_lsq_free(one), eqml_lsq_free(other);
    free(m.a), free(b.a), free(x), free(y);
}

Test(triangles, merge_refuses)
{
    matrix m = matrix_random(20, 5, 1), wide = matrix_random(20, 6, 1), b = matrix_random(1, 20, 2);
    eqml_lsq *one = fed(m, b.a, 0, 20), *other = fed(wide, b.a, 0, 20), *infinite = fed(m, b.a, 0, 0);
    double x[5], y[5];
    cr_assert_eq(eqml_lsq_solve(one, NULL, x, NULL), EQML_OK);
    cr_assert_eq(eqml_lsq_merge(one, one), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_lsq_merge(one, other), EQML_ERROR_ARGUMENT);
    cr_assert_eq(eqml_lsq_merge(one, NULL), EQML_ERROR_ARGUMENT);
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 6; j++)
            eqml_lsq_row(infinite)[j] = DBL_MAX;
        cr_assert_eq(eqml_lsq_add(infinite), EQML_OK);
    }
    cr_assert_eq(eqml_lsq_merge(one, infinite), EQML_ERROR_VALUE);
    cr_assert_eq(eqml_lsq_solve(one, NULL, y, NULL), EQML_OK);
    cr_assert_arr_eq(x, y, sizeof x);
    eqml_lsq_free(one), eqml_lsq_free(other), eqml_lsq_free(infinite);
    free(m.a), free(wide.a), free(b.a);
}

/* --- Files ---------------------------------------------------------------------------------------------- */

/* A system that was saved and loaded after any number of rows goes on to the same bits. */
Test(triangles, saved_systems_go_on_to_the_same_bits)
{
    static const int stops[] = {0, 1, 383, 384, 500, 900};
    char path[TEMPORARY_PATH];
    eqml_message message;
    make_file(path);
    for (int k = 0; k < COUNT(widths); k += 3)
        for (int i = 0; i < COUNT(stops); i++) {
            const int n = widths[k], rows = 1000;
            matrix m = matrix_random(rows, n, (uint64_t)n), b = matrix_random(1, rows, 51);
            double *x = matrix_new(1, n).a, *y = matrix_new(1, n).a;
            eqml_lsq *whole = fed(m, b.a, 0, stops[i]), *loaded;
            cr_assert_eq(eqml_lsq_save(whole, 7, path, &message), EQML_OK, "%s", message.text);
            cr_assert_eq(eqml_lsq_load(&loaded, 7, path, &message), EQML_OK, "%s", message.text);
            feed(whole, m, b.a, stops[i], rows);
            feed(loaded, m, b.a, stops[i], rows);
            eqml_lsq_result result, other;
            cr_assert_eq(eqml_lsq_solve(whole, NULL, x, &result), EQML_OK);
            cr_assert_eq(eqml_lsq_solve(loaded, NULL, y, &other), EQML_OK);
            cr_assert_arr_eq(x, y, (size_t)n * sizeof(double));
            cr_assert(result.rows == other.rows && result.residual == other.residual);
            eqml_lsq_free(whole), eqml_lsq_free(loaded);
            free(m.a), free(b.a), free(x), free(y);
        }
    remove(path);
}

/* The file, changed in one byte or cut to `size` bytes, is refused with a word of `why`. */
static void assert_refused(const char *path, const unsigned char *bytes, size_t size, eqml_status status,
                           const char *why)
{
    eqml_lsq *lsq;
    eqml_message message;
    FILE *out = fopen(path, "wb");
    cr_assert(out && fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
    const eqml_status found = eqml_lsq_load(&lsq, 7, path, &message);
    cr_assert_eq(found, status, "%zu bytes: %s", size, found ? message.text : "taken");
    cr_assert_null(lsq);
    cr_assert(strstr(message.text, path) && strstr(message.text, why), "%s", message.text);
}

Test(triangles, files_that_are_not_what_was_saved_are_refused)
{
    static unsigned char bytes[1 << 15];
    char path[TEMPORARY_PATH];
    eqml_message message;
    eqml_lsq *lsq;
    make_file(path);
    matrix m = matrix_random(450, 20, 3), b = matrix_random(1, 450, 4);
    lsq = fed(m, b.a, 0, 450);
    cr_assert_eq(eqml_lsq_save(lsq, 7, path, &message), EQML_OK);
    eqml_lsq_free(lsq);
    cr_assert_eq(eqml_lsq_load(&lsq, 8, path, &message), EQML_ERROR_MATCH);
    cr_assert_null(lsq);
    cr_assert_not_null(strstr(message.text, "another problem"), "%s", message.text);
    FILE *in = fopen(path, "rb");
    const size_t size = fread(bytes, 1, sizeof bytes - 8, in);
    fclose(in);
    for (size_t cut = 0; cut < size; cut += cut < 100 ? 1 : 97)
        assert_refused(path, bytes, cut, EQML_ERROR_FORMAT, cut < 24 ? "is not" : "cut off");
    assert_refused(path, bytes, size + 1, EQML_ERROR_FORMAT, "damaged");
    for (size_t at = 72; at < size; at += 41) { /* behind the head */
        bytes[at] ^= 0x10;
        assert_refused(path, bytes, size, EQML_ERROR_FORMAT, "damaged");
        bytes[at] ^= 0x10;
    }
    bytes[16]++; /* the version */
    assert_refused(path, bytes, size, EQML_ERROR_FORMAT, "version");
    bytes[16]--, bytes[8]++;
    assert_refused(path, bytes, size, EQML_ERROR_FORMAT, "order of bytes");
    bytes[8]--, bytes[0]++;
    assert_refused(path, bytes, size, EQML_ERROR_FORMAT, "is not");
    remove(path);
    cr_assert_eq(eqml_lsq_load(&lsq, 7, path, &message), EQML_ERROR_FILE);
    free(m.a), free(b.a);
}
