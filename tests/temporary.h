/* Files and folders of a test's own, below TMPDIR or else the system's folder for such. */
#ifndef TESTS_TEMPORARY_H
#define TESTS_TEMPORARY_H
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEMPORARY_PATH = 256 };

static inline void temporary_template(char path[TEMPORARY_PATH])
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, TEMPORARY_PATH, "%s/eqml_test_XXXXXX",
             parent && *parent && strlen(parent) < 200 ? parent : "/tmp");
}

/* An empty folder. */
static inline void make_folder(char path[TEMPORARY_PATH])
{
    temporary_template(path);
    cr_assert_not_null(mkdtemp(path), "no temporary folder %s", path);
}

/* An empty file. */
static inline void make_file(char path[TEMPORARY_PATH])
{
    temporary_template(path);
    const int descriptor = mkstemp(path);
    cr_assert_geq(descriptor, 0, "no temporary file %s", path);
    close(descriptor);
}
#endif
