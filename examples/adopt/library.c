/* The potential that is adopted: a function of a library. */
#include "adopt/job.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <unistd.h>

/* ---- what a library may do in place of returning ---------------------------------------------------------- */

/* The library may crash, where it is called in another way than it is written, or end the program, as Fortran's STOP does:
 * both are told. */
static struct {
    volatile sig_atomic_t calling;
    char text[512];
    int home; /* the folder where the program began */
} guard = {.home = -1};

static void tell(void)
{
    const ssize_t written = write(2, guard.text, strlen(guard.text));
    _exit(written < 0 ? 2 : 1);
}

static void at_crash(int number)
{
    if (guard.calling)
        tell();
    signal(number, SIG_DFL);
    raise(number);
}

static void at_end(void)
{
    if (guard.calling)
        tell();
}

static void set_guard(const job *j)
{
    static char stack[1 << 16]; /* the library may have used up the other */
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = at_crash, .sa_flags = SA_ONSTACK};
    snprintf(guard.text, sizeof guard.text,
             "adopt: %s: %s crashed or ended the program: is ADOPT=\"--call %s --layout %s\" how it is "
             "called, does "
             "it need --init, or --in and a file there?\n",
             j->library, j->symbol, j->form, j->layout);
    sigaltstack(&other, NULL);
    sigemptyset(&action.sa_mask);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        sigaction(numbers[k], &action, NULL);
    atexit(at_end);
}

/* ---- the library ------------------------------------------------------------------------------------------ */

int find_function(void *handle, const char *symbol, void *function, size_t size)
{
    void *found = dlsym(handle, symbol);
    if (!found || size != sizeof found)
        return 1;
    memcpy(function, &found, size); /* POSIX has it that both are alike */
    return 0;
}

/* A symbol as it is, or as Fortran's compilers write it. */
static int find_symbol(const potential *p, const char *symbol, char found[128], void (**function)(void))
{
    static const char *const forms[] = {"%s", "%s_", "%s__"};
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        if (snprintf(found, 128, forms[k], symbol) >= 128)
            break;
        if (!find_function(p->handle, found, function, sizeof *function))
            return 0;
    }
    for (char *c = found + snprintf(found, 120, "%.100s_", symbol); c-- > found;)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    if (!find_function(p->handle, found, function, sizeof *function))
        return 0;
    fprintf(stderr, "adopt: %s: there is no symbol %s, nor %s_; nm -D lists what there is\n", p->j->library,
            symbol, symbol);
    return 1;
}

/* dlopen looks for a name without a slash elsewhere than here. */
static void *load(const char *path)
{
    char here[4096];
    if (!strchr(path, '/') && snprintf(here, sizeof here, "./%s", path) < (int)sizeof here)
        path = here;
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

int potential_open(const job *j, potential *p)
{
    void (*begin)(void) = NULL;
    char found[128];
    const size_t size = 3 * (size_t)basis->natoms;
    memset(p, 0, sizeof *p);
    p->j = j;
    p->xyz = calloc(5 * size, sizeof *p->xyz);
    if (!p->xyz)
        return fail("", "out of memory");
    p->gradient = p->xyz + size;
    set_guard(j);
    guard.calling = 1; /* what it does as it is loaded */
    p->handle = load(j->library);
    guard.calling = 0;
    if (!p->handle)
        return fail(j->library, dlerror());
    if (find_symbol(p, j->symbol, p->symbol, &p->function) ||
        (j->init && find_symbol(p, j->init, found, &begin)))
        return 1;
    for (int k = 0; k < j->narguments; k++)
        p->has_gradient |= j->arguments[k] == ARGUMENT_GRADIENT || j->arguments[k] == ARGUMENT_FORCES;
    guard.home = open(".", O_RDONLY);
    if (j->folder && chdir(j->folder))
        return fail(j->folder, strerror(errno));
    if (begin) {
        guard.calling = 1;
        begin();
        guard.calling = 0;
    }
    return 0;
}

void potential_close(potential *p)
{
    if (guard.home >= 0 && p->j->folder && fchdir(guard.home))
        fail(p->j->folder, "no way back from there");
    if (guard.home >= 0)
        close(guard.home);
    guard.home = -1;
    free(p->xyz);
    p->xyz = NULL; /* the library stays: some do not bear to be unloaded */
}

/* ---- calls ------------------------------------------------------------------------------------------------ */

/* One call, at p->xyz; energy and p->gradient as the library has them. */
static double call(potential *p)
{
    const job *j = p->j;
    double energy = (double)NAN;
    int whole[MOST_ARGUMENTS];
    void *a[MOST_ARGUMENTS] = {NULL};
    for (int k = 0; k < j->narguments; k++) {
        whole[k] = j->whole[k];
        a[k] = j->arguments[k] == ARGUMENT_XYZ      ? (void *)p->xyz
               : j->arguments[k] == ARGUMENT_ENERGY ? (void *)&energy
               : j->arguments[k] == ARGUMENT_WHOLE  ? (void *)&whole[k]
                                                    : (void *)p->gradient;
    }
    /* The types are those that the user says; a function that returns nothing is called through one that does not. */
#define CALL(types, ...)                                                                                     \
    do {                                                                                                     \
        if (j->returns)                                                                                      \
            energy = ((double(*) types)p->function)(__VA_ARGS__);                                            \
        else                                                                                                 \
            ((void(*) types)p->function)(__VA_ARGS__);                                                       \
    } while (0)
    guard.calling = 1;
    switch (j->narguments) {
    case 1:
        CALL((void *), a[0]);
        break;
    case 2:
        CALL((void *, void *), a[0], a[1]);
        break;
    case 3:
        CALL((void *, void *, void *), a[0], a[1], a[2]);
        break;
    case 4:
        CALL((void *, void *, void *, void *), a[0], a[1], a[2], a[3]);
        break;
    case 5:
        CALL((void *, void *, void *, void *, void *), a[0], a[1], a[2], a[3], a[4]);
        break;
    default:
        CALL((void *, void *, void *, void *, void *, void *), a[0], a[1], a[2], a[3], a[4], a[5]);
    }
#undef CALL
    guard.calling = 0;
    return energy;
}

/* Where coordinate k of atom i of the composition stands in the library. */
static int place(const job *j, int i, int k)
{
    return j->apart ? k * basis->natoms + j->order[i] : 3 * j->order[i] + k;
}

static double energy_at(potential *p, const double *xyz)
{
    const job *j = p->j;
    for (int i = 0; i < basis->natoms; i++)
        for (int k = 0; k < 3; k++)
            p->xyz[place(j, i, k)] = xyz[3 * i + k] / j->length_unit;
    const double energy = call(p) * j->energy_unit;
    p->calls++;
    p->not_finite += !isfinite(energy);
    return energy;
}

void potential_differences(potential *p, const double *xyz, double *gradient)
{
    const double step =
        1e-3; /* bohr: errors of third derivatives, and of rounding, are about 1e-7 hartree/bohr */
    const int n = 3 * basis->natoms;
    double *moved = p->xyz + 2 * n;
    memcpy(moved, xyz, (size_t)n * sizeof *moved);
    for (int i = 0; i < n; i++) {
        moved[i] = xyz[i] + step;
        const double above = energy_at(p, moved);
        moved[i] = xyz[i] - step;
        gradient[i] = (above - energy_at(p, moved)) / (2 * step);
        moved[i] = xyz[i];
    }
}

double potential_energy(potential *p, const double *xyz, double *gradient)
{
    const job *j = p->j;
    const int n = 3 * basis->natoms;
    const double energy = energy_at(p, xyz);
    if (gradient && p->has_gradient) {
        int sign = 1;
        for (int k = 0; k < j->narguments; k++)
            sign = j->arguments[k] == ARGUMENT_FORCES ? -1 : sign;
        for (int i = 0; i < n; i++)
            gradient[i] = sign * p->gradient[place(j, i / 3, i % 3)] * j->energy_unit / j->length_unit;
    } else if (gradient) {
        potential_differences(p, xyz, gradient);
    }
    return energy;
}

void potential_hessian(potential *p, const double *xyz, double *hessian)
{
    const double step = 1e-2;
    const int n = 3 * basis->natoms;
    double *moved = p->xyz + 3 * n, *below = p->xyz + 4 * n;
    memcpy(moved, xyz, (size_t)n * sizeof *moved);
    for (int i = 0; i < n; i++) {
        double *row = hessian + i * n;
        moved[i] = xyz[i] + step;
        potential_energy(p, moved, row);
        moved[i] = xyz[i] - step;
        potential_energy(p, moved, below);
        moved[i] = xyz[i];
        for (int k = 0; k < n; k++)
            row[k] = (row[k] - below[k]) / (2 * step);
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            hessian[i * n + k] = hessian[k * n + i] = 0.5 * (hessian[i * n + k] + hessian[k * n + i]);
}
