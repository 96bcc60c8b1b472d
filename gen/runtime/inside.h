/* Whether the distances of a geometry are among those of the training data. */
#ifndef EQML__INSIDE_H
#define EQML__INSIDE_H
#include "basis.h"

/*
 * 1 if each distance of xyz[natoms][3] (bohr) lies in the range that its class of pairs has in the training data, 0 if
 * one does not or a coordinate is no number, -1 if the ranges are not known. squares[2][EQML_ROUND(npairs)]: of the
 * shortest distance of each pair, then of the longest; filled up with those of the last pair; negative: not known.
 *
 * A necessary condition for a surface to hold, and a cheap one: all distances may be usual and the geometry far
 * from all others. A product of the two margins, negative outside, spares a branch for each pair.
 */
EQML_INLINE int eqml__inside(const eqml_basis *b, const double *squares, const double *xyz)
{
    const int vectors = (b->npairs + EQML__INNER - 1) / EQML__INNER;
    const double *high = squares + EQML_ROUND(b->npairs);
    int inside = 1;
    if (squares[0] < 0)
        return -1;
    for (int k = 0; k < vectors; k++) {
        const int p = k * EQML__INNER;
        double margin[EQML__INNER] EQML_ALIGNED;
        eqml__inner d[3];
        eqml__differences(b->pairs, b->npairs - 1, p, xyz, d);
        const eqml__inner r = eqml__fma_inner(d[0], d[0], eqml__fma_inner(d[1], d[1], d[2] * d[2]));
        eqml__store_inner(margin, (r - eqml__load_inner(squares + p)) * (eqml__load_inner(high + p) - r));
        for (int lane = 0; lane < EQML__INNER; lane++)
            inside &= margin[lane] >= 0;
    }
    return inside;
}

/* The function of a surface NAME over BASIS, with its constants NAME_squares. */
#define EQML_SURFACE_INSIDE_FUNCTION(NAME, BASIS, API)                                                       \
    API int NAME##_inside(const double *xyz)                                                                 \
    {                                                                                                        \
        return eqml__inside(&BASIS##_basis, NAME##_squares, xyz);                                            \
    }

#endif /* EQML__INSIDE_H */
