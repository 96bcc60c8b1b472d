/* What the readers of the command line share. */
#ifndef EQML_GEN_OPTION_WORDS_H
#define EQML_GEN_OPTION_WORDS_H
#include <stdbool.h>

/* One line on standard error: what is wrong, the value that is (or NULL), and what to do. Returns the status, 2. */
int option_refuse(const char *what, const char *value, const char *remedy);

/* Matches "-d 6", "-d6", "--degree 6", "--degree=6"; *value points to the argument, NULL where it is missing. */
bool option_takes_value(int argc, char **argv, int *i, char letter, const char *word, const char **value);

/* The caller frees. */
char *option_copy(const char *text);

/* Letters and digits of a text, what is between them one underscore, then `end`: "(H2 O)2", _d5 to h2_o_2_d5. The
 * caller frees. */
char *option_default_name(const char *text, const char *end);
#endif
