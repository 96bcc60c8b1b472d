/* Reading an expansion: its tuples are atoms of the molecule, none twice, and it is evaluated and written. */
#define _POSIX_C_SOURCE 200809L
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "h2_d4.h"
#include "hc_d4.h"
#include "input.h"

enum { NBASES = 2, MOST_ATOMS = 20 };

static void check_tuples(const eqml_expansion *x)
{
    for (int k = 0; k < x->ncomponents; k++)
        for (int t = 0; t < x->components[k].ntuples; t++) {
            const int *tuple = x->components[k].tuples + 2 * t;
            HOLDS(tuple[0] >= 0 && tuple[0] < x->natoms && tuple[1] >= 0 && tuple[1] < x->natoms);
            HOLDS(tuple[0] != tuple[1]);
        }
}

static void evaluate(const eqml_expansion *x)
{
    double xyz[3 * MOST_ATOMS], gradient[3 * MOST_ATOMS];
    const size_t doubles = (eqml_expansion_work(x) + 7) / 8 * 8;
    double *work = aligned_alloc(64, doubles * sizeof *work);
    HOLDS(work != NULL);
    for (int k = 0; k < 3 * x->natoms; k++)
        xyz[k] = k * k % 17 + 0.1 * k;
    eqml_expansion_energy_gradient(x, xyz, gradient, work);
    free(work);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const eqml_basis *const bases[NBASES] = {&h2_d4_basis, &hc_d4_basis};
    const char *path = input_file(bytes, size);
    eqml_expansion x, again;
    eqml_message message = {""};
    if (eqml_expansion_read(&x, path, NBASES, bases, &message)) {
        HOLDS(*message.text && !x.components && !x.natoms);
        return 0;
    }
    check_tuples(&x);
    if (x.natoms <= MOST_ATOMS)
        evaluate(&x);
    HOLDS(eqml_expansion_write(&x, path, &message) == EQML_OK);
    HOLDS(eqml_expansion_read(&again, path, NBASES, bases, &message) == EQML_OK);
    for (int k = 0; k < NBASES; k++)
        HOLDS(x.components[k].ntuples == again.components[k].ntuples);
    eqml_expansion_free(&again);
    eqml_expansion_free(&x);
    return 0;
}
