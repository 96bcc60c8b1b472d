#ifndef EQML__CLOUD_FRAMES_C
#define EQML__CLOUD_FRAMES_C
#include "cloud/frames.h"
#include "data.c"

/* A file while it is read. */
typedef struct eqml__cloud_reader {
    eqml__frames file; /* whose readers of words serve here as well; it has no data */
    eqml_frames *to;
    const char *species;
    const eqml_frames_options *options;
    double stress; /* the unit of stresses, hartree/bohr^3; positive: as in ASE */
    size_t frames_room, atoms_room;
} eqml__cloud_reader;

typedef struct eqml__cloud_keys {
    eqml__span properties, energy, lattice, pbc, virial, stress, group;
    int closed;
} eqml__cloud_keys;

/* *array <- room for so many items of a size, the first `count` kept. 0: no memory. */
static int eqml__grow(void *array, size_t count, size_t room, size_t size)
{
    void *old, *larger = eqml__zeroed(room, size);
    memcpy(&old, array, sizeof old);
    if (!larger)
        return 0;
    if (count)
        memcpy(larger, old, count * size);
    EQML_FREE(old);
    memcpy(array, &larger, sizeof larger);
    return 1;
}

static eqml_status eqml__frames_room(eqml__cloud_reader *r, size_t atoms)
{
    eqml_frames *f = r->to;
    int good = 1;
    if (f->n + 1 >= r->frames_room) {
        const size_t n = f->n, room = r->frames_room ? 2 * r->frames_room : 64;
        good = eqml__grow(&f->first, n + 1 < r->frames_room ? n + 1 : n, room + 1, sizeof *f->first) &&
               eqml__grow(&f->cell, 9 * n, 9 * room, sizeof *f->cell) &&
               eqml__grow(&f->pbc, 3 * n, 3 * room, sizeof *f->pbc) &&
               eqml__grow(&f->energy, n, room, sizeof *f->energy) &&
               eqml__grow(&f->virial, 6 * n, 6 * room, sizeof *f->virial) &&
               eqml__grow(&f->has, n, room, sizeof *f->has) &&
               eqml__grow(&f->group, n, room, sizeof *f->group) &&
               eqml__grow(&f->line, n, room, sizeof *f->line);
        if (good) {
            f->first[n] = f->natoms;
            r->frames_room = room;
        }
    }
    if (good && f->natoms + atoms > r->atoms_room) {
        const size_t n = f->natoms, room = 2 * (n + atoms);
        good = eqml__grow(&f->xyz, 3 * n, 3 * room, sizeof *f->xyz) &&
               eqml__grow(&f->forces, 3 * n, 3 * room, sizeof *f->forces) &&
               eqml__grow(&f->species, n, room, sizeof *f->species);
        if (good)
            r->atoms_room = room;
    }
    return good ? EQML_OK : EQML__REFUSE(&r->file.in, EQML_ERROR_MEMORY, "no memory for this file");
}

static eqml__cloud_keys eqml__find_cloud_keys(const eqml_frames_options *options, eqml__span rest)
{
    eqml__cloud_keys keys;
    eqml__span key, value;
    memset(&keys, 0, sizeof keys);
    keys.closed = 1;
    while (keys.closed && eqml__next_word(&rest, "=" EQML__BLANKS, &key)) {
        eqml__skip(&rest, EQML__BLANKS);
        if (rest.begin == rest.end || *rest.begin != '=')
            continue;
        rest.begin++;
        eqml__skip(&rest, EQML__BLANKS);
        if (rest.begin < rest.end && *rest.begin == '[') { /* pbc=[T, T, T] */
            value.begin = rest.begin + 1;
            value.end = (const char *)memchr(value.begin, ']', (size_t)(rest.end - value.begin));
            keys.closed = value.end != NULL;
            rest.begin = value.end ? value.end + 1 : rest.end;
        } else {
            keys.closed = eqml__next_value(&rest, &value);
        }
        static const char *const names[] = {"properties", "lattice", "pbc",        "virial",
                                            "virials",    "stress",  "config_type"};
        eqml__span *const place[] = {&keys.properties, &keys.lattice, &keys.pbc,  &keys.virial,
                                     &keys.virial,     &keys.stress,  &keys.group};
        for (int k = 0; k < 7 && keys.closed; k++)
            if (eqml__equals(key, names[k]))
                *place[k] = value;
        if (keys.closed && (options->energy_key ? eqml__same_word(key, eqml__span_of(options->energy_key))
                                                : eqml__equals(key, "energy")))
            keys.energy = value;
    }
    return keys;
}

static eqml_status eqml__read_pbc(eqml__cloud_reader *r, eqml__span list, int *pbc)
{
    eqml__span rest = list, word;
    int count = 0;
    for (; eqml__next_word(&rest, ",[]" EQML__BLANKS, &word); count++) {
        const int yes = eqml__equals(word, "t") || eqml__equals(word, "true") || eqml__equals(word, "1");
        if (count > 2 ||
            (!yes && !eqml__equals(word, "f") && !eqml__equals(word, "false") && !eqml__equals(word, "0")))
            break;
        pbc[count] = yes;
    }
    if (count == 3 && rest.begin == rest.end)
        return EQML_OK;
    return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "expected three of T and F as pbc, found %s",
                        eqml__quote(list).text);
}

/* value[6] xx yy zz yz xz xy, times unit, from six numbers in this order or from nine. */
static eqml_status eqml__read_virial(eqml__cloud_reader *r, const char *what, eqml__span list, double unit,
                                     double *value)
{
    static const int upper[6] = {0, 4, 8, 5, 2, 1}, lower[6] = {0, 4, 8, 7, 6, 3};
    eqml__span rest = list, word;
    double full[9];
    int count = 0;
    while (eqml__next_number(&rest, &word))
        count++;
    if (count != 9)
        return eqml__read_list(&r->file, what, list, 6, unit, value);
    const eqml_status status = eqml__read_list(&r->file, what, list, 9, unit, full);
    for (int k = 0; k < 6 && !status; k++)
        value[k] = 0.5 * (full[upper[k]] + full[lower[k]]);
    return status;
}

static double eqml__volume(const double *c)
{
    return fabs(c[0] * (c[4] * c[8] - c[5] * c[7]) + c[1] * (c[5] * c[6] - c[3] * c[8]) +
                c[2] * (c[3] * c[7] - c[4] * c[6]));
}

/* stress[6] xx yy zz yz xz xy as virials, in a cell of this volume. */
static eqml_status eqml__read_stress(eqml__cloud_reader *r, eqml__span list, double volume, double *virial)
{
    const double ev = EQML_EV / (EQML_ANGSTROM * EQML_ANGSTROM * EQML_ANGSTROM);
    eqml_status status = eqml__read_virial(r, "stress", list, r->stress, virial);
    for (int k = 0; k < 6 && !status; k++) {
        if (!r->options->stress_unit && fabs(virial[k]) > 100 * ev)
            return EQML__REFUSE(
                &r->file.in, EQML_ERROR_FORMAT,
                "a stress of %.4g eV/angstrom^3 is hardly one; say --stress-unit GPa, kbar or bar, "
                "and --stress-sign pressure where it is positive under compression",
                virial[k] / ev);
        virial[k] *= -volume;
    }
    return status;
}

EQML_API const char *eqml_frames_group(const eqml_frames *f, int group)
{
    const char *name = f->groups;
    if (group < 0 || group >= f->ngroups)
        return "";
    for (; group > 0; group--)
        name += strlen(name) + 1;
    return name;
}

/* *number <- that of a name of `length` bytes among the groups, to which it is added where it is new. */
static eqml_status eqml__find_group_number(eqml_frames *f, const char *name, size_t length, int *number)
{
    size_t used = 0;
    for (*number = 0; *number < f->ngroups; ++*number) {
        const char *known = f->groups + used;
        if (strlen(known) == length && !memcmp(known, name, length))
            return EQML_OK;
        used += strlen(known) + 1;
    }
    if (!eqml__grow(&f->groups, used, used + length + 1, 1))
        return EQML_ERROR_MEMORY;
    memcpy(f->groups + used, name, length);
    f->ngroups++;
    return EQML_OK;
}

static eqml_status eqml__read_cloud_comment(eqml__cloud_reader *r, eqml__layout *layout)
{
    eqml__span line;
    eqml_frames *f = r->to;
    double *cell = f->cell + 9 * f->n, *virial = f->virial + 6 * f->n;
    int *pbc = f->pbc + 3 * f->n;
    if (!eqml__next_line(&r->file.in, &line))
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "the file ends where a frame begins; is it cut off?");
    const eqml__cloud_keys keys = eqml__find_cloud_keys(r->options, line);
    if (!keys.closed)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "a quote or bracket in this line is never closed");
    if (!keys.properties.begin)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "expected Properties=species:S:1:pos:R:3... as in extended XYZ, found %s",
                            eqml__quote(line).text);
    f->has[f->n] = 0;
    for (int k = 0; k < 3; k++)
        pbc[k] = keys.lattice.begin != NULL;
    layout->words = &r->file.source->extended;
    layout->gradient_unit = -EQML_EV / EQML_ANGSTROM; /* the columns are forces */
    eqml_status status = eqml__read_properties(&r->file, keys.properties, layout);
    if (!status && keys.energy.begin) {
        status = eqml__read_list(&r->file, "the energy", keys.energy, 1, EQML_EV, &f->energy[f->n]);
        f->has[f->n] |= EQML_FRAME_ENERGY;
    }
    if (!status && keys.lattice.begin)
        status = eqml__read_list(&r->file, "Lattice", keys.lattice, 9, EQML_ANGSTROM, cell);
    if (!status && keys.pbc.begin)
        status = eqml__read_pbc(r, keys.pbc, pbc);
    if (!status && !keys.lattice.begin && (pbc[0] || pbc[1] || pbc[2]))
        status = EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "a periodic frame needs a Lattice");
    f->group[f->n] = -1;
    if (!status && keys.group.begin &&
        eqml__find_group_number(f, keys.group.begin, (size_t)(keys.group.end - keys.group.begin),
                                &f->group[f->n]))
        status = EQML__REFUSE(&r->file.in, EQML_ERROR_MEMORY, "no memory for this file");
    if (!status && !keys.virial.begin && keys.stress.begin && !(eqml__volume(cell) > 0))
        status = EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "a stress needs a Lattice with a volume");
    if (!status && (keys.virial.begin || keys.stress.begin)) {
        status = keys.virial.begin ? eqml__read_virial(r, "virial", keys.virial, EQML_EV, virial)
                                   : eqml__read_stress(r, keys.stress, eqml__volume(cell), virial);
        f->has[f->n] |= EQML_FRAME_VIRIAL;
    }
    return status;
}

static eqml_status eqml__read_cloud_atom(eqml__cloud_reader *r, const eqml__layout *layout, size_t atom)
{
    eqml_frames *f = r->to;
    eqml__span line, rest, word, label = {NULL, NULL}, pos[3], force[3];
    size_t columns = 0;
    char symbol[4];
    if (!eqml__next_line(&r->file.in, &line))
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "the file ends within a frame; is it cut off?");
    for (rest = line; eqml__next_word(&rest, EQML__BLANKS, &word); columns++) {
        if (columns == layout->species)
            label = word;
        eqml__keep(word, columns, layout->pos, pos);
        if (layout->gradient != EQML__ABSENT)
            eqml__keep(word, columns, layout->gradient, force);
    }
    if (columns < layout->columns)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT, "expected %zu columns, found %zu: %s",
                            layout->columns, columns, eqml__quote(line).text);
    int species = 0, known = eqml__parse_label(label, symbol);
    for (; known; species++) {
        const eqml__span name = eqml__word(r->species, species);
        if (name.begin == name.end)
            known = 0;
        else if (eqml__is(name, symbol))
            break;
    }
    if (!known)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_MATCH, "expected one of the elements %s, found %s",
                            r->species, eqml__quote(label).text);
    f->species[atom] = species;
    eqml_status status = EQML_OK;
    for (size_t k = 0; k < 3 && !status; k++)
        status = eqml__read_number(&r->file, "a coordinate", EQML__MOST_OF_ATOM, pos[k], EQML_ANGSTROM,
                                   &f->xyz[3 * atom + k]);
    for (size_t k = 0; k < 3 && !status && layout->gradient != EQML__ABSENT; k++)
        status = eqml__read_number(&r->file, "a force", EQML__MOST_OF_ATOM, force[k], -layout->gradient_unit,
                                   &f->forces[3 * atom + k]);
    return status;
}

static eqml_status eqml__read_cloud_frame(eqml__cloud_reader *r, eqml__span line)
{
    eqml_frames *f = r->to;
    eqml__span rest = line, word;
    eqml__layout layout;
    eqml__next_word(&rest, EQML__BLANKS, &word);
    const int natoms = eqml__count_words(line) == 1 ? eqml__parse_count(word) : 0;
    if (natoms < 1)
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "expected the number of atoms in a frame, found %s%s", eqml__quote(line).text,
                            f->n ? "; has the frame before it more atoms than it says?" : "");
    if ((size_t)natoms > (size_t)(r->file.in.rest.end - r->file.in.rest.begin))
        return EQML__REFUSE(&r->file.in, EQML_ERROR_FORMAT,
                            "the file ends before this frame of %d atoms does; is it cut off?", natoms);
    eqml_status status = eqml__frames_room(r, (size_t)natoms);
    if (status)
        return status;
    f->line[f->n] = r->file.in.line;
    status = eqml__read_cloud_comment(r, &layout);
    for (size_t i = 0; i < (size_t)natoms && !status; i++)
        status = eqml__read_cloud_atom(r, &layout, f->natoms + i);
    if (status)
        return status;
    if (layout.gradient != EQML__ABSENT)
        f->has[f->n] |= EQML_FRAME_FORCES;
    f->natoms += (size_t)natoms;
    f->first[++f->n] = f->natoms;
    return EQML_OK;
}

EQML_API void eqml_frames_free(eqml_frames *f)
{
    EQML_FREE(f->first);
    EQML_FREE(f->xyz);
    EQML_FREE(f->species);
    EQML_FREE(f->cell);
    EQML_FREE(f->pbc);
    EQML_FREE(f->energy);
    EQML_FREE(f->forces);
    EQML_FREE(f->virial);
    EQML_FREE(f->has);
    EQML_FREE(f->line);
    EQML_FREE(f->group);
    EQML_FREE(f->groups);
    memset(f, 0, sizeof *f);
}

/* hartree/bohr^3; 0: not known. */
static double eqml__stress_unit(const char *name)
{
    static const char *const names[] = {"ev/angstrom^3", "gpa", "kbar", "bar"};
    static const double in_gpa[] = {160.2176634, 1, 0.1, 1e-4};
    const double ev = EQML_EV / (EQML_ANGSTROM * EQML_ANGSTROM * EQML_ANGSTROM);
    for (int k = 0; k < 4; k++)
        if (eqml__equals(eqml__span_of(name ? name : names[0]), names[k]))
            return in_gpa[k] / in_gpa[0] * ev;
    return 0;
}

EQML_API eqml_status eqml_frames_read_as(const char *path, const char *species,
                                         const eqml_frames_options *options, eqml_frames *frames,
                                         eqml_message *message)
{
    eqml__cloud_reader r;
    eqml__span line;
    eqml_frames_options own;
    eqml_data_options columns;
    eqml_data_source source; /* what the reader finds out, and nobody asks for */
    memset(&r, 0, sizeof r);
    memset(&own, 0, sizeof own);
    memset(&columns, 0, sizeof columns);
    memset(&source, 0, sizeof source);
    if (options)
        own = *options;
    columns.force_key = own.force_key;
    r.options = &own;
    r.file.options = &columns;
    r.file.source = &source;
    memset(frames, 0, sizeof *frames);
    r.to = frames;
    r.species = species;
    r.stress = eqml__stress_unit(own.stress_unit) * (own.pressure ? -1 : 1);
    if (r.stress == 0)
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "stresses in %.40s: expected eV/angstrom^3, GPa, kbar or bar", own.stress_unit);
    eqml_status status = eqml__open_reader(&r.file.in, path, message);
    if (status)
        return status;
    while (!status && eqml__next_line(&r.file.in, &line))
        if (eqml__count_words(line))
            status = eqml__read_cloud_frame(&r, line);
    if (!status && !frames->n)
        status = EQML__REFUSE(&r.file.in, EQML_ERROR_EMPTY, "there is no configuration in this file");
    eqml__close_reader(&r.file.in);
    if (status)
        eqml_frames_free(frames);
    return status;
}

EQML_API eqml_status eqml_frames_read(const char *path, const char *species, eqml_frames *frames,
                                      eqml_message *message)
{
    return eqml_frames_read_as(path, species, NULL, frames, message);
}

EQML_API eqml_status eqml_frames_append(eqml_frames *f, eqml_frames *more)
{
    const size_t n = f->n, m = more->n, atoms = f->natoms, some = more->natoms;
    int good = eqml__grow(&f->first, n + 1, n + m + 1, sizeof *f->first) &&
               eqml__grow(&f->cell, 9 * n, 9 * (n + m), sizeof *f->cell) &&
               eqml__grow(&f->pbc, 3 * n, 3 * (n + m), sizeof *f->pbc) &&
               eqml__grow(&f->energy, n, n + m, sizeof *f->energy) &&
               eqml__grow(&f->virial, 6 * n, 6 * (n + m), sizeof *f->virial) &&
               eqml__grow(&f->has, n, n + m, sizeof *f->has) &&
               eqml__grow(&f->group, n, n + m, sizeof *f->group) &&
               eqml__grow(&f->line, n, n + m, sizeof *f->line) &&
               eqml__grow(&f->xyz, 3 * atoms, 3 * (atoms + some), sizeof *f->xyz) &&
               eqml__grow(&f->forces, 3 * atoms, 3 * (atoms + some), sizeof *f->forces) &&
               eqml__grow(&f->species, atoms, atoms + some, sizeof *f->species);
    for (size_t k = 0; k < m && good; k++) {
        const char *name = eqml_frames_group(more, more->group[k]);
        f->group[n + k] = -1;
        if (more->group[k] >= 0)
            good = !eqml__find_group_number(f, name, strlen(name), &f->group[n + k]);
        f->first[n + k + 1] = atoms + more->first[k + 1];
    }
    if (!good)
        return EQML_ERROR_MEMORY;
    memcpy(f->cell + 9 * n, more->cell, 9 * m * sizeof *f->cell);
    memcpy(f->pbc + 3 * n, more->pbc, 3 * m * sizeof *f->pbc);
    memcpy(f->energy + n, more->energy, m * sizeof *f->energy);
    memcpy(f->virial + 6 * n, more->virial, 6 * m * sizeof *f->virial);
    memcpy(f->has + n, more->has, m);
    memcpy(f->line + n, more->line, m * sizeof *f->line);
    memcpy(f->xyz + 3 * atoms, more->xyz, 3 * some * sizeof *f->xyz);
    memcpy(f->forces + 3 * atoms, more->forces, 3 * some * sizeof *f->forces);
    memcpy(f->species + atoms, more->species, some * sizeof *f->species);
    f->n += m;
    f->natoms += some;
    eqml_frames_free(more);
    return EQML_OK;
}

EQML_API eqml_configuration eqml_frame(const eqml_frames *f, size_t k)
{
    eqml_configuration c;
    const int *pbc = f->pbc + 3 * k;
    c.natoms = f->first[k + 1] - f->first[k];
    c.xyz = f->xyz + 3 * f->first[k];
    c.species = f->species + f->first[k];
    c.cell = pbc[0] || pbc[1] || pbc[2] ? f->cell + 9 * k : NULL;
    c.pbc = pbc;
    return c;
}

#endif /* EQML__CLOUD_FRAMES_C */
