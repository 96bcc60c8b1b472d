/* The operations of a program as straight-line code. */
#ifndef GEN_EMIT_CODE_H
#define GEN_EMIT_CODE_H
#include "emit/header.h"

/* Whether a header has the code: of the factored basis, its copy in float, and that of plain orbit sums. */
static inline bool straight_line(const summary *s)
{
    return program_written_out(s->program) <= STRAIGHT_LINE_LIMIT && !s->orbit_sums;
}

static inline bool straight_line_floats(const summary *s)
{
    return program_written_out(s->program) <= STRAIGHT_LINE_FLOATS_LIMIT && !s->orbit_sums;
}

static inline bool straight_line_orbits(const summary *s)
{
    return s->program->noperations <= STRAIGHT_LINE_ORBITS_LIMIT && s->orbit_sums;
}

/* The forward and the reverse sweep, for each type of number. */
void emit_code(FILE *out, const summary *s);

/* The plain sums for one geometry only: values, and derivatives along a direction. */
void emit_orbit_code(FILE *out, const summary *s);
#endif
