# make gallery: the curves of a small run of each preset. The values are in gallery.conf; what is made
# is in build/gallery.
include pipelines/given.mk
include pipelines/gallery/gallery.conf

GALLERY := $(BUILD)/gallery
# Shows the command and runs it with the tools just built.
gallery_run = @printf '  $$ %s\n' $(call quoted,$(strip $(1))); export PATH="$(BIN):$$PATH" LC_ALL=C; $(1)

.PHONY: gallery
gallery: $(PRESETS:%=$(GALLERY)/%.png) ## curves of a small run of each preset, in under a minute

$(GALLERY)/%.data: $(BIN)/gk-data pipelines/gallery/gallery.conf
	@mkdir -p $(@D)
	$(call gallery_run,gk-data $(GALLERY_DATA_$*) -o $@)

$(GALLERY)/%.tsv: $(GALLERY)/%.data $(BIN)/gk-train
	$(call gallery_run,gk-train -q -d $< --arch $* $(GALLERY_TRAIN_$*) --eval-every 10 --steps $(GALLERY_STEPS) -o $@)

$(GALLERY)/%.phases: $(GALLERY)/%.tsv $(BIN)/gk-phases
	$(call gallery_run,gk-phases -q -o $@ $<)

$(GALLERY)/%.png: pipelines/plots/plot pipelines/plots/gallery.gp pipelines/plots/common.gp pipelines/plots/tables.gp \
    pipelines/plots/rows $(GALLERY)/%.tsv $(GALLERY)/%.phases
	@$< gallery png $(call quoted,$(GALLERY_TITLE_$*)) $(GALLERY)/$*.tsv $(GALLERY)/$*.phases > $@.new && mv $@.new $@

# The pictures of docs/gallery.md are these.
.PHONY: gallery-docs
gallery-docs: $(PRESETS:%=$(GALLERY)/%.png)
	for p in $(PRESETS); do cp $(GALLERY)/$$p.png docs/results/gallery-$$p.png; done
