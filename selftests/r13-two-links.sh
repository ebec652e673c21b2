#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R13: both links of a circuit are one route source. A session survives the loss
# of either, with its address and port; ECMP spreads flows over both. (FRR:
# a lost leg shows as a replaced nexthop group.)
#
# Topology: topo_edge of lib-topo.sh, with FRR.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge frr
base_conf bgp | apply "the ruleset applies"
on "$MS" nft -f - <<-'TXT'
	table inet links {
		counter c0 { }
		counter c1 { }
		chain pre {
			type filter hook prerouting priority -400;
			iifname "p0" ip saddr 198.51.100.0/28 counter name c0
			iifname "p1" ip saddr 198.51.100.0/28 counter name c1
			iifname "p0" ip6 saddr 2001:db8:beef::/48 counter name c0
			iifname "p1" ip6 saddr 2001:db8:beef::/48 counter name c1
		}
	}
	TXT
used() {
	on "$MS" nft -j list counter inet links "$1" |
		jq '.nftables[] | .counter? // empty | .packets'
}

seen "$HOST" --count 16 udp 10.1.0.10 198.18.0.1 udp fd00:1::10 2001:db8:365::1 \
	>"$TMP/flows"
is "every flow is answered" "$(grep -cE "$POOL_MSFT" "$TMP/flows")" 32
cmp "ECMP: the primary carries some" "$(used c0)" -gt 0
cmp "ECMP: the secondary carries some" "$(used c1)" -gt 0

declare -A first
open_sessions() {
	local f p

	for f in 4 6; do
		addresses $f
		for p in tcp udp; do
			talk "$1$p$f" "$HOST" $p $A $MS1 >"$TMP/first"
			first[$1$p$f]=$(cat "$TMP/first")
			like "IPv$f $p: a session" "${first[$1$p$f]}" "$POOL_MSFT"
		done
	done
}
# BGP may take longer to come back than a UDP connection lives in conntrack.
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600 \
	net.netfilter.nf_conntrack_udp_timeout_stream=600
open_sessions a

only() {
	learned "$RTR" "^198[.]18[.]0[.]0/16 .*$1" "^2001:db8:365::/48 .*$1" &&
	! routes "$RTR" | grep -E "^(198.18.0.0/16|2001:db8:365::/48) .*$2" &&
	learned "$MS" "^198[.]51[.]100[.]0/25 .*$3" "^2001:db8:beef::/48 .*$3" &&
	! routes "$MS" | grep -E "^(198.51.100.0/25|2001:db8:beef::/48) .*$4"
}
lose() {
	local s

	ip -n "$MS" link set "$1" down
	ok "$1 is lost: its routes go" busywait 30 only "$2" "$3" "$4" "$1"
	for s in "${!first[@]}"; do
		is "$s lives on with its address and port" "$(say "$s")" "${first[$s]}"
	done
	like "a new session finds its pool" "$(seen "$HOST" tcp 10.1.0.11 198.18.0.1)" \
		"$POOL_MSFT"
}
lose p0 er1 er0 p1
ip -n "$MS" link set p0 up
# The router's own routes by it show when the other link is lost: until then
# zebra may go on with the nexthop group of the link that stayed.
ok "the primary comes back" busywait 120 learned "$MS" \
	'^198[.]51[.]100[.]0/25 .*p0' '^2001:db8:beef::/48 .*p0'
lose p1 er0 er1 p0
is "no packet reached Microsoft with an inside address" "$(leaks)" 0
finish
