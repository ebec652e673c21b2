#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R2, the Internet edge router apart from the ExpressRoute edge: it has
# Microsoft's prefixes in a table of their own only (iBGP, "lookup 200"). Calls
# of Microsoft that come in from the Internet are translated to the edge pool, so
# that the reply comes back to it and leaves by the Internet.
#
# Topology: topo_edge of lib-topo.sh, and beside its RTR
#
#   HOST eth1 10.3.0.1/24 ── in0 10.3.0.2/24 EDGE 192.0.2.137/30 inet0 ── r1 .138 INET
#   lo 192.0.2.80                                 2001:db8:e4::1/126        :e4::2
#      2001:db8:80::80        fd00:3::/64

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
setup_ns EDGE
ROUTERS+=("$EDGE")
topo_links
batch "$EDGE" <<-TXT
	link add in0 type veth peer name eth1 netns $HOST
	link add inet0 type veth peer name r1 netns $INET
	link set in0 up
	link set inet0 up
	$(addrs in0 10.3.0.2/24 fd00:3::2/64 fe80::1/64)
	$(addrs inet0 192.0.2.137/30 2001:db8:e4::1/126 fe80::11/64)
	route add blackhole 10.255.0.0/28
	route add blackhole fd00:ed::/64
	route add 10.1.0.0/16 via 10.3.0.1
	route add 192.0.2.80/28 via 10.3.0.1
	route add fd00:1::/64 via fd00:3::1
	route add 2001:db8:80::/64 via fd00:3::1
	TXT
batch "$HOST" <<-TXT
	link set eth1 up
	$(addrs eth1 10.3.0.1/24 fd00:3::1/64 fe80::2/64)
	$(addrs lo 192.0.2.80/32 2001:db8:80::80/128)
	route add 10.255.0.0/28 via 10.3.0.2
	route add fd00:ed::/64 via fd00:3::2
	TXT
batch "$INET" <<-TXT
	link set r1 up
	$(addrs r1 192.0.2.138/30 2001:db8:e4::2/126 fe80::12/64)
	TXT
batch "$RTR" <<-TXT
	route del blackhole 10.255.0.0/28
	route del blackhole fd00:ed::/64
	route add 10.3.0.0/24 via 10.1.0.10
	route add fd00:3::/64 via fd00:1::10
	TXT
serve "$HOST"
bird_start "$RTR" rtr-bird.conf rtr
bird_start "$EDGE" edge-bird.conf edge
bird_start "$MS" ms-bird.conf ms
bird_start "$INET" inet-bird.conf inet
ok "BGP is up" bgp_up || exit 1
table_200() {
	ip -n "$EDGE" route show table 200 | grep -q '^198.18.0.0/16 .*in0' &&
	ip -6 -n "$EDGE" route show table 200 | grep -q '^2001:db8:365::/48 .*in0' &&
	routes "$INET" | grep -q '^192.0.2.80/28 .*r1' &&
	routes "$MS" | grep -q '^2001:db8:80::/64 .*i0' &&
	routes "$EDGE" | grep -q '^198.18.0.0/16 .*inet0'
}
ok "the edge has Microsoft's prefixes in table 200" busywait 20 table_200
unlike "and its main table has them by the Internet" "$(routes "$EDGE")" \
	'^198.18.0.0/16 .*in0'
served "$HOST"

ROUTER=$EDGE
apply "the edge's ruleset applies" <<-'TXT'
	pool edge { address 10.255.0.0/28; address fd00:ed::/124; }
	pool wrong { address 198.51.100.224/28; address 2001:db8:beef::e0/124; }
	route-source er { role microsoft; lookup 200; }
	rule never { to er; snat wrong; }
	rule edge { in inet0; return er; snat edge; }
	TXT
on "$MS" nft -f - <<-'TXT'
	table inet paths {
		counter expressroute { }
		counter inside { }
		chain pre {
			type filter hook prerouting priority -400;
			iifname { "p0", "p1" } ip saddr 192.0.2.80 counter name expressroute
			iifname { "p0", "p1" } ip6 saddr 2001:db8:80::80 counter name expressroute
			iifname "i0" ip saddr 10.1.0.12 counter name inside
			iifname "i0" ip6 saddr fd00:1::12 counter name inside
		}
	}
	TXT
path() {
	on "$MS" nft -j list counter inet paths "$1" |
		jq '.nftables[] | .counter? // empty | .packets'
}

for f in 4 6; do
	addresses $f
	service=192.0.2.80
	[ $f = 4 ] || service=2001:db8:80::80
	like "IPv$f Microsoft calls in over the Internet: TCP" \
		"$(seen "$MS" tcp $MS1 $service)" "$POOL_EDGE"
	like "IPv$f Microsoft calls in over the Internet: UDP" \
		"$(seen "$MS" udp $MS2 $service)" "$POOL_EDGE"
	pings $f "Microsoft pings over the Internet" "$MS" $MS1 $service
	is "IPv$f somebody else is left alone" \
		"$(seen_addr "$INET" udp $NET1 $service)" $NET1
done
is "no reply took ExpressRoute" "$(path expressroute)" 0

# Out to Microsoft by the Internet: table 200 knows the destination, but by
# another device than the one that the packet leaves by.
batch "$HOST" <<-TXT
	rule add from 10.1.0.12 lookup 77
	route add default via 10.3.0.2 table 77
	route add default via fd00:3::2 table 77
	TXT
ip -6 -n "$HOST" rule add from fd00:1::12 lookup 77
seen "$HOST" --timeout 0.5 udp 10.1.0.12 198.18.0.1 \
	udp fd00:1::12 2001:db8:365::1 >/dev/null
is "\"lookup\" needs the packet's real device" "$(path inside)" 2
finish
