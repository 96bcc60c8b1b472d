/*
 * What molecules.c needs to know of a surface, for `make kim`: describe NAME.pes >settings.h
 *
 * The compiled functions are in NAME_pes.h, which does not tell them.
 */
#include "eqml_library.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 200 };

/* The elements, each once, and their places. */
static int list_species(const eqml_record *r, const char *names[MOST], size_t lengths[MOST],
                        int species[MOST])
{
    const char *symbol = r->symbols;
    int n = 0;
    for (int i = 0; i < r->natoms; i++) {
        const size_t length = strcspn(symbol, " ");
        int s = 0;
        while (s < n && (lengths[s] != length || strncmp(names[s], symbol, length) != 0))
            s++;
        if (s == n) {
            names[n] = symbol;
            lengths[n++] = length;
        }
        species[i] = s;
        symbol += length + (symbol[length] == ' ');
    }
    return n;
}

static void put_integers(const char *name, int n, const int *values)
{
    printf("static const int %s[] = {", name);
    for (int i = 0; i < n; i++)
        printf("%s%d", i ? ", " : "", values[i]);
    printf("};\n");
}

static void put_numbers(const char *name, int n, const double *values)
{
    printf("static const double %s[] = {", name);
    for (int i = 0; i < n; i++)
        printf(isfinite(values[i]) ? "%s%.17g" : "%sHUGE_VAL", i ? ", " : "", values[i]);
    printf("};\n");
}

int main(int argc, char **argv)
{
    eqml_handle *surface;
    char why[EQML_WHY];
    const char *names[MOST];
    size_t lengths[MOST];
    int species[MOST];
    if (argc != 2 || eqml_open(argv[1], &surface, why, sizeof why)) {
        fprintf(stderr, "%s\n", argc == 2 ? why : "usage: describe NAME.pes");
        return 1;
    }
    const eqml_record *r = eqml_get(surface);
    if (!r->lowest_xyz || !r->ranges) {
        fprintf(stderr, "%s: its lowest geometry and its ranges are not known: fit it anew\n", argv[1]);
        return 1;
    }
    const int n = r->natoms, nspecies = list_species(r, names, lengths, species);
    printf("#include <math.h>\n#define SURFACE_NATOMS %d\n#define SURFACE_SYMBOLS \"%s\"\n", n, r->symbols);
    printf("#define SURFACE_NSPECIES %d\n#define SURFACE_SPECIES \"", nspecies);
    for (int s = 0; s < nspecies; s++)
        printf("%s%.*s", s ? " " : "", (int)lengths[s], names[s]);
    printf("\"\n");
    put_integers("surface_species", n, species);
    put_integers("surface_classes", n, r->classes);
    put_numbers("surface_lowest_xyz", 3 * n, r->lowest_xyz);
    put_numbers("surface_ranges", 2 * n * n, r->ranges);
    eqml_close(surface);
    return 0;
}
