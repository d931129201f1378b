# What needs many runs: figures 2, 6, 7 (learning rate by decay, for fractions r), 5 (t4 over r) and race (optimisers
# over seeds, beyond.mk).
# The values of the profile give the grids. gk-sweep makes the runs, and continues after a break. When a tool has
# changed, a sweep begins anew; when a grid has changed, only its new runs are made.

SWEEPS := $(HEAT_FRACTIONS:%=heat-%) t4-add t4-s5 $(RACERS:%=race-%)
$(foreach r,$(HEAT_FRACTIONS),$(eval GRID_heat-$r := $$(SWEEP_heat) '--frac $r' \
    '--lr $(HEAT_LRS)' '--weight-decay $(HEAT_DECAYS)'))
$(foreach o,$(RACERS),$(eval GRID_race-$o := $$(SWEEP_race) '--optimizer $o' $$(RACE_$o) '--seed $(RACE_SEEDS)'))
$(foreach o,add s5,$(eval GRID_t4-$o := $$(SWEEP_t4_$o) '--frac $(T4_FRACTIONS_$o)' '--seed $(T4_SEEDS_$o)'))

$(SWEEPS:%=$(F)/sweeps/%.grid): $(F)/sweeps/%.grid: FORCE
	$(call run,printf '%s\n' $(GRID_$*) > $@)
$(SWEEPS:%=$(F)/sweeps/%.begun): $(F)/sweeps/%.begun: \
    $(call tools,gk-data gk-train gk-hjorth gk-phases gk-ckpt-dump) FORCE
	$(call run,rm -rf $(F)/sweeps/$*/ && touch $@)
# A sweep with failed runs is good enough for a figure if all its runs have ended.
SWEEP_PARTS := $(filter-out %.mk %/gk-predictors,$(wildcard pipelines/sweep/*))
$(SWEEPS:%=$(F)/sweeps/%/table.tsv): $(F)/sweeps/%/table.tsv: $(F)/sweeps/%.grid $(F)/sweeps/%.begun \
    $(SWEEP_PARTS) FORCE
	$(call run,pipelines/sweep/gk-sweep -q --anew --retry --bin $(BIN) $< $(@D) || pipelines/sweep/settled $@)

TITLE_2 := Does early energy foretell grokking? $(NAME_sweep), r = $(HEAT_MIDDLE)
SAYS_2 := Left, validation accuracy at the end of runs with these learning rates and weight decays (at most \
    $(HEAT_STEPS) steps); right, the energy m0 of the first 400 steps of training loss, the sum of its squares.
$(F)/fig2.tsv: $(F)/sweeps/heat-$(HEAT_MIDDLE)/table.tsv $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,sweeps/heat,$(HEAT_MIDDLE),/table.tsv) > $@)
TITLE_6 := Early energy and final validation accuracy for each fraction r of training data: $(NAME_sweep)
SAYS_6 := A point a run of figure 7, with its learning rate as colour: energy m0 of the first 400 steps of training \
    loss across, validation accuracy at the end up.
TITLE_7 := Final validation accuracy beside early energy for each fraction r of training data: $(NAME_sweep)
SAYS_7 := As figure 2, a column for each r.
$(F)/fig6.tsv $(F)/fig7.tsv: $(call of_fractions,sweeps/heat,$(HEAT_FRACTIONS),/table.tsv) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,sweeps/heat,$(HEAT_FRACTIONS),/table.tsv) > $@)
PLOT_2 := heat
PLOT_6 := scatter
PLOT_7 := heat
NUMBERS_2 := signature
NUMBERS_6 := signature
NUMBERS_7 := signature

TITLE_5 := When it groks, t4, and when it has memorised, t2, against the fraction r of training data
SAYS_5 := A point a run; the line is the fit of t4 = a r^-gamma + b. Runs that had not grokked by their last step \
    count as censored there (triangles).
T4_TABLES := $(F)/sweeps/t4-add/table.tsv $(F)/sweeps/t4-s5/table.tsv
$(F)/t4-add.fit $(F)/t4-s5.fit: $(F)/%.fit: $(F)/sweeps/%/table.tsv $(call tools,gk-fit-powerlaw) FORCE
	$(call run,gk-fit-powerlaw -q -x frac --units fraction --b-min 0 --censor steps -o $@ $<)
$(F)/fig5.tsv: $(T4_TABLES) $(STACK) FORCE
	$(call run,$(STACK) -c operation $(call quoted,$(NAME_t4_add)) $(word 1,$(T4_TABLES)) \
	    $(call quoted,$(NAME_t4_s5)) $(word 2,$(T4_TABLES)) > $@)
$(F)/fig5-fit.tsv: $(F)/t4-add.fit $(F)/t4-s5.fit $(STACK) FORCE
	$(call run,$(STACK) operation $(call quoted,$(NAME_t4_add)) $(F)/t4-add.fit \
	    $(call quoted,$(NAME_t4_s5)) $(F)/t4-s5.fit > $@)
PLOT_5 := powerlaw
PLOT_TABLES_5 := $(F)/fig5-fit.tsv
NUMBERS_5 := powerlaw
NUMBERS_TABLES_5 := $(F)/fig5.tsv $(F)/fig5-fit.tsv
