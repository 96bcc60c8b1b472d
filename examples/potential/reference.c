/*
 * What is beneath the fit, a repulsion of nuclei. By default it begins where the training data end, so that it takes no
 * part in these, and the fit is told of it by anchors (anchor.c).
 */
#include "job.h"

int pair_count(void)
{
    return basis->nspecies * (basis->nspecies + 1) / 2;
}

int make_zbl(const double *length, double inner, double outer, eqml_pair_reference *pairs, int *unknown)
{
    char symbol[8];
    double number[256];
    *unknown = -1;
    for (int k = 0; k < basis->nspecies; k++) {
        species_symbol(k, symbol);
        number[k] = eqml_atomic_number(symbol);
        if (!(number[k] > 0))
            *unknown = k;
    }
    for (int a = 0; a < basis->nspecies && *unknown < 0; a++)
        for (int b = 0; b <= a; b++) {
            const int pair = eqml_pair(a, b);
            if (eqml_pair_zbl(number[a], number[b], inner * length[pair], outer * length[pair], &pairs[pair]))
                return fail("--reference: no repulsion can be made of these distances");
        }
    return 0;
}

/* shortest[pair] <- the least distance of each pair of species among the training data, bohr; 0: it is in none. */
static int find_shortest(const input *in, double *shortest)
{
    const eqml_frames *f = &in->data;
    eqml_neighbours list = {0};
    eqml_message message;
    int bad = 0;
    for (size_t k = 0; k < f->n && !bad; k++) {
        const eqml_configuration c = eqml_frame(f, k);
        if (!in->train[k])
            continue;
        if (eqml_neighbours_find(&c, 5 * EQML_ANGSTROM, &list, &message)) {
            fprintf(stderr, "potential: configuration %zu, line %zu: %s\n", k + 1, f->line[k], message.text);
            bad = 1;
        }
        for (size_t i = 0; i < c.natoms && !bad; i++)
            for (size_t p = list.first[i]; p < list.first[i + 1]; p++) {
                const double *r = list.vector[p], d = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
                double *least = &shortest[eqml_pair(c.species[i], c.species[list.index[p]])];
                if (*least == 0 || d < *least)
                    *least = d;
            }
    }
    eqml_neighbours_free(&list);
    return bad;
}

/* Of pairs that are in no data: as the shortest of all. Nonzero where there is none. */
static int fill_shortest(double *shortest)
{
    double least = 0;
    for (int k = 0; k < pair_count(); k++)
        if (shortest[k] > 0 && (least == 0 || shortest[k] < least))
            least = shortest[k];
    for (int k = 0; k < pair_count(); k++)
        if (shortest[k] == 0)
            shortest[k] = least;
    return least == 0;
}

static int default_pairs(input *in)
{
    int unknown = -1;
    in->shortest = calloc((size_t)pair_count(), sizeof *in->shortest);
    if (!in->shortest)
        return fail("out of memory");
    if (find_shortest(in, in->shortest))
        return 1;
    const int none = fill_shortest(in->shortest);
    if (!none && make_zbl(in->shortest, 0.6, 1, in->pairs, &unknown))
        return 1;
    if (none || unknown >= 0) { /* print_pairs tells */
        free(in->shortest);
        free(in->pairs);
        in->shortest = NULL;
        in->pairs = NULL;
    }
    return 0;
}

int make_pairs(const job *j, input *in)
{
    double inner, outer, *one;
    char behind;
    int unknown;
    if (j->reference && !strcmp(j->reference, "none"))
        return 0;
    in->pairs = calloc((size_t)pair_count(), sizeof *in->pairs);
    if (!in->pairs)
        return fail("out of memory");
    if (!j->reference || !strcmp(j->reference, "auto"))
        return default_pairs(in);
    if (sscanf(j->reference, "zbl:%lf,%lf%c", &inner, &outer, &behind) != 2 || !(inner >= 0) ||
        !(outer > inner) || outer > 100) {
        fprintf(stderr,
                "potential: --reference %s: expected auto, none or zbl:A,B with 0 <= A < B, angstrom\n",
                j->reference);
        return 1;
    }
    one = malloc((size_t)pair_count() * sizeof *one);
    if (!one)
        return fail("out of memory");
    for (int k = 0; k < pair_count(); k++)
        one[k] = EQML_ANGSTROM;
    const int bad = make_zbl(one, inner, outer, in->pairs, &unknown);
    free(one);
    if (!bad && unknown >= 0) {
        char symbol[8];
        species_symbol(unknown, symbol);
        fprintf(stderr, "potential: --reference: %s has no atomic number\n", symbol);
        return 1;
    }
    return bad;
}

void print_pairs(const job *j, const input *in)
{
    if (in->shortest)
        printf("  beneath the fit: repulsion of nuclei below the distances in the data (the shortest is %.3f "
               "angstrom), and %zu anchors; --reference none: without\n",
               eqml_pairs_reach(basis->nspecies, in->pairs) / EQML_ANGSTROM, in->anchors);
    else if (!in->pairs && !(j->reference && !strcmp(j->reference, "none")))
        printf("  no repulsion is beneath the fit, since %s\n",
               eqml_atomic_number(basis->species) > 0 || strchr(basis->species, ' ')
                   ? "a species has no atomic number, or no two atoms are within 5 angstrom"
                   : "the species has no atomic number");
}
