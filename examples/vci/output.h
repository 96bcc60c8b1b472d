/* What vci tells. */
#ifndef VCI_OUTPUT_H
#define VCI_OUTPUT_H
#include "vci/run.h"

void print_run(const run_options *o, const molecule *m, const run *r);

/* Nonzero after a message; the file is whole, or as it was. */
int write_json(const char *path, const run_options *o, const molecule *m, const run *r);

#endif
