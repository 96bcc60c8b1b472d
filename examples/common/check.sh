#!/bin/sh
# The table of make examples-check: reference, found, difference, line by line of examples/check.txt, which says how. Surfaces
# are fitted, and each program runs once for each list of options, and how long stands in the line where it did; what they
# print goes to build/check/.
set -eu

mkdir -p build/check
make="${MAKE:-make} --no-print-directory -s"
tab=$(printf '\t')
printf '%-44s %12s %12s %12s %8s\n' what reference found difference seconds
sed -e '/^#/d' -e '/^ *$/d' -e "s/ *| */$tab/g" -e "s/$tab$tab/$tab-$tab/g" examples/check.txt |
    while IFS=$tab read -r kind what name program options key which reference; do
        if [ "$kind" = surface ]; then
            # what, name: the surface and the values of make pes; one of other values, or for another eqml.h, is fitted anew
            of="$name $(grep '^#define EQML_LAYOUT' gen/runtime/layout.h)"
            if [ ! -f "build/pes/$what/$what.pes" ] || [ "$of" != "$(cat "build/check/$what.fit" 2>/dev/null)" ]; then
                printf '%s\n' "NAME=$what $name" | xargs $make pes >"build/check/$what.log" 2>&1 ||
                    { echo "make examples-check: $what: no surface, see build/check/$what.log" >&2; exit 1; }
                printf '%s\n' "$of" >"build/check/$what.fit"
            fi
            continue
        fi
        [ "$options" != - ] || options=
        run=build/check/$(printf '%s' "$name $program $options" | tr -c 'A-Za-z0-9.\n' _)
        seconds=
        if [ ! -f "$run.json" ]; then
            begin=$(date +%s)
            variable=$(printf '%s' "$program" | tr a-z A-Z)
            $make "$program" NAME="$name" "$variable=$options --json $run.json" >"$run.log" 2>&1 </dev/null ||
                { echo "make examples-check: $name: $program fails, see $run.log" >&2; exit 1; }
            seconds=$(($(date +%s) - begin))
        fi
        sed -n "s/^  \"$key\": \[*\([^]]*\).*/\1/p" "$run.json" | tr -d ' ' |
            awk -F, -v what="$what" -v which="$which" -v reference="$reference" -v seconds="$seconds" '
                { found = $(which > 0 ? which : 1); sub(/,$/, "", found)
                  printf "%-44s %12s %12.6g %12.4g %8s\n", what, reference, found, found - reference, seconds; n++ }
                END { if (n != 1) exit 1 }' ||
            { echo "make examples-check: $run.json has no $key" >&2; exit 1; }
    done
