# make dist, make deb, make check-deb. Only include/gk/version.h holds the version.
VERSION := $(shell sed -n 's/^\#define GK_VERSION "\(.*\)"/\1/p' include/gk/version.h)
DIST := $(BUILD)/gk-$(VERSION).tar.gz
DEB_ARCH = $(shell dpkg --print-architecture)

.PHONY: dist deb check-deb
dist: ## the last commit as build/gk-VERSION.tar.gz, the same bytes each time
	@git diff --quiet HEAD || echo 'dist: what is not committed is left out' >&2
	@mkdir -p $(BUILD)
	@git archive --prefix=gk-$(VERSION)/ HEAD | gzip -n9 > $(DIST)
	@echo $(DIST)

deb: dist | setup ## a Debian package of it, in build
	@packaging/deb $(DIST) $(VERSION) $(BUILD)

check-deb: deb all units ## install that package in a clean root, run the tests there, purge it (as root)
	@packaging/check-deb $(BUILD)/gk_$(VERSION)_$(DEB_ARCH).deb $(BUILD)
