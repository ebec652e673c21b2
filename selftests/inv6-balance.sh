#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 6: sessions created = ended + live whenever the sweep is quiet; ports
# come back when conntracks end; after flush, unload, and the end of a namespace,
# under traffic too, nothing is left.
#
# Topology: topo_lab of lib-lab.sh, twice.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
FIRST=("$HOST" "$RTR" "$MS")
conf() {
	cat <<-'TXT'
	pool p { address 198.51.100.1; address 2001:db8:beef::1; port 2000-2099; }
	route-source er { device er0; }
	rule r { to er; snat p; }
	TXT
}
conf | apply "a pool of one hundred ports"
even() {
	busywait 10 gives even balance
	balance
}

N=$(scale 80)
answered=$(seen "$HOST" --count "$N" udp 10.1.0.10 198.18.0.1 \
	udp fd00:1::10 2001:db8:365::1 | grep -cE '^(198.51.100|2001:db8:beef)')
cmp "flows" "$answered" -ge $((2 * N - 2))
is "a session for each" "$(live)" "$answered"
is "created = ended + live" "$(even)" even
on "$RTR" conntrack -F >/dev/null 2>&1
ok "after conntrack -F the sessions end" busywait 10 gives 0 stat sessions
is "created = ended + live" "$(even)" even
is "the ports are free again" "$(seen "$HOST" --count "$N" udp 10.1.0.11 198.18.0.1 |
	grep -c '^198.51.100.1 ')" "$N"
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=1 \
	net.netfilter.nf_conntrack_tcp_timeout_close=1
seen "$HOST" --each --count 10 tcp 10.1.0.10 198.18.0.2 tcp fd00:1::10 2001:db8:365::2 >/dev/null
tcp_gone() {
	[ "$(live protocol tcp)" = 0 ]
}
ok "connections that time out are ended" busywait 30 tcp_gone
is "created = ended + live" "$(even)" even

e flush >/dev/null 2>&1
is "flush with live sessions needs --force" $? 1
ok "flush --force" e flush --force
is "nothing is live" "$(busywait 10 gives 0 stat sessions; stat sessions)" 0
is "created = ended" "$(even)" even
is "conntrack has none of them" "$(on "$RTR" conntrack -L -p udp 2>/dev/null |
	grep -c 198.51.100.1)" 0

flood() {
	spawn nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" flood \
		10.1.0.10 198.18.0.3 fd00:1::10 2001:db8:365::3
}
conf | apply "applied again"
flood
ok "a flood of new flows" busywait 10 says '^[1-9]' stat created
for _ in 1 2 3; do
	conf | sed "s/2099/20$((RANDOM % 80 + 10))/" >"$TMP/new.conf"
	ok "apply under traffic" e apply "$TMP/new.conf"
done
ok "flush under traffic" e flush --force
conf | apply "and apply again"
busywait 10 says '^[1-9]' live >/dev/null

# The end of a namespace with live sessions, under traffic
topo_lab
ROUTERS=("$RTR")
conf | apply "another namespace"
flood
ok "a flood there, too" busywait 10 says '^[1-9]' live
ip netns del "$RTR"
ROUTERS=("${FIRST[1]}")
RTR=${FIRST[1]} HOST=${FIRST[0]}
ok "the first namespace is not touched by the end of the other" e -j show pool p

# rmmod under traffic
timeout $((20 * SLOW)) rmmod ernat
is "rmmod under traffic" $? 0
sleep 0.5
ok "it loads again" load
conf | apply "and works"
busywait 10 says '^[1-9]' live >/dev/null
finish
