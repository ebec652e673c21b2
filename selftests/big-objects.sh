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
script "$RTR" big_objects.py "$(scale 20000)"
finish
