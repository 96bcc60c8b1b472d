/*
 * Processes that fit together, over MPI where EQML_USE_MPI is defined.
 *
 * Waiting is polite: most of it is for rank 0, which works alone before and after the rows, or for the triangle of another
 * rank, and MPI's own way of waiting keeps a core busy. A rank that dies takes the others with it, by mpirun; one that
 * fails says so, and all end.
 */
#define _POSIX_C_SOURCE 200809L
#include "team.h"

#ifdef EQML_USE_MPI
#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static eqml_team team;
static FILE *kept_back;    /* what a rank other than 0 prints to its standard error */
static int standard_error; /* and where that was */

/* Errors of MPI end all ranks; there is no status to look at. Waits from 10 us on, up to 10 ms. */
static void wait_for(MPI_Request *request)
{
    int done = 0;
    struct timespec pause = {0, 10000};
    for (MPI_Test(request, &done, MPI_STATUS_IGNORE); !done; MPI_Test(request, &done, MPI_STATUS_IGNORE)) {
        nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec < 10000000 ? pause.tv_nsec * 5 / 4 : pause.tv_nsec;
    }
}

/* MPI counts in int. */
static int part_of(size_t left)
{
    return left < INT_MAX ? (int)left : INT_MAX;
}

static eqml_status send_bytes(void *context, int to, const void *bytes, size_t size)
{
    MPI_Request request;
    (void)context;
    for (const char *at = bytes; size > 0; at += part_of(size), size -= (size_t)part_of(size)) {
        MPI_Isend(at, part_of(size), MPI_BYTE, to, 0, MPI_COMM_WORLD, &request);
        wait_for(&request);
    }
    return EQML_OK;
}

static eqml_status receive_bytes(void *context, int from, void *bytes, size_t size)
{
    MPI_Request request;
    (void)context;
    for (char *at = bytes; size > 0; at += part_of(size), size -= (size_t)part_of(size)) {
        MPI_Irecv(at, part_of(size), MPI_BYTE, from, 0, MPI_COMM_WORLD, &request);
        wait_for(&request);
    }
    return EQML_OK;
}

static void finish(void)
{
    MPI_Finalize();
}

void team_begin(int *argc, char ***argv)
{
    int provided;
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &team.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &team.size);
    team.send = send_bytes;
    team.receive = receive_bytes;
    atexit(finish);
    if (team.rank == 0)
        return;
    standard_error = dup(2);
    kept_back = tmpfile();
    if (standard_error < 0 || !kept_back || !freopen("/dev/null", "w", stdout) ||
        dup2(fileno(kept_back), 2) < 0) {
        perror("fit: /dev/null, or a temporary file");
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

const eqml_team *team_of_all(void)
{
    return team.size > 1 ? &team : NULL;
}

int team_rank(void)
{
    return team.rank;
}

/* What was kept back goes to where it belongs. */
static void show_kept_back(void)
{
    char line[4096], name[32];
    const int length = snprintf(name, sizeof name, "rank %d: ", team.rank);
    ssize_t got, put = write(standard_error, name, (size_t)length);
    lseek(fileno(kept_back), 0, SEEK_SET);
    while (put >= 0 && (got = read(fileno(kept_back), line, sizeof line)) > 0)
        put = write(standard_error, line, (size_t)got);
}

int team_failed(int failed)
{
    MPI_Request request;
    int own = failed ? team.rank : team.size, first;
    MPI_Iallreduce(&own, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &request);
    wait_for(&request);
    if (first < team.size && first == team.rank && team.rank)
        show_kept_back();
    return first < team.size;
}

void team_share(void *bytes, int size)
{
    MPI_Request request;
    MPI_Ibcast(bytes, size, MPI_BYTE, 0, MPI_COMM_WORLD, &request);
    wait_for(&request);
}

#else

void team_begin(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
}

const eqml_team *team_of_all(void)
{
    return NULL;
}

int team_rank(void)
{
    return 0;
}

int team_failed(int failed)
{
    return failed;
}

void team_share(void *bytes, int size)
{
    (void)bytes;
    (void)size;
}

#endif
