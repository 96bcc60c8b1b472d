/* Surfaces as .pes files. */
#ifndef EQML__SURFACE_FILE_C
#define EQML__SURFACE_FILE_C
#include "surface.h"
#include "data.h"
#include "surface.c"
#include "wall.c"
#include "file.c"
#include "memory.c"
#include "reader.c"
#include "tables.c"
#include "text.c"

/* Refuses numbers that are larger than `most` or not finite; `what` names them. */
static eqml_status eqml__check_numbers(const char *path, const char *what, size_t count, const double *number,
                                       double most, eqml_message *message)
{
    for (size_t k = 0; k < count; k++)
        if (!(fabs(number[k]) <= most))
            return eqml__fail_file(
                message, EQML_ERROR_VALUE, path, 0,
                "number %zu of the %s is %g, which the file cannot hold: fit again, with other "
                "variables or a ridge",
                k, what, number[k]);
    return EQML_OK;
}

/*
 * Refuses what a file cannot hold: a user's function, numbers that are not finite, and numbers of the energy
 * beyond `most`.
 */
static eqml_status eqml__check_writable(const eqml_surface *surface, const char *path, double most,
                                        eqml_message *message)
{
    const eqml_basis *b = surface->model.basis;
    for (int k = 0; k < b->npair_classes; k++)
        if (surface->variables[k].kind == EQML_USER)
            return eqml__fail_file(message, EQML_ERROR_ARGUMENT, path, 0,
                                   "a surface with a user's pair function cannot be written to a file");
    eqml_status status =
        eqml__check_numbers(path, "centres", (size_t)b->npairs, surface->centres, DBL_MAX, message);
    if (!status)
        status = eqml__check_numbers(path, "offsets", (size_t)b->nfactors, surface->offset, most, message);
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

enum { EQML__PES_VERSION = 5 };

static const char *const eqml__kind_names[] = {"morse", "inverse", "exp-over-r", "power"};

/* Terms of the energy or of the tensor that has the most. */
static size_t eqml__most_terms(const eqml_basis *b)
{
    int most = b->nterms;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k] && b->tensors[k]->nterms > most)
            most = b->tensors[k]->nterms;
    return (size_t)most;
}

/* Adds a table to a hash (FNV-1a). */
static void eqml__mix(uint64_t *hash, const unsigned short *table, size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (int byte = 0; byte < 2; byte++)
            *hash = (*hash ^ (table[k] >> 8 * byte & 0xff)) * 1099511628211u;
}

/* A hash of all terms in their order. With another basis coefficients would mean nothing. */
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

/* text <- what a .pes file says of its basis. */
static void eqml__describe_basis(const eqml_basis *b, char *text, size_t size)
{
    const uint64_t terms = eqml__terms_number(b);
    snprintf(text, size, "%s %d %d %d %08lx%08lx", b->name, b->degree, b->nterms, b->nfactors,
             (unsigned long)(terms >> 32), (unsigned long)(terms & 0xffffffff));
}

static void eqml__put_wall_lines(FILE *out, const eqml_wall *w)
{
    fprintf(out, "wall %d\n", w ? w->nfeatures : 0);
    for (int k = 0; k < 3 && w; k++)
        fprintf(out, "edge %s\n", eqml__hexadecimal(w->edges[k]).text);
    for (int k = 0; w && k < w->nfeatures; k++)
        fprintf(out, "feature %d %s\n", w->features[k], eqml__hexadecimal(w->means[k]).text);
    for (int j = 0; w && j < w->nfeatures; j++)
        for (int i = j; i < w->nfeatures; i++)
            fprintf(out, "whiten %s\n", eqml__hexadecimal(w->whiten[j * EQML_ROUND(w->nfeatures) + i]).text);
}

/* What the surface was fitted to. */
static void eqml__put_training(FILE *out, const eqml_surface *s)
{
    fprintf(out, "data %zu %s", s->ntrain, eqml__hexadecimal(s->lowest).text);
    fprintf(out, " %s\n", eqml__hexadecimal(s->highest).text);
    for (int i = 0; i < s->model.basis->natoms && s->ntrain; i++) {
        fprintf(out, "lowest");
        for (int k = 0; k < 3; k++)
            fprintf(out, " %s", eqml__hexadecimal(s->lowest_xyz[3 * i + k]).text);
        fprintf(out, "\n");
    }
}

/* Writes the text of a .pes file. */
static eqml_status eqml__put_pes(FILE *out, const eqml_surface *surface)
{
    const eqml_basis *b = surface->model.basis;
    double *coefficients = (double *)eqml__zeroed(eqml__most_terms(b), sizeof(double));
    if (!coefficients)
        return EQML_ERROR_MEMORY;
    eqml_surface_get(surface, coefficients);
    char basis[1024];
    eqml__describe_basis(b, basis, sizeof basis);
    fprintf(out, "eqml-pes 5\nbasis %s\ncomposition %s\n", basis, b->composition);
    for (int k = 0; k < b->npair_classes; k++) {
        fprintf(out, "variable %d %s %s %s", k, eqml__kind_names[surface->variables[k].kind],
                eqml__hexadecimal(surface->variables[k].range).text,
                eqml__hexadecimal(eqml__get_centre(surface, k)).text);
        for (int end = 0; end < 2 && eqml__knows_ranges(surface); end++)
            fprintf(out, " %s", eqml__hexadecimal(surface->ranges[2 * k + end]).text);
        fprintf(out, "\n");
    }
    for (int k = 0; k < b->nfactors; k++)
        fprintf(out, "offset %s\n", eqml__hexadecimal(surface->offset[k]).text);
    for (int k = 0; k < b->nterms; k++)
        fprintf(out, "coefficient %s\n", eqml__hexadecimal(coefficients[k]).text);
    eqml__put_wall_lines(out, surface->wall);
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
    eqml__put_training(out, surface);
    fprintf(out, "tables\n");
    eqml__put_tables(out, b);
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

/* Takes a line that must be `word` and behind it exactly `expected`. */
static eqml_status eqml__expect_item(eqml__reader *in, const char *word, const char *expected)
{
    eqml__item item;
    const eqml_status status = eqml__next_item(in, word, &item);
    if (status)
        return status;
    return eqml__is(item.rest, expected) ? EQML_OK
                                         : eqml__bad_line(in, EQML_ERROR_MATCH, item.line, expected);
}

/* Takes `count` lines of a word and a number. */
static eqml_status eqml__read_numbers(eqml__reader *in, const char *word, int count, double *number)
{
    for (int k = 0; k < count; k++) {
        eqml__item item;
        const eqml_status status = eqml__next_item(in, word, &item);
        if (status)
            return status;
        if (eqml__parse_number(item.rest, EQML__HEXADECIMAL, &number[k]))
            return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "one finite number");
    }
    return EQML_OK;
}

/* Two distances, the shorter first, behind a centre; or nothing. */
static bool eqml__parse_distances(eqml__span rest, double distance[2])
{
    const size_t words = eqml__count_words(rest);
    eqml__span word;
    for (size_t k = 0; k < words && words == 2; k++) {
        eqml__next_word(&rest, EQML__BLANKS, &word);
        if (eqml__parse_number(word, EQML__HEXADECIMAL, &distance[k]))
            return false;
    }
    return words == 0 || (words == 2 && distance[0] >= 0 && distance[1] >= distance[0]);
}

/* Before version 3 variables had no centre, before 4 no distances. centre and ranges: of each class; these as they are where the file has none. */
static eqml_status eqml__read_variables(eqml__reader *in, int version, const eqml_basis *b,
                                        eqml_variable *variable, double *centre, double *ranges)
{
    for (int k = 0; k < b->npair_classes; k++) {
        eqml__item item;
        eqml__span name, range;
        int number;
        const eqml_status status = eqml__next_item(in, "variable", &item);
        if (status)
            return status;
        if (!eqml__next_counts(&item.rest, 1, k, k, &number))
            return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "the classes of pairs in their order");
        eqml__next_word(&item.rest, EQML__BLANKS, &name);
        variable[k].kind = EQML_USER;
        for (int kind = 0; kind < EQML_USER; kind++)
            if (eqml__is(name, eqml__kind_names[kind]))
                variable[k].kind = (eqml_kind)kind;
        if (variable[k].kind == EQML_USER || item.rest.begin == item.rest.end)
            return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line,
                                  version > 2 ? "variable CLASS morse|inverse|exp-over-r|power RANGE CENTRE"
                                              : "variable CLASS morse|inverse|exp-over-r|power RANGE");
        item.rest.begin++;
        range = item.rest;
        if (version > 2) {
            eqml__next_word(&item.rest, " ", &range);
            eqml__span word = {item.rest.end, item.rest.end};
            eqml__next_word(&item.rest, EQML__BLANKS, &word);
            if (eqml__parse_number(word, EQML__HEXADECIMAL, &centre[k]))
                return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a finite centre behind the range");
            if (version < 4 ? item.rest.begin < item.rest.end
                            : !eqml__parse_distances(item.rest, ranges + 2 * k))
                return eqml__bad_line(
                    in, EQML_ERROR_VALUE, item.line,
                    version < 4 ? "nothing behind the centre"
                                : "the shortest and the longest distance behind the centre, or nothing");
        }
        if (eqml__parse_number(range, EQML__HEXADECIMAL, &variable[k].range) ||
            !eqml__variable_is_valid(&variable[k]))
            return eqml__bad_line(in, EQML_ERROR_VALUE, item.line,
                                  "a finite range, positive but of morse, or a whole exponent");
    }
    return EQML_OK;
}

/* Reads a tensor of the surface; terms: room for its coefficients. */
static eqml_status eqml__read_tensor(eqml__reader *in, eqml_tensor kind, eqml_surface *surface, double *terms)
{
    const eqml_tensor_basis *t = surface->model.basis->tensors[kind];
    double *charge = &surface->model.charge;
    char expected[64];
    eqml__item item;
    snprintf(expected, sizeof expected, "%d %d", t->degree, t->nterms);
    eqml_status status = eqml__expect_item(in, eqml_tensor_name(kind), expected);
    if (!status && kind == EQML_DIPOLE) {
        status = eqml__next_item(in, "charge", &item);
        if (!status && eqml__parse_number(item.rest, EQML__HEXADECIMAL, charge))
            status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "one finite number");
        if (!status && !eqml__is_charge(*charge))
            status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a whole number as the total charge");
    }
    if (!status)
        status = eqml__read_numbers(in, "moment", t->nterms, terms);
    if (!status)
        eqml_surface_set_tensor(surface, kind, terms);
    return status;
}

/* The lines of a wall, of which there may be none. */
static eqml_status eqml__read_wall(eqml__reader *in, const eqml_basis *b, eqml_surface *surface)
{
    eqml__item item;
    int nfeatures;
    eqml_status status = eqml__next_item(in, "wall", &item);
    if (!status && !eqml__next_counts(&item.rest, 1, 0, EQML_WALL_FEATURES, &nfeatures))
        status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a number of features");
    if (status || nfeatures == 0)
        return status;
    eqml_wall *wall = eqml__new_wall(nfeatures);
    if (!wall)
        return EQML_ERROR_MEMORY;
    eqml__use_wall(surface, wall);
    status = eqml__read_numbers(in, "edge", 3, (double *)wall->edges);
    if (!status && !(wall->edges[0] > 1))
        status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a wall whose first edge is above 1");
    for (int k = 0; k < nfeatures && !status; k++) {
        int feature = 0;
        status = eqml__next_item(in, "feature", &item);
        if (!status && (!eqml__next_counts(&item.rest, 1, 1, b->nfactors - 1, &feature) ||
                        item.rest.begin == item.rest.end || *item.rest.begin++ != ' ' ||
                        eqml__parse_number(item.rest, EQML__HEXADECIMAL, (double *)&wall->means[k])))
            status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "a factor of this basis and its mean");
        ((unsigned short *)wall->features)[k] = (unsigned short)feature;
    }
    for (int j = 0; j < nfeatures && !status; j++)
        status = eqml__read_numbers(in, "whiten", nfeatures - j,
                                    (double *)wall->whiten + j * EQML_ROUND(nfeatures) + j);
    return status;
}

/* Takes the first line. */
static eqml_status eqml__read_version(eqml__reader *in, int *version)
{
    eqml__item item;
    *version = 0;
    const eqml_status status = eqml__next_item(in, "eqml-pes", &item);
    if (status)
        return status;
    const int found = eqml__parse_count(item.rest);
    if (found > EQML__PES_VERSION)
        return EQML__REFUSE(
            in, EQML_ERROR_FORMAT,
            "the file is of version %d, newer than version 2 to %d, which this eqml reads: use the "
            "eqml that wrote it, or a later one",
            found, EQML__PES_VERSION);
    if (found < 2)
        return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line,
                              "version 2 to 5 (terms of version 1 are in another order: fit again)");
    *version = found;
    return EQML_OK;
}

/* Reads the version, and what the file says of its basis, which must be this one. */
static eqml_status eqml__read_basis(eqml__reader *in, const eqml_basis *b, int *version)
{
    char expected[1024];
    eqml_status status = eqml__read_version(in, version);
    eqml__describe_basis(b, expected, sizeof expected);
    if (!status)
        status = eqml__expect_item(in, "basis", expected);
    if (!status)
        status = eqml__expect_item(in, "composition", b->composition);
    return status;
}

/* Reads the variables and makes the surface, which has no coefficients yet. */
static eqml_status eqml__read_zero_surface(eqml__reader *in, int version, const eqml_basis *b,
                                           eqml_surface *surface)
{
    const size_t count = (size_t)b->npair_classes;
    eqml_variable *variable = (eqml_variable *)eqml__zeroed(count, sizeof(eqml_variable));
    double *centre = (double *)eqml__zeroed(3 * count, sizeof(double)),
           *ranges = centre ? centre + count : NULL;
    for (size_t k = 0; k < count && centre; k++)
        ranges[2 * k + 1] = HUGE_VAL;
    eqml_status status = variable && centre ? eqml__read_variables(in, version, b, variable, centre, ranges)
                                            : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml_surface_create(b, variable, surface);
    for (int k = 0; k < b->npair_classes && !status; k++)
        eqml__set_centre(surface, k, centre[k]);
    if (!status)
        memcpy(surface->ranges, ranges, 2 * count * sizeof(double));
    EQML_FREE(variable);
    EQML_FREE(centre);
    return status;
}

/* Takes numbers off a line. */
static bool eqml__next_numbers(eqml__span *rest, int count, double *number)
{
    eqml__span word;
    for (int k = 0; k < count; k++)
        if (!eqml__next_word(rest, EQML__BLANKS, &word) ||
            eqml__parse_number(word, EQML__HEXADECIMAL, &number[k]))
            return false;
    return true;
}

static eqml_status eqml__read_training(eqml__reader *in, eqml_surface *surface)
{
    eqml__item item;
    double ends[2] = {0, 0};
    int count = 0;
    eqml_status status = eqml__next_item(in, "data", &item);
    if (!status &&
        (!eqml__next_counts(&item.rest, 1, 0, 999999999, &count) ||
         !eqml__next_numbers(&item.rest, 2, ends) || !(ends[0] <= ends[1]) || eqml__count_words(item.rest)))
        status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line,
                                "the number of training geometries, and their lowest and highest energy");
    surface->ntrain = (size_t)count;
    surface->lowest = ends[0];
    surface->highest = ends[1];
    for (int i = 0; i < surface->model.basis->natoms && count && !status; i++) {
        status = eqml__next_item(in, "lowest", &item);
        if (!status &&
            (!eqml__next_numbers(&item.rest, 3, surface->lowest_xyz + 3 * i) || eqml__count_words(item.rest)))
            status = eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "three finite coordinates");
    }
    return status;
}

/* The tables of the file must be those of the basis. */
static eqml_status eqml__compare_tables(eqml__reader *in, const eqml_basis *b)
{
    eqml__item item;
    eqml_basis *found = NULL;
    eqml_status status = eqml__next_item(in, "tables", &item);
    if (!status)
        status =
            eqml__read_tables(in, eqml__span_of(b->name), eqml__span_of(b->composition), b->degree, &found);
    if (!status && eqml__terms_number(found) != eqml__terms_number(b))
        status = EQML__REFUSE(in, EQML_ERROR_MATCH, "the tables above are those of another basis than \"%s\"",
                              b->name);
    eqml_basis_free(found);
    return status;
}

/* Reads a surface up to its end. *surface must be empty; the caller frees it, also where this fails. */
static eqml_status eqml__read_surface(eqml__reader *in, const eqml_basis *b, eqml_surface *surface)
{
    double *terms = NULL;
    int version;
    eqml_status status = eqml__read_basis(in, b, &version);
    if (!status)
        status = eqml__read_zero_surface(in, version, b, surface);
    if (!status)
        status = eqml__read_numbers(in, "offset", b->nfactors, surface->offset);
    if (!status) {
        terms = (double *)eqml__zeroed(eqml__most_terms(b), sizeof(double));
        status = terms ? eqml__read_numbers(in, "coefficient", b->nterms, terms) : EQML_ERROR_MEMORY;
    }
    if (!status)
        eqml_surface_set(surface, terms);
    if (!status && version >= 4)
        status = eqml__read_wall(in, b, surface);
    for (int k = 0; k < EQML_TENSORS && !status; k++)
        if (b->tensors[k])
            status = eqml__read_tensor(in, (eqml_tensor)k, surface, terms);
    if (!status && version >= 5)
        status = eqml__read_training(in, surface);
    if (!status && version >= 5)
        status = eqml__compare_tables(in, b);
    if (!status)
        status = eqml__expect_end(in);
    surface->standardised = 1;
    EQML_FREE(terms);
    return status;
}

/* What the file says of its basis must be what its tables are: a number in it is made of all of them. */
static eqml_status eqml__check_tables(const eqml__reader *in, const eqml_basis *b, eqml__span said)
{
    char expected[1024];
    eqml__describe_basis(b, expected, sizeof expected);
    return eqml__is(said, expected)
               ? EQML_OK
               : EQML__REFUSE(
                     in, EQML_ERROR_VALUE,
                     "the tables make the basis \"%s\", and line 2 says another; the file is damaged",
                     expected);
}

/* *basis <- that of the file, which is read again from its beginning afterwards. */
static eqml_status eqml__load_basis(eqml__reader *in, eqml_basis **basis)
{
    const eqml__span start = in->rest;
    eqml__item head = {{NULL, NULL}, {NULL, NULL}}, composition = head;
    eqml__span line = {NULL, NULL}, name = {NULL, NULL};
    int version = 0, degree = 0;
    *basis = NULL;
    eqml_status status = eqml__read_version(in, &version);
    if (!status && version < 5)
        return EQML__REFUSE(
            in, EQML_ERROR_FORMAT,
            "the file is of version %d, without the tables of its basis, which version 5 has: run make "
            "pes again, or take its libNAME.so",
            version);
    if (!status)
        status = eqml__next_item(in, "basis", &head);
    eqml__span rest = status ? start : head.rest;
    if (!status &&
        (!eqml__next_word(&rest, EQML__BLANKS, &name) || !eqml__next_counts(&rest, 1, 0, 255, &degree)))
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, head.line, "basis NAME DEGREE");
    if (!status)
        status = eqml__next_item(in, "composition", &composition);
    while (!status && eqml__next_line(in, &line) && !eqml__starts(line, "tables"))
        ;
    if (!status && !eqml__starts(line, "tables")) {
        in->line++;
        status = EQML__REFUSE(in, EQML_ERROR_FORMAT, "the file ends before its tables; it is truncated");
    }
    if (!status)
        status = eqml__read_tables(in, name, composition.rest, degree, basis);
    if (!status)
        status = eqml__check_tables(in, *basis, head.rest);
    in->rest = start;
    in->line = status ? in->line : 0;
    return status;
}

EQML_API eqml_status eqml_surface_read(eqml_surface *surface, const eqml_basis *basis, const char *path,
                                       eqml_message *message)
{
    eqml__reader in;
    eqml_basis *own = NULL;
    memset(surface, 0, sizeof *surface);
    eqml_status status = eqml__open_reader(&in, path, message);
    if (status)
        return status;
    if (!basis)
        status = eqml__load_basis(&in, &own);
    if (!status)
        status = eqml__read_surface(&in, basis ? basis : own, surface);
    status = eqml__finish_reading(&in, status);
    if (status) {
        eqml_surface_free(surface);
        eqml_basis_free(own);
    } else {
        surface->own_basis = own;
    }
    return status;
}

#endif /* EQML__SURFACE_FILE_C */
