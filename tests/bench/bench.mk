.PHONY: bench bench-peers bench-growth
bench: all $(BUILD)/bench/engine ## docs/benchmarks.md: the engine, the machine's limits, and peers where there are any
	@CC=$(call quoted,$(CC)) tests/bench/run $(BUILD)

bench-peers: ## installs today's PyTorch, JAX and others for `make bench`, in build/peers (6 GB)
	@python3 -m venv $(BUILD)/peers
	@$(BUILD)/peers/bin/python -m pip install --upgrade -r tests/bench/peers.txt

bench-growth: all $(BUILD)/bench/engine ## how time and memory grow with p, dim, layers, heads, frames and points
	@tests/bench/growth $(BUILD)

$(BUILD)/bench/engine: tests/bench/engine.c $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) $(ALL_CFLAGS) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)
