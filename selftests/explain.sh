#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# explain: the decision for a packet and why: forward and edge, IPv4 and IPv6,
# with the live session; the reason where no rule matches; the router's own
# packets, no route. What it says is what traffic then does.
#
# Topology: topo_edge of lib-topo.sh, with FRR.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge frr
{
	base_conf bgp
	echo 'rule late { to er; from 10.1.0.0/16; protocol udp; snat msft; }'
} | apply "the ruleset applies"

x() {
	e -j explain "$@"
}
field() {
	x "${@:2}" | jq -r "$1"
}
for f in 4 6; do
	addresses $f
	like "IPv$f forward: rule, action, pool" \
		"$(field '"\(.rule) \(.action) \(.pool)"' from $A to $MS1)" '^m365 snat msft$'
	like "IPv$f forward: the route and its source" \
		"$(field '.route | "\(.source // .route_source) \(.device) \(.protocol)"' \
			from $A to $MS1)" '^er er[01] (bgp|186)$'
	promised=$(field .address from $A to $MS1)
	talk t$f "$HOST" tcp $A,40000 $MS1 >"$TMP/t"
	is "IPv$f the address that it promised" "$(cut -d' ' -f1 "$TMP/t")" "$promised"
	is "IPv$f the live session" "$(field '.session | "\(.mapped) \(.mapped_port)"' \
		from $A to $MS1 protocol tcp sport 40000 dport 7)" "$(cat "$TMP/t")"
	is "IPv$f to the Internet" \
		"$(field '"\(.rule) \(.pool) \(.route.source // .route.route_source)"' \
			from $A to $NET1)" "world public internet"
	is "IPv$f a leaked prefix is exempt" \
		"$(field '"\(.rule) \(.action)"' from $LEAKED to $MS1)" "leaked exempt"
	is "IPv$f edge: Microsoft from the Internet" \
		"$(field '"\(.rule) \(.action) \(.pool)"' from $MS1 to $SERVICE in inet0)" \
		"edge snat edge"
	like "IPv$f edge: the route back is given" \
		"$(field '.return | "\(.source // .route_source) \(.device)"' \
			from $MS1 to $SERVICE in inet0)" '^er er[01]$'
	is "IPv$f no rule: the key that did not match is named" \
		"$(field '"\(.rule // "none") \([.steps[] | select(.rule == "m365")][0].key // "")"' \
			from $SERVICE to $MS1)" "none from"
	like "IPv$f in words" "$(e explain from $A to $MS1)" 'm365'
	like "IPv$f in words: the pool" "$(e explain from $A to $MS1)" 'msft'
	like "IPv$f in words: the route" "$(e explain from $A to $MS1)" 'er[01]'
	like "IPv$f in words: why not" "$(e explain from $SERVICE to $MS1)" 'from'
	rtr=10.1.0.1
	[ $f = 4 ] || rtr=fd00:1::1
	like "IPv$f the router's own packet" "$(e explain from $rtr to $MS1)" '[Rr]outer'
done
like "to the router itself" "$(e explain from 10.1.0.10 to 10.1.0.1)" '[Ll]ocal|[Hh]ere|deliver'
like "a multicast destination" "$(e explain from 10.1.0.10 to 224.0.0.5)" '[Mm]ulticast'
like "no route" "$(e explain from 10.1.0.10 to 10.255.0.3 2>&1)" \
	'[Bb]lackhole|[Nn]o route|[Uu]nroutable|[Uu]nreachable'
n=$(stat created)
for _ in 1 2 3; do
	e explain from 10.1.0.10 to 198.18.0.2 >/dev/null
done
is "explaining creates nothing" "$(stat created)" "$n"
e explain from 10.1.0.10 to fd00::1 >/dev/null 2>&1
is "two families: a usage error" $? 2
finish
