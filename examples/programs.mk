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

# A potential that exists already, in a library.
$(call given,LIBRARY SYMBOL ADOPT)

ADOPT_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/adopt/*.c)))

$(ADOPT_PARTS): build/%.o: examples/%.c $(wildcard examples/*/*.h) eqml.h build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(OPTIONAL) -I. -Iexamples -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

build/adopt.o: $(ADOPT_PARTS) $(CENSUS_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

.PHONY: adopt
adopt: build/eqml-gen build/eqml.o build/fit.o build/adopt.o ## LIBRARY=./old.so SYMBOL=pot COMPOSITION="H4 C" DEGREE=6 NAME=ch4 [ADOPT="options"] [as make pes]: fit a surface to a potential of C or Fortran
	@LIBRARIES="$(OPTIONAL)" sh examples/common/adopt.sh $(COMPILE)
