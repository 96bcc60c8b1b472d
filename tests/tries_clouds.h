/* The functions of neighbour clouds that can fail, each called once: see tries.h. */
#ifndef TESTS_TRIES_CLOUDS_H
#define TESTS_TRIES_CLOUDS_H
#include "cloud_water.h"
#include "tries.h"

static char potential_path[300];
static eqml_frames frames;
static double numbers[64], atoms[2];
static const eqml_cloud_model cloud = {&cloud_water_basis, {6, 2}, numbers, atoms, NULL};

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
    return eqml_cloud_fit(&cloud_water_basis, &cloud.radial, &frames, &o, c, a, NULL, &message);
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
    eqml_radial radial;
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

#endif
