/*
 * What the sources of a model need to know of a surface, for `make kim`: describe NAME.pes >settings.h
 * with pairs: describe NAME.pes NAME2.pes ENERGY CENTRE FROM TO BOND >settings.h
 *
 * The compiled functions are in NAME_pes.h, which does not tell them.
 */
#include "describe.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int add_species(species *s, int i, const char *symbol, size_t length)
{
    const char *at = s->names;
    int k = 0;
    for (; k < s->count; k++) {
        const size_t n = strcspn(at, " ");
        if (n == length && !strncmp(at, symbol, n))
            break;
        at += n + (at[n] == ' ');
    }
    if (k == s->count) {
        const size_t used = strlen(s->names);
        snprintf(s->names + used, sizeof s->names - used, "%s%.*s", k ? " " : "", (int)length, symbol);
        s->count++;
    }
    return s->of[i] = k;
}

void put_integers(const char *name, int n, const int *values)
{
    printf("static const int %s[] = {", name);
    for (int i = 0; i < n; i++)
        printf("%s%d", i ? ", " : "", values[i]);
    printf("};\n");
}

void put_numbers(const char *name, int n, const double *values)
{
    printf("static const double %s[] = {", name);
    for (int i = 0; i < n; i++)
        printf(isfinite(values[i]) ? "%s%.17g" : "%sHUGE_VAL", i ? ", " : "", values[i]);
    printf("};\n");
}

static void describe(const eqml_record *r, species *s)
{
    const char *symbol = r->symbols;
    const int n = r->natoms;
    for (int i = 0; i < n; i++) {
        const size_t length = strcspn(symbol, " ");
        add_species(s, i, symbol, length);
        symbol += length + (symbol[length] == ' ');
    }
    printf("#include <math.h>\n#define SURFACE_NATOMS %d\n#define SURFACE_SYMBOLS \"%s\"\n", n, r->symbols);
    printf("#define SURFACE_NSPECIES %d\n#define SURFACE_SPECIES \"%s\"\n", s->count, s->names);
    put_integers("surface_species", n, s->of);
    put_integers("surface_classes", n, r->classes);
    put_numbers("surface_lowest_xyz", 3 * n, r->lowest_xyz);
    put_numbers("surface_ranges", 2 * n * n, r->ranges);
}

int main(int argc, char **argv)
{
    static species s;
    eqml_handle *surface;
    char why[EQML_WHY];
    if ((argc != 2 && argc != 8) || eqml_open(argv[1], &surface, why, sizeof why)) {
        fprintf(stderr, "%s\n",
                argc == 2 || argc == 8 ? why
                                       : "usage: describe NAME.pes [NAME2.pes ENERGY CENTRE FROM TO BOND]");
        return 1;
    }
    const eqml_record *r = eqml_get(surface);
    int failed = !r->lowest_xyz || !r->ranges || r->natoms > MOST_ATOMS;
    if (failed)
        fprintf(stderr,
                r->natoms > MOST_ATOMS
                    ? "%s: more atoms than make kim takes\n"
                    : "%s: its lowest geometry and its ranges are not known: fit it anew\n",
                argv[1]);
    else
        describe(r, &s);
    if (!failed && argc == 8) {
        const pair_request pairs = {argv[2], argv[3], argv[4], argv[5], argv[6], atof(argv[7])};
        failed = describe_pairs(&pairs, surface, &s);
    }
    eqml_close(surface);
    return failed;
}
