/* A locale whose decimal point is a comma, made where the test runs: never taken from the machine. */
#ifndef TESTS_COMMA_H
#define TESTS_COMMA_H
#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes the locale in a folder and sets it; needs localedef and Debian's package locales. */
static inline void use_decimal_comma(const char *folder)
{
    char command[600];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8'", folder);
    cr_assert_eq(system(command), 0, "no locale could be made; Debian's package locales has what it needs");
    cr_assert_eq(setenv("LOCPATH", folder, 1), 0);
    cr_assert_not_null(setlocale(LC_NUMERIC, "de_DE.UTF-8"));
    cr_assert_str_eq(localeconv()->decimal_point, ",");
}
#endif
