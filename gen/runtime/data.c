/* Reading data sets. */
#ifndef EQML__DATA_C
#define EQML__DATA_C
#include "data.h"
#include "status.c"
#include "memory.c"
#include "reader.c"
#include "text.c"
#include <math.h>
#include <string.h>

/* A data set while it is read. */
typedef struct eqml__frames {
    eqml__reader in;
    eqml_data *data;
    size_t frame; /* the line that opened this frame */
} eqml__frames;

/* The values in the comment line of an extended XYZ frame; a missing key has begin == NULL. */
typedef struct eqml__keys {
    eqml__span properties, energy, tensors[EQML_TENSORS];
    int closed; /* nonzero: all quotes and brackets are closed */
} eqml__keys;

/* Where the columns of each quantity begin in the atom lines of a frame, from 0, or EQML__ABSENT. */
typedef struct eqml__layout {
    size_t species, pos, gradient;
    size_t columns;
    double gradient_unit; /* hartree/bohr; negative where the file has forces */
} eqml__layout;

/* *value <- a number of the file times unit; `what` names it in messages. */
static eqml_status eqml__read_number(eqml__frames *r, const char *what, eqml__span word, double unit,
                                     double *value)
{
    double number = 0.0;
    const eqml_status status = eqml__parse_number(word, EQML__DECIMAL, &number);
    *value = number * unit;
    if (!status)
        return status;
    return EQML__REFUSE(&r->in, status,
                        status == EQML_ERROR_VALUE
                            ? "expected a finite number as %s, found %s; remove this geometry"
                            : "expected a decimal number as %s, found %s",
                        what, eqml__quote(word).text);
}

/* ---- comment lines ------------------------------------------------------------------------------------- */

/* Takes the value after key= off *rest: a word, or what stands in quotes or brackets. 0: they never close. */
static int eqml__next_value(eqml__span *rest, eqml__span *value)
{
    static const char opening[] = "\"'{[", closing[] = "\"'}]";
    const char open = rest->begin < rest->end ? *rest->begin : ' ';
    if (!eqml__is_one_of(open, opening)) {
        eqml__next_word(rest, EQML__BLANKS, value);
        return 1;
    }
    const char close = closing[strchr(opening, open) - opening];
    value->begin = rest->begin + 1;
    value->end = (const char *)memchr(value->begin, close, (size_t)(rest->end - value->begin));
    rest->begin = value->end ? value->end + 1 : rest->end;
    return value->end != NULL;
}

/* Finds the known keys in a line of key=value pairs and other words. */
static eqml__keys eqml__find_keys(eqml__span rest)
{
    eqml__keys keys;
    eqml__span key, value;
    memset(&keys, 0, sizeof keys);
    keys.closed = 1;
    while (eqml__next_word(&rest, "=" EQML__BLANKS, &key)) {
        eqml__skip(&rest, EQML__BLANKS);
        if (rest.begin == rest.end || *rest.begin != '=')
            continue;
        rest.begin++;
        eqml__skip(&rest, EQML__BLANKS);
        keys.closed = eqml__next_value(&rest, &value);
        if (!keys.closed)
            break;
        if (eqml__equals(key, "properties"))
            keys.properties = value;
        else if (eqml__equals(key, "energy"))
            keys.energy = value;
        else if (eqml__equals(key, "dipole_moment"))
            keys.tensors[EQML_DIPOLE] = value;
        for (int k = 0; k < EQML_TENSORS; k++)
            if (eqml__equals(key, eqml_tensor_name((eqml_tensor)k)))
                keys.tensors[k] = value;
    }
    return keys;
}

/* Reads the list of columns, the value of the key Properties. */
static eqml_status eqml__read_properties(eqml__frames *r, eqml__span properties, eqml__layout *layout)
{
    eqml__span rest = properties, name, type, width;
    int good = 1;
    layout->species = layout->pos = layout->gradient = EQML__ABSENT;
    layout->columns = 0;
    layout->gradient_unit = -EQML_EV / EQML_ANGSTROM;
    while (good && eqml__next_word(&rest, ":", &name)) {
        size_t *column = NULL;
        if (eqml__equals(name, "species"))
            column = &layout->species;
        else if (eqml__equals(name, "pos"))
            column = &layout->pos;
        else if (eqml__equals(name, "forces") || eqml__equals(name, "force"))
            column = &layout->gradient;
        good = eqml__next_word(&rest, ":", &type) && eqml__next_word(&rest, ":", &width);
        const int columns = good ? eqml__parse_count(width) : 0;
        good = columns > 0 &&
               (!column || (*column == EQML__ABSENT && columns == (column == &layout->species ? 1 : 3)));
        if (column)
            *column = layout->columns;
        layout->columns += (size_t)columns;
    }
    if (!good || layout->species == EQML__ABSENT || layout->pos == EQML__ABSENT)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "Properties needs species:S:1 and pos:R:3, and may have forces:R:3; found %s",
                            eqml__quote(properties).text);
    return EQML_OK;
}

/*
 * Takes the next number off a list. Brackets, commas and ASE's word _JSON, which some programs write, are
 * skipped.
 */
static int eqml__next_number(eqml__span *rest, eqml__span *word)
{
    static const char marks[] = ",[]{}" EQML__BLANKS;
    return eqml__next_word(rest, marks, word) &&
           (!eqml__equals(*word, "_json") || eqml__next_word(rest, marks, word));
}

/* value[count] <- a list of exactly so many numbers, times unit. */
static eqml_status eqml__read_list(eqml__frames *r, const char *what, eqml__span list, size_t count,
                                   double unit, double *value)
{
    eqml_status status = EQML_OK;
    eqml__span rest = list, word;
    size_t found = 0;
    for (; !status && eqml__next_number(&rest, &word); found++)
        if (found < count)
            status = eqml__read_number(r, what, word, unit, &value[found]);
    if (!status && found != count)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected %zu number%s as %s, found %s", count,
                            count > 1 ? "s" : "", what, eqml__quote(list).text);
    return status;
}

/*
 * value[6] <- xx xy xz yy yz zz, from six numbers or from all nine, which must be symmetric. A quadrupole
 * must be traceless.
 */
static eqml_status eqml__read_rank_two(eqml__frames *r, eqml_tensor kind, eqml__span list, double unit,
                                       double *value)
{
    static const int upper[6] = {0, 1, 2, 4, 5, 8}, lower[6] = {0, 3, 6, 4, 7, 8};
    const double tolerance = 1e-4; /* of the largest component: files hold few digits */
    const char *name = eqml_tensor_name(kind);
    eqml__span rest = list, word;
    double full[9], largest = 0, trace;
    int count = 0, symmetric = 1;
    while (eqml__next_number(&rest, &word))
        count++;
    eqml_status status = eqml__read_list(r, name, list, count == 9 ? 9 : 6, unit, full);
    if (status)
        return status;
    for (int k = 0; k < count; k++)
        largest = fmax(largest, fabs(full[k]));
    for (int k = 0; k < 6; k++) {
        value[k] = count == 9 ? 0.5 * (full[upper[k]] + full[lower[k]]) : full[k];
        symmetric &= count != 9 || fabs(full[upper[k]] - full[lower[k]]) <= tolerance * largest;
    }
    trace = value[0] + value[3] + value[5];
    if (!symmetric)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "the %s is not symmetric: %s", name,
                            eqml__quote(list).text);
    if (kind == EQML_QUADRUPOLE && fabs(trace) > 3 * tolerance * largest)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "the quadrupole is not traceless: %s; it must be 1/2 sum q (3 r r^T - r^2)",
                            eqml__quote(list).text);
    for (int k = 0; k < 6 && kind == EQML_QUADRUPOLE; k++)
        value[k] -= k == 0 || k == 3 || k == 5 ? trace / 3 : 0;
    return EQML_OK;
}

/* Reads the comment line of an extended XYZ frame. */
static eqml_status eqml__read_extended(eqml__frames *r, const eqml__keys *keys, eqml__layout *layout)
{
    static const char plain[] = "species:S:1:pos:R:3";
    const eqml__span default_properties = {plain, plain + sizeof plain - 1};
    eqml_data *data = r->data;
    eqml_status status = EQML_OK;
    if (!keys->closed)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "a quote or bracket in this line is never closed");
    if (keys->energy.begin) {
        status = eqml__read_list(r, "the energy", keys->energy, 1, EQML_EV, data->energy + data->n);
        data->has[data->n] |= EQML_HAS_ENERGY;
    }
    for (int k = 0; k < EQML_TENSORS; k++) {
        static const double unit[EQML_TENSORS] = {EQML_ANGSTROM, EQML_ANGSTROM * EQML_ANGSTROM, 1};
        const eqml_tensor kind = (eqml_tensor)k;
        double *value = data->tensors[k] + EQML_COMPONENTS(kind) * data->n;
        if (status || !keys->tensors[k].begin)
            continue;
        status = kind == EQML_DIPOLE ? eqml__read_list(r, "the dipole", keys->tensors[k], 3, unit[k], value)
                                     : eqml__read_rank_two(r, kind, keys->tensors[k], unit[k], value);
        data->has[data->n] |= (unsigned char)(EQML_HAS_DIPOLE << k);
    }
    if (status)
        return status;
    return eqml__read_properties(r, keys->properties.begin ? keys->properties : default_properties, layout);
}

/*
 * Reads the comment line of an MSA frame. It does not say which columns follow: those of the first atom are
 * counted.
 */
static eqml_status eqml__read_msa(eqml__frames *r, eqml__span comment, eqml__layout *layout)
{
    eqml__reader ahead = r->in;
    eqml__span word, line;
    const size_t columns = eqml__next_line(&ahead, &line) ? eqml__count_words(line) : 0;
    layout->species = 0;
    layout->pos = 1;
    layout->gradient = columns >= 7 ? 4 : EQML__ABSENT;
    layout->columns = columns >= 4 ? columns : 4;
    layout->gradient_unit = 1.0;
    eqml__next_word(&comment, EQML__BLANKS, &word);
    r->data->has[r->data->n] |= EQML_HAS_ENERGY;
    return eqml__read_number(r, "the energy in hartree (or keys of extended XYZ: Properties, energy)", word,
                             1.0, r->data->energy + r->data->n);
}

/* ---- frames -------------------------------------------------------------------------------------------- */

static eqml_status eqml__read_comment(eqml__frames *r, eqml__layout *layout)
{
    eqml__span line;
    if (!eqml__next_line(&r->in, &line))
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "the file ends where a frame begins; is it cut off?");
    const eqml__keys keys = eqml__find_keys(line);
    if (keys.properties.begin || keys.energy.begin)
        return eqml__read_extended(r, &keys, layout);
    return eqml__read_msa(r, line, layout);
}

/*
 * Makes room for all frames at the first line of the first. A frame takes natoms + 2 lines, so the number of
 * lines bounds the number of frames, and no array has to grow.
 */
static eqml_status eqml__make_room(eqml__frames *r, int natoms)
{
    eqml_data *data = r->data;
    const size_t atoms = (size_t)natoms;
    size_t lines = 2; /* this one, and one that may lack its line feed */
    for (const char *p = r->in.rest.begin; p < r->in.rest.end; p++)
        lines += *p == '\n';
    const size_t frames = lines / (atoms + 2) + 1;
    if (lines < atoms + 2)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "the file ends before this frame of %d atoms does; is it cut off?", natoms);
    data->natoms = natoms;
    data->symbols = (char(*)[4])eqml__zeroed(atoms, 4);
    data->xyz = (double *)eqml__zeroed(eqml__times(frames, atoms), 3 * sizeof(double));
    data->energy = (double *)eqml__zeroed(frames, sizeof(double));
    data->gradient = (double *)eqml__zeroed(eqml__times(frames, atoms), 3 * sizeof(double));
    data->has = (unsigned char *)eqml__zeroed(frames, 1);
    int complete = data->symbols && data->xyz && data->energy && data->gradient && data->has;
    for (int k = 0; k < EQML_TENSORS; k++) {
        data->tensors[k] = (double *)eqml__zeroed(frames, EQML_COMPONENTS(k) * sizeof(double));
        complete = complete && data->tensors[k];
    }
    if (!complete)
        return EQML__REFUSE(&r->in, EQML_ERROR_MEMORY, "no memory for %zu geometries", frames);
    return EQML_OK;
}

/* Reads the line that opens a frame: the number of atoms. */
static eqml_status eqml__read_natoms(eqml__frames *r, eqml__span line)
{
    eqml__span rest = line, word;
    eqml__next_word(&rest, EQML__BLANKS, &word);
    const int natoms = eqml__count_words(line) == 1 ? eqml__parse_count(word) : 0;
    if (natoms < 1)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected the number of atoms in a frame, found %s%s",
                            eqml__quote(line).text,
                            r->data->n ? "; has the frame before it more atoms than it says?" : "");
    if (r->data->natoms == 0)
        return eqml__make_room(r, natoms);
    if (natoms != r->data->natoms)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected %d atoms as in the first frame, found %d",
                            r->data->natoms, natoms);
    return EQML_OK;
}

/* Reads the label of an atom. The first frame decides which atoms there are; the others must agree. */
static eqml_status eqml__read_label(eqml__frames *r, int atom, eqml__span label)
{
    char symbol[4], *first = r->data->symbols[atom];
    if (!eqml__parse_label(label, symbol))
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "expected an element like H, Cl or 17 as the label of atom %d, found %s",
                            atom + 1, eqml__quote(label).text);
    if (r->data->n == 0)
        memcpy(first, symbol, 4);
    if (memcmp(first, symbol, 4) != 0)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "expected %s as atom %d, as in the first frame, found %s", first, atom + 1,
                            symbol);
    return EQML_OK;
}

/* Puts a word into vector[3] if its column is one of the three from `first` on. */
static void eqml__keep(eqml__span word, size_t column, size_t first, eqml__span vector[3])
{
    if (column >= first && column - first < 3)
        vector[column - first] = word;
}

static eqml_status eqml__read_atom(eqml__frames *r, const eqml__layout *layout, int atom)
{
    eqml_data *data = r->data;
    eqml__span line, rest, word, label = {NULL, NULL}, pos[3], gradient[3];
    const size_t row = 3 * (data->n * (size_t)data->natoms + (size_t)atom);
    size_t columns = 0;
    if (!eqml__next_line(&r->in, &line))
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "the file ends after atom %d of %d in the frame of line %zu; is it cut off?",
                            atom, data->natoms, r->frame);
    for (rest = line; eqml__next_word(&rest, EQML__BLANKS, &word); columns++) {
        if (columns == layout->species)
            label = word;
        eqml__keep(word, columns, layout->pos, pos);
        eqml__keep(word, columns, layout->gradient, gradient);
    }
    if (columns != layout->columns)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "expected %zu columns for atom %d of %d in the frame of line %zu, found %zu: %s",
                            layout->columns, atom + 1, data->natoms, r->frame, columns,
                            eqml__quote(line).text);
    eqml_status status = eqml__read_label(r, atom, label);
    for (int k = 0; !status && k < 3; k++)
        status = eqml__read_number(r, "a coordinate", pos[k], EQML_ANGSTROM, &data->xyz[row + (size_t)k]);
    if (layout->gradient == EQML__ABSENT)
        return status;
    data->has[data->n] |= EQML_HAS_GRADIENT;
    for (int k = 0; !status && k < 3; k++)
        status = eqml__read_number(r, layout->gradient_unit < 0.0 ? "a force" : "a gradient", gradient[k],
                                   layout->gradient_unit, &data->gradient[row + (size_t)k]);
    return status;
}

/* Refuses a frame with two atoms in one place, at most 1e-6 bohr apart. */
static eqml_status eqml__check_distances(eqml__frames *r)
{
    const eqml_data *data = r->data;
    const double *xyz = data->xyz + 3 * data->n * (size_t)data->natoms;
    for (int i = 0; i < data->natoms; i++) {
        for (int j = 0; j < i; j++) {
            const double *a = xyz + 3 * i, *b = xyz + 3 * j;
            const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
            if (x * x + y * y + z * z >= 1e-12)
                continue;
            r->in.line = r->frame;
            return EQML__REFUSE(&r->in, EQML_ERROR_VALUE,
                                "atoms %d (%s) and %d (%s) of this frame coincide; remove it", j + 1,
                                data->symbols[j], i + 1, data->symbols[i]);
        }
    }
    return EQML_OK;
}

/* Reads a frame that opens with this line. */
static eqml_status eqml__read_frame(eqml__frames *r, eqml__span line)
{
    eqml__layout layout;
    r->frame = r->in.line;
    eqml_status status = eqml__read_natoms(r, line);
    if (!status)
        status = eqml__read_comment(r, &layout);
    for (int atom = 0; !status && atom < r->data->natoms; atom++)
        status = eqml__read_atom(r, &layout, atom);
    if (!status)
        status = eqml__check_distances(r);
    if (!status)
        r->data->n++;
    return status;
}

static eqml_status eqml__read_frames(eqml__frames *r)
{
    eqml_status status = EQML_OK;
    unsigned char has = 0;
    for (eqml__span line; !status && eqml__next_line(&r->in, &line);)
        if (eqml__count_words(line) > 0)
            status = eqml__read_frame(r, line);
    if (!status && r->data->n == 0)
        status = EQML__REFUSE(&r->in, EQML_ERROR_EMPTY, "the file holds no geometry");
    for (size_t i = 0; i < r->data->n; i++)
        has |= r->data->has[i];
    if (!(has & EQML_HAS_GRADIENT)) {
        EQML_FREE(r->data->gradient);
        r->data->gradient = NULL;
    }
    for (int k = 0; k < EQML_TENSORS; k++)
        if (!(has & (EQML_HAS_DIPOLE << k))) {
            EQML_FREE(r->data->tensors[k]);
            r->data->tensors[k] = NULL;
        }
    return status;
}

eqml_status eqml_data_read(const char *path, eqml_data *data, eqml_message *message)
{
    eqml__frames r;
    if (message)
        message->text[0] = '\0';
    if (data)
        memset(data, 0, sizeof *data);
    if (!path || !data)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "eqml_data_read: path and data must not be NULL");
    r.data = data;
    r.frame = 0;
    eqml_status status = eqml__open_reader(&r.in, path, message);
    if (!status)
        status = eqml__read_frames(&r);
    eqml__close_reader(&r.in);
    if (status)
        eqml_data_free(data);
    return status;
}

void eqml_data_free(eqml_data *data)
{
    if (!data)
        return;
    EQML_FREE(data->symbols);
    EQML_FREE(data->xyz);
    EQML_FREE(data->energy);
    EQML_FREE(data->gradient);
    for (int k = 0; k < EQML_TENSORS; k++)
        EQML_FREE(data->tensors[k]);
    EQML_FREE(data->has);
    memset(data, 0, sizeof *data);
}

EQML_API const char *eqml_tensor_name(eqml_tensor kind)
{
    static const char *const names[EQML_TENSORS] = {"dipole", "quadrupole", "polarizability"};
    return names[kind];
}

#endif /* EQML__DATA_C */
