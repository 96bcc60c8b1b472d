/* Data files, as the basis wants them. */
#include "job.h"

int read_data(const char *path, eqml_data *data)
{
    eqml_message message;
    int *class_of = calloc((size_t)basis->natoms, sizeof *class_of);
    eqml_status status = class_of ? eqml_data_read(path, data, &message) : EQML_ERROR_MEMORY;
    if (!class_of)
        return fail("out of memory");
    for (int i = 0; i < basis->natoms; i++)
        class_of[i] = basis->atom_classes[i];
    if (!status) {
        status = eqml_data_match(data, basis->symbols, class_of, &message);
        if (status) {
            fprintf(stderr, "fit: %s: %s\n", path, message.text);
            eqml_data_free(data);
        }
    } else {
        fail(message.text);
    }
    free(class_of);
    return status != EQML_OK;
}
