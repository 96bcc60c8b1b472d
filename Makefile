# eqml: `make help` lists the targets.
CFLAGS ?= -O3 -march=native
WARNINGS = -Wall -Wextra -Wpedantic -Werror
STD = -std=c11 -ffp-contract=fast
COMPILE = $(CC) $(STD) $(WARNINGS) $(CFLAGS)

# Optional: make LAPACK=1 (least squares with LAPACK and BLAS), OPENMP=1 (batches on all cores).
ifdef LAPACK
OPTIONAL += -DEQML_USE_LAPACK $(shell pkg-config --cflags --libs openblas)
endif
ifdef OPENMP
OPTIONAL += -fopenmp
endif

# What the user gives goes to the shell in the environment, never as text of a command: "$$DATA" holds DATA as it
# was given, whatever is in it. BASIS, FIT, PRUNE and BASES are lists of words.
NAME ?= pes
VALUES = DATA COMPOSITION DEGREE NAME DIPOLE QUADRUPOLE POLARIZABILITY BASIS FIT PRUNE BASES
$(foreach v,$(VALUES),$(eval override $(v) := $$(value $(v)))$(eval export $(v)))

# Floors of the generator, from the top down; a floor includes those below it only.
FLOORS = molecule emit program algebra base
GEN_SOURCES = $(wildcard gen/*.c $(FLOORS:%=gen/%/*.c))
GEN = $(GEN_SOURCES:gen/%.c=build/gen/%.o)
TESTS = $(patsubst tests/%.c,build/tests/%.o,$(wildcard tests/*.c))

.PHONY: all help join check-joined check-parts pes prune expansion demo ir examples test asan fuzz check-libfuzzer bench bench-tensors generate check-generated check-headers check-kinds check-compilers check-ports format clean

all: build/eqml-gen ## build the generator, build/eqml-gen

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

# Two makes may run at once: a file appears whole, under a name that is no other's before.
build/eqml-gen: $(GEN)
	$(COMPILE) $^ -o $@.$$$$ && mv -f $@.$$$$ $@

GEN_HEADERS = $(wildcard gen/*.h $(FLOORS:%=gen/%/*.h))

build/gen/emit/header.o: gen/runtime/basis.h # the layout number

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

# ---- from data to a library ------------------------------------------------------------------------------

pes: build/eqml-gen ## DATA=file.xyz COMPOSITION="H4 C" DEGREE=6 NAME=ch4 [DIPOLE=5] [QUADRUPOLE=5] [POLARIZABILITY=5] [BASIS="options"] [FIT="options"]: fit a surface into build/pes/NAME
	@LIBRARIES="$(OPTIONAL)" sh examples/common/pes.sh $(COMPILE)

# ---- error against size ----------------------------------------------------------------------------------

prune: build/eqml-gen ## DATA=file.xyz COMPOSITION="H4 C" DEGREE=4 NAME=ch4 [PRUNE="options"]: error against terms, pruned and grown
	@test -n "$$DATA" && test -n "$$COMPOSITION" && test -n "$$DEGREE" || { echo "make prune: needs DATA, COMPOSITION and DEGREE; for example: make prune DATA=ethanol.xyz COMPOSITION=\"C C O H2 H3 H\" DEGREE=3 NAME=ethanol" >&2; exit 2; }
	@case $$NAME in ''|[0-9]*|*[!A-Za-z0-9_]*) echo "make prune: NAME=$$NAME: it must be a C identifier, as in NAME=ethanol" >&2; exit 2;; esac
	@mkdir -p build/prune
	build/eqml-gen -d "$$DEGREE" -n "$${NAME}_all" -o "build/prune/$${NAME}_all.h" "$$COMPOSITION"
	$(COMPILE) -I. -Ibuild/prune -DBASIS_HEADER="\"$${NAME}_all.h\"" -DBASIS="$${NAME}_all" examples/prune.c -o "build/prune/$$NAME" $(OPTIONAL) -lm
	rm -f "build/prune/$$NAME.basis"
	case $$DATA in -*) DATA=./$$DATA;; esac; \
	    printf '%s\n' "--name $$NAME $$PRUNE" | xargs "build/prune/$$NAME" --directory build/prune "$$DATA"
	! test -f "build/prune/$$NAME.basis" || \
	    sh examples/common/few.sh build/prune "$$NAME" "build/prune/$${NAME}_all.h" "$${NAME}_all" $(COMPILE)

# NAME:DEGREE:COMPOSITION, _ for blanks.
EXPANSION_BASES = hh:8:H2 hc:8:H_C hhh:6:H3 hhc:6:H2_C hhhh:5:H4 hhhc:5:H3_C ch4_d3:3:H4_C ch4_d4:4:H4_C ch4_d5:5:H4_C ch4_d6:6:H4_C

expansion: build/eqml-gen ## [DATA=methane.xyz]: methane as a sum over pairs, triples and quadruples, against the whole
	@set -e; file=$${DATA:-../shared/data/qm22/methane.xyz}; case $$file in -*) file=./$$file;; esac; \
	if ! test -r "$$file"; then \
	    test -z "$$DATA" || { printf 'make expansion: %s: there is no such file, or it cannot be read\n' "$$DATA" >&2; exit 2; }; \
	    echo "make expansion: skipped, there are no data; DATA=methane.xyz (QM-22) names them"; exit 0; \
	fi; \
	mkdir -p build/expansion; \
	$(foreach b,$(EXPANSION_BASES),build/eqml-gen -d $(word 2,$(subst :, ,$(b))) -n $(word 1,$(subst :, ,$(b))) -o build/expansion/$(word 1,$(subst :, ,$(b))).h "$(subst _, ,$(word 3,$(subst :, ,$(b))))";) \
	$(COMPILE) -I. -Ibuild/expansion examples/expansion.c -o build/expansion/expansion $(OPTIONAL) -lm; \
	build/expansion/expansion "$$file"

# ---- the main job on real data ---------------------------------------------------------------------------

DEMO = build/demo

demo: build/eqml-gen ## fit ammonia and water, report errors and speed, draw pictures into build/demo/
	@$(MAKE) --no-print-directory pes NAME=nh3 DATA=examples/data/nh3_mp2.xyz COMPOSITION="H3 N" DEGREE=6 DIPOLE=4 \
	    FIT="--train-every 2 --variable H-H=morse:8 --variable H-N=morse:2.5"
	@$(MAKE) --no-print-directory pes NAME=h2o DATA=examples/data/h2o_ps.xyz COMPOSITION="H2 O" DEGREE=12 DIPOLE=8 \
	    FIT="--train-every 2 --variable H-H=morse:8 --variable H-O=morse:5"
	@mkdir -p $(DEMO)
	$(COMPILE) -I. -Iexamples -Ibuild/pes/nh3 -Ibuild/pes/h2o examples/demo.c -o $(DEMO)/demo -lm
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
	$(COMPILE) -I. -Iexamples -Ibuild/pes/water -Ibuild/pes/water_hf -Ibuild/pes/ammonia examples/ir.c -o build/ir/ir -lm
	build/ir/ir build/ir

# ---- the program to start from ---------------------------------------------------------------------------

examples: build/eqml-gen ## compile and run the program to start from, examples/quickstart.c
	@mkdir -p build/examples
	build/eqml-gen -d 5 -n nh3 -o build/examples/nh3.h "H3 N"
	$(COMPILE) -I. -Ibuild/examples examples/quickstart.c -o build/examples/quickstart -lm
	cd build/examples && ./quickstart ../../examples/data/nh3_mp2.xyz

# ---- tests -----------------------------------------------------------------------------------------------

# Headers that the tests include, made by the generator that is tested: NAME:DEGREE:COMPOSITION[:OPTIONS], _ for
# blanks.
TEST_BASES = h2o_d8:8:H2_O nh3_d5:5:H3_N ch4_d4:4:H4_C ch4_d6:6:H4_C h5o2_d4:4:H5_O2 dimer_d3:3:(H2_O)2 abcd_d3:3:A_B_C_D \
	dimer_purified_d3:3:(H2_O)2:--terms_purified trimer_purified_d3:3:(H2_O)3:--terms_purified \
	ch4_body3_d5:5:H4_C:--body_3 nh3_rotations_d5:5:H3_N:--group_tests/rotations.group
TEST_BASES += h2o_d2_tensors:2:H2_O:--dipole_2_--quadrupole_2_--polarizability_2 \
	h2o_tensors:6:H2_O:--dipole_5_--quadrupole_4_--polarizability_4 \
	h3o_tensors:4:H3_O:--dipole_4_--quadrupole_3_--polarizability_3 \
	ch4_tensors:4:H4_C:--dipole_4_--quadrupole_3_--polarizability_3 \
	o3_tensors:5:O3:--dipole_5_--quadrupole_4_--polarizability_4 \
	abc_tensors:3:A_B_C:--dipole_3_--quadrupole_3_--polarizability_3 \
	o2_tensors:4:O2:--dipole_3_--quadrupole_3_--polarizability_4 \
	a5_tensors:3:A5:--dipole_3_--quadrupole_3_--polarizability_3 \
	a5b_tensors:3:A5_B:--dipole_2_--quadrupole_2_--polarizability_2 \
	h5o2_dipole:3:H5_O2:--dipole_2 \
	dimer_tensors:3:(H2_O)2:--dipole_3_--quadrupole_2_--polarizability_2 trimer_dipole:3:(H2_O)3:--dipole_3
TEST_BASES += h2_d4:4:H2 hc_d4:4:H_C h3_d3:3:H3 h2c_d3:3:H2_C h30_d3:3:H30 h20c3_d4:4:H20_C3 nh3_orbits_d4:4:H3_N:--scheme_orbit-sums
TEST_HEADERS = $(foreach b,$(TEST_BASES),build/tests/$(word 1,$(subst :, ,$(b))).h)

define test_header
build/tests/$(word 1,$(subst :, ,$(1))).h: build/eqml-gen
	@mkdir -p build/tests
	build/eqml-gen -d $(word 2,$(subst :, ,$(1))) -n $(word 1,$(subst :, ,$(1))) -o $$@ $(subst _, ,$(word 4,$(subst :, ,$(1)))) "$(subst _, ,$(word 3,$(subst :, ,$(1))))"
endef
$(foreach b,$(TEST_BASES),$(eval $(call test_header,$(b))))

build/tests/%.o: tests/%.c eqml.h $(GEN_HEADERS) $(wildcard tests/*.h) $(TEST_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) -I. -Igen -Ibuild/tests $(shell pkg-config --cflags criterion) -c $< -o $@

# The fit program, for tests of its command line and of its report.
build/tests/fit: examples/pes.c eqml.h build/tests/h2o_d8.h
	$(COMPILE) -I. -Ibuild/tests -DBASIS_HEADER='"h2o_d8.h"' -DBASIS=h2o_d8 $< -o $@ -lm

build/tests/fit-h2o: examples/pes.c eqml.h build/tests/h2o_tensors.h
	$(COMPILE) -I. -Ibuild/tests -DBASIS_HEADER='"h2o_tensors.h"' -DBASIS=h2o_tensors $< -o $@ -lm

build/run-tests: $(TESTS) $(filter-out build/gen/main.o,$(GEN)) | build/tests/fit build/tests/fit-h2o build/bench/run
	$(COMPILE) $^ -o $@ $(shell pkg-config --libs criterion) -lm

test: build/run-tests check-joined check-parts check-headers check-kinds check-generated check-compilers examples ## pass the tests (needs libcriterion-dev and pkg-config)
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL build/run-tests # the tests call make themselves

# Other builds live in folders of their own, build/KIND, with links to the sources.
SOURCES = Makefile eqml.h gen tests examples bench
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
FUZZERS = data surface expansion options group tables
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

fuzz: check-libfuzzer ## [SECONDS=60] [FUZZERS="data surface expansion options group tables"]: fuzz all readers, so long each
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

# NAME:DEGREE:DIPOLE:RANK TWO:COMPOSITION, _ for blanks.
TENSOR_BASES = h2_o:8:6:6:H2_O h3_n:6:4:4:H3_N h4_c:6:5:4:H4_C h2_c_o:6:4:4:H2_C_O h5_o2:5:3:3:H5_O2 ethanol:3:2:2:C_C_O_H2_H3_H

bench-tensors: build/eqml-gen ## times of dipoles, quadrupoles and polarizabilities beside those of the energy
	@mkdir -p build/bench
	@printf '%-16s %5s %8s %8s %5s' basis terms gradient +dipole ratio; for t in dipole quadrupole polarizability; do \
	    printf ' | %14.14s %7s %7s %7s' "$$t: one" Jacob. batch Jacob.; done; echo
	@set -e; $(foreach b,$(TENSOR_BASES),$(call bench_tensors,$(word 1,$(subst :, ,$(b))),$(word 2,$(subst :, ,$(b))),$(word 3,$(subst :, ,$(b))),$(word 4,$(subst :, ,$(b))),$(subst _, ,$(word 5,$(subst :, ,$(b))))))

# 1: name, 2: degree, 3: of the dipole, 4: of the other tensors, 5: composition
define bench_tensors
build/eqml-gen -d $(2) --dipole $(3) --quadrupole $(4) --polarizability $(4) -n $(1) -o build/bench/$(1).h "$(5)"; \
$(CC) $(STD) -O1 -I. -Ibuild/bench -DBASIS_HEADER='"$(1).h"' -DBASIS=$(1) bench/surface.c -o build/bench/surface -lm; \
build/bench/surface surface eqml.h build/bench/$(1).h build/bench/$(1)_pes.h; \
$(CC) $(STD) $(CFLAGS) -I. -Ibuild/bench -DBASIS_HEADER='"$(1).h"' -DSURFACE_HEADER='"$(1)_pes.h"' -DSURFACE=surface -DBASIS=$(1) -DRANK_TWO \
    bench/tensors.c -o build/bench/tensors -lm; build/bench/tensors;
endef

# ---- generated headers -----------------------------------------------------------------------------------

GENERATED = h2_o_d8:8:H2_O h3_n_d6:6:H3_N h4_c_d6:6:H4_C h2_c_o_d6:6:H2_C_O

generate: build/eqml-gen ## rewrite the headers in generated/
	@mkdir -p generated
	@set -e; $(foreach b,$(GENERATED),build/eqml-gen -d $(word 2,$(subst :, ,$(b))) -o generated/$(word 1,$(subst :, ,$(b))).h "$(subst _, ,$(word 3,$(subst :, ,$(b))))";)

check-generated: build/eqml-gen ## fail where generated/ is not what the generator writes
	@set -e; mkdir -p build/generated; $(foreach b,$(GENERATED),build/eqml-gen -d $(word 2,$(subst :, ,$(b))) -o build/generated/$(word 1,$(subst :, ,$(b))).h "$(subst _, ,$(word 3,$(subst :, ,$(b))))";)
	diff -r generated build/generated

format: ## lay out the sources
	clang-format -i gen/*.[ch] gen/*/*.[ch] gen/*/*/*.h examples/*.[ch] tests/*.[ch] tests/headers/*.[ch] bench/*.[ch]
	$(MAKE) join

clean: ## remove build/
	rm -rf build

# ---- promises of the headers -----------------------------------------------------------------------------

# The units of tests/headers become one program in each combination of compiler, language and vectors.
HEADER_COMPILERS = gcc $(if $(shell command -v clang 2>/dev/null),clang)
HEADER_VARIANTS = c11/sse2 c11/avx2 c11/native c11/scalar c++11/sse2 c++17/sse2 c++17/native
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
	$(CC) $(STD) $(WARNINGS) -O1 -I. -Ibuild/tests $< -o $@ -lm

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
	$(CC) $(STD) -O1 -I$(NEXT) $< -o $(NEXT)/write -lm
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

build/headers/%: $(HEADER_UNITS:%=tests/headers/%.c) tests/headers/units.h tests/headers/versions.h build/headers/h2o_pes.h build/headers/next_pes.h eqml.h build/tests/h2o_d8.h build/tests/h30_d3.h
	@mkdir -p $@.units
	@set -e; for u in $(HEADER_UNITS); do \
		$(word 1,$(subst /, ,$*)) $(language-$(word 2,$(subst /, ,$*))) $(HEADER_WARNINGS) -O2 $(vectors-$(word 3,$(subst /, ,$*))) \
			-I. -Ibuild/tests -Ibuild/headers -c tests/headers/$$u.c -o $@.units/$$u.o; done
	$(word 1,$(subst /, ,$*)) $(HEADER_UNITS:%=$@.units/%.o) -o $@ -lm

# Surfaces of every kind, as a user has them: a header written by the library, compiled alone. NAME:BASIS of
# TEST_BASES:whole, prune or grow:TERMS:one kind of variable, morse, or mixed:BASIS IN THE HEADER:OPTIONS of
# tests/kinds/driver.c, _ for blanks. The last kind has no header of its own.
KINDS = complete:h2o_d8:whole:0:mixed:h2o_d8 one_variable:nh3_d5:whole:0:morse:nh3_d5 \
	purified:dimer_purified_d3:whole:0:mixed:dimer_purified_d3 body:ch4_body3_d5:whole:0:morse:ch4_body3_d5 \
	pruned:ch4_d4:prune:40:morse:pruned_few pruned_mixed:nh3_d5:prune:50:mixed:pruned_mixed_few \
	grown:ch4_d4:grow:50:mixed:grown_few pruned_tables:ch4_d4:prune:40:morse:pruned_tables_few:-DTABLES \
	tensors:h2o_tensors:whole:0:mixed:h2o_tensors:-DTENSORS \
	tensors_tables:h2o_tensors:whole:0:morse:h2o_tensors:-DTENSORS_-DTABLES \
	matrices:h30_d3:whole:0:morse:h30_d3 tables:nh3_d5:whole:0:mixed:nh3_d5:-DTABLES \
	orbits:nh3_orbits_d4:whole:0:mixed:nh3_orbits_d4 users:nh3_d5:whole:0:mixed:nh3_d5:-DUSERS \
	users_tensors:h2o_tensors:whole:0:morse:h2o_tensors:-DUSERS_-DTENSORS
KIND_PROGRAMS = $(foreach k,$(KINDS),build/kinds/$(word 1,$(subst :, ,$(k)))) build/kinds/expansion

build/kinds/implementation.o: tests/implementation.c eqml.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARNINGS) -O1 -I. -c $< -o $@

define kind_writer
build/kinds/write-$(1)-$(2): tests/kinds/write.c tests/kinds/geometry.h build/kinds/implementation.o build/tests/$(1).h
	$$(CC) $$(STD) $$(WARNINGS) -O0 -I. -Ibuild/tests -DBASIS_HEADER='"$(1).h"' -DBASIS=$(1) -DMIXED=$(if $(filter mixed,$(2)),1,0) \
	    $$< build/kinds/implementation.o -o $$@ -lm
endef
$(foreach w,$(sort $(foreach k,$(KINDS),$(word 2,$(subst :, ,$(k))):$(word 5,$(subst :, ,$(k))))),$(eval $(call kind_writer,$(word 1,$(subst :, ,$(w))),$(word 2,$(subst :, ,$(w))))))

define kind
build/kinds/$(1)_pes.h: build/kinds/write-$(2)-$(5) build/eqml-gen examples/rebase.c examples/common/few.sh
	$$< eqml.h build/tests/$(2).h build/kinds $(1) $(3) $(4)
	case $(3) in whole) ;; *) sh examples/common/few.sh build/kinds $(1) build/tests/$(2).h $(2) $$(CC) $$(STD) $$(WARNINGS);; esac

build/kinds/$(1): tests/kinds/driver.c tests/kinds/geometry.h build/kinds/$(1)_pes.h
	$$(CC) $$(STD) $$(WARNINGS) -O1 -march=native -Ibuild/kinds -DSURFACE_HEADER='"$(1)_pes.h"' -DNAME=$(1) -D$(1)_API=extern -DLAYOUT=$(LAYOUT) -DBASIS=eqml$(LAYOUT)_$(6) $(subst _-, -,$(7)) \
	    $$< -o $$@ -lm
endef
$(foreach k,$(KINDS),$(eval $(call kind,$(word 1,$(subst :, ,$(k))),$(word 2,$(subst :, ,$(k))),$(word 3,$(subst :, ,$(k))),$(word 4,$(subst :, ,$(k))),$(word 5,$(subst :, ,$(k))),$(word 6,$(subst :, ,$(k))),$(word 7,$(subst :, ,$(k))))))

build/kinds/expansion: tests/kinds/driver.c tests/kinds/expansion_pes.h tests/kinds/geometry.h eqml.h build/tests/h2_d4.h build/tests/h2c_d3.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARNINGS) -O1 -march=native -I. -Ibuild/tests -Itests/kinds -DSURFACE_HEADER='"expansion_pes.h"' -DNAME=expansion \
	    -DBASIS=expansion_few -DEXPANSION $< -o $@ -lm

check-kinds: $(KIND_PROGRAMS) ## every function of every kind of surface against differences of a lower one
	@status=0; for p in $(KIND_PROGRAMS); do $$p || { echo "check-kinds: $$p fails" >&2; status=1; }; done; exit $$status

# The generator itself, built by another compiler, must write the same bytes.
COMPILER_CASES = $(foreach b,$(TEST_BASES) c2h6o_d3:3:C_C_O_H2_H3_H h4c_d8:8:H4_C,$(b))

check-compilers: build/eqml-gen ## fail where gcc and clang build generators that differ
ifeq ($(shell command -v clang 2>/dev/null),)
	@echo "check-compilers: no clang here; skipped"
else
	$(call other_build,clang)
	$(MAKE) -C build/clang CC=clang build/eqml-gen
	@set -e; $(foreach b,$(COMPILER_CASES),for g in build build/clang/build; do \
		$$g/eqml-gen -d $(word 2,$(subst :, ,$(b))) -o $$g/same.h "$(subst _, ,$(word 3,$(subst :, ,$(b))))"; done; \
		cmp build/same.h build/clang/build/same.h;)
	@rm build/same.h
	@echo "check-compilers: the same bytes from both"
endif

# ---- other machines --------------------------------------------------------------------------------------

# Programs for other machines, run by qemu: tests/headers/ports.c with each surface at each level of
# optimisation, and the units of tests/headers at -O2. i686 is without SSE2, s390x has its bytes the other way round.
PORT_MACHINES = aarch64 i686 s390x
PORT_COMPILERS = gcc clang
PORT_LEVELS = O0 O1 O2 O3
# name:degree:composition:atoms
PORT_SURFACES = h2o_d5:5:H2_O:3 ch4_d5:5:H4_C:5
PORT_PROGRAMS = units/O2 $(foreach s,$(PORT_SURFACES),$(PORT_LEVELS:%=$(word 1,$(subst :, ,$(s)))/%))
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

# 1: name:degree:composition of a surface
define port_surface
build/ports/$(word 1,$(subst :, ,$(1))).h: build/eqml-gen
	@mkdir -p build/ports
	build/eqml-gen -d $(word 2,$(subst :, ,$(1))) -n $(word 1,$(subst :, ,$(1))) -o $$@ "$(subst _, ,$(word 3,$(subst :, ,$(1))))"

build/ports/$(word 1,$(subst :, ,$(1)))_pes.h: build/ports/$(word 1,$(subst :, ,$(1))).h tests/headers/write.c eqml.h
	$(CC) $(STD) $(WARNINGS) -O1 -I. -Ibuild/ports -DBASIS=$(word 1,$(subst :, ,$(1))) \
		-DBASIS_HEADER='"$(word 1,$(subst :, ,$(1))).h"' tests/headers/write.c -o $$@.write -lm
	$$@.write h2o eqml.h $$< $$@
endef
$(foreach s,$(PORT_SURFACES),$(eval $(call port_surface,$(s))))

# 1: machine, 2: compiler
define port_programs
build/ports/$(1)/$(2)/units/O2: $(HEADER_UNITS:%=tests/headers/%.c) tests/headers/units.h build/headers/h2o_pes.h build/headers/next_pes.h eqml.h build/tests/h2o_d8.h build/tests/h30_d3.h
	@mkdir -p $$@.units
	@set -e; for u in $(HEADER_UNITS); do $(call port_compile,$(1),$(2)) -O2 -I. -Ibuild/tests -Ibuild/headers \
		-c tests/headers/$$$$u.c -o $$@.units/$$$$u.o; done
	$(call port-$(2),$(1)) $(HEADER_UNITS:%=$$@.units/%.o) -o $$@ -lm

$(foreach s,$(PORT_SURFACES),$(foreach l,$(PORT_LEVELS),$(call port_program,$(1),$(2),$(word 1,$(subst :, ,$(s))),$(l),$(word 4,$(subst :, ,$(s))))))
endef

# 1: machine, 2: compiler, 3: surface, 4: level, 5: atoms
define port_program
build/ports/$(1)/$(2)/$(3)/$(4): tests/headers/ports.c build/ports/$(3)_pes.h
	@mkdir -p $$(@D)
	$(call port_compile,$(1),$(2)) -$(4) -Ibuild/ports -DNATOMS=$(5) -DSURFACE_HEADER='"$(3)_pes.h"' $$< -o $$@ -lm


endef
$(foreach m,$(PORT_MACHINES),$(foreach c,$(PORT_COMPILERS),$(eval $(call port_programs,$(m),$(c)))))
