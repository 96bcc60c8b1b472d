/* The command line of the generator, an argument a line, up to what it asks for; nothing is generated. */
#define _POSIX_C_SOURCE 200809L
#include "environment/species.h"
#include "options_environment.h"
#include "input.h"

enum { MOST_ARGUMENTS = 40 };

static void complete(options *o)
{
    composition c;
    wanted_request request;
    char error[512] = "";
    if (composition_parse(o->composition, &c, error, sizeof error)) {
        HOLDS(*error);
        return;
    }
    const int cut = request_find(&o->wanted, o->composition, &c, &request, error, sizeof error);
    HOLDS(cut >= 0 || *error);
    if (cut >= 0) {
        options_complete(o, &c, cut ? &request : NULL);
        HOLDS(o->name && o->command);
    }
    wanted_request_free(&request);
    composition_free(&c);
}

static void complete_environment(options *o)
{
    species_list s;
    char error[512] = "";
    if (species_parse(o->environment, &s, error, sizeof error)) {
        HOLDS(*error);
    } else {
        options_complete_environment(o, s.text);
        HOLDS(o->name && o->command && o->rule.order && o->rule.level);
    }
    species_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = calloc(size + 1, 1), *argument[MOST_ARGUMENTS + 1] = {"eqml-gen"}, *at = text;
    int count = 1;
    options o;
    HOLDS(text != NULL);
    memcpy(text, bytes, size);
    while (count < MOST_ARGUMENTS && *at) {
        argument[count++] = at;
        at += strcspn(at, "\n");
        if (*at)
            *at++ = 0;
    }
    const int status = options_parse(count, argument, &o);
    HOLDS(status == OPTIONS_GO || status == 0 || status == 2);
    if (status == OPTIONS_GO && o.environment)
        complete_environment(&o);
    else if (status == OPTIONS_GO && o.composition)
        complete(&o);
    options_free(&o);
    free(text);
    return 0;
}
