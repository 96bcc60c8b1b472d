/* Reading a .sigma file: what is read can be written, and is then read as the same. */
#define _POSIX_C_SOURCE 200809L
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "h2o_d2_tensors.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const eqml_variable inverse[] = {{EQML_INVERSE, 1, NULL, NULL}, {EQML_INVERSE, 1, NULL, NULL}};
    static eqml_surface zero;
    const char *path = input_file(bytes, size);
    eqml_sigma s, again;
    eqml_message message = {""};
    if (!zero.variables)
        HOLDS(eqml_surface_create(&h2o_d2_tensors_basis, inverse, &zero) == EQML_OK);
    if (eqml_sigma_read(&s, &zero, path, &message)) {
        HOLDS(*message.text && !s.matrix && !s.rows);
        return 0;
    }
    HOLDS(eqml_sigma_write(&s, &zero, path, &message) == EQML_OK);
    HOLDS(eqml_sigma_read(&again, &zero, path, &message) == EQML_OK);
    HOLDS(s.rows == again.rows && s.triangular == again.triangular && s.floor == again.floor);
    HOLDS(!memcmp(s.matrix, again.matrix, eqml__sigma_size(&s) * sizeof *s.matrix));
    eqml_sigma_free(&again);
    eqml_sigma_free(&s);
    return 0;
}
