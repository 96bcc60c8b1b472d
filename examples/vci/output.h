/* What vci tells. */
#ifndef VCI_OUTPUT_H
#define VCI_OUTPUT_H
#include "vci/run.h"

void vci_print(const vci_options *o, const molecule *m, const vci_run *r);

/* Nonzero after a message; the file is whole, or as it was. The picture is a stick spectrum. */
int vci_draw(const char *path, const molecule *m, const vci_run *r);
int vci_write_json(const char *path, const vci_options *o, const molecule *m, const vci_run *r);

#endif
