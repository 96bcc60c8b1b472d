#include "molecule/molien.h"

#include <stdlib.h>
#include <string.h>

#include "algebra/keyset.h"
#include "base/memory.h"

/*
 * Burnside: the number of orbits of monomials of one multidegree is the mean over the group of the number of
 * monomials left unchanged. An element leaves a monomial unchanged if the exponent is constant on its cycles
 * of pairs: a cycle of length l in a pair class contributes 1/(1 - t^l) to the generating function in the
 * class's variable t. Covariants are orbits of monomials together with an atom: each element counts as often
 * as it fixes an atom of the class.
 *
 * Elements of one conjugacy class agree, so the mean is a sum over classes of 1 / (order of the centraliser).
 * The classes of a power K wr S_m are the ways to write m as a sum of cycle lengths, each cycle labelled by a
 * class of K, the product of the elements along the cycle; mu cycles of length l with label kappa contribute
 * (l z_kappa)^mu mu! to the centraliser.
 *
 * A monomial of degree d touches at most 2d atoms, one more with a covariant's atom, so it can be moved to
 * the first 2d + 1 copies of each power. Two monomials there are equivalent if and only if an exchange of
 * these copies makes them so. The copies behind them may be left out, which bounds the number of classes.
 *
 * The sums are done modulo three primes of 31 bits and put together by the Chinese remainder theorem.
 */

enum { NPRIMES = 3, CLOSURE_LIMIT = 1000000 };

/* The three largest primes below 2^31. */
static const uint64_t primes[NPRIMES] = {2147483647, 2147483629, 2147483587};

static uint64_t power_mod(uint64_t x, uint64_t exponent, uint64_t p)
{
    uint64_t y = 1;

    for (; exponent; exponent >>= 1, x = x * x % p) {
        if (exponent & 1)
            y = y * x % p;
    }
    return y;
}

static uint64_t inverse_mod(uint64_t x, uint64_t p)
{
    return power_mod(x, p - 2, p);
}

/* ---- Conjugacy classes ---- */

/* Called for each class with 1 / (order of the centraliser) modulo the prime; image[] then holds a member. */
typedef void visitor(void *data, uint64_t weight);

typedef struct walk {
    const composition *c;
    uint64_t p; /* the prime */
    int copies; /* of each power that are needed */
    int *image; /* [natoms], -1 for an atom that is left out */
} walk;

static void each_class(const walk *w, const group_node *node, int shift, visitor *visit, void *data);

typedef struct product_walk {
    const walk *w;
    const group_node *node;
    int shift, child;
    uint64_t weight; /* of the children before this one */
    visitor *visit;
    void *data;
} product_walk;

/* Visits all choices of classes for the children behind this one, which has just been given its class. */
static void next_child(void *data, uint64_t weight)
{
    product_walk here = *(const product_walk *)data;

    here.weight = here.weight * weight % here.w->p;
    if (++here.child == here.node->nchildren)
        here.visit(here.data, here.weight);
    else
        each_class(here.w, &here.node->children[here.child], here.shift, next_child, &here);
}

/* The classes of a power's child: images relative to its first atom, one row for each class. */
typedef struct class_list {
    const walk *w;
    int first, natoms;
    size_t count;
    int *image;       /* [count][natoms] */
    uint64_t *weight; /* [count] */
} class_list;

static void collect(void *data, uint64_t weight)
{
    class_list *list = data;
    size_t n = (size_t)list->natoms, row = list->count++;

    list->image = xrealloc(list->image, (row + 1) * n, sizeof *list->image);
    list->weight = xrealloc(list->weight, row + 1, sizeof *list->weight);
    list->weight[row] = weight;
    for (size_t i = 0; i < n; i++) {
        int image = list->w->image[(size_t)list->first + i];
        list->image[row * n + i] = image < 0 ? -1 : image - list->first;
    }
}

typedef struct power_walk {
    const walk *w;
    const class_list *labels;
    int first, copies; /* first atom; copies in use */
    visitor *visit;
    void *data;
} power_walk;

/* Cycle of `length` copies from copy `start`: each goes to the next, the last to the first by the label. */
static void write_cycle(const power_walk *p, int start, int length, size_t label)
{
    int size = p->labels->natoms;
    const int *image = p->labels->image + label * (size_t)size;

    for (int k = 0; k < length; k++) {
        int *out = p->w->image + p->first + (start + k) * size;
        int last = k == length - 1, next = p->first + (last ? start : start + k + 1) * size;

        for (int a = 0; a < size; a++)
            out[a] = image[a] < 0 ? -1 : next + (last ? image[a] : a);
    }
}

/*
 * Visits all ways to complete a class whose cycles so far use the first `used` copies; the last of them has
 * this length and label, and came `times` times. Cycles are written in ascending order of length, then label.
 */
static void add_cycles(const power_walk *p, int used, int length, size_t label, int times, uint64_t weight)
{
    uint64_t prime = p->w->p;

    if (used == p->copies) {
        p->visit(p->data, weight);
        return;
    }
    for (int l = length; l <= p->copies - used; l++) {
        int rest = p->copies - used - l;

        if (rest > 0 && rest < l)
            continue;
        for (size_t k = l == length ? label : 0; k < p->labels->count; k++) {
            int again = l == length && k == label ? times + 1 : 1;
            uint64_t share = p->labels->weight[k] * inverse_mod((uint64_t)l * (uint64_t)again, prime) % prime;

            write_cycle(p, used, l, k);
            add_cycles(p, used + l, l, k, again, weight * share % prime);
        }
    }
}

static void each_power_class(const walk *w, const group_node *node, int shift, visitor *visit, void *data)
{
    const group_node *child = node->children;
    class_list labels = {w, child->first_atom + shift, child->natoms, 0, NULL, NULL};
    int copies = node->copies < w->copies ? node->copies : w->copies;
    power_walk p = {w, &labels, node->first_atom + shift, copies, visit, data};

    each_class(w, child, shift, collect, &labels);
    add_cycles(&p, 0, 1, 0, 0, 1);
    free(labels.image);
    free(labels.weight);
}

/* Visits the classes of a node whose atoms are shifted by `shift`. */
static void each_class(const walk *w, const group_node *node, int shift, visitor *visit, void *data)
{
    product_walk start = {w, node, shift, -1, 1, visit, data};

    switch (node->kind) {
    case GROUP_ATOM:
        w->image[node->first_atom + shift] = node->first_atom + shift;
        visit(data, 1);
        break;
    case GROUP_PRODUCT:
        next_child(&start, 1);
        break;
    case GROUP_POWER:
        each_power_class(w, node, shift, visit, data);
        break;
    }
}

/* How many classes each_class() visits: coefficient of x^copies of product over l of (1 - x^l)^-labels. */
static double count_classes(const group_node *node, int copies_needed, double *bytes)
{
    double count = 1;

    if (node->kind == GROUP_POWER) {
        enum { MAX_COPIES = 256 };
        int copies = node->copies < copies_needed ? node->copies : copies_needed;
        double labels = count_classes(node->children, copies_needed, bytes), a[MAX_COPIES] = {1};

        *bytes += labels * ((double)node->children->natoms * sizeof(int) + sizeof(uint64_t));
        /* n a(n) = labels * sum over k of sigma(k) a(n - k), sigma(k) the sum of the divisors of k. */
        for (int n = 1; n <= copies; n++) {
            for (int k = 1; k <= n; k++) {
                int sigma = 0;
                for (int d = 1; d <= k; d++)
                    sigma += k % d ? 0 : d;
                a[n] += labels * sigma * a[n - k] / n;
            }
        }
        return a[copies];
    }
    for (int i = 0; i < node->nchildren; i++)
        count *= count_classes(&node->children[i], copies_needed, bytes);
    return count;
}

double molien_classes(const composition *c, int degree, double *bytes)
{
    *bytes = 0;
    return c->tree ? count_classes(c->tree, 2 * degree + 1, bytes) : strtod(c->order, NULL);
}

/* Visits every element of a group known by generators only. Returns -1 where there are too many. */
static int each_element(const walk *w, visitor *visit, void *data)
{
    const composition *c = w->c;
    size_t n = (size_t)c->natoms, length;
    keyset group = {0};
    unsigned short *next = xmalloc(n, sizeof *next);

    for (size_t i = 0; i < n; i++)
        next[i] = (unsigned short)i;
    keyset_add(&group, next, n, NULL);
    for (size_t k = 0; k < group.count && group.count <= CLOSURE_LIMIT; k++) {
        for (size_t g = 0; g < (size_t)c->ngenerators; g++) {
            const unsigned short *element = keyset_key(&group, k, &length);

            for (size_t i = 0; i < n; i++)
                next[i] = (unsigned short)c->generator[g * n + element[i]];
            keyset_add(&group, next, n, NULL);
        }
    }
    int fits = group.count <= CLOSURE_LIMIT;
    uint64_t weight = inverse_mod(group.count, w->p);
    for (size_t k = 0; k < group.count && fits; k++) {
        const unsigned short *element = keyset_key(&group, k, &length);

        for (size_t i = 0; i < n; i++)
            w->image[i] = element[i];
        visit(data, weight);
    }
    free(next);
    keyset_free(&group);
    return fits ? 0 : -1;
}

/* ---- The mean ---- */

typedef struct tally {
    walk w;
    const blocks *b;
    int atom_class; /* of covariants over atoms, else -1 */
    int pair_class; /* of covariants over pairs, else -1; both -1: invariants */
    int masked;     /* 0: all monomials, no masks */
    size_t nmasks;
    const unsigned char *mask;
    const int64_t *mask_weight;
    unsigned char *seen; /* [npairs] */
    uint64_t *series;    /* [nvariables][degree+1]: coefficients of the class at hand */
    uint64_t *sum;       /* [b->count], modulo the prime */
} tally;

/* Length of the cycle of a pair, whose pairs it marks as seen; 0 if it leaves the mask, which may be NULL. */
static int pair_cycle(tally *t, int pair, const unsigned char *mask)
{
    int length = 0, inside = 1;

    for (; !t->seen[pair]; pair = composition_pair_image(t->w.c, t->w.image, pair)) {
        t->seen[pair] = 1;
        inside &= !mask || mask[pair];
        length++;
    }
    return inside ? length : 0;
}

/* Sets the series of each variable: the product of 1/(1 - t^length) over the cycles of its pairs. */
static void set_series(tally *t, const unsigned char *mask)
{
    const composition *c = t->w.c;
    size_t row = (size_t)t->b->degree + 1;

    memset(t->seen, 0, (size_t)c->npairs);
    memset(t->series, 0, (size_t)t->b->nvariables * row * sizeof *t->series);
    for (size_t v = 0; v < (size_t)t->b->nvariables; v++)
        t->series[v * row] = 1;
    for (int i = 0; i < c->natoms; i++) {
        for (int j = i + 1; j < c->natoms && t->w.image[i] >= 0; j++) {
            int pair = c->pair_of[i * c->natoms + j];

            if (t->w.image[j] < 0 || t->seen[pair])
                continue;
            uint64_t *s = t->series + row * (size_t)(t->b->nvariables == 1 ? 0 : c->pair_class[pair]);
            size_t length = (size_t)pair_cycle(t, pair, mask);
            for (size_t k = length; length && k < row; k++)
                s[k] = (s[k] + s[k - length]) % t->w.p;
        }
    }
}

/*
 * Adds product * (product of the coefficients) to the blocks that share `left` among the variables from
 * `variable` on, which lie in a row from `block`. Returns the next block.
 */
static size_t spread(tally *t, int variable, int left, uint64_t product, size_t block)
{
    const uint64_t *s = t->series + (size_t)variable * ((size_t)t->b->degree + 1);
    int last = variable == t->b->nvariables - 1;

    if (left == 0 || last) {
        t->sum[block] = (t->sum[block] + product * s[left]) % t->w.p; /* s[0] = 1 */
        return block + 1;
    }
    for (int e = left; e >= 0; e--)
        block = spread(t, variable + 1, left - e, product * s[e] % t->w.p, block);
    return block;
}

/* Elements of the set of the covariants that the class leaves where they are; 1 for invariants. */
static uint64_t fixed_elements(const tally *t)
{
    const composition *c = t->w.c;
    const int *image = t->w.image;
    uint64_t fixed = t->atom_class < 0 && t->pair_class < 0;

    for (int i = 0; i < c->natoms && t->atom_class >= 0; i++)
        fixed += image[i] == i && c->class_of[i] == t->atom_class;
    for (int p = 0; p < c->npairs && t->pair_class >= 0; p++) {
        int i = c->pair[p][0], j = c->pair[p][1];
        fixed += c->pair_class[p] == t->pair_class &&
                 ((image[i] == i && image[j] == j) || (image[i] == j && image[j] == i));
    }
    return fixed;
}

/* Adds a class to the sum. */
static void add_class(void *data, uint64_t weight)
{
    tally *t = data;
    uint64_t fixed = fixed_elements(t);

    if (!fixed)
        return;
    weight = weight * fixed % t->w.p;
    for (size_t k = 0; k < (t->masked ? t->nmasks : 1); k++) {
        int64_t sign = t->masked ? t->mask_weight[k] % (int64_t)t->w.p : 1;
        uint64_t share = weight * (uint64_t)(sign < 0 ? sign + (int64_t)t->w.p : sign) % t->w.p;

        set_series(t, t->masked ? t->mask + k * (size_t)t->w.c->npairs : NULL);
        for (int d = 0; d <= t->b->degree; d++)
            spread(t, 0, d, share, t->b->first[d]);
    }
}

/*
 * The number with these remainders, or UINT64_MAX if it does not fit below the product of the first two
 * primes. That is certain for numbers up to 2^92, and so for the first in a list that does not fit: an orbit
 * of degree d is a pair variable times one of degree d - 1, so that numbers grow at most by the number of
 * pairs with each degree.
 */
static uint64_t combine(const uint64_t r[NPRIMES])
{
    const uint64_t *p = primes;
    uint64_t k1 = (r[1] + p[1] - r[0] % p[1]) % p[1] * inverse_mod(p[0] % p[1], p[1]) % p[1];
    uint64_t low = r[0] + p[0] * k1;

    return low % p[2] == r[2] ? low : UINT64_MAX;
}

/*
 * Fills count[b->count], for the pair classes as variables or, if b has one variable, for all pairs together;
 * `t` says what is counted. Returns 0, or -1 if a number or the group is too large.
 */
static int mean(tally t, const composition *c, const blocks *b, uint64_t *count)
{
    t.w = (walk){.c = c, .copies = 2 * b->degree + (t.pair_class < 0 ? 1 : 2)};
    t.b = b;
    size_t n = b->count;
    uint64_t *sums = xcalloc(NPRIMES * n, sizeof *sums);
    int status = 0;

    t.w.image = xmalloc((size_t)c->natoms, sizeof *t.w.image);
    t.seen = xmalloc((size_t)c->npairs, 1);
    t.series = xmalloc((size_t)b->nvariables * ((size_t)b->degree + 1), sizeof *t.series);
    for (size_t i = 0; i < (size_t)c->natoms; i++)
        t.w.image[i] = -1;
    for (size_t i = 0; i < NPRIMES && !status; i++) {
        t.w.p = primes[i];
        t.sum = sums + i * n;
        if (c->tree)
            each_class(&t.w, c->tree, 0, add_class, &t);
        else
            status = each_element(&t.w, add_class, &t);
    }
    for (size_t k = 0; k < n && !status; k++) {
        count[k] = combine((uint64_t[NPRIMES]){sums[k], sums[n + k], sums[2 * n + k]});
        status = count[k] == UINT64_MAX ? -1 : 0;
    }
    free(t.w.image);
    free(t.seen);
    free(t.series);
    free(sums);
    return status;
}

int molien_invariants(const composition *c, const blocks *b, uint64_t *count)
{
    return mean((tally){.atom_class = -1, .pair_class = -1}, c, b, count);
}

int molien_covariants(const composition *c, const blocks *b, int atom_class, uint64_t *count)
{
    return mean((tally){.atom_class = atom_class, .pair_class = -1}, c, b, count);
}

int molien_pair_covariants(const composition *c, const blocks *b, int pair_class, uint64_t *count)
{
    return mean((tally){.atom_class = -1, .pair_class = pair_class}, c, b, count);
}

int molien_masked(const composition *c, const blocks *b, size_t nmasks, const unsigned char *mask,
                  const int64_t *weight, uint64_t *count)
{
    tally t = {.atom_class = -1,
               .pair_class = -1,
               .masked = 1,
               .nmasks = nmasks,
               .mask = mask,
               .mask_weight = weight};

    return mean(t, c, b, count);
}

uint64_t molien_total_covariants(const composition *c, int atom_class, int degree)
{
    blocks degrees;
    uint64_t total = UINT64_MAX;

    if (blocks_create(1, degree, &degrees))
        return total;
    uint64_t *count = xmalloc(degrees.count, sizeof *count);
    if (!mean((tally){.atom_class = atom_class, .pair_class = -1}, c, &degrees, count))
        total = count[degree];
    free(count);
    blocks_free(&degrees);
    return total;
}

uint64_t molien_total(const composition *c, int degree)
{
    return molien_total_covariants(c, -1, degree);
}
