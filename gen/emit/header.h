/* The specialised header, and the statistics: the only module that prints C. */
#ifndef GEN_EMIT_H
#define GEN_EMIT_H
#include "emit/line.h"
#include "program/program.h"
#include "program/tensor_program.h"
#include <stdio.h>

/* Tensors of at most this many operations, products and elements have straight-line code. */
enum { STRAIGHT_LINE_TENSOR_LIMIT = 3000 };

typedef struct summary {
    const char *name;
    const char *command; /* that regenerates the header */
    const char *cut;     /* the options that cut the basis, each with a blank before it; NULL: none */
    const basis *basis;
    const program *program;
    tensor_basis *tensor[TENSOR_KINDS]; /* NULL: none */
    tensor_program *tensor_program[TENSOR_KINDS];
    const uint64_t *molien_by_degree; /* [degree + 1] */
    double seconds;                   /* statistics only */
    bool orbit_sums;                  /* no reverse sweep: derivatives by forward sweeps, for comparison */
} summary;

/* The tables NAME_rows and NAME_tiles. */
void emit_tiles(FILE *out, const char *name, const tile_list *tiles);

void emit_header(FILE *out, const summary *s);
void emit_statistics(FILE *out, const summary *s);
#endif
