#include "program/program.h"
#include "base/memory.h"
#include <assert.h>
#include <stdlib.h>

program *program_create(size_t ninputs)
{
    program *p = xcalloc(1, sizeof *p);
    p->ninputs = p->nslots = ninputs;
    return p;
}

unsigned program_add_factor(program *p, int degree, bool is_term)
{
    p->factor = xrealloc(p->factor, p->nfactors + 1, sizeof *p->factor);
    p->factor[p->nfactors] = (factor){(unsigned char)degree, is_term};
    p->nwanted += is_term;
    return (unsigned)p->nfactors++;
}

/* ---- tables ------------------------------------------------------------------------------------------- */

/* Behind all other slots, on a vector boundary. */
static void place_factors(program *p)
{
    p->factor0 = p->nslots = (p->nslots + 7) / 8 * 8;
    p->nslots += p->nfactors;
    for (size_t k = 0; k < p->operations.count; k++) {
        operation *o = &p->operations.item[k];
        unsigned *slot[3] = {&o->target, &o->left, &o->right};
        for (int s = 0; s < 3; s++)
            if (*slot[s] >= FACTOR_SLOT)
                *slot[s] = *slot[s] - FACTOR_SLOT + (unsigned)p->factor0;
    }
}

/* The contractions among operations [begin, end), each the operations of one target. */
static size_t find_contractions(const program *p, size_t begin, size_t end, contraction_item *items)
{
    size_t count = 0;
    for (size_t k = begin, next; k < end; k = next) {
        const operation *o = &p->operations.item[k];
        next = next_target(&p->operations, k);
        items[count++] =
            (contraction_item){o->target - (unsigned)p->factor0, o->left, o->right, (unsigned)(next - k)};
        for (size_t i = k; i < next; i++)
            assert(operations_coefficient(&p->operations, i) == 1);
    }
    return count;
}

static contraction_table find_rows(const program *p)
{
    contraction_item *items = xcalloc(p->nfactors, sizeof *items);
    size_t count = find_contractions(p, p->contractions, p->products, items);
    count += find_contractions(p, p->linear, p->operations.count, items + count);
    contraction_table t = contraction_table_create(count, items, p->nvalues);
    free(items);
    return t;
}

/* ---- counts ------------------------------------------------------------------------------------------- */

/* What an operation costs: in the value, and in the reverse sweep, which takes it once for each operand. */
static void count_operation(program *p, size_t k)
{
    const operation *o = &p->operations.item[k];
    operation_count *e = &p->energy, *g = &p->gradient;
    const bool first = k == 0 || p->operations.item[k - 1].target != o->target;
    const bool adds = !first || o->target >= p->factor0; /* to what is there */
    const bool scaled = operations_coefficient(&p->operations, k) != 1;
    const size_t factors = (o->right != p->factor0) + (size_t)scaled; /* of slot[left] */
    if (factors == 0) {
        e->add += adds;
        g->add++;
        return;
    }
    e->fma += adds;
    e->multiply += factors - adds;
    const size_t operands = o->right == p->factor0 ? 1 : 2;
    g->fma += operands;
    g->multiply += operands * (factors - 1);
}

static void count_operations(program *p)
{
    operation_count *e = &p->energy, *g = &p->gradient;
    const bool constant = p->factor[0].is_term;
    const size_t nlinear = p->operations.count - p->linear;
    for (size_t k = 0; k < p->linear; k++)
        count_operation(p, k);
    e->fma += nlinear; /* one side of each use; the gradient takes the other */
    g->fma += nlinear;
    for (size_t k = 0; k < p->rows.nrows; k++) /* the first use of a row is no sum; the row times its sums */
        e->multiply += p->rows.row[k].nlinear ? p->rows.row[k].count : 0;
    size_t products = p->nterms - p->nwanted, rows = 0;
    for (size_t k = 0; k < p->nruns; k++)
        rows += k == 0 || p->run[k].left != p->run[k - 1].left;
    e->fma +=
        p->nwanted + products - constant; /* linear part; rows: count - 1, and one to add the row to V */
    e->multiply += rows;
    g->fma += products + rows;
    g->multiply += e->multiply;
    g->add += e->add;
    g->fma += e->fma;
}

void program_finish(program *p, const product_list *products, bool by_rows)
{
    place_factors(p);
    if (by_rows)
        p->rows = find_rows(p);
    products_lay_out(products, &p->nruns, &p->run, &p->tiles);
    p->nterms = p->nwanted + products->nproducts;
    count_operations(p);
}

size_t program_written_out(const program *p)
{
    size_t count = p->operations.count - matrix_operations(&p->matrices);
    for (size_t k = p->contractions, next; k < p->operations.count; k = next) {
        next = next_target(&p->operations, k);
        if (next - k > CONTRACTION_LONGEST && (k < p->products || k >= p->linear))
            count -= next - k - 2 * CONTRACTION_PART;
    }
    return count;
}

void program_free(program *p)
{
    if (!p)
        return;
    contraction_table_free(&p->rows);
    matrix_table_free(&p->matrices);
    operations_free(&p->operations);
    free(p->factor);
    free(p->run);
    tiles_free(&p->tiles);
    free(p);
}
