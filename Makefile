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

# What the user gives goes to the shell in the environment, never as text of a command: "$$DATA" holds DATA as it
# was given, whatever is in it. BASIS, FIT, PRUNE and BASES are lists of words.
NAME ?= pes
N ?= 100
VALUES = DATA COMPOSITION DEGREE NAME DIPOLE QUADRUPOLE POLARIZABILITY BASIS FIT FLOAT PRUNE BASES N POOL ENVIRONMENT ORDER LEVEL
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

.PHONY: FORCE all help join check-joined check-parts pes refit potential prune expansion demo ir examples test asan fuzz check-libfuzzer bench bench-tensors bench-environment generate check-generated check-headers check-kinds check-threads check-compilers check-ports format clean

all: build/eqml-gen build/eqml.o build/fit.o ## build the generator, build/eqml-gen, and what all surfaces share

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

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

check-parts: ## fail where a part of the runtime does not compile alone
	@set -e; for p in $(PARTS); do printf '#include "%s"\nextern int eqml_alone;\n' $$p | \
	    $(CC) $(STD) $(WARNINGS) -Wno-unused-function -march=native -Igen/runtime -fsyntax-only -x c -; done
	@echo "check-parts: $(words $(PARTS)) parts compile alone"

# The runtime and the fit program, which know no basis: compiled once, linked for each surface. build/flags holds
# the options that they were compiled with, and is written anew where these change.
build/flags: FORCE
	@mkdir -p build
	@printf '%s\n' '$(COMPILE) $(OPTIONAL)' | cmp -s - $@ || printf '%s\n' '$(COMPILE) $(OPTIONAL)' >$@
FORCE:

build/eqml.o: eqml.h build/flags
	printf '#define EQML_IMPLEMENTATION\n#include "eqml.h"\n' | \
	    $(COMPILE) $(OPTIONAL) -I. -x c -c - -o $@.$$$$ && mv -f $@.$$$$ $@

CENSUS_PARTS = build/common/minimise.o $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/census/*.c)))
FIT_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/fit/*.c))) $(CENSUS_PARTS)

POTENTIAL_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/potential/*.c)))

$(FIT_PARTS) $(POTENTIAL_PARTS): build/%.o: examples/%.c $(wildcard examples/*/*.h) eqml.h build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(OPTIONAL) -I. -Iexamples -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

build/fit.o: $(FIT_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

# ---- from data to a library ------------------------------------------------------------------------------

pes: build/eqml-gen build/eqml.o build/fit.o ## DATA=file.xyz COMPOSITION="H4 C" DEGREE=6 NAME=ch4 [DIPOLE=5] [QUADRUPOLE=5] [POLARIZABILITY=5] [BASIS="options"] [FIT="options"] [FLOAT=1]: fit a surface into build/pes/NAME
	@LIBRARIES="$(OPTIONAL)" sh examples/common/pes.sh $(COMPILE)

refit: pes ## the same with other options in FIT: what did not change is not compiled again (make pes does so, too)

include examples/programs.mk

build/potential.o: $(POTENTIAL_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

potential: build/eqml-gen build/eqml.o build/potential.o ## DATA=cu.xyz ENVIRONMENT="Cu: Cu" ORDER=4 LEVEL=12 NAME=cu [BASIS="options"] [FIT="options"]: fit a potential for materials into build/potential/NAME
	@LIBRARIES="$(OPTIONAL)" sh examples/common/potential.sh $(COMPILE)

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
	$(COMPILE) -I. -Ibuild/examples examples/quickstart.c -o build/examples/quickstart -lm
	cd build/examples && ./quickstart ../../examples/data/nh3_mp2.xyz

# ---- tests -----------------------------------------------------------------------------------------------

TEST_BASES = $(call names,tests/bases.txt)
TEST_CLOUDS = $(call names,tests/clouds.txt)
TEST_HEADERS = $(TEST_BASES:%=build/tests/%.h) $(TEST_CLOUDS:%=build/tests/%.h)

$(TEST_CLOUDS:%=build/tests/%.h): build/tests/%.h: tests/clouds.txt build/eqml-gen
	$(generate)

build/tests/%.h: tests/bases.txt build/eqml-gen
	$(generate)

# Tests are compiled at -O0 where CFLAGS say -O3, since they show what is computed, not how fast; that takes a third of
# the time. The runtime's implementation is at -O1, to be quick enough. What depends on the optimiser, the kernels, is
# compiled at -O2: here test_evaluation, and in check-headers, for every set of vectors; those of tensors, at -O3, in
# check-kinds.
TEST_CFLAGS = $(CFLAGS:-O3=-O0)
TEST_COMPILE = $(CC) $(STD) $(WARNINGS) $(TEST_CFLAGS)
build/tests/test_evaluation.o: TEST_CFLAGS = $(CFLAGS:-O3=-O2)
build/tests/implementation.o build/tests/test_lsq.o build/tests/test_triangles.o: TEST_CFLAGS = $(CFLAGS:-O3=-O1)

# An object depends on those headers that it includes (-MMD); all of them must be there before.
build/tests/%.o: tests/%.c | $(TEST_HEADERS)
	@mkdir -p $(@D)
	$(TEST_COMPILE) -MMD -MP -I. -Igen -Iexamples -Ibuild/tests $(shell pkg-config --cflags criterion) -c $< -o $@
-include $(TESTS:.o=.d)

# The fit program over two bases, for tests of its command line and of its report.
build/tests/fit: build/tests/h2o_d8.h
build/tests/fit-h2o: build/tests/h2o_tensors.h
build/tests/fit build/tests/fit-h2o: build/fit.o build/eqml.o
	printf '#include "%s"\nconst eqml_basis *const basis = &%s_basis;\n' $(filter %.h,$^) $(basename $(notdir $(filter %.h,$^))) | \
	    $(COMPILE) -I. build/fit.o build/eqml.o -x c - -o $@ -lm

# The program that adopts potentials, for tests of its command line.
build/tests/adopt: build/tests/h2o_d8.h build/adopt.o build/eqml.o
	printf '#include "h2o_d8.h"\nconst eqml_basis *const basis = &h2o_d8_basis;\n' | \
	    $(COMPILE) -O1 -DEQML_SCALAR -I. -Ibuild/tests build/adopt.o build/eqml.o -x c - -o $@ $(OPTIONAL) -ldl -lm

build/run-tests: $(TESTS) $(filter-out build/gen/main.o,$(GEN)) $(CENSUS_PARTS) | build/tests/fit build/tests/fit-h2o build/tests/adopt build/bench/run
	$(COMPILE) $^ -o $@ $(OPTIONAL) $(shell pkg-config --libs criterion) -lm

test: build/run-tests check-joined check-parts check-headers check-kinds check-threads check-generated check-compilers examples ## pass the tests (needs libcriterion-dev and pkg-config)
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL build/run-tests # the tests call make themselves

# Other builds live in folders of their own, build/KIND, with links to the sources.
SOURCES = Makefile eqml.h gen generated tests examples bench
define other_build
@mkdir -p build/$(1)
@ln -sfn $(patsubst %,../../%,$(SOURCES)) build/$(1)/
endef

SANITIZE = -O0 -g -march=native -fsanitize=address,undefined -fno-sanitize-recover=all
asan: ## the tests under the address and undefined-behaviour sanitizers
	$(call other_build,asan)
	$(MAKE) -C build/asan CFLAGS="$(SANITIZE)" build/run-tests
	@cd build/asan && { build/run-tests 2>&1; echo "status $$?"; } | tee build/log
	@grep -qx "status 0" build/asan/build/log
	@! grep -q "SUMMARY: .*Sanitizer" build/asan/build/log # a leak alone does not fail a test

# Fuzzers of all that reads text, by clang's libFuzzer, with the sanitizers; what they find stays in build/fuzz/found.
FUZZERS = data frames surface sigma expansion options group tables
FUZZ_CLANG = clang -std=c11 -O1 -g -march=native -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_OPTIONS = -rss_limit_mb=1024 -timeout=10 -max_len=4096 -close_fd_mask=3 -print_final_stats=1
SECONDS = 60
FUZZ_GEN = $(patsubst build/%.o,build/fuzz/%.o,$(filter-out build/gen/main.o,$(GEN)))

build/fuzz/gen/%.o: gen/%.c $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CLANG) -fsanitize=fuzzer-no-link -Igen -c $< -o $@

build/fuzz/options build/fuzz/group build/fuzz/tables: build/fuzz/%: tests/fuzz/%.c tests/fuzz/input.h $(FUZZ_GEN)
	$(FUZZ_CLANG) -fsanitize=fuzzer $(WARNINGS) -Igen -Itests/fuzz $(filter %.c %.o,$^) -o $@ -lm

build/fuzz/%: tests/fuzz/%.c tests/fuzz/input.h eqml.h build/tests/h2o_d2_tensors.h build/tests/h2_d4.h build/tests/hc_d4.h
	@mkdir -p $(@D)
	$(FUZZ_CLANG) -fsanitize=fuzzer $(WARNINGS) -I. -Ibuild/tests -Itests/fuzz $< -o $@ -lm

check-libfuzzer:
	@mkdir -p build/fuzz
	@echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' >build/fuzz/probe.c
	@$(FUZZ_CLANG) -fsanitize=fuzzer build/fuzz/probe.c -o build/fuzz/probe 2>/dev/null || { \
	    echo "make fuzz: needs clang and its libFuzzer; on Debian: apt-get install clang libclang-rt-dev (or libclang-rt-N-dev, N the version of clang)" >&2; exit 2; }

fuzz: check-libfuzzer ## [SECONDS=60] [FUZZERS="data frames surface sigma expansion options group tables"]: fuzz all readers, so long each
	$(MAKE) $(FUZZERS:%=build/fuzz/%)
	@set -e; for f in $(FUZZERS); do mkdir -p build/fuzz/corpus/$$f build/fuzz/found; echo "fuzz: $$f, $(SECONDS) s"; \
	    build/fuzz/$$f $(FUZZ_OPTIONS) -max_total_time=$(SECONDS) -artifact_prefix=build/fuzz/found/$$f- \
	        build/fuzz/corpus/$$f tests/fuzz/seeds/$$f >build/fuzz/$$f.log 2>&1 || { cat build/fuzz/$$f.log; exit 1; }; \
	    grep 'number_of_executed_units\|peak_rss_mb' build/fuzz/$$f.log; done

# ---- speed -----------------------------------------------------------------------------------------------

build/bench/run: bench/bench.c
	@mkdir -p $(@D)
	$(COMPILE) $< -o $@ -lm

bench: build/eqml-gen build/bench/run ## the speed table, and build/bench.json [BASES="h4_c_d6 h4_c_d8"]
	build/bench/run build/bench "$(CC)" "$(STD) $(CFLAGS)" $$BASES

TENSOR_BASES = $(call names,bench/tensors.txt)

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

CLOUD_BASES = $(call names,bench/clouds.txt)

$(CLOUD_BASES:%=build/bench/%.h): build/bench/%.h: bench/clouds.txt build/eqml-gen
	$(generate)

build/bench/%.cloud: bench/environment.c bench/timing.h build/bench/%.h build/eqml.o
	$(COMPILE) $(OPTIONAL) -I. -Ibuild/bench -DBASIS_HEADER='"$*.h"' -DBASIS=$* $< build/eqml.o -o $@ -lm

bench-environment: $(CLOUD_BASES:%=build/bench/%.cloud) ## times of neighbour clouds: stage by stage, against neighbours and against atoms
	@set -e; for p in $^; do $$p; done

# ---- generated headers -----------------------------------------------------------------------------------

GENERATED = $(call names,generated/bases.txt)

build/generated/%.h: generated/bases.txt build/eqml-gen
	$(generate)

generate: $(GENERATED:%=build/generated/%.h) ## rewrite the headers in generated/
	cp $^ generated/

check-generated: $(GENERATED:%=build/generated/%.h) ## fail where generated/ is not what the generator writes
	diff -r -x bases.txt generated build/generated

format: ## lay out the sources
	clang-format -i gen/*.[ch] gen/*/*.[ch] gen/*/*/*.h gen/*/*/*.inc examples/*.[ch] examples/*/*.[ch] tests/*.[ch] tests/headers/*.[ch] bench/*.[ch]
	$(MAKE) join

clean: ## remove build/
	rm -rf build

# ---- promises of the headers -----------------------------------------------------------------------------

# The units of tests/headers become one program in each combination of compiler, language and vectors.
HEADER_COMPILERS = gcc $(if $(shell command -v clang 2>/dev/null),clang)
HEADER_VARIANTS = c11/sse2 $(HEADER_AVX2) c11/native c11/scalar c++11/sse2 c++17/sse2 c++17/native
# Where native is AVX2, and not AVX-512, c11/native is that program already.
HEADER_AVX2 := $(if $(filter 2,$(shell gcc -march=native -dM -E -x c /dev/null 2>/dev/null | grep -cw -e __AVX2__ -e __FMA__ -e __AVX512F__)),,c11/avx2)
HEADER_UNITS = implementation main second library client private large versions versions_turned
HEADER_WARNINGS = $(WARNINGS) -Wshadow -Wdouble-promotion -Wconversion
HEADER_PROGRAMS = $(foreach c,$(HEADER_COMPILERS),$(HEADER_VARIANTS:%=build/headers/$(c)/%))
vectors-sse2 =
vectors-avx2 = -mavx2 -mfma
vectors-native = -march=native
vectors-scalar = -DEQML_SCALAR
language-c11 = -x c -std=c11
language-c++11 = -x c++ -std=c++11
language-c++17 = -x c++ -std=c++17

check-headers: $(HEADER_PROGRAMS) build/headers/refused ## what eqml.h promises: C11, C++17, two translation units, gcc and clang, with and without vectors
	@$(if $(filter clang,$(HEADER_COMPILERS)),,echo "check-headers: no clang here; gcc only")
	@for p in $(HEADER_PROGRAMS); do \
		case $$p in */avx2) grep -qw fma /proc/cpuinfo || continue; esac; \
		$$p || { echo "check-headers: $$p fails" >&2; exit 1; }; done
	@echo "check-headers: $(words $(HEADER_PROGRAMS)) programs agree"

build/headers/write: tests/headers/write.c eqml.h build/tests/h2o_d8.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARNINGS) -O0 -I. -Ibuild/tests $< -o $@ -lm

build/headers/h2o_pes.h: build/headers/write
	$< h2o eqml.h build/tests/h2o_d8.h $@

# The same with another layout number, and with two fields of the model in another order.
NEXT = build/headers/next
LAYOUT = $(shell sed -n 's/^\#define EQML_LAYOUT //p' eqml.h)

$(NEXT)/eqml.h: eqml.h
	@mkdir -p $(@D)
	sed -e '/^#define EQML_LAYOUT /s/ [0-9]*$$/ 999/' -e '/^    const double \*rates;/{s/rates/offset/;n;s/offset/rates/;}' \
	    -e 's/%s_rates, %s_offset,/%s_offset, %s_rates,/' $< >$@
	@! cmp -s $< $@

$(NEXT)/h2o_d8.h: build/tests/h2o_d8.h
	@mkdir -p $(@D)
	sed -e '/EQML_LAYOUT/s/$(LAYOUT)/999/' $< >$@

build/headers/next_pes.h: tests/headers/write.c $(NEXT)/eqml.h $(NEXT)/h2o_d8.h
	$(CC) $(STD) -O0 -I$(NEXT) $< -o $(NEXT)/write -lm
	$(NEXT)/write next $(NEXT)/eqml.h $(NEXT)/h2o_d8.h $@

# A basis of another layout is refused with a line that says what to do, and so is one from before layouts.
build/headers/refused: build/tests/h2o_d8.h $(NEXT)/eqml.h
	@mkdir -p $(@D)
	! $(CC) $(STD) -fsyntax-only -I$(NEXT) -x c $< 2>$@.log
	grep -q "error.*layout.*write it again" $@.log
	sed -e '/^#if EQML_LAYOUT/,/^#endif/d' -e 's/EQML_BASIS_FUNCTIONS/EQML_MODEL_FUNCTIONS/' $< >$@.h
	! $(CC) $(STD) -fsyntax-only -I. $@.h 2>$@.log
	grep -q "write it again with eqml-gen" $@.log
	@touch $@

# What the optimiser may spoil, the numbers, is compiled at -O2 for each set of vectors: main, library and large (which
# takes clang too long, but for the vectors of this machine). Whether the rest compiles, links and agrees does not
# depend on it. The implementation takes longest, and build/eqml.o is that of gcc, optimised: clang's is at -O1.
build/headers/%: $(HEADER_UNITS:%=tests/headers/%.c) tests/headers/units.h tests/headers/versions.h build/headers/h2o_pes.h build/headers/next_pes.h eqml.h build/tests/h2o_d8.h build/tests/h30_d3.h
	@mkdir -p $@.units
	@set -e; for u in $(HEADER_UNITS); do \
		case $*/$$u in */versions*|gcc/*/implementation) level=-O0;; clang/c11/native/implementation) level=-O1;; */c11/native/*|*/c11/*/main|*/c11/*/library|gcc/c11/*/large|*/c++17/native/main) level=-O2;; *) level=-O0;; esac; \
		$(word 1,$(subst /, ,$*)) $(language-$(word 2,$(subst /, ,$*))) $(HEADER_WARNINGS) $$level $(vectors-$(word 3,$(subst /, ,$*))) \
			-I. -Ibuild/tests -Ibuild/headers -c tests/headers/$$u.c -o $@.units/$$u.o; done
	$(word 1,$(subst /, ,$*)) $(HEADER_UNITS:%=$@.units/%.o) -o $@ $(if $(findstring c++,$*),-lstdc++) -lm

# Surfaces of every kind, as a user has them: a header written by the library, compiled alone. A line of
# tests/kinds/kinds.txt describes each; the last kind, expansion, has no header of its own. A changed line writes all
# headers anew.
KINDS = tests/kinds/kinds.txt
KIND_PROGRAMS = $(patsubst %,build/kinds/%,$(call names,$(KINDS)) expansion)
KIND_WRITERS = $(sort $(shell sed -n 's/^[a-z][a-z_0-9]*  *\([a-z0-9_]*\).*/build\/kinds\/write-\1/p' $(wildcard $(KINDS)) </dev/null))

build/kinds/write-%: tests/kinds/write.c tests/kinds/geometry.h build/tests/implementation.o build/tests/%.h
	@mkdir -p $(@D)
	$(TEST_COMPILE) -O0 -I. -Ibuild/tests -DBASIS_HEADER='"$*.h"' -DBASIS=$* $< build/tests/implementation.o -o $@ -lm

# In the shell: basis $$1, whole, walled, prune or grow $$2, terms $$3, variables $$4, own basis $$5, options.
KIND = set -- $$(sed -n 's/^$*  *//p' $(KINDS))

build/kinds/%_pes.h: $(KINDS) $(KIND_WRITERS) build/eqml.o build/eqml-gen examples/rebase.c examples/common/few.sh
	$(KIND); build/kinds/write-$$1 eqml.h build/tests/$$1.h build/kinds $* $$2 $$3 $$4 && \
	    case $$2 in whole | walled) ;; *) sh examples/common/few.sh build/kinds $* build/tests/$$1.h $$1 $(CC) $(STD) $(WARNINGS);; esac

build/kinds/%: tests/kinds/driver.c tests/kinds/geometry.h build/kinds/%_pes.h
	$(KIND); own=$$5; shift 5; case "$$*" in *TABLES*|*USERS*) api=;; *) api=-D$*_API=extern;; esac; \
	    $(CC) $(STD) $(WARNINGS) -O1 -march=native -Ibuild/kinds -DSURFACE_HEADER='"$*_pes.h"' -DNAME=$* $$api -DLAYOUT=$(LAYOUT) -DBASIS=eqml$(LAYOUT)_$$own "$$@" $< -o $@ -lm

build/kinds/expansion: tests/kinds/driver.c tests/kinds/expansion_pes.h tests/kinds/geometry.h eqml.h build/tests/h2_d4.h build/tests/h2c_d3.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARNINGS) -O1 -march=native -I. -Ibuild/tests -Itests/kinds -DSURFACE_HEADER='"expansion_pes.h"' -DNAME=expansion \
	    -DBASIS=expansion_few -DEXPANSION $< -o $@ -lm

check-kinds: $(KIND_PROGRAMS) ## every function of every kind of surface against differences of a lower one
	@status=0; for p in $(KIND_PROGRAMS); do $$p || { echo "check-kinds: $$p fails" >&2; status=1; }; done; exit $$status

# Fits by one thread and by several give the same bits: tests/threads/driver.c prints them.
THREAD_COMPILE = $(CC) $(STD) $(WARNINGS) -O1 -march=native -I. -Ibuild/tests -Iexamples
# The census, of the runtime of all surfaces; its parts are compiled anew, with OpenMP.
THREAD_CENSUS = tests/threads/census.c examples/common/minimise.c $(sort $(wildcard examples/census/*.c)) build/eqml.o

check-threads: tests/threads/driver.c eqml.h build/tests/ch4_d6.h $(THREAD_CENSUS) ## fail where a fit or a census depends on the number of threads
	@mkdir -p build/threads
	$(THREAD_COMPILE) $< -o build/threads/plain -lm
	@echo '#include <omp.h>' | $(CC) -fopenmp -x c -fsyntax-only - 2>/dev/null || { echo "check-threads: no OpenMP here; skipped"; exit 0; }; \
	    set -e; $(THREAD_COMPILE) -fopenmp $< -o build/threads/threads -lm; build/threads/plain >build/threads/wanted; \
	    $(THREAD_COMPILE) -fopenmp $(THREAD_CENSUS) -o build/threads/census -lm; \
	    OMP_NUM_THREADS=1 build/threads/census >build/threads/census-wanted; \
	    for n in 1 2 3 7; do export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=$$n; build/threads/threads >build/threads/found; \
	        cmp build/threads/wanted build/threads/found; build/threads/census >build/threads/found; \
	        cmp build/threads/census-wanted build/threads/found; done; \
	    echo "check-threads: the same bits from 1, 2, 3 and 7 threads"

# The generator itself, built by another compiler, must write the same bytes; two larger bases beside those of the tests.
COMPILER_TABLES = tests/bases.txt tests/large.txt tests/clouds.txt

check-compilers: build/eqml-gen ## fail where gcc and clang build generators that differ
ifeq ($(shell command -v clang 2>/dev/null),)
	@echo "check-compilers: no clang here; skipped"
else
	$(call other_build,clang)
	$(MAKE) -C build/clang CC=clang build/eqml-gen
	@set -e; for name in $(call names,$(COMPILER_TABLES)); do for g in build build/clang/build; do \
	    sed -n "s/^$$name  *//p" $(COMPILER_TABLES) | xargs $$g/eqml-gen -n $$name -o $$g/same.h; done; \
	    cmp build/same.h build/clang/build/same.h; done; rm build/same.h
	@echo "check-compilers: the same bytes from both"
endif

# ---- other machines --------------------------------------------------------------------------------------

# Programs for other machines, run by qemu: tests/headers/ports.c with each surface at each level of
# optimisation, and the units of tests/headers at -O2. i686 is without SSE2, s390x has its bytes the other way round.
PORT_MACHINES = aarch64 i686 s390x
PORT_COMPILERS = gcc clang
PORT_LEVELS = O0 O1 O2 O3
PORT_SURFACES = $(call names,tests/headers/ports.txt)
PORT_PROGRAMS = units/O2 $(foreach s,$(PORT_SURFACES),$(PORT_LEVELS:%=$(s)/%))
port-package-aarch64 = gcc-aarch64-linux-gnu
port-package-i686 = gcc-i686-linux-gnu
port-package-s390x = gcc-s390x-linux-gnu
port-qemu-aarch64 = qemu-aarch64
port-qemu-i686 = qemu-i386
port-qemu-s390x = qemu-s390x
port-options-i686 = -march=i686
port-gcc = $(1)-linux-gnu-gcc
port-clang = clang --target=$(1)-linux-gnu
port_here = $(shell command -v $(1) 2>/dev/null)
# clang takes the linker and the C library from the cross compiler's packages.
port_missing = $(if $(call port_here,$(1)-linux-gnu-gcc),,$(port-package-$(1))) \
	$(if $(call port_here,$(port-qemu-$(1))),,qemu-user) $(if $(call port_here,$(2)),,$(2))
port_compile = $(call port-$(2),$(1)) $(STD) $(WARNINGS) $(port-options-$(1))

PORT_PAIRS = $(foreach m,$(PORT_MACHINES),$(PORT_COMPILERS:%=$(m)/%))
port_pair_missing = $(strip $(call port_missing,$(word 1,$(subst /, ,$(1))),$(word 2,$(subst /, ,$(1)))))

check-ports: ## the headers' checks for aarch64, i686 and s390x, by gcc and clang, run by qemu, as far as they are installed
	@$(MAKE) --no-print-directory $(foreach p,$(PORT_PAIRS),$(if $(call port_pair_missing,$(p)),,$(PORT_PROGRAMS:%=build/ports/$(p)/%))) build/ports/h2o_d5_pes.h
	@$(foreach p,$(PORT_PAIRS),$(if $(call port_pair_missing,$(p)),echo "check-ports: $(p) skipped; Debian has it in: $(call port_pair_missing,$(p))";)) :
	@failed=0; agree=0; \
	run() { if $$1 -L /usr/$$2-linux-gnu $$3; then agree=$$((agree + 1)); \
		else failed=1; echo "check-ports: $$3 fails" >&2; fi; }; \
	$(foreach p,$(PORT_PAIRS),$(if $(call port_pair_missing,$(p)),,$(foreach q,$(PORT_PROGRAMS),run $(port-qemu-$(firstword $(subst /, ,$(p)))) $(firstword $(subst /, ,$(p))) build/ports/$(p)/$(q);))) \
	echo "check-ports: $$agree programs agree"; exit $$failed

$(PORT_SURFACES:%=build/ports/%.h): build/ports/%.h: tests/headers/ports.txt build/eqml-gen
	$(generate)

$(PORT_SURFACES:%=build/ports/%_pes.h): build/ports/%_pes.h: build/ports/%.h tests/headers/write.c eqml.h
	$(CC) $(STD) $(WARNINGS) -O1 -I. -Ibuild/ports -DBASIS=$* -DBASIS_HEADER='"$*.h"' tests/headers/write.c -o $@.write -lm
	$@.write h2o eqml.h $< $@

# 1: machine, 2: compiler
define port_programs
build/ports/$(1)/$(2)/units/O2: $(HEADER_UNITS:%=tests/headers/%.c) tests/headers/units.h build/headers/h2o_pes.h build/headers/next_pes.h eqml.h build/tests/h2o_d8.h build/tests/h30_d3.h
	@mkdir -p $$@.units
	@set -e; for u in $(HEADER_UNITS); do $(call port_compile,$(1),$(2)) -O2 -I. -Ibuild/tests -Ibuild/headers \
		-c tests/headers/$$$$u.c -o $$@.units/$$$$u.o; done
	$(call port-$(2),$(1)) $(HEADER_UNITS:%=$$@.units/%.o) -o $$@ -lm

$(foreach s,$(PORT_SURFACES),$(foreach l,$(PORT_LEVELS),$(call port_program,$(1),$(2),$(s),$(l))))
endef

# 1: machine, 2: compiler, 3: surface, 4: level
define port_program
build/ports/$(1)/$(2)/$(3)/$(4): tests/headers/ports.c build/ports/$(3)_pes.h
	@mkdir -p $$(@D)
	$(call port_compile,$(1),$(2)) -$(4) -Ibuild/ports -DBASIS=eqml$(LAYOUT)_$(3) -DSURFACE_HEADER='"$(3)_pes.h"' $$< -o $$@ -lm


endef
$(foreach m,$(PORT_MACHINES),$(foreach c,$(PORT_COMPILERS),$(eval $(call port_programs,$(m),$(c)))))
