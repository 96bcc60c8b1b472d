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

static eqml_status eqml__data_fail(eqml_message *message, eqml_status status, const char *format, ...)
{
    if (message) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message->text, sizeof message->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

static void eqml__say(eqml_message *message, const char *format, ...)
{
    va_list arguments;
    if (!message)
        return;
    va_start(arguments, format);
    vsnprintf(message->text, sizeof message->text, format, arguments);
    va_end(arguments);
}

#endif /* EQML__STATUS_C */
