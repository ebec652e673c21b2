#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R11, invariant 6: a million sessions to a thousand destinations (a fifth of them on
# kernel 6.1, to be done in time). Reading the pools costs what it costs with ten;
# listing them streams; of a million each takes at most 128 bytes above conntrack's
# own; the sweep's cost is printed; conntrack -F gives every port back without a stall.
#
# Topology: topo_lab; pktgen on HOST eth0, p0 drops.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ "$SLOW" -eq 1 ] || skip_all "this kernel is too slow for a million sessions"
modprobe -q pktgen || skip_all "pktgen is missing"
N=1000000 POOL=198.51.100.0/28
case $(uname -r) in
6.1.*)
	N=200000 POOL=198.51.100.0/30 ;;
esac
BASE=100000

load
topo_lab
sysctl -qw net.netfilter.nf_conntrack_buckets=524288 \
	net.netfilter.nf_conntrack_max=1200000 net.core.netdev_max_backlog=100000
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3600
on "$MS" nft -f - <<-TXT
	table netdev sink {
		chain in { type filter hook ingress device p0 priority 0; policy drop; }
	}
TXT
mac=$(ip -n "$RTR" -j link show in0 | jq -r ".[0].address")

# pktgen PACKETS: as many flows, each of its own: 1,009 ports and 1,000
# destinations go round at once
pktgen() {
	local dir=/proc/net/pktgen

	on "$HOST" sh -c "
		set -e
		echo rem_device_all >$dir/kpktgend_0
		while [ -e $dir/eth0 ]; do sleep 0.1; done
		echo add_device eth0 >$dir/kpktgend_0
		for c in 'count $1' 'clone_skb 0' 'pkt_size 60' 'delay 0' \
			'dst_mac $mac' 'src_min 10.1.1.1' 'src_max 10.1.1.16' \
			'dst_min 198.18.64.0' 'dst_max 198.18.67.231' \
			'udp_src_min 1024' 'udp_src_max 2033' \
			'udp_dst_min 443' 'udp_dst_max 443'; do
			echo \"\$c\" >$dir/eth0
		done
		echo start >$dir/pgctrl
		# It may have returned before the thread began.
		while ! grep -q '^Result: OK' $dir/eth0; do sleep 0.1; done"
}

# Bytes in slabs and tables.
memory() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(Slab|VmallocUsed):/ { n += $2 } END { print n * 1024 }' /proc/meminfo
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# ms COMMAND...: how long it takes
ms() {
	local start

	start=$(now_ms)
	"$@" >/dev/null 2>&1
	echo $(($(now_ms) - start))
}

# least_ms COMMAND...: of ten times, since the sweep and others take their share
least_ms() {
	for _ in {1..10}; do
		ms "$@"
	done | sort -n | head -n 1
}

# What a connection takes that nft translates.
on "$RTR" nft -f - <<-TXT
	table ip base {
		chain post {
			type nat hook postrouting priority srcnat;
			oif er0 snat to 198.51.100.0-198.51.100.15
		}
	}
TXT
pktgen 10
before=$(memory)
pktgen $BASE
others=$(on "$RTR" conntrack -C)
cmp "connections for comparison, by nft" "$others" -ge $((BASE * 98 / 100))
own=$((($(memory) - before) / others))
on "$RTR" nft delete table ip base
on "$RTR" conntrack -F 2>/dev/null

apply "the pool $POOL" <<-TXT
	pool p { address $POOL; }
	route-source er { protocol bgp; }
	rule r { to er; snat p; }
TXT
pktgen 10
ok "ten sessions" busywait 10 gives 10 stat sessions
few=$(least_ms e -j show pool)
on "$RTR" conntrack -F 2>/dev/null
ok "none" busywait 10 gives 0 stat sessions

before=$(memory)
start=$(now_ms)
# What a backlog drops is no failure of anybody's; the same flows once more.
for _ in 1 2 3; do
	pktgen $N
	n=$(stat sessions)
	[ "$n" -lt $((N * 98 / 100)) ] || break
done
took=$(($(now_ms) - start))
cmp "$N sessions" "$n" -ge $((N * 98 / 100))
is "none failed" "$(stat drop_exhausted) $(stat drop_no_memory) $(stat drop_nat)" "0 0 0"
is "the pool has them all" "$(pool p .sessions)" "$n"
is "each destination is known" "$(e -j show destination | jq length)" 1000
is "each host is known" "$(e -j show host | jq length)" 16
above=$((($(memory) - before) / n - own))
note "made in $took ms; a connection takes $own bytes, a session $above more"
# Of fewer, what is there once counts for more.
[ $N -lt 1000000 ] ||
	cmp "a session takes at most 128 bytes above conntrack's own" "$above" -le 128

many=$(least_ms e -j show pool)
note "show pool: $few ms with ten sessions, $many ms with $n"
cmp "show pool costs the same" "$many" -le $((few * 3 + 100))
cat >"$TMP/rss.py" <<-'PY'
	import resource, subprocess, sys, time
	n, start = 0, time.time()
	with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE) as p:
	    while chunk := p.stdout.read(1 << 20):
	        n += chunk.count(b'\n')
	print(n, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
	      int((time.time() - start) * 1000))
PY
read -r lines rss took < <(python3 "$TMP/rss.py" ernat -n "$RTR" show session)
cmp "show session lists them" "$lines" -ge "$n"
note "in $took ms"
cmp "… in bounded memory (KiB)" "$rss" -le 16384
sweeps=$(stat sweeps)
swept() {
	[ "$(stat sweeps)" -gt $((sweeps + 1)) ]
}
ok "the sweep goes on" busywait 20 swept
note "a sweep over them: $(($(stat sweep_ns) / 1000)) us"

start=$(now_ms)
on "$RTR" conntrack -F 2>/dev/null
note "conntrack -F: $(($(now_ms) - start)) ms"
ok "every port comes back" busywait 30 gives 0 stat sessions
note "all ended $(($(now_ms) - start)) ms after it began"
is "created = ended" "$(balance)" even
is "no host, no destination is left" \
	"$(e -j show host | jq length) $(e -j show destination | jq length)" "0 0"
finish
