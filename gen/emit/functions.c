#include "emit/functions.h"
#include <string.h>

/*
 * Operations to a piece. One function for all of them takes compilers time that grows with the square of its
 * length: 6,026 operations took gcc 35 s in one, 9 s so.
 */
enum { PIECE_OPERATIONS = 200 };

static void open_piece(functions *f)
{
    end_line(&f->line);
    fprintf(f->line.out, "    %s void NAME##_%u(%s) \\\n    { \\\n",
            f->with->inlined ? "EQML_INLINE" : "EQML_NOINLINE", f->piece, f->with->parameters);
    put_item(&f->line, f->with->opening);
    f->piece++;
    f->length = 0;
}

/* A function may have no use for some of its arguments. */
static void close_piece(functions *f)
{
    put_item(&f->line, f->with->closing);
    end_line(&f->line);
    fprintf(f->line.out, "        ");
    for (const char *at = f->with->names; *at;) {
        int length = (int)strcspn(at, ",");
        fprintf(f->line.out, "(void)%.*s; ", length, at);
        at += length;
        at += strspn(at, ", ");
    }
    fprintf(f->line.out, "\\\n    } \\\n");
}

functions functions_open(FILE *out, const char *basis, const char *macro, const signature *with)
{
    functions f = {{out, 0, "        ", " \\"}, with, 0, 0};
    fprintf(out, "#define %s_%s(NAME, T, NUMBER) \\\n", basis, macro);
    open_piece(&f);
    return f;
}

void functions_reserve(functions *f, size_t operations)
{
    if (f->length > 0 && f->length + operations > PIECE_OPERATIONS) {
        close_piece(f);
        open_piece(f);
    }
    f->length += operations;
}

void functions_close(functions *f)
{
    close_piece(f);
    const signature *with = f->with;
    if (with->all_parameters)
        fprintf(f->line.out, "    EQML_FUNCTION void NAME(int groups, %s) \\\n    { \\\n",
                with->all_parameters);
    else
        fprintf(f->line.out, "    %s void NAME(%s) \\\n    { \\\n",
                with->inlined ? "EQML_INLINE" : "EQML_FUNCTION", with->parameters);
    for (unsigned k = 0; k < f->piece; k++) {
        char item[96];
        if (with->all_parameters)
            snprintf(item, sizeof item, "for (int k = 0; k < groups; k++) NAME##_%u(%s); ", k,
                     with->argument);
        else
            snprintf(item, sizeof item, "NAME##_%u(%s); ", k, with->names);
        put_item(&f->line, item);
    }
    end_line(&f->line);
    fprintf(f->line.out, "    }\n");
}
