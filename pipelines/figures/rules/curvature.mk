# Curvature along the runs, and the plane they move in: figures 11, 12, 18.

$(FRACTIONS_add:%=$(F)/curvature/add-%.tsv): $(F)/curvature/%.tsv: $(F)/runs/%.gks $(F)/runs/%.data \
    $(call tools,gk-ckpt-dump gk-hvp) FORCE
	$(call run,$(call frames_of,$*,$(HVP_EVERY)) | \
	    gk-hvp $$threads -q --tol $(HVP_TOL) -d $(F)/runs/$*.data -o $@)

TITLE_11 := Condition of the Hessian of the training loss, and its ends: $(NAME_add)
SAYS_11 := Above, the losses; below, the largest and the smallest eigenvalue (algebraically) and their ratio, which \
    the paper calls the condition number. Two fractions r of training data. The paper finds no negative curvature \
    except at slingshots.
$(F)/fig11.tsv: $(call of_fractions,curvature/add,$(ENDS),.tsv) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,curvature/add,$(ENDS),.tsv) > $@)
PLOT_11 := ends
PLOT_TABLES_11 := $(F)/fig14.tsv
NUMBERS_11 := ends
NUMBERS_TABLES_11 := $(F)/fig11.tsv $(F)/fig14.tsv

TITLE_18 := Condition of the Hessian along the run for each fraction r of training data: $(NAME_add)
SAYS_18 := The ratio of the smallest to the largest eigenvalue (algebraically). The paper finds it near 0, and \
    negative at slingshots.
$(F)/fig18.tsv: $(call of_fractions,curvature/add,$(FRACTIONS_add),.tsv) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,curvature/add,$(FRACTIONS_add),.tsv) > $@)
PLOT_18 := multiples/condition
NUMBERS_18 := ends
NUMBERS_TABLES_18 := $(F)/fig18.tsv $(F)/fig20.tsv

# theta_t - theta_T in its two main axes.
$(FRACTIONS_add:%=$(F)/plane/add-%.tsv): $(F)/plane/%.tsv: $(F)/runs/%.gks $(call tools,gk-pca) FORCE
	$(call run,gk-pca $$threads --components 2 -o $@ $<)
$(FRACTIONS_add:%=$(F)/plane/add-%.variance): $(F)/plane/%.variance: $(F)/runs/%.gks $(call tools,gk-pca) FORCE
	$(call run,gk-pca $$threads --components $(AXES) --variance -o $@ $<)

TITLE_12 := The path of the parameters in its two main axes for each fraction r of training data: $(NAME_add)
SAYS_12 := Principal components of theta_t - theta_T, the differences to the last parameters; the share of the \
    variance that the plane holds is above each. Colour is the training step.
$(F)/fig12.tsv: $(FRACTIONS_add:%=$(F)/plane/add-%.tsv) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,plane/add,$(FRACTIONS_add),.tsv) > $@)
$(F)/fig12-variance.tsv: $(FRACTIONS_add:%=$(F)/plane/add-%.variance) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,plane/add,$(FRACTIONS_add),.variance) > $@)
PLOT_12 := plane
PLOT_TABLES_12 := $(F)/fig12-variance.tsv
NUMBERS_12 := variance
NUMBERS_TABLES_12 := $(F)/fig12-variance.tsv
