# make demo: data, 400 steps and their spectral signature, the same run resumed until it groks, a
# figure. The values are in demo.conf; what is made is in build/demo.
include pipelines/given.mk
include pipelines/demo/demo.conf

DEMO := $(BUILD)/demo

# The tools are built by all cores, unless -j says otherwise. The demo itself is one step after another.
DEMO_TOOLS := $(addprefix $(BIN)/gk-,data train hjorth phases fft)
ifneq ($(and $(filter demo demo-docs,$(MAKECMDGOALS)),$(if $(filter -j%,$(MAKEFLAGS)),,y)),)
MAKEFLAGS += -j$(shell nproc)
endif

# Says what the command is for, shows it, and runs it with the tools just built. A file that is still being
# written has a name that ends in .new.
demo_run = @printf '\n%s\n  $$ %s\n' $(call quoted,$(1)) $(call quoted,$(strip $(subst .new,,$(2)))); \
	export PATH="$(BIN):$$PATH" LC_ALL=C; mkdir -p $(DEMO); $(2)

.PHONY: demo
demo: $(DEMO)/demo.png $(DEMO)/demo.svg
demo: pipelines/demo/report ## a transformer that groks, with its picture, in about three minutes
	@pipelines/demo/report $(DEMO) $(DEMO_WINDOW)

$(DEMO)/$(DEMO_OP).data: $(BIN)/gk-data pipelines/demo/demo.conf pipelines/demo/demo.mk | $(DEMO_TOOLS)
	$(call demo_run,All sums a + b modulo $(DEMO_P). The network will see $(DEMO_FRAC) of them and be asked about \
	    the others:,\
	gk-data --op $(DEMO_OP) --p $(DEMO_P) --frac $(DEMO_FRAC) -o $@)

$(DEMO)/early.tsv $(DEMO)/early.ckpt $(DEMO)/hjorth.tsv &: $(DEMO)/$(DEMO_OP).data $(BIN)/gk-train $(BIN)/gk-hjorth
	$(call demo_run,The first $(DEMO_WINDOW) steps of training. Their loss goes straight into gk-hjorth:,\
	gk-train -d $< --lr $(DEMO_LR) --weight-decay $(DEMO_DECAY) --seed $(DEMO_SEED) \
	--eval-every $(DEMO_EVAL_EVERY) --steps $(DEMO_WINDOW) --save $(DEMO)/early.ckpt | tee $(DEMO)/early.tsv.new | \
	gk-hjorth --window 0:$(DEMO_WINDOW) -o $(DEMO)/hjorth.tsv)
	@mv $(DEMO)/early.tsv.new $(DEMO)/early.tsv

$(DEMO)/late.tsv: $(DEMO)/early.ckpt $(DEMO)/$(DEMO_OP).data $(BIN)/gk-train
	$(call demo_run,The same run goes on until it has grokked (at most $(DEMO_STEPS) steps; this takes a minute or two):,\
	gk-train -d $(DEMO)/$(DEMO_OP).data --resume $< --steps $(DEMO_STEPS) --until-grokked -o $@)

# Both parts as one curve; a resumed run begins with the row at which the first part ended.
$(DEMO)/run.tsv: $(DEMO)/early.tsv $(DEMO)/late.tsv
	@{ cat $< && window=$(DEMO_WINDOW) LC_ALL=C awk '!/^#/ && $$1 != "step" && $$1 + 0 > ENVIRON["window"] + 0' \
	    <$(DEMO)/late.tsv; } > $@.new && mv $@.new $@

$(DEMO)/phases.tsv: $(DEMO)/run.tsv $(BIN)/gk-phases
	$(call demo_run,When did it know the training rows by heart (t2) and when did it know the rest (t4)?,\
	gk-phases -o $@ $<)

$(DEMO)/spectrum.tsv: $(DEMO)/early.tsv $(BIN)/gk-fft | $(DEMO)/phases.tsv
	$(call demo_run,The spectrum of the first $(DEMO_WINDOW) steps:,\
	gk-fft --window 0:$(DEMO_WINDOW) --detrend mean --taper hann -o $@ $<)

DEMO_TABLES := $(DEMO)/run.tsv $(DEMO)/phases.tsv $(DEMO)/spectrum.tsv
$(DEMO)/demo.%: $(addprefix pipelines/plots/,plot demo.gp tables.gp rows) pipelines/demo/demo.conf $(DEMO_TABLES)
	@$< demo/$(DEMO_WINDOW) $* $(call quoted,$(DEMO_TITLE)) $(DEMO_TABLES) > $@.new && mv $@.new $@

# The picture in the README is one of these.
.PHONY: demo-docs
demo-docs: $(DEMO)/demo.png
	cp $< docs/results/demo.png
