/*
 * What is printed of a basis of neighbour clouds: a plain record that the family fills in; what it points to is the
 * family's. Centres with as many species around them share a part.
 */
#ifndef EQML_GEN_EMIT_CLOUD_H
#define EQML_GEN_EMIT_CLOUD_H
#include "program/coupled.h"
#include <stdio.h>

typedef struct cloud_part {
    coupled_program program;
    size_t nblocks;
    const size_t *terms, *characters; /* [order + 1]: chosen, and the independent count */
} cloud_part;

typedef struct cloud_centre {
    const char *symbol;
    int species, nneighbours;
    const int *neighbour; /* [nneighbours] species */
    int part;
} cloud_centre;

typedef struct cloud_description {
    const char *name;
    const char *command;     /* that regenerates the header */
    const char *environment; /* in normal form */
    const char *cut; /* the options that cut the basis beside its level, each with a blank before it; or "" */
    int order;
    double level, level_weight;
    int chiral;
    int nspecies, ncentres, nparts;
    const char **symbol;        /* [nspecies] */
    const cloud_centre *centre; /* [ncentres] */
    const cloud_part *part;     /* [nparts] */
    double seconds;             /* statistics only */
} cloud_description;

/* The statistics, one JSON object: counts are sums over the centres. */
void cloud_statistics(FILE *out, const cloud_description *d);

/* The header: banner, tables, kernels and the records of the runtime. */
void cloud_header(FILE *out, const cloud_description *d);
#endif
