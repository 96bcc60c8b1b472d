/* Expansions: which tuples of atoms they have. */
#ifndef EQML__EXPANSION_C
#define EQML__EXPANSION_C
#include "expansion.h"
#include "memory.c"
#include "status.c"
#include "surface.c"
#include "text.c"

EQML_API void eqml_expansion_free(eqml_expansion *expansion)
{
    for (int k = 0; k < expansion->ncomponents && expansion->components; k++) {
        eqml_surface_free(&expansion->components[k].surface);
        EQML_FREE(expansion->components[k].tuples);
    }
    EQML_FREE(expansion->components);
    memset(expansion, 0, sizeof *expansion);
}

/* Lists all tuples that the elements allow, atom by atom. */
typedef struct eqml__chooser {
    const eqml_basis *basis;
    const char *symbols;
    int natoms, *chosen; /* [natoms of the basis] */
    int *tuples;         /* [count][natoms of the basis]; NULL: count only */
    size_t count;
} eqml__chooser;

/*
 * Whether an atom may stand at a place: of its element, not chosen before, in ascending order within a class.
 */
static int eqml__may_choose(const eqml__chooser *c, int place, int atom)
{
    const eqml__span a = eqml__word(c->symbols, atom), b = eqml__word(c->basis->symbols, place);
    for (int k = 0; k < place; k++)
        if (c->chosen[k] == atom ||
            (c->basis->atom_classes[k] == c->basis->atom_classes[place] && c->chosen[k] > atom))
            return 0;
    return a.end - a.begin == b.end - b.begin && !memcmp(a.begin, b.begin, (size_t)(a.end - a.begin));
}

/* Tries all atoms at this place and at those behind it. */
static void eqml__choose(eqml__chooser *c, int place)
{
    const int size = c->basis->natoms;
    if (place == size) {
        if (c->tuples)
            memcpy(c->tuples + c->count * (size_t)size, c->chosen, (size_t)size * sizeof(int));
        c->count++;
        return;
    }
    for (int atom = 0; atom < c->natoms; atom++)
        if (eqml__may_choose(c, place, atom)) {
            c->chosen[place] = atom;
            eqml__choose(c, place + 1);
        }
}

/*
 * Refuses a tuple with an atom that the molecule does not have, or with one twice; `number` is its place in
 * the list.
 */
static eqml_status eqml__check_tuple(const int *tuple, size_t size, size_t number, int natoms,
                                     eqml_message *why)
{
    for (size_t k = 0; k < size; k++) {
        if (tuple[k] < 0 || tuple[k] >= natoms)
            return eqml__fail(why, EQML_ERROR_ARGUMENT, "tuple %zu has atom %d, but there are %d atoms",
                              number, tuple[k], natoms);
        for (size_t j = 0; j < k; j++)
            if (tuple[j] == tuple[k])
                return eqml__fail(why, EQML_ERROR_ARGUMENT, "tuple %zu has atom %d twice", number, tuple[k]);
    }
    return EQML_OK;
}

/* Refuses a switch that is not one, or not invariant; centre and radii as in eqml_part. */
static eqml_status eqml__check_switch(const eqml_basis *b, double inner, double cutoff, int centre,
                                      eqml_message *why)
{
    const bool switched = cutoff != 0 || inner != 0;
    if (b->is_term)
        return eqml__fail(why, EQML_ERROR_ARGUMENT, "its basis has factors that are not terms");
    if (switched && !(inner >= 0 && cutoff > inner && cutoff <= DBL_MAX))
        return eqml__fail(why, EQML_ERROR_ARGUMENT,
                          "the switch from %g to %g: the cutoff must be positive, and beyond the inner "
                          "radius, which must not be negative",
                          inner, cutoff);
    for (int k = 0; k < b->natoms && centre; k++)
        if (centre < 1 || centre > b->natoms ||
            (k != centre - 1 && b->atom_classes[k] == b->atom_classes[centre - 1]))
            return eqml__fail(why, EQML_ERROR_ARGUMENT,
                              "the centre, %d, must be the number of an atom that is alone in its class",
                              centre);
    return EQML_OK;
}

/* Sets the tuples of a component: the caller's, checked, or all that the elements allow. */
static eqml_status eqml__set_tuples(eqml_component *c, const eqml_part *part, const char *symbols, int natoms,
                                    eqml_message *why)
{
    const size_t size = (size_t)part->basis->natoms;
    eqml__chooser choice = {part->basis, symbols, natoms, NULL, NULL, (size_t)part->ntuples};
    choice.chosen = (int *)eqml__zeroed(size, sizeof(int));
    if (!choice.chosen)
        return eqml__fail(why, EQML_ERROR_MEMORY, "no memory");
    if (!part->tuples) {
        choice.count = 0;
        eqml__choose(&choice, 0);
    }
    if (choice.count <= INT32_MAX)
        c->tuples = (int *)eqml__zeroed(eqml__times(choice.count, size), sizeof(int));
    c->ntuples = c->tuples ? (int)choice.count : 0;
    choice.tuples = c->tuples;
    if (!part->tuples && c->tuples) {
        choice.count = 0;
        eqml__choose(&choice, 0);
    }
    EQML_FREE(choice.chosen);
    if (!c->tuples)
        return eqml__fail(why, EQML_ERROR_MEMORY, "no memory for %zu tuples", choice.count);
    if (!c->ntuples)
        return eqml__fail(why, EQML_ERROR_MATCH, "no atoms of \"%s\" are those of the basis, \"%s\"", symbols,
                          part->basis->symbols);
    eqml_status status = EQML_OK;
    for (size_t t = 0; t < choice.count && part->tuples && !status; t++) {
        memcpy(c->tuples + t * size, part->tuples + t * size, size * sizeof(int));
        status = eqml__check_tuple(c->tuples + t * size, size, t, natoms, why);
    }
    return status;
}

static eqml_status eqml__add_component(eqml_component *c, const eqml_part *part, const char *symbols,
                                       int natoms, eqml_message *why)
{
    eqml_status status = eqml__check_switch(part->basis, part->inner, part->cutoff, part->centre, why);
    if (status)
        return status;
    if (part->ntuples < 0 || (part->ntuples > 0) != (part->tuples != NULL))
        return eqml__fail(why, EQML_ERROR_ARGUMENT, "%d tuples, but the list is %s", part->ntuples,
                          part->tuples ? "there" : "missing");
    status = eqml_surface_create(part->basis, part->variables, &c->surface);
    if (status)
        return eqml__fail(why, status, "the variables: %s", eqml_status_text(status));
    c->inner = part->inner;
    c->cutoff = part->cutoff;
    c->centre = part->centre;
    return eqml__set_tuples(c, part, symbols, natoms, why);
}

EQML_API eqml_status eqml_expansion_create(eqml_expansion *expansion, const char *symbols, int nparts,
                                           const eqml_part *parts, eqml_message *message)
{
    eqml_message why;
    eqml_status status = EQML_OK;
    memset(expansion, 0, sizeof *expansion);
    expansion->natoms = (int)eqml__count_words(eqml__span_of(symbols));
    if (nparts < 1 || expansion->natoms < 1) {
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "an expansion needs atoms and parts; there are %d and %d", expansion->natoms,
                          nparts);
    }
    expansion->components = (eqml_component *)eqml__zeroed((size_t)nparts, sizeof(eqml_component));
    if (!expansion->components)
        status = eqml__fail(&why, EQML_ERROR_MEMORY, "no memory");
    for (int k = 0; k < nparts && !status; k++) {
        expansion->ncomponents = k + 1;
        status = eqml__add_component(&expansion->components[k], &parts[k], symbols, expansion->natoms, &why);
    }
    if (status) {
        eqml__fail(message, status, "part %d: %.400s", expansion->ncomponents - 1, why.text);
        eqml_expansion_free(expansion);
    }
    return status;
}

#endif /* EQML__EXPANSION_C */
