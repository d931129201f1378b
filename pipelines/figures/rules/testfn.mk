# The optimisers on Rosenbrock's and Rastrigin's functions: figures 24-29.

OPTIMIZERS := sgd momentum rmsprop rprop adam adamax

# In log scale sgd and momentum stay finite at the rate that suits the others.
# $(1) the function, $(2) the figure of its surface; the next two are errors and paths.
define testfn_rules
$(call step,$(F)/fig$(2).tsv,gk-testfn --function $(1) --log --grid $(TESTFN_GRID_$(1)) -o $(F)/fig$(2).tsv)
$(foreach o,$(OPTIMIZERS),$(call step,$(F)/testfn/$(1)-$o.tsv,gk-testfn --function $(1) --log --optimizer $o --lr $(TESTFN_LR) --steps $(TESTFN_STEPS) -o $(F)/testfn/$(1)-$o.tsv)
)
$(foreach n,$(3) $(4),$(call step,$(F)/fig$n.tsv,pipelines/figures/stack optimizer $(foreach o,$(OPTIMIZERS),$o $(F)/testfn/$(1)-$o.tsv) > $(F)/fig$n.tsv)
)
$(call figure,$(2),testfn-surface,,pipelines/figures/numbers grid $(F)/fig$(2).tsv)
$(call figure,$(3),testfn-errors,,pipelines/figures/numbers optimizers $(1) $(F)/fig$(3).tsv)
$(call figure,$(4),testfn-paths,$(F)/fig$(2).tsv,pipelines/figures/numbers optimizers $(1) $(F)/fig$(4).tsv)
endef
TITLE_24 := Rosenbrock function in log scale, its contours and its descent directions
SAYS_24 := log(1 + f) in two dimensions. The gradient is large across the ravine, nearly zero along it, and large again around the minimum at (1, 1).
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
$(eval $(call testfn_rules,rosenbrock,24,25,26))
$(eval $(call testfn_rules,rastrigin,27,28,29))
