#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R2, one router with both links: Microsoft calls a service from the Internet.
# Its source is translated, since the route back to it is ExpressRoute's, and the
# reply leaves by the Internet, though the router's main table prefers
# ExpressRoute (reply-mark and a policy rule). Everybody else's calls, and
# Microsoft's calls over ExpressRoute, are left alone.
#
# Topology: topo_edge of lib-topo.sh, with FRR.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge frr
for f in -4 -6; do
	ip "$f" -n "$RTR" rule add fwmark 0x10/0x10 lookup 100
done
ip -n "$RTR" route add default via 192.0.2.130 dev inet0 table 100
ip -n "$RTR" route add default via fe80::a dev inet0 table 100
on "$MS" nft -f - <<-'TXT'
	table inet paths {
		counter internet { }
		counter expressroute { }
		chain pre {
			type filter hook prerouting priority -400;
			iifname "i0" ip saddr 192.0.2.70 counter name internet
			iifname "i0" ip6 saddr 2001:db8:70::70 counter name internet
			iifname { "p0", "p1" } ip saddr 192.0.2.70 counter name expressroute
			iifname { "p0", "p1" } ip6 saddr 2001:db8:70::70 counter name expressroute
		}
	}
	TXT
path() {
	on "$MS" nft -j list counter inet paths "$1" |
		jq '.nftables[] | .counter? // empty | .packets'
}

base_conf bgp | apply "the ruleset applies"

for f in 4 6; do
	addresses $f
	before=$(path internet)
	like "IPv$f Microsoft calls in over the Internet: TCP" \
		"$(seen "$MS" tcp $MS1 $SERVICE)" "$POOL_EDGE"
	like "IPv$f Microsoft calls in over the Internet: UDP" \
		"$(seen "$MS" udp $MS2 $SERVICE)" "$POOL_EDGE"
	pings $f "Microsoft pings over the Internet" "$MS" $MS1 $SERVICE
	cmp "IPv$f the replies came by the Internet" "$(path internet)" -gt \
		$((before + 4))
	first=$(talk "in$f" "$MS" tcp $MS1 $SERVICE)
	like "IPv$f a connection that stays" "$first" "$POOL_EDGE"
	is "IPv$f Microsoft over ExpressRoute is left alone" \
		"$(seen_addr "$MS" tcp $MS1 $LEAKED)" $MS1
	is "IPv$f somebody else from the Internet is left alone" \
		"$(seen_addr "$INET" tcp $NET1 $SERVICE)" $NET1
	to_both $f
done
is "no reply took ExpressRoute" "$(path expressroute)" 0
is "no packet reached Microsoft with an inside address" "$(leaks)" 0
cmp "connections with a reply-mark are counted" "$(stat reply_marked)" -ge 8
finish
