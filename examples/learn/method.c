/* Jobs of a quantum chemistry program, side by side, each in a folder of its own. */
#define _XOPEN_SOURCE 700
#include "learn/learn.h"
#include "common/atoms.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REASON_LENGTH = 240 };

#define MOVED 1e-3 /* bohr: what a program may round off places */

typedef struct job {
    task *of; /* NULL: free */
    pid_t pid;
    double began;
    char folder[PATH_LENGTH];
} job;

static job running[JOBS_LIMIT];
static char reason[REASON_LENGTH] = "";

const char *last_reason(void)
{
    return reason;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the script ------------------------------------------------------------------------------------------- */

static void list_methods(char *text, size_t size)
{
    DIR *folder = opendir("examples/methods");
    size_t length = 0;
    *text = 0;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        const size_t n = strlen(e->d_name);
        if (n > 3 && !strcmp(e->d_name + n - 3, ".sh") && length + n + 2 < size)
            length += (size_t)snprintf(text + length, size - length, "%.*s, ", (int)n - 3, e->d_name);
    }
    if (folder)
        closedir(folder);
}

int find_method(settings *s)
{
    char path[PATH_LENGTH], text[PATH_LENGTH + 512], all[256];
    struct stat known;
    if (strchr(s->method, '/'))
        snprintf(path, sizeof path, "%s", s->method);
    else
        snprintf(path, sizeof path, "examples/methods/%.200s.sh", s->method);
    if (!*s->method || !realpath(path, s->script) || stat(s->script, &known) || !S_ISREG(known.st_mode)) {
        list_methods(all, sizeof all);
        snprintf(text, sizeof text,
                 "METHOD=%s: there is no such method: %sor the path of a script, METHOD=./my.sh", s->method,
                 all);
        return fail("", text);
    }
    if (access(s->script, X_OK)) {
        snprintf(text, sizeof text, "METHOD=%s: the script cannot be run: chmod +x %s", s->method, path);
        return fail("", text);
    }
    return 0;
}

/* ---- one job ------------------------------------------------------------------------------------------------ */

static int remove_entry(const char *path, const struct stat *known, int kind, struct FTW *where)
{
    (void)known, (void)kind, (void)where;
    return remove(path);
}

static void remove_folder(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static volatile sig_atomic_t interrupted; /* by this signal, or 0 */

static void note_signal(int number)
{
    interrupted = number;
}

/* Ends all jobs. */
static void end_all(void)
{
    for (int k = 0; k < JOBS_LIMIT; k++)
        if (running[k].of) {
            kill(-running[k].pid, SIGKILL);
            waitpid(running[k].pid, NULL, 0);
            remove_folder(running[k].folder);
            running[k].of = NULL;
        }
}

/* Folders of jobs that a run has left which was ended at once. */
static void remove_left_behind(const settings *s)
{
    char path[PATH_LENGTH];
    DIR *folder = opendir(s->folder);
    for (struct dirent *e; folder && (e = readdir(folder));)
        if (!strncmp(e->d_name, "job.", 4) &&
            snprintf(path, sizeof path, "%s/%s", s->folder, e->d_name) < PATH_LENGTH)
            remove_folder(path);
    if (folder)
        closedir(folder);
}

void prepare_jobs(const settings *s)
{
    struct sigaction act = {.sa_handler = note_signal};
    sigfillset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
    remove_left_behind(s);
}

static int write_geometry(const settings *s, const char *path, const double *xyz)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return fail(path, strerror(errno));
    census_put_frame(out, basis->natoms, s->symbols, xyz, "pbc=\"F F F\"");
    const int bad = ferror(out) != 0;
    return fclose(out) || bad ? fail(path, "cannot be written") : 0;
}

/* What the new process does; never returns. It is the head of a group, so that it can be ended with all it starts. */
static void become(const settings *s, const char *folder)
{
    const int nothing = open("/dev/null", O_RDONLY);
    const int output = chdir(folder) ? -1 : open("output.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    const int errors = output < 0 ? -1 : open("errors.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    setpgid(0, 0);
    if (errors >= 0 && dup2(nothing, 0) >= 0 && dup2(output, 1) >= 0 && dup2(errors, 2) >= 0)
        execl(s->script, s->script, "geometry.xyz", "result.xyz", (char *)NULL);
    fprintf(stderr, "%s: %s\n", s->script, strerror(errno));
    _exit(127);
}

static int start_job(const settings *s, job *j, task *t)
{
    char path[PATH_LENGTH + 32];
    snprintf(j->folder, sizeof j->folder, "%.*s/job.XXXXXX", PATH_LENGTH - 32, s->folder);
    if (!mkdtemp(j->folder))
        return fail(s->folder, strerror(errno));
    snprintf(path, sizeof path, "%s/geometry.xyz", j->folder);
    if (write_geometry(s, path, t->xyz)) {
        remove_folder(j->folder);
        return 1;
    }
    j->began = seconds_now();
    j->pid = fork();
    if (j->pid == 0)
        become(s, j->folder);
    if (j->pid < 0) {
        remove_folder(j->folder);
        return fail("no process can be started", strerror(errno));
    }
    setpgid(j->pid, j->pid); /* here too: whoever comes first */
    j->of = t;
    return 0;
}

void last_line(const char *path, const char *otherwise, char *text, size_t size)
{
    char line[512];
    FILE *in = fopen(path, "r");
    snprintf(text, size, "%s", otherwise);
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[strspn(line, " \t")])
            snprintf(text, size, "%s", line);
    }
    if (in)
        fclose(in);
}

/* Nonzero where a result is not that of this geometry; `reason` says why. */
static int is_wrong(const eqml_data *r, const double *xyz, const settings *s)
{
    const size_t size = 3 * (size_t)basis->natoms;
    const char *symbols = s->symbols;
    if (r->n != 1 || r->natoms != basis->natoms)
        return snprintf(reason, sizeof reason, "the result has %zu frames of %d atoms instead of one of %d",
                        r->n, r->natoms, basis->natoms);
    for (int i = 0; i < r->natoms; i++) {
        symbols += strspn(symbols, " ");
        const size_t length = strcspn(symbols, " ");
        if (strlen(r->symbols[i]) != length || strncmp(r->symbols[i], symbols, length))
            return snprintf(reason, sizeof reason, "the result has %s as atom %d instead of %.*s",
                            r->symbols[i], i + 1, (int)length, symbols);
        symbols += length;
    }
    for (size_t k = 0; k < size; k++)
        if (!(fabs(r->xyz[k] - xyz[k]) < MOVED))
            return snprintf(reason, sizeof reason,
                            "the result has atom %zu in another place: was the molecule turned or moved?",
                            k / 3 + 1);
    if (!(r->has[0] & EQML_HAS_ENERGY) || !(r->has[0] & EQML_HAS_GRADIENT))
        return snprintf(reason, sizeof reason, "the result has no %s",
                        r->has[0] & EQML_HAS_ENERGY ? "forces" : "energy");
    return 0;
}

/* Puts what a job left into the points, or into the failures. Returns nonzero where neither can be written. */
static int take_result(const settings *s, points *p, const job *j, int status, int late)
{
    char path[PATH_LENGTH + 32], text[REASON_LENGTH];
    eqml_message message;
    eqml_data result = {0};
    int bad = 1, broken;
    task *t = j->of;
    if (late) {
        snprintf(reason, sizeof reason, "not done after %g s", s->timeout);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        snprintf(path, sizeof path, "%s/errors.txt", j->folder);
        snprintf(text, sizeof text, WIFEXITED(status) ? "status %d" : "ended by signal %d",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        last_line(path, text, reason, sizeof reason);
    } else {
        snprintf(path, sizeof path, "%s/result.xyz", j->folder);
        if (access(path, R_OK)) {
            snprintf(reason, sizeof reason, "the script left no result.xyz");
        } else if (eqml_data_read(path, &result, &message)) {
            const char *what = strstr(message.text, "result.xyz");
            snprintf(reason, sizeof reason, "%.*s", REASON_LENGTH - 1, what ? what : message.text);
        } else {
            bad = is_wrong(&result, t->xyz, s);
        }
    }
    if (bad)
        broken = points_add_failure(p, s, t->id, t->xyz, reason);
    else
        broken = points_add(p, s, t->id, t->xyz, result.energy[0], result.gradient,
                            result.has[0] & EQML_HAS_DIPOLE ? result.tensors[EQML_DIPOLE] : NULL);
    t->point = bad || broken ? FAILED : (long)p->n - 1;
    eqml_data_free(&result);
    return broken;
}

/* ---- all of them -------------------------------------------------------------------------------------------- */

/* Looks after one job. *ended grows where it has ended. */
static int look_after(const settings *s, points *p, job *j, size_t *ended)
{
    int status = 0, late = 0;
    const pid_t found = waitpid(j->pid, &status, WNOHANG);
    if (found == 0) {
        late = seconds_now() - j->began > s->timeout;
        if (!late)
            return 0;
        kill(-j->pid, SIGKILL);
        waitpid(j->pid, &status, 0);
    }
    kill(-j->pid, SIGKILL); /* what it may have left running */
    const int bad = take_result(s, p, j, status, late);
    remove_folder(j->folder);
    j->of = NULL;
    (*ended)++;
    return bad;
}

int run_script(const settings *s, char *const *arguments, const char *const (*variables)[2], size_t n,
               const char *log, int *status)
{
    char path[PATH_LENGTH];
    snprintf(path, sizeof path, "%s/%s", s->folder, log);
    const pid_t pid = fork();
    if (pid == 0) {
        const int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        setpgid(0, 0);
        for (size_t k = 0; k < n; k++)
            setenv(variables[k][0], variables[k][1], 1);
        if (out >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0)
            execvp(arguments[0], arguments);
        _exit(127);
    }
    if (pid < 0)
        return fail("no process can be started", strerror(errno));
    setpgid(pid, pid);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        if (interrupted)
            kill(-pid, SIGTERM); /* it cleans up behind itself */
    if (interrupted)
        exit(128 + interrupted);
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
    return 0;
}

static void show_progress(const char *what, size_t done, size_t n, size_t failed, double *last)
{
    const double now = seconds_now();
    if (!isatty(2) || (done < n && now - *last < 0.2))
        return;
    *last = now;
    fprintf(stderr, "\rcomputing %s: %zu of %zu", what, done, n);
    if (failed)
        fprintf(stderr, ", %zu failed", failed);
    fputs(done == n ? "\n" : "", stderr);
}

int compute(const settings *s, points *p, const char *what, size_t n, task *tasks)
{
    const struct timespec pause = {0, 2000000};
    const int jobs = (int)s->jobs;
    const size_t failures = p->failures;
    size_t next = 0, ended = 0, missing = 0;
    double shown = 0;
    int bad = 0;
    for (size_t k = 0; k < n; k++) {
        tasks[k].point = points_find(p, tasks[k].id, tasks[k].xyz);
        missing += tasks[k].point == NOT_COMPUTED;
    }
    while (ended < missing && !bad && !interrupted) {
        for (int k = 0; k < jobs && !bad; k++) {
            if (running[k].of)
                bad = look_after(s, p, &running[k], &ended);
            while (next < n && tasks[next].point != NOT_COMPUTED)
                next++;
            if (!bad && !running[k].of && next < n)
                bad = start_job(s, &running[k], &tasks[next++]);
        }
        show_progress(what, ended, missing, p->failures - failures, &shown);
        if (ended < missing && !bad)
            nanosleep(&pause, NULL);
    }
    if (bad || interrupted)
        end_all();
    if (interrupted)
        exit(128 + interrupted);
    return bad;
}
