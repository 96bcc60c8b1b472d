/* The operations of a program as straight-line code. */
#ifndef EQML_GEN_EMIT_CODE_H
#define EQML_GEN_EMIT_CODE_H
#include "program/program.h"
#include <stdio.h>

/* Whether a header has the code: of the factored basis, in double and in float, and that of plain orbit sums. */
static inline bool straight_line(const program *p)
{
    return program_written_out(p) <= STRAIGHT_LINE_LIMIT && !p->plain;
}

static inline bool straight_line_orbits(const program *p)
{
    return p->operations.count <= STRAIGHT_LINE_ORBITS_LIMIT && p->plain;
}

/* The forward and the reverse sweep, NAME_forward_one and so on, for each type of number. `tensors`: some read
 * the slots as well, also in a batch; else that only has the factors, and what the reverse sweep needs. */
void emit_code(FILE *out, const char *name, const program *p, bool tensors);

/* The plain sums for one geometry only: values, and derivatives along a direction. */
void emit_orbit_code(FILE *out, const char *name, const program *p);
#endif
