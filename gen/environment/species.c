#include "environment/species.h"
#include "base/memory.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *t)
{
    while (isspace((unsigned char)*t))
        t++;
    return t;
}

/* The species of a name, a new one where it is not known; -1 where there are too many. */
static int find_species(species_list *s, const char *name, size_t length)
{
    int k = 0;
    while (k < s->nspecies && (strncmp(s->symbol[k], name, length) || s->symbol[k][length]))
        k++;
    if (k == SPECIES_LIMIT)
        return -1;
    if (k == s->nspecies) {
        s->symbol = xrealloc(s->symbol, (size_t)k + 1, sizeof *s->symbol);
        memset(s->symbol[k], 0, sizeof s->symbol[k]);
        memcpy(s->symbol[k], name, length);
        s->nspecies++;
    }
    return k;
}

/* The species of the name at *t, which moves behind it; -1 with a line. */
static int take_species(const char **t, species_list *s, char *error, size_t error_size)
{
    const char *begin = *t = skip_blanks(*t);
    size_t length = 0;
    while (isalnum((unsigned char)begin[length]))
        length++;
    if (!isupper((unsigned char)*begin) || length >= SYMBOL_SIZE) {
        snprintf(error, error_size,
                 "environment: at \"%.24s\" a species is wanted: a capital letter and up to six letters or "
                 "digits, "
                 "as in \"W: W H\"",
                 begin);
        return -1;
    }
    const int k = find_species(s, begin, length);
    if (k < 0)
        snprintf(error, error_size, "environment: more than %d species; use fewer", SPECIES_LIMIT);
    *t = begin + length;
    return k;
}

static int parse_centre(const char **t, species_list *s, char *error, size_t error_size)
{
    const int own = take_species(t, s, error, error_size);
    if (own < 0)
        return -1;
    for (int k = 0; k < s->ncentres; k++)
        if (s->centre[k].species == own) {
            snprintf(error, error_size, "environment: %s is a centre twice; list all its neighbours at once",
                     s->symbol[own]);
            return -1;
        }
    *t = skip_blanks(*t);
    if (**t != ':') {
        snprintf(error, error_size, "environment: a colon is missing behind the centre %s, as in \"%s: %s\"",
                 s->symbol[own], s->symbol[own], s->symbol[own]);
        return -1;
    }
    ++*t;
    s->centre = xrealloc(s->centre, (size_t)s->ncentres + 1, sizeof *s->centre);
    centre *c = &s->centre[s->ncentres++];
    *c = (centre){own, 0, NULL};
    do {
        const int other = take_species(t, s, error, error_size);
        if (other < 0)
            return -1;
        for (int k = 0; k < c->nneighbours; k++)
            if (c->neighbour[k] == other) {
                snprintf(error, error_size,
                         "environment: %s is named twice among the neighbours of %s; once is enough",
                         s->symbol[other], s->symbol[own]);
                return -1;
            }
        c->neighbour = xrealloc(c->neighbour, (size_t)c->nneighbours + 1, sizeof *c->neighbour);
        c->neighbour[c->nneighbours++] = other;
        *t = skip_blanks(*t);
    } while (**t && **t != ';');
    return 0;
}

static void write_normal_form(species_list *s)
{
    size_t size = 1, n = 0;
    for (int k = 0; k < s->ncentres; k++)
        size += (size_t)(s->centre[k].nneighbours + 2) * (SYMBOL_SIZE + 2);
    s->text = xcalloc(size, 1);
    for (int k = 0; k < s->ncentres; k++) {
        const centre *c = &s->centre[k];
        n += (size_t)sprintf(s->text + n, "%s%s:", k ? "; " : "", s->symbol[c->species]);
        for (int j = 0; j < c->nneighbours; j++)
            n += (size_t)sprintf(s->text + n, " %s", s->symbol[c->neighbour[j]]);
    }
}

int species_parse(const char *text, species_list *s, char *error, size_t error_size)
{
    memset(s, 0, sizeof *s);
    const char *t = text;
    for (;;) {
        if (parse_centre(&t, s, error, error_size))
            return -1;
        if (!*t || !*skip_blanks(t + 1))
            break;
        t++;
    }
    write_normal_form(s);
    return 0;
}

void species_free(species_list *s)
{
    for (int k = 0; k < s->ncentres; k++)
        free(s->centre[k].neighbour);
    free(s->centre);
    free(s->symbol);
    free(s->text);
    memset(s, 0, sizeof *s);
}
