/*
 * Compiled once for each set of vectors, with EVALUATOR the name of the table of functions: eqml_evaluator_plain and so on.
 */
#include "evaluate.h"

/* Room from the stack up to so many bytes, else from the heap. */
enum { STACK = 128 << 10, ALIGN = 64 };

/* Does a piece of work in its room, eqml_lanes or doubles. */
typedef void work_function(const void *job, void *room);

static int in_heap(work_function *work, const void *job, size_t bytes)
{
    char *block = malloc(bytes + ALIGN);
    if (!block)
        return EQML_ERROR_MEMORY;
    work(job, block + (ALIGN - (uintptr_t)block % ALIGN));
    free(block);
    return EQML_OK;
}

/* Apart, so that what takes its room from the heap has a small stack. */
__attribute__((noinline)) static int in_stack(work_function *work, const void *job)
{
    __attribute__((aligned(64))) char room[STACK];
    work(job, room);
    return EQML_OK;
}

static int with_room(work_function *work, const void *job, size_t bytes)
{
    return bytes <= STACK ? in_stack(work, job) : in_heap(work, job, bytes);
}

typedef struct job {
    const eqml_model *model;
    eqml_tensor kind;
    size_t n;
    const double *xyz;
    double *energy, *gradient, *hessian, *value, *jacobian;
} job;

/* ---- energies ------------------------------------------------------------------------------------------ */

static void one_by_one(const void *context, void *room)
{
    const job *j = context;
    const size_t size = 3 * (size_t)j->model->basis->natoms;
    for (size_t k = 0; k < j->n; k++)
        j->energy[k] = eqml_energy_gradient(j->model, j->xyz + k * size,
                                            j->gradient ? j->gradient + k * size : NULL, room);
}

/* groups must be a constant after inlining. */
EQML_INLINE void in_lanes(const job *j, int groups, eqml_lanes *room)
{
    const size_t size = 3 * (size_t)j->model->basis->natoms, step = (size_t)groups * EQML_LANES;
    for (size_t first = 0; first < j->n; first += step) {
        const size_t count = j->n - first < step ? j->n - first : step;
        eqml__step_lanes(j->model, groups, (int)count, j->xyz + first * size, j->energy + first,
                         j->gradient ? j->gradient + first * size : NULL, room);
    }
}

static void one_group(const void *job, void *room)
{
    in_lanes(job, 1, room);
}

static void two_groups(const void *job, void *room)
{
    in_lanes(job, 2, room);
}

/* Two groups where they fit into the cache, as the functions of a header do. */
static int energies(const eqml_model *m, size_t n, const double *xyz, double *energy, double *gradient)
{
    const eqml_basis *b = m->basis;
    const size_t one = sizeof(double) * (size_t)EQML_WORK_ONE(b->nslots, b->npairs);
    const size_t alone = sizeof(eqml_lanes) * (size_t)EQML_WORK_GROUPS(1, b->nslots, b->npairs, b->natoms);
    const size_t both = sizeof(eqml_lanes) * (size_t)EQML_WORK_GROUPS(2, b->nslots, b->npairs, b->natoms);
    const job j = {.model = m, .n = n, .xyz = xyz, .energy = energy, .gradient = gradient};
    if (n < 2 || alone > EQML_STACK_LIMIT)
        return with_room(one_by_one, &j, one);
    return both <= EQML_STACK_LIMIT / 2 ? with_room(two_groups, &j, both) : with_room(one_group, &j, alone);
}

static void find_hessian(const void *context, void *room)
{
    const job *j = context;
    *j->energy = eqml_energy_hessian(j->model, j->xyz, j->gradient, j->hessian, room);
}

static int hessian(const eqml_model *m, const double *xyz, double *energy, double *gradient, double *hessian)
{
    const job j = {.model = m, .xyz = xyz, .energy = energy, .gradient = gradient, .hessian = hessian};
    const size_t room = (size_t)EQML_WORK_HESSIAN(m->basis->nslots, m->basis->npairs);
    return with_room(find_hessian, &j, sizeof(double) * room);
}

/* ---- tensors ------------------------------------------------------------------------------------------- */

static size_t one_tensor_room(const eqml_basis *b, const eqml_tensor_basis *t)
{
    return (size_t)EQML_WORK_TENSOR(t->kind, t->nslots, b->npairs, t->nvectors, b->natoms);
}

static size_t jacobian_room(const eqml_basis *b, const eqml_tensor_basis *t)
{
    return (size_t)EQML_WORK_JACOBIAN(t->kind, t->nslots, b->npairs, t->nvectors, b->natoms);
}

static void one_tensor(const void *context, void *room)
{
    const job *j = context;
    const eqml_basis *b = j->model->basis;
    double *work = room;
    if (j->jacobian)
        eqml_tensor_jacobian(j->model, j->kind, j->xyz, j->value, j->jacobian, work,
                             (eqml_lanes *)room + one_tensor_room(b, b->tensors[j->kind]));
    else
        eqml_tensor_value(j->model, j->kind, j->xyz, NULL, NULL, j->value, work);
}

static void tensors_in_lanes(const void *context, void *room)
{
    const job *j = context;
    const size_t size = 3 * (size_t)j->model->basis->natoms, components = EQML_COMPONENTS(j->kind);
    for (size_t first = 0; first < j->n; first += EQML_LANES) {
        const size_t count = j->n - first < EQML_LANES ? j->n - first : EQML_LANES;
        eqml__tensor_step(j->model, j->kind, (int)count, j->xyz + first * size, j->value + first * components,
                          j->jacobian ? j->jacobian + first * components * size : NULL, room);
    }
}

static int tensors(const eqml_model *m, eqml_tensor kind, size_t n, const double *xyz, double *value,
                   double *jacobian)
{
    const eqml_basis *b = m->basis;
    const eqml_tensor_basis *t = b->tensors[kind];
    const job j = {.model = m, .kind = kind, .n = n, .xyz = xyz, .value = value, .jacobian = jacobian};
    const size_t lanes = sizeof(eqml_lanes) * jacobian_room(b, t);
    if (n == 1) /* the doubles of the value first, in as much room as if they were lanes */
        return with_room(one_tensor, &j, sizeof(eqml_lanes) * one_tensor_room(b, t) + lanes);
    return n ? with_room(tensors_in_lanes, &j, lanes) : EQML_OK;
}

/* d = Q R + sum w_i (r_i - R) with R the centre of the reference atoms: these share what is left of the total charge. */
static void find_charges(const void *context, void *room)
{
    const job *j = context;
    const eqml_basis *b = j->model->basis;
    const eqml_tensor_basis *t = b->tensors[EQML_DIPOLE];
    const double *weights = (double *)room + EQML_WORK_ONE(t->nslots, b->npairs);
    const double *found = weights + EQML_ROUND(t->nvectors + 1);
    for (size_t k = 0; k < j->n; k++) {
        double dipole[3], rest = j->model->charge, *to = j->value + k * (size_t)b->natoms;
        eqml_tensor_value(j->model, EQML_DIPOLE, j->xyz + 3 * k * (size_t)b->natoms, NULL, NULL, dipole,
                          room);
        for (int i = 0; i < b->natoms; i++)
            rest -= to[i] = found[i];
        for (int a = 0; a < t->nreference; a++)
            to[t->reference[a]] += rest / t->nreference;
    }
}

static int charges(const eqml_model *m, size_t n, const double *xyz, double *charges)
{
    const job j = {.model = m, .n = n, .xyz = xyz, .value = charges};
    return with_room(find_charges, &j,
                     sizeof(double) * one_tensor_room(m->basis, m->basis->tensors[EQML_DIPOLE]));
}

const eqml_evaluator EVALUATOR = {energies, hessian, tensors, charges};
