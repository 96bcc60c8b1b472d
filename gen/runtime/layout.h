/* What the generator and the runtime must agree on: the layout number, and the kinds of tensors. */
#ifndef EQML__LAYOUT_H
#define EQML__LAYOUT_H

/*
 * The layout number: it grows with every change of the records in basis.h (eqml_basis, eqml_model and what they
 * hold) or of what generated code calls. A basis header is refused by an eqml.h of another number. In the
 * header of a surface every name of the runtime carries the number, eqml6_model for eqml_model, so that
 * surfaces written by different versions, and eqml.h, may be included in one file in any order.
 */
#define EQML_LAYOUT 6

typedef enum eqml_tensor { EQML_DIPOLE, EQML_QUADRUPOLE, EQML_POLARIZABILITY, EQML_TENSORS } eqml_tensor;

#endif /* EQML__LAYOUT_H */
