/* Compositions and blocks: normal forms, classes, orders of groups, refusals. */
#include "compositions.h"

/* ---- Compositions ---- */

Test(composition, normal_form)
{
    static const char *const texts[][2] = {
        {"H4 C", "H4 C"},      {"H2O", "H2 O"},          {"  H2\tO  ", "H2 O"},
        {"H H", "H H"},        {"ClBr", "Cl Br"},        {"H1 C1", "H C"},
        {"(H2O)2", "(H2 O)2"}, {"( H2 O ) C", "H2 O C"}, {"(H2 O)1 (C)", "H2 O C"},
        {"((H))3", "H3"},      {"(H2)3", "(H2)3"},       {"(((H2 O)2 C)3)", "((H2 O)2 C)3"},
        {"H200", "H200"},
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        composition c = parsed(texts[i][0]);
        cr_expect_str_eq(c.text, texts[i][1]);
        composition again = parsed(c.text);
        cr_expect_str_eq(again.text, c.text);
        cr_expect_str_eq(again.order, c.order);
        composition_free(&again);
        composition_free(&c);
    }
}

Test(composition, malformed_texts_are_refused)
{
    /* The text, and the beginning of the message behind its text. */
    static const char *const texts[][2] = {
        {"", "1: nothing is written"},
        {"   ", "1: nothing is written"},
        {"H0 C", "2: a count begins with 0"},
        {"H02", "2: a count begins with 0"},
        {"H-1", "2: a character that has no meaning"},
        {"H4 C;", "5: a character that has no meaning"},
        {"H4,C", "3: a character that has no meaning"},
        {"H2.5 C", "3: a character that has no meaning"},
        {"4H", "1: a count without its atom"},
        {"H 4", "3: a count without its atom"},
        {"H4 C 2", "6: a count without its atom"},
        {"(H2 O) 2", "8: a count without its atom"},
        {"(H2 O", "1: this parenthesis is not closed"},
        {"((H2 O)2 C", "1: this parenthesis is not closed"},
        {"H2 O)", "5: this parenthesis was not opened"},
        {")", "1: this parenthesis was not opened"},
        {"H4 ()2", "4: empty parentheses"},
        {"((H2 O) ( ))2", "9: empty parentheses"},
        {"h4 C", "1: a symbol begins with a small letter"},
        {"H4 c", "4: a symbol begins with a small letter"},
        {"Abcdefgh2", "1: a symbol is too long"},
        {"H201", "2: this count makes too many atoms"},
        {"H99999999999999999999", "2: this count makes too many atoms"},
        {"(H2 O)67", "7: this count makes too many atoms"},
        {"((H20)5 C)2", "11: this count makes too many atoms"},
        {"H200 C", "6: too many atoms"},
        {"C", "1: a single atom has no pairs"},
        {"(C1)1", "1: a single atom has no pairs"},
        {"H4 C\n", "5: a character that has no meaning"},
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        composition c;
        char error[300] = "", expected[300];

        cr_expect_eq(composition_parse(texts[i][0], &c, error, sizeof error), -1, "%s", texts[i][0]);
        snprintf(expected, sizeof expected, "column %s", texts[i][1]);
        cr_expect_not_null(strstr(error, expected), "%s: \"%s\"", texts[i][0], error);
        cr_expect_not_null(strstr(error, "expected "), "%s: \"%s\"", texts[i][0], error);
        cr_expect_null(strchr(error, '\n'));
        cr_expect_null(c.tree);
        cr_expect_eq(c.natoms, 0);
        composition_free(&c);
    }
}

Test(composition, long_texts_give_one_short_line)
{
    enum { LENGTH = 100000 };
    char *text = malloc(LENGTH + 1), error[300], tiny[8];
    composition c;

    memset(text, '(', LENGTH);
    text[LENGTH] = 0;
    cr_expect_eq(composition_parse(text, &c, error, sizeof error), -1);
    cr_expect_not_null(strstr(error, "column 101: parentheses are nested too deep"), "%s", error);
    cr_expect_eq(composition_parse(text, &c, tiny, sizeof tiny), -1);
    cr_expect_eq(strlen(tiny), sizeof tiny - 1);
    cr_expect_eq(composition_parse(text, &c, NULL, 0), -1);
    memset(text, 'H', LENGTH);
    cr_expect_eq(composition_parse(text, &c, error, sizeof error), -1);
    cr_expect_not_null(strstr(error, "column 201: too many atoms"), "%s", error);
    free(text);
}

Test(composition, classes)
{
    composition c = parsed("H2 O H2 O"), d = parsed("(H2 O)2"), e = parsed("H4 C");
    static const int classes_c[] = {0, 0, 1, 2, 2, 3}, classes_d[] = {0, 0, 1, 0, 0, 1};

    cr_expect_eq(c.nclasses, 4);
    cr_expect_arr_eq(c.class_of, classes_c, sizeof classes_c);
    cr_expect_eq(c.npair_classes, 8);
    cr_expect_str_eq(c.order, "4");
    cr_expect_eq(d.nclasses, 2);
    cr_expect_arr_eq(d.class_of, classes_d, sizeof classes_d);
    cr_expect_eq(d.npair_classes, 5);
    cr_expect_str_eq(d.order, "8");
    cr_expect_str_eq(d.symbol[5], "O");
    cr_expect_str_eq(d.symbol[3], "H");

    cr_expect_eq(e.npairs, 10);
    cr_expect_eq(e.npair_classes, 2);
    cr_expect_eq(e.ngenerators, 2);
    for (int p = 0; p < e.npairs; p++) {
        int i = e.pair[p][0], j = e.pair[p][1];
        cr_expect(i < j);
        cr_expect_eq(e.pair_of[i * 5 + j], p);
        cr_expect_eq(e.pair_of[j * 5 + i], p);
        cr_expect_eq(e.pair_class[p], j == 4); /* H0-H1 comes first */
        cr_expect(p == 0 || e.pair[p - 1][0] < i || (e.pair[p - 1][0] == i && e.pair[p - 1][1] < j));
    }
    composition_free(&c);
    composition_free(&d);
    composition_free(&e);
}

Test(composition, order_of_large_groups)
{
    composition c = parsed("H30"), d = parsed("H200"), e = parsed("((H2 O)2 C)3");

    cr_expect_str_eq(c.order, "265252859812191058636308480000000");
    cr_expect_eq(strlen(d.order), 375);
    cr_expect_eq(strncmp(d.order, "78865786736479050355", 20), 0);
    cr_expect_str_eq(e.order, "3072"); /* (2^2 2)^3 3! */
    composition_free(&c);
    composition_free(&d);
    composition_free(&e);
}

/* ---- Blocks ---- */

Test(blocks, find_is_the_inverse_of_the_list)
{
    static const int sizes[][2] = {{1, 0}, {1, 9}, {2, 8}, {3, 7}, {5, 4}, {17, 3}, {40, 2}, {200, 1}};

    for (size_t s = 0; s < COUNT(sizes); s++) {
        blocks b;
        int n = sizes[s][0], degree = sizes[s][1];

        cr_assert_eq(blocks_create(n, degree, &b), 0);
        cr_expect_eq(b.count, blocks_number(n, degree));
        cr_expect_eq(b.first[0], 0);
        cr_expect_eq(b.first[degree + 1], b.count);
        for (size_t k = 0; k < b.count; k++) {
            const unsigned char *e = b.exponents + k * (size_t)n;
            int d = blocks_degree(&b, k);

            cr_assert_eq(blocks_find(&b, e), k);
            cr_assert(b.first[d] <= k && k < b.first[d + 1]);
            if (k > b.first[d])
                cr_assert(memcmp(e - n, e, (size_t)n) > 0);
        }
        blocks_free(&b);
    }
}

Test(blocks, sum)
{
    blocks b;
    unsigned char e[4];

    cr_assert_eq(blocks_create(4, 5, &b), 0);
    for (size_t i = 0; i < b.count; i++) {
        for (size_t j = 0; j < b.count; j++) {
            for (int k = 0; k < 4; k++)
                e[k] = (unsigned char)(b.exponents[4 * i + (size_t)k] + b.exponents[4 * j + (size_t)k]);
            int fits = blocks_degree(&b, i) + blocks_degree(&b, j) <= 5;
            cr_assert_eq(blocks_sum(&b, i, j), fits ? blocks_find(&b, e) : BLOCKS_NONE);
        }
    }
    blocks_free(&b);
}

Test(blocks, refuses_what_does_not_fit)
{
    blocks b;

    cr_expect_eq(blocks_create(0, 1, &b), -1);
    cr_expect_eq(blocks_create(3, -1, &b), -1);
    cr_expect_eq(blocks_create(1, 256, &b), -1);
    cr_expect_eq(blocks_create(19900, 2, &b), -1);
    cr_expect_eq(blocks_create(100, 100, &b), -1);
    cr_expect_null(b.exponents);
    cr_expect_eq(b.count, 0);
    blocks_free(&b);
    cr_expect_eq(blocks_number(19900, 2), 198034851);
    cr_expect_eq(blocks_number(1, 1000000), 1000001);
    cr_expect_eq(blocks_number(1000, 1000), SIZE_MAX);
    cr_expect_eq(blocks_number(19900, 2147483647), SIZE_MAX);
}
