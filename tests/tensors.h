/*
 * What the tests of tensors share: the tensors of the test bases with the functions of their headers, random
 * surfaces, permutations and rotations, an interpreter of the tables in complex numbers, and models whose
 * tensors lie in the span of a basis.
 */
#ifndef TESTS_TENSORS_H
#define TESTS_TENSORS_H
#include "support.h"

enum { ATOMS_LIMIT = 9, XYZ_LIMIT = 3 * ATOMS_LIMIT, PAIR_CLASSES_LIMIT = 5, COMPONENTS_LIMIT = 6 };
enum { JACOBIAN_LIMIT = COMPONENTS_LIMIT * XYZ_LIMIT };

/* A tensor of a generated basis, and the functions of the header. */
typedef struct subject {
    const eqml_basis *basis;
    eqml_tensor kind;
    void (*value)(const eqml_model *m, const double *xyz, double *value);
    void (*jacobian)(const eqml_model *m, const double *xyz, double *value, double *jacobian);
    void (*batch)(const eqml_model *m, size_t n, const double *xyz, double *value);
    void (*jacobian_batch)(const eqml_model *m, size_t n, const double *xyz, double *value, double *jacobian);
    double (*energy_gradient)(const eqml_model *m, const double *xyz, double *gradient);
    double (*energy_gradient_dipole)(const eqml_model *m, const double *xyz, double *gradient,
                                     double *dipole); /* NULL where the tensor is no dipole */
} subject;

#define SUBJECT(NAME, TENSOR, KIND, ALL)                                                                     \
    {                                                                                                        \
        &NAME##_basis, KIND, NAME##_model_##TENSOR, NAME##_model_##TENSOR##_jacobian,                        \
            NAME##_model_##TENSOR##_batch, NAME##_model_##TENSOR##_jacobian_batch,                           \
            NAME##_model_energy_gradient, ALL                                                                \
    }
#define SUBJECT_DIPOLE(NAME) SUBJECT(NAME, dipole, EQML_DIPOLE, NAME##_model_energy_gradient_dipole)
#define SUBJECT_ALL(NAME)                                                                                    \
    SUBJECT_DIPOLE(NAME), SUBJECT(NAME, quadrupole, EQML_QUADRUPOLE, NULL),                                  \
        SUBJECT(NAME, polarizability, EQML_POLARIZABILITY, NULL)

/* All subjects: small molecules, and larger ones; their code is compiled in two files. */
enum { SMALL_SUBJECTS = 15, LARGE_SUBJECTS = 14, SUBJECTS = SMALL_SUBJECTS + LARGE_SUBJECTS };
extern const subject small_subjects[SMALL_SUBJECTS], large_subjects[LARGE_SUBJECTS];
const subject *subject_number(size_t k);

/* The one of that basis. */
const subject *subject_of(const char *basis, eqml_tensor kind);

/* "h2o_tensors, dipole" */
const char *label(const subject *j);

static inline const eqml_tensor_basis *tensor_of(const subject *j)
{
    return j->basis->tensors[j->kind];
}

static inline int components_of(const subject *j)
{
    return EQML_COMPONENTS(j->kind);
}

/* Number of the component ab of a symmetric tensor. */
extern const int component[3][3];

/* ---- comparisons ---- */

double largest(int n, const double *x);

/* Equal to `tolerance`, relative to the largest number or to 1. */
#define expect_equal(n, x, y, tolerance, what)                                                               \
    do {                                                                                                     \
        const double unit_ = fmax(1, largest(n, y));                                                         \
        for (int k_ = 0; k_ < (n); k_++)                                                                     \
            cr_expect(fabs((x)[k_] - (y)[k_]) <= (tolerance)*unit_, "%s: %s: number %d is %.17g, not %.17g", \
                      __func__, what, k_, (x)[k_], (y)[k_]);                                                 \
    } while (0)

/* ---- random surfaces ---- */

/* A kind of its own for each class of pairs, all below 1 where distances are above 1; and one for all. */
extern const eqml_variable variables[PAIR_CLASSES_LIMIT], exponentials[PAIR_CLASSES_LIMIT],
    inverse_squares[PAIR_CLASSES_LIMIT];

/* Random shifts of the factors, and random coefficients of the energy and of all tensors. */
eqml_surface random_surface(const eqml_basis *b, const eqml_variable *kinds, double charge, uint64_t *state);

/* ---- permutations and rotations ---- */

/* Goes to the next permutation in lexicographical order; 0 after the last. */
int next_permutation(int n, int *p);

/* All permutations that keep the classes of atoms, [*order][natoms]; the caller frees. */
int *class_permutations(int natoms, const int *class_of, int *order);

/* The symmetries of a basis: of its fragments where there are any, otherwise of its classes. */
int *symmetries(const eqml_basis *b, int *order);

/* A random rotation; improper: times the inversion. */
void random_rotation(uint64_t *state, int improper, double r[3][3]);
void rotate_vectors(int nvectors, double r[3][3], const double *from, double *to);
void rotate_tensor(eqml_tensor kind, double r[3][3], const double *from, double *to);

/* ---- a tensor in complex numbers, from the tables and the list of coefficients ---- */

void exact_tensor(const eqml_surface *s, eqml_tensor kind, const number *xyz, number *value);

/* The tensor, and its Jacobian by complex steps: exact to rounding. */
void exact_tensor_jacobian(const eqml_surface *s, eqml_tensor kind, const double *xyz, double *value,
                           double *jacobian);

/* ---- models ---- */

/* The centre of the smallest class of atoms, the first of these. */
void reference_centre(const eqml_basis *b, const double *xyz, double centre[3]);

/*
 * Moments about the origin of charges, and polarizabilities of bonds, that depend on the neighbours in
 * polynomials within the degree of the bases.
 */
void model_tensor(const subject *j, double charge, const double *xyz, double *value);

/* The variables that the model is a polynomial in. */
const eqml_variable *model_variables(const subject *j);

/*
 * Random geometries with an energy and, but for every fifth, all tensors of the basis of j, which are exact
 * for that of j; release it with eqml_data_free.
 */
eqml_data model_data(const subject *j, double charge, size_t n, uint64_t *state);
#endif
