/* A strict reader of JSON (RFC 8259; no key twice in an object), for all that the project writes as such. */
#ifndef TESTS_JSON_H
#define TESTS_JSON_H
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_DEPTH = 32, JSON_KEYS = 128 };

/* Each reads one thing at *at and moves behind it; 0 where it is none, with *at near what is wrong. */
static inline int json_read(const char **at, int depth);

static inline void json_blanks(const char **at)
{
    *at += strspn(*at, " \t\r\n");
}

static inline int json_digits(const char **at)
{
    const size_t count = strspn(*at, "0123456789");
    *at += count;
    return count > 0;
}

static inline int json_read_number(const char **at)
{
    *at += **at == '-';
    if (**at == '0')
        ++*at;
    else if (!json_digits(at))
        return 0;
    if (**at == '.') {
        ++*at;
        if (!json_digits(at))
            return 0;
    }
    if (**at == 'e' || **at == 'E') {
        ++*at;
        *at += **at == '+' || **at == '-';
        return json_digits(at);
    }
    return 1;
}

static inline int json_read_string(const char **at)
{
    if (**at != '"')
        return 0;
    for (++*at; **at != '"'; ++*at) {
        if ((unsigned char)**at < 0x20)
            return 0;
        if (**at != '\\')
            continue;
        ++*at;
        if (**at == 'u') {
            if (strspn(*at + 1, "0123456789abcdefABCDEF") < 4)
                return 0;
            *at += 4;
        } else if (!**at || !strchr("\"\\/bfnrt", **at)) {
            return 0;
        }
    }
    ++*at;
    return 1;
}

/* An array, or with close '}' an object. */
static inline int json_read_items(const char **at, char close, int depth)
{
    const char *key[JSON_KEYS];
    size_t length[JSON_KEYS];
    int keys = 0;
    ++*at;
    json_blanks(at);
    if (**at == close) {
        ++*at;
        return 1;
    }
    for (;;) {
        json_blanks(at);
        if (close == '}') {
            key[keys] = *at;
            if (!json_read_string(at))
                return 0;
            length[keys] = (size_t)(*at - key[keys]);
            for (int k = 0; k < keys; k++)
                if (length[k] == length[keys] && !memcmp(key[k], key[keys], length[k]))
                    return 0;
            if (++keys == JSON_KEYS)
                return 0;
            json_blanks(at);
            if (*(*at)++ != ':')
                return 0;
        }
        if (!json_read(at, depth))
            return 0;
        json_blanks(at);
        if (**at == close) {
            ++*at;
            return 1;
        }
        if (**at != ',')
            return 0;
        ++*at;
    }
}

static inline int json_read(const char **at, int depth)
{
    static const char *const words[] = {"true", "false", "null"};
    json_blanks(at);
    if (depth == JSON_DEPTH)
        return 0;
    if (**at == '"')
        return json_read_string(at);
    if (**at == '{' || **at == '[')
        return json_read_items(at, **at == '{' ? '}' : ']', depth + 1);
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (!strncmp(*at, words[k], strlen(words[k]))) {
            *at += strlen(words[k]);
            return 1;
        }
    return json_read_number(at);
}

/* NULL where the text is one value and nothing else; otherwise the place that is wrong. */
static inline const char *json_wrong(const char *text)
{
    if (!json_read(&text, 0))
        return text;
    json_blanks(&text);
    return *text ? text : NULL;
}

/* The value of a key of an object, which the whole text must be. */
static inline const char *json_value(const char *text, const char *key)
{
    const char *wrong = json_wrong(text), *at = text;
    cr_assert_null(wrong, "no JSON from \"%.40s\" on: %s", wrong, text);
    json_blanks(&at);
    cr_assert_eq(*at, '{', "no object: %s", text);
    for (++at; *at != '}'; json_blanks(&at)) {
        json_blanks(&at);
        at += *at == ',';
        json_blanks(&at);
        const char *name = at + 1;
        if (!json_read_string(&at))
            break;
        const size_t length = (size_t)(at - 1 - name);
        json_blanks(&at);
        at++;
        json_blanks(&at);
        if (length == strlen(key) && !memcmp(name, key, length))
            return at;
        json_read(&at, 0);
    }
    cr_assert_fail("no %s in %s", key, text);
    return NULL;
}

/* A number; NAN for null. */
static inline double json_number(const char *text, const char *key)
{
    const char *at = json_value(text, key), *end = at;
    if (!strncmp(at, "null", 4))
        return NAN;
    cr_assert(json_read_number(&end), "%s is no number: %.40s", key, at);
    return strtod(at, NULL);
}
#endif
