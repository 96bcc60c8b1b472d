/* Groups given by a file of generators. */
#define _POSIX_C_SOURCE 200809L
#include "commands.h"
#include "cuts.h"

Test(group, malformed_files_are_refused)
{
    static const char *const texts[][2] = {
        {"", ":1: no generator"},
        {"# nothing\n\n", ":2: no generator"},
        {"(1 2)\n(1 3)\n", ":2: atom 1 (H) goes to atom 3 (O) of another class"},
        {"(1 2 6)\n", ":1: atom 2 (H) goes to atom 6 (O)"},
        {"\n\n(1 7)\n", ":3: atom 7 does not exist"},
        {"(0 1)\n", ":1: atom 0 does not exist"},
        {"(1 99999999999999999999)\n", "does not exist"},
        {"(1 2)(2 4)\n", ":1: atom 2 comes twice"},
        {"(1 1)\n", ":1: atom 1 comes twice"},
        {"(1 2\n", ":1: expected the number of an atom"},
        {"1 2\n", ":1: expected \"(\""},
        {"(1 2) x\n", ":1: expected \"(\""},
        {"(1 -2)\n", ":1: expected the number"},
        {"(a b)\n", ":1: expected the number"},
    };
    char path[TEMPORARY_PATH];
    make_file(path);
    for (size_t k = 0; k < COUNT(texts); k++) {
        composition c;
        char error[400] = "";
        cr_assert_eq(composition_parse("(H2 O)2", &c, error, sizeof error), 0);
        write_file(path, texts[k][0]);
        cr_expect_eq(group_read(path, &c, error, sizeof error), -1, "%s", texts[k][0]);
        cr_expect(!strncmp(error, path, strlen(path)) && strstr(error, texts[k][1]), "\"%s\"", error);
        cr_expect_str_eq(c.order, "8");
        composition_free(&c);
    }
    remove(path);
    composition c;
    char error[400] = "";
    cr_assert_eq(composition_parse("H12", &c, error, sizeof error), 0);
    cr_expect_eq(group_read(path, &c, error, sizeof error), -1);
    cr_expect_not_null(strstr(error, "cannot be read"));
    write_file(path, "(1 2)\n(1 2 3 4 5 6 7 8 9 10 11 12)\n");
    cr_expect_eq(group_read(path, &c, error, sizeof error), -1);
    cr_expect_not_null(strstr(error, "more than a million elements"));
    remove(path);
    composition_free(&c);
}

/* A file that spans the composition's own group changes nothing but the way. */
Test(group, same_group_same_basis)
{
    char path[TEMPORARY_PATH];
    make_file(path);
    write_file(path, "# two waters\n(1,2)  # exchange of H\n( 1 4)(2 5) (3 6)\r\n()\n");
    made *tree = make("(H2 O)2", NULL, (cuts){0}, 4), *file = make("(H2 O)2", path, (cuts){0}, 4);
    cr_expect_str_eq(file->c.order, "8");
    cr_expect_null(file->c.tree);
    cr_expect_eq(tree->basis->nterms, file->basis->nterms);
    for (int d = 0; d <= 4; d++)
        cr_expect_eq(terms_of(tree, d), terms_of(file, d));
    made_free(tree);
    made_free(file);
    remove(path);
}
