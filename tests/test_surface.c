/*
 * Files of surfaces: variables are checked, files hold every bit, bad files are refused with file and line, and a
 * copied header gives the same numbers.
 */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"
#include "comma.h"

#include <float.h>
#include <signal.h>
#include <sys/resource.h>

#include "ch4_d4.h"
#include "nh3_d5.h"

/* ---- variables of a surface ---- */

Test(surface, variables_are_checked)
{
    const double a = 1;
    eqml_surface s;
    const eqml_variable bad[] = {{EQML_MORSE, 0, NULL, NULL},       {EQML_EXP_OVER_R, -1, NULL, NULL},
                                 {EQML_MORSE, NAN, NULL, NULL},     {EQML_MORSE, INFINITY, NULL, NULL},
                                 {EQML_EXP_OVER_R, 0, NULL, NULL},  {EQML_USER, 1, NULL, &a},
                                 {(eqml_kind)17, 1, gaussian, NULL}};
    for (size_t k = 0; k < COUNT(bad); k++) {
        static const eqml_surface nothing;
        eqml_variable v[2] = {morse[0], bad[k]};
        memset(&s, 0x55, sizeof s);
        cr_assert_eq(eqml_surface_create(&ch4_d4_basis, v, &s), EQML_ERROR_ARGUMENT, "case %zu", k);
        cr_assert_eq(memcmp(&s, &nothing, sizeof s), 0);
        eqml_surface_free(&s);
    }
}

/* ---- .pes files ---- */

typedef struct files {
    char folder[256], path[300], other[300];
} files;

static files make_files(void)
{
    files f;
    make_folder(f.folder);
    snprintf(f.path, sizeof f.path, "%s/a.pes", f.folder);
    snprintf(f.other, sizeof f.other, "%s/b.pes", f.folder);
    return f;
}

/* A surface whose numbers are awkward: subnormal, huge, negative zero, all mantissa bits. */
static eqml_surface awkward_surface(void)
{
    uint64_t state = 16;
    eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
    const double numbers[] = {0x1p-1074, -DBL_MAX, -0.0, 1.0 / 3, DBL_MIN, 0x1.fffffffffffffp-3};
    memcpy(s.offset + 1, numbers, sizeof numbers);
    memcpy(s.linear, numbers, sizeof numbers);
    for (int p = 0; p < ch4_d4_basis.npairs; p++)
        s.centres[p] = ch4_d4_basis.pair_classes[p] ? -0x1p-1074 : 1.0 / 3;
    return s;
}

Test(pes, files_hold_every_bit)
{
    const eqml_basis *b = &ch4_d4_basis;
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    eqml_message message = {""};
    cr_assert_eq(eqml_surface_write(&s, f.path, &message), EQML_OK, "%s", message.text);
    cr_assert_eq(eqml_surface_read(&t, b, f.path, &message), EQML_OK, "%s", message.text);
    for (int k = 0; k < b->npair_classes; k++)
        cr_assert(t.variables[k].kind == s.variables[k].kind && t.variables[k].range == s.variables[k].range);
    cr_assert_arr_eq(t.rates, s.rates, (size_t)b->npairs * sizeof(double));
    cr_assert_arr_eq(t.centres, s.centres, (size_t)b->npairs * sizeof(double));
    cr_assert_arr_eq(t.offset, s.offset, (size_t)b->nfactors * sizeof(double));
    cr_assert_arr_eq(t.linear, s.linear, (size_t)b->nfactors * sizeof(double));
    cr_assert_arr_eq(t.packed, s.packed, 16 * (size_t)b->ntiles * sizeof(double));
    cr_assert_eq(t.model.basis, b);
    cr_assert_eq(eqml_surface_write(&t, f.other, &message), EQML_OK);
    cr_assert_eq(run("cmp '%s' '%s'", f.path, f.other).status, 0);
    cr_assert_eq(run("test \"$(ls '%s')\" = 'a.pes\nb.pes'", f.folder).status, 0, "files beside are left");
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    remove_folder(f.folder);
}

/* Line ends of the other kind, as a transfer between machines may leave them. */
Test(pes, carriage_returns_do_not_matter)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    cr_assert_eq(run("sed 's/$/\\r/' '%s' >'%s'", f.path, f.other).status, 0);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.other, NULL), EQML_OK);
    cr_assert_arr_eq(t.packed, s.packed, 16 * (size_t)ch4_d4_basis.ntiles * sizeof(double));
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    remove_folder(f.folder);
}

/* The decimal point of the program's locale is no part of the format. */
Test(pes, files_do_not_depend_on_the_locale)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    char header[400], comma[400];
    uint64_t state = 20;
    eqml_surface plain = random_surface(&ch4_d4_basis, mixed, &state);
    eqml_message message = {""};
    snprintf(header, sizeof header, "%s/point.h", f.folder);
    snprintf(comma, sizeof comma, "%s/comma.h", f.folder);
    cr_assert_eq(eqml_surface_write_header(&plain, "ch4", "eqml.h", "build/tests/ch4_d4.h", header, &message),
                 EQML_OK, "%s", message.text);
    use_decimal_comma(f.folder);
    cr_assert_eq(eqml_surface_write_header(&plain, "ch4", "eqml.h", "build/tests/ch4_d4.h", comma, &message),
                 EQML_OK, "%s", message.text);
    cr_assert_eq(run("cmp '%s' '%s'", header, comma).status, 0);
    eqml_surface_free(&plain);
    cr_assert_eq(eqml_surface_write(&s, f.other, NULL), EQML_OK);
    cr_assert_eq(run("cmp '%s' '%s'", f.path, f.other).status, 0);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.path, NULL), EQML_OK);
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    remove_folder(f.folder);
}

static int count_lines(const char *path)
{
    return atoi(run("wc -l <'%s'", path).text);
}

/*
 * Edits a good file with a sed script; reading it must fail at the line, with the word in the message. LAST is the last
 * line of the good file, LAST + 1 the one behind it.
 */
enum { LAST = 1000000 };
static void refuse_edit(const char *script, eqml_status status, int line, const char *word)
{
    static const eqml_surface nothing;
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    eqml_message message = {""};
    char place[400];
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    cr_assert_eq(run("sed '%s' '%s' >'%s'", script, f.path, f.other).status, 0);
    cr_assert_neq(run("cmp -s '%s' '%s'", f.path, f.other).status, 0, "%s changes nothing", script);
    snprintf(place, sizeof place, "%s:%d: ", f.other, line < LAST ? line : line - LAST + count_lines(f.path));
    memset(&t, 0x55, sizeof t);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.other, &message), status, "%s: %s", script,
                 message.text);
    cr_assert_eq(strncmp(message.text, place, strlen(place)), 0, "%s: expected %s, found %s", script, place,
                 message.text);
    cr_assert_not_null(strstr(message.text, word), "%s: expected ...%s..., found %s", script, word,
                       message.text);
    cr_assert_null(strchr(message.text, '\n'));
    cr_assert_eq(memcmp(&t, &nothing, sizeof t), 0, "%s: the surface must be empty", script);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, f.other, NULL), status);
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

Test(pes, bad_files_are_refused_with_file_and_line)
{
    refuse_edit("1s/.*/junk/", EQML_ERROR_FORMAT, 1, "eqml-pes");
    refuse_edit("1s/5$/1/", EQML_ERROR_FORMAT, 1, "version 2 to 5");
    refuse_edit("1s/5$/6/", EQML_ERROR_FORMAT, 1, "version 6, newer");
    refuse_edit("2s/.$/x/", EQML_ERROR_MATCH, 2, "ch4_d4 4 83"); /* the same counts, other terms */
    refuse_edit("2s/ch4/nh3/", EQML_ERROR_MATCH, 2, "ch4_d4 4 83");
    refuse_edit("2s/83/84/", EQML_ERROR_MATCH, 2, "83");
    refuse_edit("3s/C/O/", EQML_ERROR_MATCH, 3, "H4 C");
    refuse_edit("3s/C/C N/", EQML_ERROR_MATCH, 3, "H4 C");
    refuse_edit("4s/0/1/", EQML_ERROR_FORMAT, 4, "order");
    refuse_edit("4s/exp-over-r/exp/", EQML_ERROR_FORMAT, 4, "morse");
    refuse_edit("4s/0x.* /-0x1p0 /", EQML_ERROR_VALUE, 4, "positive");
    refuse_edit("4s/0x.* /0x0p0 /", EQML_ERROR_VALUE, 4, "positive");
    refuse_edit("4s/0x.* /nan /", EQML_ERROR_VALUE, 4, "positive");
    refuse_edit("5s/0x.* /nan /", EQML_ERROR_VALUE, 5, "finite");
    refuse_edit("4s/0x.*//", EQML_ERROR_VALUE, 4, "centre");
    refuse_edit("4s/ 0x.*//", EQML_ERROR_FORMAT, 4, "RANGE CENTRE");
    refuse_edit("4s/ [^ ]*$//", EQML_ERROR_VALUE, 4, "centre");
    refuse_edit("4s/ [^ ]*$/ nan/", EQML_ERROR_VALUE, 4, "finite centre");
    refuse_edit("4s/$/ 0/", EQML_ERROR_VALUE, 4, "longest distance");
    refuse_edit("4s/$/ 2 1/", EQML_ERROR_VALUE, 4, "longest distance");
    refuse_edit("4s/$/ -1 1/", EQML_ERROR_VALUE, 4, "longest distance");
    refuse_edit("4s/$/ 1 nan/", EQML_ERROR_VALUE, 4, "longest distance");
    refuse_edit("4s/$/ 1 2 3/", EQML_ERROR_VALUE, 4, "longest distance");
    refuse_edit("1s/5$/2/", EQML_ERROR_VALUE, 4, "range");                     /* which has no centre there */
    refuse_edit("1s/5$/3/;4s/$/ 1 2/", EQML_ERROR_VALUE, 4, "nothing behind"); /* which has no distances */
    refuse_edit("5d", EQML_ERROR_FORMAT, 5, "variable");
    refuse_edit("7s/offset.*/offset nan/", EQML_ERROR_VALUE, 7, "finite");
    refuse_edit("7s/offset.*/offset inf/", EQML_ERROR_VALUE, 7, "finite");
    refuse_edit("7s/offset.*/offset 1 2/", EQML_ERROR_VALUE, 7, "one");
    refuse_edit("7s/offset.*/offset/", EQML_ERROR_VALUE, 7, "number");
    refuse_edit("7s/offset.*/offset 0x1p+9999/", EQML_ERROR_VALUE, 7, "finite");
    refuse_edit("7s/offset/offsets/", EQML_ERROR_FORMAT, 7, "offset");
    refuse_edit("33d", EQML_ERROR_FORMAT, 33, "offset");
    refuse_edit("40s/.*/coefficient 1,5/", EQML_ERROR_VALUE, 40, "1,5");
    refuse_edit("100,$d", EQML_ERROR_FORMAT, 100, "truncated");
    refuse_edit("$d", EQML_ERROR_FORMAT, LAST, "truncated");
    refuse_edit("1,$d", EQML_ERROR_FORMAT, 1, "truncated");
    refuse_edit("$s/end/coefficient 0/", EQML_ERROR_FORMAT, LAST, "end");
    refuse_edit("$s/$/\\nend/", EQML_ERROR_FORMAT, LAST + 1, "end");
}

/* A file of version 2 is one of a surface whose variables are not centred. */
Test(pes, version_2_has_no_centres)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    const eqml_basis *b = &ch4_d4_basis;
    for (int p = 0; p < b->npairs; p++)
        s.centres[p] = 0;
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    cr_assert_eq(
        run("sed '1s/5$/2/;4,5s/ [^ ]*$//;/^wall 0$/d;/^data/,/^terms/d' '%s' >'%s'", f.path, f.other).status,
        0);
    cr_assert_eq(eqml_surface_read(&t, b, f.other, NULL), EQML_OK);
    cr_assert_arr_eq(t.centres, s.centres, (size_t)b->npairs * sizeof(double));
    cr_assert_arr_eq(t.rates, s.rates, (size_t)b->npairs * sizeof(double));
    cr_assert_arr_eq(t.packed, s.packed, 16 * (size_t)b->ntiles * sizeof(double));
    eqml_surface_free(&s);
    eqml_surface_free(&t);
    remove_folder(f.folder);
}

/* A file opens without its header: the same numbers, from its tables, and the same file again. */
Test(pes, opens_without_a_header)
{
    static const eqml_basis *const bases[] = {&ch4_d4_basis, &nh3_d5_basis};
    files f = make_files();
    eqml_message message = {""};
    uint64_t state = 41;
    for (size_t k = 0; k < COUNT(bases); k++) {
        const eqml_basis *b = bases[k];
        eqml_surface s = random_surface(b, mixed, &state), t;
        double xyz[15], gradient[2][15];
        double *work = room((size_t)EQML_WORK_ONE(b->nslots, b->npairs) + 8, sizeof *work);
        double *aligned = work + (64 - (uintptr_t)work % 64) / sizeof *work;
        s.ntrain = 3;
        s.lowest = -2;
        s.highest = 1.0 / 3;
        for (int i = 0; i < 3 * b->natoms; i++)
            s.lowest_xyz[i] = 1.0 / (i + 1);
        cr_assert_eq(eqml_surface_write(&s, f.path, &message), EQML_OK, "%s", message.text);
        cr_assert_eq(eqml_surface_read(&t, NULL, f.path, &message), EQML_OK, "%s", message.text);
        cr_expect_str_eq(t.model.basis->symbols, b->symbols);
        cr_expect_eq(t.model.basis->ntiles <= b->ntiles + 2, 1, "%d tiles, and %d in the header",
                     t.model.basis->ntiles, b->ntiles);
        cr_expect(t.ntrain == 3 && t.lowest == -2 && t.highest == 1.0 / 3);
        cr_expect_arr_eq(t.lowest_xyz, s.lowest_xyz, 3 * (size_t)b->natoms * sizeof(double));
        for (int i = 0; i < 3 * b->natoms; i++)
            xyz[i] = 1.5 * (i / 3 % 2 ? 1 : -1) + 0.3 * i * (i % 3 == 1 ? -1 : 1);
        const double energy = eqml_energy_gradient(&s.model, xyz, gradient[0], aligned);
        cr_expect_float_eq(eqml_energy_gradient(&t.model, xyz, gradient[1], aligned), energy,
                           1e-11 * (1 + fabs(energy)));
        for (int i = 0; i < 3 * b->natoms; i++)
            cr_expect_float_eq(gradient[1][i], gradient[0][i], 1e-10 * (1 + fabs(gradient[0][i])));
        cr_assert_eq(eqml_surface_write(&t, f.other, &message), EQML_OK);
        cr_expect_eq(run("cmp '%s' '%s'", f.path, f.other).status, 0);
        free(work);
        eqml_surface_free(&s);
        eqml_surface_free(&t);
    }
    remove_folder(f.folder);
}

/* Whichever number of the tables is another one, or whichever line is missing, the file is refused, with its line. */
Test(pes, damaged_tables_are_refused)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    eqml_message message = {""};
    cr_assert_eq(eqml_surface_write(&s, f.path, NULL), EQML_OK);
    char *text = read_whole(f.path), *start = strstr(text, "\ntables\n");
    cr_assert_not_null(start);
    for (char *at = start; *at; at++) {
        const char was = *at;
        if (was < '0' || was > '9' || (at - start) % 7)
            continue;
        char *line = at;
        while (line[-1] != '\n')
            line--;
        if (!strncmp(line, "atom ", 5) ||
            !strncmp(line, "factor ", 7)) /* what they say is no part of the terms */
            continue;
        *at = was == '9' ? '1' : (char)(was + 1);
        write_file(f.other, text);
        cr_expect_neq(eqml_surface_read(&t, NULL, f.other, &message), EQML_OK, "%.20s", line);
        cr_expect_eq(strncmp(message.text, f.other, strlen(f.other)), 0, "%s", message.text);
        cr_expect_null(t.own_basis);
        *at = was;
    }
    write_file(f.other, "eqml-pes 4\nbasis ch4_d4 4 83 30 0\n");
    cr_expect_eq(eqml_surface_read(&t, NULL, f.other, &message), EQML_ERROR_FORMAT);
    cr_expect_not_null(strstr(message.text, "without the tables"), "%s", message.text);
    *start = 0;
    write_file(f.other, text);
    cr_expect_eq(eqml_surface_read(&t, NULL, f.other, &message), EQML_ERROR_FORMAT);
    cr_expect_not_null(strstr(message.text, "truncated"), "%s", message.text);
    free(text);
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

Test(pes, files_that_cannot_be_read_or_written)
{
    files f = make_files();
    eqml_surface s = awkward_surface(), t;
    eqml_message message = {""};
    char path[400];
    snprintf(path, sizeof path, "%s/none/a.pes", f.folder);
    cr_assert_eq(eqml_surface_write(&s, path, &message), EQML_ERROR_FILE);
    cr_assert_not_null(strstr(message.text, path));
    cr_assert_eq(eqml_surface_write(&s, path, NULL), EQML_ERROR_FILE);
    cr_assert_eq(eqml_surface_read(&t, &ch4_d4_basis, path, &message), EQML_ERROR_FILE);
    cr_assert_not_null(strstr(message.text, path));
    cr_assert_neq(eqml_surface_read(&t, &ch4_d4_basis, f.folder, &message), EQML_OK);
    cr_assert_not_null(strstr(message.text, f.folder));
    cr_assert_eq(eqml_surface_write(&s, f.folder, &message), EQML_ERROR_FILE); /* a folder stands there */
    cr_assert_eq(run("ls -d '%s'.*", f.folder).status, 2, "something is left");
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

Test(pes, a_failed_write_leaves_the_old_file)
{
    files f = make_files();
    eqml_surface s = awkward_surface();
    eqml_message message = {""};
    write_file(f.path, "old");
    struct rlimit usual, small; /* no file can grow beyond 512 bytes: as if the disk were full */
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
    small = usual;
    small.rlim_cur = 512;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    const eqml_status status = eqml_surface_write(&s, f.path, &message);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
    cr_assert_eq(status, EQML_ERROR_FILE);
    cr_assert_not_null(strstr(message.text, f.path));
    char *text = read_whole(f.path);
    cr_assert_str_eq(text, "old");
    cr_assert_eq(run("test $(ls '%s' | wc -l) = 1", f.folder).status, 0, "something is left");
    free(text);
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

Test(pes, user_functions_cannot_be_written)
{
    const double a = 2;
    const eqml_variable v[] = {morse[0], {EQML_USER, 0, gaussian, &a}};
    files f = make_files();
    eqml_surface s = empty_surface(&ch4_d4_basis, v);
    eqml_message message = {""};
    cr_assert_eq(eqml_surface_write(&s, f.path, &message), EQML_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(message.text, "user"));
    message.text[0] = 0;
    cr_assert_eq(eqml_surface_write_header(&s, "ch4", "eqml.h", "build/tests/ch4_d4.h", f.path, &message),
                 EQML_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(message.text, "user"));
    cr_assert_eq(run("test -z \"$(ls '%s')\"", f.folder).status, 0);
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

/* ---- headers of surfaces ---- */

/* The header is compiled by another compiler run, and prints the energies, gradients and Hessians of a
 * geometry. */
Test(header, a_copied_header_gives_the_same_numbers)
{
    static const char program[] =
        "#include \"ch4_pes.h\"\n#include <stdio.h>\n"
        "int main(void)\n{\n"
        "    double x[30], g[30], h[225], e[2], v;\n"
        "    for (int k = 0; k < 15; k++)\n"
        "        if (scanf(\"%la\", &x[k]) != 1)\n            return 1;\n"
        "    for (int k = 0; k < 15; k++)\n        x[15 + k] = x[k];\n"
        "    v = ch4_energy_hessian(x, g, h);\n"
        "    printf(\"%d %s\\n%a %a %a\\n\", ch4_natoms(), ch4_symbols(), v, ch4_energy(x), h[17]);\n"
        "    printf(\"%a %a\\n\", ch4_energy_gradient(x, g), g[14]);\n"
        "    ch4_energy_batch(2, x, e);\n    printf(\"%a\\n\", e[1]);\n"
        "    ch4_energy_gradient_batch(2, x, e, g);\n    printf(\"%a %a\\n\", e[1], g[29]);\n"
        "    return 0;\n}\n";
    files f = make_files();
    uint64_t state = 17;
    eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
    eqml_message message = {""};
    char path[400];
    double xyz[15], g[15], h[225], found[8];
    s.offset[3] = 0.25;
    draw_geometry(&state, 5, xyz);
    const double energy = ch4_d4_model_energy_hessian(&s.model, xyz, g, h);
    const double expected[] = {energy, energy, h[17], energy, g[14], energy, energy, g[14]};
    snprintf(path, sizeof path, "%s/ch4_pes.h", f.folder);
    cr_assert_eq(eqml_surface_write_header(&s, "ch4", "eqml.h", "build/tests/ch4_d4.h", path, &message),
                 EQML_OK, "%s", message.text);
    snprintf(path, sizeof path, "%s/use.c", f.folder);
    write_file(path, program);
    outcome o =
        run("cd '%s' && ${CC:-cc} -std=c11 -O0 -Wall -Wextra -Wpedantic -Werror use.c -o use -lm", f.folder);
    cr_assert_eq(o.status, 0, "%s", o.text);
    char text[1024] = "";
    for (int k = 0; k < 15; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%a ", xyz[k]);
    o = run("echo '%s' | '%s/use'", text, f.folder);
    cr_assert_eq(o.status, 0);
    cr_assert_eq(strncmp(o.text, "5 H H H H C\n", 12), 0, "%s", o.text);
    char *at = o.text + 12;
    for (size_t k = 0; k < COUNT(found); k++) {
        found[k] = strtod(at, &at);
        cr_assert(fabs(found[k] - expected[k]) <= 1e-11 * (1 + fabs(expected[k])),
                  "number %zu: %.17g is not %.17g", k, found[k], expected[k]);
    }
    eqml_surface_free(&s);
    remove_folder(f.folder);
}

/* A header holds its coefficients in float too; what does not fit is refused, and nothing is left. */
Test(header, what_cannot_be_printed_is_refused)
{
    const double bad[] = {NAN, HUGE_VAL, -1e39};
    files f = make_files();
    uint64_t state = 19;
    eqml_message message;
    for (size_t k = 0; k < COUNT(bad); k++) {
        eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
        s.linear[2] = bad[k];
        message.text[0] = 0;
        cr_assert_eq(eqml_surface_write_header(&s, "ch4", "eqml.h", "build/tests/ch4_d4.h", f.path, &message),
                     EQML_ERROR_VALUE);
        cr_assert_not_null(strstr(message.text, "number 2 of the coefficients of factors"), "%s",
                           message.text);
        if (!isfinite(bad[k]))
            cr_assert_eq(eqml_surface_write(&s, f.path, &message), EQML_ERROR_VALUE);
        cr_assert_eq(run("test -z \"$(ls '%s')\"", f.folder).status, 0, "something is left");
        eqml_surface_free(&s);
    }
    remove_folder(f.folder);
}

Test(header, bad_sources_are_refused)
{
    static const char *const bad[][2] = {{"none.h", "build/tests/ch4_d4.h"},
                                         {"eqml.h", "none.h"},
                                         {"build/tests/ch4_d4.h", "build/tests/ch4_d4.h"},
                                         {"gen", "build/tests/ch4_d4.h"},
                                         {"eqml.h", "gen"}};
    files f = make_files();
    uint64_t state = 18;
    eqml_surface s = random_surface(&ch4_d4_basis, mixed, &state);
    for (size_t k = 0; k < COUNT(bad); k++) {
        eqml_message message = {""};
        cr_assert_neq(eqml_surface_write_header(&s, "ch4", bad[k][0], bad[k][1], f.path, &message), EQML_OK,
                      "case %zu", k);
        const char *culprit = k == 1 || k == 4 ? bad[k][1] : bad[k][0];
        cr_assert_not_null(strstr(message.text, culprit), "case %zu: %s", k, message.text);
        cr_assert_eq(run("test -z \"$(ls '%s')\"", f.folder).status, 0, "something is left");
    }
    eqml_surface_free(&s);
    remove_folder(f.folder);
}
