/*
 * Bases that are cut: counts against brute force over monomials and group elements, terms against the set they must
 * lie in.
 */
#define _POSIX_C_SOURCE 200809L
#include "cuts.h"
#include "molecule/lower.h"
#include "support.h"

/* ---- brute force ---- */

/* Whether an edge of the monomial crosses every division of the fragments in two. */
static int crosses_all(const made *m, const int *pair, int degree)
{
    const fragments *f = &m->request.fragments;
    for (int side = 1; side < (1 << f->count) - 1; side++) {
        int crosses = 0;
        for (int k = 0; k < degree; k++) {
            const int *end = m->c.pair[pair[k]];
            crosses |= ((side >> f->label[end[0]]) ^ (side >> f->label[end[1]])) & 1;
        }
        if (!crosses)
            return 0;
    }
    return 1;
}

static int edges_between(const made *m, const int *pair, int degree)
{
    int count = 0;
    for (int k = 0; k < degree; k++) {
        const int *end = m->c.pair[pair[k]];
        count += m->request.fragments.label[end[0]] != m->request.fragments.label[end[1]];
    }
    return count;
}

/* What the words ask of one monomial. */
static int is_wanted(const made *m, const int *pair, int degree)
{
    unsigned touched = 0;
    int atoms = 0;
    for (int k = 0; k < degree; k++) {
        int class = m->c.pair_class[pair[k]], power = 0;
        for (int j = 0; j < degree; j++)
            power += m->c.pair_class[pair[j]] == class;
        if (m->request.cap && m->request.cap[class] >= 0 && power > m->request.cap[class])
            return 0;
        touched |= 1u << m->c.pair[pair[k]][0] | 1u << m->c.pair[pair[k]][1];
    }
    for (; touched; touched &= touched - 1)
        atoms++;
    if (m->request.body && atoms > m->request.body)
        return 0;
    switch (m->request.terms) {
    case TERMS_PURIFIED:
        return crosses_all(m, pair, degree);
    case TERMS_NO_INTRAMOLECULAR:
        return edges_between(m, pair, degree) > 0;
    case TERMS_INTRAMOLECULAR:
        return edges_between(m, pair, degree) == 0;
    default:
        return 1;
    }
}

static int compare_ints(const void *x, const void *y)
{
    return *(const int *)x - *(const int *)y;
}

/* 1 where the monomial is the smallest of its orbit and the orbit is wanted. */
static int represents_wanted_orbit(const made *m, const int *element, int order, const int *pair, int degree)
{
    int all = 1, some = 0, image[8];
    for (int e = 0; e < order; e++) {
        for (int k = 0; k < degree; k++)
            image[k] = composition_pair_image(&m->c, element + e * m->c.natoms, pair[k]);
        qsort(image, (size_t)degree, sizeof *image, compare_ints);
        for (int k = 0; k < degree; k++)
            if (image[k] != pair[k]) {
                if (image[k] < pair[k])
                    return 0;
                break;
            }
        int wanted = is_wanted(m, image, degree);
        all &= wanted;
        some |= wanted;
    }
    return m->request.terms == TERMS_INTRAMOLECULAR ? some : all;
}

static size_t brute_count(const made *m, int degree)
{
    int order, pair[8] = {0};
    int *element = group_elements(m->c.natoms, m->c.ngenerators, m->c.generator, 2000, &order);
    size_t count = 0;
    for (;;) {
        count += (size_t)represents_wanted_orbit(m, element, order, pair, degree);
        int k = degree - 1;
        while (k >= 0 && pair[k] == m->c.npairs - 1)
            k--;
        if (k < 0)
            break;
        for (int next = pair[k] + 1; k < degree; k++)
            pair[k] = next;
    }
    free(element);
    return count;
}

/* ---- the terms as polynomials ---- */

/* Values of all factors for given pair variables. */
static double *factors(const program *p, const double *y)
{
    double *slot = calloc(p->nslots + 1, sizeof *slot);
    memcpy(slot, y, p->ninputs * sizeof *y);
    slot[p->factor0] = 1;
    for (size_t k = 0; k < p->operations.count; k++)
        slot[p->operations.item[k].target] +=
            slot[p->operations.item[k].left] * slot[p->operations.item[k].right];
    return slot;
}

/* The sum of all terms at pair variables 0 or 1: the number of their monomials, exactly. */
static double sum_of_terms(const program *p, const double *y)
{
    double *slot = factors(p, y), *f = slot + p->factor0, sum = 0;
    for (size_t k = 0; k < p->nfactors; k++)
        sum += p->factor[k].is_term ? f[k] : 0;
    for (size_t r = 0; r < p->nruns; r++)
        for (size_t k = 0; k < p->run[r].count; k++)
            sum += f[p->run[r].left] * f[p->run[r].first + k];
    free(slot);
    return sum;
}

/* Coefficients are never negative, so the sum is zero at a point only where every term is. */
static void expect_vanishing_on_division(const made *m)
{
    lowering *l = lower_basis(m->basis);
    const program *p = l->program;
    const fragments *f = &m->request.fragments;
    double *y = calloc((size_t)m->c.npairs, sizeof *y);
    for (int side = 1; side < (1 << f->count) - 1; side++) {
        for (int k = 0; k < m->c.npairs; k++) {
            const int *end = m->c.pair[k];
            y[k] = ((side >> f->label[end[0]]) & 1) == ((side >> f->label[end[1]]) & 1);
        }
        cr_expect_eq(sum_of_terms(p, y), 0, "%s, division %d", m->c.text, side);
    }
    free(y);
    lowering_free(l);
}

/* By inclusion and exclusion, the monomials that touch all atoms of a set of body + 1: there are none. */
static void expect_body_order(const made *m)
{
    lowering *l = lower_basis(m->basis);
    const program *p = l->program;
    double *y = calloc((size_t)m->c.npairs, sizeof *y);
    for (unsigned set = 0; set < 1u << m->c.natoms; set++) {
        double touching = 0;
        int size = 0;
        for (int i = 0; i < m->c.natoms; i++)
            size += set >> i & 1;
        if (size != m->request.body + 1)
            continue;
        for (unsigned absent = set;; absent = (absent - 1) & set) {
            int sign = 1;
            for (int i = 0; i < m->c.natoms; i++)
                sign = absent >> i & 1 ? -sign : sign;
            for (int k = 0; k < m->c.npairs; k++)
                y[k] = !(absent >> m->c.pair[k][0] & 1) && !(absent >> m->c.pair[k][1] & 1);
            touching += sign * sum_of_terms(p, y);
            if (!absent)
                break;
        }
        cr_expect_eq(touching, 0, "%s, atoms %x", m->c.text, set);
    }
    free(y);
    lowering_free(l);
}

Test(wanted, agrees_with_brute_force)
{
    static const struct {
        const char *text, *group;
        cuts cut;
        int degree;
    } cases[] = {
        {"(H2 O)2", NULL, {.terms = "purified"}, 4},
        {"(H2 O)2", NULL, {.terms = "no-intramolecular"}, 4},
        {"(H2 O)2", NULL, {.terms = "intramolecular"}, 4},
        {"H2 O H2 O", NULL, {.terms = "purified", .fragments = "1-3,4-6"}, 4},
        {"H4 O2", NULL, {.terms = "purified", .fragments = "1-2+5,3-4+6"}, 4}, /* the group mixes fragments */
        {"H4 O2", NULL, {.terms = "intramolecular", .fragments = "1-2+5,3-4+6"}, 4},
        {"(H2)3", NULL, {.terms = "purified"}, 5},
        {"(H2)2 O", NULL, {.terms = "purified"}, 5},
        {"(H2)2 (O C)", NULL, {.terms = "purified", .body = 4}, 4},
        {"(H2 O)2", NULL, {.terms = "purified", .body = 3, .cap = "H-O=1"}, 4},
        {"H4 C", NULL, {.body = 3}, 6},
        {"H4 C", NULL, {.body = 2}, 6},
        {"H3 C O", NULL, {.body = 4}, 5},
        {"H4 C", NULL, {.cap = "H-H=2"}, 6},
        {"H3 C N", NULL, {.cap = "H-H=1", .without = "N-C"}, 5},
        {"H5", NULL, {.body = 4}, 6},
        {"H3 N", "tests/rotations.group", {.body = 3}, 6},
        {"H3 N", "tests/rotations.group", {.terms = NULL}, 6},
        {"H2 C O H2", NULL, {.terms = NULL}, 3},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        made *m = make(cases[k].text, cases[k].group, cases[k].cut, cases[k].degree);
        for (int d = 0; d <= cases[k].degree; d++)
            cr_expect_eq(terms_of(m, d), brute_count(m, d), "case %zu, degree %d: %zu, brute force %zu", k, d,
                         terms_of(m, d), brute_count(m, d));
        if (m->request.terms == TERMS_PURIFIED)
            expect_vanishing_on_division(m);
        if (m->request.body)
            expect_body_order(m);
        made_free(m);
    }
}

static void expect_total(const char *text, cuts cut, int degree, size_t expected)
{
    made *m = make(text, NULL, cut, degree);
    lowering *l = lower_basis(m->basis);
    const program *p = l->program;
    cr_expect_eq(p->nterms, expected, "%s: %zu", text, p->nterms);
    if (m->request.terms == TERMS_PURIFIED)
        expect_vanishing_on_division(m);
    lowering_free(l);
    made_free(m);
}

/* The counts of Qu, Conte, Houston and Bowman for two to four waters, and those with exchange. */
Test(wanted, known_counts)
{
    expect_total("H2 O H2 O", (cuts){0}, 5, 4617);
    expect_total("H2 O H2 O", (cuts){.terms = "purified", .fragments = "1-3,4-6"}, 5, 4406);
    expect_total("(H2 O)2", (cuts){.terms = "purified"}, 5, 2269);
    expect_total("H2 O H2 O H2 O", (cuts){0}, 4, 18980);
    expect_total("H2 O H2 O H2 O", (cuts){.terms = "purified", .fragments = "1-3,4-6,7-9"}, 4, 13229);
    expect_total("(H2 O)3", (cuts){.terms = "purified"}, 4, 2292);
    expect_total("H2 O H2 O H2 O H2 O", (cuts){0}, 3, 10737);
    expect_total("H2 O H2 O H2 O H2 O", (cuts){.terms = "purified", .fragments = "1-3,4-6,7-9,10-12"}, 3,
                 1648);
    expect_total("(H2 O)4", (cuts){.terms = "purified"}, 3, 87);
}

/* The four kinds of terms divide the whole, and fragments by parentheses are those of the list. */
Test(wanted, kinds_add_up)
{
    static const char *const texts[] = {"(H2 O)2", "(H2)2 C", "((H2)2 O)2"};
    for (size_t k = 0; k < COUNT(texts); k++) {
        made *all = make(texts[k], NULL, (cuts){0}, 3);
        made *inner = make(texts[k], NULL, (cuts){.terms = "intramolecular"}, 3);
        made *outer = make(texts[k], NULL, (cuts){.terms = "no-intramolecular"}, 3);
        for (int d = 0; d <= 3; d++)
            cr_expect_eq(terms_of(all, d), terms_of(inner, d) + terms_of(outer, d), "%s, degree %d", texts[k],
                         d);
        made_free(all);
        made_free(inner);
        made_free(outer);
    }
}

/* Caps that do not bite leave every choice as it was. */
Test(wanted, idle_caps_change_nothing)
{
    made *whole = make("H4 C", NULL, (cuts){0}, 5), *capped = make("H4 C", NULL, (cuts){.cap = "H-C=5"}, 5);
    cr_expect_not_null(capped->w);
    cr_assert_eq(whole->basis->nterms, capped->basis->nterms);
    for (size_t k = 0; k < whole->basis->nterms; k++) {
        const term *a = &whole->basis->term[k], *b = &capped->basis->term[k];
        cr_expect(a->kind == b->kind && a->left == b->left && a->right == b->right && a->factor == b->factor);
    }
    made_free(capped);
    made_free(whole);
    made *idle = make("H4 C", NULL, (cuts){.body = 5}, 3), *wide = make("H6", NULL, (cuts){.body = 4}, 2);
    made *six = make("H6", NULL, (cuts){0}, 2);
    cr_expect_null(idle->w);
    for (int d = 0; d <= 2; d++)
        cr_expect_eq(terms_of(wide, d), terms_of(six, d)); /* two edges touch at most four atoms */
    made_free(idle);
    made_free(wide);
    made_free(six);
}

/* ---- what is refused ---- */

static void expect_refused(const char *text, cuts cut, int degree, const char *expected)
{
    composition c;
    blocks b;
    wanted_request request;
    char error[300] = "";
    request_words words = words_of(cut);
    cr_assert_eq(composition_parse(text, &c, error, sizeof error), 0, "%s", error);
    cr_assert_eq(blocks_create(c.npair_classes, degree, &b), 0);
    if (request_find(&words, text, &c, &request, error, sizeof error) >= 0)
        cr_expect_null(wanted_create(&c, &b, &request, error, sizeof error), "%s", expected);
    cr_expect_not_null(strstr(error, expected), "\"%s\"", error);
    cr_expect_null(strchr(error, '\n'));
    wanted_request_free(&request);
    blocks_free(&b);
    composition_free(&c);
}

Test(wanted, refusals)
{
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = "1-3,3-6"}, 2, "atom 3 comes twice");
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = "1-3,4-5"}, 2, "atom 6 (O) is in no");
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = "1-3,4-7"}, 2, "atoms from 1 to 6");
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = "0-3,4-6"}, 2, "atoms from 1 to 6");
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = "3-1,4-6"}, 2, "atoms from 1 to 6");
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = "1-3;4-6"}, 2, "expected \",\"");
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = ""}, 2, "atoms from 1 to 6");
    expect_refused("H4 O2", (cuts){.terms = "purified", .fragments = "1-6"}, 2, "at least two fragments");
    expect_refused("H4 O2", (cuts){.terms = "purified"}, 2, "no parentheses");
    expect_refused("H4 C", (cuts){.cap = "H-N=2"}, 2, "no pair H-N");
    expect_refused("H4 C", (cuts){.cap = "C-C=2"}, 2, "no pair C-C");
    expect_refused("H4", (cuts){.without = "H-H"}, 5, "nothing but the constant");
    expect_refused("(H2 O)4", (cuts){.terms = "purified"}, 2, "nothing but the constant");
    expect_refused("(H2 O)4", (cuts){.terms = "purified", .body = 3}, 5, "nothing but the constant");
}

Test(wanted, malformed_words)
{
    static const char *const caps[] = {"",
                                       "H",
                                       "H-H",
                                       "H-H=",
                                       "H-H=x",
                                       "H-H=-1",
                                       "H=3",
                                       "-H=3",
                                       "h-H=2",
                                       "H-H=3x",
                                       "H-H=300",
                                       "H--H=2",
                                       "H-H=99999999999999999999"};
    request_words words = {0};
    for (size_t k = 0; k < COUNT(caps); k++)
        cr_expect_eq(request_add_cap(&words, caps[k], false), -1, "%s", caps[k]);
    cr_expect_eq(request_add_cap(&words, "H-H=3", true), -1);
    cr_expect_eq(request_set_terms(&words, "pure"), -1);
    cr_expect_eq(words.ncaps, 0);
    cr_expect_eq(request_add_cap(&words, "H-Cl=0", false), 0);
    cr_expect_eq(request_add_cap(&words, "Cl-Cl", true), 0);
}
