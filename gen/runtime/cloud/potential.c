#ifndef EQML__CLOUD_POTENTIAL_C
#define EQML__CLOUD_POTENTIAL_C
#include "cloud/potential.h"
#include "cloud/pairs.h"
#include "cloud/radial.h"
#include "file.c"
#include "reader.c"
#include "surface_file.c"
#include "surface_header.c"

/* ---- NAME.pot ---------------------------------------------------------------------------------------- */

/* A pair as its numbers, in the order of the record; and back. */
enum { EQML__PAIR_NUMBERS = 13 };

static int eqml__npairs(const eqml_cloud_basis *b)
{
    return b->nspecies * (b->nspecies + 1) / 2;
}

static void eqml__pair_numbers(const eqml_pair_reference *p, double *number)
{
    number[0] = p->inner;
    number[1] = p->outer;
    for (int k = 0; k < 4; k++) {
        number[2 + k] = p->amplitude[k];
        number[6 + k] = p->rate[k];
    }
    number[10] = p->constant;
    number[11] = p->cubic;
    number[12] = p->quartic;
}

static void eqml__pair_of_numbers(const double *number, eqml_pair_reference *p)
{
    p->inner = number[0];
    p->outer = number[1];
    for (int k = 0; k < 4; k++) {
        p->amplitude[k] = number[2 + k];
        p->rate[k] = number[6 + k];
    }
    p->constant = number[10];
    p->cubic = number[11];
    p->quartic = number[12];
}

/* Kinds of radial functions as files and headers name them; "radial": as files did before there were others. */
static const struct {
    const char *word, *name;
    eqml_radial_kind kind;
} eqml__radial_words[] = {{"chebyshev", "CHEBYSHEV", EQML_RADIAL_CHEBYSHEV},
                          {"bessel", "BESSEL", EQML_RADIAL_BESSEL},
                          {"own", "OWN", EQML_RADIAL_OWN},
                          {"radial", "CHEBYSHEV", EQML_RADIAL_CHEBYSHEV}};
enum { EQML__RADIAL_WORDS = sizeof eqml__radial_words / sizeof *eqml__radial_words };

/* Values g_n of a user's functions at some distances, by which they are known again: value[EQML__KNOWN_AT][nmax]. */
enum { EQML__KNOWN_AT = 3 };

static double eqml__known_at(const eqml_radial *r, int k)
{
    return r->cutoff * (0.3 + 0.3 * k);
}

static void eqml__known_values(const eqml_radial *r, int nmax, double *value)
{
    double slope[EQML__CLOUD_NMAX];
    for (int k = 0; k < EQML__KNOWN_AT; k++)
        r->function(r->context, nmax, eqml__known_at(r, k), value + k * nmax, slope);
}

static eqml_status eqml__check_potential(const eqml_cloud_model *m, const char *path, eqml_message *message)
{
    const char *fault = eqml_radial_fault(&m->radial, m->basis->nmax);
    if (fault)
        return eqml__fail_file(message, EQML_ERROR_ARGUMENT, path, 0, "%s", fault);
    eqml_status status = eqml__check_numbers(path, "coefficients", (size_t)m->basis->nterms, m->coefficients,
                                             DBL_MAX, message);
    if (!status && m->atoms)
        status = eqml__check_numbers(path, "energies of atoms", (size_t)m->basis->nspecies, m->atoms, DBL_MAX,
                                     message);
    for (int k = 0; m->pairs && k < eqml__npairs(m->basis) && !status; k++) {
        double numbers[EQML__PAIR_NUMBERS];
        eqml__pair_numbers(&m->pairs[k], numbers);
        status = eqml__check_numbers(path, "pair references", EQML__PAIR_NUMBERS, numbers, DBL_MAX, message);
    }
    return status;
}

/* What tells one basis from another: its terms in their order. */
static uint64_t eqml__cloud_number(const eqml_cloud_basis *b)
{
    uint64_t hash = 14695981039346656037u;
    for (int c = 0; c < b->ncentres; c++) {
        const eqml_cloud_program *p = b->centres[c].program;
        eqml__mix(&hash, p->moments[0], 4 * (size_t)p->nmoments);
        eqml__mix(&hash, p->products[0], 3 * (size_t)p->nproducts);
        eqml__mix(&hash, p->rows[0], 3 * (size_t)p->nrows);
        eqml__mix(&hash, p->columns, (size_t)p->nterms);
    }
    return hash;
}

static void eqml__put_hexadecimal(FILE *out, const char *word, int count, const double *number)
{
    fprintf(out, "%s %d\n", word, count);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s\n", eqml__hexadecimal(number ? number[k] : 0).text);
}

static void eqml__cloud_says(const eqml_cloud_basis *b, char *text, size_t size)
{
    const uint64_t number = eqml__cloud_number(b);
    snprintf(text, size, "%d %08lx%08lx %s", b->nterms, (unsigned long)(number >> 32),
             (unsigned long)(number & 0xffffffff), b->environment);
}

EQML_API eqml_status eqml_cloud_write(const eqml_cloud_model *m, const char *path, eqml_message *message)
{
    eqml__output out;
    char says[1024];
    const double radial[2] = {m->radial.cutoff, m->radial.range};
    double known[EQML__KNOWN_AT * EQML__CLOUD_NMAX];
    eqml_status status = eqml__check_potential(m, path, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    eqml__cloud_says(m->basis, says, sizeof says);
    fprintf(out.file, "eqml-pot 3\nbasis %s\n", says);
    eqml__put_hexadecimal(out.file, eqml__radial_words[m->radial.kind].word, 2, radial);
    if (m->radial.kind == EQML_RADIAL_OWN) {
        eqml__known_values(&m->radial, m->basis->nmax, known);
        eqml__put_hexadecimal(out.file, "known", EQML__KNOWN_AT * m->basis->nmax, known);
    }
    eqml__put_hexadecimal(out.file, "atoms", m->basis->nspecies, m->atoms);
    eqml__put_hexadecimal(out.file, "coefficients", m->basis->nterms, m->coefficients);
    fprintf(out.file, "pairs %d\n", m->pairs ? eqml__npairs(m->basis) : 0);
    for (int k = 0; m->pairs && k < eqml__npairs(m->basis); k++) {
        double numbers[EQML__PAIR_NUMBERS];
        eqml__pair_numbers(&m->pairs[k], numbers);
        eqml__put_hexadecimal(out.file, "pair", EQML__PAIR_NUMBERS, numbers);
    }
    return eqml__close_output(&out, EQML_OK, message);
}

/* The next line, which must be one of these texts; *which <- its number. */
static eqml_status eqml__expect_one_of(eqml__reader *r, int n, const char (*text)[1040], int *which,
                                       eqml_status status)
{
    eqml__span line = {NULL, NULL};
    if (eqml__next_line(r, &line)) {
        while (line.end > line.begin && eqml__is_one_of(line.end[-1], EQML__BLANKS))
            line.end--;
        for (*which = 0; *which < n; ++*which)
            if (eqml__is(line, text[*which]))
                return EQML_OK;
    }
    return EQML__REFUSE(r, status, "expected \"%.100s\", found %s", text[0], eqml__quote(line).text);
}

static eqml_status eqml__expect_line(eqml__reader *r, const char *line, eqml_status status)
{
    char text[1][1040];
    int which;
    snprintf(text[0], sizeof text[0], "%s", line);
    return eqml__expect_one_of(r, 1, (const char(*)[1040])text, &which, status);
}

static eqml_status eqml__read_lines(eqml__reader *r, int count, double *number)
{
    eqml_status status = EQML_OK;
    for (int k = 0; k < count && !status; k++) {
        eqml__span line = {NULL, NULL}, rest, one;
        eqml__next_line(r, &line);
        rest = line;
        eqml__next_word(&rest, EQML__BLANKS, &one);
        status = eqml__parse_number(one, EQML__HEXADECIMAL, &number[k]);
        if (status)
            EQML__REFUSE(r, status, "expected a finite number, found %s", eqml__quote(line).text);
    }
    return status;
}

static eqml_status eqml__read_hexadecimal(eqml__reader *r, const char *word, int count, double *number)
{
    char text[64];
    snprintf(text, sizeof text, "%s %d", word, count);
    const eqml_status status = eqml__expect_line(r, text, EQML_ERROR_FORMAT);
    return status ? status : eqml__read_lines(r, count, number);
}

/* *radial <- its kind and parameters. A user's functions must give what they gave when the potential was written. */
static eqml_status eqml__read_radial(eqml__reader *r, int nmax, eqml_radial *radial)
{
    char text[EQML__RADIAL_WORDS][1040];
    double number[2] = {0, 0}, known[2][EQML__KNOWN_AT * EQML__CLOUD_NMAX];
    int word = 0;
    for (int k = 0; k < EQML__RADIAL_WORDS; k++)
        snprintf(text[k], sizeof text[k], "%s 2", eqml__radial_words[k].word);
    eqml_status status =
        eqml__expect_one_of(r, EQML__RADIAL_WORDS, (const char(*)[1040])text, &word, EQML_ERROR_FORMAT);
    if (!status)
        status = eqml__read_lines(r, 2, number);
    if (status)
        return status;
    radial->cutoff = number[0];
    radial->range = number[1];
    radial->kind = eqml__radial_words[word].kind;
    if (radial->kind != EQML_RADIAL_OWN) {
        radial->function = NULL;
        radial->context = NULL;
    }
    const char *fault = eqml_radial_fault(radial, nmax);
    if (fault && radial->kind == EQML_RADIAL_OWN && !radial->function)
        return EQML__REFUSE(
            r, EQML_ERROR_MATCH,
            "the radial functions are a user's own, which no file holds: give eqml_cloud_read "
            "the function that the potential was fitted with, in radial->function");
    if (fault)
        return EQML__REFUSE(r, EQML_ERROR_VALUE, "%s", fault);
    if (radial->kind != EQML_RADIAL_OWN)
        return EQML_OK;
    status = eqml__read_hexadecimal(r, "known", EQML__KNOWN_AT * nmax, known[0]);
    if (status)
        return status;
    eqml__known_values(radial, nmax, known[1]);
    for (int k = 0; k < EQML__KNOWN_AT * nmax; k++)
        if (!(fabs(known[0][k] - known[1][k]) <= 1e-10 * (1 + fabs(known[0][k]))))
            return EQML__REFUSE(r, EQML_ERROR_MATCH,
                                "the radial functions are not those of this potential: number %d is %.10g at "
                                "%.6g bohr, not %.10g",
                                k % nmax + 1, known[1][k], eqml__known_at(radial, k / nmax), known[0][k]);
    return EQML_OK;
}

static eqml_status eqml__read_pair_references(eqml__reader *r, int npairs, eqml_pair_reference *pairs)
{
    eqml__span line = {NULL, NULL};
    char text[64];
    eqml_status status = EQML_OK;
    if (pairs)
        memset(pairs, 0, (size_t)npairs * sizeof *pairs);
    snprintf(text, sizeof text, "pairs %d", npairs);
    if (eqml__next_line(r, &line) && eqml__is(line, "pairs 0"))
        return EQML_OK;
    if (!line.begin || !eqml__is(line, text))
        return EQML__REFUSE(r, EQML_ERROR_FORMAT, "expected \"pairs 0\" or \"%s\", found %s", text,
                            eqml__quote(line).text);
    if (!pairs)
        return EQML__REFUSE(r, EQML_ERROR_MATCH,
                            "this potential has pair references, which the caller leaves out");
    for (int k = 0; k < npairs && !status; k++) {
        double numbers[EQML__PAIR_NUMBERS] = {0};
        status = eqml__read_hexadecimal(r, "pair", EQML__PAIR_NUMBERS, numbers);
        eqml__pair_of_numbers(numbers, &pairs[k]);
    }
    return status;
}

EQML_API eqml_status eqml_cloud_read(const char *path, const eqml_cloud_basis *basis, eqml_radial *radial,
                                     double *coefficients, double *atoms, eqml_pair_reference *pairs,
                                     eqml_message *message)
{
    eqml__reader r;
    static const char first[2][1040] = {"eqml-pot 3", "eqml-pot 2"};
    char says[1024], line[1040];
    int version;
    eqml_status status = eqml__open_reader(&r, path, message);
    if (status)
        return status;
    eqml__cloud_says(basis, says, sizeof says);
    snprintf(line, sizeof line, "basis %s", says);
    status = eqml__expect_one_of(&r, 2, first, &version, EQML_ERROR_FORMAT);
    if (!status)
        status = eqml__expect_line(&r, line, EQML_ERROR_MATCH);
    if (!status)
        status = eqml__read_radial(&r, basis->nmax, radial);
    if (!status)
        status = eqml__read_hexadecimal(&r, "atoms", basis->nspecies, atoms);
    if (!status)
        status = eqml__read_hexadecimal(&r, "coefficients", basis->nterms, coefficients);
    if (!status)
        status = eqml__read_pair_references(&r, eqml__npairs(basis), pairs);
    eqml__close_reader(&r);
    return status;
}

/* ---- NAME_pot.h -------------------------------------------------------------------------------------- */

static const struct eqml__needed eqml__cloud_needed[] = {
    {"status.h", NULL},          {"compiler.h", NULL},
    {"lanes/choose.h", NULL},    {"lanes/vector.h", NULL},
    {"lanes/scalar.h", NULL},    {"lanes/generic.h", NULL},
    {"lanes/sse2.h", NULL},      {"lanes/neon.h", NULL},
    {"lanes/plain.h", NULL},     {"lanes/avx.h", NULL},
    {"lanes/avx2.h", NULL},      {"lanes/avx512.h", NULL},
    {"lanes.h", NULL},           {"layout.h", NULL},
    {"cloud/basis.h", NULL},     {"cloud/neighbours.h", NULL},
    {"cloud/harmonics.h", NULL}, {"cloud/radial.h", NULL},
    {"cloud/moments.h", NULL},   {"cloud/form.h", NULL},
    {"threads.h", NULL},         {"cloud/pairs.h", NULL},
    {"cloud/evaluate.h", NULL},  {"cloud/model.h", NULL},
    {"status.c", NULL},          {"memory.c", NULL},
    {"cloud/neighbours.c", NULL}};
enum { EQML__CLOUD_NEEDED = sizeof eqml__cloud_needed / sizeof *eqml__cloud_needed };

static void eqml__put_potential_banner(FILE *out, const eqml_cloud_model *m, const char *name)
{
    fprintf(out, "/*\n * %s: a potential for configurations of %s, fitted with eqml.\n *\n", name,
            m->basis->species);
    fprintf(out,
            " *     int    %s_nspecies(void);\n *     const char *%s_species(void);     \"%s\"\n"
            " *     double %s_cutoff(void);        %.6g bohr\n"
            " *     int    %s_evaluate(size_t natoms, const double *xyz, const int *species, const double "
            "*cell,\n"
            " *                const int *pbc, double *energy, double *forces, double *virial, double "
            "*energies);\n *\n",
            name, name, m->basis->species, name, eqml_cloud_cutoff(m), name);
    fprintf(out, " * xyz[natoms][3] in bohr; species[natoms], their numbers in the list above; cell[3][3], "
                 "rows, or NULL: open;\n"
                 " * pbc[3], NULL: as the cell. Outputs may be NULL: energy in hartree, forces[natoms][3] in "
                 "hartree/bohr,\n"
                 " * virial[6] xx yy zz yz xz xy, -dE/dstrain in hartree, energies[natoms] of the atoms. "
                 "Returns 0, or a status\n"
                 " * with the outputs as they were. Thread-safe. Compile with -O2 -march=native "
                 "-ffp-contract=fast, link with\n"
                 " * -lm.\n");
    if (m->radial.kind == EQML_RADIAL_OWN)
        fprintf(out,
                " *\n * Its radial functions are its user's own: define %s_RADIAL, before this header, as "
                "their C "
                "function, and\n"
                " * %s_RADIAL_CONTEXT, if it needs one.\n",
                name, name);
    fprintf(out, " */\n");
}

static void eqml__put_pair(FILE *out, const eqml_pair_reference *p)
{
    double number[EQML__PAIR_NUMBERS];
    eqml__pair_numbers(p, number);
    for (int k = 0; k < EQML__PAIR_NUMBERS; k++) {
        const int opens = k == 2 || k == 6, closes = k == 5 || k == 9;
        fprintf(out, "%s%s%s%s", k ? ", " : "    {", opens ? "{" : "", eqml__decimal(number[k], false).text,
                closes ? "}" : "");
    }
    fprintf(out, "},\n");
}

static void eqml__put_potential(FILE *out, const eqml_cloud_model *m, const char *name)
{
    const int number = EQML_LAYOUT;
    fprintf(out, "\n#ifndef EQML_POTENTIAL_%s\n#define EQML_POTENTIAL_%s\n", name, name);
    fprintf(out, "#define %s_STORAGE static const\n#define %s_PLACED EQML%d_ALIGNED\n", name, name, number);
    eqml__put_numbers(out, name, "coefficients", false, m->basis->nterms, m->coefficients);
    if (m->atoms)
        eqml__put_numbers(out, name, "atoms", false, m->basis->nspecies, m->atoms);
    if (m->pairs) {
        fprintf(
            out,
            "%s_STORAGE eqml%d_pair_reference %s_pairs[] = { /* inner, outer, amplitudes, rates, switching "
            "*/\n",
            name, number, name);
        for (int k = 0; k < eqml__npairs(m->basis); k++)
            eqml__put_pair(out, &m->pairs[k]);
        fprintf(out, "};\n");
    }
    if (m->radial.kind == EQML_RADIAL_OWN)
        fprintf(
            out,
            "#ifndef %s_RADIAL\n#error The radial functions of %s are those of its user: define %s_RADIAL as "
            "their C function before this header\n#endif\n"
            "#ifndef %s_RADIAL_CONTEXT\n#define %s_RADIAL_CONTEXT 0\n#endif\n",
            name, name, name, name, name);
    fprintf(out, "static const eqml%d_cloud_model %s_model = {&eqml%d_%s_basis, {%s, ", number, name, number,
            m->basis->name, eqml__decimal(m->radial.cutoff, false).text);
    fprintf(out, "%s, EQML%d_RADIAL_%s, ", eqml__decimal(m->radial.range, false).text, number,
            eqml__radial_words[m->radial.kind].name);
    if (m->radial.kind == EQML_RADIAL_OWN)
        fprintf(out, "%s_RADIAL, %s_RADIAL_CONTEXT", name, name);
    else
        fprintf(out, "0, 0");
    fprintf(out, "}, %s_coefficients, %s%s, %s%s};\n", name, m->atoms ? name : "0", m->atoms ? "_atoms" : "",
            m->pairs ? name : "0", m->pairs ? "_pairs" : "");
    fprintf(out,
            "#ifndef %s_API /* define it as extern, in one file, for functions with external linkage */\n"
            "#define %s_API EQML%d_FUNCTION\n#endif\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
            "EQML%d_CLOUD_POTENTIAL_FUNCTIONS(%s, EQML%d__APART %s_API)\n"
            "#ifdef __cplusplus\n}\n#endif\n#endif\n",
            name, name, number, number, name, number, name);
}

EQML_API eqml_status eqml_cloud_write_header(const eqml_cloud_model *m, const char *name, const char *runtime,
                                             const char *basis_header, const char *path,
                                             eqml_message *message)
{
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    eqml__sources sources = {NULL, NULL};
    eqml_status status = eqml__check_potential(m, path, message);
    if (!status)
        status = eqml__load_sources(&sources, runtime, basis_header, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        eqml__put_potential_banner(out.file, m, name);
        fprintf(out.file, "#ifndef EQML%d_STATIC\n#define EQML%d_STATIC\n#endif\n", EQML_LAYOUT, EQML_LAYOUT);
        status = eqml__put_sources(&tagger, &sources, runtime, m->basis->name, eqml__cloud_needed,
                                   EQML__CLOUD_NEEDED, message);
        if (!status)
            eqml__put_potential(out.file, m, name);
        status = eqml__close_output(&out, status, message);
    }
    eqml__free_sources(&sources);
    return status;
}

#endif /* EQML__CLOUD_POTENTIAL_C */
