/* The layout number, alone: the generator writes it into headers. */
#ifndef EQML__LAYOUT_H
#define EQML__LAYOUT_H

/*
 * The layout number: it grows with every change of the records in basis.h (eqml_basis, eqml_model and what they
 * hold) or of what generated code calls. A basis header is refused by an eqml.h of another number. In the
 * header of a surface every name of the runtime carries the number, eqml2_model for eqml_model, so that
 * surfaces written by different versions, and eqml.h, may be included in one file in any order.
 */
#define EQML_LAYOUT 2

#endif /* EQML__LAYOUT_H */
