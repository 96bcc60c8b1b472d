#!/bin/sh
# GFN2-xTB by the program xtb (Debian's package of this name), for `make learn METHOD=xtb`:
#
#     xtb.sh GEOMETRY.xyz RESULT.xyz
#
# in a folder of its own. GEOMETRY is a frame of XYZ, angstrom. RESULT is a frame of extended XYZ, with the same atoms at the
# same places: energy (eV), forces (eV/angstrom), dipole (e angstrom). The status is not 0, and the last line of standard
# error says why, where there is none. CHARGE and UNPAIRED, the number of unpaired electrons, may come in the environment.
#
# The accuracy is 1e-3 times xtb's default: see README.md for what that is in energies. The file .engrad has energy and
# gradient in hartree and bohr with 12 decimals, xtbout.json the dipole in e bohr with 8; the printed ones have fewer.
set -eu
command -v xtb >/dev/null || { echo "there is no program xtb here (Debian: apt-get install xtb)" >&2; exit 1; }
export OMP_NUM_THREADS=1 OMP_STACKSIZE=64M
cp "$1" input.xyz
xtb input.xyz --gfn 2 --grad --json --acc 0.001 --chrg "${CHARGE:-0}" --uhf "${UNPAIRED:-0}" >xtb.out 2>xtb.err &&
    grep -q 'normal termination' xtb.err && [ -s input.engrad ] || {
    reason=$(grep -m 1 -i -e 'did not converge' -e 'not converged' -e '^-[0-9]-' xtb.out xtb.err | sed 's/^[^:]*:[- 0-9]*//') || :
    echo "xtb: ${reason:-$(tail -n 1 xtb.err)}" >&2
    exit 1
}
sed -n 's/.*"dipole": *\[\([^]]*\)\].*/\1/p' xtbout.json | tr -d , >dipole
awk -v hartree=27.211386245988 -v bohr=0.529177210903 '
    FILENAME == "dipole" { for (k = 1; k <= 3; k++) dipole = dipole sprintf("%s%.9f", k > 1 ? " " : "", $k * bohr); next }
    FILENAME ~ /engrad$/ { if ($1 !~ /^#/ && NF == 1) number[count++] = $1; next } # natoms, energy, gradient
    FNR == 1 { natoms = $1; print; next }
    FNR == 2 {
        printf "Properties=species:S:1:pos:R:3:forces:R:3 energy=%.11f", number[1] * hartree
        if (dipole != "") printf " dipole=\"%s\"", dipole
        print " pbc=\"F F F\""
        next
    }
    FNR <= natoms + 2 {
        for (k = 0; k < 3; k++) force[k] = -number[3 * (FNR - 3) + 2 + k] * hartree / bohr
        printf "%s %s %s %s %.10f %.10f %.10f\n", $1, $2, $3, $4, force[0], force[1], force[2]
    }' dipole input.engrad input.xyz >"$2"
