/* Molecules that a server has wrapped across the borders of its cell. */
#ifndef EQML_IPI_IMAGE_H
#define EQML_IPI_IMAGE_H

int make_whole(const double cell[9], int n, double *xyz);
/*
 * Takes each of xyz[n][3] in the image nearest to the first. The vectors of the cell are its columns; a cell without volume
 * has no images. Returns -1 where the cell is too small for that to be unique: its least height must be more than twice the
 * longest distance; else 0.
 */

#endif
