#include "program/factorise.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef unsigned short word;

/* Monomials of one degree, in lexicographic order, one behind the other. */
typedef struct polynomial {
    int degree;
    size_t count;
    word *monomial;      /* [count][degree] */
    double *coefficient; /* [count]; NULL: all are 1 */
} polynomial;

static void polynomial_free(polynomial *p)
{
    free(p->monomial);
    free(p->coefficient);
}

typedef struct entry {
    const word *monomial;
    int degree;
    double coefficient;
} entry;

static int compare(const void *x, const void *y)
{
    const entry *a = x, *b = y;

    for (int i = 0; i < a->degree; i++) {
        if (a->monomial[i] != b->monomial[i])
            return a->monomial[i] < b->monomial[i] ? -1 : 1;
    }
    return 0;
}

static void sort(polynomial *p)
{
    size_t row = (size_t)p->degree;
    entry *entries = xmalloc(p->count, sizeof *entries);
    word *sorted = xmalloc(p->count * row, sizeof *sorted);

    for (size_t i = 0; i < p->count; i++)
        entries[i] = (entry){p->monomial + i * row, p->degree, p->coefficient ? p->coefficient[i] : 1};
    qsort(entries, p->count, sizeof *entries, compare);
    for (size_t i = 0; i < p->count; i++) {
        memcpy(sorted + i * row, entries[i].monomial, row * sizeof *sorted);
        if (p->coefficient)
            p->coefficient[i] = entries[i].coefficient;
    }
    free(entries);
    free(p->monomial);
    p->monomial = sorted;
}

/* Divides by the first coefficient, and returns that: multiples of one polynomial become the same. */
static double normalise(polynomial *p)
{
    const double scale = p->coefficient ? p->coefficient[0] : 1;
    bool plain = true;

    for (size_t i = 0; i < p->count && p->coefficient; i++) {
        p->coefficient[i] /= scale;
        plain = plain && p->coefficient[i] == 1;
    }
    if (plain) {
        free(p->coefficient);
        p->coefficient = NULL;
    }
    return scale;
}

/* The variable in most monomials, the first of these. */
static word most_frequent(const factoriser *f, const polynomial *p)
{
    size_t *count = f->frequency;
    word best = p->monomial[0];

    for (size_t i = 0; i < p->count; i++) {
        const word *m = p->monomial + i * (size_t)p->degree;

        for (int k = 0; k < p->degree; k++)
            count[m[k]] += k == 0 || m[k] != m[k - 1];
    }
    for (size_t i = 0; i < p->count * (size_t)p->degree; i++) {
        word v = p->monomial[i];
        if (count[v] > count[best] || (count[v] == count[best] && v < best))
            best = v;
    }
    for (size_t i = 0; i < p->count * (size_t)p->degree; i++)
        count[p->monomial[i]] = 0;
    return best;
}

/* Moves the monomials that hold a variable, divided by it, from p to the quotient. */
static polynomial divide(polynomial *p, word variable)
{
    size_t row = (size_t)p->degree, left = 0;
    polynomial quotient = {p->degree - 1, 0, xmalloc(p->count * row, sizeof *quotient.monomial), NULL};

    if (p->coefficient)
        quotient.coefficient = xmalloc(p->count, sizeof *quotient.coefficient);

    for (size_t i = 0; i < p->count; i++) {
        const word *m = p->monomial + i * row;
        size_t at = 0;

        while (at < row && m[at] != variable)
            at++;
        if (at == row) {
            memmove(p->monomial + left * row, m, row * sizeof *m);
            if (p->coefficient)
                p->coefficient[left] = p->coefficient[i];
            left++;
            continue;
        }
        if (p->coefficient)
            quotient.coefficient[quotient.count] = p->coefficient[i];
        word *to = quotient.monomial + quotient.count++ * (row - 1);
        memcpy(to, m, at * sizeof *m);
        memcpy(to + at, m + at + 1, (row - 1 - at) * sizeof *m);
    }
    p->count = left;
    sort(&quotient);
    return quotient;
}

static size_t products_of(factoriser *f, polynomial *p, slot_product **products);

enum { COEFFICIENT_WORDS = sizeof(double) / sizeof(word), WITH_COEFFICIENTS = 0x8000 };

/* Whether a polynomial has not been met before, and its number. */
static bool is_new(factoriser *f, const polynomial *p, size_t *number)
{
    size_t length = (size_t)p->degree * p->count, more = p->coefficient ? COEFFICIENT_WORDS * p->count : 0;
    word *key = xmalloc(1 + length + more, sizeof *key);

    key[0] = (word)(p->degree | (p->coefficient ? WITH_COEFFICIENTS : 0));
    memcpy(key + 1, p->monomial, length * sizeof *key);
    if (p->coefficient)
        memcpy(key + 1 + length, p->coefficient, p->count * sizeof *p->coefficient);
    bool result = keyset_add(&f->known, key, 1 + length + more, number);
    free(key);
    return result;
}

/* The slot of a polynomial that may be known already, and the number that the slot is to be multiplied with. */
static unsigned slot_of(factoriser *f, polynomial *p, double *scale)
{
    size_t number;

    *scale = normalise(p);
    if (p->count == 1 && p->degree == 1)
        return p->monomial[0];
    if (!is_new(f, p, &number))
        return f->slot[number];

    slot_product *products;
    size_t count = products_of(f, p, &products);
    if (f->known.count > f->slots_room) {
        f->slots_room = 2 * f->known.count;
        f->slot = xrealloc(f->slot, f->slots_room, sizeof *f->slot);
    }
    unsigned slot = f->slot[number] = f->new_slot(f->program);
    for (size_t k = 0; k < count; k++)
        f->emit(f->program, slot, products[k]);
    free(products);
    return slot;
}

/* One variable and what it is multiplied with. */
typedef struct part {
    word variable;
    unsigned quotient; /* slot */
    double scale;
    bool taken;
} part;

/* The parts from number i on that have the same quotient, as one product with the sum of their variables. */
static slot_product join_parts(factoriser *f, part *parts, size_t i, size_t nparts)
{
    polynomial sum = {.degree = 1};
    slot_product product = {.right = parts[i].quotient};

    sum.monomial = xmalloc(nparts, sizeof *sum.monomial);
    sum.coefficient = xmalloc(nparts, sizeof *sum.coefficient);
    for (size_t j = i; j < nparts; j++) {
        if (parts[j].quotient == parts[i].quotient) {
            parts[j].taken = true;
            sum.coefficient[sum.count] = parts[j].scale;
            sum.monomial[sum.count++] = parts[j].variable;
        }
    }
    sort(&sum);
    product.left = slot_of(f, &sum, &product.coefficient);
    polynomial_free(&sum);
    return product;
}

/* Variables with the same quotient are added before they are multiplied. Empties p. */
static size_t products_of(factoriser *f, polynomial *p, slot_product **products)
{
    size_t nparts = 0, count = 0, room = p->count;
    part *parts = xmalloc(room, sizeof *parts);

    if (p->degree == 1) {
        *products = xmalloc(p->count, sizeof **products);
        for (size_t k = 0; k < p->count; k++)
            (*products)[k] = (slot_product){p->monomial[k], (unsigned)FACTORISE_ONE,
                                            p->coefficient ? p->coefficient[k] : 1};
        free(parts);
        return p->count;
    }
    while (p->count > 0) {
        part *new = &parts[nparts++];
        *new = (part){.variable = most_frequent(f, p)};
        polynomial quotient = divide(p, new->variable);
        new->quotient = slot_of(f, &quotient, &new->scale);
        polynomial_free(&quotient);
    }
    *products = xmalloc(nparts, sizeof **products);
    for (size_t i = 0; i < nparts; i++) {
        if (!parts[i].taken)
            (*products)[count++] = join_parts(f, parts, i, nparts);
    }
    free(parts);
    return count;
}

factoriser factoriser_create(int nvariables, unsigned (*new_slot)(void *program), factorise_emit *emit,
                             void *program)
{
    factoriser f = {.nvariables = nvariables, .new_slot = new_slot, .emit = emit, .program = program};

    f.frequency = xcalloc((size_t)nvariables, sizeof *f.frequency);
    return f;
}

size_t factorise(factoriser *f, const unsigned short *monomial, const double *coefficient, size_t count,
                 int stride, int degree, slot_product **products)
{
    polynomial p = {degree, count, xmalloc(count * (size_t)degree, sizeof *p.monomial), NULL};

    for (size_t i = 0; i < count; i++)
        memcpy(p.monomial + i * (size_t)degree, monomial + i * (size_t)stride,
               (size_t)degree * sizeof *monomial);
    if (coefficient) {
        p.coefficient = xmalloc(count, sizeof *coefficient);
        memcpy(p.coefficient, coefficient, count * sizeof *coefficient);
    }
    sort(&p);
    size_t n = products_of(f, &p, products);
    polynomial_free(&p);
    return n;
}

void factoriser_free(factoriser *f)
{
    keyset_free(&f->known);
    free(f->slot);
    free(f->frequency);
    f->slot = NULL;
    f->frequency = NULL;
    f->slots_room = 0;
}
