# The loss along directions from the points of a run: figures 3, 4, 8, 9, 10, 15, 16, 17.

TITLE_3 := Loss and accuracy on the line from one point of the run to its start
SAYS_3 := Left, just after the network has grokked, right, before (step $(BEFORE)): theta + alpha delta, where delta \
    points to the initial parameters and has the size of theta, row by row (filter normalisation). Solid: training; \
    dashed: validation.
AFTER_RUN := s5-$(S5_HIGH)
BEFORE_RUN := add-$(LOW)
LINE_RUNS := $(AFTER_RUN) $(BEFORE_RUN)
frame_at = gk-ckpt-dump --format safetensors --steps $(1):$(1):1
line_from = gk-landscape $$threads -q -d $(F)/runs/$(1).data --toward $(F)/line-start-$(1).ckpt \
    --norm filter --alpha $(LINE_FAR)
$(LINE_RUNS:%=$(F)/line-start-%.ckpt): $(F)/line-start-%.ckpt: $(F)/runs/%.gks $(call tools,gk-ckpt-dump) FORCE
	$(call run,$(call frame_at,0) $< -o $@)
$(F)/line-after.tsv: $(addprefix $(F)/,runs/$(AFTER_RUN).end runs/$(AFTER_RUN).data line-start-$(AFTER_RUN).ckpt) \
    $(call tools,gk-landscape) FORCE
	$(call run,$(call line_from,$(AFTER_RUN)) -o $@ $<)
$(F)/line-before.tsv: $(addprefix $(F)/,runs/$(BEFORE_RUN).gks runs/$(BEFORE_RUN).data line-start-$(BEFORE_RUN).ckpt) \
    $(call tools,gk-ckpt-dump gk-landscape) FORCE
	$(call run,$(call frame_at,$(BEFORE)) $< | $(call line_from,$(BEFORE_RUN)) -o $@)
$(F)/fig3.tsv: $(F)/line-after.tsv $(F)/line-before.tsv $(STACK) FORCE
	$(call run,$(STACK) run $(call quoted,after grokking: $(NAME_s5)) $(F)/line-after.tsv \
	    $(call quoted,before grokking: $(NAME_add)) $(F)/line-before.tsv > $@)
PLOT_3 := line
NUMBERS_3 := minima run

# Lines from every frame of a run: $(call lines,RUN,where to,OPTIONS)
lines = $(call run,$(call frames_of,$(1),$(LINES_EVERY)) | \
    gk-landscape $$threads -q -d $(F)/runs/$(1).data --toward $(2) $(3) -o $@)
lines_need = $(F)/runs/$(1).gks $(F)/runs/$(1).data $(call tools,gk-ckpt-dump gk-landscape)

TITLE_4 := From each point of the run toward its last: $(NAME_s5), r = $(S5_LOW)
SAYS_4 := Across, training step t; up, alpha in theta_t + alpha (theta* - theta_t): 0 is the point itself and 1 the \
    last point of the run. A wall between the two shows as a bright band in the loss.
$(F)/fig4.tsv: $(F)/runs/s5-$(S5_LOW).end $(call lines_need,s5-$(S5_LOW)) FORCE
	$(call lines,s5-$(S5_LOW),$<,--alpha $(LINE))
TITLE_8 := From each point of the run toward the next: $(NAME_add), r = $(LOW)
SAYS_8 := As figure 4, toward the next saved point of the run, which is alpha = 1. The paper finds places where this \
    line is flat, and slingshots after them.
$(F)/fig8.tsv: $(call lines_need,add-$(LOW)) FORCE
	$(call lines,add-$(LOW),next,--alpha $(LINE_NEXT))
TITLE_9 := From each point of the run in one random direction: $(NAME_add), r = $(LOW)
SAYS_9 := As figure 4, in a random direction with the size of the weights, row by row (filter normalisation). The \
    paper finds no obstacles in this direction.
$(F)/fig9.tsv: $(call lines_need,add-$(LOW)) FORCE
	$(call lines,add-$(LOW),random:1,--norm filter --alpha $(LINE_RANDOM))
TITLE_10 := From each point of the run toward its start: $(NAME_add), r = $(LOW)
SAYS_10 := As figure 4, toward the initial parameters: 1 is the start. The paper finds each point a minimum on this \
    line.
$(F)/fig10.tsv: $(call lines_need,add-$(LOW)) FORCE
	$(call lines,add-$(LOW),first,--alpha $(LINE_FIRST))
PLOT_4 := lines
PLOT_8 := lines
PLOT_9 := lines
PLOT_10 := lines
NUMBERS_4 := minima step
NUMBERS_8 := minima step
NUMBERS_9 := minima step
NUMBERS_10 := minima step

TITLE_15 := Around the last point of the run: $(NAME_add), r = $(HIGH)
SAYS_15 := Above, along two random directions with the size of the weights (filter normalisation); below, in the plane \
    of the two main axes of the run, with its path. Left training loss, right validation loss.
AROUND := $(F)/runs/add-$(HIGH)
around = $(call run,gk-landscape $$threads -q -d $(AROUND).data $(1) -o $@ $(AROUND).end)
$(F)/surface-random.tsv: $(AROUND).end $(AROUND).data $(call tools,gk-landscape) FORCE
	$(call around,--toward random:1 --toward2 random:2 --norm filter --alpha $(SURFACE))
$(F)/surface-path.tsv $(F)/surface-axes.gks &: $(AROUND).gks $(call tools,gk-pca) FORCE
	$(call run,gk-pca $$threads --components 2 --axes $(F)/surface-axes.gks -o $(F)/surface-path.tsv \
	    $(AROUND).gks,$(F)/surface-path.tsv)
$(F)/surface-axis0.ckpt $(F)/surface-axis1.ckpt: $(F)/surface-axis%.ckpt: $(F)/surface-axes.gks \
    $(call tools,gk-ckpt-dump) FORCE
	$(call run,$(call frame_at,$*) -o $@ $<)
$(F)/surface-plane.tsv: $(AROUND).end $(AROUND).data $(F)/surface-axis0.ckpt $(F)/surface-axis1.ckpt \
    $(call tools,gk-landscape) FORCE
	$(call around,--toward $(F)/surface-axis0.ckpt --toward2 $(F)/surface-axis1.ckpt \
	    --alpha $(PLANE) --beta $(PLANE2))
$(F)/fig15.tsv: $(F)/surface-random.tsv $(F)/surface-plane.tsv $(STACK) FORCE
	$(call run,$(STACK) plane random $(F)/surface-random.tsv main $(F)/surface-plane.tsv > $@)
PLOT_15 := surface
PLOT_TABLES_15 := $(F)/surface-path.tsv
NUMBERS_15 := minima plane

TITLE_16 := From each point of a run toward its last, for each fraction r of training data: $(NAME_add)
SAYS_16 := As figure 4 for every fraction: above, the training loss; below, validation accuracy.
TITLE_17 := From each point of a run toward its last, for each fraction r of training data: $(NAME_s5)
SAYS_17 := As figure 16, for $(NAME_s5).
LINES_add := $(FRACTIONS_add:%=$(F)/lines/add-%.tsv)
LINES_s5 := $(FRACTIONS_s5:%=$(F)/lines/s5-%.tsv)
$(LINES_add) $(LINES_s5): $(F)/lines/%.tsv: $(F)/runs/%.end $(call lines_need,%) FORCE
	$(call lines,$*,$<,--alpha $(LINE))
$(F)/fig16.tsv: $(LINES_add) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,lines/add,$(FRACTIONS_add),.tsv) > $@)
$(F)/fig17.tsv: $(LINES_s5) $(STACK) FORCE
	$(call run,$(STACK) r $(call by_fraction,lines/s5,$(FRACTIONS_s5),.tsv) > $@)
PLOT_16 := lines-by-fraction
PLOT_17 := lines-by-fraction
NUMBERS_16 := minima r
NUMBERS_17 := minima r
