# The runs that are looked at closely, one for each fraction r of the data, for addition and S5 (in
# the quick profile a smaller group), and what their curves alone show: figures 1, 13, 14, 19, 20, 23.

# $(call a_run,NAME,add or s5,r,OPTIONS of gk-train)
CLOSE_RUNS :=
define a_run
CLOSE_RUNS += $(1)
DATA_OF_$(1) := $(DATA_$(2)) --frac $(3)
TRAIN_OF_$(1) := $(NET) $(TRAIN_$(2)) $(4)
endef
$(foreach o,add s5,$(foreach r,$(FRACTIONS_$o),$(eval $(call a_run,$o-$r,$o,$r,--seed 0))))
$(eval $(call a_run,never,add,$(MIDDLE),--seed 0 $(NEVER)))
$(eval $(call a_run,clipped,add,$(LOW),--seed 0 --clip $(CLIP)))
$(eval $(call a_run,again,add,$(LOW),--seed 1))
# The network of figures progress and energy (beyond.mk)
CLOSE_RUNS += nanda
DATA_OF_nanda := $(DATA_nanda)
TRAIN_OF_nanda := $(TRAIN_nanda)

$(CLOSE_RUNS:%=$(F)/runs/%.data): $(F)/runs/%.data: $(call tools,gk-data) FORCE
	$(call run,gk-data $(DATA_OF_$*) -o $@)
# The curve, the trajectory and the last checkpoint are made at once.
$(F)/runs/%.tsv $(F)/runs/%.gks $(F)/runs/%.end: $(F)/runs/%.data $(call tools,gk-train) FORCE
	$(call run,gk-train $$threads -q -d $< $(TRAIN_OF_$*) --trajectory $(F)/runs/$*.gks \
	    --save $(F)/runs/$*.end --weights-only -o $(F)/runs/$*.tsv,$(F)/runs/$*.tsv)
$(CLOSE_RUNS:%=$(F)/runs/%.phases): $(F)/runs/%.phases: $(F)/runs/%.tsv $(call tools,gk-phases) FORCE
	$(call run,gk-phases -o $@ $<)

# $(call of_fractions,runs/add,FRACTIONS,.tsv): a file of each fraction; $(call by_fraction,...): each after its
# fraction, as the arguments of stack
of_fractions = $(foreach r,$(2),$(F)/$(1)-$r$(3))
by_fraction = $(foreach r,$(2),$r $(F)/$(1)-$r$(3))
# The two fractions of the figures that compare only two
ENDS := $(LOW) $(HIGH)
# The frames of a run that are even steps apart (its last is at no such step), as one stream.
frames_of = gk-ckpt-dump --format safetensors --steps 0:$(STEPS):$(2) $(F)/runs/$(1).gks

TITLE_1 := A network that does not grok and one that does: $(NAME_add), r = $(MIDDLE)
SAYS_1 := Accuracy and loss of two runs on the same data; the left one differs by $(NEVER). The dotted lines are \
    t2, when all training rows are right, and t4, when all others are.
$(F)/fig1.tsv: $(F)/runs/never.tsv $(F)/runs/add-$(MIDDLE).tsv $(STACK) FORCE
	$(call run,$(STACK) run 'does not grok' $(F)/runs/never.tsv groks $(F)/runs/add-$(MIDDLE).tsv > $@)
$(F)/fig1-phases.tsv: $(F)/runs/never.phases $(F)/runs/add-$(MIDDLE).phases $(STACK) FORCE
	$(call run,$(STACK) run 'does not grok' $(F)/runs/never.phases groks $(F)/runs/add-$(MIDDLE).phases > $@)
PLOT_1 := curves
PLOT_TABLES_1 := $(F)/fig1-phases.tsv
NUMBERS_1 := phases run
NUMBERS_TABLES_1 := $(F)/fig1-phases.tsv

TITLE_13 := Squared norm of the gradient along the run, also with clipping: $(NAME_add)
SAYS_13 := Two fractions r of training data, and a third run whose gradient is clipped to the norm $(CLIP); the norm \
    is the one before clipping. The paper finds that clipping slows grokking and does not prevent it: see t4 in the \
    numbers.
$(F)/fig13.tsv: $(call of_fractions,runs/add,$(ENDS),.tsv) $(F)/runs/clipped.tsv $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,runs/add,$(ENDS),.tsv) '$(LOW) clipped' $(F)/runs/clipped.tsv > $@)
$(F)/fig13-phases.tsv: $(call of_fractions,runs/add,$(ENDS),.phases) $(F)/runs/clipped.phases $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,runs/add,$(ENDS),.phases) '$(LOW) clipped' $(F)/runs/clipped.phases > $@)
PLOT_13 := multiples/gradient
NUMBERS_13 := gradient
NUMBERS_TABLES_13 := $(F)/fig13.tsv $(F)/fig13-phases.tsv

TITLE_14 := Cosine of the parameters with those one step before, and with the initial ones: $(NAME_add)
SAYS_14 := Above, how far one step turns the parameters (1 less the cosine, as it is so small); below, how far they \
    are from the start. The paper finds the former constant except at slingshots.
$(F)/fig14.tsv: $(call of_fractions,runs/add,$(ENDS),.tsv) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,runs/add,$(ENDS),.tsv) > $@)
PLOT_14 := multiples/cosines
NUMBERS_14 := cosines

TITLE_19 := Squared norm of the gradient for each fraction r of training data: $(NAME_add)
SAYS_19 := As figure 13, for every fraction.
PLOT_19 := multiples/gradient
NUMBERS_19 := gradient

TITLE_20 := Cosines along the run for each fraction r of training data: $(NAME_add)
SAYS_20 := As figure 14, for every fraction.
PLOT_20 := multiples/cosines
NUMBERS_20 := cosines

TITLE_23 := Validation accuracy and loss for each fraction r of training data: $(NAME_add)
SAYS_23 := The paper finds that more data groks earlier, and that the validation loss first rises and falls when the \
    network groks.
$(F)/fig23-phases.tsv: $(call of_fractions,runs/add,$(FRACTIONS_add),.phases) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,runs/add,$(FRACTIONS_add),.phases) > $@)
PLOT_23 := sizes
NUMBERS_23 := phases r
NUMBERS_TABLES_23 := $(F)/fig23-phases.tsv

$(F)/fig19.tsv $(F)/fig20.tsv $(F)/fig23.tsv: $(call of_fractions,runs/add,$(FRACTIONS_add),.tsv) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,runs/add,$(FRACTIONS_add),.tsv) > $@)
