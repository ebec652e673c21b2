#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 6: an ended session gives its port back within two seconds of conntrack
# letting go, whatever ended it: timeout, RST, conntrack -D, conntrack -F. The jiffies
# of a young kernel hide mistakes with timeouts: inv6-ends-late.sh is the same after
# more than seven minutes.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
note "uptime $(cut -d' ' -f1 /proc/uptime) s"
apply "a pool of ten ports" <<-'TXT'
	pool p { address 198.51.100.1; address 2001:db8:beef::1; port 2000-2009; }
	route-source er { device er0; }
	rule r { to er; snat p; }
	TXT
caller host "$HOST"
timeouts() {
	on "$RTR" sysctl -qw "net.netfilter.nf_conntrack_udp_timeout=$1" \
		"net.netfilter.nf_conntrack_udp_timeout_stream=$1" \
		"net.netfilter.nf_conntrack_tcp_timeout_close=$1"
}
# fill PROTOCOL [OPTION...]: all ten ports of both families; how many were answered
fill() {
	calls host --timeout 2 --count 10 "${@:2}" "$1" 10.1.0.10 198.18.0.1 \
		"$1" fd00:1::10 2001:db8:365::1 | grep -c '^[12]'
}
now() {
	date +%s%3N
}
# ended WHAT SINCE LIMIT: no session is left, and it took no longer (ms). To ask takes
# time as well, on a slow machine more than a little.
ended() {
	local took asked

	while :; do
		asked=$(now)
		[ "$(stat sessions)" != 0 ] || break
		[ $((asked - $2)) -lt 30000 ] || break
		sleep 0.1
	done
	took=$((asked - $2))
	cmp "$1: the sessions have ended" "$(stat sessions)" -eq 0
	# The last question that was answered with a session was asked before this one.
	cmp "$1: within $3 ms (seen after $took)" "$took" -le $(($3 + 1000 * SLOW))
}

for _ in 1 2; do
	timeouts 600
	is "all ports are used" "$(fill udp)" 20
	since=$(now)
	on "$RTR" conntrack -D -p udp >/dev/null 2>&1
	on "$RTR" conntrack -D -f ipv6 -p udp >/dev/null 2>&1
	ended "conntrack -D" "$since" 2000

	is "and all are free" "$(fill udp)" 20
	since=$(now)
	on "$RTR" conntrack -F >/dev/null 2>&1
	ended "conntrack -F" "$since" 2000

	timeouts 3
	is "all ports are used" "$(fill udp)" 20
	since=$(now)
	ended "a timeout of 3 s" "$since" 5000

	is "TCP has its own" "$(fill tcp --each --reset)" 20
	since=$(now)
	ended "3 s after a reset" "$since" 5000
done
timeouts 600
is "nothing ends that has not been ended" "$(fill udp)" 20
swept 5
is "…" "$(stat sessions)" 20
finish
