# make dist, make dist-bin, make deb, and what checks them. Only include/gk/version.h holds the version.
VERSION := $(patsubst "%",%,$(filter "%",$(file <include/gk/version.h)))
DIST := $(BUILD)/gk-$(VERSION).tar.gz
DEB_ARCH = $(shell dpkg --print-architecture)

.PHONY: dist dist-bin deb check-deb check-dist-bin check-reproducible
dist: ## the last commit as build/gk-VERSION.tar.gz, the same bytes each time
	@git diff --quiet HEAD || echo 'dist: what is not committed is left out' >&2
	@mkdir -p $(BUILD)
	@git archive --prefix=gk-$(VERSION)/ HEAD | gzip -n9 > $(DIST)
	@echo $(DIST)

# All tools as one program: what they link statically is there once. gk NAME is the tool NAME.
ONE = $(BUILD)/libexec/gk
$(ONE): $(TOOLS:$(BIN)/%=$(BUILD)/cmd/%.o) $(ARCHIVE) packaging/one packaging/one.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$Qpackaging/one $(BUILD)/one $(filter $(BUILD)/cmd/%,$^)
	$Q$(CC) $(ALL_CFLAGS) -I$(BUILD)/one -o $@ packaging/one.c $(BUILD)/one/*.o $(ARCHIVE) \
	    -Wl,-Map=$(BUILD)/one/link.map $(ALL_LDFLAGS) $(LIBS)

# Static but for the C library, and for what Debian has no static library of. A static OpenBLAS would answer itself what
# gk answers elsewhere; packaging/one.c does so here.
STATIC = -Wl,-Bstatic $(if $(LIBXSMM),-lxsmm) -lfftw3 -lgsl -ljansson -llapacke -ltmglib -lopenblas \
    -lgfortran $(if $(filter x86_64,$(shell uname -m)),-lquadmath) -Wl,-Bdynamic -lzip -lm
STATIC_LD = -static-libgcc $(ANSWERS:%=-Wl,--wrap=%) -Wl,--disable-new-dtags
# The run path passes a make and a shell.
dist-bin: ## the tools as they are, with their libraries, for another Linux, in build
	@$(MAKE) BUILD=$(BUILD)/static DEPS= LIBS='$(STATIC)' LDFLAGS='$(STATIC_LD) -Wl,-rpath,\$$$$ORIGIN/../lib' \
	    one $(SHARED:$(BUILD)/%=$(BUILD)/static/%)
	+@packaging/dist-bin $(BUILD)/static $(VERSION) $(BUILD)/gk-$(VERSION)-$(shell uname -m).tar.gz

.PHONY: one
one: $(ONE)

check-dist-bin: dist-bin ## run that tarball in a clean root of Debian 13 (as root); SUITE=bookworm for another
	@packaging/check-dist-bin $(BUILD)/gk-$(VERSION)-$(shell uname -m).tar.gz

deb: dist | setup ## a Debian package of it, in build
	@packaging/deb $(DIST) $(VERSION) $(BUILD)

check-deb: deb all units $(FAULTS) ## install that package in a clean root, run the tests there, purge it (as root)
	@packaging/check-deb $(BUILD)/gk_$(VERSION)_$(DEB_ARCH).deb $(BUILD)

check-reproducible: dist ## build the last commit in two folders, and compare the bytes
	+@packaging/check-reproducible $(DIST)
