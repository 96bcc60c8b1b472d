/* The command line. */
#include "job.h"
#include "team.h"
#include "common/options.h"
#include <unistd.h>

static const char help[] =
    "options of the fit:\n"
    "  --test FILE            geometries to test on\n"
    "  --train-every K        train on every K-th geometry from the first, test on the others\n"
    "  --variable [A-B=]KIND  morse:RANGE, inverse, exp-over-r:RANGE (bohr), power:N or auto, for all pairs "
    "or for\n"
    "                         those of two elements; may be repeated; default auto: chosen by "
    "cross-validation\n"
    "                         within the training data\n"
    "  --gradients W          weight of gradients against energies; default 1; 0: energies only\n"
    "  --ridge L              penalty L on the squares of the scaled coefficients, or auto; default 0\n"
    "  --energy-weight E0     weight E0/(E0 + E - Emin) of a geometry, hartree, or auto; default: all "
    "weights 1\n"
    "  --max-energy E         train only on geometries up to E above the lowest, hartree; default: on all\n"
    "  --robust               wrong energies and gradients lose their weight (Tukey's biweight, reweighted "
    "fits)\n"
    "  --diagnose N|all       leave out N training geometries in turn, 0: none; default: all, or as many as "
    "take\n"
    "                         about 20 seconds\n"
    "  --sigma N              rows of the standard deviation in NAME_sigma.h, a multiple of 8; default 32, "
    "0: "
    "none\n"
    "  --checkpoint FILE      keeps the fit in FILE, every minute and at the end; if FILE is there, goes on "
    "from it\n"
    "  --checkpoint-seconds S every S seconds instead; 0: as often as it can be\n"
    "  --solver scalapack     the triangle lies on all ranks of MPI, where no node can hold it, see README\n"
    "  --charge Q             total charge of the molecule, for dipole and quadrupole; default 0\n"
    "  --census no            no census of holes after the fit\n"
    "  --penalties auto|no|N  holes that the census finds are lifted in the fit, in at most N rounds; "
    "default "
    "auto: 10\n"
    "  --wall no|auto|W[,D]   what the surface is outside of the data, see README; default auto: a wall "
    "where\n"
    "                         samples or walkers of the census meet holes, or penalties leave some\n";

/* A positive number and nothing else; morse: any but 0; power: a whole number from -12 to 12 other than 0. */
static int parse_range(eqml_kind kind, const char *text, double *range)
{
    char *end;
    *range = strtod(text, &end);
    if (end == text || *end)
        return 1;
    if (kind == EQML_POWER)
        return !(*range >= -12 && *range <= 12 && *range != 0 && *range == (int)*range);
    return !((*range > 0 || (kind == EQML_MORSE && *range < 0)) && fabs(*range) <= DBL_MAX);
}

/* [A-B=]morse:2.0 or [A-B=]auto */
static int parse_variable(const char *text, job *j)
{
    const char *equals = strchr(text, '='), *spec = equals ? equals + 1 : text;
    eqml_variable v = {EQML_USER, 1, 0, 0};
    int used = 0;
    for (int kind = 0; kind < KIND_WORDS; kind++) {
        const size_t length = strlen(kind_words[kind]);
        if (strncmp(spec, kind_words[kind], length))
            continue;
        if (kind == EQML_INVERSE
                ? !spec[length]
                : spec[length] == ':' && !parse_range((eqml_kind)kind, spec + length + 1, &v.range))
            v.kind = (eqml_kind)kind;
    }
    const int is_auto = !strcmp(spec, "auto");
    if (v.kind == EQML_USER && !is_auto) {
        fprintf(stderr,
                "fit: --variable %s: expected morse:RANGE, inverse, exp-over-r:RANGE, power:N or auto, RANGE "
                "> 0 in "
                "bohr\n",
                text);
        return 1;
    }
    for (int c = 0; c < basis->npair_classes; c++)
        if (!equals || class_has_elements(c, text, (size_t)(equals - text))) {
            j->variables[c] = v;
            j->given[c] = !is_auto;
            used = 1;
        }
    if (!used)
        fprintf(stderr, "fit: --variable %s: the composition %s has no such pair of elements\n", text,
                basis->composition);
    return !used;
}

/* no, auto, or WIDTH[,DEGREE] */
static int parse_wall(const char *text, job *j)
{
    char *end;
    j->wall_options = (eqml_wall_options){.width = strtod(text, &end), .degree = 2};
    j->wall = !strcmp(text, "no") ? WALL_NO : !strcmp(text, "auto") ? WALL_AUTO : WALL_YES;
    if (end != text && *end == ',' && end[1] >= '1' && end[1] <= '9')
        j->wall_options.degree = (int)strtol(end + 1, &end, 10);
    if (j->wall != WALL_YES ||
        (end != text && !*end && j->wall_options.width > 0 && j->wall_options.width < 1e6))
        return 0;
    fprintf(stderr, "fit: --wall %s: expected no, auto, or WIDTH[,DEGREE], as in 4,3\n", text);
    return 1;
}

/* no, auto, or a number of rounds */
static int parse_penalties(const char *text, job *j)
{
    char *end;
    const long rounds = strtol(text, &end, 10);
    j->penalties_auto = !strcmp(text, "auto");
    j->penalties = j->penalties_auto ? PENALTY_ROUNDS : 0;
    if (j->penalties_auto || !strcmp(text, "no"))
        return 0;
    j->penalties = (int)rounds;
    if (end != text && !*end && rounds > 0 && rounds <= 1000)
        return 0;
    fprintf(stderr, "fit: --penalties %s: expected auto, no, or a number of rounds from 1 to 1000\n", text);
    return 1;
}

int parse_options(int argc, char **argv, job *j)
{
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i], *value;
        double number = 0;
        int bad = 0;
        if (strncmp(option, "--", 2)) {
            if (j->data)
                return fail("more than one data file");
            j->data = option;
            continue;
        }
        if (!strcmp(option, "--help")) {
            fputs(help, stdout);
            fputs(data_help, stdout);
            exit(finish_output());
        }
        if (!strcmp(option, "--robust")) {
            j->robust = 1;
            continue;
        }
        if (!strcmp(option, "--check") || !strcmp(option, "--checked")) {
            *(option[7] ? &j->checked : &j->check) = 1;
            continue;
        }
        value = i + 1 < argc ? argv[++i] : NULL;
        if (!value) {
            fprintf(stderr, "fit: %s needs a value\n", option);
            return 1;
        }
        const int of_data = parse_data_option(option, value, j);
        if (of_data >= 0) {
            bad = of_data;
        } else if (!strcmp(option, "--test")) {
            j->test = value;
        } else if (!strcmp(option, "--train-every")) {
            bad = parse_number("fit", option, value, 1, &number);
            j->train_every = number < 1e9 ? (int)number : 0;
            if (!bad && j->train_every != number)
                return fail("--train-every: expected a whole number");
        } else if (!strcmp(option, "--variable")) {
            bad = parse_variable(value, j);
        } else if (!strcmp(option, "--gradients")) {
            bad = parse_number("fit", option, value, 0, &j->fit.gradient_weight);
            j->read.skip_unclear = j->fit.energies_only = j->fit.gradient_weight == 0;
        } else if (!strcmp(option, "--ridge")) {
            j->ridge_auto = !strcmp(value, "auto");
            bad = !j->ridge_auto && parse_number("fit", option, value, 0, &j->fit.ridge);
        } else if (!strcmp(option, "--energy-weight")) {
            j->energy_weight_auto = !strcmp(value, "auto");
            bad =
                !j->energy_weight_auto && parse_number("fit", option, value, DBL_MIN, &j->fit.energy_weight);
        } else if (!strcmp(option, "--rows-file")) {
            j->rows_file = value;
        } else if (!strcmp(option, "--degree-file")) {
            j->degree_file = value;
        } else if (!strcmp(option, "--max-energy")) {
            bad = parse_number("fit", option, value, DBL_MIN, &j->max_energy);
        } else if (!strcmp(option, "--diagnose")) {
            if (!strcmp(value, "all"))
                j->diagnose = DBL_MAX;
            else
                bad = parse_number("fit", option, value, 0, &j->diagnose);
        } else if (!strcmp(option, "--checkpoint")) {
            j->fit.checkpoint = value;
        } else if (!strcmp(option, "--checkpoint-seconds")) {
            bad = parse_number("fit", option, value, 0, &number);
            j->fit.checkpoint_seconds = number > 0 ? number : -1;
        } else if (!strcmp(option, "--solver")) {
            j->fit.solver = distributed_solver();
            if (strcmp(value, "scalapack") || !j->fit.solver) {
                fprintf(stderr,
                        "fit: --solver %s: expected scalapack, in a program of make pes MPI=4 SCALAPACK=1\n",
                        value);
                return 1;
            }
        } else if (!strcmp(option, "--sigma")) {
            bad = parse_number("fit", option, value, 0, &number);
            j->sigma = number < 1e6 ? (int)number : -1;
            if (!bad && (j->sigma != number || j->sigma % 8))
                return fail("--sigma: expected a multiple of 8, or 0");
        } else if (!strcmp(option, "--charge")) {
            bad = parse_number("fit", option, value, -1e6, &j->charge);
        } else if (!strcmp(option, "--census")) {
            j->no_census = !strcmp(value, "no");
            if (!j->no_census && strcmp(value, "yes"))
                return fail("--census: expected yes or no");
        } else if (!strcmp(option, "--penalties")) {
            bad = parse_penalties(value, j);
        } else if (!strcmp(option, "--wall")) {
            bad = parse_wall(value, j);
        } else if (!strcmp(option, "--directory")) {
            j->directory = value;
        } else if (!strcmp(option, "--name")) {
            j->name = value;
        } else if (!strcmp(option, "--runtime")) {
            j->runtime = value;
        } else if (!strcmp(option, "--basis-header")) {
            j->basis_header = value;
            j->no_header = !strcmp(value, "none");
        } else if (!strcmp(option, "--bindings")) {
            j->bindings = value;
        } else if (!strcmp(option, "--float")) {
            j->with_float = strcmp(value, "0") != 0;
        } else {
            fprintf(stderr, "fit: unknown option %s; --help lists the options\n", option);
            return 1;
        }
        if (bad)
            return 1;
    }
    if (j->read.energy_key && j->read.energy_column)
        return fail("--energy-key and --energy-column exclude each other");
    if (j->read.force_key && j->read.gradient_key)
        return fail("--force-key and --gradient-key exclude each other");
    if (j->fit.solver && (j->robust || j->fit.checkpoint))
        return fail("--solver scalapack excludes --robust and --checkpoint");
    if (j->test && j->train_every > 1)
        return fail("--test and --train-every exclude each other");
    if (!is_c_name(j->name))
        return fail("--name: expected a C identifier, letters, digits and _, as in ch4");
    return j->data ? 0 : fail("no data file; name one in extended XYZ or in the layout of MSA");
}

int check_places(const job *j)
{
    const char *const needed[] = {j->runtime, j->basis_header, j->directory};
    for (int k = j->no_header ? 2 : 0; k < 3 && !j->check && !j->degree_file; k++)
        if (!needed[k] || access(needed[k], k < 2 ? R_OK : W_OK | X_OK)) {
            fprintf(stderr, "fit: %s: %s\n", needed[k] ? needed[k] : "--basis-header is missing",
                    needed[k] ? strerror(errno) : "name the header from eqml-gen");
            return 1;
        }
    return 0;
}
