# Beyond the paper: what a network has learned (progress, energy), optimisers side by side (race), and stability at a
# slingshot (edge).

NANDA := $(F)/runs/nanda
fourier = $(call run,gk-fourier $$threads -q -d $(NANDA).data $(1) -o $@ $(NANDA).gks)
fourier_needs := $(NANDA).gks $(NANDA).data $(call tools,gk-fourier)

TITLE_progress := Progress measures of Nanda's network: $(NAME_nanda)
SAYS_progress := Above, the losses of the run, and two that are made from the logits: excluded is the training loss \
    without the key frequencies, restricted the validation loss of these frequencies alone. Below, the share of the \
    logits' energy that all frequencies and the keys have, and how unequal the energies of the embedding's \
    frequencies are. Nanda et al. (2023) find that the excluded loss rises long before the validation loss falls.
$(F)/fig-progress.tsv: $(fourier_needs) FORCE
	$(call fourier,--keys $(NANDA_KEYS))
PLOT_progress := progress
PLOT_TABLES_progress := $(NANDA).tsv
NUMBERS_progress := progress
NUMBERS_TABLES_progress := $(F)/fig-progress.tsv $(NANDA).tsv

TITLE_energy := Energy of the logits by frequency: $(NAME_nanda)
SAYS_energy := Above, the losses of figure progress; below, step across and frequency up, the share of the logits' \
    energy in each frequency of a + b. A few rows become bright, while the others fade: the network computes with \
    these frequencies.
$(F)/fig-energy.tsv: $(fourier_needs) FORCE
	$(call fourier,--view logits)
PLOT_energy := energy
PLOT_TABLES_energy := $(NANDA).tsv
NUMBERS_energy := energy

TITLE_race := Runs that have grokked by each step, by optimiser: $(NAME_race)
SAYS_race := The share of the runs that have reached validation accuracy 1, for seeds $(RACE_SEEDS) of each optimiser \
    (1 - the estimate of Kaplan and Meier). Runs that had not grokked by their last step count as censored there \
    (crosses). In the key, the number of runs that grokked, and the median with its interval of 95 %.
RACE_TABLES := $(foreach o,$(RACERS),$o $(F)/sweeps/race-$o/table.tsv)
$(F)/fig-race-runs.tsv: $(filter %.tsv,$(RACE_TABLES)) $(STACK) FORCE
	$(call run,$(STACK) -c optimizer $(RACE_TABLES) > $@)
times_of_race = $(call run,gk-times -q --group optimizer $(1) -o $@ $<)
$(F)/fig-race.tsv: $(F)/fig-race-runs.tsv $(call tools,gk-times) FORCE
	$(call times_of_race,--curves)
$(F)/fig-race-times.tsv: $(F)/fig-race-runs.tsv $(call tools,gk-times) FORCE
	$(call times_of_race)
$(F)/fig-race-compare.tsv: $(F)/fig-race-runs.tsv $(call tools,gk-times) FORCE
	$(call times_of_race,--compare)
PLOT_race := race
PLOT_TABLES_race := $(F)/fig-race-times.tsv
NUMBERS_race := race
NUMBERS_TABLES_race := $(F)/fig-race-times.tsv $(F)/fig-race-compare.tsv

TITLE_edge := Stability at a slingshot: $(NAME_edge)
SAYS_edge := Above, the training loss; in the middle, the largest eigenvalue of the Hessian as AdamW scales it, \
    with the threshold (2 + 2 beta1)/((1 - beta1) lr) of Cohen et al. (2022), which is 38/lr; below, that of the \
    Hessian, with 2/lr, the threshold of gradient descent. Dotted lines: slingshots begin.
# The run again, with the optimiser's state in frames from some steps before a slingshot to some after it; in a run
# without one, from its end.
EDGE_RUN := add-$(LOW)
EDGE_DATA := $(F)/runs/$(EDGE_RUN).data
$(F)/fig-edge-slingshots.tsv: $(F)/runs/$(EDGE_RUN).tsv $(call tools,gk-phases) FORCE
	$(call run,gk-phases -q --spikes -o $@ $<)
WINDOW := pipelines/figures/window
EDGE_CURVES := $(F)/runs/$(EDGE_RUN).tsv $(F)/fig-edge-slingshots.tsv
$(F)/edge.window: $(EDGE_CURVES) $(WINDOW) FORCE
	$(call run,$(WINDOW) $(EDGE_SLINGSHOT) $(EDGE_BEFORE) $(EDGE_AFTER) $(EDGE_CURVES) > $@)
$(F)/edge-run.tsv $(F)/edge.gks &: $(F)/edge.window $(EDGE_DATA) $(call tools,gk-train) FORCE
	$(call run,read -r from to < $< && \
	    gk-train $$threads -q -d $(EDGE_DATA) $(TRAIN_OF_$(EDGE_RUN)) --steps $$from --trajectory /dev/null \
	        --save $(F)/edge-from.ckpt -o /dev/null && \
	    gk-train $$threads -q -d $(EDGE_DATA) --resume $(F)/edge-from.ckpt --steps $$to \
	        --trajectory $(F)/edge.gks --every $(EDGE_EVERY) --trajectory-state -o $(F)/edge-run.tsv,$(F)/edge-run.tsv)
EDGE_TABLES := $(F)/edge-preconditioned.tsv $(F)/edge-hessian.tsv
$(F)/edge-preconditioned.tsv: EDGE_MATRIX := --precondition
$(EDGE_TABLES): $(F)/edge.gks $(EDGE_DATA) $(call tools,gk-hvp) FORCE
	$(call run,gk-hvp $$threads -q --tol $(EDGE_TOL) $(EDGE_MATRIX) -d $(EDGE_DATA) -o $@ $<)
$(F)/fig-edge.tsv: $(EDGE_TABLES) $(STACK) FORCE
	$(call run,$(STACK) matrix preconditioned $(word 1,$(EDGE_TABLES)) Hessian $(word 2,$(EDGE_TABLES)) > $@)
PLOT_edge := edge
PLOT_TABLES_edge := $(F)/edge-run.tsv $(F)/fig-edge-slingshots.tsv
NUMBERS_edge := edge
NUMBERS_TABLES_edge := $(F)/fig-edge-slingshots.tsv $(F)/fig-edge.tsv
