# make dist, make dist-bin, make deb, and what checks them. Only include/gk/version.h holds the version.
VERSION := $(shell sed -n 's/^\#define GK_VERSION "\(.*\)"/\1/p' include/gk/version.h)
DIST := $(BUILD)/gk-$(VERSION).tar.gz
DEB_ARCH = $(shell dpkg --print-architecture)

.PHONY: dist dist-bin deb check-deb check-reproducible
dist: ## the last commit as build/gk-VERSION.tar.gz, the same bytes each time
	@git diff --quiet HEAD || echo 'dist: what is not committed is left out' >&2
	@mkdir -p $(BUILD)
	@git archive --prefix=gk-$(VERSION)/ HEAD | gzip -n9 > $(DIST)
	@echo $(DIST)

# Static but for the C library, and for what Debian has no static library of. OpenBLAS defines what gk answers, too; the
# first definition is gk's.
STATIC = -Wl,-Bstatic -lfftw3 -lgsl -ljansson -llapacke -ltmglib -lopenblas \
    -lgfortran -lquadmath -Wl,-Bdynamic -lzip -lm
STATIC_LD = -static-libgcc -Wl,--allow-multiple-definition -Wl,--disable-new-dtags
# The run path passes a make and a shell. The link of the whole library says which archives are inside.
dist-bin: ## the tools as they are, with their libraries, for another Linux, in build
	@$(MAKE) BUILD=$(BUILD)/static LIBXSMM= DEPS= LIBS='$(STATIC)' \
	    LDFLAGS='$(STATIC_LD) -Wl,-rpath,\$$$$ORIGIN/../lib' all
	@echo 'int main(void) { return 0; }' | $(CC) -o $(BUILD)/static/all -x c - -x none -Wl,--whole-archive \
	    $(BUILD)/static/libgk.a -Wl,--no-whole-archive -pthread -Wl,--as-needed $(STATIC_LD) $(STATIC) \
	    -Wl,-Map=$(BUILD)/static/link.map
	@packaging/dist-bin $(BUILD)/static $(VERSION) $(BUILD)/gk-$(VERSION)-$(shell uname -m).tar.gz

deb: dist | setup ## a Debian package of it, in build
	@packaging/deb $(DIST) $(VERSION) $(BUILD)

check-deb: deb all units ## install that package in a clean root, run the tests there, purge it (as root)
	@packaging/check-deb $(BUILD)/gk_$(VERSION)_$(DEB_ARCH).deb $(BUILD)

check-reproducible: dist ## build the last commit in two folders, and compare the bytes
	@packaging/check-reproducible $(DIST)
