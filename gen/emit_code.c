#include "emit_code.h"
#include "line.h"
#include "memory.h"
#include <stdlib.h>
#include <string.h>

/* First operation of the next target, from operation k on. */
static size_t next_target(const program *p, size_t k)
{
    size_t end = k;
    while (end < p->noperations && p->operation[end].target == p->operation[k].target)
        end++;
    return end;
}

/*
 * The code is cut into functions of about this many operations. One function for all of them takes compilers
 * time that grows with the square of its length: 6,026 operations took gcc 35 s in one, 9 s so.
 */
enum { CHUNK_OPERATIONS = 200 };

typedef struct code {
    line line;
    const program *p;
    const char *parameters; /* of each function, with their types and as they are passed on */
    const char *arguments;
    unsigned *slot_chunk, *adjoint_chunk; /* [nslots] 1 + the last chunk that has the value in a variable */
    unsigned chunk;
    size_t length; /* operations in this chunk so far */
} code;

static void open_chunk(code *c)
{
    end_line(&c->line);
    fprintf(c->line.out, "    EQML_NOINLINE void NAME##_%u(%s) \\\n    { \\\n", c->chunk, c->parameters);
    c->chunk++;
    c->length = 0;
}

/* A function may have no use for one of its arguments. */
static void close_chunk(code *c)
{
    end_line(&c->line);
    fprintf(c->line.out, "        (void)s, (void)%s; \\\n    } \\\n", strchr(c->arguments, ' ') + 1);
}

static code open_code(FILE *out, const summary *s, const char *step, const char *parameters,
                      const char *arguments)
{
    code c = {{out, 0, "        ", " \\"}, s->program, parameters, arguments, NULL, NULL, 0, 0};
    c.slot_chunk = xcalloc(s->program->nslots, sizeof *c.slot_chunk);
    c.adjoint_chunk = xcalloc(s->program->nslots, sizeof *c.adjoint_chunk);
    fprintf(out, "#define %s_%s(NAME, T, NUMBER) \\\n", s->name, step);
    open_chunk(&c);
    return c;
}

static void close_code(code *c)
{
    close_chunk(c);
    fprintf(c->line.out, "    EQML_FUNCTION void NAME(%s) \\\n    { \\\n", c->parameters);
    for (unsigned k = 0; k < c->chunk; k++) {
        char item[64];
        snprintf(item, sizeof item, "NAME##_%u(%s); ", k, c->arguments);
        put_item(&c->line, item);
    }
    end_line(&c->line);
    fprintf(c->line.out, "    }\n");
    free(c->slot_chunk);
    free(c->adjoint_chunk);
}

/* Begins another function where this one is long enough. */
static void next_chunk(code *c, size_t operations)
{
    if (c->length > 0 && c->length + operations > CHUNK_OPERATIONS) {
        close_chunk(c);
        open_chunk(c);
    }
    c->length += operations;
}

/* Values that this function has loaded or computed are local variables: x of slots, a of adjoints. */
static void put_load(code *c, char variable, unsigned slot)
{
    unsigned *chunk = variable == 'x' ? &c->slot_chunk[slot] : &c->adjoint_chunk[slot];
    if (*chunk == c->chunk)
        return;
    *chunk = c->chunk;
    char item[64];
    snprintf(item, sizeof item, "const T %c%u = %c[%u]; ", variable, slot, variable == 'x' ? 's' : 'a', slot);
    put_item(&c->line, item);
}

static void emit_forward(FILE *out, const summary *s)
{
    const program *p = s->program;
    code c = open_code(out, s, "FORWARD", "T *s, const NUMBER *offset", "s, offset");
    char item[96];
    for (size_t k = 0; k < p->noperations;) {
        size_t end = next_target(p, k);
        unsigned target = p->operation[k].target;
        next_chunk(&c, end - k);
        for (size_t i = k; i < end; i++) {
            put_load(&c, 'x', p->operation[i].left);
            if (p->operation[i].right != p->factor0)
                put_load(&c, 'x', p->operation[i].right);
        }
        snprintf(item, sizeof item, "const T x%u =", target);
        put_item(&c.line, item);
        if (target >= p->factor0) {
            snprintf(item, sizeof item, " EQML_ADD(offset[%zu],", target - p->factor0);
            put_item(&c.line, item);
        }
        for (size_t i = k; i < end; i++) {
            const operation *o = &p->operation[i];
            int n = snprintf(item, sizeof item, "%s x%u", i > k ? " +" : "", o->left);
            if (o->right != p->factor0)
                snprintf(item + n, sizeof item - (size_t)n, "*x%u", o->right);
            put_item(&c.line, item);
        }
        snprintf(item, sizeof item, "%s; s[%u] = x%u; ", target >= p->factor0 ? ")" : "", target, target);
        put_item(&c.line, item);
        c.slot_chunk[target] = c.chunk;
        k = end;
    }
    close_code(&c);
}

/* Derivatives of all slots along one direction: those of the variables are given. */
static void emit_tangent(FILE *out, const summary *s)
{
    const program *p = s->program;
    code c = open_code(out, s, "TANGENT", "const T *s, T *a", "s, a");
    char item[128];
    for (size_t k = 0; k < p->noperations;) {
        size_t end = next_target(p, k);
        unsigned target = p->operation[k].target;
        next_chunk(&c, 2 * (end - k));
        for (size_t i = k; i < end; i++) {
            const operation *o = &p->operation[i];
            put_load(&c, 'a', o->left);
            if (o->right == p->factor0)
                continue;
            put_load(&c, 'x', o->left);
            put_load(&c, 'a', o->right);
            put_load(&c, 'x', o->right);
        }
        snprintf(item, sizeof item, "const T a%u =", target);
        put_item(&c.line, item);
        for (size_t i = k; i < end; i++) {
            const operation *o = &p->operation[i];
            int n = snprintf(item, sizeof item, "%s a%u", i > k ? " +" : "", o->left);
            if (o->right != p->factor0)
                snprintf(item + n, sizeof item - (size_t)n, "*x%u + x%u*a%u", o->right, o->left, o->right);
            put_item(&c.line, item);
        }
        snprintf(item, sizeof item, "; a[%u] = a%u; ", target, target);
        put_item(&c.line, item);
        c.adjoint_chunk[target] = c.chunk;
        k = end;
    }
    close_code(&c);
}

/* Where a slot is read: the targets, and what it is multiplied by there. */
typedef struct uses {
    size_t *first;      /* [nslots + 1] */
    unsigned (*use)[2]; /* target, other factor */
} uses;

static uses find_uses(const program *p)
{
    uses u;
    u.first = xcalloc(p->nslots + 2, sizeof *u.first);
    u.use = xcalloc(2 * p->noperations + 1, sizeof *u.use);
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        for (size_t k = 0; k < p->noperations; k++) {
            const operation *o = &p->operation[k];
            unsigned slot[2] = {o->left, o->right}, other[2] = {o->right, o->left};
            for (int side = 0; side < 2; side++) {
                if (slot[side] == p->factor0)
                    continue;
                if (pass == 0) {
                    u.first[slot[side] + 2]++;
                } else {
                    size_t at = u.first[slot[side] + 1]++;
                    u.use[at][0] = o->target;
                    u.use[at][1] = other[side];
                }
            }
        }
        for (size_t i = 1; pass == 0 && i < p->nslots + 2; i++)
            u.first[i] += u.first[i - 1];
    }
    return u;
}

/* The adjoint of one slot as a sum over its uses; those of factors begin with what the caller stored. */
static void put_adjoint(code *c, const uses *u, unsigned slot)
{
    const program *p = c->p;
    char item[96];
    bool factor = slot >= p->factor0, variable = slot < p->npairs;
    next_chunk(c, u->first[slot + 1] - u->first[slot]);
    for (size_t i = u->first[slot]; i < u->first[slot + 1]; i++) {
        put_load(c, 'a', u->use[i][0]);
        if (u->use[i][1] != p->factor0)
            put_load(c, 'x', u->use[i][1]);
    }
    snprintf(item, sizeof item, variable ? "a[%u] =" : "const T a%u =", slot);
    put_item(&c->line, item);
    if (factor) {
        snprintf(item, sizeof item, " a[%u]", slot);
        put_item(&c->line, item);
    }
    for (size_t i = u->first[slot]; i < u->first[slot + 1]; i++) {
        bool first = i == u->first[slot] && !factor;
        int n = snprintf(item, sizeof item, "%s a%u", first ? "" : " +", u->use[i][0]);
        if (u->use[i][1] != p->factor0)
            snprintf(item + n, sizeof item - (size_t)n, "*x%u", u->use[i][1]);
        put_item(&c->line, item);
    }
    put_item(&c->line, "; ");
    if (variable)
        return;
    snprintf(item, sizeof item, "a[%u] = a%u; ", slot, slot); /* for the functions that follow */
    put_item(&c->line, item);
    c->adjoint_chunk[slot] = c->chunk;
}

static void emit_reverse(FILE *out, const summary *s)
{
    const program *p = s->program;
    uses u = find_uses(p);
    code c = open_code(out, s, "REVERSE", "const T *s, T *a", "s, a");
    for (size_t end = p->noperations; end > 0;) {
        unsigned target = p->operation[end - 1].target;
        put_adjoint(&c, &u, target);
        while (end > 0 && p->operation[end - 1].target == target)
            end--;
    }
    for (unsigned slot = 0; slot < p->npairs; slot++)
        put_adjoint(&c, &u, slot);
    close_code(&c);
    free(u.first);
    free(u.use);
}

void emit_orbit_code(FILE *out, const summary *s)
{
    const char *n = s->name;
    fprintf(out, "\n/* The operations as straight-line code; s: slots, a: derivatives. */\n");
    emit_forward(out, s);
    emit_tangent(out, s);
    fprintf(out, "%s_FORWARD(%s_forward_one, double, double)\n", n, n);
    fprintf(out, "%s_TANGENT(%s_tangent_one, double, double)\n", n, n);
    fprintf(out, "#undef %s_FORWARD\n#undef %s_TANGENT\n", n, n);
}

void emit_code(FILE *out, const summary *s)
{
    const char *n = s->name;
    fprintf(
        out,
        "\n/* The operations as straight-line code, for each type of number T; s: slots, a: adjoints. */\n");
    emit_forward(out, s);
    emit_reverse(out, s);
    static const char *const type[] = {"double, double", "eqml_lanes, double", "eqml_floats, float"};
    static const char *const suffix[] = {"one", "lanes", "floats"};
    for (int t = 0; t < (straight_line_floats(s) ? 3 : 2); t++) {
        fprintf(out, "%s_FORWARD(%s_forward_%s, %s)\n", n, n, suffix[t], type[t]);
        fprintf(out, "%s_REVERSE(%s_reverse_%s, %s)\n", n, n, suffix[t], type[t]);
    }
    fprintf(out, "#undef %s_FORWARD\n#undef %s_REVERSE\n", n, n);
}
