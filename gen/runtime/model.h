/* The functions of one basis, and of one surface. */
#ifndef EQML__MODEL_H
#define EQML__MODEL_H
#include "one.h"
#include "batch.h"
#include "hessian.h"

/* Steps are dealt out to the threads of OpenMP where the compiler has it; each geometry is computed alike
 * whatever their number, so results do not depend on it. */
#ifdef _OPENMP
#define EQML__PARALLEL _Pragma("omp parallel for schedule(static)")
#else
#define EQML__PARALLEL
#endif

#define EQML__MODEL_BATCH(NAME, FUNCTION, STEP, COUNT)                                                       \
    EQML_INLINE void FUNCTION(const eqml_model *m, size_t n, const double *xyz, double *energy,              \
                              double *gradient)                                                              \
    {                                                                                                        \
        const size_t size = 3 * NAME##_NATOMS, step = NAME##_GROUPS > 0 ? NAME##_GROUPS * COUNT : 1;         \
        const ptrdiff_t steps = (ptrdiff_t)((n + step - 1) / step);                                          \
        EQML__PARALLEL                                                                                       \
        for (ptrdiff_t k = 0; k < steps; k++) {                                                              \
            const size_t first = (size_t)k * step, count = n - first < step ? n - first : step;              \
            double *to = gradient ? gradient + first * size : NULL;                                          \
            if (NAME##_GROUPS > 0) {                                                                         \
                eqml_lanes work[NAME##_GROUPS == 2   ? NAME##_WORK_BOTH                                      \
                                : NAME##_GROUPS == 1 ? NAME##_WORK_ALONE                                     \
                                                     : 1];                                                   \
                STEP(m, NAME##_GROUPS, (int)count, xyz + first * size, energy + first, to, work);            \
            } else {                                                                                         \
                double work[EQML_WORK_ONE(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                       \
                energy[first] = eqml_energy_gradient(m, xyz + first * size, to, work);                       \
            }                                                                                                \
        }                                                                                                    \
    }

/* What a generated header defines for models of its basis NAME; the model must be one of NAME_basis. */
#define EQML_BASIS_FUNCTIONS(NAME)                                                                           \
    EQML_INLINE double NAME##_model_energy(const eqml_model *m, const double *xyz)                           \
    {                                                                                                        \
        double work[EQML_WORK_ONE(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                               \
        return eqml_energy_gradient(m, xyz, NULL, work);                                                     \
    }                                                                                                        \
    EQML_INLINE double NAME##_model_energy_gradient(const eqml_model *m, const double *xyz,                  \
                                                    double *gradient)                                        \
    {                                                                                                        \
        double work[EQML_WORK_ONE(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                               \
        return eqml_energy_gradient(m, xyz, gradient, work);                                                 \
    }                                                                                                        \
    EQML_FUNCTION double NAME##_model_energy_hessian(const eqml_model *m, const double *xyz,                 \
                                                     double *gradient, double *hessian)                      \
    {                                                                                                        \
        double work[EQML_WORK_HESSIAN(NAME##_NSLOTS, NAME##_NPAIRS)] EQML_ALIGNED;                           \
        return eqml_energy_hessian(m, xyz, gradient, hessian, work);                                         \
    }                                                                                                        \
    enum {                                                                                                   \
        NAME##_WORK_ALONE = EQML_WORK_GROUPS(1, NAME##_NSLOTS, NAME##_NPAIRS, NAME##_NATOMS),                \
        NAME##_WORK_BOTH = EQML_WORK_GROUPS(2, NAME##_NSLOTS, NAME##_NPAIRS, NAME##_NATOMS),                 \
        NAME##_GROUPS = NAME##_WORK_BOTH * sizeof(eqml_lanes) <= EQML_STACK_LIMIT / 2 ? 2                    \
                        : NAME##_WORK_ALONE * sizeof(eqml_lanes) <= EQML_STACK_LIMIT  ? 1                    \
                                                                                      : 0                    \
    };                                                                                                       \
    EQML__MODEL_BATCH(NAME, NAME##_model_batch, eqml__step_lanes, EQML_LANES)                                \
    EQML__MODEL_BATCH(NAME, NAME##_model_batch_float, eqml__step_floats, EQML_FLOATS)                        \
    EQML_INLINE void NAME##_model_energy_batch(const eqml_model *m, size_t n, const double *xyz,             \
                                               double *energy)                                               \
    {                                                                                                        \
        NAME##_model_batch(m, n, xyz, energy, NULL);                                                         \
    }                                                                                                        \
    EQML_INLINE void NAME##_model_energy_gradient_batch(const eqml_model *m, size_t n, const double *xyz,    \
                                                        double *energy, double *gradient)                    \
    {                                                                                                        \
        NAME##_model_batch(m, n, xyz, energy, gradient);                                                     \
    }                                                                                                        \
    EQML_INLINE void NAME##_model_energy_batch_float(const eqml_model *m, size_t n, const double *xyz,       \
                                                     double *energy)                                         \
    {                                                                                                        \
        NAME##_model_batch_float(m, n, xyz, energy, NULL);                                                   \
    }                                                                                                        \
    EQML_INLINE void NAME##_model_energy_gradient_batch_float(                                               \
        const eqml_model *m, size_t n, const double *xyz, double *energy, double *gradient)                  \
    {                                                                                                        \
        NAME##_model_batch_float(m, n, xyz, energy, gradient);                                               \
    }

/* Headers from before layout numbers call this. */
#ifdef __cplusplus
#define EQML_MODEL_FUNCTIONS(NAME)                                                                           \
    static_assert(0, "this basis is older than eqml.h: write it again with eqml-gen");
#else
#define EQML_MODEL_FUNCTIONS(NAME)                                                                           \
    _Static_assert(0, "this basis is older than eqml.h: write it again with eqml-gen");
#endif

/*
 * The C functions of a fitted surface NAME over the basis BASIS, for a constant model NAME_model, in groups that a
 * library compiles side by side. API is `static inline` in a header, `extern` in a library.
 */
#define EQML_SURFACE_ONE_FUNCTIONS(NAME, BASIS, API)                                                         \
    API int NAME##_natoms(void)                                                                              \
    {                                                                                                        \
        return BASIS##_NATOMS;                                                                               \
    }                                                                                                        \
    API const char *NAME##_symbols(void)                                                                     \
    {                                                                                                        \
        return BASIS##_basis.symbols;                                                                        \
    }                                                                                                        \
    API double NAME##_energy(const double *xyz)                                                              \
    {                                                                                                        \
        return BASIS##_model_energy(&NAME##_model, xyz);                                                     \
    }                                                                                                        \
    API double NAME##_energy_gradient(const double *xyz, double *gradient)                                   \
    {                                                                                                        \
        return BASIS##_model_energy_gradient(&NAME##_model, xyz, gradient);                                  \
    }                                                                                                        \
    API double NAME##_energy_hessian(const double *xyz, double *gradient, double *hessian)                   \
    {                                                                                                        \
        return BASIS##_model_energy_hessian(&NAME##_model, xyz, gradient, hessian);                          \
    }

#define EQML_SURFACE_BATCH_FUNCTIONS(NAME, BASIS, API)                                                       \
    API void NAME##_energy_batch(size_t n, const double *xyz, double *energy)                                \
    {                                                                                                        \
        BASIS##_model_energy_batch(&NAME##_model, n, xyz, energy);                                           \
    }                                                                                                        \
    API void NAME##_energy_gradient_batch(size_t n, const double *xyz, double *energy, double *gradient)     \
    {                                                                                                        \
        BASIS##_model_energy_gradient_batch(&NAME##_model, n, xyz, energy, gradient);                        \
    }

#define EQML_SURFACE_FLOAT_FUNCTIONS(NAME, BASIS, API)                                                       \
    API void NAME##_energy_batch_float(size_t n, const double *xyz, double *energy)                          \
    {                                                                                                        \
        BASIS##_model_energy_batch_float(&NAME##_model, n, xyz, energy);                                     \
    }                                                                                                        \
    API void NAME##_energy_gradient_batch_float(size_t n, const double *xyz, double *energy,                 \
                                                double *gradient)                                            \
    {                                                                                                        \
        BASIS##_model_energy_gradient_batch_float(&NAME##_model, n, xyz, energy, gradient);                  \
    }

/* All of them. */
#define EQML_SURFACE_FUNCTIONS(NAME, BASIS, API)                                                             \
    EQML_SURFACE_ONE_FUNCTIONS(NAME, BASIS, API)                                                             \
    EQML_SURFACE_BATCH_FUNCTIONS(NAME, BASIS, API)                                                           \
    EQML_SURFACE_FLOAT_FUNCTIONS(NAME, BASIS, API)

#endif /* EQML__MODEL_H */
