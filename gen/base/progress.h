/* One line on standard error, written anew, that tells how far long work has come: past two seconds, and on a
 * terminal only. */
#ifndef EQML_GEN_BASE_PROGRESS_H
#define EQML_GEN_BASE_PROGRESS_H
#include <stddef.h>

/* A pass begins, of `total` steps (0: not known). */
void progress_begin(const char *pass, size_t total);

/* So many are done. Cheap: may be called at each step. */
void progress_show(size_t done);

/* Erases the line. */
void progress_end(void);
#endif
