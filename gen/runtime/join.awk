# Joins the parts of the runtime into one file: awk -f gen/runtime/join.awk gen/runtime/eqml.h >eqml.h
#
# eqml.h lists the parts in their order; each appears in its place, behind a line with its name. What a part
# includes must stand before it and is left out there; kernels (NAME.inc) are no parts: they appear in each place
# that includes them, once for each type of number.
function fail(path, what)
{
    printf "join.awk: %s: %s\n", path, what >"/dev/stderr"
    failed = 1
    exit 1
}

function add(path, top,    line, name, quoted, blank)
{
    if (!((getline line < (folder path)) > 0))
        fail(path, "cannot be read")
    do {
        if (line !~ /^#include "/) {
            if (line != "" || !blank)
                print line
            blank = line == ""
            continue
        }
        split(line, quoted, "\"")
        name = quoted[2]
        if (name ~ /\.inc$/) {
            add(name, 0)
        } else if (top) {
            printf "\n/* ==== %s %s */\n\n", name, substr(rule, length(name) + 1)
            seen[name] = 1
            add(name, 0)
        } else if (!(name in seen)) {
            fail(path, "includes " name ", which eqml.h does not list before it")
        }
        blank = 0
    } while ((getline line < (folder path)) > 0)
    close(folder path)
}

BEGIN {
    rule = sprintf("%98s", "")
    gsub(/ /, "=", rule)
    folder = ARGV[1]
    sub(/[^\/]*$/, "", folder)
    add(substr(ARGV[1], length(folder) + 1), 1)
    exit failed
}
