PYTHON ?= python3

.PHONY: check-oracle oracle-python
check-oracle: oracle-python ## gk beside PyTorch on 100 networks at random: N, SEED, PYTHON
	@$(MAKE) --no-print-directory all $(BUILD)/golden/values
	@$(PYTHON) -B tests/golden/generate/fresh.py $(BIN) $(BUILD)/golden/values \
	    $(or $(N),100) $(or $(SEED),0)

$(BUILD)/golden/values: $(BUILD)/tests/golden/values.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)

# First, because a build would be in vain without it: so the build is no prerequisite beside this one.
oracle-python:
	@$(PYTHON) -c 'import torch, safetensors.torch' 2>/dev/null || \
	    { printf 'check-oracle: %s has no torch or no safetensors; PYTHON=... names another\n' \
	        $(call quoted,$(PYTHON)) >&2; false; }
