/*
 * eqml-ipi: a fitted surface as a client of i-PI's protocol, for i-PI, ASE's SocketIOCalculator and other servers.
 *
 * The protocol (Ceriotti, More, Manolopoulos, Comput. Phys. Commun. 185, 1019 (2014); i-PI's manual, "communication
 * protocol"): headers of 12 characters; numbers as they are in memory, int32 and double, in atomic units.
 *
 *     server                                             client
 *     STATUS                                             READY, or HAVEDATA
 *     INIT bead, n, n bytes
 *     POSDATA cell[9], inverse[9], natoms, xyz[natoms][3]
 *     GETFORCE                                           FORCEREADY energy, natoms, forces[natoms][3], virial[9], n, n bytes
 *     EXIT
 *
 * The cell has its vectors in columns, as i-PI sends it. The virial is minus the derivative of the energy by the strain,
 * hartree. The bytes at the end are the extras, here none, or JSON with the dipole. Messages may come before those before
 * them are answered, as i-PI sends them today. One geometry is sent at a time: a server with many beads has as many clients
 * as are started. The batches that i-PI may send instead (batch_size of its ffsocket) are announced in INIT, and refused.
 */
#define _POSIX_C_SOURCE 200809L
#include "eqml_library.h"
#include "image.h"
#include "stream.h"
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: eqml-ipi -u SOCKET NAME.pes\n"
    "       eqml-ipi -a HOST -p PORT NAME.pes\n"
    "gives energy, forces and virial of the surface NAME.pes (or "
    "libNAME.so)\n"
    "to a server that speaks i-PI's protocol.\n"
    "\n"
    "  -u, --unix SOCKET       the server's name of a local socket: /tmp/ipi_SOCKET, or a path with a /\n"
    "  -a, --address HOST      the server's host; default localhost\n"
    "  -p, --port PORT         the server's port; default 31415\n"
    "  --atoms \"O H H\"         the elements in the server's order, which the protocol does not send;\n"
    "                          default: the order of the surface\n"
    "  --wait S                seconds to wait for the server to open its socket; default 10\n"
    "  --reconnect S           where the server is lost without EXIT, try for S seconds to find it again;\n"
    "                          default 0: end\n"
    "  --dipole                the dipole as extras, in JSON: {\"dipole\": [x, y, z]} in e bohr, about the "
    "origin;\n"
    "                          not for ASE, which fails at extras\n"
    "\n"
    "Exit status: 0 after EXIT, or where the server closes between two messages; 1 after an error; 2: "
    "usage.\n";

enum { HEADER = 12, MOST_ATOMS = 200, PATH = 256, EXTRAS = 128 };

typedef struct client {
    const char *local, *host, *port, *atoms, *file;
    double wait, reconnect;
    int socket;
    eqml_handle *surface;
    const eqml_record *record;
    int order[MOST_ATOMS]; /* atom k of the surface is order[k] of the server */
    int dipole, has_data, warned;
    long geometries;
    double energy, virial[9], xyz[3 * MOST_ATOMS], forces[3 * MOST_ATOMS]; /* in the server's order */
    char extras[EXTRAS];
} client;

/* How a conversation ends. */
enum { GO_ON, ENDED, LOST, FAILED };

static int refuse(const char *value, const char *text)
{
    fprintf(stderr, "eqml-ipi: %s%s%s; --help lists the options\n", value, *value ? ": " : "", text);
    return 2;
}

static int fail(const char *text)
{
    fprintf(stderr, "eqml-ipi: %s\n", text);
    return FAILED;
}

/* ---- options ------------------------------------------------------------------------------------------- */

static int read_seconds(const char *word, const char *value, double *seconds)
{
    char *end;
    *seconds = strtod(value, &end);
    return *end || end == value || !(*seconds >= 0 && *seconds <= 1e9)
               ? refuse(word, "wants seconds, 0 to 1e9")
               : 0;
}

static int parse(int argc, char **argv, client *c)
{
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (word[0] != '-') {
            if (c->file)
                return refuse(word, "one surface is enough");
            c->file = word;
            continue;
        }
        if (!strcmp(word, "--dipole")) {
            c->dipole = 1;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        int failed = 0;
        if (!value)
            return refuse(word, "needs a value");
        if (!strcmp(word, "-u") || !strcmp(word, "--unix"))
            c->local = value;
        else if (!strcmp(word, "-a") || !strcmp(word, "--address"))
            c->host = value;
        else if (!strcmp(word, "-p") || !strcmp(word, "--port"))
            c->port = value;
        else if (!strcmp(word, "--atoms"))
            c->atoms = value;
        else if (!strcmp(word, "--wait"))
            failed = read_seconds(word, value, &c->wait);
        else if (!strcmp(word, "--reconnect"))
            failed = read_seconds(word, value, &c->reconnect);
        else
            return refuse(word, "is no option");
        if (failed)
            return failed;
    }
    if (!c->file)
        return refuse("", "a surface is missing, as in -u water water.pes");
    if (c->local && (c->host || c->port))
        return refuse("-u", "goes without -a and -p");
    if (!c->local && !c->host && !c->port)
        return refuse("", "where is the server? -u SOCKET, or -a HOST -p PORT");
    if (!c->host)
        c->host = "localhost";
    if (!c->port)
        c->port = "31415";
    return 0;
}

/* The atomic numbers of --atoms, by the symbols of the surface: others cannot be matched anyway. */
static int match_atoms(client *c)
{
    const eqml_record *r = c->record;
    int numbers[MOST_ATOMS], n = 0;
    char why[EQML_WHY];
    for (const char *at = c->atoms; at && *(at += strspn(at, " ")); at += strcspn(at, " ")) {
        const char *symbol = r->symbols;
        const size_t length = strcspn(at, " ");
        int k = 0;
        for (; k < r->natoms; k++) {
            const size_t other = strcspn(symbol, " ");
            if (other == length && !strncmp(symbol, at, length))
                break;
            symbol += other + (symbol[other] == ' ');
        }
        if (k == r->natoms || n == MOST_ATOMS) {
            fprintf(stderr, "eqml-ipi: --atoms \"%s\": %.*s is not among the atoms of %s: %s\n", c->atoms,
                    (int)length, at, c->file, r->symbols);
            return 1;
        }
        numbers[n++] = r->numbers[k];
    }
    if (!eqml_match(c->surface, c->atoms ? n : r->natoms, c->atoms ? numbers : r->numbers, c->order, why,
                    sizeof why))
        return 0;
    fprintf(stderr, "eqml-ipi: --atoms \"%s\": %s\n", c->atoms, why);
    return 1;
}

/* ---- the surface --------------------------------------------------------------------------------------- */

/* The numbers for the positions that have come. A geometry without an energy ends the client. */
static int evaluate(client *c, const double cell[9])
{
    const int n = c->record->natoms;
    double xyz[3 * MOST_ATOMS], gradient[3 * MOST_ATOMS], dipole[3];
    char why[EQML_WHY];
    for (int k = 0; k < n; k++)
        memcpy(xyz + 3 * k, c->xyz + 3 * c->order[k], 3 * sizeof *xyz);
    if (make_whole(cell, n, xyz))
        return fail("the cell is too small for the molecule: its heights must be more than twice the longest "
                    "distance");
    if (eqml_energies(c->surface, 1, xyz, &c->energy, gradient, why, sizeof why))
        return fail(why);
    c->geometries++;
    if (!isfinite(c->energy)) {
        fprintf(stderr,
                "eqml-ipi: geometry %ld has no energy: a coordinate is no number, or two atoms are in one "
                "place\n",
                c->geometries);
        return FAILED;
    }
    if (!c->warned && !eqml_inside(c->surface, xyz)) {
        c->warned = 1;
        fprintf(stderr,
                "eqml-ipi: geometry %ld has distances outside of the training data (said once): is the "
                "order of the atoms %s, and the molecule whole?\n",
                c->geometries, c->atoms ? c->atoms : c->record->symbols);
    }
    /* The virial is minus the derivative of the energy by the strain. */
    memset(c->virial, 0, sizeof c->virial);
    for (int k = 0; k < n; k++)
        for (int i = 0; i < 3; i++) {
            c->forces[3 * c->order[k] + i] = -gradient[3 * k + i];
            for (int j = 0; j < 3; j++)
                c->virial[3 * i + j] -= gradient[3 * k + i] * xyz[3 * k + j];
        }
    if (c->dipole) {
        if (eqml_tensors(c->surface, EQML_OF_DIPOLE, 1, xyz, dipole, NULL, why, sizeof why))
            return fail(why);
        snprintf(c->extras, sizeof c->extras, "{\"dipole\": [%.17g, %.17g, %.17g]}", dipole[0], dipole[1],
                 dipole[2]);
    }
    return GO_ON;
}

/* ---- the conversation ---------------------------------------------------------------------------------- */

static int lost(void)
{
    fprintf(stderr, "eqml-ipi: the server broke off within a message\n");
    return LOST;
}

static int send_header(const client *c, const char *text)
{
    char header[HEADER + 1];
    snprintf(header, sizeof header, "%-*s", HEADER, text);
    return stream_write(c->socket, header, HEADER) ? lost() : GO_ON;
}

/* INIT: a bead and a text, of which nothing is wanted here, but for a size of batches in its first part. */
static int take_init(const client *c)
{
    int32_t numbers[2];
    char first[256] = "", text[256];
    if (stream_read(c->socket, numbers, sizeof numbers))
        return lost();
    for (int32_t left = numbers[1]; left > 0;) {
        char *to = left == numbers[1] ? first : text;
        const size_t part = left < (int32_t)sizeof text ? (size_t)left : sizeof text - 1;
        if (stream_read(c->socket, to, part))
            return lost();
        left -= (int32_t)part;
    }
    const char *batch = strstr(first, "batch_size");
    if (batch && atoi(batch + strcspn(batch, "0123456789")) > 1)
        return fail("the server sends batches, of which this client knows nothing: leave batch_size out of "
                    "its ffsocket, and "
                    "start more clients");
    return GO_ON;
}

static int take_positions(client *c)
{
    double cells[18];
    int32_t natoms;
    if (stream_read(c->socket, cells, sizeof cells) || stream_read(c->socket, &natoms, sizeof natoms))
        return lost();
    if (natoms != c->record->natoms) {
        fprintf(stderr, "eqml-ipi: the server has %d atoms, and %s is of %d: %s%s\n", (int)natoms, c->file,
                c->record->natoms, c->record->symbols,
                natoms < 1 || natoms > 1000000 ? " (has its ffsocket a batch_size? leave it out)" : "");
        return FAILED;
    }
    if (stream_read(c->socket, c->xyz, 3 * (size_t)natoms * sizeof *c->xyz))
        return lost();
    const int status = evaluate(c, cells);
    c->has_data = status == GO_ON;
    return status;
}

static int give_forces(client *c)
{
    const int32_t natoms = c->record->natoms, length = (int32_t)strlen(c->extras);
    if (!c->has_data)
        return fail("the server asks for forces before it has sent positions");
    c->has_data = 0;
    if (send_header(c, "FORCEREADY"))
        return LOST;
    if (stream_write(c->socket, &c->energy, sizeof c->energy) ||
        stream_write(c->socket, &natoms, sizeof natoms) ||
        stream_write(c->socket, c->forces, 3 * (size_t)natoms * sizeof *c->forces) ||
        stream_write(c->socket, c->virial, sizeof c->virial) ||
        stream_write(c->socket, &length, sizeof length) || stream_write(c->socket, c->extras, (size_t)length))
        return lost();
    return GO_ON;
}

static int answer(client *c)
{
    char header[HEADER + 1] = "";
    const int got = stream_read(c->socket, header, HEADER);
    if (got == STREAM_CLOSED)
        return c->reconnect > 0 ? LOST : ENDED;
    if (got)
        return lost();
    for (int i = HEADER; i > 0 && (header[i - 1] == ' ' || header[i - 1] == '\0'); i--)
        header[i - 1] = '\0';
    if (!strcmp(header, "STATUS"))
        return send_header(c, c->has_data ? "HAVEDATA" : "READY");
    if (!strcmp(header, "INIT"))
        return take_init(c);
    if (!strcmp(header, "POSDATA"))
        return take_positions(c);
    if (!strcmp(header, "GETFORCE"))
        return give_forces(c);
    if (!strcmp(header, "EXIT"))
        return ENDED;
    for (char *at = header; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    fprintf(stderr,
            "eqml-ipi: the server says \"%s\", which is not of i-PI's protocol, or of its batches "
            "(batch_size), which are "
            "not known here\n",
            header);
    return FAILED;
}

/* Connects, trying for so many seconds. */
static int find_server(client *c, double seconds)
{
    char path[PATH], place[PATH + 64];
    struct timespec start, now, pause = {0, 100000000};
    snprintf(path, sizeof path, "%s%s", c->local && strchr(c->local, '/') ? "" : "/tmp/ipi_",
             c->local ? c->local : "");
    snprintf(place, sizeof place, "%.200s%s%.60s", c->local ? path : c->host, c->local ? "" : ":",
             c->local ? "" : c->port);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        c->socket = c->local ? stream_open_unix(path) : stream_open_network(c->host, c->port);
        if (c->socket >= 0)
            return GO_ON;
        const char *why = c->socket == -2 ? "this host or port is not known" : strerror(errno);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (c->socket == -2 || difftime(now.tv_sec, start.tv_sec) >= seconds) {
            fprintf(stderr, "eqml-ipi: %s: no server: %s\n", place, why);
            return FAILED;
        }
        nanosleep(&pause, NULL);
    }
}

static int serve(client *c)
{
    int status = find_server(c, c->wait);
    while (status == GO_ON) {
        c->has_data = 0;
        while ((status = answer(c)) == GO_ON)
            ;
        close(c->socket);
        if (status == LOST && c->reconnect > 0) {
            fprintf(stderr, "eqml-ipi: the server is lost after %ld geometries; looking for it again\n",
                    c->geometries);
            status = find_server(c, c->reconnect);
        }
    }
    return status == ENDED ? 0 : 1;
}

int main(int argc, char **argv)
{
    static client c = {.wait = 10};
    char why[EQML_WHY];
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return fputs(help, stdout) < 0;
    int status = parse(argc, argv, &c);
    if (status)
        return status;
    if (eqml_open(c.file, &c.surface, why, sizeof why)) {
        fprintf(stderr, "eqml-ipi: %s\n", why);
        return 1;
    }
    if (*why) /* EQML_COMPILE asked for compiled code, and there is none */
        fprintf(stderr, "eqml-ipi: %s\n", why);
    c.record = eqml_get(c.surface);
    if (c.dipole && !(c.record->fits & EQML_FITS_DIPOLE))
        status = fail("--dipole: the surface has no dipole; fit one, or leave this out");
    else
        status = c.record->natoms > MOST_ATOMS ? fail("more than 200 atoms") : match_atoms(&c) || serve(&c);
    eqml_close(c.surface);
    return status ? 1 : 0;
}
