#include "algebra/choose.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

choice choice_create(size_t npoints)
{
    choice c = {.space = rank_create(npoints)};
    c.value = xmalloc(npoints, sizeof *c.value);
    return c;
}

void choice_free(choice *c)
{
    rank_free(c->space);
    free(c->value);
    free(c->candidate);
    memset(c, 0, sizeof *c);
}

void choice_begin(choice *c, size_t length)
{
    c->length = length;
    rank_reset(c->space, length);
}

bool choice_complete(const choice *c)
{
    return rank_of(c->space) == c->dimension;
}

void choice_propose(choice *c, size_t left, size_t right)
{
    if (c->ncandidates == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 256;
        c->candidate = xrealloc(c->candidate, c->capacity, sizeof *c->candidate);
    }
    c->candidate[c->ncandidates++] = (candidate){left, right};
}

void choose(choice *c, const candidate_kind *kind, void *context)
{
    const candidate_test *test = &c->test;
    for (size_t k = 0; k < c->ncandidates && !choice_complete(c); k++) {
        const candidate x = c->candidate[k];
        if (test->holds &&
            !(kind->values(context, x, test->begin, test->end, c->value) && test->holds(test->of, c->value)))
            continue;
        if (kind->values(context, x, 0, c->length, c->value) && rank_extend(c->space, c->value))
            kind->accept(context, x);
    }
    c->ncandidates = 0;
}

void choice_explain(const choice *c, const char *what, int degree, size_t block, char *error,
                    size_t error_size)
{
    snprintf(error, error_size, "degree %d: %zu of %zu %s of block %zu found; no certified basis", degree,
             rank_of(c->space), c->dimension, what, block);
}
