/* Errors of surfaces and of any potential over data. */
#ifndef EQML__ERRORS_C
#define EQML__ERRORS_C
#include "fit.h"
#include "expansion.h"
#include "fitter.c"
#include "memory.c"
#include "one.h"
#include "tensor_rows.c"

/* eqml_energy_gradient, which is inline: one copy for all of the implementation, which takes a second to compile. */
EQML_NOINLINE double eqml__evaluate(const eqml_model *m, const double *xyz, double *gradient, double *work)
{
    return eqml_energy_gradient(m, xyz, gradient, work);
}

/* Sums of squares over the geometries in use, of errors and of the tensors themselves. */
typedef struct eqml__squares {
    double energy, gradient, tensor[EQML_TENSORS], tensor_data[EQML_TENSORS];
} eqml__squares;

static void eqml__add_error(const eqml_data *data, size_t g, double energy, const double *gradient,
                            eqml_errors *errors, eqml__squares *squares)
{
    const size_t n = 3 * (size_t)data->natoms;
    if (data->has[g] & EQML_HAS_ENERGY) {
        const double error = energy - data->energy[g];
        squares->energy += error * error;
        errors->energies++;
        if (fabs(error) > errors->max_energy) {
            errors->max_energy = fabs(error);
            errors->worst = g;
        }
    }
    if (data->has[g] & EQML_HAS_GRADIENT) {
        errors->gradients++;
        for (size_t k = 0; k < n; k++) {
            const double error = gradient[k] - data->gradient[g * n + k];
            squares->gradient += error * error;
        }
    }
}

static void eqml__add_tensor_error(const eqml_model *m, eqml_tensor kind, const eqml_data *data, size_t g,
                                   double *work, eqml_errors *errors, eqml__squares *squares)
{
    double value[6], wanted[6];
    if (!(data->has[g] & (EQML_HAS_DIPOLE << kind)) || !eqml__tensor_data(m, kind, data, g, wanted))
        return;
    eqml_tensor_value(m, kind, data->xyz + g * 3 * (size_t)data->natoms, NULL, NULL, value, work);
    errors->tensors[kind]++;
    for (int c = 0; c < EQML_COMPONENTS(kind); c++) {
        const double times = eqml__multiplicity(kind, c);
        squares->tensor[kind] += times * (value[c] - wanted[c]) * (value[c] - wanted[c]);
        squares->tensor_data[kind] += times * wanted[c] * wanted[c];
    }
}

static double eqml__root_mean(double squares, size_t count)
{
    return count ? sqrt(squares / (double)count) : 0;
}

static void eqml__take_means(size_t natoms, eqml_errors *errors, const eqml__squares *squares)
{
    errors->rmse_energy = eqml__root_mean(squares->energy, errors->energies);
    errors->rmse_gradient = eqml__root_mean(squares->gradient, 3 * natoms * errors->gradients);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const size_t components = (k == EQML_DIPOLE ? 3 : 9) * errors->tensors[k];
        errors->rmse_tensor[k] = eqml__root_mean(squares->tensor[k], components);
        errors->rms_tensor[k] = eqml__root_mean(squares->tensor_data[k], components);
    }
}

EQML_API eqml_status eqml_surface_errors(const eqml_surface *surface, const eqml_data *data,
                                         const unsigned char *use, eqml_errors *errors)
{
    const eqml_model *m = &surface->model;
    const eqml_basis *b = m->basis;
    const size_t n = 3 * (size_t)b->natoms, room = eqml__most_work(b);
    double *work = (double *)eqml__zeroed(room + n, sizeof(double)), *gradient = work + room;
    eqml__squares squares;
    memset(errors, 0, sizeof *errors);
    memset(&squares, 0, sizeof squares);
    if (!work)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++) {
        if (use && !use[g])
            continue;
        const double energy = eqml__evaluate(m, data->xyz + g * n, gradient, work);
        eqml__add_error(data, g, energy, gradient, errors, &squares);
        for (int k = 0; k < EQML_TENSORS; k++)
            if (b->tensors[k])
                eqml__add_tensor_error(m, (eqml_tensor)k, data, g, work, errors, &squares);
    }
    eqml__take_means((size_t)b->natoms, errors, &squares);
    EQML_FREE(work);
    return EQML_OK;
}

EQML_API eqml_status eqml_potential_errors(eqml_potential potential, void *context, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors)
{
    const size_t n = 3 * (size_t)data->natoms;
    double *gradient = (double *)eqml__zeroed(n, sizeof(double));
    eqml__squares squares;
    memset(errors, 0, sizeof *errors);
    memset(&squares, 0, sizeof squares);
    if (!gradient)
        return EQML_ERROR_MEMORY;
    for (size_t g = 0; g < data->n; g++)
        if (!use || use[g])
            eqml__add_error(data, g, potential(context, data->xyz + g * n, gradient), gradient, errors,
                            &squares);
    eqml__take_means((size_t)data->natoms, errors, &squares);
    EQML_FREE(gradient);
    return EQML_OK;
}

/* An expansion as an eqml_potential. */
typedef struct eqml__expanded {
    const eqml_expansion *expansion;
    double *work;
} eqml__expanded;

static double eqml__expand(void *context, const double *xyz, double *gradient)
{
    const eqml__expanded *e = (const eqml__expanded *)context;
    return eqml_expansion_energy_gradient(e->expansion, xyz, gradient, e->work);
}

EQML_API eqml_status eqml_expansion_errors(const eqml_expansion *expansion, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors)
{
    eqml__expanded e = {expansion, NULL};
    double *work = (double *)eqml__zeroed(eqml_expansion_work(expansion) + 8, sizeof(double));
    memset(errors, 0, sizeof *errors);
    if (!work)
        return EQML_ERROR_MEMORY;
    e.work = (double *)(((uintptr_t)work + 63) / 64 * 64);
    const eqml_status status = eqml_potential_errors(eqml__expand, &e, data, use, errors);
    EQML_FREE(work);
    return status;
}

#endif /* EQML__ERRORS_C */
