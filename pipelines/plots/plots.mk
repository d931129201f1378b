# Pictures of your results: make heatmap SWEEP=DIR, make curves FILES="FILE ...".
include pipelines/given.mk

.PHONY: heatmap curves
heatmap: ## a sweep's table as SWEEP=DIR/heatmap.png: VALUE=COLUMN over ACROSS=COLUMN and UP=COLUMN
	@ACROSS=$(call quoted,$(ACROSS)) UP=$(call quoted,$(UP)) VALUE=$(call quoted,$(VALUE)) \
	    pipelines/plots/draw heatmap $(call quoted,$(SWEEP))
curves: ## the curves of runs, FILES="FILE ...", as build/curves.png
	@$(call words_of,$(FILES)); pipelines/plots/draw curves $(BUILD)/curves "$${words[@]}"
