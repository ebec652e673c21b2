#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R14: no NAT on private peering: a route source of role private is exempt as a
# whole, whatever the rules after it say.
#
# Topology: topo_edge of lib-topo.sh, with BIRD; er0 plays the Microsoft peering,
# er1 the private one, for hosts 10.1.0.11 and fd00:1::11 (by a policy rule).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge bird
ip -n "$MS" route add 10.0.0.0/8 via 203.0.113.5
ip -n "$MS" route add fd00::/16 via fe80::5 dev p1
ip -n "$RTR" rule add from 10.1.0.11 lookup 150
ip -6 -n "$RTR" rule add from fd00:1::11 lookup 150
ip -n "$RTR" route add 198.18.0.0/16 via 203.0.113.6 table 150
ip -n "$RTR" route add 2001:db8:365::/48 via fe80::6 dev er1 table 150
apply "the ruleset applies" <<-'TXT'
	pool msft { address 198.51.100.0/28; address 2001:db8:beef::/124; }
	route-source private { role private; table 150; }
	route-source er { role microsoft; device er0, er1; }
	rule private { to private; exempt; }
	rule every { to er; snat msft; }
	TXT
for f in 4 6; do
	addresses $f
	for p in tcp udp; do
		is "IPv$f $p to the private peering: no NAT" \
			"$(seen_addr "$HOST" $p $B $MS1)" $B
		like "IPv$f $p to the Microsoft peering: NAT" \
			"$(seen "$HOST" $p $A $MS1)" "$POOL_MSFT"
	done
done
finish
