#ifndef EQML__CLOUD_GRADING_C
#define EQML__CLOUD_GRADING_C
#include "cloud/grading.h"
#include "cloud/fitter.c"
#include "cloud/potential.c"
#include "designer.c"
#include "uncertainty.c"

EQML_API void eqml_cloud_grader_free(eqml_cloud_grader *g)
{
    eqml_sigma_free(&g->variance);
    EQML_FREE((void *)(uintptr_t)g->reach);
    memset(g, 0, sizeof *g);
}

/* g->variance <- F, or combinations of its rows. */
static eqml_status eqml__grader_matrix(eqml_cloud_grader *g, eqml_lsq *lsq, int rows)
{
    const int n = lsq->ncols, wanted = EQML_ROUND(rows);
    const bool whole = rows == 0 || wanted >= n;
    eqml__system s;
    void *room = EQML_MALLOC(eqml__system_size(n, 1));
    if (!room)
        return EQML_ERROR_MEMORY;
    eqml__lsq_fold(lsq);
    eqml__system_create(&s, n, 1, room);
    eqml_status status = eqml__system_load(&s, lsq);
    if (!status) {
        eqml__system_reduce(&s, eqml__lsq_tolerance(lsq), 1);
        g->variance.terms = n;
        g->variance.rows = whole ? EQML_ROUND(s.rank) : wanted;
        g->variance.triangular = whole && eqml__in_order(&s);
        double *matrix = (double *)eqml__zeroed(eqml__sigma_size(&g->variance), sizeof(double));
        g->variance.matrix = matrix;
        status = matrix ? eqml__find_matrix(&s, whole, &g->variance, matrix) : EQML_ERROR_MEMORY;
    }
    EQML_FREE(room);
    return status;
}

EQML_API eqml_status eqml_cloud_grader_create(eqml_cloud_grader *g, const eqml_cloud_model *model,
                                              eqml_lsq *triangle, const eqml_frames *frames,
                                              const unsigned char *use, int rows, eqml_message *message)
{
    const size_t nspecies = (size_t)model->basis->nspecies;
    eqml_cloud_workspace w;
    size_t most = 0;
    memset(g, 0, sizeof *g);
    memset(&w, 0, sizeof w);
    if (message)
        message->text[0] = 0;
    for (size_t k = 0; k < frames->n; k++)
        most =
            frames->first[k + 1] - frames->first[k] > most ? frames->first[k + 1] - frames->first[k] : most;
    double *reach = (double *)eqml__zeroed(2 * nspecies, sizeof(double)), *top = reach + nspecies;
    double *grade = (double *)eqml__zeroed(most, sizeof(double));
    eqml_status status = reach && grade && rows >= 0 ? eqml__grader_matrix(g, triangle, rows)
                         : rows < 0                  ? EQML_ERROR_ARGUMENT
                                                     : EQML_ERROR_MEMORY;
    g->reach = reach;
    for (size_t s = 0; s < nspecies && reach; s++)
        reach[s] = 1;
    for (size_t k = 0; k < frames->n && !status; k++) {
        const eqml_configuration c = eqml_frame(frames, k);
        if (!eqml__frame_used(frames, use, k))
            continue;
        status = eqml_cloud_find_grades(g, model, &c, &w, grade, message);
        for (size_t i = 0; i < c.natoms && !status; i++)
            top[c.species[i]] = fmax(top[c.species[i]], grade[i] * grade[i]);
    }
    if (!status)
        memcpy(reach, top, nspecies * sizeof(double));
    EQML_FREE(grade);
    eqml_cloud_workspace_free(&w);
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the grades: %s", eqml_status_text(status));
    if (status)
        eqml_cloud_grader_free(g);
    return status;
}

/* ---- the configurations to compute next ---------------------------------------------------------------- */

typedef struct eqml__cloud_design {
    eqml__designer core;
    eqml__cloud_fit w;
    int forces;
    eqml_status status; /* memory that was refused while rows were made */
} eqml__cloud_design;

/* row <- a row of the fit without its value, times a factor. */
static void eqml__design_row(const eqml__cloud_fit *w, const double *from, const double *count, double factor,
                             double *row)
{
    const int n = w->basis->nterms;
    for (int k = 0; k < n; k++)
        row[k] = factor * from[k];
    for (int k = n; k < w->ncols; k++)
        row[k] = count ? factor * count[k - n] : 0;
}

/* Those of configuration g; one that has no neighbours, or two atoms in one place, has no rows, and gains nothing. */
static int eqml__configuration_rows(void *context, size_t g, double *rows)
{
    eqml__cloud_design *d = (eqml__cloud_design *)context;
    eqml__cloud_fit *w = &d->w;
    const eqml_configuration c = eqml_frame(w->frames, g);
    const size_t length = (size_t)w->basis->nterms;
    const double weight = w->options.energy_weight > 0 ? w->options.energy_weight : 100;
    const eqml_cloud_rows found = {w->energy, d->forces ? w->forces : NULL, NULL};
    int count = 0;
    eqml_status status = eqml_neighbours_find(&c, w->radial->cutoff, &w->workspace.list, NULL);
    if (!status)
        status =
            eqml_cloud_find_rows(w->basis, w->radial, &w->workspace.list, c.species, &w->workspace, &found);
    if (status == EQML_ERROR_MEMORY)
        d->status = status;
    if (status)
        return 0;
    memset(w->count, 0, (size_t)w->basis->nspecies * sizeof(double));
    for (size_t i = 0; i < c.natoms; i++)
        w->count[c.species[i]] += 1;
    eqml__design_row(w, w->energy, w->count, sqrt(weight / (double)c.natoms) / EQML_ANGSTROM, rows);
    count++;
    for (size_t i = 0; i < 3 * c.natoms && d->forces; i++, count++)
        eqml__design_row(w, w->forces + i * length, NULL, 1, rows + (size_t)count * d->core.length);
    return count;
}

EQML_API eqml_status eqml_cloud_design(const eqml_cloud_grader *grader, const eqml_cloud_model *model,
                                       const eqml_frames *pool, const eqml_cloud_fit_options *options,
                                       int forces, size_t wanted, eqml_design_choice *choice, size_t *found,
                                       eqml_message *message)
{
    eqml__cloud_design d;
    eqml_cloud_fit_options all;
    unsigned char *has = (unsigned char *)eqml__zeroed(pool->n, 1);
    double *atoms = (double *)eqml__zeroed((size_t)model->basis->nspecies, sizeof(double));
    eqml_frames bare = *pool; /* what it has already plays no part */
    *found = 0;
    if (message)
        message->text[0] = 0;
    memset(&d, 0, sizeof d);
    memset(&all, 0, sizeof all);
    if (options)
        all = *options;
    all.use = NULL;
    if (grader->variance.terms == model->basis->nterms)
        all.atoms = atoms;
    eqml_status status = has && atoms ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status && !grader->variance.triangular)
        status =
            eqml__fail(message, EQML_ERROR_ARGUMENT,
                       "the grades are not those of the whole fit, or its data leave some of its %d columns "
                       "undetermined; a ridge helps",
                       grader->variance.terms);
    if (!status) {
        memset(has, EQML_FRAME_FORCES, pool->n);
        bare.has = has;
        status = eqml__cloud_fit_create(&d.w, model->basis, &model->radial, &bare, &all, atoms, message);
        d.core.context = &d;
        d.core.find_rows = eqml__configuration_rows;
        d.forces = forces;
        if (!status)
            status = eqml__designer_create(&d.core, &grader->variance, forces ? 1 + 3 * (int)d.w.natoms : 1,
                                           pool->n);
        if (!status)
            *found = eqml__design_choose(&d.core, pool->n, wanted, choice);
        status = status ? status : d.status;
        eqml__designer_free(&d.core);
        eqml__cloud_fit_free(&d.w);
    }
    if (status && message && !message->text[0])
        eqml__fail(message, status, "the design failed: %s", eqml_status_text(status));
    EQML_FREE(has);
    EQML_FREE(atoms);
    return status;
}

/* ---- NAME_grade.h -------------------------------------------------------------------------------------- */

static void eqml__put_grader(FILE *out, const eqml_cloud_grader *g, const char *name, int nspecies)
{
    const int size = (int)eqml__sigma_size(&g->variance);
    fprintf(out, "\n#ifndef EQML_GRADE_%s\n#define EQML_GRADE_%s\n", name, name);
    fprintf(out, "static const double %s_grade_matrix[%d] EQML" EQML__TAG "_ALIGNED = {", name, size);
    for (int k = 0; k < size; k++)
        eqml__put_number(out, k, false, g->variance.matrix[k]);
    fprintf(out, "\n};\nstatic const double %s_grade_reach[] = {", name);
    for (int s = 0; s < nspecies; s++)
        eqml__put_number(out, s, false, g->reach[s]);
    fprintf(out,
            "\n};\nstatic const eqml" EQML__TAG
            "_cloud_grader %s_grader = {{%d, %d, %d, 0, 0, 0, 0, %s_grade_matrix}, %s_grade_reach};\n",
            name, g->variance.terms, g->variance.rows, g->variance.triangular, name, name);
    fprintf(out,
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\nEQML" EQML__TAG
            "_CLOUD_GRADE_FUNCTIONS(%s, EQML" EQML__TAG
            "__APART %s_API)\n#ifdef __cplusplus\n}\n#endif\n#endif\n",
            name, name);
}

EQML_API eqml_status eqml_cloud_write_grades(const eqml_cloud_grader *g, const eqml_cloud_model *model,
                                             const char *name, const char *runtime, const char *path,
                                             eqml_message *message)
{
    static const struct eqml__needed needed[] = {
        {"variance.h", NULL}, {"cloud/rows.h", NULL}, {"cloud/grade.h", NULL}};
    eqml__output out;
    eqml__tagger tagger = {NULL, "", 0};
    char *parts = NULL;
    size_t size = eqml__sigma_size(&g->variance);
    if (size > INT32_MAX)
        return eqml__fail_file(message, EQML_ERROR_ARGUMENT, path, 0,
                               "a matrix of %zu numbers is no header: take fewer rows", size);
    eqml_status status = eqml__check_numbers(path, "matrix", size, g->variance.matrix, DBL_MAX, message);
    if (!status)
        status = eqml__load_text(runtime, &parts, &size, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (!status) {
        tagger.out = out.file;
        fprintf(out.file,
                "/*\n * How far neighbourhoods are from those that the potential %s was trained on: "
                "extrapolation grades.\n"
                " *\n *     int %s_grades(size_t natoms, const double *xyz, const int *species, const double "
                "*cell,\n"
                " *                   const int *pbc, double *grade);\n *\n"
                " * Arguments as in %s_pot.h, which must lie beside this file; grade[natoms], up to 1 in the "
                "training "
                "data.\n */\n#include \"%s_pot.h\"\n\n",
                name, name, name, name);
        status = eqml__put_parts(&tagger, parts, runtime, "", needed, 3, message);
        if (!status)
            eqml__put_grader(out.file, g, name, model->basis->nspecies);
        status = eqml__close_output(&out, status, message);
    }
    EQML_FREE(parts);
    return status;
}

#endif /* EQML__CLOUD_GRADING_C */
