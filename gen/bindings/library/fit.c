/*
 * eqml-fit: from data to NAME.pes, without a compiler.
 *
 *     eqml-fit data.xyz "H3 N" [-d 6] [--dipole 4] [--name nh3] [options of the fit]
 *
 * eqml-gen writes the tables of the basis, and the fit program, which is the one of make pes, evaluates from these. It leaves
 * the files of make pes but for headers and libraries.
 */
#define _POSIX_C_SOURCE 200809L
#include "eqml.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The fit's main, and the basis that it takes: filled in before. */
int fit_main(int argc, char **argv);
static eqml_basis found;
const eqml_basis *const basis = &found;

static const char help[] =
    "usage: eqml-fit DATA.xyz \"COMPOSITION\" [-d DEGREE] [options]\n"
    "fits a surface to energies, and gradients and dipoles where there are any, and writes NAME.pes, "
    "report.json and what\n"
    "else the fit finds out. No compiler is needed: NAME.pes is opened by libeqml.\n"
    "\n"
    "  -d, --degree D         total degree of the polynomials; default auto: of those that leave eight rows "
    "of data for each\n"
    "                         term and have at most 2,000 terms, the least whose cross-validated error is "
    "near the best\n"
    "  -n, --name NAME        name of the surface; default: that of the data file\n"
    "  -o, --directory DIR    where the files go; default: here\n"
    "  --dipole D             also the dipole, up to degree D; --quadrupole D, --polarizability D likewise\n"
    "\n";

enum { MOST_WORDS = 64, PLACE = 4096 };

/* What is asked for: words for eqml-gen, and words for the fit. */
typedef struct request {
    const char *data, *composition;
    char name[128];
    const char *gen[MOST_WORDS], *fit[MOST_WORDS];
    int ngen, nfit;
    const char *degree; /* NULL: to be chosen */
} request;

static int refuse(const char *text, const char *value)
{
    fprintf(stderr, "eqml-fit: %s%s%s; --help lists the options\n", value ? value : "", value ? ": " : "",
            text);
    return 2;
}

/* NAME from the file's: what stands between the last slash and the next point, if that is a C name. */
static void name_of_data(request *r)
{
    const char *slash = strrchr(r->data, '/'), *file = slash ? slash + 1 : r->data;
    const size_t length = strcspn(file, ".");
    snprintf(r->name, sizeof r->name, "%.*s", length < 100 ? (int)length : 100, file);
    for (char *c = r->name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    if (!*r->name || (*r->name >= '0' && *r->name <= '9'))
        snprintf(r->name, sizeof r->name, "pes");
}

static int is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(word, *list))
            return 1;
    return 0;
}

static int parse(int argc, char **argv, request *r)
{
    static const char *const of_gen[] = {"--dipole",  "--quadrupole", "--polarizability", "--terms", "--cap",
                                         "--without", "--body",       "--fragments",      "--group", NULL};
    static const char *const bare[] = {"--robust", NULL};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (r->ngen + 2 >= MOST_WORDS - 12 || r->nfit + 2 >= MOST_WORDS - 12)
            return refuse("too many options", NULL);
        if (word[0] != '-') {
            if (r->data && r->composition)
                return refuse("one data file and one composition are enough", word);
            *(r->data ? &r->composition : &r->data) = word;
            continue;
        }
        if (is_one_of(word, bare)) {
            r->fit[r->nfit++] = word;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        if (!value)
            return refuse("needs a value", word);
        if (!strcmp(word, "-d") || !strcmp(word, "--degree")) {
            r->degree = strcmp(value, "auto") ? value : NULL;
        } else if (!strcmp(word, "-n") || !strcmp(word, "--name")) {
            snprintf(r->name, sizeof r->name, "%s", value);
        } else if (is_one_of(word, of_gen)) {
            r->gen[r->ngen++] = word;
            r->gen[r->ngen++] = value;
        } else {
            r->fit[r->nfit++] = strcmp(word, "-o") ? word : "--directory";
            r->fit[r->nfit++] = value;
        }
    }
    if (!r->data || !r->composition)
        return refuse("a data file and a composition are missing, as in data.xyz \"H3 N\"", NULL);
    if (!*r->name)
        name_of_data(r);
    return 0;
}

/* eqml-gen stands beside this program, or on the PATH. */
static void find_generator(const char *self, char place[PLACE])
{
    const char *slash = strrchr(self, '/');
    if (!slash || snprintf(place, PLACE, "%.*s/eqml-gen", (int)(slash - self), self) >= PLACE ||
        access(place, X_OK))
        snprintf(place, PLACE, "eqml-gen");
}

/* Runs eqml-gen, whose tables go to a file. */
static int generate(const char *self, const request *r, const char *degree, const char *tables)
{
    char place[PLACE];
    const char *argv[MOST_WORDS];
    int n = 0, status = 0;
    find_generator(self, place);
    argv[n++] = "eqml-gen";
    for (int k = 0; k < r->ngen; k++)
        argv[n++] = r->gen[k];
    argv[n++] = "-d", argv[n++] = degree;
    argv[n++] = "--dump", argv[n++] = "tables", argv[n++] = "-n", argv[n++] = r->name;
    argv[n++] = "-o", argv[n++] = tables, argv[n++] = r->composition, argv[n] = NULL;
    const pid_t child = fork();
    if (child == 0) {
        execvp(place, (char *const *)argv);
        fprintf(stderr,
                "eqml-fit: eqml-gen cannot be run: %s; it must stand beside eqml-fit or on the PATH\n",
                strerror(errno));
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        fprintf(stderr, "eqml-fit: eqml-gen cannot be run: %s\n", strerror(errno));
        return 1;
    }
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* A file of this run's own; refuses where there can be none. */
static int make_file(char path[PLACE])
{
    snprintf(path, PLACE, "%s/eqml-fit.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    const int file = mkstemp(path);
    if (file < 0) {
        fprintf(stderr, "eqml-fit: %s: %s\n", path, strerror(errno));
        return 1;
    }
    close(file);
    return 0;
}

static int load(const char *self, const request *r, const char *degree, eqml_basis **tables)
{
    char path[PLACE];
    eqml_message message = {""};
    if (make_file(path))
        return 1;
    int failed = generate(self, r, degree, path);
    if (!failed && eqml_basis_read(path, tables, &message)) {
        fprintf(stderr, "eqml-fit: the tables of eqml-gen cannot be read: %s\n", message.text);
        failed = 1;
    }
    remove(path);
    return failed;
}

/* The fit program over a basis; extra: up to MOST_EXTRA words more, or NULL. */
enum { MOST_EXTRA = 3 };
static int run_fit(const request *r, const eqml_basis *tables, const char *const extra[MOST_EXTRA])
{
    const char *words[MOST_WORDS] = {"eqml-fit", "--name", r->name, "--basis-header", "none"};
    int n = 5;
    for (int k = 0; k < r->nfit; k++)
        words[n++] = r->fit[k];
    for (int k = 0; k < MOST_EXTRA && extra && extra[k]; k++)
        words[n++] = extra[k];
    words[n++] = r->data;
    words[n] = NULL;
    found = *tables;
    return fit_main(n, (char **)words);
}

/* The same in a process of its own, which leaves a number in a file. */
static int ask_fit(const request *r, const eqml_basis *tables, const char *first, const char *option,
                   int *number)
{
    char path[PLACE];
    int status = 1;
    if (make_file(path))
        return 1;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
        exit(run_fit(r, tables, (const char *const[]){first, option, path}));
    int failed =
        child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    FILE *in = failed ? NULL : fopen(path, "r");
    failed = !in || fscanf(in, "%d", number) != 1;
    if (in)
        fclose(in);
    remove(path);
    return failed;
}

/* As DEGREE=auto of make pes: the highest degree that the data allow, and then cross-validation. */
static int choose_degree(const char *self, const request *r, char text[16])
{
    enum { MOST_TERMS = 2000, ROWS_A_TERM = 8, MOST_DEGREE = 20 };
    eqml_basis *tables = NULL, *larger;
    int rows = 0, degree = 1,
        failed = load(self, r, "1", &tables) || ask_fit(r, tables, "--check", "--rows-file", &rows);
    while (!failed && degree < MOST_DEGREE) {
        snprintf(text, 16, "%d", degree + 1);
        failed = load(self, r, text, &larger);
        if (failed || larger->nterms > MOST_TERMS || larger->nterms > rows / ROWS_A_TERM) {
            eqml_basis_free(failed ? NULL : larger);
            break;
        }
        eqml_basis_free(tables);
        tables = larger;
        degree++;
    }
    if (!failed)
        failed = ask_fit(r, tables, "--checked", "--degree-file", &degree);
    eqml_basis_free(tables);
    snprintf(text, 16, "%d", degree);
    if (!failed)
        printf("degree %d\n", degree);
    return failed;
}

int main(int argc, char **argv)
{
    request r = {0};
    eqml_basis *tables = NULL;
    char chosen[16];
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            static char self[] = "eqml-fit", option[] = "--help", *ask[] = {self, option, NULL};
            fputs(help, stdout);
            return fit_main(2, ask);
        }
    int status = parse(argc, argv, &r);
    if (!status && !r.degree) {
        status = choose_degree(argv[0], &r, chosen);
        r.degree = chosen;
    }
    if (!status)
        status = load(argv[0], &r, r.degree, &tables);
    if (!status)
        status = run_fit(&r, tables, NULL);
    eqml_basis_free(tables);
    return status;
}
