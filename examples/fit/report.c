/* What came of a fit, on the terminal and as JSON. */
#include "job.h"

int fail(const char *text)
{
    fprintf(stderr, "fit: %s\n", text);
    return 1;
}

int finish_output(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    fprintf(stderr, "fit: standard output cannot be written\n");
    return 1;
}

void json_number(FILE *out, const char *key, int known, double value)
{
    if (known && isfinite(value))
        fprintf(out, "  \"%s\": %.10g,\n", key, value);
    else
        fprintf(out, "  \"%s\": null,\n", key);
}

/* The elements of each class of pairs whose distances do not vary. */
static void json_constant_pairs(FILE *out, const outcome *o)
{
    const char *between = "";
    fprintf(out, "  \"constant_pairs\": [");
    for (int c = 0; c < basis->npair_classes; c++) {
        char label[16];
        if (o->constant[c] == 0)
            continue;
        pair_of_class(c, label);
        fprintf(out, "%s\"%s\"", between, label);
        between = ", ";
    }
    fprintf(out, "],\n");
}

static void print_constant_pairs(const job *j, const outcome *o)
{
    const char *along = o->train.gradients && !j->fit.energies_only
                            ? "the surface knows of the energy along them what the gradients tell"
                            : "the surface is flat along them, as far as the other terms allow";
    for (int c = 0; c < basis->npair_classes; c++) {
        char label[16];
        if (o->constant[c] == 0)
            continue;
        const unsigned short *pair = pair_of_class(c, label);
        printf(
            "  note: %s distances (such as that of atoms %d and %d) do not vary in the training data (%.5g "
            "angstrom):\n        %s\n",
            label, pair[0] + 1, pair[1] + 1, o->constant[c] / EQML_ANGSTROM, along);
    }
}

void print_json(FILE *out, const job *j, const eqml_data *data, const outcome *o)
{
    int test = o->tested;
    fprintf(out, "{\n  \"terms\": %d,\n  \"rank\": %d,\n", o->fit.terms, o->fit.rank);
    json_number(out, "condition", o->fit.terms > 0, o->fit.condition);
    json_constant_pairs(out, o);
    json_variables(out, j, o);
    fprintf(out, "  \"n_train\": %zu,\n  \"n_test\": %zu,\n", o->fit.geometries, test ? o->test.energies : 0);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const char *name = eqml_tensor_name((eqml_tensor)k);
        fprintf(out, "  \"%s_terms\": %d,\n  \"%s_rank\": %d,\n  \"n_%s_train\": %zu,\n", name,
                o->tensor[k].terms, name, o->tensor[k].rank, name, o->tensor[k].geometries);
    }
    json_number(out, "rmse_energy_train", o->train.energies > 0, o->train.rmse_energy);
    json_number(out, "rmse_energy_test", test && o->test.energies > 0, o->test.rmse_energy);
    json_number(out, "rmse_gradient_train", o->train.gradients > 0, o->train.rmse_gradient);
    json_number(out, "rmse_gradient_test", test && o->test.gradients > 0, o->test.rmse_gradient);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const int fitted = o->tensor[k].terms > 0;
        char key[64];
        snprintf(key, sizeof key, "rmse_%s_train", eqml_tensor_name((eqml_tensor)k));
        json_number(out, key, fitted && o->train.tensors[k], o->train.rmse_tensor[k]);
        snprintf(key, sizeof key, "rmse_%s_test", eqml_tensor_name((eqml_tensor)k));
        json_number(out, key, test && fitted && o->test.tensors[k], o->test.rmse_tensor[k]);
    }
    json_number(out, "max_error_energy_test", test && o->test.energies > 0 && isfinite(o->test.rmse_energy),
                o->test.max_energy);
    json_diagnosis(out, data, o);
    json_number(out, "penalty_rounds", o->penalty_rounds > 0, o->penalty_rounds);
    json_number(out, "penalty_points", o->penalty_rounds > 0, (double)o->penalty_points);
    json_number(out, "wall_width", o->wall.width > 0, o->wall.width);
    json_number(out, "wall_degree", o->wall.width > 0, o->wall.degree);
    fprintf(out, "  \"holes\": ");
    if (o->holes.natoms)
        census_json(out, &o->holes);
    else
        fprintf(out, "null");
    fprintf(out, ",\n  \"seconds_fit\": %.3f\n}\n", o->seconds);
}

static void print_errors(const char *what, const eqml_errors *e)
{
    if (e->energies)
        printf(
            "  %-6s %8zu energies   RMSE %10.4f cm^-1 %9.5f kcal/mol   largest %.2f cm^-1 (geometry %zu)\n",
            what, e->energies, PER_CM * e->rmse_energy, KCAL_MOL * e->rmse_energy, PER_CM * e->max_energy,
            e->worst + 1);
    if (e->gradients)
        printf("  %-6s %8zu gradients  RMSE %.4e hartree/bohr for each component\n", what, e->gradients,
               e->rmse_gradient);
    for (int k = 0; k < EQML_TENSORS; k++) {
        static const char *const plural[EQML_TENSORS] = {"dipoles", "quadrupoles", "polarizabilities"};
        static const char *const unit[EQML_TENSORS] = {"e*bohr", "e*bohr^2", "bohr^3"};
        if (e->tensors[k])
            printf("  %-6s %8zu %-10s RMSE %.4e %s for each component (of %.4f)\n", what, e->tensors[k],
                   plural[k], e->rmse_tensor[k], unit[k], e->rms_tensor[k]);
    }
}

static void print_fit(const char *what, const eqml_fit_result *fit)
{
    if (!fit->terms)
        return;
    printf("  %s: %d terms, rank %d, condition %.1e, %zu rows from %zu geometries\n", what, fit->terms,
           fit->rank, fit->condition, fit->rows, fit->geometries);
    if (fit->resumed)
        printf("  note: %zu of the %zu geometries came from the checkpoint\n", fit->resumed, fit->geometries);
    if (fit->rank < fit->terms)
        printf("  note: the data do not determine all terms: %d of %d terms determined; of all solutions "
               "that of "
               "least norm is taken\n",
               fit->rank, fit->terms);
}

/* An error relative to what turns with the molecule that no fit has whose data are in the frame of the
 * geometries. */
#define ABSURD 0.3

double rms_anisotropy(const eqml_data *data, const unsigned char *use)
{
    double sum = 0;
    size_t count = 0;
    for (size_t g = 0; g < data->n; g++) {
        const double *a = data->tensors[EQML_POLARIZABILITY] + 6 * g;
        if (!use[g] || !(data->has[g] & EQML_HAS_POLARIZABILITY))
            continue;
        const double mean = (a[0] + a[3] + a[5]) / 3, x = a[0] - mean, y = a[3] - mean, z = a[5] - mean;
        sum += x * x + y * y + z * z + 2 * (a[1] * a[1] + a[2] * a[2] + a[4] * a[4]);
        count++;
    }
    return count ? sqrt(sum / (9 * (double)count)) : 0;
}

void print_report(const job *j, const eqml_data *data, const outcome *o)
{
    printf("%s: \"%s\", degree %d, fitted in %.1f s\n", j->name, basis->composition, basis->degree,
           o->seconds);
    print_choice(j, o);
    print_fit("energy", &o->fit);
    for (int k = 0; k < EQML_TENSORS; k++)
        print_fit(eqml_tensor_name((eqml_tensor)k), &o->tensor[k]);
    print_constant_pairs(j, o);
    print_errors("train", &o->train);
    if (o->tested)
        print_errors("test", &o->test);
    print_diagnosis(data, o);
    print_notes(o);
    print_holes(j, o);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (o->tensor[k].terms && o->train.rmse_tensor[k] > ABSURD * o->turning[k])
            printf(
                "  note: the %s does not follow the geometries: was it given in another orientation, or with "
                "another\n"
                "        charge than %g?\n",
                eqml_tensor_name((eqml_tensor)k), j->charge);
}
