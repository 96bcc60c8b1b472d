/* Reading data, and ordering the atoms: what is read is finite, what is refused is empty and has a message. */
#define _POSIX_C_SOURCE 200809L
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "eqml.h"
#include "input.h"
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const int classes[] = {0, 0, 1};
    eqml_data data;
    static const eqml_data_options options[] = {
        {.energy_column = 0},
        {.unit = {"cm-1", "bohr"}, .energy_column = 2, .gradient_key = "6", .skip_unclear = 1},
        {.unit = {"kcal/mol", NULL, "kcal/mol/angstrom", "debye"},
         .energy_key = "REF_energy",
         .force_key = "REF_forces"}};
    eqml_message message = {""};
    eqml_data_source source;
    if (eqml_data_read_as(input_file(bytes, size), &options[size % 3], &data, &source, &message)) {
        HOLDS(*message.text && !data.n && !data.xyz && !data.symbols && !data.gradient && !data.energy);
        return 0;
    }
    HOLDS(data.n > 0 && data.natoms > 0 && source.plain.frames + source.extended.frames == data.n);
    for (int k = 0; k < source.nunused; k++)
        HOLDS(*source.unused[k].name && strlen(source.unused[k].name) < sizeof source.unused[k].name);
    const size_t coordinates = 3 * data.n * (size_t)data.natoms;
    for (size_t k = 0; k < coordinates; k++)
        HOLDS(isfinite(data.xyz[k]) && (!data.gradient || isfinite(data.gradient[k])));
    for (size_t g = 0; g < data.n; g++) {
        HOLDS(isfinite(data.energy[g]));
        for (int kind = 0; kind < EQML_TENSORS; kind++)
            for (size_t k = 0; k < EQML_COMPONENTS(kind) && data.tensors[kind]; k++)
                HOLDS(isfinite(data.tensors[kind][EQML_COMPONENTS(kind) * g + k]));
    }
    const int order[] = {(int)(size % 4), 0, 1};
    if (data.natoms == 3 && eqml_data_match_order(&data, "H H O", classes, size % 2 ? order : NULL, &message))
        HOLDS(*message.text);
    if (eqml_data_match(&data, "H H O", classes, &message))
        HOLDS(*message.text);
    eqml_data_free(&data);
    return 0;
}
