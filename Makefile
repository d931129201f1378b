# gk: make, make check, make demo; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
OPT ?= -O2 -g
SANITIZE ?=

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-sign-conversion
ALL_CFLAGS = -std=gnu11 $(WARN) $(OPT) $(SANITIZE) -fno-math-errno -D_GNU_SOURCE -Iinclude $(CFLAGS)
ALL_LDFLAGS = -pthread $(SANITIZE) -Wl,--as-needed $(LDFLAGS)
LIBS := -lfftw3 -lgsl -larpack -ljansson -llapacke -llapack -lopenblas -lm

BIN := $(BUILD)/bin
TOOLS := $(patsubst cmd/%.c,$(BIN)/%,$(wildcard cmd/gk-*.c))
LIB_SRC := $(wildcard lib/base/*.c lib/io/*.c lib/cli/*.c lib/nn/*.c lib/analysis/*.c)
CORE_SRC := $(wildcard lib/nn/core/*.c)

# The numeric core is compiled once per precision and instruction set (lib/nn/core/real.h).
ifeq ($(shell $(CC) -dumpmachine 2>/dev/null | cut -d- -f1),x86_64)
ISAS := v1 v3 v4
else
ISAS := v1
endif
CORE_OPT := -O3 -ffp-contract=fast -fno-trapping-math -fopenmp-simd
ISA_v1 :=
ISA_v3 := -march=x86-64-v3
ISA_v4 := -march=x86-64-v4 -mprefer-vector-width=512

LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
CORE_OBJ := $(foreach i,$(ISAS),$(foreach r,f32 f64,$(CORE_SRC:lib/nn/core/%.c=$(BUILD)/lib/nn/core/%.$r.$i.o)))
ARCHIVE := $(BUILD)/libgk.a
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))

.PHONY: all
all: $(TOOLS)

# A change of compiler or flags rebuilds everything: objects depend on this stamp.
FLAGS_LINE = $(CC) $(ALL_CFLAGS) | $(ALL_LDFLAGS) $(LIBS) | $(CORE_OPT) $(ISAS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_LINE)' | cmp -s - $@ || echo '$(FLAGS_LINE)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define core_rule
$(BUILD)/lib/nn/core/%.$(1).$(2).o: lib/nn/core/%.c $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(CORE_OPT) $$(ISA_$(2)) -DGK_REAL_IS_F64=$(if $(filter f64,$(1)),1,0) -DGK_ISA=$(2) -MMD -MP -c -o $$@ $$<
endef
$(foreach r,f32 f64,$(foreach i,$(ISAS),$(eval $(call core_rule,$r,$i))))

$(ARCHIVE): $(LIB_OBJ) $(CORE_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(BIN)/%: $(BUILD)/cmd/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -o $@ $< $(ARCHIVE) $(ALL_LDFLAGS) $(LIBS)

.PHONY: units
units: $(UNITS)

# TESTS="tests/data.bats ..." runs a part.
TESTS ?=
.PHONY: check
check: all units
	@GK_BUILD=$(BUILD) tests/run $(TESTS)

-include $(wildcard $(BUILD)/lib/*/*.d $(BUILD)/lib/nn/core/*.d $(BUILD)/cmd/*.d $(BUILD)/tests/unit/*.d)

.PHONY: clean
clean:
	rm -rf $(BUILD)
