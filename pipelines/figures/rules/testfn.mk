# The optimisers on Rosenbrock's and Rastrigin's functions: figures 24-29.

OPTIMIZERS := sgd momentum rmsprop rprop adam adamax
# In log scale sgd and momentum stay finite at the rate that suits the others.
$(OPTIMIZERS:%=$(F)/testfn/rosenbrock-%.tsv): $(F)/testfn/rosenbrock-%.tsv: $(call tools,gk-testfn) FORCE
	$(call testfn_path,rosenbrock,$*)
$(OPTIMIZERS:%=$(F)/testfn/rastrigin-%.tsv): $(F)/testfn/rastrigin-%.tsv: $(call tools,gk-testfn) FORCE
	$(call testfn_path,rastrigin,$*)
testfn_path = $(call run,gk-testfn --function $(1) --log --optimizer $(2) --lr $(TESTFN_LR) \
    --steps $(TESTFN_STEPS) -o $@)
testfn_surface = $(call run,gk-testfn --function $(1) --log --grid $(TESTFN_GRID_$(1)) -o $@)
testfn_paths = $(call run,$(STACK) optimizer $(foreach o,$(OPTIMIZERS),$o $(F)/testfn/$(1)-$o.tsv) > $@)

TITLE_24 := Rosenbrock function in log scale, its contours and its descent directions
SAYS_24 := log(1 + f) in two dimensions. The gradient is large across the ravine, nearly zero along it, and large \
    again around the minimum at (1, 1).
$(F)/fig24.tsv: $(call tools,gk-testfn) FORCE
	$(call testfn_surface,rosenbrock)
TITLE_25 := Rosenbrock function: distance to the minimum for each optimiser
SAYS_25 := All from (-1.2, 1) on log(1 + f), learning rate $(TESTFN_LR), $(TESTFN_STEPS) steps.
TITLE_26 := Rosenbrock function: paths of the optimisers
SAYS_26 := The paths of figure 25 on the surface of figure 24.
$(F)/fig25.tsv $(F)/fig26.tsv: $(OPTIMIZERS:%=$(F)/testfn/rosenbrock-%.tsv) $(STACK) FORCE
	$(call testfn_paths,rosenbrock)

TITLE_27 := Rastrigin function in log scale, its contours and its descent directions
SAYS_27 := log(1 + f) in two dimensions: the minimum at 0 among many local ones.
$(F)/fig27.tsv: $(call tools,gk-testfn) FORCE
	$(call testfn_surface,rastrigin)
TITLE_28 := Rastrigin function: distance to the minimum for each optimiser
SAYS_28 := All from (-3.2, 2.7) on log(1 + f), learning rate $(TESTFN_LR), $(TESTFN_STEPS) steps.
TITLE_29 := Rastrigin function: paths of the optimisers
SAYS_29 := The paths of figure 28 on the surface of figure 27.
$(F)/fig28.tsv $(F)/fig29.tsv: $(OPTIMIZERS:%=$(F)/testfn/rastrigin-%.tsv) $(STACK) FORCE
	$(call testfn_paths,rastrigin)

PLOT_24 := testfn-surface
PLOT_25 := testfn-errors
PLOT_26 := testfn-paths
PLOT_TABLES_26 := $(F)/fig24.tsv
PLOT_27 := testfn-surface
PLOT_28 := testfn-errors
PLOT_29 := testfn-paths
PLOT_TABLES_29 := $(F)/fig27.tsv
NUMBERS_24 := grid
NUMBERS_25 := optimizers rosenbrock
NUMBERS_26 := optimizers rosenbrock
NUMBERS_27 := grid
NUMBERS_28 := optimizers rastrigin
NUMBERS_29 := optimizers rastrigin
