/* Messages. */
#ifndef EQML__STATUS_C
#define EQML__STATUS_C
#include "compiler.h"
#include "status.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *eqml_status_text(eqml_status status)
{
#define EQML__STATUS_TEXT(code, text) text,
    static const char *const texts[] = {EQML_STATUS_LIST(EQML__STATUS_TEXT)};
#undef EQML__STATUS_TEXT
    return (unsigned)status < (unsigned)EQML_STATUS_COUNT ? texts[status] : "unknown status";
}

/*
 * Writes the message, unless it is NULL, and returns the status: `return eqml__fail(...);` says why and ends.
 */
EQML_FUNCTION eqml_status eqml__fail(eqml_message *message, eqml_status status, const char *format, ...)
{
    if (message) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message->text, sizeof message->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

/*
 * The same of a file: its name stands before what is said, and its line unless that is 0. A long path keeps
 * its end, which names the file, and leaves room for the reason.
 */
EQML_FUNCTION eqml_status eqml__fail_file(eqml_message *message, eqml_status status, const char *path,
                                          size_t line, const char *format, ...)
{
    const size_t room = 255, length = strlen(path);
    const char *shown = length > room ? path + length - room : path;
    eqml_message why;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why.text, sizeof why.text, format, arguments);
    va_end(arguments);
    if (line > 0)
        return eqml__fail(message, status, "%s:%zu: %.230s", shown, line, why.text);
    return eqml__fail(message, status, "%s: %.230s", shown, why.text);
}

#endif /* EQML__STATUS_C */
