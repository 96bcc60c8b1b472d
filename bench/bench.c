/*
 * The speed table: for each basis generates the header and compiles a surface with random coefficients over it;
 * then runs the measurements of all of them, several times in turn, so that another load on the machine, which
 * comes and goes, does not meet one basis in every round.
 *
 *     bench DIRECTORY CC "FLAGS" [BASIS...]      in the directory with eqml.h and build/eqml-gen; `make bench`
 *
 * A table on standard output, DIRECTORY.json with all numbers; null: not measured. Times are processor time
 * for generation and compilation, and for evaluation the fastest repetition, and the median of the best round.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEYS = 64, COMMAND = 4096, ROUNDS = 3 };

typedef struct job {
    const char *basis, *composition;
    int degree;
    bool orbit_sums; /* also as plain orbit sums */
} job;

static const job jobs[] = {
    {"h2_o_d8", "H2 O", 8, true},
    {"h3_n_d8", "H3 N", 8, true},
    {"h4_c_d6", "H4 C", 6, true},
    {"h4_c_d8", "H4 C", 8, false},
    {"h2_c_o_d6", "H2 C O", 6, true},
    {"h5_o2_d5", "H5 O2", 5, false},
    {"h5_o2_d7", "H5 O2", 7, false},
    {"c_c_o_h2_h3_h_d3", "C C O H2 H3 H", 3, true},
    {"c_c_o_h2_h3_h_d4", "C C O H2 H3 H", 4, false},
    {"h30_c14_d3", "H30 C14", 3, false},
};
enum { JOBS = sizeof jobs / sizeof *jobs };

/* The columns of the JSON rows, in this order; a key that is not known is null. */
static const char *const columns[] = {"terms",
                                      "energy_ns",
                                      "gradient_ns",
                                      "hessian_ns",
                                      "batch_energy_ns",
                                      "batch_gradient_ns",
                                      "batch_energy_float_ns",
                                      "batch_gradient_float_ns",
                                      "orbit_sum_energy_ns",
                                      "orbit_sum_gradient_ns",
                                      "peak_fraction_batch_energy",
                                      "peak_fraction_batch_gradient",
                                      "generate_s",
                                      "compile_gcc_s",
                                      "compile_clang_s",
                                      "generate_MB",
                                      "compile_gcc_MB",
                                      "compile_clang_MB",
                                      "header_bytes",
                                      "multiply_adds_energy",
                                      "multiply_adds_gradient",
                                      "energy_ns_median",
                                      "gradient_ns_median",
                                      "hessian_ns_median",
                                      "batch_energy_ns_median",
                                      "batch_gradient_ns_median",
                                      "error_energy_ulps",
                                      "error_gradient_ulps",
                                      "error_energy_float",
                                      "error_gradient_float"};

typedef struct row {
    int count;
    char key[KEYS][48];
    double value[KEYS];
} row;

/* Of several times the shortest, of several rates the highest. */
static void set(row *r, const char *key, double value)
{
    for (int k = 0; k < r->count; k++)
        if (!strcmp(r->key[k], key)) {
            r->value[k] = strstr(key, "_per_ns") ? fmax(r->value[k], value) : fmin(r->value[k], value);
            return;
        }
    if (r->count < KEYS) {
        snprintf(r->key[r->count], sizeof r->key[0], "%s", key);
        r->value[r->count++] = value;
    }
}

static double get(const row *r, const char *key)
{
    for (int k = 0; k < r->count; k++)
        if (!strcmp(r->key[k], key))
            return r->value[k];
    return NAN;
}

/* ---- commands ----------------------------------------------------------------------------------------- */

typedef struct usage {
    double seconds, megabytes; /* processor time and largest memory of a command and its children */
} usage;

static bool run(usage *u, const char *format, ...)
{
    char command[COMMAND];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    struct rusage used;
    int status;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child)
        return false;
    if (u) {
        u->seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
        u->megabytes = (double)used.ru_maxrss / 1024;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void read_values(row *r, const char *path)
{
    FILE *in = fopen(path, "r");
    char key[48];
    double value;
    while (in && fscanf(in, "%47s %lf", key, &value) == 2)
        set(r, key, value);
    if (in)
        fclose(in);
}

/* ---- one basis ---------------------------------------------------------------------------------------- */

static void time_compiler(row *r, const char *directory, const char *basis, const char *compiler)
{
    usage u;
    char key[48];
    if (!run(NULL, "command -v %s >/dev/null", compiler) ||
        !run(&u, "%s -std=c11 -ffp-contract=fast -O3 -march=native -c %s/%s_library.c -o %s/%s_%s.o",
             compiler, directory, basis, directory, basis, compiler))
        return;
    snprintf(key, sizeof key, "compile_%s_s", compiler);
    set(r, key, u.seconds);
    snprintf(key, sizeof key, "compile_%s_MB", compiler);
    set(r, key, u.megabytes);
}

static double file_bytes(const char *directory, const char *basis)
{
    char path[COMMAND];
    snprintf(path, sizeof path, "%s/%s.h", directory, basis);
    FILE *in = fopen(path, "r");
    if (!in)
        return NAN;
    fseek(in, 0, SEEK_END);
    double size = (double)ftell(in);
    fclose(in);
    return size;
}

/* Everything up to the program that measures. */
static bool prepare(const job *j, const char *d, const char *cc, const char *flags, row *r)
{
    const char *b = j->basis;
    usage u;
    if (!run(&u, "build/eqml-gen -d %d -n %s -o %s/%s.h '%s'", j->degree, b, d, b, j->composition))
        return false;
    set(r, "generate_s", u.seconds);
    set(r, "generate_MB", u.megabytes);
    set(r, "header_bytes", file_bytes(d, b));
    if (!run(NULL,
             "%s %s -I. -I%s -DBASIS_HEADER='\"%s.h\"' -DBASIS=%s bench/surface.c -o %s/surface -lm && "
             "%s/surface bench eqml.h %s/%s.h %s/%s_pes.h && "
             "printf '#include <stddef.h>\\n#define bench_API extern\\n#include \"%s_pes.h\"\\n' "
             ">%s/%s_library.c",
             cc, "-std=c11 -O1", d, b, b, d, d, d, b, d, b, b, d, b))
        return false;
    time_compiler(r, d, b, "gcc");
    time_compiler(r, d, b, "clang");
    char orbit[COMMAND / 4] = "";
    if (j->orbit_sums) {
        if (!run(NULL, "build/eqml-gen --scheme orbit-sums -d %d -n orbit_%s -o %s/orbit_%s.h '%s'",
                 j->degree, b, d, b, j->composition))
            return false;
        snprintf(orbit, sizeof orbit, "-DORBIT_HEADER='\"orbit_%s.h\"' -DORBIT=orbit_%s", b, b);
    }
    return run(
        NULL,
        "%s %s -I. -I%s -DBASIS_HEADER='\"%s.h\"' -DBASIS=%s -DSURFACE_HEADER='\"%s_pes.h\"' -DSURFACE=bench "
        "%s bench/measure.c -o %s/%s -lm",
        cc, flags, d, b, b, b, orbit, d, b);
}

static bool measure(const job *j, const char *d, row *r)
{
    char path[COMMAND];
    snprintf(path, sizeof path, "%s/%s.values", d, j->basis);
    if (!run(NULL, "%s/%s >%s", d, j->basis, path))
        return false;
    read_values(r, path);
    return true;
}

/* Of the multiply-adds that the machine could do, those of the terms: one for the energy, two with the gradient. */
static void find_fractions(row *r)
{
    const double ns_of_term = get(r, "terms") / get(r, "fma_peak_per_ns");
    set(r, "peak_fraction_batch_energy", ns_of_term / get(r, "batch_energy_ns"));
    set(r, "peak_fraction_batch_gradient", 2 * ns_of_term / get(r, "batch_gradient_ns"));
}

/* ---- output ------------------------------------------------------------------------------------------- */

static void json_string(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", *text);
        else
            putc(*text, out);
    }
    putc('"', out);
}

static void json_number(FILE *out, const char *key, double value)
{
    fprintf(out, ", \"%s\": ", key);
    if (isfinite(value))
        fprintf(out, "%.6g", value);
    else
        fprintf(out, "null");
}

static void print_row(const char *basis, const row *r)
{
    printf(
        "%-17s %6.0f %9.0f %9.0f %9.0f %9.1f %9.1f %9.1f %9.1f %9.0f %9.0f %5.0f %5.0f %6.2f %6.2f %6.2f\n",
        basis, get(r, "terms"), get(r, "energy_ns"), get(r, "gradient_ns"), get(r, "hessian_ns"),
        get(r, "batch_energy_ns"), get(r, "batch_gradient_ns"), get(r, "batch_energy_float_ns"),
        get(r, "batch_gradient_float_ns"), get(r, "orbit_sum_energy_ns"), get(r, "orbit_sum_gradient_ns"),
        100 * get(r, "peak_fraction_batch_energy"), 100 * get(r, "peak_fraction_batch_gradient"),
        get(r, "generate_s"), get(r, "compile_gcc_s"), get(r, "compile_clang_s"));
    fflush(stdout);
}

static void print_heading(const char *cc, const char *flags)
{
    printf("%s %s\nns for one call; batches: ns for one of 1,000 geometries; a gradient is energy and "
           "gradient\n",
           cc, flags);
    printf("%-17s %6s %9s %9s %9s %9s %9s %9s %9s %9s %9s %5s %5s %6s %6s %6s\n", "", "", "one", "one", "one",
           "batch", "batch", "float", "float", "orbitsum", "orbitsum", "%peak", "%peak", "gener.", "gcc",
           "clang");
    printf("%-17s %6s %9s %9s %9s %9s %9s %9s %9s %9s %9s %5s %5s %6s %6s %6s\n", "basis", "terms", "energy",
           "gradient", "hessian", "energy", "gradient", "energy", "gradient", "energy", "gradient", "en.",
           "grad.", "s", "s", "s");
    fflush(stdout);
}

/* Progress, where somebody looks on. */
static void report(const char *doing, const char *basis)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%-9s %-17s%s", doing, basis, *doing ? "" : "\r");
}

static bool wanted(const char *basis, int argc, char **argv)
{
    for (int i = 4; i < argc; i++)
        if (!strcmp(argv[i], basis))
            return true;
    return argc <= 4;
}

/* Whether there are such bases. */
static bool known(int count, char **bases)
{
    for (int i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < JOBS && !found; k++)
            found = !strcmp(jobs[k].basis, bases[i]);
        if (found)
            continue;
        fprintf(stderr, "bench: no basis \"%s\"; there are", bases[i]);
        for (size_t k = 0; k < JOBS; k++)
            fprintf(stderr, " %s", jobs[k].basis);
        fprintf(stderr, "\n");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 4 || !known(argc - 4, argv + 4))
        return 2;
    const char *directory = argv[1], *cc = argv[2], *flags = argv[3];
    char path[COMMAND];
    double peak = 0;
    bool first = true, good = true, ready[JOBS];
    static row row[JOBS];
    snprintf(path, sizeof path, "%s.json.rows", directory);
    FILE *rows = fopen(path, "w+");
    if (!rows || !run(NULL, "mkdir -p %s", directory))
        return 1;
    remove(path);
    for (size_t k = 0; k < JOBS; k++) {
        ready[k] = wanted(jobs[k].basis, argc, argv);
        if (!ready[k])
            continue;
        report("compiling", jobs[k].basis);
        good &= ready[k] = prepare(&jobs[k], directory, cc, flags, &row[k]);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (size_t k = 0; k < JOBS; k++) {
            if (!ready[k])
                continue;
            report("measuring", jobs[k].basis);
            good &= ready[k] = measure(&jobs[k], directory, &row[k]);
        }
    report("", "");
    print_heading(cc, flags);
    for (size_t k = 0; k < JOBS; k++) { /* also where something failed: what is not known is null */
        if (!wanted(jobs[k].basis, argc, argv))
            continue;
        find_fractions(&row[k]);
        print_row(jobs[k].basis, &row[k]);
        peak = fmax(peak, get(&row[k], "fma_peak_per_ns")); /* a number, where one is none */
        fprintf(rows, "%s\n    {\"basis\": \"%s\"", first ? "" : ",", jobs[k].basis);
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            json_number(rows, columns[c], get(&row[k], columns[c]));
        fprintf(rows, "}");
        first = false;
    }
    printf("peak: %.2f multiply-adds in a ns\n", peak);
    snprintf(path, sizeof path, "%s.json", directory);
    FILE *out = fopen(path, "w");
    if (!out)
        return 1;
    fprintf(out, "{\n  \"compiler\": ");
    json_string(out, cc);
    fprintf(out, ",\n  \"flags\": ");
    json_string(out, flags);
    json_number(out, "fma_peak_per_ns", peak > 0 ? peak : NAN);
    fprintf(out, ",\n  \"rows\": [");
    rewind(rows);
    for (int c; (c = getc(rows)) != EOF;)
        putc(c, out);
    fprintf(out, "\n  ]\n}\n");
    fclose(rows);
    fclose(out);
    return good ? 0 : 1;
}
