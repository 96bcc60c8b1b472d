/* Statuses, messages, units; the allocator and the linkage of functions. */
#ifndef EQML__STATUS_H
#define EQML__STATUS_H
#include <stddef.h>
#include <stdint.h>

#ifndef EQML_MALLOC
#include <stdlib.h>
#define EQML_MALLOC(size) malloc(size)
#define EQML_FREE(pointer) free(pointer)
#endif

/* The linkage of functions that read, fit and write: external, or private to one file with EQML_STATIC. */
#ifndef EQML_API
#if defined(EQML_STATIC) && defined(__GNUC__)
#define EQML_API static __attribute__((unused))
#elif defined(EQML_STATIC)
#define EQML_API static
#elif defined(__cplusplus)
#define EQML_API extern "C"
#else
#define EQML_API extern
#endif
#endif

/* Every function that can fail returns one of these. */
#define EQML_STATUS_LIST(X)                                                                                  \
    X(EQML_OK, "success")                                                                                    \
    X(EQML_ERROR_ARGUMENT, "an argument is outside its documented range")                                    \
    X(EQML_ERROR_MEMORY, "memory could not be allocated")                                                    \
    X(EQML_ERROR_FILE, "a file could not be opened, read or written")                                        \
    X(EQML_ERROR_FORMAT, "a file is not in the expected format")                                             \
    X(EQML_ERROR_VALUE, "a value is not finite or not physical")                                             \
    X(EQML_ERROR_MATCH, "atoms do not match the composition")                                                \
    X(EQML_ERROR_EMPTY, "there is no data to work on")

#define EQML__STATUS_ENUM(code, text) code,
typedef enum eqml_status { EQML_STATUS_LIST(EQML__STATUS_ENUM) EQML_STATUS_COUNT } eqml_status;
#undef EQML__STATUS_ENUM

/*
 * The caller's room for one line that says why a call failed, with file, line and value. Pass NULL to go
 * without.
 */
typedef struct eqml_message {
    char text[512];
} eqml_message;

#define EQML_ANGSTROM (1.0 / 0.529177210903) /* bohr; CODATA 2018 */
#define EQML_EV (1.0 / 27.211386245988)      /* hartree; CODATA 2018 */

EQML_API const char *eqml_status_text(eqml_status status);
/* What a status means, in a few words. Never NULL; the text is constant. */

#endif /* EQML__STATUS_H */
