/*
 * What the fuzzers share: a reader that takes a path gets the bytes of the fuzzer in a file, one for each
 * process, below TMPDIR, or else in memory where the system has such a folder, or else in /tmp.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What must hold whatever the bytes are. */
#define HOLDS(condition) ((condition) ? (void)0 : abort())

static char input_path[256];

static inline void input_remove(void)
{
    remove(input_path);
}

static inline const char *input_file(const uint8_t *bytes, size_t size)
{
    if (!*input_path) {
        const char *parent = getenv("TMPDIR");
        if (!parent || !*parent || strlen(parent) > 200)
            parent = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm"; /* in memory: ten times as many runs */
        snprintf(input_path, sizeof input_path, "%s/eqml_fuzz_XXXXXX", parent);
        HOLDS(mkstemp(input_path) >= 0);
        atexit(input_remove);
    }
    FILE *out = fopen(input_path, "wb");
    HOLDS(out && fwrite(bytes, 1, size, out) == size);
    HOLDS(fclose(out) == 0);
    return input_path;
}
#endif
