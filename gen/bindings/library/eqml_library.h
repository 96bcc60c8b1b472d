/*
 * libeqml: one library for all fitted surfaces, opened at run time.
 *
 *     #include <eqml_library.h>
 *
 *     eqml_handle *water;
 *     char why[EQML_WHY];
 *     double xyz[3][3] = {{1.43, 1.11, 0}, {-1.43, 1.11, 0}, {0, 0, 0}}, gradient[3][3], energy;
 *     if (eqml_open("water.pes", &water, why, sizeof why) ||
 *         eqml_energies(water, 1, xyz[0], &energy, gradient[0], why, sizeof why))
 *         puts(why);
 *     eqml_close(water);
 *
 *     cc program.c $(pkg-config --cflags --libs eqml)
 *
 * It opens a NAME.pes, which is evaluated from its tables and needs no compiler, or a libNAME.so of `make pes`, which is
 * faster; what follows is the same for both. It may be included beside eqml.h and beside the headers of surfaces.
 *
 * Units      atomic units: bohr, hartree, hartree/bohr, hartree/bohr^2, e bohr, e bohr^2, bohr^3. Dipoles are about the
 *            origin of the coordinates, quadrupoles (traceless) about the centre of the smallest class of atoms.
 * Shapes     row-major: xyz[n][natoms][3], atoms in the order of eqml_record.symbols. Components of a dipole: x y z; of a
 *            quadrupole or a polarizability: xx xy xz yy yz zz.
 * Errors     a function returns 0, or a status (the numbers of eqml_status in eqml.h); why, where it is not NULL, then
 *            holds one line that says what is wrong and what to do, cut off at size. Nothing is printed, nothing aborts.
 *            Where coordinates are no numbers, or two atoms are in one place, the numbers of that geometry are NaN, and
 *            the status is 0: a batch goes on.
 * Threads    a handle is only read after it has been opened: any number of threads may evaluate with it at a time. Only
 *            eqml_close wants it to itself. Evaluation takes its room from the stack (up to 128 kB) or the heap.
 * ABI        libeqml.so.1 keeps these functions, and the fields of eqml_record up to its `size`; fields may be added behind.
 */
#ifndef EQML_LIBRARY_H
#define EQML_LIBRARY_H
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EQML_ABI 1
enum { EQML_WHY = 512 }; /* room for the longest message */

/* What a surface gives, as bits. */
enum {
    EQML_FITS_ENERGY = 1,
    EQML_FITS_DIPOLE = 2,
    EQML_FITS_QUADRUPOLE = 4,
    EQML_FITS_POLARIZABILITY = 8,
    EQML_FITS_SIGMA = 16,  /* standard deviations of energies: libNAME.so, where they were calibrated */
    EQML_FITS_CHARGES = 32 /* effective charges of the atoms, whose dipole it is: NAME.pes */
};

/* Kinds of tensors. */
enum { EQML_OF_DIPOLE, EQML_OF_QUADRUPOLE, EQML_OF_POLARIZABILITY };

/*
 * What a surface is, and its functions. It is constant; pointers are never NULL unless that is said. A function takes the
 * record first, and gives a status.
 */
typedef struct eqml_record eqml_record;
struct eqml_record {
    size_t size;             /* bytes of the record */
    int abi;                 /* EQML_ABI */
    int natoms;              /* */
    int fits;                /* EQML_FITS_... */
    int charge;              /* total charge; 0 where no dipole was fitted */
    const char *name;        /* "water" */
    const char *composition; /* "H2 O" */
    const char *symbols;     /* "H H O" */
    const int *numbers;      /* [natoms] atomic numbers, 0 for a symbol that is no element */
    const int *classes; /* [natoms] atoms of one class are exchanged without a change of the energy; from 0 */
    const char *energy_unit, *length_unit; /* "hartree", "bohr" */
    size_t ntrain;                         /* training geometries; 0: not known */
    double lowest, highest;                /* energy of the lowest and of the highest of these, hartree */
    const double *lowest_xyz;              /* [natoms][3] geometry of the lowest, bohr; NULL: not known */
    const double
        *ranges; /* [natoms][natoms][2] the shortest and the longest distance of each pair of atoms in the
                             training data, bohr; NULL: not known */
    const void *context; /* the functions' own */

    /* energy[n]; gradient[n][natoms][3] may be NULL. */
    int (*energies)(const eqml_record *record, size_t n, const double *xyz, double *energy, double *gradient);
    /* Of one geometry: energy[1], gradient[natoms][3], hessian[3 natoms][3 natoms]. */
    int (*hessian)(const eqml_record *record, const double *xyz, double *energy, double *gradient,
                   double *hessian);
    /* value[n][3 or 6]; jacobian[n][3 or 6][natoms][3] may be NULL. EQML_ERROR_ARGUMENT: this tensor is not fitted. */
    int (*tensors)(const eqml_record *record, int kind, size_t n, const double *xyz, double *value,
                   double *jacobian);
    /* 1: each distance is as in the training data, 0: not, -1: these are not known. */
    int (*inside)(const eqml_record *record, const double *xyz);
    /* sigma[n], hartree; NULL unless fits has EQML_FITS_SIGMA. */
    int (*sigmas)(const eqml_record *record, size_t n, const double *xyz, double *sigma);
    /* charges[n][natoms], e; their sum is the total charge, sum of charge times position the dipole. NULL unless fits has
     * EQML_FITS_CHARGES. */
    int (*charges)(const eqml_record *record, size_t n, const double *xyz, double *charges);
};

/* The record of the surface in a libNAME.so, under this one name in each: for dlsym. */
const eqml_record *eqml_surface_record(void);

/* ---- libeqml ------------------------------------------------------------------------------------------------------- */

typedef struct eqml_handle eqml_handle;

int eqml_open(const char *path, eqml_handle **handle, char *why, size_t size);
/* Opens a NAME.pes, or a libNAME.so (a name that ends in .so, or has .so. in it). On failure *handle is NULL. A .pes of a
 * version before 5 has no tables, and is refused.
 *
 * Where the environment has EQML_COMPILE=1, energies and gradients of a .pes are evaluated by code that is compiled for its
 * basis, once, and kept in $XDG_CACHE_HOME/eqml or ~/.cache/eqml: some ten seconds the first time, for large bases minutes,
 * with eqml-gen and eqml.h beside the library and $CC, else cc (-O3 -march=native, or what EQML_COMPILE="-O2" gives). Where
 * that cannot be done the status is 0, energies come from the tables, and why says why not; it is empty otherwise. */

void eqml_close(eqml_handle *handle);
/* Releases it, with its record; NULL is allowed. */

const eqml_record *eqml_get(const eqml_handle *handle);
/* The record, which lives as long as the handle. */

int eqml_energies(const eqml_handle *handle, size_t n, const double *xyz, double *energy, double *gradient,
                  char *why, size_t size);
int eqml_hessian(const eqml_handle *handle, const double *xyz, double *energy, double *gradient,
                 double *hessian, char *why, size_t size);
int eqml_tensors(const eqml_handle *handle, int kind, size_t n, const double *xyz, double *value,
                 double *jacobian, char *why, size_t size);
int eqml_sigmas(const eqml_handle *handle, size_t n, const double *xyz, double *sigma, char *why,
                size_t size);
int eqml_charges(const eqml_handle *handle, size_t n, const double *xyz, double *charges, char *why,
                 size_t size);
int eqml_inside(const eqml_handle *handle, const double *xyz);
/* The functions of the record, with messages; a NULL where it must not be is EQML_ERROR_ARGUMENT. */

int eqml_match(const eqml_handle *handle, int natoms, const int *numbers, int *order, char *why, size_t size);
/* Matches the atoms of another program, by their atomic numbers[natoms], to those of the surface: atom k of the surface is
 * order[k] of the other program. Where classes of atoms of one element differ (the hydrogens of ethanol), the atoms must
 * be in the order of the surface. EQML_ERROR_MATCH: these are other atoms, or their order decides and is another. */

const char *eqml_library_version(void);
/* As "ABI 1, layout 5": constant. */

#ifdef __cplusplus
}
#endif
#endif
