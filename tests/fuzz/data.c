/* Reading data, and ordering the atoms: what is read is finite, what is refused is empty and has a message. */
#define _POSIX_C_SOURCE 200809L
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "eqml.h"
#include "input.h"
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const int classes[] = {0, 0, 1};
    eqml_data data;
    eqml_message message = {""};
    if (eqml_data_read(input_file(bytes, size), &data, &message)) {
        HOLDS(*message.text && !data.n && !data.xyz && !data.symbols && !data.gradient && !data.energy);
        return 0;
    }
    HOLDS(data.n > 0 && data.natoms > 0);
    const size_t coordinates = 3 * data.n * (size_t)data.natoms;
    for (size_t k = 0; k < coordinates; k++)
        HOLDS(isfinite(data.xyz[k]) && (!data.gradient || isfinite(data.gradient[k])));
    for (size_t g = 0; g < data.n; g++) {
        HOLDS(isfinite(data.energy[g]));
        for (int kind = 0; kind < EQML_TENSORS; kind++)
            for (size_t k = 0; k < EQML_COMPONENTS(kind) && data.tensors[kind]; k++)
                HOLDS(isfinite(data.tensors[kind][EQML_COMPONENTS(kind) * g + k]));
    }
    if (eqml_data_match(&data, "H H O", classes, &message))
        HOLDS(*message.text);
    eqml_data_free(&data);
    return 0;
}
