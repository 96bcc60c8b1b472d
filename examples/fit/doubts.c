/*
 * What looks wrong in data: numbers that are no energies, other units, forces that are none. Each note names the option that
 * would mend it. None of these is certain, so the fit goes on.
 */
#include "job.h"

/* ---- elements ----------------------------------------------------------------------------------------- */

/*
 * Energies of neutral atoms, -hartree, of the Hartree-Fock limit (Clementi, Roetti, At. Data Nucl. Data Tables 14, 177 (1974)),
 * and covalent radii, angstrom (Cordero et al., Dalton Trans. 2008, 2832).
 */
static const struct element {
    const char *symbol;
    double energy, radius;
} elements[] = {{"H", 0.5, 0.31},      {"D", 0.5, 0.31},      {"T", 0.5, 0.31},      {"He", 2.862, 0.28},
                {"Li", 7.433, 1.28},   {"Be", 14.573, 0.96},  {"B", 24.529, 0.84},   {"C", 37.689, 0.76},
                {"N", 54.401, 0.71},   {"O", 74.809, 0.66},   {"F", 99.409, 0.57},   {"Ne", 128.547, 0.58},
                {"Na", 161.859, 1.66}, {"Mg", 199.615, 1.41}, {"Al", 241.877, 1.21}, {"Si", 288.854, 1.11},
                {"P", 340.719, 1.07},  {"S", 397.505, 1.05},  {"Cl", 459.482, 1.02}, {"Ar", 526.818, 1.06}};

static const struct element *find_element(const char *symbol)
{
    for (size_t k = 0; k < sizeof elements / sizeof *elements; k++)
        if (!strcmp(elements[k].symbol, symbol))
            return &elements[k];
    return NULL;
}

/* The sum of the energies of the atoms, negative; 0 where one is not in the table. */
static double energy_of_atoms(const eqml_data *data)
{
    double sum = 0;
    for (int i = 0; i < data->natoms; i++) {
        const struct element *e = find_element(data->symbols[i]);
        if (!e)
            return 0;
        sum -= e->energy;
    }
    return sum;
}

/* ---- energies ----------------------------------------------------------------------------------------- */

static const char *const energy_units[] = {"hartree", "eV", "kcal/mol", "kJ/mol", "cm-1"};
enum { ENERGY_UNITS = sizeof energy_units / sizeof *energy_units };

/* Are the numbers of the file counters, or all the same? */
static void doubt_numbers(const eqml_data *data, const eqml_data_source *source, double unit)
{
    size_t n = 0;
    int equal = 1, whole = 1, counting = 1;
    double last = 0;
    for (size_t g = 0; g < data->n; g++) {
        if (!(data->has[g] & EQML_HAS_ENERGY))
            continue;
        const double number = data->energy[g] / unit;
        equal &= n == 0 || fabs(number - last) <= 1e-9 * fabs(last);
        counting &= n == 0 || fabs(number - last - 1) < 1e-6;
        whole &= fabs(number - rint(number)) < 1e-6;
        last = number;
        n++;
    }
    if (n > 1 && (equal || (n > 2 && whole)))
        printf("  note: the energies are %s: are they energies? The first comment line is %s;\n"
               "        --energy-column or --energy-key says where they are\n",
               equal      ? "all equal"
               : counting ? "counted, each one more than the last"
                          : "whole numbers",
               source->comment);
}

/*
 * Total energies are, within a few percent, those of the atoms. Where the numbers are so in another unit than the one they
 * were read in, or where they span more than molecules do, the unit is in doubt.
 */
static void doubt_energy_unit(const eqml_data *data, const char *name, double unit)
{
    const double atoms = energy_of_atoms(data);
    double least = HUGE_VAL, most = -HUGE_VAL;
    const char *fits = NULL;
    for (size_t g = 0; g < data->n; g++)
        if (data->has[g] & EQML_HAS_ENERGY) {
            least = fmin(least, data->energy[g]);
            most = fmax(most, data->energy[g]);
        }
    if (!(most >= least))
        return;
    const double near = 0.03 * fabs(atoms) + 0.1 * data->natoms;
    if (atoms < 0 && fabs(least - atoms) < near)
        return;
    for (int k = 0; k < ENERGY_UNITS && atoms < 0 && !fits; k++) {
        const double other = eqml_unit(EQML_UNIT_ENERGY, energy_units[k]);
        if (fabs(least / unit * other - atoms) < near && fabs(other / unit - 1) > 0.01)
            fits = energy_units[k];
    }
    if (fits)
        printf("  note: in %s these would be the total energies of such atoms (about %.4g hartree); they "
               "were read in %s:\n"
               "        --energy-unit %s\n",
               fits, atoms, name, fits);
    else if (most - least > 1.5)
        printf("  note: energies over %.4g hartree are more than molecules have in bound states: were they "
               "given in another\n"
               "        unit than %s? --energy-unit cm-1, kcal/mol, kJ/mol or eV\n",
               most - least, name);
}

/* ---- distances ---------------------------------------------------------------------------------------- */

static int is_noble(const char *symbol)
{
    return !strcmp(symbol, "He") || !strcmp(symbol, "Ne") || !strcmp(symbol, "Ar");
}

/* The shortest distance next to the sum of covalent radii, of all pairs but those of noble gases. */
static double closest(const eqml_data *data, const double *distance, int *first, int *second)
{
    double least = HUGE_VAL;
    for (int i = 0; distance && i < data->natoms; i++)
        for (int j = 0; j < i; j++) {
            const struct element *a = find_element(data->symbols[i]), *b = find_element(data->symbols[j]);
            if (!a || !b || is_noble(a->symbol) || is_noble(b->symbol))
                continue;
            const double ratio = distance[i * data->natoms + j] / EQML_ANGSTROM / (a->radius + b->radius);
            if (ratio < least) {
                least = ratio;
                *first = i;
                *second = j;
            }
        }
    return least;
}

static void doubt_length_unit(const eqml_data *data, const char *name)
{
    int i = 0, j = 0;
    double *distance = shortest_distances(data);
    const double ratio = closest(data, distance, &i, &j),
                 shortest = distance ? distance[i * data->natoms + j] / EQML_ANGSTROM : 0;
    const char *guess = NULL;
    free(distance);
    if (ratio == HUGE_VAL || (ratio > 0.4 && ratio < 1.4))
        return;
    const double now = eqml_unit(EQML_UNIT_LENGTH, name);
    static const char *const units[] = {"angstrom", "bohr", "nm", "pm"};
    for (int k = 0; k < 4 && !guess; k++) {
        const double then = ratio * eqml_unit(EQML_UNIT_LENGTH, units[k]) / now;
        if (then > 0.6 && then < 1.2)
            guess = units[k];
    }
    printf("  note: the shortest distance is %.3g angstrom, of %s and %s, %.2g of a bond's: positions were "
           "read in %s",
           shortest, data->symbols[i], data->symbols[j], ratio, name);
    printf(guess ? ":\n        --length-unit %s if they are not\n" : "%s\n", guess ? guess : "");
}

/* ---- gradients ---------------------------------------------------------------------------------------- */

/* Of a molecule by itself the forces add up to zero. */
static void doubt_gradients(const eqml_data *data, const eqml_data_layout *l)
{
    double net = 0, all = 0;
    const size_t n = (size_t)data->natoms;
    for (size_t g = 0; g < data->n && data->gradient; g++)
        for (int x = 0; x < 3; x++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++) {
                const double d = data->gradient[3 * (g * n + i) + (size_t)x];
                sum += d;
                all += d * d;
            }
            net += sum * sum;
        }
    if (data->gradient && all == 0)
        printf("  note: all %s (%s) are zero; --gradients 0 leaves them out\n",
               l->forces ? "forces" : "gradients", l->gradient);
    else if (net > 0.01 * (double)n * all)
        printf("  note: the %s (%s) of a geometry do not add up to zero, as they should: are these columns "
               "something else?\n"
               "        --gradients 0 leaves them out; --force-key or --gradient-key names others\n",
               l->forces ? "forces" : "gradients", l->gradient);
}

void print_doubts(const eqml_data *data, const eqml_data_source *source)
{
    const eqml_data_layout *l = source->extended.frames ? &source->extended : &source->plain;
    if (source->extended.mixed || source->plain.mixed || (source->extended.frames && source->plain.frames))
        printf("  note: frames differ in their layouts, keys, columns or units; each was read as it says\n");
    if (source->plain.frames && source->extended.frames)
        return; /* numbers of different units have nothing to say together */
    const double unit = eqml_unit(EQML_UNIT_ENERGY, l->unit[EQML_UNIT_ENERGY]);
    if (unit > 0 && !l->mixed) {
        doubt_numbers(data, source, unit);
        doubt_energy_unit(data, l->unit[EQML_UNIT_ENERGY], unit);
    }
    if (!l->mixed)
        doubt_length_unit(data, l->unit[EQML_UNIT_LENGTH]);
    doubt_gradients(data, l);
    if (unit > 0 && data->gradient && !l->mixed)
        print_slope(data, l);
    fflush(stdout);
}
