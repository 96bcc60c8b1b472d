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

# Floors of the generator, from the top down; a floor includes those below it only.
FLOORS = emit program molecule algebra base
GEN_SOURCES = $(wildcard gen/*.c $(FLOORS:%=gen/%/*.c))
GEN = $(GEN_SOURCES:gen/%.c=build/gen/%.o)
TESTS = $(patsubst tests/%.c,build/tests/%.o,$(wildcard tests/*.c))

.PHONY: all help pes prune expansion demo ir examples test asan bench bench-tensors generate check-generated check-headers check-kinds check-compilers format clean

all: build/eqml-gen ## build the generator, build/eqml-gen

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

build/eqml-gen: $(GEN)
	$(COMPILE) $^ -o $@

GEN_HEADERS = $(wildcard gen/*.h $(FLOORS:%=gen/%/*.h))

build/gen/%.o: gen/%.c $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) -Igen -c $< -o $@

# ---- from data to a library ------------------------------------------------------------------------------

NAME ?= pes
PES = build/pes/$(NAME)

pes: build/eqml-gen ## DATA=file.xyz COMPOSITION="H4 C" DEGREE=6 NAME=ch4 [DIPOLE=5] [QUADRUPOLE=5] [POLARIZABILITY=5] [BASIS="options"] [FIT="options"]: fit a surface into build/pes/NAME
	@test -n "$(DATA)" || { echo "make pes: no data; for example: make pes DATA=file.xyz COMPOSITION=\"H4 C\" DEGREE=6 NAME=ch4" >&2; exit 2; }
	@test -r "$(DATA)" || { echo "make pes: $(DATA): there is no such file, or it cannot be read" >&2; exit 2; }
	@case "$(NAME)" in [0-9]*|*[!A-Za-z0-9_]*) echo "make pes: NAME=$(NAME): it must be a C identifier, as in NAME=ch4" >&2; exit 2;; esac
	@test -n "$(COMPOSITION)" || { echo "make pes: no COMPOSITION; for example COMPOSITION=\"H4 C\"" >&2; exit 2; }
	@test -n "$(DEGREE)" || { echo "make pes: no DEGREE; for example DEGREE=6" >&2; exit 2; }
	@mkdir -p $(PES)
	build/eqml-gen -d "$(DEGREE)" $(if $(DIPOLE),--dipole "$(DIPOLE)") $(if $(QUADRUPOLE),--quadrupole "$(QUADRUPOLE)") \
	    $(if $(POLARIZABILITY),--polarizability "$(POLARIZABILITY)") $(BASIS) -n $(NAME) -o $(PES)/$(NAME).h "$(COMPOSITION)"
	$(COMPILE) -I. -I$(PES) -DBASIS_HEADER='"$(NAME).h"' -DBASIS=$(NAME) examples/pes.c -o $(PES)/fit $(OPTIONAL) -lm
	$(PES)/fit --directory $(PES) --name $(NAME) --runtime eqml.h --basis-header $(PES)/$(NAME).h $(FIT) "$(DATA)"
	@printf '#include <stddef.h>\n#define $(NAME)_API extern\n#include "$(NAME)_pes.h"\n' >$(PES)/library.c
	$(COMPILE) -fPIC -shared $(PES)/library.c -o $(PES)/lib$(NAME).so $(filter -fopenmp,$(OPTIONAL)) -lm
	@echo "$(PES): $(NAME).h $(NAME)_pes.h $(NAME).pes lib$(NAME).so report.json"

# ---- error against size ----------------------------------------------------------------------------------

prune: build/eqml-gen ## DATA=file.xyz COMPOSITION="H4 C" DEGREE=4 NAME=ch4 [PRUNE="options"]: error against terms, pruned and grown
	@test -n "$(DATA)" -a -n "$(COMPOSITION)" -a -n "$(DEGREE)" || { echo "make prune: needs DATA, COMPOSITION and DEGREE; for example: make prune DATA=ethanol.xyz COMPOSITION=\"C C O H2 H3 H\" DEGREE=3 NAME=ethanol" >&2; exit 2; }
	@mkdir -p build/prune
	build/eqml-gen -d $(DEGREE) -n $(NAME)_all -o build/prune/$(NAME)_all.h "$(COMPOSITION)"
	$(COMPILE) -I. -Ibuild/prune -DBASIS_HEADER='"$(NAME)_all.h"' -DBASIS=$(NAME)_all examples/prune.c -o build/prune/$(NAME) $(OPTIONAL) -lm
	build/prune/$(NAME) --directory build/prune --name $(NAME) --runtime eqml.h $(PRUNE) "$(DATA)"

# NAME:DEGREE:COMPOSITION, _ for blanks.
EXPANSION_BASES = hh:8:H2 hc:8:H_C hhh:6:H3 hhc:6:H2_C hhhh:5:H4 hhhc:5:H3_C ch4_d3:3:H4_C ch4_d4:4:H4_C ch4_d5:5:H4_C ch4_d6:6:H4_C

expansion: build/eqml-gen ## [DATA=methane.xyz]: methane as a sum over pairs, triples and quadruples, against the whole
ifeq ($(wildcard $(or $(DATA),../shared/data/qm22/methane.xyz)),)
	@echo "make expansion: skipped, there are no data; DATA=methane.xyz (QM-22) names them"
else
	@mkdir -p build/expansion
	@set -e; $(foreach b,$(EXPANSION_BASES),build/eqml-gen -d $(word 2,$(subst :, ,$(b))) -n $(word 1,$(subst :, ,$(b))) -o build/expansion/$(word 1,$(subst :, ,$(b))).h "$(subst _, ,$(word 3,$(subst :, ,$(b))))";)
	$(COMPILE) -I. -Ibuild/expansion examples/expansion.c -o build/expansion/expansion $(OPTIONAL) -lm
	build/expansion/expansion "$(or $(DATA),../shared/data/qm22/methane.xyz)"
endif

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

build/run-tests: $(TESTS) $(filter-out build/gen/main.o,$(GEN)) | build/tests/fit build/tests/fit-h2o
	$(COMPILE) $^ -o $@ $(shell pkg-config --libs criterion) -lm

test: build/run-tests check-headers check-kinds check-generated check-compilers examples ## pass the tests (needs libcriterion-dev and pkg-config)
	build/run-tests

# Other builds live in folders of their own, build/KIND, with links to the sources.
SOURCES = Makefile eqml.h gen tests examples
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

# ---- speed -----------------------------------------------------------------------------------------------

build/bench/run: bench/bench.c
	@mkdir -p $(@D)
	$(COMPILE) $< -o $@ -lm

bench: build/eqml-gen build/bench/run ## the speed table, and build/bench.json [BASES="h4_c_d6 h4_c_d8"]
	build/bench/run build/bench "$(CC)" "$(STD) $(CFLAGS)" $(BASES)

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
$(CC) $(STD) $(CFLAGS) -I. -Ibuild/bench -DSURFACE_HEADER='"$(1)_pes.h"' -DSURFACE=surface -DBASIS=$(1) -DRANK_TWO \
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
	clang-format -i eqml.h gen/*.[ch] gen/*/*.[ch] examples/*.[ch] tests/*.[ch] tests/headers/*.[ch] bench/*.[ch]

clean: ## remove build/
	rm -rf build

# ---- promises of the headers -----------------------------------------------------------------------------

# The units of tests/headers become one program in each combination of compiler, language and vectors.
HEADER_COMPILERS = gcc $(if $(shell command -v clang 2>/dev/null),clang)
HEADER_VARIANTS = c11/sse2 c11/avx2 c11/native c11/scalar c++17/sse2 c++17/native
HEADER_UNITS = implementation main second library client private large
HEADER_PROGRAMS = $(foreach c,$(HEADER_COMPILERS),$(HEADER_VARIANTS:%=build/headers/$(c)/%))
vectors-sse2 =
vectors-avx2 = -mavx2 -mfma
vectors-native = -march=native
vectors-scalar = -DEQML_SCALAR
language-c11 = -x c -std=c11
language-c++17 = -x c++ -std=c++17

check-headers: $(HEADER_PROGRAMS) ## what eqml.h promises: C11, C++17, two translation units, gcc and clang, with and without vectors
	@$(if $(filter clang,$(HEADER_COMPILERS)),,echo "check-headers: no clang here; gcc only")
	@for p in $(HEADER_PROGRAMS); do \
		case $$p in */avx2) grep -qw fma /proc/cpuinfo || continue; esac; \
		$$p || { echo "check-headers: $$p fails" >&2; exit 1; }; done
	@echo "check-headers: $(words $(HEADER_PROGRAMS)) programs agree"

build/headers/write: tests/headers/write.c eqml.h build/tests/h2o_d8.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARNINGS) -O1 -I. -Ibuild/tests $< -o $@ -lm

build/headers/h2o_pes.h: build/headers/write
	$< eqml.h build/tests/h2o_d8.h $@

build/headers/%: $(HEADER_UNITS:%=tests/headers/%.c) tests/headers/units.h build/headers/h2o_pes.h eqml.h build/tests/h2o_d8.h build/tests/h30_d3.h
	@mkdir -p $@.units
	@set -e; for u in $(HEADER_UNITS); do \
		$(word 1,$(subst /, ,$*)) $(language-$(word 2,$(subst /, ,$*))) $(WARNINGS) -O2 $(vectors-$(word 3,$(subst /, ,$*))) \
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
build/kinds/$(1)_pes.h: build/kinds/write-$(2)-$(5)
	$$< eqml.h build/tests/$(2).h build/kinds $(1) $(3) $(4)

build/kinds/$(1): tests/kinds/driver.c tests/kinds/geometry.h build/kinds/$(1)_pes.h
	$$(CC) $$(STD) $$(WARNINGS) -O1 -march=native -Ibuild/kinds -DSURFACE_HEADER='"$(1)_pes.h"' -DNAME=$(1) -D$(1)_API=extern -DBASIS=$(6) $(subst _-, -,$(7)) \
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
