/*
 * Compiled code for a NAME.pes, for tests/bindings/run.sh: compiled NAME.pes FOLDER, which is empty
 *
 * Several processes make it at once; the numbers are those of the tables. Where it cannot be made, or must not be used, the
 * surface is evaluated from its tables, and a line says why.
 */
#define _XOPEN_SOURCE 700
#include <eqml_library.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 40, MOST = 16 };
static const char *pes;

static int wrong(const char *what, const char *why)
{
    fprintf(stderr, "compiled: %s: %s\n", what, why);
    return 1;
}

/* Energies and gradients near the lowest geometry; why is eqml_open's. */
static int evaluate(double *energy, double *gradient, char why[EQML_WHY])
{
    eqml_handle *h;
    double xyz[COUNT * 3 * MOST];
    if (eqml_open(pes, &h, why, EQML_WHY))
        return wrong("eqml_open", why);
    const eqml_record *r = eqml_get(h);
    const int size = 3 * r->natoms;
    for (int k = 0; k < COUNT * size; k++)
        xyz[k] = r->lowest_xyz[k % size] + 0.1 * sin(1 + 7.0 * k);
    int failed = eqml_energies(h, COUNT - 1, xyz, energy, gradient, NULL, 0) ||
                 eqml_energies(h, 1, xyz + (COUNT - 1) * size, energy + COUNT - 1,
                               gradient + (COUNT - 1) * size, NULL, 0);
    eqml_close(h);
    return failed;
}

/* They must be those of the tables, and why must have the words, or be empty. */
static int compare(const char *what, const char *words, const double *energy, const double *gradient)
{
    double e[COUNT], g[COUNT * 3 * MOST] = {0};
    char why[EQML_WHY] = "old";
    if (evaluate(e, g, why))
        return 1;
    if (*words ? !strstr(why, words) : *why)
        return wrong(what, *why ? why : "no message");
    for (int k = 0; k < COUNT; k++)
        if (!(fabs(e[k] - energy[k]) < 1e-12 * (1 + fabs(energy[k]))))
            return wrong(what, "other energies");
    for (int k = 0; k < COUNT * 3 * MOST; k++)
        if (!(fabs(g[k] - gradient[k]) < 1e-11))
            return wrong(what, "other gradients");
    return 0;
}

/* Files of the folder; path <- one of them. */
static int count_files(const char *folder, char path[600])
{
    int count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (e->d_name[0] != '.') {
            snprintf(path, 600, "%.300s/%.250s", folder, e->d_name);
            count++;
        }
    if (d)
        closedir(d);
    return count;
}

int main(int argc, char **argv)
{
    double energy[COUNT], gradient[COUNT * 3 * MOST] = {0};
    char why[EQML_WHY], folder[320], file[600];
    int status = 0, failed = 0;
    if (argc != 3)
        return 2;
    pes = argv[1];
    snprintf(folder, sizeof folder, "%.300s/eqml", argv[2]);
    setenv("XDG_CACHE_HOME", argv[2], 1);
    if (evaluate(energy, gradient, why) || count_files(folder, file))
        return wrong("without EQML_COMPILE", "code is compiled");
    setenv("EQML_COMPILE", "-O0", 1); /* which costs a second in the place of four */
    setenv("CC", "no-such-compiler", 1);
    failed = compare("no compiler", "no-such-compiler", energy, gradient);
    unsetenv("CC");
    for (int k = 0; k < 2; k++)
        if (fork() == 0)
            _exit(compare("two at once", "", energy, gradient));
    while (wait(&status) > 0)
        failed = failed || status;
    if (count_files(folder, file) != 1)
        failed = wrong(folder, "expected one file");
    failed = failed || compare("again", "", energy, gradient) || chmod(file, 0770) ||
             compare("a file that others may write", "belongs to the user", energy, gradient) ||
             chmod(file, 0700) || chmod(folder, 0777) ||
             compare("a folder that others may write", "belongs to the user", energy, gradient) ||
             chmod(folder, 0700) || truncate(file, 100) ||
             compare("a damaged file is made anew", "", energy, gradient);
    return failed;
}
