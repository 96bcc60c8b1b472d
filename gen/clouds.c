/*
 * The table of contents of the second family:
 *
 *     species, level -> blocks -> characters           \
 *                       patterns, couplings modulo p    > certified selection -> coupled program -> C
 */
#include "clouds.h"
#include "base/memory.h"
#include "base/output.h"
#include "emit/cloud.h"
#include "environment/lower.h"
#include "environment/select.h"
#include "environment/species.h"
#include "options_environment.h"
#include "program/program.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct work {
    species_list species;
    int nparts;
    int *part_species;     /* [nparts] species around the centres of a part */
    level_rule *part_rule; /* [nparts] */
    long *levels;          /* [ncentres][2][nspecies] weights and caps of what is around each centre */
    inventory *inventory;  /* [nparts] */
    selection *selection;
    cloud_part *part;
    cloud_centre *centre;
    const char **symbol;
    cloud_description description;
    enum form form;
} work;

static int fail(const char *text)
{
    fprintf(stderr, "eqml-gen: %s\n", text);
    return 1;
}

/* The part for so many species around a centre, under this rule, chosen where there is none yet; -1 with a line. */
static int find_part(work *w, const level_rule *rule, int nspecies, char *error, size_t error_size)
{
    const size_t size = (size_t)nspecies * sizeof *rule->weights;
    int k = 0;
    while (k < w->nparts &&
           (w->part_species[k] != nspecies || memcmp(w->part_rule[k].weights, rule->weights, size) ||
            memcmp(w->part_rule[k].caps, rule->caps, size)))
        k++;
    if (k < w->nparts)
        return k;
    inventory *v = &w->inventory[w->nparts];
    selection *s = &w->selection[w->nparts];
    cloud_part *part = &w->part[w->nparts];
    w->part_rule[w->nparts] = *rule;
    w->part_species[w->nparts++] = nspecies;
    if (inventory_create(rule, nspecies, v, error, error_size))
        return -1;
    *s = selection_create(v);
    for (int order = 1; order <= rule->order; order++)
        if (s->terms_by_order[order] != v->characters[order]) {
            snprintf(error, error_size, "internal: %zu terms of order %d, but %zu invariants",
                     s->terms_by_order[order], order, v->characters[order]);
            return -1;
        }
    part->program = lower_selection(v, s);
    if (part->program.nslots > SLOTS_LIMIT) {
        snprintf(
            error, error_size,
            "the products take %zu numbers at once, and a header holds at most %d; choose a smaller level",
            part->program.nslots, SLOTS_LIMIT);
        return -1;
    }
    part->nblocks = v->nblocks;
    part->terms = s->terms_by_order;
    part->characters = v->characters;
    return k;
}

static int find_parts(work *w, const options *o, char *error, size_t error_size)
{
    const size_t n = (size_t)w->species.ncentres, nspecies = (size_t)w->species.nspecies;
    const pair_rule *unused = pair_rules_unused(&o->weights, &w->species);
    unused = unused ? unused : pair_rules_unused(&o->caps, &w->species);
    if (unused) {
        snprintf(error, error_size, "\"%.60s\" has no pair %s-%s; take out its --level-weight or --cap",
                 w->species.text, unused->symbol[0], unused->symbol[1]);
        return -1;
    }
    w->part_rule = xcalloc(n, sizeof *w->part_rule);
    w->levels = xcalloc(2 * n * nspecies, sizeof *w->levels);
    w->part_species = xcalloc(n, sizeof *w->part_species);
    w->inventory = xcalloc(n, sizeof *w->inventory);
    w->selection = xcalloc(n, sizeof *w->selection);
    w->part = xcalloc(n, sizeof *w->part);
    w->centre = xcalloc(n, sizeof *w->centre);
    for (size_t k = 0; k < n; k++) {
        const centre *c = &w->species.centre[k];
        long *weights = w->levels + 2 * k * nspecies, *caps = weights + nspecies;
        level_rule rule = o->rule;
        pair_rules_find(&o->weights, &w->species, c, o->rule.weight, weights);
        pair_rules_find(&o->caps, &w->species, c, o->rule.level, caps);
        rule.weights = weights;
        rule.caps = caps;
        const int part = find_part(w, &rule, c->nneighbours, error, error_size);
        if (part < 0)
            return -1;
        w->centre[k] =
            (cloud_centre){w->species.symbol[c->species], c->species, c->nneighbours, c->neighbour, part};
    }
    return 0;
}

static void describe(work *w, const options *o, double seconds)
{
    const species_list *s = &w->species;
    w->symbol = xcalloc((size_t)s->nspecies, sizeof *w->symbol);
    for (int k = 0; k < s->nspecies; k++)
        w->symbol[k] = s->symbol[k];
    w->form = o->form;
    w->description = (cloud_description){.name = o->name,
                                         .command = o->command,
                                         .environment = s->text,
                                         .cut = o->cut,
                                         .order = o->rule.order,
                                         .level = (double)o->rule.level / LEVEL_UNIT,
                                         .level_weight = (double)o->rule.weight / LEVEL_UNIT,
                                         .chiral = o->rule.chiral,
                                         .nspecies = s->nspecies,
                                         .ncentres = s->ncentres,
                                         .nparts = w->nparts,
                                         .symbol = w->symbol,
                                         .centre = w->centre,
                                         .part = w->part,
                                         .seconds = seconds};
}

static void write_form(FILE *out, const void *context)
{
    const work *w = context;
    (w->form == FORM_STATISTICS ? cloud_statistics : cloud_header)(out, &w->description);
}

static void work_free(work *w)
{
    for (int k = 0; k < w->nparts; k++) {
        coupled_free(&w->part[k].program);
        selection_free(&w->selection[k]);
        inventory_free(&w->inventory[k]);
    }
    free(w->part_species);
    free(w->part_rule);
    free(w->levels);
    free(w->inventory);
    free(w->selection);
    free(w->part);
    free(w->centre);
    free(w->symbol);
    species_free(&w->species);
}

int clouds_generate(options *o)
{
    const clock_t start = clock();
    work w = {0};
    char error[512];
    int status = 1;
    if (species_parse(o->environment, &w.species, error, sizeof error) ||
        find_parts(&w, o, error, sizeof error)) {
        fail(error);
    } else {
        options_complete_environment(o, w.species.text);
        describe(&w, o, (double)(clock() - start) / CLOCKS_PER_SEC);
        status = output_write(o->output, write_form, &w);
    }
    work_free(&w);
    return status;
}
