/*
 * Vibrational states of a molecule of 3 to 9 atoms on a surface that `make pes` fitted: Watson's Hamiltonian in normal modes, the
 * self-consistent field, and configuration interaction.
 *
 *     make vci NAME=ch4 VCI="--order 4 --quanta 7 --json ch4.json"
 *
 * Theory. The Hamiltonian (vci/watson.h) is exact for a nonlinear molecule in one well. Its potential is expanded in terms of
 * few modes on grids (vci/expansion.h), of points that suit the potential along each mode (vci/modals.h); the self-consistent field
 * gives each mode functions of its own, modals, and products of these, by how far they are excited, are the basis
 * (vci/space.h), in blocks of the symmetry of the minimum (vci/symmetry.h). The matrix is sparse (vci/sparse.h, vci/hamiltonian.h), and its
 * lowest states come by Davidson's method (vci/solve.h). The method as a whole: J. M. Bowman, S. Carter, X. Huang,
 * Int. Rev. Phys. Chem. 22, 533 (2003).
 *
 * What approximates is the order of the expansion, the excitations, and the modes of mu's terms: the first two have a table of
 * convergence, the third --mu. In rectilinear normal modes a molecule stays in the well where it began: where there are two,
 * as in ammonia, the states are those of one, without tunnelling and its splittings; the motion from one to the other stands beside
 * them, in one dimension (vci/inversion.h).
 *
 * Band strengths are N_A pi / (3 c^2 4 pi eps0) 2 w |<0|mu|v>|^2 (common/units.h) with the dipole in Eckart's frame.
 */
#define _POSIX_C_SOURCE 200809L
#include "vci/output.h"

static const char help[] =
    "options of vibrational configuration interaction:\n"
    "  --order N         modes of a term of the potential, 1 to 6; default 4, from 10 vibrations on 3\n"
    "  --quanta N        excitations of a configuration; default 12, 8, 6, 4 for up to 3, 6, 9, 21 "
    "vibrations\n"
    "  --ceiling E       of a configuration, by harmonic wavenumbers, cm^-1; default: none\n"
    "  --coupled N       modes of a configuration that are excited; default: all\n"
    "  --points N        of each mode; default: 4 more than excitations, at least 10\n"
    "  --reach E         how far up one-mode potentials go, and at points of several modes their sums, "
    "cm^-1; default 60000\n"
    "  --memory GB       that points and matrices may take; default 8\n"
    "  --mu N            modes of a term of the inverse tensor of inertia, 0: that of the minimum; default "
    "2, from 10\n"
    "                    vibrations on 1, three atoms 3\n"
    "  --dipole N        modes of a term of the dipole, 0: no strengths; default 3, from 10 vibrations on 2\n"
    "  --states N        the lowest N; default: up to the fundamentals, at most 150\n"
    "  --convergence yes|no  the table of convergence; default yes\n"
    "  --checkpoint FILE points of the surface: a run that was stopped, or one with other --quanta, goes on "
    "from it\n"
    "  --every S         seconds between checkpoints; default 60\n" SURFACE_HELP;

int main(int argc, char **argv)
{
    surface_job job = {.program = "vci"};
    vci_options o = {.mu = -1, .dipole = -1, .every = 60};
    const char *convergence = "yes";
    char path[4096];
    const option own[] = {{"--order", NULL, NULL, &o.order, 1, EXPANSION_ORDER},
                          {"--quanta", NULL, NULL, &o.quanta, 1, 40},
                          {"--ceiling", NULL, &o.ceiling, NULL, 1000, 1e6},
                          {"--coupled", NULL, NULL, &o.coupled, 1, EXPANSION_MODES},
                          {"--points", NULL, NULL, &o.points, 4, 40},
                          {"--reach", NULL, &o.reach, NULL, 1000, 1e6},
                          {"--memory", NULL, &o.memory, NULL, 0.001, 1e6},
                          {"--mu", NULL, NULL, &o.mu, 0, EXPANSION_ORDER},
                          {"--dipole", NULL, NULL, &o.dipole, 0, EXPANSION_ORDER},
                          {"--states", NULL, NULL, &o.states, 1, 1000},
                          {"--convergence", &convergence, NULL, NULL, 0, 0},
                          {"--checkpoint", &o.checkpoint, NULL, NULL, 0, 0},
                          {"--every", NULL, &o.every, NULL, 0, 0}};
    molecule m = {0};
    vci_run r = {0};
    int bad = surface_options(&job, help, argc, argv, own, sizeof own / sizeof *own);
    if (!bad && strcmp(convergence, "yes") && strcmp(convergence, "no"))
        bad = complain("vci", "--convergence", "expected yes or no");
    o.convergence = !strcmp(convergence, "yes");
    bad = bad || molecule_read(&job, &m) || (o.dipole > 0 && molecule_needs_dipole(&m)) ||
          molecule_settle(&job, &m) || vci_choose(&o, &m) || vci_run_all(&o, &m, &r);
    if (!bad) {
        vci_print(&o, &m, &r);
        snprintf(path, sizeof path, "%s/vci.svg", job.directory);
        bad = vci_draw(path, &m, &r) || (job.json && vci_write_json(job.json, &o, &m, &r));
    }
    vci_run_free(&r);
    molecule_free(&m);
    return surface_end("vci", bad);
}
