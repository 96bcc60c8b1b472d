/* Data: files, plain or packed; weights of groups; free atoms. */
#include "job.h"
#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptor of a stream of what is in a .gz file, from gzip; -1 after a message. */
static int unpack(const char *path, pid_t *child)
{
    int ends[2];
    if (access(path, R_OK) || pipe(ends)) {
        fprintf(stderr, "potential: %s: cannot be read: %s\n", path, strerror(errno));
        return -1;
    }
    fflush(NULL);
    *child = fork();
    if (*child == 0) {
        const int nowhere = open("/dev/null", O_WRONLY); /* there is one message, ours */
        if (nowhere >= 0)
            dup2(nowhere, 2);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execlp("gzip", "gzip", "-dc", "--", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (*child > 0)
        return ends[0];
    close(ends[0]);
    fprintf(stderr, "potential: %s: gzip cannot be started\n", path);
    return -1;
}

static int read_frames(const job *j, const char *path, eqml_frames *frames)
{
    eqml_message message;
    const size_t length = strlen(path);
    if (length < 3 || strcmp(path + length - 3, ".gz"))
        return eqml_frames_read_as(path, basis->species, &j->read, frames, &message) ? fail(message.text) : 0;
    pid_t child = -1;
    char stream[64], rest[4096];
    int ended = 0;
    const int descriptor = unpack(path, &child);
    if (descriptor < 0)
        return 1;
    snprintf(stream, sizeof stream, "/dev/fd/%d", descriptor);
    const int bad = eqml_frames_read_as(stream, basis->species, &j->read, frames, &message) != EQML_OK;
    while (read(descriptor, rest, sizeof rest) > 0) /* what was not asked for: gzip is to come to its end */
        ;
    close(descriptor);
    waitpid(child, &ended, 0);
    if (ended) {
        fprintf(stderr,
                "potential: %s: gzip could not unpack it: it is damaged, or cut off, or not packed at all\n",
                path);
        eqml_frames_free(frames);
        return 1;
    }
    if (bad) /* the message names the stream */
        fprintf(stderr, "potential: %s%s\n", path, message.text + strcspn(message.text, ":"));
    return bad;
}

/* ---- weights of groups --------------------------------------------------------------------------------- */

/* One line of the file: a name, which may have quotes, and three factors. Returns nonzero after a message. */
static int read_weight(const char *path, size_t number, char *line, char **name, double factor[3])
{
    char *at = line + strspn(line, " \t"), *end = at;
    const char quote = *at;
    if (quote == '"' || quote == '\'') {
        *name = ++at;
        end = at + strcspn(at, quote == '"' ? "\"" : "'");
    } else {
        *name = at;
        end = at + strcspn(at, " \t\r\n");
    }
    int good = end > at && *end;
    if (good)
        *end++ = 0;
    for (int k = 0; k < 3 && good; k++) {
        char *behind;
        factor[k] = strtod(end, &behind);
        good = behind != end && factor[k] >= 0 && factor[k] < 1e100;
        end = behind;
    }
    if (good && end[strspn(end, " \t\r\n")] == 0)
        return 0;
    fprintf(stderr,
            "potential: %s:%zu: expected a config_type and factors, at least 0, of the weights of its "
            "energies, forces and virials\n",
            path, number);
    return 1;
}

static int read_weights(const job *j, input *in)
{
    const eqml_frames *f = &in->data;
    FILE *file = fopen(j->weights, "r");
    char line[1024];
    int bad = 0;
    in->weights = malloc(f->n * sizeof *in->weights);
    if (!file || !in->weights) {
        fprintf(stderr, "potential: %s: cannot be read: %s\n", j->weights, strerror(errno));
        if (file)
            fclose(file);
        return 1;
    }
    for (size_t k = 0; k < f->n; k++)
        for (int i = 0; i < EQML_CLOUD_KINDS; i++)
            in->weights[k][i] = 1;
    for (size_t number = 1; !bad && fgets(line, sizeof line, file); number++) {
        double factor[3];
        char *name;
        size_t count = 0;
        const char *first = line + strspn(line, " \t\r\n");
        if (!*first || *first == '#')
            continue;
        bad = read_weight(j->weights, number, line, &name, factor);
        for (size_t k = 0; k < f->n && !bad; k++)
            if (f->group[k] >= 0 && !strcmp(eqml_frames_group(f, f->group[k]), name)) {
                memcpy(in->weights[k], factor, sizeof factor);
                count++;
            }
        if (!bad && !count) {
            fprintf(stderr, "potential: %s:%zu: no configuration has config_type=%s\n", j->weights, number,
                    name);
            bad = 1;
        }
    }
    fclose(file);
    return bad;
}

/* ---- beneath the fit ----------------------------------------------------------------------------------- */

void species_symbol(int k, char symbol[8])
{
    const char *at = basis->species;
    for (; k > 0; k--)
        at = strchr(at, ' ') + 1;
    snprintf(symbol, 8, "%.*s", (int)strcspn(at, " "), at);
}

static int find_atoms(const job *j, input *in)
{
    if (!strcmp(j->atoms, "fitted"))
        return 0;
    in->atoms = calloc((size_t)basis->nspecies, sizeof *in->atoms);
    if (!in->atoms)
        return fail("out of memory");
    if (!strcmp(j->atoms, "isolated"))
        return eqml_cloud_isolated_atoms(&in->data, basis->nspecies, in->atoms) == basis->nspecies
                   ? 0
                   : fail("--atoms isolated: not each species has an open configuration of one atom; give "
                          "energies, as in W=-4.5");
    for (int k = 0; k < basis->nspecies; k++) {
        char symbol[8];
        const char *at = j->atoms;
        species_symbol(k, symbol);
        const size_t length = strlen(symbol);
        while (at && (strncmp(at, symbol, length) || at[length] != '='))
            at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL;
        char *end = NULL;
        in->atoms[k] = at ? strtod(at + length + 1, &end) * EQML_EV : 0;
        if (!at || end == at + length + 1 || (*end && *end != ',') || !isfinite(in->atoms[k])) {
            fprintf(stderr,
                    "potential: --atoms %s: expected isolated, fitted or the energy of %s, eV, as in "
                    "%s=-4.5\n",
                    j->atoms, symbol, symbol);
            return 1;
        }
    }
    return 0;
}

int read_input(const job *j, input *in)
{
    int bad = read_frames(j, j->data[0], &in->data);
    for (int k = 1; k < j->nfiles && !bad; k++) {
        eqml_frames more = {0};
        bad = read_frames(j, j->data[k], &more);
        if (!bad && eqml_frames_append(&in->data, &more)) {
            eqml_frames_free(&more);
            return fail("out of memory");
        }
    }
    if (!bad && j->test)
        bad = read_frames(j, j->test, &in->other);
    if (!bad && j->pool)
        bad = read_frames(j, j->pool, &in->pool);
    if (!bad) {
        in->train = calloc(2, in->data.n);
        if (!in->train)
            return fail("out of memory");
        in->test = in->train + in->data.n;
        for (size_t k = 0; k < in->data.n; k++) {
            in->train[k] = k % (size_t)j->train_every == 0;
            in->test[k] = !in->train[k];
        }
    }
    if (!bad && j->weights)
        bad = read_weights(j, in);
    if (!bad)
        bad = make_pairs(j, in);
    if (!bad && j->atoms)
        bad = find_atoms(j, in);
    return bad || add_anchors(in);
}

void print_groups(const input *in)
{
    const eqml_frames *f = &in->data;
    for (int g = 0; g < f->ngroups; g++) {
        size_t count = 0, last = 0;
        for (size_t k = 0; k < f->n; k++)
            if (f->group[k] == g) {
                count++;
                last = k;
            }
        printf("  %-24s %6zu configurations", eqml_frames_group(f, g), count);
        if (in->weights)
            printf(", weights times %g %g %g", in->weights[last][0], in->weights[last][1],
                   in->weights[last][2]);
        printf("\n");
    }
}

void free_input(input *in)
{
    eqml_frames_free(&in->data);
    eqml_frames_free(&in->other);
    eqml_frames_free(&in->pool);
    free(in->weights);
    free(in->train);
    free(in->pairs);
    free(in->shortest);
    free(in->atoms);
}
