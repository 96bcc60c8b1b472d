#include "options_environment.h"
#include "base/memory.h"
#include "option_words.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number from least to most, of at most three digits behind the point, in thousandths. */
static int parse_thousandths(const char *option, const char *text, long least, long most, long *thousandths)
{
    long value = 0, unit = LEVEL_UNIT;
    const char *t = text ? text : "";
    bool digits = isdigit((unsigned char)*t);
    for (; isdigit((unsigned char)*t) && value <= most; t++)
        value = 10 * value + (*t - '0') * unit;
    if (*t == '.')
        for (t++; isdigit((unsigned char)*t) && unit > 1; t++)
            value += (*t - '0') * (unit /= 10);
    if (!digits || *t || value < least || value > most) {
        char remedy[128];
        snprintf(remedy, sizeof remedy,
                 "it must be a number from %g to %g, with at most three digits behind the point",
                 (double)least / LEVEL_UNIT, (double)most / LEVEL_UNIT);
        return option_refuse(option, text ? text : "", remedy);
    }
    *thousandths = value;
    return OPTIONS_GO;
}

static int parse_whole(const char *option, const char *text, long least, long most, int *number)
{
    char *end;
    errno = 0;
    const long value = text ? strtol(text, &end, 10) : 0;
    if (!text || end == text || *end || errno || value < least || value > most) {
        char remedy[64];
        snprintf(remedy, sizeof remedy, "it must be a whole number from %ld to %ld", least, most);
        return option_refuse(option, text ? text : "", remedy);
    }
    *number = (int)value;
    return OPTIONS_GO;
}

/* "W", or "A-B=W" */
static int parse_weight(const char *text, options *o)
{
    const size_t pair = text ? strcspn(text, "=") : 0;
    const bool one = text && text[pair];
    long weight = 0;
    const int status = parse_thousandths("--level-weight", one ? text + pair + 1 : text, LEVEL_UNIT / 10,
                                         NMAX_LIMIT * LEVEL_UNIT, &weight);
    if (status != OPTIONS_GO)
        return status;
    if (one && !pair_rules_add(&o->weights, text, pair, weight))
        return option_refuse("--level-weight", text,
                             "it must be a number, or two species and one, as in W-H=2");
    if (!one)
        o->rule.weight = weight;
    return OPTIONS_GO;
}

int options_take_environment(int argc, char **argv, int *i, options *o, bool *seen)
{
    const char *value = NULL;
    level_rule *r = &o->rule;
    int status = OPTIONS_GO;
    if (!strcmp(argv[*i], "--chiral"))
        r->chiral = true;
    else if (option_takes_value(argc, argv, i, 0, "environment", &o->environment))
        status = o->environment && *o->environment
                     ? OPTIONS_GO
                     : option_refuse("--environment needs centres and their neighbours", NULL,
                                     "for example --environment \"W: W H; H: W H\"");
    else if (option_takes_value(argc, argv, i, 0, "order", &value))
        status = parse_whole("--order", value, 1, ORDER_LIMIT, &r->order);
    else if (option_takes_value(argc, argv, i, 0, "level", &value))
        status = parse_thousandths("--level", value, LEVEL_UNIT, NMAX_LIMIT * LEVEL_UNIT, &r->level);
    else if (option_takes_value(argc, argv, i, 0, "level-weight", &value))
        status = parse_weight(value, o);
    else if (option_takes_value(argc, argv, i, 0, "lmax", &value))
        status = parse_whole("--lmax", value, 0, LMAX_LIMIT, &r->lmax);
    else if (option_takes_value(argc, argv, i, 0, "nmax", &value))
        status = parse_whole("--nmax", value, 1, NMAX_LIMIT, &r->nmax);
    else
        return OTHER_OPTION;
    *seen = true;
    return status;
}

int options_check_environment(options *o, bool seen, bool molecule)
{
    if (seen && !o->environment)
        return option_refuse(
            "no environment", NULL,
            "--order, --level, --level-weight, --lmax, --nmax and --chiral belong to --environment");
    if (!o->environment)
        return OPTIONS_GO;
    if (molecule || o->from)
        return option_refuse(
            "--environment", o->environment,
            "it is a basis of its own: leave out the composition, the degree, their options and --from");
    if (o->form != FORM_HEADER && o->form != FORM_STATISTICS)
        return option_refuse("--dump", NULL, "it shows bases of molecules only; use --stats");
    if (!o->rule.order)
        return option_refuse("no order", NULL, "for example --order 4");
    if (!o->rule.level)
        return option_refuse("no level", NULL, "for example --level 12");
    for (int k = 0; k < o->wanted.ncaps; k++) {
        const pair_cap *c = &o->wanted.cap[k];
        char pair[2 * sizeof c->symbol[0] + 1];
        snprintf(pair, sizeof pair, "%s-%s", c->symbol[0], c->symbol[1]);
        pair_rules_add(&o->caps, pair, strlen(pair), (long)c->degree * LEVEL_UNIT);
    }
    return OPTIONS_GO;
}

void options_complete_environment(options *o, const char *text)
{
    const level_rule *r = &o->rule;
    char level[32], cut[96 + 2 * PAIR_RULES_LIMIT * 48] = "";
    snprintf(level, sizeof level, "_o%d_l%g", r->order, (double)r->level / LEVEL_UNIT);
    for (char *t = level; *t; t++)
        *t = *t == '.' ? '_' : *t;
    if (!o->name)
        o->name = option_default_name(text, level);
    if (r->lmax < LMAX_LIMIT)
        snprintf(cut, sizeof cut, " --lmax %d", r->lmax);
    if (r->nmax < NMAX_LIMIT)
        snprintf(cut + strlen(cut), sizeof cut - strlen(cut), " --nmax %d", r->nmax);
    for (int kind = 0; kind < 2; kind++) {
        const pair_rules *rules = kind ? &o->caps : &o->weights;
        for (int k = 0; k < rules->count; k++)
            snprintf(cut + strlen(cut), sizeof cut - strlen(cut), " %s %s-%s=%g",
                     kind ? "--cap" : "--level-weight", rules->item[k].symbol[0], rules->item[k].symbol[1],
                     (double)rules->item[k].value / LEVEL_UNIT);
    }
    o->cut = option_copy(cut);
    const size_t size = strlen(text) + strlen(o->name) + strlen(cut) + 160;
    o->command = xcalloc(size, 1);
    snprintf(o->command, size,
             "eqml-gen --environment \"%s\" --order %d --level %g --level-weight %g%s%s -n %s", text,
             r->order, (double)r->level / LEVEL_UNIT, (double)r->weight / LEVEL_UNIT, cut,
             r->chiral ? " --chiral" : "", o->name);
}
