# The header and the surface of a basis that was pruned or grown:
#
#     sh examples/common/few.sh FOLDER NAME WHOLE.h WHOLE cc [options]
#
# From NAME.basis, its tables, and NAME_all.pes, the surface over the whole basis WHOLE, to NAME.h, NAME.pes and
# NAME_pes.h in the same folder.
set -e
folder=$1 name=$2 header=$3 whole=$4
shift 4
build/eqml-gen --from "$folder/$name.basis" -n "${name}_few" -o "$folder/$name.h"
# Only tables are read: no code is worth compiling well.
"$@" -O0 -I. -DFROM_HEADER="\"$header\"" -DFROM="$whole" -DTO_HEADER="\"$folder/$name.h\"" -DTO="${name}_few" \
    examples/rebase.c build/eqml.o -o "$folder/${name}_rebase" $LIBRARIES -lm
"$folder/${name}_rebase" "$folder/${name}_all.pes" "$name" eqml.h "$folder/$name.h" "$folder"
rm -f "$folder/${name}_rebase"
