# gk: make, make check, make demo; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# These targets use all cores, unless -j says how many.
ifeq ($(MAKELEVEL)$(filter-out all units check check-% lint install deb dist-bin,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
export LC_ALL := C
include pipelines/given.mk

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
# -g1: functions and lines for profilers and backtraces. A debugger that shows variables needs OPT='-O0 -g'.
OPT ?= -O2 -g1
SANITIZE ?=

# DEPS=DIR: libraries in a folder of their own, such as a conda environment, or what .ci/setup --prefix unpacked.
# Debian's BLAS lies deeper. The old form of a run path also holds for what those libraries need. The compiler does
# not warn of their headers, as it does not of those below /usr.
DEPS ?=
ifneq ($(DEPS),)
below = $(wildcard $(foreach d,$(1),$(abspath $(DEPS))/$d $(abspath $(DEPS))/usr/$d))
TRIPLET := $(shell $(CC) -print-multiarch 2>/dev/null)
DEPS_LIB := $(call below,lib lib/$(TRIPLET) lib/$(TRIPLET)/openblas-pthread)
$(if $(DEPS_LIB),,$(error DEPS=$(DEPS) has no libraries))
DEPS_CPP := $(addprefix -isystem,$(call below,include include/$(TRIPLET) include/$(TRIPLET)/openblas-pthread))
DEPS_LD := $(foreach d,$(DEPS_LIB),-L$d -Wl,-rpath,$d -Wl,-rpath-link,$d) -Wl,--disable-new-dtags
endif

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-sign-conversion
# Where the sources lie is no part of what is built from them.
HERE := -ffile-prefix-map=$(call quoted,$(CURDIR))=.
# -fno-var-tracking: with -g a debugger cannot print some optimised variables, and the build takes a tenth less time.
ALL_CFLAGS = -std=gnu11 $(WARN) -fno-var-tracking $(OPT) $(SANITIZE) $(HERE) -fno-math-errno -D_GNU_SOURCE \
    -Iinclude -Ilib $(DEPS_CPP) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread $(SANITIZE) -Wl,--as-needed $(ANSWERS:%=-Wl,--export-dynamic-symbol=%) \
    $(DEPS_LD) $(LDFLAGS)
# What OpenBLAS asks and gk answers (lib/base/compute/blas.c), whichever variant of it is linked.
ANSWERS := openblas_num_threads_env openblas_omp_num_threads_env omp_get_max_threads
# LIBXSMM, if it exists (lib/nn/core/kernels/multiply.c): looked for once, after set-up.
HAS_LIBXSMM = printf '\043if __has_include(<libxsmm.h>)\nyes\n\043endif\n' | \
    $(CC) $(DEPS_CPP) $(CPPFLAGS) -E -P -x c - 2>/dev/null
LIBXSMM = $(eval LIBXSMM := $(shell $(HAS_LIBXSMM)))$(LIBXSMM)
LIBS = $(if $(LIBXSMM),-lxsmm) -lfftw3 -lgsl -ljansson -lzip -llapacke -llapack -lopenblas -lm

BIN := $(BUILD)/bin
TOOLS := $(patsubst cmd/%.c,$(BIN)/%,$(wildcard cmd/gk-*.c))
LIB_SRC := $(filter-out lib/nn/core/%,$(wildcard lib/*/*.c lib/*/*/*.c))
CORE_SRC := $(wildcard lib/nn/core/*.c lib/nn/core/*/*.c)

# The numeric core is compiled once per precision and instruction set (lib/nn/core/real.h).
ifneq ($(filter x86_64-%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
ISAS := v1 v3 v4
else
ISAS := v1
endif
# Not faster where OPT says -O1, as in builds that check: under AddressSanitizer -O3 takes five times as long.
CORE_OPT := $(if $(findstring -O1,$(OPT)),,-O3) -ffp-contract=fast -fno-trapping-math -fopenmp-simd
ISA_v1 :=
ISA_v3 := -march=x86-64-v3
ISA_v4 := -march=x86-64-v4 -mprefer-vector-width=512
# Code that this machine cannot run is not instrumented for a sanitizer, nor optimised.
CPU := $(if $(findstring -fsanitize,$(SANITIZE)),$(wildcard /proc/cpuinfo))
UNCHECKED := $(if $(CPU),$(shell grep -qw avx2 $(CPU) || echo v3; grep -qw avx512vl $(CPU) || echo v4))
CHECKED_FLAGS = $(if $(filter $(1),$(UNCHECKED)),$(filter-out $(SANITIZE),$(ALL_CFLAGS)) $(CORE_OPT) -O0, \
    $(ALL_CFLAGS) $(CORE_OPT))

LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
CORE_OBJ := $(foreach i,$(ISAS),$(foreach r,f32 f64,$(CORE_SRC:lib/nn/core/%.c=$(BUILD)/lib/nn/core/%.$r.$i.o)))
ARCHIVE := $(BUILD)/libgk.a
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))

# V=1 shows the commands.
V ?= 0
ifeq ($V,0)
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
else
Q :=
say = @:
endif
# $(call making,CC) CC ...: makes the folder of a file and says which file it is. One shell does all, because a build
# has hundreds of files.
making = $Q[ -d $(@D) ] || mkdir -p $(@D); $(if $(Q),printf '  %-5s %s\n' $(1) $@;)

# Tables of names (gk-ckpt-dump --rename) and the model of gk-predict lie beside the tools, here and where they are
# installed.
NAMES := $(wildcard lib/nn/model/rename/*.tsv)
MODELS := $(wildcard models/*.model)
SHARED := $(NAMES:lib/nn/model/rename/%=$(BUILD)/share/gk/rename/%)
SHARED += $(MODELS:%=$(BUILD)/share/gk/%)

.PHONY: all
all: $(TOOLS) $(SHARED) ## the tools, in build/bin (the default)

# Checks that all packages are there before the first object is made; a target that needs more than a build also
# installs what is missing. This takes a few milliseconds if nothing is missing; NO_SETUP=1 turns it off.
GOALS_test := check% coverage
GOALS_demo := demo gallery gallery-docs report fig% %figures heatmap curves
GOALS_lint := lint% coverage check-valgrind check-full
GOALS_package := deb check-deb
GOALS_slurm := check-slurm
PARTS := build $(foreach p,test demo lint package slurm,$(if $(filter $(GOALS_$p),$(MAKECMDGOALS)),$p))
.PHONY: setup
setup:
	@CC=$(call quoted,$(CC)) CPPFLAGS=$(call quoted,$(DEPS_CPP) $(CPPFLAGS)) LDFLAGS=$(call quoted,$(DEPS_LD) $(LDFLAGS)) \
	.ci/setup $(if $(filter-out build,$(PARTS))$(filter setup,$(MAKECMDGOALS)),,--check) $(PARTS)

# A change of compiler or flags rebuilds everything: objects depend on this stamp.
FLAGS_LINE = $(CC) $(ALL_CFLAGS) | $(ALL_LDFLAGS) $(LIBS) | $(CORE_OPT) $(ISAS) $(UNCHECKED) | $(UNIT_OPT)
$(BUILD)/flags: FORCE | setup
	@[ -d $(@D) ] || mkdir -p $(@D); flags=$(call quoted,$(FLAGS_LINE)); \
	[ -e $@ ] && [ "$$(<$@)" = "$$flags" ] || echo "$$flags" > $@
.PHONY: FORCE
FORCE:

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call making,CC) $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Long loops over numbers outside the core, which -O2 does not vectorise.
LONG_LOOPS := $(addprefix analysis/points/,nearest nearest_many nearest_pairs gram) io/frames/dtype
$(LONG_LOOPS:%=$(BUILD)/lib/%.o): private OPT += -O3
$(BUILD)/lib/nn/engine/dispatch.o: private ALL_CFLAGS += -DGK_LIBXSMM=$(if $(LIBXSMM),1,0)

define core_rule
$(BUILD)/lib/nn/core/%.$(1).$(2).o: lib/nn/core/%.c $(BUILD)/flags
	$$(call making,CC) $$(CC) $$(call CHECKED_FLAGS,$(2)) $$(ISA_$(2)) \
	    -DGK_REAL_IS_F64=$(if $(filter f64,$(1)),1,0) -DGK_ISA=$(2) \
	    -DGK_LIBXSMM=$(if $(filter v4,$(2)),$$(if $$(LIBXSMM),1,0),0) -MMD -MP -c -o $$@ $$<
endef
$(foreach r,f32 f64,$(foreach i,$(ISAS),$(eval $(call core_rule,$r,$i))))

$(ARCHIVE): $(LIB_OBJ) $(CORE_OBJ)
	@rm -f $@; ar rcs $@ $^

$(BIN)/%: $(BUILD)/cmd/%.o $(ARCHIVE)
	$(call making,LINK) $(CC) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)

$(BUILD)/share/gk/rename/%: lib/nn/model/rename/%
	@mkdir -p $(@D)
	@cp $< $@

$(BUILD)/share/gk/models/%: models/%
	@mkdir -p $(@D)
	@cp $< $@

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(ARCHIVE)
	$(call making,LINK) $(CC) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)

.PHONY: units
units: $(UNITS)
# A unit test spends its time in the library, so it is compiled without optimising, four times as fast. COMPUTING are
# those that compute much themselves.
UNIT_OPT ?= -O0
COMPUTING := dimension net_reference net_variants
$(filter-out $(COMPUTING:%=$(BUILD)/tests/unit/%.o),$(UNITS:$(BUILD)/tests/%=$(BUILD)/tests/unit/%.o)): \
    private OPT += $(if $(SANITIZE),,$(UNIT_OPT))

# TESTS="tests/data.bats ..." runs a part.
TESTS ?=
.PHONY: check check-asan check-full check-slurm
check: all units ## the tests, in TAP; TESTS="tests/cli.bats" for some of them
	@$(call words_of,$(TESTS)); IFS=; GK_BUILD=$(BUILD) tests/run $${words[@]}

check-asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan
	@GK_SANITIZED=1 BATS_TEST_TIMEOUT=900 UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1 \
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:abort_on_error=1 \
	$(MAKE) BUILD=build-asan OPT='-O1 -g -fno-omit-frame-pointer' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' check

check-slurm: all ## sweeps by a real Slurm on this machine, as root, in about a minute
	@GK_BUILD=$(BUILD) BATS_TEST_TIMEOUT=120 tests/slurm/cluster bats --tap tests/slurm/sweep.bats

check-full: ## check with the slow tests, then check-asan
	@GK_FULL=1 $(MAKE) check
	@$(MAKE) check-asan

-include $(wildcard $(patsubst %,$(BUILD)/%.d,lib/*/* lib/*/*/* lib/nn/core/*/* cmd/* tests/unit/*))

# Experiments and figures: make demo, make figures and more.
-include $(wildcard pipelines/*/*.mk tests/*/*.mk packaging/*.mk)

INSTALL ?= install
BASH_COMPLETIONS = $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS = $(PREFIX)/share/zsh/site-functions
MAN_DIR = $(PREFIX)/share/man
PAGES := $(wildcard docs/man/*.[1-9])
# The programs that are scripts, what they call, and grids to start from.
SCRIPTS := $(wildcard pipelines/sweep/gk-*)
SCRIPT_PARTS := $(filter-out $(SCRIPTS) %.mk,$(wildcard pipelines/sweep/*)) pipelines/plots/cells
GRIDS := $(wildcard pipelines/grids/*.grid)

# Paths may contain spaces and other characters. A relative path, or a ~ that no shell has expanded, is a mistake.
BIN_HERE = $(call quoted,$(DESTDIR)$(PREFIX)/bin)
BASH_HERE = $(call quoted,$(DESTDIR)$(BASH_COMPLETIONS))
ZSH_HERE = $(call quoted,$(DESTDIR)$(ZSH_COMPLETIONS))
MAN_HERE = $(call quoted,$(DESTDIR)$(MAN_DIR))
NAMES_HERE = $(call quoted,$(DESTDIR)$(PREFIX)/share/gk/rename)
MODELS_HERE = $(call quoted,$(DESTDIR)$(PREFIX)/share/gk/models)
PARTS_HERE = $(call quoted,$(DESTDIR)$(PREFIX)/share/gk/sweep)
GRIDS_HERE = $(call quoted,$(DESTDIR)$(PREFIX)/share/gk/grids)
absolute = $(if $(filter /%,$(firstword $(PREFIX))),,$(error PREFIX=$(PREFIX) is not an absolute path))

.PHONY: install uninstall
install: all ## tools, sweeps, man pages and completions, below DESTDIR/PREFIX (PREFIX=/usr/local)
	$(absolute)
	@$(INSTALL) -d -- $(BIN_HERE) $(BASH_HERE) $(ZSH_HERE) $(PARTS_HERE) $(GRIDS_HERE) $(NAMES_HERE) $(MODELS_HERE)
	@$(INSTALL) -m 755 -- $(SCRIPTS) $(BIN_HERE)
	@$(INSTALL) -m 755 -- $(filter-out %.bash %.awk,$(SCRIPT_PARTS)) $(PARTS_HERE)
	@$(INSTALL) -m 644 -- $(filter %.bash %.awk,$(SCRIPT_PARTS)) $(PARTS_HERE)
	@$(INSTALL) -m 644 -- $(GRIDS) $(GRIDS_HERE)
	@$(INSTALL) -m 644 -- $(NAMES) $(NAMES_HERE)
	@$(if $(MODELS),$(INSTALL) -m 644 -- $(MODELS) $(MODELS_HERE))
	@for t in $(notdir $(TOOLS)); do \
	    $(INSTALL) -m 755 -- $(BIN)/$$t $(BIN_HERE)/$$t; \
	    $(BIN)/$$t --completion bash > $(BASH_HERE)/$$t; \
	    $(BIN)/$$t --completion zsh > $(ZSH_HERE)/_$$t; \
	done
	@for s in $(SCRIPTS); do \
	    $$s --completion bash > $(BASH_HERE)/$${s##*/}; \
	    $$s --completion zsh > $(ZSH_HERE)/_$${s##*/}; \
	done
	@for m in $(PAGES); do \
	    $(INSTALL) -D -m 644 -- $$m $(MAN_HERE)/man$${m##*.}/$${m##*/}; \
	done

uninstall: ## the files that install put there; folders stay
	$(absolute)
	@for t in $(notdir $(TOOLS) $(SCRIPTS)); do \
	    rm -f -- $(BIN_HERE)/$$t $(BASH_HERE)/$$t $(ZSH_HERE)/_$$t; \
	done
	@for s in $(notdir $(SCRIPT_PARTS)); do rm -f -- $(PARTS_HERE)/$$s; done
	@for g in $(notdir $(GRIDS)); do rm -f -- $(GRIDS_HERE)/$$g; done
	@for n in $(notdir $(NAMES)); do rm -f -- $(NAMES_HERE)/$$n; done
	@for m in $(notdir $(MODELS)); do rm -f -- $(MODELS_HERE)/$$m; done
	@for m in $(PAGES); do \
	    rm -f -- $(MAN_HERE)/man$${m##*.}/$${m##*/}; \
	done

.PHONY: clean
clean: ## removes the build folders
	rm -rf $(BUILD) build-arm64 build-asan build-cov build-fuzz build-fuzzcov build-lint build-tsan build-valgrind

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]* ## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | \
	    awk -F'\t' '{ printf "  %-18s %s\n", $$1, $$2 }'
