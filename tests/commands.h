/* Commands, what they print, and files. */
#ifndef TESTS_COMMANDS_H
#define TESTS_COMMANDS_H
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What a command wrote to both of its outputs (cut where it is long), and its exit status. */
typedef struct outcome {
    int status;
    size_t length;
    char text[8192];
} outcome;

__attribute__((format(printf, 1, 2))) static inline outcome run(const char *format, ...)
{
    char command[4096];
    outcome o = {-1, 0, ""};
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(command, sizeof command - 16, format, arguments);
    va_end(arguments);
    cr_assert(length > 0 && length < (int)sizeof command - 16);
    fflush(NULL);
    FILE *pipe = popen(strcat(command, " 2>&1"), "r");
    cr_assert_not_null(pipe);
    for (int c; (c = getc(pipe)) != EOF;)
        if (o.length + 1 < sizeof o.text)
            o.text[o.length++] = (char)c;
    int status = pclose(pipe);
    o.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return o;
}

/* A make of its own, whatever make runs the tests. The second takes what is built as it is, and compiles surfaces at -O0:
 * for tests of files, names and messages, which do not depend on it. It must name all objects that are built before the
 * tests (TESTED_PROGRAMS in the Makefile), or it would make them again at -O0. */
#define MAKE "env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s "
#define QUICK_MAKE                                                                                           \
    MAKE "-o build/eqml-gen -o build/flags -o build/eqml.o -o build/fit.o -o build/potential.o "             \
         "-o build/ask.o -o build/holes.o CFLAGS='-O0 -march=native' "

/* Removes a folder of make_folder() with all that is in it. */
static inline void remove_folder(const char *path)
{
    cr_assert_not_null(strstr(path, "/eqml_test_"));
    cr_assert_eq(run("rm -rf '%s'", path).status, 0);
}

static inline void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "cannot write %s", path);
}

static inline void copy_file(const char *from, const char *to)
{
    int c;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    cr_assert(in && out);
    while ((c = getc(in)) != EOF)
        putc(c, out);
    cr_assert(fclose(in) == 0 && fclose(out) == 0);
}

/* A whole file as a string; the caller frees. */
static inline char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "cannot read %s", path);
    size_t size = 0, capacity = 1 << 16;
    char *text = malloc(capacity);
    cr_assert_not_null(text);
    for (size_t got; (got = fread(text + size, 1, capacity - size - 1, file)) > 0;) {
        size += got;
        if (size + 1 == capacity)
            text = realloc(text, capacity *= 2);
        cr_assert_not_null(text);
    }
    text[size] = 0;
    fclose(file);
    return text;
}
#endif
