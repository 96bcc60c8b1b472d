/* Options of the reader. */
#include "job.h"
#include "common/options.h"

const char data_help[] =
    "options of the data, for --test too:\n"
    "  --energy-unit U        hartree, eV, meV, Ry, kcal/mol, kJ/mol, cm-1 or K; default: what the file "
    "says, or\n"
    "                         else eV in extended XYZ and hartree in the plain layout\n"
    "  --length-unit U        angstrom (default), bohr, pm or nm\n"
    "  --gradient-unit U      of gradients and forces, as hartree/bohr; default eV/angstrom or hartree/bohr\n"
    "  --dipole-unit U, --quadrupole-unit U, --polarizability-unit U\n"
    "                         e*angstrom (default), e*bohr or debye; e*angstrom^2 (default), e*bohr^2 or\n"
    "                         debye*angstrom; bohr^3 (default) or angstrom^3\n"
    "  --energy-key KEY       the key of the comment line that has the energy; default energy\n"
    "  --energy-column N      the word of the comment line that is the energy, from 1\n"
    "  --force-key COLUMN, --gradient-key COLUMN\n"
    "                         the column that has forces, or gradients: its name in Properties, or in the "
    "plain\n"
    "                         layout its number, from 5 on\n"
    "  --order LIST           atoms of the file, from 1, in the order of the composition: 2,3,1\n";

static int parse_atoms(const char *text, job *j)
{
    free(j->order);
    j->order = calloc((size_t)basis->natoms, sizeof *j->order);
    return j->order ? parse_order("fit", text, basis->natoms, j->order) : fail("out of memory");
}

int parse_data_option(const char *option, const char *value, job *j)
{
    static const char *const units[EQML_QUANTITIES] = {"--energy-unit",     "--length-unit",
                                                       "--gradient-unit",   "--dipole-unit",
                                                       "--quadrupole-unit", "--polarizability-unit"};
    for (int q = 0; q < EQML_QUANTITIES; q++) {
        if (strcmp(option, units[q]))
            continue;
        j->read.unit[q] = value;
        if (eqml_unit((eqml_quantity)q, value) > 0)
            return 0;
        fprintf(stderr, "fit: %s %s: expected %s\n", option, value, eqml_unit_names((eqml_quantity)q));
        return 1;
    }
    if (!strcmp(option, "--order"))
        return parse_atoms(value, j);
    if (!strcmp(option, "--energy-column")) {
        char *end;
        const long column = strtol(value, &end, 10);
        j->read.energy_column = (int)column;
        if (*value >= '0' && *value <= '9' && !*end && column >= 1 && column <= 1000)
            return 0;
        fprintf(stderr,
                "fit: --energy-column %s: expected the number of a word of the comment line, from 1\n",
                value);
        return 1;
    }
    const char **key = !strcmp(option, "--energy-key")     ? &j->read.energy_key
                       : !strcmp(option, "--force-key")    ? &j->read.force_key
                       : !strcmp(option, "--gradient-key") ? &j->read.gradient_key
                                                           : NULL;
    if (!key)
        return -1;
    *key = value;
    if (*value && !strpbrk(value, " \t=:"))
        return 0;
    fprintf(stderr, "fit: %s %s: expected the name of a key or column, without blanks, = and :\n", option,
            value);
    return 1;
}
