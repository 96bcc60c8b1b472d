/* The files that a fit leaves. */
#include "job.h"
#include "common/whole.h"

static int write_json(const char *path, const eqml_data *data, const outcome *o)
{
    whole w;
    whole_open(&w, path);
    if (w.out)
        print_json(w.out, data, o);
    if (!whole_close(&w, 0))
        return 0;
    fprintf(stderr, "fit: %s: cannot be written: %s\n", path, strerror(errno));
    return 1;
}

int write_all(const job *j, const eqml_data *data, const eqml_surface *surface, const outcome *o)
{
    char path[1024];
    eqml_message message = {"no such file"};
    eqml_status status;
    snprintf(path, sizeof path, "%s/%s.pes", j->directory, j->name);
    status = eqml_surface_write(surface, path, &message);
    snprintf(path, sizeof path, "%s/%s_pes.h", j->directory, j->name);
    if (!status)
        status = eqml_surface_write_header(surface, j->name, j->runtime, j->basis_header, path, &message);
    if (status)
        return fail(message.text);
    if (write_holes(j, o))
        return 1;
    snprintf(path, sizeof path, "%s/report.json", j->directory);
    return write_json(path, data, o);
}
