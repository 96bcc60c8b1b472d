#include "program/factorise.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef unsigned short word;

/* Monomials of one degree, in lexicographic order, one behind the other. */
typedef struct polynomial {
    int degree;
    size_t count;
    word *monomial; /* [count][degree] */
} polynomial;

typedef struct entry {
    const word *monomial;
    int degree;
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
        entries[i] = (entry){p->monomial + i * row, p->degree};
    qsort(entries, p->count, sizeof *entries, compare);
    for (size_t i = 0; i < p->count; i++)
        memcpy(sorted + i * row, entries[i].monomial, row * sizeof *sorted);
    free(entries);
    free(p->monomial);
    p->monomial = sorted;
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
    polynomial quotient = {p->degree - 1, 0, xmalloc(p->count * row, sizeof *quotient.monomial)};

    for (size_t i = 0; i < p->count; i++) {
        const word *m = p->monomial + i * row;
        size_t at = 0;

        while (at < row && m[at] != variable)
            at++;
        if (at == row) {
            memmove(p->monomial + left++ * row, m, row * sizeof *m);
            continue;
        }
        word *to = quotient.monomial + quotient.count++ * (row - 1);
        memcpy(to, m, at * sizeof *m);
        memcpy(to + at, m + at + 1, (row - 1 - at) * sizeof *m);
    }
    p->count = left;
    sort(&quotient);
    return quotient;
}

static size_t products_of(factoriser *f, polynomial *p, slot_product **products);

/* The slot of a polynomial that may be known already. */
static unsigned slot_of(factoriser *f, polynomial *p)
{
    size_t length = (size_t)p->degree * p->count, number;

    if (length == 1)
        return p->monomial[0];
    word *key = xmalloc(length + 1, sizeof *key);
    key[0] = (word)p->degree;
    memcpy(key + 1, p->monomial, length * sizeof *key);
    int is_new = keyset_add(&f->known, key, length + 1, &number);
    free(key);
    if (!is_new)
        return f->slot[number];

    slot_product *products;
    size_t count = products_of(f, p, &products);
    if (f->known.count > f->slots_room) {
        f->slots_room = 2 * f->known.count;
        f->slot = xrealloc(f->slot, f->slots_room, sizeof *f->slot);
    }
    unsigned slot = f->slot[number] = f->new_slot(f->program);
    for (size_t k = 0; k < count; k++)
        f->emit(f->program, slot, products[k].left, products[k].right);
    free(products);
    return slot;
}

/* One variable and what it is multiplied with. */
typedef struct part {
    word variable;
    unsigned quotient; /* slot */
    int taken;
} part;

/* Variables with the same quotient are added before they are multiplied. Empties p. */
static size_t products_of(factoriser *f, polynomial *p, slot_product **products)
{
    size_t nparts = 0, count = 0, room = p->count;
    part *parts = xmalloc(room, sizeof *parts);

    if (p->degree == 1) {
        *products = xmalloc(p->count, sizeof **products);
        for (size_t k = 0; k < p->count; k++)
            (*products)[k] = (slot_product){p->monomial[k], (unsigned)FACTORISE_ONE};
        free(parts);
        return p->count;
    }
    while (p->count > 0) {
        word variable = most_frequent(f, p);
        polynomial quotient = divide(p, variable);

        parts[nparts++] = (part){variable, slot_of(f, &quotient), 0};
        free(quotient.monomial);
    }
    *products = xmalloc(nparts, sizeof **products);
    for (size_t i = 0; i < nparts; i++) {
        polynomial sum = {1, 0, NULL};

        if (parts[i].taken)
            continue;
        sum.monomial = xmalloc(nparts, sizeof *sum.monomial);
        for (size_t j = i; j < nparts; j++) {
            if (parts[j].quotient == parts[i].quotient) {
                parts[j].taken = 1;
                sum.monomial[sum.count++] = parts[j].variable;
            }
        }
        sort(&sum);
        (*products)[count++] = (slot_product){slot_of(f, &sum), parts[i].quotient};
        free(sum.monomial);
    }
    free(parts);
    return count;
}

factoriser factoriser_create(int nvariables, unsigned (*new_slot)(void *program),
                             void (*emit)(void *program, unsigned target, unsigned left, unsigned right),
                             void *program)
{
    factoriser f = {.nvariables = nvariables, .new_slot = new_slot, .emit = emit, .program = program};

    f.frequency = xcalloc((size_t)nvariables, sizeof *f.frequency);
    return f;
}

size_t factorise(factoriser *f, const unsigned short *monomial, size_t count, int stride, int degree,
                 slot_product **products)
{
    polynomial p = {degree, count, xmalloc(count * (size_t)degree, sizeof *p.monomial)};

    for (size_t i = 0; i < count; i++)
        memcpy(p.monomial + i * (size_t)degree, monomial + i * (size_t)stride,
               (size_t)degree * sizeof *monomial);
    sort(&p);
    size_t n = products_of(f, &p, products);
    free(p.monomial);
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
