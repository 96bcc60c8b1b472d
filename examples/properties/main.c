/*
 * What a user of a potential for materials checks first, from its library: `make properties NAME=cu`. By hand:
 *
 *     cc -O3 -Iexamples examples/properties/[a-z]*.c -o properties -ldl -lm
 *     ./properties --directory build/potential/cu --name cu
 */
#include "properties.h"
#include "common/elements.h"
#include "common/options.h"
#include "common/whole.h"

static const char help[] =
    "options:\n"
    "  --directory DIR     has libNAME.so; properties.json and pictures go there, too; default .\n"
    "  --name NAME         of the potential\n"
    "  --species SYMBOL    which of its elements; default: the first\n"
    "  --crystal LATTICE   fcc, bcc, hcp or diamond; default: the one of least energy\n"
    "  --distance R        of nearest neighbours, angstrom, about; default: twice the covalent radius\n"
    "  --mass M            dalton; default: that of the most abundant isotope\n";

typedef struct job {
    const char *directory, *name, *species, *crystal;
    double distance, mass;
} job;

static int fail(const char *about, const char *what)
{
    fprintf(stderr, "properties: %s: %s\n", about, what);
    return 1;
}

static int parse(int argc, char **argv, job *j)
{
    const struct {
        const char *name, **text;
        double *number;
    } options[] = {{"--directory", &j->directory, NULL}, {"--name", &j->name, NULL},
                   {"--species", &j->species, NULL},     {"--crystal", &j->crystal, NULL},
                   {"--distance", NULL, &j->distance},   {"--mass", NULL, &j->mass}};
    for (int i = 1; i < argc; i++) {
        const int k = find_option("properties", help, argc, argv, &i, options,
                                  sizeof options / sizeof *options, sizeof *options);
        if (k < 0)
            return 1;
        if (options[k].text)
            *options[k].text = argv[i];
        else if (parse_number("properties", options[k].name, argv[i], 0.1, options[k].number))
            return 1;
    }
    return is_c_name(j->name) ? 0 : fail("--name", "expected a C identifier, as in cu");
}

/* The species, its mass, and the distance of neighbours; the lattice that is wanted, or -1. */
static int choose(const job *j, problem *p, int *wanted)
{
    const char *list = p->potential.species, *name = j->species ? j->species : list;
    const size_t length = strcspn(name, " ");
    const element *known = find_element(name, length);
    p->species = -1;
    for (int k = 0; *list; k++) {
        const size_t n = strcspn(list, " ");
        if (p->species < 0 && n == length && !strncmp(list, name, n))
            p->species = k;
        list += n + strspn(list + n, " ");
    }
    if (p->species < 0)
        return fail(name, "no species of the potential");
    if (!known && j->distance == 0)
        return fail(name, "its radius is not known here; give --distance");
    p->distance = (j->distance > 0 ? j->distance : 2 * known->radius) * ANGSTROM;
    p->mass = (j->mass > 0 ? j->mass : known ? known->mass : 0) * DALTON;
    *wanted = -1;
    for (int l = 0; l < LATTICES && j->crystal; l++)
        if (!strcmp(j->crystal, lattice_name((lattice)l)))
            *wanted = l;
    return j->crystal && *wanted < 0 ? fail(j->crystal, "expected fcc, bcc, hcp or diamond") : 0;
}

static void print_results(const problem *p, const results *r)
{
    const crystal *c = &r->crystal;
    printf("  energy of an atom, eV, and edge, angstrom:\n");
    for (int l = 0; l < LATTICES; l++)
        if (isfinite(r->edge[l]))
            printf("    %-8s %12.5f  (%+8.1f meV)  a %.4f%s", lattice_name((lattice)l), r->energy[l] / EV,
                   1e3 * (r->energy[l] - r->energy[c->lattice]) / EV, r->edge[l] / ANGSTROM,
                   l == HCP ? "" : "\n"),
                l == HCP ? printf("  c/a %.4f\n", r->ratio) : 0;
        else
            printf("    %-8s no minimum near these distances\n", lattice_name((lattice)l));
    printf("  of %s:\n    elastic constants, GPa:", lattice_name(c->lattice));
    const int cubic[3][2] = {{0, 0}, {0, 1}, {3, 3}},
              hexagonal[5][2] = {{0, 0}, {0, 1}, {0, 2}, {2, 2}, {3, 3}};
    for (int k = 0; k < (c->lattice == HCP ? 5 : 3); k++) {
        const int *e = c->lattice == HCP ? hexagonal[k] : cubic[k];
        printf(" C%d%d %.1f", e[0] + 1, e[1] + 1, r->elastic[e[0]][e[1]] / GPA);
    }
    printf(", bulk modulus %.1f\n", r->bulk / GPA);
    if (c->nkinds > 1)
        printf("    with atoms held at their fractions: C11 %.1f C12 %.1f C44 %.1f\n",
               r->elastic_clamped[0][0] / GPA, r->elastic_clamped[0][1] / GPA,
               r->elastic_clamped[3][3] / GPA);
    printf("    vacancy, eV: %.3f (%.3f before atoms move), %d places\n", r->vacancy / EV,
           r->vacancy_unrelaxed / EV, r->vacancy_atoms);
    printf("    surfaces, J/m^2:");
    for (int k = 0; k < SURFACES; k++)
        printf(" (%s) %.3f (%.3f)%s", surface_name(c->lattice, k), r->surface[k] / J_PER_M2,
               r->surface_unrelaxed[k] / J_PER_M2, k < SURFACES - 1 ? "," : "\n");
    for (int k = 0; k < POINTS && point_name(c->lattice, k) && p->mass > 0; k++) {
        printf("    phonons at %s, THz:", point_name(c->lattice, k));
        for (int m = 0; m < 3 * c->nkinds; m++)
            printf(" %.3f", r->frequency[k][m] / THZ);
        printf("\n");
    }
}

static int write_json(const char *path, const problem *p, const results *r)
{
    const crystal *c = &r->crystal;
    whole w;
    whole_open(&w, path);
    if (w.out) {
        fprintf(w.out,
                "{\n  \"crystal\": \"%s\",\n  \"a_angstrom\": %.6f,\n  \"c_over_a\": %.6f,\n  \"energy_ev\": "
                "%.7f,\n",
                lattice_name(c->lattice), c->edge[0] / ANGSTROM, c->edge[2] / c->edge[0],
                r->energy[c->lattice] / EV);
        for (int l = 0; l < LATTICES; l++)
            if (isfinite(r->edge[l]))
                fprintf(w.out, "  \"%s_minus_ground_ev\": %.6f,\n", lattice_name((lattice)l),
                        (r->energy[l] - r->energy[c->lattice]) / EV);
        fprintf(w.out, "  \"elastic_gpa\": [");
        for (int k = 0; k < 36; k++)
            fprintf(w.out, "%s%.3f", k == 0 ? "[" : k % 6 ? ", " : "], [", r->elastic[k / 6][k % 6] / GPA);
        fprintf(w.out,
                "]],\n  \"bulk_modulus_gpa\": %.3f,\n  \"vacancy_ev\": %.5f,\n  \"surfaces_j_per_m2\": {",
                r->bulk / GPA, r->vacancy / EV);
        for (int k = 0; k < SURFACES; k++)
            fprintf(w.out, "%s\"%s\": %.5f", k ? ", " : "", surface_name(c->lattice, k),
                    r->surface[k] / J_PER_M2);
        fprintf(w.out, "},\n  \"phonons_thz\": {");
        for (int k = 0; k < POINTS && point_name(c->lattice, k) && p->mass > 0; k++) {
            fprintf(w.out, "%s\"%s\": [", k ? ", " : "", point_name(c->lattice, k));
            for (int m = 0; m < 3 * c->nkinds; m++)
                fprintf(w.out, "%s%.4f", m ? ", " : "", r->frequency[k][m] / THZ);
            fprintf(w.out, "]");
        }
        fprintf(w.out, "}\n}\n");
    }
    if (!whole_close(&w, 0))
        return 0;
    fprintf(stderr, "properties: %s: cannot be written: %s\n", path, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    job j = {".", "", NULL, NULL, 0, 0};
    problem p = {0};
    int wanted = -1;
    char path[4096];
    if (parse(argc, argv, &j) || load_potential("properties", j.directory, j.name, &p.potential))
        return 1;
    results *r = calloc(1, sizeof *r);
    int bad = !r ? fail(j.name, "out of memory") : choose(&j, &p, &wanted);
    bad = bad || find_crystals(&p, wanted, r) || find_elastic(&p, r) || find_vacancy(&p, r) ||
          find_surfaces(&p, r) || find_dimer(&p, r) || (p.mass > 0 && find_phonons(&p, r));
    if (!bad) {
        printf("%s, species %s\n", j.name, j.species ? j.species : p.potential.species);
        print_results(&p, r);
        snprintf(path, sizeof path, "%s/properties.json", j.directory);
        bad = write_json(path, &p, r) || draw_results(j.directory, &p, r);
    }
    free(r);
    dlclose(p.potential.library);
    return bad != 0;
}
