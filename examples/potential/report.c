/* What came of a fit, on the terminal and as JSON. Electron volts and angstrom, as is usual for materials. */
#include "job.h"

int fail(const char *text)
{
    fprintf(stderr, "potential: %s\n", text);
    return 1;
}

static void print_errors(const char *what, const eqml_cloud_errors *e)
{
    if (e->energies)
        printf("  %-6s %6zu energies  MAE %8.3f RMSE %8.3f meV/atom\n", what, e->energies,
               1e3 * EV * e->mae_energy, 1e3 * EV * e->rmse_energy);
    if (e->forces)
        printf("  %-6s %6zu forces    MAE %8.4f RMSE %8.4f eV/angstrom\n", what, e->forces,
               EV_PER_ANGSTROM * e->mae_force, EV_PER_ANGSTROM * e->rmse_force);
    if (e->virials)
        printf("  %-6s %6zu virials   MAE %8.3f RMSE %8.3f meV/atom\n", what, e->virials,
               1e3 * EV * e->mae_virial, 1e3 * EV * e->rmse_virial);
}

/* Where virials of the data point the other way than those that follow from energies and forces. */
static void doubt_virials(const job *j, const outcome *o)
{
    if (o->train.virials && o->train.virial_sign < -0.5)
        printf("  virials of the data have the other sign than those of the fit (correlation %.2f): try "
               "--stress-sign %s\n",
               o->train.virial_sign, j->read.pressure ? "ase" : "pressure");
}

void print_report(const job *j, const eqml_cloud_model *model, const outcome *o)
{
    if (o->choice.trials)
        printf(
            "  chosen in %.1f s by %d cross-validations within the training data, the last with %d terms\n",
            o->seconds_choice, o->choice.trials, o->choice.terms);
    printf("  \"%s\": %d terms, rank %d, condition %.1e, %zu rows from %zu configurations, %.1f s\n",
           model->basis->environment, model->basis->nterms, o->fit.rank, o->fit.condition, o->fit.rows,
           o->fit.frames, o->seconds);
    printf(
        "  the same again: --radial %s --cutoff %.10g --range %.10g --energies %.10g --virials %.10g --ridge "
        "%.10g --smoothness %.10g\n",
        radial_name(&model->radial), model->radial.cutoff / EQML_ANGSTROM,
        model->radial.range / EQML_ANGSTROM, j->fit.energy_weight > 0 ? j->fit.energy_weight : 100,
        j->fit.virial_weight, j->fit.ridge, j->fit.smoothness);
    print_errors("train", &o->train);
    if (o->tested)
        print_errors("test", &o->test);
    if (o->validated)
        print_errors("c.-v.", &o->validation);
    doubt_virials(j, o);
    printf("  energy and forces: %.2f us for an atom, with its neighbours\n", o->us_per_atom);
    if (o->graded)
        printf("  extrapolation grades: %.2f us for an atom", o->us_per_grade);
    if (o->graded && o->tested)
        printf("; of the test configurations %zu have one beyond 1, the largest %.3g", o->beyond,
               o->largest_grade);
    if (o->graded)
        printf("\n");
    for (int k = 0; k < 2 && o->left_out && o->tested; k++)
        if (o->coverage[k].energies)
            printf(
                "  sigma of %s %.3g %s (rms), from %zu configurations left out: %.1f %% of %zu test errors "
                "within one standard deviation, %.1f %% within two (normal: 68.3, 95.4), %.1f %% within "
                "%.1f, "
                "which hold 95.4 %% of those left out\n",
                k ? "forces" : "energies", o->deviation[k] * (k ? EV_PER_ANGSTROM : 1e3 * EV),
                k ? "eV/angstrom" : "meV/atom", o->left_out, 100 * o->coverage[k].within[0],
                o->coverage[k].energies, 100 * o->coverage[k].within[1], 100 * o->within_tail[k], o->tail[k]);
}

/* Null where the number is not known, or not finite. */
static void json_number(FILE *out, const char *key, int known, double value)
{
    if (known && isfinite(value))
        fprintf(out, "  \"%s\": %.10g,\n", key, value);
    else
        fprintf(out, "  \"%s\": null,\n", key);
}

static void json_errors(FILE *out, const char *set, int known, const eqml_cloud_errors *e)
{
    const struct {
        const char *key, *unit;
        int known;
        double value;
    } line[] = {{"mae_energy", "ev_per_atom", e->energies > 0, EV * e->mae_energy},
                {"rmse_energy", "ev_per_atom", e->energies > 0, EV * e->rmse_energy},
                {"mae_force", "ev_per_angstrom", e->forces > 0, EV_PER_ANGSTROM * e->mae_force},
                {"rmse_force", "ev_per_angstrom", e->forces > 0, EV_PER_ANGSTROM * e->rmse_force},
                {"mae_virial", "ev_per_atom", e->virials > 0, EV * e->mae_virial},
                {"rmse_virial", "ev_per_atom", e->virials > 0, EV * e->rmse_virial}};
    for (size_t k = 0; k < sizeof line / sizeof *line; k++) {
        char key[80];
        snprintf(key, sizeof key, "%s_%s_%s", line[k].key, set, line[k].unit);
        json_number(out, key, known && line[k].known, line[k].value);
    }
}

int write_report(const char *path, const job *j, const eqml_cloud_model *model, const outcome *o)
{
    FILE *out = fopen(path, "w");
    if (out) {
        fprintf(out, "{\n  \"terms\": %d,\n  \"rank\": %d,\n", model->basis->nterms, o->fit.rank);
        json_number(out, "condition", 1, o->fit.condition);
        fprintf(out, "  \"n_train\": %zu,\n  \"n_test\": %zu,\n", o->fit.frames,
                o->tested ? o->test.energies : 0);
        fprintf(out, "  \"radial\": \"%s\",\n", radial_name(&model->radial));
        json_number(out, "cutoff_angstrom", 1, model->radial.cutoff / EQML_ANGSTROM);
        json_number(out, "range_angstrom", 1, model->radial.range / EQML_ANGSTROM);
        json_number(out, "energy_weight", 1, j->fit.energy_weight > 0 ? j->fit.energy_weight : 100);
        json_number(out, "virial_weight", 1, j->fit.virial_weight);
        json_number(out, "ridge", 1, j->fit.ridge);
        json_number(out, "smoothness", 1, j->fit.smoothness);
        json_number(out, "seconds_choice", o->choice.trials > 0, o->seconds_choice);
        json_errors(out, "train", 1, &o->train);
        json_errors(out, "test", o->tested, &o->test);
        json_errors(out, "cross_validation", o->validated, &o->validation);
        json_number(out, "largest_grade_test", o->graded && o->tested, o->largest_grade);
        json_number(out, "n_test_beyond", o->graded && o->tested, (double)o->beyond);
        const int covered[2] = {o->left_out && o->tested && o->coverage[0].energies,
                                o->left_out && o->tested && o->coverage[1].energies};
        json_number(out, "sigma_energy_test_ev_per_atom", covered[0], EV * o->deviation[0]);
        json_number(out, "coverage_energy_one_sigma", covered[0], o->coverage[0].within[0]);
        json_number(out, "coverage_energy_two_sigma", covered[0], o->coverage[0].within[1]);
        json_number(out, "tail_energy_sigma", covered[0], o->tail[0]);
        json_number(out, "coverage_energy_tail", covered[0], o->within_tail[0]);
        json_number(out, "sigma_force_test_ev_per_angstrom", covered[1], EV_PER_ANGSTROM * o->deviation[1]);
        json_number(out, "coverage_force_one_sigma", covered[1], o->coverage[1].within[0]);
        json_number(out, "coverage_force_two_sigma", covered[1], o->coverage[1].within[1]);
        json_number(out, "tail_force_sigma", covered[1], o->tail[1]);
        json_number(out, "coverage_force_tail", covered[1], o->within_tail[1]);
        json_number(out, "us_per_grade", o->graded, o->us_per_grade);
        json_number(out, "us_per_atom", 1, o->us_per_atom);
        fprintf(out, "  \"seconds_fit\": %.3f\n}\n", o->seconds);
    }
    const int bad = !out || ferror(out);
    if ((out && fclose(out)) || bad) {
        fprintf(stderr, "potential: %s: cannot be written: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}
