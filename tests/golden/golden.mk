PYTHON ?= python3

.PHONY: check-oracle
check-oracle: all $(BUILD)/golden/values ## gk beside PyTorch on 100 networks at random: N, SEED, PYTHON
	@$(PYTHON) -c 'import torch, safetensors' 2> /dev/null || \
	    { echo 'check-oracle: $(PYTHON) has no torch or no safetensors; PYTHON=... names another' >&2; false; }
	@$(PYTHON) -B tests/golden/generate/fresh.py $(BIN) $(BUILD)/golden/values \
	    $(or $(N),100) $(or $(SEED),0)

$(BUILD)/golden/values: $(BUILD)/tests/golden/values.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)
