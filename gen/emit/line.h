/* Items of text in lines of bounded width. */
#ifndef EQML_GEN_EMIT_LINE_H
#define EQML_GEN_EMIT_LINE_H
#include <stdio.h>

typedef struct line {
    FILE *out;
    int width;                /* of the line so far */
    const char *indent, *end; /* end: before the line break, " \\" within a macro */
} line;

/* An item is never broken. */
void put_item(line *l, const char *text);
void end_line(line *l);

/* Prints "(NUMBER)c*" before what a coefficient multiplies, in code that knows the type NUMBER; nothing where it
 * is 1. Returns the length. */
int print_coefficient(char *item, size_t size, double coefficient);
#endif
