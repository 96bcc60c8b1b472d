/* The functions of one fitted potential. */
#ifndef EQML__CLOUD_MODEL_H
#define EQML__CLOUD_MODEL_H
#include "cloud/evaluate.h"

EQML_FUNCTION eqml_status eqml__cloud_call(const eqml_cloud_model *model, size_t natoms, const double *xyz,
                                           const int *species, const double *cell, const int *pbc,
                                           const eqml_cloud_result *result)
{
    eqml_cloud_workspace w;
    eqml_configuration c;
    memset(&w, 0, sizeof w);
    c.natoms = natoms;
    c.xyz = xyz;
    c.species = species;
    c.cell = cell;
    c.pbc = pbc;
    const eqml_status status = eqml_cloud_evaluate(model, &c, &w, result, NULL);
    eqml_cloud_workspace_free(&w);
    return status;
}

/*
 * Functions NAME_nspecies, NAME_species, NAME_cutoff (bohr) and NAME_evaluate of the model NAME_model, for xyz[natoms][3] in
 * bohr, species by their numbers in NAME_species, cell[3][3] in rows (NULL: open), pbc[3] (NULL: all, where there is a
 * cell). Outputs may be NULL: energy in hartree, forces[natoms][3] in hartree/bohr, virial[6] xx yy zz yz xz xy as
 * -dE/dstrain in hartree, energies[natoms] of the atoms. NAME_evaluate returns an eqml_status, 0 where all is well; else
 * the outputs stay as they were. It may be called from any number of threads.
 */
#define EQML_CLOUD_POTENTIAL_FUNCTIONS(NAME, API)                                                            \
    API int NAME##_nspecies(void)                                                                            \
    {                                                                                                        \
        return NAME##_model.basis->nspecies;                                                                 \
    }                                                                                                        \
    API const char *NAME##_species(void)                                                                     \
    {                                                                                                        \
        return NAME##_model.basis->species;                                                                  \
    }                                                                                                        \
    API double NAME##_cutoff(void)                                                                           \
    {                                                                                                        \
        return eqml_cloud_cutoff(&NAME##_model);                                                             \
    }                                                                                                        \
    API int NAME##_evaluate(size_t natoms, const double *xyz, const int *species, const double *cell,        \
                            const int *pbc, double *energy, double *forces, double *virial,                  \
                            double *energies)                                                                \
    {                                                                                                        \
        const eqml_cloud_result result = {energy, forces, virial, energies};                                 \
        return (int)eqml__cloud_call(&NAME##_model, natoms, xyz, species, cell, pbc, &result);               \
    }

#endif /* EQML__CLOUD_MODEL_H */
