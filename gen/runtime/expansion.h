/* Expansions: a surface as a sum of surfaces over subsets of atoms. */
#ifndef EQML__EXPANSION_H
#define EQML__EXPANSION_H
#include "fit.h"
#include "batch.h"

/*
 * An expansion is a sum of surfaces over subsets of atoms:
 *
 *     V(x) = constant + sum over components c, and over their tuples of atoms t, of  s_c(x_t) V_c(x_t)
 *
 * All tuples of a component share one surface V_c. One least-squares problem fits everything. Many-body
 * expansions (pairs, triples, quadruples of each kind), fragmented bases of large molecules [1] and clusters
 * of any size are written so. Methane as pairs, triples and quadruples of its atoms:
 *
 *     eqml_part parts[] = {{&hh_basis, morse, 0, NULL, 0, 0, 0}, {&hc_basis, morse, 0, NULL, 0, 0, 0}, ...};
 *     eqml_expansion expansion;
 *     eqml_expansion_create(&expansion, "H H H H C", 6, parts, &message);
 *     eqml_expansion_fit(&expansion, &data, NULL, NULL, &message);
 *     work = aligned_alloc(64, eqml_expansion_work(&expansion) * sizeof(double));
 *     v = eqml_expansion_energy_gradient(&expansion, xyz, gradient, work);
 *
 * A component may vanish smoothly when its atoms are far apart. Its switch s_c is the product, over the
 * distances r within the tuple, of
 *
 *     1 for r <= inner,   u^3 (1 + 3 t + 6 t^2) = 1 - 10 t^3 + 15 t^4 - 6 t^5,   0 for r >= cutoff,
 *
 * with t = (r - inner) / (cutoff - inner) and u = 1 - t. It is twice continuously differentiable: the
 * potential switch of GROMACS [2].
 *
 * [1] Qu, Bowman, J. Chem. Phys. 150, 141101 (2019): a fragmented basis.
 * [2] Abraham et al., SoftwareX 1, 19 (2015); the reference manual, Modified non-bonded interactions.
 */

/* What a component is made of. */
typedef struct eqml_part {
    const eqml_basis *basis;
    const eqml_variable *variables; /* [npair_classes], copied */
    int ntuples;                    /* 0: all that the elements allow, see eqml_expansion_create */
    const int *tuples;              /* [ntuples][natoms of the basis] atoms of the molecule, copied */
    double inner, cutoff;           /* of the switch, bohr, 0 <= inner < cutoff; both 0: no switch */
    int centre;                     /* k > 0: only distances to the k-th atom of the tuple are switched */
} eqml_part;

typedef struct eqml_component {
    eqml_surface surface;
    int ntuples;
    int *tuples; /* [ntuples][natoms of the basis] */
    double inner, cutoff;
    int centre;
} eqml_component;

typedef struct eqml_expansion {
    int natoms, ncomponents;
    eqml_component *components;
    double constant; /* hartree */
} eqml_expansion;

EQML_API eqml_status eqml_expansion_create(eqml_expansion *expansion, const char *symbols, int nparts,
                                           const eqml_part *parts, eqml_message *message);
/*
 * Makes the zero potential of a molecule, with a component for each of parts[nparts]. `symbols` are those of
 * its atoms ("H H H H C"); the bases must stay. Release it with eqml_expansion_free(). On failure *expansion
 * is empty, and the message (may be NULL) names the part, from 0.
 *
 * A part without tuples gets each choice of atoms that are the elements of its basis in their order, once:
 * atoms of one class of the basis in ascending order.
 *
 * EQML_ERROR_ARGUMENT: an index of a tuple is out of range or twice in it; a cutoff is not positive or not
 * beyond `inner`; a centre is not alone in its class of atoms (the switch would not be invariant); variables
 * are not valid; a basis has factors that are not terms.
 * EQML_ERROR_MATCH: no atoms of the molecule are those of the basis.
 */

EQML_API void eqml_expansion_free(eqml_expansion *expansion);
/* Releases its arrays and empties it. An empty one is allowed. */

EQML_API eqml_status eqml_expansion_fit(eqml_expansion *expansion, const eqml_data *data,
                                        const eqml_fit_options *options, eqml_fit_result *result,
                                        eqml_message *message);
/*
 * Does what eqml_fit() does, with one unknown for `constant` and one for each term of each component. The
 * constant term of a component without a switch is left out. Each fit shifts the factors anew. Components may
 * overlap: a basis of triples contains functions of pairs. The rank is then less than the number of terms,
 * and the solution of least norm is taken.
 */

EQML_API eqml_status eqml_expansion_errors(const eqml_expansion *expansion, const eqml_data *data,
                                           const unsigned char *use, eqml_errors *errors);
/* See eqml_surface_errors. */

EQML_API eqml_status eqml_expansion_write(const eqml_expansion *expansion, const char *path,
                                          eqml_message *message);
EQML_API eqml_status eqml_expansion_read(eqml_expansion *expansion, const char *path, int nbases,
                                         const eqml_basis *const *bases, eqml_message *message);
/*
 * Writes and reads a text file, exact:
 *
 *     eqml-expansion 1 NATOMS NCOMPONENTS
 *     constant -0x1.43p+5
 *     component NTUPLES ATOMS CENTRE     one for each, followed by
 *     inner 0x0p+0
 *     cutoff 0x1.8p+2
 *     tuple 0 1 4                        its tuples
 *     eqml-pes 4 ...                     and its surface, see eqml_surface_write
 *     end
 *
 * Reading makes the whole expansion. It wants a basis for each component, in their order, and checks the file
 * against them. Memory follows the lines of the file, whatever counts it promises. Errors are those of
 * eqml_surface_read;
 * EQML_ERROR_VALUE: also a tuple, switch or centre that eqml_expansion_create would refuse.
 */

/* Tuples that are evaluated together: two groups of lanes. */
enum { EQML__CHUNK = 2 * EQML_LANES };

/* Doubles of work that an evaluation needs, whatever the number of geometries. */
EQML_FUNCTION size_t eqml_expansion_work(const eqml_expansion *x)
{
    size_t most = 0;
    for (int k = 0; k < x->ncomponents; k++) {
        const eqml_basis *b = x->components[k].surface.model.basis;
        const size_t lanes = (size_t)EQML_WORK_BATCH(b->nslots, b->npairs, b->natoms) * EQML_LANES;
        const size_t need = lanes + EQML__CHUNK * 9 * (size_t)b->natoms;
        most = need > most ? need : most;
    }
    return most + 8;
}

/* Returns the switch of a tuple at xyz[natoms][3]; writes its gradient[natoms][3] unless that is NULL. */
EQML_FUNCTION double eqml__switch(const eqml_component *c, int natoms, const double *xyz, double *gradient)
{
    const double width = c->cutoff - c->inner;
    double product = 1;
    for (int k = 0; gradient && k < 3 * natoms; k++)
        gradient[k] = 0;
    for (int i = 0; c->cutoff > 0 && i < natoms; i++)
        for (int j = i + 1; j < natoms; j++) {
            if (c->centre && i != c->centre - 1 && j != c->centre - 1)
                continue;
            const double *a = xyz + 3 * i, *b = xyz + 3 * j, d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
            const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]), t = (r - c->inner) / width;
            if (t <= 0)
                continue;
            if (t >= 1)
                return 0;
            const double u = 1 - t, value = u * u * u * (1 + t * (3 + 6 * t));
            const double change = -30 * t * t * u * u / (width * value * r); /* dln s/dr, over r */
            product *= value;
            for (int k = 0; gradient && k < 3; k++) {
                gradient[3 * i + k] += change * d[k];
                gradient[3 * j + k] -= change * d[k];
            }
        }
    for (int k = 0; gradient && k < 3 * natoms; k++)
        gradient[k] *= product;
    return product;
}

/* Tuples that wait to be evaluated together, and where their results go. */
typedef struct eqml__chunk {
    int count;
    size_t geometry[EQML__CHUNK];
    const int *tuple[EQML__CHUNK];
    double factor[EQML__CHUNK];     /* of the switch */
    double *xyz, *gradient, *slope; /* [EQML__CHUNK][natoms][3]; slope: of the switch */
    double *work;
} eqml__chunk;

/* Evaluates the waiting tuples and adds them to their geometries; gradient may be NULL. */
EQML_FUNCTION void eqml__flush_chunk(const eqml_expansion *x, const eqml_component *c, eqml__chunk *chunk,
                                     double *energy, double *gradient)
{
    const eqml_model *m = &c->surface.model;
    const int natoms = m->basis->natoms;
    const size_t size = 3 * (size_t)natoms;
    double v[EQML__CHUNK];
    if (chunk->count == 0)
        return;
    eqml__step_lanes(m, 2, chunk->count, chunk->xyz, v, gradient ? chunk->gradient : NULL,
                     (eqml_lanes *)(void *)chunk->work);
    for (int k = 0; k < chunk->count; k++) {
        const double s = chunk->factor[k], *from = chunk->gradient + (size_t)k * size;
        const double *slope = chunk->slope + (size_t)k * size;
        energy[chunk->geometry[k]] += s * v[k];
        for (int a = 0; gradient && a < natoms; a++) {
            double *to = gradient + 3 * (chunk->geometry[k] * (size_t)x->natoms + (size_t)chunk->tuple[k][a]);
            for (int i = 0; i < 3; i++)
                to[i] += s * from[3 * a + i] + v[k] * slope[3 * a + i];
        }
    }
    chunk->count = 0;
}

/*
 * Writes energy[n] of the geometries xyz[n][natoms][3], and gradient[n][natoms][3] unless that is NULL. work
 * has eqml_expansion_work() doubles, 64-byte aligned, of each thread's own. Tuples beyond the cutoff cost
 * only their distances.
 */
EQML_FUNCTION void eqml_expansion_energy_gradient_batch(const eqml_expansion *x, size_t n, const double *xyz,
                                                        double *energy, double *gradient, double *work)
{
    const size_t size = 3 * (size_t)x->natoms;
    for (size_t g = 0; g < n; g++)
        energy[g] = x->constant;
    for (size_t k = 0; gradient && k < n * size; k++)
        gradient[k] = 0;
    for (int component = 0; component < x->ncomponents; component++) {
        const eqml_component *c = &x->components[component];
        const int natoms = c->surface.model.basis->natoms;
        const size_t room = 3 * (size_t)natoms * EQML__CHUNK;
        eqml__chunk chunk;
        chunk.count = 0;
        chunk.xyz = work;
        chunk.gradient = work + room;
        chunk.slope = work + 2 * room;
        chunk.work = work + (3 * room + 7) / 8 * 8;
        for (size_t g = 0; g < n; g++)
            for (int t = 0; t < c->ntuples; t++) {
                const int *tuple = c->tuples + (size_t)t * (size_t)natoms;
                double *to = chunk.xyz + 3 * (size_t)(chunk.count * natoms);
                for (int a = 0; a < natoms; a++)
                    for (int k = 0; k < 3; k++)
                        to[3 * a + k] = xyz[g * size + (size_t)(3 * tuple[a] + k)];
                const double s =
                    eqml__switch(c, natoms, to, chunk.slope + 3 * (size_t)(chunk.count * natoms));
                if (!(s > 0))
                    continue;
                chunk.factor[chunk.count] = s;
                chunk.geometry[chunk.count] = g;
                chunk.tuple[chunk.count] = tuple;
                if (++chunk.count == EQML__CHUNK)
                    eqml__flush_chunk(x, c, &chunk, energy, gradient);
            }
        eqml__flush_chunk(x, c, &chunk, energy, gradient);
    }
}

/*
 * Returns the energy of one geometry and writes its gradient[natoms][3] unless that is NULL; work as above.
 */
EQML_FUNCTION double eqml_expansion_energy_gradient(const eqml_expansion *x, const double *xyz,
                                                    double *gradient, double *work)
{
    double energy;
    eqml_expansion_energy_gradient_batch(x, 1, xyz, &energy, gradient, work);
    return energy;
}

#endif /* EQML__EXPANSION_H */
