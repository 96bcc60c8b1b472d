/* The atoms of data in the order of a composition. */
#ifndef EQML__MATCH_C
#define EQML__MATCH_C
#include "data.h"
#include "status.c"
#include "memory.c"
#include "text.c"

/* A place in the composition, and the atom of the data that goes there. */
typedef struct eqml__place {
    char wanted[4];  /* its symbol in the composition */
    char present[4]; /* the symbol of the atom with this number in the data */
    int class_of_atom;
    int source;    /* the atom of the data that belongs here */
    double row[3]; /* of that atom, while rows are moved */
} eqml__place;

static int eqml__same(const char a[4], const char b[4])
{
    return memcmp(a, b, 4) == 0;
}

/* "H H O ...": symbols of the composition (wanted nonzero) or of the data, as many as fit a message. */
static eqml_message eqml__list_symbols(int n, const eqml__place *place, int wanted)
{
    eqml_message list;
    size_t used = 0;
    list.text[0] = '\0';
    for (int i = 0; i < n && used < 60; i++)
        used += (size_t)snprintf(list.text + used, 8, i ? " %s" : "%s",
                                 wanted ? place[i].wanted : place[i].present);
    if (used >= 60)
        strcpy(list.text + used, " ...");
    return list;
}

/*
 * Sends the k-th atom of an element to its k-th place. Returns 0 if the data have too few atoms of an
 * element.
 */
static int eqml__pair_by_element(int n, eqml__place *place)
{
    for (int i = 0; i < n; i++) {
        int j = 0;
        for (int k = 0; k < i; k++)
            if (eqml__same(place[k].wanted, place[i].wanted))
                j = place[k].source + 1;
        while (j < n && !eqml__same(place[j].present, place[i].wanted))
            j++;
        if (j == n)
            return 0;
        place[i].source = j;
    }
    return 1;
}

/* Finds the source of each place. Returns NULL, or the reason why the data do not tell. */
static const char *eqml__find_sources(int n, eqml__place *place)
{
    int in_order = 1, shared = 0, mixed = 0, split = 0;
    for (int i = 0; i < n; i++) {
        place[i].source = i;
        in_order &= eqml__same(place[i].wanted, place[i].present);
        for (int j = 0; j < n; j++) {
            const int one_class = place[i].class_of_atom == place[j].class_of_atom;
            shared |= eqml__same(place[i].wanted, place[j].present);
            mixed |= one_class && !eqml__same(place[i].present, place[j].present);
            split |= !one_class && eqml__same(place[i].wanted, place[j].wanted);
        }
    }
    if (in_order || (!shared && !mixed))
        return NULL;
    if (!shared)
        return "a class would have several elements; reorder the file (--order), or name the elements";
    if (!eqml__pair_by_element(n, place))
        return "the elements differ in number";
    return split ? "an element is in several classes, and only the order can tell which; reorder the file, "
                   "or say --order"
                 : NULL;
}

/* Whether atoms of one element are in several classes. */
static int eqml__is_split(int n, const eqml__place *place)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (place[i].class_of_atom != place[j].class_of_atom &&
                eqml__same(place[place[i].source].present, place[place[j].source].present))
                return 1;
    return 0;
}

/* Brings rows[n][natoms][3], which may be NULL, into the order of the places. */
static void eqml__reorder(double *rows, size_t n, int natoms, eqml__place *place)
{
    for (size_t frame = 0; rows && frame < n; frame++, rows += 3 * (size_t)natoms) {
        for (int i = 0; i < natoms; i++)
            memcpy(place[i].row, rows + 3 * place[i].source, sizeof place[i].row);
        for (int i = 0; i < natoms; i++)
            memcpy(rows + 3 * i, place[i].row, sizeof place[i].row);
    }
}

/* Whether the composition has this symbol. */
static int eqml__wants(int n, const eqml__place *place, char symbol)
{
    for (int i = 0; i < n; i++)
        if (place[i].wanted[0] == symbol && !place[i].wanted[1])
            return 1;
    return 0;
}

/* D and T are labels of their own only where the composition says so. */
static void eqml__fill_places(const eqml_data *data, eqml__span symbols, const int *class_of_atom,
                              eqml__place *place)
{
    eqml__span word;
    const int n = data->natoms;
    for (int i = 0; i < data->natoms && eqml__next_word(&symbols, EQML__BLANKS, &word); i++) {
        if (!eqml__parse_label(word, place[i].wanted))
            strcpy(place[i].wanted, "?"); /* equal to no label of a file */
        memcpy(place[i].present, data->symbols[i], 4);
        place[i].class_of_atom = class_of_atom[i];
    }
    const int own[2] = {eqml__wants(n, place, 'D'), eqml__wants(n, place, 'T')};
    for (int i = 0; i < n; i++) {
        char *label = place[i].present;
        if (!label[1] && ((label[0] == 'D' && !own[0]) || (label[0] == 'T' && !own[1])))
            label[0] = 'H';
    }
}

/* Takes the sources from an order. Returns NULL, or what is wrong with it. */
static const char *eqml__take_order(int n, const int *order, eqml__place *place)
{
    int same = 1, shared = 0, mixed = 0;
    for (int i = 0; i < n; i++) {
        int times = 0;
        for (int j = 0; j < n; j++)
            times += order[j] == i;
        if (times != 1)
            return "the order must name each atom once";
        place[i].source = order[i];
    }
    for (int i = 0; i < n; i++) {
        const char *own = place[order[i]].present;
        same &= eqml__same(own, place[i].wanted);
        for (int j = 0; j < n; j++) {
            shared |= eqml__same(place[i].present, place[j].wanted);
            mixed |=
                place[i].class_of_atom == place[j].class_of_atom && !eqml__same(own, place[order[j]].present);
        }
    }
    return same || (!shared && !mixed) ? NULL
                                       : "the order puts other elements into the places of the composition";
}

EQML_API eqml_status eqml_data_match_order(eqml_data *data, const char *symbols, const int *class_of_atom,
                                           const int *order, eqml_message *message)
{
    if (message)
        message->text[0] = '\0';
    if (!data || !data->symbols || !symbols || !class_of_atom)
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "eqml_data_match: no argument may be NULL or empty");
    const eqml__span words = eqml__span_of(symbols);
    const int n = data->natoms;
    if (eqml__count_words(words) != (size_t)n)
        return eqml__fail(message, EQML_ERROR_MATCH, "the data have %d atoms, but the composition has %zu", n,
                          eqml__count_words(words));
    eqml__place *place = (eqml__place *)eqml__zeroed((size_t)n, sizeof *place);
    if (!place)
        return eqml__fail(message, EQML_ERROR_MEMORY, "no memory to order %d atoms", n);
    eqml__fill_places(data, words, class_of_atom, place);
    const char *reason = order ? eqml__take_order(n, order, place) : eqml__find_sources(n, place);
    if (!reason && data->reordered > 0 && (order || eqml__is_split(n, place)))
        reason =
            order ? "the frames have their atoms in different orders, and one order cannot serve all of them"
                  : "the frames have their atoms in different orders, and an element is in several classes";
    if (!reason) {
        eqml__reorder(data->xyz, data->n, n, place);
        eqml__reorder(data->gradient, data->n, n, place);
        for (int i = 0; i < n; i++)
            memcpy(data->symbols[i], place[place[i].source].present, 4);
    }
    if (reason)
        eqml__fail(message, EQML_ERROR_MATCH, "atoms of the data (%s) and composition (%s) do not match: %s",
                   eqml__list_symbols(n, place, 0).text, eqml__list_symbols(n, place, 1).text, reason);
    EQML_FREE(place);
    return reason ? EQML_ERROR_MATCH : EQML_OK;
}

eqml_status eqml_data_match(eqml_data *data, const char *symbols, const int *class_of_atom,
                            eqml_message *message)
{
    return eqml_data_match_order(data, symbols, class_of_atom, NULL, message);
}

#endif /* EQML__MATCH_C */
