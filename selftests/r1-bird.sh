#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R1 with BIRD on the router: every route is protocol bird there, so the next
# hop's device tells ExpressRoute from the Internet; ECMP as BIRD installs it.
#
# Topology: topo_edge of lib-topo.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge bird
base_conf bird | apply "the ruleset applies"

for f in 4 6; do
	to_both $f
	pings $f "ping to Microsoft" "$HOST" $A $MS1
	pings $f "ping to the Internet" "$HOST" $A $NET1
done
is "no packet reached Microsoft with an inside address" "$(leaks)" 0

base_conf bgp | apply "a ruleset that asks for FRR's protocol applies"
for f in 4 6; do
	addresses $f
	is "IPv$f and does not match BIRD's routes" \
		"$(e explain from $A to $MS1 | grep -c 'snat' )" 0
done
finish
