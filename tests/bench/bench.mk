.PHONY: bench bench-peers bench-growth bench-lanes
bench: all $(BUILD)/bench/engine ## docs/benchmarks.md: the engine, the machine's limits, and peers where there are any
	@CC=$(call quoted,$(CC)) tests/bench/run $(BUILD)

bench-peers: ## installs today's PyTorch, JAX and others for `make bench`, in build/peers (6 GB)
	@python3 -m venv $(BUILD)/peers
	@$(BUILD)/peers/bin/python -m pip install --upgrade -r tests/bench/peers.txt

bench-growth: all $(BUILD)/bench/engine ## how time and memory grow with p, dim, layers, heads, frames and points
	@tests/bench/growth $(BUILD)

bench-lanes: all $(BUILD)/bench/engine ## how a step would scale on more cores
	@tests/bench/lanes $(BUILD)

# lanes.c notes the calls of these.
NOTED := gk_pool_run gk_share_run gk_turn_take gk_turn_pass
$(BUILD)/bench/engine: tests/bench/engine.c tests/bench/lanes.c tests/bench/lanes.h $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c,$^) $(NOTED:%=-Wl,--wrap=%) $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)
