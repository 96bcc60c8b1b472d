#include "emit/tables.h"
#include "emit/line.h"
#include <assert.h>

void open_table(FILE *out, const char *type, const char *name, const char *table, const char *shape)
{
    fprintf(out, "static const %s %s_%s%s = {\n", type, name, table, shape);
}

void emit_tiles(FILE *out, const char *name, const tile_list *tiles)
{
    line l = {out, 0, "    ", ""};
    char item[128];
    open_table(out, "eqml_rows", name, "rows", "[]");
    for (size_t k = 0; k < tiles->nrows; k++) {
        const tile_rows *r = &tiles->rows[k];
        snprintf(item, sizeof item, "{{%u,%u,%u,%u},%zu}, ", r->row[0], r->row[1], r->row[2], r->row[3],
                 r->ntiles);
        put_item(&l, item);
    }
    if (!tiles->nrows)
        put_item(&l, "{{0,0,0,0},0}");
    end_line(&l);
    fprintf(out, "};\n");
    open_table(out, "eqml_tile", name, "tiles", "[]");
    for (size_t k = 0; k < tiles->ntiles; k++) {
        snprintf(item, sizeof item, "{%u,%u}, ", tiles->tile[k].first, tiles->tile[k].columns);
        put_item(&l, item);
    }
    if (!tiles->ntiles)
        put_item(&l, "{0,0}");
    end_line(&l);
    fprintf(out, "};\n");
}

static void emit_is_term(FILE *out, const char *name, const program *p)
{
    line l = {out, 0, "    ", ""};
    fprintf(out, "/* which factors are terms; the others only occur in products */\n");
    open_table(out, "unsigned char", name, "is_term", "[]");
    for (size_t k = 0; k < p->nfactors; k++)
        put_item(&l, p->factor[k].is_term ? "1, " : "0, ");
    end_line(&l);
    fprintf(out, "};\n");
}

void emit_program_tables(FILE *out, const char *name, const program *p)
{
    line l = {out, 0, "    ", ""};
    char item[128];
    assert(!p->operations.coefficient);
    fprintf(out, "/* slot[target] += slot[left] * slot[right] */\n");
    open_table(out, "unsigned short", name, "operations", "[][3]");
    for (size_t k = 0; k < p->operations.count; k++) {
        snprintf(item, sizeof item, "{%u,%u,%u},", p->operations.item[k].target, p->operations.item[k].left,
                 p->operations.item[k].right);
        put_item(&l, item);
    }
    if (!p->operations.count)
        put_item(&l, "{0,0,0}");
    end_line(&l);
    fprintf(out, "};\n/* products of factor [0] with the [2] factors from [1] on */\n");
    open_table(out, "unsigned short", name, "runs", "[][3]");
    for (size_t k = 0; k < p->nruns; k++) {
        snprintf(item, sizeof item, "{%u,%u,%u}, ", p->run[k].left, p->run[k].first, p->run[k].count);
        put_item(&l, item);
    }
    if (!p->nruns)
        put_item(&l, "{0,0,0}");
    end_line(&l);
    fprintf(out,
            "};\n/* the same, four rows side by side and their tiles: first column, columns in use */\n");
    emit_tiles(out, name, &p->tiles);
    fprintf(out, "/* total degree of each factor */\n");
    open_table(out, "unsigned char", name, "degrees", "[]");
    for (size_t k = 0; k < p->nfactors; k++) {
        snprintf(item, sizeof item, "%d, ", p->factor[k].degree);
        put_item(&l, item);
    }
    end_line(&l);
    fprintf(out, "};\n");
    if (p->nwanted < p->nfactors)
        emit_is_term(out, name, p);
}
