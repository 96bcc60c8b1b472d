#!/bin/sh
# From data to a library, for `make pes`: sh examples/common/pes.sh COMPILER AND ITS OPTIONS
#
# What the user gives comes in the environment and is never read as shell code: DATA, COMPOSITION, DEGREE, NAME,
# DIPOLE, QUADRUPOLE, POLARIZABILITY, FLOAT, PORTABLE, and the lists of options BASIS and FIT, in which quotes and
# backslashes keep blanks together. With FLOAT=1 the library has the batches in single precision, too. With PORTABLE=1 it
# has code for each of LIBRARY_LEVELS, compiled with level_LEVEL, and takes the best as it is loaded. With NO_LIBRARY=1 there is none. LIBRARIES are options of the
# compilation; build/eqml.o and build/fit.o are the runtime and the fit program.
#
# The data are read and checked before anything is generated or compiled. What did not change since the last run is not
# made again: the folder `kept` of the surface has the fit program, the library's objects, and what they were made from.
#
# All files are made in a folder of this run's own and put in place at the end, all or none.
set -efu

target=pes
. examples/common/run.sh

[ -n "$DATA" ] || refuse 'no data; for example: make pes DATA=file.xyz COMPOSITION="H4 C" DEGREE=6 NAME=ch4'
check_file
check_name ch4
[ -n "$COMPOSITION" ] || refuse 'no COMPOSITION; for example COMPOSITION="H4 C"'
[ -n "$DEGREE" ] || refuse 'no DEGREE; for example DEGREE=6, or DEGREE=auto'

mkdir -p build/pes
final=build/pes/$NAME
make_aside "$final"
new=$aside/$NAME
mkdir "$new"

# What the last run kept, and its header: a copy, since another run may put its own in place meanwhile.
now=$new/kept
was=$aside/was
mkdir "$now" "$was"
(here=$PWD && cd "$final" && cp -p "$NAME.h" "$here/$was/" && cp -pR kept "$here/$was/") 2>/dev/null || :

same() {
    cmp -s "$was/kept/$1" "$now/$1"
}

# Takes a file of the last run that is still right.
take() {
    mv "$was/kept/$1" "$now/$1" 2>/dev/null
}

# Reads and checks the data, with the smallest basis of these atoms, which takes a moment. A pipe can be read only once.
checked=
check_data() {
    [ -z "$checked" ] && [ -f "$DATA" ] || return 0
    build/eqml-gen -d 1 ${DIPOLE:+--dipole 1} ${QUADRUPOLE:+--quadrupole 1} ${POLARIZABILITY:+--polarizability 1} \
        -n reading -o "$aside/reading.h" "$COMPOSITION"
    printf '#include "reading.h"\nconst eqml_basis *const basis = &reading_basis;\n' >"$aside/reading.c"
    "$@" -O1 -DEQML_SCALAR -I. "-I$aside" "$aside/reading.c" build/fit.o build/eqml.o -o "$aside/reading" $LIBRARIES -lm
    with_list "--name $NAME $FIT" "$aside/reading" --directory "$aside" --check --rows-file "$aside/rows" "$DATA"
    checked=--checked
}

# DEGREE=auto: of the degrees that leave eight rows for each term, and at most 2,000 terms, cross-validation chooses.
terms_of() {
    with_list "$BASIS" build/eqml-gen --stats -d "$1" "$COMPOSITION" | sed -n 's/.*"terms": *\([0-9]*\).*/\1/p'
}
choose_degree() {
    check_data "$@"
    [ "$checked" ] || refuse "DEGREE=auto reads the data several times: $DATA must be a file"
    rows=$(cat "$aside/rows") highest=1
    while terms=$(terms_of $((highest + 1))) && [ "$terms" -le 2000 ] && [ $((8 * terms)) -le "$rows" ] &&
        [ "$highest" -lt 20 ]; do
        highest=$((highest + 1))
    done
    with_list "$BASIS" build/eqml-gen -d "$highest" -n degrees -o "$aside/degrees.h" "$COMPOSITION"
    printf '#include "degrees.h"\nconst eqml_basis *const basis = &degrees_basis;\n' >"$aside/degrees.c"
    run "$@" -I. "-I$aside" "$aside/degrees.c" build/fit.o build/eqml.o -o "$aside/degrees" $LIBRARIES -lm
    run_with "--name $NAME $FIT" "$aside/degrees" --checked --degree-file "$aside/degree" "$DATA"
    DEGREE=$(cat "$aside/degree")
    echo "degree $DEGREE of at most $highest"
}
if [ "$DEGREE" = auto ]; then choose_degree "$@"; fi

# What asks for a basis, and what the compiler is: text, to be compared. BASIS may name a file with a group, so that its
# words say nothing for sure.
{
    printf '%s\n' "$COMPOSITION" "$DEGREE" "$DIPOLE" "$QUADRUPOLE" "$POLARIZABILITY" "$NAME"
    cksum <build/eqml-gen
} >"$now/asked"
{
    printf '%s\n' "$*" "$LIBRARIES" "${PORTABLE-}" "${LIBRARY_LEVELS-}"
    "$1" --version 2>/dev/null || :
} >"$now/compiler"
cat build/fit.o build/eqml.o | cksum >"$now/objects"

if [ -n "$BASIS" ] || ! same asked || ! mv "$was/$NAME.h" "$new/$NAME.h" 2>/dev/null; then
    check_data "$@"
    run_with "-n $NAME $BASIS" build/eqml-gen -d "$DEGREE" ${DIPOLE:+--dipole "$DIPOLE"} \
        ${QUADRUPOLE:+--quadrupole "$QUADRUPOLE"} ${POLARIZABILITY:+--polarizability "$POLARIZABILITY"} \
        -o "$new/$NAME.h" "$COMPOSITION"
    cmp -s "$was/$NAME.h" "$new/$NAME.h" || rm -f "$was/kept/objects"
fi

# The fit program.
if ! { same compiler && same objects && take fit; }; then
    check_data "$@"
    printf '#include "%s.h"\nconst eqml_basis *const basis = &%s_basis;\n' "$NAME" "$NAME" >"$new/basis.c"
    run "$@" -I. "-I$new" "$new/basis.c" build/fit.o build/eqml.o -o "$now/fit" $LIBRARIES -lm
fi
if [ "${MPIRUN-}" ]; then ln -s kept/fit "$new/fit"; fi # for mpirun by hand
run_with "--name $NAME $FIT" ${MPIRUN-} "$now/fit" --directory "$new" --runtime eqml.h --basis-header "$new/$NAME.h" \
    --bindings gen/bindings --float "${FLOAT:-0}" $checked "$DATA"

# The library, in units that are compiled side by side: the numbers of the fit, and one unit for each group of functions.
# These depend on the numbers in nothing: where the preprocessor makes the same of the header, they are as they were.
make_library() {
    case " $LIBRARIES " in *' -fopenmp '*) openmp=-fopenmp ;; *) openmp= ;; esac
    groups='ONE BATCH'
    if grep -q eqml_tensor_basis "$new/$NAME.h"; then groups="$groups TENSORS"; fi
    case $FLOAT in '' | 0) ;; *) groups="$groups FLOAT" ;; esac

    # The sets of vectors: native, or those of a portable library, which have -march=native taken out.
    levels=native
    plain=
    case ${PORTABLE-} in '' | 0) ;; *) levels=$LIBRARY_LEVELS plain=plain ;; esac
    portable=
    for word; do
        case $word in -march=* | -mtune=* | -mcpu=*) ;; *) portable="$portable $word" ;; esac
    done

    # compile LEVEL FILE OBJECT CC AND ITS OPTIONS: for a level there are functions of its own names, if there are several.
    compile() {
        level=$1 file=$2 object=$3
        shift 3
        [ "$level" = native ] || set -- $portable
        case $levels in
        *' '*)
            eval "set -- \"\$@\" \$level_$level"
            set -- "$@" -fvisibility=hidden -include "$new/${NAME}_$level.h"
            ;;
        esac
        run "$@" -fPIC $openmp -c "$file" -o "$object"
    }

    running=
    trap 'kill $running 2>/dev/null || :; rm -rf "$aside"' EXIT
    printf '#define %s_NUMBERS\n#include "%s_pes.h"\n' "$NAME" "$NAME" >"$new/numbers.c"
    run "$@" -fPIC -c "$new/numbers.c" -o "$new/numbers.o" & # data alone: for any machine
    running=$!
    sigma=
    if [ -f "$new/${NAME}_sigma.h" ]; then # has numbers in its code, and few functions
        printf '#include <stddef.h>\n#define %s_APART\n#define %s_SIGMA_API extern\n#include "%s_sigma.h"\n' \
            "$NAME" "$NAME" "$NAME" >"$new/sigma.c"
        for level in $levels; do
            sigma="$sigma $new/sigma-$level.o"
            compile "$level" "$new/sigma.c" "$new/sigma-$level.o" "$@" &
            running="$running $!"
        done
    fi
    printf '#define %s_APART\n#include "%s_pes.h"\n' "$NAME" "$NAME" >"$new/code.c"
    run "$@" -fPIC $openmp -E -P "$new/code.c" -o "$now/code.i"
    for group in $groups; do
        unit=$new/$group
        printf '#include <stddef.h>\n#define %s_APART\n#define %s_%s_API extern\n#include "%s_pes.h"\n' \
            "$NAME" "$NAME" "$group" "$NAME" >"$unit.c"
        for level in $levels; do
            if [ "$level" = native ]; then object=$group.o; else object=$group-$level.o; fi
            if same compiler && same code.i && take "$object"; then continue; fi
            compile "$level" "$unit.c" "$now/$object" "$@" &
            running="$running $!"
        done
    done

    # The record, for who opens the library by one name for all, and where there are several levels what chooses among them.
    record=
    if [ -f "$new/${NAME}_record.h" ]; then
        glue=record
        case $levels in *' '*) glue="record portable" ;; esac
        case $FLOAT in '' | 0) float= ;; *) float=-DSURFACE_FLOAT ;; esac
        for unit in $glue; do
            record="$record $new/$unit.o"
            run $portable -fPIC $float -Igen/bindings/library "-I$new" "-DRECORD_HEADER=\"${NAME}_record.h\"" \
                -c "gen/bindings/library/$unit.c" -o "$new/$unit.o"
        done
    fi
    for unit in $running; do wait "$unit"; done
    set +f
    run "$@" -shared -Wl,-Bsymbolic "$new/numbers.o" $sigma $record "$now"/*.o -o "$new/lib$NAME.so" $openmp -lm
    set -f
}

library=
if [ -z "${NO_LIBRARY-}" ]; then
    library=" lib$NAME.so"
    make_library "$@"
fi
set +f
rm -f "$new"/*.[co]
for file in record plain avx2 avx512; do rm -f "$new/${NAME}_$file.h"; done
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

# Where another run is just putting its own in place, there is no folder for a moment.
move_there() {
    tries=0
    until mv -f "$1" "$final/" 2>/dev/null || [ -e "$at" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 5 ] || return 1
        sleep 1
    done
}

# What else was in the old folder stays, but for what says how sure the old surface was. Where a link to a folder was,
# that folder is left as it is.
set +f
for file in "$aside"/old.*/* "$aside"/old.*/.[!.]* "$aside"/old.*/..?*; do
    at=$final/${file##*/}
    [ ! -L "${file%/*}" ] || continue
    case ${file##*/} in "lib$NAME.so" | "${NAME}_sigma.h" | "$NAME.sigma" | "${NAME}_diagnosis.txt") continue ;; esac # of another fit
    { [ ! -e "$file" ] && [ ! -L "$file" ]; } || [ -e "$at" ] || [ -L "$at" ] || move_there "$file" ||
        { trap '' EXIT; refuse "$file: cannot be moved to $final; it stays where it is"; }
done
if [ -f "$final/${NAME}_api.h" ]; then api=" ${NAME}_api.h $NAME.f90"; else api=; fi
if [ -f "$final/${NAME}_sigma.h" ]; then sigmas=" ${NAME}_sigma.h $NAME.sigma"; else sigmas=; fi
if [ -f "$final/${NAME}_diagnosis.txt" ]; then diagnosis=" ${NAME}_diagnosis.txt"; else diagnosis=; fi
echo "$final: $NAME.h ${NAME}_pes.h $NAME.pes$library report.json$api$diagnosis$sigmas"
