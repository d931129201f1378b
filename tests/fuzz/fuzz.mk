# Fuzzing the parsers: tests/fuzz/NAME.c is a target, tests/fuzz/corpus/NAME/ its inputs. The targets
# are built twice: with libFuzzer and the sanitizers (make fuzz, in build-fuzz), and with a plain main
# that replays the corpus (make check).
FUZZ := frame table json npy dataset checkpoint options events curve torch
REPLAYS := $(FUZZ:%=$(BUILD)/fuzz/replay-%)
SECONDS ?= 60
SEED ?= 0

check: $(REPLAYS)

$(BUILD)/fuzz/replay-%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS)

# The core is no parser: without it the build takes much less time.
FUZZ_MAKE = $(MAKE) CC=clang CORE_OBJ= OPT='-O1 -g -fno-omit-frame-pointer'

.PHONY: fuzz fuzz-coverage fuzz-targets fuzz-setup
fuzz-setup:
	@CC=clang .ci/setup fuzz

fuzz: fuzz-setup ## fuzzes each parser for SECONDS=60, or with RUNS inputs, two at a time
	+@$(FUZZ_MAKE) BUILD=build-fuzz fuzz-targets \
	    SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	@tests/fuzz/run build-fuzz/fuzz $(call quoted,$(or $(RUNS),$(SECONDS)s)) $(call quoted,$(SEED)) $(FUZZ)

fuzz-targets: $(FUZZ:%=$(BUILD)/fuzz/%)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) -o $@ $^ $(ALL_LDFLAGS) -fsanitize=fuzzer $(LIBS)

fuzz-coverage: fuzz-setup ## lines of the parsers that the corpora reach, and those found by make fuzz
	+@$(FUZZ_MAKE) BUILD=build-fuzzcov SANITIZE='-fprofile-instr-generate -fcoverage-mapping' \
	    $(FUZZ:%=build-fuzzcov/fuzz/replay-%)
	@tests/fuzz/coverage build-fuzzcov/fuzz $(FUZZ)

-include $(wildcard $(BUILD)/tests/fuzz/*.d)
