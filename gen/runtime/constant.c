/* Distances that do not vary in the data. */
#ifndef EQML__CONSTANT_C
#define EQML__CONSTANT_C
#include "fit.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

/*
 * A pair of atoms is constant if its distance varies over the training geometries by at most this fraction of
 * its mean. Bonds of rigid monomers and of constrained scans vary only in the last digits of the data, and
 * nothing may be learnt from those. Six decimals in angstrom leave up to 3.5e-6 angstrom between two
 * distances, 5e-6 of the shortest bond, H-H. Motion that data mean to show is larger: finite differences take
 * steps of 1e-3 bohr or more.
 */
#define EQML__CONSTANT 1e-5

/* What the training geometries show of one pair of atoms. */
typedef struct eqml__seen {
    double shortest, longest; /* bohr */
    double sum, count;        /* of the pair variable y */
    double largest;           /* |y| */
} eqml__seen;

static double eqml__distance(const double *xyz, const unsigned short *pair)
{
    double square = 0;
    for (int k = 0; k < 3; k++) {
        const double d = xyz[3 * pair[0] + k] - xyz[3 * pair[1] + k];
        square += d * d;
    }
    return sqrt(square);
}

static void eqml__clear_seen(int npairs, eqml__seen *seen)
{
    memset(seen, 0, (size_t)npairs * sizeof *seen);
    for (int p = 0; p < npairs; p++)
        seen[p].shortest = HUGE_VAL;
}

/* Adds a geometry whose pair variables are y[npairs]. */
static void eqml__add_seen(const eqml_basis *b, const double *xyz, const double *y, eqml__seen *seen)
{
    for (int p = 0; p < b->npairs; p++, seen++) {
        const double r = eqml__distance(xyz, b->pairs[p]);
        seen->shortest = fmin(seen->shortest, r);
        seen->longest = fmax(seen->longest, r);
        seen->sum += y[p];
        seen->count += 1;
        seen->largest = fmax(seen->largest, fabs(y[p]));
    }
}

static bool eqml__is_constant(double shortest, double longest)
{
    return longest - shortest <= EQML__CONSTANT * 0.5 * (shortest + longest);
}

/*
 * frozen[npairs] <- the mean of y where a pair is constant, HUGE_VAL elsewhere; returns how many are
 * constant. The fit takes y at this mean. What depends on constant pairs only is then constant to the last
 * digit, and linearly dependent to the last digit. Equally long pairs of one class get the same mean, because
 * their difference is rounding too.
 */
static int eqml__freeze(const eqml_basis *b, const eqml__seen *seen, double *frozen)
{
    int count = 0;
    for (int p = 0; p < b->npairs; p++) {
        const eqml__seen *own = seen + p;
        const bool constant = own->count > 0 && eqml__is_constant(own->shortest, own->longest);
        frozen[p] = constant ? own->sum / own->count : HUGE_VAL;
        count += constant;
        for (int q = 0; q < p && constant; q++)
            if (b->pair_classes[q] == b->pair_classes[p] &&
                eqml__is_constant(fmin(own->shortest, seen[q].shortest),
                                  fmax(own->longest, seen[q].longest))) {
                frozen[p] = frozen[q];
                break;
            }
    }
    return count;
}

/* How many classes have constant pairs only. */
static int eqml__constant_classes(const eqml_basis *b, const double *frozen)
{
    int count = 0;
    for (int c = 0; c < b->npair_classes; c++) {
        bool constant = true;
        for (int p = 0; p < b->npairs; p++)
            constant = constant && (b->pair_classes[p] != c || frozen[p] < HUGE_VAL);
        count += constant;
    }
    return count;
}

EQML_API int eqml_constant_pairs(const eqml_basis *basis, const eqml_data *data, const unsigned char *use,
                                 double *distance)
{
    int count = 0;
    for (int c = 0; c < basis->npair_classes; c++) {
        double sum = 0, number = 0;
        bool constant = true;
        for (int p = 0; p < basis->npairs; p++) {
            double shortest = HUGE_VAL, longest = 0;
            for (size_t g = 0; g < data->n && basis->pair_classes[p] == c; g++) {
                if (use && !use[g])
                    continue;
                const double *xyz = data->xyz + g * 3 * (size_t)basis->natoms;
                const double r = eqml__distance(xyz, basis->pairs[p]);
                shortest = fmin(shortest, r);
                longest = fmax(longest, r);
                sum += r;
                number++;
            }
            constant = constant && (basis->pair_classes[p] != c || eqml__is_constant(shortest, longest));
        }
        distance[c] = constant && number > 0 ? sum / number : 0;
        count += distance[c] > 0;
    }
    return count;
}

#endif /* EQML__CONSTANT_C */
