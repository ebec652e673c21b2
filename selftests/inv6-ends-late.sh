#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# inv6-ends.sh on a kernel that runs for more than seven minutes: jiffies begin five
# minutes below zero, and what compares them wrongly is right until then. It is the
# last of the tests, when the others have taken longer than that. By itself:
#
#   selftests/vm/run --icount --uptime 430 inv6-ends-late.sh
#
# where nobody waits, because an idle guest's time runs ahead.

up=$(cut -d. -f1 /proc/uptime)
if [ "$up" -lt 200 ]; then
	echo "1..0 # SKIP the kernel is younger than seven minutes: vm/run --icount --uptime 430"
	exit 4
fi
[ "$up" -ge 430 ] || sleep $((430 - up))
exec "$(dirname "$0")/inv6-ends.sh"
