#include "molecule/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "algebra/graph.h"
#include "base/memory.h"

/*
 * The graph of a monomial: a vertex for each touched atom, coloured by its class; an edge for each distinct
 * pair, weighted by its exponent. If the group exchanges composite fragments, also a vertex for each touched
 * fragment, coloured by its power node, with an edge of weight MEMBER to each of its touched parts. An
 * isomorphism of two such graphs takes touched copies to touched copies of the same power, so it extends to
 * an element of the group; and each element of the group induces an isomorphism. The key is the sorted list
 * of the forms of the connected components.
 */

#define MEMBER 0xFFFF
#define UNTOUCHED (-1)

struct canonical {
    const composition *c;
    int nfragments;
    int *parent; /* [natoms + nfragments]: the point of the innermost fragment around a point, or -1 */
    int *colour; /* [natoms + nfragments]: class of an atom; for fragments, numbers behind the classes */
    int *vertex; /* [natoms + nfragments]: UNTOUCHED, or the vertex of a point: an atom, or natoms + fragment
                  */
    int nvertices, nedges;
    int *point;                 /* [nvertices] */
    int *component;             /* [nvertices]: a vertex joined to it, its own root at last */
    int *local;                 /* [nvertices]: number in its component */
    int (*edge)[3];             /* [nedges]: vertex, vertex, weight */
    graph graph;                /* one component at a time */
    unsigned short *form, *key; /* forms of the components as they come, and in order */
    size_t *start;              /* [components + 1]: of the forms */
    int *rank;                  /* [components]: the forms in order */
    keyset orbit;               /* for a group without a tree */
};

/* Notes the fragments of a node whose atoms are shifted by `shift`. Returns the first colour not used in it.
 */
static int place(canonical *k, const group_node *node, int shift, int around, int colour)
{
    int size = node->natoms / node->copies, last = colour;

    if (node->kind == GROUP_ATOM)
        k->parent[node->first_atom + shift] = around;
    for (int i = 0; node->kind == GROUP_PRODUCT && i < node->nchildren; i++)
        last = place(k, &node->children[i], shift, around, last);
    for (int copy = 0; node->kind == GROUP_POWER && copy < node->copies; copy++) {
        int inner = around;

        if (node->children->kind != GROUP_ATOM) {
            inner = k->c->natoms + k->nfragments++;
            k->parent[inner] = around;
            k->colour[inner] = colour;
        }
        last = place(k, node->children, shift + copy * size, inner, colour + 1);
    }
    return last;
}

canonical *canonical_create(const composition *c, int max_degree)
{
    canonical *k = xcalloc(1, sizeof *k);
    size_t n = (size_t)c->natoms, degree = (size_t)max_degree;

    /* A fragment holds two atoms or more, and the fragments in a power are at least two: fewer than n in all.
     */
    k->c = c;
    k->parent = xmalloc(2 * n, sizeof *k->parent);
    k->colour = xmalloc(2 * n, sizeof *k->colour);
    k->vertex = xmalloc(2 * n, sizeof *k->vertex);
    for (size_t i = 0; i < 2 * n; i++)
        k->vertex[i] = UNTOUCHED;
    for (int i = 0; i < c->natoms; i++)
        k->colour[i] = c->class_of[i];
    if (c->tree)
        place(k, c->tree, 0, -1, c->nclasses);

    size_t vertices = (n < 2 * degree ? n : 2 * degree) + (size_t)k->nfragments, edges = degree + vertices;
    k->point = xmalloc(vertices, sizeof *k->point);
    k->component = xmalloc(vertices, sizeof *k->component);
    k->local = xmalloc(vertices, sizeof *k->local);
    k->edge = xmalloc(edges, sizeof *k->edge);
    k->form = xmalloc(3 * vertices + 3 * edges, sizeof *k->form);
    k->key = xmalloc(3 * vertices + 3 * edges, sizeof *k->key);
    k->start = xmalloc(vertices + 1, sizeof *k->start);
    k->rank = xmalloc(vertices, sizeof *k->rank);
    graph_create((int)vertices, &k->graph);
    return k;
}

void canonical_free(canonical *k)
{
    free(k->parent);
    free(k->colour);
    free(k->vertex);
    free(k->point);
    free(k->component);
    free(k->local);
    free(k->edge);
    free(k->form);
    free(k->key);
    free(k->start);
    free(k->rank);
    graph_free(&k->graph);
    keyset_free(&k->orbit);
    free(k);
}

static int root(canonical *k, int v)
{
    while (k->component[v] != v)
        v = k->component[v] = k->component[k->component[v]];
    return v;
}

static void join(canonical *k, int u, int v, int weight)
{
    int *edge = k->edge[k->nedges++];

    edge[0] = u;
    edge[1] = v;
    edge[2] = weight;
    k->component[root(k, u)] = root(k, v);
}

/* The vertex of a point. If it is new, it is made, together with those of the fragments around it. */
static int touch(canonical *k, int point)
{
    if (k->vertex[point] == UNTOUCHED) {
        int v = k->nvertices++;

        k->vertex[point] = k->component[v] = v;
        k->point[v] = point;
        if (k->parent[point] >= 0)
            join(k, v, touch(k, k->parent[point]), MEMBER);
    }
    return k->vertex[point];
}

static void build(canonical *k, const unsigned short *monomial, int degree)
{
    k->nvertices = k->nedges = 0;
    for (int i = 0, end; i < degree; i = end) {
        const int *pair = k->c->pair[monomial[i]];

        for (end = i + 1; end < degree && monomial[end] == monomial[i];)
            end++;
        int u = touch(k, pair[0]), v = touch(k, pair[1]);
        join(k, u, v, end - i);
    }
    for (int v = 0; v < k->nvertices; v++)
        k->vertex[k->point[v]] = UNTOUCHED;
}

/* Appends the form of the component with this root at `out`, returns its length. */
static size_t component_form(canonical *k, int of_root, unsigned short *out)
{
    const unsigned short *form;
    int n = 0;

    for (int v = 0; v < k->nvertices; v++) {
        if (root(k, v) == of_root)
            k->local[v] = n++;
    }
    graph_begin(&k->graph, n);
    for (int v = 0; v < k->nvertices; v++) {
        if (root(k, v) == of_root)
            k->graph.colour[k->local[v]] = (unsigned short)k->colour[k->point[v]];
    }
    for (int e = 0; e < k->nedges; e++) {
        const int *edge = k->edge[e];
        if (root(k, edge[0]) == of_root)
            graph_join(&k->graph, k->local[edge[0]], k->local[edge[1]], (unsigned short)edge[2]);
    }
    size_t length = graph_form(&k->graph, &form);
    memcpy(out, form, length * sizeof *out);
    return length;
}

/* Compares two forms. They begin with their numbers of vertices and edges, so neither is the beginning of
 * another. */
static int compare(const unsigned short *x, const unsigned short *y, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    }
    return 0;
}

static int form_compare(const canonical *k, int a, int b)
{
    size_t start_a = k->start[a], start_b = k->start[b], length_a = k->start[a + 1] - start_a;

    return compare(k->form + start_a, k->form + start_b, length_a);
}

/* The smallest member of the orbit: the key where the group is known by its generators only. */
static size_t smallest_member(canonical *k, const unsigned short *monomial, int degree,
                              const unsigned short **key)
{
    size_t length;

    keyset_clear(&k->orbit);
    canonical_closure(k->c, monomial, degree, (size_t)-1, &k->orbit);
    *key = keyset_key(&k->orbit, 0, &length);
    for (size_t i = 1; i < k->orbit.count; i++) {
        const unsigned short *member = keyset_key(&k->orbit, i, &length);
        if (compare(member, *key, length) < 0)
            *key = member;
    }
    return length;
}

size_t canonical_key(canonical *k, const unsigned short *monomial, int degree, const unsigned short **key)
{
    int n = 0; /* components */
    size_t length = 0;

    if (!k->c->tree)
        return smallest_member(k, monomial, degree, key);
    build(k, monomial, degree);
    k->start[0] = 0;
    for (int v = 0; v < k->nvertices; v++) {
        if (root(k, v) != v)
            continue;
        k->start[n + 1] = k->start[n] + component_form(k, v, k->form + k->start[n]);
        int i = n++;
        for (; i > 0 && form_compare(k, k->rank[i - 1], n - 1) > 0; i--)
            k->rank[i] = k->rank[i - 1];
        k->rank[i] = n - 1;
    }
    for (int i = 0; i < n; i++) {
        size_t start = k->start[k->rank[i]], part = k->start[k->rank[i] + 1] - start;
        memcpy(k->key + length, k->form + start, part * sizeof *k->key);
        length += part;
    }
    *key = k->key;
    return length;
}

void canonical_image(const composition *c, const int *map, const unsigned short *monomial, int degree,
                     unsigned short *image)
{
    for (int i = 0; i < degree; i++) {
        int j = i, pair = composition_pair_image(c, map, monomial[i]);

        for (; j > 0 && image[j - 1] > pair; j--)
            image[j] = image[j - 1];
        image[j] = (unsigned short)pair;
    }
}

int canonical_closure(const composition *c, const unsigned short *monomial, int degree, size_t limit,
                      keyset *set)
{
    size_t length = (size_t)degree;
    unsigned short *image = xmalloc(length, sizeof *image);
    int fits;

    keyset_add(set, monomial, length, NULL);
    fits = set->count <= limit;
    for (size_t next = 0; next < set->count && fits; next++) {
        for (int g = 0; g < c->ngenerators; g++) {
            const unsigned short *member = keyset_key(set, next, &length);

            canonical_image(c, c->generator + g * c->natoms, member, degree, image);
            keyset_add(set, image, length, NULL);
        }
        fits = set->count <= limit;
    }
    free(image);
    return fits ? 0 : -1;
}
