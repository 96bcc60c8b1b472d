/* libeqml: surfaces that are opened at run time. eqml_library.h has the contracts. */
#define _POSIX_C_SOURCE 200809L
#define EQML_STATIC
#define EQML_IMPLEMENTATION
#include "compiled.h"
#include "eqml_library.h"
#include "evaluate.h"
#include "vectors.h"
#include <dlfcn.h>

#define EXPORT __attribute__((visibility("default")))

struct eqml_handle {
    const eqml_record *record; /* its own, or that of the library */
    eqml_record own;
    eqml_surface surface; /* of a .pes */
    const eqml_evaluator *code;
    int *numbers, *classes; /* [natoms] */
    double *ranges;         /* [natoms][natoms][2] */
    void *library;          /* of a libNAME.so */
    compiled compiled;      /* code for the energies, where it was asked for ... */
    eqml_surface moved;     /* ... and the surface over its basis */
};

/* What cannot be had by the functions of a record alone. */
static const eqml_handle *handle_of(const eqml_record *record)
{
    return record->context;
}

static int tell(char *why, size_t size, int status, const char *text)
{
    if (why && size)
        snprintf(why, size, "%s", text);
    return status;
}

/* ---- the functions of a .pes --------------------------------------------------------------------------- */

static int find_energies(const eqml_record *r, size_t n, const double *xyz, double *energy, double *gradient)
{
    const eqml_handle *h = handle_of(r);
    return h->compiled.energies ? h->compiled.energies(&h->moved.model, n, xyz, energy, gradient)
                                : h->code->energies(&h->surface.model, n, xyz, energy, gradient);
}

static int find_hessian(const eqml_record *r, const double *xyz, double *energy, double *gradient,
                        double *hessian)
{
    const eqml_handle *h = handle_of(r);
    return h->code->hessian(&h->surface.model, xyz, energy, gradient, hessian);
}

static int find_tensors(const eqml_record *r, int kind, size_t n, const double *xyz, double *value,
                        double *jacobian)
{
    const eqml_handle *h = handle_of(r);
    if (kind < 0 || kind >= EQML_TENSORS || !h->surface.model.basis->tensors[kind])
        return EQML_ERROR_ARGUMENT;
    return h->code->tensors(&h->surface.model, (eqml_tensor)kind, n, xyz, value, jacobian);
}

static int find_charges(const eqml_record *r, size_t n, const double *xyz, double *charges)
{
    const eqml_handle *h = handle_of(r);
    return h->code->charges(&h->surface.model, n, xyz, charges);
}

static int find_inside(const eqml_record *r, const double *xyz)
{
    return eqml_surface_inside(&handle_of(r)->surface, xyz);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static void set_atoms(eqml_handle *h)
{
    const eqml_basis *b = h->surface.model.basis;
    const char *symbol = b->symbols;
    for (int i = 0; i < b->natoms; i++) {
        const size_t length = strcspn(symbol, " ");
        h->numbers[i] = eqml_atomic_number(symbol);
        h->classes[i] = b->atom_classes[i];
        symbol += length + (symbol[length] == ' ');
    }
}

/* Distances of which nothing is known are from 0 to infinity. */
static void set_ranges(eqml_handle *h)
{
    const eqml_basis *b = h->surface.model.basis;
    const size_t n = (size_t)b->natoms;
    for (size_t i = 0; i < n * n; i++)
        h->ranges[2 * i + 1] = i % (n + 1) ? HUGE_VAL : 0;
    for (int p = 0; p < b->npairs; p++)
        for (int turn = 0; turn < 2; turn++)
            memcpy(h->ranges + 2 * (n * b->pairs[p][turn] + b->pairs[p][1 - turn]),
                   h->surface.ranges + 2 * b->pair_classes[p], 2 * sizeof(double));
}

static void set_record(eqml_handle *h)
{
    const eqml_surface *s = &h->surface;
    const eqml_basis *b = s->model.basis;
    eqml_record *r = &h->own;
    r->size = sizeof *r;
    r->abi = EQML_ABI;
    r->natoms = b->natoms;
    r->fits = EQML_FITS_ENERGY;
    for (int k = 0; k < EQML_TENSORS; k++)
        if (b->tensors[k])
            r->fits |= EQML_FITS_DIPOLE << k;
    r->name = b->name;
    r->composition = b->composition;
    r->symbols = b->symbols;
    r->numbers = h->numbers;
    r->classes = h->classes;
    r->energy_unit = "hartree";
    r->length_unit = "bohr";
    r->ntrain = s->ntrain;
    r->lowest = s->lowest;
    r->highest = s->highest;
    r->lowest_xyz = s->ntrain ? s->lowest_xyz : NULL;
    r->ranges = eqml__knows_ranges(s) ? h->ranges : NULL;
    r->context = h;
    r->energies = find_energies;
    r->hessian = find_hessian;
    r->tensors = find_tensors;
    r->inside = find_inside;
    if (b->tensors[EQML_DIPOLE]) {
        r->fits |= EQML_FITS_CHARGES;
        r->charge = (int)s->model.charge;
        r->charges = find_charges;
    }
    h->record = r;
}

static const eqml_evaluator *choose_code(void)
{
#ifdef WITH_VECTORS
    static const eqml_evaluator *const codes[] = {&eqml_evaluator_plain, &eqml_evaluator_avx2,
                                                  &eqml_evaluator_avx512};
    return codes[eqml_choose_vectors()];
#else
    return &eqml_evaluator_plain;
#endif
}

/* ---- compiled code -------------------------------------------------------------------------------------- */

/* The surface without tensors, which code of energies has no place for. */
typedef struct potential {
    eqml_surface surface;
    eqml_basis basis;
} potential;

static void set_potential(potential *p, const eqml_surface *surface)
{
    p->surface = *surface;
    p->basis = *surface->model.basis;
    p->basis.name = "x"; /* the code is the same, whatever the name */
    for (int k = 0; k < EQML_TENSORS; k++)
        p->basis.tensors[k] = NULL;
    p->surface.model.basis = &p->basis;
}

static int write_tables(const void *context, const char *path)
{
    return eqml_basis_write(context, "", path, NULL);
}

/* Energies by compiled code. Where there is none, they come from the tables as before, and why says so. */
static void take_compiled(eqml_handle *h, char *why, size_t size)
{
    char reason[COMPILED_WHY];
    eqml_message message;
    potential p;
    set_potential(&p, &h->surface);
    if (compiled_open(write_tables, &p.basis, &h->compiled, reason)) {
        snprintf(message.text, sizeof message.text, "%s is evaluated from its tables: %s", h->own.name,
                 reason);
    } else if (eqml_surface_rebase(&p.surface, h->compiled.basis, &h->moved, &message)) {
        compiled_close(&h->compiled);
    } else {
        return;
    }
    tell(why, size, EQML_OK, message.text);
}

/* ---- files ----------------------------------------------------------------------------------------------- */

static int open_pes(eqml_handle *h, const char *path, char *why, size_t size)
{
    eqml_message message = {""};
    const eqml_status status = eqml_surface_read(&h->surface, NULL, path, &message);
    if (status)
        return tell(why, size, status, message.text);
    const size_t n = (size_t)h->surface.model.basis->natoms;
    h->numbers = eqml__zeroed(n, sizeof(int));
    h->classes = eqml__zeroed(n, sizeof(int));
    h->ranges = eqml__zeroed(2 * n * n, sizeof(double));
    if (!h->numbers || !h->classes || !h->ranges)
        return tell(why, size, EQML_ERROR_MEMORY, eqml_status_text(EQML_ERROR_MEMORY));
    h->code = choose_code();
    set_atoms(h);
    set_ranges(h);
    set_record(h);
    if (compiled_wanted())
        take_compiled(h, why, size);
    return EQML_OK;
}

static int open_library(eqml_handle *h, const char *path, char *why, size_t size)
{
    char place[4096];
    const eqml_record *(*find)(void) = NULL;
    if ((size_t)snprintf(place, sizeof place, "%s%s", strchr(path, '/') ? "" : "./", path) >= sizeof place)
        return tell(why, size, EQML_ERROR_FILE, "the name of the library is too long");
    h->library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    if (!h->library)
        return tell(why, size, EQML_ERROR_FILE, dlerror());
    *(void **)&find = dlsym(h->library, "eqml_surface_record");
    h->record = find ? find() : NULL;
    if (!h->record || h->record->abi != EQML_ABI || h->record->size < sizeof(eqml_record)) {
        eqml_message message;
        eqml__fail_file(&message, EQML_ERROR_FORMAT, path, 0,
                        h->record ? "the library is of ABI %d, and libeqml of %d: run make pes again"
                                  : "the library has no record of a surface: run make pes again",
                        h->record ? h->record->abi : 0, EQML_ABI);
        return tell(why, size, EQML_ERROR_FORMAT, message.text);
    }
    return EQML_OK;
}

static int is_library(const char *path)
{
    const size_t length = strlen(path);
    return strstr(path, ".so.") || (length > 3 && !strcmp(path + length - 3, ".so"));
}

EXPORT int eqml_open(const char *path, eqml_handle **handle, char *why, size_t size)
{
    if (handle)
        *handle = NULL;
    tell(why, size, EQML_OK, "");
    if (!path || !handle)
        return tell(why, size, EQML_ERROR_ARGUMENT,
                    "eqml_open: a path or the place for the handle is missing");
    eqml_handle *h = eqml__zeroed(1, sizeof *h);
    if (!h)
        return tell(why, size, EQML_ERROR_MEMORY, eqml_status_text(EQML_ERROR_MEMORY));
    const int status = (is_library(path) ? open_library : open_pes)(h, path, why, size);
    if (status)
        eqml_close(h);
    else
        *handle = h;
    return status;
}

EXPORT void eqml_close(eqml_handle *handle)
{
    if (!handle)
        return;
    eqml_surface_free(&handle->moved);
    compiled_close(&handle->compiled);
    eqml_surface_free(&handle->surface);
    free(handle->numbers);
    free(handle->classes);
    free(handle->ranges);
    if (handle->library)
        dlclose(handle->library);
    free(handle);
}

EXPORT const eqml_record *eqml_get(const eqml_handle *handle)
{
    return handle->record;
}

/* ---- evaluation, with messages ------------------------------------------------------------------------- */

static int missing(const char *function, char *why, size_t size)
{
    eqml_message message;
    snprintf(message.text, sizeof message.text, "%s: the handle or an array is missing", function);
    return tell(why, size, EQML_ERROR_ARGUMENT, message.text);
}

/* Explains the status of a function of the record. */
static int explain(const eqml_handle *h, int status, const char *what, char *why, size_t size)
{
    eqml_message message;
    if (!status)
        return status;
    if (status == EQML_ERROR_ARGUMENT)
        snprintf(message.text, sizeof message.text, "the surface %s has no %s", h->record->name, what);
    else
        snprintf(message.text, sizeof message.text, "%s of the surface %s: %s", what, h->record->name,
                 eqml_status_text((eqml_status)status));
    return tell(why, size, status, message.text);
}

EXPORT int eqml_energies(const eqml_handle *handle, size_t n, const double *xyz, double *energy,
                         double *gradient, char *why, size_t size)
{
    if (!handle || (n && (!xyz || !energy)))
        return missing("eqml_energies", why, size);
    return explain(handle, handle->record->energies(handle->record, n, xyz, energy, gradient), "energies",
                   why, size);
}

EXPORT int eqml_hessian(const eqml_handle *handle, const double *xyz, double *energy, double *gradient,
                        double *hessian, char *why, size_t size)
{
    if (!handle || !xyz || !energy || !gradient || !hessian)
        return missing("eqml_hessian", why, size);
    return explain(handle, handle->record->hessian(handle->record, xyz, energy, gradient, hessian), "Hessian",
                   why, size);
}

EXPORT int eqml_tensors(const eqml_handle *handle, int kind, size_t n, const double *xyz, double *value,
                        double *jacobian, char *why, size_t size)
{
    if (!handle || (n && (!xyz || !value)))
        return missing("eqml_tensors", why, size);
    const char *what = kind < 0 || kind >= EQML_TENSORS ? "such tensor" : eqml_tensor_name((eqml_tensor)kind);
    return explain(handle, handle->record->tensors(handle->record, kind, n, xyz, value, jacobian), what, why,
                   size);
}

EXPORT int eqml_sigmas(const eqml_handle *handle, size_t n, const double *xyz, double *sigma, char *why,
                       size_t size)
{
    if (!handle || (n && (!xyz || !sigma)))
        return missing("eqml_sigmas", why, size);
    const eqml_record *r = handle->record;
    return explain(handle, r->sigmas ? r->sigmas(r, n, xyz, sigma) : EQML_ERROR_ARGUMENT,
                   "standard deviations; its libNAME.so may", why, size);
}

EXPORT int eqml_charges(const eqml_handle *handle, size_t n, const double *xyz, double *charges, char *why,
                        size_t size)
{
    if (!handle || (n && (!xyz || !charges)))
        return missing("eqml_charges", why, size);
    const eqml_record *r = handle->record;
    return explain(handle, r->charges ? r->charges(r, n, xyz, charges) : EQML_ERROR_ARGUMENT,
                   "effective charges; where it has a dipole, its .pes has", why, size);
}

EXPORT int eqml_inside(const eqml_handle *handle, const double *xyz)
{
    return handle && xyz ? handle->record->inside(handle->record, xyz) : -1;
}

/* ---- atoms of other programs --------------------------------------------------------------------------- */

/* Whether all atoms of the element of atom i are of its class. */
static int one_class(const eqml_record *r, int i)
{
    for (int k = 0; k < r->natoms; k++)
        if (r->numbers[k] == r->numbers[i] && r->classes[k] != r->classes[i])
            return 0;
    return 1;
}

EXPORT int eqml_match(const eqml_handle *handle, int natoms, const int *numbers, int *order, char *why,
                      size_t size)
{
    eqml_message message;
    if (!handle || !numbers || !order)
        return missing("eqml_match", why, size);
    const eqml_record *r = handle->record;
    if (natoms != r->natoms) {
        snprintf(message.text, sizeof message.text, "there are %d atoms, and the surface %s is of %d: %.200s",
                 natoms, r->name, r->natoms, r->symbols);
        return tell(why, size, EQML_ERROR_MATCH, message.text);
    }
    int same = 1;
    for (int i = 0; i < natoms; i++)
        same = same && numbers[i] == r->numbers[i];
    for (int i = 0; i < natoms; i++) {
        int nth = 0, k = 0;
        for (int j = 0; j < i; j++)
            nth += r->numbers[j] == r->numbers[i];
        for (; k < natoms; k++)
            if (numbers[k] == r->numbers[i] && nth-- == 0)
                break;
        order[i] = same ? i : k;
        if (k == natoms || (!same && !one_class(r, i))) {
            if (k == natoms)
                snprintf(message.text, sizeof message.text,
                         "atomic numbers do not match the atoms of the surface %s: %.200s", r->name,
                         r->symbols);
            else
                snprintf(message.text, sizeof message.text,
                         "atoms of one element are not alike in \"%.100s\": give them in the order %.200s",
                         r->composition, r->symbols);
            return tell(why, size, EQML_ERROR_MATCH, message.text);
        }
    }
    return EQML_OK;
}

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

EXPORT const char *eqml_library_version(void)
{
    return "ABI " TEXT(EQML_ABI) ", layout " TEXT(EQML_LAYOUT);
}
