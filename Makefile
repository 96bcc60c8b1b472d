# eqml: `make help` lists the targets.
CFLAGS ?= -O3 -march=native
WARNINGS = -Wall -Wextra -Wpedantic -Werror
STD = -std=c11 -ffp-contract=fast
COMPILE = $(CC) $(STD) $(WARNINGS) $(CFLAGS)

# Optional: make LAPACK=1 (least squares with LAPACK and BLAS), OPENMP=1 (fits and batches on all cores).
ifdef LAPACK
OPTIONAL += -DEQML_USE_LAPACK $(shell pkg-config --cflags --libs openblas)
endif
ifdef OPENMP
OPTIONAL += -fopenmp
endif
# make MPI=4: the fit by so many processes. One part alone knows of it, build/fit/team.o.
ifdef MPI
MPI_FOUND := $(filter -%,$(shell pkg-config --silence-errors --cflags --libs mpi-c || mpicc -show 2>/dev/null))
MPI_FLAGS := -DEQML_USE_MPI $(or $(MPI_FOUND),$(error MPI=$(MPI): no mpicc was found; on Debian: apt-get install libopenmpi-dev))
ifdef SCALAPACK
MPI_FOUND += $(or $(shell pkg-config --silence-errors --cflags --libs scalapack-openmpi),$(error SCALAPACK=1: it was not found; on Debian: apt-get install libscalapack-openmpi-dev))
MPI_FLAGS += -DEQML_USE_SCALAPACK
endif
MPI_LIBS := $(filter -L% -l% -Wl% -pthread,$(MPI_FOUND))
MPIRUN ?= mpirun -n $(MPI)
else
override MPIRUN :=
endif
export MPIRUN

# What the user gives goes to the shell in the environment, never as text of a command: "$$DATA" holds DATA as it
# was given, whatever is in it. BASIS, FIT, PRUNE and BASES are lists of words.
NAME ?= pes
N ?= 100
VALUES = DATA COMPOSITION DEGREE NAME DIPOLE QUADRUPOLE POLARIZABILITY BASIS FIT FLOAT PORTABLE PRUNE BASES N POOL ENVIRONMENT ORDER LEVEL LEVELS
given = $(foreach v,$(1),$(eval override $(v) := $$(value $(v)))$(eval export $(v)))
$(call given,$(VALUES))

# Floors of the generator, from the top down; a floor includes those below it only.
# The families stand side by side on the upper floor, and never include each other.
FAMILIES = environment molecule
FLOORS = $(FAMILIES) emit program algebra base
GEN_SOURCES = $(wildcard gen/*.c $(FLOORS:%=gen/%/*.c))
GEN = $(GEN_SOURCES:gen/%.c=build/gen/%.o)
TESTS = $(patsubst tests/%.c,build/tests/%.o,$(wildcard tests/*.c))

# Bases stand in tables of text, one line each: a name, then the options and the composition as eqml-gen takes them. A
# header is made again where its table has changed, whichever the line; that takes a moment. Where it stays as it was,
# so does its time, and nothing that includes it is compiled again.
names = $(shell sed -n 's/^\([A-Za-z_][A-Za-z_0-9]*\) .*/\1/p' $(wildcard $(1)) </dev/null)
define generate
@mkdir -p $(@D)
@sed -n 's/^$*  *//p' $(filter %.txt,$^) | xargs build/eqml-gen -n $* -o $@.$$$$ && \
    if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv -f $@.$$$$ $@; fi
endef

.SECONDARY: # what a pattern rule makes on the way is kept

.PHONY: FORCE all help join check-joined check-parts pes refit potential potential-levels prune expansion demo ir examples test asan fuzz check-libfuzzer bench bench-tensors bench-environment generate check-generated check-headers check-kinds check-threads check-compilers check-ports format clean

all: build/eqml-gen build/eqml.o build/fit.o ## build the generator, build/eqml-gen, and what all surfaces share

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

# Two makes may run at once: a file appears whole, under a name that is no other's before.
build/eqml-gen: $(GEN)
	$(COMPILE) $^ -o $@.$$$$ -lm && mv -f $@.$$$$ $@

GEN_HEADERS = $(wildcard gen/*.h $(FLOORS:%=gen/%/*.h))

build/gen/emit/header.o build/gen/emit/cloud_header.o: gen/runtime/layout.h

build/gen/%.o: gen/%.c $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) -Igen -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

# ---- the runtime -----------------------------------------------------------------------------------------

# eqml.h is joined from its parts, and stands in the repository.
PARTS = $(shell cd gen/runtime && find . -name '*.[ch]' | sed 's/^..//' | LC_ALL=C sort)

join: ## write eqml.h from its parts, gen/runtime/
	awk -f gen/runtime/join.awk gen/runtime/eqml.h >eqml.h.new && mv -f eqml.h.new eqml.h

check-joined: ## fail where eqml.h is not what its parts are
	@mkdir -p build
	awk -f gen/runtime/join.awk gen/runtime/eqml.h >build/joined.h
	cmp eqml.h build/joined.h || { echo "eqml.h differs from its parts: change those in gen/runtime/, then make join" >&2; exit 1; }

# The runtime and the fit program, which know no basis: compiled once, linked for each surface. build/flags holds
# the options that they were compiled with, and is written anew where these change.
build/flags: FORCE
	@mkdir -p build
	@printf '%s\n' '$(COMPILE) $(OPTIONAL)' | cmp -s - $@ || printf '%s\n' '$(COMPILE) $(OPTIONAL)' >$@
FORCE:

# At -O2, since its kernels are optimised as by -O3 whatever the level: that takes two thirds of the time.
build/eqml.o: eqml.h build/flags
	printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' | \
	    $(COMPILE:-O3=-O2) $(OPTIONAL) -I. -x c -c - -o $@.$$$$ && mv -f $@.$$$$ $@

CENSUS_PARTS = build/common/evaluate.o build/common/minimise.o $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/census/*.c)))
FIT_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/fit/*.c))) $(CENSUS_PARTS)

# All parts of programs in examples/, and those that programs on a surface share.
EXAMPLE_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/*/*.c)))
COMMON_PARTS = $(filter build/common/%,$(EXAMPLE_PARTS))
POTENTIAL_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/potential/*.c)))

$(EXAMPLE_PARTS): build/%.o: examples/%.c $(wildcard examples/*/*.h) eqml.h build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(OPTIONAL) $(PART_OPTIONS) -I. -Iexamples -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

# Again where MPI comes or goes.
build/fit/team.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(MPI_FLAGS)' | cmp -s - $@ || printf '%s\n' '$(MPI_FLAGS)' >$@
build/fit/team.o build/fit/distributed.o: build/fit/team.flags
build/fit/team.o build/fit/distributed.o: PART_OPTIONS = $(MPI_FLAGS)

build/fit/bindings.o: gen/bindings/library/functions.h

build/fit.o: $(FIT_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

# ---- from data to a library ------------------------------------------------------------------------------

pes: build/eqml-gen build/eqml.o build/fit.o ## DATA=file.xyz COMPOSITION="H4 C" DEGREE=6 NAME=ch4 [DIPOLE=5] [QUADRUPOLE=5] [POLARIZABILITY=5] [BASIS="options"] [FIT="options"] [FLOAT=1] [PORTABLE=1]: fit a surface into build/pes/NAME
	@LIBRARIES="$(OPTIONAL) $(MPI_LIBS)" sh examples/common/pes.sh $(COMPILE)

refit: pes ## the same with other options in FIT: what did not change is not compiled again (make pes does so, too)

include examples/programs.mk
include gen/bindings/bindings.mk

build/potential.o: $(POTENTIAL_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

potential: build/eqml-gen build/eqml.o build/potential.o ## DATA=cu.xyz ENVIRONMENT="Cu: Cu" ORDER=4 LEVEL=12 NAME=cu [BASIS="options"] [FIT="options"]: fit a potential for materials into build/potential/NAME
	@LIBRARIES="$(OPTIONAL)" sh examples/common/potential.sh $(COMPILE)

build/error_against_cost: examples/error_against_cost.c examples/common/plot.h examples/common/whole.h build/flags
	$(COMPILE) -Iexamples $< -o $@.$$$$ -lm && mv -f $@.$$$$ $@

potential-levels: build/eqml-gen build/eqml.o build/potential.o build/error_against_cost ## the same with [LEVELS="8 10 12 14 16 18"]: potentials NAME_8, NAME_10, ..., and errors against cost, build/potential/NAME_levels.svg
	@LIBRARIES="$(OPTIONAL)" sh examples/common/potential_levels.sh $(COMPILE)

# ---- error against size ----------------------------------------------------------------------------------

prune: build/eqml-gen build/eqml.o ## DATA=file.xyz COMPOSITION="H4 C" DEGREE=4 NAME=ch4 [PRUNE="options"]: error against terms, pruned and grown
	@test -n "$$DATA" && test -n "$$COMPOSITION" && test -n "$$DEGREE" || { echo "make prune: needs DATA, COMPOSITION and DEGREE; for example: make prune DATA=ethanol.xyz COMPOSITION=\"C C O H2 H3 H\" DEGREE=3 NAME=ethanol" >&2; exit 2; }
	@case $$NAME in ''|[0-9]*|*[!A-Za-z0-9_]*) echo "make prune: NAME=$$NAME: it must be a C identifier, as in NAME=ethanol" >&2; exit 2;; esac
	@mkdir -p build/prune
	build/eqml-gen -d "$$DEGREE" -n "$${NAME}_all" -o "build/prune/$${NAME}_all.h" "$$COMPOSITION"
	$(COMPILE) -Ibuild/prune -I. -DBASIS_HEADER="\"$${NAME}_all.h\"" -DBASIS="$${NAME}_all" examples/prune.c build/eqml.o -o "build/prune/$$NAME" $(OPTIONAL) -lm
	rm -f "build/prune/$$NAME.basis"
	case $$DATA in -*) DATA=./$$DATA;; esac; \
	    printf '%s\n' "--name $$NAME $$PRUNE" | xargs "build/prune/$$NAME" --directory build/prune "$$DATA"
	! test -f "build/prune/$$NAME.basis" || \
	    LIBRARIES="$(OPTIONAL)" sh examples/common/few.sh build/prune "$$NAME" "build/prune/$${NAME}_all.h" "$${NAME}_all" $(COMPILE)

build/expansion/%.h: examples/expansion.txt build/eqml-gen
	$(generate)

expansion: ## DATA=methane.xyz: methane as a sum over pairs, triples and quadruples, against the whole
	@test -n "$$DATA" || { echo "make expansion: needs DATA, geometries of methane with energies and gradients; for example: make expansion DATA=methane.xyz, with the data of A. Nandi, C. Qu, J. M. Bowman, J. Chem. Theory Comput. 15, 2826 (2019), in QM-22" >&2; exit 2; }
	@test -r "$$DATA" || { printf 'make expansion: %s: there is no such file, or it cannot be read\n' "$$DATA" >&2; exit 2; }
	@$(MAKE) --no-print-directory build/expansion/expansion
	@case $$DATA in -*) DATA=./$$DATA;; esac; build/expansion/expansion "$$DATA"

build/expansion/expansion: examples/expansion.c build/eqml.o $(patsubst %,build/expansion/%.h,$(call names,examples/expansion.txt))
	$(COMPILE) -I. -Ibuild/expansion $< build/eqml.o -o $@ $(OPTIONAL) -lm

# ---- the main job on real data ---------------------------------------------------------------------------

DEMO = build/demo

demo: build/eqml-gen build/eqml.o build/fit.o ## fit ammonia and water, report errors and speed, draw pictures into build/demo/
	@$(MAKE) --no-print-directory pes NAME=nh3 DATA=examples/data/nh3_mp2.xyz COMPOSITION="H3 N" DEGREE=6 DIPOLE=4 \
	    FIT="--train-every 2 --variable H-H=morse:8 --variable H-N=morse:2.5"
	@$(MAKE) --no-print-directory pes NAME=h2o DATA=examples/data/h2o_ps.xyz COMPOSITION="H2 O" DEGREE=12 DIPOLE=8 \
	    FIT="--train-every 2 --variable H-H=morse:8 --variable H-O=morse:5"
	@mkdir -p $(DEMO)
	$(COMPILE) -Ibuild/pes/nh3 -Ibuild/pes/h2o -Iexamples -I. examples/demo.c build/eqml.o -o $(DEMO)/demo $(OPTIONAL) -lm
	$(DEMO)/demo $(DEMO)

# ---- infrared spectra ------------------------------------------------------------------------------------

ir: build/eqml-gen ## infrared and Raman spectra of water and ammonia from fitted surfaces, into build/ir/
	@$(MAKE) --no-print-directory pes NAME=water DATA=examples/data/h2o_ps.xyz COMPOSITION="H2 O" DEGREE=12 DIPOLE=10 \
	    FIT="--train-every 2 --variable H-H=power:1 --variable H-O=morse:2"
	@$(MAKE) --no-print-directory pes NAME=ammonia DATA=examples/data/nh3_mp2.xyz COMPOSITION="H3 N" DEGREE=6 DIPOLE=5 \
	    FIT="--train-every 2 --variable H-H=power:1 --variable H-N=morse:2"
	@$(MAKE) --no-print-directory pes NAME=water_hf DATA=examples/data/h2o_tensors.xyz COMPOSITION="H2 O" DEGREE=7 \
	    DIPOLE=6 POLARIZABILITY=6 FIT="--train-every 2 --variable H-H=power:1 --variable H-O=morse:2"
	@mkdir -p build/ir
	$(COMPILE) -Ibuild/pes/water -Ibuild/pes/water_hf -Ibuild/pes/ammonia -Iexamples -I. examples/ir.c -o build/ir/ir -lm
	build/ir/ir build/ir

# ---- the program to start from ---------------------------------------------------------------------------

examples: build/eqml-gen ## compile and run the program to start from, examples/quickstart.c
	@mkdir -p build/examples
	build/eqml-gen -d 5 -n nh3 -o build/examples/nh3.h "H3 N"
	$(COMPILE) -O1 -I. -Ibuild/examples examples/quickstart.c -o build/examples/quickstart -lm
	cd build/examples && ./quickstart ../../examples/data/nh3_mp2.xyz

# ---- tests -----------------------------------------------------------------------------------------------

TEST_BASES := $(call names,tests/bases.txt)
TEST_CLOUDS := $(call names,tests/clouds.txt)
TEST_HEADERS = $(TEST_BASES:%=build/tests/%.h) $(TEST_CLOUDS:%=build/tests/%.h)

$(TEST_CLOUDS:%=build/tests/%.h): build/tests/%.h: tests/clouds.txt build/eqml-gen
	$(generate)

build/tests/%.h: tests/bases.txt build/eqml-gen
	$(generate)

# Tests are compiled at -O0 where CFLAGS say -O3, since they show what is computed, not how fast; that takes a third of
# the time. Tests that take long to run are at -O1. What depends on the optimiser, the kernels, is compiled at -O2: here
# test_evaluation, and two bases of those it is about; in check-headers, for every set of vectors; those of tensors, at
# -O3, in check-kinds.
TEST_CFLAGS = $(CFLAGS:-O3=-O0)
TEST_COMPILE = $(CC) $(STD) $(WARNINGS) $(TEST_CFLAGS)
build/tests/test_evaluation.o build/tests/functions_optimised.o: TEST_CFLAGS = $(CFLAGS:-O3=-O2)
TESTS_LONG = test_lsq test_triangles test_tensor_basis
$(TESTS_LONG:%=build/tests/%.o): TEST_CFLAGS = $(CFLAGS:-O3=-O1)

# An object depends on those headers that it includes (-MMD); all of them must be there before.
build/tests/%.o: tests/%.c | $(TEST_HEADERS)
	@mkdir -p $(@D)
	$(TEST_COMPILE) -MMD -MP -I. -Igen -Iexamples -Ibuild/tests $(shell pkg-config --cflags criterion) -c $< -o $@
-include $(TESTS:.o=.d)

# The fit program over two bases, for tests of its command line and of its report; and the program of make learn.
build/tests/fit: build/tests/h2o_d8.h
build/tests/fit-h2o: build/tests/h2o_tensors.h
build/tests/learn: build/tests/h2o_d8.h
build/tests/fit build/tests/fit-h2o: build/fit.o build/eqml.o
build/tests/learn: build/learn.o build/eqml.o
build/tests/fit build/tests/fit-h2o build/tests/learn:
	printf '#include "%s"\nconst eqml_basis *const basis = &%s_basis;\n' $(filter %.h,$^) $(basename $(notdir $(filter %.h,$^))) | \
	    $(COMPILE) -I. $(filter %.o,$^) -x c - -o $@ $(OPTIONAL) -lm

# The program that adopts potentials, for tests of its command line.
build/tests/adopt: build/tests/h2o_d8.h build/adopt.o build/eqml.o
	printf '#include "h2o_d8.h"\nconst eqml_basis *const basis = &h2o_d8_basis;\n' | \
	    $(COMPILE) -O1 -DEQML_SCALAR -I. -Ibuild/tests build/adopt.o build/eqml.o -x c - -o $@ $(OPTIONAL) -ldl -lm

# Programs on a surface over water, and over ammonia, for tests of their command lines.
TESTED_ON_WATER = levels thermo dmc pimc scatter rpmd vci
TESTED_ON_AMMONIA = levels thermo scatter rpmd
build/tests/on-water-%: build/%.o build/tests/basis.o build/eqml.o
	$(COMPILE) $^ -o $@ $(OPTIONAL) -lm

build/tests/on-ammonia-%: build/%.o build/tests/ammonia.o build/eqml.o
	$(COMPILE) $^ -o $@ $(OPTIONAL) -lm

build/tests/ammonia.o: build/tests/nh3_d5.h
	printf '#include "nh3_d5.h"\nconst eqml_basis *const basis = &nh3_d5_basis;\n' | \
	    $(COMPILE) -O0 -DEQML_SCALAR -I. -Ibuild/tests -x c - -c -o $@

# What the tests run beside it is made before, since they would make it one after the other.
TESTED_PROGRAMS = build/tests/fit build/tests/fit-h2o build/tests/adopt build/tests/learn build/bench/run build/potential.o build/properties/properties \
    build/dynamics.o $(PROGRAMS:%=build/%.o) $(TESTED_ON_WATER:%=build/tests/on-water-%) $(TESTED_ON_AMMONIA:%=build/tests/on-ammonia-%)

build/run-tests: $(TESTS) build/eqml.o $(filter-out build/gen/main.o,$(GEN)) $(sort $(COMMON_PARTS) $(CENSUS_PARTS) $(TESTED_PARTS)) | $(TESTED_PROGRAMS)
	$(COMPILE) $^ -o $@ $(OPTIONAL) $(shell pkg-config --libs criterion) -lm

test: build/run-tests check-joined check-parts check-headers check-kinds check-threads check-bindings check-generated check-compilers examples ## pass the tests (needs libcriterion-dev and pkg-config)
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL build/run-tests # the tests call make themselves

# ---- speed -----------------------------------------------------------------------------------------------

build/bench/run: bench/bench.c
	@mkdir -p $(@D)
	$(COMPILE) $< -o $@ -lm

bench: build/eqml-gen build/bench/run ## the speed table, and build/bench.json [BASES="h4_c_d6 h4_c_d8"]
	build/bench/run build/bench "$(CC)" "$(STD) $(CFLAGS)" $$BASES

TENSOR_BASES := $(call names,bench/tensors.txt)

$(TENSOR_BASES:%=build/bench/%.h): build/bench/%.h: bench/tensors.txt build/eqml-gen
	$(generate)

build/bench/%.surface: bench/surface.c build/bench/%.h eqml.h
	$(CC) $(STD) -O1 -I. -Ibuild/bench -DBASIS_HEADER='"$*.h"' -DBASIS=$* $< -o $@ -lm

$(TENSOR_BASES:%=build/bench/%_pes.h): build/bench/%_pes.h: build/bench/%.surface
	$< surface eqml.h build/bench/$*.h $@

build/bench/%.tensors: bench/tensors.c bench/timing.h bench/geometries.h build/bench/%_pes.h
	$(CC) $(STD) $(CFLAGS) -I. -Ibuild/bench -DBASIS_HEADER='"$*.h"' -DSURFACE_HEADER='"$*_pes.h"' -DSURFACE=surface -DBASIS=$* -DRANK_TWO \
	    $< -o $@ -lm

bench-tensors: $(TENSOR_BASES:%=build/bench/%.tensors) ## times of dipoles, quadrupoles and polarizabilities beside those of the energy
	@printf '%-16s %5s %8s %8s %5s' basis terms gradient +dipole ratio; for t in dipole quadrupole polarizability; do \
	    printf ' | %14.14s %7s %7s %7s' "$$t: one" Jacob. batch Jacob.; done; echo
	@set -e; for p in $^; do $$p; done

CLOUD_BASES := $(call names,bench/clouds.txt)

$(CLOUD_BASES:%=build/bench/%.h): build/bench/%.h: bench/clouds.txt build/eqml-gen
	$(generate)

build/bench/%.cloud: bench/environment.c bench/stages.inc bench/timing.h build/bench/%.h build/eqml.o
	$(COMPILE) $(OPTIONAL) -I. -Igen/runtime -Ibuild/bench -DBASIS_HEADER='"$*.h"' -DBASIS=$* $< build/eqml.o -o $@ -lm

bench-environment: $(CLOUD_BASES:%=build/bench/%.cloud) ## times of neighbour clouds: stage by stage, against neighbours and against atoms
	@set -e; for p in $^; do $$p; done

# ---- generated headers -----------------------------------------------------------------------------------

GENERATED := $(call names,generated/bases.txt)

build/generated/%.h: generated/bases.txt build/eqml-gen
	$(generate)

generate: $(GENERATED:%=build/generated/%.h) ## rewrite the headers in generated/
	cp $^ generated/

check-generated: $(GENERATED:%=build/generated/%.h) ## fail where generated/ is not what the generator writes
	diff -r -x bases.txt generated build/generated

format: ## lay out the sources
	clang-format -i gen/*.[ch] gen/*/*.[ch] gen/*/*/*.[ch] gen/*/*/*.inc examples/*.[ch] examples/*/*.[ch] tests/*.[ch] tests/headers/*.[ch] bench/*.[ch]
	$(MAKE) join

clean: ## remove build/
	rm -rf build

include tests/checks.mk
