/* The tables of a basis as text, and read at run time. */
#ifndef EQML__TABLES_C
#define EQML__TABLES_C
#include "tables.h"
#include "data.h"
#include "kernel/terms.h"
#include "file.c"
#include "memory.c"
#include "reader.c"
#include "status.c"
#include "text.c"
#include "tiles.c"
#include <stdbool.h>

/* ---- writing ------------------------------------------------------------------------------------------- */

static void eqml__put_rows(FILE *out, const char *word, int count, const unsigned short (*row)[3])
{
    fprintf(out, "%ss %d\n", word, count);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s %d %d %d\n", word, row[k][0], row[k][1], row[k][2]);
}

static void eqml__put_atoms(FILE *out, const eqml_basis *b)
{
    const char *symbol = b->symbols;
    fprintf(out, "atoms %d\n", b->natoms);
    for (int i = 0; i < b->natoms; i++) {
        const int length = (int)strcspn(symbol, " ");
        fprintf(out, "atom %.*s %d\n", length, symbol, b->atom_classes[i]);
        symbol += length + (symbol[length] == ' ');
    }
    fprintf(out, "classes %d\npairs %d\n", b->npair_classes, b->npairs);
    for (int p = 0; p < b->npairs; p++)
        fprintf(out, "pair %d %d %d\n", b->pairs[p][0], b->pairs[p][1], b->pair_classes[p]);
}

/* All of the energy, from the atoms to the number of terms. */
static void eqml__put_energy_tables(FILE *out, const eqml_basis *b)
{
    eqml__put_atoms(out, b);
    fprintf(out, "slots %d\nfactors %d\n", b->factor0, b->nfactors);
    for (int f = 0; f < b->nfactors; f++)
        fprintf(out, "factor %d %d\n", b->degrees[f], !b->is_term || b->is_term[f]);
    eqml__put_rows(out, "operation", b->noperations, b->operations);
    eqml__put_rows(out, "run", b->nruns, b->runs);
    fprintf(out, "terms %d\n", b->nterms);
}

static void eqml__put_tables(FILE *out, const eqml_basis *b)
{
    eqml__put_energy_tables(out, b);
    for (int kind = 0; kind < EQML_TENSORS; kind++) {
        const eqml_tensor_basis *t = b->tensors[kind];
        if (!t)
            continue;
        fprintf(out, "tensor %s %d %d %d %d %d\n", eqml_tensor_name(t->kind), t->degree, t->nterms,
                t->nvectors, t->ngenerators, t->nslots);
        eqml__put_rows(out, "operation", t->noperations, t->operations);
        eqml__put_rows(out, "element", t->nelements, t->elements);
        eqml__put_rows(out, "product", t->nproducts, t->products);
        eqml__put_rows(out, "run", t->nruns, t->runs);
        fprintf(out, "references %d\n", t->nreference);
        for (int a = 0; a < t->nreference; a++)
            fprintf(out, "reference %d\n", t->reference[a]);
    }
}

/* ---- items of files ------------------------------------------------------------------------------------ */

/* Refuses a line; `expected` says what should stand there. */
static eqml_status eqml__bad_line(const eqml__reader *in, eqml_status status, eqml__span line,
                                  const char *expected)
{
    return EQML__REFUSE(in, status, "expected %s, found %s; is this the .pes file of this basis?", expected,
                        eqml__quote(line).text);
}

/* A line of a file: `rest` is what follows its first word and a blank. */
typedef struct eqml__item {
    eqml__span line, rest;
} eqml__item;

/* Takes the next line, whose first word must be `word`. */
static eqml_status eqml__next_item(eqml__reader *in, const char *word, eqml__item *item)
{
    eqml__span first;
    if (!eqml__next_line(in, &item->line)) {
        in->line++;
        return EQML__REFUSE(in, EQML_ERROR_FORMAT, "the file ends where \"%s\" was expected; it is truncated",
                            word);
    }
    if (item->line.begin < item->line.end && item->line.end[-1] == '\r')
        item->line.end--;
    first.begin = item->rest.begin = item->line.begin;
    item->rest.end = item->line.end;
    while (item->rest.begin < item->rest.end && *item->rest.begin != ' ')
        item->rest.begin++;
    first.end = item->rest.begin;
    if (!eqml__is(first, word))
        return eqml__bad_line(in, EQML_ERROR_FORMAT, item->line, word);
    item->rest.begin += item->rest.begin < item->rest.end;
    return EQML_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

enum {
    EQML__MOST_SLOTS = 65535,
    EQML__MOST_ATOMS = 1000,
    EQML__MOST_TERMS = 5000000, /* as in the generator */
    EQML__MOST_ARRAYS = 40
};

/* A basis with all that it points to. The basis comes first, so that its address is that of the whole. */
typedef struct eqml__loaded {
    eqml_basis basis;
    eqml_tensor_basis tensors[EQML_TENSORS];
    void *arrays[EQML__MOST_ARRAYS];
    int narrays;
} eqml__loaded;

EQML_API void eqml_basis_free(eqml_basis *basis)
{
    eqml__loaded *l = (eqml__loaded *)(void *)basis;
    for (int k = 0; l && k < l->narrays; k++)
        EQML_FREE(l->arrays[k]);
    EQML_FREE(l);
}

/* An array that the basis owns; NULL: no memory. */
static void *eqml__own(eqml__loaded *l, size_t count, size_t size)
{
    void *array = l->narrays < EQML__MOST_ARRAYS ? eqml__zeroed(count, size) : NULL;
    if (array)
        l->arrays[l->narrays++] = array;
    return array;
}

static const char *eqml__own_text(eqml__loaded *l, eqml__span text)
{
    const size_t length = (size_t)(text.end - text.begin);
    char *copy = (char *)eqml__own(l, length + 1, 1);
    return copy ? (const char *)memcpy(copy, text.begin, length) : NULL;
}

/* Takes a line of a word and `width` numbers, number k from 0 to most[k] - 1, and nothing else. */
static eqml_status eqml__read_row(eqml__reader *in, const char *word, int width, const int *most, int *number)
{
    eqml__item item;
    const eqml_status status = eqml__next_item(in, word, &item);
    for (int k = 0; k < width && !status; k++)
        if (!eqml__next_counts(&item.rest, 1, 0, most[k] - 1, number + k))
            return EQML__REFUSE(in, EQML_ERROR_VALUE,
                                "number %d of %s must be a whole number from 0 to %d; the table is damaged",
                                k + 1, eqml__quote(item.line).text, most[k] - 1);
    if (!status && eqml__count_words(item.rest))
        return EQML__REFUSE(in, EQML_ERROR_FORMAT, "%s has more than %d numbers; the table is damaged",
                            eqml__quote(item.line).text, width);
    return status;
}

/* Takes a line of a word and a number from `least` to `most`. A table is never longer than its file. */
static eqml_status eqml__read_size(eqml__reader *in, const char *word, int least, int most, int *size)
{
    const ptrdiff_t bytes = in->rest.end - in->text;
    const int end = bytes < most ? (int)bytes : most, limit = end + 1;
    const eqml_status status = eqml__read_row(in, word, 1, &limit, size);
    if (!status && *size < least)
        return EQML__REFUSE(in, EQML_ERROR_VALUE, "\"%s %d\": expected at least %d", word, *size, least);
    return status;
}

/* Takes a table of rows of three: "runs 80", then its lines "run 3 5 2". */
static eqml_status eqml__read_table(eqml__reader *in, eqml__loaded *l, const char *rows, const char *row,
                                    const int most[3], int *count, const unsigned short (**table)[3])
{
    int number[3] = {0, 0, 0};
    eqml_status status = eqml__read_size(in, rows, 0, EQML__MOST_TERMS, count);
    unsigned short(*to)[3] = status ? NULL : (unsigned short(*)[3])eqml__own(l, (size_t)*count, sizeof *to);
    if (!status && !to)
        status = EQML_ERROR_MEMORY;
    for (int k = 0; k < *count && !status; k++) {
        status = eqml__read_row(in, row, 3, most, number);
        for (int side = 0; side < 3 && !status; side++)
            to[k][side] = (unsigned short)number[side];
    }
    *table = (const unsigned short(*)[3])to;
    return status;
}

static eqml_status eqml__read_atoms(eqml__reader *in, eqml__loaded *l)
{
    eqml_basis *b = &l->basis;
    eqml__item item;
    int class_of = 0;
    eqml_status status = eqml__read_size(in, "atoms", 1, EQML__MOST_ATOMS, &b->natoms);
    if (status)
        return status;
    unsigned short *classes = (unsigned short *)eqml__own(l, (size_t)b->natoms, sizeof *classes);
    char *symbols = (char *)eqml__own(l, (size_t)b->natoms, 4), *end = symbols;
    if (!classes || !symbols)
        return EQML_ERROR_MEMORY;
    for (int i = 0; i < b->natoms; i++) {
        eqml__span symbol = {NULL, NULL};
        status = eqml__next_item(in, "atom", &item);
        if (status)
            return status;
        if (!eqml__next_word(&item.rest, EQML__BLANKS, &symbol) || symbol.end - symbol.begin > 3 ||
            !eqml__next_counts(&item.rest, 1, 0, b->natoms - 1, &class_of))
            return EQML__REFUSE(in, EQML_ERROR_VALUE, "expected a symbol and a class, found %s",
                                eqml__quote(item.line).text);
        if (i)
            *end++ = ' ';
        memcpy(end, symbol.begin, (size_t)(symbol.end - symbol.begin));
        end += symbol.end - symbol.begin;
        classes[i] = (unsigned short)class_of;
    }
    b->atom_classes = classes;
    b->symbols = symbols;
    return EQML_OK;
}

static eqml_status eqml__read_pairs(eqml__reader *in, eqml__loaded *l)
{
    eqml_basis *b = &l->basis;
    const int all = b->natoms * (b->natoms - 1) / 2;
    int number[3] = {0, 0, 0};
    eqml_status status = eqml__read_size(in, "classes", 0, all, &b->npair_classes);
    if (!status)
        status = eqml__read_size(in, "pairs", 0, all, &b->npairs);
    if (status)
        return status;
    unsigned short(*pairs)[2] = (unsigned short(*)[2])eqml__own(l, (size_t)b->npairs, sizeof *pairs);
    unsigned short *classes = (unsigned short *)eqml__own(l, (size_t)b->npairs, sizeof *classes);
    if (!pairs || !classes)
        return EQML_ERROR_MEMORY;
    const int most[3] = {b->natoms, b->natoms, b->npair_classes};
    for (int p = 0; p < b->npairs && !status; p++) {
        status = eqml__read_row(in, "pair", 3, most, number);
        if (!status && number[0] >= number[1])
            return EQML__REFUSE(in, EQML_ERROR_VALUE, "pair %d %d: expected the smaller atom first",
                                number[0], number[1]);
        if (!status) {
            pairs[p][0] = (unsigned short)number[0];
            pairs[p][1] = (unsigned short)number[1];
            classes[p] = (unsigned short)number[2];
        }
    }
    b->pairs = (const unsigned short(*)[2])pairs;
    b->pair_classes = classes;
    return status;
}

static eqml_status eqml__read_factors(eqml__reader *in, eqml__loaded *l)
{
    eqml_basis *b = &l->basis;
    static const int most[2] = {256, 2};
    int number[2] = {0, 0};
    bool all = true;
    eqml_status status = eqml__read_size(in, "slots", b->npairs, EQML__MOST_SLOTS, &b->factor0);
    if (!status && b->factor0 % 8)
        return EQML__REFUSE(in, EQML_ERROR_VALUE, "\"slots %d\": expected a multiple of 8", b->factor0);
    if (!status)
        status = eqml__read_size(in, "factors", 1, EQML__MOST_SLOTS - b->factor0, &b->nfactors);
    if (status)
        return status;
    unsigned char *degrees = (unsigned char *)eqml__own(l, (size_t)b->nfactors, 1);
    unsigned char *is_term = (unsigned char *)eqml__own(l, (size_t)b->nfactors, 1);
    if (!degrees || !is_term)
        return EQML_ERROR_MEMORY;
    for (int f = 0; f < b->nfactors && !status; f++) {
        status = eqml__read_row(in, "factor", 2, most, number);
        degrees[f] = (unsigned char)(status ? 0 : number[0]);
        is_term[f] = (unsigned char)(status ? 0 : number[1]);
        all = all && is_term[f];
        b->nterms += is_term[f];
    }
    b->degrees = degrees;
    b->is_term = all ? NULL : is_term;
    b->nvalues = b->nfactors;
    b->nslots = b->factor0 + b->nfactors;
    return status;
}

/* Operands must be finished before they are read, and a target is finished at once. ready[nslots]: slots that are. */
static eqml_status eqml__check_operations(const eqml__reader *in, int count, const unsigned short (*o)[3],
                                          unsigned char *ready)
{
    for (int k = 0; k < count; k++) {
        const int target = o[k][0];
        if (ready[target] || !ready[o[k][1]] || !ready[o[k][2]])
            return EQML__REFUSE(
                in, EQML_ERROR_VALUE,
                "operation %d of those above, %d %d %d, reads or writes a slot at a wrong time; "
                "the table is damaged",
                k + 1, target, o[k][1], o[k][2]);
        if (k + 1 == count || o[k + 1][0] != target)
            ready[target] = 1;
    }
    return EQML_OK;
}

static eqml_status eqml__read_operations(eqml__reader *in, eqml__loaded *l)
{
    eqml_basis *b = &l->basis;
    const int most[3] = {b->nslots, b->nslots, b->nslots};
    eqml_status status =
        eqml__read_table(in, l, "operations", "operation", most, &b->noperations, &b->operations);
    unsigned char *ready = (unsigned char *)eqml__zeroed((size_t)b->nslots, 1);
    if (!status && !ready)
        status = EQML_ERROR_MEMORY;
    if (!status) {
        memset(ready, 1, (size_t)b->npairs);
        ready[b->factor0] = 1;
        status = eqml__check_operations(in, b->noperations, b->operations, ready);
    }
    for (int f = 0; f < b->nfactors && !status; f++)
        if (!ready[b->factor0 + f])
            status =
                EQML__REFUSE(in, EQML_ERROR_VALUE, "factor %d has no operation; the table is damaged", f);
    EQML_FREE(ready);
    return status;
}

/*
 * Takes the runs of a form, products of rows with columns, and arranges its tiles. Runs ascend by their rows. *terms <- their
 * number; unused: the row that stands for none.
 */
static eqml_status eqml__read_runs(eqml__reader *in, eqml__loaded *l, int rows, int columns, int unused,
                                   int *terms, int *nruns, const unsigned short (**runs)[3],
                                   eqml__tiling *tiling)
{
    const int most[3] = {rows, columns, columns + 1};
    const unsigned short(*r)[3] = NULL;
    int count = 0;
    eqml_status status = eqml__read_table(in, l, "runs", "run", most, nruns, runs);
    r = *runs;
    for (int k = 0; k < *nruns && !status; k++) {
        if (r[k][1] + r[k][2] > columns || !r[k][2] || (k && r[k - 1][0] > r[k][0]) ||
            r[k][2] > EQML__MOST_TERMS - count)
            return EQML__REFUSE(in, EQML_ERROR_VALUE,
                                "run %d of those above, %d %d %d, is not after the one before, or beyond the "
                                "last of %d factors; the table is damaged",
                                k + 1, r[k][0], r[k][1], r[k][2], columns);
        count += r[k][2];
    }
    *terms = count;
    if (status)
        return status;
    tiling->rows = (eqml_rows *)eqml__own(l, (size_t)*nruns, sizeof(eqml_rows));
    tiling->tiles = (eqml_tile *)eqml__own(l, (size_t)count, sizeof(eqml_tile));
    unsigned char *column = (unsigned char *)eqml__zeroed((size_t)columns, 1);
    if (tiling->rows && tiling->tiles && column)
        eqml__find_tiles(*nruns, r, columns, unused, column, tiling);
    else
        status = EQML_ERROR_MEMORY;
    EQML_FREE(column);
    return status;
}

static eqml_status eqml__read_products(eqml__reader *in, eqml__loaded *l)
{
    eqml_basis *b = &l->basis;
    eqml__tiling tiling = {NULL, NULL, 0, 0};
    int terms = 0, count = 0;
    eqml_status status =
        eqml__read_runs(in, l, b->nfactors, b->nfactors, 0, &terms, &b->nruns, &b->runs, &tiling);
    if (!status)
        status = eqml__read_size(in, "terms", 1, EQML__MOST_TERMS, &count);
    if (status)
        return status;
    b->nterms += terms;
    if (count != b->nterms)
        return EQML__REFUSE(in, EQML_ERROR_VALUE, "\"terms %d\": the factors and runs above make %d terms",
                            count, b->nterms);
    b->ncore = 1;
    for (int k = 0; k < b->nruns; k++) {
        const int last = b->runs[k][1] + b->runs[k][2], row = b->runs[k][0] + 1,
                  most = row > last ? row : last;
        b->ncore = most > b->ncore ? most : b->ncore;
    }
    b->rows = tiling.rows;
    b->tiles = tiling.tiles;
    b->nrows = tiling.nrows;
    b->ntiles = tiling.ntiles;
    return EQML_OK;
}

static eqml_status eqml__read_references(eqml__reader *in, eqml__loaded *l, eqml_tensor_basis *t)
{
    const int natoms = l->basis.natoms;
    int atom = 0;
    eqml_status status = eqml__read_size(in, "references", 1, natoms, &t->nreference);
    unsigned short *to =
        status ? NULL : (unsigned short *)eqml__own(l, (size_t)t->nreference, sizeof(unsigned short));
    if (!status && !to)
        status = EQML_ERROR_MEMORY;
    for (int k = 0; k < t->nreference && !status; k++) {
        status = eqml__read_row(in, "reference", 1, &natoms, &atom);
        to[k] = (unsigned short)(status ? 0 : atom);
    }
    t->reference = to;
    return status;
}

/* Targets of the operations of a tensor are slots of its own. */
static eqml_status eqml__check_tensor_operations(const eqml__reader *in, const eqml_basis *b,
                                                 const eqml_tensor_basis *t)
{
    unsigned char *ready = (unsigned char *)eqml__zeroed((size_t)t->nslots, 1);
    if (!ready)
        return EQML_ERROR_MEMORY;
    memset(ready, 1, (size_t)b->nslots);
    const eqml_status status = eqml__check_operations(in, t->noperations, t->operations, ready);
    EQML_FREE(ready);
    return status;
}

/* Each tensor factor has a term, and what it is a product of comes before it. */
static eqml_status eqml__check_vectors(const eqml__reader *in, const eqml_tensor_basis *t)
{
    int vector = 0;
    if (t->nvectors == 0) /* as the dipole of O2 */
        return EQML_OK;
    for (int k = 0; k < t->nruns; k++) {
        if (t->runs[k][0] > vector)
            vector++;
        if (t->runs[k][0] != vector)
            return EQML__REFUSE(in, EQML_ERROR_VALUE, "tensor factor %d has no term; the table is damaged",
                                vector);
    }
    if (vector + 1 != t->nvectors)
        return EQML__REFUSE(in, EQML_ERROR_VALUE, "tensor factor %d has no term; the table is damaged",
                            vector + 1);
    unsigned char *ready = (unsigned char *)eqml__zeroed((size_t)t->nvectors, 1);
    if (!ready)
        return EQML_ERROR_MEMORY;
    eqml_status status = EQML_OK;
    for (int e = 0; e < t->nelements; e++)
        ready[t->elements[e][0]] = 1;
    for (int p = 0; p < t->nproducts && !status; p++) {
        if (!ready[t->products[p][2]] || ready[t->products[p][0]])
            status = EQML__REFUSE(in, EQML_ERROR_VALUE,
                                  "product %d reads or writes a tensor factor at a wrong time; the table is "
                                  "damaged",
                                  p + 1);
        ready[t->products[p][0]] = 1;
    }
    EQML_FREE(ready);
    return status;
}

static eqml_status eqml__read_tensor_tables(eqml__reader *in, eqml__loaded *l, eqml_tensor_basis *t)
{
    const eqml_basis *b = &l->basis;
    eqml__tiling tiling = {NULL, NULL, 0, 0};
    const int carriers = t->kind == EQML_DIPOLE ? b->natoms : b->npairs + 1;
    const int slots[3] = {t->nslots, t->nslots, t->nslots}, elements[3] = {t->nvectors, t->nslots, carriers},
              products[3] = {t->nvectors, b->nfactors, t->nvectors};
    int terms = 0;
    eqml_status status =
        eqml__read_table(in, l, "operations", "operation", slots, &t->noperations, &t->operations);
    if (!status)
        status = eqml__check_tensor_operations(in, b, t);
    if (!status)
        status = eqml__read_table(in, l, "elements", "element", elements, &t->nelements, &t->elements);
    if (!status)
        status = eqml__read_table(in, l, "products", "product", products, &t->nproducts, &t->products);
    if (!status)
        status = eqml__read_runs(in, l, t->nvectors, b->nfactors, t->nvectors, &terms, &t->nruns, &t->runs,
                                 &tiling);
    if (!status && terms != t->nterms)
        status = EQML__REFUSE(in, EQML_ERROR_VALUE, "the runs above make %d terms, and the tensor has %d",
                              terms, t->nterms);
    if (!status)
        status = eqml__check_vectors(in, t);
    if (!status)
        status = eqml__read_references(in, l, t);
    t->rows = tiling.rows;
    t->tiles = tiling.tiles;
    t->nrows = tiling.nrows;
    t->ntiles = tiling.ntiles;
    return status;
}

/* Takes a line "tensor ...", whose kind is new, and its tables. */
static eqml_status eqml__read_tensor_basis(eqml__reader *in, eqml__loaded *l)
{
    eqml_basis *b = &l->basis;
    eqml__item item;
    eqml__span name = {NULL, NULL};
    int number[5] = {0, 0, 0, 0, 0}, kind = 0;
    eqml_status status = eqml__next_item(in, "tensor", &item);
    if (status)
        return status;
    if (!eqml__next_word(&item.rest, EQML__BLANKS, &name))
        name = item.rest;
    while (kind < EQML_TENSORS && !eqml__is(name, eqml_tensor_name((eqml_tensor)kind)))
        kind++;
    if (kind == EQML_TENSORS || b->tensors[kind] ||
        !eqml__next_counts(&item.rest, 5, 0, EQML__MOST_TERMS, number) || number[2] >= EQML__MOST_SLOTS ||
        number[4] < b->nslots || number[4] > EQML__MOST_SLOTS)
        return EQML__REFUSE(
            in, EQML_ERROR_VALUE,
            "expected a tensor, its degree, terms, tensor factors, generators and slots, found %s",
            eqml__quote(item.line).text);
    eqml_tensor_basis *t = &l->tensors[kind];
    t->kind = (eqml_tensor)kind;
    t->degree = number[0];
    t->nterms = number[1];
    t->nvectors = number[2];
    t->ngenerators = number[3];
    t->nslots = number[4];
    b->tensors[kind] = t;
    return eqml__read_tensor_tables(in, l, t);
}

/* Reads the tables up to what follows the terms and tensors. name and composition: spans of the text. */
static eqml_status eqml__read_tables(eqml__reader *in, eqml__span name, eqml__span composition, int degree,
                                     eqml_basis **basis)
{
    eqml__loaded *l = (eqml__loaded *)eqml__zeroed(1, sizeof *l);
    if (!l)
        return EQML_ERROR_MEMORY;
    l->basis.name = eqml__own_text(l, name);
    l->basis.composition = eqml__own_text(l, composition);
    l->basis.degree = degree;
    eqml_status status = l->basis.name && l->basis.composition ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml__read_atoms(in, l);
    if (!status)
        status = eqml__read_pairs(in, l);
    if (!status)
        status = eqml__read_factors(in, l);
    if (!status)
        status = eqml__read_operations(in, l);
    if (!status)
        status = eqml__read_products(in, l);
    while (!status && eqml__starts(in->rest, "tensor"))
        status = eqml__read_tensor_basis(in, l);
    if (status)
        eqml_basis_free(&l->basis);
    *basis = status ? NULL : &l->basis;
    return status;
}

/* Takes the line "end". */
static eqml_status eqml__expect_end(eqml__reader *in)
{
    eqml__item item = {{NULL, NULL}, {NULL, NULL}};
    const eqml_status status = eqml__next_item(in, "end", &item);
    if (!status && item.rest.begin < item.rest.end)
        return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "nothing after the end");
    return status;
}

/* Closes the file, all of which must have been read; returns the status of reading it. */
static eqml_status eqml__finish_reading(eqml__reader *in, eqml_status status)
{
    eqml__span line;
    if (!status && eqml__next_line(in, &line))
        status = eqml__bad_line(in, EQML_ERROR_FORMAT, line, "nothing after the end");
    if (status == EQML_ERROR_MEMORY)
        eqml__no_memory(in->path, in->message);
    eqml__close_reader(in);
    return status;
}

static eqml_status eqml__read_basis_file(eqml__reader *in, eqml_basis **basis)
{
    static const int versions = 3, degrees = 256;
    eqml__item name = {{NULL, NULL}, {NULL, NULL}}, origin = name, composition = name;
    int version = 0, degree = 0;
    eqml_status status = eqml__read_row(in, "eqml-basis", 1, &versions, &version);
    if (!status)
        status = eqml__next_item(in, "name", &name);
    if (!status)
        status = eqml__next_item(in, "origin", &origin);
    if (!status)
        status = eqml__next_item(in, "composition", &composition);
    if (!status)
        status = eqml__read_row(in, "degree", 1, &degrees, &degree);
    if (!status)
        status = eqml__read_tables(in, name.rest, composition.rest, degree, basis);
    return status ? status : eqml__expect_end(in);
}

EQML_API eqml_status eqml_basis_read(const char *path, eqml_basis **basis, eqml_message *message)
{
    eqml__reader in;
    *basis = NULL;
    eqml_status status = eqml__open_reader(&in, path, message);
    if (status)
        return status;
    status = eqml__finish_reading(&in, eqml__read_basis_file(&in, basis));
    if (status) {
        eqml_basis_free(*basis);
        *basis = NULL;
    }
    return status;
}

#endif /* EQML__TABLES_C */
