/* The files that a fit leaves. */
#include "job.h"
#include "common/whole.h"

int write_count(const char *path, size_t count)
{
    FILE *out = fopen(path, "w");
    if (out)
        fprintf(out, "%zu\n", count);
    if (out && !fclose(out))
        return 0;
    fprintf(stderr, "fit: %s: cannot be written\n", path);
    return 1;
}

/* A text that is written by `put`, whole or not at all. */
static int write_text(const char *path, void (*put)(FILE *, const job *, const eqml_data *, const outcome *),
                      const job *j, const eqml_data *data, const outcome *o)
{
    whole w;
    whole_open(&w, path);
    if (w.out)
        put(w.out, j, data, o);
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
    if (!status && !j->no_header)
        status = eqml_surface_write_header(surface, j->name, j->runtime, j->basis_header, path, &message);
    snprintf(path, sizeof path, "%s/%s_sigma.h", j->directory, j->name);
    if (!status && o->few.rows && !j->no_header)
        status = eqml_sigma_write_header(&o->few, surface, j->name, j->runtime, path, &message);
    snprintf(path, sizeof path, "%s/%s.sigma", j->directory, j->name);
    if (!status && o->few.rows)
        status = eqml_sigma_write(o->whole.rows ? &o->whole : &o->few, surface, path, &message);
    if (status)
        return fail(message.text);
    if (write_bindings(j, surface, o) || write_holes(j, o))
        return 1;
    snprintf(path, sizeof path, "%s/report.json", j->directory);
    if (write_text(path, print_json, j, data, o))
        return 1;
    snprintf(path, sizeof path, "%s/%s_diagnosis.txt", j->directory, j->name);
    return o->diagnosis.looked ? write_text(path, print_influence, j, data, o) : 0;
}
