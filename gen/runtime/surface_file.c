/* Surfaces as .pes files. */
#ifndef EQML__SURFACE_FILE_C
#define EQML__SURFACE_FILE_C
#include "surface.h"
#include "data.h"
#include "surface.c"
#include "file.c"
#include "memory.c"

static eqml_status eqml__check_numbers(const char *path, const char *what, size_t count, const double *number,
                                       double most, eqml_message *message)
{
    for (size_t k = 0; k < count; k++)
        if (!(fabs(number[k]) <= most)) {
            return eqml__fail(
                message, EQML_ERROR_VALUE,
                "%s: number %zu of the %s is %g, which the file cannot hold: fit again, with other "
                "variables or a ridge",
                path, k, what, number[k]);
        }
    return EQML_OK;
}

/* Only what a file can hold is written to one: no user's function, and finite numbers, those of the energy of
 * at most `most`. */
static eqml_status eqml__check_writable(const eqml_surface *surface, const char *path, double most,
                                        eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    for (int k = 0; k < b->npair_classes; k++)
        if (surface->variables[k].kind == EQML_USER) {
            return eqml__fail(message, EQML_ERROR_ARGUMENT,
                              "%s: a surface with a user's pair function cannot be written to a file", path);
        }
    eqml_status status =
        eqml__check_numbers(path, "offsets", (size_t)b->nfactors, surface->offset, most, message);
    if (!status)
        status = eqml__check_numbers(path, "coefficients of factors", (size_t)b->nfactors, surface->linear,
                                     most, message);
    if (!status)
        status = eqml__check_numbers(path, "coefficients of products", 16 * (size_t)b->ntiles,
                                     surface->packed, most, message);
    for (int k = 0; k < EQML_TENSORS && !status; k++)
        if (b->tensors[k])
            status = eqml__check_numbers(path, eqml_tensor_name((eqml_tensor)k),
                                         16 * (size_t)b->tensors[k]->ntiles, surface->tensors[k], DBL_MAX,
                                         message);
    if (!status)
        status = eqml__check_numbers(path, "total charge", 1, &surface->model.charge, DBL_MAX, message);
    return status;
}

static const char *const eqml__kind_names[] = {"morse", "inverse", "exp-over-r", "power"};

/* Of the energy or of a tensor. */
static size_t eqml__most_terms(const eqml_basis *b)
{
    int most = b->nterms;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k] && b->tensors[k]->nterms > most)
            most = b->tensors[k]->nterms;
    return (size_t)most;
}

/* FNV-1a over a table. */
static void eqml__mix(uint64_t *hash, const unsigned short *table, size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (int byte = 0; byte < 2; byte++)
            *hash = (*hash ^ (table[k] >> 8 * byte & 0xff)) * 1099511628211u;
}

/* A number that stands for all terms in their order: coefficients mean nothing with any other basis. */
static uint64_t eqml__terms_number(const eqml_basis *b)
{
    uint64_t hash = 14695981039346656037u;
    eqml__mix(&hash, b->pairs[0], 2 * (size_t)b->npairs);
    eqml__mix(&hash, b->pair_classes, (size_t)b->npairs);
    eqml__mix(&hash, b->operations[0], 3 * (size_t)b->noperations);
    eqml__mix(&hash, b->runs[0], 3 * (size_t)b->nruns);
    for (size_t k = 0; k < (size_t)b->nfactors && b->is_term; k++) {
        const unsigned short is_term = b->is_term[k];
        eqml__mix(&hash, &is_term, 1);
    }
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const eqml_tensor_basis *t = b->tensors[kind];
        if (!t)
            continue;
        eqml__mix(&hash, t->operations[0], 3 * (size_t)t->noperations);
        eqml__mix(&hash, t->elements[0], 3 * (size_t)t->nelements);
        eqml__mix(&hash, t->products[0], 3 * (size_t)t->nproducts);
        eqml__mix(&hash, t->runs[0], 3 * (size_t)t->nruns);
    }
    return hash;
}

/* What a .pes file says of its basis. */
static void eqml__describe_basis(const eqml_basis *b, char *text, size_t size)
{
    const uint64_t terms = eqml__terms_number(b);
    snprintf(text, size, "%s %d %d %d %08lx%08lx", b->name, b->degree, b->nterms, b->nfactors,
             (unsigned long)(terms >> 32), (unsigned long)(terms & 0xffffffff));
}

/* The text of a .pes file. */
static eqml_status eqml__put_pes(FILE *out, const eqml_surface *surface)
{
    const eqml_basis *b = surface->model.basis;
    double *coefficients = (double *)eqml__zeroed(eqml__most_terms(b), sizeof(double));
    if (!coefficients)
        return EQML_ERROR_MEMORY;
    eqml_surface_get(surface, coefficients);
    char basis[1024];
    eqml__describe_basis(b, basis, sizeof basis);
    fprintf(out, "eqml-pes 2\nbasis %s\ncomposition %s\n", basis, b->composition);
    for (int k = 0; k < b->npair_classes; k++)
        fprintf(out, "variable %d %s %s\n", k, eqml__kind_names[surface->variables[k].kind],
                eqml__hexadecimal(surface->variables[k].range).text);
    for (int k = 0; k < b->nfactors; k++)
        fprintf(out, "offset %s\n", eqml__hexadecimal(surface->offset[k]).text);
    for (int k = 0; k < b->nterms; k++)
        fprintf(out, "coefficient %s\n", eqml__hexadecimal(coefficients[k]).text);
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const eqml_tensor_basis *t = b->tensors[kind];
        if (!t)
            continue;
        eqml_surface_get_tensor(surface, t->kind, coefficients);
        fprintf(out, "%s %d %d\n", eqml_tensor_name(t->kind), t->degree, t->nterms);
        if (kind == EQML_DIPOLE)
            fprintf(out, "charge %s\n", eqml__hexadecimal(surface->model.charge).text);
        for (int k = 0; k < t->nterms; k++)
            fprintf(out, "moment %s\n", eqml__hexadecimal(coefficients[k]).text);
    }
    fprintf(out, "end\n");
    EQML_FREE(coefficients);
    return EQML_OK;
}

EQML_API eqml_status eqml_surface_write(const eqml_surface *surface, const char *path, eqml_message *message)
{
    eqml__output out;
    eqml_status status = eqml__check_writable(surface, path, DBL_MAX, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    status = eqml__put_pes(out.file, surface);
    if (status)
        eqml__no_memory(path, message);
    return eqml__close_output(&out, status, message);
}

/* Reading, line by line. */
typedef struct eqml__input {
    FILE *file;
    const char *path;
    int line;
    char text[4096]; /* a composition has at most 200 symbols of 7 letters, counts and parentheses */
    eqml_message *message;
} eqml__input;

static eqml_status eqml__bad_line(const eqml__input *in, eqml_status status, const char *expected)
{
    return eqml__fail(in->message, status,
                      "%s:%d: expected %s, found \"%.60s\"; is this the .pes file of this basis?", in->path,
                      in->line, expected, in->text);
}

/* The next line without its end; its first word must be `word`. *rest: what follows. */
static eqml_status eqml__pes_line(eqml__input *in, const char *word, char **rest)
{
    size_t length = strlen(word);
    in->line++;
    if (!fgets(in->text, sizeof in->text, in->file)) {
        in->text[0] = 0;
        return eqml__fail(in->message, EQML_ERROR_FORMAT,
                          "%s:%d: the file ends where \"%s\" was expected; it is truncated", in->path,
                          in->line, word);
    }
    in->text[strcspn(in->text, "\r\n")] = 0;
    if (strncmp(in->text, word, length) || (in->text[length] && in->text[length] != ' '))
        return eqml__bad_line(in, EQML_ERROR_FORMAT, word);
    *rest = in->text + length + (in->text[length] == ' ');
    return EQML_OK;
}

static eqml_status eqml__read_numbers(eqml__input *in, const char *word, int count, double *number)
{
    for (int k = 0; k < count; k++) {
        char *rest;
        eqml_status status = eqml__pes_line(in, word, &rest);
        if (status)
            return status;
        if (!eqml__exact_number(rest, &number[k]))
            return eqml__bad_line(in, EQML_ERROR_VALUE, "one finite number");
    }
    return EQML_OK;
}

static eqml_status eqml__read_variables(eqml__input *in, const eqml_basis *b, eqml_variable *variable)
{
    for (int k = 0; k < b->npair_classes; k++) {
        char *rest, *end, *name;
        eqml_status status = eqml__pes_line(in, "variable", &rest);
        if (status)
            return status;
        if (strtol(rest, &end, 10) != k || end == rest || *end != ' ')
            return eqml__bad_line(in, EQML_ERROR_FORMAT, "the classes of pairs in their order");
        name = end + 1;
        variable[k].kind = EQML_USER;
        for (int kind = 0; kind < 4; kind++) {
            size_t length = strlen(eqml__kind_names[kind]);
            if (!strncmp(name, eqml__kind_names[kind], length) && name[length] == ' ') {
                variable[k].kind = (eqml_kind)kind;
                rest = name + length + 1;
            }
        }
        if (variable[k].kind == EQML_USER)
            return eqml__bad_line(in, EQML_ERROR_FORMAT,
                                  "variable CLASS morse|inverse|exp-over-r|power RANGE");
        if (!eqml__exact_number(rest, &variable[k].range) || !eqml__variable_is_valid(&variable[k]))
            return eqml__bad_line(in, EQML_ERROR_VALUE, "a finite, positive range or a whole exponent");
    }
    return EQML_OK;
}

/* room: for the terms of the tensor. */
static eqml_status eqml__read_tensor(eqml__input *in, eqml_tensor kind, eqml_surface *surface, double *room)
{
    const eqml_tensor_basis *t = surface->model.basis->tensors[kind];
    char *rest, expected[64];
    eqml_status status = eqml__pes_line(in, eqml_tensor_name(kind), &rest);
    snprintf(expected, sizeof expected, "%d %d", t->degree, t->nterms);
    if (!status && strcmp(rest, expected))
        status = eqml__bad_line(in, EQML_ERROR_MATCH, expected);
    if (!status && kind == EQML_DIPOLE)
        status = eqml__read_numbers(in, "charge", 1, &surface->model.charge);
    if (!status && !eqml__is_charge(surface->model.charge))
        status = eqml__bad_line(in, EQML_ERROR_VALUE, "a whole number as the total charge");
    if (!status)
        status = eqml__read_numbers(in, "moment", t->nterms, room);
    if (!status)
        eqml_surface_set_tensor(surface, kind, room);
    return status;
}

static eqml_status eqml__read_surface(eqml__input *in, const eqml_basis *b, eqml_surface *surface)
{
    char *rest, expected[1024];
    eqml_variable *variable;
    double *coefficients = NULL;
    eqml_status status = eqml__pes_line(in, "eqml-pes", &rest);
    if (!status && strcmp(rest, "2"))
        return eqml__bad_line(in, EQML_ERROR_FORMAT,
                              "version 2 (terms of version 1 are in another order: fit again)");
    if (status || (status = eqml__pes_line(in, "basis", &rest)))
        return status;
    eqml__describe_basis(b, expected, sizeof expected);
    if (strcmp(rest, expected))
        return eqml__bad_line(in, EQML_ERROR_MATCH, expected);
    status = eqml__pes_line(in, "composition", &rest);
    if (status)
        return status;
    if (strcmp(rest, b->composition))
        return eqml__bad_line(in, EQML_ERROR_MATCH, b->composition);
    variable = (eqml_variable *)eqml__zeroed((size_t)b->npair_classes, sizeof(eqml_variable));
    if (!variable)
        return EQML_ERROR_MEMORY;
    status = eqml__read_variables(in, b, variable);
    if (!status)
        status = eqml_surface_create(b, variable, surface);
    EQML_FREE(variable);
    if (!status)
        status = eqml__read_numbers(in, "offset", b->nfactors, surface->offset);
    if (!status) {
        coefficients = (double *)eqml__zeroed(eqml__most_terms(b), sizeof(double));
        status =
            coefficients ? eqml__read_numbers(in, "coefficient", b->nterms, coefficients) : EQML_ERROR_MEMORY;
    }
    if (!status)
        eqml_surface_set(surface, coefficients);
    for (int k = 0; k < EQML_TENSORS && !status; k++)
        if (b->tensors[k])
            status = eqml__read_tensor(in, (eqml_tensor)k, surface, coefficients);
    if (!status)
        status = eqml__pes_line(in, "end", &rest);
    if (!status && *rest)
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, "nothing after the end");
    surface->standardised = 1;
    EQML_FREE(coefficients);
    return status;
}

static eqml_status eqml__open_input(eqml__input *in, const char *path, eqml_message *message)
{
    memset(in, 0, sizeof *in);
    in->path = path;
    in->message = message;
    in->file = fopen(path, "r");
    if (in->file)
        return EQML_OK;
    return eqml__fail(message, EQML_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
}

/* What was read must be all there is. */
static eqml_status eqml__close_input(eqml__input *in, eqml_status status)
{
    in->line++;
    if (!status && fgets(in->text, sizeof in->text, in->file)) {
        in->text[strcspn(in->text, "\r\n")] = 0;
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, "nothing after the end");
    }
    if (status == EQML_ERROR_MEMORY)
        eqml__no_memory(in->path, in->message);
    fclose(in->file);
    return status;
}

EQML_API eqml_status eqml_surface_read(eqml_surface *surface, const eqml_basis *basis, const char *path,
                                       eqml_message *message)
{
    eqml__input in;
    eqml_status status;
    memset(surface, 0, sizeof *surface);
    status = eqml__open_input(&in, path, message);
    if (status)
        return status;
    status = eqml__close_input(&in, eqml__read_surface(&in, basis, surface));
    if (status)
        eqml_surface_free(surface);
    return status;
}

#endif /* EQML__SURFACE_FILE_C */
