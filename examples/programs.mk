# Programs on a fitted surface. Each is examples/PROGRAM.c; it works on what `make pes` left in build/pes/NAME, and its
# options come in the variable of its own name: make ask NAME=ch4 ASK="--samples 500".

PROGRAMS = holes ask

$(call given,$(shell echo $(PROGRAMS) | tr a-z A-Z))

build/holes.o build/ask.o: build/%.o: examples/%.c $(CENSUS_PARTS)
	$(COMPILE) $(OPTIONAL) -I. -Iexamples -c $< -o $@.$$$$ && \
	    $(CC) -r -nostdlib $@.$$$$ $(CENSUS_PARTS) -o $@.$$$$.all; s=$$?; rm -f $@.$$$$; \
	    test $$s = 0 && mv -f $@.$$$$.all $@

holes: ## NAME=ch4 [HOLES="options"]: the whole census of holes in the surface in build/pes/NAME; fails where there are any
ask: ## NAME=ch4 [N=100] [POOL=file.xyz] [ASK="options"]: the geometries to compute next for the surface in build/pes/NAME

.PHONY: $(PROGRAMS)
$(PROGRAMS): %: build/eqml.o build/%.o
	@LIBRARIES="$(OPTIONAL)" sh examples/common/surface.sh $@ $(COMPILE)

# From a formula to a surface, in a loop of fits, census and questions around a quantum chemistry program.
METHOD ?= xtb
TARGET ?= 5
UP_TO ?= 15000
JOBS ?= 2
$(call given,METHOD START TARGET UP_TO JOBS LEARN)

LEARN_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/learn/*.c)))

$(LEARN_PARTS): build/%.o: examples/%.c $(wildcard examples/*/*.h) eqml.h build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(OPTIONAL) -I. -Iexamples -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

build/learn.o: $(LEARN_PARTS) $(CENSUS_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

.PHONY: learn
learn: build/eqml-gen build/eqml.o build/fit.o build/learn.o build/ask.o build/holes.o ## COMPOSITION="H3 N" [METHOD=xtb|psi4|./my.sh] NAME=nh3 [START=file.xyz] [TARGET=5] [UP_TO=15000] [JOBS=2] [DEGREE=6] [DIPOLE=4] [LEARN="options"]: compute geometries until the surface is good
	@LIBRARIES="$(OPTIONAL)" sh examples/common/learn.sh $(COMPILE)
