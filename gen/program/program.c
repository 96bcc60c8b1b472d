#include "program/program.h"
#include "program/factorise.h"
#include "algebra/keyset.h"
#include "base/memory.h"
#include "program/products.h"
#include "program/uses.h"
#include <stdlib.h>
#include <string.h>

/* ---- slots -------------------------------------------------------------------------------------------- */

/* The sums over the ends of each pair that an ENDS pattern multiplies with: A_ij (g_i + g_j). */
typedef struct lift {
    int pattern, covariant;
    unsigned slot; /* first of the pairs */
} lift;

typedef struct layout {
    const basis *b;
    program *p;
    product_list products;
    bool by_rows; /* contractions are done by rows */
    size_t nlifts;
    lift *lift;
} layout;

static unsigned element_slot(const layout *l, int covariant, int position)
{
    return l->p->element_slot[covariant][position];
}

/* Whether the potential needs operations for a covariant. */
static bool is_computed(const covariant *v)
{
    return (v->users & USER_POTENTIAL) && v->pattern >= 0;
}

static bool is_in_row(const layout *l, const term *t)
{
    return l->by_rows && t->kind == TERM_CONTRACT;
}

/* A contraction that occurs in no product: the energy takes it with its row. Tensors ask for all values. */
static bool is_linear(const layout *l, size_t k)
{
    return is_in_row(l, &l->b->term[k]) && !l->b->tensors && !l->p->factor_of_term[k];
}

/* Slots for the elements of a row, aligned and filled up for the vector units, with a zero more where there
 * are matrices; the first. */
static unsigned place_row(layout *l, int count)
{
    size_t align = l->by_rows ? ROW_ALIGNMENT : 1, more = l->p->matrices.nforms > 0;
    size_t first = (l->p->nslots + align - 1) / align * align;
    l->p->nslots = first + ((size_t)count + more + align - 1) / align * align;
    return (unsigned)first;
}

/* Pair variables that are a covariant have a copy of their own among the rows. */
static bool is_copied(const layout *l, const covariant *v)
{
    return l->by_rows && (v->users & USER_POTENTIAL) && v->pattern == COVARIANT_VARIABLES;
}

/* The elements of a covariant lie side by side. */
static void place_covariants(layout *l)
{
    const basis *b = l->b;
    program *p = l->p;
    p->nslots = p->first_row = (p->nslots + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
    for (int set = 0; set < b->structure->nsets; set++)
        for (int v = 0; v < b->ncovariants; v++) {
            if (b->covariant[v].set != set ||
                !(is_computed(&b->covariant[v]) || is_copied(l, &b->covariant[v])))
                continue;
            unsigned first = place_row(l, b->structure->set[set].count);
            for (int x = 0; x < b->structure->set[set].count; x++)
                p->element_slot[v][x] = first + (unsigned)x;
        }
}

/* The pair variables are the first slots; those that are a covariant are its elements. */
static void place_variables(layout *l)
{
    const basis *b = l->b;
    const composition *c = b->composition;
    l->p->npairs = l->p->nslots = (size_t)c->npairs;
    l->p->ncovariants = (size_t)b->ncovariants;
    l->p->element_slot = xcalloc((size_t)b->ncovariants, sizeof *l->p->element_slot);
    for (int v = 0; v < b->ncovariants; v++) {
        const covariant *from = &b->covariant[v];
        l->p->element_slot[v] =
            xcalloc((size_t)b->structure->set[from->set].count, sizeof **l->p->element_slot);
        for (int p = 0; p < c->npairs && from->pattern == COVARIANT_VARIABLES; p++)
            if (c->pair_class[p] == from->left)
                l->p->element_slot[v][b->structure->variable_position[p]] = (unsigned)p;
    }
}

static void number_factor(layout *l, size_t term)
{
    program *p = l->p;
    p->factor_of_term[term] = (unsigned)p->nfactors;
    p->factor_term = xrealloc(p->factor_term, p->nfactors + 1, sizeof *p->factor_term);
    p->factor_term[p->nfactors++] = term;
    p->nwanted += l->b->term[term].wanted;
}

/* Numbers the factors: the constant, those in products in the order of columns, the rest, linear ones last.
 * */
static void number_factors(layout *l)
{
    const basis *b = l->b;
    l->products = products_find(b);
    l->p->factor_of_term = xcalloc(b->nterms, sizeof *l->p->factor_of_term);
    number_factor(l, 0);
    for (unsigned k = 0; k < l->products.nitems; k++)
        number_factor(l, l->products.item_term[l->products.tiling.order[k]]);
    l->p->ncore = l->p->nfactors;
    for (size_t k = 1; k < b->nterms; k++)
        if (b->term[k].factor && !l->p->factor_of_term[k] && !is_linear(l, k))
            number_factor(l, k);
    l->p->nvalues = l->p->nfactors;
    for (size_t k = 1; k < b->nterms; k++)
        if (b->term[k].factor && !l->p->factor_of_term[k])
            number_factor(l, k);
}

/* ---- operations --------------------------------------------------------------------------------------- */

static void emit(program *p, unsigned target, unsigned left, unsigned right)
{
    if (p->noperations == p->operations_capacity) {
        p->operations_capacity = p->operations_capacity ? 2 * p->operations_capacity : 256;
        p->operation = xrealloc(p->operation, p->operations_capacity, sizeof *p->operation);
    }
    p->operation[p->noperations++] = (operation){target, left, right};
}

/* The slot of the lift for the first pair. */
static unsigned emit_lift(layout *l, int pattern_index, int covariant)
{
    const pattern *pattern = &l->b->structure->pattern[pattern_index];
    for (size_t k = 0; k < l->nlifts; k++)
        if (l->lift[k].pattern == pattern_index && l->lift[k].covariant == covariant)
            return l->lift[k].slot;
    unsigned slot = place_row(l, l->b->structure->set[pattern->target].count);
    l->lift = xrealloc(l->lift, l->nlifts + 1, sizeof *l->lift);
    l->lift[l->nlifts++] = (lift){pattern_index, covariant, slot};
    for (int k = 0; k < pattern->count; k++)
        emit(l->p, slot + (unsigned)pattern->triple[k][0], element_slot(l, covariant, pattern->triple[k][2]),
             (unsigned)l->p->factor0);
    return slot;
}

static void emit_covariant(layout *l, int covariant)
{
    const struct covariant *v = &l->b->covariant[covariant];
    const pattern *pattern = &l->b->structure->pattern[v->pattern];
    size_t form = matrix_find_pattern(&l->p->matrices, v->pattern), first = l->p->noperations;
    if (pattern->kind == PATTERN_ENDS && l->by_rows && form == l->p->matrices.nforms) {
        unsigned ends = emit_lift(l, v->pattern, v->right);
        for (int x = 0; x < l->b->structure->set[v->set].count; x++)
            emit(l->p, element_slot(l, covariant, x), element_slot(l, v->left, x), ends + (unsigned)x);
        return;
    }
    for (int k = 0; k < pattern->count; k++) {
        const int *t = pattern->triple[k];
        emit(l->p, element_slot(l, covariant, t[0]), element_slot(l, v->left, t[1]),
             v->right < 0 ? (unsigned)l->p->factor0 : element_slot(l, v->right, t[2]));
    }
    if (form == l->p->matrices.nforms)
        return;
    matrix_append(&l->p->matrices,
                  (matrix_step){form, first, l->p->noperations, element_slot(l, covariant, 0),
                                element_slot(l, v->left, 0),
                                v->right < 0 ? RIGHT_ONES : (long)element_slot(l, v->right, 0)});
}

static unsigned new_slot(void *p)
{
    return (unsigned)((program *)p)->nslots++;
}

/* Slots of the products of all but the last variable of each monomial, shared by common beginnings. */
typedef struct partials {
    keyset known;
    size_t capacity;
    unsigned *slot; /* of each key */
} partials;

static unsigned partial_slot(layout *l, partials *p, const unsigned short *pair, int degree)
{
    size_t number;
    if (degree == 1)
        return pair[0];
    if (!keyset_add(&p->known, pair, (size_t)degree, &number))
        return p->slot[number];
    if (number >= p->capacity) {
        p->capacity = 2 * number + 64;
        p->slot = xrealloc(p->slot, p->capacity, sizeof *p->slot);
    }
    unsigned before = partial_slot(l, p, pair, degree - 1), slot = (unsigned)l->p->nslots++;
    emit(l->p, slot, before, pair[degree - 1]);
    return p->slot[number] = slot;
}

static void emit_factored(void *p, unsigned target, unsigned left, unsigned right)
{
    emit(p, target, left, right == (unsigned)FACTORISE_ONE ? (unsigned)((program *)p)->factor0 : right);
}

/* The products that make up an orbit sum. */
typedef struct orbit_products {
    size_t count;
    slot_product *product;
} orbit_products;

/* Each monomial as the product of all but its last variable and of that one. */
static orbit_products plain_products(layout *l, partials *known, const term *t)
{
    orbit_products orbit = {(size_t)t->right, xcalloc((size_t)t->right, sizeof(slot_product))};
    for (size_t m = 0; m < orbit.count; m++) {
        const unsigned short *pair = l->b->monomial + ((size_t)t->left + m) * (size_t)l->b->degree;
        orbit.product[m].left = partial_slot(l, known, pair, t->degree - 1);
        orbit.product[m].right = pair[t->degree - 1];
    }
    return orbit;
}

/* The sum of the variables of a class; code takes it from their copy, where there is one. */
static void emit_sum(layout *l, int class, unsigned target)
{
    const basis *b = l->b;
    size_t first = l->p->noperations, form = l->p->matrices.nforms;
    for (int p = 0; p < b->composition->npairs; p++)
        if (b->composition->pair_class[p] == class)
            emit(l->p, target, (unsigned)p, (unsigned)l->p->factor0);
    for (int v = 0; v < b->ncovariants; v++)
        if (is_copied(l, &b->covariant[v]) && b->covariant[v].left == class &&
            (form = matrix_find_form(&l->p->matrices, MATRIX_SUM, b->covariant[v].set)) <
                l->p->matrices.nforms)
            matrix_append(&l->p->matrices, (matrix_step){form, first, l->p->noperations, 0,
                                                         element_slot(l, v, 0), RIGHT_ONES});
}

static void emit_factor(layout *l, size_t index, const orbit_products *orbit)
{
    const basis *b = l->b;
    const term *t = &b->term[index];
    unsigned target = (unsigned)l->p->factor0 + l->p->factor_of_term[index];
    switch (t->kind) {
    case TERM_ONE:
        break;
    case TERM_VARIABLE:
        emit(l->p, target, (unsigned)t->left, (unsigned)l->p->factor0);
        break;
    case TERM_SUM:
        emit_sum(l, t->left, target);
        break;
    case TERM_CONTRACT:
        for (int x = 0; x < b->structure->set[b->covariant[t->left].set].count; x++)
            emit(l->p, target, element_slot(l, t->left, x), element_slot(l, t->right, x));
        break;
    case TERM_ORBIT:
        for (size_t k = 0; k < orbit->count; k++)
            emit_factored(l->p, target, orbit->product[k].left, orbit->product[k].right);
        break;
    case TERM_PRODUCT:
        emit(l->p, target, (unsigned)l->p->factor0 + l->p->factor_of_term[t->left],
             (unsigned)l->p->factor0 + l->p->factor_of_term[t->right]);
        break;
    }
}

static void emit_copies(layout *l)
{
    const basis *b = l->b;
    for (int v = 0; v < b->ncovariants; v++) {
        if (!is_copied(l, &b->covariant[v]))
            continue;
        size_t first = l->p->noperations;
        size_t form = matrix_find_form(&l->p->matrices, MATRIX_COPY, b->covariant[v].set);
        for (int p = 0; p < b->composition->npairs; p++)
            if (b->composition->pair_class[p] == b->covariant[v].left)
                emit(l->p, element_slot(l, v, b->structure->variable_position[p]), (unsigned)p,
                     (unsigned)l->p->factor0);
        if (form < l->p->matrices.nforms)
            matrix_append(&l->p->matrices, (matrix_step){form, first, l->p->noperations,
                                                         element_slot(l, v, 0), 0, RIGHT_ONES});
    }
}

enum part { SIMPLE, CONTRACTIONS, PRODUCTS, LINEAR, PARTS };

static enum part part_of(const layout *l, size_t term)
{
    if (is_in_row(l, &l->b->term[term]))
        return l->p->factor_of_term[term] < l->p->nvalues ? CONTRACTIONS : LINEAR;
    return l->b->term[term].kind == TERM_PRODUCT ? PRODUCTS : SIMPLE;
}

/* Intermediate values first, then factors part by part. */
static void emit_operations(layout *l)
{
    const basis *b = l->b;
    program *p = l->p;
    enum { BEYOND = 1u << 30 }; /* where the factors stand until the number of slots is known */
    p->factor0 = BEYOND;
    emit_copies(l);
    for (int v = 0; v < b->ncovariants; v++)
        if (is_computed(&b->covariant[v]))
            emit_covariant(l, v);
    p->end_rows = p->nslots;
    partials known = {{0}, 0, NULL};
    factoriser sums = factoriser_create(b->composition->npairs, new_slot, emit_factored, p);
    orbit_products *orbit = xcalloc(b->nterms, sizeof *orbit);
    for (size_t k = 0; k < b->nterms; k++) {
        const term *t = &b->term[k];
        if (t->kind == TERM_ORBIT && b->plain)
            orbit[k] = plain_products(l, &known, t);
        else if (t->kind == TERM_ORBIT)
            orbit[k].count = factorise(&sums, b->monomial + (size_t)t->left * (size_t)b->degree,
                                       (size_t)t->right, b->degree, t->degree, &orbit[k].product);
    }
    size_t end[PARTS];
    for (enum part part = SIMPLE; part < PARTS; part++) {
        for (size_t k = 0; k < b->nterms; k++)
            if (b->term[k].factor && part_of(l, k) == part)
                emit_factor(l, k, &orbit[k]);
        end[part] = p->noperations;
    }
    p->contractions = end[SIMPLE], p->products = end[CONTRACTIONS], p->linear = end[PRODUCTS];
    for (size_t k = 0; k < b->nterms; k++)
        free(orbit[k].product);
    free(orbit);
    factoriser_free(&sums);
    keyset_free(&known.known);
    free(known.slot);

    p->nslots = (p->nslots + 7) / 8 * 8; /* factors begin on a vector boundary */
    p->factor0 = p->nslots;
    p->nslots += p->nfactors;
    for (size_t k = 0; k < p->noperations; k++) {
        operation *o = &p->operation[k];
        unsigned *slot[3] = {&o->target, &o->left, &o->right};
        for (int s = 0; s < 3; s++)
            if (*slot[s] >= BEYOND)
                *slot[s] = *slot[s] - BEYOND + (unsigned)p->factor0;
    }
}

/* ---- counts ------------------------------------------------------------------------------------------- */

static void count_operations(program *p, bool constant)
{
    operation_count *e = &p->energy, *g = &p->gradient;
    for (size_t k = 0; k < p->linear; k++) {
        const operation *o = &p->operation[k];
        bool first = k == 0 || p->operation[k - 1].target != o->target;
        bool offset = o->target >= p->factor0;
        if (o->right == p->factor0) {
            e->add += !first || offset;
            g->add++;
        } else {
            e->fma += !first || offset;
            e->multiply += first && !offset;
            g->fma += 2;
        }
    }
    e->fma += p->noperations - p->linear; /* one side of each use; the gradient takes the other */
    g->fma += p->noperations - p->linear;
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

enum { NO_MATRICES = -1 };

static program *build(const basis *b, bool by_rows, int need)
{
    program *p = xcalloc(1, sizeof *p);
    layout l = {.b = b, .p = p, .by_rows = by_rows};
    if (need != NO_MATRICES)
        p->matrices = matrix_table_create(b, need);
    place_variables(&l);
    place_covariants(&l);
    number_factors(&l);
    emit_operations(&l);
    if (by_rows)
        p->rows = contraction_table_create(b, p->factor_of_term, p->nvalues, p->element_slot);
    products_lay_out(&l.products, p);
    count_operations(p, b->term[0].wanted);
    products_free(&l.products);
    free(l.lift);
    return p;
}

/*
 * Code, if it can be had: written out, which is fastest, or with matrices, as few as are needed. From the
 * table rows would only add operations.
 */
program *program_create(const basis *b)
{
    const bool rows = contractions_pay(b);
    for (int need = NO_MATRICES; rows && need < MATRIX_NEEDS; need++) {
        program *p = build(b, true, need);
        if (program_written_out(p) <= STRAIGHT_LINE_LIMIT && p->nslots <= SLOTS_LIMIT)
            return p;
        program_free(p);
    }
    return build(b, false, NO_MATRICES);
}

size_t program_written_out(const program *p)
{
    size_t count = p->noperations - matrix_operations(&p->matrices);
    for (size_t k = p->contractions, next; k < p->noperations; k = next) {
        next = next_target(p->noperations, p->operation, k);
        if (next - k > CONTRACTION_LONGEST && (k < p->products || k >= p->linear))
            count -= next - k - 2 * CONTRACTION_PART;
    }
    return count;
}

void program_free(program *p)
{
    if (!p)
        return;
    for (size_t v = 0; v < p->ncovariants; v++)
        free(p->element_slot[v]);
    free(p->element_slot);
    contraction_table_free(&p->rows);
    matrix_table_free(&p->matrices);
    free(p->factor_of_term);
    free(p->operation);
    free(p->factor_term);
    free(p->run);
    tiles_free(&p->tiles);
    free(p);
}
