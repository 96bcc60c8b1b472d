# What other programs load: libeqml, the bindings of Fortran and Python, and make install.

BINDINGS = gen/bindings
LIBRARY_SOURCES = $(BINDINGS)/library/eqml_library.h $(BINDINGS)/library/evaluate.h $(BINDINGS)/library/vectors.h $(BINDINGS)/library/compiled.h $(BINDINGS)/bindings.mk
LIBRARY_VERSION = 1
PREFIX = /usr/local

# Code for any processor of the machine's kind; on x86-64 there is also code with AVX2 and with AVX-512, and which of them
# runs is chosen as the library is loaded.
PORTABLE_CFLAGS = $(filter-out -march=% -mtune=% -mcpu=%,$(CFLAGS)) -fPIC -fvisibility=hidden
LIBRARY_LEVELS := plain $(if $(filter x86_64%,$(shell $(CC) -dumpmachine 2>/dev/null)),avx2 avx512)
level-plain =
level-avx2 = -mavx2 -mfma
level-avx512 = -mavx2 -mfma -mavx512f -mavx512dq -mavx512vl -mavx512bw
export level_plain = $(level-plain)
export level_avx2 = $(level-avx2)
export level_avx512 = $(level-avx512)
export LIBRARY_LEVELS

LIBRARY_COMPILE = $(CC) $(STD) $(WARNINGS) $(PORTABLE_CFLAGS:-O3=-O2) -I. -I$(BINDINGS)/library
LIBRARY_OBJECTS = build/library/library.o build/library/compiled.o $(LIBRARY_LEVELS:%=build/library/evaluate_%.o)

build/library/library.o build/library/compiled.o: build/library/%.o: $(BINDINGS)/library/%.c $(LIBRARY_SOURCES) eqml.h build/flags
	@mkdir -p $(@D)
	$(LIBRARY_COMPILE) $(if $(filter avx2,$(LIBRARY_LEVELS)),-DWITH_VECTORS) -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

build/library/evaluate_%.o: $(BINDINGS)/library/evaluate.c $(LIBRARY_SOURCES) eqml.h build/flags
	@mkdir -p $(@D)
	$(LIBRARY_COMPILE) $(level-$*) -DEVALUATOR=eqml_evaluator_$* -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

# The soname carries the version of the ABI.
build/libeqml.so.$(LIBRARY_VERSION): $(LIBRARY_OBJECTS)
	$(CC) -shared -Wl,-soname,libeqml.so.$(LIBRARY_VERSION) $^ -o $@.$$$$ -ldl -lm && mv -f $@.$$$$ $@

build/libeqml.so: build/libeqml.so.$(LIBRARY_VERSION)
	ln -sf $(<F) $@

library: build/libeqml.so ## build libeqml.so, which opens every NAME.pes

# The fit without a compiler: the parts of the fit program, over the tables of eqml-gen.
build/library/fit_main.o: examples/fit/main.c $(wildcard examples/*/*.h) eqml.h build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(OPTIONAL) -Dmain=fit_main -I. -Iexamples -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

build/eqml-fit: $(BINDINGS)/library/fit.c build/library/fit_main.o $(filter-out build/fit/main.o,$(FIT_PARTS)) build/eqml.o
	$(COMPILE) $(OPTIONAL) -I. $^ -o $@.$$$$ -lm && mv -f $@.$$$$ $@

# The client of i-PI's protocol, which has libeqml in it.
build/eqml-ipi: $(wildcard $(BINDINGS)/ipi/*.[ch]) $(LIBRARY_OBJECTS)
	$(COMPILE) -I$(BINDINGS)/library $(filter %.c %.o,$^) -o $@.$$$$ -ldl -lm && mv -f $@.$$$$ $@

ipi-client: build/eqml-ipi ## build build/eqml-ipi, the client of i-PI's protocol

# Models of OpenKIM, for LAMMPS and others.
KIM_DESCRIBE = describe describe_pairs bonds match
build/kim-describe: $(KIM_DESCRIBE:%=$(BINDINGS)/kim/%.c) $(wildcard $(BINDINGS)/kim/*.h) examples/common/elements.h $(LIBRARY_OBJECTS)
	$(COMPILE) -I$(BINDINGS)/library -Iexamples/common $(filter %.c %.o,$^) -o $@.$$$$ -ldl -lm && mv -f $@.$$$$ $@

kim: private export NAME := $(value NAME)
kim: private export BOND := $(or $(value BOND),1.3)
kim: private export TWO_BODY := $(value TWO_BODY)
kim: private export TWO_BODY_ENERGY := $(or $(value TWO_BODY_ENERGY),total)
kim: private export CENTRE := $(or $(value CENTRE),mass)
kim: private export FROM := $(or $(value FROM),4.5)
kim: private export TO := $(or $(value TO),6.5)
kim: build/kim-describe ## NAME=water [BOND=1.3] [TWO_BODY=water2 TWO_BODY_ENERGY=total|interaction CENTRE=mass|O FROM=4.5 TO=6.5]: an OpenKIM model of the surface in build/pes/NAME or the potential in build/potential/NAME, into build/kim/eqml_NAME
	@sh $(BINDINGS)/kim/kim.sh $(COMPILE)

# A manual page has the help text of its command.
build/man/%.1: build/%
	@mkdir -p $(@D)
	@{ printf '.TH %s 1\n.SH NAME\n%s \\- %s\n.SH DESCRIPTION\n.nf\n' $* $* "$(man-$*)"; \
	    $< --help | sed -e 's/\\/\\\\/g' -e "s/^[.']/\\\\\&&/" -e 's/-/\\-/g'; \
	    printf '.fi\n.SH SEE ALSO\neqml-gen(1), eqml-fit(1)\n'; } >$@.$$$$ && mv -f $@.$$$$ $@
man-eqml-gen = permutationally invariant polynomials of a molecule as a C header
man-eqml-fit = fit a potential energy surface to the data of a molecule
man-eqml-ipi = a fitted potential energy surface as a client of i-PI

INSTALL_TO = $(DESTDIR)$(PREFIX)
install: build/eqml-gen build/eqml-fit build/eqml-ipi build/libeqml.so build/man/eqml-gen.1 build/man/eqml-fit.1 build/man/eqml-ipi.1 ## [PREFIX=/usr/local] [DESTDIR=]: headers, libeqml, eqml-gen, eqml-fit, eqml-ipi, Fortran's module, pkg-config, CMake and manual pages
	@for d in bin include lib/pkgconfig lib/cmake/eqml share/man/man1 share/eqml; do mkdir -p "$(INSTALL_TO)/$$d" || exit 1; done
	install -m 755 build/eqml-gen build/eqml-fit build/eqml-ipi "$(INSTALL_TO)/bin"
	install -m 644 eqml.h $(BINDINGS)/library/eqml_library.h "$(INSTALL_TO)/include"
	install -m 755 build/libeqml.so.$(LIBRARY_VERSION) "$(INSTALL_TO)/lib"
	ln -sf libeqml.so.$(LIBRARY_VERSION) "$(INSTALL_TO)/lib/libeqml.so"
	install -m 644 $(BINDINGS)/library/eqml.pc "$(INSTALL_TO)/lib/pkgconfig"
	install -m 644 $(BINDINGS)/library/eqml-config.cmake $(BINDINGS)/library/eqml-config-version.cmake "$(INSTALL_TO)/lib/cmake/eqml"
	install -m 644 $(BINDINGS)/fortran/eqml.f90 $(BINDINGS)/fortran/potential.f90 "$(INSTALL_TO)/share/eqml"
	install -m 644 build/man/eqml-gen.1 build/man/eqml-fit.1 build/man/eqml-ipi.1 "$(INSTALL_TO)/share/man/man1"

check-bindings: build/eqml-fit build/eqml-gen build/libeqml.so build/fit.o build/potential.o build/kim-describe build/eqml-ipi build/man/eqml-gen.1 build/man/eqml-fit.1 build/man/eqml-ipi.1 ## what other programs load: libeqml from C, C++, Fortran, Python, ASE, i-PI and LAMMPS, as far as they are installed
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL sh tests/bindings/run.sh $(CC) $(CXX)

.PHONY: library ipi-client kim install check-bindings
