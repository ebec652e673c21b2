#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Addresses that come and go: standby, drain, removal and return under traffic. An
# address is given out while it is active and at no other time; its sessions stay until
# they end (invariant 7); show pool says the state of each and what is left on it; the
# share that alarms watch is of the addresses that are given out. An address that
# moves to another pool keeps its sessions, and no port of it is given out twice.
#
# Topology: topo_lab of lib-lab.sh; every step in both families.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=900 \
	net.netfilter.nf_conntrack_udp_timeout_stream=900
caller host "$HOST"

# conf ONE TWO [Q]: pool p with the addresses ending in 1 and 2 in these states ("": not
# in the file), pool q with that ending in Q besides its own
conf() {
	echo "pool p { port 2000-2009;"
	[ -z "$1" ] || echo "address 198.51.100.1 $1; address 2001:db8:beef::1 $1;"
	[ -z "$2" ] || echo "address 198.51.100.2 $2; address 2001:db8:beef::2 $2;"
	echo "address 198.51.100.7 standby; address 2001:db8:beef::7 standby; }"
	echo "pool q { port 2000-2009; address 198.51.100.9 standby; address 2001:db8:beef::9 standby;"
	[ -z "${3:-}" ] || echo "address 198.51.100.$3; address 2001:db8:beef::$3;"
	echo "}"
	cat <<-TXT
	route-source er { device er0; }
	rule q { to er; from 10.1.0.20, fd00:1::20; snat q; }
	rule p { to er; snat p; }
	TXT
}
active=' ' # no word at all

# flows HOST FIRST N: the addresses that the far side saw, and how often
flows() {
	calls host --timeout 1 --sport "$2" --count "$3" udp "10.1.0.$1" 198.18.0.1 \
		udp "fd00:1::$1" 2001:db8:365::1 | cut -d' ' -f1 | sort | uniq -c |
		sed -E 's/^ +//; s/198.51.100./v4-/; s/2001:db8:beef::/v6-/' | tr '\n' ' '
}
# addresses: as show pool has them: which, in what state, with how many sessions
states() {
	e -j show pool "$1" | jq -r '.[0].addresses[] | "\(.range) \(.state) \(.sessions)"' |
		sed -E 's/198.51.100./v4-/; s/2001:db8:beef::/v6-/' | sort | tr '\n' ' '
}
# known POOL: ports, sessions, busiest
known() {
	e -j show pool "$1" | jq -r '.[0] | "\(.ports) \(.sessions) \(.busiest | "\(.sessions) \(.percent)")"'
}

still() {
	is "$1: the sessions go on" "$(say four; say six)" "$(cat "$TMP/four" "$TMP/six")"
}

conf "$active" standby | apply "one active, one on standby"
talk four "$HOST" udp 10.1.0.10 198.18.0.2 >"$TMP/four"
talk six "$HOST" tcp fd00:1::10 2001:db8:365::2 >"$TMP/six"
is "sessions are on the active one" "$(cut -d' ' -f1 "$TMP/four" "$TMP/six" | tr '\n' ' ')" \
	"198.51.100.1 2001:db8:beef::1 "
is "five more of each family as well" "$(flows 11 3000 5)" "5 v4-1 5 v6-1 "
swept 3
is "show pool" "$(states p)" \
	"v4-1 active 6 v4-2 standby 0 v4-7 standby 0 v6-1 active 6 v6-2 standby 0 v6-7 standby 0 "
is "ten ports, the busiest destination has five" "$(known p)" "10 12 5 50"

conf drain "$active" | apply "the first drains, the second is active"
still "it drains"
is "new ones are on the second" "$(flows 12 3000 3)" "3 v4-2 3 v6-2 "
swept 3
is "show pool says what is left" "$(states p)" \
	"v4-1 drain 6 v4-2 active 3 v4-7 standby 0 v6-1 drain 6 v6-2 active 3 v6-7 standby 0 "
is "the busiest destination has eight, but uses three of ten ports" "$(known p)" "10 18 8 30"
is "show destination, too" "$(e -j show destination pool p dest 198.18.0.1 | jq -r '.[] |
	"\(.sessions) \(.used) \(.ports) \(.percent)"')" "8 3 10 30"
is "the port of a draining one stays taken" "$(flows 11 3000 5)" "5 v4-1 5 v6-1 "

conf '' "$active" | apply "the first is not in the file any more"
still "it was removed"
is "new ones are on the second" "$(flows 13 3000 2)" "2 v4-2 2 v6-2 "
is "what was removed drains" "$(states p)" \
	"v4-1 drain 6 v4-2 active 5 v4-7 standby 0 v6-1 drain 6 v6-2 active 5 v6-7 standby 0 "
is "stats: no session had to leave" "$(stat sessions) $(stat drained)" "22 12"

conf "$active" drain | apply "the first is back, the second drains"
still "it came back"
is "what is free on it is given out, and no more" "$(flows 14 3000 7)" "5 v4-1 5 v6-1 4 timeout "
swept 3
is "show pool" "$(states p)" \
	"v4-1 active 11 v4-2 drain 5 v4-7 standby 0 v6-1 active 11 v6-2 drain 5 v6-7 standby 0 "
is "ten of ten ports" "$(known p)" "10 32 15 100"
is "the alarm is raised" "$(pool p .alarm)" true
# While addresses change, what is used and what there is are not yet of one ruleset. The
# sweep is to look just then: near conntrack's maximum it comes ten times a second.
cleared() {
	e -j show event pool p | jq '[.[] | select(.event == "alarm-cleared")] | length'
}
before=$(cleared)
conf "$active" drain >"$TMP/ten"
conf "$active" "$active" >"$TMP/twenty"
max=$(sysctl -n net.netfilter.nf_conntrack_max)
sysctl -qw net.netfilter.nf_conntrack_max=$(($(on "$RTR" conntrack -C) + 2))
back_and_forth() {
	for _ in {1..12}; do
		e apply "$TMP/twenty" && e apply "$TMP/ten" || return
	done
}
ok "an address more, and one less, again and again" back_and_forth
sysctl -qw "net.netfilter.nf_conntrack_max=$max"
is "the alarm stays" "$(pool p .alarm) $(($(cleared) - before))" "true 0"
conf "$active" "$active" | apply "both are active"
swept 3
is "75 % of twice the ports: the alarm stays" "$(known p) $(pool p .alarm)" "20 32 15 75 true"
is "every host has a port" "$(flows 15 3000 5)" "5 v4-2 5 v6-2 "
e clear session host 10.1.0.14 >/dev/null
e clear session host fd00:1::14 >/dev/null

# To another pool
conf '' "$active" 1 | apply "the first moves to another pool"
still "it moved"
swept 3
is "what is left of the old pool's sessions" "$(states p)" \
	"v4-1 drain 6 v4-2 active 10 v4-7 standby 0 v6-1 drain 6 v6-2 active 10 v6-7 standby 0 "
is "the new one has none, but half its ports are in use" "$(known q)" "10 0 5 50"
is "it gives out the other half alone" "$(flows 20 4000 7)" "5 v4-1 5 v6-1 4 timeout "
e -j show session | jq -r '.[] | "\(.mapped) \(.mapped_port) \(.protocol) \(.destination) \(.destination_port)"' |
	sort >"$TMP/slots"
is "no port twice" "$(sort -u "$TMP/slots" | wc -l)" "$(wc -l <"$TMP/slots")"
is "its sessions are its own" "$(states q)" "v4-1 active 5 v4-9 standby 0 v6-1 active 5 v6-9 standby 0 "
e clear session host 10.1.0.11 >/dev/null
e clear session host fd00:1::11 >/dev/null
is "when the old ones end it gives out those ports, too" "$(flows 20 5000 5)" "5 v4-1 5 v6-1 "
conf "$active" "$active" | apply "and back"
still "it is back"
e clear session all >/dev/null
is "all ports are free" "$(flows 16 3000 10 | grep -oc timeout; stat sessions)" "0
20"

# The same while new flows come all the time
talk seven "$HOST" udp 10.1.0.17 198.18.0.3 >"$TMP/four"
talk eight "$HOST" tcp fd00:1::17 2001:db8:365::3 >"$TMP/six"
spawn nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" flood 10.1.0.29 198.18.0.4 \
	fd00:1::29 2001:db8:365::4
for state in "drain,$active" ",$active" "$active,drain" "standby,$active" ",$active,1" "$active,$active"; do
	IFS=, read -r one two q <<<"$state"
	conf "${one:+$one }" "${two:+$two }" "$q" >"$TMP/next"
	e apply "$TMP/next" >/dev/null 2>&1 || fail "apply $state"
	swept 1
done
is "addresses come and go under traffic: the sessions go on" "$(say seven; say eight)" \
	"$(cat "$TMP/four" "$TMP/six")"
e -j show session | jq -r '.[] | "\(.mapped) \(.mapped_port) \(.protocol) \(.destination) \(.destination_port)"' |
	sort >"$TMP/slots"
is "no port twice" "$(sort -u "$TMP/slots" | wc -l)" "$(wc -l <"$TMP/slots")"
cmp "of many" "$(wc -l <"$TMP/slots")" -ge 20
finish
