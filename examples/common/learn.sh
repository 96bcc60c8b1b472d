#!/bin/sh
# From a formula to a surface, for `make learn`: sh examples/common/learn.sh COMPILER AND ITS OPTIONS
#
# What the user gives comes in the environment and is never read as shell code: COMPOSITION, METHOD, NAME, START, TARGET,
# UP_TO, JOBS, DEGREE, DIPOLE, and the lists of options FIT, BASIS and LEARN. LIBRARIES are options of the compilation. The
# program is linked with the smallest basis of these atoms; what was computed stays in build/learn/NAME.
set -efu

target=learn
. examples/common/run.sh

check_name nh3
[ -n "$COMPOSITION" ] || refuse 'no COMPOSITION; for example: make learn COMPOSITION="H3 N" METHOD=xtb NAME=nh3'
[ -z "$START" ] || [ -r "$START" ] || refuse "START=$START: there is no such file, or it cannot be read"
folder=build/learn/$NAME
mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ] || refuse "$folder: cannot be written"

make_aside "build/$target"
build/eqml-gen -d 1 -n learned -o "$aside/learned.h" "$COMPOSITION"
printf '#include "learned.h"\nconst eqml_basis *const basis = &learned_basis;\n' >"$aside/basis.c"
"$@" -I. "-I$aside" "$aside/basis.c" build/learn.o build/eqml.o -o "$aside/learn" $LIBRARIES -lm
case $DEGREE in auto) DEGREE= ;; esac
run_listed "$LEARN" "$aside/learn" --compile "$@" -- --name "$NAME" --folder "$folder" --method "$METHOD" \
    --start "$START" --target "$TARGET" --up-to "$UP_TO" --jobs "$JOBS" --fit "$FIT" ${DEGREE:+--degree "$DEGREE"} \
    ${DIPOLE:+--dipole "$DIPOLE"}
