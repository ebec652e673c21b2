#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Invariants 2 and 4, of port.c alone: every port of a list is found, once, at
# every fill, and not in an order that could be guessed. The KUnit module is
# only built where the kernel has KUnit, which is the debugging kernel.

ksft_skip=4

if [ ! -f /ernat/port_test.ko ]; then
	echo "TAP version 13"
	echo "1..0 # SKIP this kernel is built without KUnit"
	exit $ksft_skip
fi

if ! insmod /ernat/port_test.ko; then
	echo "TAP version 13"
	echo "1..1"
	echo "not ok 1 port_test.ko loads"
	exit 1
fi
results=/sys/kernel/debug/kunit/ernat_port/results
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
count=$(grep -cE '^ +(not )?ok [0-9]+ ' "$results")
echo "TAP version 13"
echo "1..$count"
sed -nE 's/^ +((not )?ok [0-9]+ .*)/\1/p; s/^ +(# .*)/\1/p' "$results"
failed=$(grep -cE '^ +not ok ' "$results")
rmmod port_test
[ "$failed" -eq 0 ] && [ "$count" -gt 0 ]
