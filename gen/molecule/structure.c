#include "molecule/structure.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* ---- orbits of ordered pairs -------------------------------------------------------------------------- */

static int find_root(int *parent, int x)
{
    while (parent[x] != x)
        x = parent[x] = parent[parent[x]];
    return x;
}

/* Roots are the smallest members. */
static void unite(int *parent, int x, int y)
{
    int a = find_root(parent, x), b = find_root(parent, y);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* orbital[i n + j]: smallest i' n + j' in the orbit of (i, j). */
static int *ordered_pair_orbits(const composition *c)
{
    int n = c->natoms, *parent = xcalloc((size_t)n * n, sizeof *parent);
    for (int x = 0; x < n * n; x++)
        parent[x] = x;
    for (int g = 0; g < c->ngenerators; g++) {
        const int *image = c->generator + (size_t)g * n;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                unite(parent, i * n + j, image[i] * n + image[j]);
    }
    for (int x = 0; x < n * n; x++)
        parent[x] = find_root(parent, x);
    return parent;
}

/* ---- sets --------------------------------------------------------------------------------------------- */

static int add_set(structure *s, bool pairs, int count, const int *element)
{
    s->set = xrealloc(s->set, (size_t)(s->nsets + 1), sizeof *s->set);
    point_set *set = &s->set[s->nsets];
    set->pairs = pairs;
    set->count = count;
    set->element = xcalloc((size_t)count, sizeof *set->element);
    memcpy(set->element, element, (size_t)count * sizeof *element);
    return s->nsets++;
}

/* Writes the members of a class in ascending order; returns their number. */
static int members(int n, const int *class_of, int class, int *member)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        if (class_of[i] == class)
            member[count++] = i;
    return count;
}

/* The set of atoms that the pairs of a class match one to one, or -1. Such pairs stand at their atoms. */
static int matching_atom_set(const composition *c, const structure *s, int count, const int *pair)
{
    for (int t = 0; t < s->nsets; t++) {
        const point_set *set = &s->set[t];
        if (set->pairs || set->count != count)
            continue;
        int one = 0;
        for (int x = 0; x < count; x++) {
            int incident = 0;
            for (int p = 0; p < count; p++)
                incident += c->pair[pair[p]][0] == set->element[x] || c->pair[pair[p]][1] == set->element[x];
            one += incident == 1;
        }
        if (one == count)
            return t;
    }
    return -1;
}

static void find_sets(structure *s, const composition *c)
{
    int *member = xcalloc((size_t)(c->npairs + c->natoms), sizeof *member);
    for (int k = 0; k < c->nclasses; k++) {
        int count = members(c->natoms, c->class_of, k, member);
        if (count > 1)
            add_set(s, false, count, member);
    }
    for (int k = 0; k < c->npair_classes; k++) {
        int count = members(c->npairs, c->pair_class, k, member);
        int set = count == 1 ? SET_SCALAR : matching_atom_set(c, s, count, member);
        if (count > 1 && set < 0)
            set = add_set(s, true, count, member);
        s->variable_set[k] = set;
        for (int p = 0; p < count; p++) {
            s->variable_position[member[p]] = p;
            if (count > 1 && !s->set[set].pairs)
                for (int x = 0; x < count; x++)
                    if (c->pair[member[p]][0] == s->set[set].element[x] ||
                        c->pair[member[p]][1] == s->set[set].element[x])
                        s->variable_position[member[p]] = x;
        }
    }
    free(member);
}

/* ---- patterns ----------------------------------------------------------------------------------------- */

typedef struct builder {
    const composition *c;
    structure *s;
    const int *orbital;
    int *atom_set, *atom_position; /* [natoms]: -1 where the class has one atom */
    pattern now;
    int capacity;
} builder;

static void begin_pattern(builder *b, enum pattern_kind kind, int target, int left, int right, bool square)
{
    b->now = (pattern){.kind = kind, .target = target, .left = left, .right = right, .square = square};
    b->capacity = 0;
}

static void add_triple(builder *b, int t, int l, int r)
{
    if (b->now.count == b->capacity) {
        b->capacity = b->capacity ? 2 * b->capacity : 16;
        b->now.triple = xrealloc(b->now.triple, (size_t)b->capacity, sizeof *b->now.triple);
    }
    int *triple = b->now.triple[b->now.count++];
    triple[0] = t, triple[1] = l, triple[2] = r;
}

static int compare_triples(const void *x, const void *y)
{
    const int *a = x, *b = y;
    for (int k = 0; k < 3; k++)
        if (a[k] != b[k])
            return a[k] < b[k] ? -1 : 1;
    return 0;
}

static void end_pattern(builder *b)
{
    if (b->now.count == 0)
        return;
    structure *s = b->s;
    qsort(b->now.triple, (size_t)b->now.count, sizeof *b->now.triple, compare_triples);
    s->pattern = xrealloc(s->pattern, (size_t)(s->npatterns + 1), sizeof *s->pattern);
    s->pattern[s->npatterns++] = b->now;
}

static void pointwise_and_contract(builder *b, int set)
{
    begin_pattern(b, PATTERN_POINTWISE, set, set, set, false);
    for (int x = 0; x < b->s->set[set].count; x++)
        add_triple(b, x, x, x);
    end_pattern(b);
    begin_pattern(b, PATTERN_CONTRACT, SET_SCALAR, set, set, false);
    for (int x = 0; x < b->s->set[set].count; x++)
        add_triple(b, 0, x, x);
    end_pattern(b);
}

/* One pattern for each orbital of the pairs, with a factor at the forgotten atom and without. */
static void push_patterns(builder *b, int pairs)
{
    const composition *c = b->c;
    const point_set *set = &b->s->set[pairs];
    int n = c->natoms, i0 = c->pair[set->element[0]][0], j0 = c->pair[set->element[0]][1];
    int forward = b->orbital[i0 * n + j0], backward = b->orbital[j0 * n + i0];
    for (int way = 0; way < (forward == backward ? 1 : 2); way++) {
        int orbital = way ? backward : forward, i = way ? j0 : i0, j = way ? i0 : j0;
        for (int factor = 0; factor < 2; factor++) {
            if (b->atom_set[i] < 0 || (factor && b->atom_set[j] < 0))
                continue;
            begin_pattern(b, PATTERN_PUSH, b->atom_set[i], pairs, factor ? b->atom_set[j] : SET_ONES, false);
            for (int p = 0; p < set->count; p++)
                for (int end = 0; end < 2; end++) {
                    int k = c->pair[set->element[p]][end], l = c->pair[set->element[p]][1 - end];
                    if (b->orbital[k * n + l] == orbital)
                        add_triple(b, b->atom_position[k], p, factor ? b->atom_position[l] : 0);
                }
            end_pattern(b);
        }
    }
}

/* A_ij (g_i + g_j), or A_ij g_i where the group tells the two ends apart. */
static void ends_patterns(builder *b, int pairs)
{
    const composition *c = b->c;
    const point_set *set = &b->s->set[pairs];
    int n = c->natoms, i0 = c->pair[set->element[0]][0], j0 = c->pair[set->element[0]][1];
    int forward = b->orbital[i0 * n + j0], backward = b->orbital[j0 * n + i0];
    for (int way = 0; way < (forward == backward ? 1 : 2); way++) {
        int orbital = way ? backward : forward, i = way ? j0 : i0;
        if (b->atom_set[i] < 0)
            continue;
        begin_pattern(b, PATTERN_ENDS, pairs, pairs, b->atom_set[i], false);
        for (int p = 0; p < set->count; p++)
            for (int end = 0; end < 2; end++) {
                int k = c->pair[set->element[p]][end], l = c->pair[set->element[p]][1 - end];
                if (b->orbital[k * n + l] == orbital)
                    add_triple(b, p, p, b->atom_position[k]);
            }
        end_pattern(b);
    }
}

/* sum_k A_ik B_kj over the set of pairs {i, j}, for A over the set `left` and B over `right`. */
static void series_patterns(builder *b, int target, int left, int right)
{
    const composition *c = b->c;
    const structure *s = b->s;
    const point_set *set = &s->set[target];
    int n = c->natoms, i0 = c->pair[set->element[0]][0], j0 = c->pair[set->element[0]][1];
    int forward = b->orbital[i0 * n + j0], backward = b->orbital[j0 * n + i0];
    bool symmetric = forward == backward;
    for (int way = 0; way < (symmetric || left == right ? 1 : 2); way++)
        for (int square = 0; square < (left == right ? 2 : 1); square++) {
            begin_pattern(b, PATTERN_SERIES, target, left, right, square);
            for (int p = 0; p < set->count; p++)
                for (int end = 0; end < 2; end++) {
                    int i = c->pair[set->element[p]][end], j = c->pair[set->element[p]][1 - end];
                    if (b->orbital[i * n + j] != (way ? backward : forward))
                        continue;
                    for (int k = 0; k < n; k++) {
                        if (k == i || k == j)
                            continue;
                        int ik = c->pair_of[i * n + k], kj = c->pair_of[k * n + j];
                        if (s->variable_set[c->pair_class[ik]] != left ||
                            s->variable_set[c->pair_class[kj]] != right)
                            continue;
                        if (square && symmetric && end == 1)
                            continue; /* the same product again */
                        add_triple(b, p, s->variable_position[ik], s->variable_position[kj]);
                    }
                }
            end_pattern(b);
        }
}

/* Whether the group is a product of symmetric groups on its classes. */
static bool is_symmetric(const group_node *node)
{
    if (!node || (node->kind == GROUP_POWER && node->children->kind != GROUP_ATOM))
        return false;
    for (int i = 0; i < node->nchildren; i++)
        if (!is_symmetric(&node->children[i]))
            return false;
    return true;
}

int *structure_images(const composition *c, const point_set *set)
{
    int n = set->pairs ? c->npairs : c->natoms, *position = xcalloc((size_t)n, sizeof *position);
    int *image = xcalloc((size_t)c->ngenerators * set->count + 1, sizeof *image);
    for (int x = 0; x < set->count; x++)
        position[set->element[x]] = x;
    for (int g = 0; g < c->ngenerators; g++)
        for (int x = 0; x < set->count; x++) {
            const int *map = c->generator + (size_t)g * c->natoms, e = set->element[x];
            image[g * set->count + x] = position[set->pairs ? composition_pair_image(c, map, e) : map[e]];
        }
    free(position);
    return image;
}

/*
 * One pattern for each orbital between two sets except the largest: all together give the sum over the whole
 * set, an invariant, so that what the largest gives follows from the others. The diagonal gives nothing new.
 */
static void transfer_patterns(builder *b, int target, int source)
{
    int rows = b->s->set[target].count, columns = b->s->set[source].count, size = rows * columns;
    int *row_image = structure_images(b->c, &b->s->set[target]),
        *column_image = structure_images(b->c, &b->s->set[source]);
    int *parent = xcalloc((size_t)size, sizeof *parent), *count = xcalloc((size_t)size, sizeof *count);
    int largest = 0;
    for (int x = 0; x < size; x++)
        parent[x] = x;
    for (int g = 0; g < b->c->ngenerators; g++)
        for (int x = 0; x < size; x++)
            unite(parent, x,
                  row_image[g * rows + x / columns] * columns + column_image[g * columns + x % columns]);
    for (int x = 0; x < size; x++)
        count[find_root(parent, x)]++;
    for (int x = 0; x < size; x++)
        largest = count[x] > count[largest] ? x : largest;
    for (int orbital = 0; orbital < size; orbital++) {
        if (!count[orbital] || orbital == largest || (target == source && orbital == 0))
            continue;
        begin_pattern(b, PATTERN_TRANSFER, target, source, SET_ONES, false);
        for (int x = 0; x < size; x++)
            if (find_root(parent, x) == orbital)
                add_triple(b, x / columns, x % columns, 0);
        end_pattern(b);
    }
    free(row_image);
    free(column_image);
    free(parent);
    free(count);
}

static void find_patterns(structure *s, const composition *c)
{
    builder b = {.c = c, .s = s};
    int *orbital = ordered_pair_orbits(c);
    b.orbital = orbital;
    b.atom_set = xcalloc((size_t)c->natoms, sizeof *b.atom_set);
    b.atom_position = xcalloc((size_t)c->natoms, sizeof *b.atom_position);
    for (int i = 0; i < c->natoms; i++)
        b.atom_set[i] = -1;
    for (int t = 0; t < s->nsets; t++)
        for (int x = 0; x < s->set[t].count && !s->set[t].pairs; x++) {
            b.atom_set[s->set[t].element[x]] = t;
            b.atom_position[s->set[t].element[x]] = x;
        }
    for (int t = 0; t < s->nsets; t++)
        pointwise_and_contract(&b, t);
    for (int t = 0; t < s->nsets; t++) {
        if (!s->set[t].pairs)
            continue;
        push_patterns(&b, t);
        ends_patterns(&b, t);
        for (int left = 0; left < s->nsets; left++)
            for (int right = left; right < s->nsets; right++)
                if (s->set[left].pairs && s->set[right].pairs)
                    series_patterns(&b, t, left, right);
    }
    for (int target = 0; target < s->nsets; target++)
        for (int source = 0; source < s->nsets; source++)
            if (!is_symmetric(c->tree) || (s->over_pairs && s->set[target].pairs && !s->set[source].pairs))
                transfer_patterns(&b, target, source);
    free(orbital);
    free(b.atom_set);
    free(b.atom_position);
}

structure *structure_create(const composition *c, bool over_pairs)
{
    structure *s = xcalloc(1, sizeof *s);
    s->variable_set = xcalloc((size_t)c->npair_classes, sizeof *s->variable_set);
    s->variable_position = xcalloc((size_t)c->npairs, sizeof *s->variable_position);
    find_sets(s, c);
    s->over_pairs = over_pairs;
    find_patterns(s, c);
    return s;
}

void structure_free(structure *s)
{
    if (!s)
        return;
    for (int t = 0; t < s->nsets; t++)
        free(s->set[t].element);
    for (int p = 0; p < s->npatterns; p++)
        free(s->pattern[p].triple);
    free(s->set);
    free(s->pattern);
    free(s->variable_set);
    free(s->variable_position);
    free(s);
}
