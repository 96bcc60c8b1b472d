# What other programs load: libeqml, the bindings of Fortran and Python, and make install.

BINDINGS = gen/bindings
LIBRARY_SOURCES = $(BINDINGS)/library/eqml_library.h $(BINDINGS)/library/evaluate.h $(BINDINGS)/library/vectors.h
LIBRARY_VERSION = 1
PREFIX = /usr/local

# Code for any processor of the machine's kind; on x86-64 there is also code with AVX2 and with AVX-512, and which of them
# runs is chosen as the library is loaded. -O2: evaluation is from tables, which -O3 would not make faster.
PORTABLE_CFLAGS = $(patsubst -O3,-O2,$(filter-out -march=% -mtune=% -mcpu=%,$(CFLAGS))) -fPIC -fvisibility=hidden
LIBRARY_LEVELS := plain $(if $(filter x86_64%,$(shell $(CC) -dumpmachine 2>/dev/null)),avx2 avx512)
level-plain =
level-avx2 = -mavx2 -mfma
level-avx512 = -mavx2 -mfma -mavx512f -mavx512dq -mavx512vl -mavx512bw
export level_plain = $(level-plain)
export level_avx2 = $(level-avx2)
export level_avx512 = $(level-avx512)
export LIBRARY_LEVELS

LIBRARY_COMPILE = $(CC) $(STD) $(WARNINGS) $(PORTABLE_CFLAGS) -I. -I$(BINDINGS)/library
LIBRARY_OBJECTS = build/library/library.o $(LIBRARY_LEVELS:%=build/library/evaluate_%.o)

build/library/library.o: $(BINDINGS)/library/library.c $(LIBRARY_SOURCES) eqml.h build/flags
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

.PHONY: library
