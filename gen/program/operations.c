#include "program/operations.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

void operations_append(operation_list *l, unsigned target, unsigned left, unsigned right)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 256;
        l->item = xrealloc(l->item, l->capacity, sizeof *l->item);
        if (l->coefficient)
            l->coefficient = xrealloc(l->coefficient, l->capacity, sizeof *l->coefficient);
    }
    if (l->coefficient)
        l->coefficient[l->count] = 1;
    l->item[l->count++] = (operation){target, left, right};
}

void operations_append_scaled(operation_list *l, double coefficient, unsigned target, unsigned left,
                              unsigned right)
{
    operations_append(l, target, left, right);
    if (coefficient == 1)
        return;
    if (!l->coefficient) { /* the first that is not 1 */
        l->coefficient = xmalloc(l->capacity, sizeof *l->coefficient);
        for (size_t k = 0; k < l->count; k++)
            l->coefficient[k] = 1;
    }
    l->coefficient[l->count - 1] = coefficient;
}

void operations_free(operation_list *l)
{
    free(l->item);
    free(l->coefficient);
    memset(l, 0, sizeof *l);
}

size_t next_target(const operation_list *l, size_t k)
{
    size_t end = k;
    while (end < l->count && l->item[end].target == l->item[k].target)
        end++;
    return end;
}
