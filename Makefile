# SPDX-License-Identifier: GPL-2.0-or-later
# Short commands for people; meson does the work. B=DIR puts the builds elsewhere.
B ?= build
JOBS ?= $(shell nproc)
SUITES = unit lan fuzz lint guest interop system

.PHONY: run build test test-gcc test-clang test-sanitize bench install clean help

help:
	@echo 'make run             a whole netboot of a demo guest, in less than a minute'
	@echo 'make run ISO=FILE    boot that ISO; ARGS="…" adds options'
	@echo 'make test            set up everything and run all tests'
	@echo 'make build           compile; the program is $(B)/launcher/pxe-run'
	@echo 'make bench           measure speed against baselines'
	@echo 'make install         into /usr/local, or below DESTDIR'

# Compiles no more than it needs.
run: $(B)/build.ninja
	@.ci/install-packages run demo
ifdef ISO
	@ninja -C $(B) launcher/pxe-run
	$(B)/launcher/pxe-run --iso '$(ISO)' $(ARGS)
else
	@ninja -C $(B) launcher/pxe-run demo
	$(B)/launcher/pxe-run --iso $(B)/tests/guest/demo.iso $(ARGS)
endif

build: $(B)/build.ninja
	@ninja -C $(B)

$(B)/build.ninja:
	@.ci/install-packages build demo
	@meson setup $(B) >/dev/null

test: test-gcc test-clang test-sanitize

test-gcc:
	@.ci/install-packages build run demo test
	@test -f $(B)/gcc/build.ninja || CC=gcc meson setup $(B)/gcc --werror >/dev/null
	ninja -C $(B)/gcc
	meson test -C $(B)/gcc --print-errorlogs --num-processes $(JOBS) $(addprefix --suite ,$(SUITES))

# What needs no QEMU, compiled by the other compiler.
test-clang:
	@.ci/install-packages build demo test
	@test -f $(B)/clang/build.ninja || CC=clang meson setup $(B)/clang --werror >/dev/null
	ninja -C $(B)/clang
	meson test -C $(B)/clang --print-errorlogs --num-processes $(JOBS) --suite unit --suite lan --suite fuzz

# The same under the sanitizers, and one boot of each generation.
test-sanitize:
	@.ci/install-packages build run demo test
	@test -f $(B)/sanitize/build.ninja || CC=gcc meson setup $(B)/sanitize --werror \
		-Db_sanitize=address,undefined -Doptimization=1 >/dev/null
	ninja -C $(B)/sanitize
	meson test -C $(B)/sanitize --print-errorlogs --num-processes $(JOBS) --suite unit --suite lan \
		--suite fuzz --suite smoke

bench: build
	@.ci/install-packages build run demo test
	python3 tests/bench/bench.py $(B)
	python3 tests/bench/bench-nfs.py $(B)
	python3 tests/bench/bench-linux.py $(B)
	python3 tests/bench/bench-mfsroot.py $(B)

install: build
	meson install -C $(B)

clean:
	rm -rf $(B)
