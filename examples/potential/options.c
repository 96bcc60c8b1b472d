/* The command line. */
#include "job.h"
#include "common/options.h"

static const char help[] =
    "options of the fit of a potential:\n"
    "  --test FILE         configurations to test on\n"
    "  --train-every K     train on every K-th configuration from the first, test on the others\n"
    "  --cutoff R          of the neighbourhood, angstrom; default 2.2 times the range\n"
    "  --range R           where the radial functions resolve most, angstrom; default: the distance of "
    "nearest\n"
    "                      neighbours in the data, the median over the configurations\n"
    "  --energies W        weight of (E - E_data)^2 / natoms against |F - F_data|^2, angstrom^-2; default "
    "100\n"
    "  --virials W         the same of virials; default 0: they take no part\n"
    "  --ridge L           penalty L on the squares of the scaled coefficients; default 0\n";

int parse_options(int argc, char **argv, job *j)
{
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i], *value;
        const struct {
            const char *word, **value;
        } words[] = {{"--test", &j->test},
                     {"--directory", &j->directory},
                     {"--name", &j->name},
                     {"--runtime", &j->runtime},
                     {"--basis-header", &j->basis_header}};
        const struct {
            const char *word;
            double least, unit, *value;
        } numbers[] = {{"--cutoff", 0.1, EQML_ANGSTROM, &j->radial.cutoff},
                       {"--range", 0.1, EQML_ANGSTROM, &j->radial.range},
                       {"--energies", DBL_MIN, 1, &j->fit.energy_weight},
                       {"--virials", 0, 1, &j->fit.virial_weight},
                       {"--ridge", 0, 1, &j->fit.ridge}};
        double number = 0;
        int known = 0;
        if (strncmp(option, "--", 2)) {
            if (j->data)
                return fail("more than one data file");
            j->data = option;
            continue;
        }
        if (!strcmp(option, "--help")) {
            fputs(help, stdout);
            exit(0);
        }
        value = i + 1 < argc ? argv[++i] : NULL;
        if (!value) {
            fprintf(stderr, "potential: %s needs a value\n", option);
            return 1;
        }
        for (size_t k = 0; k < 5 && !known; k++) {
            known = !strcmp(option, words[k].word) || !strcmp(option, numbers[k].word);
            if (!strcmp(option, words[k].word)) {
                *words[k].value = value;
            } else if (!strcmp(option, numbers[k].word)) {
                if (parse_number("potential", option, value, numbers[k].least, &number))
                    return 1;
                *numbers[k].value = number * numbers[k].unit;
            }
        }
        if (!known && !strcmp(option, "--train-every")) {
            if (parse_number("potential", option, value, 1, &number))
                return 1;
            if (number > 1e9 || number != (int)number)
                return fail("--train-every: expected a whole number");
            j->train_every = (int)number;
            known = 1;
        }
        if (!known) {
            fprintf(stderr, "potential: unknown option %s; --help lists the options\n", option);
            return 1;
        }
    }
    if (j->test && j->train_every > 1)
        return fail("--test and --train-every exclude each other");
    if (!is_c_name(j->name))
        return fail("--name: expected a C identifier, letters, digits and _, as in cu");
    if (!j->basis_header)
        return fail("--basis-header is missing: name the header from eqml-gen");
    return j->data ? 0 : fail("no data file; name one in extended XYZ");
}
