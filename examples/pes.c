/*
 * From a data file to a fitted surface: reads, fits, reports, and writes NAME.pes, NAME_pes.h and
 * report.json.
 *
 * It knows no basis, and the runtime does not either: `make pes` compiles both once and links them, for each
 * surface, with a file that says which basis it is. By hand:
 *
 *     printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' >eqml.c
 *     printf '#include "ch4.h"\nconst eqml_basis *const basis = &ch4_basis;\n' >basis.c
 *     cc -O3 -march=native -I. examples/pes.c basis.c eqml.c -o fit -lm
 *     ./fit --basis-header ch4.h --runtime eqml.h --directory . --name ch4 [options] data.xyz
 */
#define _POSIX_C_SOURCE 200809L
#include "eqml.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern const eqml_basis *const basis;

#define PER_CM 219474.6313632   /* cm^-1 in a hartree; CODATA 2018 */
#define KCAL_MOL 627.5094740631 /* kcal/mol in a hartree */

static const char help[] =
    "options of the fit:\n"
    "  --test FILE            geometries to test on\n"
    "  --train-every K        train on every K-th geometry from the first, test on the others\n"
    "  --variable [A-B=]KIND  morse:RANGE, inverse or exp-over-r:RANGE (bohr), for all pairs or for those of "
    "two\n"
    "                         elements; may be repeated; default morse:2.0\n"
    "  --gradients W          weight of gradients against energies; default 1; 0: energies only\n"
    "  --ridge L              penalty L on the squares of the scaled coefficients; default 0\n"
    "  --energy-weight E0     weight E0/(E0 + E - Emin) of a geometry, hartree; default: all weights 1\n"
    "  --charge Q             total charge of the molecule, for dipole and quadrupole; default 0\n";

typedef struct job {
    const char *data, *test, *directory, *name, *runtime, *basis_header;
    int train_every;
    double charge;
    eqml_variable *variables; /* [npair_classes] */
    eqml_fit_options fit;
} job;

static int fail(const char *text)
{
    fprintf(stderr, "fit: %s\n", text);
    return 1;
}

/* Standard output may be a file on a full disk. */
static int finish_output(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    fprintf(stderr, "fit: standard output cannot be written\n");
    return 1;
}

/* ---- options ------------------------------------------------------------------------------------------ */

static int parse_number(const char *option, const char *text, double least, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && *number >= least && *number <= DBL_MAX)
        return 0;
    fprintf(stderr, "fit: %s %s: expected a finite number, at least %g\n", option, text, least);
    return 1;
}

/* A positive number and nothing else; for powers, a whole number from -12 to 12 other than 0. */
static int parse_range(eqml_kind kind, const char *text, double *range)
{
    char *end;
    *range = strtod(text, &end);
    if (end == text || *end)
        return 1;
    if (kind == EQML_POWER)
        return !(*range >= -12 && *range <= 12 && *range != 0 && *range == (int)*range);
    return !(*range > 0 && *range <= DBL_MAX);
}

/* The symbol of atom i: its place and length in the basis' list. */
static const char *symbol_of(int atom, size_t *length)
{
    const char *s = basis->symbols;
    for (int i = 0; i < atom; i++)
        s = strchr(s, ' ') + 1;
    *length = strcspn(s, " ");
    return s;
}

static int same_symbol(int atom, const char *text, size_t length)
{
    size_t own;
    const char *symbol = symbol_of(atom, &own);
    return own == length && !strncmp(symbol, text, length);
}

/* Does pair class k join the elements "A-B", in either order? */
static int class_has_elements(int k, const char *label, size_t length)
{
    const char *dash = memchr(label, '-', length);
    size_t first = dash ? (size_t)(dash - label) : 0;
    for (int p = 0; dash && p < basis->npairs; p++)
        if (basis->pair_classes[p] == k) {
            int i = basis->pairs[p][0], j = basis->pairs[p][1];
            return (same_symbol(i, label, first) && same_symbol(j, dash + 1, length - first - 1)) ||
                   (same_symbol(j, label, first) && same_symbol(i, dash + 1, length - first - 1));
        }
    return 0;
}

/* [A-B=]morse:2.0 */
static int parse_variable(const char *text, eqml_variable *variables)
{
    static const struct {
        const char *word;
        eqml_kind kind;
    } kinds[] = {{"morse:", EQML_MORSE},
                 {"exp-over-r:", EQML_EXP_OVER_R},
                 {"inverse", EQML_INVERSE},
                 {"power:", EQML_POWER}};
    const char *equals = strchr(text, '='), *spec = equals ? equals + 1 : text;
    int used = 0;
    for (size_t k = 0; k < 4; k++) {
        size_t length = strlen(kinds[k].word);
        eqml_variable v = {kinds[k].kind, 1, 0, 0};
        if (strncmp(spec, kinds[k].word, length))
            continue;
        if (v.kind == EQML_INVERSE ? spec[length] != 0 : parse_range(v.kind, spec + length, &v.range))
            break;
        for (int c = 0; c < basis->npair_classes; c++)
            if (!equals || class_has_elements(c, text, (size_t)(equals - text))) {
                variables[c] = v;
                used = 1;
            }
        if (used)
            return 0;
        fprintf(stderr, "fit: --variable %s: the composition %s has no such pair of elements\n", text,
                basis->composition);
        return 1;
    }
    fprintf(
        stderr,
        "fit: --variable %s: expected morse:RANGE, inverse, exp-over-r:RANGE or power:N, RANGE > 0 in bohr\n",
        text);
    return 1;
}

static int is_c_name(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return *text && strspn(text, letters) == strlen(text) && !(*text >= '0' && *text <= '9');
}

static int parse_options(int argc, char **argv, job *j)
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
            exit(finish_output());
        }
        value = i + 1 < argc ? argv[++i] : NULL;
        if (!value) {
            fprintf(stderr, "fit: %s needs a value\n", option);
            return 1;
        }
        if (!strcmp(option, "--test")) {
            j->test = value;
        } else if (!strcmp(option, "--train-every")) {
            bad = parse_number(option, value, 1, &number);
            j->train_every = number < 1e9 ? (int)number : 0;
            if (!bad && j->train_every != number)
                return fail("--train-every: expected a whole number");
        } else if (!strcmp(option, "--variable")) {
            bad = parse_variable(value, j->variables);
        } else if (!strcmp(option, "--gradients")) {
            bad = parse_number(option, value, 0, &j->fit.gradient_weight);
            j->fit.energies_only = j->fit.gradient_weight == 0;
        } else if (!strcmp(option, "--ridge")) {
            bad = parse_number(option, value, 0, &j->fit.ridge);
        } else if (!strcmp(option, "--energy-weight")) {
            bad = parse_number(option, value, DBL_MIN, &j->fit.energy_weight);
        } else if (!strcmp(option, "--charge")) {
            bad = parse_number(option, value, -1e6, &j->charge);
        } else if (!strcmp(option, "--directory")) {
            j->directory = value;
        } else if (!strcmp(option, "--name")) {
            j->name = value;
        } else if (!strcmp(option, "--runtime")) {
            j->runtime = value;
        } else if (!strcmp(option, "--basis-header")) {
            j->basis_header = value;
        } else {
            fprintf(stderr, "fit: unknown option %s; --help lists the options\n", option);
            return 1;
        }
        if (bad)
            return 1;
    }
    if (j->test && j->train_every > 1)
        return fail("--test and --train-every exclude each other");
    if (!is_c_name(j->name))
        return fail("--name: expected a C identifier, letters, digits and _, as in ch4");
    return j->data ? 0 : fail("no data file; name one in extended XYZ or in the layout of MSA");
}

/* A long fit should not end with files that cannot be written: what it needs is looked for first. */
static int check_places(const job *j)
{
    const char *const needed[] = {j->runtime, j->basis_header, j->directory};
    for (int k = 0; k < 3; k++)
        if (!needed[k] || access(needed[k], k < 2 ? R_OK : W_OK | X_OK)) {
            fprintf(stderr, "fit: %s: %s\n", needed[k] ? needed[k] : "--basis-header is missing",
                    needed[k] ? strerror(errno) : "name the header from eqml-gen");
            return 1;
        }
    return 0;
}

/* ---- data --------------------------------------------------------------------------------------------- */

static int read_data(const char *path, eqml_data *data)
{
    eqml_message message;
    int *class_of = calloc((size_t)basis->natoms, sizeof *class_of);
    eqml_status status = class_of ? eqml_data_read(path, data, &message) : EQML_ERROR_MEMORY;
    if (!class_of)
        return fail("out of memory");
    for (int i = 0; i < basis->natoms; i++)
        class_of[i] = basis->atom_classes[i];
    if (!status) {
        status = eqml_data_match(data, basis->symbols, class_of, &message);
        if (status) {
            fprintf(stderr, "fit: %s: %s\n", path, message.text);
            eqml_data_free(data);
        }
    } else {
        fail(message.text);
    }
    free(class_of);
    return status != EQML_OK;
}

/* Marks for training and for testing on one file: every K-th geometry, and the others. */
static void split(size_t n, int every, unsigned char *train, unsigned char *test)
{
    for (size_t g = 0; g < n; g++) {
        train[g] = g % (size_t)every == 0;
        test[g] = !train[g];
    }
}

/* Geometries that are marked and have what is asked for. */
static size_t count_marked(const eqml_data *data, const unsigned char *mark, int what)
{
    size_t count = 0;
    for (size_t g = 0; g < data->n; g++)
        count += mark[g] && (data->has[g] & what);
    return count;
}

/* ---- progress ----------------------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void show_progress(void *context, size_t done, size_t total)
{
    double *last = context, now = seconds_now();
    if (done < total && now - *last < 0.2)
        return;
    *last = now;
    fprintf(stderr, "\rfitting: %zu of %zu geometries%s", done, total, done == total ? "\n" : "");
}

/* ---- report ------------------------------------------------------------------------------------------- */

typedef struct outcome {
    eqml_fit_result fit, tensor[EQML_TENSORS]; /* terms 0 where not fitted */
    eqml_errors train, test;
    double
        turning[EQML_TENSORS]; /* root mean square, as in train, of the part that turns with the molecule */
    double *
        constant; /* [npair_classes] distances that do not vary in the training data, see eqml_constant_pairs */
    int tested;
    double seconds;
} outcome;

/* Null where the number is not known, or not finite: JSON has no other word for that. */
static void json_number(FILE *out, const char *key, int known, double value)
{
    if (known && isfinite(value))
        fprintf(out, "  \"%s\": %.10g,\n", key, value);
    else
        fprintf(out, "  \"%s\": null,\n", key);
}

/* The first pair of a class, and its elements as "H-O". */
static const unsigned short *pair_of_class(int c, char label[16])
{
    int p = 0;
    while (basis->pair_classes[p] != c)
        p++;
    size_t left, right;
    const char *first = symbol_of(basis->pairs[p][0], &left), *second = symbol_of(basis->pairs[p][1], &right);
    snprintf(label, 16, "%.*s-%.*s", (int)left, first, (int)right, second);
    return basis->pairs[p];
}

/* The elements of each class of pairs whose distances do not vary. */
static void json_constant_pairs(FILE *out, const outcome *o)
{
    const char *between = "";
    fprintf(out, "  \"constant_pairs\": [");
    for (int c = 0; c < basis->npair_classes; c++) {
        char label[16];
        if (o->constant[c] == 0)
            continue;
        pair_of_class(c, label);
        fprintf(out, "%s\"%s\"", between, label);
        between = ", ";
    }
    fprintf(out, "],\n");
}

static void print_constant_pairs(const job *j, const outcome *o)
{
    const char *along = o->train.gradients && !j->fit.energies_only
                            ? "the surface knows of the energy along them what the gradients tell"
                            : "the surface is flat along them, as far as the other terms allow";
    for (int c = 0; c < basis->npair_classes; c++) {
        char label[16];
        if (o->constant[c] == 0)
            continue;
        const unsigned short *pair = pair_of_class(c, label);
        printf(
            "  note: %s distances (such as that of atoms %d and %d) do not vary in the training data (%.5g "
            "angstrom):\n        %s\n",
            label, pair[0] + 1, pair[1] + 1, o->constant[c] / EQML_ANGSTROM, along);
    }
}

static void print_json(FILE *out, const outcome *o)
{
    int test = o->tested;
    fprintf(out, "{\n  \"terms\": %d,\n  \"rank\": %d,\n", o->fit.terms, o->fit.rank);
    json_number(out, "condition", o->fit.terms > 0, o->fit.condition);
    json_constant_pairs(out, o);
    fprintf(out, "  \"n_train\": %zu,\n  \"n_test\": %zu,\n", o->fit.geometries, test ? o->test.energies : 0);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const char *name = eqml_tensor_name((eqml_tensor)k);
        fprintf(out, "  \"%s_terms\": %d,\n  \"%s_rank\": %d,\n  \"n_%s_train\": %zu,\n", name,
                o->tensor[k].terms, name, o->tensor[k].rank, name, o->tensor[k].geometries);
    }
    json_number(out, "rmse_energy_train", o->train.energies > 0, o->train.rmse_energy);
    json_number(out, "rmse_energy_test", test && o->test.energies > 0, o->test.rmse_energy);
    json_number(out, "rmse_gradient_train", o->train.gradients > 0, o->train.rmse_gradient);
    json_number(out, "rmse_gradient_test", test && o->test.gradients > 0, o->test.rmse_gradient);
    for (int k = 0; k < EQML_TENSORS; k++) {
        const int fitted = o->tensor[k].terms > 0;
        char key[64];
        snprintf(key, sizeof key, "rmse_%s_train", eqml_tensor_name((eqml_tensor)k));
        json_number(out, key, fitted && o->train.tensors[k], o->train.rmse_tensor[k]);
        snprintf(key, sizeof key, "rmse_%s_test", eqml_tensor_name((eqml_tensor)k));
        json_number(out, key, test && fitted && o->test.tensors[k], o->test.rmse_tensor[k]);
    }
    json_number(out, "max_error_energy_test", test && o->test.energies > 0 && isfinite(o->test.rmse_energy),
                o->test.max_energy);
    fprintf(out, "  \"seconds_fit\": %.3f\n}\n", o->seconds);
}

static void print_errors(const char *what, const eqml_errors *e)
{
    if (e->energies)
        printf(
            "  %-6s %8zu energies   RMSE %10.4f cm^-1 %9.5f kcal/mol   largest %.2f cm^-1 (geometry %zu)\n",
            what, e->energies, PER_CM * e->rmse_energy, KCAL_MOL * e->rmse_energy, PER_CM * e->max_energy,
            e->worst + 1);
    if (e->gradients)
        printf("  %-6s %8zu gradients  RMSE %.4e hartree/bohr for each component\n", what, e->gradients,
               e->rmse_gradient);
    for (int k = 0; k < EQML_TENSORS; k++) {
        static const char *const plural[EQML_TENSORS] = {"dipoles", "quadrupoles", "polarizabilities"};
        static const char *const unit[EQML_TENSORS] = {"e*bohr", "e*bohr^2", "bohr^3"};
        if (e->tensors[k])
            printf("  %-6s %8zu %-10s RMSE %.4e %s for each component (of %.4f)\n", what, e->tensors[k],
                   plural[k], e->rmse_tensor[k], unit[k], e->rms_tensor[k]);
    }
}

static void print_fit(const char *what, const eqml_fit_result *fit)
{
    if (!fit->terms)
        return;
    printf("  %s: %d terms, rank %d, condition %.1e, %zu rows from %zu geometries\n", what, fit->terms,
           fit->rank, fit->condition, fit->rows, fit->geometries);
    if (fit->rank < fit->terms)
        printf(
            "  note: the data do not determine all terms (rank %d of %d); the least-norm solution is taken\n",
            fit->rank, fit->terms);
}

/* An error relative to what turns with the molecule that no fit has whose data are in the frame of the
 * geometries. */
#define ABSURD 0.3

/* A polarizability without its mean over all directions: next to that, the rest is small. */
static double rms_anisotropy(const eqml_data *data, const unsigned char *use)
{
    double sum = 0;
    size_t count = 0;
    for (size_t g = 0; g < data->n; g++) {
        const double *a = data->tensors[EQML_POLARIZABILITY] + 6 * g;
        if (!use[g] || !(data->has[g] & EQML_HAS_POLARIZABILITY))
            continue;
        const double mean = (a[0] + a[3] + a[5]) / 3, x = a[0] - mean, y = a[3] - mean, z = a[5] - mean;
        sum += x * x + y * y + z * z + 2 * (a[1] * a[1] + a[2] * a[2] + a[4] * a[4]);
        count++;
    }
    return count ? sqrt(sum / (9 * (double)count)) : 0;
}

static void print_report(const job *j, const outcome *o)
{
    printf("%s: \"%s\", degree %d, fitted in %.1f s\n", j->name, basis->composition, basis->degree,
           o->seconds);
    print_fit("energy", &o->fit);
    for (int k = 0; k < EQML_TENSORS; k++)
        print_fit(eqml_tensor_name((eqml_tensor)k), &o->tensor[k]);
    print_constant_pairs(j, o);
    print_errors("train", &o->train);
    if (o->tested)
        print_errors("test", &o->test);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (o->tensor[k].terms && o->train.rmse_tensor[k] > ABSURD * o->turning[k])
            printf(
                "  note: the %s does not follow the geometries: was it given in another orientation, or with "
                "another\n"
                "        charge than %g?\n",
                eqml_tensor_name((eqml_tensor)k), j->charge);
}

/* ---- files -------------------------------------------------------------------------------------------- */

static int write_json(const char *path, const outcome *o)
{
    char beside[1100];
    snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    const int descriptor = mkstemp(beside); /* a file of this run's own */
    FILE *out = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    int bad = !out;
    if (out) {
        const mode_t mask = umask(0);
        umask(mask);
        print_json(out, o);
        bad = ferror(out) != 0 || fchmod(descriptor, 0666 & ~mask);
        bad |= fclose(out) != 0;
        bad = bad || rename(beside, path);
    }
    if (!bad)
        return 0;
    fprintf(stderr, "fit: %s: cannot be written: %s\n", path, strerror(errno));
    if (descriptor >= 0)
        remove(beside);
    return 1;
}

static int write_all(const job *j, const eqml_surface *surface, const outcome *o)
{
    char path[1024];
    eqml_message message = {"no such file"};
    eqml_status status;
    snprintf(path, sizeof path, "%s/%s.pes", j->directory, j->name);
    status = eqml_surface_write(surface, path, &message);
    snprintf(path, sizeof path, "%s/%s_pes.h", j->directory, j->name);
    if (!status)
        status = eqml_surface_write_header(surface, j->name, j->runtime, j->basis_header, path, &message);
    if (status)
        return fail(message.text);
    snprintf(path, sizeof path, "%s/report.json", j->directory);
    return write_json(path, o);
}

/* ---- the job ------------------------------------------------------------------------------------------ */

/* What the fit will take, before it begins. */
static void print_memory(const job *j, const eqml_data *data, const unsigned char *train)
{
    const size_t inner = basis->natoms > 2 ? 3 * (size_t)basis->natoms - 6 : 1;
    const size_t gradients = j->fit.energies_only ? 0 : count_marked(data, train, EQML_HAS_GRADIENT);
    printf("fit: %d terms, %zu rows: about %.2g GB of memory\n", basis->nterms,
           count_marked(data, train, EQML_HAS_ENERGY) + inner * gradients,
           1e-9 * (double)eqml_fit_memory(basis, &j->fit));
    fflush(stdout);
}

static int fit_and_test(job *j, eqml_data *data, const eqml_data *other, unsigned char *train,
                        unsigned char *test, eqml_surface *surface, outcome *o)
{
    eqml_message message;
    eqml_status status = EQML_OK;
    double shown = 0, start = seconds_now();
    split(data->n, j->train_every, train, test);
    j->fit.use = train;
    if (isatty(2)) {
        j->fit.progress = show_progress;
        j->fit.context = &shown;
    }
    if (count_marked(data, train, EQML_HAS_ENERGY) > 0)
        print_memory(j, data, train);
    if (eqml_surface_create(basis, j->variables, surface))
        return fail("the variables are not valid: ranges must be positive, exponents whole from -12 to 12");
    int tensors = 0;
    for (int k = 0; k < EQML_TENSORS; k++)
        tensors += basis->tensors[k] != NULL;
    if (count_marked(data, train, EQML_HAS_ENERGY) > 0 || !tensors)
        status = eqml_fit(surface, data, &j->fit, &o->fit, &message);
    for (int k = 0; k < EQML_TENSORS && !status; k++)
        if (basis->tensors[k])
            status =
                eqml_fit_tensor(surface, (eqml_tensor)k, data, j->charge, &j->fit, &o->tensor[k], &message);
    if (status) {
        fprintf(stderr, "fit: %s: %s\n", j->data, message.text);
        return 1;
    }
    o->seconds = seconds_now() - start;
    eqml_constant_pairs(basis, data, train, o->constant);
    o->tested = other->n > 0 || j->train_every > 1;
    if (eqml_surface_errors(surface, data, train, &o->train) ||
        (o->tested &&
         eqml_surface_errors(surface, other->n ? other : data, other->n ? NULL : test, &o->test)))
        return fail("out of memory");
    for (int k = 0; k < EQML_TENSORS; k++)
        o->turning[k] = k == EQML_POLARIZABILITY && data->tensors[k] ? rms_anisotropy(data, train)
                                                                     : o->train.rms_tensor[k];
    return 0;
}

int main(int argc, char **argv)
{
    job j = {.directory = ".", .name = basis->name, .runtime = "eqml.h", .train_every = 1};
    eqml_data data = {0}, other = {0};
    eqml_surface surface = {0};
    outcome o = {0};
    unsigned char *marks = NULL;
    int status;
    j.variables = calloc((size_t)basis->npair_classes, sizeof *j.variables);
    o.constant = calloc((size_t)basis->npair_classes, sizeof *o.constant);
    if (!j.variables || !o.constant) {
        free(j.variables);
        free(o.constant);
        return fail("out of memory");
    }
    for (int k = 0; k < basis->npair_classes; k++)
        j.variables[k] = (eqml_variable){EQML_MORSE, 2.0, 0, 0};

    status = parse_options(argc, argv, &j);
    if (!status)
        status = check_places(&j);
    if (!status)
        status = read_data(j.data, &data);
    if (!status && j.test)
        status = read_data(j.test, &other);
    if (!status) {
        marks = calloc(2, data.n);
        status = marks ? fit_and_test(&j, &data, &other, marks, marks + data.n, &surface, &o)
                       : fail("out of memory");
    }
    if (!status) {
        print_report(&j, &o);
        status = write_all(&j, &surface, &o) || finish_output();
    }
    free(marks);
    free(j.variables);
    free(o.constant);
    eqml_surface_free(&surface);
    eqml_data_free(&data);
    eqml_data_free(&other);
    return status;
}
