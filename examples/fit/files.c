/* The files that a fit leaves. */
#include "job.h"
#include <sys/stat.h>
#include <unistd.h>

/* Writes a file by `put`, whole or not at all. */
static int write_text(const char *path, void (*put)(FILE *, const eqml_data *, const outcome *),
                      const eqml_data *data, const outcome *o)
{
    char beside[1100];
    snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    const int descriptor = mkstemp(beside); /* a file of this run's own */
    FILE *out = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    int bad = !out;
    if (out) {
        const mode_t mask = umask(0);
        umask(mask);
        put(out, data, o);
        bad = ferror(out) != 0 || fchmod(descriptor, 0666 & ~mask);
        bad |= fclose(out) != 0;
        bad = bad || rename(beside, path);
    }
    if (!bad)
        return 0;
    fprintf(stderr, "fit: %s: cannot be written: %s\n", path, strerror(errno));
    if (descriptor >= 0)
        remove(beside);
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
    snprintf(path, sizeof path, "%s/%s_sigma.h", j->directory, j->name);
    if (!status && o->few.rows)
        status = eqml_sigma_write_header(&o->few, surface, j->name, j->runtime, path, &message);
    snprintf(path, sizeof path, "%s/%s.sigma", j->directory, j->name);
    if (!status && o->few.rows)
        status = eqml_sigma_write(o->whole.rows ? &o->whole : &o->few, surface, path, &message);
    if (status)
        return fail(message.text);
    snprintf(path, sizeof path, "%s/report.json", j->directory);
    if (write_text(path, print_json, data, o))
        return 1;
    snprintf(path, sizeof path, "%s/%s_diagnosis.txt", j->directory, j->name);
    return o->diagnosis.looked ? write_text(path, print_influence, data, o) : 0;
}
