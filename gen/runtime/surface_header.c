/* Surfaces as C headers. */
#ifndef EQML__SURFACE_HEADER_C
#define EQML__SURFACE_HEADER_C
#include "surface.h"
#include "file.c"
#include "reader.c"
#include "surface_file.c"

/*
 * C text on its way into the header of a surface: each name of the runtime gets the layout number behind
 * "eqml" or "EQML", and each name of the basis "eqml", the number and "_" before it. Comments and strings are
 * left alone, and so are the macros that a user defines.
 */
typedef struct eqml__tagger {
    FILE *out;
    const char *basis; /* its name, empty in the runtime */
    char place;        /* 0: code; '*': a comment; a quotation mark: within such */
} eqml__tagger;

static bool eqml__is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool eqml__is_word(const char *name, size_t length, const char *word)
{
    return strlen(word) == length && !strncmp(name, word, length);
}

static void eqml__put_name(const eqml__tagger *t, const char *name, size_t length)
{
    const size_t own = strlen(t->basis);
    const bool user =
        eqml__is_word(name, length, "EQML_SCALAR") || eqml__is_word(name, length, "EQML_STACK_LIMIT");
    if ((!strncmp(name, "eqml_", 5) || !strncmp(name, "EQML_", 5)) && !user)
        fprintf(t->out, "%.4s%d%.*s", name, EQML_LAYOUT, (int)length - 4, name + 4);
    else if (own && !strncmp(name, t->basis, own) && (length == own || name[own] == '_'))
        fprintf(t->out, "eqml%d_%.*s", EQML_LAYOUT, (int)length, name);
    else
        fprintf(t->out, "%.*s", (int)length, name);
}

/* A line, or a part of one that does not end within a name. */
static void eqml__put_tagged(eqml__tagger *t, const char *text)
{
    while (*text) {
        size_t length = 0;
        while (t->place == 0 && eqml__is_name(text[length]))
            length++;
        if (length) {
            eqml__put_name(t, text, length);
            text += length;
            continue;
        }
        if (t->place == 0 && text[0] == '/' && text[1] == '*')
            t->place = '*';
        else if (t->place == '*' && text[0] == '*' && text[1] == '/')
            t->place = 0, fputc(*text++, t->out);
        else if (t->place == 0 && (*text == '"' || *text == '\''))
            t->place = *text;
        else if (t->place == *text && *text != '*')
            t->place = 0;
        else if (t->place && t->place != '*' && text[0] == '\\' && text[1])
            fputc(*text++, t->out);
        fputc(*text++, t->out);
    }
}

/*
 * The parts of the runtime that a surface needs, and the word of a basis header that asks for one which others do
 * without.
 */
static const struct eqml__needed {
    const char *name, *asked_by;
} eqml__needed[] = {{"compiler.h", NULL},
                    {"lanes/choose.h", NULL},
                    {"lanes/vector.h", NULL},
                    {"lanes/scalar.h", NULL},
                    {"lanes/generic.h", NULL},
                    {"lanes/sse2.h", NULL},
                    {"lanes/neon.h", NULL},
                    {"lanes/plain.h", NULL},
                    {"lanes/avx.h", NULL},
                    {"lanes/avx2.h", NULL},
                    {"lanes/avx512.h", NULL},
                    {"lanes.h", NULL},
                    {"layout.h", NULL},
                    {"basis.h", NULL},
                    {"kernel/variables.h", NULL},
                    {"kernel/pairs.h", NULL},
                    {"kernel/matrix.h", "eqml_matrix"},
                    {"kernel/sweeps.h", NULL},
                    {"kernel/form.h", NULL},
                    {"wall.h", NULL},
                    {"one.h", NULL},
                    {"batch.h", NULL},
                    {"hessian.h", NULL},
                    {"inside.h", NULL},
                    {"kernel/tensor.h", "eqml_tensor_basis"},
                    {"model.h", NULL},
                    {"model_tensor.h", "eqml_tensor_basis"}};
enum { EQML__NEEDED = sizeof eqml__needed / sizeof *eqml__needed };

/* The text between the line that names a part and the next such line, or the end; NULL where there is none. */
static char *eqml__find_part(char *runtime, const char *name, char **end)
{
    const char mark[] = "\n/* ==== ";
    const size_t length = strlen(name), skip = sizeof mark - 1;
    for (char *at = strstr(runtime, mark); at; at = strstr(at + skip, mark))
        if (!strncmp(at + skip, name, length) && at[skip + length] == ' ') {
            *end = strstr(at + skip, mark);
            *end = *end ? *end : at + strlen(at);
            return at + 1;
        }
    return NULL;
}

/* Puts the parts of the runtime that a basis with this header needs. */
static eqml_status eqml__put_runtime(eqml__tagger *t, char *runtime, const char *path,
                                     const char *basis_header, eqml_message *message)
{
    for (int k = 0; k < EQML__NEEDED; k++) {
        char *end, *part = eqml__find_part(runtime, eqml__needed[k].name, &end);
        if (!part) {
            return eqml__fail(message, EQML_ERROR_FORMAT,
                              "%s: has no part %s; is it the file eqml.h of this version?", path,
                              eqml__needed[k].name);
        }
        if (eqml__needed[k].asked_by && !strstr(basis_header, eqml__needed[k].asked_by))
            continue;
        const char next = *end;
        *end = 0;
        eqml__put_tagged(t, part);
        *end = next;
    }
    return EQML_OK;
}

/*
 * A number for C and C++ of every standard, in decimal, since hexadecimal floats are new in C++17: with as
 * many digits as give it back exactly, a point whatever the locale, and "f" where it is a float.
 */
static eqml__digits eqml__decimal(double number, bool is_float)
{
    eqml__digits d;
    snprintf(d.text, sizeof d.text, is_float ? "%.9g" : "%.17g", is_float ? (double)(float)number : number);
    eqml__use_point(d.text);
    if (!strpbrk(d.text, ".e"))
        strcat(d.text, ".0");
    if (is_float)
        strcat(d.text, "f");
    return d;
}

static void eqml__put_numbers(FILE *out, const char *name, const char *what, bool is_float, int count,
                              const double *number)
{
    fprintf(out, "static const %s %s_%s%s[] EQML%d_ALIGNED = {", is_float ? "float" : "double", name, what,
            is_float ? "_float" : "", EQML_LAYOUT);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s%s,", k % 4 ? " " : "\n    ", eqml__decimal(number[k], is_float).text);
    fprintf(out, "%s\n};\n", count ? "" : "0");
}

static void eqml__put_wall_arrays(FILE *out, const eqml_wall *w, const char *name)
{
    const int number = EQML_LAYOUT, n = w->nfeatures;
    fprintf(out, "static const unsigned short %s_wall_features[] = {", name);
    for (int k = 0; k < n; k++)
        fprintf(out, "%d, ", w->features[k]);
    fprintf(out, "};\n");
    eqml__put_numbers(out, name, "wall_means", false, n, w->means);
    eqml__put_numbers(out, name, "wall_whiten", false, n * EQML_ROUND(n), w->whiten);
    fprintf(out, "static const eqml%d_wall %s_wall = {%d, %s_wall_features, %s_wall_means, %s_wall_whiten, ",
            number, name, n, name, name, name);
    fprintf(out, "%s, ", eqml__decimal(w->outside, false).text);
    fprintf(out, "%s, ", eqml__decimal(w->base, false).text);
    fprintf(out, "%s};\n", eqml__decimal(w->height, false).text);
}

/* What eqml__inside needs: the squares of the shortest distances of all pairs, then of the longest. */
static void eqml__put_squares(FILE *out, const eqml_surface *surface, const char *name)
{
    const eqml_basis *b = surface->model.basis;
    const int stride = EQML_ROUND(b->npairs);
    fprintf(out, "static const double %s_squares[] EQML%d_ALIGNED = {", name, EQML_LAYOUT);
    for (int k = 0; k < 2 * stride; k++) {
        double square[2];
        eqml__squared_range(surface, k % stride < b->npairs ? k % stride : b->npairs - 1, square);
        fprintf(out, "%s%s,", k % 4 ? " " : "\n    ", eqml__decimal(square[k / stride], false).text);
    }
    fprintf(out, "\n};\n");
}

static void eqml__put_surface(FILE *out, const eqml_surface *surface, const char *name)
{
    static const char *const kinds[] = {"MORSE", "INVERSE", "EXP_OVER_R", "POWER"};
    static const char *const groups[] = {"ONE", "BATCH", "FLOAT", "TENSORS"}; /* of functions */
    const eqml_basis *b = surface->model.basis;
    const int number = EQML_LAYOUT;
    fprintf(out, "\n#ifndef EQML_SURFACE_%s\n#define EQML_SURFACE_%s\n", name, name);
    fprintf(out, "static const eqml%d_variable %s_variables[] = {\n", number, name);
    for (int k = 0; k < b->npair_classes; k++)
        fprintf(out, "    {EQML%d_%s, %s, 0, 0},\n", number, kinds[surface->variables[k].kind],
                eqml__decimal(surface->variables[k].range, false).text);
    fprintf(out, "};\n");
    eqml__put_numbers(out, name, "centres", false, EQML_ROUND(b->npairs), surface->centres);
    eqml__put_numbers(out, name, "rates", false, EQML_ROUND(b->npairs), surface->rates);
    eqml__put_squares(out, surface, name);
    for (int is_float = 0; is_float < 2; is_float++) {
        eqml__put_numbers(out, name, "offset", is_float, b->nfactors, surface->offset);
        eqml__put_numbers(out, name, "linear", is_float, b->nfactors, surface->linear);
        eqml__put_numbers(out, name, "packed", is_float, 16 * b->ntiles, surface->packed);
    }
    if (surface->wall)
        eqml__put_wall_arrays(out, surface->wall, name);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k]) {
            char what[64];
            snprintf(what, sizeof what, "%s_coefficients", eqml_tensor_name((eqml_tensor)k));
            eqml__put_numbers(out, name, what, false, 16 * b->tensors[k]->ntiles, surface->tensors[k]);
        }
    fprintf(out,
            "static const eqml%d_model %s_model = {\n    &eqml%d_%s_basis, %s_variables, %s_centres, "
            "%s_rates, %s_offset,\n",
            number, name, number, b->name, name, name, name, name);
    fprintf(out, "    %s_linear, %s_packed, {", name, name);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            fprintf(out, "%s_%s_coefficients, ", name, eqml_tensor_name((eqml_tensor)k));
        else
            fprintf(out, "0, ");
    fprintf(out, "}, %s,\n", eqml__decimal(surface->model.charge, false).text);
    fprintf(out, "    %s_offset_float, %s_linear_float, %s_packed_float, ", name, name, name);
    fprintf(out, surface->wall ? "&%s_wall};\n" : "0};\n", name);
    fprintf(out,
            "\n#ifndef %s_API /* define it as extern, in one file, for functions with external linkage */\n",
            name);
    fprintf(out, "#define %s_API EQML%d_FUNCTION\n#endif\n", name, number);
    fprintf(out, "/* Or one of these, for a part of them. */\n");
    for (int k = 0; k < 4; k++)
        fprintf(out, "#ifndef %s_%s_API\n#define %s_%s_API %s_API\n#endif\n", name, groups[k], name,
                groups[k], name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    for (int k = 0; k < 3; k++)
        fprintf(out, "EQML%d_SURFACE_%s_FUNCTIONS(%s, eqml%d_%s, EQML%d__APART %s_%s_API)\n", number,
                groups[k], name, number, b->name, number, name, groups[k]);
    fprintf(out, "EQML%d_SURFACE_INSIDE_FUNCTION(%s, eqml%d_%s, EQML%d__APART %s_ONE_API)\n", number, name,
            number, b->name, number, name);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            fprintf(out, "EQML%d_SURFACE_TENSOR_FUNCTIONS(%s, eqml%d_%s, EQML%d__APART %s_TENSORS_API, %s)\n",
                    number, name, number, b->name, number, name, eqml_tensor_name((eqml_tensor)k));
    if (b->tensors[EQML_DIPOLE])
        fprintf(out, "EQML%d_SURFACE_ENERGY_DIPOLE_FUNCTION(%s, eqml%d_%s, EQML%d__APART %s_TENSORS_API)\n",
                number, name, number, b->name, number, name);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

static void eqml__put_banner(FILE *out, const eqml_basis *b, const char *name)
{
    static const char *const shapes[EQML_TENSORS] = {
        "dipole[3] in e*bohr, about the origin, its jacobian[3][3 natoms]",
        ("quadrupole[6] in e*bohr^2, traceless, xx xy xz yy yz zz, about the centre of the smallest class "
         "of\n"
         " * atoms, its jacobian[6][3 natoms]"),
        "polarizability[6] in bohr^3, xx xy xz yy yz zz, its jacobian[6][3 natoms]"};
    const int n = b->natoms;
    fprintf(out, "/*\n * %s: a potential energy surface for %s, fitted with eqml.\n *\n", name,
            b->composition);
    fprintf(out, " *     double %s_energy(const double *xyz);\n", name);
    fprintf(out, " *     double %s_energy_gradient(const double *xyz, double *gradient);\n", name);
    fprintf(out, " *     double %s_energy_hessian(const double *xyz, double *gradient, double *hessian);\n",
            name);
    fprintf(out, " *     void   %s_energy_batch(size_t n, const double *xyz, double *energy);\n", name);
    fprintf(out, " *     void   %s_energy_gradient_batch(size_t n, const double *xyz, double *energy,\n",
            name);
    fprintf(out, " *                                   double *gradient);\n");
    for (int k = 0; k < EQML_TENSORS; k++) {
        const char *what = eqml_tensor_name((eqml_tensor)k);
        if (!b->tensors[k])
            continue;
        fprintf(out, " *     void   %s_%s(const double *xyz, double *%s);\n", name, what, what);
        fprintf(out, " *     void   %s_%s_jacobian(const double *xyz, double *%s, double *jacobian);\n", name,
                what, what);
        fprintf(out, " *     void   %s_%s_batch(size_t n, const double *xyz, double *%s);\n", name, what,
                what);
        fprintf(out,
                " *     void   %s_%s_jacobian_batch(size_t n, const double *xyz, double *%s, double "
                "*jacobian);\n",
                name, what, what);
    }
    if (b->tensors[EQML_DIPOLE])
        fprintf(
            out,
            " *     double %s_energy_gradient_dipole(const double *xyz, double *gradient, double *dipole);\n",
            name);
    fprintf(
        out,
        " *     int    %s_inside(const double *xyz);   1: all distances are as in the training data, 0: not, "
        "-1: not known\n",
        name);
    fprintf(out, " *     int    %s_natoms(void);\n *     const char *%s_symbols(void);\n *\n", name, name);
    fprintf(out, " * xyz[%d][3] and gradient[%d][3] in bohr, hartree, hartree/bohr, hessian[%d][%d]", n, n,
            3 * n, 3 * n);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            fprintf(out, ",\n * %s", shapes[k]);
    fprintf(out, "; batches xyz[n][%d][3].\n * Atoms in the order %s. All functions are thread-safe.\n", n,
            b->symbols);
    fprintf(out, " * Compile with -O3 -march=native (and -ffp-contract=fast where -std=c11 is asked for), "
                 "link with -lm.\n");
    fprintf(out, " */\n");
}

EQML_API eqml_status eqml_surface_write_header(const eqml_surface *surface, const char *name,
                                               const char *runtime, const char *basis_header,
                                               const char *path, eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    char *parts = NULL, *basis = NULL;
    size_t size;
    eqml_status status = eqml__check_writable(surface, path, (double)FLT_MAX, message);
    if (status)
        return status;
    status = eqml__load_text(runtime, &parts, &size, message);
    if (!status)
        status = eqml__load_text(basis_header, &basis, &size, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        eqml__put_banner(out.file, b, name);
        status = eqml__put_runtime(&tagger, parts, runtime, basis, message);
        tagger.basis = b->name;
        if (!status) {
            eqml__put_tagged(&tagger, basis);
            eqml__put_surface(out.file, surface, name);
        }
        status = eqml__close_output(&out, status, message);
    }
    EQML_FREE(parts);
    EQML_FREE(basis);
    return status;
}

#endif /* EQML__SURFACE_HEADER_C */
