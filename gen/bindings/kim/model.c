/* A portable model of OpenKIM (kim-api 2) over a fitted potential: what KIM asks, handed on to a family. */
#include "KIM_LogMacros.h"
#include "KIM_ModelHeaders.h"
#include "family.h"
#include "settings.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAIL(kind, object, text)                                                                             \
    KIM_##kind##_LogEntry(object, KIM_LOG_VERBOSITY_error, text, __LINE__, __FILE__)

static const double bohr_in_angstrom = 0.529177210903, hartree_in_ev = 27.211386245988; /* CODATA 2018 */

typedef struct model {
    family_parameter *parameters;
    int nparameters;
    double length, energy;      /* a bohr and a hartree, in the simulator's units */
    double influence, cutoff;   /* in the simulator's length; KIM reads them from here */
    int without_others;         /* neighbours of atoms that do not contribute are not asked for */
    KIM_LengthUnit length_unit; /* the simulator's */
    KIM_EnergyUnit energy_unit;
} model;

/* What a set of arguments works with. */
typedef struct desk {
    void *room;
    double *xyz, *forces, *energies; /* [capacity][3], [3], [1] in bohr and hartree */
    int capacity, warned;
} desk;

/* ---- creation ------------------------------------------------------------------------------------------ */

static int set_reach(model *m, char why[FAMILY_WHY])
{
    double reach;
    if (family_reach(m->parameters, &reach, why))
        return 1;
    m->influence = m->cutoff = reach * m->length;
    return 0;
}

static int set_units(KIM_ModelCreate *c, model *m, KIM_LengthUnit length, KIM_EnergyUnit energy,
                     KIM_ChargeUnit charge, KIM_TemperatureUnit temperature, KIM_TimeUnit time)
{
    double a, ev;
    if (KIM_ModelCreate_ConvertUnit(KIM_LENGTH_UNIT_A, KIM_ENERGY_UNIT_eV, KIM_CHARGE_UNIT_e,
                                    KIM_TEMPERATURE_UNIT_K, KIM_TIME_UNIT_ps, length, energy, charge,
                                    temperature, time, 1, 0, 0, 0, 0, &a) ||
        KIM_ModelCreate_ConvertUnit(KIM_LENGTH_UNIT_A, KIM_ENERGY_UNIT_eV, KIM_CHARGE_UNIT_e,
                                    KIM_TEMPERATURE_UNIT_K, KIM_TIME_UNIT_ps, length, energy, charge,
                                    temperature, time, 0, 1, 0, 0, 0, &ev))
        return 1;
    m->length = a * bohr_in_angstrom;
    m->energy = ev * hartree_in_ev;
    return KIM_ModelCreate_SetUnits(c, length, energy, KIM_CHARGE_UNIT_unused, KIM_TEMPERATURE_UNIT_unused,
                                    KIM_TIME_UNIT_unused);
}

static int set_species(KIM_ModelCreate *c)
{
    const char *symbol = family_species();
    for (int code = 0; *symbol; code++) {
        char name[8];
        const size_t length = strcspn(symbol, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, symbol);
        if (KIM_ModelCreate_SetSpeciesCode(c, KIM_SpeciesName_FromString(name), code))
            return 1;
        symbol += length + (symbol[length] == ' ');
    }
    return 0;
}

static int model_refresh(KIM_ModelRefresh *r)
{
    model *m;
    char why[FAMILY_WHY];
    KIM_ModelRefresh_GetModelBufferPointer(r, (void **)&m);
    if (set_reach(m, why)) {
        FAIL(ModelRefresh, r, why);
        return 1;
    }
    KIM_ModelRefresh_SetInfluenceDistancePointer(r, &m->influence);
    KIM_ModelRefresh_SetNeighborListPointers(r, 1, &m->cutoff, &m->without_others);
    return 0;
}

static int model_destroy(KIM_ModelDestroy *d)
{
    model *m;
    KIM_ModelDestroy_GetModelBufferPointer(d, (void **)&m);
    if (m)
        free(m->parameters);
    free(m);
    return 0;
}

/* ---- the arguments of a computation ------------------------------------------------------------------ */

static int arguments_create(const KIM_ModelCompute *model_compute, KIM_ModelComputeArgumentsCreate *a)
{
    (void)model_compute;
    desk *d = calloc(1, sizeof *d);
    int failed = !d || !(d->room = family_room());
    const KIM_ComputeArgumentName wanted[] = {
        KIM_COMPUTE_ARGUMENT_NAME_partialEnergy, KIM_COMPUTE_ARGUMENT_NAME_partialForces,
        KIM_COMPUTE_ARGUMENT_NAME_partialParticleEnergy, KIM_COMPUTE_ARGUMENT_NAME_partialVirial};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted && !failed; k++)
        failed = KIM_ModelComputeArgumentsCreate_SetArgumentSupportStatus(a, wanted[k],
                                                                          KIM_SUPPORT_STATUS_optional);
    if (failed) {
        FAIL(ModelComputeArgumentsCreate, a, "there is not enough memory");
        if (d)
            family_room_free(d->room);
        free(d);
        return 1;
    }
    KIM_ModelComputeArgumentsCreate_SetModelBufferPointer(a, d);
    return 0;
}

static int arguments_destroy(const KIM_ModelCompute *model_compute, KIM_ModelComputeArgumentsDestroy *a)
{
    desk *d;
    (void)model_compute;
    KIM_ModelComputeArgumentsDestroy_GetModelBufferPointer(a, (void **)&d);
    if (d) {
        family_room_free(d->room);
        free(d->xyz);
        free(d->forces);
        free(d->energies);
    }
    free(d);
    return 0;
}

/* ---- a computation ------------------------------------------------------------------------------------- */

static int find_neighbours(const void *simulator, int atom, int *count, const int **list)
{
    return KIM_ModelComputeArguments_GetNeighborList(simulator, 0, atom, count, list);
}

/* Room for so many atoms, all zero where it is added to. */
static int set_desk(desk *d, int n)
{
    const size_t size = (size_t)n * sizeof(double);
    if (n > d->capacity) {
        free(d->xyz);
        free(d->forces);
        free(d->energies);
        d->xyz = malloc(3 * size);
        d->forces = malloc(3 * size);
        d->energies = malloc(size);
        d->capacity = d->xyz && d->forces && d->energies ? n : 0;
    }
    if (n > d->capacity)
        return 1;
    if (n) {
        memset(d->forces, 0, 3 * size);
        memset(d->energies, 0, size);
    }
    return 0;
}

static void put(double *to, const double *from, size_t n, double unit)
{
    for (size_t k = 0; to && k < n; k++)
        to[k] = from[k] * unit;
}

static void warn(const KIM_ModelCompute *c, desk *d, const model *m, int atom, const char *whose)
{
    char text[FAMILY_WHY];
    const double *x = d->xyz + 3 * (atom - 1);
    snprintf(text, sizeof text, "%s at %.4g %.4g %.4g has distances outside of the training data (said once)",
             whose, x[0] * m->length, x[1] * m->length, x[2] * m->length);
    KIM_ModelCompute_LogEntry(c, KIM_LOG_VERBOSITY_warning, text, __LINE__, __FILE__);
    d->warned = 1;
}

static int model_compute(const KIM_ModelCompute *c, const KIM_ModelComputeArguments *a)
{
    model *m;
    desk *d;
    int *natoms, *species, *contributing;
    double *xyz, *energy, *energies, *forces, *virial;
    char why[FAMILY_WHY];
    KIM_ModelCompute_GetModelBufferPointer(c, (void **)&m);
    KIM_ModelComputeArguments_GetModelBufferPointer(a, (void **)&d);
    int failed =
        KIM_ModelComputeArguments_GetArgumentPointerInteger(a, KIM_COMPUTE_ARGUMENT_NAME_numberOfParticles,
                                                            &natoms) ||
        KIM_ModelComputeArguments_GetArgumentPointerInteger(a, KIM_COMPUTE_ARGUMENT_NAME_particleSpeciesCodes,
                                                            &species) ||
        KIM_ModelComputeArguments_GetArgumentPointerInteger(a, KIM_COMPUTE_ARGUMENT_NAME_particleContributing,
                                                            &contributing) ||
        KIM_ModelComputeArguments_GetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_coordinates, &xyz) ||
        KIM_ModelComputeArguments_GetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_partialEnergy,
                                                           &energy) ||
        KIM_ModelComputeArguments_GetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_partialParticleEnergy,
                                                           &energies) ||
        KIM_ModelComputeArguments_GetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_partialForces,
                                                           &forces) ||
        KIM_ModelComputeArguments_GetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_partialVirial,
                                                           &virial);
    if (failed || set_desk(d, *natoms)) {
        FAIL(ModelCompute, c, failed ? "an argument of KIM is missing" : "there is not enough memory");
        return 1;
    }
    put(d->xyz, xyz, 3 * (size_t)*natoms, 1 / m->length);
    const family_atoms atoms = {*natoms, species, contributing, d->xyz, find_neighbours, a};
    family_answer answer = {.energies = d->energies, .forces = d->forces};
    if (family_compute(m->parameters, &atoms, d->room, &answer, why)) {
        FAIL(ModelCompute, c, why);
        return 1;
    }
    if (answer.outside && !d->warned)
        warn(c, d, m, answer.outside, answer.whose);
    put(energy, &answer.energy, 1, m->energy);
    put(energies, d->energies, (size_t)*natoms, m->energy);
    put(forces, d->forces, 3 * (size_t)*natoms, m->energy / m->length);
    put(virial, answer.virial, 6, m->energy);
    return 0;
}

/* ---- what KIM calls first ------------------------------------------------------------------------------ */

int model_create(KIM_ModelCreate *c, KIM_LengthUnit length, KIM_EnergyUnit energy, KIM_ChargeUnit charge,
                 KIM_TemperatureUnit temperature, KIM_TimeUnit time);

int model_create(KIM_ModelCreate *c, KIM_LengthUnit length, KIM_EnergyUnit energy, KIM_ChargeUnit charge,
                 KIM_TemperatureUnit temperature, KIM_TimeUnit time)
{
    const struct {
        KIM_ModelRoutineName name;
        int required;
        KIM_Function *routine;
    } routines[] = {
        {KIM_MODEL_ROUTINE_NAME_Refresh, 1, (KIM_Function *)model_refresh},
        {KIM_MODEL_ROUTINE_NAME_ComputeArgumentsCreate, 1, (KIM_Function *)arguments_create},
        {KIM_MODEL_ROUTINE_NAME_Compute, 1, (KIM_Function *)model_compute},
        {KIM_MODEL_ROUTINE_NAME_ComputeArgumentsDestroy, 1, (KIM_Function *)arguments_destroy},
        {KIM_MODEL_ROUTINE_NAME_Destroy, 1, (KIM_Function *)model_destroy},
    };
    char why[FAMILY_WHY] = "there is not enough memory";
    model *m = calloc(1, sizeof *m);
    int failed = !m;
    if (m)
        m->without_others = 1;
    if (!failed && (failed = set_units(c, m, length, energy, charge, temperature, time)) != 0)
        snprintf(why, sizeof why, "these units are not known");
    if (!failed && (failed = set_species(c)) != 0)
        snprintf(why, sizeof why, "KIM does not know all elements of %s", family_species());
    if (!failed) {
        m->parameters = family_parameters(&m->nparameters);
        failed = (m->nparameters && !m->parameters) || set_reach(m, why);
    }
    if (!failed)
        failed = KIM_ModelCreate_SetModelNumbering(c, KIM_NUMBERING_zeroBased);
    /* KIM wants no way to take parameters where there are none. */
    for (size_t k = !failed && m->nparameters ? 0 : 1; k < sizeof routines / sizeof *routines && !failed; k++)
        failed = KIM_ModelCreate_SetRoutinePointer(c, routines[k].name, KIM_LANGUAGE_NAME_c,
                                                   routines[k].required, routines[k].routine);
    for (int k = 0; m && k < m->nparameters && !failed; k++) {
        family_parameter *p = m->parameters + k;
        failed = KIM_ModelCreate_SetParameterPointerDouble(c, 1, &p->value, p->name, p->description);
    }
    if (failed) {
        FAIL(ModelCreate, c, why);
        if (m)
            free(m->parameters);
        free(m);
        return 1;
    }
    KIM_ModelCreate_SetModelBufferPointer(c, m);
    KIM_ModelCreate_SetInfluenceDistancePointer(c, &m->influence);
    KIM_ModelCreate_SetNeighborListPointers(c, 1, &m->cutoff, &m->without_others);
    return 0;
}
