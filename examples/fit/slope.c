/*
 * Are the gradients those of the energies? Forces read as gradients, or gradients in another unit, make a fit poor without
 * saying why. So energies alone are fitted with a small polynomial, which takes a fraction of a second whatever the
 * basis, and the gradients of the data are compared with those of that fit.
 *
 * With y_p = exp(-r_p/a), a the mean distance of the class, the polynomial has for all classes c and d of pairs, and atoms i:
 * sums of y_p^k over c, k = 1 to 4; products of the sums of y over c and d; and the sums over i of such products, of pairs
 * that meet in i. The last two are left out where there are not three energies to each term.
 *
 * The factor is |G|^2 / G.F, G the gradients of the data and F those of the fit: errors of F, which are large, do not bias it
 * as long as they do not go along with G. Nothing is said where G and F are not alike, |cos(G, F)| < 0.7, or the factor is
 * within 25 % of 1.
 */
#include "job.h"

enum { POWERS = 4, MOST = 2000 }; /* geometries; more would tell no more */
#define ALIKE 0.7
#define NEAR 1.25

typedef struct fitted {
    int classes, terms;
    double *range;       /* [classes] */
    double *coefficient; /* [terms] */
    double *y;           /* [npairs] of a geometry */
    double *sum;         /* [classes][POWERS + 1] */
    double *at;          /* [natoms][classes] sums of y over the pairs of an atom */
} fitted;

static void distances(const double *xyz, const fitted *f, double *y)
{
    for (int p = 0; p < basis->npairs; p++) {
        const double *a = xyz + 3 * basis->pairs[p][0], *b = xyz + 3 * basis->pairs[p][1];
        const double x[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
        y[p] = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
        if (f)
            y[p] = exp(-y[p] / f->range[basis->pair_classes[p]]);
    }
}

static void find_sums(const double *xyz, fitted *f)
{
    const int n = f->classes;
    distances(xyz, f, f->y);
    memset(f->sum, 0, (size_t)n * (POWERS + 1) * sizeof *f->sum);
    memset(f->at, 0, (size_t)basis->natoms * (size_t)n * sizeof *f->at);
    for (int p = 0; p < basis->npairs; p++) {
        const int c = basis->pair_classes[p];
        double power = 1;
        for (int k = 1; k <= POWERS; k++)
            f->sum[c * (POWERS + 1) + k] += power *= f->y[p];
        f->at[basis->pairs[p][0] * n + c] += f->y[p];
        f->at[basis->pairs[p][1] * n + c] += f->y[p];
    }
}

/* The terms of a geometry. */
static void find_terms(const double *xyz, fitted *f, double *term)
{
    const int n = f->classes;
    find_sums(xyz, f);
    *term++ = 1;
    for (int c = 0; c < n; c++)
        for (int k = 1; k <= POWERS; k++)
            *term++ = f->sum[c * (POWERS + 1) + k];
    if (f->terms == 1 + n * POWERS)
        return;
    for (int c = 0; c < n; c++)
        for (int d = 0; d <= c; d++) {
            *term = f->sum[c * (POWERS + 1) + 1] * f->sum[d * (POWERS + 1) + 1];
            term[1] = 0;
            for (int i = 0; i < basis->natoms; i++)
                term[1] += f->at[i * n + c] * f->at[i * n + d];
            term += 2;
        }
}

/* dV/dy of a pair. */
static double slope_of_pair(const fitted *f, int p)
{
    const int n = f->classes, c = basis->pair_classes[p];
    const double *x = f->coefficient + 1;
    double slope = 0, power = 1;
    for (int k = 1; k <= POWERS; k++, power *= f->y[p])
        slope += k * x[c * POWERS + k - 1] * power;
    x += n * POWERS;
    for (int d = 0; d < n && f->terms > 1 + n * POWERS; d++) {
        const int high = c > d ? c : d, low = c > d ? d : c;
        const double *pair = x + 2 * (high * (high + 1) / 2 + low), twice = c == d ? 2 : 1;
        slope += twice * pair[0] * f->sum[d * (POWERS + 1) + 1];
        slope += twice * pair[1] * (f->at[basis->pairs[p][0] * n + d] + f->at[basis->pairs[p][1] * n + d]);
    }
    return slope;
}

static void find_gradient(const double *xyz, fitted *f, double *gradient)
{
    find_sums(xyz, f);
    memset(gradient, 0, 3 * (size_t)basis->natoms * sizeof *gradient);
    for (int p = 0; p < basis->npairs; p++) {
        const int i = 3 * basis->pairs[p][0], j = 3 * basis->pairs[p][1];
        const double range = f->range[basis->pair_classes[p]];
        const double x[3] = {xyz[i] - xyz[j], xyz[i + 1] - xyz[j + 1], xyz[i + 2] - xyz[j + 2]};
        const double r = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
        const double push = -slope_of_pair(f, p) * f->y[p] / (range * r);
        for (int k = 0; k < 3; k++) {
            gradient[i + k] += push * x[k];
            gradient[j + k] -= push * x[k];
        }
    }
}

/* The mean distance of each class. */
static void find_ranges(const eqml_data *data, size_t step, fitted *f)
{
    double *count = f->sum; /* room for one number a class, not in use yet */
    memset(count, 0, (size_t)f->classes * sizeof *count);
    for (size_t g = 0; g < data->n; g += step) {
        distances(data->xyz + 3 * g * (size_t)data->natoms, NULL, f->y);
        for (int p = 0; p < basis->npairs; p++) {
            f->range[basis->pair_classes[p]] += f->y[p];
            count[basis->pair_classes[p]]++;
        }
    }
    for (int c = 0; c < f->classes; c++)
        f->range[c] = count[c] > 0 ? f->range[c] / count[c] : 1;
}

/* Energies less their mean, so that the constant is no large number. */
static int fit_sample(const eqml_data *data, size_t step, double mean, fitted *f)
{
    const eqml_lsq_options options = {.ridge = 1e-12, .free_first = 1};
    eqml_lsq *lsq;
    eqml_status status = eqml_lsq_create(&lsq, f->terms, 1);
    for (size_t g = 0; g < data->n && !status; g += step) {
        if (!(data->has[g] & EQML_HAS_ENERGY))
            continue;
        double *row = eqml_lsq_row(lsq);
        find_terms(data->xyz + 3 * g * (size_t)data->natoms, f, row);
        row[f->terms] = data->energy[g] - mean;
        status = eqml_lsq_add(lsq);
    }
    if (!status)
        status = eqml_lsq_solve(lsq, &options, f->coefficient, NULL);
    eqml_lsq_free(lsq);
    return status != EQML_OK;
}

/* The unit whose size is nearest to this one; NULL where none is near. */
static const char *nearest_unit(eqml_quantity quantity, double size)
{
    static const char *const gradients[] = {"hartree/bohr",    "hartree/angstrom",  "eV/angstrom",
                                            "eV/bohr",         "kcal/mol/angstrom", "kcal/mol/bohr",
                                            "kJ/mol/angstrom", "kJ/mol/bohr",       "cm-1/angstrom",
                                            "cm-1/bohr",       "kJ/mol/nm",         NULL};
    static const char *const energies[] = {"hartree", "eV", "kcal/mol", "kJ/mol", "cm-1", NULL};
    static const char *const lengths[] = {"angstrom", "bohr", "nm", "pm", NULL};
    const char *const *unit = quantity == EQML_UNIT_GRADIENT ? gradients
                              : quantity == EQML_UNIT_ENERGY ? energies
                                                             : lengths;
    const char *nearest = NULL;
    double least = log(NEAR);
    for (; *unit; unit++) {
        const double off = fabs(log(eqml_unit(quantity, *unit) / size));
        if (off < least) {
            least = off;
            nearest = *unit;
        }
    }
    return nearest;
}

/* Says what would make such a factor, and the options that would mend it. */
static void name_mistake(const eqml_data_layout *l, double factor)
{
    const double size = fabs(factor);
    const double e = eqml_unit(EQML_UNIT_ENERGY, l->unit[EQML_UNIT_ENERGY]),
                 g = eqml_unit(EQML_UNIT_GRADIENT, l->unit[EQML_UNIT_GRADIENT]),
                 x = eqml_unit(EQML_UNIT_LENGTH, l->unit[EQML_UNIT_LENGTH]);
    const int column = !strncmp(l->gradient, "column ", 7);
    printf("  note: the %s (%s) are %.3g times those that the energies give",
           l->forces ? "forces" : "gradients", l->gradient, factor);
    if (factor < 0)
        printf("; of the other sign, they are %s:\n        --%s-key %s", l->forces ? "gradients" : "forces",
               l->forces ? "gradient" : "force", l->gradient + (column ? 7 : 0));
    if (size > 1 / NEAR && size < NEAR) {
        printf("\n");
        return;
    }
    const char *gradient = nearest_unit(EQML_UNIT_GRADIENT, g / size),
               *energy = nearest_unit(EQML_UNIT_ENERGY, e * size),
               *length = nearest_unit(EQML_UNIT_LENGTH, x / size);
    const char *between = factor < 0 ? ", and of another unit: " : "; they may have another unit:\n        ";
    const char *const names[] = {"gradient", "energy", "length"}, *const units[] = {gradient, energy, length};
    for (int k = 0; k < 3; k++)
        if (units[k]) {
            printf("%s--%s-unit %s", between, names[k], units[k]);
            between = ", or ";
        }
    printf("\n");
}

static void compare(const eqml_data *data, size_t step, fitted *f, double *gradient,
                    const eqml_data_layout *l)
{
    const size_t n = 3 * (size_t)data->natoms;
    double both = 0, ours = 0, theirs = 0;
    for (size_t g = 0; g < data->n; g += step) {
        if (!(data->has[g] & EQML_HAS_ENERGY) || !(data->has[g] & EQML_HAS_GRADIENT))
            continue;
        find_gradient(data->xyz + g * n, f, gradient);
        for (size_t k = 0; k < n; k++) {
            both += gradient[k] * data->gradient[g * n + k];
            ours += gradient[k] * gradient[k];
            theirs += data->gradient[g * n + k] * data->gradient[g * n + k];
        }
    }
    const double alike = both / sqrt(ours * theirs), factor = theirs / both;
    if (fabs(alike) >= ALIKE && !(factor > 1 / NEAR && factor < NEAR))
        name_mistake(l, factor);
}

void print_slope(const eqml_data *data, const eqml_data_layout *l)
{
    const size_t step = (data->n + MOST - 1) / MOST, natoms = (size_t)basis->natoms;
    const int n = basis->npair_classes;
    fitted f = {.classes = n, .terms = 1 + n * POWERS + n * (n + 1)};
    size_t energies = 0, both = 0;
    double mean = 0;
    for (size_t g = 0; g < data->n; g += step) {
        energies += (data->has[g] & EQML_HAS_ENERGY) != 0;
        both += (data->has[g] & EQML_HAS_ENERGY) && (data->has[g] & EQML_HAS_GRADIENT);
        mean += data->energy[g];
    }
    if (energies < 3 * (size_t)f.terms)
        f.terms = 1 + n * POWERS;
    if (!both || energies < 3 * (size_t)f.terms)
        return;
    mean /= (double)energies;
    const size_t room =
        (size_t)n * (POWERS + 2) + (size_t)f.terms + (size_t)basis->npairs + natoms * (size_t)n + 3 * natoms;
    double *all = calloc(room, sizeof *all);
    if (!all)
        return; /* the fit will say so */
    f.range = all;
    f.sum = f.range + n;
    f.coefficient = f.sum + n * (POWERS + 1);
    f.y = f.coefficient + f.terms;
    f.at = f.y + basis->npairs;
    find_ranges(data, step, &f);
    if (!fit_sample(data, step, mean, &f))
        compare(data, step, &f, f.at + natoms * (size_t)n, l);
    free(all);
}
