#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 7 and the limits: objects that no message can hold are added and read back
# in parts, and overlaps are found across them.
#
# Topology: one namespace.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
setup_ns RTR
ROUTERS+=("$RTR")
while IFS= read -r line; do
	case "$line" in
	'ok '*)		pass "${line#ok }" ;;
	'not ok '*)	fail "${line#not ok }" ;;
	*)		note "$line" ;;
	esac
	last=$line
done < <(on "$RTR" python3 "$HERE/big_objects.py" "$(scale 20000)" 2>&1; echo "exit $?")
is "big_objects.py went through to its end" "$last" "exit 0"
finish
