#!/bin/sh
# Potentials of several levels, for `make potential-levels`: sh examples/common/potential_levels.sh COMPILER AND ITS OPTIONS
#
# DATA, ENVIRONMENT, ORDER, NAME, BASIS and FIT come in the environment as for potential.sh, and LEVELS, a list: each
# potential is NAME_LEVEL, and build/potential/NAME_levels.svg has their errors against their costs.
set -efu

target=potential-levels
. examples/common/run.sh
check_name cu
base=$NAME reports=
LEVELS=${LEVELS:-8 10 12 14 16 18}
for LEVEL in $LEVELS; do
    case $LEVEL in '' | *[!0-9]*) refuse "LEVELS=$LEVELS: they must be whole numbers, as in LEVELS=\"8 10 12\"" ;; esac
    NAME=${base}_$LEVEL
    export NAME LEVEL
    sh examples/common/potential.sh "$@"
    reports="$reports build/potential/$NAME/report.json"
done
build/error_against_cost "build/potential/${base}_levels.svg" $reports
