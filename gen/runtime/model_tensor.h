/* The same for tensors. */
#ifndef EQML__MODEL_TENSOR_H
#define EQML__MODEL_TENSOR_H
#include "model.h"
#include "kernel/tensor.h"

/* The same for models with a tensor TENSOR: dipole, quadrupole or polarizability, of the kind KIND. */
#define EQML_BASIS_TENSOR_FUNCTIONS(NAME, TENSOR, KIND)                                                      \
    enum {                                                                                                   \
        NAME##_WORK_##TENSOR = EQML_WORK_TENSOR(KIND, NAME##_##TENSOR##_NSLOTS, NAME##_NPAIRS,               \
                                                NAME##_##TENSOR##_NVECTORS, NAME##_NATOMS),                  \
        NAME##_WORK_##TENSOR##_JACOBIAN = EQML_WORK_JACOBIAN(KIND, NAME##_##TENSOR##_NSLOTS, NAME##_NPAIRS,  \
                                                             NAME##_##TENSOR##_NVECTORS, NAME##_NATOMS),     \
        NAME##_##TENSOR##_IN_LANES =                                                                         \
            NAME##_WORK_##TENSOR##_JACOBIAN * sizeof(eqml_lanes) <= EQML_STACK_LIMIT                         \
    };                                                                                                       \
    EQML_INLINE void NAME##_model_##TENSOR(const eqml_model *m, const double *xyz, double *value)            \
    {                                                                                                        \
        double work[NAME##_WORK_##TENSOR] EQML_ALIGNED;                                                      \
        eqml_tensor_value(m, KIND, xyz, NULL, NULL, value, work);                                            \
    }                                                                                                        \
    EQML_FUNCTION void NAME##_model_##TENSOR##_jacobian(const eqml_model *m, const double *xyz,              \
                                                        double *value, double *jacobian)                     \
    {                                                                                                        \
        double work[NAME##_WORK_##TENSOR] EQML_ALIGNED;                                                      \
        eqml_lanes lanes[NAME##_WORK_##TENSOR##_JACOBIAN];                                                   \
        eqml_tensor_jacobian(m, KIND, xyz, value, jacobian, work, lanes);                                    \
    }                                                                                                        \
    /* jacobian may be NULL */                                                                               \
    EQML_FUNCTION void NAME##_model_##TENSOR##_jacobian_batch(                                               \
        const eqml_model *m, size_t n, const double *xyz, double *value, double *jacobian)                   \
    {                                                                                                        \
        const size_t size = 3 * NAME##_NATOMS, components = EQML_COMPONENTS(KIND);                           \
        const size_t step = NAME##_##TENSOR##_IN_LANES ? EQML_LANES : 1;                                     \
        const ptrdiff_t steps = (ptrdiff_t)((n + step - 1) / step);                                          \
        EQML__PARALLEL                                                                                       \
        for (ptrdiff_t k = 0; k < steps; k++) {                                                              \
            const size_t first = (size_t)k * step, count = n - first < step ? n - first : step;              \
            double *to = jacobian ? jacobian + first * components * size : NULL;                             \
            if (NAME##_##TENSOR##_IN_LANES) {                                                                \
                eqml_lanes work[NAME##_##TENSOR##_IN_LANES ? NAME##_WORK_##TENSOR##_JACOBIAN : 1];           \
                eqml__tensor_step(m, KIND, (int)count, xyz + first * size, value + first * components, to,   \
                                  work);                                                                     \
            } else if (to) {                                                                                 \
                NAME##_model_##TENSOR##_jacobian(m, xyz + first * size, value + first * components, to);     \
            } else {                                                                                         \
                NAME##_model_##TENSOR(m, xyz + first * size, value + first * components);                    \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
    EQML_FUNCTION void NAME##_model_##TENSOR##_batch(const eqml_model *m, size_t n, const double *xyz,       \
                                                     double *value)                                          \
    {                                                                                                        \
        NAME##_model_##TENSOR##_jacobian_batch(m, n, xyz, value, NULL);                                      \
    }

#define EQML_MODEL_ENERGY_DIPOLE_FUNCTION(NAME)                                                              \
    EQML_INLINE double NAME##_model_energy_gradient_dipole(const eqml_model *m, const double *xyz,           \
                                                           double *gradient, double *dipole)                 \
    {                                                                                                        \
        double work[NAME##_WORK_dipole] EQML_ALIGNED, energy;                                                \
        eqml_tensor_value(m, EQML_DIPOLE, xyz, &energy, gradient, dipole, work);                             \
        return energy;                                                                                       \
    }

/* The functions of a tensor of it, where it has one: TENSOR is dipole, quadrupole or polarizability. */
#define EQML_SURFACE_TENSOR_FUNCTIONS(NAME, BASIS, API, TENSOR)                                              \
    API void NAME##_##TENSOR(const double *xyz, double *value)                                               \
    {                                                                                                        \
        BASIS##_model_##TENSOR(&NAME##_model, xyz, value);                                                   \
    }                                                                                                        \
    API void NAME##_##TENSOR##_jacobian(const double *xyz, double *value, double *jacobian)                  \
    {                                                                                                        \
        BASIS##_model_##TENSOR##_jacobian(&NAME##_model, xyz, value, jacobian);                              \
    }                                                                                                        \
    API void NAME##_##TENSOR##_batch(size_t n, const double *xyz, double *value)                             \
    {                                                                                                        \
        BASIS##_model_##TENSOR##_batch(&NAME##_model, n, xyz, value);                                        \
    }                                                                                                        \
    API void NAME##_##TENSOR##_jacobian_batch(size_t n, const double *xyz, double *value, double *jacobian)  \
    {                                                                                                        \
        BASIS##_model_##TENSOR##_jacobian_batch(&NAME##_model, n, xyz, value, jacobian);                     \
    }

#define EQML_SURFACE_ENERGY_DIPOLE_FUNCTION(NAME, BASIS, API)                                                \
    API double NAME##_energy_gradient_dipole(const double *xyz, double *gradient, double *dipole)            \
    {                                                                                                        \
        return BASIS##_model_energy_gradient_dipole(&NAME##_model, xyz, gradient, dipole);                   \
    }

#endif /* EQML__MODEL_TENSOR_H */
