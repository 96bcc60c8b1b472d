#ifndef EQML__CLOUD_SKIN_C
#define EQML__CLOUD_SKIN_C
#include "cloud/skin.h"
#include "cloud/neighbours.c"

/* The cell and what is periodic as the search takes them: what it does not look at is zero. */
static void eqml__skin_cell(const eqml_configuration *c, double *cell, int *pbc)
{
    for (int k = 0; k < 3; k++)
        pbc[k] = c->cell && (!c->pbc || c->pbc[k]);
    for (int k = 0; k < 9; k++)
        cell[k] = pbc[k / 3] ? c->cell[k] : 0;
}

/* Whether the pairs of the last search still hold all that are closer than the cutoff. */
static int eqml__skin_holds(const eqml_configuration *c, double cutoff, double skin, const eqml_skin *s)
{
    double cell[9];
    int pbc[3];
    if (!s->valid || s->list.natoms != c->natoms || s->reach != cutoff + skin || s->allowed != skin / 2)
        return 0;
    eqml__skin_cell(c, cell, pbc);
    for (int k = 0; k < 9; k++)
        if (cell[k] != s->cell[k] || pbc[k / 3] != s->pbc[k / 3])
            return 0;
    for (size_t i = 0; i < c->natoms; i++) {
        double square = 0;
        for (size_t d = 0; d < 3; d++) {
            const double moved = c->xyz[3 * i + d] - s->xyz[3 * i + d];
            square += moved * moved;
        }
        if (!(square <= s->allowed * s->allowed))
            return 0;
    }
    return 1;
}

/* Room for a copy of coordinates and vectors. */
static eqml_status eqml__skin_room(eqml_skin *s)
{
    if (s->capacity < s->list.natoms) {
        EQML_FREE(s->xyz);
        s->xyz = (double *)eqml__zeroed(3 * s->list.natoms, sizeof(double));
        s->capacity = s->xyz ? s->list.natoms : 0;
    }
    if (s->pairs_capacity < s->list.count) {
        EQML_FREE(s->vector);
        s->vector = (double(*)[3])eqml__zeroed(s->list.count, sizeof *s->vector);
        s->pairs_capacity = s->vector ? s->list.count : 0;
    }
    return s->capacity < s->list.natoms || s->pairs_capacity < s->list.count ? EQML_ERROR_MEMORY : EQML_OK;
}

static eqml_status eqml__skin_search(const eqml_configuration *c, double cutoff, double skin, eqml_skin *s,
                                     eqml_message *message)
{
    s->valid = 0;
    if (!(skin >= 0 && skin < 1e6))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the skin is %g bohr; it must not be negative", skin);
    if (!(cutoff > 0))
        return eqml__fail(message, EQML_ERROR_ARGUMENT, "the cutoff is %g bohr; it must be positive", cutoff);
    eqml_status status = eqml_neighbours_find(c, cutoff + skin, &s->list, message);
    if (!status && (status = eqml__skin_room(s)) != EQML_OK)
        eqml__fail(message, status, "no memory for the pairs of %zu atoms", c->natoms);
    if (status)
        return status;
    if (c->natoms)
        memcpy(s->xyz, c->xyz, 3 * c->natoms * sizeof(double));
    if (s->list.count)
        memcpy(s->vector, s->list.vector, s->list.count * sizeof *s->vector);
    eqml__skin_cell(c, s->cell, s->pbc);
    s->reach = cutoff + skin;
    s->allowed = skin / 2;
    s->valid = 1;
    s->searches++;
    return EQML_OK;
}

EQML_API eqml_status eqml_skin_update(const eqml_configuration *c, double cutoff, double skin, eqml_skin *s,
                                      eqml_message *message)
{
    if (message)
        message->text[0] = 0;
    s->updates++;
    if (!eqml__skin_holds(c, cutoff, skin, s))
        return eqml__skin_search(c, cutoff, skin, s, message);
    for (size_t i = 0; i < c->natoms; i++) {
        double own[3];
        for (size_t d = 0; d < 3; d++)
            own[d] = c->xyz[3 * i + d] - s->xyz[3 * i + d];
        for (size_t k = s->list.first[i]; k < s->list.first[i + 1]; k++) {
            const size_t j = (size_t)s->list.index[k];
            double square = 0;
            for (size_t d = 0; d < 3; d++) {
                const double r = s->vector[k][d] + (c->xyz[3 * j + d] - s->xyz[3 * j + d] - own[d]);
                s->list.vector[k][d] = r;
                square += r * r;
            }
            if (!(square > 1e-16))
                return eqml__fail(message, EQML_ERROR_VALUE,
                                  "atoms %zu and %zu, counted from 0, are in one place", i, j);
        }
    }
    return EQML_OK;
}

EQML_API void eqml_skin_free(eqml_skin *s)
{
    eqml_neighbours_free(&s->list);
    EQML_FREE(s->xyz);
    EQML_FREE(s->vector);
    memset(s, 0, sizeof *s);
}

#endif /* EQML__CLOUD_SKIN_C */
