#include "options.h"
#include "option_words.h"
#include "options_environment.h"
#include "base/memory.h"
#include "base/output.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEGREE_LIMIT = 100 };

static const char help[] =
    "usage: eqml-gen [options] COMPOSITION\n"
    "       eqml-gen --environment LIST --order N --level D [options]\n"
    "       eqml-gen --from FILE [-n NAME] [-o FILE] [--stats]\n"
    "Writes a C header with the permutationally invariant polynomials of COMPOSITION, such as \"H4 C\" or\n"
    "\"(H2 O)2\": atoms in the order of their coordinates, like atoms and like fragments counted.\n"
    "\n"
    "  -d, --degree D      total degree (required)\n"
    "  -n, --name NAME     C name; default from the composition, as in h4_c_d6\n"
    "  -o, --output FILE   the header; default, and -, standard output\n"
    "      --dipole D          also the dipole basis up to degree D\n"
    "      --quadrupole D      also that of the traceless quadrupole moment\n"
    "      --polarizability D  also that of the polarizability\n"
    "      --group FILE    the group by its generators, one a line in cycle notation as (1 2)(3 4), in "
    "place\n"
    "                      of that of the composition; no atom may change its class\n"
    "      --terms KIND    all (default); purified: V vanishes as any fragment leaves; no-intramolecular;\n"
    "                      intramolecular\n"
    "      --fragments L   atoms of the fragments, such as 1-3,4-6 or 1-2+5,3-4; default: the parentheses\n"
    "      --cap A-B=N     degree at most N in each class of pairs of the elements A and B\n"
    "      --without A-B   these pairs left out: the same as --cap A-B=0\n"
    "      --body N        only terms that touch at most N atoms\n"
    "      --scheme NAME   \"factored\" (default), or \"orbit-sums\": each term written out, for comparison\n"
    "      --environment L the second family: invariants of an atom's neighbours, as in \"W: W H; H: W H\": "
    "centres "
    "and\n"
    "                      the species around each\n"
    "      --order N           factors of a term, 1 to 6; body order is one more\n"
    "      --level D           the sum over the factors of n + W l is at most D, n the number of the radial "
    "function\n"
    "      --level-weight W    default 1.5; A-B=W: for species B around A, and A around B; may be repeated\n"
    "      --cap A-B=D         of their factors the sum of n + W l is at most D\n"
    "      --lmax L, --nmax N  largest l and n\n"
    "      --chiral            also what changes its sign under reflection\n"
    "      --from FILE     the basis from tables, as eqml_basis_write writes them where a basis was pruned "
    "or\n"
    "                      grown; of what is above, only a name and an output may be beside it\n"
    "      --stats         print one JSON object instead of a header\n"
    "      --dump WORD     print the operations instead: \"program\", a line for each; \"dot\", as a graph "
    "for\n"
    "                      Graphviz; \"tables\", for eqml_basis_read and eqml-fit\n"
    "  -h, --help          this text\n";

static void write_help(FILE *out, const void *context)
{
    (void)context;
    fputs(help, out);
}

static bool is_c_name(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_')
            return false;
    return true;
}

/* The name of a basis becomes part of names in C. */
static int check_name(const char *name)
{
    if (!is_c_name(name))
        return option_refuse("name", name, "it must be a C identifier");
    if (!strcmp(name, "eqml") || !strncmp(name, "eqml_", 5))
        return option_refuse("name", name, "names of eqml are taken; choose another, such as ch4");
    return OPTIONS_GO;
}

static int parse_body(const char *text, int *body)
{
    char *end;
    long value = text ? strtol(text, &end, 10) : 0;
    if (value < 2 || value > 200 || *end)
        return option_refuse("--body", text ? text : "", "it must be a number of atoms from 2 on");
    *body = (int)value;
    return OPTIONS_GO;
}

static int parse_degree(const char *text, int *degree)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < 1 || value > DEGREE_LIMIT)
        return option_refuse("degree", text, "it must be a whole number from 1 to 100");
    *degree = (int)value;
    return OPTIONS_GO;
}

/* The tensor whose option this is, or TENSOR_KINDS. */
static int takes_tensor(int argc, char **argv, int *i, const char **value)
{
    int kind = 0;
    while (kind < TENSOR_KINDS &&
           !option_takes_value(argc, argv, i, 0, tensor_name((tensor_kind)kind), value))
        kind++;
    return kind;
}

/* One run writes one thing. */
static int choose_form(options *o, enum form form)
{
    if (o->form != FORM_HEADER && o->form != form)
        return option_refuse("one of --stats and --dump program, dot or tables at a time", NULL,
                             "leave out the others");
    o->form = form;
    return OPTIONS_GO;
}

/* Whether the command line says anything of what the basis of a molecule is to be, caps among it or not. */
static bool chooses_basis(const options *o, bool caps)
{
    bool any = o->composition || o->degree || o->group || o->orbit_sums || o->wanted.fragments ||
               o->wanted.body || (caps && o->wanted.ncaps) || o->wanted.terms != TERMS_ALL;
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        any = any || o->tensor[kind];
    return any;
}

static int check_molecule(const options *o)
{
    if (o->from && chooses_basis(o, true))
        return option_refuse(
            "--from", o->from,
            "the file says all of the basis: leave out the composition, the degree and what cuts it");
    if (!o->from && !o->composition)
        return option_refuse("no composition", NULL, "for example: eqml-gen -d 6 -o h4_c_d6.h \"H4 C\"");
    if (!o->from && !o->degree)
        return option_refuse("no degree", NULL, "for example: eqml-gen -d 6 -o h4_c_d6.h \"H4 C\"");
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        if (o->tensor[kind] > o->degree)
            return option_refuse(
                "above the degree of the potential, whose invariants it uses, is that of the",
                tensor_name((tensor_kind)kind), "choose a higher --degree, or a lower one for it");
    return OPTIONS_GO;
}

int options_parse(int argc, char **argv, options *o)
{
    const char *value = NULL, *name = NULL;
    int status, kind;
    bool environment = false;
    memset(o, 0, sizeof *o);
    o->rule = (level_rule){.weight = LEVEL_UNIT * 3 / 2, .lmax = LMAX_LIMIT, .nmax = NMAX_LIMIT};
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (!strcmp(argument, "-h") || !strcmp(argument, "--help"))
            return output_write(NULL, write_help, NULL);
        if (!strcmp(argument, "--stats")) {
            if ((status = choose_form(o, FORM_STATISTICS)) != OPTIONS_GO)
                return status;
        } else if (option_takes_value(argc, argv, &i, 'd', "degree", &value)) {
            if (!value)
                return option_refuse("--degree needs a number", NULL, "for example --degree 6");
            if ((status = parse_degree(value, &o->degree)) != OPTIONS_GO)
                return status;
        } else if (option_takes_value(argc, argv, &i, 'n', "name", &name)) {
            if ((status = check_name(name ? name : "")) != OPTIONS_GO)
                return status;
        } else if (option_takes_value(argc, argv, &i, 'o', "output", &value)) {
            if (!value || !*value)
                return option_refuse("--output needs a file", NULL, "for example --output h4_c_d6.h");
            o->output = strcmp(value, "-") ? value : NULL;
        } else if (option_takes_value(argc, argv, &i, 0, "from", &value)) {
            if (!value || !*value)
                return option_refuse("--from needs a file", NULL, "eqml_basis_write writes such files");
            o->from = value;
        } else if (option_takes_value(argc, argv, &i, 0, "group", &value)) {
            if (!value || !*value)
                return option_refuse("--group needs a file", NULL, "it holds generators such as (1 2)(3 4)");
            o->group = value;
        } else if (option_takes_value(argc, argv, &i, 0, "terms", &value)) {
            if (!value || request_set_terms(&o->wanted, value))
                return option_refuse("--terms", value ? value : "",
                                     "it must be all, purified, no-intramolecular or intramolecular");
        } else if (option_takes_value(argc, argv, &i, 0, "fragments", &value)) {
            if (!value)
                return option_refuse("--fragments needs a list", NULL, "for example --fragments 1-3,4-6");
            o->wanted.fragments = value;
        } else if (option_takes_value(argc, argv, &i, 0, "cap", &value)) {
            if (!value || request_add_cap(&o->wanted, value, false))
                return option_refuse("--cap", value ? value : "",
                                     "it must be two elements and a degree, as in H-H=3");
        } else if (option_takes_value(argc, argv, &i, 0, "without", &value)) {
            if (!value || request_add_cap(&o->wanted, value, true))
                return option_refuse("--without", value ? value : "", "it must be two elements, as in H-H");
        } else if (option_takes_value(argc, argv, &i, 0, "body", &value)) {
            if ((status = parse_body(value, &o->wanted.body)) != OPTIONS_GO)
                return status;
        } else if (option_takes_value(argc, argv, &i, 0, "scheme", &value)) {
            if (!value || (strcmp(value, "orbit-sums") && strcmp(value, "factored")))
                return option_refuse("scheme", value ? value : "", "it must be factored or orbit-sums");
            o->orbit_sums = !strcmp(value, "orbit-sums");
        } else if (option_takes_value(argc, argv, &i, 0, "dump", &value)) {
            if (!value || (strcmp(value, "program") && strcmp(value, "dot") && strcmp(value, "tables")))
                return option_refuse("--dump", value ? value : "", "it must be program or dot, or tables");
            status = choose_form(o, !strcmp(value, "dot")      ? FORM_DOT
                                    : !strcmp(value, "tables") ? FORM_TABLES
                                                               : FORM_PROGRAM);
            if (status != OPTIONS_GO)
                return status;
        } else if ((status = options_take_environment(argc, argv, &i, o, &environment)) != OTHER_OPTION) {
            if (status != OPTIONS_GO)
                return status;
        } else if ((kind = takes_tensor(argc, argv, &i, &value)) < TENSOR_KINDS) {
            if (!value)
                return option_refuse("a tensor needs a degree", NULL, "for example --dipole 5");
            if ((status = parse_degree(value, &o->tensor[kind])) != OPTIONS_GO)
                return status;
        } else if (argument[0] == '-' && argument[1]) {
            return option_refuse("unknown option", argument, "eqml-gen --help lists the options");
        } else if (o->composition) {
            return option_refuse("more than one composition: also", argument,
                                 "put it in quotes, as in \"H4 C\"");
        } else {
            o->composition = argument;
        }
    }
    status = options_check_environment(o, environment, chooses_basis(o, false));
    if (status == OPTIONS_GO && !o->environment)
        status = check_molecule(o);
    if (status != OPTIONS_GO)
        return status;
    if (name)
        o->name = option_copy(name);
    return OPTIONS_GO;
}

const char *options_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int options_complete_from(options *o, const char *name)
{
    const int status = o->name ? OPTIONS_GO : check_name(name);
    if (status != OPTIONS_GO)
        return status;
    if (!o->name)
        o->name = option_copy(name);
    const char *file = options_base(o->from);
    const size_t size = strlen(file) + strlen(o->name) + 64;
    o->command = xcalloc(size, 1);
    snprintf(o->command, size, "eqml-gen --from %s -n %s", file, o->name);
    return OPTIONS_GO;
}

void options_complete(options *o, const composition *c, const wanted_request *r)
{
    char end[16];
    snprintf(end, sizeof end, "_d%d", o->degree);
    if (!o->name)
        o->name = option_default_name(c->text, end);
    const char *group = o->group ? options_base(o->group) : NULL;
    o->cut = r ? request_options(&o->wanted, r, c) : NULL;
    const char *cuts = o->cut ? o->cut : "";
    size_t size = strlen(c->text) + strlen(o->name) + (group ? strlen(group) : 0) + strlen(cuts) + 192;
    o->command = xcalloc(size, 1);
    char tensors[128] = "";
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        if (o->tensor[kind])
            snprintf(tensors + strlen(tensors), sizeof tensors - strlen(tensors), " --%s %d",
                     tensor_name((tensor_kind)kind), o->tensor[kind]);
    snprintf(o->command, size, "eqml-gen %s-d %d%s -n %s%s%s%s \"%s\"",
             o->orbit_sums ? "--scheme orbit-sums " : "", o->degree, tensors, o->name,
             group ? " --group " : "", group ? group : "", cuts, c->text);
}

void options_free(options *o)
{
    free(o->name);
    free(o->command);
    free(o->cut);
}
