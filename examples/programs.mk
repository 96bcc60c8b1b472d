# Programs on a fitted surface. Each is examples/PROGRAM.c; it works on what `make pes` left in build/pes/NAME, and its
# options come in the variable of its own name: make ask NAME=ch4 ASK="--samples 500".

PROGRAMS = holes ask levels thermo dmc pimc scatter rpmd vci

$(call given,$(shell echo $(PROGRAMS) | tr a-z A-Z))

# build/PROGRAM.o: examples/PROGRAM.c, the parts of examples/common/, those of examples/PROGRAM/ where there is such a folder,
# and PROGRAM_PARTS.
holes_PARTS = $(CENSUS_PARTS)
ask_PARTS = $(CENSUS_PARTS)
dmc_PARTS = $(CENSUS_PARTS)
pimc_PARTS = $(CENSUS_PARTS)
rpmd_PARTS = $(filter build/scatter/%,$(EXAMPLE_PARTS))
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
vci: ## NAME=ch4 [VCI="options"]: vibrational levels and band strengths by configuration interaction, 3 to 9 atoms
pimc: ## NAME=ch4 [PIMC="options"]: a molecule at a temperature by path-integral Monte Carlo
scatter: ## NAME=h3 [SCATTER="options"]: probabilities of a collinear reaction, atom 1 + molecule 2-3, by a wave packet and without time

rpmd: ## NAME=water [RPMD="options"]: infrared spectrum, or rate of a collinear reaction, by ring-polymer molecular dynamics

levels: ## NAME=water [LEVELS="options"]: rovibrational levels and band strengths of a triatomic molecule on the surface in build/pes/NAME

thermo: ## NAME=water [THERMO="options"]: partition functions, heat capacities and isotope effects on the surface in build/pes/NAME

.PHONY: $(PROGRAMS)
$(PROGRAMS): %: build/eqml.o build/%.o
	@LIBRARIES="$(OPTIONAL)" sh examples/common/surface.sh $@ $(COMPILE)

# Points of a published surface of H3, for scatter.
build/h3.xyz: examples/h3_points.c build/scatter/bkmp2.o
	$(COMPILE) -I. -Iexamples $^ -o build/h3_points.$$$$ -lm && build/h3_points.$$$$ >$@.$$$$; s=$$?; rm -f build/h3_points.$$$$; \
	    test $$s = 0 && mv -f $@.$$$$ $@

.PHONY: h3-surface
h3-surface: build/h3.xyz ## fit the BKMP2 surface of H3 into build/pes/h3, for make scatter NAME=h3
	@$(MAKE) --no-print-directory pes DATA=build/h3.xyz COMPOSITION=H3 DEGREE=14 NAME=h3 FIT="--variable morse:2.5 --energy-weight 0.02"

# Parts that the tests are linked with, beside those of the census.
TESTED_PARTS = $(foreach p,$(PROGRAMS),$(filter build/$(p)/%,$(EXAMPLE_PARTS))) \
    build/shapes/clouds.o build/properties/solids.o build/properties/phonons.o

# ---- objects ---------------------------------------------------------------------------------------------

# One level, with chiral terms and without.
SHAPES_BASIS = --environment "P: P" --order 3 --level 12 --level-weight 0.7 --nmax 4 --lmax 6
SHAPES_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/shapes/*.c)))
$(call given,SHAPES)

build/shapes/plain.h build/shapes/chiral.h: build/eqml-gen
	@mkdir -p $(@D)
	build/eqml-gen $(SHAPES_BASIS) $(if $(findstring chiral,$@),--chiral) -n $(basename $(@F)) -o $@

build/shapes/main.o: build/shapes/plain.h build/shapes/chiral.h
build/shapes/main.o: PART_OPTIONS = -Ibuild/shapes

build/shapes/shapes: $(SHAPES_PARTS) build/eqml.o
	$(COMPILE) $^ -o $@.$$$$ $(OPTIONAL) -lm && mv -f $@.$$$$ $@

.PHONY: shapes
shapes: build/shapes/shapes ## [SHAPES="options"]: families, hands and sizes of 2,000 objects learnt from points of their surfaces, pictures into build/shapes/
	@printf '%s\n' "--directory build/shapes $$SHAPES" | xargs build/shapes/shapes

# ---- programs on a potential for materials -----------------------------------------------------------------

# They work on what `make potential` left in build/potential/NAME: properties on the library, dynamics on basis and numbers,
# with lists of neighbours of its own. Options come in the variable of their name.
$(call given,PROPERTIES DYNAMICS)

PROPERTIES_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/properties/*.c)))

$(PROPERTIES_PARTS): PART_OPTIONS = -D_POSIX_C_SOURCE=200809L

build/properties/properties: $(PROPERTIES_PARTS)
	$(COMPILE) $^ -o $@.$$$$ -ldl -lm && mv -f $@.$$$$ $@

build/dynamics.o: examples/dynamics.c $(wildcard examples/common/*.h) eqml.h build/flags
	$(COMPILE) $(OPTIONAL) -I. -Iexamples -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

# In the shell: the folder $$d of a potential.
POTENTIAL = target=$@; . examples/common/run.sh; check_name cu; d=build/potential/$$NAME; \
    [ -r "$$d/$$NAME.pot" ] && [ -r "$$d/$$NAME.h" ] && [ -r "$$d/lib$$NAME.so" ] || \
    refuse "$$d: there is no potential; make potential NAME=$$NAME ... fits one"

.PHONY: properties dynamics
properties: build/properties/properties ## NAME=cu [PROPERTIES="options"]: crystals, elastic constants, vacancy, surfaces, phonons of the potential in build/potential/NAME
	@$(POTENTIAL); with_list "$$PROPERTIES" $< --directory "$$d" --name "$$NAME"

dynamics: build/dynamics.o build/eqml.o ## NAME=cu DYNAMICS="--edge 3.62 [options]": constant energy, or heating to the melt, with the potential in build/potential/NAME
	@$(POTENTIAL); aside=$$(mktemp -d build/dynamics.XXXXXX); trap 'rm -rf "$$aside"' EXIT; trap 'exit 130' INT TERM HUP; \
	    printf '#include "%s.h"\nconst eqml_cloud_basis *const basis = &%s_basis;\n' "$$NAME" "$$NAME" >"$$aside/basis.c"; \
	    $(COMPILE) "-I$$d" -I. "$$aside/basis.c" build/dynamics.o build/eqml.o -o "$$aside/dynamics" $(OPTIONAL) -lm && \
	    with_list "$$DYNAMICS" "$$aside/dynamics" --directory "$$d" --name "$$NAME"

.PHONY: examples-check
examples-check: build/eqml-gen build/eqml.o build/fit.o build/h3.xyz ## programs on a surface against known answers (examples/check.txt): reference, found, difference
	@rm -f build/check/*.json
	@sh examples/common/check.sh

# ---- a potential that exists already, in a library -------------------------------------------------------

$(call given,LIBRARY SYMBOL ADOPT)

ADOPT_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/adopt/*.c)))

build/adopt.o: $(ADOPT_PARTS) $(CENSUS_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

.PHONY: adopt
adopt: build/eqml-gen build/eqml.o build/fit.o build/adopt.o ## LIBRARY=./old.so SYMBOL=pot COMPOSITION="H4 C" DEGREE=6 NAME=ch4 [ADOPT="options"] [as make pes]: fit a surface to a potential of C or Fortran
	@LIBRARIES="$(OPTIONAL) $(MPI_LIBS)" sh examples/common/adopt.sh $(COMPILE)

# ---- from a formula to a surface --------------------------------------------------------------------------

# A loop of fits, census and questions around a quantum chemistry program.
METHOD ?= xtb
TARGET ?= 5
UP_TO ?= 15000
JOBS ?= 2
$(call given,METHOD START TARGET UP_TO JOBS LEARN)

LEARN_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/learn/*.c)))

build/learn.o: $(LEARN_PARTS) $(CENSUS_PARTS)
	$(CC) -r -nostdlib $^ -o $@.$$$$ && mv -f $@.$$$$ $@

.PHONY: learn
learn: build/eqml-gen build/eqml.o build/fit.o build/learn.o build/ask.o build/holes.o ## COMPOSITION="H3 N" [METHOD=xtb|psi4|./my.sh] NAME=nh3 [START=file.xyz] [TARGET=5] [UP_TO=15000] [JOBS=2] [DEGREE=6] [DIPOLE=4] [LEARN="options"]: compute geometries until the surface is good
	@LIBRARIES="$(OPTIONAL) $(MPI_LIBS)" sh examples/common/learn.sh $(COMPILE)
