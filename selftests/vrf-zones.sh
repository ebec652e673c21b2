#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Issue 2, point 2: two customers with the same 10.0.0.0/8 in two VRFs and two
# conntrack zones share one uplink and one pool. R1: the keys "vrf" of a route
# source and of a rule. Invariant 1 with overlapping VRFs.
#
# Topology: topo_edge of lib-topo.sh, with BIRD, which puts the routes into the
# VRFs' tables as well; beside it
#
#   RED  10.0.0.10 ── red0  10.0.0.1 ┐ vrf red, table 1001, zone 1
#        fd00:5::10         fd00:5::1 RTR ── er0, er1
#   BLUE 10.0.0.10 ── blue0 10.0.0.1 ┘ vrf blue, table 1002, zone 2

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
modprobe -q vrf
topo_links
setup_ns RED BLUE
serve "$MS"
watch_leaks
n=0
for c in red blue; do
	n=$((n + 1))
	peer=${c^^}
	ip -n "$RTR" link add $c type vrf table $((1000 + n)) 2>/dev/null ||
		skip_all "no VRF in this kernel"
	batch "$RTR" <<-TXT
	link set $c up
	link add ${c}0 type veth peer name eth0 netns ${!peer}
	link set ${c}0 master $c
	link set ${c}0 up
	$(addrs ${c}0 10.0.0.1/24 fd00:5::1/64 fe80::1/64)
	TXT
	batch "${!peer}" <<-TXT
	link set eth0 up
	$(addrs eth0 10.0.0.10/24 fd00:5::10/64 fe80::2/64)
	route add default via 10.0.0.1
	route add default via fd00:5::1
	TXT
	# The reply, translated back, finds its customer by the mark.
	ip -n "$RTR" rule add fwmark $n lookup $((1000 + n)) pref 500
	ip -6 -n "$RTR" rule add fwmark $n lookup $((1000 + n)) pref 500
	cat >>"$TMP/vrf.conf" <<-TXT
	ipv4 table ${c}4;
	ipv6 table ${c}6;
	protocol pipe pipe_${c}4 { table master4; peer table ${c}4; export where source = RTS_BGP; import none; }
	protocol pipe pipe_${c}6 { table master6; peer table ${c}6; export where source = RTS_BGP; import none; }
	protocol kernel { kernel table $((1000 + n)); ipv4 { table ${c}4; import none; export all; }; }
	protocol kernel { kernel table $((1000 + n)); ipv6 { table ${c}6; import none; export all; }; }
	TXT
done
cat "$HERE/conf/rtr-bird.conf" "$TMP/vrf.conf" >"$TMP/rtr.conf"
on "$RTR" bird -c "$TMP/rtr.conf" -s "$TMP/bird.rtr" -P "$TMP/bird.rtr.pid"
bird_start "$MS" ms-bird.conf ms
bird_start "$INET" inet-bird.conf inet
ok "BGP is up" bgp_up || exit 1
vrf_routes() {
	ip -n "$RTR" route show table 1001 | grep -q ^198.18.0.0/16 &&
	ip -n "$RTR" route show table 1002 | grep -q ^198.18.0.0/16 &&
	ip -6 -n "$RTR" route show table 1001 | grep -q ^2001:db8:365::/48 &&
	ip -6 -n "$RTR" route show table 1002 | grep -q ^2001:db8:365::/48
}
ok "the VRFs have Microsoft's routes" busywait 20 vrf_routes
on "$RTR" nft -f - <<-'TXT'
	table inet customers {
		chain raw {
			type filter hook prerouting priority raw;
			iifname { "red", "red0" } ct original zone set 1
			iifname { "blue", "blue0" } ct original zone set 2
		}
		chain mangle {
			type filter hook prerouting priority mangle;
			iifname "red0" ct mark set 1
			iifname "blue0" ct mark set 2
			iifname { "er0", "er1" } meta mark set ct mark
		}
	}
	TXT
served "$MS"

apply "one pool for both customers" <<-'TXT'
	set corp { 10.0.0.0/8; fd00::/16; }
	pool msft { address 198.51.100.1; address 2001:db8:beef::1; port 2000-2999; }
	route-source er { role microsoft; device er0, er1; }
	rule red { to er; vrf red; from corp; snat msft; }
	rule blue { to er; vrf blue; from corp; snat msft; }
	TXT
N=$(scale 20)
for f in 4 6; do
	addresses $f
	a=10.0.0.10
	[ $f = 4 ] || a=fd00:5::10
	for p in udp tcp; do
		seen "$RED" --sport 30000 --count "$N" $p $a $MS1 >"$TMP/red" &
		pid=$!
		seen "$BLUE" --sport 30000 --count "$N" $p $a $MS1 >"$TMP/blue"
		wait $pid
		is "IPv$f $p: both customers' flows are answered" \
			"$(cat "$TMP/red" "$TMP/blue" |
			grep -cE '^(198.51.100.1|2001:db8:beef::1) ')" $((2 * N))
		is "IPv$f $p: no port twice" \
			"$(sort "$TMP/red" "$TMP/blue" | uniq -d)" ""
	done
	pings $f "red pings" "$RED" $a $MS1
	pings $f "blue pings" "$BLUE" $a $MS1
done
is "the sessions are told apart by zone and rule" \
	"$(sessions '[.[] | "\(.zone) \(.rule)"] | unique | join(", ")')" \
	"1 red, 2 blue"
cmp "show session takes a vrf" "$(live vrf blue)" -ge $((4 * N))
is "and gives that one alone" \
	"$(sessions '[.[].rule] | unique | join(" ")' vrf blue)" blue
is "hosts are counted per zone" "$(pool msft .hosts)" 4

apply "route sources by VRF" <<-'TXT'
	pool r { address 198.51.100.16; address 2001:db8:beef::16; }
	pool b { address 198.51.100.17; address 2001:db8:beef::17; }
	pool m { address 198.51.100.18; address 2001:db8:beef::18; }
	route-source red { vrf red; }
	route-source blue { vrf blue; }
	route-source er { device er0, er1; }
	rule red { to red; snat r; }
	rule blue { to blue; snat b; }
	rule in { to er; in red, blue; snat m; }
	TXT
is "IPv4 red" "$(seen_addr "$RED" tcp 10.0.0.10 198.18.0.2)" 198.51.100.16
is "IPv4 blue" "$(seen_addr "$BLUE" tcp 10.0.0.10 198.18.0.2)" 198.51.100.17
is "IPv6 red" "$(seen_addr "$RED" tcp fd00:5::10 2001:db8:365::2)" 2001:db8:beef::16
is "IPv6 blue" "$(seen_addr "$BLUE" tcp fd00:5::10 2001:db8:365::2)" 2001:db8:beef::17

apply "a VRF master stands for its slaves" <<-'TXT'
	pool m { address 198.51.100.18; address 2001:db8:beef::18; }
	route-source er { device er0, er1; }
	rule in { to er; in red; snat m; }
	rule real { to er; in blue0; snat m; }
	TXT
is "IPv4 in red" "$(seen_addr "$RED" tcp 10.0.0.10 198.18.0.3)" 198.51.100.18
is "IPv6 in red" "$(seen_addr "$RED" tcp fd00:5::10 2001:db8:365::3)" 2001:db8:beef::18
is "IPv4 in blue0" "$(seen_addr "$BLUE" tcp 10.0.0.10 198.18.0.3)" 198.51.100.18
is "no packet reached Microsoft with an inside address" \
	"$(leaks)" 0
finish
