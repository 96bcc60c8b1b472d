#include "option_words.h"
#include "base/memory.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int option_refuse(const char *what, const char *value, const char *remedy)
{
    fprintf(stderr, "eqml-gen: %s%s%s%s; %s\n", what, value ? " \"" : "", value ? value : "",
            value ? "\"" : "", remedy);
    return 2;
}

bool option_takes_value(int argc, char **argv, int *i, char letter, const char *word, const char **value)
{
    const char *argument = argv[*i];
    size_t length = strlen(word);
    if (!strncmp(argument, "--", 2)) {
        if (strncmp(argument + 2, word, length) || (argument[2 + length] && argument[2 + length] != '='))
            return false;
        if (argument[2 + length] == '=') {
            *value = argument + 3 + length;
            return true;
        }
    } else {
        if (argument[0] != '-' || !letter || argument[1] != letter)
            return false;
        if (argument[2]) {
            *value = argument + 2;
            return true;
        }
    }
    *value = *i + 1 < argc ? argv[++*i] : NULL;
    return true;
}

char *option_copy(const char *text)
{
    return strcpy(xcalloc(strlen(text) + 1, 1), text);
}

char *option_default_name(const char *text, const char *end)
{
    size_t n = 0;
    char *name = xcalloc(strlen(text) + strlen(end) + 1, 1);
    for (const char *t = text; *t; t++) {
        if (!isalnum((unsigned char)*t))
            continue;
        if (n && !isalnum((unsigned char)t[-1]))
            name[n++] = '_';
        name[n++] = (char)tolower((unsigned char)*t);
    }
    strcpy(name + n, end);
    return name;
}
