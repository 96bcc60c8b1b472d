#include "molecule/lower.h"
#include "molecule/lower_matrices.h"
#include "program/factorise.h"
#include "algebra/keyset.h"
#include "base/memory.h"
#include <stdlib.h>

/* ---- slots -------------------------------------------------------------------------------------------- */

/* The sums over the ends of each pair that an ENDS pattern multiplies with: A_ij (g_i + g_j). */
typedef struct lift {
    int pattern, covariant;
    unsigned slot; /* first of the pairs */
} lift;

typedef struct layout {
    const basis *b;
    lowering *of;
    program *p;
    product_list products;
    bool by_rows; /* contractions are done by rows */
    size_t nlifts;
    lift *lift;
} layout;

static unsigned element_slot(const layout *l, int covariant, int position)
{
    return l->of->element_slot[covariant][position];
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

/*
 * Whether a term is a contraction that occurs in no product. Its value is not needed, since the energy takes
 * its row times its coefficient; but tensors ask for all values.
 */
static bool is_linear(const layout *l, size_t k)
{
    return is_in_row(l, &l->b->term[k]) && !l->b->tensors && !l->of->factor_of_term[k];
}

/*
 * Takes slots for the elements of a row, aligned and padded to whole vectors, with a zero behind them if
 * there are matrices. Returns the first.
 */
static unsigned place_row(layout *l, int count)
{
    size_t align = l->by_rows ? ROW_ALIGNMENT : 1, more = l->p->matrices.nforms > 0;
    size_t first = (l->p->nslots + align - 1) / align * align;
    l->p->nslots = first + ((size_t)count + more + align - 1) / align * align;
    return (unsigned)first;
}

/* Whether a covariant is a set of pair variables that has a copy among the rows. */
static bool is_copied(const layout *l, const covariant *v)
{
    return l->by_rows && (v->users & USER_POTENTIAL) && v->pattern == COVARIANT_VARIABLES;
}

/* Gives slots to the covariants. The elements of each lie side by side. */
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
                l->of->element_slot[v][x] = first + (unsigned)x;
        }
}

/* The pair variables are the first slots; if they are a covariant, these are its elements. */
static void place_variables(layout *l)
{
    const basis *b = l->b;
    const composition *c = b->composition;
    l->of->ncovariants = (size_t)b->ncovariants;
    l->of->element_slot = xcalloc((size_t)b->ncovariants, sizeof *l->of->element_slot);
    for (int v = 0; v < b->ncovariants; v++) {
        const covariant *from = &b->covariant[v];
        l->of->element_slot[v] =
            xcalloc((size_t)b->structure->set[from->set].count, sizeof **l->of->element_slot);
        for (int p = 0; p < c->npairs && from->pattern == COVARIANT_VARIABLES; p++)
            if (c->pair_class[p] == from->left)
                l->of->element_slot[v][b->structure->variable_position[p]] = (unsigned)p;
    }
}

static void number_factor(layout *l, size_t term)
{
    const struct term *t = &l->b->term[term];
    l->of->factor_of_term[term] = program_add_factor(l->p, t->degree, t->wanted);
}

/*
 * Lists the products that are not factors themselves, as pairs of items. Returns the term of each item, for
 * the caller to free.
 */
static size_t *find_products(layout *l)
{
    const basis *b = l->b;
    unsigned *item = xcalloc(b->nterms, sizeof *item), nitems = 0; /* item: 1 + number; 0: none */
    size_t *item_term = xcalloc(b->nterms, sizeof *item_term), nproducts = 0;
    item_pair *product = xcalloc(b->nterms, sizeof *product);
    for (int pass = 0; pass < 2; pass++) /* items are numbered in the order of terms */
        for (size_t k = 0; k < b->nterms; k++) {
            const term *t = &b->term[k];
            if (pass == 1 && item[k]) {
                item[k] = ++nitems;
                item_term[nitems - 1] = k;
            } else if (pass == 0 && t->kind == TERM_PRODUCT && !t->factor) {
                item[t->left] = item[t->right] = 1;
            }
        }
    for (size_t k = 0; k < b->nterms; k++)
        if (b->term[k].kind == TERM_PRODUCT && !b->term[k].factor)
            product[nproducts++] = (item_pair){item[b->term[k].left] - 1, item[b->term[k].right] - 1};
    free(item);
    l->products = products_create(nitems, nproducts, product);
    return item_term;
}

/* Numbers the factors: the constant, those in products in the order of columns, the rest, linear ones last. */
static void number_factors(layout *l)
{
    const basis *b = l->b;
    size_t *item_term = find_products(l);
    l->of->factor_of_term = xcalloc(b->nterms, sizeof *l->of->factor_of_term);
    number_factor(l, 0);
    for (unsigned k = 0; k < l->products.nitems; k++)
        number_factor(l, item_term[l->products.tiling.order[k]]);
    free(item_term);
    l->p->ncore = l->p->nfactors;
    for (size_t k = 1; k < b->nterms; k++)
        if (b->term[k].factor && !l->of->factor_of_term[k] && !is_linear(l, k))
            number_factor(l, k);
    l->p->nvalues = l->p->nfactors;
    for (size_t k = 1; k < b->nterms; k++)
        if (b->term[k].factor && !l->of->factor_of_term[k])
            number_factor(l, k);
}

/* ---- operations --------------------------------------------------------------------------------------- */

static void append(layout *l, unsigned target, unsigned left, unsigned right)
{
    operations_append(&l->p->operations, target, left, right);
}

/* Returns the slot of a lift for the first pair; its operations are appended when it is asked for first. */
static unsigned append_lift(layout *l, int pattern_index, int covariant)
{
    const pattern *pattern = &l->b->structure->pattern[pattern_index];
    for (size_t k = 0; k < l->nlifts; k++)
        if (l->lift[k].pattern == pattern_index && l->lift[k].covariant == covariant)
            return l->lift[k].slot;
    unsigned slot = place_row(l, l->b->structure->set[pattern->target].count);
    l->lift = xrealloc(l->lift, l->nlifts + 1, sizeof *l->lift);
    l->lift[l->nlifts++] = (lift){pattern_index, covariant, slot};
    for (int k = 0; k < pattern->count; k++)
        append(l, slot + (unsigned)pattern->triple[k][0], element_slot(l, covariant, pattern->triple[k][2]),
               FACTOR_SLOT);
    return slot;
}

static void append_covariant(layout *l, int covariant)
{
    const struct covariant *v = &l->b->covariant[covariant];
    const pattern *pattern = &l->b->structure->pattern[v->pattern];
    size_t form = matrix_find_pattern(&l->p->matrices, v->pattern), first = l->p->operations.count;
    if (pattern->kind == PATTERN_ENDS && l->by_rows && form == l->p->matrices.nforms) {
        unsigned ends = append_lift(l, v->pattern, v->right);
        for (int x = 0; x < l->b->structure->set[v->set].count; x++)
            append(l, element_slot(l, covariant, x), element_slot(l, v->left, x), ends + (unsigned)x);
        return;
    }
    for (int k = 0; k < pattern->count; k++) {
        const int *t = pattern->triple[k];
        append(l, element_slot(l, covariant, t[0]), element_slot(l, v->left, t[1]),
               v->right < 0 ? FACTOR_SLOT : element_slot(l, v->right, t[2]));
    }
    if (form == l->p->matrices.nforms)
        return;
    matrix_append_step(&l->p->matrices,
                       (matrix_step){form, first, l->p->operations.count, element_slot(l, covariant, 0),
                                     element_slot(l, v->left, 0),
                                     v->right < 0 ? RIGHT_ONES : (long)element_slot(l, v->right, 0)});
}

static unsigned new_slot(void *p)
{
    return (unsigned)((program *)p)->nslots++;
}

/* Slots of the products of all variables but the last of each monomial. Common beginnings share them. */
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
    append(l, slot, before, pair[degree - 1]);
    return p->slot[number] = slot;
}

static void append_product(void *program, unsigned target, slot_product product)
{
    operations_append_scaled(&((struct program *)program)->operations, product.coefficient, target,
                             product.left,
                             product.right == (unsigned)FACTORISE_ONE ? FACTOR_SLOT : product.right);
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
        orbit.product[m] =
            (slot_product){partial_slot(l, known, pair, t->degree - 1), pair[t->degree - 1], 1};
    }
    return orbit;
}

/* The sum of the variables of a class; code takes it from their copy, where there is one. */
static void append_sum(layout *l, int class, unsigned target)
{
    const basis *b = l->b;
    size_t first = l->p->operations.count, form = l->p->matrices.nforms;
    for (int p = 0; p < b->composition->npairs; p++)
        if (b->composition->pair_class[p] == class)
            append(l, target, (unsigned)p, FACTOR_SLOT);
    for (int v = 0; v < b->ncovariants; v++)
        if (is_copied(l, &b->covariant[v]) && b->covariant[v].left == class &&
            (form = matrix_find_form(&l->p->matrices, MATRIX_SUM, b->covariant[v].set)) <
                l->p->matrices.nforms)
            matrix_append_step(&l->p->matrices, (matrix_step){form, first, l->p->operations.count, 0,
                                                              element_slot(l, v, 0), RIGHT_ONES});
}

static void append_factor(layout *l, size_t index, const orbit_products *orbit)
{
    const basis *b = l->b;
    const term *t = &b->term[index];
    unsigned target = FACTOR_SLOT + l->of->factor_of_term[index];
    switch (t->kind) {
    case TERM_ONE:
        break;
    case TERM_VARIABLE:
        append(l, target, (unsigned)t->left, FACTOR_SLOT);
        break;
    case TERM_SUM:
        append_sum(l, t->left, target);
        break;
    case TERM_CONTRACT:
        for (int x = 0; x < b->structure->set[b->covariant[t->left].set].count; x++)
            append(l, target, element_slot(l, t->left, x), element_slot(l, t->right, x));
        break;
    case TERM_ORBIT:
        for (size_t k = 0; k < orbit->count; k++)
            append_product(l->p, target, orbit->product[k]);
        break;
    case TERM_PRODUCT:
        append(l, target, FACTOR_SLOT + l->of->factor_of_term[t->left],
               FACTOR_SLOT + l->of->factor_of_term[t->right]);
        break;
    }
}

static void append_copies(layout *l)
{
    const basis *b = l->b;
    for (int v = 0; v < b->ncovariants; v++) {
        if (!is_copied(l, &b->covariant[v]))
            continue;
        size_t first = l->p->operations.count;
        size_t form = matrix_find_form(&l->p->matrices, MATRIX_COPY, b->covariant[v].set);
        for (int p = 0; p < b->composition->npairs; p++)
            if (b->composition->pair_class[p] == b->covariant[v].left)
                append(l, element_slot(l, v, b->structure->variable_position[p]), (unsigned)p, FACTOR_SLOT);
        if (form < l->p->matrices.nforms)
            matrix_append_step(&l->p->matrices, (matrix_step){form, first, l->p->operations.count,
                                                              element_slot(l, v, 0), 0, RIGHT_ONES});
    }
}

enum part { SIMPLE, CONTRACTIONS, PRODUCTS, LINEAR, PARTS };

static enum part part_of(const layout *l, size_t term)
{
    if (is_in_row(l, &l->b->term[term]))
        return l->of->factor_of_term[term] < l->p->nvalues ? CONTRACTIONS : LINEAR;
    return l->b->term[term].kind == TERM_PRODUCT ? PRODUCTS : SIMPLE;
}

/* Intermediate values first, then factors part by part. */
static void append_operations(layout *l)
{
    const basis *b = l->b;
    program *p = l->p;
    append_copies(l);
    for (int v = 0; v < b->ncovariants; v++)
        if (is_computed(&b->covariant[v]))
            append_covariant(l, v);
    p->end_rows = p->nslots;
    partials known = {{0}, 0, NULL};
    factoriser sums = factoriser_create(b->composition->npairs, new_slot, append_product, p);
    orbit_products *orbit = xcalloc(b->nterms, sizeof *orbit);
    for (size_t k = 0; k < b->nterms; k++) {
        const term *t = &b->term[k];
        if (t->kind == TERM_ORBIT && b->plain)
            orbit[k] = plain_products(l, &known, t);
        else if (t->kind == TERM_ORBIT)
            orbit[k].count = factorise(&sums, b->monomial + (size_t)t->left * (size_t)b->degree, NULL,
                                       (size_t)t->right, b->degree, t->degree, &orbit[k].product);
    }
    size_t end[PARTS];
    for (enum part part = SIMPLE; part < PARTS; part++) {
        for (size_t k = 0; k < b->nterms; k++)
            if (b->term[k].factor && part_of(l, k) == part)
                append_factor(l, k, &orbit[k]);
        end[part] = p->operations.count;
    }
    p->contractions = end[SIMPLE], p->products = end[CONTRACTIONS], p->linear = end[PRODUCTS];
    for (size_t k = 0; k < b->nterms; k++)
        free(orbit[k].product);
    free(orbit);
    factoriser_free(&sums);
    keyset_free(&known.known);
    free(known.slot);
}

/* ---- the program -------------------------------------------------------------------------------------- */

enum { NO_MATRICES = -1 };

static lowering *build(const basis *b, bool by_rows, int need)
{
    lowering *of = xcalloc(1, sizeof *of);
    program *p = of->program = program_create((size_t)b->composition->npairs);
    layout l = {.b = b, .of = of, .p = p, .by_rows = by_rows};
    p->plain = b->plain;
    if (need != NO_MATRICES)
        p->matrices = lower_matrices(b, need);
    place_variables(&l);
    place_covariants(&l);
    number_factors(&l);
    append_operations(&l);
    program_finish(p, &l.products, by_rows);
    products_free(&l.products);
    free(l.lift);
    return of;
}

/* The number of operations of all contractions. */
static size_t count_contractions(const basis *b)
{
    size_t count = 0;
    for (size_t k = 0; k < b->nterms; k++)
        if (b->term[k].kind == TERM_CONTRACT)
            count += (size_t)b->structure->set[b->covariant[b->term[k].left].set].count;
    return count;
}

/*
 * Code is fastest written out, then with matrices, as few as are needed. If it is too long even so, the
 * program runs from its table, where rows would only add operations.
 */
lowering *lower_basis(const basis *b)
{
    const bool rows = contractions_pay(count_contractions(b));
    for (int need = NO_MATRICES; rows && need < MATRIX_NEEDS; need++) {
        lowering *l = build(b, true, need);
        if (program_written_out(l->program) <= STRAIGHT_LINE_LIMIT && l->program->nslots <= SLOTS_LIMIT)
            return l;
        lowering_free(l);
    }
    return build(b, false, NO_MATRICES);
}

void lowering_free(lowering *l)
{
    if (!l)
        return;
    program_free(l->program);
    for (size_t v = 0; v < l->ncovariants; v++)
        free(l->element_slot[v]);
    free(l->element_slot);
    free(l->factor_of_term);
    free(l);
}
