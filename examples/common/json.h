/* One JSON object, a line for each key. What is not finite is null. Keys and texts are without quotes and backslashes. */
#ifndef EXAMPLES_JSON_H
#define EXAMPLES_JSON_H
#include <math.h>
#include <stddef.h>
#include <stdio.h>

typedef struct json {
    FILE *out; /* NULL: nothing is written */
    int keys;
} json;

static inline void json_value(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.12g", value);
    else
        fputs("null", out);
}

/* The key; what comes behind it is for the caller to write, as whole values. Nonzero where there is no file. */
static inline int json_key(json *j, const char *key)
{
    if (!j->out)
        return 1;
    fprintf(j->out, "%s\n  \"%s\": ", j->keys++ ? "," : "{", key);
    return 0;
}

static inline void json_number(json *j, const char *key, double value)
{
    if (!json_key(j, key))
        json_value(j->out, value);
}

static inline void json_text(json *j, const char *key, const char *text)
{
    if (!json_key(j, key))
        fprintf(j->out, "\"%s\"", text);
}

static inline void json_list(FILE *out, size_t n, const double *value)
{
    fputc('[', out);
    for (size_t k = 0; k < n; k++) {
        fputs(k ? ", " : "", out);
        json_value(out, value[k]);
    }
    fputc(']', out);
}

static inline void json_numbers(json *j, const char *key, size_t n, const double *value)
{
    if (!json_key(j, key))
        json_list(j->out, n, value);
}

/* value[rows][columns] as a list of lists. */
static inline void json_matrix(json *j, const char *key, size_t rows, size_t columns, const double *value)
{
    if (json_key(j, key))
        return;
    fputc('[', j->out);
    for (size_t row = 0; row < rows; row++) {
        fputs(row ? ",\n    " : "", j->out);
        json_list(j->out, columns, value + row * columns);
    }
    fputc(']', j->out);
}

static inline void json_end(json *j)
{
    if (j->out)
        fputs(j->keys ? "\n}\n" : "{}\n", j->out);
}

#endif
