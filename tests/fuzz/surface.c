/* Reading a .pes file: what is read can be written, and is then read as the same. */
#define _POSIX_C_SOURCE 200809L
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "h2o_d2_tensors.h"
#include "input.h"

enum { NTERMS = h2o_d2_tensors_NTERMS };

/* With the tables in the file, whatever they are: it is refused, or can be evaluated. */
static void open_alone(const char *path)
{
    eqml_surface s;
    eqml_message message = {""};
    if (eqml_surface_read(&s, NULL, path, &message)) {
        HOLDS(*message.text && !s.variables && !s.own_basis);
        return;
    }
    const eqml_basis *b = s.model.basis;
    const size_t size = (size_t)EQML_WORK_ONE(b->nslots, b->npairs) * sizeof(double);
    double *work = aligned_alloc(64, (size + 63) / 64 * 64),
           *xyz = calloc(6 * (size_t)b->natoms, sizeof *xyz);
    HOLDS(work && xyz);
    for (int k = 0; k < 3 * b->natoms; k++)
        xyz[k] = 0.7 * k + (k % 3) * (k % 3);
    eqml_energy_gradient(&s.model, xyz, xyz + 3 * b->natoms, work);
    free(work);
    free(xyz);
    eqml_surface_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = input_file(bytes, size);
    const eqml_basis *basis = &h2o_d2_tensors_basis;
    eqml_surface s, again;
    eqml_message message = {""};
    double x[NTERMS], y[NTERMS];
    open_alone(path);
    if (eqml_surface_read(&s, basis, path, &message)) {
        HOLDS(*message.text && !s.variables && !s.offset && !s.packed);
        return 0;
    }
    HOLDS(eqml_surface_write(&s, path, &message) == EQML_OK);
    HOLDS(eqml_surface_read(&again, basis, path, &message) == EQML_OK);
    eqml_surface_get(&s, x);
    eqml_surface_get(&again, y);
    HOLDS(!memcmp(x, y, sizeof x));
    HOLDS(!memcmp(s.centres, again.centres, (size_t)basis->npairs * sizeof *s.centres));
    HOLDS(!memcmp(s.offset, again.offset, (size_t)basis->nfactors * sizeof *s.offset));
    HOLDS(!memcmp(s.ranges, again.ranges, 2 * (size_t)basis->npair_classes * sizeof *s.ranges));
    HOLDS(s.model.charge == again.model.charge);
    eqml_surface_free(&again);
    eqml_surface_free(&s);
    return 0;
}
