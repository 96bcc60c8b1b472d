/* Data files, as the basis wants them. */
#include "job.h"
#include "common/atoms.h"

/* A refusal that names the file; returns 1. */
static int refuse(const char *path, const char *text, const char *list)
{
    fprintf(stderr, "fit: %s: %s%s\n", path, text, list);
    return 1;
}

/* Puts the keys that could be the energy as well into list; returns how many there are. */
static int rivals(const eqml_data_source *source, int found, char *list, size_t room)
{
    int count = 0;
    size_t used = 0;
    *list = 0;
    for (int k = 0; k < source->nunused && used + 1 < room; k++) {
        const eqml_data_unused *u = &source->unused[k];
        const int column = !strncmp(u->name, "column ", 7); /* more numbers behind the first are common */
        if (u->what != EQML_HAS_ENERGY || column ||
            (found && (!u->differs || !strcmp(u->name, "free_energy"))))
            continue;
        used += (size_t)snprintf(list + used, room - used, "%s%s", count ? ", " : "", u->name);
        count++;
    }
    return count;
}

/* Whose is the energy? Refuses a file that leaves it open. */
static int check_energy(const char *path, const job *j, const eqml_data *data, const eqml_data_source *source)
{
    char list[200];
    size_t energies = 0;
    for (size_t g = 0; g < data->n; g++)
        energies += (data->has[g] & EQML_HAS_ENERGY) != 0;
    const int chosen = j->read.energy_key || j->read.energy_column;
    const int others = rivals(source, energies > 0, list, sizeof list);
    if (chosen || (!others && energies))
        return 0;
    if (energies)
        return refuse(
            path, "which key is the energy? Say --energy-key energy, or one of these, which differ from it: ",
            list);
    if (others)
        return refuse(path,
                      "no energies under the key energy; say which key has them, as --energy-key: ", list);
    for (int k = 0; k < EQML_TENSORS; k++)
        if (basis->tensors[k] && data->tensors[k])
            return 0;
    return path == j->data
               ? refuse(path,
                        "no energies: the comment lines have no key energy, and no number at the beginning",
                        "")
               : 0;
}

/* Where frames had their atoms in different orders, elements alone must tell what each pair is. */
static int check_reordered(const char *path, const eqml_data *data)
{
    for (int p = 0; p < basis->npairs && data->reordered; p++)
        for (int q = 0; q < p; q++) {
            const char(*s)[4] = (const char(*)[4])data->symbols;
            const unsigned short *a = basis->pairs[p], *b = basis->pairs[q];
            const int same = (!strcmp(s[a[0]], s[b[0]]) && !strcmp(s[a[1]], s[b[1]])) ||
                             (!strcmp(s[a[0]], s[b[1]]) && !strcmp(s[a[1]], s[b[0]]));
            if (same && basis->pair_classes[p] != basis->pair_classes[q])
                return refuse(
                    path,
                    "the frames have their atoms in different orders, and elements alone do not tell "
                    "which is which; write all in one order",
                    "");
        }
    return 0;
}

int read_data(const char *path, const job *j, eqml_data *data)
{
    eqml_message message;
    eqml_data_source source;
    int bad = eqml_data_read_as(path, &j->read, data, &source, &message) != EQML_OK;
    if (bad)
        fail(message.text);
    else if (match_basis(data, basis, j->order, &message))
        bad = refuse(path, message.text, "");
    bad = bad || check_energy(path, j, data, &source) || check_reordered(path, data);
    if (bad) {
        eqml_data_free(data);
    } else if (!j->checked) {
        print_source(path, data, &source);
        print_doubts(data, &source);
    }
    return bad;
}
