# Checks beside the program of the tests: what the headers promise, other machines, sanitizers, fuzzers.

# ---- sanitizers and fuzzers ------------------------------------------------------------------------------

# Other builds live in folders of their own, build/KIND, with links to the sources.
SOURCES = Makefile README.md eqml.h gen generated tests examples bench
define other_build
@mkdir -p build/$(1)
@ln -sfn $(patsubst %,../../%,$(SOURCES)) build/$(1)/
endef

# Tests compile by themselves, too: compilers of the same names stand before the others, and add the sanitizers. Some tests
# are about programs that crash: they end as they would without. Left out: mpi, since Open MPI has leaks of its own; refit, since
# sanitizers put the names of folders into libraries, which are compared there.
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZED = export PATH="$$PWD/bin:$$PATH" CFLAGS="-O0 -g -march=native" ASAN_OPTIONS=handle_segv=0
asan: ## the tests under the address and undefined-behaviour sanitizers: an hour of processor time
	$(call other_build,asan)
	@mkdir -p build/asan/bin
	@for c in cc g++; do printf '#!/bin/sh\nexec %s $(SANITIZE) "$$@"\n' "$$(command -v $$c)" >build/asan/bin/$$c; \
	    chmod +x build/asan/bin/$$c; done
	@cd build/asan && $(SANITIZED) && $(MAKE) --no-print-directory build/run-tests
	@cd build/asan && $(SANITIZED) && { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL build/run-tests --filter '!(mpi|refit)/*' 2>&1; echo "status $$?"; } | tee build/log
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

# ---- parts of the runtime --------------------------------------------------------------------------------

# Only lanes/ names vectors: other parts are tried with scalar lanes, which spares the reading of all intrinsics in each.
check-parts: ## fail where a part of the runtime does not compile alone
	@set -e; for p in $(PARTS); do case $$p in lanes/*) lanes=-march=native;; *) lanes=-DEQML_SCALAR;; esac; \
	    printf '#include "%s"\nextern int eqml_alone;\n' $$p | \
	    $(CC) $(STD) $(WARNINGS) -Wno-unused-function $$lanes -Igen/runtime -fsyntax-only -x c -; done
	@echo "check-parts: $(words $(PARTS)) parts compile alone"

# ---- promises of the headers -----------------------------------------------------------------------------

# The units of tests/headers become one program for each compiler, with every pair of language and vectors that people
# have, but for C++17 with SSE2 alone: C++17 is tried with the vectors of this machine, SSE2 by C11 and C++11.
CLANG := $(shell command -v clang 2>/dev/null)
HEADER_COMPILERS = gcc $(if $(CLANG),clang)
HEADER_VARIANTS = c11/sse2 $(HEADER_AVX2) c11/native c11/scalar c++11/sse2 c++17/native
# Where native is AVX2, and not AVX-512, c11/native is that program already.
HEADER_AVX2 = $(if $(filter 2,$(shell gcc -march=native -dM -E -x c /dev/null 2>/dev/null | grep -cw -e __AVX2__ -e __FMA__ -e __AVX512F__)),,c11/avx2)
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

# By a make of its own, so that no other make asks the compiler which programs there are.
check-headers: build/headers/refused build/headers/h2o_pes.h build/headers/next_pes.h build/tests/h30_d3.h ## what eqml.h promises: C11, C++17, two translation units, gcc and clang, with and without vectors
	@$(MAKE) --no-print-directory $(HEADER_PROGRAMS)
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
LAYOUT := $(shell sed -n 's/^\#define EQML_LAYOUT //p' eqml.h)

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

# What the optimiser may spoil, the numbers, is compiled at -O2 for each set of vectors: main and library. So is large, for
# the vectors of this machine alone, since it takes long; check-ports does so for others. Whether the rest compiles, links
# and agrees does not depend on it. The implementation takes longest, and build/eqml.o is that of gcc, optimised: clang's
# is at -O1.
build/headers/%: $(HEADER_UNITS:%=tests/headers/%.c) tests/headers/units.h tests/headers/versions.h build/headers/h2o_pes.h build/headers/next_pes.h eqml.h build/tests/h2o_d8.h build/tests/h30_d3.h
	@mkdir -p $@.units
	@set -e; for u in $(HEADER_UNITS); do \
		case $*/$$u in */versions*|gcc/*/implementation) level=-O0;; clang/c11/native/implementation) level=-O1;; */c11/*/main|*/c11/*/library|*/c11/native/large|*/c++17/native/main) level=-O2;; *) level=-O0;; esac; \
		$(word 1,$(subst /, ,$*)) $(language-$(word 2,$(subst /, ,$*))) $(HEADER_WARNINGS) $$level $(vectors-$(word 3,$(subst /, ,$*))) \
			-I. -Ibuild/tests -Ibuild/headers -c tests/headers/$$u.c -o $@.units/$$u.o; done
	$(word 1,$(subst /, ,$*)) $(HEADER_UNITS:%=$@.units/%.o) -o $@ $(if $(findstring c++,$*),-lstdc++) -lm

# Surfaces of every kind, as a user has them: a header written by the library, compiled alone. A line of
# tests/kinds/kinds.txt describes each; the last kind, expansion, has no header of its own. A changed line writes all
# headers anew.
KINDS = tests/kinds/kinds.txt
KIND_PROGRAMS := $(patsubst %,build/kinds/%,$(call names,$(KINDS)) expansion)
KIND_WRITERS = $(sort $(shell sed -n 's/^[a-z][a-z_0-9]*  *\([a-z0-9_]*\).*/build\/kinds\/write-\1/p' $(wildcard $(KINDS)) </dev/null))

build/kinds/write-%: tests/kinds/write.c tests/kinds/geometry.h build/eqml.o build/tests/%.h
	@mkdir -p $(@D)
	$(TEST_COMPILE) -O0 -I. -Ibuild/tests -DBASIS_HEADER='"$*.h"' -DBASIS=$* $< build/eqml.o -o $@ $(OPTIONAL) -lm

# In the shell: basis $$1, whole, walled, prune or grow $$2, terms $$3, variables $$4, own basis $$5, options.
KIND = set -- $$(sed -n 's/^$*  *//p' $(KINDS))

build/kinds/%_pes.h: $(KINDS) $(KIND_WRITERS) build/eqml.o build/eqml-gen examples/rebase.c examples/common/few.sh
	$(KIND); build/kinds/write-$$1 eqml.h build/tests/$$1.h build/kinds $* $$2 $$3 $$4 && \
	    case $$2 in whole | walled) ;; *) sh examples/common/few.sh build/kinds $* build/tests/$$1.h $$1 $(CC) $(STD) $(WARNINGS);; esac

build/kinds/%: tests/kinds/driver.c tests/kinds/geometry.h build/kinds/%_pes.h
	$(KIND); own=$$5; shift 5; case "$$*" in *TABLES*|*USERS*) api=;; *) api=-D$*_API=extern;; esac; \
	    $(CC) $(STD) $(WARNINGS) -O0 -march=native -Ibuild/kinds -DSURFACE_HEADER='"$*_pes.h"' -DNAME=$* $$api -DLAYOUT=$(LAYOUT) -DBASIS=eqml$(LAYOUT)_$$own "$$@" $< -o $@ -lm

build/kinds/expansion: tests/kinds/driver.c tests/kinds/expansion_pes.h tests/kinds/geometry.h eqml.h build/tests/h2_d4.h build/tests/h2c_d3.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARNINGS) -O0 -march=native -I. -Ibuild/tests -Itests/kinds -DSURFACE_HEADER='"expansion_pes.h"' -DNAME=expansion \
	    -DBASIS=expansion_few -DEXPANSION $< -o $@ -lm

check-kinds: $(KIND_PROGRAMS) ## every function of every kind of surface against differences of a lower one
	@status=0; for p in $(KIND_PROGRAMS); do $$p || { echo "check-kinds: $$p fails" >&2; status=1; }; done; exit $$status

# Fits by one thread and by several give the same bits: tests/threads/driver.c prints them.
# They are compiled as build/eqml.o is, but for OpenMP.
THREAD_COMPILE = $(COMPILE:-O3=-O2) -I. -Ibuild/tests -Iexamples
# The census, of the runtime of all surfaces; its parts are compiled anew, with OpenMP.
THREAD_CENSUS = tests/threads/census.c $(patsubst build/%.o,examples/%.c,$(CENSUS_PARTS)) build/eqml.o

check-threads: tests/threads/driver.c build/eqml.o build/tests/ch4_d6.h build/tests/cloud_two.h $(THREAD_CENSUS) ## fail where a fit, a cloud or a census depends on the number of threads
	@mkdir -p build/threads
	$(THREAD_COMPILE) $< build/eqml.o -o build/threads/plain $(OPTIONAL) -lm
	@echo '#include <omp.h>' | $(CC) -fopenmp -x c -fsyntax-only - 2>/dev/null || { echo "check-threads: no OpenMP here; skipped"; exit 0; }; \
	    set -e; $(THREAD_COMPILE) -fopenmp $< tests/headers/implementation.c -o build/threads/threads -lm; build/threads/plain >build/threads/wanted; \
	    $(THREAD_COMPILE) -fopenmp $(THREAD_CENSUS) -o build/threads/census $(OPTIONAL) -lm; \
	    OMP_NUM_THREADS=1 build/threads/census >build/threads/census-wanted; \
	    for n in 1 2 3 7; do export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=$$n; build/threads/threads >build/threads/found; \
	        cmp build/threads/wanted build/threads/found; build/threads/census >build/threads/found; \
	        cmp build/threads/census-wanted build/threads/found; done; \
	    echo "check-threads: the same bits from 1, 2, 3 and 7 threads"

# The generator itself, built by another compiler, must write the same bytes; two larger bases beside those of the tests.
# The other is at -O1, which takes half of the time to compile.
COMPILER_TABLES = tests/bases.txt tests/large.txt tests/clouds.txt

check-compilers: build/eqml-gen ## fail where gcc and clang build generators that differ
ifeq ($(CLANG),)
	@echo "check-compilers: no clang here; skipped"
else
	$(call other_build,clang)
	$(MAKE) -C build/clang CC=clang CFLAGS="$(CFLAGS:-O3=-O1)" build/eqml-gen
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
PORT_SURFACES := $(call names,tests/headers/ports.txt)
PORT_PROGRAMS = units/O2 $(foreach s,$(PORT_SURFACES),$(PORT_LEVELS:%=$(s)/%))
port-package-aarch64 = gcc-aarch64-linux-gnu
port-package-i686 = gcc-i686-linux-gnu
port-package-s390x = gcc-s390x-linux-gnu
port-qemu-aarch64 = qemu-aarch64
port-qemu-i686 = qemu-i386
port-qemu-s390x = qemu-s390x
# gcc 12 for i686 warns of a loop that has no turn.
port-options-i686 = -march=i686 -Wno-aggressive-loop-optimizations
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
