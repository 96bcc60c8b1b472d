/* Extrapolation grades, and the configurations to compute next. */
#include "job.h"
#include "common/whole.h"

/* One configuration in extended XYZ, with what it gains and the largest grade of its atoms. */
static void put_configuration(FILE *out, const eqml_frames *f, size_t k, double gain, double grade)
{
    const eqml_configuration c = eqml_frame(f, k);
    fprintf(out, "%zu\n", c.natoms);
    if (c.cell) {
        fprintf(out, "Lattice=\"");
        for (int i = 0; i < 9; i++)
            fprintf(out, i < 8 ? "%.10g " : "%.10g\" ", c.cell[i] / EQML_ANGSTROM);
    }
    fprintf(out, "pbc=\"%c %c %c\" Properties=species:S:1:pos:R:3 gain=%.6g largest_grade=%.6g source=%zu\n",
            c.pbc[0] ? 'T' : 'F', c.pbc[1] ? 'T' : 'F', c.pbc[2] ? 'T' : 'F', gain, grade, k + 1);
    for (size_t i = 0; i < c.natoms; i++) {
        char symbol[8];
        species_symbol(c.species[i], symbol);
        fprintf(out, "%-2s", symbol);
        for (size_t d = 0; d < 3; d++)
            fprintf(out, " %16.10f", c.xyz[3 * i + d] / EQML_ANGSTROM);
        fprintf(out, "\n");
    }
}

/* *largest <- the largest grade in each configuration, [f->n]; nonzero after a message. room[atoms of the largest]. */
static int find_grades(const eqml_cloud_grader *g, const eqml_cloud_model *model, const eqml_frames *f,
                       double *largest, double *room)
{
    eqml_cloud_workspace w = {0};
    eqml_message message;
    int bad = 0;
    for (size_t k = 0; k < f->n && !bad; k++) {
        const eqml_configuration c = eqml_frame(f, k);
        largest[k] = 0;
        if (eqml_cloud_find_grades(g, model, &c, &w, room, &message)) {
            fprintf(stderr, "potential: configuration %zu, line %zu: %s\n", k + 1, f->line[k], message.text);
            bad = 1;
        }
        for (size_t i = 0; i < c.natoms && !bad; i++)
            largest[k] = room[i] > largest[k] ? room[i] : largest[k];
    }
    eqml_cloud_workspace_free(&w);
    return bad;
}

/* ask.xyz: the configurations of the pool that are to be computed next. */
static int ask(const job *j, const input *in, const eqml_cloud_model *model, eqml_lsq *triangle)
{
    eqml_cloud_grader exact;
    eqml_message message;
    whole file;
    char path[1024];
    size_t found = 0;
    const size_t wanted = (size_t)j->ask < in->pool.n ? (size_t)j->ask : in->pool.n;
    double *largest = calloc(in->pool.n + in->pool.natoms, sizeof *largest);
    eqml_design_choice *choice = calloc(wanted + 1, sizeof *choice);
    int bad = !largest || !choice;
    if (bad)
        fail("out of memory");
    memset(&exact, 0, sizeof exact);
    if (!bad && (eqml_cloud_grader_create(&exact, model, triangle, &in->data, in->train, 0, &message) ||
                 eqml_cloud_design(&exact, model, &in->pool, &j->fit, 1, wanted, choice, &found, &message)))
        bad = fail(message.text);
    bad = bad || find_grades(&exact, model, &in->pool, largest, largest + in->pool.n);
    if (!bad) {
        snprintf(path, sizeof path, "%s/ask.xyz", j->directory);
        whole_open(&file, path);
        for (size_t k = 0; k < found && file.out; k++)
            put_configuration(file.out, &in->pool, choice[k].candidate, choice[k].gain,
                              largest[choice[k].candidate]);
        if (whole_close(&file, 0)) {
            fprintf(stderr, "potential: %s: cannot be written: %s\n", path, strerror(errno));
            bad = 1;
        }
    }
    if (!bad) {
        printf("  to compute next: %zu of %zu configurations of the pool, in %s\n", found, in->pool.n, path);
        for (size_t k = 0; k < found && k < 10; k++)
            printf("  %6zu  gain %8.3f, largest grade %8.3g\n", choice[k].candidate + 1, choice[k].gain,
                   largest[choice[k].candidate]);
    }
    eqml_cloud_grader_free(&exact);
    free(largest);
    free(choice);
    return bad;
}

/* How large errors are said to be, from training data that are left out, and how often they are, in the test set. */
static int cover(const job *j, const input *in, const eqml_cloud_model *model, eqml_lsq *triangle,
                 const eqml_cloud_grader *g, outcome *o)
{
    eqml_cloud_sigma sigma;
    eqml_message message;
    const eqml_frames *test = in->other.n ? &in->other : &in->data;
    const eqml_status status =
        eqml_cloud_calibrate(&sigma, g, model, triangle, &in->data, &j->fit, in->train, LEFT_OUT, &message);
    if (status == EQML_ERROR_EMPTY) /* of a few data nothing can be said */
        return 0;
    if (status)
        return fail(message.text);
    o->left_out = sigma.left_out;
    memcpy(o->tail, sigma.tail, sizeof o->tail);
    return o->tested && eqml_cloud_coverage(&sigma, model, test, in->other.n ? NULL : in->test, o->coverage,
                                            o->within_tail, o->deviation, &message)
               ? fail(message.text)
               : 0;
}

/* NAME_grade.h, and the largest grades of the test configurations. */
static int grade(const job *j, const input *in, const eqml_cloud_model *model, eqml_lsq *triangle, outcome *o)
{
    eqml_cloud_grader g;
    eqml_message message;
    char path[1024];
    const eqml_frames *f = in->other.n ? &in->other : &in->data;
    double *largest = calloc(f->n + f->natoms, sizeof *largest);
    if (!largest)
        return fail("out of memory");
    snprintf(path, sizeof path, "%s/%s_grade.h", j->directory, j->name);
    int bad = 0;
    memset(&g, 0, sizeof g);
    if (eqml_cloud_grader_create(&g, model, triangle, &in->data, in->train, j->grades, &message) ||
        eqml_cloud_write_grades(&g, model, j->name, j->runtime, path, &message))
        bad = fail(message.text);
    const double start = seconds_now();
    bad = bad || find_grades(&g, model, f, largest, largest + f->n);
    o->us_per_grade = 1e6 * (seconds_now() - start) / (double)f->natoms;
    for (size_t k = 0; k < f->n && !bad; k++)
        if (in->other.n || in->test[k]) {
            o->largest_grade = largest[k] > o->largest_grade ? largest[k] : o->largest_grade;
            o->beyond += largest[k] > 1;
        }
    o->graded = !bad;
    bad = bad || cover(j, in, model, triangle, &g, o);
    eqml_cloud_grader_free(&g);
    free(largest);
    return bad;
}

int grade_and_ask(const job *j, const input *in, const eqml_cloud_model *model, eqml_lsq *triangle,
                  outcome *o)
{
    return (j->grades && grade(j, in, model, triangle, o)) || (j->ask && ask(j, in, model, triangle));
}
