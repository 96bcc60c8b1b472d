/*
 * The symmetry of the minimum that vibrations can be sorted by: operations that are their own inverses, half turns,
 * reflections and the inversion, as many as commute with each other. They make an Abelian group of at most eight elements, D2
 * or C2v in Td (J. M. Bowman, S. Carter, X. Huang, Int. Rev. Phys. Chem. 22, 533 (2003), section 2). Each mode keeps its sign
 * under an operation or changes it, where degenerate modes are turned to do so; and so do the axes, in a frame that suits.
 * Then configurations fall into blocks that the Hamiltonian does not mix, and the vibrational angular momentum about an axis
 * takes each block to one other.
 */
#ifndef VCI_SYMMETRY_H
#define VCI_SYMMETRY_H

enum { SYMMETRY_OPERATIONS = 3, SYMMETRY_BLOCKS = 1 << SYMMETRY_OPERATIONS };

typedef struct symmetry {
    int operations;                    /* independent ones that change the sign of some mode */
    unsigned odd[SYMMETRY_OPERATIONS]; /* the modes that each of them changes the sign of, a bit for each */
    int axis
        [3]; /* the block of rotations about each axis: a bit for each operation that changes their sense */
} symmetry;

/* Whether a surface is invariant: nonzero where it has the same energies at xyz[natoms][3] and image[natoms][3]. */
typedef int symmetry_test(void *context, const double *xyz, const double *image);

/*
 * The symmetry at xyz[natoms][3], bohr, the centre of mass in the origin, of atoms of mass[natoms] and of the surface that
 * same() knows. xyz and the modes, rows of mode[modes][3 natoms], mass-weighted and ascending in wavenumber[modes], are turned to it. At most 9 atoms.
 */
void symmetry_find(int natoms, const double *mass, int modes, const double *wavenumber, symmetry_test *same,
                   void *context, double *xyz, double *mode, symmetry *s);

/* The block of a configuration: a bit for each operation that changes its sign; that of the ground state is 0. */
int symmetry_block(const symmetry *s, int modes, const unsigned char *excited);

#endif
