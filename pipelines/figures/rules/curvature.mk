# Curvature along the runs, and the plane they move in: figures 11, 12, 18.

$(foreach r,$(FRACTIONS_add),$(eval $(call step,$(F)/curvature/add-$r.tsv,$(call frames_of,add-$r,$(HVP_EVERY)) | \
    gk-hvp -q --tol $(HVP_TOL) -d $(F)/runs/add-$r.data -o $(F)/curvature/add-$r.tsv)))
by_curvature = $(foreach r,$(1),$r $(F)/curvature/add-$r.tsv)

TITLE_11 := Condition of the Hessian of the training loss, and its ends: $(NAME_add)
SAYS_11 := Above, the losses; below, the largest and the smallest eigenvalue (algebraically) and their ratio, which the paper calls the condition number. Two fractions r of training data. The paper finds no negative curvature except at slingshots.
$(eval $(call step,$(F)/fig11.tsv,pipelines/figures/stack r $(call by_curvature,$(ENDS)) > $(F)/fig11.tsv))
$(eval $(call figure,11,ends,$(F)/fig14.tsv,pipelines/figures/numbers ends $(F)/fig11.tsv $(F)/fig14.tsv))

TITLE_18 := Condition of the Hessian along the run for each fraction r of training data: $(NAME_add)
SAYS_18 := The ratio of the smallest to the largest eigenvalue (algebraically). The paper finds it near 0, and negative at slingshots.
$(eval $(call step,$(F)/fig18.tsv,pipelines/figures/stack r $(call by_curvature,$(FRACTIONS_add)) > $(F)/fig18.tsv))
$(eval $(call figure,18,multiples/condition,,pipelines/figures/numbers ends $(F)/fig18.tsv $(F)/fig20.tsv))

# theta_t - theta_T in its two main axes.
define plane_rules
$(call step,$(F)/plane/add-$(1).tsv,gk-pca --components 2 -o $(F)/plane/add-$(1).tsv $(F)/runs/add-$(1).gks)
$(call step,$(F)/plane/add-$(1).variance,gk-pca --components $(AXES) --variance -o $(F)/plane/add-$(1).variance $(F)/runs/add-$(1).gks)
endef
$(foreach r,$(FRACTIONS_add),$(eval $(call plane_rules,$r)))
TITLE_12 := The path of the parameters in its two main axes for each fraction r of training data: $(NAME_add)
SAYS_12 := Principal components of theta_t - theta_T, the differences to the last parameters; the share of the variance that the plane holds is above each. Colour is the training step.
$(eval $(call step,$(F)/fig12.tsv,pipelines/figures/stack r $(foreach r,$(FRACTIONS_add),$r $(F)/plane/add-$r.tsv) > $(F)/fig12.tsv))
$(eval $(call step,$(F)/fig12-variance.tsv,pipelines/figures/stack r $(foreach r,$(FRACTIONS_add),$r $(F)/plane/add-$r.variance) > $(F)/fig12-variance.tsv))
$(eval $(call figure,12,plane,$(F)/fig12-variance.tsv,pipelines/figures/numbers variance $(F)/fig12-variance.tsv))
