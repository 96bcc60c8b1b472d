/* Messages. */
#ifndef EQML__STATUS_C
#define EQML__STATUS_C
#include "status.h"
#include <stdarg.h>
#include <stdio.h>

const char *eqml_status_text(eqml_status status)
{
#define EQML__STATUS_TEXT(code, text) text,
    static const char *const texts[] = {EQML_STATUS_LIST(EQML__STATUS_TEXT)};
#undef EQML__STATUS_TEXT
    return (unsigned)status < (unsigned)EQML_STATUS_COUNT ? texts[status] : "unknown status";
}

/* Writes the message, unless it is NULL, and returns the status: `return eqml__fail(...);` says why and ends. */
static eqml_status eqml__fail(eqml_message *message, eqml_status status, const char *format, ...)
{
    if (message) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message->text, sizeof message->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

#endif /* EQML__STATUS_C */
