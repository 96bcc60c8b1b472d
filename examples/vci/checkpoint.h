/* The terms of the potential in a file, so that a run that was stopped, or one with another space, need not ask the surface
 * again. This machine reads them again. */
#ifndef VCI_CHECKPOINT_H
#define VCI_CHECKPOINT_H
#include "vci/expansion.h"
#include "vci/modals.h"
#include "vci/watson.h"

/* What the terms depend on: surface, masses, points, limit. The order of the expansion may grow. */
uint64_t grids_of(const watson *w, const modals *m, double limit);

/* Fills the terms that the file has, and *filled is how many; none where there is no file. Nonzero after a message. */
int grids_read(const char *path, uint64_t of, watson *w, expansion *e, size_t *filled);

/* The first `filled` terms; the file is whole, or as it was. Nonzero after a message. */
int grids_write(const char *path, uint64_t of, const watson *w, const expansion *e, size_t filled);

#endif
