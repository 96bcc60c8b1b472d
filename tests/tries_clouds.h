/* The functions of neighbour clouds that can fail, each called once: see tries.h. */
#ifndef TESTS_TRIES_CLOUDS_H
#define TESTS_TRIES_CLOUDS_H
#include "cloud_water.h"
#include "tries.h"

static char potential_path[300];
static eqml_frames frames;
static double numbers[64], atoms[2];
static const eqml_cloud_model cloud = {&cloud_water_basis, {.cutoff = 6, .range = 2}, numbers, atoms, NULL};

static eqml_status try_neighbours(void)
{
    const eqml_configuration c = eqml_frame(&frames, 0);
    eqml_neighbours list = {0};
    eqml_status status = eqml_neighbours_find(&c, 6, &list, &message);
    eqml_neighbours_free(&list);
    return status;
}

static eqml_status try_frames(void)
{
    eqml_frames f;
    eqml_status status = checked(eqml_frames_read(data_path, "O H", &f, &message), &f, sizeof f);
    eqml_frames_free(&f);
    return status;
}

static const unsigned char few_frames[FRAMES] = {1, 1};

static eqml_status try_cloud_fit(void)
{
    const eqml_cloud_fit_options o = {.use = few_frames};
    double c[64], a[2];
    return eqml_cloud_fit(&cloud_water_basis, &cloud.radial, &frames, &o, c, a, NULL, NULL, &message);
}

static const unsigned char half_of_frames[FRAMES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const eqml_cloud_fit_options held = {.ridge = 1e-6, .use = half_of_frames};

static eqml_status try_cloud_choose(void)
{
    const eqml_cloud_choice_options o = {.ridge = 1, .parts = 2};
    eqml_cloud_fit_options fit = held;
    eqml_radial radial = cloud.radial;
    return eqml_cloud_choose(&cloud_water_basis, &frames, &o, &radial, &fit, NULL, &message);
}

static eqml_status try_cloud_level(void)
{
    double score[3];
    int level, terms[3];
    return eqml_cloud_choose_level(&cloud_water_basis, &cloud.radial, &frames, &held, 2, 2, &level, score,
                                   terms, &message);
}

static eqml_status try_cloud_validate(void)
{
    eqml_cloud_errors e;
    return eqml_cloud_cross_validate(&cloud_water_basis, &cloud.radial, &frames, &held, 2, &e, &message);
}

static eqml_status try_frames_as(void)
{
    const eqml_frames_options o = {.stress_unit = "GPa"};
    eqml_frames f;
    eqml_status status = checked(eqml_frames_read_as(data_path, "O H", &o, &f, &message), &f, sizeof f);
    eqml_frames_free(&f);
    return status;
}

static eqml_status try_levels(void)
{
    double level[64];
    return eqml_cloud_levels(&cloud_water_basis, 1.5, level);
}

static eqml_status try_zbl(void)
{
    eqml_pair_reference pair;
    return eqml_pair_zbl(8, 1, 1, 2, &pair);
}

static eqml_status try_pair_fit(void)
{
    const double distance = 1.5, energy = 0.1;
    eqml_pair_reference pair;
    return eqml_pair_fit(8, 1, 1, 2, 1, &distance, &energy, &pair, NULL);
}

static eqml_status try_append(void)
{
    eqml_frames f, more;
    eqml_status status = eqml_frames_read(data_path, "O H", &f, &message);
    if (status)
        return status;
    status = eqml_frames_read(data_path, "O H", &more, &message);
    if (!status && eqml_frames_append(&f, &more)) {
        status = EQML_ERROR_MEMORY;
        strcpy(message.text, "no memory to append");
    }
    eqml_frames_free(&f);
    eqml_frames_free(&more);
    return status;
}

/* A grader of the whole fit. */
static eqml_status make_grader(eqml_cloud_grader *g)
{
    eqml_lsq *triangle;
    double c[64], a[2];
    memset(g, 0, sizeof *g);
    eqml_status status =
        eqml_cloud_fit(&cloud_water_basis, &cloud.radial, &frames, &held, c, a, &triangle, NULL, &message);
    if (!status)
        status = eqml_cloud_grader_create(g, &cloud, triangle, &frames, few_frames, 0, &message);
    eqml_lsq_free(triangle);
    return status;
}

static eqml_status try_grader(void)
{
    eqml_cloud_grader g;
    const eqml_status status = checked(make_grader(&g), &g, sizeof g);
    eqml_cloud_grader_free(&g);
    return status;
}

/* Standard deviations of a fit to all frames: fewer would not do. */
static eqml_status try_calibrate(void)
{
    const eqml_cloud_fit_options o = {.ridge = 1e-6};
    eqml_cloud_grader g;
    eqml_cloud_sigma sigma;
    eqml_lsq *triangle;
    double c[64], a[2];
    memset(&g, 0, sizeof g);
    eqml_status status =
        eqml_cloud_fit(&cloud_water_basis, &cloud.radial, &frames, &o, c, a, &triangle, NULL, &message);
    if (!status)
        status = eqml_cloud_grader_create(&g, &cloud, triangle, &frames, few_frames, 8, &message);
    if (!status)
        status = eqml_cloud_calibrate(&sigma, &g, &cloud, triangle, &frames, &o, NULL, FRAMES, &message);
    eqml_lsq_free(triangle);
    eqml_cloud_grader_free(&g);
    return status;
}

static eqml_status try_cloud_coverage(void)
{
    eqml_cloud_grader g;
    eqml_coverage coverage[2];
    double tail[2], mean[2];
    eqml_status status = make_grader(&g);
    if (!status) {
        const eqml_cloud_sigma sigma = {g.variance, g.variance, {2, 2}, 1};
        status = eqml_cloud_coverage(&sigma, &cloud, &frames, few_frames, coverage, tail, mean, &message);
    }
    eqml_cloud_grader_free(&g);
    return status;
}

static eqml_status try_cloud_design(void)
{
    eqml_design_choice choice[2];
    eqml_cloud_grader g;
    size_t found;
    eqml_status status = make_grader(&g);
    if (!status)
        status = eqml_cloud_design(&g, &cloud, &frames, &held, 0, 2, choice, &found, &message);
    eqml_cloud_grader_free(&g);
    return status;
}

static eqml_status try_write_grades(void)
{
    static const double matrix[8 * 32], reach[2] = {1, 1};
    const eqml_cloud_grader g = {{28, 8, 0, 0, 0, 0, 0, matrix}, reach};
    return eqml_cloud_write_grades(&g, &cloud, "water", "eqml.h", header_path, &message);
}

static eqml_status try_cloud_errors(void)
{
    eqml_cloud_errors e;
    return eqml_cloud_find_errors(&cloud, &frames, few_frames, &e, &message);
}

static eqml_status try_cloud_write(void)
{
    return eqml_cloud_write(&cloud, potential_path, &message);
}

static eqml_status try_cloud_read(void)
{
    eqml_radial radial = {.function = NULL};
    double c[64], a[2];
    return eqml_cloud_read(potential_path, &cloud_water_basis, &radial, c, a, NULL, &message);
}

static eqml_status try_skin(void)
{
    static const double xyz[2][3] = {{0, 0, 0}, {1, 2, 3}};
    const eqml_configuration c = {2, &xyz[0][0], NULL, NULL, NULL};
    eqml_skin skin;
    memset(&skin, 0, sizeof skin);
    const eqml_status status = eqml_skin_update(&c, 5, 1, &skin, &message);
    eqml_skin_free(&skin);
    return status;
}

static eqml_status try_cloud_header(void)
{
    return eqml_cloud_write_header(&cloud, "water", "eqml.h", "build/tests/cloud_water.h", header_path,
                                   &message);
}

static eqml_status try_points(void)
{
    static const double xyz[2][3] = {{1, 0, 0}, {0, 2, 0}};
    const eqml_points points = {2, &xyz[0][0], NULL, NULL, NULL};
    double terms[64];
    eqml_cloud_workspace w = {0};
    const eqml_status status = eqml_points_describe(&cloud_water_basis, 0, &cloud.radial, &points, &w, terms);
    eqml_cloud_workspace_free(&w);
    return status;
}

static eqml_status try_term_kinds(void)
{
    int order[64], parity[64];
    return eqml_cloud_term_kinds(cloud_water_basis.centres[0].program, order, parity);
}

#endif
