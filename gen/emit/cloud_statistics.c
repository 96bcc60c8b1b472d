#include "emit/cloud.h"
#include "emit/json.h"

enum { ORDERS = 16, ANGULAR = 64 };

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* Tensors of the programs by order, from 1 on, and l. */
static void print_covariants(FILE *out, const cloud_description *d)
{
    size_t count[ORDERS][ANGULAR] = {{0}};
    int orders = 0, largest[ORDERS] = {0};
    for (int c = 0; c < d->ncentres; c++) {
        const coupled_program *p = &d->part[d->centre[c].part].program;
        for (size_t k = 0; k < p->nmoments; k++) {
            count[1][p->moment[k].l]++;
            largest[1] = max(largest[1], p->moment[k].l);
            orders = max(orders, 1);
        }
        for (size_t k = 0; k < p->nkernels; k++) {
            const coupled_kernel *x = &p->kernel[k];
            count[x->order][x->l] += x->count;
            largest[x->order] = max(largest[x->order], x->l);
            orders = max(orders, x->order);
        }
    }
    fprintf(out, "  \"covariants\": [");
    for (int order = 1; order <= orders; order++) {
        fprintf(out, "%s[", order > 1 ? ", " : "");
        for (int l = 0; l <= largest[order]; l++)
            fprintf(out, "%s%zu", l ? ", " : "", count[order][l]);
        fprintf(out, "]");
    }
    fprintf(out, "],\n");
}

static void print_centres(FILE *out, const cloud_description *d)
{
    fprintf(out, "  \"centres\": [");
    for (int c = 0; c < d->ncentres; c++) {
        const cloud_centre *x = &d->centre[c];
        const coupled_program *p = &d->part[x->part].program;
        fprintf(out, "%s{\"centre\": \"%s\", \"neighbours\": \"", c ? ", " : "", x->symbol);
        for (int k = 0; k < x->nneighbours; k++)
            fprintf(out, "%s%s", k ? " " : "", d->symbol[x->neighbour[k]]);
        fprintf(out, "\", \"terms\": %zu, \"blocks\": %zu}", p->nterms, d->part[x->part].nblocks);
    }
    fprintf(out, "],\n");
}

void cloud_statistics(FILE *out, const cloud_description *d)
{
    size_t terms[ORDERS] = {0}, characters[ORDERS] = {0}, all = 0, slots = 0, products = 0, kernels = 0;
    size_t forward = 0, reverse = 0, form = 0, moments = 0;
    for (int c = 0; c < d->ncentres; c++) {
        const cloud_part *x = &d->part[d->centre[c].part];
        const coupled_program *p = &x->program;
        for (int k = 1; k <= d->order; k++) {
            terms[k] += x->terms[k];
            characters[k] += x->characters[k];
        }
        all += p->nterms;
        slots += p->nslots;
        moments +=
            p->ninputs / (size_t)d->centre[c].nneighbours; /* a neighbour adds to those of its species */
        products += p->nproducts;
        kernels += p->nkernels;
        forward += p->forward;
        reverse += p->reverse;
        form += p->form;
    }
    fprintf(out, "{\n");
    json_string(out, "name", d->name);
    json_string(out, "environment", d->environment);
    fprintf(out, "  \"order\": %d,\n  \"level\": %g,\n  \"level_weight\": %g,\n  \"chiral\": %s,\n", d->order,
            d->level, d->level_weight, d->chiral ? "true" : "false");
    if (*d->cut)
        json_string(out, "cut", d->cut + 1);
    fprintf(out, "  \"terms\": %zu,\n", all);
    json_array(out, "terms_by_order", d->order, terms + 1);
    json_array(out, "characters", d->order, characters + 1);
    print_covariants(out, d);
    print_centres(out, d);
    fprintf(out, "  \"slots\": %zu,\n  \"products\": %zu,\n  \"kernels\": %zu,\n", slots, products, kernels);
    fprintf(out,
            "  \"multiply_adds\": {\"moments_per_neighbour\": %zu, \"products\": %zu, \"form\": %zu, "
            "\"reverse\": %zu, "
            "\"forces_per_neighbour\": %zu},\n",
            moments, forward, form, reverse, 2 * moments);
    fprintf(out, "  \"seconds\": %.3f\n}\n", d->seconds);
}
