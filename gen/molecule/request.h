/* From the words of the command line to what is wanted, and back. */
#ifndef EQML_GEN_MOLECULE_REQUEST_H
#define EQML_GEN_MOLECULE_REQUEST_H

#include "molecule/wanted.h"

enum { REQUEST_CAPS = 64 };

/* The degree in the pair classes of two elements; degree 0 leaves them out. */
typedef struct pair_cap {
    char symbol[2][8];
    int degree;
} pair_cap;

typedef struct request_words {
    enum terms_kind terms;
    const char *fragments; /* the list, or NULL: as the parentheses show */
    int body;              /* 0: any */
    int ncaps;
    pair_cap cap[REQUEST_CAPS];
} request_words;

/*
 * Adds a cap: "H-H=3", or "H-H" if the pair is left out. Returns 0, or -1 if it is malformed or one too many.
 */
int request_add_cap(request_words *words, const char *text, bool left_out);

/* "all", "purified", "no-intramolecular" or "intramolecular". Returns 0, or -1 for another word. */
int request_set_terms(request_words *words, const char *text);

/*
 * *r <- what the words mean for a composition; its text, as the user wrote it, shows the fragments. Returns 1
 * if anything is cut, 0 if everything is wanted, -1 with a one-line message in error[error_size].
 */
int request_find(const request_words *words, const char *text, const composition *c, wanted_request *r,
                 char *error, size_t error_size);

/* The options that ask for the same, each with a blank before it; the caller frees. */
char *request_options(const request_words *words, const wanted_request *r, const composition *c);

#endif
