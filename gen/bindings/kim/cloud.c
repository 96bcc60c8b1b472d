/* The family of neighbour clouds: each contributing atom has an energy, by its neighbours. */
#include <stddef.h>
#include <stdlib.h>
#include "settings.h"
#include POTENTIAL_HEADER
#include "family.h"

/* The names of the runtime in that header begin with PREFIX. */
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(PREFIX, name)
#define THE(name) JOIN(POTENTIAL, name)

typedef struct room {
    OF(cloud_workspace) workspace;
    OF(neighbours) list;
    int *atom, *place, *species; /* [atoms] contributing atoms come first: the simulator's numbers; back */
    double *forces, *energies;   /* [atoms][3], [atoms] */
    size_t atoms;
} room;

const char *family_species(void)
{
    return THE(species)();
}

family_parameter *family_parameters(int *count)
{
    *count = 0;
    return NULL;
}

int family_reach(const family_parameter *parameters, double *cutoff, char why[FAMILY_WHY])
{
    (void)parameters, (void)why;
    *cutoff = THE(cutoff)();
    return 0;
}

void *family_room(void)
{
    return calloc(1, sizeof(room));
}

static void free_atoms(room *r)
{
    free(r->atom);
    free(r->place);
    free(r->species);
    free(r->forces);
    free(r->energies);
    free(r->list.first);
    r->atoms = 0;
}

void family_room_free(void *memory)
{
    room *r = memory;
    if (!r)
        return;
    free_atoms(r);
    free(r->list.index);
    free(r->list.vector);
    r->list.first = NULL;
    r->list.index = NULL;
    r->list.vector = NULL;
    OF(cloud_workspace_free)(&r->workspace);
    free(r);
}

static int take_atoms(room *r, size_t n)
{
    if (n <= r->atoms)
        return 0;
    free_atoms(r);
    r->atom = malloc(n * sizeof(int));
    r->place = malloc(n * sizeof(int));
    r->species = malloc(n * sizeof(int));
    r->forces = malloc(3 * n * sizeof(double));
    r->energies = malloc(n * sizeof(double));
    r->list.first = malloc((n + 1) * sizeof(size_t));
    if (!r->atom || !r->place || !r->species || !r->forces || !r->energies || !r->list.first)
        return 1;
    r->atoms = n;
    return 0;
}

static int take_pairs(room *r, size_t n)
{
    if (n <= r->list.capacity)
        return 0;
    n += n / 2;
    int *index = realloc(r->list.index, n * sizeof *index);
    if (index)
        r->list.index = index;
    void *vector = realloc(r->list.vector, n * sizeof *r->list.vector);
    if (vector)
        r->list.vector = vector;
    r->list.capacity = index && vector ? n : 0;
    return !index || !vector;
}

/* Contributing atoms first, each in its order. */
static void sort_atoms(room *r, const family_atoms *atoms)
{
    int n = 0;
    for (int contributing = 1; contributing >= 0; contributing--) {
        for (int i = 0; i < atoms->natoms; i++)
            if (!atoms->contributing[i] == !contributing) {
                r->atom[n] = i;
                r->place[i] = n++;
            }
        if (contributing)
            r->list.natoms = (size_t)n;
    }
    for (int k = 0; k < n; k++)
        r->species[k] = atoms->species[r->atom[k]];
}

static int list_pairs(room *r, const family_atoms *atoms, char why[FAMILY_WHY])
{
    r->list.count = 0;
    for (size_t k = 0; k < r->list.natoms; k++) {
        const int i = r->atom[k], *near;
        int count;
        if (atoms->neighbours(atoms->simulator, i, &count, &near)) {
            snprintf(why, FAMILY_WHY, "the simulator has no neighbours of atom %d", i);
            return 1;
        }
        if (take_pairs(r, r->list.count + (size_t)count)) {
            snprintf(why, FAMILY_WHY, "there is not enough memory for the neighbours");
            return 1;
        }
        r->list.first[k] = r->list.count;
        for (int p = 0; p < count; p++) {
            const size_t pair = r->list.count++;
            r->list.index[pair] = r->place[near[p]];
            for (int d = 0; d < 3; d++)
                r->list.vector[pair][d] = atoms->xyz[3 * near[p] + d] - atoms->xyz[3 * i + d];
        }
    }
    r->list.first[r->list.natoms] = r->list.count;
    return 0;
}

int family_compute(const family_parameter *parameters, const family_atoms *atoms, void *memory,
                   family_answer *answer, char why[FAMILY_WHY])
{
    room *r = memory;
    const size_t n = (size_t)atoms->natoms;
    (void)parameters;
    if (!n)
        return 0;
    if (take_atoms(r, n)) {
        snprintf(why, FAMILY_WHY, "there is not enough memory for the atoms");
        return 1;
    }
    sort_atoms(r, atoms);
    if (list_pairs(r, atoms, why))
        return 1;
    memset(r->forces, 0, 3 * n * sizeof(double));
    const OF(cloud_result) result = {&answer->energy, r->forces, answer->virial, r->energies};
    if (OF(cloud_evaluate_list)(&THE(model), &r->list, r->species, &r->workspace, &result)) {
        snprintf(why, FAMILY_WHY, "there is not enough memory for the evaluation");
        return 1;
    }
    if (!(answer->energy - answer->energy == 0)) {
        snprintf(why, FAMILY_WHY,
                 "the energy is no number: two atoms are in one place, or a coordinate is none");
        return 1;
    }
    for (int c = 0; c < 6; c++)
        answer->virial[c] = -answer->virial[c]; /* of -dE/dstrain until now */
    for (size_t k = 0; k < n; k++) {
        if (k < r->list.natoms)
            answer->energies[r->atom[k]] = r->energies[k];
        for (int d = 0; d < 3; d++)
            answer->forces[3 * r->atom[k] + d] = r->forces[3 * k + (size_t)d];
    }
    return 0;
}
