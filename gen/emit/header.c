#include "emit/header.h"
#include "emit/banner.h"
#include "emit/code.h"
#include "emit/line.h"
#include "emit/tables.h"
#include "emit/tensor.h"
#include "runtime/layout.h"
#include <assert.h>

static_assert((int)DESCRIBED_TENSORS == EQML_TENSORS, "each tensor of the runtime has its place");

static void emit_pairs(FILE *out, const description *d)
{
    const atoms_description *a = &d->atoms;
    line l = {out, 0, "    ", ""};
    char item[64];
    open_table(out, "unsigned short", d->name, "pairs", "[][2]");
    for (size_t p = 0; p < d->program->ninputs; p++) {
        snprintf(item, sizeof item, "{%d, %d}, ", a->pair[p][0], a->pair[p][1]);
        put_item(&l, item);
    }
    if (!d->program->ninputs) /* the constant alone */
        put_item(&l, "{0, 0}");
    end_line(&l);
    fputs("};\n", out);
    open_table(out, "unsigned short", d->name, "pair_classes", "[]");
    for (size_t p = 0; p < d->program->ninputs; p++) {
        snprintf(item, sizeof item, "%d, ", a->pair_class[p]);
        put_item(&l, item);
    }
    if (!d->program->ninputs)
        put_item(&l, "0");
    end_line(&l);
    fputs("};\n", out);
    open_table(out, "unsigned short", d->name, "atom_classes", "[]");
    for (int i = 0; i < a->natoms; i++) {
        snprintf(item, sizeof item, "%d, ", a->atom_class[i]);
        put_item(&l, item);
    }
    end_line(&l);
    fputs("};\n", out);
}

static void emit_record(FILE *out, const description *d)
{
    const atoms_description *a = &d->atoms;
    const program *p = d->program;
    const char *n = d->name;
    fprintf(out, "\nstatic const eqml_basis %s_basis = {\n    \"%s\", \"%s\", \"", n, n, a->composition);
    for (int i = 0; i < a->natoms; i++)
        fprintf(out, "%s%s", i ? " " : "", a->symbol[i]);
    fprintf(out, "\",\n    %d, %zu, %d, %d, /* atoms, pairs, classes of pairs, degree */\n", a->natoms,
            p->ninputs, a->npair_classes, d->degree);
    fprintf(out, "    %zu, %zu, %zu, /* terms, factors, factors in products (with the constant) */\n",
            p->nterms, p->nfactors, p->ncore);
    fprintf(out,
            "    %zu, %zu, %zu, %zu, %zu, %zu, /* slots, first factor, operations, runs, rows, tiles */\n",
            p->nslots, p->factor0, p->operations.count, p->nruns, p->tiles.nrows, p->tiles.ntiles);
    fprintf(out,
            "    %s_pairs, %s_pair_classes, %s_atom_classes, %s_operations, %s_runs, %s_rows, %s_tiles,\n"
            "    %s_degrees,\n",
            n, n, n, n, n, n, n, n);
    if (straight_line_orbits(p))
        fprintf(out, "    %s_forward_one, 0, 0, 0,\n", n);
    else if (straight_line(p))
        fprintf(out, "    %s_forward_one, %s_reverse_one, %s_forward_lanes, %s_reverse_lanes,\n", n, n, n, n);
    else
        fprintf(out, "    0, 0, 0, 0,\n");
    fprintf(out, "    {");
    for (int k = 0; k < DESCRIBED_TENSORS; k++) {
        fprintf(out, "%s", k ? ", " : "");
        if (d->tensor[k].program)
            fprintf(out, "&%s_%s_basis", n, d->tensor[k].name);
        else
            fprintf(out, "0");
    }
    fprintf(out, "}, %s%s, ", p->nwanted < p->nfactors ? n : "0", p->nwanted < p->nfactors ? "_is_term" : "");
    if (straight_line(p))
        fprintf(out, "%s_forward_floats, %s_reverse_floats,\n    ", n, n);
    else
        fprintf(out, "0, 0,\n    ");
    fprintf(out, "%zu, ", p->nvalues);
    bool linear = straight_line(p) && p->nvalues < p->nfactors;
    fprintf(out, linear ? "%s_linear_one, %s_linear_lanes, %s_linear_floats};\n" : "0, 0, 0};\n", n, n, n);
}

void emit_header(FILE *out, const description *d)
{
    const program *p = d->program;
    bool tensors = false;
    emit_banner(out, d, EQML_LAYOUT);
    emit_guard(out, d->name, EQML_LAYOUT);
    fprintf(out, "enum { %s_NATOMS = %d, %s_NPAIRS = %zu, %s_NTERMS = %zu, %s_NSLOTS = %zu };\n", d->name,
            d->atoms.natoms, d->name, p->ninputs, d->name, p->nterms, d->name, p->nslots);
    emit_pairs(out, d);
    emit_program_tables(out, d->name, p);
    for (int k = 0; k < DESCRIBED_TENSORS; k++)
        tensors = tensors || d->tensor[k].program;
    if (straight_line(p))
        emit_code(out, d->name, p, tensors);
    if (straight_line_orbits(p))
        emit_orbit_code(out, d->name, p);
    for (int k = 0; k < DESCRIBED_TENSORS; k++)
        if (d->tensor[k].program)
            emit_tensor(out, d->name, p, &d->tensor[k]);
    emit_record(out, d);
    fprintf(out, "\nEQML_BASIS_FUNCTIONS(%s)\n", d->name);
    for (int k = 0; k < DESCRIBED_TENSORS; k++)
        if (d->tensor[k].program)
            emit_tensor_functions(out, d->name, &d->tensor[k]);
    if (d->tensor[EQML_DIPOLE].program)
        fprintf(out, "EQML_MODEL_ENERGY_DIPOLE_FUNCTION(%s)\n", d->name);
    fprintf(out, "#endif\n");
}
