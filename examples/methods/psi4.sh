#!/bin/sh
# Psi4 (Debian's package psi4), for `make learn METHOD=psi4`: psi4.sh GEOMETRY.xyz RESULT.xyz, whose contract is in xtb.sh.
#
# Hartree-Fock in the basis aug-cc-pVDZ. LEVEL and BASIS_SET in the environment choose others that have analytic gradients:
# LEVEL=mp2 BASIS_SET=aug-cc-pvtz make learn METHOD=psi4 ...
set -eu
command -v psi4 >/dev/null || { echo "there is no program psi4 here (Debian: apt-get install psi4)" >&2; exit 1; }
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 PSI_SCRATCH="$PWD"
cat >input.dat <<END
molecule {
${CHARGE:-0} $((${UNPAIRED:-0} + 1))
$(tail -n +3 "$1")
symmetry c1
no_com
no_reorient
units angstrom
}
set {
basis ${BASIS_SET:-aug-cc-pvdz}
reference $([ "${UNPAIRED:-0}" = 0 ] && echo rhf || echo uhf)
e_convergence 1e-10
d_convergence 1e-9
}
matrix, wfn = gradient('${LEVEL:-scf}', return_wfn=True)
rows = matrix.to_array()
with open('gradient', 'w') as out:
    out.write('%.12f %.10f %.10f %.10f\n' % (wfn.energy(), variable('CURRENT DIPOLE X'), variable('CURRENT DIPOLE Y'), variable('CURRENT DIPOLE Z')))
    for row in rows:
        out.write('%.12f %.12f %.12f\n' % tuple(row))
END
psi4 -n 1 -i input.dat -o output.dat >psi4.err 2>&1 && [ -s gradient ] || {
    reason=$(grep -h -m 1 -i -e 'could not converge' -e 'did not converge' -e 'error:' psi4.err output.dat) || :
    echo "psi4: ${reason:-$(grep . psi4.err | tail -n 1)}" >&2
    exit 1
}
awk -v hartree=27.211386245988 -v bohr=0.529177210903 -v debye=0.20819433442462 '
    FILENAME == "gradient" && FNR == 1 { energy = $1; for (k = 2; k <= 4; k++) dipole = dipole sprintf("%s%.9f", k > 2 ? " " : "", $k * debye); next }
    FILENAME == "gradient" { for (k = 1; k <= 3; k++) gradient[FNR - 1, k] = $k; next }
    FNR == 1 { natoms = $1; print; next }
    FNR == 2 { printf "Properties=species:S:1:pos:R:3:forces:R:3 energy=%.11f dipole=\"%s\" pbc=\"F F F\"\n", energy * hartree, dipole; next }
    FNR <= natoms + 2 {
        printf "%s %s %s %s", $1, $2, $3, $4
        for (k = 1; k <= 3; k++) printf " %.10f", -gradient[FNR - 2, k] * hartree / bohr
        print ""
    }' gradient "$1" >"$2"
