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

/* A census of the surface as it is, in place of the one before. Returns nonzero after a message. */
static int take_census(const eqml_surface *surface, const double *start, outcome *o)
{
    static eqml_message
        message; /* the program fits one surface, and says why there is no census at the end */
    census_free(&o->holes);
    o->uncounted = NULL;
    const eqml_status status = census_run(&surface->model, o->symbols, start, NULL, &o->holes, &message);
    if (status == EQML_ERROR_MEMORY)
        return fail("out of memory");
    if (status)
        o->uncounted = message.text;
    return 0;
}

static int raise_wall(const job *j, double width, eqml_surface *surface, const eqml_data *data,
                      const unsigned char *train, outcome *o)
{
    const eqml_wall_options options = {.width = width, .outside = j->wall_options.outside};
    eqml_message message;
    if (eqml_surface_set_wall(surface, data, train, &options, &message))
        return fail(message.text);
    o->wall = width;
    return 0;
}

int count_holes(const job *j, eqml_surface *surface, const eqml_data *data, const unsigned char *train,
                outcome *o)
{
    /* Leverages at which a wall may begin, over the largest in training: from far out to there, by 2^(1/2). */
    static const double widths[] = {4, 2.8, 2, 1.4, 1};
    const size_t lowest = lowest_of(data, train);
    if (lowest == data->n)
        return 0;
    const double *start = data->xyz + lowest * 3 * (size_t)data->natoms;
    if (j->wall == WALL_YES && raise_wall(j, j->wall_options.width, surface, data, train, o))
        return 1;
    if (j->no_census)
        return 0;
    o->symbols = symbols_of(data);
    if (!o->symbols)
        return fail("out of memory");
    if (take_census(surface, start, o))
        return 1;
    o->unwalled = o->holes.holes;
    for (size_t k = 0; k < sizeof widths / sizeof *widths && j->wall == WALL_AUTO && o->holes.holes; k++)
        if (raise_wall(j, widths[k], surface, data, train, o) || take_census(surface, start, o))
            return 1;
    return 0;
}

void print_holes(const job *j, const outcome *o)
{
    if (o->wall > 0 && j->wall == WALL_AUTO)
        printf("  wall: at %g times the largest leverage of the training data; without it %zu holes\n",
               o->wall, o->unwalled);
    else if (o->wall > 0)
        printf("  wall: at %g times the largest leverage of the training data\n", o->wall);
    if (o->holes.natoms)
        census_print(stdout, &o->holes);
    else if (o->uncounted)
        printf("  note: no census of holes: %s\n", o->uncounted);
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
