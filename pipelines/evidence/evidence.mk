# make corpus and make full train the runs that docs/evidence.md stands on; make corpus-table and make full-table
# collect what has ended. make evidence judges predictors by the tables alone, and writes the page's numbers and the
# model that ships. make later and make newer train runs that test a model made before.
# make published runs published settings again; PUBLISHED names some of pipelines/evidence/grids/published-*.
CORPUS_RUNS ?= 1500
FULL_RUNS ?= 150
LATER_RUNS ?= 1000
LATER_S5_RUNS ?= 20
NEWER_RUNS ?= 400
CORPUS_JOBS ?= 2
CORPUS_SWEEPS ?= $(BUILD)/sweeps
PUBLISHED ?= llc prieto-orthogonal replication53 gromov
EVIDENCE_TOOLS := $(addprefix $(BIN)/gk-,data train phases hjorth predict times ckpt-dump)

.PHONY: corpus corpus-table full full-table later later-table newer newer-table curvature
.PHONY: evidence evidence-corpus evidence-full evidence-later evidence-both evidence-newer
.PHONY: evidence-curvature evidence-delay delay-table
.PHONY: arithmetic law law-table published published-table
corpus: $(EVIDENCE_TOOLS) ## trains the corpus of docs/evidence.md, about an hour and a half of a core
	@pipelines/evidence/corpus $(call quoted,$(CORPUS_SWEEPS)) $(BIN) $(CORPUS_RUNS) $(CORPUS_JOBS)

corpus-table: $(EVIDENCE_TOOLS) ## docs/results/corpus.tsv of the runs of make corpus that have ended
	@mkdir -p $(BUILD)
	@pipelines/evidence/table $(call quoted,$(CORPUS_SWEEPS)) $(BIN) corpus corpus-s4 >$(BUILD)/corpus.tsv
	@cp $(BUILD)/corpus.tsv docs/results/corpus.tsv

full: $(EVIDENCE_TOOLS) ## trains the networks of full size of docs/evidence.md, about two hours of a core
	@pipelines/sweep/gk-sweep --bin $(BIN) --jobs $(CORPUS_JOBS) --save-every 1000 --retry --sample $(FULL_RUNS) \
	    pipelines/evidence/grids/full.grid $(call quoted,$(CORPUS_SWEEPS))/full

full-table: $(EVIDENCE_TOOLS) ## docs/results/full.tsv of the runs of make full that have ended
	@mkdir -p $(BUILD)
	@pipelines/evidence/table $(call quoted,$(CORPUS_SWEEPS)) $(BIN) full >$(BUILD)/full.tsv
	@cp $(BUILD)/full.tsv docs/results/full.tsv

# Runs that failed are no reason not to begin the other sweep.
later: $(EVIDENCE_TOOLS) ## trains the later runs of docs/evidence.md, about two hours of a core
	@for part in "later $(LATER_RUNS)" "later-s5 $(LATER_S5_RUNS)"; do read -r name sample <<<"$$part"; \
	    pipelines/sweep/gk-sweep --bin $(BIN) --jobs $(CORPUS_JOBS) --save-every 5000 --retry --sample "$$sample" \
	        pipelines/evidence/grids/$$name.grid $(call quoted,$(CORPUS_SWEEPS))/$$name || [ $$? -eq 1 ]; done

later-table: $(EVIDENCE_TOOLS) ## docs/results/later.tsv and later-s5.tsv of the runs of make later that have ended
	@mkdir -p $(BUILD)
	@for of in later later-s5; do [ ! -e $(call quoted,$(CORPUS_SWEEPS))/$$of/index ] || { \
	    ALSO=p SCORE=docs/results/first.model pipelines/evidence/table $(call quoted,$(CORPUS_SWEEPS)) $(BIN) $$of \
	        >$(BUILD)/$$of.tsv && cp $(BUILD)/$$of.tsv docs/results/$$of.tsv; }; done

newer: $(EVIDENCE_TOOLS) ## trains the newer runs of docs/evidence.md, about an hour of a core
	@pipelines/sweep/gk-sweep --bin $(BIN) --jobs $(CORPUS_JOBS) --save-every 5000 --retry --sample $(NEWER_RUNS) \
	    pipelines/evidence/grids/newer.grid $(call quoted,$(CORPUS_SWEEPS))/newer

newer-table: $(EVIDENCE_TOOLS) ## docs/results/newer.tsv of the runs of make newer that have ended
	@mkdir -p $(BUILD)
	@ALSO=p SCORE=models/grok.model pipelines/evidence/table $(call quoted,$(CORPUS_SWEEPS)) $(BIN) newer \
	    >$(BUILD)/newer.tsv
	@cp $(BUILD)/newer.tsv docs/results/newer.tsv

CURVATURE_STEP := 400
CURVATURES = $(call quoted,$(CORPUS_SWEEPS))/curvature-$(CURVATURE_STEP)
curvature: $(EVIDENCE_TOOLS) $(BIN)/gk-hvp ## the Hessians of the small runs at step 400, ten minutes of a core
	@mkdir -p $(BUILD)
	@pipelines/evidence/curvature $(BIN) docs/results/corpus.tsv $(CURVATURES) $(CURVATURE_STEP) $(CORPUS_JOBS) \
	    >$(BUILD)/curvature.tsv
	@cp $(BUILD)/curvature.tsv docs/results/curvature.tsv

EVIDENCE := corpus full later both newer curvature delay
evidence: $(EVIDENCE:%=evidence-%) ## judges early predictors by their tables
EVIDENCE_TABLES := auc decisions calibration times
evidence-corpus: $(EVIDENCE_TOOLS)
	@JOBS=$(CORPUS_JOBS) pipelines/evidence/judge $(BIN) docs/results/corpus.tsv $(BUILD)/evidence
	@for t in $(EVIDENCE_TABLES); do cp $(BUILD)/evidence/$$t.tsv docs/results/evidence-$$t.tsv; done
	@pipelines/evidence/report docs/results/corpus.tsv $(BUILD)/evidence docs/evidence.md

# The runs of full size may be none yet, or too few to judge by: the page says so.
evidence-full: evidence-corpus
	@[ ! -e docs/results/full.tsv ] || \
	    JOBS=$(CORPUS_JOBS) pipelines/evidence/judge $(BIN) docs/results/full.tsv $(BUILD)/full || [ $$? -eq 3 ]
	@[ ! -e $(BUILD)/full/auc.tsv ] || \
	    pipelines/evidence/transfer $(BIN) docs/results/corpus.tsv docs/results/full.tsv >$(BUILD)/full/transfer.tsv
	@for t in $(EVIDENCE_TABLES) transfer; do \
	    [ ! -e $(BUILD)/full/$$t.tsv ] || cp $(BUILD)/full/$$t.tsv docs/results/evidence-full-$$t.tsv; done
	@pipelines/evidence/report docs/results/full.tsv $(BUILD)/full docs/evidence.md

# first.model is the one that shipped when the later runs were made.
evidence-later: $(EVIDENCE_TOOLS)
	@mkdir -p $(BUILD)/later
	@pipelines/evidence/corpora docs/results/corpus.tsv >$(BUILD)/later/first.tsv
	@pipelines/evidence/ship $(BIN) $(BUILD)/later/first.tsv op >$(BUILD)/later/first.model
	@cp $(BUILD)/later/first.model docs/results/first.model
	@[ ! -e docs/results/later.tsv ] || pipelines/evidence/later $(BIN) docs/results/corpus.tsv docs/results/later.tsv \
	    $(BUILD)/later op shipped 0.05 shipped 0.02 state+choices+network 0.05 || [ $$? -eq 3 ]
	@for t in auc decisions times; do \
	    [ ! -e $(BUILD)/later/$$t.tsv ] || cp $(BUILD)/later/$$t.tsv docs/results/evidence-later-$$t.tsv; done
	@pipelines/evidence/later-page docs/results/later.tsv $(BUILD)/later docs/evidence.md
	@pipelines/evidence/later-page docs/results/later-s5.tsv $(BUILD)/later-s5 docs/evidence.md

evidence-both: $(EVIDENCE_TOOLS)
	@mkdir -p $(BUILD)/both
	@pipelines/evidence/corpora docs/results/corpus.tsv docs/results/later.tsv >$(BUILD)/both/table.tsv
	@pipelines/evidence/ship $(BIN) $(BUILD)/both/table.tsv modulus >$(BUILD)/both/grok.model
	@cp $(BUILD)/both/grok.model models/grok.model
	@pipelines/evidence/held $(BIN) $(BUILD)/both/table.tsv $(BUILD)/both
	@for t in auc decisions times; do cp $(BUILD)/both/$$t.tsv docs/results/evidence-both-$$t.tsv; done
	@pipelines/evidence/both-page $(BUILD)/both/table.tsv $(BUILD)/both docs/evidence.md

# Beside the model that ships, that of the first corpus alone.
evidence-newer: evidence-both
	@[ ! -e docs/results/newer.tsv ] || pipelines/evidence/later $(BIN) $(BUILD)/both/table.tsv docs/results/newer.tsv \
	    $(BUILD)/newer modulus shipped 0.03 shipped 0.05 state+choices+network 0.03 || [ $$? -eq 3 ]
	@[ ! -e $(BUILD)/newer/auc.tsv ] || JUDGED=state pipelines/evidence/later $(BIN) docs/results/corpus.tsv \
	    docs/results/newer.tsv $(BUILD)/newer-first op state 0.05
	@for of in newer newer-first; do for t in auc decisions times; do \
	    [ ! -e $(BUILD)/$$of/$$t.tsv ] || cp $(BUILD)/$$of/$$t.tsv docs/results/evidence-$$of-$$t.tsv; done; done
	@pipelines/evidence/later-page docs/results/newer.tsv $(BUILD)/newer docs/evidence.md $(BUILD)/newer-first

evidence-curvature: $(EVIDENCE_TOOLS)
	@mkdir -p $(BUILD)
	@JOBS=$(CORPUS_JOBS) pipelines/evidence/judge-curvature $(BIN) docs/results/corpus.tsv docs/results/curvature.tsv \
	    >$(BUILD)/evidence-curvature.tsv
	@cp $(BUILD)/evidence-curvature.tsv docs/results/evidence-curvature.tsv
	@pipelines/evidence/curvature-page docs/results/evidence-curvature.tsv docs/evidence.md

delay-table: $(EVIDENCE_TOOLS) ## docs/results/delay.tsv: norms at t2 and t4 of the runs of make corpus and make full
	@mkdir -p $(BUILD)
	@pipelines/evidence/norms $(call quoted,$(CORPUS_SWEEPS)) corpus corpus-s4 full >$(BUILD)/delay.tsv
	@cp $(BUILD)/delay.tsv docs/results/delay.tsv

evidence-delay: $(EVIDENCE_TOOLS)
	@pipelines/evidence/delay $(BIN) docs/results/delay.tsv >docs/results/delay-law.tsv
	@pipelines/evidence/delay-page docs/results/delay-law.tsv docs/reproduction.md

# $(call trained,GRID): the runs of that grid; the same command goes on where it was stopped.
trained = pipelines/sweep/gk-sweep --bin $(BIN) --jobs $(CORPUS_JOBS) --save-every 5000 --retry \
    pipelines/evidence/grids/$(1).grid $(call quoted,$(CORPUS_SWEEPS))/$(1)

ARITHMETIC_TITLE := Training loss and rounding: a + b mod 31, r = 0.7, 32 wide, seed 0
arithmetic: $(EVIDENCE_TOOLS) ## slingshots and rounding, with decay and without: 75 small runs, 10 minutes of a core
	@for grid in arithmetic{,-eps}{,-rounded}; do $(call trained,$$grid); done
	@mkdir -p $(BUILD)/arithmetic
	@pipelines/evidence/arithmetic $(call quoted,$(CORPUS_SWEEPS)) $(BIN) >$(BUILD)/arithmetic/runs.tsv
	@pipelines/evidence/arithmetic-summary $(BUILD)/arithmetic/runs.tsv >$(BUILD)/arithmetic/summary.tsv
	@pipelines/evidence/arithmetic-curves $(call quoted,$(CORPUS_SWEEPS)) >$(BUILD)/arithmetic/curves.tsv
	@pipelines/plots/plot arithmetic png '$(ARITHMETIC_TITLE)' $(BUILD)/arithmetic/curves.tsv >$(BUILD)/arithmetic/fig.png
	@cp $(BUILD)/arithmetic/runs.tsv docs/results/arithmetic-runs.tsv
	@cp $(BUILD)/arithmetic/summary.tsv docs/results/arithmetic.tsv
	@cp $(BUILD)/arithmetic/fig.png docs/results/fig-arithmetic.png
	@pipelines/evidence/arithmetic-page docs/results/arithmetic.tsv docs/reproduction.md

LAW_NAME := a + b mod 31, ordered pairs, 64 wide
LAW_TITLE := When a small network groks at the rate 1e-4, against the fraction r of training data
LAW := $(BUILD)/law
STACKED = pipelines/figures/stack $(1) operation '$(LAW_NAME)' $(LAW)/$(2).tsv >$(LAW)/$(2)-named.tsv
law: $(EVIDENCE_TOOLS) ## t4(r) of a small network at the rate 1e-4: 15 runs, half an hour of a core
	@$(call trained,law)
	@$(MAKE) --no-print-directory law-table

law-table: $(EVIDENCE_TOOLS) $(BIN)/gk-fit-powerlaw ## docs/results/law.tsv of the runs that have ended
	@mkdir -p $(LAW)
	@pipelines/sweep/gk-sweep --collect $(call quoted,$(CORPUS_SWEEPS))/law
	@pipelines/evidence/ended $(call quoted,$(CORPUS_SWEEPS))/law/table.tsv >$(LAW)/law.tsv
	@$(BIN)/gk-fit-powerlaw -q -x frac --units fraction --b-min 0 --censor steps -o $(LAW)/fit.tsv $(LAW)/law.tsv
	@$(call STACKED,-c,law)
	@$(call STACKED,,fit)
	@pipelines/plots/plot powerlaw png '$(LAW_TITLE)' $(LAW)/law-named.tsv $(LAW)/fit-named.tsv >$(LAW)/law.png
	@cp $(LAW)/law.tsv docs/results/law.tsv
	@cp $(LAW)/fit.tsv docs/results/law-fit.tsv
	@cp $(LAW)/law.png docs/results/fig-law.png
	@pipelines/evidence/law-page docs/results/law.tsv docs/results/law-fit.tsv docs/reproduction.md

published: $(EVIDENCE_TOOLS) ## runs published settings again; PUBLISHED="gromov ..." for some of them
	@pipelines/evidence/published $(call quoted,$(CORPUS_SWEEPS)) $(BIN) $(CORPUS_JOBS) $(PUBLISHED)
	@$(MAKE) --no-print-directory published-table

published-table: $(EVIDENCE_TOOLS)
	@mkdir -p $(BUILD)
	@pipelines/evidence/record $(call quoted,$(CORPUS_SWEEPS)) $(BIN) docs/results/published.tsv >$(BUILD)/published.tsv
	@cp $(BUILD)/published.tsv docs/results/published.tsv
	@pipelines/evidence/times $(BIN) docs/results/published.tsv >docs/results/published-times.tsv
	@pipelines/evidence/published-page docs/results/published-times.tsv docs/published.md
