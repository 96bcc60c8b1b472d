#include "emit/rows.h"
#include "emit/functions.h"
#include "base/memory.h"
#include <stdlib.h>

/*
 * Loads are what limits these passes. So rows that share many covariants are worked through together, which
 * are then loaded once for all: as many rows as fit 16 registers with their vectors, a weight for each, and
 * one vector more. H5O2 of degree 7, adjoints of one geometry: 1.3 us row by row, 1.0 us so.
 */
enum { REGISTERS = 14, MOST_ROWS = 7, MOST_OPERATIONS = 160 };

typedef struct group {
    unsigned nrows, nvalues; /* factors below nvalues have a value */
    const contraction_row *row[MOST_ROWS];
    unsigned x, vectors, step; /* their elements from x on, `step` to a vector */
    unsigned parts;            /* so many times, in a loop over part */
    const unsigned *source;    /* [slots] where an element is read, unless in a vector */
    bool begun[MOST_ROWS];     /* whether the adjoint has been written before */
} group;

/* A use by a row of the group. */
typedef struct cell {
    unsigned row, factor, slot;
    bool linear;
} cell;

/* Writes some cells; those with one covariant stand together, the linear ones first. */
typedef void put_cells(functions *f, group *g, const cell *c, size_t count);

static void put(functions *f, const char *format, unsigned number)
{
    char item[64];
    snprintf(item, sizeof item, format, number);
    put_item(&f->line, item);
}

static void put_two(functions *f, const char *format, unsigned first, unsigned second)
{
    char item[64];
    snprintf(item, sizeof item, format, first, second);
    put_item(&f->line, item);
}

/* Vector i of the covariant that begins in `slot`, of slots `s` or adjoints `a`. */
static void put_vector(functions *f, const group *g, char array, unsigned slot, unsigned i)
{
    char item[48];
    const unsigned at = slot + g->x + i * g->step;
    snprintf(item, sizeof item, g->step > 1 ? "EQML_FOUR(%c + %s%u)" : "%c[%s%u]", array,
             g->parts > 1 ? "part + " : "", g->step > 1 ? at : g->source[at]);
    put_item(&f->line, item);
}

/* Around what is done part by part. */
static void open_parts(functions *f, const group *g)
{
    const unsigned length = g->vectors * g->step;
    if (g->parts > 1)
        put_two(f, "for (unsigned part = 0; part < %u; part += %u) ", g->parts * length, length);
    put_item(&f->line, "{ ");
}

static void put_type(functions *f, const group *g)
{
    put_item(&f->line, g->step > 1 ? "eqml_four " : "T ");
}

/* Cells from c on with the same covariant, as many as there are rows at most. */
static size_t same_slot(const group *g, const cell *c, size_t count)
{
    size_t n = 1;
    while (n < count && n < g->nrows && c[n].slot == c[0].slot && c[n].linear == c[0].linear)
        n++;
    return n;
}

/* The covariant of n cells: vector i in b<i> if it is used more than once. */
static void put_shared(functions *f, const group *g, const cell *c, size_t n, unsigned i)
{
    if (n < 2)
        return;
    put_type(f, g);
    put(f, "b%u = ", i);
    put_vector(f, g, 's', c->slot, i);
    put(f, g->step > 1 ? "; EQML_KEEP_FOUR(b%u); " : "; EQML_KEEP(b%u); ", i);
}

static void put_operand(functions *f, const group *g, const cell *c, size_t n, unsigned i)
{
    if (n > 1)
        put(f, "b%u", i);
    else
        put_vector(f, g, 's', c->slot, i);
}

/* f_k = offset[k] + A . B, with the elements of each row A in x0, x1, ... */
static void put_contractions(functions *f, group *g, const cell *c, size_t count)
{
    bool loaded[MOST_ROWS] = {false}, more = g->x > 0 || g->parts > 1;
    for (size_t k = 0; k < count && g->parts > 1; k++) {
        put_two(f, "memset(f + %u, 0, sizeof *f); f[%u] = EQML_ADD(", c[k].factor, c[k].factor);
        put_two(f, "offset[%u], f[%u]); ", c[k].factor, c[k].factor);
    }
    open_parts(f, g);
    for (size_t k = 0; k < count; k++) {
        unsigned r = c[k].row;
        for (unsigned i = 0; i < g->vectors && !loaded[r]; i++) {
            put_item(&f->line, "const ");
            put_type(f, g);
            put_two(f, "x%u_%u = ", r, i);
            put_vector(f, g, 's', g->row[r]->slot, i);
            put_item(&f->line, "; ");
        }
        loaded[r] = true;
    }
    for (size_t k = 0, n; k < count; k += n) {
        n = same_slot(g, c + k, count - k);
        put_item(&f->line, "{ ");
        put_type(f, g);
        for (unsigned j = 0; j < n; j++)
            put(f, j ? ", p%u" : "p%u", j);
        put_item(&f->line, "; ");
        for (unsigned i = 0; i < g->vectors; i++) {
            put_shared(f, g, c + k, n, i);
            for (unsigned j = 0; j < n; j++) {
                put(f, i ? "p%u += " : "p%u = ", j);
                put_two(f, "x%u_%u*", c[k + j].row, i);
                put_operand(f, g, c + k, n, i);
                put_item(&f->line, "; ");
            }
        }
        for (unsigned j = 0; j < n; j++) {
            unsigned factor = c[k + j].factor;
            put_two(f, more ? "f[%u] = EQML_ADD(f[%u], " : "f[%u] = EQML_ADD(offset[%u], ", factor, factor);
            put(f, g->step > 1 ? "EQML_SUM_FOUR(p%u)); " : "p%u); ", j);
        }
        put_item(&f->line, "} ");
    }
    put_item(&f->line, "} ");
}

/* Sums p of weights times B for each row; the rows that have one are marked. */
static void put_sums(functions *f, const group *g, const cell *c, size_t count, bool *summed)
{
    for (size_t k = 0, n; k < count; k += n) {
        n = same_slot(g, c + k, count - k);
        for (unsigned j = 0; j < n; j++) {
            put(f, j ? "" : "{ ", 0);
            put_two(
                f, c[k + j].factor < g->nvalues ? "const T w%u = g[%u]; " : "const NUMBER w%u = linear[%u]; ",
                j, c[k + j].factor);
        }
        for (unsigned i = 0; i < g->vectors; i++) {
            put_shared(f, g, c + k, n, i);
            for (unsigned j = 0; j < n; j++) {
                unsigned r = c[k + j].row;
                bool again = summed[r] || (j > 0 && c[k + j - 1].row == r);
                put_two(f, again ? "p%u_%u += " : "p%u_%u = ", r, i);
                put(f, "w%u*", j);
                put_operand(f, g, c + k, n, i);
                put_item(&f->line, "; ");
            }
        }
        for (unsigned j = 0; j < n; j++)
            summed[c[k + j].row] = true;
        put_item(&f->line, "} ");
    }
}

/* Opens a block with the sums of the rows that occur. */
static void open_sums(functions *f, const group *g, const cell *c, size_t count)
{
    bool declared[MOST_ROWS] = {false};
    open_parts(f, g);
    for (size_t k = 0; k < count; k++) {
        if (declared[c[k].row])
            continue;
        put_type(f, g);
        for (unsigned i = 0; i < g->vectors; i++)
            put_two(f, i ? ", p%u_%u" : "p%u_%u", c[k].row, i);
        put_item(&f->line, "; ");
        declared[c[k].row] = true;
    }
}

/* Adds A . p of the rows that have a sum to the energy. */
static void put_energy(functions *f, const group *g, const bool *summed)
{
    for (unsigned r = 0; r < g->nrows; r++)
        for (unsigned i = 0; i < g->vectors && summed[r]; i++) {
            put(f, "energy%u += ", (r + i) % 2);
            put_vector(f, g, 's', g->row[r]->slot, i);
            put_two(f, "*p%u_%u; ", r, i);
        }
}

static void put_linear(functions *f, group *g, const cell *c, size_t count)
{
    bool summed[MOST_ROWS] = {false};
    open_sums(f, g, c, count);
    put_sums(f, g, c, count, summed);
    put_energy(f, g, summed);
    put_item(&f->line, "} ");
}

/* dV/dA = sum of weights times B, and the energy of the linear uses on the way. */
static void put_gather(functions *f, group *g, const cell *c, size_t count)
{
    bool summed[MOST_ROWS] = {false};
    size_t nlinear = 0;
    while (nlinear < count && c[nlinear].linear)
        nlinear++;
    open_sums(f, g, c, count);
    put_sums(f, g, c, nlinear, summed);
    put_energy(f, g, summed);
    put_sums(f, g, c + nlinear, count - nlinear, summed);
    for (unsigned r = 0; r < g->nrows; r++) {
        for (unsigned i = 0; i < g->vectors && summed[r]; i++) {
            put_vector(f, g, 'a', g->row[r]->slot, i);
            put_two(f, g->begun[r] ? " += p%u_%u; " : " = p%u_%u; ", r, i);
        }
        g->begun[r] = g->begun[r] || summed[r];
    }
    put_item(&f->line, "} ");
}

/* ---- groups ------------------------------------------------------------------------------------------- */

/* One pass over the rows, and the uses [begin, end) of each that it is about. */
typedef struct pass {
    const contraction_table *table;
    const contraction_use **use; /* [rows] of each row */
    unsigned *begin, *end;       /* [rows] */
    bool *taken;                 /* [rows] */
    unsigned step, nvalues;
    const unsigned *source;
    put_cells *put;
} pass;

/* Covariants that two rows both use. */
static unsigned shared(const pass *p, size_t x, size_t y)
{
    unsigned count = 0;
    for (unsigned i = p->begin[x]; i < p->end[x]; i++)
        for (unsigned j = p->begin[y]; j < p->end[y]; j++)
            count += p->use[x][i].slot == p->use[y][j].slot;
    return count;
}

/* A row that is left, and those that share most with it; their number. */
static unsigned choose_rows(const pass *p, size_t first, unsigned most, size_t *member)
{
    unsigned n = 0;
    member[n++] = first;
    p->taken[first] = true;
    while (n < most) {
        size_t best = first;
        unsigned largest = 0;
        for (size_t r = first + 1; r < p->table->nrows; r++) {
            unsigned common = 0;
            if (p->taken[r] || p->table->row[r].count != p->table->row[first].count)
                continue;
            for (unsigned m = 0; m < n; m++)
                common += shared(p, r, member[m]);
            if (common > largest) {
                best = r;
                largest = common;
            }
        }
        if (!largest)
            break;
        member[n++] = best;
        p->taken[best] = true;
    }
    return n;
}

static int compare_cells(const void *x, const void *y)
{
    const cell *a = x, *b = y;
    if (a->linear != b->linear)
        return a->linear ? -1 : 1;
    if (a->slot != b->slot)
        return a->slot < b->slot ? -1 : 1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return a->factor < b->factor ? -1 : a->factor > b->factor;
}

static void put_group(functions *f, const pass *p, group *g, const size_t *member)
{
    size_t count = 0;
    for (unsigned r = 0; r < g->nrows; r++)
        count += p->end[member[r]] - p->begin[member[r]];
    cell *cells = xcalloc(count, sizeof *cells);
    count = 0;
    for (unsigned r = 0; r < g->nrows; r++)
        for (unsigned k = p->begin[member[r]]; k < p->end[member[r]]; k++) {
            const contraction_use *use = &p->use[member[r]][k];
            cells[count++] = (cell){r, use->factor, use->slot, k < p->table->row[member[r]].nlinear};
        }
    qsort(cells, count, sizeof *cells, compare_cells);
    for (size_t k = 0, most = MOST_OPERATIONS / g->vectors; k < count; k += most) {
        size_t n = count - k < most ? count - k : most;
        functions_reserve(f, n * g->vectors);
        end_line(&f->line);
        p->put(f, g, cells + k, n);
    }
    free(cells);
}

static void put_rows(functions *f, const pass *p)
{
    for (size_t first = 0; first < p->table->nrows; first++) {
        unsigned count = p->table->row[first].count, vectors = (count + p->step - 1) / p->step;
        unsigned part = vectors > CONTRACTION_LONGEST ? CONTRACTION_PART : vectors;
        unsigned most = REGISTERS / (part + 1);
        size_t member[MOST_ROWS];
        if (p->taken[first] || p->begin[first] == p->end[first])
            continue;
        group g = {.nvalues = p->nvalues, .step = p->step, .source = p->source};
        g.nrows = choose_rows(p, first, most < 1 ? 1 : most > MOST_ROWS ? MOST_ROWS : most, member);
        for (unsigned r = 0; r < g.nrows; r++)
            g.row[r] = &p->table->row[member[r]];
        for (unsigned from = 0; from < vectors; from += g.parts * g.vectors) {
            g.x = from * p->step;
            g.vectors = vectors - from < part ? vectors - from : part;
            g.parts = (vectors - from) / g.vectors;
            for (unsigned r = 0; r < g.nrows; r++)
                g.begun[r] = false;
            put_group(f, p, &g, member);
        }
    }
}

/* The uses of a row that a pass is about. */
enum range { VALUES, LINEAR, ALL };

/* As a macro. */
static void emit_pass(FILE *out, const char *name, const program *code, const unsigned *source,
                      const char *macro, const signature *with, enum range range, put_cells *put_one,
                      unsigned step)
{
    const contraction_table *t = &code->rows;
    const contraction_use *use = t->use;
    pass p = {.table = t, .step = step, .nvalues = (unsigned)code->nvalues, .source = source, .put = put_one};
    p.use = xcalloc(t->nrows, sizeof *p.use);
    p.begin = xcalloc(t->nrows, sizeof *p.begin);
    p.end = xcalloc(t->nrows, sizeof *p.end);
    p.taken = xcalloc(t->nrows, sizeof *p.taken);
    for (size_t k = 0; k < t->nrows; k++) {
        const contraction_row *r = &t->row[k];
        p.use[k] = use;
        p.begin[k] = range == VALUES ? r->nlinear : 0;
        p.end[k] = range == VALUES ? r->nlinear + r->nvalues : range == LINEAR ? r->nlinear : r->nuses;
        use += r->nuses;
    }
    functions f = functions_open(out, name, macro, with);
    put_rows(&f, &p);
    functions_close(&f);
    free(p.use);
    free(p.begin);
    free(p.end);
    free(p.taken);
}

static void emit_passes(FILE *out, const char *name, const program *p, const unsigned *source, bool four)
{
    char factors[64], weights[160], energy[96];
    snprintf(factors, sizeof factors, "T *f = s + %zu; (void)f; ", p->factor0);
    snprintf(energy, sizeof energy, "%s energy0 = {0}, energy1 = {0}; ", four ? "eqml_four" : "T");
    snprintf(weights, sizeof weights, "const T *g = a + %zu; (void)g; %s", p->factor0, energy);
    const char *sum =
        four ? "energy0 += energy1; *energy += EQML_SUM_FOUR(energy0); " : "*energy += energy0 + energy1; ";
    const signature contract = {FORWARD_SIGNATURE, factors, "", false};
    const signature linear = {"const T *s, const NUMBER *linear, T *energy",
                              "s, linear, energy",
                              "T *const *s, const NUMBER *linear, T *energy",
                              "s[k], linear, &energy[k]",
                              energy,
                              sum,
                              false};
    const signature gather = {REVERSE_SIGNATURE, weights, sum, false};
    unsigned step = four ? ROW_ALIGNMENT : 1;
    emit_pass(out, name, p, source, four ? "FOUR_CONTRACT" : "CONTRACT", &contract, VALUES, put_contractions,
              step);
    emit_pass(out, name, p, source, four ? "FOUR_LINEAR" : "LINEAR", &linear, LINEAR, put_linear, step);
    emit_pass(out, name, p, source, four ? "FOUR_GATHER" : "GATHER", &gather, ALL, put_gather, step);
}

void emit_rows(FILE *out, const char *name, const program *p, const unsigned *source)
{
    emit_passes(out, name, p, source, false);
    emit_passes(out, name, p, source, true);
}
