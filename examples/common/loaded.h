/*
 * A potential for materials from its library, libNAME.so of `make potential`: its four functions, which stay put. Needs
 * POSIX (dlopen). Bohr and hartree.
 */
#ifndef COMMON_LOADED_H
#define COMMON_LOADED_H
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef int evaluate_function(size_t natoms, const double *xyz, const int *species, const double *cell,
                              const int *pbc, double *energy, double *forces, double *virial,
                              double *energies);

typedef struct loaded {
    void *library;
    int nspecies;
    const char *species; /* "W H" */
    double cutoff;
    evaluate_function *evaluate; /* an eqml_status */
} loaded;

static inline void *loaded__find(void *library, const char *name, const char *function)
{
    char symbol[256];
    snprintf(symbol, sizeof symbol, "%s_%s", name, function);
    return dlsym(library, symbol);
}

/* Opens DIRECTORY/libNAME.so. Nonzero after a message; release it with dlclose(p->library). */
static inline int load_potential(const char *program, const char *directory, const char *name, loaded *p)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s/lib%s.so", strchr(directory, '/') ? "" : "./", directory, name);
    memset(p, 0, sizeof *p);
    p->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!p->library) {
        fprintf(stderr, "%s: %s: cannot be loaded: %s; make potential NAME=%s ... makes it\n", program, path,
                dlerror(), name);
        return 1;
    }
    int (*nspecies)(void);
    const char *(*species)(void);
    double (*cutoff)(void);
    /* as POSIX has it: a pointer to an object holds one to a function */
    *(void **)(void *)&nspecies = loaded__find(p->library, name, "nspecies");
    *(void **)(void *)&species = loaded__find(p->library, name, "species");
    *(void **)(void *)&cutoff = loaded__find(p->library, name, "cutoff");
    *(void **)(void *)&p->evaluate = loaded__find(p->library, name, "evaluate");
    if (!nspecies || !species || !cutoff || !p->evaluate) {
        fprintf(stderr, "%s: %s: has no functions %s_nspecies, %s_species, %s_cutoff and %s_evaluate\n",
                program, path, name, name, name, name);
        dlclose(p->library);
        return 1;
    }
    p->nspecies = nspecies();
    p->species = species();
    p->cutoff = cutoff();
    return 0;
}

#endif
