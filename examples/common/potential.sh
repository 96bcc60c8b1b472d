#!/bin/sh
# From configurations to a library, for `make potential`: sh examples/common/potential.sh COMPILER AND ITS OPTIONS
#
# What the user gives comes in the environment and is never read as shell code: DATA, ENVIRONMENT, ORDER, LEVEL, NAME,
# and the lists of options BASIS and FIT, in which quotes and backslashes keep blanks together. build/eqml.o and build/potential.o are the runtime and the fit program.
#
# All files are made in a folder of this run's own and put in place at the end, all or none.
set -efu

refuse() {
    printf 'make potential: %s\n' "$1" >&2
    exit 2
}

[ -n "$DATA" ] || refuse 'no data; for example: make potential DATA=cu.xyz ENVIRONMENT="Cu: Cu" ORDER=4 LEVEL=12 NAME=cu'
[ -r "$DATA" ] && [ ! -d "$DATA" ] || refuse "$DATA: there is no such file, or it cannot be read"
case $NAME in
'' | [0-9]* | *[!A-Za-z0-9_]*) refuse "NAME=$NAME: it must be a C identifier, as in NAME=cu" ;;
esac
[ -n "$ENVIRONMENT" ] || refuse 'no ENVIRONMENT; for example ENVIRONMENT="Cu: Cu"'
[ -n "$ORDER" ] || refuse 'no ORDER; for example ORDER=4'
[ -n "$LEVEL" ] || refuse 'no LEVEL; for example LEVEL=12'
case $DATA in -*) DATA=./$DATA ;; esac

run() {
    case ${MAKEFLAGS-} in --* | *' '*s*) ;; s*) ;; *) printf '%s\n' "$*" ;; esac
    "$@"
}

# The same, with a list of options after its arguments: xargs splits it at blanks and heeds quotes, nothing else.
run_with() {
    list=$1
    shift
    printf '%s\n' "$* $list"
    { printf '%s\n' "$list" | xargs sh -c 'exec "$@" <&3 3<&-' sh "$@"; } 3<&0
}

mkdir -p build/potential
final=build/potential/$NAME
new=$(mktemp -d "$final.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
chmod 755 "$new"

run_with "$BASIS" build/eqml-gen --environment "$ENVIRONMENT" --order "$ORDER" --level "$LEVEL" -n "$NAME" \
    -o "$new/$NAME.h"
printf '#include "%s.h"\nconst eqml_cloud_basis *const basis = &%s_basis;\n' "$NAME" "$NAME" >"$new/basis.c"
run "$@" -I. "-I$new" "$new/basis.c" build/potential.o build/eqml.o -o "$new/fit" $LIBRARIES -lm
run_with "$FIT" "$new/fit" --name "$NAME" --directory "$new" --runtime eqml.h --basis-header "$new/$NAME.h" \
    "$DATA"
printf '#include <stddef.h>\n#define %s_API extern\n#include "%s_pot.h"\n' "$NAME" "$NAME" >"$new/library.c"
run "$@" -fPIC -shared "$new/library.c" -o "$new/lib$NAME.so" -lm
rm -f "$new"/library.c "$new"/basis.c "$new"/fit

trap '' INT TERM HUP
rm -rf "$final.old"
if [ -e "$final" ] || [ -L "$final" ]; then mv -f "$final" "$final.old"; fi
mv -f "$new" "$final"
rm -rf "$final.old"
trap - EXIT
echo "$final: $NAME.h ${NAME}_pot.h $NAME.pot lib$NAME.so report.json"
