#!/bin/sh
# The whole census of holes, for `make holes`: sh examples/common/holes.sh COMPILER AND ITS OPTIONS
#
# NAME, HOLES and LIBRARIES come in the environment: the surface in build/pes/NAME, a list of options in which quotes and
# backslashes keep blanks together, and options of the compilation. Status: 0 no holes, 3 holes, others: it failed.
set -efu

refuse() {
    printf 'make holes: %s\n' "$1" >&2
    exit 2
}

case $NAME in
'' | [0-9]* | *[!A-Za-z0-9_]*) refuse "NAME=$NAME: it must be a C identifier, as in NAME=ch4" ;;
esac
folder=build/pes/$NAME
[ -r "$folder/$NAME.pes" ] && [ -r "$folder/$NAME.h" ] ||
    refuse "$folder: there is no surface; make pes NAME=$NAME ... fits one"

aside=$(mktemp -d "build/holes.XXXXXX")
trap 'rm -rf "$aside"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
printf '#include "%s.h"\nconst eqml_basis *const basis = &%s_basis;\n' "$NAME" "$NAME" >"$aside/basis.c"
"$@" "-I$folder" -I. "$aside/basis.c" build/holes.o build/eqml.o -o "$aside/holes" $LIBRARIES -lm
status=0
# xargs hides the status of what it runs: that goes by a file.
printf '%s\n' "$HOLES" | xargs sh -c '"$0" "$@" || echo "$?" >"$0.status"' "$aside/holes" --directory "$folder" --name "$NAME"
[ ! -f "$aside/holes.status" ] || read -r status <"$aside/holes.status"
exit "$status"
