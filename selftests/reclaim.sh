#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 8: when one destination has all of a pool's ports, its connections in
# TIME_WAIT and CLOSE give way to new ones at once, oldest first, and are counted;
# live ones never do. With overflow, after that has nothing either.
#
# A closed connection gives way only to a SYN with a higher sequence number, as
# in nf_nat: it is drawn for each pair of connections, so of one that closed every
# other SYN says no, and of 20 one in a million.
#
# Topology: topo_lab of lib-lab.sh. Pools ending in 4 are of IPv4, those in 6 of IPv6.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=900 \
	net.netfilter.nf_conntrack_tcp_timeout_close=900
conf() {
	local f a h

	echo "route-source er { device er0; }"
	for f in 4 6; do
		a=198.51.100. h=10.1.0.
		[ $f = 4 ] || a=2001:db8:beef:: h=fd00:1::
		cat <<-TXT
		pool spare$f { address ${a}3; port 4000-4009; }
		pool first$f { address ${a}2; port 3000-3039; overflow spare$f; }
		pool p$f { address ${a}1; port 2000-2039; }
		rule first$f { to er; from ${h}20-${h}29; snat first$f; }
		rule p$f { to er; from ${h}10-${h}19; snat p$f; }
		TXT
	done
}
conf | apply "pools of 40 ports"
caller host "$HOST"

# tcp HOST FIRST N [OPTION...]: so many connections in both families, closed when they
# were answered; the answers
tcp() {
	calls host --timeout 2 --sport "$2" --count "$3" "${@:4}" \
		tcp "10.1.0.$1" 198.18.0.1 tcp "fd00:1::$1" 2001:db8:365::1
}
served() {
	grep -c '^[12]' "$TMP/got"
}

# states: how many sessions of each pool are in which state
states() {
	e -j show session | jq -r 'group_by([.pool, .state])[] | "\(.[0].pool) \(.[0].state) \(length)"'
}
both() {
	e -j show pool | jq -r "[.[] | select(.name == (\"$1\" + (\"4\", \"6\"))) | $2 | tostring] | join(\" \")"
}
# ports POOL...: the ports of its sessions that began with port FIRST or later
ports() {
	e -j show session pool "$1" | jq -r ".[] | select(.source_port >= $2 and .source_port <= $3) |
		.mapped_port" | sort
}

# Two generations of closed connections
tcp 10 10000 20 --each >"$TMP/got"
is "20 connections that were closed" "$(served)" 40
swept 3
tcp 10 20000 20 --each --reset >"$TMP/got"
is "20 that were reset" "$(served)" 40
swept 3
is "all ports are theirs" "$(states | tr '\n' ' ')" \
	"p4 close 20 p4 time_wait 20 p6 close 20 p6 time_wait 20 "
for f in 4 6; do
	ports p$f 10000 10019 >"$TMP/old$f"
	ports p$f 20000 20019 >"$TMP/young$f"
done
failed=$(stat drop_exhausted)
tcp 11 30000 4 --each >"$TMP/got"
is "four new ones are served" "$(served)" 8
is "at once, not by a second SYN" "$(stat drop_exhausted)" "$failed"
is "nothing is called exhausted" "$(both p .exhausted)" "0 0"
is "what gave way is counted" "$(both p .reclaimed) $(stat reclaimed)" "4 4 8"
for f in 4 6; do
	is "IPv$f those that closed last are all there" "$(ports p$f 20000 20019)" "$(cat "$TMP/young$f")"
	ports p$f 30000 30003 >"$TMP/new$f"
	is "IPv$f the new ones have ports of the oldest" \
		"$(comm -12 "$TMP/new$f" "$TMP/old$f" | wc -l)" 4
	is "IPv$f which are in conntrack no more" "$(on "$RTR" conntrack -L -f ipv$f -p tcp 2>/dev/null |
		grep -cE 'sport=100[01][0-9] ')" 16
done
is "all ports are used, each once" "$(both p '.sessions, .busiest.sessions')" "40 40 40 40"

# Live ones
e clear session all >/dev/null
spawn nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" call --hold "$TMP/held" \
	--sport 40000 --count 37 tcp 10.1.0.12 198.18.0.1 tcp fd00:1::12 2001:db8:365::1 >"$TMP/live"
ok "37 live connections" busywait 30 test -e "$TMP/held"
tcp 10 11000 3 --each >"$TMP/got"
is "and three that were closed" "$(states | tr '\n' ' ')" \
	"p4 established 37 p4 time_wait 3 p6 established 37 p6 time_wait 3 "
swept 3
n=$(stat reclaimed)
calls host --timeout 1 --sport 31000 --count 8 tcp 10.1.0.11 198.18.0.1 \
	tcp fd00:1::11 2001:db8:365::1 >"$TMP/got"
n=$(($(stat reclaimed) - n))
is "new ones are served by those that were closed" "$(served)" "$n"
cmp "by one at least" "$n" -ge 1
cmp "by three of a family at most" "$n" -le 6
is "every live one lives" "$(e -j show session host 10.1.0.12 |
	jq '[.[] | select(.state == "established")] | length'; e -j show session host fd00:1::12 |
	jq '[.[] | select(.state == "established")] | length')" "37
37"
is "with its own mapping" "$(e -j show session | jq -r '.[] | select(.source_port >= 40000) |
	"\(.mapped) \(.mapped_port)"' | sort)" "$(grep '^[12]' "$TMP/live" | sort)"
is "the others are counted as exhausted" "$(both p '.exhausted >= 5')" "true true"

# A datagram is no SYN: nothing gives way to other protocols
n=$(stat reclaimed)
calls host --timeout 1 --sport 32000 --count 41 udp 10.1.0.13 198.18.0.1 >"$TMP/got"
is "UDP has ports of its own, and none gives way" "$(served) $(stat reclaimed)" "40 $n"

# Overflow
tcp 20 12000 40 --each >"$TMP/got"
is "40 closed connections in a pool with overflow" "$(served)" 80
swept 3
n=$(stat reclaimed)
tcp 21 33000 10 --each >"$TMP/got"
is "ten more" "$(served)" 20
is "the overflow takes them" "$(both first '.overflowed, .reclaimed') $(both spare '.sessions, .reclaimed')" \
	"10 0 10 0 10 0 10 0"
swept 3
tcp 22 34000 4 --each >"$TMP/got"
is "when that is full as well, four more" "$(served)" 8
is "have what gave way, not in the overflow" "$(both first '.reclaimed, .overflowed') $(both spare .reclaimed)" \
	"4 10 4 10 0 0"
is "and it is counted" "$(stat reclaimed)" $((n + 8))
finish
