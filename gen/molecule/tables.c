#include "molecule/tables.h"
#include "algebra/keyset.h"
#include "base/memory.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 4096, DEGREE_LIMIT = 100, PRODUCTS_LIMIT = 5000000, MOST_NUMBERS = 3 };

typedef struct reader {
    basis_tables *to;
    const char *path;
    FILE *in;
    int line;
    char text[LINE_SIZE];
    char *error;
    size_t error_size;
    size_t factor0;        /* the first slot of factors, in the file */
    unsigned char *degree; /* [factor0 + nfactors] of slots; 0: not begun */
    bool *needed;          /* [nfactors] by a product, or by another factor */
} reader;

/* ---- lines -------------------------------------------------------------------------------------------- */

/* Refuses the present line. */
static int refuse(const reader *r, const char *format, ...)
{
    va_list arguments;
    const int n = snprintf(r->error, r->error_size, "%s:%d: \"%.60s\": ", r->path, r->line, r->text);
    va_start(arguments, format);
    if (n > 0 && (size_t)n < r->error_size)
        vsnprintf(r->error + n, r->error_size - (size_t)n, format, arguments);
    va_end(arguments);
    return -1;
}

/* The next line, whose first word must be `word`; *rest: what follows. */
static int read_line(reader *r, const char *word, char **rest)
{
    const size_t length = strlen(word);
    r->line++;
    if (!fgets(r->text, sizeof r->text, r->in)) {
        if (ferror(r->in)) {
            snprintf(r->error, r->error_size, "%s: cannot be read: %s", r->path, strerror(errno));
            return -1;
        }
        snprintf(r->error, r->error_size,
                 "%s:%d: the file ends where \"%s\" was expected; it is truncated, write it again", r->path,
                 r->line, word);
        return -1;
    }
    const bool whole = strchr(r->text, '\n') != NULL;
    r->text[strcspn(r->text, "\r\n")] = 0;
    if (!whole)
        return refuse(r, "the line is too long or cut off; write the file again with eqml_basis_write");
    if (strncmp(r->text, word, length) || (r->text[length] && r->text[length] != ' '))
        return refuse(r, "expected \"%s\"; is this a file that eqml_basis_write wrote?", word);
    *rest = r->text + length + (r->text[length] == ' ');
    return 0;
}

/* The whole of a text as `count` numbers of at most nine digits. */
static bool are_numbers(const char *text, int count, int *number)
{
    for (int k = 0; k < count; k++) {
        const size_t digits = strspn(text, "0123456789");
        if (digits < 1 || digits > 9 || text[digits] != (k + 1 < count ? ' ' : 0))
            return false;
        number[k] = (int)strtol(text, NULL, 10);
        text += digits + 1;
    }
    return true;
}

static int read_numbers(reader *r, const char *word, int count, int *number)
{
    char *rest;
    if (read_line(r, word, &rest))
        return -1;
    if (!are_numbers(rest, count, number))
        return refuse(r, "expected %d whole number%s after \"%s\"", count, count > 1 ? "s" : "", word);
    return 0;
}

/* One number from `least` to `most`. */
static int read_count(reader *r, const char *word, int least, int most, int *number)
{
    if (read_numbers(r, word, 1, number))
        return -1;
    if (*number < least || *number > most)
        return refuse(r, "expected a number from %d to %d", least, most);
    return 0;
}

static char *copy_text(const char *text)
{
    char *copy = xcalloc(strlen(text) + 1, 1);
    return strcpy(copy, text);
}

/* ---- what the basis is -------------------------------------------------------------------------------- */

static int read_head(reader *r)
{
    basis_tables *t = r->to;
    char *rest, error[512];
    int version;
    if (read_numbers(r, "eqml-basis", 1, &version))
        return -1;
    if (version != 1)
        return refuse(r, "expected version 1: use the eqml-gen beside the eqml.h that wrote the file");
    if (read_line(r, "name", &rest))
        return -1;
    t->name = copy_text(rest);
    if (read_line(r, "origin", &rest))
        return -1;
    for (const char *c = rest; *c; c++)
        if (iscntrl((unsigned char)*c) || !strncmp(c, "*/", 2) || !strncmp(c, "/*", 2))
            return refuse(r, "expected plain text without the marks of comments in C");
    t->origin = copy_text(rest);
    if (read_line(r, "composition", &rest))
        return -1;
    if (composition_parse(rest, &t->composition, error, sizeof error))
        return refuse(r, "%.300s", error);
    return read_count(r, "degree", 1, DEGREE_LIMIT, &t->degree);
}

/* Classes come in the order of their first atoms, and may be finer than those of the composition. */
static int read_atoms(reader *r)
{
    basis_tables *t = r->to;
    const composition *c = &t->composition;
    int natoms, nclasses = 0, *first = xcalloc((size_t)c->natoms, sizeof *first), status = 0;
    t->atom_class = xcalloc((size_t)c->natoms, sizeof *t->atom_class);
    if (read_count(r, "atoms", 1, 1000, &natoms))
        status = -1;
    else if (natoms != c->natoms)
        status = refuse(r, "expected %d atoms, those of \"%s\"", c->natoms, c->text);
    for (int i = 0; i < c->natoms && !status; i++) {
        char *rest;
        if (read_line(r, "atom", &rest)) {
            status = -1;
            break;
        }
        const size_t length = strlen(c->symbol[i]);
        int *class = &t->atom_class[i];
        if (strncmp(rest, c->symbol[i], length) || rest[length] != ' ' ||
            !are_numbers(rest + length + 1, 1, class) || *class > nclasses)
            status = refuse(r, "expected \"%s\" and its class, from 0 to %d", c->symbol[i], nclasses);
        else if (*class == nclasses)
            first[nclasses++] = i;
        else if (c->class_of[i] != c->class_of[first[*class]])
            status = refuse(r, "atoms %d and %d are not alike in \"%s\", and must have different classes",
                            first[*class], i, c->text);
    }
    free(first);
    return status;
}

/* Pairs ascend, and those of one class join atoms of the same two classes. */
static int read_pairs(reader *r)
{
    basis_tables *t = r->to;
    const composition *c = &t->composition;
    int npairs, number[MOST_NUMBERS] = {0}, status = 0;
    if (read_count(r, "classes", 1, c->npairs, &t->npair_classes) ||
        read_count(r, "pairs", 0, c->npairs, &npairs))
        return -1;
    int(*joined)[2] = xcalloc((size_t)t->npair_classes, sizeof *joined); /* classes of atoms, from 1 on */
    t->pair = xcalloc((size_t)npairs, sizeof *t->pair);
    t->pair_class = xcalloc((size_t)npairs, sizeof *t->pair_class);
    t->program.ninputs = (size_t)npairs;
    for (int p = 0; p < npairs && !status; p++) {
        if ((status = read_numbers(r, "pair", 3, number)) != 0)
            break;
        const int i = number[0], j = number[1], class = number[2];
        const int *before = p ? t->pair[p - 1] : NULL;
        if (i >= j || j >= c->natoms)
            status = refuse(r, "expected two atoms, the smaller first, numbered from 0 to %d", c->natoms - 1);
        else if (before && (i < before[0] || (i == before[0] && j <= before[1])))
            status = refuse(r, "expected a pair after %d %d: they must ascend", before[0], before[1]);
        else if (class >= t->npair_classes)
            status = refuse(r, "expected a class from 0 to %d", t->npair_classes - 1);
        if (status)
            break;
        const int a = t->atom_class[i] + 1, b = t->atom_class[j] + 1, low = a < b ? a : b, high = a + b - low;
        if (!joined[class][0])
            joined[class][0] = low, joined[class][1] = high;
        else if (joined[class][0] != low || joined[class][1] != high)
            status = refuse(
                r, "its atoms are not of the same classes as those of the other pairs of class %d", class);
        t->pair[p][0] = i, t->pair[p][1] = j, t->pair_class[p] = class;
    }
    free(joined);
    return status;
}

/* ---- the program -------------------------------------------------------------------------------------- */

static int read_factors(reader *r)
{
    program_tables *p = &r->to->program;
    int slots, nfactors, number[MOST_NUMBERS] = {0};
    if (read_count(r, "slots", (int)p->ninputs, SLOTS_LIMIT - 1, &slots) ||
        read_count(r, "factors", 1, SLOTS_LIMIT - slots, &nfactors))
        return -1;
    r->factor0 = p->nslots = (size_t)slots;
    for (int f = 0; f < nfactors; f++) {
        if (read_numbers(r, "factor", 2, number))
            return -1;
        if (number[0] > r->to->degree || (number[0] == 0) != (f == 0))
            return refuse(r, "expected degree 0 of the first factor, the constant, and 1 to %d of the others",
                          r->to->degree);
        if (number[1] > 1)
            return refuse(r, "expected 1 for a term, or 0 for a factor that only occurs in products");
        p->factor = xrealloc(p->factor, (size_t)f + 1, sizeof *p->factor);
        p->factor[p->nfactors++] = (factor){(unsigned char)number[0], number[1] == 1};
    }
    return 0;
}

/* The degree of an operand that is ready, or -1 after a refusal. */
static int operand_degree(const reader *r, int slot, int target)
{
    if ((size_t)slot >= r->factor0 + r->to->program.nfactors)
        return refuse(r, "there is no slot %d", slot);
    if (slot == target || !r->degree[slot])
        return refuse(r, "slot %d is read before it is finished", slot);
    if ((size_t)target < r->factor0 && (size_t)slot >= r->factor0)
        return refuse(r, "an intermediate value, of slot %d, cannot be made of a factor", target);
    return r->degree[slot];
}

static unsigned slot_of(const reader *r, int slot)
{
    return (size_t)slot < r->factor0 ? (unsigned)slot : FACTOR_SLOT + (unsigned)((size_t)slot - r->factor0);
}

/* *last: the target so far. */
static int take_operation(reader *r, const int *number, int *last)
{
    program_tables *p = &r->to->program;
    const int target = number[0], constant = (int)r->factor0;
    if ((size_t)target >= r->factor0 + p->nfactors || (size_t)target < p->ninputs || target == constant)
        return refuse(r, "slot %d cannot be a target: it is a pair, the constant, or does not exist", target);
    if (target != *last && r->degree[target])
        return refuse(r, "slot %d is finished already; the operations of a target must stand together",
                      target);
    if (number[1] == constant)
        return refuse(r, "the constant, slot %d, may only stand on the right", constant);
    const int left = operand_degree(r, number[1], target);
    const int right = left < 0 || number[2] == constant ? 0 : operand_degree(r, number[2], target);
    if (left < 0 || right < 0)
        return -1;
    if (left + right > r->to->degree)
        return refuse(r, "its degree is %d, above that of the basis, %d", left + right, r->to->degree);
    const int degree = target > constant ? p->factor[target - constant].degree
                       : target == *last ? r->degree[target]
                                         : left + right;
    if (left + right != degree)
        return refuse(r, "it adds a product of degree %d to slot %d of degree %d", left + right, target,
                      degree);
    r->degree[target] = (unsigned char)degree;
    *last = target;
    for (int side = 1; side < 3; side++)
        if (number[side] > constant)
            r->needed[number[side] - constant] = true;
    operations_append(&p->operations, slot_of(r, target), slot_of(r, number[1]), slot_of(r, number[2]));
    return 0;
}

static int read_operations(reader *r)
{
    const program_tables *p = &r->to->program;
    int count, number[MOST_NUMBERS] = {0}, last = -1;
    r->degree = xcalloc(r->factor0 + p->nfactors, 1);
    r->needed = xcalloc(p->nfactors, sizeof *r->needed);
    if (p->ninputs)
        memset(r->degree, 1, p->ninputs);
    if (read_count(r, "operations", 0, 999999999, &count))
        return -1;
    for (int k = 0; k < count; k++)
        if (read_numbers(r, "operation", 3, number) || take_operation(r, number, &last))
            return -1;
    return 0;
}

static int take_run(reader *r, const int *number, keyset *known)
{
    program_tables *p = &r->to->program;
    const size_t nfactors = p->nfactors, end = (size_t)number[1] + (size_t)number[2];
    if (!number[0] || !number[1] || !number[2] || (size_t)number[0] >= nfactors || end > nfactors)
        return refuse(r, "expected a factor, the first and the number of others; factors go from 1 to %zu",
                      nfactors - 1);
    if (p->nproducts + (size_t)number[2] > PRODUCTS_LIMIT)
        return refuse(r, "there are more than %d products", PRODUCTS_LIMIT);
    p->product = xrealloc(p->product, p->nproducts + (size_t)number[2], sizeof *p->product);
    for (size_t right = (size_t)number[1]; right < end; right++) {
        const size_t left = (size_t)number[0];
        const unsigned short key[] = {(unsigned short)(left < right ? left : right),
                                      (unsigned short)(left < right ? right : left)};
        if (p->factor[left].degree + p->factor[right].degree > r->to->degree)
            return refuse(r, "the product of factors %zu and %zu is above the degree of the basis, %d", left,
                          right, r->to->degree);
        if (!keyset_add(known, key, 2, NULL))
            return refuse(r, "the product of factors %zu and %zu is there already", left, right);
        r->needed[left] = r->needed[right] = true;
        p->product[p->nproducts++] = (item_pair){(unsigned)left, (unsigned)right};
    }
    return 0;
}

static int read_runs(reader *r)
{
    keyset known = {0};
    int count, number[MOST_NUMBERS] = {0}, status = read_count(r, "runs", 0, PRODUCTS_LIMIT, &count);
    for (int k = 0; !status && k < count; k++)
        status = read_numbers(r, "run", 3, number) || take_run(r, number, &known) ? -1 : 0;
    keyset_free(&known);
    return status;
}

/* Reads the last line, and checks what only shows there. */
static int read_end(reader *r)
{
    const program_tables *p = &r->to->program;
    int terms;
    size_t count = p->nproducts;
    char *rest;
    if (read_numbers(r, "terms", 1, &terms))
        return -1;
    for (size_t f = 0; f < p->nfactors; f++) {
        count += p->factor[f].is_term;
        if (f && !r->degree[r->factor0 + f])
            return refuse(r, "factor %zu has no operation; write the file again", f);
        if (f && !p->factor[f].is_term && !r->needed[f])
            return refuse(r, "factor %zu is no term, nor needed for one; write the file again", f);
    }
    if ((size_t)terms != count || !count)
        return refuse(r, "the factors and runs make %zu terms", count);
    if (read_line(r, "end", &rest))
        return -1;
    if (*rest || fgetc(r->in) != EOF)
        return refuse(r, "expected nothing after \"end\"");
    return 0;
}

int tables_read(const char *path, basis_tables *t, char *error, size_t error_size)
{
    reader r = {.to = t, .path = path, .in = fopen(path, "r"), .error = error, .error_size = error_size};
    memset(t, 0, sizeof *t);
    if (!r.in) {
        snprintf(error, error_size, "%s: cannot be read: %s", path, strerror(errno));
        return -1;
    }
    int status = read_head(&r) || read_atoms(&r) || read_pairs(&r) || read_factors(&r) ||
                         read_operations(&r) || read_runs(&r) || read_end(&r)
                     ? -1
                     : 0;
    fclose(r.in);
    free(r.degree);
    free(r.needed);
    return status;
}

void tables_free(basis_tables *t)
{
    composition_free(&t->composition);
    free(t->name);
    free(t->origin);
    free(t->atom_class);
    free(t->pair);
    free(t->pair_class);
    program_tables_free(&t->program);
    memset(t, 0, sizeof *t);
}
