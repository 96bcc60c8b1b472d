/* Surfaces as C headers. */
#ifndef EQML__SURFACE_HEADER_C
#define EQML__SURFACE_HEADER_C
#include "surface.h"
#include "file.c"
#include "reader.c"
#include "surface_file.c"

/* The layout number as text: "eqml" EQML__TAG "_model" is the name that eqml_model gets in a surface's header. */
#define EQML__TEXT_(x) #x
#define EQML__TEXT(x) EQML__TEXT_(x)
#define EQML__TAG EQML__TEXT(EQML_LAYOUT)

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
        fprintf(t->out, "%.4s" EQML__TAG "%.*s", name, (int)length - 4, name + 4);
    else if (own && !strncmp(name, t->basis, own) && (length == own || name[own] == '_'))
        fprintf(t->out, "eqml" EQML__TAG "_%.*s", (int)length, name);
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

/* Puts those parts of the runtime, of a list, that a basis with this header needs. */
static eqml_status eqml__put_parts(eqml__tagger *t, char *runtime, const char *path, const char *basis_header,
                                   const struct eqml__needed *needed, int count, eqml_message *message)
{
    for (int k = 0; k < count; k++) {
        char *end, *part = eqml__find_part(runtime, needed[k].name, &end);
        if (!part) {
            return eqml__fail(message, EQML_ERROR_FORMAT,
                              "%s: has no part %s; is it the file eqml.h of this version?", path,
                              needed[k].name);
        }
        if (needed[k].asked_by && !strstr(basis_header, needed[k].asked_by))
            continue;
        const char next = *end;
        *end = 0;
        eqml__put_tagged(t, part);
        *end = next;
    }
    return EQML_OK;
}

/* The texts that a header copies. */
typedef struct eqml__sources {
    char *runtime, *basis; /* owned */
} eqml__sources;

static eqml_status eqml__load_sources(eqml__sources *s, const char *runtime, const char *basis_header,
                                      eqml_message *message)
{
    size_t size;
    const eqml_status status = eqml__load_text(runtime, &s->runtime, &size, message);
    return status ? status : eqml__load_text(basis_header, &s->basis, &size, message);
}

static void eqml__free_sources(eqml__sources *s)
{
    EQML_FREE(s->runtime);
    EQML_FREE(s->basis);
}

/* Puts the parts of the runtime that the basis needs, and the basis itself; runtime: the path, for messages. */
static eqml_status eqml__put_sources(eqml__tagger *t, const eqml__sources *s, const char *runtime,
                                     const char *basis_name, const struct eqml__needed *needed, int count,
                                     eqml_message *message)
{
    const eqml_status status = eqml__put_parts(t, s->runtime, runtime, s->basis, needed, count, message);
    t->basis = basis_name;
    if (!status)
        eqml__put_tagged(t, s->basis);
    return status;
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

/* The declaration of an array, or the beginning of its definition. */
static void eqml__begin_array(FILE *out, const char *type, const char *name, const char *what, int count,
                              bool defined)
{
    if (defined)
        fprintf(out, "%s_STORAGE ", name);
    else
        fprintf(out, "extern const ");
    fprintf(out, "%s %s_%s%s[%d] %s_%s%s", type, name, what, strcmp(type, "float") ? "" : "_float",
            count > 0 ? count : 1, name, defined ? "PLACED" : "HIDDEN", defined ? " = {" : ";\n");
}

/* Number k of an array that is defined. */
static void eqml__put_number(FILE *out, int k, bool is_float, double number)
{
    fprintf(out, "%s%s,", k % 4 ? " " : "\n    ", eqml__decimal(number, is_float).text);
}

/* An array, by its declaration where number is NULL, or by its definition. */
static void eqml__put_numbers(FILE *out, const char *name, const char *what, bool is_float, int count,
                              const double *number)
{
    eqml__begin_array(out, is_float ? "float" : "double", name, what, count, number != NULL);
    for (int k = 0; k < count && number; k++)
        eqml__put_number(out, k, is_float, number[k]);
    if (number)
        fprintf(out, "%s\n};\n", count > 0 ? "" : "0");
}

/* What eqml__inside needs: the squares of the shortest distances of all pairs, then of the longest. */
static void eqml__put_squares(FILE *out, const eqml_surface *surface, const char *name, bool defined)
{
    const eqml_basis *b = surface->model.basis;
    const int stride = EQML_ROUND(b->npairs);
    eqml__begin_array(out, "double", name, "squares", 2 * stride, defined);
    for (int k = 0; k < 2 * stride && defined; k++) {
        double square[2];
        eqml__squared_range(surface, k % stride < b->npairs ? k % stride : b->npairs - 1, square);
        eqml__put_number(out, k, false, square[k / stride]);
    }
    if (defined)
        fprintf(out, "\n};\n");
}

static void eqml__put_wall_arrays(FILE *out, const eqml_wall *w, const char *name, bool defined)
{
    const int n = w->nfeatures;
    eqml__begin_array(out, "unsigned short", name, "wall_features", n, defined);
    for (int k = 0; k < n && defined; k++)
        fprintf(out, "%d, ", w->features[k]);
    if (defined)
        fprintf(out, "};\n");
    eqml__put_numbers(out, name, "wall_means", false, n, defined ? w->means : NULL);
    eqml__put_numbers(out, name, "wall_whiten", false, n * EQML_ROUND(n), defined ? w->whiten : NULL);
    eqml__put_numbers(out, name, "wall_edges", false, 3, defined ? w->edges : NULL);
}

/* All arrays of a surface, by declarations or definitions. */
static void eqml__put_arrays(FILE *out, const eqml_surface *s, const char *name, bool defined)
{
    const eqml_basis *b = s->model.basis;
    const int pairs = EQML_ROUND(b->npairs);
    eqml__put_numbers(out, name, "centres", false, pairs, defined ? s->centres : NULL);
    eqml__put_numbers(out, name, "rates", false, pairs, defined ? s->rates : NULL);
    eqml__put_squares(out, s, name, defined);
    if (s->wall)
        eqml__put_wall_arrays(out, s->wall, name, defined);
    for (int is_float = 0; is_float < 2; is_float++) {
        eqml__put_numbers(out, name, "offset", is_float, b->nfactors, defined ? s->offset : NULL);
        eqml__put_numbers(out, name, "linear", is_float, b->nfactors, defined ? s->linear : NULL);
        eqml__put_numbers(out, name, "packed", is_float, 16 * b->ntiles, defined ? s->packed : NULL);
    }
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k]) {
            char what[64];
            snprintf(what, sizeof what, "%s_coefficients", eqml_tensor_name((eqml_tensor)k));
            eqml__put_numbers(out, name, what, false, 16 * b->tensors[k]->ntiles,
                              defined ? s->tensors[k] : NULL);
        }
}

/*
 * The numbers of a surface stand before all else, so that a library can have them in a unit by themselves, which is all
 * that is compiled anew after another fit.
 */
static void eqml__put_number_unit(FILE *out, const eqml_surface *surface, const char *name)
{
    fprintf(out,
            "\n/*\n"
            " * For libraries: with %s_APART the numbers are in another unit, and with %s_NUMBERS this is "
            "that unit.\n"
            " * What is compiled with %s_APART depends on the basis, and on the kinds of variables, not on "
            "the fit.\n"
            " */\n",
            name, name, name);
    fprintf(out, "#ifndef EQML_NUMBERS_%s\n#define EQML_NUMBERS_%s\n", name, name);
    fprintf(out, "#ifdef __GNUC__\n#define %s_HIDDEN __attribute__((aligned(64), visibility(\"hidden\")))\n",
            name);
    fprintf(out,
            "#define %s_ALIGNED __attribute__((aligned(64)))\n#else\n#define %s_HIDDEN\n#define "
            "%s_ALIGNED\n#endif\n",
            name, name, name);
    fprintf(out, "#if defined(%s_APART) || defined(%s_NUMBERS)\n", name, name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    eqml__put_arrays(out, surface, name, false);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#define %s_STORAGE const\n", name);
    fprintf(
        out,
        "#define %s_PLACED\n#else\n#define %s_STORAGE static const\n#define %s_PLACED %s_ALIGNED\n#endif\n",
        name, name, name, name);
    fprintf(out, "#ifdef %s_APART\n#define %s_RANGE(a) 1\n#else\n#define %s_RANGE(a) a\n", name, name, name);
    eqml__put_arrays(out, surface, name, true);
    fprintf(out, "#endif\n#endif\n\n#ifndef %s_NUMBERS\n", name);
}

static void eqml__put_surface(FILE *out, const eqml_surface *surface, const char *name)
{
    static const char *const kinds[] = {"MORSE", "INVERSE", "EXP_OVER_R", "POWER"};
    static const char *const groups[] = {"ONE", "BATCH", "FLOAT", "TENSORS"}; /* of functions */
    const eqml_basis *b = surface->model.basis;
    fprintf(out, "\n#ifndef EQML_SURFACE_%s\n#define EQML_SURFACE_%s\n", name, name);
    fprintf(out, "static const eqml" EQML__TAG "_variable %s_variables[] = {\n", name);
    for (int k = 0; k < b->npair_classes; k++) {
        const eqml_variable *v = &surface->variables[k];
        const eqml__digits range = eqml__decimal(v->range, false);
        if (v->kind == EQML_POWER) /* the exponent is in the code */
            fprintf(out, "    {EQML" EQML__TAG "_%s, %s, 0, 0},\n", kinds[v->kind], range.text);
        else /* the code takes the rates */
            fprintf(out, "    {EQML" EQML__TAG "_%s, %s_RANGE(%s), 0, 0},\n", kinds[v->kind], name,
                    range.text);
    }
    fprintf(out, "};\n");
    if (surface->wall)
        fprintf(out,
                "static const eqml" EQML__TAG
                "_wall %s_wall = {%d, %s_wall_features, %s_wall_means, %s_wall_whiten, %s_wall_edges};\n",
                name, surface->wall->nfeatures, name, name, name, name);
    fprintf(out,
            "static const eqml" EQML__TAG "_model %s_model = {\n    &eqml" EQML__TAG
            "_%s_basis, %s_variables, %s_centres, "
            "%s_rates, %s_offset,\n",
            name, b->name, name, name, name, name);
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
    fprintf(out, "#define %s_API EQML" EQML__TAG "_FUNCTION\n#endif\n", name);
    fprintf(out, "/* Or one of these, for a part of them. */\n");
    for (int k = 0; k < 4; k++)
        fprintf(out, "#ifndef %s_%s_API\n#define %s_%s_API %s_API\n#endif\n", name, groups[k], name,
                groups[k], name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    for (int k = 0; k < 3; k++)
        fprintf(out,
                "EQML" EQML__TAG "_SURFACE_%s_FUNCTIONS(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
                "__APART %s_%s_API)\n",
                groups[k], name, b->name, name, groups[k]);
    fprintf(out,
            "EQML" EQML__TAG "_SURFACE_INSIDE_FUNCTION(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
            "__APART %s_ONE_API)\n",
            name, b->name, name);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            fprintf(out,
                    "EQML" EQML__TAG "_SURFACE_TENSOR_FUNCTIONS(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
                    "__APART %s_TENSORS_API, %s)\n",
                    name, b->name, name, eqml_tensor_name((eqml_tensor)k));
    if (b->tensors[EQML_DIPOLE])
        fprintf(out,
                "EQML" EQML__TAG "_SURFACE_ENERGY_DIPOLE_FUNCTION(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
                "__APART %s_TENSORS_API)\n",
                name, b->name, name);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n#endif /* %s_NUMBERS */\n", name);
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
    fprintf(out, " * Compile with -O2 -march=native (and -ffp-contract=fast where -std=c11 is asked for), "
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
    eqml__sources sources = {NULL, NULL};
    eqml_status status = eqml__check_writable(surface, path, (double)FLT_MAX, message);
    if (!status)
        status = eqml__load_sources(&sources, runtime, basis_header, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        eqml__put_banner(out.file, b, name);
        eqml__put_number_unit(out.file, surface, name);
        status = eqml__put_sources(&tagger, &sources, runtime, b->name, eqml__needed, EQML__NEEDED, message);
        if (!status)
            eqml__put_surface(out.file, surface, name);
        status = eqml__close_output(&out, status, message);
    }
    eqml__free_sources(&sources);
    return status;
}

#endif /* EQML__SURFACE_HEADER_C */
