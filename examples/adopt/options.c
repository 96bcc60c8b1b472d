/* The command line. */
#include "adopt/job.h"
#include "common/options.h"
#include <ctype.h>

static const char help[] =
    "options of make adopt, in ADOPT:\n"
    "  --call FORM         how the library is called: v=f(x) (default), v=f(x,g), f(x,v), f(v,x), f(x,v,g), "
    "f(n,x,v), ...\n"
    "                      x: coordinates, v: energy, g: gradient, -g: forces, n: number of atoms, or a "
    "whole\n"
    "                      number; all by address, as Fortran passes them\n"
    "  --length-unit U     of its coordinates: bohr (default), angstrom, pm or nm\n"
    "  --energy-unit U     of its energy: hartree (default), eV, meV, Ry, kcal/mol, kJ/mol, cm-1 or K\n"
    "  --layout L          xyzxyz (default): C's [n][3], Fortran's (3,n); xxyyzz: C's [3][n], Fortran's "
    "(n,3)\n"
    "  --order LIST        its atoms, from 1, in the order of the composition: 2,3,1\n"
    "  --init SYMBOL       a routine without arguments that is called first\n"
    "  --in FOLDER         the working directory of all calls, where it finds its own files\n"
    "  --start FILE        a geometry in the valley to sample; default: the lowest minimum below 20 random "
    "ones\n"
    "  --geometries FILE   more geometries to sample, as make pes reads them; their energies are not read\n"
    "  --samples N         geometries about the minimum; default ten for each term, at least 2000\n"
    "  --up-to E           their highest energy above the minimum, cm^-1; default 20000\n"
    "  --checks N          new geometries to compare at in the end; default 2000\n"
    "  --seed N            of the random numbers; default 1\n";

/* Takes a word off the text, and blanks. */
static int take(const char **text, const char *word)
{
    const size_t length = strlen(word);
    *text += strspn(*text, " ");
    if (strncmp(*text, word, length))
        return 0;
    *text += length;
    *text += strspn(*text, " ");
    return 1;
}

/* One argument; returns its kind, or -1. */
static int take_argument(const char **text, int *whole)
{
    static const struct {
        const char *word;
        argument kind;
    } words[] = {
        {"x", ARGUMENT_XYZ}, {"v", ARGUMENT_ENERGY}, {"g", ARGUMENT_GRADIENT}, {"-g", ARGUMENT_FORCES}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (take(text, words[k].word))
            return (int)words[k].kind;
    *whole = basis->natoms;
    if (take(text, "n"))
        return ARGUMENT_WHOLE;
    if (!isdigit((unsigned char)**text))
        return -1;
    char *end;
    const long number = strtol(*text, &end, 10);
    *text = end;
    *whole = (int)number;
    return number <= 1000000 ? ARGUMENT_WHOLE : -1;
}

/* [v=]f(x,v,...): one x, one energy, at most one gradient. */
static int parse_form(job *j)
{
    const char *text = j->form;
    int count[ARGUMENT_WHOLE + 1] = {0}, good;
    j->returns = take(&text, "v") && take(&text, "=");
    if (!j->returns)
        text = j->form;
    good = take(&text, "f") && take(&text, "(");
    for (j->narguments = 0; good && j->narguments < MOST_ARGUMENTS;) {
        const int kind = take_argument(&text, &j->whole[j->narguments]);
        good = kind >= 0;
        if (good) {
            j->arguments[j->narguments++] = (argument)kind;
            count[kind]++;
        }
        if (!take(&text, ","))
            break;
    }
    good = good && take(&text, ")") && !*text && count[ARGUMENT_XYZ] == 1 &&
           count[ARGUMENT_ENERGY] + j->returns == 1 && count[ARGUMENT_GRADIENT] + count[ARGUMENT_FORCES] <= 1;
    if (good)
        return 0;
    fprintf(
        stderr,
        "adopt: --call %s: expected [v=]f(...) with at most %d arguments, of which one is x, one v unless "
        "it is returned, and at most one g or -g; the others n or whole numbers\n",
        j->form, MOST_ARGUMENTS);
    return 1;
}

static int parse_unit(eqml_quantity quantity, const char *option, const char *name, double *unit)
{
    *unit = eqml_unit(quantity, name);
    if (*unit > 0)
        return 0;
    fprintf(stderr, "adopt: %s %s: expected %s\n", option, name, eqml_unit_names(quantity));
    return 1;
}

/* What the words mean. */
static int understand(job *j)
{
    if (!*j->library || !*j->symbol)
        return fail(*j->library ? "SYMBOL" : "LIBRARY", "is needed: LIBRARY=./old.so SYMBOL=pot");
    if (!j->samples_file == !j->surface)
        return fail("", "either --samples-file or --surface is needed");
    j->apart = !strcmp(j->layout, "xxyyzz");
    if (!j->apart && strcmp(j->layout, "xyzxyz")) {
        fprintf(stderr, "adopt: --layout %s: expected xyzxyz or xxyyzz\n", j->layout);
        return 1;
    }
    j->order = calloc((size_t)basis->natoms, sizeof *j->order);
    if (!j->order)
        return fail("", "out of memory");
    for (int i = 0; i < basis->natoms; i++)
        j->order[i] = i;
    return parse_form(j) || parse_unit(EQML_UNIT_ENERGY, "--energy-unit", j->energy_name, &j->energy_unit) ||
           parse_unit(EQML_UNIT_LENGTH, "--length-unit", j->length_name, &j->length_unit) ||
           (j->order_text && parse_order("adopt", j->order_text, basis->natoms, j->order));
}

int parse_options(int argc, char **argv, job *j)
{
    const struct {
        const char *name, **text;
        double *number, least;
    } options[] = {{"--library", &j->library, NULL, 0},
                   {"--symbol", &j->symbol, NULL, 0},
                   {"--call", &j->form, NULL, 0},
                   {"--length-unit", &j->length_name, NULL, 0},
                   {"--energy-unit", &j->energy_name, NULL, 0},
                   {"--layout", &j->layout, NULL, 0},
                   {"--order", &j->order_text, NULL, 0},
                   {"--init", &j->init, NULL, 0},
                   {"--in", &j->folder, NULL, 0},
                   {"--start", &j->start, NULL, 0},
                   {"--geometries", &j->geometries, NULL, 0},
                   {"--samples-file", &j->samples_file, NULL, 0},
                   {"--surface", &j->surface, NULL, 0},
                   {"--directory", &j->directory, NULL, 0},
                   {"--name", &j->name, NULL, 0},
                   {"--samples", NULL, &j->samples, 1},
                   {"--checks", NULL, &j->checks, 1},
                   {"--seed", NULL, &j->seed, 1},
                   {"--up-to", NULL, &j->up_to, 0}};
    for (int i = 1; i < argc; i++) {
        const int k = find_option("adopt", help, argc, argv, &i, options, sizeof options / sizeof *options,
                                  sizeof *options);
        if (k < 0)
            return 1;
        if (options[k].text) {
            *options[k].text = argv[i];
            continue;
        }
        if (parse_number("adopt", argv[i - 1], argv[i], options[k].least, options[k].number))
            return 1;
        if (*options[k].number > 1e9 ||
            (options[k].least > 0 && *options[k].number != floor(*options[k].number))) {
            fprintf(stderr, "adopt: %s %s: expected a %s up to 1e9\n", argv[i - 1], argv[i],
                    options[k].least > 0 ? "whole number" : "number");
            return 1;
        }
    }
    if (!(j->up_to > 0))
        return fail("--up-to", "expected a number above 0");
    return understand(j);
}
