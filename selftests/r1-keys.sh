#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R1: every key of a route source, alone: protocol, table, device, via, realm,
# metric, prefix, lookup; through policy rules; routes that share a nexthop object;
# and the leg that a packet takes where a route has several (ECMP). (vrf: vrf-zones.sh.)
#
# Topology: topo_edge of lib-topo.sh, with BIRD. A flow whose route source is
# found gets an address of pool "right"; "wrong" differs in the key's value.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

RIGHT='^(198[.]51[.]100[.](1[6-9])|2001:db8:beef::1[0-3]) '

# key NAME RIGHT WRONG [FROM4 TO4 FROM6 TO6]
key() {
	local out

	cat >"$TMP/ernat.conf" <<-TXT
	pool right { address 198.51.100.16/30; address 2001:db8:beef::10/126; }
	pool wrong { address 198.51.100.32/30; address 2001:db8:beef::20/126; }
	route-source wrong { $3 }
	route-source right { $2 }
	rule wrong { to wrong; snat wrong; }
	rule right { to right; snat right; }
	TXT
	out=$(e apply "$TMP/ernat.conf" 2>&1) || { fail "$1: applies"; note "$out"; return; }
	out=$(seen "$HOST" tcp "${4:-10.1.0.10}" "${5:-198.18.0.1}" \
		${7+tcp} ${7+"$6"} ${7+"$7"})
	if [ "$(printf '%s\n' "$out" | grep -cE "$RIGHT")" -eq $((${7+1} + 1)) ]; then
		pass "$1"
	else
		fail "$1"
		note "$out"
	fi
}

both() {
	key "$@" 10.1.0.10 198.18.0.1 fd00:1::10 2001:db8:365::1
}

load
topo_edge bird

both "protocol, by name" "protocol bird;" "protocol bgp, static;"
both "protocol, by number" "protocol 186, 12;" "protocol 11;"
both "device" "device er1, er0;" "device inet0, nosuch0;"
both "device, wildcard" "device er*;" "device ine*;"
both "via" "via 203.0.113.0/29, fe80::/64, 2001:db8:e0::/47;" "via 192.0.2.0/24, 2001:db8:e2::/48;"
both "metric" "metric 32-32;" "metric 0-31;"
both "prefix" "prefix 198.18.0.0/16, 2001:db8:365::/48;" \
	"prefix 198.18.0.0/17, 2001:db8:365::/49;"
key "prefix with ge" "prefix 198.18.0.0/15 ge 16, 2001:db8::/32 ge 40;" \
	"prefix 198.18.0.0/15 ge 18, 2001:db8::/32 ge 50;" \
	10.1.0.10 198.18.128.1 fd00:1::10 2001:db8:365:8000::1
key "prefix with le" "prefix 198.18.0.0/15 le 17, 2001:db8::/32 le 49;" \
	"prefix 198.18.0.0/15 le 16, 2001:db8::/32 le 48;" \
	10.1.0.10 198.18.128.1 fd00:1::10 2001:db8:365:8000::1
both "table" "table main;" "table 150;"
both "several keys: all hold" "protocol bird; device er*; table 254;" \
	"protocol bird; device er*; table 253;"

# Policy rules: hosts .11 have a table of their own.
batch "$RTR" <<-TXT
	rule add from 10.1.0.11 lookup 150
	route add 198.18.0.0/16 via 203.0.113.2 table 150 realm 7
	route add 2001:db8:365::/48 via fe80::2 dev er0 table 150
	route add 2001:db8:365::/48 via fe80::a dev inet0 table 201
	route add 198.18.0.0/16 via 192.0.2.130 table 201
	TXT
ip -6 -n "$RTR" rule add from fd00:1::11 lookup 150
key "table, by a policy rule" "table 150;" "table main;" \
	10.1.0.11 198.18.0.1 fd00:1::11 2001:db8:365::1
key "realm" "realm 7;" "realm 8;" 10.1.0.11 198.18.0.1

# A table that only classifies: the route found there has to have the device
# that the packet really takes.
batch "$RTR" <<-TXT
	route add 198.18.0.0/16 table 200 nexthop via 203.0.113.2 dev er0 nexthop via 203.0.113.6 dev er1
	route add 2001:db8:365::/48 table 200 nexthop via fe80::2 dev er0 nexthop via fe80::6 dev er1
	TXT
both "lookup" "lookup 200;" "lookup 201;"
both "lookup of a table that does not exist" "lookup 200;" "lookup 4000;"
ok "… and asking did not make it" sh -c \
	"! ip -n $RTR route show table 4000 2>/dev/null | grep -q ."

# IPv6 routes that share a nexthop object, as FRR's do, share the dst of each CPU
batch "$RTR" <<-TXT
	nexthop add id 7 via fe80::2 dev er0
	route add 2001:db8:365::1/128 nhid 7 proto 201
	route add 2001:db8:365::2/128 nhid 7 proto 202
	TXT
apply "a route source for each of two routes" <<-'TXT'
	pool p1 { address 2001:db8:beef::10; }
	pool p2 { address 2001:db8:beef::20; }
	route-source one { protocol 201; }
	route-source two { protocol 202; }
	rule p1 { to one; snat p1; }
	rule p2 { to two; snat p2; }
	TXT
# by_each_cpu TO: the addresses of new flows, one sent by each CPU
by_each_cpu() {
	local c

	for ((c = 0; c < $(nproc); c++)); do
		on "$HOST" taskset -c $c python3 "$HERE/peer.py" call udp fd00:1::10 "$1"
	done | cut -d' ' -f1 | sort -u
}
is "one nexthop object: the first route's packets" "$(by_each_cpu 2001:db8:365::1)" \
	2001:db8:beef::10
is "the second one's" "$(by_each_cpu 2001:db8:365::2)" 2001:db8:beef::20
ip -n "$RTR" route del 2001:db8:365::1/128
is "and when the first route is gone" "$(by_each_cpu 2001:db8:365::2)" 2001:db8:beef::20
ip -n "$RTR" route del 2001:db8:365::2/128

# The leg
apply "a route source for each leg" <<-TXT
	pool p0 { address 198.51.100.16/30; address 2001:db8:beef::10/126; }
	pool p1 { address 198.51.100.32/30; address 2001:db8:beef::20/126; }
	route-source primary { device er0; }
	route-source secondary { device er1; }
	rule p0 { to primary; snat p0; }
	rule p1 { to secondary; snat p1; }
	TXT
on "$MS" nft -f - <<-'TXT'
	table inet leg {
		counter right0 { }
		counter right1 { }
		counter wrong { }
		chain pre {
			type filter hook prerouting priority -400;
			iifname "p0" ip saddr 198.51.100.16/30 counter name right0 return
			iifname "p1" ip saddr 198.51.100.32/30 counter name right1 return
			iifname "p0" ip6 saddr 2001:db8:beef::10/126 counter name right0 return
			iifname "p1" ip6 saddr 2001:db8:beef::20/126 counter name right1 return
			ip saddr 198.51.100.0/24 counter name wrong
			ip6 saddr 2001:db8:beef::/48 counter name wrong
		}
	}
	TXT
seen "$HOST" --count 24 udp 10.1.0.10+10.1.0.12 198.18.0.1 \
	udp fd00:1::10+fd00:1::12 2001:db8:365::1 >"$TMP/legs"
legs=$(on "$MS" nft -j list counters table inet leg |
	jq -c '[.nftables[].counter // empty | {(.name): .packets}] | add')
cmp "flows took the primary" "$(jq .right0 <<<"$legs")" -gt 0
cmp "and the secondary" "$(jq .right1 <<<"$legs")" -gt 0
is "each with an address of its leg's pool" "$(jq .wrong <<<"$legs")" 0
finish
