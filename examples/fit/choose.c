/* Variables and ridge that the user leaves to the program. */
#include "job.h"
#include <unistd.h>

static void show_trial(void *context, int trials, int most)
{
    double *last = context, now = seconds_now();
    if (now - *last < 0.2)
        return;
    *last = now;
    fprintf(stderr, "\rchoosing variables: trial %d of at most %d ", trials, most);
}

/* "H-O=morse:2.4", as an option says it. */
static void word_of_variable(int c, const eqml_variable *v, char text[64])
{
    char label[16];
    pair_of_class(c, label);
    const int length = snprintf(text, 64, "%s=%s", label, kind_words[v->kind]);
    if (v->kind != EQML_INVERSE)
        snprintf(text + length, 64 - (size_t)length, ":%.10g", v->range);
}

/* Whether an earlier class says the same. */
static int was_said(const eqml_variable *variables, int c)
{
    char text[64], other[64];
    word_of_variable(c, &variables[c], text);
    for (int k = 0; k < c; k++) {
        word_of_variable(k, &variables[k], other);
        if (!strcmp(text, other))
            return 1;
    }
    return 0;
}

int choose_variables(job *j, const eqml_data *data, outcome *o)
{
    eqml_message message;
    double shown = 0;
    const double start = seconds_now();
    eqml_choice_options options = {&j->fit, j->given, j->ridge_auto, j->energy_weight_auto, NULL, NULL};
    int open = j->ridge_auto || j->energy_weight_auto;
    for (int c = 0; c < basis->npair_classes; c++)
        open = open || !j->given[c];
    if (!open)
        return 0;
    if (isatty(2)) {
        options.progress = show_trial;
        options.context = &shown;
    }
    const eqml_status status =
        eqml_choose_variables(basis, data, &options, j->variables, &o->choice, &message);
    if (shown > 0)
        fprintf(stderr, "\n");
    if (status) {
        fprintf(stderr, "fit: %s: %s\n", j->data, message.text);
        return 1;
    }
    j->fit.ridge = o->choice.ridge;
    j->fit.energy_weight = o->choice.energy_weight;
    o->chosen = 1;
    o->seconds_choice = seconds_now() - start;
    return 0;
}

void print_choice(const job *j, const outcome *o)
{
    const eqml_choice *c = &o->choice;
    if (!o->chosen)
        return;
    if (c->trials)
        printf("  chosen in %.1f s by %d cross-validations within the training data:\n", o->seconds_choice,
               c->trials);
    else
        printf("  chosen without a search, for too few energies to compare by:\n");
    printf("   ");
    for (int k = 0; k < basis->npair_classes; k++) {
        char text[64];
        word_of_variable(k, &j->variables[k], text);
        if (!was_said(j->variables, k))
            printf(" --variable %s", text);
    }
    if (j->ridge_auto)
        printf(" --ridge %g", j->fit.ridge);
    if (j->energy_weight_auto && j->fit.energy_weight > 0)
        printf(" --energy-weight %g", j->fit.energy_weight);
    printf("\n");
    if (c->growing)
        printf("  note: variables that are the distance, or of negative range, grow where atoms part: the "
               "surface is for "
               "distances\n        up to those of the data\n");
}

void json_variables(FILE *out, const job *j, const outcome *o)
{
    const char *between = "";
    fprintf(out, "  \"variables\": [");
    for (int k = 0; k < basis->npair_classes; k++) {
        char text[64];
        word_of_variable(k, &j->variables[k], text);
        if (!was_said(j->variables, k)) {
            fprintf(out, "%s\"%s\"", between, text);
            between = ", ";
        }
    }
    fprintf(out, "],\n  \"ridge\": %.10g,\n", j->fit.ridge);
    json_number(out, "energy_weight", j->fit.energy_weight > 0, j->fit.energy_weight);
    json_number(out, "seconds_choice", o->chosen, o->seconds_choice);
}

int choose_degree(job *j, const eqml_data *data, outcome *o)
{
    eqml_message message;
    int degree;
    const eqml_choice_options options = {&j->fit, NULL, 0, 0, NULL, NULL};
    double *error = calloc((size_t)basis->degree + 1, sizeof *error);
    if (!error)
        return fail("out of memory");
    if (choose_variables(j, data, o)) {
        free(error);
        return 1;
    }
    const eqml_status status =
        eqml_choose_degree(basis, data, &options, j->variables, &degree, error, &message);
    if (status) {
        free(error);
        fprintf(stderr, "fit: %s: %s\n", j->data, message.text);
        return 1;
    }
    printf("degree, cross-validated RMSE in cm^-1:");
    for (int d = 1; d <= basis->degree; d++)
        printf("%s %d: %.4g", d > 1 ? "," : "", d, error[d] * PER_CM);
    printf("; the least degree within 2 %% of the best: %d\n", degree);
    free(error);
    return write_count(j->degree_file, (size_t)degree);
}
