.PHONY: bench
bench: all $(BUILD)/bench/engine ## docs/benchmarks.md: the engine, the machine's limits, PyTorch
	@CC=$(call quoted,$(CC)) tests/bench/run $(BUILD)

$(BUILD)/bench/engine: tests/bench/engine.c $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) $(ALL_CFLAGS) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)
