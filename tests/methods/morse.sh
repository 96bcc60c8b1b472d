#!/bin/sh
# A stand-in for a quantum chemistry program, with the contract of examples/methods/xtb.sh: Morse potentials between all pairs
# of atoms, D (1 - exp(-a (r - r0)))^2, which are polynomials of degree 2 in Morse variables of this range.
#
# MORSE in the environment makes it fail: fails, far (where two hydrogens are farther than 1.9 angstrom), nan, rubbish, atoms,
# moved, energy (no forces), nothing (no result), hangs.
set -eu
case ${MORSE-} in
fails) echo "the density did not converge" >&2; exit 1 ;;
rubbish) echo "rubbish" >"$2"; exit 0 ;;
nothing) exit 0 ;;
hangs) sleep 100 & wait ;;
esac
awk -v kind="${MORSE-}" '
    FNR == 1 { n = $1 }
    FNR > 2 && FNR <= n + 2 { i = FNR - 2; symbol[i] = $1; for (k = 1; k <= 3; k++) x[i, k] = $(k + 1) }
    END {
        for (i = 1; i <= n; i++) for (j = 1; j < i; j++) {
            light = (symbol[i] == "H") + (symbol[j] == "H")
            r0 = light == 2 ? 1.62 : 1.01; D = light == 2 ? 1.5 : 4; a = 1.5
            r = sqrt((x[i, 1] - x[j, 1])^2 + (x[i, 2] - x[j, 2])^2 + (x[i, 3] - x[j, 3])^2)
            if (kind == "far" && light == 2 && r > 1.9) { print "too far" >"/dev/stderr"; exit 1 }
            e = exp(-a * (r - r0))
            energy += D * (1 - e)^2
            for (k = 1; k <= 3; k++) {
                pull = -2 * D * (1 - e) * a * e * (x[i, k] - x[j, k]) / r
                force[i, k] += pull; force[j, k] -= pull
            }
        }
        if (kind == "atoms") n--
        print n
        print "Properties=species:S:1:pos:R:3" (kind == "energy" ? "" : ":forces:R:3") " energy=" (kind == "nan" ? "nan" : sprintf("%.12f", energy))
        for (i = 1; i <= n; i++) {
            printf "%s", symbol[i]
            for (k = 1; k <= 3; k++) printf " %.12f", x[i, k] + (kind == "moved" && k == 1)
            for (k = 1; k <= 3 && kind != "energy"; k++) printf " %.12f", force[i, k]
            print ""
        }
    }' "$1" >"$2"
