/* The quadratic form of a basis of neighbour clouds, with its derivatives: lanes over atoms. */
#ifndef EQML__CLOUD_FORM_H
#define EQML__CLOUD_FORM_H
#include "cloud/basis.h"

/*
 * Adds a row to the adjoints of its columns, and to its own; returns its part of the energy. The row and the sum over its
 * columns stay in registers as long as n = 2 l + 1 is small.
 */
EQML_INLINE eqml_lanes eqml__cloud_row(int n, int ncolumns, const unsigned short *column,
                                       const double *coefficient, const eqml_lanes *row,
                                       eqml_lanes *row_adjoint, const eqml_lanes *s, eqml_lanes *a)
{
    eqml_lanes g[2 * EQML__CLOUD_ANGULAR + 1], sum[2 * EQML__CLOUD_ANGULAR + 1], energy = eqml__all(0);
    for (int m = 0; m < n; m++) {
        g[m] = row[m];
        sum[m] = eqml__all(0);
    }
    for (int k = 0; k < ncolumns; k++) {
        const eqml_lanes c = eqml__all(coefficient[k]), *b = s + column[k];
        eqml_lanes *to = a + column[k];
        for (int m = 0; m < n; m++) {
            sum[m] = eqml__fma(c, b[m], sum[m]);
            to[m] = eqml__fma(c, g[m], to[m]);
        }
    }
    for (int m = 0; m < n; m++) {
        energy = eqml__fma(g[m], sum[m], energy);
        row_adjoint[m] = row_adjoint[m] + sum[m];
    }
    return energy;
}

/* The energy of each lane; to the adjoints a[nslots] its derivatives by the slots are added. */
EQML_FUNCTION eqml_lanes eqml__cloud_form(const eqml_cloud_program *p, const double *coefficient,
                                          const eqml_lanes *s, eqml_lanes *a)
{
    eqml_lanes energy = eqml__all(0);
    const unsigned short *column = p->columns;
    for (int k = 0; k < p->nrows; k++) {
        const int slot = p->rows[k][0], l = p->rows[k][1], n = p->rows[k][2];
        switch (l) {
#define EQML__CLOUD_ROW(l)                                                                                   \
    case l:                                                                                                  \
        energy = energy + eqml__cloud_row(2 * l + 1, n, column, coefficient, s + slot, a + slot, s, a);      \
        break;
            EQML__CLOUD_ROW(0)
            EQML__CLOUD_ROW(1)
            EQML__CLOUD_ROW(2)
            EQML__CLOUD_ROW(3)
#undef EQML__CLOUD_ROW
        default:
            energy = energy + eqml__cloud_row(2 * l + 1, n, column, coefficient, s + slot, a + slot, s, a);
        }
        column += n;
        coefficient += n;
    }
    return energy;
}

#endif /* EQML__CLOUD_FORM_H */
