# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            the module for the running kernel (or KDIR=), and the command
# make install    both, with man pages
# make demo       watch it work, in a VM
# make check      all tests, on two kernels
#
# "make help" lists the rest.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.12
TEST ?=
DESTDIR ?=
PREFIX ?= /usr

VM := selftests/vm

# What a Debian host lacks at most: to build, to make and boot the VM, to check
# the sources. Kernels and routing daemons are the VM's own.
DEPS_BUILD := bison flex gcc libc6-dev libjansson-dev libmd-dev libmnl-dev \
	libnl-3-dev libnl-route-3-dev make pkg-config
DEPS_VM := bc ca-certificates cpio kmod libelf-dev libssl-dev mmdebstrap perl \
	python3 qemu-system-x86 squashfs-tools uidmap util-linux xz-utils
DEPS_LINT := clang-format mandoc perl shellcheck sparse

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

all: module userspace

help:
	@sed -n '/^# make /s/^# //p' Makefile
	@echo 'make deps       install what building and testing need (Debian, apt)'
	@echo 'make check-quick    the tests on kernel 6.12 alone'
	@echo 'make check-debug    the tests on a debugging kernel (KASAN, lockdep, ...)'
	@echo 'make lint       checkpatch, sparse, warnings, formats, man pages'
	@echo 'make vm         a shell in the VM (KERNEL=6.1, 6.12 or debug)'
	@echo 'make vm-run     one test in the VM: TEST=name.sh KERNEL=...'
	@echo 'make vm-refresh fetch the newest kernels and packages again'
	@echo 'make clean'

module:
	@test -e $(KDIR)/Makefile || { \
		echo "No kernel headers in $(KDIR):" \
		     "apt install linux-headers-$$(uname -r), or give KDIR=" >&2; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace:
	$(MAKE) -C userspace

install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(if $(DESTDIR),,depmod "$$(cat $(KDIR)/include/config/kernel.release)")
	$(MAKE) -C userspace install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

clean:
	$(MAKE) -C userspace clean
	$(MAKE) -C selftests clean
	rm -f modules.order Module.symvers .Module.symvers.cmd .modules.order.cmd
	find kmod \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' \
		-o -name modules.order \) -delete

# Installs nothing, and asks for no password, when nothing is missing.
define install_packages
	@missing=; for p in $(1); do \
		test "$$(dpkg-query -W -f='$${db:Status-Status}' $$p \
			2>/dev/null)" = installed || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "# installing$$missing"; \
		{ $(SUDO) apt-get -qq update && \
		  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq \
			install --no-install-recommends $$missing; \
		} >&2 || { echo "could not install$$missing" >&2; exit 1; }; \
	fi
endef

deps:
	$(call install_packages,$(DEPS_BUILD) $(DEPS_VM))

deps-lint: deps
	$(call install_packages,$(DEPS_LINT))

demo: deps
	@$(VM)/run --plain --kernel 6.12 demo.sh

JOBS := $(if $(jobs),--jobs $(jobs))

check: deps
	@$(VM)/check $(JOBS) --host 6.1 6.12

check-quick: deps
	@$(VM)/check $(JOBS) --host 6.12

check-debug: deps
	@$(VM)/check $(JOBS) debug

vm: deps
	@$(VM)/run --kernel $(KERNEL) --shell

vm-run: deps
	@$(VM)/run --kernel $(KERNEL) $(TEST)

vm-refresh: deps
	@$(VM)/refresh

# What git knows or would ask about: no generated files
FILES = $(shell git ls-files --cached --others --exclude-standard --deduplicate)

lint: lint-module lint-userspace lint-scripts lint-man

# Sparse has no word for a lock that is taken or not as a function's result says
# (refcount_dec_and_lock()): locks are lockdep's, on the debugging kernel.
# compat.h is where versions are compared, and trace.h has the form that
# TRACE_EVENT() wants: there, what they are for is no fault.
CHECKPATCH = $$source/scripts/checkpatch.pl --no-tree --strict --terse \
	--no-summary --show-types

lint-module: deps-lint
	source=$$($(VM)/fetch-kernel source) && \
	$(CHECKPATCH) -f $(filter-out kmod/compat.h kmod/trace.h,\
		$(filter kmod/%.c kmod/%.h include/%.h,$(FILES))) && \
	$(CHECKPATCH) --ignore \
		LINUX_VERSION_CODE,CONSTANT_COMPARISON,MACRO_ARG_UNUSED \
		-f kmod/compat.h && \
	$(CHECKPATCH) --ignore \
		MACRO_ARG_REUSE,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT \
		-f kmod/trace.h
	$(VM)/build --for werror 6.1 KCFLAGS=-Werror
	$(VM)/build --for sparse 6.12 KCFLAGS=-Werror C=2 \
		CF='-Wsparse-error -Wno-context'

lint-userspace: deps-lint
	clang-format --dry-run -Werror $(filter userspace/%.c userspace/%.h,$(FILES))
	rm -rf userspace/obj-lint
	$(MAKE) -C userspace OBJ=obj-lint obj-lint/ernat
	rm -rf userspace/obj-lint

lint-scripts: deps-lint
	shellcheck -x -P SCRIPTDIR $$(grep -lIE '^(#!.*sh$$|# shellcheck shell=)' $(FILES))

lint-man: deps-lint
	mandoc -T lint -W warning Documentation/*.[1-8]

.PHONY: all help module userspace install clean deps deps-lint demo check \
	check-quick check-debug vm vm-run vm-refresh lint lint-module \
	lint-userspace lint-scripts lint-man
