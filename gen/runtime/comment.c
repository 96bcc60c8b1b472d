/* Comment lines of data sets: keys, units, which of the layouts a frame has, and its energy and tensors. */
#ifndef EQML__COMMENT_C
#define EQML__COMMENT_C
#include "data.h"
#include "status.c"
#include "memory.c"
#include "reader.c"
#include "text.c"
#include "units.c"
#include <math.h>
#include <string.h>

/* A data set while it is read. */
typedef struct eqml__frames {
    eqml__reader in;
    const eqml_data_options *options;
    eqml_data *data;
    eqml_data_source *source;
    size_t frame;      /* the line that opened this frame */
    char (*labels)[4]; /* [natoms] of this frame, in its order; owned */
    double *row;       /* [natoms][3], to move atoms; owned */
} eqml__frames;

/* What the comment line of a frame says; a missing value has begin == NULL. */
typedef struct eqml__keys {
    eqml__span line, first; /* all of it; its first word */
    eqml__span properties, energy, tensors[EQML_TENSORS], unit[EQML_QUANTITIES], units;
    eqml__span twice; /* a key that was there before */
    int number;       /* nonzero: the first word is a number */
    int closed;       /* nonzero: all quotes and brackets are closed */
} eqml__keys;

/* Where the columns of each quantity begin in the atom lines of a frame, from 0, or EQML__ABSENT. */
typedef struct eqml__layout {
    eqml_data_layout *words; /* what the source says of this layout */
    size_t species, pos, gradient;
    size_t columns;
    int forces;                   /* nonzero: the columns are forces */
    double length_unit;           /* bohr */
    double gradient_unit;         /* hartree/bohr; negative where the file has forces; 0: not known */
    eqml__measure energy, length; /* the units, for a message */
} eqml__layout;

/* What no number of a data file is beyond, in the file's unit: coordinates and forces; and any other. A single larger one,
 * where a point was lost or 1e30 says that nothing is known, would spoil a fit without a word. */
#define EQML__MOST_OF_ATOM 1e6
#define EQML__MOST_OF_ALL 1e12

/* *value <- a number of the file, at most `most`, times unit; `what` names it in messages. */
static eqml_status eqml__read_number(eqml__frames *r, const char *what, double most, eqml__span word,
                                     double unit, double *value)
{
    double number = 0.0;
    const eqml_status status = eqml__parse_number(word, EQML__DECIMAL, &number);
    *value = number * unit;
    if (!status && fabs(number) > most)
        return EQML__REFUSE(
            &r->in, EQML_ERROR_VALUE,
            "expected a number of at most %g as %s, found %s; correct it, or remove this geometry", most,
            what, eqml__quote(word).text);
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

/* Takes a key and its value off *rest; other words are skipped. 0 at the end, or where *closed turned 0. */
static int eqml__next_key(eqml__span *rest, eqml__span *key, eqml__span *value, int *closed)
{
    while (eqml__next_word(rest, "=" EQML__BLANKS, key)) {
        eqml__skip(rest, EQML__BLANKS);
        if (rest->begin == rest->end || *rest->begin != '=')
            continue;
        rest->begin++;
        eqml__skip(rest, EQML__BLANKS);
        *closed = eqml__next_value(rest, value);
        return *closed;
    }
    return 0;
}

/* Of which quantity a key is the unit, EQML_QUANTITIES for all of them, or -1. */
static int eqml__unit_key(eqml__span key)
{
    static const struct {
        const char *word;
        eqml_quantity quantity;
    } words[] = {{"ener", EQML_UNIT_ENERGY},
                 {"forc", EQML_UNIT_GRADIENT},
                 {"grad", EQML_UNIT_GRADIENT},
                 {"leng", EQML_UNIT_LENGTH},
                 {"pos", EQML_UNIT_LENGTH},
                 {"dist", EQML_UNIT_LENGTH},
                 {"coord", EQML_UNIT_LENGTH},
                 {"dipole", EQML_UNIT_DIPOLE},
                 {"quadrupole", EQML_UNIT_QUADRUPOLE},
                 {"polariz", EQML_UNIT_POLARIZABILITY}};
    if (eqml__equals(key, "unit") || eqml__equals(key, "units"))
        return EQML_QUANTITIES;
    for (size_t k = 0; k < sizeof words / sizeof *words && eqml__has_text(key, "unit"); k++)
        if (eqml__has_text(key, words[k].word))
            return (int)words[k].quantity;
    return -1;
}

/* The place of a key's value; NULL for keys that are not read. */
static eqml__span *eqml__slot_of(eqml__keys *keys, eqml__span key, const char *energy_key)
{
    const int unit = eqml__unit_key(key);
    if (eqml__equals(key, "properties"))
        return &keys->properties;
    if (eqml__same_word(key, eqml__span_of(energy_key ? energy_key : "energy")))
        return &keys->energy;
    if (eqml__equals(key, "dipole_moment"))
        return &keys->tensors[EQML_DIPOLE];
    for (int k = 0; k < EQML_TENSORS; k++)
        if (eqml__equals(key, eqml_tensor_name((eqml_tensor)k)))
            return &keys->tensors[k];
    return unit < 0 ? NULL : unit < EQML_QUANTITIES ? &keys->unit[unit] : &keys->units;
}

/* Finds the known keys in a line of key=value pairs and other words. */
static eqml__keys eqml__find_keys(eqml__span line, const char *energy_key)
{
    eqml__keys keys;
    eqml__span rest = line, key, value;
    double number;
    memset(&keys, 0, sizeof keys);
    keys.closed = 1;
    keys.line = line;
    while (eqml__next_key(&rest, &key, &value, &keys.closed)) {
        eqml__span *slot = eqml__slot_of(&keys, key, energy_key);
        if (slot && slot->begin)
            keys.twice = key;
        if (slot)
            *slot = value;
    }
    rest = line;
    eqml__next_word(&rest, EQML__BLANKS, &keys.first);
    keys.number = eqml__parse_number(keys.first, EQML__DECIMAL, &number) != EQML_ERROR_FORMAT;
    return keys;
}

/* ---- units --------------------------------------------------------------------------------------------- */

/* The unit of a quantity that the options or the line name; size 0 where they name none. */
static eqml_status eqml__named_unit(eqml__frames *r, const eqml__keys *keys, eqml_quantity q,
                                    eqml__measure *unit)
{
    static const char *const what[EQML_QUANTITIES] = {"energies", "lengths",     "gradients",
                                                      "dipoles",  "quadrupoles", "polarizabilities"};
    eqml__span name = keys->unit[q];
    memset(unit, 0, sizeof *unit);
    if (r->options->unit[q])
        name = eqml__span_of(r->options->unit[q]);
    if (name.begin) {
        *unit = eqml__find_unit(q, name);
        if (!(unit->size > 0))
            return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "expected %s as the unit of %s, found %s",
                                eqml_unit_names(q), what[q], eqml__quote(name).text);
    } else if (keys->units.begin) {
        *unit = eqml__find_unit(q, keys->units);
    }
    return EQML_OK;
}

/* A key `units` must be a unit of something. */
static eqml_status eqml__check_units(eqml__frames *r, const eqml__keys *keys)
{
    int known = !keys->units.begin;
    for (int q = 0; q < EQML_QUANTITIES; q++)
        known |= eqml__find_unit((eqml_quantity)q, keys->units).size > 0;
    if (known)
        return EQML_OK;
    return EQML__REFUSE(
        &r->in, EQML_ERROR_FORMAT,
        "expected au, or a unit of energies, lengths or gradients as units, found %s; write energy_unit=, "
        "length_unit= or gradient_unit=",
        eqml__quote(keys->units).text);
}

/* A word with brackets round it, or without. */
static eqml__span eqml__strip(eqml__span word)
{
    while (word.begin < word.end && eqml__is_one_of(*word.begin, "([{\"'"))
        word.begin++;
    while (word.begin < word.end && eqml__is_one_of(word.end[-1], ")]}\"',;"))
        word.end--;
    return word;
}

/* Takes down a unit or a name for the source; another one than in the frame before is noted. */
static void eqml__take_down(eqml_data_layout *words, char *place, size_t room, eqml__span name)
{
    const int length =
        (int)((size_t)(name.end - name.begin) < room ? name.end - name.begin : (ptrdiff_t)room - 1);
    if (*place && ((int)strlen(place) != length || memcmp(place, name.begin, (size_t)length)))
        words->mixed = 1;
    memcpy(place, name.begin, (size_t)length);
    place[length] = '\0';
}

static void eqml__take_unit(eqml_data_layout *words, eqml_quantity q, const eqml__measure *unit)
{
    eqml__take_down(words, words->unit[q], sizeof words->unit[q], eqml__span_of(unit->name));
}

/* The unit that a word behind an energy names, as in -40.5 hartree; size 0 where it is no unit. */
static eqml_status eqml__unit_behind(eqml__frames *r, eqml__span word, eqml__measure *unit)
{
    static const char *const parts[] = {"hartree", "/mol", "kcal", "joule", "cm-", "cm^", "kelvin"};
    const eqml__span name = eqml__strip(word);
    int meant = 0;
    for (const char *at = word.begin; at < word.end; at++)
        if (*at == '=') /* a key */
            return EQML_OK;
    if (name.end - name.begin > 1) /* a K or A alone may be anything */
        *unit = eqml__find_unit(EQML_UNIT_ENERGY, name);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        meant |= eqml__has_text(name, parts[k]);
    if (unit->size > 0 || !meant)
        return EQML_OK;
    return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                        "expected %s as the unit of energies, found %s; or say --energy-unit",
                        eqml_unit_names(EQML_UNIT_ENERGY), eqml__quote(word).text);
}

/* Refuses a line of the plain layout that names another unit of energies than its own, but not where it would be heeded. */
static eqml_status eqml__check_words(eqml__frames *r, eqml__span line)
{
    static const char *const others[] = {"ev",   "mev",   "kcal/mol", "kj/mol",
                                         "cm-1", "cm^-1", "rydberg",  "kelvin"};
    for (eqml__span word; eqml__next_word(&line, EQML__BLANKS, &word);)
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            if (eqml__equals(eqml__strip(word), others[k]))
                return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                                    "is %s the unit of the energy? Say --energy-unit, %s or hartree",
                                    eqml__quote(word).text, others[k]);
    return EQML_OK;
}

/*
 * The units of a frame. `own` are those of its layout. That of gradients follows from those of energies and lengths only
 * where these are the layout's own, or atomic; else it must be named. behind: the word behind the energy; words: those that may name its
 * unit as well, or none.
 */
static eqml_status eqml__find_units(eqml__frames *r, const eqml__keys *keys, eqml__span behind,
                                    eqml__span words, const char *const *own, eqml__measure *unit)
{
    eqml_status status = eqml__check_units(r, keys);
    for (int k = 0; !status && k < EQML_QUANTITIES; k++) {
        const eqml_quantity q = (eqml_quantity)k;
        status = eqml__named_unit(r, keys, q, &unit[q]);
        if (!status && q == EQML_UNIT_ENERGY && !(unit[q].size > 0))
            status = eqml__unit_behind(r, behind, &unit[q]);
        if (!status && q == EQML_UNIT_ENERGY && !(unit[q].size > 0) && words.begin)
            status = eqml__check_words(r, words);
        if (unit[q].size > 0)
            continue;
        const eqml__measure usual = eqml__find_unit(q, eqml__span_of(own[q]));
        if (q != EQML_UNIT_GRADIENT || (!strcmp(unit[EQML_UNIT_ENERGY].name, own[EQML_UNIT_ENERGY]) &&
                                        !strcmp(unit[EQML_UNIT_LENGTH].name, own[EQML_UNIT_LENGTH])))
            unit[q] = usual;
        else if (unit[EQML_UNIT_ENERGY].size == 1 && unit[EQML_UNIT_LENGTH].size == 1)
            unit[q] = eqml__find_unit(q, eqml__span_of("au"));
    }
    return status;
}

/* ---- what looks like energies and gradients, and is not read ------------------------------------------- */

static int eqml__looks_like(eqml__span name, int what)
{
    static const char *const energies[] = {"e",     "u",  "u0",   "e0",        "etot", "e_tot",
                                           "toten", "pe", "epot", "potential", "scf"};
    static const char *const not_those[] = {"err", "sigma", "std", "weight", "unit", "var", "unc"};
    int alike = what == EQML_HAS_ENERGY ? eqml__has_text(name, "ener")
                                        : eqml__has_text(name, "forc") || eqml__has_text(name, "grad");
    for (size_t k = 0; k < sizeof energies / sizeof *energies; k++)
        alike |= what == EQML_HAS_ENERGY && eqml__equals(name, energies[k]);
    for (size_t k = 0; k < sizeof not_those / sizeof *not_those; k++)
        alike &= !eqml__has_text(name, not_those[k]);
    return alike;
}

static void eqml__note_unused(eqml__frames *r, int what, eqml__span name, int differs)
{
    eqml_data_source *source = r->source;
    const eqml_message quoted = eqml__quote(name); /* without control characters */
    const int length = (int)strlen(quoted.text) - 2;
    char text[sizeof source->unused->name];
    snprintf(text, sizeof text, "%.*s", length < 39 ? length : 39, quoted.text + 1);
    int k = 0;
    while (k < source->nunused && (source->unused[k].what != what || strcmp(source->unused[k].name, text)))
        k++;
    if (k == (int)(sizeof source->unused / sizeof *source->unused))
        return;
    if (k == source->nunused) {
        source->nunused++;
        source->unused[k].what = what;
        strcpy(source->unused[k].name, text);
    }
    source->unused[k].frames++;
    source->unused[k].differs |= differs;
}

/* The number of a word; 0 where it is none. */
static int eqml__is_number(eqml__span word, double *number)
{
    return !eqml__parse_number(word, EQML__DECIMAL, number);
}

/* Whether two numbers of a file are not the same one, but for their last digits. */
static int eqml__differ(double a, double b, double tolerance)
{
    return !(fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b)));
}

/* Notes the keys of a comment line, and its words where `words` is not 0, that may be energies. used: the key or the word
 * that was read; energy: its number as the file has it. */
static void eqml__note_energies(eqml__frames *r, const eqml__keys *keys, eqml__span used, double energy,
                                int words)
{
    eqml__span rest = keys->line, key, value;
    int closed = 1, column = 0;
    double number;
    while (eqml__next_key(&rest, &key, &value, &closed))
        if (value.begin != used.begin && eqml__looks_like(key, EQML_HAS_ENERGY) &&
            eqml__is_number(value, &number))
            eqml__note_unused(r, EQML_HAS_ENERGY, key, eqml__differ(number, energy, 1e-9));
    for (rest = keys->line; words && eqml__next_word(&rest, EQML__BLANKS, &value);) {
        char name[48];
        column++;
        if (value.begin == used.begin || !eqml__is_number(value, &number))
            continue;
        snprintf(name, sizeof name, "column %d", column);
        eqml__note_unused(r, EQML_HAS_ENERGY, eqml__span_of(name), eqml__differ(number, energy, 1e-9));
    }
}

/* "REF_energy, dft_energy": the keys of a line that may be its energy. */
static eqml_message eqml__candidates(const eqml__keys *keys)
{
    eqml_message list;
    eqml__span rest = keys->line, key, value;
    int closed = 1;
    size_t used = 0;
    double number;
    list.text[0] = '\0';
    while (used < 80 && eqml__next_key(&rest, &key, &value, &closed)) {
        const int length = (int)(key.end - key.begin < 30 ? key.end - key.begin : 30);
        if (eqml__looks_like(key, EQML_HAS_ENERGY) && eqml__is_number(value, &number))
            used += (size_t)snprintf(list.text + used, 40, "%s%.*s", used ? " or " : "", length, key.begin);
    }
    return list;
}

/* ---- layouts ------------------------------------------------------------------------------------------- */

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
            status = eqml__read_number(r, what, EQML__MOST_OF_ALL, word, unit, &value[found]);
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

/* Reads the list of columns, the value of the key Properties. */
static eqml_status eqml__read_properties(eqml__frames *r, eqml__span properties, eqml__layout *layout)
{
    const eqml_data_options *options = r->options;
    const char *chosen = options->gradient_key ? options->gradient_key : options->force_key;
    eqml__span rest = properties, name, type, width, taken = {NULL, NULL};
    int good = 1;
    layout->species = layout->pos = layout->gradient = EQML__ABSENT;
    layout->columns = 0;
    layout->forces = !options->gradient_key;
    while (good && eqml__next_word(&rest, ":", &name)) {
        size_t *column = NULL;
        if (eqml__equals(name, "species"))
            column = &layout->species;
        else if (eqml__equals(name, "pos"))
            column = &layout->pos;
        else if (chosen ? eqml__same_word(name, eqml__span_of(chosen))
                        : eqml__equals(name, "forces") || eqml__equals(name, "force"))
            column = &layout->gradient;
        good = eqml__next_word(&rest, ":", &type) && eqml__next_word(&rest, ":", &width);
        const int columns = good ? eqml__parse_count(width) : 0;
        good = columns > 0 &&
               (!column || (*column == EQML__ABSENT && columns == (column == &layout->species ? 1 : 3)));
        if (column)
            *column = layout->columns;
        else if (good && eqml__looks_like(name, EQML_HAS_GRADIENT))
            eqml__note_unused(r, EQML_HAS_GRADIENT, name, 0);
        if (column == &layout->gradient)
            taken = name;
        layout->columns += (size_t)columns;
    }
    if (!good || layout->species == EQML__ABSENT || layout->pos == EQML__ABSENT)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT,
                            "Properties needs species:S:1 and pos:R:3, and may have forces:R:3; found %s",
                            eqml__quote(properties).text);
    if (taken.begin)
        eqml__take_down(layout->words, layout->words->gradient, sizeof layout->words->gradient, taken);
    return EQML_OK;
}

/*
 * The columns of a frame in the plain layout. Its comment line does not say which follow: those of the first atom are
 * counted.
 */
static void eqml__count_columns(eqml__frames *r, eqml__layout *layout)
{
    const eqml_data_options *options = r->options;
    const char *chosen = options->gradient_key ? options->gradient_key : options->force_key;
    eqml__reader ahead = r->in;
    eqml__span line;
    char name[48];
    const size_t columns = eqml__next_line(&ahead, &line) ? eqml__count_words(line) : 0;
    const int first = chosen ? eqml__parse_count(eqml__span_of(chosen)) : 5;
    layout->species = 0;
    layout->pos = 1;
    layout->gradient = first >= 5 && columns >= (size_t)first + 2 ? (size_t)first - 1 : EQML__ABSENT;
    layout->columns = columns >= 4 ? columns : 4;
    layout->forces = options->force_key != NULL;
    const size_t beyond = layout->gradient == EQML__ABSENT ? 4 : layout->gradient + 3;
    if (columns >= beyond + 3) { /* one or two may be charges, and are no news */
        snprintf(name, sizeof name, "columns %zu to %zu", beyond + 1, beyond + 3);
        eqml__note_unused(r, EQML_HAS_GRADIENT, eqml__span_of(name), 0);
    }
    if (layout->gradient == EQML__ABSENT)
        return;
    snprintf(name, sizeof name, "column %d", first);
    eqml__take_down(layout->words, layout->words->gradient, sizeof layout->words->gradient,
                    eqml__span_of(name));
}

/* Word number `column`, from 1, of a comment line, and the one behind it. */
static eqml__span eqml__comment_word(eqml__span line, int column, eqml__span *behind)
{
    eqml__span word = {line.begin, line.begin};
    for (; column > 0; column--)
        eqml__next_word(&line, EQML__BLANKS, &word);
    eqml__next_word(&line, EQML__BLANKS, behind);
    return word;
}

/* The word behind a value of a line, with or without its quotes. */
static eqml__span eqml__word_behind(eqml__span line, eqml__span value)
{
    eqml__span word;
    line.begin = value.end < line.end && eqml__is_one_of(*value.end, "\"'}]") ? value.end + 1 : value.end;
    eqml__next_word(&line, EQML__BLANKS, &word);
    return word;
}

/* Refuses a line where two things could be the energy, and nothing says which. */
static eqml_status eqml__check_energy(eqml__frames *r, const eqml__keys *keys)
{
    const int chosen = r->options->energy_key || r->options->energy_column;
    double first = 0, second = 0;
    if (keys->twice.begin)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "the key %s is there twice; leave one",
                            eqml__quote(keys->twice).text);
    if (!keys->number || chosen || (!keys->properties.begin && !keys->energy.begin))
        return EQML_OK;
    if (!keys->properties.begin && eqml__is_number(keys->first, &first) &&
        eqml__is_number(keys->energy, &second) &&
        (!eqml__differ(first, second, 1e-9) || !eqml__differ(first, second * EQML_EV, 1e-5)))
        return EQML_OK;
    return EQML__REFUSE(
        &r->in, EQML_ERROR_FORMAT,
        "is the energy the number %.*s at the beginning, or a key? Say --energy-column 1 or --energy-key "
        "energy",
        (int)(keys->first.end - keys->first.begin < 30 ? keys->first.end - keys->first.begin : 30),
        keys->first.begin);
}

/* Reads the energy of a frame where the options and its layout say. */
static eqml_status eqml__read_energy(eqml__frames *r, const eqml__keys *keys, int extended,
                                     eqml_data_layout *words, const eqml__measure *unit)
{
    eqml_data *data = r->data;
    const int column = r->options->energy_column > 0          ? r->options->energy_column
                       : !extended && !r->options->energy_key ? 1
                                                              : 0;
    double *value = data->energy + data->n;
    eqml__span behind, used = {NULL, NULL};
    eqml_status status = EQML_OK;
    char name[sizeof words->energy];
    if (column > 0) {
        used = eqml__comment_word(keys->line, column, &behind);
        eqml__span word = used;
        if (word.end > word.begin && eqml__is_one_of(word.end[-1], ",;"))
            word.end--;
        snprintf(name, sizeof name, "column %d", column);
        const eqml_message may = eqml__candidates(keys);
        double number;
        if (column > 1 || !*may.text || eqml__parse_number(word, EQML__DECIMAL, &number) != EQML_ERROR_FORMAT)
            status = eqml__read_number(
                r,
                column > 1 ? "the energy in the column that was asked for"
                           : "the energy in hartree (or keys of extended XYZ: Properties, energy)",
                EQML__MOST_OF_ALL, word, unit->size, value);
        else
            status = EQML__REFUSE(
                &r->in, EQML_ERROR_FORMAT,
                "expected a number as the energy, or the key energy, found %s; is it --energy-key %s?",
                eqml__quote(keys->line).text, may.text);
    } else if (keys->energy.begin) {
        used = keys->energy;
        snprintf(name, sizeof name, "%s", r->options->energy_key ? r->options->energy_key : "energy");
        status = eqml__read_list(r, "the energy", keys->energy, 1, unit->size, value);
    }
    if (status)
        return status;
    eqml__note_energies(r, keys, used, used.begin ? *value / unit->size : 0, !extended);
    if (!used.begin)
        return status;
    eqml__take_down(words, words->energy, sizeof words->energy, eqml__span_of(name));
    eqml__take_unit(words, EQML_UNIT_ENERGY, unit);
    data->has[data->n] |= EQML_HAS_ENERGY;
    return status;
}

static eqml_status eqml__read_tensors(eqml__frames *r, const eqml__keys *keys, eqml_data_layout *words,
                                      const eqml__measure *unit)
{
    eqml_data *data = r->data;
    eqml_status status = EQML_OK;
    for (int k = 0; k < EQML_TENSORS; k++) {
        const eqml_tensor kind = (eqml_tensor)k;
        const eqml_quantity q = (eqml_quantity)(EQML_UNIT_DIPOLE + k);
        double *value = data->tensors[k] + EQML_COMPONENTS(kind) * data->n;
        if (status || !keys->tensors[k].begin)
            continue;
        status = kind == EQML_DIPOLE
                     ? eqml__read_list(r, "the dipole", keys->tensors[k], 3, unit[q].size, value)
                     : eqml__read_rank_two(r, kind, keys->tensors[k], unit[q].size, value);
        eqml__take_unit(words, q, &unit[q]);
        data->has[data->n] |= (unsigned char)(EQML_HAS_DIPOLE << k);
    }
    return status;
}

/* Reads a comment line: which layout the frame has, its energy and tensors, and the columns that follow. */
static eqml_status eqml__read_comment(eqml__frames *r, eqml__layout *layout)
{
    static const char *const own[2][EQML_QUANTITIES] = {
        {"hartree", "angstrom", "hartree/bohr", "e*angstrom", "e*angstrom^2", "bohr^3"},
        {"eV", "angstrom", "eV/angstrom", "e*angstrom", "e*angstrom^2", "bohr^3"}};
    const eqml__span plain = eqml__span_of("species:S:1:pos:R:3");
    eqml__measure unit[EQML_QUANTITIES];
    const eqml__span none = {NULL, NULL};
    eqml__span line, behind = none;
    if (!eqml__next_line(&r->in, &line))
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "the file ends where a frame begins; is it cut off?");
    const eqml__keys keys = eqml__find_keys(line, r->options->energy_key);
    const int extended = keys.properties.begin || (keys.energy.begin && !keys.number);
    const int column = r->options->energy_column > 0 ? r->options->energy_column : 1;
    eqml_data_layout *words = extended ? &r->source->extended : &r->source->plain;
    memset(layout, 0, sizeof *layout);
    layout->words = words;
    if (!*r->source->comment)
        snprintf(r->source->comment, sizeof r->source->comment, "%.60s", eqml__quote(line).text);
    if (extended && !keys.closed)
        return EQML__REFUSE(&r->in, EQML_ERROR_FORMAT, "a quote or bracket in this line is never closed");
    if (r->options->energy_column > 0 || (!extended && !r->options->energy_key))
        eqml__comment_word(line, column, &behind);
    else if (keys.energy.begin)
        behind = eqml__word_behind(line, keys.energy);
    eqml_status status = eqml__check_energy(r, &keys);
    if (!status)
        status = eqml__find_units(r, &keys, behind, extended ? none : line, own[extended], unit);
    if (!status)
        status = eqml__read_energy(r, &keys, extended, words, &unit[EQML_UNIT_ENERGY]);
    if (!status && extended)
        status = eqml__read_tensors(r, &keys, words, unit);
    if (status)
        return status;
    if (extended)
        status = eqml__read_properties(r, keys.properties.begin ? keys.properties : plain, layout);
    else
        eqml__count_columns(r, layout);
    layout->energy = unit[EQML_UNIT_ENERGY];
    layout->length = unit[EQML_UNIT_LENGTH];
    layout->length_unit = layout->length.size;
    layout->gradient_unit = unit[EQML_UNIT_GRADIENT].size * (layout->forces ? -1 : 1);
    words->frames++;
    eqml__take_unit(words, EQML_UNIT_LENGTH, &layout->length);
    if (status || layout->gradient == EQML__ABSENT)
        return status;
    if (!(unit[EQML_UNIT_GRADIENT].size > 0) && r->options->skip_unclear) {
        eqml__note_unused(r, EQML_HAS_GRADIENT, eqml__span_of(words->gradient), 0);
        layout->gradient = EQML__ABSENT;
        words->gradient[0] = '\0';
        return status;
    }
    if (!(unit[EQML_UNIT_GRADIENT].size > 0))
        return EQML__REFUSE(
            &r->in, EQML_ERROR_FORMAT,
            "energies in %s and lengths in %s leave open what unit the %s have; say --gradient-unit, such "
            "as %s/%s or hartree/bohr",
            layout->energy.name, layout->length.name, layout->forces ? "forces" : "gradients",
            layout->energy.name, layout->length.name);
    words->forces = layout->forces;
    eqml__take_unit(words, EQML_UNIT_GRADIENT, &unit[EQML_UNIT_GRADIENT]);
    return status;
}

#endif /* EQML__COMMENT_C */
