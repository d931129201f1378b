# The loss surface along one run: make fig3 fig4 fig8 fig9 fig10 fig11 fig15, or curvature-figures for
# all. The values are in landscape.conf; what is made is in build/figures.
include pipelines/landscape.conf

FIG := $(BUILD)/figures
LAND := $(FIG)/landscape
LAND_FIGURES := fig3 fig4 fig8 fig9 fig10 fig11 fig15

.PHONY: curvature-figures $(LAND_FIGURES)
curvature-figures: $(LAND_FIGURES) ## surfaces and curvature along a run that groks (figures 3, 4, 8-11, 15)
$(LAND_FIGURES): %: $(FIG)/%.png $(FIG)/%.svg

$(LAND)/run.data: $(BIN)/gk-data pipelines/landscape.conf
	@mkdir -p $(@D)
	$(BIN)/gk-data --op add --p $(LAND_P) --frac $(LAND_FRAC) -o $@

$(LAND)/run.gks $(LAND)/run.tsv $(LAND)/end.ckpt &: $(LAND)/run.data $(BIN)/gk-train
	$(BIN)/gk-train -d $< $(LAND_NET) --lr $(LAND_LR) --steps $(LAND_STEPS) --save $(LAND)/end.ckpt \
	    --trajectory $(LAND)/run.gks --every $(LAND_EVERY) -o $(LAND)/run.tsv

# Along lines from every frame: $(1) the table, $(2) where to, $(3) further options.
define land_line
$(LAND)/$(1).tsv: $(LAND)/run.gks $(LAND)/run.data $(LAND)/end.ckpt $(BIN)/gk-landscape
	$(BIN)/gk-landscape -q -d $(LAND)/run.data --toward $(2) $(3) -o $$@ $$<
endef
$(eval $(call land_line,fig3,$(LAND)/end.ckpt,--alpha $(LAND_LINE)))
$(eval $(call land_line,fig8,next,--alpha $(LAND_LINE)))
$(eval $(call land_line,fig9,first,--alpha $(LAND_LINE)))
$(eval $(call land_line,fig10,random:1,--norm filter --alpha $(LAND_RANDOM)))

# Surfaces around the last frame.
$(LAND)/fig4.tsv: $(LAND)/run.gks $(LAND)/run.data $(LAND)/end.ckpt $(BIN)/gk-landscape $(BIN)/gk-pca
	$(BIN)/gk-pca --components 2 --axes $(LAND)/axes.gks -o $(LAND)/path.tsv $<
	$(BIN)/gk-ckpt-dump --split-to $(LAND)/axes $(LAND)/axes.gks
	$(BIN)/gk-landscape -d $(LAND)/run.data --toward $$(ls $(LAND)/axes/* | sed -n 1p) \
	    --toward2 $$(ls $(LAND)/axes/* | sed -n 2p) --alpha -30:30:41 -o $@ $(LAND)/end.ckpt

$(LAND)/fig15.tsv: $(LAND)/end.ckpt $(LAND)/run.data $(BIN)/gk-landscape
	$(BIN)/gk-landscape -d $(LAND)/run.data --toward random:1 --toward2 random:2 --norm filter \
	    --alpha $(LAND_SURFACE) -o $@ $<

$(LAND)/fig11.tsv: $(LAND)/run.gks $(LAND)/run.data $(BIN)/gk-hvp
	$(BIN)/gk-hvp -q -d $(LAND)/run.data -o $@ $<

LAND_TITLE_fig3 := Toward the last checkpoint
LAND_TITLE_fig8 := Toward the next checkpoint
LAND_TITLE_fig9 := Toward the first checkpoint
LAND_TITLE_fig10 := Along a random direction, filter norm
LAND_TITLE_fig4 := Around the last checkpoint, in the plane of the first two principal axes
LAND_TITLE_fig15 := Around the last checkpoint, along two random directions, filter norm
LAND_TITLE_fig11 := Curvature along the run

define land_plot
$(FIG)/$(1).png $(FIG)/$(1).svg: $(FIG)/$(1).%: $(LAND)/$(1).tsv pipelines/plots/$(2).gp $(LAND)/run.tsv
	gnuplot -c pipelines/plots/$(2).gp $$* $$@.new $$< '$(LAND_TITLE_$(1))' $(LAND)/run.tsv && mv $$@.new $$@
endef
$(foreach f,fig3 fig8 fig9 fig10,$(eval $(call land_plot,$f,lines)))
$(foreach f,fig4 fig15,$(eval $(call land_plot,$f,surface)))
$(eval $(call land_plot,fig11,ends))
