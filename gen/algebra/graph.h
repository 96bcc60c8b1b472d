#ifndef EQML_GEN_ALGEBRA_GRAPH_H
#define EQML_GEN_ALGEBRA_GRAPH_H

/*
 * The canonical form of a small graph with coloured vertices and weighted edges: two graphs have the same
 * form if and only if a bijection of their vertices keeps colours and weights.
 */

#include <stddef.h>
#include <stdint.h>

typedef struct graph {
    int n, nedges;
    unsigned short *colour;  /* [n], set by the caller */
    unsigned short *weight;  /* [n][n] symmetric, 0 if there is no edge */
    unsigned short *near;    /* [n][n]: neighbours of each vertex */
    unsigned short *valency; /* [n]: how many */
    unsigned short
        *partition;        /* [n+2][2][n], level by level: vertices in order, start of each vertex's cell */
    uint64_t *hash;        /* [n] scratch */
    size_t length;         /* of a form */
    int found;             /* best is set */
    unsigned short *form;  /* [length], the one at hand */
    unsigned short *best;  /* [length], the smallest so far */
    unsigned short *trail; /* [ntrails][length]: first forms below the vertices being followed */
    size_t ntrails, room, trailroom;
} graph;

/* Room for graphs of up to max_vertices < 65536 vertices. */
void graph_create(int max_vertices, graph *g);

/* Begins a graph of n vertices without edges; the caller then sets colour[n] and joins vertices. */
void graph_begin(graph *g, int n);

/* Adds an edge of weight > 0 between two vertices that are not yet joined. */
void graph_join(graph *g, int u, int v, unsigned short weight);

/*
 * Finds the canonical form: number of vertices, number of edges, colours in order, then vertex, vertex,
 * weight of each edge. Returns its length; *form is valid until the next graph_begin.
 */
size_t graph_form(graph *g, const unsigned short **form);

/* Releases the room. */
void graph_free(graph *g);

#endif
