#include "emit/json.h"

void json_array(FILE *out, const char *key, int count, const size_t *value)
{
    fprintf(out, "  \"%s\": [", key);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s%zu", k ? ", " : "", value[k]);
    fprintf(out, "],\n");
}

void json_counts(FILE *out, const char *key, int count, const uint64_t *value)
{
    fprintf(out, "  \"%s\": [", key);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s%llu", k ? ", " : "", (unsigned long long)value[k]);
    fprintf(out, "],\n");
}

void json_string(FILE *out, const char *key, const char *value)
{
    fprintf(out, "  \"%s\": \"", key);
    for (; *value; value++)
        fprintf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    fprintf(out, "\",\n");
}
