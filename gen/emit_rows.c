#include "emit_rows.h"
#include "functions.h"

/*
 * A block: some uses of a part of a row. Its vectors stay in registers; with one more number twelve of them fit
 * 16 registers.
 */
enum { MOST_VECTORS = 12, MOST_USES = 16 };

typedef struct block {
    const contraction_row *row;
    const contraction_use *use; /* of the row */
    unsigned begin, end;        /* uses of the block */
    unsigned x, vectors, step;  /* its elements: from x on, `step` to a vector */
} block;

typedef void put_block(functions *f, const block *b);

static void put(functions *f, const char *format, unsigned number)
{
    char item[64];
    snprintf(item, sizeof item, format, number);
    put_item(&f->line, item);
}

/* Vector i of the covariant that begins in `slot`, of slots `s` or adjoints `a`. */
static void put_vector(functions *f, const block *b, char array, unsigned slot, unsigned i)
{
    char item[48];
    snprintf(item, sizeof item, b->step > 1 ? "EQML_FOUR(%c + %u)" : "%c[%u]", array,
             slot + b->x + i * b->step);
    put_item(&f->line, item);
}

static const char *vector_type(const block *b)
{
    return b->step > 1 ? "eqml_four" : "T";
}

/* f_k = offset[k] + A . B; with the elements of A in x0, x1, ... */
static void put_contractions(functions *f, const block *b)
{
    for (unsigned i = 0; i < b->vectors; i++) {
        put(f, i ? ", x%u = " : b->step > 1 ? "{ const eqml_four x%u = " : "{ const T x%u = ", i);
        put_vector(f, b, 's', b->row->slot, i);
    }
    put_item(&f->line, "; ");
    for (unsigned k = b->begin; k < b->end; k++) {
        put_item(&f->line, b->step > 1 ? "{ const eqml_four p = " : "{ const T p = ");
        for (unsigned i = 0; i < b->vectors; i++) {
            put(f, i ? " + x%u*" : "x%u*", i);
            put_vector(f, b, 's', b->use[k].slot, i);
        }
        put(f, "; f[%u] = ", b->use[k].factor);
        put(f, b->x ? "EQML_ADD(f[%u], " : "EQML_ADD(offset[%u], ", b->use[k].factor);
        put_item(&f->line, b->step > 1 ? "EQML_SUM_FOUR(p)); } " : "p); } ");
    }
    put_item(&f->line, "} ");
}

/* p0, p1, ... += sum of w times B over uses [begin, end); `first`: begins the sum. weight: "w = array". */
static void put_uses(functions *f, const block *b, const char *weight, unsigned begin, unsigned end,
                     bool first)
{
    for (unsigned k = begin; k < end; k++) {
        put_item(&f->line, weight);
        put(f, "[%u]; ", b->use[k].factor);
        for (unsigned i = 0; i < b->vectors; i++) {
            put(f, first ? "p%u = w*" : "p%u += w*", i);
            put_vector(f, b, 's', b->use[k].slot, i);
            put_item(&f->line, "; ");
        }
        first = false;
    }
}

static void put_sums(functions *f, const block *b, const char *weight_type)
{
    put_item(&f->line, "{ ");
    put_item(&f->line, vector_type(b));
    for (unsigned i = 0; i < b->vectors; i++)
        put(f, i ? ", p%u" : " p%u", i);
    put_item(&f->line, "; ");
    put_item(&f->line, weight_type);
    put_item(&f->line, " w; ");
}

/* Adds A . (sum of weights times B) to the energy. */
static void put_energy(functions *f, const block *b)
{
    for (unsigned i = 0; i < b->vectors; i++) {
        put(f, "energy%u += ", i % 2);
        put_vector(f, b, 's', b->row->slot, i);
        put(f, "*p%u; ", i);
    }
}

static void put_linear(functions *f, const block *b)
{
    put_sums(f, b, "NUMBER");
    put_uses(f, b, "w = linear", b->begin, b->end, true);
    put_energy(f, b);
    put_item(&f->line, "} ");
}

/* dV/dA = sum of weights times B, and the energy of the linear uses on the way: they come first. */
static void put_gather(functions *f, const block *b)
{
    unsigned linear = b->row->nlinear < b->begin ? b->begin : b->row->nlinear;
    linear = linear > b->end ? b->end : linear;
    put_sums(f, b, "T");
    put_uses(f, b, "w = g", b->begin, linear, true);
    if (linear > b->begin)
        put_energy(f, b);
    put_uses(f, b, "w = g", linear, b->end, linear == b->begin);
    for (unsigned i = 0; i < b->vectors; i++) {
        put_vector(f, b, 'a', b->row->slot, i);
        put(f, b->begin ? " += p%u; " : " = p%u; ", i);
    }
    put_item(&f->line, "} ");
}

/* All uses [begin, end) of a row, block by block. */
static void put_row(functions *f, put_block *put_one, const contraction_row *row, const contraction_use *use,
                    unsigned begin, unsigned end, unsigned step)
{
    unsigned vectors = (row->count + step - 1) / step;
    for (unsigned from = 0; from < vectors; from += MOST_VECTORS)
        for (unsigned k = begin; k < end; k += MOST_USES) {
            block b = {row, use, k, end - k > MOST_USES ? k + MOST_USES : end, from * step, 0, step};
            b.vectors = vectors - from > MOST_VECTORS ? MOST_VECTORS : vectors - from;
            functions_reserve(f, b.vectors * (b.end - b.begin));
            put_one(f, &b);
        }
}

/* The uses of a row that a pass is about. */
enum range { VALUES, LINEAR, ALL };

/* One pass over the rows, as a macro: opening and closing stand around the statements of each function. */
static void emit_pass(FILE *out, const summary *s, const char *macro, const signature *with, enum range range,
                      put_block *put_one, unsigned step)
{
    const contraction_table *t = &s->program->rows;
    const contraction_use *use = t->use;
    functions f = functions_open(out, s->name, macro, with);
    for (size_t k = 0; k < t->nrows; k++) {
        const contraction_row *r = &t->row[k];
        unsigned begin = range == VALUES ? r->nlinear : 0;
        unsigned end = range == VALUES ? r->nlinear + r->nvalues : range == LINEAR ? r->nlinear : r->nuses;
        put_row(&f, put_one, r, use, begin, end, step);
        use += r->nuses;
    }
    functions_close(&f);
}

static void emit_passes(FILE *out, const summary *s, bool four)
{
    char factors[64], weights[160], energy[96];
    snprintf(factors, sizeof factors, "T *f = s + %zu; ", s->program->factor0);
    snprintf(energy, sizeof energy, "%s energy0 = {0}, energy1 = {0}; ", four ? "eqml_four" : "T");
    snprintf(weights, sizeof weights, "const T *g = a + %zu; %s", s->program->factor0, energy);
    const char *sum =
        four ? "energy0 += energy1; *energy += EQML_SUM_FOUR(energy0); " : "*energy += energy0 + energy1; ";
    const signature contract = {"T *s, const NUMBER *offset", "s, offset", factors, ""};
    const signature linear = {"const T *s, const NUMBER *linear, T *energy", "s, linear, energy", energy,
                              sum};
    const signature gather = {"const T *s, T *a, T *energy", "s, a, energy", weights, sum};
    unsigned step = four ? ROW_ALIGNMENT : 1;
    emit_pass(out, s, four ? "FOUR_CONTRACT" : "CONTRACT", &contract, VALUES, put_contractions, step);
    emit_pass(out, s, four ? "FOUR_LINEAR" : "LINEAR", &linear, LINEAR, put_linear, step);
    emit_pass(out, s, four ? "FOUR_GATHER" : "GATHER", &gather, ALL, put_gather, step);
}

void emit_rows(FILE *out, const summary *s)
{
    emit_passes(out, s, false);
    emit_passes(out, s, true);
}
