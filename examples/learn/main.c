/*
 * `make learn`: from a formula to a surface, see learn.h. By hand, with a basis of any degree and eqml.c as in fit/main.c:
 *
 *     cc -O2 -march=native -I. -Iexamples basis.c eqml.c examples/learn/?*.c examples/census/?*.c \
 *         examples/common/minimise.c -o learn -lm
 *     ./learn --compile cc -std=c11 -O3 -march=native -- --name nh3 --folder build/learn/nh3 --method xtb [options]
 *
 * in the folder of the project, since fits and questions are those of make's scripts, which compile with what stands before
 * the two dashes; their variables come in the environment, as in common/learn.sh. Status: 0 the surface is as wanted, 3 it is not yet, 1 it could not be done.
 */
#define _POSIX_C_SOURCE 200809L
#include "learn/learn.h"
#include "common/atoms.h"
#include "common/modes.h"
#include "common/options.h"
#include "common/whole.h"
#include <sys/stat.h>

static const char help[] =
    "options of learning, in LEARN:\n"
    "  --test N           held-out geometries to test on, and as many fresh ones to confirm by; default 200\n"
    "  --first N          random geometries before the first fit; default 60\n"
    "  --round N          geometries asked for at once, at least; a quarter of what is trained on where that "
    "is more; "
    "default 40\n"
    "  --most N           computed geometries at most; default 4000\n"
    "  --starts N         rough geometries to begin with, where there is no START; default 6\n"
    "  --timeout T        seconds for one geometry; default 600\n"
    "  --seed N           of the random numbers; default 1\n"
    "  --choose ask|random  geometries that the surface asks for, or random ones, to compare; default ask\n"
    "  --beside NAME      a run whose learning curve is drawn beside; default none\n";

int fail(const char *what, const char *text)
{
    fprintf(stderr, "learn: %s%s%s\n", what, *what ? ": " : "", text);
    return 1;
}

/* Returns nonzero after a message. */
static int parse_count(const char *said, const char *text, double least, int whole, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && *number >= least && *number <= 1e9 && (!whole || *number == floor(*number)))
        return 0;
    fprintf(stderr, "learn: %s%s: expected a %s, %g to 1e9\n", said, text, whole ? "whole number" : "number",
            least);
    return 1;
}

static int parse_options(int argc, char **argv, settings *s)
{
    const char *order = "ask";
    const struct {
        const char *name, *said, **text; /* said: as the user of make gives it, alone or in LEARN */
        double *number, least;
        int whole;
    } options[] = {
        {"--name", "NAME=", &s->name, NULL, 0, 0},
        {"--folder", "--folder ", &s->folder, NULL, 0, 0},
        {"--method", "METHOD=", &s->method, NULL, 0, 0},
        {"--start", "START=", &s->start, NULL, 0, 0},
        {"--fit", "FIT=", &s->fit, NULL, 0, 0},
        {"--beside", "--beside ", &s->beside, NULL, 0, 0},
        {"--choose", "--choose ", &order, NULL, 0, 0},
        {"--target", "TARGET=", NULL, &s->target, 1e-6, 0},
        {"--up-to", "UP_TO=", NULL, &s->up_to, 1, 0},
        {"--jobs", "JOBS=", NULL, &s->jobs, 1, 1},
        {"--degree", "DEGREE=", NULL, &s->degree, 1, 1},
        {"--dipole", "DIPOLE=", NULL, &s->dipole, 1, 1},
        {"--seed", "--seed ", NULL, &s->seed, 0, 1},
        {"--timeout", "--timeout ", NULL, &s->timeout, 1e-3, 0},
        {"--test", "--test ", NULL, &s->test, 1, 1},
        {"--first", "--first ", NULL, &s->first, 1, 1},
        {"--round", "--round ", NULL, &s->round, 1, 1},
        {"--most", "--most ", NULL, &s->most, 1, 1},
        {"--starts", "--starts ", NULL, &s->starts, 1, 1},
    };
    const size_t count = sizeof options / sizeof *options;
    static char *nothing[] = {NULL};
    s->compile = nothing;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--compile")) {
            s->compile = argv + i + 1;
            while (i < argc && strcmp(argv[i], "--"))
                i++;
            if (i == argc)
                return fail("--compile", "-- must stand after the compiler and its options");
            argv[i] = NULL;
            continue;
        }
        const int k = find_option("learn", help, argc, argv, &i, options, count, sizeof *options);
        if (k < 0)
            return 1;
        if (options[k].text) {
            *options[k].text = argv[i];
            continue;
        }
        if (parse_count(options[k].said, argv[i], options[k].least, options[k].whole, options[k].number))
            return 1;
    }
    s->random = !strcmp(order, "random");
    if (s->jobs > JOBS_LIMIT)
        return fail("JOBS", "at most 256");
    if (!s->random && strcmp(order, "ask"))
        return fail("--choose", "expected ask or random");
    if (!is_c_name(s->name))
        return fail(s->name, "the name must be a C identifier");
    return *s->compile ? 0 : fail("", "no compiler: --compile cc -O3 --");
}

/* ---- what a folder was begun with --------------------------------------------------------------------------------- */

static int has_content(const settings *s, const char *name)
{
    char path[PATH_LENGTH];
    struct stat known;
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    return !stat(path, &known) && known.st_size > 0;
}

/* What was computed belongs to these; a folder where something was, or failed, with others is refused. */
static int check_settings(const settings *s)
{
    char path[PATH_LENGTH], now[3 * PATH_LENGTH], was[3 * PATH_LENGTH] = "", text[2 * PATH_LENGTH];
    snprintf(now, sizeof now, "COMPOSITION=%s\nMETHOD=%s\nSTART=%s\nUP_TO=%g\nseed=%.0f\n",
             basis->composition, s->method, s->start, s->up_to, s->seed);
    snprintf(path, sizeof path, "%s/settings.txt", s->folder);
    FILE *in = has_content(s, "points.xyz") || has_content(s, "failures.xyz") ? fopen(path, "r") : NULL;
    if (in) {
        was[fread(was, 1, sizeof was - 1, in)] = 0;
        fclose(in);
        size_t k = 0, line = 0;
        for (; now[k] && now[k] == was[k]; k++)
            line = now[k] == '\n' ? k + 1 : line;
        if (!now[k] && !was[k])
            return 0;
        snprintf(text, sizeof text,
                 "was begun with %.*s, not with %.*s: take another NAME, or remove this folder",
                 (int)strcspn(was + line, "\n"), was + line, (int)strcspn(now + line, "\n"), now + line);
        return fail(s->folder, text);
    }
    whole w;
    whole_open(&w, path);
    if (w.out)
        fputs(now, w.out);
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

/* ---- rounds ----------------------------------------------------------------------------------------------------------- */

static void say_turn(const turn *t)
{
    if (t->confirmed > 0)
        printf("  %.0f fresh geometries: RMSE %.2f cm^-1\n", t->confirmed, t->rmse_confirmed);
    printf("round %d: %.0f computed (%.0f failed), degree %d, %d terms: test RMSE %.2f cm^-1, largest %.0f; ",
           t->round, t->computed, t->failed, t->degree, t->terms, t->rmse, t->largest);
    if (isfinite(t->holes))
        printf("holes: %.0f, and %.0f far out%s\n", t->holes, t->far,
               t->whole ? ", the whole census of the last surface" : "");
    else
        printf("no census\n");
    fflush(stdout);
}

/* A line of the curve. */
static int add_turn(const settings *s, const points *p, int round, size_t trained, size_t tested,
                    const fitted *f, curve *c, const curve *beside)
{
    const turn t = {round,
                    f->degree,
                    f->terms,
                    (double)p->n,
                    (double)p->failures,
                    (double)trained,
                    (double)tested,
                    f->rmse_test * PER_CM,
                    f->max_test * PER_CM,
                    f->holes,
                    f->far,
                    f->whole,
                    (double)f->confirmed,
                    f->rmse_confirmed * PER_CM};
    say_turn(&t);
    return curve_add(c, &t) || curve_write(s, c, beside);
}

/* A fit, its variables chosen anew where the degree or the data have grown. */
static int fit_round(const settings *s, size_t trained, fitted *f)
{
    int degree;
    if (choose_degree(s, trained, f->degree, &degree))
        return 1;
    if (degree != f->degree || 2 * trained > 3 * f->chosen) {
        f->variables[0] = 0;
        f->chosen = trained;
    }
    return fit_surface(s, degree, 0, f);
}

/*
 * Samples that were to confirm a surface and did not, by the rounds so far: the next one has this number. They are trained on
 * from then on.
 */
static int count_spent(const settings *s, const curve *c)
{
    int spent = 0;
    for (size_t k = 0; k < c->n; k++)
        spent += c->turns[k].confirmed > 0 && !(c->turns[k].rmse_confirmed <= s->target);
    return spent;
}

/* How many geometries may be computed before the fresh sample of this number is, of which some may be known. */
static double find_room(const settings *s, const points *p, int number)
{
    char prefix[ID_LENGTH];
    fresh_prefix(number, prefix);
    return s->most - s->test + (double)points_count(p, prefix) - (double)p->n;
}

/*
 * The surface as it would be handed over, with its whole census. The test set said when to come here, which flatters it: where
 * the surface is good enough by that, it is tried once on as many geometries of the same kind that nothing was decided
 * by.
 */
static int fit_last(const settings *s, points *p, search *found, const ways *w, int spent, fitted *last)
{
    char prefix[ID_LENGTH];
    fresh_prefix(spent, prefix);
    if (fit_surface(s, last->degree, 1, last) || count_holes(s, last))
        return 1;
    if (!(last->rmse_test * PER_CM <= s->target) || last->holes + last->far > 0)
        return 0;
    if (find_room(s, p, spent) < 0) {
        printf("  --most %.0f leaves no room for %.0f fresh geometries to confirm it\n", s->most, s->test);
        return 0;
    }
    return compute_fresh(s, p, found, w, spent) || confirm_surface(s, p, prefix, last);
}

static void say_end(const settings *s, const points *p, size_t tested, const fitted *last, int reached)
{
    if (reached)
        printf("%s: RMSE %.2f cm^-1, largest error %.0f, on %zu fresh geometries up to %g cm^-1 (%.2f on the "
               "%zu that "
               "said when to stop)",
               s->name, last->rmse_confirmed * PER_CM, last->max_confirmed * PER_CM, last->confirmed,
               s->up_to, last->rmse_test * PER_CM, tested);
    else
        printf("%s: test RMSE %.2f cm^-1 on %zu held-out geometries up to %g cm^-1", s->name,
               last->rmse_test * PER_CM, tested, s->up_to);
    printf("; holes: %.0f, and %.0f far out; %zu geometries computed, %zu failed: build/pes/%s\n",
           last->holes, last->far, p->n, p->failures, s->name);
    if (!reached)
        printf("  not yet an RMSE of %g cm^-1, confirmed, without holes; to go on from here: --most %.0f\n",
               s->target, 2 * s->most);
}

static int learn(const settings *s, points *p, search *found, const ways *w, curve *c, const curve *beside)
{
    fitted f = {0}, last = {0};
    size_t trained, tested;
    const int asked = points_last_round(p, "ask-"), drawn = points_last_round(p, "random-");
    int round = asked > drawn ? asked : drawn, reached = 0, said = 0;
    for (size_t k = 0; k < c->n; k++)
        f.degree = c->turns[k].degree > f.degree ? c->turns[k].degree : f.degree;
    if (compute_test(s, p, found, w) || compute_first(s, p, found, w))
        return 1;
    for (;;) {
        const int spent = count_spent(s, c);
        if (points_split(p, s, spent, &trained, &tested) || fit_round(s, trained, &f) ||
            add_turn(s, p, round, trained, tested, &f, c, beside))
            return 1;
        const double lower = found->c->minimum - points_lowest(p);
        if (lower > 1e-4 && !said++)
            printf("  note: a geometry lies %.0f cm^-1 below the minimum where it began; another NAME, and "
                   "START near that, would begin there\n",
                   lower * PER_CM);
        const double left = find_room(s, p, spent);
        if (left <= 0 || f.rmse_test * PER_CM <= s->target) {
            last = f;
            if (fit_last(s, p, found, w, spent, &last) ||
                add_turn(s, p, round, trained, tested, &last, c, beside))
                return 1;
            reached = last.confirmed > 0 && last.rmse_confirmed * PER_CM <= s->target;
            if (left <= 0 || reached)
                break;
            if (last.confirmed > 0) /* all that is new is trained on at once */
                continue;
        }
        size_t wanted = (size_t)s->round > trained / 4 ? (size_t)s->round : trained / 4;
        wanted = (double)wanted < left ? wanted : (size_t)left;
        if (compute_next(s, p, found, w, ++round, wanted))
            return 1;
    }
    say_end(s, p, tested, &last, reached);
    return reached ? 0 : 3;
}

int main(int argc, char **argv)
{
    settings s = {.name = "pes",
                  .folder = ".",
                  .method = "xtb",
                  .start = "",
                  .fit = "",
                  .beside = "",
                  .target = 5,
                  .up_to = 15000,
                  .jobs = 2,
                  .seed = 1,
                  .timeout = 600,
                  .test = 200,
                  .first = 60,
                  .round = 40,
                  .most = 4000,
                  .starts = 6};
    char path[PATH_LENGTH];
    points p = {.file = -1, .failed_file = -1};
    census c = {.natoms = 0};
    search found = {.m = NULL};
    ways w = {0};
    curve own = {0}, beside = {0};
    int bad = parse_options(argc, argv, &s) || find_method(&s);
    s.symbols = (char *)(uintptr_t)basis->symbols;
    if (!bad && *s.beside) {
        snprintf(path, sizeof path, "%s/../%s", s.folder, s.beside);
        bad = curve_read(path, &beside) || (!beside.n && fail(path, "has no rounds to be drawn beside"));
    }
    bad = bad || check_settings(&s) || points_open(&p, &s) || curve_read(s.folder, &own);
    if (!bad) {
        prepare_jobs(&s);
        bad = find_start(&s, &p, &c, &found) || find_ways(&s, &p, &found, &w);
        bad = bad ? bad : learn(&s, &p, &found, &w, &own, &beside);
    }
    if (fflush(stdout) || ferror(stdout))
        bad = fail("", "standard output cannot be written");
    curve_free(&own);
    curve_free(&beside);
    ways_free(&w);
    start_free(&found);
    points_close(&p);
    return bad;
}
