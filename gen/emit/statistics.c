#include "emit/statistics.h"
#include "emit/json.h"
#include <string.h>

static void json_operations(FILE *out, const char *key, const operation_count *o)
{
    fprintf(out, "  \"%s\": {\"mul\": %zu, \"add\": %zu, \"fma\": %zu},\n", key, o->multiply, o->add, o->fma);
}

static void tensor_statistics(FILE *out, const tensor_description *t)
{
    const tensor_program *p = t->program;
    const char *what = t->name;
    char key[64];
    fprintf(out, "  \"%s_degree\": %d,\n  \"%s_terms\": %zu,\n", what, t->degree, what, p->nterms);
    snprintf(key, sizeof key, "%s_terms_by_degree", what);
    json_array(out, key, t->degree + 1, t->terms);
    snprintf(key, sizeof key, "%s_covariants_by_degree", what);
    json_counts(out, key, t->degree + 1, t->covariants_count);
    fprintf(out, "  \"%s_generators\": %zu,\n  \"%s_orbit_sums\": %zu,\n", what, p->ngenerators, what,
            t->norbits);
    fprintf(out, "  \"%s_vector_factors\": %zu,\n  \"%s_operations\": %zu,\n", what, p->nvectors, what,
            p->operations.count);
}

static void json_group(FILE *out, const atoms_description *a)
{
    const char *order = a->group_order ? a->group_order : "null";
    const bool exact = strlen(order) < 16 || (strlen(order) == 16 && strcmp(order, "9007199254740992") <= 0);
    fprintf(out, "  \"group_order\": %s%s%s,\n", exact ? "" : "\"", order, exact ? "" : "\"");
    if (!a->npermutations)
        return;
    fprintf(out, "  \"group\": [");
    for (int g = 0; g < a->npermutations; g++)
        fprintf(out, "%s\"%s\"", g ? ", " : "", a->permutation[g]);
    fprintf(out, "],\n");
}

void emit_statistics(FILE *out, const description *d)
{
    const program *p = d->program;
    const atoms_description *a = &d->atoms;
    const certificate *e = &d->certificate;
    const int degrees = d->degree + 1;
    fprintf(out, "{\n  \"name\": \"%s\",\n  \"composition\": \"%s\",\n", d->name, a->composition);
    fprintf(out, "  \"atoms\": %d,\n  \"pairs\": %zu,\n", a->natoms, p->ninputs);
    json_group(out, a);
    fprintf(out, "  \"degree\": %d,\n  \"terms\": %zu,\n", d->degree, p->nterms);
    if (d->cut)
        fprintf(out, "  \"cut\": \"%s\",\n", d->cut + 1);
    if (d->from)
        json_string(out, "from", d->from);
    json_array(out, "terms_by_degree", degrees, e->terms);
    if (e->count)
        json_counts(out, "molien", degrees, e->count);
    else
        fprintf(out, "  \"molien\": null,\n");
    fprintf(out, "  \"generators\": %zu,\n", e->ngenerators);
    json_array(out, "generators_by_degree", degrees, e->generators);
    fprintf(out, "  \"orbit_sums\": %zu,\n", e->norbits);
    if (d->cut || d->from)
        fprintf(out, "  \"factors_not_terms\": %zu,\n", p->nfactors - p->nwanted);
    fprintf(out, "  \"factors\": %zu,\n  \"operations\": %zu,\n", p->nfactors, p->operations.count);
    fprintf(out, "  \"runs\": %zu,\n  \"tiles\": %zu,\n  \"packed\": %zu,\n", p->nruns, p->tiles.ntiles,
            TILE_COEFFICIENTS * p->tiles.ntiles);
    json_operations(out, "energy_ops", &p->energy);
    json_operations(out, "gradient_ops", &p->gradient);
    for (int k = 0; k < DESCRIBED_TENSORS; k++)
        if (d->tensor[k].program)
            tensor_statistics(out, &d->tensor[k]);
    fprintf(out, "  \"seconds\": %.3f\n}\n", d->seconds);
}
