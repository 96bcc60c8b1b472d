/*
 * Adopts a potential that stands in a library, of C or Fortran, in two steps with a fit between them, for `make adopt`:
 *
 *     ./adopt --library ./old.so --symbol pot --samples-file samples.xyz [options]
 *     ./adopt --library ./old.so --symbol pot --start samples.xyz --surface build/pes/ch4/libch4.so --name ch4 \
 *         --directory build/pes/ch4 [options]
 *
 * The first checks that the library behaves, and writes a sample of geometries with its energies; the second compares the
 * fitted surface with it at new geometries, and writes adopt.json and adopt.xyz, the geometries where they differ most. By
 * hand:
 *
 *     printf '#include "ch4.h"\nconst eqml_basis *const basis = &ch4_basis;\n' >basis.c
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/common/minimise.c examples/census/?*.c \
 *         examples/adopt/?*.c -o adopt -lm
 *
 * eqml.c is that of fit/main.c; ch4.h a basis of these atoms, of any degree. Status: 0, or 1 where it could not be done.
 */
#include "adopt/job.h"
#include <errno.h>

int fail(const char *what, const char *text)
{
    fprintf(stderr, "adopt: %s%s%s\n", what, *what ? ": " : "", text);
    return 1;
}

static void print_job(const job *j, const potential *p)
{
    printf("adopt: %s, %s, called as %s; %s, %s, %s in memory, atoms", j->library, p->symbol, j->form,
           j->energy_name, j->length_name, j->layout);
    for (int i = 0; i < basis->natoms; i++)
        printf("%s%d", i ? "," : " ", j->order[i] + 1);
    printf(" of %s%s%s\n", basis->composition, j->init ? "; first " : "", j->init ? j->init : "");
    fflush(stdout);
}

/* The library of the surface is loaded when the potential's folder is the working one: its path must hold there too. */
static int settle_surface(job *j, char **full)
{
    *full = j->surface ? realpath(j->surface, NULL) : NULL;
    if (j->surface && !*full)
        return fail(j->surface, strerror(errno));
    j->surface = *full;
    return 0;
}

int main(int argc, char **argv)
{
    char *full = NULL;
    job j = {.library = "",
             .symbol = "",
             .form = "v=f(x)",
             .energy_name = "hartree",
             .length_name = "bohr",
             .layout = "xyzxyz",
             .directory = ".",
             .name = basis->name,
             .samples = 2000,
             .up_to = 20000,
             .checks = 2000,
             .seed = 1};
    potential p = {0};
    beginning b = {0};
    checked c;
    int bad = parse_options(argc, argv, &j) || settle_surface(&j, &full) || read_files(&j, &b) ||
              potential_open(&j, &p);
    if (!bad) {
        print_job(&j, &p);
        bad = find_beginning(&j, &p, &b) || check_potential(&j, &p, &b, &c) ||
              (j.surface ? compare(&j, &p, &b, &c) : write_samples(&j, &p, &b));
    }
    if (!bad && (fflush(stdout) || ferror(stdout)))
        bad = fail("", "standard output cannot be written");
    potential_close(&p);
    free_beginning(&b);
    free(j.order);
    free(full);
    return bad;
}
