# Programs on a fitted surface. Each is examples/PROGRAM.c; it works on what `make pes` left in build/pes/NAME, and its
# options come in the variable of its own name: make ask NAME=ch4 ASK="--samples 500".

PROGRAMS = holes ask dmc pimc

$(call given,$(shell echo $(PROGRAMS) | tr a-z A-Z))

# build/PROGRAM.o: examples/PROGRAM.c, the parts of examples/common/, those of examples/PROGRAM/ where there is such a folder,
# and PROGRAM_PARTS.
holes_PARTS = $(CENSUS_PARTS)
ask_PARTS = $(CENSUS_PARTS)
dmc_PARTS = $(CENSUS_PARTS)
pimc_PARTS = $(CENSUS_PARTS)
parts_of = $(sort $(COMMON_PARTS) $(filter build/$(1)/%,$(EXAMPLE_PARTS)) $($(1)_PARTS))

define program
build/$(1).o: examples/$(1).c $(wildcard examples/common/*.h) $(call parts_of,$(1)) eqml.h build/flags
	$$(COMPILE) $$(OPTIONAL) -I. -Iexamples -c $$< -o $$@.$$$$$$$$ && \
	    $$(CC) -r -nostdlib $$@.$$$$$$$$ $(call parts_of,$(1)) -o $$@.$$$$$$$$.all; s=$$$$?; rm -f $$@.$$$$$$$$; \
	    test $$$$s = 0 && mv -f $$@.$$$$$$$$.all $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

holes: ## NAME=ch4 [HOLES="options"]: the whole census of holes in the surface in build/pes/NAME; fails where there are any
ask: ## NAME=ch4 [N=100] [POOL=file.xyz] [ASK="options"]: the geometries to compute next for the surface in build/pes/NAME
dmc: ## NAME=ch4 [DMC="options"]: zero-point energy and averages by diffusion Monte Carlo
pimc: ## NAME=ch4 [PIMC="options"]: a molecule at a temperature by path-integral Monte Carlo

.PHONY: $(PROGRAMS)
$(PROGRAMS): %: build/eqml.o build/%.o
	@LIBRARIES="$(OPTIONAL)" sh examples/common/surface.sh $@ $(COMPILE)
