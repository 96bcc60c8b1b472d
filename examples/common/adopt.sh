#!/bin/sh
# A surface from a potential in a library, for `make adopt`: sh examples/common/adopt.sh COMPILER AND ITS OPTIONS
#
# Samples the potential (examples/adopt), fits the samples by pes.sh, and compares the surface with the potential at new
# geometries. LIBRARY and SYMBOL name the potential, ADOPT is a list of options; all else is as for pes.sh. The samples
# stay in build/adopt/NAME.xyz; adopt.json and adopt.xyz, the geometries where both differ most, go beside the surface.
set -efu

target=adopt
. examples/common/run.sh

example='for example: make adopt LIBRARY=./old.so SYMBOL=pot COMPOSITION="H4 C" DEGREE=6 NAME=ch4'
[ -n "$LIBRARY" ] && [ -n "$SYMBOL" ] || refuse "needs LIBRARY and SYMBOL; $example"
[ -r "$LIBRARY" ] && [ ! -d "$LIBRARY" ] || refuse "$LIBRARY: there is no such file, or it cannot be read"
case $LIBRARY in /*) ;; *) LIBRARY=./$LIBRARY ;; esac
[ -n "$COMPOSITION" ] && [ -n "$DEGREE" ] || refuse "needs COMPOSITION and DEGREE; $example"
check_name ch4

mkdir -p build/adopt
make_aside "build/adopt/$NAME"

# Ten samples for each term, where the degree is known. A basis that cannot be made is refused here, before there are any.
terms=1000
if [ "$DEGREE" != auto ]; then
    with_list "$BASIS" build/eqml-gen --stats -d "$DEGREE" "$COMPOSITION" >"$aside/stats"
    terms=$(sed -n 's/.*"terms": *\([0-9]*\).*/\1/p' "$aside/stats")
    [ "$terms" -le 20000 ] || refuse "DEGREE=$DEGREE has $terms terms, too many to sample for, at most 20000: give a lower one"
fi
samples=$((10 * terms))
[ "$samples" -ge 2000 ] || samples=2000

# For the samples the smallest basis of these atoms will do.
with_list "$BASIS" build/eqml-gen -n reading "$COMPOSITION" -d 1 -o "$aside/reading.h" # a last -d wins
printf '#include "reading.h"\nconst eqml_basis *const basis = &reading_basis;\n' >"$aside/reading.c"
"$@" -O1 -DEQML_SCALAR -I. "-I$aside" "$aside/reading.c" build/adopt.o build/eqml.o -o "$aside/adopt" $LIBRARIES -ldl -lm

with_list "--samples $samples $ADOPT" "$aside/adopt" --library "$LIBRARY" --symbol "$SYMBOL" \
    --samples-file "build/adopt/$NAME.xyz"
DATA=build/adopt/$NAME.xyz
export DATA
sh examples/common/pes.sh "$@"
with_list "$ADOPT --start build/adopt/$NAME.xyz" "$aside/adopt" --library "$LIBRARY" --symbol "$SYMBOL" \
    --surface "build/pes/$NAME/lib$NAME.so" --directory "build/pes/$NAME" --name "$NAME"
