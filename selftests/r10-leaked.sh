#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R10: prefixes leaked to Microsoft pass untranslated in both directions, and
# "exempt" binds: no NAT rule that comes later translates them. Other traffic of
# the same router is still translated by that rule.
#
# Topology: topo_edge of lib-topo.sh, with BIRD; nft masquerade on RTR.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge bird
on "$RTR" nft -f - <<-'TXT'
	table inet later {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname { "er0", "er1" } masquerade
		}
	}
	TXT
base_conf bird | apply "the ruleset applies"

for f in 4 6; do
	addresses $f
	for p in tcp udp; do
		is "IPv$f $p out: untranslated" \
			"$(seen_addr "$HOST" $p $LEAKED $MS1)" $LEAKED
		is "IPv$f $p in, over ExpressRoute: untranslated" \
			"$(seen_addr "$MS" $p $MS1 $LEAKED)" $MS1
	done
	pings $f "Microsoft pings it" "$MS" $MS1 $LEAKED
	like "IPv$f what no rule matches is left to nft" \
		"$(seen "$HOST" tcp $SERVICE $MS1)" \
		'^(203[.]0[.]113[.][15]|2001:db8:e[01]::1) '
	like "IPv$f what a snat rule matches is not" \
		"$(seen "$HOST" tcp $A $MS1)" "$POOL_MSFT"
done
cmp "exempt connections are counted" "$(stat exempt)" -ge 4
finish
