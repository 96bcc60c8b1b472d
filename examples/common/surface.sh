#!/bin/sh
# A program that works on a fitted surface, as for `make holes`: sh examples/common/surface.sh PROGRAM COMPILER AND ITS OPTIONS
#
# It is linked from build/PROGRAM.o and the basis in build/pes/NAME. NAME and LIBRARIES, options of the compilation,
# come in the environment, and so do the program's options: a list in the variable of its own name in capitals, in which
# quotes and backslashes keep blanks together. N and POOL are options of ask. The status is that of the program.
set -efu

target=$1
shift
. examples/common/run.sh

check_name ch4
case $target,${N-} in ask, | ask,0 | ask,*[!0-9]*) refuse "N=${N-}: expected a whole number above 0" ;; esac
folder=build/pes/$NAME
[ -r "$folder/$NAME.pes" ] && [ -r "$folder/$NAME.h" ] ||
    refuse "$folder: there is no surface; make pes NAME=$NAME ... fits one"

make_aside "build/$target"
printf '#include "%s.h"\nconst eqml_basis *const basis = &%s_basis;\n' "$NAME" "$NAME" >"$aside/basis.c"
"$@" "-I$folder" -I. "$aside/basis.c" "build/$target.o" build/eqml.o -o "$aside/$target" $LIBRARIES -lm
set -- --directory "$folder" --name "$NAME"
[ "$target" != ask ] || set -- "$@" --n "$N" --pool "$POOL"
run_listed "$(printenv "$(printf '%s' "$target" | tr a-z A-Z)" || true)" "$aside/$target" "$@"
