#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariants 7 and 10 by netlink itself: truncated messages, unknown attributes and
# commands, wrong order, values out of range: each is refused with an error, and an
# extack text where it has a reason; the ruleset stays; transactions go with their
# sockets; how many are open is capped.
#
# Topology: one namespace; hostile.py speaks raw generic netlink (nl.py).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
setup_ns RTR
ROUTERS+=("$RTR")
base_conf bgp | apply "the ruleset to keep applies"
before=$(e -j show config)
generation=$(e -j status | jq -c .ruleset.generation)

script "$RTR" hostile.py "$(scale 3000)"
is "the ruleset is as it was" "$(e -j show config)" "$before"
is "its generation too" "$(e -j status | jq -c .ruleset.generation)" "$generation"
cmp "refusals are counted" "$(stat refused)" -gt 20
base_conf bgp | apply "and another one applies still"
finish
