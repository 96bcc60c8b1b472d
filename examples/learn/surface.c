/* The surface of what was computed: fits, census and questions, by the scripts of make. */
#define _POSIX_C_SOURCE 200809L
#include "learn/learn.h"
#include "common/atoms.h"
#include "common/modes.h"
#include "common/whole.h"
#include <unistd.h>

enum { DEGREE_LIMIT = 12, TERMS_LIMIT = 1000, ARGUMENTS = 64, ROWS_FOR_TERM = 3 };

/* A whole file as text, which the caller frees; NULL where it cannot be read. */
static char *read_file(const char *path)
{
    FILE *in = fopen(path, "r");
    size_t size = 0, room = 4096;
    char *text = in ? malloc(room) : NULL;
    for (size_t got; text && (got = fread(text + size, 1, room - size - 1, in)) > 0;) {
        size += got;
        if (size + 1 == room) {
            char *more = realloc(text, room *= 2);
            if (!more)
                free(text);
            text = more;
        }
    }
    if (text)
        text[size] = 0;
    if (in)
        fclose(in);
    return text;
}

/* The number of a key in JSON that we wrote; NaN where there is none, or null. */
static double number_of(const char *json, const char *key)
{
    char quoted[64], *end;
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(json, quoted);
    if (!at)
        return NAN;
    at += strlen(quoted);
    const double value = strtod(at, &end);
    return end > at ? value : (double)NAN;
}

/* sh, a script of make's, further words, and the compiler. A list of at most ARGUMENTS. */
static int list_arguments(const settings *s, const char *script, const char *word, char **list)
{
    static char sh[] = "sh";
    size_t n = 0;
    list[n++] = sh;
    list[n++] = (char *)(uintptr_t)script;
    if (word)
        list[n++] = (char *)(uintptr_t)word;
    for (size_t k = 0; s->compile[k]; k++) {
        if (n + 1 == ARGUMENTS)
            return fail("", "the compiler has too many options");
        list[n++] = s->compile[k];
    }
    list[n] = NULL;
    return 0;
}

/* Says what a log ends with. */
static int fail_with_log(const settings *s, const char *what, const char *log)
{
    char path[PATH_LENGTH], line[400], text[PATH_LENGTH + 512];
    snprintf(path, sizeof path, "%s/%s", s->folder, log);
    last_line(path, "no word", line, sizeof line);
    snprintf(text, sizeof text, "%s (%s)", line, path);
    return fail(what, text);
}

/* ---- degrees ------------------------------------------------------------------------------------------------ */

/* Terms of a degree, as eqml-gen counts them; BASIS is a list of its options in the environment. */
static int count_terms(const settings *s, int degree, int *terms)
{
    static char sh[] = "sh", c[] = "-c",
                text[] = "printf '%s\\n' \"${BASIS-}\" | xargs build/eqml-gen --stats -d \"$0\" \"$1\"";
    char number[16], path[PATH_LENGTH], *composition = (char *)(uintptr_t)basis->composition;
    char *const arguments[] = {sh, c, text, number, composition, NULL};
    int status;
    snprintf(number, sizeof number, "%d", degree);
    if (run_script(s, arguments, NULL, 0, "degrees.log", &status))
        return 1;
    if (status)
        return fail_with_log(s, "eqml-gen", "degrees.log");
    snprintf(path, sizeof path, "%s/degrees.log", s->folder);
    char *json = read_file(path);
    *terms = json ? (int)fmin(number_of(json, "terms"), 1e9) : 0;
    free(json);
    return *terms > 0 ? 0 : fail(path, "has no number of terms");
}

static int rows_of(size_t trained)
{
    return (int)trained * (1 + (basis->natoms > 2 ? 3 * basis->natoms - 6 : 1));
}

int choose_degree(const settings *s, size_t trained, int least, int *degree)
{
    static int known[DEGREE_LIMIT + 1]; /* terms */
    *degree = (int)s->degree;
    if (*degree > 0)
        return 0;
    for (*degree = least > 2 ? least : 2; *degree < DEGREE_LIMIT; (*degree)++) {
        int *terms = &known[*degree + 1];
        if (!*terms && count_terms(s, *degree + 1, terms))
            return 1;
        if (*terms > TERMS_LIMIT || ROWS_FOR_TERM * *terms > rows_of(trained))
            break;
    }
    return 0;
}

/* ---- fits --------------------------------------------------------------------------------------------------- */

/* The options of the variables that a fit has chosen. */
static void take_variables(const char *json, fitted *f)
{
    const char *at = strstr(json, "\"variables\": ["), *end = at ? strchr(at, ']') : NULL;
    size_t length = 0;
    f->variables[0] = 0;
    for (at = at ? strchr(at, '[') : NULL; at && (at = strchr(at, '"')) && at < end;) {
        const size_t word = strcspn(++at, "\"");
        if (length + word + 16 > sizeof f->variables) {
            f->variables[0] = 0;
            return;
        }
        length += (size_t)snprintf(f->variables + length, sizeof f->variables - length, " --variable %.*s",
                                   (int)word, at);
        at += word + 1;
    }
}

/* Holes, of the JSON of a census. */
static void take_holes(const char *json, int whole_census, fitted *f)
{
    f->far = number_of(json, "descent_holes");
    f->holes = number_of(json, "holes") - f->far;
    f->whole = whole_census;
}

static int read_report(const settings *s, fitted *f)
{
    char path[PATH_LENGTH];
    snprintf(path, sizeof path, "build/pes/%s/report.json", s->name);
    char *json = read_file(path);
    if (!json)
        return fail(path, "cannot be read");
    const char *holes = strstr(json, "\"holes\": {");
    f->terms = (int)number_of(json, "terms");
    f->rank = (int)number_of(json, "rank");
    f->rmse_train = number_of(json, "rmse_energy_train");
    f->rmse_test = number_of(json, "rmse_energy_test");
    f->max_test = number_of(json, "max_error_energy_test");
    take_holes(holes ? holes + strlen("\"holes\": ") : "", 0, f);
    take_variables(json, f);
    free(json);
    return 0;
}

int fit_surface(const settings *s, int degree, int last, fitted *f)
{
    char data[PATH_LENGTH], number[16], dipole[16] = "", options[PATH_LENGTH + 4096], *arguments[ARGUMENTS];
    const char *const variables[][2] = {{"DATA", data},     {"DEGREE", number},
                                        {"DIPOLE", dipole}, {"FIT", options},
                                        {"NAME", s->name},  {"NO_LIBRARY", last ? "" : "1"}};
    int status;
    snprintf(data, sizeof data, "%s/train.xyz", s->folder);
    snprintf(number, sizeof number, "%d", degree);
    if (s->dipole > 0)
        snprintf(dipole, sizeof dipole, "%d", s->dipole < degree ? (int)s->dipole : degree);
    /* Energies above those that are wanted count less and less. */
    snprintf(options, sizeof options, "--test %s/test.xyz --energy-weight %.6g%s%s %s", s->folder,
             s->up_to / PER_CM, last ? "" : " --wall no", strstr(s->fit, "--variable") ? "" : f->variables,
             s->fit);
    if (list_arguments(s, "examples/common/pes.sh", NULL, arguments) ||
        run_script(s, arguments, variables, sizeof variables / sizeof *variables, "fit.log", &status))
        return 1;
    if (status)
        return fail_with_log(s, "the fit", "fit.log");
    f->degree = degree;
    return read_report(s, f);
}

/* ---- on the surface ----------------------------------------------------------------------------------------- */

int count_holes(const settings *s, fitted *f)
{
    char *arguments[ARGUMENTS], path[PATH_LENGTH];
    const char *const variables[][2] = {{"NAME", s->name}};
    int status;
    if (list_arguments(s, "examples/common/surface.sh", "holes", arguments) ||
        run_script(s, arguments, variables, 1, "holes.log", &status))
        return 1;
    if (status != 0 && status != 3)
        return fail_with_log(s, "the census", "holes.log");
    snprintf(path, sizeof path, "build/pes/%s/holes.json", s->name);
    char *json = read_file(path);
    take_holes(json ? json : "", 1, f);
    free(json);
    return isfinite(f->holes) ? 0 : fail(path, "has no number of holes");
}

/* Adds to an object in JSON that we wrote, which ends with a brace in a line of its own. */
static int add_to_report(const settings *s, const fitted *f)
{
    char path[PATH_LENGTH];
    whole w;
    snprintf(path, sizeof path, "build/pes/%s/report.json", s->name);
    char *json = read_file(path), *end = json ? strrchr(json, '}') : NULL;
    if (!end || end == json) {
        free(json);
        return fail(path, "cannot be read");
    }
    whole_open(&w, path);
    if (w.out)
        fprintf(w.out,
                "%.*s,\n  \"n_confirmed\": %zu,\n  \"rmse_energy_confirmed\": %.10g,\n"
                "  \"max_error_energy_confirmed\": %.10g\n}\n",
                (int)(end - json - 1), json, f->confirmed, f->rmse_confirmed, f->max_confirmed);
    free(json);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

int confirm_surface(const settings *s, const points *p, const char *prefix, fitted *f)
{
    char path[PATH_LENGTH];
    eqml_message message;
    eqml_surface surface = {0};
    eqml_errors errors;
    unsigned char *use = calloc(2, p->n + 1), *has = use ? use + p->n + 1 : NULL;
    if (!use)
        return fail("", "out of memory");
    memset(has, EQML_HAS_ENERGY, p->n);
    const eqml_data data = {
        .natoms = basis->natoms, .n = p->n, .xyz = p->xyz, .energy = p->energy, .has = has};
    snprintf(path, sizeof path, "build/pes/%s/%s.pes", s->name, s->name);
    f->confirmed = points_up_to(p, s, prefix, use);
    int bad = eqml_surface_read(&surface, NULL, path, &message) ? fail("", message.text) : 0;
    if (!bad && eqml_surface_errors(&surface, &data, use, &errors))
        bad = fail("", "out of memory");
    if (!bad) {
        f->rmse_confirmed = errors.rmse_energy;
        f->max_confirmed = errors.max_energy;
        bad = add_to_report(s, f);
    }
    eqml_surface_free(&surface);
    free(use);
    return bad;
}

int ask_for(const settings *s, size_t wanted, eqml_data *asked)
{
    char *arguments[ARGUMENTS], path[PATH_LENGTH], pool[PATH_LENGTH], number[32], options[256], text[200];
    const char *const variables[][2] = {{"NAME", s->name}, {"N", number}, {"POOL", pool}, {"ASK", options}};
    eqml_message message;
    int status;
    *asked = (eqml_data){0};
    snprintf(number, sizeof number, "%zu", wanted);
    snprintf(pool, sizeof pool, "%s/pool.xyz", s->folder);
    snprintf(options, sizeof options, "--samples 0 --gradients 1 --energy-weight %.6g --pool-up-to %.6g",
             s->up_to / PER_CM, 1.1 * s->up_to);
    if (list_arguments(s, "examples/common/surface.sh", "ask", arguments) ||
        run_script(s, arguments, variables, sizeof variables / sizeof *variables, "ask.log", &status))
        return 1;
    if (status) {
        snprintf(path, sizeof path, "%s/ask.log", s->folder);
        last_line(path, "no word", text, sizeof text);
        printf("  the surface cannot tell what it lacks; random geometries instead (%s)\n", text);
        return 0;
    }
    snprintf(path, sizeof path, "build/pes/%s/ask.xyz", s->name);
    const eqml_status read = eqml_data_read(path, asked, &message);
    if (read == EQML_ERROR_EMPTY)
        return 0;
    if (read)
        return fail("", message.text);
    return match_basis(asked, basis, NULL, &message) ? fail(path, message.text) : 0;
}
