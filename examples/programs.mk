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

# ---- objects ---------------------------------------------------------------------------------------------

# One level, with chiral terms and without.
SHAPES_BASIS = --environment "P: P" --order 3 --level 12 --level-weight 0.7 --nmax 4 --lmax 6
SHAPES_PARTS = $(patsubst examples/%.c,build/%.o,$(sort $(wildcard examples/shapes/*.c)))
$(call given,SHAPES)

build/shapes/plain.h build/shapes/chiral.h: build/eqml-gen
	@mkdir -p $(@D)
	build/eqml-gen $(SHAPES_BASIS) $(if $(findstring chiral,$@),--chiral) -n $(basename $(@F)) -o $@

build/shapes/main.o: build/shapes/plain.h build/shapes/chiral.h
$(SHAPES_PARTS): build/%.o: examples/%.c examples/shapes/shapes.h $(wildcard examples/common/*.h) eqml.h build/flags
	@mkdir -p $(@D)
	$(COMPILE) -I. -Iexamples -Ibuild/shapes -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

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

$(PROPERTIES_PARTS): build/%.o: examples/%.c examples/properties/properties.h $(wildcard examples/common/*.h) build/flags
	@mkdir -p $(@D)
	$(COMPILE) -D_POSIX_C_SOURCE=200809L -Iexamples -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

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
