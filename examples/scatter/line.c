/* A fitted surface of three atoms on a line. */
#include "scatter/line.h"
#include "scatter/run.h"

enum { BATCH = 64 };

void on_line(void *context, size_t n, const double *ab, const double *bc, double *energy)
{
    const line *l = context;
    double xyz[9 * BATCH];
    for (size_t from = 0; from < n; from += BATCH) {
        const size_t count = n - from < BATCH ? n - from : BATCH;
        memset(xyz, 0, sizeof xyz);
        for (size_t k = 0; k < count; k++)
            xyz[9 * k] = -fmax(ab[from + k], 0.1), xyz[9 * k + 6] = fmax(bc[from + k], 0.1);
        molecule_energies(l->m, count, xyz, energy + from, NULL);
        for (size_t k = 0; k < count; k++)
            if (!isfinite(energy[from + k]) ||
                (fmin(ab[from + k], bc[from + k]) < 1 && !eqml_surface_inside(&l->m->surface, xyz + 9 * k)))
                energy[from + k] = l->wall;
    }
}

int line_reaches(const char *program, const collinear *c, double far, line *l)
{
    const double part = c->mass[2] / (c->mass[1] + c->mass[2]);
    const double one = scatter_bottom(c, far), two = scatter_bottom(c, 1.5 * far);
    const double xyz[9] = {-(far - part * 1.5), 0, 0, 0, 0, 0, 1.5, 0, 0};
    char text[256];
    if (!eqml_surface_inside(&l->m->surface, xyz)) {
        snprintf(text, sizeof text,
                 "the data do not reach to atom 1 at %.1f bohr from the molecule 2-3: scattering needs a "
                 "surface of an "
                 "atom and a molecule apart, as make h3-surface fits one",
                 far);
        return complain(program, l->m->name, text);
    }
    if (!(fabs(one - two) < 1e-3)) {
        snprintf(text, sizeof text,
                 "the minimum of the molecule 2-3 changes by %.2g hartree from %.1f to %.1f bohr: the "
                 "surface is not flat "
                 "there; fit it with variables that vanish far out, FIT=\"--variable morse:2\"",
                 two - one, far, 1.5 * far);
        return complain(program, l->m->name, text);
    }
    return 0;
}

void on_line_scaled(void *context, size_t n, const double *x, double *energy, double *gradient)
{
    const line_land *land = context;
    const collinear *c = land->c;
    const double part = c->mass[2] / (c->mass[1] + c->mass[2]), inner = collinear_scale(c, 0),
                 outer = sqrt(collinear_approach(c, 0) / collinear_mass(c));
    double xyz[9 * BATCH], slope[9 * BATCH];
    for (size_t from = 0; from < n; from += BATCH) {
        const size_t count = n - from < BATCH ? n - from : BATCH;
        memset(xyz, 0, sizeof xyz);
        for (size_t k = 0; k < count; k++) {
            const double bc = x[2 * (from + k) + 1] / inner, ab = x[2 * (from + k)] / outer - part * bc;
            xyz[9 * k] = -fmax(ab, 0.1), xyz[9 * k + 6] = fmax(bc, 0.1);
        }
        molecule_energies(land->l->m, count, xyz, energy + from, gradient ? slope : NULL);
        for (size_t k = 0; k < count && gradient; k++) {
            const double by_ab = -slope[9 * k], by_bc = slope[9 * k + 6];
            gradient[2 * (from + k)] = by_ab / outer;
            gradient[2 * (from + k) + 1] = (by_bc - part * by_ab) / inner;
        }
    }
}

void line_reaction(const collinear *c, double along[2], double begin[2], double outwards[2])
{
    const double part = c->mass[2] / (c->mass[1] + c->mass[2]), inner = collinear_scale(c, 0),
                 outer = sqrt(collinear_approach(c, 0) / collinear_mass(c));
    along[0] = 1 / outer, along[1] = -(1 + part) / inner;
    begin[0] = 1.8 * (1 + part) * outer, begin[1] = 1.8 * inner;
    outwards[0] = outer, outwards[1] = 0;
}
