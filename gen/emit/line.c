#include "emit/line.h"
#include <string.h>

enum { LINE_WIDTH = 108 };

void put_item(line *l, const char *text)
{
    int length = (int)strlen(text), indent = (int)strlen(l->indent);
    if (l->width > 0 && l->width + length > LINE_WIDTH) {
        fprintf(l->out, "%s\n", l->end);
        l->width = 0;
    }
    if (l->width == 0) {
        fputs(l->indent, l->out);
        l->width = indent;
    }
    fputs(text, l->out);
    l->width += length;
}

void end_line(line *l)
{
    if (l->width)
        fprintf(l->out, "%s\n", l->end);
    l->width = 0;
}

int print_coefficient(char *item, size_t size, double coefficient)
{
    *item = 0;
    return coefficient == 1 ? 0 : snprintf(item, size, "(NUMBER)(%.17g)*", coefficient);
}
