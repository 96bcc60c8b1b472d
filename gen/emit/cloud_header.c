#include "emit/cloud.h"
void cloud_header(FILE *out, const cloud_description *d)
{
    (void)d;
    fputs("", out);
}
