#include "program/arrange.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* What a factor is; the program has its operations in this order. */
enum part { SIMPLE, CONTRACTION, PRODUCT, LINEAR, PARTS };

/* Elements of a covariant. */
typedef struct row {
    unsigned first;
    size_t count;
} row;

typedef struct work {
    const program_tables *t;
    size_t *first;     /* [nslots + nfactors] first operation of each target, those of factors last */
    enum part *part;   /* [nfactors] */
    bool *in_products; /* [nfactors] of two factors */
    bool *is_read;     /* [nfactors] by other factors */
    size_t first_row, end_rows;
    row *row; /* [nslots / ROW_ALIGNMENT + 1] that four slots belong to; count 0: none so far */
} work;

static bool is_factor(unsigned slot)
{
    return slot >= FACTOR_SLOT;
}

static size_t place_of(const work *w, unsigned slot)
{
    return is_factor(slot) ? w->t->nslots + slot - FACTOR_SLOT : slot;
}

/* ---- covariants --------------------------------------------------------------------------------------- */

/* Whether four slots can be made as one vector: their operations stand together, those of the first slot first, and
 * none of them reads another. Slots without operations, to fill up, are the last ones. */
static bool is_four(const work *w, unsigned slot)
{
    const operation_list *l = &w->t->operations;
    size_t next = w->first[slot], k = next;
    unsigned used = 0;
    for (; used < ROW_ALIGNMENT && w->first[slot + used] < l->count; used++) {
        if (w->first[slot + used] != next)
            return false;
        next = next_target(l, next);
    }
    for (unsigned d = used; d < ROW_ALIGNMENT; d++)
        if (w->first[slot + d] < l->count)
            return false;
    for (; k < next; k++)
        if (l->item[k].left - slot < ROW_ALIGNMENT || l->item[k].right - slot < ROW_ALIGNMENT)
            return false;
    return true;
}

/* The slots from the first multiple of four on that are fours; what is behind them is computed one by one. */
static void find_fours(work *w)
{
    const size_t first = (w->t->ninputs + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
    w->first_row = w->end_rows = first;
    for (size_t slot = w->t->ninputs; slot < first && slot < w->t->nslots; slot++)
        if (w->first[slot] < w->t->operations.count) /* between the inputs and the rows there is nothing */
            return;
    while (w->end_rows + ROW_ALIGNMENT <= w->t->nslots && is_four(w, (unsigned)w->end_rows))
        w->end_rows += ROW_ALIGNMENT;
}

/* ---- contractions ------------------------------------------------------------------------------------- */

/* Whether these can be the elements of a covariant: the only ones in their fours, and in no other row. */
static bool is_row(const work *w, row r)
{
    const size_t end = (r.first + r.count + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
    if (r.first % ROW_ALIGNMENT || r.first < w->first_row || end > w->end_rows)
        return false;
    for (size_t k = r.first; k < end; k++) {
        const row *known = &w->row[k / ROW_ALIGNMENT];
        if ((w->first[k] < w->t->operations.count) != (k < r.first + r.count) ||
            (known->count && (known->first != r.first || known->count != r.count)))
            return false;
    }
    return true;
}

static void keep_row(work *w, row r)
{
    for (size_t k = r.first; k < r.first + r.count; k += ROW_ALIGNMENT)
        w->row[k / ROW_ALIGNMENT] = r;
}

/* The operations [k, next) of a factor as the products of two rows, element by element, which are kept. */
static bool take_contraction(work *w, size_t k, size_t next)
{
    const operation *o = &w->t->operations.item[k];
    const row left = {o->left, next - k}, right = {o->right, next - k};
    for (size_t i = 0; i < next - k; i++)
        if (o[i].left != o->left + i || o[i].right != o->right + i ||
            operations_coefficient(&w->t->operations, k + i) != 1)
            return false;
    const unsigned apart = o->left > o->right ? o->left - o->right : o->right - o->left;
    if (!is_row(w, left) || !is_row(w, right) || (apart && apart < next - k))
        return false;
    keep_row(w, left);
    keep_row(w, right);
    return true;
}

static bool reads_factors(const operation_list *l, size_t k, size_t next)
{
    for (; k < next; k++)
        if (is_factor(l->item[k].left) || l->item[k].right > FACTOR_SLOT)
            return true;
    return false;
}

/* What each factor is; the number of operations of contractions. */
static size_t find_parts(work *w)
{
    const program_tables *t = w->t;
    size_t count = 0;
    for (size_t k = 0, next; k < t->operations.count; k = next) {
        const operation *o = &t->operations.item[k];
        next = next_target(&t->operations, k);
        if (!is_factor(o->target))
            continue;
        enum part *part = &w->part[o->target - FACTOR_SLOT];
        if (reads_factors(&t->operations, k, next)) {
            *part = PRODUCT;
        } else if (take_contraction(w, k, next)) {
            *part = CONTRACTION;
            count += next - k;
        }
    }
    for (size_t f = 1; f < t->nfactors; f++)
        if (w->part[f] == CONTRACTION && !w->in_products[f] && !w->is_read[f])
            w->part[f] = LINEAR;
    return count;
}

static work work_create(const program_tables *t)
{
    work w = {.t = t};
    w.first = xcalloc(t->nslots + t->nfactors, sizeof *w.first);
    w.part = xcalloc(t->nfactors, sizeof *w.part);
    w.in_products = xcalloc(t->nfactors, sizeof *w.in_products);
    w.is_read = xcalloc(t->nfactors, sizeof *w.is_read);
    w.row = xcalloc(t->nslots / ROW_ALIGNMENT + 1, sizeof *w.row);
    for (size_t k = 0; k < t->nslots + t->nfactors; k++)
        w.first[k] = t->operations.count;
    for (size_t k = t->operations.count; k-- > 0;) {
        const operation *o = &t->operations.item[k];
        w.first[place_of(&w, o->target)] = k;
        if (is_factor(o->left))
            w.is_read[o->left - FACTOR_SLOT] = true;
        if (is_factor(o->right))
            w.is_read[o->right - FACTOR_SLOT] = true;
    }
    for (size_t k = 0; k < t->nproducts; k++)
        w.in_products[t->product[k].left] = w.in_products[t->product[k].right] = true;
    return w;
}

static void work_free(work *w)
{
    free(w->first);
    free(w->part);
    free(w->in_products);
    free(w->is_read);
    free(w->row);
}

/* ---- the program -------------------------------------------------------------------------------------- */

/* The products of the core as products of items. */
static product_list find_products(const work *w, unsigned *item_factor)
{
    const program_tables *t = w->t;
    unsigned *item = xcalloc(t->nfactors, sizeof *item), nitems = 0;
    item_pair *product = xcalloc(t->nproducts, sizeof *product);
    for (unsigned f = 1; f < t->nfactors; f++)
        if (w->in_products[f]) {
            item_factor[nitems] = f;
            item[f] = nitems++;
        }
    for (size_t k = 0; k < t->nproducts; k++)
        product[k] = (item_pair){item[t->product[k].left], item[t->product[k].right]};
    free(item);
    return products_create(nitems, t->nproducts, product);
}

/* The constant, the core in the order of columns, the rest, those that only occur linearly last. number[nfactors]:
 * of each in the program. */
static void number_factors(const work *w, program *p, const product_list *products,
                           const unsigned *item_factor, bool by_rows, unsigned *number)
{
    const program_tables *t = w->t;
    program_add_factor(p, 0, t->factor[0].is_term);
    for (unsigned k = 0; k < products->nitems; k++) {
        const unsigned f = item_factor[products->tiling.order[k]];
        number[f] = program_add_factor(p, t->factor[f].degree, t->factor[f].is_term);
    }
    p->ncore = p->nfactors;
    for (int linear = 0; linear < 2; linear++) {
        p->nvalues = p->nfactors;
        for (unsigned f = 1; f < t->nfactors; f++)
            if (!number[f] && (by_rows && w->part[f] == LINEAR) == linear)
                number[f] = program_add_factor(p, t->factor[f].degree, t->factor[f].is_term);
    }
}

static unsigned new_slot(const unsigned *number, unsigned slot)
{
    return is_factor(slot) ? FACTOR_SLOT + number[slot - FACTOR_SLOT] : slot;
}

static bool belongs(const work *w, unsigned target, bool by_rows, enum part part)
{
    if (!by_rows)
        return part == SIMPLE;
    return (is_factor(target) ? w->part[target - FACTOR_SLOT] : SIMPLE) == part;
}

static void copy_operations(const work *w, program *p, bool by_rows, const unsigned *number)
{
    const operation_list *l = &w->t->operations;
    size_t end[PARTS];
    for (enum part part = SIMPLE; part < PARTS; part++) {
        for (size_t k = 0; k < l->count; k++) {
            const operation *o = &l->item[k];
            if (belongs(w, o->target, by_rows, part))
                operations_append_scaled(&p->operations, operations_coefficient(l, k),
                                         new_slot(number, o->target), new_slot(number, o->left),
                                         new_slot(number, o->right));
        }
        end[part] = p->operations.count;
    }
    p->contractions = end[SIMPLE], p->products = end[CONTRACTION], p->linear = end[PRODUCT];
}

static program *build(const work *w, bool by_rows)
{
    const program_tables *t = w->t;
    unsigned *item_factor = xcalloc(t->nfactors, sizeof *item_factor);
    unsigned *number = xcalloc(t->nfactors, sizeof *number);
    program *p = program_create(t->ninputs);
    product_list products = find_products(w, item_factor);
    p->nslots = t->nslots;
    p->first_row = w->first_row, p->end_rows = w->end_rows;
    number_factors(w, p, &products, item_factor, by_rows, number);
    copy_operations(w, p, by_rows, number);
    program_finish(p, &products, by_rows);
    products_free(&products);
    free(item_factor);
    free(number);
    return p;
}

program *program_arrange(const program_tables *t)
{
    work w = work_create(t);
    find_fours(&w);
    program *p = build(&w, contractions_pay(find_parts(&w)));
    if (p->rows.nrows && program_written_out(p) > STRAIGHT_LINE_LIMIT) { /* rows are no use to a table */
        program_free(p);
        p = build(&w, false);
    }
    work_free(&w);
    return p;
}

void program_tables_free(program_tables *t)
{
    free(t->factor);
    free(t->product);
    operations_free(&t->operations);
    memset(t, 0, sizeof *t);
}
