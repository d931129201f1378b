# make check-arm64: gk for arm64 by Debian's cross compiler, and those tests under qemu that are not about this machine:
# parsers, golden values, bytes. Minutes, and a download of packages, so it is no part of .ci/run.
ARM64 := build-arm64
ARM64_TESTS := $(addprefix tests/,frames.bats tables.bats curve.bats torch.bats data.bats bytes.bats)

.PHONY: check-arm64
check-arm64: ## cross-built for arm64, the parsers' tests, golden values and bytes under qemu
	@.ci/setup test arm64
	@tests/arm64/root $(ARM64)/root
	@$(MAKE) NO_SETUP=1 BUILD=$(ARM64) CC='aarch64-linux-gnu-gcc --sysroot=$(CURDIR)/$(ARM64)/root' \
	    DEPS=$(ARM64)/root LIBXSMM= all units
	@BATS_TEST_TIMEOUT=900 tests/arm64/run $(ARM64) $(ARM64)/root $(ARM64_TESTS)
