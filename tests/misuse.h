/* Command lines as a stranger would misuse them, and a folder with data of water to try them on. */
#ifndef TESTS_MISUSE_H
#define TESTS_MISUSE_H
#include "commands.h"

/* One line that begins with the program's name and holds the word; nothing else was printed. */
static inline void assert_refusal(const outcome *o, const char *program, const char *word,
                                  const char *command)
{
    cr_assert(o->status == 1 || o->status == 2, "%s: status %d: %s", command, o->status, o->text);
    cr_assert_eq(strncmp(o->text, program, strlen(program)), 0, "%s: %s", command, o->text);
    cr_assert_not_null(strstr(o->text, word), "%s: expected ...%s..., found %s", command, word, o->text);
    const char *end = strchr(o->text, '\n');
    cr_assert(end && !end[1], "%s: more than one line: %s", command, o->text);
}

static char folder[TEMPORARY_PATH];

/* Three geometries, with gradients. */
static const char good[] = "3\n"
                           "-76.2\n"
                           "H 0.0 0.75 0.6 0 0.1 0\nH 0.0 -0.75 0.6 0 -0.1 0\nO 0 0 0 0 0 0\n"
                           "3\n"
                           "-76.1 and words\n"
                           "H 0.0 0.95 0.6 0 0.2 0\nH 0.0 -0.75 0.7 0 -0.1 0\nO 0 0.1 0 0 -0.1 0\n"
                           "3\n"
                           "-76.15\n"
                           "h 0.1 0.95 0.5 0 0.2 0\nH 0.0 -0.65 0.7 0 -0.1 0\no 0 0.1 0 0 -0.1 0\n";

/* A file in the folder. */
static inline void place(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    write_file(path, text);
}

/* Before and after each test. */
static inline void begin(void)
{
    make_folder(folder);
    place("good.xyz", good);
}

static inline void end(void)
{
    remove_folder(folder);
}
#endif
