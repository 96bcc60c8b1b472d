/* The choice of independent polynomials: the first ones that are independent and pass the test, and no more. */
#include "algebra/choose.h"
#include <criterion/criterion.h>
#include <stdlib.h>

enum { NPOINTS = 40, MOST = 16 };

/* Candidate (k, l) is x^k y^l + x^l y^k, at random points of the plane. */
typedef struct plane {
    residue x[NPOINTS], y[NPOINTS];
    size_t evaluated, naccepted;
    candidate accepted[MOST];
} plane;

static residue power(residue x, size_t n)
{
    residue result = 1;
    while (n-- > 0)
        result = modular_multiply(result, x);
    return result;
}

static bool values(void *context, candidate c, size_t begin, size_t end, residue *value)
{
    plane *p = context;
    p->evaluated += begin == 0;
    for (size_t i = begin; i < end; i++)
        value[i] =
            modular_reduce((uint64_t)modular_multiply(power(p->x[i], c.left), power(p->y[i], c.right)) +
                           modular_multiply(power(p->x[i], c.right), power(p->y[i], c.left)));
    return c.left != 7; /* the one that is left out */
}

static void accept(void *context, candidate c)
{
    plane *p = context;
    cr_assert_lt(p->naccepted, (size_t)MOST);
    p->accepted[p->naccepted++] = c;
}

static const candidate_kind kind = {values, accept};

static plane random_plane(void)
{
    plane p = {.evaluated = 0};
    uint64_t seed = 3;
    modular_random(&seed, NPOINTS, p.x);
    modular_random(&seed, NPOINTS, p.y);
    return p;
}

/* Symmetric polynomials of degree four have the dimension 3: (4, 0), (3, 1), (2, 2). */
Test(choose, first_independent_ones)
{
    static const candidate expected[] = {{4, 0}, {3, 1}, {2, 2}};
    plane p = random_plane();
    choice c = choice_create(NPOINTS);
    c.dimension = 3;
    choice_begin(&c, 3 + SPARE_POINTS);
    for (size_t k = 4; k + 1 > 0; k--)
        choice_propose(&c, k, 4 - k);
    choice_propose(&c, 9, 9);
    choose(&c, &kind, &p);
    cr_expect(choice_complete(&c));
    cr_expect_eq(c.ncandidates, 0u, "none waits");
    cr_expect_eq(p.evaluated, 3u, "no more are looked at than are needed");
    cr_assert_eq(p.naccepted, 3u);
    for (size_t k = 0; k < 3; k++)
        cr_expect(p.accepted[k].left == expected[k].left && p.accepted[k].right == expected[k].right);
    choice_free(&c);
}

Test(choose, tells_what_is_missing)
{
    char error[200];
    plane p = random_plane();
    choice c = choice_create(NPOINTS);
    c.dimension = 3;
    choice_begin(&c, 3 + SPARE_POINTS);
    choice_propose(&c, 4, 0);
    choice_propose(&c, 0, 4); /* the same */
    choice_propose(&c, 7, 0); /* left out */
    choose(&c, &kind, &p);
    cr_expect_not(choice_complete(&c));
    choice_explain(&c, "things", 4, 2, error, sizeof error);
    cr_expect_str_eq(error, "degree 4: 1 of 3 things of block 2 found; no certified basis");
    choice_propose(&c, 3, 1); /* goes on with what is there */
    choice_propose(&c, 2, 2);
    choose(&c, &kind, &p);
    cr_expect(choice_complete(&c));
    choice_begin(&c, 3 + SPARE_POINTS);
    cr_expect_not(choice_complete(&c), "all is forgotten");
    choice_free(&c);
}

/* The last two points lie on x = 0: the test takes what vanishes there. */
static bool vanishes(const void *of, const residue *value)
{
    (void)of;
    return value[NPOINTS - 2] == 0 && value[NPOINTS - 1] == 0;
}

Test(choose, only_what_passes_the_test)
{
    plane p = random_plane();
    p.x[NPOINTS - 2] = p.x[NPOINTS - 1] = 0;
    choice c = choice_create(NPOINTS);
    c.dimension = 2;
    c.test = (candidate_test){vanishes, NULL, NPOINTS - 2, NPOINTS};
    choice_begin(&c, 3 + SPARE_POINTS);
    for (size_t k = 4; k + 1 > 0; k--)
        choice_propose(&c, k, 4 - k);
    choose(&c, &kind, &p);
    cr_expect(choice_complete(&c));
    cr_assert_eq(p.naccepted, 2u);
    cr_expect_eq(p.accepted[0].left, 3u);
    cr_expect_eq(p.accepted[1].left, 2u);
    choice_free(&c);
}
