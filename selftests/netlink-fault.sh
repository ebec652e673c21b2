#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Robustness of netlink: every allocation on the way of every message fails once; nothing
# is left half done, and after that all works. For kernels with fault injection.
#
# Topology: one namespace.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
[ -w /proc/self/fail-nth ] || skip_all "no fault injection"
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
setup_ns RTR
ROUTERS+=("$RTR")
script "$RTR" fault.py
finish
