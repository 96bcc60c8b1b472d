/* Text in pieces: words, labels, numbers. */
#ifndef EQML__TEXT_C
#define EQML__TEXT_C
#include "status.h"
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define EQML__BLANKS " \t\r\v\f" /* with CR, so that line ends of either kind are read */
#define EQML__ABSENT SIZE_MAX

/* A piece of a text; no NUL ends it. */
typedef struct eqml__span {
    const char *begin, *end;
} eqml__span;

static int eqml__is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static void eqml__skip(eqml__span *rest, const char *set)
{
    while (rest->begin < rest->end && eqml__is_one_of(*rest->begin, set))
        rest->begin++;
}

/* Takes the next word off *rest. Returns 0, and an empty word, at the end. */
static int eqml__next_word(eqml__span *rest, const char *separators, eqml__span *word)
{
    eqml__skip(rest, separators);
    word->begin = rest->begin;
    while (rest->begin < rest->end && !eqml__is_one_of(*rest->begin, separators))
        rest->begin++;
    word->end = rest->begin;
    return word->begin < word->end;
}

static size_t eqml__count_words(eqml__span rest)
{
    size_t count = 0;
    for (eqml__span word; eqml__next_word(&rest, EQML__BLANKS, &word);)
        count++;
    return count;
}

/* ASCII only, because what is a letter must not depend on the locale. */
static char eqml__lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the word is this one, in any case. */
static int eqml__equals(eqml__span word, const char *lower_case)
{
    for (; word.begin < word.end && *lower_case; word.begin++, lower_case++)
        if (eqml__lower(*word.begin) != *lower_case)
            return 0;
    return word.begin == word.end && *lower_case == '\0';
}

/* Whether the word has this text in it, in any case. */
static int eqml__has_text(eqml__span word, const char *lower_case)
{
    const size_t length = strlen(lower_case);
    for (; (size_t)(word.end - word.begin) >= length; word.begin++) {
        const eqml__span here = {word.begin, word.begin + length};
        if (eqml__equals(here, lower_case))
            return 1;
    }
    return 0;
}

/* Whether two words are the same, in any case. */
static int eqml__same_word(eqml__span a, eqml__span b)
{
    if (a.end - a.begin != b.end - b.begin)
        return 0;
    for (; a.begin < a.end; a.begin++, b.begin++)
        if (eqml__lower(*a.begin) != eqml__lower(*b.begin))
            return 0;
    return 1;
}

/* Whether the span is this text, to the letter. */
static int eqml__is(eqml__span span, const char *text)
{
    const size_t length = (size_t)(span.end - span.begin);
    return length == strlen(text) && memcmp(span.begin, text, length) == 0;
}

/* Whether the first word, up to a blank or the end of the line, is `text`. */
static int eqml__starts(eqml__span span, const char *text)
{
    const size_t length = strlen(text), left = (size_t)(span.end - span.begin);
    return left >= length && !memcmp(span.begin, text, length) &&
           (left == length || eqml__is_one_of(span.begin[length], " \r\n"));
}

static eqml__span eqml__span_of(const char *text)
{
    const eqml__span span = {text, text + strlen(text)};
    return span;
}

/* Word number k, from 0, of a list that blanks separate; empty past the last. */
static eqml__span eqml__word(const char *list, int k)
{
    eqml__span rest = eqml__span_of(list), word = rest;
    for (; k >= 0; k--)
        eqml__next_word(&rest, EQML__BLANKS, &word);
    return word;
}

/*
 * A text as messages show it: in quotes, cut after 50 characters, control characters as ?; "nothing" if
 * empty.
 */
static eqml_message eqml__quote(eqml__span text)
{
    eqml_message quote;
    eqml__skip(&text, EQML__BLANKS);
    while (text.begin < text.end && eqml__is_one_of(text.end[-1], EQML__BLANKS))
        text.end--;
    const int length = (int)(text.end - text.begin < 50 ? text.end - text.begin : 50);
    for (int i = 0; i < length; i++)
        quote.text[1 + i] = (unsigned char)text.begin[i] < ' ' ? '?' : text.begin[i];
    quote.text[0] = '"';
    strcpy(quote.text + 1 + length, text.begin + length < text.end ? "...\"" : "\"");
    if (length == 0)
        strcpy(quote.text, "nothing");
    return quote;
}

/* ---- counts, labels, numbers --------------------------------------------------------------------------- */

/* Returns a whole number of at most nine digits, or -1 if the word is none. */
static int eqml__parse_count(eqml__span word)
{
    int count = 0;
    if (word.begin == word.end || word.end - word.begin > 9)
        return -1;
    for (; word.begin < word.end; word.begin++) {
        if (*word.begin < '0' || *word.begin > '9')
            return -1;
        count = 10 * count + (*word.begin - '0');
    }
    return count;
}

/* Takes `count` whole numbers off *rest. Returns 0 if one is missing or not from least to most. */
static int eqml__next_counts(eqml__span *rest, int count, int least, int most, int *number)
{
    eqml__span word;
    for (int k = 0; k < count; k++) {
        eqml__next_word(rest, EQML__BLANKS, &word);
        number[k] = eqml__parse_count(word);
        if (number[k] < least || number[k] > most)
            return 0;
    }
    return 1;
}

/* How numbers are written: in data sets, and in files that eqml writes. */
typedef enum eqml__notation {
    EQML__DECIMAL,    /* Fortran's exponents (1.0D+00, 0.1-103) too; at most 1e100 in size */
    EQML__HEXADECIMAL /* or decimal; any finite number */
} eqml__notation;

/*
 * Where Fortran has dropped the letter of an exponent, as it does before three digits: the sign in 0.123-103. NULL where
 * it has not.
 */
static const char *eqml__bare_exponent(eqml__span word)
{
    if (word.end - word.begin < 6 || !eqml__is_one_of(word.end[-4], "+-"))
        return NULL;
    const char *sign = word.end - 4;
    for (const char *at = sign + 1; at < word.end; at++)
        if (*at < '0' || *at > '9')
            return NULL;
    int point = 0;
    for (const char *at = word.begin; at < sign; at++) {
        if (!eqml__is_one_of(*at, at == word.begin ? "+-.0123456789" : ".0123456789"))
            return NULL;
        point |= *at == '.';
    }
    return point ? sign : NULL;
}

/*
 * The number that is the whole of a word. EQML_ERROR_FORMAT: it is none. EQML_ERROR_VALUE: it is not finite,
 * or too large. strtod() is given the locale's decimal point, which it expects; what else it would take is
 * refused. 1e100 is far beyond anything physical and leaves squares and products finite. nan and inf are
 * known by their n, which holds under -ffast-math too.
 */
static eqml_status eqml__parse_number(eqml__span word, eqml__notation notation, double *number)
{
    const int decimal = notation == EQML__DECIMAL;
    const char *point = localeconv()->decimal_point;
    const char *bare = decimal ? eqml__bare_exponent(word) : NULL;
    char text[128], *end = text;
    for (; word.begin < word.end; word.begin++) {
        const char *as = word.begin;
        if (*word.begin == '.')
            as = point;
        else if (decimal && eqml__is_one_of(*word.begin, "dD"))
            as = "e";
        const size_t length = as == point ? strlen(point) : 1;
        if (*word.begin == '\0' || strchr(decimal ? "xX(," : "(,", *word.begin) ||
            (size_t)(end - text) + length + 1 >= sizeof text)
            return EQML_ERROR_FORMAT;
        if (word.begin == bare)
            *end++ = 'e';
        memcpy(end, as, length);
        end += length;
    }
    *end = '\0';
    *number = strtod(text, &end);
    if (end == text || *end != '\0')
        return EQML_ERROR_FORMAT;
    return fabs(*number) > (decimal ? 1e100 : DBL_MAX) || strpbrk(text, "nN") ? EQML_ERROR_VALUE : EQML_OK;
}

/* Two letters each, in the order of atomic numbers. */
static const char eqml__elements[] =
    "H HeLiBeB C N O F NeNaMgAlSiP S ClArK CaScTiV CrMnFeCoNiCuZnGaGeAsSeBrKr"
    "RbSrY ZrNbMoTcRuRhPdAgCdInSnSbTeI XeCsBaLaCePrNdPmSmEuGdTbDyHoErTmYbLuHf"
    "TaW ReOsIrPtAuHgTlPbBiPoAtRnFrRaAcThPaU NpPuAmCmBkCfEsFmMdNoLrRfDbSgBhHs"
    "MtDsRgCnNhFlMcLvTsOg";

EQML_API int eqml_atomic_number(const char *symbol)
{
    const size_t length = strcspn(symbol, " ");
    for (int k = 0; eqml__elements[2 * k] && length > 0 && length < 3; k++)
        if (eqml__elements[2 * k] == symbol[0] &&
            eqml__elements[2 * k + 1] == (length == 2 ? symbol[1] : ' '))
            return k + 1;
    return length == 1 && eqml__is_one_of(symbol[0], "DT");
}

/*
 * symbol <- an element's label in its usual case, from a label or an atomic number, 8 or 8.0. What else programs write
 * behind an element is dropped: H1, O_w, C(2), and masses but for isotopes of hydrogen, which are D and T: H@2.014.
 * Returns 0 if the word is none of these.
 */
static int eqml__parse_label(eqml__span word, char symbol[4])
{
    eqml__span head = word, tail;
    double mass = 0;
    const char *zeros = word.begin;
    while (zeros < word.end && *zeros >= '0' && *zeros <= '9')
        zeros++;
    if (zeros < word.end && *zeros == '.') {
        const char *rest = zeros + 1;
        while (rest < word.end && *rest == '0')
            rest++;
        head.end = rest == word.end ? zeros : word.end;
    }
    const int number = eqml__parse_count(head);
    if (number >= 1 && number <= 118) {
        word.begin = eqml__elements + 2 * (number - 1);
        word.end = word.begin + (word.begin[1] == ' ' ? 1 : 2);
    }
    memset(symbol, 0, 4);
    for (int i = 0; word.begin < word.end; i++, word.begin++) {
        const char letter = eqml__lower(*word.begin);
        if (letter < 'a' || letter > 'z')
            break;
        if (i == 3)
            return 0;
        symbol[i] = i == 0 ? (char)(letter - 'a' + 'A') : letter;
    }
    tail = word;
    if (tail.begin == tail.end)
        return symbol[0] != '\0';
    /* something stands behind the letters: these must be an element, so that a slip is no label */
    int known = eqml__is_one_of(*tail.begin, "0123456789_@-+(.:*'") && symbol[0] != '\0' && symbol[2] == '\0';
    for (const char *e = eqml__elements; known == 1 && *e; e += 2)
        known += e[0] == symbol[0] && (e[1] == symbol[1] || (e[1] == ' ' && symbol[1] == '\0'));
    if (known != 2 && !(known == 1 && !symbol[1] && eqml__is_one_of(symbol[0], "DT")))
        return 0;
    for (const char *at = tail.begin; at < tail.end; at++)
        if ((unsigned char)*at < '!')
            return 0;
    if (*tail.begin != '@')
        return 1;
    tail.begin++;
    if (eqml__parse_number(tail, EQML__DECIMAL, &mass) || !(mass > 0))
        return 0;
    if (symbol[0] == 'H' && !symbol[1] && mass > 1.9)
        symbol[0] = mass < 2.5 ? 'D' : 'T';
    return 1;
}

#endif /* EQML__TEXT_C */
