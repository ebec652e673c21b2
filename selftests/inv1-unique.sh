#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 1: a mapping is unique on the wire: many clients with the same source
# ports, started on two CPUs at once, in two conntrack zones, toward one
# destination from one pool address. The far side sees no address and port twice,
# and no inside address.
#
# Topology: topo_lab of lib-lab.sh; hosts of 10.2/16 and fd00:2::/64 are in zone 2.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
apply "one address for all" <<-'TXT'
	pool p { address 198.51.100.1; address 2001:db8:beef::1; }
	route-source er { device er0; }
	rule r { to er; snat p; }
	TXT
on "$RTR" nft -f - <<-'TXT'
	table inet zones {
		chain pre {
			type filter hook prerouting priority raw;
			iifname "in0" ip saddr 10.2.0.0/16 ct original zone set 2
			iifname "in0" ip6 saddr fd00:2::/64 ct original zone set 2
		}
	}
	TXT

COUNT=$(scale 40)
list() {
	local i s=

	for i in {10..19}; do
		s+="$1$i+"
	done
	printf '%s' "${s%+}"
}
run() {
	local proto=$1 to=$2 a=$3 b=$4 dup pids=()

	taskset 1 nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" call \
		--sport 20000 --count "$COUNT" "$proto" "$(list "$a")" "$to" >"$TMP/a" &
	pids+=($!)
	taskset 2 nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" call \
		--sport 20000 --count "$COUNT" "$proto" "$(list "$b")" "$to" >"$TMP/b" &
	pids+=($!)
	wait "${pids[@]}"
	cat "$TMP/a" "$TMP/b" >"$TMP/got"
	is "$proto to $to: every flow was answered" \
		"$(grep -cE '^(198.51.100.1|2001:db8:beef::1) ' "$TMP/got")" \
		$((20 * COUNT))
	dup=$(sort "$TMP/got" | uniq -d | head -n 3)
	is "$proto to $to: no address and port twice" "$dup" ""
}
for p in udp tcp; do
	run $p 198.18.0.1 10.1.0. 10.2.0.
	run $p 2001:db8:365::1 fd00:1:: fd00:2::
done
is "sessions of both zones" \
	"$(sessions '[.[].zone] | unique | map(tostring) | join(" ")')" "0 2"
cmp "all of them are listed" "$(live protocol tcp dest 2001:db8:365::1)" -ge \
	$((20 * COUNT))

# The same flow's first packets from two CPUs at once: one mapping.
cat >"$TMP/burst.py" <<'PY'
import os
import socket
import sys
import time
fam = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
n = int(sys.argv[3])
socks = []
for port in range(30000, 30000 + n):
    s = socket.socket(fam, socket.SOCK_DGRAM)
    s.bind((sys.argv[1], port))
    s.connect((sys.argv[2], 7))
    s.settimeout(5)
    socks.append(s)
start = time.time() + 0.5
child = os.fork()
os.sched_setaffinity(0, {1 if child else 0})
for i, s in enumerate(socks):
    while time.time() < start + i * 0.005:
        pass
    s.send(b'burst')
if not child:
    os._exit(0)
os.waitpid(child, 0)
for s in socks:
    print(len({s.recv(100), s.recv(100)}))
PY
for a in "10.1.0.20 198.18.0.1" "fd00:1::20 2001:db8:365::1"; do
	# shellcheck disable=SC2086
	is "all packets of a flow have one mapping (${a%% *})" \
		"$(on "$HOST" python3 "$TMP/burst.py" $a "$COUNT" | sort -u)" 1
done
is "conntrack refused no entry" "$(on "$RTR" conntrack -S |
	awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^insert_failed=/) {
		sub(/.*=/, "", $i); n += $i } } END { print n + 0 }')" 0
finish
