/* What goes beside a library for other languages: NAME_api.h, NAME.f90, and NAME_record.h, of which the library is made. */
#include "job.h"
#include "common/whole.h"

typedef struct surface_files {
    const job *j;
    const eqml_surface *surface;
    const outcome *o;
} surface_files;

/* ---- what the surface has ------------------------------------------------------------------------------ */

static int has_group(const surface_files *f, const char *group)
{
    char lower[32] = "";
    for (size_t k = 0; group[k] && k + 1 < sizeof lower; k++)
        lower[k] = (char)(group[k] >= 'A' && group[k] <= 'Z' ? group[k] - 'A' + 'a' : group[k]);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (!strcmp(lower, eqml_tensor_name((eqml_tensor)k)))
            return basis->tensors[k] != NULL;
    if (!strcmp(lower, "float"))
        return f->j->with_float;
    return strcmp(lower, "sigma") || f->o->few.rows;
}

/* ---- C ------------------------------------------------------------------------------------------------- */

static void put_numbers(FILE *out, const char *type, const char *name, size_t count, const double *number)
{
    fprintf(out, "static const %s %s[] = {", type, name);
    for (size_t k = 0; k < count; k++) {
        if (number[k] > DBL_MAX)
            fprintf(out, "HUGE_VAL, ");
        else
            fprintf(out, strcmp(type, "int") ? "%.17g, " : "%.0f, ", number[k]);
    }
    fprintf(out, "};\n");
}

/* [natoms][natoms][2], as eqml_record says. */
static void put_ranges(FILE *out, const eqml_surface *s)
{
    const size_t n = (size_t)basis->natoms;
    double *ranges = calloc(n * n, 2 * sizeof *ranges);
    for (size_t k = 0; k < n * n && ranges; k++)
        ranges[2 * k + 1] = k % (n + 1) ? HUGE_VAL : 0;
    for (int p = 0; p < basis->npairs && ranges; p++)
        for (int turn = 0; turn < 2; turn++)
            memcpy(ranges + 2 * (n * basis->pairs[p][turn] + basis->pairs[p][1 - turn]),
                   s->ranges + 2 * basis->pair_classes[p], 2 * sizeof *ranges);
    fprintf(out, "#define SURFACE_RANGES %d\n", ranges && s->ranges[1] < HUGE_VAL);
    put_numbers(out, "double", "surface_ranges", ranges ? 2 * n * n : 0, ranges);
    free(ranges);
}

/* NAME_record.h: what record.c and portable.c in gen/bindings/library/ need to know. */
static void put_record(FILE *out, const surface_files *f)
{
    const eqml_surface *s = f->surface;
    static const char *const groups[] = {"DIPOLE", "QUADRUPOLE", "POLARIZABILITY", "SIGMA"};
    const size_t n = (size_t)basis->natoms;
    double *classes = calloc(n, sizeof *classes), *numbers = calloc(n, sizeof *numbers);
    const char *symbol = basis->symbols;
    fprintf(out, "#include <math.h>\n#define SURFACE %s\n#define SURFACE_NAME \"%s\"\n", f->j->name,
            f->j->name);
    fprintf(out, "#define SURFACE_COMPOSITION \"%s\"\n#define SURFACE_SYMBOLS \"%s\"\n", basis->composition,
            basis->symbols);
    fprintf(out, "#define SURFACE_NATOMS %d\n#define SURFACE_CHARGE %.0f\n", basis->natoms, s->model.charge);
    fprintf(out, "#define SURFACE_NTRAIN %zu\n#define SURFACE_LOWEST %.17g\n#define SURFACE_HIGHEST %.17g\n",
            s->ntrain, s->lowest, s->highest);
    for (size_t k = 0; k < sizeof groups / sizeof *groups; k++)
        if (has_group(f, groups[k]))
            fprintf(out, "#define SURFACE_%s\n", groups[k]);
    for (size_t i = 0; i < n && classes && numbers; i++) {
        const size_t length = strcspn(symbol, " ");
        classes[i] = basis->atom_classes[i];
        numbers[i] = eqml_atomic_number(symbol);
        symbol += length + (symbol[length] == ' ');
    }
    put_numbers(out, "int", "surface_numbers", numbers && classes ? n : 0, numbers);
    put_numbers(out, "int", "surface_classes", numbers && classes ? n : 0, classes);
    put_numbers(out, "double", "surface_lowest_xyz", 3 * n, s->lowest_xyz);
    put_ranges(out, s);
    free(classes);
    free(numbers);
}

/* A prototype of gen/bindings/library/functions.h. */
static void put_prototype(FILE *out, const surface_files *f, const char *group, const char *type,
                          const char *name, const char *parameters)
{
    if (has_group(f, group))
        fprintf(out, "%s%s%s_%s%s;\n", type, type[strlen(type) - 1] == '*' ? "" : " ", f->j->name, name,
                parameters);
}

static void put_api(FILE *out, const surface_files *f)
{
    const char *name = f->j->name;
    fprintf(
        out,
        "/*\n * lib%s.so: a potential energy surface for %s, fitted with eqml.\n *\n"
        " * xyz[%d][3] in the order %s, batches xyz[n][%d][3]; bohr, hartree, hartree/bohr, hartree/bohr^2;\n"
        " * dipoles in e bohr about the origin, quadrupoles (traceless) in e bohr^2, polarizabilities in "
        "bohr^3,\n"
        " * components x y z or xx xy xz yy yz zz, Jacobians [components][%d]. All functions are "
        "thread-safe.\n"
        " * Where a coordinate is no number, or two atoms are in one place, the numbers are NaN.\n */\n",
        name, basis->composition, basis->natoms, basis->symbols, basis->natoms, 3 * basis->natoms);
    fprintf(out, "#ifndef EQML_API_%s\n#define EQML_API_%s\n#include <stddef.h>\n\n", name, name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
#define X(group, type, function, parameters, arguments)                                                      \
    put_prototype(out, f, #group, #type, #function, #parameters);
#define V X
#include "../../gen/bindings/library/functions.h"
#undef X
#undef V
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

/* NAME_plain.h and so on: the functions under names of their own, for a library that has each several times. */
static void put_names(FILE *out, const surface_files *f, const char *level)
{
#define X(group, type, function, parameters, arguments)                                                      \
    if (has_group(f, #group))                                                                                \
        fprintf(out, "#define %s_%s %s_%s_%s\n", f->j->name, #function, f->j->name, #function, level);
#define V X
#include "../../gen/bindings/library/functions.h"
#undef X
#undef V
}

/* ---- Fortran ------------------------------------------------------------------------------------------- */

/*
 * A line of a template: NAME is the name of the surface, NATOMS the number of its atoms, SYMBOLS these; a line "@group ..."
 * is for surfaces with that group alone.
 */
static void put_line(FILE *out, const surface_files *f, const char *line)
{
    if (*line == '@') {
        char group[32];
        const size_t length = strcspn(++line, " ");
        snprintf(group, sizeof group, "%.*s", (int)length, line);
        if (!has_group(f, group))
            return;
        line += length + (line[length] == ' ');
    }
    while (*line) {
        if (!strncmp(line, "NAME", 4))
            fputs(f->j->name, out), line += 4;
        else if (!strncmp(line, "NATOMS", 6))
            fprintf(out, "%d", basis->natoms), line += 6;
        else if (!strncmp(line, "SYMBOLS", 7))
            fputs(basis->symbols, out), line += 7;
        else
            fputc(*line++, out);
    }
}

/* ---- the files ----------------------------------------------------------------------------------------- */

static int cannot(const char *path)
{
    fprintf(stderr, "fit: %s: cannot be read or written: %s\n", path, strerror(errno));
    return 1;
}

static int write_c(const surface_files *f, const char *what, const char *level)
{
    char path[1024];
    whole w;
    snprintf(path, sizeof path, "%s/%s_%s.h", f->j->directory, f->j->name, what);
    whole_open(&w, path);
    if (w.out && level)
        put_names(w.out, f, level);
    else if (w.out)
        (strcmp(what, "api") ? put_record : put_api)(w.out, f);
    return whole_close(&w, 0) ? cannot(path) : 0;
}

static int write_fortran(const surface_files *f)
{
    char path[1024], line[512];
    whole w;
    snprintf(path, sizeof path, "%s/fortran/surface.f90", f->j->bindings);
    FILE *in = fopen(path, "r");
    if (!in)
        return cannot(path);
    snprintf(path, sizeof path, "%s/%s.f90", f->j->directory, f->j->name);
    whole_open(&w, path);
    while (w.out && fgets(line, sizeof line, in))
        put_line(w.out, f, line);
    fclose(in);
    return whole_close(&w, 0) ? cannot(path) : 0;
}

int write_bindings(const job *j, const eqml_surface *surface, const outcome *o)
{
    static const char *const levels[] = {"plain", "avx2", "avx512"};
    const surface_files f = {j, surface, o};
    if (!j->bindings)
        return 0;
    for (int k = 0; k < 3; k++)
        if (write_c(&f, levels[k], levels[k]))
            return 1;
    return write_c(&f, "api", NULL) || write_c(&f, "record", NULL) || write_fortran(&f);
}
