/* A stick spectrum: a line for each band, of its strength, labelled where there is room. */
#ifndef EXAMPLES_STICKS_H
#define EXAMPLES_STICKS_H
#include <stddef.h>

typedef struct stick {
    double at, height; /* cm^-1; km/mol, or 1 where strengths are not known */
    int kind;          /* 0 or 1: its colour */
} stick;

typedef struct sticks {
    const char *title;
    const char *kinds[2]; /* what they are called; NULL: all sticks are of kind 0, without a name */
    int strengths;        /* nonzero: heights are strengths */
} sticks;

/* Writes the picture, or nothing where there is no stick of any height. s[n] is freed; NULL: there was no memory for it. Nonzero after
 * a message of the program. */
int sticks_draw(const char *program, const char *path, const sticks *o, size_t n, stick *s);

#endif
