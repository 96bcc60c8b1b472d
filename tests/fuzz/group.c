/* A file of generators: each permutes the atoms within their classes, and what is refused changes nothing. */
#define _POSIX_C_SOURCE 200809L
#include "molecule/group.h"
#include "input.h"

enum { NATOMS = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    composition c;
    char error[512] = "";
    HOLDS(!composition_parse("H4 C2", &c, error, sizeof error));
    const group_node *tree = c.tree;
    if (group_read(input_file(bytes, size), &c, error, sizeof error)) {
        HOLDS(*error && c.tree == tree);
    } else {
        HOLDS(c.natoms == NATOMS && !c.tree); /* no generators where all are the identity */
        for (int g = 0; g < c.ngenerators; g++) {
            int taken[NATOMS] = {0};
            for (int i = 0; i < NATOMS; i++) {
                const int image = c.generator[g * NATOMS + i];
                HOLDS(image >= 0 && image < NATOMS && !taken[image]++ && (i < 4) == (image < 4));
            }
        }
    }
    composition_free(&c);
    return 0;
}
