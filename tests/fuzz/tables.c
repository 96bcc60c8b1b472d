/* A basis as tables: what is read is in its ranges, and becomes a program whose operations read what is finished. */
#define _POSIX_C_SOURCE 200809L
#include "molecule/tables.h"
#include "input.h"

static void check_program(const basis_tables *t, const program *p)
{
    unsigned char *finished = calloc(p->nslots, 1);
    HOLDS(finished && p->nfactors == t->program.nfactors &&
          p->operations.count == t->program.operations.count);
    memset(finished, 1, p->ninputs);
    finished[p->factor0] = 1;
    for (size_t k = 0, next; k < p->operations.count; k = next) {
        const operation *o = &p->operations.item[k];
        next = next_target(&p->operations, k);
        HOLDS(o->target < p->nslots && !finished[o->target]);
        for (size_t i = k; i < next; i++)
            HOLDS(finished[p->operations.item[i].left] && finished[p->operations.item[i].right]);
        finished[o->target] = 1;
    }
    size_t terms = 0, products = 0;
    for (size_t f = 0; f < p->nfactors; f++) {
        HOLDS(finished[p->factor0 + f]);
        terms += p->factor[f].is_term;
    }
    for (size_t r = 0; r < p->nruns; r++)
        products += p->run[r].count;
    HOLDS(products == t->program.nproducts && terms + products == p->nterms);
    free(finished);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    basis_tables t;
    char error[512] = "";
    if (tables_read(input_file(bytes, size), &t, error, sizeof error)) {
        HOLDS(*error && !strchr(error, '\n'));
    } else {
        program *p = program_arrange(&t.program);
        check_program(&t, p);
        program_free(p);
    }
    tables_free(&t);
    return 0;
}
