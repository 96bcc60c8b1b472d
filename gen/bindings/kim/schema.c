/*
 * What KIM looks for in a library of a model, in C: its own build writes it in C++ (KIM_SharedLibrarySchema.hpp, version 2),
 * whose types have the same layout. Only for `make kim`; CMakeLists.txt leaves it to KIM.
 */
#include "KIM_CollectionItemType.h"
#include "KIM_FunctionTypes.h"
#include "KIM_LanguageName.h"
#include "settings.h"
#include <stddef.h>

void model_create(void);

typedef struct library_schema {
    KIM_CollectionItemType type;
    const char *name;
    KIM_LanguageName language;
    KIM_Function *create;
    const char *driver;
    const void *simulator_model;
    int nparameters;
    const void *parameters;
    int nmetadata;
    const void *metadata;
} library_schema;

extern int kim_shared_library_schema_version;
extern library_schema kim_shared_library_schema;

int kim_shared_library_schema_version = 2;
library_schema kim_shared_library_schema = {.name = KIM_MODEL, .create = (KIM_Function *)model_create};

/* KIM's constants are variables of its library, and known as this one has been loaded. */
__attribute__((constructor)) static void complete(void)
{
    kim_shared_library_schema.type = KIM_COLLECTION_ITEM_TYPE_portableModel;
    kim_shared_library_schema.language = KIM_LANGUAGE_NAME_c;
}
