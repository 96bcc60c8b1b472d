/* Standard deviations as .sigma files and as C headers. */
#ifndef EQML__SIGMA_FILE_C
#define EQML__SIGMA_FILE_C
#include "uncertainty.h"
#include "surface_file.c"
#include "surface_header.c"
#include "uncertainty.c"

/* Adds numbers to a hash, by their bits, whatever their order in memory. */
static void eqml__mix_numbers(uint64_t *hash, size_t count, const double *number)
{
    for (size_t k = 0; k < count; k++) {
        uint64_t bits;
        memcpy(&bits, &number[k], sizeof bits);
        for (int shift = 0; shift < 64; shift += 16) {
            const unsigned short part = (unsigned short)(bits >> shift & 0xffff);
            eqml__mix(hash, &part, 1);
        }
    }
}

/* What ties a .sigma file to its surface. */
static void eqml__describe_surface(const eqml_surface *s, char text[20])
{
    const eqml_basis *b = s->model.basis;
    uint64_t hash = 14695981039346656037u;
    for (int k = 0; k < b->npair_classes; k++)
        eqml__mix_numbers(&hash, 1, &s->variables[k].range);
    eqml__mix_numbers(&hash, (size_t)b->npairs, s->centres);
    eqml__mix_numbers(&hash, (size_t)b->nfactors, s->offset);
    eqml__mix_numbers(&hash, (size_t)b->nfactors, s->linear);
    eqml__mix_numbers(&hash, 16 * (size_t)b->ntiles, s->packed);
    snprintf(text, 20, "%08lx%08lx", (unsigned long)(hash >> 32), (unsigned long)(hash & 0xffffffff));
}

EQML_API eqml_status eqml_sigma_write(const eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                      eqml_message *message)
{
    eqml__output out;
    char basis[1024], fit[20];
    const size_t size = eqml__sigma_size(sigma);
    eqml_status status = eqml__check_numbers(path, "matrix", size, sigma->matrix, DBL_MAX, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    eqml__describe_basis(surface->model.basis, basis, sizeof basis);
    eqml__describe_surface(surface, fit);
    fprintf(out.file, "eqml-sigma 1\nbasis %s\nsurface %s\nrows %d %d\n", basis, fit, sigma->rows,
            sigma->triangular);
    fprintf(out.file, "floor %s\n", eqml__hexadecimal(sigma->floor).text);
    fprintf(out.file, "slope %s\n", eqml__hexadecimal(sigma->slope).text);
    fprintf(out.file, "power %s\n", eqml__hexadecimal(sigma->power).text);
    fprintf(out.file, "reach %s\n", eqml__hexadecimal(sigma->reach).text);
    for (size_t k = 0; k < size; k++)
        fprintf(out.file, "number %s\n", eqml__hexadecimal(sigma->matrix[k]).text);
    fprintf(out.file, "end\n");
    return eqml__close_output(&out, status, message);
}

/* Reads up to the numbers. */
static eqml_status eqml__read_sigma_head(eqml__reader *in, const eqml_surface *surface, eqml_sigma *sigma)
{
    char basis[1024], fit[20];
    int shape[2];
    eqml__item item;
    eqml__describe_basis(surface->model.basis, basis, sizeof basis);
    eqml__describe_surface(surface, fit);
    eqml_status status = eqml__expect_item(in, "eqml-sigma", "1");
    if (!status)
        status = eqml__expect_item(in, "basis", basis);
    if (!status)
        status = eqml__next_item(in, "surface", &item);
    if (!status && !eqml__is(item.rest, fit))
        return EQML__REFUSE(in, EQML_ERROR_MATCH,
                            "the standard deviations belong to another fit, %s and not %s",
                            eqml__quote(item.rest).text, fit);
    if (!status)
        status = eqml__next_item(in, "rows", &item);
    sigma->terms = surface->model.basis->nterms;
    if (!status &&
        (!eqml__next_counts(&item.rest, 2, 0, EQML_ROUND(sigma->terms), shape) || shape[0] < 1 ||
         shape[0] % EQML__SIGMA_ROWS || shape[1] > 1 || (shape[1] && shape[0] != EQML_ROUND(sigma->terms))))
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "rows, a multiple of 8, and 0 or 1");
    if (!status) {
        sigma->rows = shape[0], sigma->triangular = shape[1];
        status = eqml__read_numbers(in, "floor", 1, &sigma->floor);
    }
    if (!status)
        status = eqml__read_numbers(in, "slope", 1, &sigma->slope);
    if (!status)
        status = eqml__read_numbers(in, "power", 1, &sigma->power);
    if (!status)
        status = eqml__read_numbers(in, "reach", 1, &sigma->reach);
    return status;
}

EQML_API eqml_status eqml_sigma_read(eqml_sigma *sigma, const eqml_surface *surface, const char *path,
                                     eqml_message *message)
{
    eqml__reader in;
    memset(sigma, 0, sizeof *sigma);
    eqml_status status = eqml__open_reader(&in, path, message);
    if (status)
        return status;
    status = eqml__read_sigma_head(&in, surface, sigma);
    if (!status) {
        const size_t size = eqml__sigma_size(sigma);
        double *matrix = (double *)eqml__zeroed(size, sizeof(double));
        sigma->matrix = matrix;
        status = !matrix            ? EQML_ERROR_MEMORY
                 : size > INT32_MAX ? EQML_ERROR_FORMAT
                                    : eqml__read_numbers(&in, "number", (int)size, matrix);
    }
    if (!status)
        status = eqml__expect_end(&in);
    status = eqml__finish_reading(&in, status);
    if (status)
        eqml_sigma_free(sigma);
    return status;
}

static void eqml__put_sigma(FILE *out, const eqml_sigma *sigma, const char *basis, const char *name)
{
    const int size = (int)eqml__sigma_size(sigma);
    fprintf(out, "\n#ifndef EQML_SIGMA_%s\n#define EQML_SIGMA_%s\n", name, name);
    fprintf(out, "static const double %s_sigma_matrix[%d] %s_ALIGNED = {", name, size, name);
    for (int k = 0; k < size; k++)
        eqml__put_number(out, k, false, sigma->matrix[k]);
    fprintf(out, "\n};\nstatic const eqml" EQML__TAG "_sigma %s_sigma = {%d, %d, %d, %s, ", name,
            sigma->terms, sigma->rows, sigma->triangular, eqml__decimal(sigma->floor, false).text);
    fprintf(out, "%s, ", eqml__decimal(sigma->slope, false).text);
    fprintf(out, "%s, ", eqml__decimal(sigma->power, false).text);
    fprintf(out, "%s, %s_sigma_matrix};\n", eqml__decimal(sigma->reach, false).text, name);
    fprintf(out, "#ifndef %s_SIGMA_API\n#define %s_SIGMA_API %s_API\n#endif\n", name, name, name);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    fprintf(out,
            "EQML" EQML__TAG "_SURFACE_SIGMA_FUNCTIONS(%s, eqml" EQML__TAG "_%s, EQML" EQML__TAG
            "__APART %s_SIGMA_API)\n",
            name, basis, name);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

EQML_API eqml_status eqml_sigma_write_header(const eqml_sigma *sigma, const eqml_surface *surface,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message)
{
    static const struct eqml__needed needed[] = {
        {"kernel/terms.h", NULL}, {"variance.h", NULL}, {"sigma.h", NULL}};
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    char *parts = NULL;
    size_t size = eqml__sigma_size(sigma);
    if (size > INT32_MAX)
        return eqml__fail_file(message, EQML_ERROR_ARGUMENT, path, 0,
                               "a matrix of %zu numbers is no header: take fewer rows", size);
    eqml_status status = eqml__check_numbers(path, "matrix", size, sigma->matrix, DBL_MAX, message);
    if (!status)
        status = eqml__load_text(runtime, &parts, &size, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        fprintf(out.file,
                "/*\n * How sure the energies of the surface %s are: predictive standard deviations, "
                "hartree.\n *\n"
                " *     double %s_energy_sigma(const double *xyz);\n"
                " *     void   %s_energy_sigma_batch(size_t n, const double *xyz, double *sigma);\n *\n"
                " * xyz in bohr, as in %s_pes.h, which must lie beside this file.\n */\n#include "
                "\"%s_pes.h\"\n\n",
                name, name, name, name, name);
        status = eqml__put_parts(&tagger, parts, runtime, "", needed, 3, message);
        if (!status)
            eqml__put_sigma(out.file, sigma, surface->model.basis->name, name);
        status = eqml__close_output(&out, status, message);
    }
    EQML_FREE(parts);
    return status;
}

#endif /* EQML__SIGMA_FILE_C */
