/* The command line. */
#include "job.h"
#include "common/options.h"

static const char help[] =
    "options of the fit of a potential:\n"
    "  --test FILE         configurations to test on\n"
    "  --train-every K     train on every K-th configuration from the first, test on the others\n"
    "  --also FILE         more configurations to train on; may be repeated\n"
    "  --cutoff R          of the neighbourhood, angstrom; auto, the default: by cross-validation\n"
    "  --radial KIND       functions of distance, chebyshev or bessel; likewise\n"
    "  --range R           where the radial functions of chebyshev resolve most, angstrom; likewise\n"
    "  --energies W        weight of (E - E_data)^2 / natoms against |F - F_data|^2, angstrom^-2; likewise\n"
    "  --virials W         the same of virials; auto: likewise; default 0: they take no part\n"
    "  --ridge L           penalty L on the squares of the scaled coefficients; auto, the default: likewise\n"
    "  --smoothness P      the penalty grows with the level of a term as level^(2 P); default 2\n"
    "  --weights FILE      lines of a config_type and factors of the weights of its energies, forces and "
    "virials\n"
    "  --reference R       repulsion of nuclei beneath the fit: zbl:A,B, switched off from A to B angstrom; "
    "auto, "
    "the\n"
    "                      default: below the distances in the data, with anchors there; none\n"
    "  --atoms LIST        energies of free atoms, eV, as in W=-4.5,H=-1.1, or isolated: those of "
    "configurations\n"
    "                      of one atom; fitted, the default: by least squares\n"
    "  --cross-validate K  also the errors of each of K parts of the data, predicted by the others\n"
    "  --grades N          rows of the matrix of extrapolation grades, a multiple of 8; default 32, 0: none\n"
    "  --pool FILE         configurations to choose from, which need no energies, and\n"
    "  --ask N             how many of them to compute next, into ask.xyz; default 20 with --pool\n"
    "options of the data, for --test too:\n"
    "  --energy-key KEY    of the comment line; default energy\n"
    "  --force-key COLUMN  its name in Properties; default forces or force\n"
    "  --stress-unit U     eV/angstrom^3 (default), GPa, kbar or bar\n"
    "  --stress-sign S     ase, the default: positive where a solid is stretched; pressure: where it is "
    "compressed\n";

/* A number, or auto; *is_auto <- which. */
static int parse_choice(const char *option, const char *value, double least, double unit, double *number,
                        int *is_auto)
{
    *is_auto = !strcmp(value, "auto");
    *number = 0;
    if (!*is_auto && parse_number("potential", option, value, least, number))
        return 1;
    *number *= unit;
    return 0;
}

static int parse_whole(const char *option, const char *value, int least, int most, int *number)
{
    double x;
    if (parse_number("potential", option, value, least, &x))
        return 1;
    if (x > most || x != (int)x) {
        fprintf(stderr, "potential: %s %s: expected a whole number from %d to %d\n", option, value, least,
                most);
        return 1;
    }
    *number = (int)x;
    return 0;
}

static const char *const radial_names[] = {"chebyshev", "bessel"}; /* by their kind */

const char *radial_name(const eqml_radial *radial)
{
    return radial_names[radial->kind];
}

static int parse_radial(const char *value, job *j)
{
    j->kind_auto = !strcmp(value, "auto");
    j->radial.kind = EQML_RADIAL_CHEBYSHEV;
    for (int k = 0; k < 2 && !j->kind_auto; k++)
        if (!strcmp(value, radial_names[k])) {
            j->radial.kind = (eqml_radial_kind)k;
            return 0;
        }
    if (j->kind_auto)
        return 0;
    fprintf(stderr, "potential: --radial %s: expected chebyshev, bessel or auto\n", value);
    return 1;
}

static int parse_sign(const char *value, int *pressure)
{
    *pressure = !strcmp(value, "pressure");
    if (*pressure || !strcmp(value, "ase"))
        return 0;
    fprintf(stderr, "potential: --stress-sign %s: expected ase or pressure\n", value);
    return 1;
}

/* The number of an option as find_option lists them, less that of the first. */
enum {
    CUTOFF,
    RANGE,
    RADIAL,
    ENERGIES,
    VIRIALS,
    RIDGE,
    SMOOTHNESS,
    LEVEL_WEIGHT,
    TRAIN_EVERY,
    CROSS_VALIDATE,
    CHOOSE_LEVEL,
    GRADES,
    ASK,
    STRESS_SIGN,
    ALSO
};

static int parse_value(job *j, int option, const char *word, const char *value)
{
    eqml_cloud_fit_options *f = &j->fit;
    int virials_auto;
    switch (option) {
    case CUTOFF:
        return parse_choice(word, value, 0.1, EQML_ANGSTROM, &j->radial.cutoff, &j->cutoff_auto);
    case RANGE:
        return parse_choice(word, value, 0.1, EQML_ANGSTROM, &j->radial.range, &j->range_auto);
    case RADIAL:
        return parse_radial(value, j);
    case ENERGIES:
        return parse_choice(word, value, DBL_MIN, 1, &f->energy_weight, &j->weights_auto);
    case VIRIALS:
        if (parse_choice(word, value, 0, 1, &f->virial_weight, &virials_auto))
            return 1;
        if (virials_auto) { /* beside that of energies */
            f->virial_weight = 1;
            j->weights_auto = 1;
        }
        return 0;
    case RIDGE:
        return parse_choice(word, value, 0, 1, &f->ridge, &j->ridge_auto);
    case SMOOTHNESS:
        return parse_number("potential", word, value, 0, &f->smoothness);
    case LEVEL_WEIGHT:
        return parse_number("potential", word, value, 0, &f->level_weight);
    case TRAIN_EVERY:
        return parse_whole(word, value, 1, 1000000000, &j->train_every);
    case CROSS_VALIDATE:
        return parse_whole(word, value, 2, 10, &j->parts);
    case CHOOSE_LEVEL:
        return parse_whole(word, value, 1, 1000, &j->highest);
    case GRADES:
        return parse_whole(word, value, 0, 1 << 20, &j->grades);
    case ASK:
        return parse_whole(word, value, 1, 1 << 20, &j->ask);
    case STRESS_SIGN:
        return parse_sign(value, &j->read.pressure);
    default:
        if (j->nfiles == MOST_FILES)
            return fail("--also: too many files; put them together");
        j->data[j->nfiles++] = value;
        return 0;
    }
}

int parse_options(int argc, char **argv, job *j)
{
    const struct {
        const char *word, **text;
    } options[] = {{"--test", &j->test},
                   {"--directory", &j->directory},
                   {"--name", &j->name},
                   {"--runtime", &j->runtime},
                   {"--basis-header", &j->basis_header},
                   {"--weights", &j->weights},
                   {"--reference", &j->reference},
                   {"--atoms", &j->atoms},
                   {"--pool", &j->pool},
                   {"--score", &j->score},
                   {"--energy-key", &j->read.energy_key},
                   {"--force-key", &j->read.force_key},
                   {"--stress-unit", &j->read.stress_unit},
                   {"--cutoff", NULL}, /* from here on in the order of the enumeration */
                   {"--range", NULL},
                   {"--radial", NULL},
                   {"--energies", NULL},
                   {"--virials", NULL},
                   {"--ridge", NULL},
                   {"--smoothness", NULL},
                   {"--level-weight", NULL},
                   {"--train-every", NULL},
                   {"--cross-validate", NULL},
                   {"--choose-level", NULL},
                   {"--grades", NULL},
                   {"--ask", NULL},
                   {"--stress-sign", NULL},
                   {"--also", NULL}};
    const size_t count = sizeof options / sizeof *options;
    const char *first = NULL;
    j->nfiles = 1; /* the first is that without an option */
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2)) {
            if (first)
                return fail("more than one data file; name the others with --also");
            first = argv[i];
            continue;
        }
        const int k = find_option("potential", help, argc, argv, &i, options, count, sizeof *options);
        if (k < 0)
            return 1;
        if (options[k].text)
            *options[k].text = argv[i];
        else if (parse_value(j, k - (int)count + ALSO + 1, options[k].word, argv[i]))
            return 1;
    }
    j->data[0] = first;
    if (j->test && j->train_every > 1)
        return fail("--test and --train-every exclude each other");
    if (j->ask && !j->pool)
        return fail("--ask needs --pool, configurations to choose from");
    if (j->pool && !j->ask)
        j->ask = 20;
    if (!is_c_name(j->name))
        return fail("--name: expected a C identifier, letters, digits and _, as in cu");
    if (!j->basis_header && !j->highest && !j->score)
        return fail("--basis-header is missing: name the header from eqml-gen");
    return first ? 0 : fail("no data file; name one in extended XYZ");
}
