/* The house stands: no module of the generator includes one of a floor above its own (FLOORS in the Makefile), and no
 * family another (FAMILIES). */
#define _POSIX_C_SOURCE 200809L
#include "support.h"

enum { FLOORS_LIMIT = 16 };

Test(floors, no_include_points_upwards)
{
    outcome families = run("sed -n 's/^FAMILIES = //p' Makefile"),
            o = run("sed -n 's/^FLOORS = [^ ]* //p' Makefile");
    char *floor[FLOORS_LIMIT], *rest = families.text;
    int count = 0;
    for (char *word; count < FLOORS_LIMIT && (word = strtok_r(rest, " \n", &rest)); count++)
        floor[count] = word;
    for (int one = 0; one < count; one++)
        for (int other = 0; other < count; other++) {
            const outcome found = run("grep -n '#include \"%s/' gen/%s/*.[ch]", floor[other], floor[one]);
            cr_expect(one == other || !*found.text, "%s", found.text);
        }
    rest = o.text;
    for (char *word; count < FLOORS_LIMIT && (word = strtok_r(rest, " \n", &rest)); count++)
        floor[count] = word;
    cr_assert_gt(count, 1, "no floors in the Makefile");
    for (int below = 1; below < count; below++)
        for (int above = 0; above < below; above++) {
            const outcome found = run("grep -n '#include \"%s/' gen/%s/*.[ch]", floor[above], floor[below]);
            cr_expect_str_eq(found.text, "");
        }
    outcome folders = run("cd gen && ls -d */ | tr -d /");
    for (char *word = strtok_r(folders.text, "\n", &rest); word; word = strtok_r(NULL, "\n", &rest)) {
        int k = 0;
        while (k < count && strcmp(floor[k], word))
            k++;
        cr_expect(k < count || !strcmp(word, "runtime") || !strcmp(word, "bindings"), "gen/%s is no floor",
                  word);
    }
}
