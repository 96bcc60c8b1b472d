#!/bin/sh
# An OpenKIM model of a fitted surface or potential, for `make kim`: sh gen/bindings/kim/kim.sh COMPILER AND ITS OPTIONS
#
# NAME and BOND, and for pairs of molecules TWO_BODY, TWO_BODY_ENERGY, CENTRE, FROM and TO come in the environment. The folder build/kim/eqml_NAME has all sources, the library that
# KIM_API_PORTABLE_MODELS_DIR=build/kim finds, and the CMakeLists.txt of KIM's own way to build and install it.
set -efu

target=kim
. examples/common/run.sh

check_name water
here=gen/bindings/kim pes=build/pes/$NAME/${NAME}_pes.h pot=build/potential/$NAME/${NAME}_pot.h
if [ -e "$pes" ] && [ -e "$pot" ]; then refuse "NAME=$NAME: $pes and $pot are both there: remove one"; fi
[ -e "$pes" ] || [ -e "$pot" ] ||
    refuse "NAME=$NAME: neither $pes nor $pot is there; make pes NAME=$NAME ... or make potential NAME=$NAME ... fits one"
pkg-config --exists libkim-api || refuse "the KIM API is not installed (Debian: libkim-api-dev, pkg-config)"
case $BOND in
'' | *[!0-9.]* | *.*.* | .) refuse "BOND=$BOND: it must be a number, as in BOND=1.3" ;;
esac
pair=build/pes/$TWO_BODY/${TWO_BODY}_pes.h
if [ -n "$TWO_BODY" ]; then
    case $TWO_BODY in
    [0-9]* | *[!A-Za-z0-9_]*) refuse "TWO_BODY=$TWO_BODY: it must be a C identifier, as in TWO_BODY=${NAME}2" ;;
    esac
    [ -e "$pes" ] || refuse "TWO_BODY=$TWO_BODY: pairs of molecules want a surface of one, build/pes/$NAME"
    [ -e "$pair" ] || refuse "TWO_BODY=$TWO_BODY: $pair is not there; make pes NAME=$TWO_BODY ... fits it"
    [ "$TWO_BODY" != "$NAME" ] || refuse "TWO_BODY=$TWO_BODY: this is the surface of one molecule"
fi

model=eqml_$NAME
mkdir -p build/kim
final=build/kim/$model
make_aside build/kim
new=$aside
chmod 755 "$new"

cp "$here/model.c" "$here/family.h" "$here/schema.c" "$new"
printf '#ifndef KIM_MODEL\n#define KIM_MODEL "%s"\n' "$model" >"$new/settings.h"
if [ -e "$pes" ]; then
    sources="model.c molecules.c match.c bonds.c"
    for file in molecules.c molecules.h match.c match.h bonds.c bonds.h; do cp "$here/$file" "$new"; done
    cp examples/common/elements.h "$pes" "$new"
    if [ -n "$TWO_BODY" ]; then
        sources="$sources pairs.c"
        cp "$here/pairs.c" "$pair" "$new"
        build/kim-describe "build/pes/$NAME/$NAME.pes" "build/pes/$TWO_BODY/$TWO_BODY.pes" "$TWO_BODY_ENERGY" "$CENTRE" \
            "$FROM" "$TO" "$BOND" >"$new/described" 2>"$new/said" || refuse "$(cat "$new/said")"
        cat "$new/said"
        rm "$new/said"
    else
        build/kim-describe "build/pes/$NAME/$NAME.pes" >"$new/described" || exit 2
    fi
    {
        printf '#define KIM_BOND %s\n#define SURFACE %s\n#define SURFACE_HEADER "%s_pes.h"\n' "$BOND" "$NAME" "$NAME"
        [ -z "$TWO_BODY" ] || printf '#define PAIR_SURFACE %s\n#define PAIR_HEADER "%s_pes.h"\n' "$TWO_BODY" "$TWO_BODY"
        cat "$new/described"
    } >>"$new/settings.h"
    rm "$new/described"
else
    sources="model.c cloud.c"
    cp "$here/cloud.c" "$pot" "$new"
    # The runtime's names in that header carry the number of their layout.
    prefix=$(sed -n 's/^#define EQML\([0-9]*\)__APART.*/eqml\1/p' "$pot" | head -n 1)
    printf '#define PREFIX %s\n#define POTENTIAL %s\n#define POTENTIAL_HEADER "%s_pot.h"\n' "$prefix" "$NAME" "$NAME" \
        >>"$new/settings.h"
fi
echo '#endif' >>"$new/settings.h"
cat >"$new/CMakeLists.txt" <<END
# For KIM's own way: kim-api-collections-management install user $final
cmake_minimum_required(VERSION 3.10)
list(APPEND CMAKE_PREFIX_PATH \$ENV{KIM_API_CMAKE_PREFIX_DIR})
find_package(KIM-API-ITEMS 2.2 REQUIRED CONFIG)
kim_api_items_setup_before_project(ITEM_TYPE "portableModel")
project($model)
kim_api_items_setup_after_project(ITEM_TYPE "portableModel")
add_kim_api_model_library(NAME \${PROJECT_NAME} CREATE_ROUTINE_NAME "model_create" CREATE_ROUTINE_LANGUAGE "c")
target_sources(\${PROJECT_NAME} PRIVATE $sources)
set_target_properties(\${PROJECT_NAME} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON)
target_link_libraries(\${PROJECT_NAME} PRIVATE m)
END
set -- "$@" $(pkg-config --cflags libkim-api) "-I$new"
files=
for file in $sources schema.c; do files="$files $new/$file"; done
run "$@" -fPIC -shared $files -o "$new/libkim-api-portable-model.so" $(pkg-config --libs libkim-api) -lm

trap '' INT TERM HUP
rm -rf "$final"
mv -f "$new" "$final"
trap - EXIT
echo "$final: KIM_API_PORTABLE_MODELS_DIR=$PWD/build/kim finds the model $model"
