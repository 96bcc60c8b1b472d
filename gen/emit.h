/* The specialised header, and the statistics: the only module that prints C. */
#ifndef GEN_EMIT_H
#define GEN_EMIT_H
#include "program.h"
#include "tensor_program.h"
#include <stdio.h>

typedef struct summary {
    const char *name;
    const char *command; /* that regenerates the header */
    const char *cut;     /* the options that cut the basis, each with a blank before it; NULL: none */
    const basis *basis;
    const program *program;
    const tensor_basis *dipole; /* NULL: none */
    const tensor_program *dipole_program;
    const uint64_t *molien_by_degree; /* [degree + 1] */
    double seconds;                   /* statistics only */
    bool orbit_sums;                  /* no reverse sweep: derivatives by forward sweeps, for comparison */
} summary;

void emit_header(FILE *out, const summary *s);
void emit_statistics(FILE *out, const summary *s);
#endif
