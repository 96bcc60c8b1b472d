#define _POSIX_C_SOURCE 200809L
#include "tensors.h"

const subject *subject_number(size_t k)
{
    cr_assert_lt(k, SUBJECTS);
    return k < SMALL_SUBJECTS ? &small_subjects[k] : &large_subjects[k - SMALL_SUBJECTS];
}

const subject *subject_of(const char *basis, eqml_tensor kind)
{
    for (size_t k = 0; k < SUBJECTS; k++)
        if (!strcmp(subject_number(k)->basis->name, basis) && subject_number(k)->kind == kind)
            return subject_number(k);
    cr_assert_fail("no subject %s", basis);
    return NULL;
}

const char *label(const subject *j)
{
    static char text[64];
    snprintf(text, sizeof text, "%s, %s", j->basis->name, eqml_tensor_name(j->kind));
    return text;
}

const int component[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};

double largest(int n, const double *x)
{
    double most = 0;
    for (int k = 0; k < n; k++)
        most = fmax(most, fabs(x[k]));
    return most;
}

/* ---- random surfaces ---- */

const eqml_variable variables[PAIR_CLASSES_LIMIT] = {{EQML_MORSE, 1.7, 0, 0},
                                                     {EQML_INVERSE, 0, 0, 0},
                                                     {EQML_POWER, -2, 0, 0},
                                                     {EQML_EXP_OVER_R, 3, 0, 0},
                                                     {EQML_MORSE, 2.5, 0, 0}};
const eqml_variable exponentials[PAIR_CLASSES_LIMIT] = {{EQML_MORSE, 2, 0, 0},
                                                        {EQML_MORSE, 2, 0, 0},
                                                        {EQML_MORSE, 2, 0, 0},
                                                        {EQML_MORSE, 2, 0, 0},
                                                        {EQML_MORSE, 2, 0, 0}};
const eqml_variable inverse_squares[PAIR_CLASSES_LIMIT] = {{EQML_POWER, -2, 0, 0},
                                                           {EQML_POWER, -2, 0, 0},
                                                           {EQML_POWER, -2, 0, 0},
                                                           {EQML_POWER, -2, 0, 0},
                                                           {EQML_POWER, -2, 0, 0}};

static double *draw_numbers(int n, uint64_t *state)
{
    double *x = room((size_t)n, sizeof *x);
    for (int k = 0; k < n; k++)
        x[k] = draw_real(state);
    return x;
}

eqml_surface random_surface(const eqml_basis *b, const eqml_variable *kinds, double charge, uint64_t *state)
{
    eqml_surface s;
    double *coefficients = draw_numbers(b->nterms, state);
    cr_assert_eq(eqml_surface_create(b, kinds, &s), EQML_OK);
    for (int k = 1; k < b->nfactors; k++)
        s.offset[k] = 0.2 * draw_real(state);
    eqml_surface_set(&s, coefficients);
    free(coefficients);
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        if (!b->tensors[kind])
            continue;
        coefficients = draw_numbers(b->tensors[kind]->nterms, state);
        eqml_surface_set_tensor(&s, (eqml_tensor)kind, coefficients);
        free(coefficients);
    }
    s.model.charge = charge;
    return s;
}

/* ---- permutations and rotations ---- */

int next_permutation(int n, int *p)
{
    int i = n - 2, j = n - 1;
    while (i >= 0 && p[i] > p[i + 1])
        i--;
    if (i < 0)
        return 0;
    while (p[j] < p[i])
        j--;
    int t = p[i];
    p[i] = p[j], p[j] = t;
    for (i++, j = n - 1; i < j; i++, j--)
        t = p[i], p[i] = p[j], p[j] = t;
    return 1;
}

int *class_permutations(int natoms, const int *class_of, int *order)
{
    int p[ATOMS_LIMIT], *element = NULL;
    *order = 0;
    for (int i = 0; i < natoms; i++)
        p[i] = i;
    do {
        int keeps = 1;
        for (int i = 0; i < natoms; i++)
            keeps &= class_of[p[i]] == class_of[i];
        if (!keeps)
            continue;
        element = realloc(element, (size_t)(*order + 1) * (size_t)natoms * sizeof *element);
        cr_assert_not_null(element);
        memcpy(element + (*order)++ * natoms, p, (size_t)natoms * sizeof *p);
    } while (next_permutation(natoms, p));
    return element;
}

int *symmetries(const eqml_basis *b, int *order)
{
    int class_of[ATOMS_LIMIT], *element;
    composition c = composition_of(b);
    for (int i = 0; i < b->natoms; i++)
        class_of[i] = b->atom_classes[i];
    element = strchr(b->composition, '(') ? group_elements(c.natoms, c.ngenerators, c.generator, 1000, order)
                                          : class_permutations(c.natoms, class_of, order);
    composition_free(&c);
    return element;
}

/* From a random quaternion. */
void random_rotation(uint64_t *state, int improper, double r[3][3])
{
    double q[4], norm = 0;
    for (int k = 0; k < 4; k++) {
        q[k] = draw_real(state);
        norm += q[k] * q[k];
    }
    const double w = q[0], x = q[1], y = q[2], z = q[3], s = (improper ? -1 : 1) / norm;
    const double rows[3][3] = {{w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)},
                               {2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)},
                               {2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z}};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            r[i][k] = s * rows[i][k];
}

void rotate_vectors(int nvectors, double r[3][3], const double *from, double *to)
{
    for (int v = 0; v < nvectors; v++)
        for (int i = 0; i < 3; i++)
            to[3 * v + i] = r[i][0] * from[3 * v] + r[i][1] * from[3 * v + 1] + r[i][2] * from[3 * v + 2];
}

void rotate_tensor(eqml_tensor kind, double r[3][3], const double *from, double *to)
{
    if (kind == EQML_DIPOLE) {
        rotate_vectors(1, r, from, to);
        return;
    }
    for (int a = 0; a < 3; a++)
        for (int b = a; b < 3; b++) {
            double sum = 0;
            for (int i = 0; i < 3; i++)
                for (int k = 0; k < 3; k++)
                    sum += r[a][i] * from[component[i][k]] * r[b][k];
            to[component[a][b]] = sum;
        }
}

/* ---- a tensor in complex numbers ---- */

/* weight[nvectors][carriers] of all tensor factors. */
static void exact_weights(const eqml_basis *b, const eqml_tensor_basis *t, int carriers, const number *slot,
                          number *weight)
{
    for (int e = 0; e < t->nelements; e++)
        weight[t->elements[e][0] * carriers + t->elements[e][2]] += slot[t->elements[e][1]];
    for (int p = 0; p < t->nproducts; p++)
        for (int x = 0; x < carriers; x++)
            weight[t->products[p][0] * carriers + x] =
                slot[b->factor0 + t->products[p][1]] * weight[t->products[p][2] * carriers + x];
}

/* Effective charges of atoms; or of pairs, and of the unit tensor behind them. */
static void exact_charges(const eqml_surface *s, eqml_tensor kind, int carriers, const number *y,
                          number *charge)
{
    const eqml_basis *b = s->model.basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    number *slot = room((size_t)t->nslots, sizeof *slot);
    number *weight = room((size_t)(t->nvectors * carriers), sizeof *weight);
    double *coefficients = room((size_t)t->nterms, sizeof *coefficients), *c = coefficients;
    eqml_surface_get_tensor(s, kind, coefficients);
    interpret(b, y, s->offset, slot);
    for (int k = 0; k < t->noperations; k++)
        slot[t->operations[k][0]] += slot[t->operations[k][1]] * slot[t->operations[k][2]];
    exact_weights(b, t, carriers, slot, weight);
    for (int r = 0; r < t->nruns; r++)
        for (int k = 0; k < t->runs[r][2]; k++, c++)
            for (int x = 0; x < carriers; x++)
                charge[x] += *c * slot[b->factor0 + t->runs[r][1] + k] * weight[t->runs[r][0] * carriers + x];
    free(slot);
    free(weight);
    free(coefficients);
}

/* The definitions: d = Q R + sum q_i (r_i - R), sum q_p (3 r r^T - r^2 1) / 2, sum q_p r r^T + q_0 1. */
void exact_tensor(const eqml_surface *s, eqml_tensor kind, const number *xyz, number *value)
{
    const eqml_basis *b = s->model.basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const int carriers = kind == EQML_DIPOLE ? b->natoms : b->npairs + 1;
    number *y = room((size_t)b->npairs, sizeof *y), *square = room((size_t)b->npairs, sizeof *square);
    number(*d)[3] = room((size_t)b->npairs, sizeof *d);
    number *charge = room((size_t)carriers, sizeof *charge);
    for (int p = 0; p < b->npairs; p++) {
        for (int k = 0; k < 3; k++) {
            d[p][k] = xyz[3 * b->pairs[p][0] + k] - xyz[3 * b->pairs[p][1] + k];
            square[p] += d[p][k] * d[p][k];
        }
        y[p] = exact_variable(&s->variables[b->pair_classes[p]], csqrtl(square[p]));
    }
    exact_charges(s, kind, carriers, y, charge);
    for (int k = 0; k < 3 && kind == EQML_DIPOLE; k++) {
        number centre = 0;
        for (int a = 0; a < t->nreference; a++)
            centre += xyz[3 * t->reference[a] + k] / t->nreference;
        value[k] = s->model.charge * centre;
        for (int i = 0; i < b->natoms; i++)
            value[k] += charge[i] * (xyz[3 * i + k] - centre);
    }
    for (int k = 0; k < 9 && kind != EQML_DIPOLE; k++) {
        const int quadrupole = kind == EQML_QUADRUPOLE, u = k / 3, v = k % 3;
        number sum = u == v ? charge[b->npairs] : 0;
        for (int p = 0; p < b->npairs; p++)
            sum += charge[p] *
                   (quadrupole ? (3 * d[p][u] * d[p][v] - (u == v) * square[p]) / 2 : d[p][u] * d[p][v]);
        value[component[u][v]] = sum;
    }
    free(y);
    free(square);
    free(d);
    free(charge);
}

void exact_tensor_jacobian(const eqml_surface *s, eqml_tensor kind, const double *xyz, double *value,
                           double *jacobian)
{
    const int n = 3 * s->model.basis->natoms;
    number x[XYZ_LIMIT], v[COMPONENTS_LIMIT];
    for (int k = 0; k < n; k++)
        x[k] = xyz[k];
    for (int k = 0; k < n; k++) {
        x[k] += 1e-100L * I;
        exact_tensor(s, kind, x, v);
        x[k] = xyz[k];
        for (int c = 0; c < EQML_COMPONENTS(kind); c++) {
            value[c] = (double)creall(v[c]);
            jacobian[c * n + k] = (double)(cimagl(v[c]) / 1e-100L);
        }
    }
}

/* ---- models ---- */

void reference_centre(const eqml_basis *b, const double *xyz, double centre[3])
{
    int count[ATOMS_LIMIT] = {0}, best = 0;
    for (int i = 0; i < b->natoms; i++)
        count[b->atom_classes[i]]++;
    for (int which = 1; which < b->natoms && count[which]; which++)
        best = count[which] < count[best] ? which : best;
    for (int k = 0; k < 3; k++) {
        centre[k] = 0;
        for (int i = 0; i < b->natoms; i++)
            centre[k] += b->atom_classes[i] == best ? xyz[3 * i + k] / count[best] : 0;
    }
}

static double separation(const double *a, const double *b)
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

/*
 * Charges of a class of atoms, changed by the neighbours in polynomials up to degree 2 (3 where `cubic`), and
 * by what is missing to the total charge, shared by the class of the last atom.
 */
static void model_charges(const eqml_basis *b, double charge, int cubic, const double *xyz, double *q)
{
    double near[ATOMS_LIMIT] = {0}, far[ATOMS_LIMIT] = {0}, missing = charge;
    const int last = b->atom_classes[b->natoms - 1];
    int sharing = 0;
    for (int twice = 0; twice < 2; twice++)
        for (int p = 0; p < b->npairs; p++) {
            const int i = b->pairs[p][0], j = b->pairs[p][1], which = b->pair_classes[p];
            const double y = exp(-separation(xyz + 3 * i, xyz + 3 * j) / exponentials[which].range);
            const double bond = (1 + 0.3 * which) * y;
            (twice ? far : near)[i] += bond * (twice ? near[j] : 1);
            (twice ? far : near)[j] += bond * (twice ? near[i] : 1);
        }
    for (int i = 0; i < b->natoms; i++) {
        const int which = b->atom_classes[i];
        q[i] = 0.3 - 0.2 * which + (0.5 - which) * near[i] + 0.7 * far[i] - 0.4 * near[i] * near[i] +
               (cubic ? 0.2 * near[i] * near[i] * near[i] : 0);
        missing -= q[i];
        sharing += which == last;
    }
    for (int i = 0; i < b->natoms; i++)
        q[i] += b->atom_classes[i] == last ? missing / sharing : 0;
}

/* One set of charges makes all tensors of a basis, so it is as simple as the lowest of their degrees. */
static int is_cubic(const eqml_basis *b)
{
    int cubic = 1;
    for (int kind = 0; kind < EQML_TENSORS; kind++)
        cubic &= !b->tensors[kind] || b->tensors[kind]->degree > 2;
    return cubic;
}

/* Moments about the origin: sum q r, and sum q (3 r r^T - r^2 1) / 2. */
static void charges_tensor(const subject *j, double charge, const double *xyz, double *value)
{
    double q[ATOMS_LIMIT];
    model_charges(j->basis, charge, is_cubic(j->basis), xyz, q);
    memset(value, 0, (size_t)components_of(j) * sizeof *value);
    for (int i = 0; i < j->basis->natoms; i++) {
        const double *r = xyz + 3 * i, square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
        for (int a = 0; a < 3 && j->kind == EQML_DIPOLE; a++)
            value[a] += q[i] * r[a];
        for (int a = 0; a < 3 && j->kind == EQML_QUADRUPOLE; a++)
            for (int b = a; b < 3; b++)
                value[component[a][b]] += q[i] * (3 * r[a] * r[b] - (a == b) * square) / 2;
    }
}

/* Bonds that are polarizable along themselves and across: sum across 1 + (along - across) r r^T / r^2. */
static void bonds_tensor(const subject *j, const double *xyz, double *value)
{
    const eqml_basis *b = j->basis;
    double near[ATOMS_LIMIT] = {0};
    memset(value, 0, 6 * sizeof *value);
    for (int twice = 0; twice < 2; twice++)
        for (int p = 0; p < b->npairs; p++) {
            const double *r = xyz + 3 * b->pairs[p][0], *s = xyz + 3 * b->pairs[p][1];
            const double d[3] = {r[0] - s[0], r[1] - s[1], r[2] - s[2]}, y = pow(separation(r, s), -2);
            const double around = near[b->pairs[p][0]] + near[b->pairs[p][1]];
            const double cubic = is_cubic(b) ? y * around : 0;
            const double across = 0.6 + 0.2 * b->pair_classes[p] - 1.1 * y + 0.5 * cubic;
            const double along = 1.7 - 0.3 * b->pair_classes[p] + 0.4 * y - 0.7 * cubic;
            near[b->pairs[p][0]] += twice ? 0 : y;
            near[b->pairs[p][1]] += twice ? 0 : y;
            for (int u = 0; u < 3 && twice; u++)
                for (int v = u; v < 3; v++)
                    value[component[u][v]] += (u == v) * across + (along - across) * d[u] * d[v] * y;
        }
}

void model_tensor(const subject *j, double charge, const double *xyz, double *value)
{
    if (j->kind == EQML_POLARIZABILITY)
        bonds_tensor(j, xyz, value);
    else
        charges_tensor(j, charge, xyz, value);
}

const eqml_variable *model_variables(const subject *j)
{
    return j->kind == EQML_POLARIZABILITY ? inverse_squares : exponentials;
}

eqml_data model_data(const subject *j, double charge, size_t n, uint64_t *state)
{
    const size_t size = 3 * (size_t)j->basis->natoms;
    eqml_data data;
    memset(&data, 0, sizeof data);
    data.natoms = j->basis->natoms;
    data.n = n;
    data.xyz = room(n * size, sizeof *data.xyz);
    data.energy = room(n, sizeof *data.energy);
    data.has = room(n, 1);
    for (size_t g = 0; g < n; g++) {
        draw_geometry(state, data.natoms, data.xyz + g * size);
        data.energy[g] = sin(data.xyz[g * size]);
        data.has[g] = EQML_HAS_ENERGY;
    }
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const size_t count = EQML_COMPONENTS(kind);
        subject other = *j;
        other.kind = (eqml_tensor)kind;
        if (!j->basis->tensors[kind])
            continue;
        data.tensors[kind] = room(n * count, sizeof *data.tensors[kind]);
        for (size_t g = 0; g < n; g++) {
            double *value = data.tensors[kind] + g * count;
            model_tensor(&other, charge, data.xyz + g * size, value);
            for (size_t c = 0; c < count && g % 5 == 4; c++)
                value[c] = NAN;
            data.has[g] |= g % 5 == 4 ? 0 : (unsigned char)(EQML_HAS_DIPOLE << kind);
        }
    }
    return data;
}
