#include "molecule/composition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_ATOMS = 200, MAX_DEPTH = 100, MAX_SYMBOL = 7 };

/* ---- Reading the text ---- */

typedef struct parser {
    const char *text, *at; /* at: next character to read */
    char *error;
    size_t error_size;
    int natoms, depth;
    char symbol[MAX_ATOMS][MAX_SYMBOL + 1]; /* of the natoms read so far */
} parser;

/* Writes the message: text, column, what is wrong and what is expected. Returns -1. */
static int refuse(parser *p, const char *at, const char *wrong)
{
    enum { SHOWN = 60 };
    char shown[SHOWN + 1];
    size_t length = strlen(p->text), n = length < SHOWN ? length : SHOWN;

    for (size_t i = 0; i < n; i++)
        shown[i] = p->text[i];
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)shown[i] < ' ' || shown[i] == 127)
            shown[i] = '?';
    }
    shown[n] = 0;
    if (p->error_size)
        snprintf(p->error, p->error_size, "composition \"%s%s\", column %d: %s", shown,
                 n < length ? "..." : "", (int)(at - p->text) + 1, wrong);
    return -1;
}

static int is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static int is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t')
        p->at++;
}

static void tree_free(group_node *node)
{
    for (int i = 0; i < node->nchildren; i++)
        tree_free(&node->children[i]);
    free(node->children);
    memset(node, 0, sizeof *node);
}

/* Moves `child` to the end of the node's children, and its atoms to the node's. */
static void adopt(group_node *node, group_node *child)
{
    size_t n = (size_t)node->nchildren++;

    node->children = xrealloc(node->children, n + 1, sizeof *child);
    node->children[n] = *child;
    node->natoms += child->natoms;
    memset(child, 0, sizeof *child);
}

/* Reads the optional count behind an atom or a fragment, which turns *node into a power of itself. */
static int parse_count(parser *p, group_node *node)
{
    const char *start = p->at;
    int copies = 0;

    if (!is_digit(*p->at))
        return 0;
    if (*p->at == '0')
        return refuse(p, start, "a count begins with 0; expected a positive count, or none for 1");
    for (; is_digit(*p->at); p->at++)
        copies = copies > MAX_ATOMS ? copies : 10 * copies + (*p->at - '0');
    if (copies > MAX_ATOMS || p->natoms + (copies - 1) * node->natoms > MAX_ATOMS)
        return refuse(p, start, "this count makes too many atoms; expected at most 200 in all");
    if (copies == 1)
        return 0;

    int size = node->natoms;
    for (int i = size; i < copies * size; i++)
        memcpy(p->symbol[p->natoms++], p->symbol[node->first_atom + i % size], sizeof p->symbol[0]);
    group_node power = {GROUP_POWER, node->first_atom, 0, copies, 0, NULL};
    adopt(&power, node);
    power.natoms = copies * size;
    *node = power;
    return 0;
}

static int parse_symbol(parser *p, group_node *node)
{
    const char *start = p->at;
    size_t length = 1;

    while (is_lower(start[length]))
        length++;
    if (length > MAX_SYMBOL)
        return refuse(p, start, "a symbol is too long; expected at most 7 letters");
    if (p->natoms == MAX_ATOMS)
        return refuse(p, start, "too many atoms; expected at most 200 in all");
    *node = (group_node){GROUP_ATOM, p->natoms, 1, 1, 0, NULL};
    memcpy(p->symbol[p->natoms], start, length);
    p->symbol[p->natoms++][length] = 0;
    p->at += length;
    return 0;
}

static int parse_items(parser *p, group_node *node);

static int parse_fragment(parser *p, group_node *node)
{
    const char *start = p->at;

    if (++p->depth > MAX_DEPTH)
        return refuse(p, start, "parentheses are nested too deep; expected at most 100 levels");
    p->at++;
    if (parse_items(p, node))
        return -1;
    if (node->natoms == 0)
        return refuse(p, start, "empty parentheses; expected atoms between them");
    if (*p->at != ')')
        return refuse(p, start, "this parenthesis is not closed; expected a \")\" for it");
    p->at++;
    p->depth--;
    return 0;
}

/* What is wrong at a character that begins no item and ends no list; NULL if nothing is. */
static const char *stray(const parser *p)
{
    if (*p->at == 0 || (*p->at == ')' && p->depth > 0))
        return NULL;
    if (*p->at == ')')
        return "this parenthesis was not opened; expected an atom such as \"H\", or \"(\"";
    if (is_digit(*p->at))
        return "a count without its atom; expected the count directly behind a symbol or \")\"";
    if (is_lower(*p->at))
        return "a symbol begins with a small letter; expected a capital one, as in \"Cl\"";
    return "a character that has no meaning here; expected an atom such as \"H\", a count, or a parenthesis";
}

/*
 * Reads items up to the end of the text or a closing parenthesis. *node <- their product, or the only item
 * itself.
 */
static int parse_items(parser *p, group_node *node)
{
    *node = (group_node){GROUP_PRODUCT, p->natoms, 0, 1, 0, NULL};
    for (;;) {
        group_node item = {GROUP_PRODUCT, p->natoms, 0, 1, 0, NULL};

        skip_blanks(p);
        if (!is_upper(*p->at) && *p->at != '(')
            break;
        if ((*p->at == '(' ? parse_fragment(p, &item) : parse_symbol(p, &item)) || parse_count(p, &item)) {
            tree_free(&item);
            return -1;
        }
        if (item.kind == GROUP_PRODUCT) {
            for (int i = 0; i < item.nchildren; i++)
                adopt(node, &item.children[i]);
            item.nchildren = 0;
            tree_free(&item);
        } else {
            adopt(node, &item);
        }
    }
    if (stray(p))
        return refuse(p, p->at, stray(p));
    if (node->nchildren == 1) {
        group_node only = node->children[0];
        free(node->children);
        *node = only;
    }
    return 0;
}

static int parse(parser *p, group_node *tree)
{
    if (parse_items(p, tree))
        return -1;
    if (tree->natoms == 0)
        return refuse(p, p->text,
                      "nothing is written; expected atoms with counts, such as \"H4 C\" or \"(H2 O)2\"");
    if (tree->natoms == 1)
        return refuse(p, p->text, "a single atom has no pairs; expected at least 2 atoms");
    return 0;
}

/* ---- From the tree: normal form, order, generators ---- */

/* Appends the node's text at `out`, returns its end. */
static char *print_node(const composition *c, const group_node *node, char *out)
{
    if (node->kind == GROUP_ATOM)
        return out + sprintf(out, "%s", c->symbol[node->first_atom]);
    if (node->kind == GROUP_POWER) {
        int bare = node->children->kind == GROUP_ATOM;

        out = print_node(c, node->children, out + sprintf(out, "%s", bare ? "" : "("));
        return out + sprintf(out, "%s%d", bare ? "" : ")", node->copies);
    }
    for (int i = 0; i < node->nchildren; i++)
        out = print_node(c, &node->children[i], out + sprintf(out, "%s", i ? " " : ""));
    return out;
}

/* Multiplies a number, decimal digits with the lowest first and zeros up to length, by a small factor. */
static void multiply(char *digits, int length, int factor)
{
    int carry = 0;

    for (int i = 0; i < length; i++) {
        carry += digits[i] * factor;
        digits[i] = (char)(carry % 10);
        carry /= 10;
    }
}

static void multiply_order(const group_node *node, char *digits, int length)
{
    for (int k = 0; k < node->copies; k++) {
        multiply(digits, length, k + 1);
        for (int i = 0; i < node->nchildren; i++)
            multiply_order(&node->children[i], digits, length);
    }
}

static char *order_text(const group_node *tree)
{
    enum { DIGITS = 380 }; /* 200! has 375 digits */
    char digits[DIGITS] = {1};
    int length = DIGITS;

    multiply_order(tree, digits, DIGITS);
    while (!digits[length - 1])
        length--;
    char *text = xcalloc((size_t)length + 1, 1);
    for (int i = 0; i < length; i++)
        text[i] = (char)('0' + digits[length - 1 - i]);
    return text;
}

/* Adds the identity to the generators, for the caller to change. */
static int *new_generator(composition *c)
{
    size_t n = (size_t)c->natoms, g = (size_t)c->ngenerators++;

    c->generator = xrealloc(c->generator, (g + 1) * n, sizeof *c->generator);
    for (size_t i = 0; i < n; i++)
        c->generator[g * n + i] = (int)i;
    return c->generator + g * n;
}

/* Adds the cyclic shift of the first `moved` copies of a power. */
static void add_cycle(composition *c, const group_node *power, int moved)
{
    int *image = new_generator(c) + power->first_atom, size = power->children->natoms;

    for (int i = 0; i < moved * size; i++)
        image[i] = power->first_atom + (i + size) % (moved * size);
}

/* Adds a transposition and a cycle of each power's copies; inside the copies, those of copy 0 are enough. */
static void add_generators(composition *c, const group_node *node)
{
    for (int i = 0; i < node->nchildren; i++)
        add_generators(c, &node->children[i]);
    if (node->kind == GROUP_POWER)
        add_cycle(c, node, 2);
    if (node->kind == GROUP_POWER && node->copies > 2)
        add_cycle(c, node, node->copies);
}

/* ---- From the generators: pairs and orbits ---- */

/* Numbers the orbits of 0..n-1 under the generators, image[ngenerators][n], by first point. Returns how many.
 */
static int number_orbits(int n, int ngenerators, const int *image, int *label)
{
    int *stack = xmalloc((size_t)n, sizeof *stack), norbits = 0;

    for (int i = 0; i < n; i++)
        label[i] = -1;
    for (int start = 0; start < n; start++) {
        int height = 0;

        if (label[start] >= 0)
            continue;
        label[start] = norbits;
        stack[height++] = start;
        while (height > 0) {
            int point = stack[--height];

            for (int g = 0; g < ngenerators; g++) {
                int next = image[(size_t)g * (size_t)n + (size_t)point];
                if (label[next] < 0) {
                    label[next] = norbits;
                    stack[height++] = next;
                }
            }
        }
        norbits++;
    }
    free(stack);
    return norbits;
}

int composition_pair_image(const composition *c, const int *image, int pair)
{
    return c->pair_of[image[c->pair[pair][0]] * c->natoms + image[c->pair[pair][1]]];
}

/* Fills in what follows from natoms and the generators alone. */
static void complete(composition *c)
{
    size_t n = (size_t)c->natoms;

    c->npairs = c->natoms * (c->natoms - 1) / 2;
    c->pair = xmalloc((size_t)c->npairs, sizeof *c->pair);
    c->pair_of = xmalloc(n * n, sizeof *c->pair_of);
    for (int i = 0, p = 0; i < c->natoms; i++) {
        c->pair_of[i * c->natoms + i] = -1;
        for (int j = i + 1; j < c->natoms; j++, p++) {
            c->pair[p][0] = i;
            c->pair[p][1] = j;
            c->pair_of[i * c->natoms + j] = c->pair_of[j * c->natoms + i] = p;
        }
    }

    c->class_of = xmalloc(n, sizeof *c->class_of);
    c->nclasses = number_orbits(c->natoms, c->ngenerators, c->generator, c->class_of);

    size_t npairs = (size_t)c->npairs;
    int *image = xmalloc((size_t)c->ngenerators * npairs, sizeof *image);
    for (size_t g = 0; g < (size_t)c->ngenerators; g++) {
        for (int p = 0; p < c->npairs; p++)
            image[g * npairs + (size_t)p] = composition_pair_image(c, c->generator + g * n, p);
    }
    c->pair_class = xmalloc(npairs, sizeof *c->pair_class);
    c->npair_classes = number_orbits(c->npairs, c->ngenerators, image, c->pair_class);
    free(image);
}

/* ---- Public ---- */

int composition_parse(const char *text, composition *c, char *error, size_t error_size)
{
    enum {
        TEXT_SIZE = 4096
    }; /* at most 200 symbols of 7 letters, 200 counts and pairs of parentheses, blanks */
    parser p = {text, text, error, error_size, 0, 0, {{0}}};
    group_node tree = {GROUP_PRODUCT, 0, 0, 1, 0, NULL};

    memset(c, 0, sizeof *c);
    if (parse(&p, &tree)) {
        tree_free(&tree);
        return -1;
    }
    c->natoms = p.natoms;
    c->symbol = xmalloc((size_t)p.natoms, sizeof *c->symbol);
    memcpy(c->symbol, p.symbol, (size_t)p.natoms * sizeof *c->symbol);
    c->tree = xmalloc(1, sizeof *c->tree);
    *c->tree = tree;
    c->text = xmalloc(TEXT_SIZE, 1);
    print_node(c, c->tree, c->text);
    c->order = order_text(c->tree);
    add_generators(c, c->tree);
    complete(c);
    return 0;
}

/* Releases all that describes the group; symbols and text stay. */
static void forget_group(composition *c)
{
    if (c->tree)
        tree_free(c->tree);
    free(c->tree);
    free(c->class_of);
    free(c->pair);
    free(c->pair_of);
    free(c->pair_class);
    free(c->generator);
    free(c->order);
    c->tree = NULL;
}

void composition_set_group(composition *c, int ngenerators, const int *generator, size_t order)
{
    size_t length = (size_t)ngenerators * (size_t)c->natoms;

    forget_group(c);
    c->ngenerators = ngenerators;
    c->generator = xmalloc(length, sizeof *c->generator);
    memcpy(c->generator, generator, length * sizeof *generator);
    c->order = xmalloc(24, 1);
    sprintf(c->order, "%zu", order);
    complete(c);
}

void composition_free(composition *c)
{
    forget_group(c);
    free(c->symbol);
    free(c->text);
    memset(c, 0, sizeof *c);
}
