/* Members of a JSON object, a line each. */
#ifndef EQML_GEN_EMIT_JSON_H
#define EQML_GEN_EMIT_JSON_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void json_array(FILE *out, const char *key, int count, const size_t *value);
void json_counts(FILE *out, const char *key, int count, const uint64_t *value);
void json_string(FILE *out, const char *key, const char *value);
#endif
