/*
 * The functions of a library with code for several sets of vectors (make pes PORTABLE=1): each goes to the code that was
 * chosen as the library was loaded. In the code the functions have the names of NAME_plain.h, NAME_avx2.h, NAME_avx512.h.
 */
#include <stddef.h>
#include RECORD_HEADER
#include "groups.h"
#include "vectors.h"

#define X(group, type, name, parameters, arguments)                                                          \
    WHEN_##group(extern type JOIN(OF(name), plain) parameters; extern type JOIN(OF(name), avx2) parameters;  \
                 extern type JOIN(OF(name), avx512) parameters; extern type OF(name) parameters;)
#define V X
#include "functions.h"
#undef X
#undef V

/* The functions that were chosen. */
#define X(group, type, name, parameters, arguments) WHEN_##group(static type(*chosen_##name) parameters;)
#define V X
#include "functions.h"
#undef X
#undef V

__attribute__((constructor)) static void choose(void)
{
    const int vectors = eqml_choose_vectors();
#define X(group, type, name, parameters, arguments)                                                          \
    WHEN_##group(chosen_##name = vectors == EQML_AVX512 ? JOIN(OF(name), avx512)                             \
                                 : vectors == EQML_AVX2 ? JOIN(OF(name), avx2)                               \
                                                        : JOIN(OF(name), plain);)
#define V X
#include "functions.h"
#undef X
#undef V
}

#define X(group, type, name, parameters, arguments)                                                          \
    WHEN_##group(type OF(name) parameters { return chosen_##name arguments; })
#define V(group, type, name, parameters, arguments)                                                          \
    WHEN_##group(type OF(name) parameters { chosen_##name arguments; })
#include "functions.h"
