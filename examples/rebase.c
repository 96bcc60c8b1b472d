/*
 * Moves a surface to another basis that has its terms: reads a .pes file over one basis, writes NAME.pes and
 * NAME_pes.h over the other. The terms of a pruned surface come in another order when eqml-gen has written its basis.
 *
 *     cc -I. -DFROM_HEADER='"ethanol_all.h"' -DFROM=ethanol_all -DTO_HEADER='"ethanol.h"' -DTO=ethanol_few \
 *         examples/rebase.c eqml.c -o rebase -lm
 *     ./rebase ethanol_all.pes ethanol eqml.h ethanol.h .
 *
 * `make prune` does this.
 */
#include FROM_HEADER
#include TO_HEADER
#include <stdio.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

int main(int argc, char **argv)
{
    eqml_surface from = {0}, to = {0};
    eqml_message message = {"expected: rebase OLD.pes NAME eqml.h BASIS.h FOLDER"};
    char pes[1024], header[1024];
    int failed = argc != 6;
    if (!failed) {
        snprintf(pes, sizeof pes, "%s/%s.pes", argv[5], argv[2]);
        snprintf(header, sizeof header, "%s/%s_pes.h", argv[5], argv[2]);
        failed = eqml_surface_read(&from, &JOIN(FROM, _basis), argv[1], &message) ||
                 eqml_surface_rebase(&from, &JOIN(TO, _basis), &to, &message) ||
                 eqml_surface_write(&to, pes, &message) ||
                 eqml_surface_write_header(&to, argv[2], argv[3], argv[4], header, &message);
    }
    if (failed)
        fprintf(stderr, "rebase: %s\n", message.text);
    eqml_surface_free(&from);
    eqml_surface_free(&to);
    return failed;
}
