#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Issue 2, point 2: the router's own BGP sessions, and IPv6's neighbour
# discovery, live on while every rule matches everything, and come up again under
# such rules; the neighbours see the link's addresses. So does any other
# connection that the router opens.
#
# Topology: topo_edge of lib-topo.sh, with FRR (BIRD on the other side).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge frr

established() {
	local n

	n=$(birdc_on ms show protocols | grep -cE '^(primary|secondary)[46].*Established')
	n=$((n + $(birdc_on inet show protocols | grep -cE '^customer[46].*Established')))
	[ "$n" -eq 6 ] || { echo "$n of 6"; return 1; }
}
ok "six sessions are up" busywait 20 established

# all WHAT RULE: every session anew, under this rule
all() {
	apply "$1" <<-TXT
	pool p { address 198.51.100.0/28; address 2001:db8:beef::/124; }
	$2
	TXT
	on "$RTR" conntrack -F >/dev/null 2>&1
	ok "$1: a keepalive later they live" established
	for p in primary4 secondary4 primary6 secondary6; do
		birdc_on ms restart $p >/dev/null
	done
	for p in customer4 customer6; do
		birdc_on inet restart $p >/dev/null
	done
	ip -n "$RTR" neigh flush all
	ip -6 -n "$RTR" neigh flush all
	sleep 1
	ok "$1: they come up again" busywait 60 established
	ok "$1: and the routes with them" bgp_up
}
all "everything is translated" "rule every { snat p; }"
to=$(on "$MS" ss -Htn state established '( sport = :179 or dport = :179 )' |
	awk '{ print $4 }' | grep -cE '198\.51\.100|beef')
is "Microsoft sees no pool address as a BGP peer" "$to" 0
for f in 4 6; do
	addresses $f
	like "IPv$f hosts are translated by that rule" "$(seen "$HOST" tcp $A $MS1)" "$POOL_MSFT"
	own=203.0.113.1
	[ $f = 4 ] || own=2001:db8:e0::1
	n=$(stat own)
	is "IPv$f the router itself is seen with its link's address" \
		"$(seen_addr "$RTR" tcp $own $MS1)" $own
	cmp "IPv$f the router's own connection is counted" "$(stat own)" -gt "$n"
done
all "everything is dropped" "rule every { drop; }"
is "hosts get nothing through" "$(seen "$HOST" --timeout 1 udp 10.1.0.10 198.18.0.1)" timeout
for i in er0 er1 inet0; do
	ok "IPv6 neighbours are found by $i" busywait 10 says 'lladdr.*router|REACHABLE|STALE|DELAY' \
		ip -6 -n "$RTR" neigh show dev $i
done
finish
