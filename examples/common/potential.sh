#!/bin/sh
# From configurations to a library, for `make potential`: sh examples/common/potential.sh COMPILER AND ITS OPTIONS
#
# What the user gives comes in the environment and is never read as shell code: DATA, ENVIRONMENT, ORDER, LEVEL, NAME,
# and the lists of options BASIS and FIT, in which quotes and backslashes keep blanks together. build/eqml.o and
# build/potential.o are the runtime and the fit program.
#
# All files are made in a folder of this run's own and put in place at the end, all or none.
set -efu

target=potential
. examples/common/run.sh

[ -n "$DATA" ] || refuse 'no data; for example: make potential DATA=cu.xyz ENVIRONMENT="Cu: Cu" ORDER=4 LEVEL=12 NAME=cu'
check_file
check_name cu
[ -n "$ENVIRONMENT" ] || refuse 'no ENVIRONMENT; for example ENVIRONMENT="Cu: Cu"'
[ -n "$ORDER" ] || refuse 'no ORDER; for example ORDER=4'
[ -n "$LEVEL" ] || refuse 'no LEVEL; for example LEVEL=12, or LEVEL=auto'

mkdir -p build/potential
final=build/potential/$NAME
make_aside "$final"
new=$aside
chmod 755 "$new"

# The words of BASIS that the levels of terms depend on, for the fit: the weight of l. `own`: it is chosen here.
weight=$(with_list "$BASIS" sh -c 'while [ $# -gt 1 ]; do [ "$1" = --level-weight ] && echo "--level-weight $2"; shift; done' sh)
own=

# The basis, and the fit program over it.
generate() {
    run_with "$BASIS $own" build/eqml-gen --environment "$ENVIRONMENT" --order "$ORDER" --level "$LEVEL" -n "$NAME" \
        -o "$new/$NAME.h"
    printf '#include "%s.h"\nconst eqml_cloud_basis *const basis = &%s_basis;\n' "$NAME" "$NAME" >"$new/basis.c"
    run "$@" -I. "-I$new" "$new/basis.c" build/potential.o build/eqml.o -o "$new/fit" $LIBRARIES -lm
}

# terms <- how many there are up to a level.
count_terms() {
    stats=$(with_list "$BASIS $own" build/eqml-gen --environment "$ENVIRONMENT" --order "$ORDER" --level "$1" --stats) || exit 2
    terms=$(printf '%s\n' "$stats" | sed -n 's/.*"terms": *\([0-9]*\).*/\1/p' | head -n 1)
}

# LEVEL=auto: the weight of l in the levels, unless BASIS says it, by potentials of at most 1,000 terms, since small ones
# favour others; the first finds the radial functions, which the others share. Then, of the levels with at most 2,000
# terms, the level. Cross-validation chooses.
chosen=
if [ "$LEVEL" = auto ]; then
    radial=
    if [ -z "$weight" ]; then
        best=
        for l in 1 1.5 0.75 0.5; do
            weight="--level-weight $l" own=$weight quarters=12
            while count_terms "$(((quarters + 1) / 4)).$(((quarters + 1) % 4 * 25))" && [ "$terms" -le 1000 ]; do
                quarters=$((quarters + 1))
            done
            LEVEL=$((quarters / 4)).$((quarters % 4 * 25))
            generate "$@"
            run_with "$weight $FIT $radial" "$new/fit" --name "$NAME" --directory "$new" --score "$new/score" "$DATA"
            { read -r score && read -r radial; } <"$new/score"
            echo "level weight $l, level $LEVEL: cross-validated score $score, $radial"
            if [ -z "$best" ] || awk "BEGIN { exit !($score < $best - 0.01) }"; then
                best=$score kept=$weight
            fi
        done
        rm -f "$new/score"
        weight=$kept own=$kept
    fi
    LEVEL=3
    while count_terms "$((LEVEL + 1))" && [ "$terms" -le 2000 ]; do LEVEL=$((LEVEL + 1)); done
    highest=$LEVEL
    generate "$@"
    run_with "$weight $FIT $radial" "$new/fit" --name "$NAME" --directory "$new" --choose-level "$highest" "$DATA"
    { read -r LEVEL && read -r chosen; } <"$new/level"
    rm -f "$new/level"
    echo "level $LEVEL of at most $highest${own:+, $own}"
fi

generate "$@"
run_with "$weight $FIT $chosen" "$new/fit" --name "$NAME" --directory "$new" --runtime eqml.h \
    --basis-header "$new/$NAME.h" "$DATA"
printf '#include <stddef.h>\n#define %s_API extern\n#include "%s_pot.h"\n' "$NAME" "$NAME" >"$new/library.c"
[ ! -e "$new/${NAME}_grade.h" ] || printf '#include "%s_grade.h"\n' "$NAME" >>"$new/library.c"
run "$@" -fPIC -shared "$new/library.c" -o "$new/lib$NAME.so" -lm
rm -f "$new"/library.c "$new"/basis.c "$new"/fit

trap '' INT TERM HUP
rm -rf "$final.old"
if [ -e "$final" ] || [ -L "$final" ]; then mv -f "$final" "$final.old"; fi
mv -f "$new" "$final"
rm -rf "$final.old"
trap - EXIT
echo "$final: $(ls "$final" | tr "\n" " ")"
