# Intrinsic dimension of the layers' activations along two runs that differ by their seed: figures 21, 22.

DIMENSION_RUNS := add-$(LOW) again
DIMENSION_LAYERS := block0 block1
DIMENSION_SPLITS := train val
# $(call dimension_of,LAYER,SPLIT)
define dimension_of
$(DIMENSION_RUNS:%=$(F)/dimension/%-$(1)-$(2).tsv): $(F)/dimension/%-$(1)-$(2).tsv: $(F)/runs/%.gks $(F)/runs/%.data \
    $(call tools,gk-ckpt-dump gk-eval gk-twonn) FORCE
	$$(call run,$$(call frames_of,$$*,$(DIMENSION_EVERY)) | \
	    gk-eval $$$$threads -q -d $(F)/runs/$$*.data --activations $(1) --split $(2) | \
	    gk-twonn $$$$threads -q --method all -k 2 -o $$@)
endef
$(foreach l,$(DIMENSION_LAYERS),$(foreach s,$(DIMENSION_SPLITS),$(eval $(call dimension_of,$l,$s))))
# $(call dimensions,RUN,SEED): each file after what its rows are of
dimensions = $(foreach l,$(DIMENSION_LAYERS),$(foreach s,$(DIMENSION_SPLITS),\
    '$(2):$l:$s' $(F)/dimension/$(1)-$l-$s.tsv))

TITLE_21 := Intrinsic dimension of each layer along the run, two initialisations: $(NAME_add), r = $(LOW)
SAYS_21 := Maximum likelihood with k = 2 (MacKay and Ghahramani) of the activations at the last position, on training \
    and validation rows. The other estimators are in the table.
DIMENSIONS_21 := $(call dimensions,add-$(LOW),0) $(call dimensions,again,1)
$(F)/fig21.tsv: $(filter %.tsv,$(DIMENSIONS_21)) $(STACK) FORCE
	$(call run,$(STACK) seed:layer:split $(DIMENSIONS_21) > $@)
PLOT_21 := dimension
NUMBERS_21 := dimension

TITLE_22 := Accuracy, loss and intrinsic dimension of the last layer, two initialisations: $(NAME_add), r = $(LOW)
SAYS_22 := Above, training and validation accuracy, in the middle the losses, below the dimension of the last layer. \
    The paper finds that it moves with the oscillations.
$(F)/fig22.tsv: $(F)/runs/add-$(LOW).tsv $(F)/runs/again.tsv $(STACK) FORCE
	$(call run,$(STACK) seed 0 $(F)/runs/add-$(LOW).tsv 1 $(F)/runs/again.tsv > $@)
PLOT_22 := beside
PLOT_TABLES_22 := $(F)/fig21.tsv
NUMBERS_22 := beside
NUMBERS_TABLES_22 := $(F)/fig22.tsv $(F)/fig21.tsv
