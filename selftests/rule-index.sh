#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules decide in their order whatever index finds them: random rulesets and packets,
# what explain says against a model that tries one rule after the other.
#
# Topology: one namespace with four dummy devices, routes of both families by each.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
setup_ns RTR
ROUTERS+=("$RTR")
batch "$RTR" <<-'TXT'
	link add d0 type dummy
	link add d1 type dummy
	link add d2 type dummy
	link add d3 type dummy
	link set d0 up
	link set d1 up
	link set d2 up
	link set d3 up
	addr add 100.64.0.1/32 dev d0
	addr add 2001:db8:ffff::1/128 dev d0 nodad
	route add 10.0.0.0/8 dev d0
	route add 172.16.0.0/12 dev d1
	route add 198.18.0.0/15 dev d2
	route add default dev d3
	route add fd00::/16 dev d0
	route add fd01::/16 dev d1
	route add 2001:db8::/32 dev d2
	route add ::/0 dev d3
TXT
script "$RTR" rule_index.py "$(scale 100)"
finish
