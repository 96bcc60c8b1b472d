/* The command line. */
#ifndef EQML_GEN_OPTIONS_H
#define EQML_GEN_OPTIONS_H
#include "environment/level.h"
#include "environment/pair_rule.h"
#include "molecule/composition.h"
#include "molecule/request.h"
#include "molecule/tensor.h"
#include <stdbool.h>

/* What is written. */
enum form { FORM_HEADER, FORM_STATISTICS, FORM_PROGRAM, FORM_DOT, FORM_TABLES };

typedef struct options {
    const char *composition, *output; /* output NULL: standard output */
    const char *group;                /* file of generators, or NULL */
    const char
        *from; /* file of tables, in place of the composition and of all that chooses the basis; or NULL */
    const char *environment;          /* of the second family, in place of a composition; or NULL */
    level_rule rule;                  /* what that basis spans */
    pair_rules weights, caps;         /* of pairs of its species */
    int degree, tensor[TENSOR_KINDS]; /* degrees; 0: no such tensor */
    request_words wanted;             /* what the basis is to span */
    enum form form;
    bool orbit_sums;
    char *cut;            /* owned: the options that cut the basis, or NULL */
    char *name, *command; /* owned; command: what regenerates the header, whatever the output */
} options;

enum { OPTIONS_GO = -1 }; /* any other result is the program's exit status */

int options_parse(int argc, char **argv, options *o);

/* Fills in the rest from the composition's normal form and what the basis is cut to (or NULL). */
void options_complete(options *o, const composition *c, const wanted_request *r);

/* The same for a basis from tables, whose name is `name` where the user gave no other; or refuses that. */
int options_complete_from(options *o, const char *name);

/* The name of a file without its folder. */
const char *options_base(const char *path);

void options_free(options *o);
#endif
