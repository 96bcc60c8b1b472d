#include "emit/dump.h"
#include "base/memory.h"
#include <stdbool.h>
#include <stdlib.h>

typedef struct dumper {
    FILE *out;
    const program *p;
    const tensor_description *tensor; /* whose slots lie behind those of the program; NULL: none */
} dumper;

/* A slot by its name: y of inputs, s of intermediate values, f of factors. */
static void put_slot(const dumper *d, unsigned slot)
{
    const program *p = d->p;
    if (slot < p->ninputs)
        fprintf(d->out, "y%u", slot);
    else if (slot >= p->factor0 && slot < p->factor0 + p->nfactors)
        fprintf(d->out, "f%zu", slot - p->factor0);
    else
        fprintf(d->out, "s%u", slot);
}

/* What an operation adds: " 0.5 * y0 * y1". */
static void put_product(const dumper *d, const operation_list *l, size_t k)
{
    const operation *o = &l->item[k];
    const double coefficient = operations_coefficient(l, k);
    if (coefficient != 1)
        fprintf(d->out, "%.17g * ", coefficient);
    put_slot(d, o->left);
    if (o->right == d->p->factor0)
        return;
    fputs(" * ", d->out);
    put_slot(d, o->right);
}

static void put_operation(const dumper *d, const operation_list *l, size_t k)
{
    put_slot(d, l->item[k].target);
    fputs(" += ", d->out);
    put_product(d, l, k);
    fputs("\n", d->out);
}

/* "f2..f4", or "f2" alone. */
static void put_range(const dumper *d, char letter, size_t first, size_t count)
{
    fprintf(d->out, "%c%zu", letter, first);
    if (count > 1)
        fprintf(d->out, "..%c%zu", letter, first + count - 1);
}

/* ---- text --------------------------------------------------------------------------------------------- */

static bool is_factor(const program *p, size_t operation)
{
    return p->operations.item[operation].target >= p->factor0;
}

/* Prints the operations from k on, as long as all their targets are factors, or none is; returns where they end. */
static size_t put_section(const dumper *d, size_t k, bool first_factors)
{
    const program *p = d->p;
    const operation_list *l = &p->operations;
    const bool factors = is_factor(p, k);
    size_t end = k;
    while (end < l->count && is_factor(p, end) == factors)
        end++;
    fprintf(d->out, "%s %zu\n", factors ? "factors" : "intermediate", end - k + (factors && first_factors));
    if (factors && first_factors)
        fprintf(d->out, "f0 = 1\n");
    for (; k < end; k++) {
        if (k == p->contractions && p->products > k)
            fprintf(d->out, "# contractions by rows\n");
        if (k == p->products && p->linear > k)
            fprintf(d->out, "# products of factors\n");
        if (k == p->linear)
            fprintf(d->out, "# contractions by rows that need no value\n");
        put_operation(d, l, k);
    }
    return end;
}

static void put_operations(const dumper *d)
{
    const size_t count = d->p->operations.count;
    bool first = true;
    for (size_t k = 0; k < count;) {
        const bool factors = is_factor(d->p, k);
        k = put_section(d, k, first);
        first = first && !factors;
    }
    if (first)
        fprintf(d->out, "factors 1\nf0 = 1\n");
}

/* Prints products of the rows letter0, letter1, ... with factors, numbered as terms from `term` on. */
static void put_runs(const dumper *d, char letter, size_t nruns, const product_run *run, size_t term)
{
    fprintf(d->out, "products %zu\n", nruns);
    for (size_t k = 0; k < nruns; k++) {
        put_range(d, 't', term, run[k].count);
        fprintf(d->out, " = %c%u * ", letter, run[k].left);
        put_range(d, 'f', run[k].first, run[k].count);
        fprintf(d->out, "\n");
        term += run[k].count;
    }
}

static void put_tensor(const dumper *d)
{
    const tensor_program *q = d->tensor->program;
    fprintf(d->out, "tensor %s %zu\n", d->tensor->name, q->operations.count + q->nelements + q->nproducts);
    for (size_t k = 0; k < q->operations.count; k++)
        put_operation(d, &q->operations, k);
    for (size_t k = 0; k < q->nelements; k++) {
        const unsigned *e = q->element[k];
        fprintf(d->out, "D%u += ", e[0]);
        put_slot(d, e[1]);
        fprintf(d->out, " * B%u\n", e[2]);
    }
    for (size_t k = 0; k < q->nproducts; k++)
        fprintf(d->out, "D%u = f%u * D%u\n", q->product[k][0], q->product[k][1], q->product[k][2]);
    put_runs(d, 'D', q->nruns, q->run, 0);
}

void dump_program(FILE *out, const description *s)
{
    const program *p = s->program;
    dumper d = {out, p, NULL};
    size_t term = 0;
    fprintf(out, "# %s: %s\n# %zu slots, %zu operations, %zu factors, %zu terms\n", s->name, s->subject,
            p->nslots, p->operations.count, p->nfactors, p->nterms);
    fprintf(out, "# inputs: %s\ninputs %zu\n", s->inputs, p->ninputs);
    for (size_t k = 0; k < p->ninputs; k++)
        fprintf(out, "y%zu\n", k);
    put_operations(&d);
    fprintf(out, "outputs %zu\n", p->nwanted);
    for (size_t k = 0; k < p->nfactors; k++)
        if (p->factor[k].is_term)
            fprintf(out, "t%zu = f%zu\n", term++, k);
    put_runs(&d, 'f', p->nruns, p->run, term);
    for (int k = 0; k < DESCRIBED_TENSORS; k++) {
        d.tensor = &s->tensor[k];
        if (d.tensor->program)
            put_tensor(&d);
    }
}

/* ---- graph -------------------------------------------------------------------------------------------- */

/* Nodes of a tensor have its name in front: each has slots of its own behind those of the program. */
static void put_node(const dumper *d, unsigned slot)
{
    if (d->tensor && slot >= d->p->nslots)
        fprintf(d->out, "%s_", d->tensor->name);
    put_slot(d, slot);
}

static void put_arrow(const dumper *d, unsigned from, unsigned to)
{
    fputs("    ", d->out);
    put_node(d, from);
    fputs(" -> ", d->out);
    put_node(d, to);
    fputs(";\n", d->out);
}

/* A node for each target, with what is added to it, and an arrow from each of its operands. */
static void put_graph(const dumper *d, const operation_list *l)
{
    const size_t nslots = d->tensor ? d->tensor->program->nslots : d->p->nslots;
    unsigned *drawn = xcalloc(nslots, sizeof *drawn); /* 1 + the last target with an arrow from the slot */
    for (size_t k = 0, next; k < l->count; k = next) {
        const unsigned target = l->item[k].target;
        next = next_target(l, k);
        fputs("    ", d->out);
        put_node(d, target);
        fprintf(d->out, " [%slabel=\"",
                target >= d->p->factor0 && target < d->p->nslots ? "style=bold, " : "");
        put_slot(d, target);
        for (size_t i = k; i < next; i++) {
            fputs(i == k ? "\\n" : "\\n+ ", d->out);
            put_product(d, l, i);
        }
        fputs("\"];\n", d->out);
        drawn[d->p->factor0] = target + 1; /* the constant is no operand */
        for (size_t i = k; i < next; i++) {
            const unsigned operand[] = {l->item[i].left, l->item[i].right};
            for (int side = 0; side < 2; side++)
                if (drawn[operand[side]] != target + 1) {
                    put_arrow(d, operand[side], target);
                    drawn[operand[side]] = target + 1;
                }
        }
    }
    free(drawn);
}

static void put_tensor_graph(const dumper *d)
{
    const tensor_program *q = d->tensor->program;
    const char *name = d->tensor->name;
    fprintf(d->out, "    %s [shape=doublecircle];\n", name);
    put_graph(d, &q->operations);
    for (size_t k = 0; k < q->nelements; k++) {
        fputs("    ", d->out);
        put_node(d, q->element[k][1]);
        fprintf(d->out, " -> %s_D%u [label=\"B%u\"];\n", name, q->element[k][0], q->element[k][2]);
    }
    for (size_t k = 0; k < q->nproducts; k++)
        fprintf(d->out, "    %s_D%u -> %s_D%u;\n    f%u -> %s_D%u;\n", name, q->product[k][2], name,
                q->product[k][0], q->product[k][1], name, q->product[k][0]);
    for (size_t k = 0; k < q->nruns; k++) {
        const product_run *r = &q->run[k];
        if (k == 0 || r[-1].left != r->left)
            fprintf(d->out, "    %s_D%u -> %s;\n", name, r->left, name);
        for (unsigned i = 0; i < r->count; i++)
            fprintf(d->out, "    %s_D%u -> f%u [dir=none, style=dashed];\n", name, r->left, r->first + i);
    }
}

void dump_dot(FILE *out, const description *s)
{
    const program *p = s->program;
    dumper d = {out, p, NULL};
    fprintf(out, "digraph %s {\n    rankdir=LR;\n    V [shape=doublecircle];\n", s->name);
    for (size_t k = 0; k < p->ninputs; k++)
        fprintf(out, "    y%zu [shape=box];\n", k);
    fprintf(out, "    f0 [style=bold, label=\"f0\\n1\"];\n");
    put_graph(&d, &p->operations);
    for (size_t k = 0; k < p->nfactors; k++)
        if (p->factor[k].is_term)
            fprintf(out, "    f%zu -> V;\n", k);
    for (size_t k = 0; k < p->nruns; k++)
        for (unsigned i = 0; i < p->run[k].count; i++)
            fprintf(out, "    f%u -> f%u [dir=none, style=dashed];\n", p->run[k].left, p->run[k].first + i);
    for (int k = 0; k < DESCRIBED_TENSORS; k++) {
        d.tensor = &s->tensor[k];
        if (d.tensor->program)
            put_tensor_graph(&d);
    }
    fprintf(out, "}\n");
}
