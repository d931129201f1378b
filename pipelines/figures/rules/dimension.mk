# Intrinsic dimension of the layers' activations along two runs that differ by their seed: figures 21, 22.

DIMENSION_RUNS := add-$(LOW) again
DIMENSION_LAYERS := block0 block1
define dimension_rules
$(call step,$(F)/dimension/$(1)-$(2)-$(3).tsv,$(call frames_of,$(1),$(DIMENSION_EVERY)) | \
    gk-eval -q -d $(F)/runs/$(1).data --activations $(2) --split $(3) | \
    gk-twonn -q --method all -k 2 -o $(F)/dimension/$(1)-$(2)-$(3).tsv)
endef
$(foreach x,$(DIMENSION_RUNS),$(foreach l,$(DIMENSION_LAYERS),$(foreach s,train val,$(eval $(call dimension_rules,$x,$l,$s)))))
dimensions_of = $(foreach l,$(DIMENSION_LAYERS),$(foreach s,train val,'$(2):$l:$s' $(F)/dimension/$(1)-$l-$s.tsv))

TITLE_21 := Intrinsic dimension of each layer along the run, two initialisations: $(NAME_add), r = $(LOW)
SAYS_21 := Maximum likelihood with k = 2 (MacKay and Ghahramani) of the activations at the last position, on training and validation rows. The other estimators are in the table.
$(eval $(call step,$(F)/fig21.tsv,pipelines/figures/stack seed:layer:split $(call dimensions_of,add-$(LOW),0) $(call dimensions_of,again,1) > $(F)/fig21.tsv))
$(eval $(call figure,21,dimension,,pipelines/figures/numbers dimension $(F)/fig21.tsv))

TITLE_22 := Accuracy, loss and intrinsic dimension of the last layer, two initialisations: $(NAME_add), r = $(LOW)
SAYS_22 := Above, training and validation accuracy, in the middle the losses, below the dimension of the last layer. The paper finds that it moves with the oscillations.
$(eval $(call step,$(F)/fig22.tsv,pipelines/figures/stack seed 0 $(F)/runs/add-$(LOW).tsv 1 $(F)/runs/again.tsv > $(F)/fig22.tsv))
$(eval $(call figure,22,beside,$(F)/fig21.tsv,pipelines/figures/numbers beside $(F)/fig22.tsv $(F)/fig21.tsv))
