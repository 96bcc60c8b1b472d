/* Reading configurations, and finding their pairs: what is read is finite, what is refused is empty and has a message. */
#define _POSIX_C_SOURCE 200809L
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "eqml.h"
#include "input.h"
#include <math.h>

/* Pairs of configurations whose cells are not so small that there are millions. */
static void find_pairs(const eqml_frames *f)
{
    eqml_neighbours list = {0};
    for (size_t k = 0; k < f->n && k < 4; k++) {
        const eqml_configuration c = eqml_frame(f, k);
        eqml_message message = {""};
        int small = c.natoms > 50;
        for (int d = 0; d < 3 && c.cell; d++)
            small = small || (c.pbc[d] && fabs(c.cell[4 * d]) < 1) || fabs(c.cell[4 * d]) > 1e6;
        for (int d = 0; d < 9 && c.cell; d++)
            small = small || (d % 4 && c.cell[d] != 0);
        if (small)
            continue;
        if (eqml_neighbours_find(&c, 4, &list, &message))
            HOLDS(*message.text);
        else
            HOLDS(list.first[c.natoms] == list.count);
    }
    eqml_neighbours_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    eqml_frames f;
    eqml_message message = {""};
    if (eqml_frames_read(input_file(bytes, size), "W H", &f, &message)) {
        HOLDS(*message.text && !f.n && !f.xyz && !f.species && !f.first && !f.energy);
        return 0;
    }
    HOLDS(f.n > 0 && f.first[f.n] == f.natoms);
    for (size_t k = 0; k < 3 * f.natoms; k++)
        HOLDS(isfinite(f.xyz[k]) && isfinite(f.forces[k]));
    for (size_t k = 0; k < f.natoms; k++)
        HOLDS(f.species[k] == 0 || f.species[k] == 1);
    for (size_t k = 0; k < f.n; k++) {
        HOLDS(f.first[k] < f.first[k + 1] && isfinite(f.energy[k]));
        for (int j = 0; j < 9; j++)
            HOLDS(isfinite(f.cell[9 * k + j]));
    }
    find_pairs(&f);
    eqml_frames_free(&f);
    return 0;
}
