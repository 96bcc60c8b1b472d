#!/bin/sh
# What other programs load, for `make check-bindings`: sh tests/bindings/run.sh CC CXX
#
# A surface of water is fitted without a compiler; libeqml opens it from C, C++, Fortran, Python and ASE, by the programs in
# README's table "From", and by those of this folder. What is not installed is named and left out.
set -eu
cc=$1 cxx=$2
here=$PWD work=$PWD/build/bindings
python=/usr/bin/python3
rm -rf "$work"
mkdir -p "$work"

# fail WHAT: what is wrong.
fail() {
    echo "check-bindings: $1" >&2
    exit 1
}
left_out() {
    echo "check-bindings: no $1 here; left out"
}

# row LANGUAGE: the program in README's table.
row() {
    awk -F' [|] ' -v language="| $1" '$1 == language { gsub(/<br>/, "\n", $2); gsub(/`/, "", $2); print $2 }' README.md
}

# ---- the surface, and what is installed ----

build/eqml-fit examples/data/h2o_ps.xyz "H2 O" -d 6 --dipole 4 -n water -o "$work" --train-every 20 --variable morse:2 \
    --census no --diagnose 0 --sigma 0 --wall no >"$work/fit.log"
make -s install PREFIX=/usr DESTDIR="$work/root" CC="$cc" >/dev/null
usr=$work/root/usr
export LD_LIBRARY_PATH="$usr/lib" PKG_CONFIG_PATH="$usr/lib/pkgconfig" EQML_LIBRARY="$usr/lib/libeqml.so"
for file in bin/eqml-gen bin/eqml-fit bin/eqml-ipi include/eqml.h include/eqml_library.h lib/libeqml.so.1 lib/cmake/eqml/eqml-config.cmake lib/cmake/eqml/eqml-config-version.cmake \
    share/man/man1/eqml-gen.1 share/man/man1/eqml-fit.1 share/eqml/eqml.f90; do
    [ -s "$usr/$file" ] || fail "make install leaves no $file"
done
nm -D --defined-only "$usr/lib/libeqml.so.1" | awk '$3 !~ /^eqml_[a-z]/ { exit 1 }' || fail "libeqml.so exports names of others"
readelf -d "$usr/lib/libeqml.so.1" | grep -q 'SONAME.*\[libeqml\.so\.1\]' || fail "the soname of libeqml.so is not libeqml.so.1"

# ---- README's table: each prints the energy, and they agree ----

cd "$work"
flags=$(pkg-config --cflags --libs eqml)
(cd "$here" && row C) >water.c
"$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror water.c $flags -o water_c
./water_c >wanted
(cd "$here" && row C++) >water.cpp
"$cxx" -std=c++11 -Wall -Wextra -Wpedantic -Werror water.cpp $flags -o water_cpp
./water_cpp >found_cpp
if command -v cmake >/dev/null; then
    # find_eqml VERSION: find_package of that version, for two programs.
    find_eqml() {
        rm -rf cmake
        mkdir cmake
        cp water.c water.cpp cmake
        {
            printf 'cmake_minimum_required(VERSION 3.10)\nproject(water C CXX)\nfind_package(eqml %s REQUIRED)\n' "$1"
            printf 'add_executable(water_%s water.%s)\ntarget_link_libraries(water_%s eqml::eqml)\n' c c c cpp cpp cpp
        } >cmake/CMakeLists.txt
        cmake -S cmake -B cmake/build -DCMAKE_PREFIX_PATH="$usr" >cmake.log 2>&1
    }
    if find_eqml 2.0; then fail "find_package finds version 2.0 of eqml"; fi
    find_eqml 1.0 && cmake --build cmake/build >>cmake.log 2>&1 || { cat cmake.log >&2; fail "find_package, and cmake --build"; }
    cmake/build/water_c >found_cmake
    cmake/build/water_cpp >found_cmake_cpp
else
    left_out cmake
fi
if command -v gfortran >/dev/null; then
    (cd "$here" && row Fortran) >water.f90
    gfortran -std=f2018 -Wall -Werror "$usr/share/eqml/eqml.f90" water.f90 -L"$usr/lib" -leqml -o water_fortran
    ./water_fortran >found_fortran
    gfortran -std=f2018 -Wall -Wno-compare-reals -Werror "$usr/share/eqml/eqml.f90" "$usr/share/eqml/potential.f90" \
        "$here/tests/bindings/check.f90" -L"$usr/lib" -leqml -o check_fortran
    [ "$(PES=water.pes ./check_fortran)" = fortran ] || fail "tests/bindings/check.f90 fails"
else
    left_out gfortran
fi
export PYTHONPATH="$here/gen/bindings/python" PYTHONDONTWRITEBYTECODE=1
has_numpy=
if [ -x "$python" ] && "$python" -c 'import numpy' 2>/dev/null; then
    has_numpy=1
    (cd "$here" && row Python) >water.py
    "$python" water.py >found_python
else
    left_out "Python with numpy"
fi
for found in found_*; do
    awk 'NR == FNR { wanted = $1; next } { d = $1 - wanted; exit !(d < 2e-8 && d > -2e-8) }' wanted "$found" ||
        fail "$found: $(cat "$found"), and C finds $(cat wanted)"
done

# The package of Python as a wheel.
if [ "$has_numpy" ] && "$python" -c 'import setuptools, pip, wheel' 2>/dev/null; then
    cp -R "$here/gen/bindings/python" package
    "$python" -m pip wheel -q --no-build-isolation --no-deps --no-index -w wheel ./package >wheel.log 2>&1 || { cat wheel.log >&2; fail "pip wheel"; }
    mkdir unpacked
    "$python" -m zipfile -e wheel/eqml-*.whl unpacked
    PYTHONPATH=unpacked "$python" water.py >found_wheel
    PYTHONPATH=unpacked "$python" -c 'import eqml; assert "/unpacked/" in eqml.__file__, eqml.__file__'
    cmp wanted found_wheel || fail "the wheel finds $(cat found_wheel)"
else
    left_out "pip with setuptools and wheel"
fi

# ---- libraries: the record, code for several processors ----

cd "$here"
# As make pes does, but without optimisation, which costs time and says nothing here.
env NAME=portable DATA=examples/data/h2o_ps.xyz COMPOSITION="H2 O" DEGREE=6 DIPOLE=4 QUADRUPOLE= POLARIZABILITY= FLOAT= BASIS= \
    PORTABLE=1 LIBRARIES= FIT="--train-every 20 --variable morse:2 --census no --diagnose 0 --sigma 0 --wall no" \
    sh examples/common/pes.sh "$cc" -std=c11 -ffp-contract=fast -O0 -march=native >"$work/pes.log"
mv build/pes/portable/libportable.so "$work/libwater.so"
printf '#include "portable_api.h"\nint main(void) { return !portable_natoms(); }\n' >"$work/api.c"
for language in c c++; do
    "$cc" -Wall -Wextra -Werror -Ibuild/pes/portable -fsyntax-only -x $language "$work/api.c"
done
if command -v gfortran >/dev/null; then
    gfortran -std=f2018 -Wall -Werror -fsyntax-only -J"$work" build/pes/portable/portable.f90
fi
# Models of OpenKIM for a stock LAMMPS: of this surface, and of a potential of copper and nickel.
has_kim=
if [ "$has_numpy" ] && pkg-config --exists libkim-api && command -v lmp >/dev/null && command -v mpirun >/dev/null &&
    lmp -h | grep -qw KIM && "$python" -c 'import ase' 2>/dev/null; then
    has_kim=1
    # kim NAME OPTIONS OF THE COMPILER: make kim; the user's words are in BOND, TWO_BODY and so on.
    kim() {
        (
            NAME=$1 BOND=1.3 TWO_BODY=${2-} TWO_BODY_ENERGY=${3-total} CENTRE=${4-mass} FROM=${5-4.5} TO=${6-6.5}
            export NAME BOND TWO_BODY TWO_BODY_ENERGY CENTRE FROM TO
            sh gen/bindings/kim/kim.sh "$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -O0
        )
    }
    # surface NAME COMPOSITION DEGREE: make pes without a library, of the data in $work/NAME.xyz.
    surface() {
        env NAME="$1" DATA="$work/$1.xyz" COMPOSITION="$2" DEGREE="$3" DIPOLE= QUADRUPOLE= POLARIZABILITY= FLOAT= BASIS= NO_LIBRARY=1 \
            PORTABLE= LIBRARIES= FIT="--variable morse:3 --census no --diagnose 0 --sigma 0 --wall no" \
            sh examples/common/pes.sh "$cc" -std=c11 -ffp-contract=fast -O0 -march=native >"$work/$1.log"
        cp "build/pes/$1/$1.pes" "$work/"
    }
    cp build/pes/portable/portable.pes "$work/"
    mkdir "$work/kim" "$work/total" "$work/interaction"
    kim portable >"$work/kim.log"
    mv build/kim/eqml_portable "$work/kim/"
    data=tests/bindings/kim_data.py
    "$python" $data pairs "$work/kimpairs.xyz" "$work/portable.pes"
    surface kimpairs "(H2 O)2" 4
    kim portable kimpairs >"$work/kim.log"
    mv build/kim/eqml_portable "$work/total/"
    kim portable kimpairs interaction O >"$work/kim.log"
    mv build/kim/eqml_portable "$work/interaction/"
    "$python" $data chain "$work/kimchain.xyz"
    surface kimchain "H3 C O H" 2
    kim kimchain >"$work/kim.log"
    mv build/kim/eqml_kimchain "$work/kim/"
    for words in "nosuch total" "kimchain total" "kimpairs both" "kimpairs total N" "kimpairs total O 7" "kimpairs total O 4 99"; do
        if kim portable $words 2>"$work/message"; then fail "make kim does with TWO_BODY=$words"; fi
        [ "$(wc -l <"$work/message")" = 1 ] || fail "make kim with TWO_BODY=$words: $(cat "$work/message")"
    done
    rm -rf build/pes/kimpairs build/pes/kimchain
    "$python" $data metals "$work/cuni.xyz"
    env NAME=kimcheck DATA="$work/cuni.xyz" ENVIRONMENT="Cu: Cu Ni; Ni: Cu Ni" ORDER=3 LEVEL=3 BASIS= LIBRARIES= \
        FIT="--cutoff 4.2 --range 2.5 --energies 10 --ridge 1e-8 --grades 0" \
        sh examples/common/potential.sh "$cc" -std=c11 -ffp-contract=fast -O0 >"$work/potential.log"
    kim kimcheck >"$work/kim.log"
    mv build/potential/kimcheck/libkimcheck.so "$work/"
    mv build/kim/eqml_kimcheck "$work/kim/"
    rm -rf build/potential/kimcheck
    if kim nosuch 2>"$work/message"; then fail "make kim does without a surface"; fi
    [ "$(wc -l <"$work/message")" = 1 ] || fail "make kim NAME=nosuch: $(cat "$work/message")"
else
    left_out "LAMMPS with KIM, libkim-api-dev, mpirun or ASE"
fi
mv build/pes/portable/portable_pes.h "$work/"
rm -rf build/pes/portable
cd "$work"
"$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -O1 "$here/tests/bindings/client.c" $flags -lm -pthread -o client
for vectors in plain avx2 avx512; do
    EQML_VECTORS=$vectors ./client water.pes water.pes ./libwater.so >"client_$vectors"
    cmp client_plain "client_$vectors" || fail "numbers depend on the vectors: plain and $vectors"
done
if command -v qemu-x86_64 >/dev/null && [ "$(uname -m)" = x86_64 ]; then
    qemu-x86_64 -cpu Nehalem ./client water.pes water.pes ./libwater.so >client_nehalem || fail "a processor without AVX: client fails"
    cmp client_plain client_nehalem || fail "numbers differ on a processor without AVX"
else
    left_out "qemu-user for x86-64"
fi

mkdir cache
"$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -O1 "$here/tests/bindings/compiled.c" $flags -lm -o compiled
./compiled water.pes "$work/cache" || fail "EQML_COMPILE=1"

# ---- Python and ASE ----

if [ "$has_numpy" ]; then
    if EQML_LIBRARY=/none.so "$python" water.py 2>missing; then fail "Python does without libeqml"; fi
    grep -q 'EqmlError: /none.so: libeqml cannot be loaded' missing || fail "$(cat missing)"
    "$python" "$here/tests/bindings/check.py" 2>check.log || { cat check.log >&2; fail "tests/bindings/check.py fails"; }
    if "$python" -c 'import ase' 2>/dev/null; then
        (cd "$here" && row ASE) >ase_water.py
        "$python" ase_water.py >/dev/null
        # i-PI's protocol, with ASE as the server.
        name=eqml_check_$$
        command=$(cd "$here" && row i-PI | sed "s/-u water/-u $name/")
        PATH="$usr/bin:$PATH" timeout 120 "$python" "$here/tests/bindings/ipi.py" "$command" "$name" water.pes 2>ipi.log ||
            { cat ipi.log >&2; fail "tests/bindings/ipi.py fails"; }
    else
        left_out ASE
    fi
fi
if [ "$has_kim" ]; then
    for words in "molecules kim portable.pes" "crystal kim libkimcheck.so kimcheck" "chain kim kimchain.pes" \
        "pairs total portable.pes kimpairs.pes portable 1 mass" "pairs interaction portable.pes kimpairs.pes portable 0 O"; do
        "$python" "$here/tests/bindings/kim.py" $words 2>kim.err || { cat kim.err >&2; fail "tests/bindings/kim.py $words fails"; }
    done
    (cd "$here" && row LAMMPS | sed 's/eqml_water/eqml_portable/') >lammps.in
    KIM_API_PORTABLE_MODELS_DIR=$work/kim lmp -in lammps.in -log none >lammps.log || { cat lammps.log >&2; fail "README's LAMMPS fails"; }
fi
for words in "water.pes" "-u none --wait 0 water.pes" "-u none --wait 0 missing.pes" "-u x --atoms 'H O' water.pes" \
    "-u x -p 1 water.pes" "-u x --atoms 'H X H' water.pes" "-a 127.0.0.1 -p 1 --wait 0 water.pes"; do
    if eval "\"$usr/bin/eqml-ipi\" $words" 2>message; then fail "eqml-ipi $words is not refused"; fi
    [ "$(wc -l <message)" = 1 ] || fail "eqml-ipi $words: $(cat message)"
done
echo "check-bindings: C, C++ and what else is here agree"
