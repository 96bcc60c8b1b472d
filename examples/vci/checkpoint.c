/* Checkpoints: a line that says what they are of, then numbers as they lie in memory. */
#define _POSIX_C_SOURCE 200809L
#include "vci/checkpoint.h"
#include "common/fingerprint.h"
#include "common/whole.h"
#include <string.h>

typedef struct head {
    char magic[16];
    uint64_t of;
    uint64_t filled;
    double origin, holes, deepest;
} head;

static const char magic[16] = "eqml vci 1";

uint64_t grids_of(const watson *w, const modals *m, double limit)
{
    const size_t n = (size_t)m->modes, atoms = 3 * (size_t)w->m->natoms;
    const double numbers[] = {m->modes, m->points, limit, w->m->energy, w->margin};
    uint64_t hash = fingerprint_add(FINGERPRINT, numbers, sizeof numbers);
    hash = fingerprint_add(hash, m->q, n * (size_t)m->points * sizeof *m->q);
    hash = fingerprint_add(hash, w->shift, n * atoms * sizeof *w->shift);
    return fingerprint_molecule(hash, w->m);
}

static int failed(const char *path, const char *why)
{
    return complain("vci", path, why);
}

static size_t bytes_of(const expansion *e, size_t term)
{
    return expansion_size(e, term) * sizeof *e->term[term].value;
}

int grids_read(const char *path, uint64_t of, watson *w, expansion *e, size_t *filled)
{
    head h = {0};
    *filled = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return errno == ENOENT ? 0 : failed(path, strerror(errno));
    const size_t xyz = 3 * (size_t)w->m->natoms * sizeof(double);
    int bad = 0;
    if (fread(&h, sizeof h, 1, file) != 1 || memcmp(h.magic, magic, sizeof magic))
        bad = failed(path, "it is no checkpoint of vci: name another file, or remove it");
    else if (h.of != of)
        bad = failed(path, "it is of another surface, or of other options: give those, or remove it");
    else if (fread(w->deepest_xyz, xyz, 1, file) != 1)
        bad = failed(path, "it is cut short: remove it");
    for (size_t t = 0; t < e->count && t < h.filled && !bad; t++) {
        double *value = malloc(bytes_of(e, t));
        e->term[t].value = value;
        if (!value)
            bad = failed(path, "out of memory");
        else if (fread(value, bytes_of(e, t), 1, file) != 1)
            bad = failed(path, "it is cut short: remove it");
        else
            *filled = t + 1;
    }
    if (!bad)
        e->origin[0] = h.origin, w->holes = h.holes, w->deepest = h.deepest;
    fclose(file);
    return bad;
}

int grids_write(const char *path, uint64_t of, const watson *w, const expansion *e, size_t filled)
{
    head h = {{0}, of, filled, e->origin[0], w->holes, w->deepest};
    whole to;
    memcpy(h.magic, magic, sizeof magic);
    whole_open(&to, path);
    if (to.out) {
        fwrite(&h, sizeof h, 1, to.out);
        fwrite(w->deepest_xyz, 3 * (size_t)w->m->natoms * sizeof(double), 1, to.out);
        for (size_t t = 0; t < filled; t++)
            fwrite(e->term[t].value, bytes_of(e, t), 1, to.out);
    }
    return whole_close(&to, 0) ? failed(path, strerror(errno)) : 0;
}
