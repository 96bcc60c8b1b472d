/* The atoms of data, as a basis has them. */
#ifndef COMMON_ATOMS_H
#define COMMON_ATOMS_H
#include "eqml.h"
#include <stdio.h>
#include <stdlib.h>

/* Brings the atoms of data into the order of a basis; as eqml_data_match_order(), whose `order` may be NULL. */
static inline eqml_status match_basis(eqml_data *data, const eqml_basis *basis, const int *order,
                                      eqml_message *message)
{
    int *class_of = calloc((size_t)basis->natoms, sizeof *class_of);
    if (!class_of) {
        snprintf(message->text, sizeof message->text, "out of memory");
        return EQML_ERROR_MEMORY;
    }
    for (int i = 0; i < basis->natoms; i++)
        class_of[i] = basis->atom_classes[i];
    const eqml_status status = eqml_data_match_order(data, basis->symbols, class_of, order, message);
    free(class_of);
    return status;
}

/* The symbols of the data, "H H O"; those of a basis need not be elements. The caller frees them; NULL: no memory. */
static inline char *symbols_of(const eqml_data *data)
{
    const size_t most = sizeof data->symbols[0] + 1;
    char *symbols = calloc((size_t)data->natoms + 1, most), *end = symbols;
    for (int i = 0; symbols && i < data->natoms; i++)
        end += snprintf(end, most, "%s%s", i ? " " : "", data->symbols[i]);
    return symbols;
}

#endif
