#!/bin/sh
# The geometries to compute next, for `make ask`: sh examples/common/ask.sh COMPILER AND ITS OPTIONS
#
# NAME, N, POOL, ASK and LIBRARIES come in the environment: the surface in build/pes/NAME, how many, a file of candidates
# or nothing, a list of options in which quotes and backslashes keep blanks together, and options of the compilation.
set -efu

refuse() {
    printf 'make ask: %s\n' "$1" >&2
    exit 2
}

case $NAME in
'' | [0-9]* | *[!A-Za-z0-9_]*) refuse "NAME=$NAME: it must be a C identifier, as in NAME=ch4" ;;
esac
folder=build/pes/$NAME
[ -r "$folder/$NAME.pes" ] && [ -r "$folder/$NAME.h" ] ||
    refuse "$folder: there is no surface; make pes NAME=$NAME ... fits one"

aside=$(mktemp -d "build/ask.XXXXXX")
trap 'rm -rf "$aside"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
printf '#include "%s.h"\nconst eqml_basis *const basis = &%s_basis;\n' "$NAME" "$NAME" >"$aside/basis.c"
"$@" "-I$folder" -I. "$aside/basis.c" build/ask.o build/eqml.o -o "$aside/ask" $LIBRARIES -lm
status=0
# xargs hides the status of what it runs: that goes by a file.
printf '%s\n' "$ASK" | xargs sh -c '"$0" "$@" || echo "$?" >"$0.status"' "$aside/ask" --directory "$folder" \
    --name "$NAME" --n "$N" --pool "$POOL"
[ ! -f "$aside/ask.status" ] || read -r status <"$aside/ask.status"
exit "$status"
