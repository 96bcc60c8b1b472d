#define _GNU_SOURCE /* dladdr */
#include "compiled.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>

#include <stdarg.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH = 4096, WORDS = 64 };

extern char **environ;

/* What is compiled beside the header of the basis, which is called x. */
static const char source[] =
    "#include \"eqml.h\"\n"
    "#include \"basis.h\"\n"
    "int eqml_compiled_energies(const eqml_model *m, size_t n, const double *xyz, double *energy, double "
    "*gradient);\n"
    "const eqml_basis *eqml_compiled_basis(void);\n"
    "int eqml_compiled_energies(const eqml_model *m, size_t n, const double *xyz, double *energy, double "
    "*gradient)\n"
    "{\n"
    "    eqml_model own = *m;\n"
    "    own.basis = &x_basis;\n"
    "    if (n == 1)\n"
    "        *energy = gradient ? x_model_energy_gradient(&own, xyz, gradient) : x_model_energy(&own, xyz);\n"
    "    else if (gradient)\n"
    "        x_model_energy_gradient_batch(&own, n, xyz, energy, gradient);\n"
    "    else\n"
    "        x_model_energy_batch(&own, n, xyz, energy);\n"
    "    return 0;\n"
    "}\n"
    "const eqml_basis *eqml_compiled_basis(void) { return &x_basis; }\n";
static const char flags[] = "-std=c11 -ffp-contract=fast -fPIC -shared -w", optimised[] = "-O3 -march=native";
static const char *const made[] = {"tables", "basis.h", "code.c", "said", "code.so"};

typedef struct workshop {
    char cache[PATH];   /* the user's folder */
    char folder[PATH];  /* this process' own in it */
    char runtime[PATH]; /* the folder of eqml.h */
    char generator[PATH];
    char library[PATH]; /* where the code is, or will be */
    const char *compiler, *optimise;
    char *why;
} workshop;

__attribute__((format(printf, 2, 3))) static int fail(workshop *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(w->why, COMPILED_WHY, format, list);
    va_end(list);
    return 1;
}

int compiled_wanted(void)
{
    const char *asked = getenv("EQML_COMPILE");
    return asked && *asked && strcmp(asked, "0") && getuid() == geteuid() && getgid() == getegid();
}

/* path <- folder/name; nonzero: too long. */
static int join(char path[PATH], const char *folder, const char *name)
{
    return (size_t)snprintf(path, PATH, "%s/%s", folder, name) >= PATH;
}

/* ---- the cache ----------------------------------------------------------------------------------------- */

static int is_own(const struct stat *s)
{
    return s->st_uid == geteuid() && !(s->st_mode & (S_IWGRP | S_IWOTH));
}

/* A folder of the user's, made where there is none. */
static int own_folder(workshop *w, const char *path)
{
    struct stat s;
    if (mkdir(path, 0700) && errno != EEXIST)
        return fail(w, "%.200s: cannot be made: %s", path, strerror(errno));
    if (lstat(path, &s))
        return fail(w, "%.200s: %s", path, strerror(errno));
    if (!S_ISDIR(s.st_mode) || !is_own(&s))
        return fail(w, "%.200s: is not a folder that belongs to the user, writable by nobody else", path);
    return 0;
}

static int find_cache(workshop *w)
{
    const char *given = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char base[PATH];
    if (given && *given == '/')
        snprintf(base, sizeof base, "%.2000s", given);
    else if (home && *home == '/')
        snprintf(base, sizeof base, "%.2000s/.cache", home);
    else
        return fail(w, "there is neither XDG_CACHE_HOME nor HOME to keep compiled code in");
    if (mkdir(base, 0700) && errno != EEXIST)
        return fail(w, "%.200s: cannot be made: %s", base, strerror(errno));
    return join(w->cache, base, "eqml") || own_folder(w, w->cache);
}

/* A folder of this process' own, which remove_folder removes with what was made in it. */
static int make_folder(workshop *w)
{
    char place[PATH];
    if (join(place, w->cache, "new.XXXXXX") || !mkdtemp(place))
        return fail(w, "%.200s: nothing can be written there: %s", w->cache, strerror(errno));
    memcpy(w->folder, place, sizeof place);
    return 0;
}

static void remove_folder(const workshop *w)
{
    char path[PATH];
    for (size_t k = 0; k < sizeof made / sizeof *made && *w->folder; k++)
        if (!join(path, w->folder, made[k]))
            unlink(path);
    if (*w->folder)
        rmdir(w->folder);
}

/* ---- its name ------------------------------------------------------------------------------------------ */

typedef struct digest {
    uint64_t a, b;
} digest;

static void add_bytes(digest *d, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t k = 0; k < size; k++) { /* FNV-1a, and the same with another prime */
        d->a = (d->a ^ at[k]) * UINT64_C(0x100000001b3);
        d->b = (d->b ^ at[k]) * UINT64_C(0x9E3779B97F4A7C15);
        d->b ^= d->b >> 29;
    }
}

static int add_file(digest *d, const char *path, const char *only)
{
    char line[8192];
    FILE *in = fopen(path, "r");
    if (!in)
        return 1;
    while (fgets(line, sizeof line, in))
        if (!only || !strncmp(line, only, strlen(only))) {
            add_bytes(d, line, strlen(line));
            if (only)
                break;
        }
    return fclose(in) != 0;
}

static int name_library(workshop *w)
{
    static const char *const of_processor[] = {"model name", "flags", "Features", "CPU part"};
    digest d = {UINT64_C(0xcbf29ce484222325), 1};
    char path[PATH], name[64];
    const int layout = EQML_LAYOUT;
    if (join(path, w->folder, "tables") || add_file(&d, path, NULL))
        return fail(w, "%.200s: cannot be read", path);
    add_bytes(&d, &layout, sizeof layout);
    add_bytes(&d, source, sizeof source);
    add_bytes(&d, flags, sizeof flags);
    add_bytes(&d, w->compiler, strlen(w->compiler) + 1);
    add_bytes(&d, w->optimise, strlen(w->optimise) + 1);
    for (size_t k = 0; k < sizeof of_processor / sizeof *of_processor; k++)
        add_file(&d, "/proc/cpuinfo", of_processor[k]); /* where there is such a file */
    snprintf(name, sizeof name, "%016llx%016llx.so", (unsigned long long)d.a, (unsigned long long)d.b);
    return join(w->library, w->cache, name);
}

/* ---- making it ----------------------------------------------------------------------------------------- */

/* eqml-gen and eqml.h, as they were installed beside this library or program, or lie in the source folder. */
static int find_tools(workshop *w)
{
    static const char *const headers[] = {"../include", "..", "."}, *const programs[] = {"../bin", "."};
    char here[PATH], path[PATH];
    Dl_info info;
    if (!dladdr((const void *)flags, &info) || !info.dli_fname)
        return fail(w, "the place of libeqml is not known");
    snprintf(here, sizeof here, "%.2000s", info.dli_fname);
    if (!strchr(here, '/')) { /* a program that was found on the PATH */
        const ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
        here[length > 0 ? length : 0] = 0;
    }
    char *slash = strrchr(here, '/');
    if (!slash)
        return fail(w, "the place of libeqml is not known");
    *slash = 0;
    for (size_t k = 0; k < 3 && !*w->runtime; k++)
        if (!join(path, here, headers[k]) && (size_t)snprintf(w->runtime, PATH, "%s/eqml.h", path) < PATH)
            snprintf(w->runtime, PATH, "%s", access(w->runtime, R_OK) ? "" : path);
    for (size_t k = 0; k < 2 && !*w->generator; k++)
        if (!join(path, here, programs[k]) &&
            (size_t)snprintf(w->generator, PATH, "%s/eqml-gen", path) < PATH && access(w->generator, X_OK))
            w->generator[0] = 0;
    return *w->runtime && *w->generator ? 0 : fail(w, "%.200s: eqml.h or eqml-gen is not beside it", here);
}

/* Runs a program; what it says goes to a file, whose first line is the message. */
static int run(workshop *w, char *const argv[])
{
    char said[PATH], line[200] = "";
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;
    if (join(said, w->folder, "said") || posix_spawn_file_actions_init(&actions))
        return fail(w, "%s: cannot be run", argv[0]);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int refused = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (refused)
        return fail(w, "%.100s: %s", argv[0], strerror(refused));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) { /* the program waits for all of its children itself: what was made will tell */
            status = 0;
            break;
        }
    if (!status)
        return 0;
    FILE *in = fopen(said, "r");
    if (in) {
        if (!fgets(line, sizeof line, in))
            line[0] = 0;
        fclose(in);
    }
    line[strcspn(line, "\n")] = 0;
    return fail(w, "%.100s fails%s%s", argv[0], *line ? ": " : "", line);
}

static int write_source(workshop *w, const char *path)
{
    FILE *out = fopen(path, "w");
    const int failed = !out || fputs(source, out) < 0;
    return (out && fclose(out)) || failed ? fail(w, "%.200s: cannot be written", path) : 0;
}

/* The words of a command, as in CC="ccache gcc"; the last is NULL. */
static int split(char *text, char *words[WORDS], int n)
{
    for (char *word = strtok_r(text, " ", &text); word && n < WORDS - 8; word = strtok_r(NULL, " ", &text))
        words[n++] = word;
    return n;
}

static int make_library(workshop *w)
{
    char tables[PATH], header[PATH], code[PATH], object[PATH], include[2][PATH + 2], command[PATH],
        options[PATH];
    char *words[WORDS];
    if (find_tools(w))
        return 1;
    if (join(tables, w->folder, "tables") || join(header, w->folder, "basis.h") ||
        join(code, w->folder, "code.c") || join(object, w->folder, "code.so") || write_source(w, code))
        return 1;
    if (run(w, (char *[]){w->generator, "--from", tables, "-n", "x", "-o", header, NULL}))
        return 1;
    snprintf(command, sizeof command, "%s", w->compiler);
    snprintf(options, sizeof options, "%s %s", flags, w->optimise);
    snprintf(include[0], sizeof include[0], "-I%s", w->runtime);
    snprintf(include[1], sizeof include[1], "-I%s", w->folder);
    int n = split(options, words, split(command, words, 0));
    for (int k = 0; k < 2; k++)
        words[n++] = include[k];
    words[n++] = code, words[n++] = "-o", words[n++] = object, words[n++] = "-lm", words[n] = NULL;
    if (run(w, words))
        return 1;
    if (chmod(object, 0700) || rename(object, w->library))
        return fail(w, "%.200s: cannot be put in place: %s", w->library, strerror(errno));
    return 0;
}

/* ---- opening -------------------------------------------------------------------------------------------- */

/* 0: it is open; -1: there is none, or none that can be loaded; 1: it must not be used. */
static int load(workshop *w, compiled *found)
{
    struct stat s;
    const eqml_basis *(*basis)(void) = NULL;
    if (lstat(w->library, &s))
        return errno == ENOENT ? -1 : fail(w, "%.200s: %s", w->library, strerror(errno));
    if (!S_ISREG(s.st_mode) || !is_own(&s))
        return fail(w, "%.200s: is not a file that belongs to the user, writable by nobody else", w->library);
    found->library = dlopen(w->library, RTLD_NOW | RTLD_LOCAL);
    if (!found->library) {
        fail(w, "%.300s", dlerror());
        return -1;
    }
    *(void **)&basis = dlsym(found->library, "eqml_compiled_basis");
    *(void **)&found->energies = dlsym(found->library, "eqml_compiled_energies");
    if (basis && found->energies) {
        found->basis = basis();
        return 0;
    }
    compiled_close(found);
    return fail(w, "%.200s: has no code of a basis; remove it", w->library);
}

int compiled_open(int (*write_tables)(const void *context, const char *path), const void *context,
                  compiled *found, char why[COMPILED_WHY])
{
    const char *given = getenv("CC"), *asked = getenv("EQML_COMPILE");
    char path[PATH];
    workshop *w = calloc(1, sizeof *w);
    memset(found, 0, sizeof *found);
    snprintf(why, COMPILED_WHY, "there is not enough memory, or a path is too long");
    if (!w)
        return 1;
    w->why = why;
    w->compiler = given && *given ? given : "cc";
    w->optimise = asked && *asked == '-' ? asked : optimised;
    int status = find_cache(w) || make_folder(w) || join(path, w->folder, "tables");
    if (!status && write_tables(context, path))
        status = fail(w, "%.200s: the tables of the basis cannot be written", path);
    if (!status)
        status = name_library(w);
    if (!status) {
        status = load(w, found);
        if (status < 0)
            status = make_library(w) || load(w, found);
    }
    remove_folder(w);
    free(w);
    return status;
}

void compiled_close(compiled *found)
{
    if (found->library)
        dlclose(found->library);
    memset(found, 0, sizeof *found);
}
