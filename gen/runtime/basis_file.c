/* A basis as a header. */
#ifndef EQML__BASIS_FILE_C
#define EQML__BASIS_FILE_C
#include "select.h"
#include "file.c"
#include "memory.c"
#include <stdbool.h>

/* Groups of `each` numbers of a table, in lines of bounded length. */
static void eqml__put_table(FILE *out, const char *type, const char *name, const char *table, int count,
                            int each, const unsigned short *number)
{
    fprintf(out, "static const %s %s_%s[]", type, name, table);
    if (each > 1)
        fprintf(out, "[%d]", each);
    fprintf(out, " = {");
    for (int k = 0; k < count; k++) {
        fprintf(out, "%s%s", k % (each > 1 ? 8 : 16) ? " " : "\n    ", each > 1 ? "{" : "");
        for (int i = 0; i < each; i++)
            fprintf(out, "%s%d", i ? "," : "", number[k * each + i]);
        fprintf(out, "%s,", each > 1 ? "}" : "");
    }
    fprintf(out, "%s};\n", count ? "\n" : each > 1 ? "{0}" : "0");
}

static void eqml__put_tiles(FILE *out, const eqml_basis *b)
{
    fprintf(out, "static const eqml_rows %s_rows[] = {", b->name);
    for (int k = 0; k < b->nrows; k++) {
        const eqml_rows *r = &b->rows[k];
        fprintf(out, "%s{{%d,%d,%d,%d},%d},", k % 4 ? " " : "\n    ", r->row[0], r->row[1], r->row[2],
                r->row[3], r->ntiles);
    }
    fprintf(out, "%s};\nstatic const eqml_tile %s_tiles[] = {", b->nrows ? "\n" : "{{0,0,0,0},0}", b->name);
    for (int k = 0; k < b->ntiles; k++)
        fprintf(out, "%s{%d,%d},", k % 8 ? " " : "\n    ", b->tiles[k].first, b->tiles[k].columns);
    fprintf(out, "%s};\n", b->ntiles ? "\n" : "{0,0}");
}

/* Straight-line code of at most this many operations, as eqml-gen has it. */
#define EQML__STRAIGHT_LINE 1500

static void eqml__put_load(FILE *out, unsigned char *loaded, int slot)
{
    if (!loaded[slot])
        fprintf(out, "const T x%d = s[%d]; ", slot, slot);
    loaded[slot] = 1;
}

/* The operations of one target on a line; they stand together. */
static void eqml__put_forward(FILE *out, const eqml_basis *b, unsigned char *loaded)
{
    fprintf(out,
            "#define %s_FORWARD(NAME, T) \\\n"
            "    EQML_INLINE void NAME(int groups, T *const *slots, const double *offset) \\\n"
            "    { for (int k = 0; k < groups; k++) { \\\n        T *s = slots[k]; \\\n",
            b->name);
    memset(loaded, 0, (size_t)b->nslots);
    for (int k = 0, end; k < b->noperations; k = end) {
        const int target = b->operations[k][0];
        fprintf(out, "        ");
        for (end = k; end < b->noperations && b->operations[end][0] == target; end++) {
            eqml__put_load(out, loaded, b->operations[end][1]);
            if (b->operations[end][2] != b->factor0)
                eqml__put_load(out, loaded, b->operations[end][2]);
        }
        fprintf(out, "const T x%d =", target);
        if (target >= b->factor0)
            fprintf(out, " EQML_ADD(offset[%d],", target - b->factor0);
        for (int i = k; i < end; i++) {
            fprintf(out, "%s x%d", i > k ? " +" : "", b->operations[i][1]);
            if (b->operations[i][2] != b->factor0)
                fprintf(out, "*x%d", b->operations[i][2]);
        }
        fprintf(out, "%s; s[%d] = x%d; \\\n", target >= b->factor0 ? ")" : "", target, target);
        loaded[target] = 1;
    }
    fprintf(out, "        (void)s, (void)offset; \\\n    } }\n");
}

/* The adjoint of a slot: what the caller stored, for a factor, and a term for each place where it is read. */
static void eqml__put_adjoint(FILE *out, const eqml_basis *b, unsigned char *loaded, int slot)
{
    const char *plus = "";
    fprintf(out, "        ");
    for (int k = 0; k < b->noperations; k++)
        for (int side = 1; side < 3; side++)
            if (b->operations[k][side] == slot && b->operations[k][3 - side] != b->factor0)
                eqml__put_load(out, loaded, b->operations[k][3 - side]);
    fprintf(out, slot < b->npairs ? "a[%d] =" : "const T a%d =", slot);
    if (slot >= b->factor0) {
        fprintf(out, " a[%d]", slot);
        plus = " +";
    }
    for (int k = 0; k < b->noperations; k++)
        for (int side = 1; side < 3; side++) {
            if (b->operations[k][side] != slot)
                continue;
            fprintf(out, "%s a%d", plus, b->operations[k][0]);
            if (b->operations[k][3 - side] != b->factor0)
                fprintf(out, "*x%d", b->operations[k][3 - side]);
            plus = " +";
        }
    if (slot >= b->npairs)
        fprintf(out, "; a[%d] = a%d", slot, slot); /* for the Hessian */
    fprintf(out, "; \\\n");
}

static void eqml__put_reverse(FILE *out, const eqml_basis *b, unsigned char *loaded)
{
    fprintf(out,
            "#define %s_REVERSE(NAME, T) \\\n"
            "    EQML_INLINE void NAME(int groups, T *const *slots, T *const *adjoints, const double "
            "*linear, T *energy) \\\n"
            "    { for (int k = 0; k < groups; k++) { \\\n        const T *s = slots[k]; T *a = adjoints[k]; "
            "\\\n",
            b->name);
    memset(loaded, 0, (size_t)b->nslots);
    for (int end = b->noperations; end > 0;) {
        const int target = b->operations[end - 1][0];
        eqml__put_adjoint(out, b, loaded, target);
        while (end > 0 && b->operations[end - 1][0] == target)
            end--;
    }
    for (int slot = 0; slot < b->npairs; slot++)
        eqml__put_adjoint(out, b, loaded, slot);
    fprintf(out, "        (void)s, (void)a, (void)linear, (void)energy; \\\n    } }\n");
}

static void eqml__put_code(FILE *out, const eqml_basis *b, unsigned char *loaded)
{
    static const char *const types[] = {"double", "eqml_lanes"}, *const suffix[] = {"one", "lanes"};
    const char *n = b->name;
    fprintf(out, "\n/* The operations as code, for each type of number T; s: slots, a: adjoints. */\n");
    eqml__put_forward(out, b, loaded);
    eqml__put_reverse(out, b, loaded);
    for (int t = 0; t < 2; t++) {
        fprintf(out, "%s_FORWARD(%s_forward_%s, %s)\n", n, n, suffix[t], types[t]);
        fprintf(out, "%s_REVERSE(%s_reverse_%s, %s)\n", n, n, suffix[t], types[t]);
    }
    fprintf(out, "#undef %s_FORWARD\n#undef %s_REVERSE\n", n, n);
}

static void eqml__put_basis(FILE *out, const eqml_basis *b, unsigned char *loaded)
{
    const char *n = b->name;
    const bool straight = b->noperations <= EQML__STRAIGHT_LINE;
    fprintf(
        out,
        "/*\n * %s: permutationally invariant polynomials of \"%s\" up to degree %d, chosen by data.\n *\n"
        " * Atoms, in the order of their coordinates: %s\n"
        " * Terms: %d, of these %d factors; operations: %d; pairs in use: %d.\n */\n",
        n, b->composition, b->degree, b->symbols, b->nterms, b->nfactors, b->noperations, b->npairs);
    fprintf(out, "#ifndef EQML_BASIS_%s\n#define EQML_BASIS_%s\n", n, n);
    fprintf(
        out,
        "#ifndef EQML_LAYOUT\n#include \"eqml.h\"\n#endif\n"
        "#if EQML_LAYOUT != %d\n"
        "#error This basis has layout %d and eqml.h another: write the basis again, with the same eqml.h\n"
        "#endif\n\n",
        EQML_LAYOUT, EQML_LAYOUT);
    fprintf(out, "enum { %s_NATOMS = %d, %s_NPAIRS = %d, %s_NTERMS = %d, %s_NSLOTS = %d };\n", n, b->natoms,
            n, b->npairs, n, b->nterms, n, b->nslots);
    eqml__put_table(out, "unsigned short", n, "pairs", b->npairs, 2, b->pairs[0]);
    eqml__put_table(out, "unsigned short", n, "pair_classes", b->npairs, 1, b->pair_classes);
    eqml__put_table(out, "unsigned short", n, "atom_classes", b->natoms, 1, b->atom_classes);
    fprintf(out, "/* slot[target] += slot[left] * slot[right] */\n");
    eqml__put_table(out, "unsigned short", n, "operations", b->noperations, 3, b->operations[0]);
    fprintf(out, "/* products of factor [0] with the [2] factors from [1] on */\n");
    eqml__put_table(out, "unsigned short", n, "runs", b->nruns, 3, b->runs[0]);
    fprintf(out, "/* the same, four rows side by side: rows, columns in use, columns stored */\n");
    eqml__put_tiles(out, b);
    fprintf(out, "/* total degree of each factor */\nstatic const unsigned char %s_degrees[] = {", n);
    for (int k = 0; k < b->nfactors; k++)
        fprintf(out, "%s%d,", k % 16 ? " " : "\n    ", b->degrees[k]);
    fprintf(out, "\n};\n");
    if (b->is_term) {
        fprintf(out,
                "/* 0: a factor that only occurs in products */\nstatic const unsigned char %s_is_term[] = {",
                n);
        for (int k = 0; k < b->nfactors; k++)
            fprintf(out, "%s%d,", k % 16 ? " " : "\n    ", b->is_term[k]);
        fprintf(out, "\n};\n");
    }
    if (straight)
        eqml__put_code(out, b, loaded);
    fprintf(out, "\nstatic const eqml_basis %s_basis = {\n    \"%s\", \"%s\", \"%s\",\n", n, n,
            b->composition, b->symbols);
    fprintf(out, "    %d, %d, %d, %d, /* atoms, pairs, classes of pairs, degree */\n", b->natoms, b->npairs,
            b->npair_classes, b->degree);
    fprintf(out, "    %d, %d, %d, /* terms, factors, factors in products (with the constant) */\n", b->nterms,
            b->nfactors, b->ncore);
    fprintf(out, "    %d, %d, %d, %d, %d, %d, /* slots, first factor, operations, runs, rows, tiles */\n",
            b->nslots, b->factor0, b->noperations, b->nruns, b->nrows, b->ntiles);
    fprintf(out,
            "    %s_pairs, %s_pair_classes, %s_atom_classes, %s_operations, %s_runs, %s_rows, %s_tiles,\n", n,
            n, n, n, n, n, n);
    fprintf(out, "    %s_degrees,\n    ", n);
    if (straight)
        fprintf(out, "%s_forward_one, %s_reverse_one, %s_forward_lanes, %s_reverse_lanes", n, n, n, n);
    else
        fprintf(out, "0, 0, 0, 0");
    if (b->is_term)
        fprintf(out, ", {0, 0, 0}, %s_is_term, 0, 0", n);
    else
        fprintf(out, ", {0, 0, 0}, 0, 0, 0");
    fprintf(out, ", %d, 0, 0, 0};\n", b->nvalues);
    fprintf(out, "\nEQML_BASIS_FUNCTIONS(%s)\n#endif\n", n);
}

EQML_API eqml_status eqml_basis_write(const eqml_basis *basis, const char *path, eqml_message *message)
{
    unsigned char *loaded = (unsigned char *)eqml__zeroed((size_t)basis->nslots, 1);
    eqml__output out;
    eqml_status status = loaded ? eqml__open_output(&out, path, message) : eqml__no_memory(path, message);
    if (!status) {
        eqml__put_basis(out.file, basis, loaded);
        status = eqml__close_output(&out, EQML_OK, message);
    }
    EQML_FREE(loaded);
    return status;
}

#endif /* EQML__BASIS_FILE_C */
