# make sweep GRID=pipelines/grids/NAME.grid RUNNER=local|parallel|slurm: a run for every point of a grid,
# and a table. SWEEPFLAGS are further options of pipelines/sweep.
RUNNER ?= local
SWEEP ?= $(BUILD)/sweeps/$(basename $(notdir $(GRID)))
SWEEP_TOOLS := $(addprefix $(BIN)/gk-,data train phases hjorth predict ckpt-dump)

quoted = '$(subst ','\'',$(1))'

.PHONY: sweep
sweep: $(SWEEP_TOOLS) ## trains over GRID=FILE, by RUNNER=local|parallel|slurm, into SWEEP=DIR
	@$(if $(GRID),,echo 'make sweep: GRID=FILE says what to train; see pipelines/grids' >&2; exit 2;) \
	pipelines/sweep --runner $(RUNNER) $(if $(JOBS),--jobs $(JOBS)) --bin $(BIN) $(SWEEPFLAGS) $(call quoted,$(GRID)) $(call quoted,$(SWEEP))
