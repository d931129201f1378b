# make sweep GRID=pipelines/grids/NAME.grid RUNNER=local|parallel|slurm: a run for every point of a grid,
# and a table. SWEEPFLAGS are further options of gk-sweep.
include pipelines/given.mk
RUNNER ?= local
SWEEP_TOOLS := $(addprefix $(BIN)/gk-,data train phases hjorth predict ckpt-dump)

.PHONY: sweep
sweep: $(SWEEP_TOOLS) ## trains over GRID=FILE, by RUNNER=local|parallel|slurm, into SWEEP=DIR
	@$(if $(GRID),,echo 'make sweep: GRID=FILE says what to train; see pipelines/grids' >&2; exit 2;) \
	$(call words_of,$(SWEEPFLAGS)); \
	grid=$(call quoted,$(GRID)) dir=$(call quoted,$(SWEEP)); \
	name=$${grid##*/}; dir=$${dir:-$(BUILD)/sweeps/$${name%.*}}; \
	pipelines/sweep/gk-sweep --runner $(call quoted,$(RUNNER)) $(if $(JOBS),--jobs $(call quoted,$(JOBS))) --bin $(BIN) \
	    "$${words[@]}" "$${grid/#-/./-}" "$${dir/#-/./-}"
