/* The census of holes in the surface that was fitted. */
#include "job.h"

/* The training geometry of the lowest energy, or data->n. */
static size_t lowest_of(const eqml_data *data, const unsigned char *train)
{
    size_t lowest = data->n;
    for (size_t g = 0; g < data->n; g++)
        if (train[g] && (data->has[g] & EQML_HAS_ENERGY) &&
            (lowest == data->n || data->energy[g] < data->energy[lowest]))
            lowest = g;
    return lowest;
}

/* The symbols of the data, "H H O"; the basis may have none that are elements. The caller frees them. */
static char *symbols_of(const eqml_data *data)
{
    const size_t most = sizeof data->symbols[0] + 1;
    char *symbols = calloc((size_t)data->natoms + 1, most), *end = symbols;
    for (int i = 0; symbols && i < data->natoms; i++)
        end += snprintf(end, most, "%s%s", i ? " " : "", data->symbols[i]);
    return symbols;
}

int count_holes(const eqml_surface *surface, const eqml_data *data, const unsigned char *train, outcome *o)
{
    static eqml_message message; /* the program counts once, and says why it could not at the end */
    const size_t lowest = lowest_of(data, train);
    if (lowest == data->n)
        return 0;
    o->symbols = symbols_of(data);
    if (!o->symbols)
        return fail("out of memory");
    const eqml_status status =
        census_run(&surface->model, o->symbols, data->xyz + lowest * 3 * (size_t)data->natoms, NULL,
                   &o->holes, &message);
    if (status == EQML_ERROR_MEMORY)
        return fail("out of memory");
    if (status)
        o->uncounted = message.text;
    return 0;
}

int raise_wall(const job *j, eqml_surface *surface, const eqml_data *data, const unsigned char *train)
{
    eqml_message message;
    if (j->wall == WALL_YES && eqml_surface_set_wall(surface, data, train, &j->wall_options, &message))
        return fail(message.text);
    return 0;
}

int write_holes(const job *j, const outcome *o)
{
    char path[1024], title[256];
    if (!o->holes.natoms)
        return 0;
    snprintf(title, sizeof title, "%s: census of holes", j->name);
    for (int k = 0; k < 3; k++) {
        static const char *const names[] = {"minimum.xyz", "holes.xyz", "holes.svg"};
        snprintf(path, sizeof path, "%s/%s", j->directory, names[k]);
        if (k == 0   ? census_write_minimum(&o->holes, o->symbols, path)
            : k == 1 ? census_write_holes(&o->holes, o->symbols, path)
                     : census_draw(&o->holes, title, path)) {
            fprintf(stderr, "fit: %s: cannot be written: %s\n", path, strerror(errno));
            return 1;
        }
    }
    return 0;
}
