# What the scripts of make share; a script sets `target`, what make was asked for, and reads this file.

refuse() {
    printf 'make %s: %s\n' "$target" "$1" >&2
    exit 2
}

# NAME must be a C identifier.
check_name() {
    case $NAME in
    '' | [0-9]* | *[!A-Za-z0-9_]*) refuse "NAME=$NAME: it must be a C identifier, as in NAME=$1" ;;
    esac
}

# DATA must be a file that can be read, and must not look like an option.
check_file() {
    [ -r "$DATA" ] && [ ! -d "$DATA" ] || refuse "$DATA: there is no such file, or it cannot be read"
    case $DATA in -*) DATA=./$DATA ;; esac
}

# aside <- a new folder, PREFIX.XXXXXX, which is removed when the script ends, by a signal too: make_aside PREFIX
make_aside() {
    aside=$(mktemp -d "$1.XXXXXX")
    trap 'rm -rf "$aside"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}

# Runs a command; shows it first unless make is silent (-s).
case ${MAKEFLAGS-} in
--*) silent= ;;
*) silent=${MAKEFLAGS-} silent=${silent%% *} ;;
esac
run() {
    case $silent in *s*) ;; *) printf '%s\n' "$*" ;; esac
    "$@"
}

# Runs a command with a list of options after its arguments: xargs splits it at blanks and heeds quotes, nothing else.
with_list() {
    list=$1
    shift
    { printf '%s\n' "$list" | xargs sh -c 'exec "$@" <&3 3<&-' sh "$@"; } 3<&0
}

# The same, shown.
run_with() {
    case $silent in *s*) ;; *) shown=$1; shift; printf '%s\n' "$* $shown"; set -- "$shown" "$@" ;; esac
    with_list "$@"
}

# Runs a program with a list of options after its arguments: run_listed LIST PROGRAM ... Its status is the program's, which
# xargs hides: it goes by the file PROGRAM.status.
run_listed() {
    list=$1
    shift
    rm -f "$1.status"
    printf '%s\n' "$list" | xargs sh -c '"$0" "$@" || echo "$?" >"$0.status"' "$@" || return 2
    status=0
    [ ! -f "$1.status" ] || read -r status <"$1.status"
    return "$status"
}
