/* Processes that fit together give what one gives, at the cost that the contract states; where one fails, all do. */
#define _POSIX_C_SOURCE 200809L
#include "surfaces.h"
#include <sys/socket.h>
#include <sys/wait.h>

#include "ch4_d4.h"
#include "h2o_d2_tensors.h"

/* ---- a team of child processes, joined by sockets ---- */

enum { MOST = 8 };

typedef struct wires {
    int end[MOST][MOST]; /* end[a][b]: where a writes to, and reads from, b */
    size_t sent;         /* bytes, by this process */
} wires;

static eqml_status send_all(void *context, int to, const void *bytes, size_t size)
{
    wires *w = context;
    const char *at = bytes;
    int from = 0;
    while (w->end[from][to] < 0) /* the ends of others are closed */
        from++;
    w->sent += size;
    while (size > 0) {
        const ssize_t now = send(w->end[from][to], at, size, MSG_NOSIGNAL);
        if (now <= 0)
            return EQML_ERROR_FILE;
        at += now, size -= (size_t)now;
    }
    return EQML_OK;
}

static eqml_status receive_all(void *context, int from, void *bytes, size_t size)
{
    wires *w = context;
    char *at = bytes;
    int to = 0;
    while (w->end[to][from] < 0)
        to++;
    while (size > 0) {
        const ssize_t now = recv(w->end[to][from], at, size, 0);
        if (now <= 0)
            return EQML_ERROR_FILE;
        at += now, size -= (size_t)now;
    }
    return EQML_OK;
}

/* What a process does; returns how many bytes of `answer` are to be compared. */
typedef size_t (*work)(const eqml_team *team, void *question, char *answer);

enum { ANSWER = 1 << 16 };

/* Runs it in `size` processes, of which each writes size and bytes of its answer to a pipe; answers[size][ANSWER]. */
static void run_team(int size, work w, void *question, char *answers, size_t *lengths)
{
    wires all;
    int pipes[MOST][2];
    memset(&all, 0xff, sizeof all);
    all.sent = 0;
    for (int a = 0; a < size; a++) {
        cr_assert_eq(pipe(pipes[a]), 0);
        for (int b = 0; b < a; b++) {
            int pair[2];
            cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
            all.end[a][b] = pair[0];
            all.end[b][a] = pair[1];
        }
    }
    for (int rank = 0; rank < size; rank++) {
        if (fork())
            continue;
        for (int a = 0; a < size; a++)
            for (int b = 0; b < size; b++)
                if (a != rank && a != b) {
                    close(all.end[a][b]);
                    all.end[a][b] = -1;
                }
        const eqml_team team = {rank, size, send_all, receive_all, &all};
        char *answer = calloc(1, ANSWER);
        const size_t length = w(&team, question, answer);
        const ssize_t put = write(pipes[rank][1], &length, sizeof length);
        _exit(put < 0 || write(pipes[rank][1], answer, length) < 0);
    }
    for (int a = 0; a < size; a++)
        for (int b = 0; b < size; b++)
            if (a != b)
                close(all.end[a][b]);
    for (int rank = 0; rank < size; rank++) {
        close(pipes[rank][1]);
        char *to = answers + (size_t)rank * ANSWER;
        cr_assert_eq(read(pipes[rank][0], &lengths[rank], sizeof *lengths), (ssize_t)sizeof *lengths,
                     "rank %d gave no answer", rank);
        for (size_t got = 0; got < lengths[rank];) {
            const ssize_t now = read(pipes[rank][0], to + got, lengths[rank] - got);
            cr_assert_gt(now, 0);
            got += (size_t)now;
        }
        close(pipes[rank][0]);
    }
    while (wait(NULL) > 0)
        ;
}

static int close_to(double a, double b, double error)
{
    return fabs(a - b) <= error;
}

/* ---- triangles ---- */

enum { COLUMNS = 60, ROWS = 500 };

static void make_row(uint64_t *state, double *row)
{
    row[COLUMNS] = draw_real(state);
    for (int j = 0; j < COLUMNS; j++)
        row[j] = draw_real(state);
}

typedef struct solved {
    double x[COLUMNS];
    eqml_lsq_result result;
    size_t sent;
} solved;

static size_t gather(const eqml_team *team, void *question, char *answer)
{
    const size_t rows = *(const size_t *)question;
    solved s = {{0}, {0, 0, 0, 0}, 0};
    eqml_lsq *lsq;
    uint64_t state = 1;
    if (eqml_lsq_create(&lsq, COLUMNS, 1))
        return 0;
    for (size_t k = 0; k < rows; k++) {
        make_row(&state, eqml_lsq_row(lsq));
        if (k % (size_t)team->size == (size_t)team->rank)
            eqml_lsq_add(lsq);
    }
    const eqml_status status = eqml_lsq_gather(team, lsq, NULL);
    if (!status && team->rank == 0)
        eqml_lsq_solve(lsq, NULL, s.x, &s.result);
    s.sent = ((const wires *)team->context)->sent;
    eqml_lsq_free(lsq);
    memcpy(answer, &s, sizeof s);
    return status ? 0 : sizeof s;
}

/* Also with fewer rows than processes or columns, and with any number of processes. */
Test(team, gathered_triangles_are_one)
{
    static char answers[MOST * ANSWER];
    static const size_t rows[] = {3, 70, ROWS};
    size_t lengths[MOST];
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        size_t count = rows[k];
        solved one, s;
        run_team(1, gather, &count, answers, lengths);
        cr_assert_eq(lengths[0], sizeof one);
        memcpy(&one, answers, sizeof one);
        for (int size = 2; size <= MOST; size++) {
            run_team(size, gather, &count, answers, lengths);
            memcpy(&s, answers, sizeof s);
            cr_expect_eq(s.result.rows, count, "%d processes", size);
            cr_expect_eq(s.result.rank, one.result.rank);
            cr_expect(close_to(s.result.residual, one.result.residual, 1e-12 * (double)count));
            for (int j = 0; j < COLUMNS; j++)
                cr_expect(close_to(s.x[j], one.x[j], 1e-10), "%d processes: %g and %g", size, s.x[j],
                          one.x[j]);
        }
    }
}

/* Half a square of numbers each, but for a head of its own and of its answer. */
Test(team, each_sends_its_triangle_once)
{
    static char answers[MOST * ANSWER];
    size_t lengths[MOST], count = ROWS;
    run_team(MOST, gather, &count, answers, lengths);
    for (int rank = 1; rank < MOST; rank++) {
        solved s;
        memcpy(&s, answers + (size_t)rank * ANSWER, sizeof s);
        const size_t triangle = (COLUMNS + 1) * (COLUMNS + 2) / 2 * sizeof(double);
        cr_expect_geq(s.sent, triangle);
        cr_expect_leq(s.sent, triangle + 4096, "rank %d: %zu bytes", rank, s.sent);
    }
}

/* ---- fits ---- */

typedef struct question {
    const eqml_basis *basis;
    const eqml_data *data;
    eqml_fit_options options;
    int other; /* this rank has other data; -1: none */
    const char
        *copy; /* where rank 0 puts the checkpoint as it is when `at` geometries are done; NULL: nowhere */
    size_t at;
} question;

/* What a killed process leaves. */
static void copy_at(void *context, size_t done, size_t total)
{
    const question *q = context;
    (void)total;
    if (q->options.team->rank == 0 && done == q->at)
        copy_file(q->options.checkpoint, q->copy);
}

typedef struct fitted {
    eqml_status status;
    eqml_message message;
    eqml_fit_result energy, dipole;
    double terms[600];
    int nterms;
} fitted;

static size_t fit(const eqml_team *team, void *asked, char *answer)
{
    question q = *(const question *)asked;
    fitted f;
    memset(&f, 0, sizeof f);
    eqml_surface s;
    q.options.team = team->size > 1 ? team : NULL;
    q.options.context = &q;
    q.options.progress = q.copy ? copy_at : NULL;
    if (team->rank == q.other)
        q.data->energy[3] += 1e-9;
    f.status = eqml_surface_create(q.basis, morse, &s);
    if (!f.status)
        f.status = eqml_fit(&s, q.data, &q.options, &f.energy, &f.message);
    if (!f.status && q.basis->tensors[EQML_DIPOLE])
        f.status = eqml_fit_tensor(&s, EQML_DIPOLE, q.data, 0, &q.options, &f.dipole, &f.message);
    if (!f.status) {
        eqml_surface_get(&s, f.terms);
        f.nterms = q.basis->nterms;
    }
    eqml_surface_free(&s);
    memcpy(answer, &f, sizeof f);
    return sizeof f;
}

/* The answers of all ranks, which are the same. */
static fitted fit_by(int size, question *q)
{
    static char answers[MOST * ANSWER];
    size_t lengths[MOST];
    fitted f;
    run_team(size, fit, q, answers, lengths);
    for (int rank = 0; rank < size; rank++) {
        cr_assert_eq(lengths[rank], sizeof f);
        cr_expect_arr_eq(answers + (size_t)rank * ANSWER, answers, sizeof f, "rank %d of %d", rank, size);
    }
    memcpy(&f, answers, sizeof f);
    return f;
}

static void expect_same_fit(const fitted *f, const fitted *one, double scale)
{
    cr_assert_eq(f->status, EQML_OK, "%s", f->message.text);
    cr_expect_eq(f->energy.rows, one->energy.rows);
    cr_expect_eq(f->energy.rank, one->energy.rank);
    cr_expect_eq(f->energy.geometries, one->energy.geometries);
    cr_expect_eq(f->dipole.rows, one->dipole.rows);
    for (int k = 0; k < one->nterms; k++)
        cr_expect(close_to(f->terms[k], one->terms[k], scale), "term %d: %.15g and %.15g", k, f->terms[k],
                  one->terms[k]);
}

/* Energies and dipoles that no surface has. */
static eqml_data noisy_data(const eqml_basis *b, size_t n, uint64_t seed)
{
    eqml_surface s = random_surface(b, morse, &seed);
    eqml_data d = sample(&s.model, n, &seed);
    d.tensors[EQML_DIPOLE] = room(3 * n, sizeof(double));
    for (size_t g = 0; g < n; g++) {
        d.energy[g] += 1e-2 * draw_real(&seed);
        for (int k = 0; k < 3; k++)
            d.tensors[EQML_DIPOLE][3 * g + (size_t)k] = draw_real(&seed);
        d.has[g] |= EQML_HAS_DIPOLE;
    }
    for (size_t g = 0; g < n; g += 7)
        d.has[g] = EQML_HAS_ENERGY | EQML_HAS_DIPOLE;
    eqml_surface_free(&s);
    return d;
}

static void try_sizes(const eqml_basis *b)
{
    eqml_data d = noisy_data(b, 60, 5);
    question q = {b, &d, {.energy_weight = 0.5}, -1, NULL, 0};
    const fitted one = fit_by(1, &q);
    double largest = 0;
    for (int k = 0; k < one.nterms; k++)
        largest = fmax(largest, fabs(one.terms[k]));
    for (int size = 2; size <= 5; size++) {
        const fitted f = fit_by(size, &q);
        expect_same_fit(&f, &one, 1e-13 * one.energy.condition * largest);
    }
    eqml_data_free(&d);
}

Test(team, fits_as_one_does)
{
    try_sizes(&ch4_d4_basis);
    try_sizes(&h2o_d2_tensors_basis);
}

/* A checkpoint is of any number of processes, and new data cost their rows alone. */
Test(team, goes_on_from_a_checkpoint)
{
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 16];
    unsigned char some[60];
    eqml_data d = noisy_data(&ch4_d4_basis, 60, 6);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/fit.lsq", folder);
    question old = {&ch4_d4_basis, &d, {.use = some, .checkpoint = path}, -1, NULL, 0};
    for (int k = 0; k < 60; k++)
        some[k] = k < 41;
    cr_assert_eq(fit_by(3, &old).status, EQML_OK);
    question all = {&ch4_d4_basis, &d, {.checkpoint = path}, -1, NULL, 0};
    const fitted by_four = fit_by(4, &all);
    cr_expect_eq(by_four.energy.resumed, 41);
    cr_expect_eq(by_four.energy.geometries, 60);
    const fitted by_one = fit_by(1, &all); /* of what is there already: the solution only */
    cr_expect_eq(by_one.energy.resumed, 60);
    expect_same_fit(&by_four, &by_one, 0);
    eqml_data_free(&d);
    remove(path);
    remove_folder(folder);
}

/* The checkpoint is written while the fit goes on, and has the rows of all. */
Test(team, goes_on_where_it_was_killed)
{
    char folder[TEMPORARY_PATH], path[TEMPORARY_PATH + 16], copy[TEMPORARY_PATH + 16];
    eqml_data d = noisy_data(&ch4_d4_basis, 60, 8);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/fit.lsq", folder);
    snprintf(copy, sizeof copy, "%s/killed.lsq", folder);
    question plain = {&ch4_d4_basis, &d, {.ridge = 0}, -1, NULL, 0};
    question kept = {&ch4_d4_basis, &d, {.checkpoint = path, .checkpoint_seconds = -1}, -1, copy, 31};
    const fitted one = fit_by(1, &plain), whole = fit_by(3, &kept);
    question rest = {&ch4_d4_basis, &d, {.checkpoint = copy}, -1, NULL, 0};
    const fitted resumed = fit_by(2, &rest);
    double largest = 0;
    for (int k = 0; k < one.nterms; k++)
        largest = fmax(largest, fabs(one.terms[k]));
    cr_expect_eq(whole.energy.resumed, 0);
    cr_expect_gt(resumed.energy.resumed, 0);
    cr_expect_lt(resumed.energy.resumed, 31);
    expect_same_fit(&whole, &one, 1e-13 * one.energy.condition * largest);
    expect_same_fit(&resumed, &one, 1e-13 * one.energy.condition * largest);
    eqml_data_free(&d);
    remove(path);
    remove(copy);
    remove_folder(folder);
}

Test(team, all_fail_where_one_does)
{
    eqml_data d = noisy_data(&ch4_d4_basis, 30, 7);
    question q = {&ch4_d4_basis, &d, {.energy_weight = 0}, 2, NULL, 0};
    fitted f = fit_by(4, &q);
    cr_expect_eq(f.status, EQML_ERROR_MATCH);
    cr_expect_str_eq(f.message.text, "rank 2: its data or options are not those of rank 0");
    q = (question){&ch4_d4_basis, &d, {.checkpoint = "/nowhere/fit.lsq"}, -1, NULL, 0};
    f = fit_by(3, &q);
    cr_expect_eq(f.status, EQML_ERROR_FILE);
    cr_expect_not_null(strstr(f.message.text, "/nowhere/fit.lsq"), "%s", f.message.text);
    q = (question){&ch4_d4_basis, &d, {.ridge = -1}, -1, NULL, 0};
    f = fit_by(2, &q);
    cr_expect_eq(f.status, EQML_ERROR_ARGUMENT);
    eqml_data_free(&d);
}
