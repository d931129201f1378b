# The loss along directions from the points of a run: figures 3, 4, 8, 9, 10, 15, 16, 17.

# Lines from every frame: $(1) table, $(2) run, $(3) where to, $(4) further options.
define lines
$(call step,$(F)/$(1).tsv,$(call frames_of,$(2),$(LINES_EVERY)) | gk-landscape -q -d $(F)/runs/$(2).data --toward $(3) $(4) -o $(F)/$(1).tsv)
endef

TITLE_3 := Loss and accuracy on the line from one point of the run to its start
SAYS_3 := Left, just after the network has grokked, right, before (step $(BEFORE)): theta + alpha delta, where delta points to the initial parameters and has the size of theta, row by row (filter normalisation). Solid: training; dashed: validation.
define line
$(call step,$(F)/line-$(1).tsv,$(3) | gk-landscape -q -d $(F)/runs/$(2).data --toward $(F)/line-start-$(2).ckpt --norm filter --alpha $(LINE_FAR) -o $(F)/line-$(1).tsv)
endef
START = gk-ckpt-dump --format safetensors --steps 0:0:1 $(F)/runs/$(1).gks -o $(F)/line-start-$(1).ckpt
$(foreach x,s5-$(S5_HIGH) add-$(LOW),$(eval $(call step,$(F)/line-start-$x.ckpt,$(call START,$x))))
$(eval $(call line,after,s5-$(S5_HIGH),cat $(F)/runs/s5-$(S5_HIGH).end))
$(eval $(call line,before,add-$(LOW),gk-ckpt-dump --format safetensors --steps $(BEFORE):$(BEFORE):1 $(F)/runs/add-$(LOW).gks))
AFTER := after: $(NAME_s5)
BEFORE_IT := before: $(NAME_add)
$(eval $(call step,$(F)/fig3.tsv,pipelines/figures/stack run text:AFTER $(F)/line-after.tsv text:BEFORE_IT $(F)/line-before.tsv > $(F)/fig3.tsv))
$(eval $(call figure,3,line,,pipelines/figures/numbers minima run $(F)/fig3.tsv))

TITLE_4 := From each point of the run toward its last: $(NAME_s5), r = $(S5_LOW)
SAYS_4 := Across, training step t; up, alpha in theta_t + alpha (theta* - theta_t): 0 is the point itself and 1 the last point of the run. A wall between the two shows as a bright band in the loss.
$(eval $(call lines,fig4,s5-$(S5_LOW),$(F)/runs/s5-$(S5_LOW).end,--alpha $(LINE)))
TITLE_8 := From each point of the run toward the next: $(NAME_add), r = $(LOW)
SAYS_8 := As figure 4, toward the next saved point of the run, which is alpha = 1. The paper finds places where this line is flat, and slingshots after them.
$(eval $(call lines,fig8,add-$(LOW),next,--alpha $(LINE_NEXT)))
TITLE_9 := From each point of the run in one random direction: $(NAME_add), r = $(LOW)
SAYS_9 := As figure 4, in a random direction with the size of the weights, row by row (filter normalisation). The paper finds no obstacles in this direction.
$(eval $(call lines,fig9,add-$(LOW),random:1,--norm filter --alpha $(LINE_RANDOM)))
TITLE_10 := From each point of the run toward its start: $(NAME_add), r = $(LOW)
SAYS_10 := As figure 4, toward the initial parameters: 1 is the start. The paper finds each point a minimum on this line.
$(eval $(call lines,fig10,add-$(LOW),first,--alpha $(LINE_FIRST)))
$(foreach n,4 8 9 10,$(eval $(call figure,$n,lines,,pipelines/figures/numbers minima step $(F)/fig$n.tsv)))

TITLE_15 := Around the last point of the run: $(NAME_add), r = $(HIGH)
SAYS_15 := Above, along two random directions with the size of the weights (filter normalisation); below, in the plane of the two main axes of the run, with its path. Left training loss, right validation loss.
$(eval $(call step,$(F)/surface-random.tsv,gk-landscape -q -d $(F)/runs/add-$(HIGH).data --toward random:1 --toward2 random:2 --norm filter --alpha $(SURFACE) -o $(F)/surface-random.tsv $(F)/runs/add-$(HIGH).end))
PLANE_RUN := $(F)/runs/add-$(HIGH)
$(eval $(call step,$(F)/surface-path.tsv $(F)/surface-axes.gks,gk-pca --components 2 --axes $(F)/surface-axes.gks -o $(F)/surface-path.tsv $(PLANE_RUN).gks))
$(foreach k,0 1,$(eval $(call step,$(F)/surface-axis$k.ckpt,gk-ckpt-dump --format safetensors --steps $k:$k:1 -o $(F)/surface-axis$k.ckpt $(F)/surface-axes.gks)))
$(eval $(call step,$(F)/surface-plane.tsv,gk-landscape -q -d $(PLANE_RUN).data --toward $(F)/surface-axis0.ckpt --toward2 $(F)/surface-axis1.ckpt --alpha $(PLANE) --beta $(PLANE2) -o $(F)/surface-plane.tsv $(PLANE_RUN).end))
$(eval $(call step,$(F)/fig15.tsv,pipelines/figures/stack plane random $(F)/surface-random.tsv main $(F)/surface-plane.tsv > $(F)/fig15.tsv))
$(eval $(call figure,15,surface,$(F)/surface-path.tsv,pipelines/figures/numbers minima plane $(F)/fig15.tsv))

define lines_by_fraction
$(foreach r,$(FRACTIONS_$(1)),$(call lines,lines/$(1)-$r,$(1)-$r,$(F)/runs/$(1)-$r.end,--alpha $(LINE))
)
$(call step,$(F)/fig$(2).tsv,pipelines/figures/stack r $(foreach r,$(FRACTIONS_$(1)),$r $(F)/lines/$(1)-$r.tsv) > $(F)/fig$(2).tsv)
$(call figure,$(2),lines-by-fraction,,pipelines/figures/numbers minima r $(F)/fig$(2).tsv)
endef
TITLE_16 := From each point of a run toward its last, for each fraction r of training data: $(NAME_add)
SAYS_16 := As figure 4 for every fraction: above, the training loss; below, validation accuracy.
$(eval $(call lines_by_fraction,add,16))
TITLE_17 := From each point of a run toward its last, for each fraction r of training data: $(NAME_s5)
SAYS_17 := As figure 16, for $(NAME_s5).
$(eval $(call lines_by_fraction,s5,17))
