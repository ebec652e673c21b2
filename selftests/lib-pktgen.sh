# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2153
#
# New flows by the ten thousand: the kernel's own pktgen in HOST of topo_lab sends
# one packet from each source port; the far side counts the packets, tells the
# mappings apart and drops them. Sourced by the tests that need it.

# pktgen_load: pktgen, and room for many conntrack entries, which nothing but
# "conntrack -F" ends; the next hops are known for good
pktgen_load() {
	local n=400000

	[ -d /proc/net/pktgen ] || modprobe -q pktgen ||
		skip_all "no pktgen in this kernel"
	[ -d /proc/net/pktgen ] || skip_all "no pktgen in this kernel"
	echo 100000 >/proc/sys/net/core/netdev_max_backlog
	echo "$n" >/proc/sys/net/netfilter/nf_conntrack_max
	echo "$n" >/sys/module/nf_conntrack/parameters/hashsize
	on "$RTR" sh -c 'echo 3600 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout'
	PG_MAC=$(mac "$RTR" in0)
	known "$RTR" er0 "$(mac "$MS" p0)" 203.0.113.2 2001:db8:e0::2
	known "$RTR" in0 "$(mac "$HOST" eth0)" 10.1.0.10 fd00:1::10
}

# mac NS DEV
mac() {
	ip -j -n "$1" link show dev "$2" | jq -r '.[0].address'
}

# known NS DEV MAC ADDRESS...
known() {
	local ns=$1 dev=$2 mac=$3 a

	shift 3
	for a; do
		ip -n "$ns" neigh replace "$a" dev "$dev" lladdr "$mac" nud permanent
	done
}

# pktgen FILE: each line of stdin is written to it on its own
pktgen() {
	# shellcheck disable=SC2016
	on "${PG_NS:-$HOST}" bash -c \
		'while read -r line; do echo "$line" >"/proc/net/pktgen/$1"; done' - "$1"
}

pktgen_lacks() {
	on "${PG_NS:-$HOST}" test ! -e "/proc/net/pktgen/$1"
}

# pktgen_dev CPU DEV MAC FROM TO FIRST COUNT: that CPU is to send COUNT packets
# from DEV to MAC, by host FROM to port 7 of TO, from the source ports FIRST on.
# Other lines on stdin are told to pktgen as they are.
pktgen_dev() {
	local cpu=$1 dev=$2 mac=$3 from=$4 to=$5 first=$6 count=$7 v=

	# The thread does it when it comes to it, and what was added before, too, goes.
	echo rem_device_all | pktgen "kpktgend_$cpu"
	busywait 20 pktgen_lacks "$dev"
	echo "add_device $dev" | pktgen "kpktgend_$cpu"
	[ "${to#*:}" = "$to" ] || v=6
	{
		cat <<-TXT
		dst_mac $mac
		pkt_size $((v ? 80 : 60))
		clone_skb 0
		delay 0
		udp_dst_min 7
		udp_dst_max 7
		count $count
		TXT
		if [ $v ]; then
			printf 'dst6 %s\nsrc6 %s\n' "$to" "$from"
		else
			printf 'dst_min %s\ndst_max %s\nsrc_min %s\nsrc_max %s\n' \
				"$to" "$to" "$from" "$from"
		fi
		# The maximum is exclusive, and the first packet has the second port.
		printf 'udp_src_min %d\nudp_src_max %d\n' "$first" \
			$((count > 1 ? first + count : first))
		[ -t 0 ] || cat
	} | pktgen "$dev"
}

# pktgen_start: every device sends what it is to; returns when all was sent, and taken
# from the queues. (By itself "start" waits for those threads alone that have begun an
# eighth of a second later, and in a slow guest one may not have.)
pktgen_start() {
	echo start | pktgen pgctrl
	busywait 300 pktgen_is_over && busywait 60 no_backlog
}
pktgen_is_over() {
	# shellcheck disable=SC2016
	on "${PG_NS:-$HOST}" sh -c 'cd /proc/net/pktgen || exit
		for f in *; do
			case "$f" in
			kpktgend_*|pgctrl) ;;
			*) grep -q "^Result: OK" "$f" || exit ;;
			esac
		done'
}
no_backlog() {
	for _ in 1 2; do
		awk '$12 !~ /^0*$/ { n++ } END { exit n > 0 }' /proc/net/softnet_stat || return
	done
}

# pktgen_sent DEV: how many packets it sent, with its errors if there are any
pktgen_sent() {
	on "${PG_NS:-$HOST}" sed -nE \
		's/^ *pkts-sofar: ([0-9]+) +errors: 0$/\1/p
		 s/^ *pkts-sofar: ([0-9]+) +errors: ([1-9].*)$/\1, errors: \2/p' \
		"/proc/net/pktgen/$1"
}

# pour FROM TO FIRST COUNT: COUNT flows of one packet each, from the source ports
# FIRST on; prints how many were sent
pour() {
	local last=$(($3 + $4 - 1)) n

	# More than 65535 is no port, so that the last one cannot be excluded.
	if [ $last -eq 65535 ] && [ "$4" -gt 1 ]; then
		n=$(pour "$1" "$2" "$3" $(($4 - 1)))
		echo $((n + $(pour "$1" "$2" 65535 1)))
		return
	fi
	pktgen_dev 0 eth0 "$PG_MAC" "$@" </dev/null
	pktgen_start
	pktgen_sent eth0
}

# far_side: count what comes to MS from now on. A mapping that comes twice is
# counted as such, and so is what has an address of HOST. (The counts are in a set:
# to list a counter, nft reads the elements of all sets, which takes a minute.)
far_side() {
	on "$MS" nft -f - <<-'TXT'
	table netdev far
	delete table netdev far
	table netdev far {
		set seen4 { typeof ip saddr . udp sport; flags dynamic; size 600000; }
		set seen6 { typeof ip6 saddr . udp sport; flags dynamic; size 600000; }
		set by4 { typeof ip saddr; flags dynamic; size 1000; counter; }
		set by6 { typeof ip6 saddr; flags dynamic; size 1000; counter; }
		set count { typeof meta mark; flags dynamic; size 10; counter; }
		chain distinct { meta mark set 1 update @count { meta mark } drop; }
		chain twice { meta mark set 2 update @count { meta mark } drop; }
		chain untranslated { meta mark set 3 update @count { meta mark } drop; }
		chain in {
			type filter hook ingress device p0 priority 0;
			meta l4proto != udp accept
			udp dport != 7 accept
			ip saddr 10.0.0.0/8 goto untranslated
			ip6 saddr fd00::/8 goto untranslated
			update @by4 { ip saddr }
			update @by6 { ip6 saddr }
			ip saddr . udp sport @seen4 goto twice
			ip6 saddr . udp sport @seen6 goto twice
			add @seen4 { ip saddr . udp sport } goto distinct
			add @seen6 { ip6 saddr . udp sport } goto distinct
			goto twice
		}
	}
	TXT
}

# arrived: what the far side counted: "DISTINCT TWICE UNTRANSLATED"
arrived() {
	on "$MS" nft -j list set netdev far count | jq -r '
		[.nftables[].set? // empty | .elem[]?.elem |
			{(.val | tostring): .counter.packets}] | add // {} |
		"\(.["1"] // 0) \(.["2"] // 0) \(.["3"] // 0)"'
}

# by_address FAMILY: sessions of each pool address that the far side saw, sorted
by_address() {
	on "$MS" nft -j list set netdev far "by$1" | jq -r '
		[.nftables[].set? // empty | .elem[]?.elem.counter.packets] |
		sort | map(tostring) | join(" ")'
}

# conntrack_stat NAME: of all CPUs of RTR
conntrack_stat() {
	on "$RTR" conntrack -S | awk -v name="$1" '
		{ for (i = 1; i <= NF; i++) if (split($i, a, "=") == 2 &&
			a[1] == name) n += a[2] }
		END { print n + 0 }'
}

# lost: packets that conntrack dropped since the namespace began
lost() {
	echo $(($(conntrack_stat insert_failed) + $(conntrack_stat drop) +
		$(conntrack_stat chaintoolong)))
}

# full WHAT POOL SESSIONS DESTINATION: what "show pool" says of a pool all of whose
# ports are used toward that destination; the last thing is from the last sweep
full() {
	is "$1: sessions and their peak" \
		"$(pool "$2" '"\(.sessions) \(.peak_sessions)"')" "$3 $3"
	ok "$1: the busiest destination" busywait 5 gives "$4 $3 100 true" pool "$2" \
		'"\(.busiest.destination) \(.busiest.sessions) \(.busiest.percent) \(.alarm)"'
}

# all_return WHAT POOL: conntrack lets go of all; two sweeps later, and they are one
# second apart, the pool has every port again. (A slow machine takes its time for a
# sweep: that 2 s are enough is for cost-fill.sh, where an instruction is 1 ns.)
all_return() {
	local began sweeps

	on "$RTR" conntrack -F >/dev/null 2>&1
	began=${EPOCHREALTIME/./}
	# One may be on its way, past what has just ended.
	sweeps=$(($(stat sweeps) + 2))
	busywait 20 swept $sweeps
	is "$1: all ports are back" \
		"$(pool "$2" '"\(.sessions) \(.busiest) \(.hosts)"') $(balance)" \
		"0 null 0 even"
	note "after $(((${EPOCHREALTIME/./} - began) / 1000)) ms at most"
}

# swept N: there were as many sweeps
swept() {
	[ "$(stat sweeps)" -ge "$1" ]
}
