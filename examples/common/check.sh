#!/bin/sh
# The table of make examples-check: reference, found, difference, line by line of examples/check.txt, which says how. Surfaces
# are fitted, and each program runs once for each list of options; what they print goes to build/check/.
set -eu

mkdir -p build/check
make="${MAKE:-make} --no-print-directory -s"
tab=$(printf '\t')
printf '%-44s %12s %12s %12s\n' what reference found difference
sed -e '/^#/d' -e '/^ *$/d' -e "s/ *| */$tab/g" -e "s/$tab$tab/$tab-$tab/g" examples/check.txt |
    while IFS=$tab read -r kind what name program options key which reference; do
        if [ "$kind" = surface ]; then
            # what, name: the surface and the values of make pes
            [ -f "build/pes/$what/$what.pes" ] ||
                printf '%s\n' "NAME=$what $name" | xargs $make pes >"build/check/$what.log" 2>&1 ||
                { echo "make examples-check: $what: no surface, see build/check/$what.log" >&2; exit 1; }
            continue
        fi
        [ "$options" != - ] || options=
        run=build/check/$(printf '%s' "$name $program $options" | tr -c 'A-Za-z0-9.\n' _)
        if [ ! -f "$run.json" ]; then
            variable=$(printf '%s' "$program" | tr a-z A-Z)
            $make "$program" NAME="$name" "$variable=$options --json $run.json" >"$run.log" 2>&1 </dev/null ||
                { echo "make examples-check: $name: $program fails, see $run.log" >&2; exit 1; }
        fi
        sed -n "s/^  \"$key\": \[*\([^]]*\).*/\1/p" "$run.json" | tr -d ' ' |
            awk -F, -v what="$what" -v which="$which" -v reference="$reference" '
                { found = $(which > 0 ? which : 1); sub(/,$/, "", found)
                  printf "%-44s %12s %12.6g %12.4g\n", what, reference, found, found - reference; n++ }
                END { if (n != 1) exit 1 }' ||
            { echo "make examples-check: $run.json has no $key" >&2; exit 1; }
    done
