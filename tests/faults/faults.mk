# Faults by injection (tests/faults/run), limits and the soak. None works in a sanitized build: they
# replace malloc, or leave no room for a sanitizer's memory.
FAULTS := $(BUILD)/faults/inject.so $(BUILD)/faults/drive $(BUILD)/faults/limit

ifeq ($(SANITIZE),)
check: $(FAULTS)
endif

.PHONY: check-faults check-limits soak
check-faults: all $(FAULTS) ## makes every call of every tool fail in turn (many minutes); STRIDE=20: one in 20
	@GK_BUILD=$(BUILD) tests/faults/run $(if $(STRIDE),$(call quoted,$(STRIDE)))

check-limits: all $(FAULTS) ## every tool under every limit of memory, stack, files, ... (minutes); STRIDE=20: one in 20
	@GK_BUILD=$(BUILD) GK_DRIVER=tests/faults/limits tests/faults/run $(if $(STRIDE),$(call quoted,$(STRIDE)))

soak: all ## trains, kills and resumes for SECONDS=60, at least 50 kills: the same bytes
	@GK_BUILD=$(BUILD) tests/faults/soak $(call quoted,$(SECONDS))

$(BUILD)/faults/inject.so: tests/faults/inject.c tests/faults/inject.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) $(ALL_CFLAGS) -fno-builtin -fPIC -ftls-model=initial-exec -shared -o $@ $<

$(BUILD)/faults/limit: tests/faults/limit.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) $(ALL_CFLAGS) -o $@ $<

$(BUILD)/faults/drive: tests/faults/drive.c tests/faults/inject.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Q$(CC) $(ALL_CFLAGS) -o $@ $<
