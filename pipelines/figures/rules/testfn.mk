# The optimisers on Rosenbrock's and Rastrigin's functions: figures 24-29.

OPTIMIZERS := sgd momentum rmsprop rprop adam adamax

# The files of a function, and the three figures that are drawn from them. In log scale sgd and momentum stay finite
# at the rate that suits the others.
#   $(call testfn,FUNCTION,FIGURE of its surface,of the distances,of the paths)
define testfn
$(OPTIMIZERS:%=$(F)/testfn/$(1)-%.tsv): $(F)/testfn/$(1)-%.tsv: $(call tools,gk-testfn) FORCE
	$$(call run,gk-testfn --function $(1) --log --optimizer $$* --lr $(TESTFN_LR) --steps $(TESTFN_STEPS) -o $$@)
$(F)/fig$(2).tsv: $(call tools,gk-testfn) FORCE
	$$(call run,gk-testfn --function $(1) --log --grid $(TESTFN_GRID_$(1)) -o $$@)
$(F)/fig$(3).tsv $(F)/fig$(4).tsv: $(OPTIMIZERS:%=$(F)/testfn/$(1)-%.tsv) $(STACK) FORCE
	$$(call run,$(STACK) optimizer $(foreach o,$(OPTIMIZERS),$o $(F)/testfn/$(1)-$o.tsv) > $$@)
PLOT_$(2) := testfn-surface
PLOT_$(3) := testfn-errors
PLOT_$(4) := testfn-paths
PLOT_TABLES_$(4) := $(F)/fig$(2).tsv
NUMBERS_$(2) := grid
NUMBERS_$(3) := optimizers $(1)
NUMBERS_$(4) := optimizers $(1)
endef
$(eval $(call testfn,rosenbrock,24,25,26))
$(eval $(call testfn,rastrigin,27,28,29))

TITLE_24 := Rosenbrock function in log scale, its contours and its descent directions
SAYS_24 := log(1 + f) in two dimensions. The gradient is large across the ravine, nearly zero along it, and large \
    again around the minimum at (1, 1).
TITLE_25 := Rosenbrock function: distance to the minimum for each optimiser
SAYS_25 := All from (-1.2, 1) on log(1 + f), learning rate $(TESTFN_LR), $(TESTFN_STEPS) steps.
TITLE_26 := Rosenbrock function: paths of the optimisers
SAYS_26 := The paths of figure 25 on the surface of figure 24.

TITLE_27 := Rastrigin function in log scale, its contours and its descent directions
SAYS_27 := log(1 + f) in two dimensions: the minimum at 0 among many local ones.
TITLE_28 := Rastrigin function: distance to the minimum for each optimiser
SAYS_28 := All from (-3.2, 2.7) on log(1 + f), learning rate $(TESTFN_LR), $(TESTFN_STEPS) steps.
TITLE_29 := Rastrigin function: paths of the optimisers
SAYS_29 := The paths of figure 28 on the surface of figure 27.
