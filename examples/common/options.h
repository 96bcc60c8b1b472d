/* Options of command lines. Messages are one line and begin with the program's name. */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* *number <- the finite number that a text is, at least `least`. Returns nonzero after a message. */
static inline int parse_number(const char *program, const char *option, const char *text, double least,
                               double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && *number >= least && *number <= DBL_MAX)
        return 0;
    fprintf(stderr, "%s: %s %s: expected a finite number, at least %g\n", program, option, text, least);
    return 1;
}

static inline int is_c_name(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return *text && strspn(text, letters) == strlen(text) && !(*text >= '0' && *text <= '9');
}

/* order[n] <- a list of the numbers 1 to n, each once, "2,3,1", from 0. Returns nonzero after a message. */
static inline int parse_order(const char *program, const char *text, int n, int *order)
{
    const char *rest = text;
    int good = 1, count = 0;
    for (; good && *rest; rest += strspn(rest, ", ")) {
        char *end;
        const long atom = strtol(rest, &end, 10);
        good = *rest >= '0' && *rest <= '9' && count < n && atom >= 1 && atom <= n && strchr(", ", *end);
        for (int i = 0; good && i < count; i++)
            good = order[i] != atom - 1;
        if (good)
            order[count++] = (int)atom - 1;
        rest = end;
    }
    if (good && count == n)
        return 0;
    fprintf(stderr, "%s: --order %s: expected the numbers 1 to %d, each once, with commas between\n", program,
            text, n);
    return 1;
}

/*
 * Finds argv[*i] among `count` options, structs of `size` bytes whose first member is the name; *i then stands at its
 * value. Returns its number, or -1 after a message. --help prints the help and ends the program.
 */
static inline int find_option(const char *program, const char *help, int argc, char **argv, int *i,
                              const void *options, size_t count, size_t size)
{
    size_t k = 0;
    if (!strcmp(argv[*i], "--help")) {
        fputs(help, stdout);
        if (!fflush(stdout) && !ferror(stdout))
            exit(0);
        fprintf(stderr, "%s: standard output cannot be written\n", program);
        exit(1);
    }
    while (k < count &&
           strcmp(argv[*i], *(const char *const *)(const void *)((const char *)options + k * size)))
        k++;
    if (k < count && ++*i < argc)
        return (int)k;
    fprintf(stderr,
            k < count ? "%s: %s: needs a value\n" : "%s: %s: unknown option; --help lists the options\n",
            program, argv[*i - (k < count)]);
    return -1;
}

/* An option with a value: one of text, number and whole says where it goes. */
typedef struct option {
    const char *name; /* "--walkers" */
    const char **text;
    double *number;
    int *whole;
    double least, most; /* of a number; most 0: 1e9 */
} option;

/* Reads a command line by a table of options. Returns nonzero after a message. */
static inline int take_options(const char *program, const char *help, int argc, char **argv,
                               const option *options, size_t count)
{
    for (int i = 1; i < argc; i++) {
        char *end;
        const int k = find_option(program, help, argc, argv, &i, options, count, sizeof *options);
        if (k < 0)
            return 1;
        const option *o = &options[k];
        if (o->text) {
            *o->text = argv[i];
            continue;
        }
        const double number = strtod(argv[i], &end), most = o->most != 0 ? o->most : 1e9;
        if (end == argv[i] || *end || !(number >= o->least && number <= most) ||
            (o->whole && number != (double)(int)number)) {
            const char *what = o->whole ? "whole number" : "number";
            if (o->least == DBL_MIN)
                fprintf(stderr, "%s: %s %s: expected a %s above 0, at most %g\n", program, o->name, argv[i],
                        what, most);
            else
                fprintf(stderr, "%s: %s %s: expected a %s, %g to %g\n", program, o->name, argv[i], what,
                        o->least, most);
            return 1;
        }
        if (o->whole)
            *o->whole = (int)number;
        else
            *o->number = number;
    }
    return 0;
}

#endif
