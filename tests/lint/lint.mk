# make lint and what else looks at the code without or beside the tests: clang, clang-tidy, cppcheck,
# shellcheck, ThreadSanitizer, valgrind, coverage. Headers, layers and pages are looked at in
# tests/source.bats and tests/cli.bats.
LINT := build-lint
LINT_SRC := $(wildcard cmd/*.c lib/*/*.c lib/*/*/*.c lib/nn/core/*/*.c)
# On x86-64 the linters read the numeric core as it is compiled for AVX2.
LINT_ISA := $(if $(filter v3,$(ISAS)),v3,v1)
LINT_FLAGS := -D_GNU_SOURCE -Iinclude -Ilib -DGK_REAL_IS_F64=0 -DGK_ISA=$(LINT_ISA) $(ISA_$(LINT_ISA)) -DGK_LIBXSMM=0
# cppcheck has no -march.
CPPCHECK_FLAGS := $(patsubst -march=x86-64-v3,-D__AVX__=1,$(LINT_FLAGS))
# How many steps of a function clang's analyzer follows. clang-tidy takes three times as long with 225000, the
# analyzer's own default.
NODES ?= 40000
LINT_NODES = $(foreach a,-analyzer-config max-nodes=$(NODES),--extra-arg=-Xclang --extra-arg=$a)
HEADERS := $(wildcard include/gk/*.h lib/*/*.h lib/*/*/*.h lib/nn/core/*/*.h)

.PHONY: lint lint-format lint-scripts lint-tests
lint: lint-tests $(LINT)/cppcheck lint-format lint-scripts $(LINT_SRC:%.c=$(LINT)/tidy-$(NODES)/%.tidy)
lint: $(UNITS:$(BUILD)/tests/%=$(LINT)/unit/%.o)
lint: ## the source by gcc, clang, clang-tidy, cppcheck and clang-format, the scripts by shellcheck
	@$(MAKE) CFLAGS=$(call quoted,$(CFLAGS) -Werror) all units
	@# clang's warnings need no optimised code.
	@$(MAKE) CFLAGS=$(call quoted,$(CFLAGS) -Werror) BUILD=$(LINT)/clang CC=clang OPT=-O0 CORE_OPT= all units

lint-format: | setup
	@clang-format --dry-run -Werror $(LINT_SRC) $(HEADERS) $(wildcard tests/*/*.[ch])

# gcc sees more where it optimises, and build/ has most unit tests without.
$(LINT)/unit/%.o: tests/unit/%.c $(HEADERS) | setup
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$Q$(CC) $(ALL_CFLAGS) -Werror -c -o $@ $<

# A stamp for each file without a finding.
$(LINT)/tidy-$(NODES)/%.tidy: %.c .clang-tidy $(HEADERS) | setup
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	$Qclang-tidy --quiet $(LINT_NODES) $< -- -std=gnu11 $(LINT_FLAGS) 2> $@.log || { cat $@.log; false; }
	@touch $@

$(LINT)/cppcheck: tests/lint/cppcheck.suppress $(LINT_SRC) $(HEADERS) | setup
	@mkdir -p $(@D)
	$(call say,CHECK,cppcheck)
	$Qcppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability \
	    --suppressions-list=$< --template='{file}:{line}: {message} [{id}]' $(CPPCHECK_FLAGS) $(LINT_SRC)
	@touch $@

lint-scripts: | setup
	@grep -rlE '^.!/bin/(ba)?sh' .ci tests pipelines packaging --exclude='*.bats' | xargs shellcheck

lint-tests: | setup
	@shellcheck -S warning -e SC2238 -s bash tests/helpers.bash tests/*.bats

# Those tests that use threads. OpenBLAS is not instrumented, and runs in the calling thread.
TSAN_NAMES := pool|share|net_reference|optim|interventions|lion_muon|spectra|pca|dimension|train_golden
TSAN_TESTS := -f 'unit: ($(TSAN_NAMES))|threads|hvp:|landscape:' \
    build-tsan/units.bats tests/train.bats tests/eval.bats tests/hvp.bats tests/landscape.bats \
    tests/twonn.bats tests/bytes.bats
.PHONY: check-tsan
check-tsan: ## the tests that use threads under ThreadSanitizer, in build-tsan
	@GK_SANITIZED=1 BATS_TEST_TIMEOUT=900 TSAN_OPTIONS=halt_on_error=1:abort_on_error=1 \
	$(MAKE) BUILD=build-tsan OPT='-O1 -g' SANITIZE=-fsanitize=thread \
	    TESTS=$(call quoted,$(or $(TESTS),$(TSAN_TESTS))) check

# build-valgrind/bin holds scripts in the tools' names: any test runs with them.
VALGRIND := build-valgrind
VALGRIND_TESTS := -f 'same command|table begins|instruction set' tests/output.bats tests/train.bats
.PHONY: check-valgrind
check-valgrind: all units ## every tool on small input under valgrind, from build-valgrind
	@$(call words_of,$(or $(TESTS),$(VALGRIND_TESTS))); IFS=; tests/lint/valgrind $(BUILD) $(VALGRIND) $${words[@]}

# The report comes also where a test fails: those that limit the size of files do, as gcov then cannot
# write what it counted and says so among the tool's messages.
COVERAGE_BAR := 90
.PHONY: coverage
coverage: ## the share of lib/ that the tests run, line by line, in build-cov
	@find build-cov -name '*.gcda' -delete 2> /dev/null || true
	-@GK_SANITIZED=1 GCOV_ERROR_FILE=/dev/null BATS_TEST_TIMEOUT=900 \
	    $(MAKE) BUILD=build-cov OPT='-O1 -g' SANITIZE=--coverage check
	@gcovr --root . --filter lib/ --gcov-ignore-parse-errors --fail-under-line $(COVERAGE_BAR) \
	    --txt build-cov/coverage.txt --html-details build-cov/coverage.html -j 2 build-cov || status=$$?; \
	    cat build-cov/coverage.txt; exit $${status:-0}
