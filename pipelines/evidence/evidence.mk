# make corpus trains the runs that docs/evidence.md stands on; make corpus-table collects what has ended.
# make evidence judges predictors by the table alone, and writes the page's numbers and the model that ships.
# make published runs published settings again; PUBLISHED names some of pipelines/evidence/grids/published-*.
CORPUS_RUNS ?= 1500
CORPUS_JOBS ?= 2
CORPUS_SWEEPS ?= $(BUILD)/sweeps
PUBLISHED ?= llc prieto-orthogonal replication53 gromov
EVIDENCE_TOOLS := $(addprefix $(BIN)/gk-,data train phases hjorth predict times ckpt-dump)

.PHONY: corpus corpus-table evidence published published-table
corpus: $(EVIDENCE_TOOLS) ## trains the corpus of docs/evidence.md, about an hour and a half of a core
	@pipelines/evidence/corpus $(call quoted,$(CORPUS_SWEEPS)) $(BIN) $(CORPUS_RUNS) $(CORPUS_JOBS)

corpus-table: $(EVIDENCE_TOOLS) ## docs/results/corpus.tsv of the runs of make corpus that have ended
	@mkdir -p $(BUILD)
	@pipelines/evidence/table $(call quoted,$(CORPUS_SWEEPS)) $(BIN) >$(BUILD)/corpus.tsv
	@cp $(BUILD)/corpus.tsv docs/results/corpus.tsv

evidence: $(EVIDENCE_TOOLS) ## judges early predictors by docs/results/corpus.tsv, in minutes
	@JOBS=$(CORPUS_JOBS) pipelines/evidence/judge $(BIN) docs/results/corpus.tsv $(BUILD)/evidence
	@cp $(BUILD)/evidence/auc.tsv docs/results/evidence-auc.tsv
	@cp $(BUILD)/evidence/decisions.tsv docs/results/evidence-decisions.tsv
	@cp $(BUILD)/evidence/calibration.tsv docs/results/evidence-calibration.tsv
	@cp $(BUILD)/evidence/times.tsv docs/results/evidence-times.tsv
	@cp $(BUILD)/evidence/grok.model models/grok.model
	@pipelines/evidence/report docs/results/corpus.tsv $(BUILD)/evidence docs/evidence.md

published: $(EVIDENCE_TOOLS) ## runs published settings again; PUBLISHED="gromov ..." for some of them
	@pipelines/evidence/published $(call quoted,$(CORPUS_SWEEPS)) $(BIN) $(CORPUS_JOBS) $(PUBLISHED)
	@$(MAKE) --no-print-directory published-table

published-table: $(EVIDENCE_TOOLS)
	@mkdir -p $(BUILD)
	@pipelines/evidence/record $(call quoted,$(CORPUS_SWEEPS)) $(BIN) docs/results/published.tsv >$(BUILD)/published.tsv
	@cp $(BUILD)/published.tsv docs/results/published.tsv
	@pipelines/evidence/times $(BIN) docs/results/published.tsv >docs/results/published-times.tsv
	@pipelines/evidence/published-page docs/results/published-times.tsv docs/published.md
