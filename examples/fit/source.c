/* What a data file was found to be, in one line. */
#include "job.h"

double *shortest_distances(const eqml_data *data)
{
    const size_t n = (size_t)data->natoms;
    double *least = malloc(n * n * sizeof *least);
    for (size_t k = 0; least && k < n * n; k++)
        least[k] = HUGE_VAL;
    for (size_t g = 0; least && g < data->n; g++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++) {
                const double *p = data->xyz + 3 * (g * n + i), *q = data->xyz + 3 * (g * n + j);
                const double x = p[0] - q[0], y = p[1] - q[1], z = p[2] - q[2];
                least[i * n + j] = fmin(least[i * n + j], x * x + y * y + z * z);
            }
    for (size_t i = 0; least && i < n; i++)
        for (size_t j = 0; j < i; j++)
            least[j * n + i] = least[i * n + j] = sqrt(least[i * n + j]);
    return least;
}

static int same_elements(const eqml_data *data, int i, int j, int a, int b)
{
    return a != b && !strcmp(data->symbols[a], data->symbols[i]) &&
           !strcmp(data->symbols[b], data->symbols[j]);
}

/* The first pair of two elements speaks for all of them. */
static void print_distances(const eqml_data *data)
{
    const char *between = "; shortest distances ";
    const int n = data->natoms;
    double *distance = shortest_distances(data);
    for (int i = 0; distance && i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double least = distance[i * n + j];
            int first = 1;
            for (int a = 0; a < n; a++)
                for (int b = 0; b < n; b++)
                    if (same_elements(data, i, j, a, b)) {
                        least = fmin(least, distance[a * n + b]);
                        const int low = a < b ? a : b, high = a < b ? b : a;
                        first &= low > i || (low == i && high >= j);
                    }
            if (!first)
                continue;
            printf("%s%s-%s %.3g", between, data->symbols[i], data->symbols[j], least / EQML_ANGSTROM);
            between = ", ";
        }
    if (distance)
        printf(" angstrom");
    free(distance);
}

static void print_layout(const char *name, const eqml_data_layout *l)
{
    static const char *const tensors[EQML_TENSORS] = {"dipole", "quadrupole", "polarizability"};
    if (!l->frames)
        return;
    printf(", %s:", name);
    if (*l->energy)
        printf(" energy (%s%s) in %s,", strncmp(l->energy, "column ", 7) ? "key " : "", l->energy,
               l->unit[EQML_UNIT_ENERGY]);
    printf(" positions in %s", l->unit[EQML_UNIT_LENGTH]);
    if (*l->gradient)
        printf(", %s (%s) in %s", l->forces ? "forces" : "gradients", l->gradient,
               l->unit[EQML_UNIT_GRADIENT]);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (*l->unit[EQML_UNIT_DIPOLE + k])
            printf(", %s in %s", tensors[k], l->unit[EQML_UNIT_DIPOLE + k]);
}

void print_source(const char *path, const eqml_data *data, const eqml_data_source *source)
{
    double least = HUGE_VAL, most = -HUGE_VAL;
    size_t energies = 0, gradients = 0;
    printf("read: %s: %zu frame%s", path, data->n, data->n == 1 ? "" : "s");
    print_layout("extended XYZ", &source->extended);
    print_layout("plain layout", &source->plain);
    for (size_t g = 0; g < data->n; g++) {
        gradients += (data->has[g] & EQML_HAS_GRADIENT) != 0;
        if (data->has[g] & EQML_HAS_ENERGY) {
            least = fmin(least, data->energy[g]);
            most = fmax(most, data->energy[g]);
            energies++;
        }
    }
    if (energies < data->n)
        printf("; energies in %zu frames only", energies);
    if (gradients > 0 && gradients < data->n)
        printf("; gradients in %zu frames only", gradients);
    if (most >= least)
        printf("; energies from %.6f to %.6f hartree, a span of %.5g cm-1 or %.4g kcal/mol", least, most,
               PER_CM * (most - least), KCAL_MOL * (most - least));
    print_distances(data);
    for (int k = 0; k < source->nunused; k++)
        printf("%s%s (%s?)", k ? ", " : "; not used: ", source->unused[k].name,
               source->unused[k].what == EQML_HAS_ENERGY ? "an energy" : "gradients or forces");
    if (data->reordered)
        printf("; atoms of %zu frames brought into the order of the first", data->reordered);
    printf("\n");
    fflush(stdout);
}
