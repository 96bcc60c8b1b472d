#include "program/tensor_program.h"
#include <stdlib.h>

void tensor_program_free(tensor_program *p)
{
    if (!p)
        return;
    operations_free(&p->operations);
    free(p->element);
    free(p->product);
    free(p->run);
    tiles_free(&p->tiles);
    free(p);
}
