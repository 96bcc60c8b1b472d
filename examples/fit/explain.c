/* What the errors mean, on the terminal and as JSON. */
#include "job.h"

static const char *const cause_words[] = {
    "", "  isolated: without it the surface extrapolates here",
    "  off among close neighbours: a wrong energy, or another electronic state?",
    "  its gradient is off, its energy is not: wrong sign, unit or atom order?"};
static const char *const cause_keys[] = {"none", "isolated", "off", "gradient"};

static void print_levels(const outcome *o)
{
    if (o->nlevels < 2)
        return;
    printf("  energies up to         RMSE in cm^-1: train%s\n", o->tested ? "                 test" : "");
    for (int k = 0; k < o->nlevels; k++) {
        const level *l = &o->levels[k];
        if (l->energy < HUGE_VAL)
            printf("  %8.0f cm^-1 ", PER_CM * l->energy);
        else
            printf("  all            ");
        printf("%12.4f (%zu)", PER_CM * l->train.rmse_energy, l->train.energies);
        if (o->tested)
            printf("%12.4f (%zu)", PER_CM * l->test.rmse_energy, l->test.energies);
        printf("\n");
    }
}

static void print_worst(const eqml_data *data, const outcome *o)
{
    const diagnosis *d = &o->diagnosis;
    if (!d->looked && o->fit.terms && d->influence)
        printf("  leave-one-out: takes long for so many terms; --diagnose N does it for N geometries\n");
    if (!d->looked)
        return;
    printf("  leave-one-out: RMSE %.4f cm^-1 over %zu of %zu geometries (%.2f s)", PER_CM * d->rmse,
           d->determined, o->train.energies, d->seconds);
    if (d->undetermined)
        printf("; at %zu the others do not determine the fit", d->undetermined);
    if (d->determined + d->undetermined < d->looked)
        printf("; looked at besides: %zu with large errors", d->looked - d->determined - d->undetermined);
    printf("\n  %zu isolated, %zu off among their neighbours, %zu with a gradient that is off; the worst "
           "(cm^-1):\n",
           d->causes[EQML_CAUSE_ISOLATED], d->causes[EQML_CAUSE_OFF], d->causes[EQML_CAUSE_GRADIENT]);
    printf("  geometry    energy     error  left out  leverage\n");
    for (int k = 0; k < d->nworst; k++) {
        const eqml_influence *f = &d->influence[d->worst[k]];
        printf("  %8zu %9.0f %9.2f %9.2f %9.3f%s\n", d->worst[k] + 1,
               PER_CM * (data->energy[d->worst[k]] - o->lowest), PER_CM * f->residual, PER_CM * f->deleted,
               f->leverage, cause_words[d->cause[d->worst[k]]]);
    }
}

/* What the robust fit did, and the first ten that it dropped. */
static void print_robust(const eqml_data *data, const outcome *o)
{
    int shown = 0;
    printf("  robust: Tukey's biweight, %d fits; %zu geometries have a weight below 1/2, %zu of them 0",
           o->robust.fits, o->robust.halved, o->robust.dropped);
    for (size_t g = 0; g < data->n && shown < 10; g++)
        if (o->weights[g] == 0)
            printf("%s%zu", shown++ ? ", " : ": ", g + 1);
    printf("%s\n", (size_t)shown < o->robust.dropped ? ", ..." : "");
}

void print_diagnosis(const eqml_data *data, const outcome *o)
{
    print_levels(o);
    print_worst(data, o);
    if (o->coverage.energies)
        printf("  sigma: %.1f %% of %zu test errors within one standard deviation, %.1f %% within two "
               "(normal: 68.3, 95.4)\n",
               100 * o->coverage.within[0], o->coverage.energies, 100 * o->coverage.within[1]);
    if (o->left_out)
        printf("  %zu geometries above --max-energy took no part in training\n", o->left_out);
    if (o->robust.fits)
        print_robust(data, o);
}

void print_notes(const outcome *o)
{
    const double train = o->train.rmse_energy, test = o->test.rmse_energy;
    const int tested = o->tested && o->test.energies > 0;
    if (!o->fit.terms)
        return;
    if (tested && o->left_out == 0 && test > 5 * train && test > 1e-9 * o->spread_test)
        printf("  note: the test error is %.3g times the training error: too many terms for these data; try "
               "a lower degree, "
               "more data\n        or a ridge\n",
               test / train);
    if (tested && o->test.energies > 1 && !(test < o->spread_test))
        printf("  note: the test error is worse than the spread of the data (%.4g cm^-1): their mean would "
               "be better\n",
               PER_CM * o->spread_test);
    if (o->train.energies > 1 && train > 0.5 * o->spread_train)
        printf("  note: the training error is more than half of the spread of the data (%.4g cm^-1): are "
               "energies and "
               "geometries\n        in the units and in the order that were assumed?\n",
               PER_CM * o->spread_train);
}

/* A number among others on a line. */
static void json_inline(FILE *out, const char *key, int known, double value)
{
    if (known && isfinite(value))
        fprintf(out, ", \"%s\": %.10g", key, value);
    else
        fprintf(out, ", \"%s\": null", key);
}

static void json_worst(FILE *out, const eqml_data *data, const outcome *o)
{
    const diagnosis *d = &o->diagnosis;
    fprintf(out, "  \"worst\": [");
    for (int k = 0; k < d->nworst; k++) {
        const size_t g = d->worst[k];
        const eqml_influence *f = &d->influence[g];
        fprintf(out, "%s\n    {\"geometry\": %zu", k ? "," : "", g + 1);
        json_inline(out, "energy", 1, data->energy[g]);
        json_inline(out, "error", 1, f->residual);
        json_inline(out, "error_left_out", 1, f->deleted);
        json_inline(out, "gradient_error_left_out", f->gradient > 0, f->gradient);
        json_inline(out, "leverage", 1, f->leverage);
        json_inline(out, "unknowns", 1, f->unknowns);
        json_inline(out, "variance", 1, f->variance);
        fprintf(out, ", \"cause\": \"%s\"}", cause_keys[d->cause[g]]);
    }
    fprintf(out, "],\n");
}

void json_diagnosis(FILE *out, const eqml_data *data, const outcome *o)
{
    const diagnosis *d = &o->diagnosis;
    fprintf(out, "  \"energy_levels\": [");
    for (int k = 0; k < o->nlevels; k++) {
        const level *l = &o->levels[k];
        fprintf(out, "%s\n    {\"n_train\": %zu, \"n_test\": %zu", k ? "," : "", l->train.energies,
                l->test.energies);
        json_inline(out, "up_to", l->energy < HUGE_VAL, l->energy);
        json_inline(out, "train", l->train.energies > 0, l->train.rmse_energy);
        json_inline(out, "test", l->test.energies > 0, l->test.rmse_energy);
        fprintf(out, "}");
    }
    fprintf(out, "],\n");
    json_number(out, "rmse_energy_left_out", d->determined > 0, d->rmse);
    fprintf(out,
            "  \"n_left_out_in_turn\": %zu,\n  \"n_isolated\": %zu,\n  \"n_off\": %zu,\n  "
            "\"n_gradient_off\": %zu,\n",
            d->looked, d->causes[EQML_CAUSE_ISOLATED], d->causes[EQML_CAUSE_OFF],
            d->causes[EQML_CAUSE_GRADIENT]);
    json_worst(out, data, o);
    json_number(out, "sigma_rows", o->few.rows > 0, o->few.rows);
    json_number(out, "sigma_floor", o->few.rows > 0, o->few.floor);
    json_number(out, "sigma_slope", o->few.rows > 0, o->few.slope);
    json_number(out, "sigma_power", o->few.rows > 0, o->few.power);
    json_number(out, "sigma_reach", o->few.rows > 0, o->few.reach);
    json_number(out, "sigma_coverage_1_test", o->coverage.energies > 0, o->coverage.within[0]);
    json_number(out, "sigma_coverage_2_test", o->coverage.energies > 0, o->coverage.within[1]);
    fprintf(out, "  \"n_above_max_energy\": %zu,\n", o->left_out);
    json_number(out, "robust_fits", o->robust.fits > 0, o->robust.fits);
    json_number(out, "robust_halved", o->robust.fits > 0, (double)o->robust.halved);
    json_number(out, "robust_dropped", o->robust.fits > 0, (double)o->robust.dropped);
}

void print_influence(FILE *out, const job *j, const eqml_data *data, const outcome *o)
{
    fprintf(
        out,
        "# %s: each training geometry left out in turn, in atomic units. error: V - E of the fit; left_out: "
        "of the fit without\n"
        "# this geometry; gradient: the same of a component, root mean square; leverage: by how much V "
        "follows E;\n"
        "# unknowns: how many it determines; variance: of V without it, in units of that of one energy; "
        "weight: of --robust.\n"
        "# geometry energy error left_out gradient leverage unknowns variance weight cause\n",
        j->name);
    for (size_t g = 0; g < data->n; g++) {
        const eqml_influence *f = &o->diagnosis.influence[g];
        if (f->known)
            fprintf(out, "%zu %.10f %.4e %.4e %.4e %.4e %.4e %.4e %.4f %s\n", g + 1, data->energy[g],
                    f->residual, f->deleted, f->gradient, f->leverage, f->unknowns, f->variance,
                    o->weights ? o->weights[g] : 1.0, cause_keys[o->diagnosis.cause[g]]);
    }
}
