#include "algebra/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/*
 * Colour refinement and individualisation (McKay, Congressus Numerantium 30, 45 (1981)). Partitions of the
 * vertices into ordered cells form a tree. Each of its leaves numbers the vertices; the form is the smallest
 * labelled graph among the leaves. Two kinds of symmetry are cut off, so that stars and the like do not cost
 * a factorial:
 *
 *   - Vertices of a cell with equal rows (twins) are interchangeable.
 *   - Of the vertices of a cell whose first leaves are the same labelled graph only one is followed: an
 *     automorphism that fixes all choices above takes one to the other.
 */

typedef unsigned short word;

static word *order_at(const graph *g, int level)
{
    return g->partition + 2 * (size_t)level * (size_t)g->n;
}

static word *cells_at(const graph *g, int level)
{
    return order_at(g, level) + g->n;
}

static void copy_level(graph *g, int from, int to)
{
    memcpy(order_at(g, to), order_at(g, from), 2 * (size_t)g->n * sizeof(word));
}

/* First position behind the cell that starts at `start`. */
static int cell_end(const graph *g, const word *order, const word *cell, int start)
{
    int end = start + 1;

    while (end < g->n && cell[order[end]] == start)
        end++;
    return end;
}

static uint64_t mix(uint64_t cell, uint64_t weight)
{
    uint64_t x = (cell << 16 | weight) * 0x9E3779B97F4A7C15u;

    x = (x ^ x >> 29) * 0xBF58476D1CE4E5B9u;
    return x ^ x >> 32;
}

/*
 * Sorts the vertices of a cell by hash; a new cell begins at each change. Returns whether the cell was split.
 */
static int split(graph *g, word *order, word *cell, int start, int end)
{
    int parts = 1;

    for (int i = start + 1; i < end; i++) {
        word v = order[i];
        int j = i;

        for (; j > start && g->hash[order[j - 1]] > g->hash[v]; j--)
            order[j] = order[j - 1];
        order[j] = v;
    }
    for (int i = start + 1, from = start; i < end; i++) {
        if (g->hash[order[i]] != g->hash[order[i - 1]]) {
            from = i;
            parts++;
        }
        if (from > start)
            cell[order[i]] = (word)from;
    }
    return parts > 1;
}

/*
 * Splits cells by the weights and cells of the neighbours until nothing changes. The hash is a sum over
 * neighbours and free of vertex numbers, so the result is the same for isomorphic graphs, even where hashes
 * collide.
 */
static void refine(graph *g, int level)
{
    word *order = order_at(g, level), *cell = cells_at(g, level);

    for (int changed = 1; changed;) {
        changed = 0;
        for (int start = 0, end; start < g->n; start = end) {
            end = cell_end(g, order, cell, start);
            for (int i = start; i < end && end > start + 1; i++) {
                int v = order[i];
                const word *near = g->near + v * g->n, *weight = g->weight + v * g->n;

                g->hash[v] = 0;
                for (int k = 0; k < g->valency[v]; k++)
                    g->hash[v] += mix(cell[near[k]], weight[near[k]]);
            }
        }
        for (int start = 0, end; start < g->n; start = end) {
            end = cell_end(g, order, cell, start);
            if (end > start + 1)
                changed |= split(g, order, cell, start, end);
        }
    }
}

/* Whether the exchange of two vertices of one cell leaves the graph unchanged. */
static int twins(const graph *g, int u, int v)
{
    const word *x = g->weight + u * g->n, *y = g->weight + v * g->n;

    for (int i = 0; i < g->n; i++) {
        if (x[i] != y[i] && i != u && i != v)
            return 0;
    }
    return 1;
}

/* The first cell whose order matters: vertices that are not all twins. Returns its start, or n. */
static int open_cell(const graph *g, int level, int *end)
{
    const word *order = order_at(g, level), *cell = cells_at(g, level);

    for (int start = 0; start < g->n; start = *end) {
        *end = cell_end(g, order, cell, start);
        for (int i = start + 1; i < *end; i++) {
            if (!twins(g, order[start], order[i]))
                return start;
        }
    }
    return g->n;
}

/*
 * Splits the cell [start, end): the vertex at position i is a cell of its own before the others. Then
 * refines.
 */
static void individualise(graph *g, int level, int start, int end, int i)
{
    word *order = order_at(g, level), *cell = cells_at(g, level), v = order[i];

    order[i] = order[start];
    order[start] = v;
    for (int j = start + 1; j < end; j++)
        cell[order[j]] = (word)(start + 1);
    refine(g, level);
}

/* The graph with its vertices numbered by their order. */
static void write_form(const graph *g, int level, word *out)
{
    const word *order = order_at(g, level);

    *out++ = (word)g->n;
    *out++ = (word)g->nedges;
    for (int i = 0; i < g->n; i++)
        *out++ = g->colour[order[i]];
    for (int i = 0; i < g->n; i++) {
        for (int j = i + 1; j < g->n; j++) {
            word weight = g->weight[order[i] * g->n + order[j]];
            if (weight) {
                *out++ = (word)i;
                *out++ = (word)j;
                *out++ = weight;
            }
        }
    }
}

static int compare_words(const word *x, const word *y, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    }
    return 0;
}

/*
 * Writes the first leaf below `level` behind the trails; spoils the partition one level deeper. Returns
 * whether it differs from all trails since `base`, and is then kept as a trail.
 */
static int new_trail(graph *g, int level, size_t base)
{
    size_t length = g->length;
    int start, end;

    copy_level(g, level, level + 1);
    while ((start = open_cell(g, level + 1, &end)) < g->n)
        individualise(g, level + 1, start, end, start);
    if ((g->ntrails + 1) * length > g->trailroom) {
        g->trailroom = 2 * (g->ntrails + 1) * length;
        g->trail = xrealloc(g->trail, g->trailroom, sizeof *g->trail);
    }
    word *leaf = g->trail + g->ntrails * length;
    write_form(g, level + 1, leaf);
    for (size_t t = base; t < g->ntrails; t++) {
        if (!compare_words(g->trail + t * length, leaf, length))
            return 0;
    }
    g->ntrails++;
    return 1;
}

/* Finds the smallest form among the leaves below `level`. */
static void search(graph *g, int level)
{
    size_t base = g->ntrails;
    int end, start = open_cell(g, level, &end);
    const word *order = order_at(g, level);

    if (start == g->n) {
        write_form(g, level, g->form);
        if (!g->found || compare_words(g->form, g->best, g->length) < 0)
            memcpy(g->best, g->form, g->length * sizeof *g->best);
        g->found = 1;
        return;
    }
    for (int i = start; i < end; i++) {
        int twin = 0;

        for (int j = start; j < i && !twin; j++)
            twin = twins(g, order[j], order[i]);
        if (twin)
            continue;
        copy_level(g, level, level + 1);
        individualise(g, level + 1, start, end, i);
        if (new_trail(g, level + 1, base))
            search(g, level + 1);
    }
    g->ntrails = base;
}

size_t graph_form(graph *g, const unsigned short **form)
{
    word *order = order_at(g, 0), *cell = cells_at(g, 0);

    for (int i = 0; i < g->n; i++) {
        int j = i;

        for (; j > 0 && g->colour[order[j - 1]] > g->colour[i]; j--)
            order[j] = order[j - 1];
        order[j] = (word)i;
    }
    for (int i = 0, start = 0; i < g->n; i++) {
        if (g->colour[order[i]] != g->colour[order[start]])
            start = i;
        cell[order[i]] = (word)start;
    }

    g->length = 2 + (size_t)g->n + 3 * (size_t)g->nedges;
    if (g->length > g->room) {
        g->room = 2 * g->length;
        g->form = xrealloc(g->form, g->room, sizeof *g->form);
        g->best = xrealloc(g->best, g->room, sizeof *g->best);
    }
    g->found = 0;
    refine(g, 0);
    search(g, 0);
    *form = g->best;
    return g->length;
}

void graph_create(int max_vertices, graph *g)
{
    size_t n = (size_t)max_vertices;

    memset(g, 0, sizeof *g);
    g->colour = xmalloc(n, sizeof *g->colour);
    g->weight = xmalloc(n * n, sizeof *g->weight);
    g->near = xmalloc(n * n, sizeof *g->near);
    g->valency = xmalloc(n, sizeof *g->valency);
    g->partition = xmalloc((n + 2) * 2 * n, sizeof *g->partition);
    g->hash = xmalloc(n, sizeof *g->hash);
}

void graph_begin(graph *g, int n)
{
    g->n = n;
    g->nedges = 0;
    memset(g->valency, 0, (size_t)n * sizeof *g->valency);
    memset(g->weight, 0, (size_t)n * (size_t)n * sizeof *g->weight);
}

void graph_join(graph *g, int u, int v, unsigned short weight)
{
    g->nedges++;
    g->weight[u * g->n + v] = g->weight[v * g->n + u] = weight;
    g->near[u * g->n + g->valency[u]++] = (word)v;
    g->near[v * g->n + g->valency[v]++] = (word)u;
}

void graph_free(graph *g)
{
    free(g->colour);
    free(g->weight);
    free(g->near);
    free(g->valency);
    free(g->partition);
    free(g->hash);
    free(g->form);
    free(g->best);
    free(g->trail);
    memset(g, 0, sizeof *g);
}
