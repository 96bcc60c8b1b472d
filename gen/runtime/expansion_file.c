/* Expansions as files. */
#ifndef EQML__EXPANSION_FILE_C
#define EQML__EXPANSION_FILE_C
#include "expansion.h"
#include "expansion.c"
#include "file.c"
#include "memory.c"
#include "reader.c"
#include "surface_file.c"
#include "text.c"

EQML_API eqml_status eqml_expansion_write(const eqml_expansion *expansion, const char *path,
                                          eqml_message *message)
{
    eqml__output out;
    eqml_status status = eqml__check_numbers(path, "constant", 1, &expansion->constant, DBL_MAX, message);
    for (int k = 0; k < expansion->ncomponents && !status; k++)
        status = eqml__check_writable(&expansion->components[k].surface, path, DBL_MAX, message);
    if (!status)
        status = eqml__open_output(&out, path, message);
    if (status)
        return status;
    fprintf(out.file, "eqml-expansion 1 %d %d\nconstant %s\n", expansion->natoms, expansion->ncomponents,
            eqml__hexadecimal(expansion->constant).text);
    for (int k = 0; k < expansion->ncomponents && !status; k++) {
        const eqml_component *c = &expansion->components[k];
        const size_t natoms = (size_t)c->surface.model.basis->natoms;
        fprintf(out.file, "component %d %zu %d\n", c->ntuples, natoms, c->centre);
        fprintf(out.file, "inner %s\ncutoff %s\n", eqml__hexadecimal(c->inner).text,
                eqml__hexadecimal(c->cutoff).text);
        for (size_t t = 0; t < (size_t)c->ntuples * natoms; t++)
            fprintf(out.file, "%s %d%s", t % natoms ? "" : "tuple", c->tuples[t],
                    (t + 1) % natoms ? "" : "\n");
        status = eqml__put_pes(out.file, &c->surface);
    }
    if (status)
        eqml__no_memory(path, message);
    fprintf(out.file, "end\n");
    return eqml__close_output(&out, status, message);
}

/* The tuples of a component. Room grows with the lines that there are, whatever number the file promised. */
static eqml_status eqml__read_tuples(eqml__reader *in, int count, size_t size, int natoms, eqml_component *c)
{
    eqml_message why;
    size_t room = 0;
    for (; c->ntuples < count; c->ntuples++) {
        const size_t t = (size_t)c->ntuples;
        eqml__item item;
        const eqml_status status = eqml__next_item(in, "tuple", &item);
        if (status)
            return status;
        if (t == room) {
            room = room ? eqml__times(room, 2) : 16;
            int *larger = (int *)eqml__zeroed(eqml__times(room, size), sizeof(int));
            if (!larger)
                return EQML_ERROR_MEMORY;
            if (t)
                memcpy(larger, c->tuples, t * size * sizeof(int));
            EQML_FREE(c->tuples);
            c->tuples = larger;
        }
        if (!eqml__next_counts(&item.rest, (int)size, 0, natoms - 1, c->tuples + t * size) ||
            item.rest.begin < item.rest.end)
            return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "the atoms of a tuple");
        if (eqml__check_tuple(c->tuples + t * size, size, t, natoms, &why))
            return EQML__REFUSE(in, EQML_ERROR_VALUE, "%s", why.text);
    }
    return EQML_OK;
}

static eqml_status eqml__read_component(eqml__reader *in, const eqml_basis *b, int natoms, eqml_component *c)
{
    eqml__item item;
    int size[2];
    eqml_message why;
    eqml_status status = eqml__next_item(in, "component", &item);
    if (status)
        return status;
    if (!eqml__next_counts(&item.rest, 2, 1, INT32_MAX / 4, size) || size[1] != b->natoms)
        return eqml__bad_line(in, EQML_ERROR_MATCH, item.line,
                              "the number of tuples, and the atoms of the basis");
    if (!eqml__next_counts(&item.rest, 1, 0, b->natoms, &c->centre) || item.rest.begin < item.rest.end)
        return eqml__bad_line(in, EQML_ERROR_VALUE, item.line, "the number of the centre");
    status = eqml__read_numbers(in, "inner", 1, &c->inner);
    if (!status)
        status = eqml__read_numbers(in, "cutoff", 1, &c->cutoff);
    if (status)
        return status;
    if (eqml__check_switch(b, c->inner, c->cutoff, c->centre, &why))
        return EQML__REFUSE(in, EQML_ERROR_VALUE, "%s", why.text);
    status = eqml__read_tuples(in, size[0], (size_t)b->natoms, natoms, c);
    return status ? status : eqml__read_surface(in, b, &c->surface);
}

static eqml_status eqml__read_expansion(eqml__reader *in, int nbases, const eqml_basis *const *bases,
                                        eqml_expansion *x)
{
    eqml__item item;
    int header[3];
    eqml_status status = eqml__next_item(in, "eqml-expansion", &item);
    if (status)
        return status;
    if (!eqml__next_counts(&item.rest, 3, 1, INT32_MAX / 4, header) || item.rest.begin < item.rest.end ||
        header[0] != 1)
        return eqml__bad_line(in, EQML_ERROR_FORMAT, item.line, "version 1, atoms and components");
    if (header[2] != nbases)
        return eqml__bad_line(in, EQML_ERROR_MATCH, item.line, "as many components as there are bases");
    x->natoms = header[1];
    x->components = (eqml_component *)eqml__zeroed((size_t)nbases, sizeof(eqml_component));
    if (!x->components)
        return EQML_ERROR_MEMORY;
    x->ncomponents = nbases;
    status = eqml__read_numbers(in, "constant", 1, &x->constant);
    for (int k = 0; k < nbases && !status; k++)
        status = eqml__read_component(in, bases[k], x->natoms, &x->components[k]);
    return status ? status : eqml__expect_end(in);
}

EQML_API eqml_status eqml_expansion_read(eqml_expansion *expansion, const char *path, int nbases,
                                         const eqml_basis *const *bases, eqml_message *message)
{
    eqml__reader in;
    memset(expansion, 0, sizeof *expansion);
    eqml_status status = eqml__open_reader(&in, path, message);
    if (status)
        return status;
    status = eqml__finish_reading(&in, eqml__read_expansion(&in, nbases, bases, expansion));
    if (status)
        eqml_expansion_free(expansion);
    return status;
}

#endif /* EQML__EXPANSION_FILE_C */
