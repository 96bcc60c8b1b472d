#!/bin/sh
# From data to a library, for `make pes`: sh examples/common/pes.sh COMPILER AND ITS OPTIONS
#
# What the user gives comes in the environment and is never read as shell code: DATA, COMPOSITION, DEGREE, NAME,
# DIPOLE, QUADRUPOLE, POLARIZABILITY, FLOAT, and the lists of options BASIS and FIT, in which quotes and backslashes keep
# blanks together. With FLOAT=1 the library has the batches in single precision, too. LIBRARIES are options of the
# compilation; build/eqml.o and build/fit.o are the runtime and the fit program.
#
# All files are made in a folder of this run's own and put in place at the end, all or none.
set -efu

refuse() {
    printf 'make pes: %s\n' "$1" >&2
    exit 2
}

[ -n "$DATA" ] || refuse 'no data; for example: make pes DATA=file.xyz COMPOSITION="H4 C" DEGREE=6 NAME=ch4'
[ -r "$DATA" ] && [ ! -d "$DATA" ] || refuse "$DATA: there is no such file, or it cannot be read"
case $NAME in
'' | [0-9]* | *[!A-Za-z0-9_]*) refuse "NAME=$NAME: it must be a C identifier, as in NAME=ch4" ;;
esac
[ -n "$COMPOSITION" ] || refuse 'no COMPOSITION; for example COMPOSITION="H4 C"'
[ -n "$DEGREE" ] || refuse 'no DEGREE; for example DEGREE=6'
case $DATA in -*) DATA=./$DATA ;; esac

# Runs a command; shows it first unless make is silent (-s).
case ${MAKEFLAGS-} in
--*) silent= ;;
*) silent=${MAKEFLAGS-} silent=${silent%% *} ;;
esac
run() {
    case $silent in *s*) ;; *) printf '%s\n' "$*" ;; esac
    "$@"
}

# The same, with a list of options after its arguments: xargs splits it at blanks and heeds quotes, nothing else.
run_with() {
    list=$1
    shift
    case $silent in *s*) ;; *) printf '%s\n' "$* $list" ;; esac
    { printf '%s\n' "$list" | xargs sh -c 'exec "$@" <&3 3<&-' sh "$@"; } 3<&0
}

mkdir -p build/pes
final=build/pes/$NAME
aside=$(mktemp -d "$final.XXXXXX")
new=$aside/$NAME
trap 'rm -rf "$aside"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
mkdir "$new"

run_with "-n $NAME $BASIS" build/eqml-gen -d "$DEGREE" ${DIPOLE:+--dipole "$DIPOLE"} \
    ${QUADRUPOLE:+--quadrupole "$QUADRUPOLE"} ${POLARIZABILITY:+--polarizability "$POLARIZABILITY"} \
    -o "$new/$NAME.h" "$COMPOSITION"
printf '#include "%s.h"\nconst eqml_basis *const basis = &%s_basis;\n' "$NAME" "$NAME" >"$new/basis.c"
run "$@" -I. "-I$new" "$new/basis.c" build/fit.o build/eqml.o -o "$new/fit" $LIBRARIES -lm
run_with "--name $NAME $FIT" "$new/fit" --directory "$new" --runtime eqml.h --basis-header "$new/$NAME.h" "$DATA"

# The library, in units that are compiled side by side: each defines one group of functions.
case " $LIBRARIES " in *' -fopenmp '*) openmp=-fopenmp ;; *) openmp= ;; esac
tensors=
if grep -q eqml_tensor_basis "$new/$NAME.h"; then tensors=TENSORS; fi
running=
case $FLOAT in '' | 0) float= ;; *) float=FLOAT ;; esac
sigma=
if [ -f "$new/${NAME}_sigma.h" ]; then sigma=SIGMA; fi
for group in ONE BATCH $tensors $float $sigma; do
    unit=$new/$group
    case $group in SIGMA) header=sigma ;; *) header=pes ;; esac
    printf '#include <stddef.h>\n#define %s_%s_API extern\n#include "%s_%s.h"\n' "$NAME" "$group" "$NAME" $header >"$unit.c"
    run "$@" -fPIC $openmp -c "$unit.c" -o "$unit.o" &
    running="$running $!"
done
trap 'kill $running 2>/dev/null || :; rm -rf "$aside"' EXIT
for unit in $running; do wait "$unit"; done
set +f
run "$@" -shared "$new"/*.o -o "$new/lib$NAME.so" $openmp -lm
rm "$new"/*.[co]
set -f

# The old folder goes, the new one comes. Renaming fails where another run has put its own in between.
trap '' INT TERM HUP
tries=0
until
    { [ ! -e "$final" ] && [ ! -L "$final" ]; } || mv -f "$final" "$aside/old.$tries" 2>/dev/null || :
    mv -f "$new" build/pes/ 2>/dev/null
do
    tries=$((tries + 1))
    if [ "$tries" -eq 20 ]; then
        trap '' EXIT
        refuse "$final: cannot be put in place; all there is, is in $aside"
    fi
done

# What else was in the old folder stays. Where a link to a folder was, that folder is left as it is.
set +f
for file in "$aside"/old.*/* "$aside"/old.*/.[!.]* "$aside"/old.*/..?*; do
    at=$final/${file##*/}
    [ ! -L "${file%/*}" ] || continue
    { [ ! -e "$file" ] && [ ! -L "$file" ]; } || [ -e "$at" ] || [ -L "$at" ] || mv -f "$file" "$final/" ||
        { trap '' EXIT; refuse "$file: cannot be moved to $final; it stays where it is"; }
done
if [ -f "$final/${NAME}_diagnosis.txt" ]; then diagnosis=" ${NAME}_diagnosis.txt"; else diagnosis=; fi
echo "$final: $NAME.h ${NAME}_pes.h $NAME.pes lib$NAME.so report.json$diagnosis${sigma:+ ${NAME}_sigma.h $NAME.sigma}"
