/* What the user leaves to the program. */
#include "job.h"
#include <unistd.h>

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median over the training configurations of the shortest distance; 0 where none has two atoms within 6 angstrom. */
static double nearest(const input *in)
{
    const eqml_frames *frames = &in->data;
    double *shortest = malloc(frames->n * sizeof *shortest), median = 0;
    size_t count = 0;
    eqml_neighbours list = {0};
    for (size_t k = 0; k < frames->n && shortest; k++) {
        const eqml_configuration c = eqml_frame(frames, k);
        double least = DBL_MAX;
        if (!in->train[k] || eqml_neighbours_find(&c, 6 * EQML_ANGSTROM, &list, NULL))
            continue;
        for (size_t p = 0; p < list.count; p++) {
            const double *r = list.vector[p], square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
            least = square < least ? square : least;
        }
        if (list.count)
            shortest[count++] = sqrt(least);
    }
    if (count) {
        qsort(shortest, count, sizeof *shortest, compare);
        median = shortest[count / 2];
    }
    eqml_neighbours_free(&list);
    free(shortest);
    return median;
}

static void show_trial(void *context, int trials)
{
    double *last = context, now = seconds_now();
    if (now - *last < 0.2)
        return;
    *last = now;
    fprintf(stderr, "\rchoosing: trial %d ", trials);
}

/* Range and cutoff from the data, where they are not given. */
static int begin_radial(job *j, const input *in)
{
    if (j->radial.range == 0)
        j->radial.range = nearest(in);
    if (j->radial.range == 0)
        return fail("no two atoms are within 6 angstrom in the data; give --range and --cutoff");
    if (j->radial.cutoff == 0)
        j->radial.cutoff = 2.2 * j->radial.range;
    return 0;
}

int choose_numbers(job *j, const input *in, outcome *o)
{
    eqml_message message;
    double shown = 0;
    const double start = seconds_now();
    eqml_cloud_choice_options options = {.cutoff = j->cutoff_auto,
                                         .range = j->range_auto,
                                         .kind = j->kind_auto,
                                         .weights = j->weights_auto,
                                         .ridge = j->ridge_auto};
    if (begin_radial(j, in))
        return 1;
    if (!j->cutoff_auto && !j->range_auto && !j->kind_auto && !j->weights_auto && !j->ridge_auto)
        return 0;
    if (isatty(2)) {
        options.progress = show_trial;
        options.context = &shown;
    }
    const eqml_status status =
        eqml_cloud_choose(basis, &in->data, &options, &j->radial, &j->fit, &o->choice, &message);
    if (shown > 0)
        fprintf(stderr, "\n");
    if (status == EQML_ERROR_EMPTY) { /* defaults must do */
        j->fit.ridge = j->ridge_auto ? 1e-8 : j->fit.ridge;
        return 0;
    }
    o->seconds_choice = seconds_now() - start;
    if (!status)
        return 0;
    fprintf(stderr, "potential: %s: %s\n", j->data[0], message.text);
    return 1;
}

/* A file for the script, of two lines: what was found, and options that were chosen with it. */
static int write_lines(const char *path, const char *first, const char *second)
{
    FILE *out = fopen(path, "w");
    if (out)
        fprintf(out, "%s\n%s\n", first, second);
    const int bad = !out || ferror(out);
    if (out && !fclose(out) && !bad)
        return 0;
    fprintf(stderr, "potential: %s: cannot be written: %s\n", path, strerror(errno));
    return 1;
}

/* text <- the options that say the radial functions. */
static int radial_options(const job *j, char *text, size_t size)
{
    return snprintf(text, size, "--radial %s --cutoff %.10g --range %.10g", radial_name(&j->radial),
                    j->radial.cutoff / EQML_ANGSTROM, j->radial.range / EQML_ANGSTROM);
}

int find_score(job *j, const input *in)
{
    eqml_message message;
    eqml_cloud_errors e;
    outcome o = {0};
    char score[64] = "0", options[256];
    if (choose_numbers(j, in, &o))
        return 1;
    const eqml_status status =
        eqml_cloud_cross_validate(basis, &j->radial, &in->data, &j->fit, 0, &e, &message);
    if (status && status != EQML_ERROR_EMPTY) /* of a few data nothing can be said */
        return fail(message.text);
    if (!status)
        snprintf(score, sizeof score, "%.6f",
                 (e.energies ? log(fmax(EV * e.rmse_energy, DBL_MIN)) : 0) +
                     (e.forces ? log(fmax(EV_PER_ANGSTROM * e.rmse_force, DBL_MIN)) : 0));
    radial_options(j, options, sizeof options);
    return write_lines(j->score, score, options);
}

int choose_level(job *j, const input *in)
{
    eqml_message message;
    outcome o = {0};
    char path[1024], chosen[16], options[256];
    int level = 0;
    double *score = calloc((size_t)j->highest + 1, sizeof *score);
    int *terms = calloc((size_t)j->highest + 1, sizeof *terms);
    int bad = score && terms ? choose_numbers(j, in, &o) : fail("out of memory");
    if (!bad && eqml_cloud_choose_level(basis, &j->radial, &in->data, &j->fit, 0, j->highest, &level, score,
                                        terms, &message))
        bad = fail(message.text);
    for (int d = 1; d <= j->highest && !bad; d++)
        if (score[d] < HUGE_VAL)
            printf("  level %2d: %5d terms, cross-validated score %.3f%s\n", d, terms[d], score[d],
                   d == level ? ", chosen" : "");
    snprintf(path, sizeof path, "%s/level", j->directory);
    snprintf(chosen, sizeof chosen, "%d", level);
    const size_t length = (size_t)radial_options(j, options, sizeof options);
    snprintf(options + length, sizeof options - length, " --energies %.10g --virials %.10g --ridge %.10g",
             j->fit.energy_weight > 0 ? j->fit.energy_weight : 100, j->fit.virial_weight, j->fit.ridge);
    bad = bad || write_lines(path, chosen, options);
    free(score);
    free(terms);
    return bad;
}
