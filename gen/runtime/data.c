/* Reading data sets. */
#ifndef EQML__DATA_C
#define EQML__DATA_C
#include "data.h"
#include "comment.c"

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
    r->labels = (char(*)[4])eqml__zeroed(atoms, 4);
    r->row = (double *)eqml__zeroed(atoms, 3 * sizeof(double));
    int complete =
        data->symbols && data->xyz && data->energy && data->gradient && data->has && r->labels && r->row;
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

/* Reads the label of an atom. */
static eqml_status eqml__read_label(eqml__frames *r, int atom, eqml__span label)
{
    if (eqml__parse_label(label, r->labels[atom]))
        return EQML_OK;
    return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                        "expected an element like H, Cl or 17 as the label of atom %d, found %s", atom + 1,
                        eqml__quote(label).text);
}

/* rows[natoms][3] of a frame: the atom in place i comes from[i]. */
static void eqml__move_rows(const eqml__frames *r, double *rows, const int *from)
{
    const size_t size = 3 * (size_t)r->data->natoms;
    for (int i = 0; i < r->data->natoms; i++)
        memcpy(r->row + 3 * i, rows + 3 * from[i], 3 * sizeof *rows);
    memcpy(rows, r->row, size * sizeof *rows);
}

/*
 * Brings the atoms of a frame into the order of the first, which decides which atoms there are. Those of one element keep
 * their order.
 */
static eqml_status eqml__order_frame(eqml__frames *r)
{
    eqml_data *data = r->data;
    const int n = data->natoms;
    const size_t at = 3 * data->n * (size_t)n;
    int first = 0; /* the first atom that is another one */
    if (data->n == 0)
        memcpy(data->symbols, r->labels, 4 * (size_t)n);
    while (first < n && !memcmp(r->labels[first], data->symbols[first], 4))
        first++;
    if (first == n)
        return EQML_OK;
    int *from = (int *)eqml__zeroed((size_t)n, 2 * sizeof *from), *taken = from ? from + n : NULL,
        lacks = !from;
    for (int i = 0; !lacks && i < n; i++) {
        int j = 0;
        while (j < n && (taken[j] || memcmp(r->labels[j], data->symbols[i], 4)))
            j++;
        lacks = j == n;
        if (!lacks)
            taken[from[i] = j] = 1;
    }
    if (!lacks) {
        eqml__move_rows(r, data->xyz + at, from);
        eqml__move_rows(r, data->gradient + at, from);
        data->reordered++;
    }
    EQML_FREE(from);
    if (!from)
        return EQML__REFUSE(&r->in, EQML_ERROR_MEMORY, "no memory to order %d atoms", n);
    r->in.line = lacks ? r->frame + 2 + (size_t)first : r->in.line;
    return lacks
               ? EQML__REFUSE(
                     &r->in, EQML_ERROR_FORMAT,
                     "expected %s as atom %d, as in the first frame, found %s; all frames must have the same "
                     "elements",
                     data->symbols[first], first + 1, r->labels[first])
               : EQML_OK;
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
        return EQML__REFUSE(
            &r->in, EQML_ERROR_FORMAT,
            "expected %zu columns for atom %d of %d in the frame of line %zu, found %zu: %s%s",
            layout->columns, atom + 1, data->natoms, r->frame, columns, eqml__quote(line).text,
            layout->words == &r->source->extended ? "; the key Properties says which there are" : "");
    eqml_status status = eqml__read_label(r, atom, label);
    for (int k = 0; !status && k < 3; k++)
        status = eqml__read_number(r, "a coordinate", EQML__MOST_OF_ATOM, pos[k], layout->length_unit,
                                   &data->xyz[row + (size_t)k]);
    if (layout->gradient == EQML__ABSENT)
        return status;
    data->has[data->n] |= EQML_HAS_GRADIENT;
    for (int k = 0; !status && k < 3; k++)
        status = eqml__read_number(r, layout->forces ? "a force" : "a gradient", EQML__MOST_OF_ATOM,
                                   gradient[k], layout->gradient_unit, &data->gradient[row + (size_t)k]);
    return status;
}

/*
 * Refuses a frame with two atoms in one place, at most 1e-6 bohr apart, or with all atoms so near to each other that these
 * are no positions: within 0.2 angstrom of two atoms, 0.5 of more.
 */
static eqml_status eqml__check_distances(eqml__frames *r)
{
    const eqml_data *data = r->data;
    const double *xyz = data->xyz + 3 * data->n * (size_t)data->natoms;
    double largest = 0;
    for (int i = 0; i < data->natoms; i++) {
        for (int j = 0; j < i; j++) {
            const double *a = xyz + 3 * i, *b = xyz + 3 * j;
            const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2], square = x * x + y * y + z * z;
            largest = fmax(largest, square);
            if (square >= 1e-12)
                continue;
            r->in.line = r->frame;
            return EQML__REFUSE(&r->in, EQML_ERROR_VALUE,
                                "atoms %d (%s) and %d (%s) of this frame coincide; remove it", j + 1,
                                data->symbols[j], i + 1, data->symbols[i]);
        }
    }
    largest = sqrt(largest) / EQML_ANGSTROM;
    if (data->natoms == 1 || largest > (data->natoms == 2 ? 0.2 : 0.5))
        return EQML_OK;
    r->in.line = r->frame;
    return EQML__REFUSE(
        &r->in, EQML_ERROR_VALUE,
        "all atoms of this frame are within %.2g angstrom: are these displacements and not positions, or "
        "has the file another --length-unit?",
        largest);
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
        status = eqml__order_frame(r);
    if (!status)
        status = eqml__check_distances(r);
    if (!status)
        r->data->n++;
    return status;
}

/* What the options name must be in some frame. */
static eqml_status eqml__check_found(eqml__frames *r, unsigned has)
{
    const eqml_data_options *o = r->options;
    const char *gradient = o->gradient_key ? o->gradient_key : o->force_key;
    const char *option = o->gradient_key ? "--gradient-key" : "--force-key";
    eqml_message others;
    size_t used = 0;
    others.text[0] = '\0';
    const int what = o->energy_key && !(has & EQML_HAS_ENERGY) ? EQML_HAS_ENERGY : EQML_HAS_GRADIENT;
    if (what == EQML_HAS_GRADIENT && (!gradient || (has & EQML_HAS_GRADIENT)))
        return EQML_OK;
    for (int k = 0; k < r->source->nunused && used < 100; k++)
        if (r->source->unused[k].what == what)
            used += (size_t)snprintf(others.text + used, 50, "%s%s", used ? ", " : "; there is ",
                                     r->source->unused[k].name);
    r->in.line = 0;
    if (what == EQML_HAS_ENERGY)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "no comment line has the key %.40s of --energy-key%s",
                            o->energy_key, others.text);
    return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "no frame has the column %.40s of %s%s%s", gradient,
                        option, others.text,
                        r->source->plain.frames ? "; in the plain layout give its number, from 5 on" : "");
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
    if (!status)
        status = eqml__check_found(r, has);
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

/* Refuses options that are none, before a file is opened. */
static eqml_status eqml__check_options(const eqml_data_options *o, eqml_message *message)
{
    static const char *const options[EQML_QUANTITIES] = {"energy", "length",     "gradient",
                                                         "dipole", "quadrupole", "polarizability"};
    const eqml_status status = EQML_ERROR_ARGUMENT;
    for (int q = 0; q < EQML_QUANTITIES; q++)
        if (o->unit[q] && !(eqml_unit((eqml_quantity)q, o->unit[q]) > 0))
            return eqml__fail(message, status, "--%s-unit %.60s: expected %s", options[q], o->unit[q],
                              eqml_unit_names((eqml_quantity)q));
    if (o->energy_key && o->energy_column)
        return eqml__fail(message, status, "--energy-key and --energy-column exclude each other");
    if (o->energy_column < 0)
        return eqml__fail(message, status, "--energy-column %d: expected a number from 1", o->energy_column);
    if (o->gradient_key && o->force_key)
        return eqml__fail(message, status, "--gradient-key and --force-key exclude each other");
    return EQML_OK;
}

EQML_API eqml_status eqml_data_read_as(const char *path, const eqml_data_options *options, eqml_data *data,
                                       eqml_data_source *source, eqml_message *message)
{
    static const eqml_data_options none = {{NULL, NULL, NULL, NULL, NULL, NULL}, NULL, 0, NULL, NULL, 0};
    eqml_data_source unasked;
    eqml__frames r;
    if (message)
        message->text[0] = '\0';
    if (data)
        memset(data, 0, sizeof *data);
    source = source ? source : &unasked;
    memset(source, 0, sizeof *source);
    if (!path || !data)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "eqml_data_read: path and data must not be NULL");
    memset(&r, 0, sizeof r);
    r.options = options ? options : &none;
    r.data = data;
    r.source = source;
    eqml_status status = eqml__check_options(r.options, message);
    if (status)
        return status;
    status = eqml__open_reader(&r.in, path, message);
    if (!status)
        status = eqml__read_frames(&r);
    eqml__close_reader(&r.in);
    EQML_FREE(r.labels);
    EQML_FREE(r.row);
    if (status)
        eqml_data_free(data);
    return status;
}

eqml_status eqml_data_read(const char *path, eqml_data *data, eqml_message *message)
{
    return eqml_data_read_as(path, NULL, data, NULL, message);
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
