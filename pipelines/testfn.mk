# Optimisers on Rosenbrock's and Rastrigin's functions: make fig24 ... fig29, or testfn-figures.
# 24 and 27: the surface in log scale with its gradient field; 25 and 28: the paths on it; 26 and 29:
# distance to the minimum by step.
include pipelines/testfn.conf

TESTFN := $(BUILD)/figures/testfn
TESTFN_FIGURES := fig24 fig25 fig26 fig27 fig28 fig29
TESTFN_FUNCTIONS := rosenbrock rastrigin

.PHONY: testfn-figures $(TESTFN_FIGURES)
testfn-figures: $(TESTFN_FIGURES) ## the optimisers on Rosenbrock and Rastrigin (figures 24-29)
$(TESTFN_FIGURES): %: $(BUILD)/figures/%.png $(BUILD)/figures/%.svg

# In log scale sgd and momentum stay finite at the rate that suits the others.
define testfn_rules
$(TESTFN)/$(1).grid.tsv: $(BIN)/gk-testfn pipelines/testfn.conf
	@mkdir -p $$(@D)
	$(BIN)/gk-testfn --function $(1) --log --grid $(TESTFN_GRID_$(1)) -o $$@
$(TESTFN)/$(1).%.tsv: $(BIN)/gk-testfn pipelines/testfn.conf
	@mkdir -p $$(@D)
	$(BIN)/gk-testfn --function $(1) --log --optimizer $$* --lr $(TESTFN_LR) --steps $(TESTFN_STEPS) -o $$@
endef
$(foreach f,$(TESTFN_FUNCTIONS),$(eval $(call testfn_rules,$f)))

# $(1) the figure, $(2) the function, $(3) surface, paths or errors.
define testfn_plot
$(BUILD)/figures/$(1).png $(BUILD)/figures/$(1).svg: $(BUILD)/figures/$(1).%: pipelines/plots/testfn.gp \
    pipelines/plots/common.gp $(TESTFN)/$(2).grid.tsv $(TESTFN_OPTIMIZERS:%=$(TESTFN)/$(2).%.tsv)
	gnuplot -c $$< $$* $$@.new $(TESTFN)/$(2) $(3) '$(TESTFN_OPTIMIZERS)' && mv $$@.new $$@
endef
$(foreach x,24:rosenbrock:surface 25:rosenbrock:paths 26:rosenbrock:errors \
    27:rastrigin:surface 28:rastrigin:paths 29:rastrigin:errors,\
    $(eval $(call testfn_plot,fig$(word 1,$(subst :, ,$x)),$(word 2,$(subst :, ,$x)),$(word 3,$(subst :, ,$x)))))
