/* Lanes of two numbers: NEON of 64-bit ARM. */
#ifndef EQML__LANES_NEON_H
#define EQML__LANES_NEON_H
#include "lanes/vector.h"

#ifdef EQML__WITH_NEON
#include <arm_neon.h>
#define EQML__REGISTERS 32
#ifndef __clang__
#define EQML_KEEP(x) __asm__("" : "+w"(x))
#else
#define EQML_KEEP(x) ((void)0)
#endif

EQML_INLINE eqml_lanes eqml__fma(eqml_lanes a, eqml_lanes b, eqml_lanes c)
{
    return (eqml_lanes)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}

EQML_INLINE eqml_floats eqml__fma_floats(eqml_floats a, eqml_floats b, eqml_floats c)
{
    return (eqml_floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}

EQML_INLINE eqml_lanes eqml__sqrt_lanes(eqml_lanes x)
{
    return (eqml_lanes)vsqrtq_f64((float64x2_t)x);
}

EQML_INLINE eqml_floats eqml__sqrt_floats(eqml_floats x)
{
    return (eqml_floats)vsqrtq_f32((float32x4_t)x);
}

EQML_INLINE eqml_lanes eqml__at_least_lanes(eqml_lanes x, double least)
{
    return (eqml_lanes)vmaxq_f64((float64x2_t)x, vdupq_n_f64(least));
}

EQML_INLINE eqml_lanes eqml__at_most_lanes(eqml_lanes x, double most)
{
    return (eqml_lanes)vminq_f64((float64x2_t)x, vdupq_n_f64(most));
}

EQML_INLINE eqml_floats eqml__at_least_floats(eqml_floats x, float least)
{
    return (eqml_floats)vmaxq_f32((float32x4_t)x, vdupq_n_f32(least));
}

EQML_INLINE eqml_floats eqml__at_most_floats(eqml_floats x, float most)
{
    return (eqml_floats)vminq_f32((float32x4_t)x, vdupq_n_f32(most));
}

EQML_INLINE eqml_floats eqml__narrow_floats(const eqml_lanes x[2])
{
    return (eqml_floats)vcvt_high_f32_f64(vcvt_f32_f64((float64x2_t)x[0]), (float64x2_t)x[1]);
}

EQML_INLINE void eqml__widen_floats(eqml_floats x, eqml_lanes y[2])
{
    y[0] = (eqml_lanes)vcvt_f64_f32(vget_low_f32((float32x4_t)x));
    y[1] = (eqml_lanes)vcvt_high_f64_f32((float32x4_t)x);
}

EQML_INLINE void eqml__four_sums(const eqml_lanes x[4], double *sums)
{
    for (int k = 0; k < 4; k += 2)
        eqml__store(sums + k, (eqml_lanes)vpaddq_f64((float64x2_t)x[k], (float64x2_t)x[k + 1]));
}
#endif

#endif /* EQML__LANES_NEON_H */
