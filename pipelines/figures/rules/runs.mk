# The runs that are looked at closely, one for each fraction r of the data, for addition and S5 (in
# the quick profile a smaller group), and what their curves alone show: figures 1, 13, 14, 19, 20, 23.

# $(1) name, $(2) add or s5, $(3) r, $(4) options of gk-train.
define run_rules
$(call step,$(F)/runs/$(1).data,gk-data $(DATA_$(2)) --frac $(3) -o $(F)/runs/$(1).data)
$(call step,$(F)/runs/$(1).tsv $(F)/runs/$(1).gks $(F)/runs/$(1).end,gk-train -q -d $(F)/runs/$(1).data \
    $(NET) $(TRAIN_$(2)) $(4) --trajectory $(F)/runs/$(1).gks --save $(F)/runs/$(1).end --weights-only -o $(F)/runs/$(1).tsv)
$(call step,$(F)/runs/$(1).phases,gk-phases -o $(F)/runs/$(1).phases $(F)/runs/$(1).tsv)
endef
$(foreach o,add s5,$(foreach r,$(FRACTIONS_$o),$(eval $(call run_rules,$o-$r,$o,$r,--seed 0))))
$(eval $(call run_rules,never,add,$(MIDDLE),--seed 0 $(NEVER)))
$(eval $(call run_rules,clipped,add,$(LOW),--seed 0 --clip $(CLIP)))
$(eval $(call run_rules,again,add,$(LOW),--seed 1))

# $(1) files of runs by fraction: $(call by_fraction,add,FRACTIONS,tsv)
by_fraction = $(foreach r,$(2),$r $(F)/runs/$(1)-$r.$(3))
ADDITION := $(call by_fraction,add,$(FRACTIONS_add),tsv)
ENDS := $(LOW) $(HIGH)
# The frames of a run that are even steps apart (its last is at no such step), as one stream.
frames_of = gk-ckpt-dump --format safetensors --steps 0:$(STEPS):$(2) $(F)/runs/$(1).gks

TITLE_1 := A network that does not grok and one that does: $(NAME_add), r = $(MIDDLE)
SAYS_1 := Accuracy and loss of two runs on the same data; the left one differs by $(NEVER). The dotted lines are t2, when all training rows are right, and t4, when all others are.
$(eval $(call step,$(F)/fig1.tsv,pipelines/figures/stack run 'does not grok' $(F)/runs/never.tsv groks $(F)/runs/add-$(MIDDLE).tsv > $(F)/fig1.tsv))
$(eval $(call step,$(F)/fig1-phases.tsv,pipelines/figures/stack run 'does not grok' $(F)/runs/never.phases groks $(F)/runs/add-$(MIDDLE).phases > $(F)/fig1-phases.tsv))
$(eval $(call figure,1,curves,$(F)/fig1-phases.tsv,pipelines/figures/numbers phases run $(F)/fig1-phases.tsv))

TITLE_13 := Squared norm of the gradient along the run, also with clipping: $(NAME_add)
SAYS_13 := Two fractions r of training data, and a third run whose gradient is clipped to the norm $(CLIP); the norm is the one before clipping. The paper finds that clipping slows grokking and does not prevent it: see t4 in the numbers.
$(eval $(call step,$(F)/fig13.tsv,pipelines/figures/stack r $(call by_fraction,add,$(ENDS),tsv) '$(LOW) clipped' $(F)/runs/clipped.tsv > $(F)/fig13.tsv))
$(eval $(call step,$(F)/fig13-phases.tsv,pipelines/figures/stack r $(call by_fraction,add,$(ENDS),phases) '$(LOW) clipped' $(F)/runs/clipped.phases > $(F)/fig13-phases.tsv))
$(eval $(call figure,13,multiples/gradient,,pipelines/figures/numbers gradient $(F)/fig13.tsv $(F)/fig13-phases.tsv))

TITLE_14 := Cosine of the parameters with those one step before, and with the initial ones: $(NAME_add)
SAYS_14 := Above, how far one step turns the parameters (1 less the cosine, as it is so small); below, how far they are from the start. The paper finds the former constant except at slingshots.
$(eval $(call step,$(F)/fig14.tsv,pipelines/figures/stack r $(call by_fraction,add,$(ENDS),tsv) > $(F)/fig14.tsv))
$(eval $(call figure,14,multiples/cosines,,pipelines/figures/numbers cosines $(F)/fig14.tsv))

TITLE_19 := Squared norm of the gradient for each fraction r of training data: $(NAME_add)
SAYS_19 := As figure 13, for every fraction.
$(eval $(call step,$(F)/fig19.tsv,pipelines/figures/stack r $(ADDITION) > $(F)/fig19.tsv))
$(eval $(call figure,19,multiples/gradient,,pipelines/figures/numbers gradient $(F)/fig19.tsv))

TITLE_20 := Cosines along the run for each fraction r of training data: $(NAME_add)
SAYS_20 := As figure 14, for every fraction.
$(eval $(call step,$(F)/fig20.tsv,pipelines/figures/stack r $(ADDITION) > $(F)/fig20.tsv))
$(eval $(call figure,20,multiples/cosines,,pipelines/figures/numbers cosines $(F)/fig20.tsv))

TITLE_23 := Validation accuracy and loss for each fraction r of training data: $(NAME_add)
SAYS_23 := The paper finds that more data groks earlier, and that the validation loss first rises and falls when the network groks.
$(eval $(call step,$(F)/fig23.tsv,pipelines/figures/stack r $(ADDITION) > $(F)/fig23.tsv))
$(eval $(call step,$(F)/fig23-phases.tsv,pipelines/figures/stack r $(call by_fraction,add,$(FRACTIONS_add),phases) > $(F)/fig23-phases.tsv))
$(eval $(call figure,23,sizes,,pipelines/figures/numbers phases r $(F)/fig23-phases.tsv))
