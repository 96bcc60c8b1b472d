/*
 * A group given by generators: a file with one permutation of the atoms a line, in cycle notation.
 *
 *     # two waters, H H O H H O
 *     (1 2)              atoms count from 1; blanks or commas between them
 *     (1 4)(2 5)(3 6)    cycles of one line are disjoint; () is the identity
 */
#ifndef EQML_GEN_MOLECULE_GROUP_H
#define EQML_GEN_MOLECULE_GROUP_H

#include <stddef.h>

#include "molecule/composition.h"

enum { GROUP_LIMIT = 1000000 }; /* elements */

/*
 * Replaces the group of a composition by that of a file. Classes of atoms and pairs, generators and order
 * follow it, and the tree is gone. A generator that those before it span is left out. Refused are an atom
 * that goes to one of another class of the composition, more than GROUP_LIMIT elements, and a file without
 * generators. Returns 0, or -1 with *c as it was and a one-line message in error[error_size] that names file
 * and line.
 */
int group_read(const char *path, composition *c, char *error, size_t error_size);

/* The cycles of a generator as text, atoms from 1; the caller frees it. */
char *group_text(const composition *c, int generator);

#endif
