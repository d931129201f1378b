# What needs many runs: figures 2, 6, 7 (learning rate by decay, for fractions r) and 5 (t4 over r).
# The grids are written from the values; pipelines/sweep/gk-sweep has the runs made, and goes on after a break.
# A tool that has changed begins a sweep anew, a grid that has changed only what it adds.

RUN_TOOLS := gk-data gk-train gk-hjorth gk-phases gk-ckpt-dump
SWEEP_SCRIPTS := $(filter-out %.mk %/gk-predictors,$(wildcard pipelines/sweep/*))

# $(1) name, $(2) lines of the grid
define sweep_rules
$(call step,$(F)/sweeps/$(1).grid,printf '%s\n' $(2) > $(F)/sweeps/$(1).grid)
$(call step,$(F)/sweeps/$(1).begun,rm -rf $(F)/sweeps/$(1)/ && touch $(F)/sweeps/$(1).begun,$(RUN_TOOLS:%=$(TOOL_SUMS)/%))
$(call step,$(F)/sweeps/$(1)/table.tsv,pipelines/sweep/gk-sweep -q --anew --retry --bin $(BIN) $(F)/sweeps/$(1).grid $(F)/sweeps/$(1)/ || pipelines/sweep/settled $(F)/sweeps/$(1)/table.tsv,\
    $(F)/sweeps/$(1).begun $(SWEEP_SCRIPTS))
endef

$(foreach r,$(HEAT_FRACTIONS),$(eval $(call sweep_rules,heat-$r,$(SWEEP_heat) '--frac $r' '--lr $(HEAT_LRS)' '--weight-decay $(HEAT_DECAYS)')))
heat_of = $(foreach r,$(1),$r $(F)/sweeps/heat-$r/table.tsv)

TITLE_2 := Does early energy foretell grokking? $(NAME_sweep), r = $(HEAT_MIDDLE)
SAYS_2 := Left, validation accuracy at the end of runs with these learning rates and weight decays (at most $(HEAT_STEPS) steps); right, the energy m0 of the first 400 steps of training loss, the sum of its squares.
$(eval $(call step,$(F)/fig2.tsv,pipelines/figures/stack r $(call heat_of,$(HEAT_MIDDLE)) > $(F)/fig2.tsv))
$(eval $(call figure,2,heat,,pipelines/figures/numbers signature $(F)/fig2.tsv))

TITLE_6 := Early energy and final validation accuracy for each fraction r of training data: $(NAME_sweep)
SAYS_6 := A point a run of figure 7, with its learning rate as colour: energy m0 of the first 400 steps of training loss across, validation accuracy at the end up.
$(eval $(call step,$(F)/fig6.tsv,pipelines/figures/stack r $(call heat_of,$(HEAT_FRACTIONS)) > $(F)/fig6.tsv))
$(eval $(call figure,6,scatter,,pipelines/figures/numbers signature $(F)/fig6.tsv))

TITLE_7 := Final validation accuracy beside early energy for each fraction r of training data: $(NAME_sweep)
SAYS_7 := As figure 2, a column for each r.
$(eval $(call step,$(F)/fig7.tsv,pipelines/figures/stack r $(call heat_of,$(HEAT_FRACTIONS)) > $(F)/fig7.tsv))
$(eval $(call figure,7,heat,,pipelines/figures/numbers signature $(F)/fig7.tsv))

$(foreach o,add s5,$(eval $(call sweep_rules,t4-$o,$(SWEEP_t4_$o) '--frac $(T4_FRACTIONS_$o)' '--seed $(T4_SEEDS_$o)')))
TITLE_5 := When it groks, t4, and when it has memorised, t2, against the fraction r of training data
SAYS_5 := A point a run; the line is the fit of t4 = a r^-gamma + b. Runs that had not grokked by their last step count as censored there (triangles).
$(foreach o,add s5,$(eval $(call step,$(F)/t4-$o.fit,gk-fit-powerlaw -q -x frac --units fraction --b-min 0 --censor steps -o $(F)/t4-$o.fit $(F)/sweeps/t4-$o/table.tsv)))
$(eval $(call step,$(F)/fig5.tsv,pipelines/figures/stack -c operation text:NAME_t4_add $(F)/sweeps/t4-add/table.tsv text:NAME_t4_s5 $(F)/sweeps/t4-s5/table.tsv > $(F)/fig5.tsv))
$(eval $(call step,$(F)/fig5-fit.tsv,pipelines/figures/stack operation text:NAME_t4_add $(F)/t4-add.fit text:NAME_t4_s5 $(F)/t4-s5.fit > $(F)/fig5-fit.tsv))
$(eval $(call figure,5,powerlaw,$(F)/fig5-fit.tsv,pipelines/figures/numbers powerlaw $(F)/fig5.tsv $(F)/fig5-fit.tsv))
