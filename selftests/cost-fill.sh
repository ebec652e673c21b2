#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 2: a new session costs the same at 0 % and at 99.9 % of one
# destination's ports, and no packet pays for a long scan, build or sweep. In
# instructions: in the guest of this test the clock, and the TSC with it, moves on
# by one with each instruction.
#
# Of every packet of a fill is measured what the router does for it: from where it
# is received (net:netif_receive_skb on in0) to where it is sent on
# (net:net_dev_queue on er0) or dropped (skb:kfree_skb). That is all in one
# softirq, so that nothing but a hard interrupt can come in between; what the
# interrupts' own tracepoints tell of is taken off. So neither the generator nor
# the far side nor the sweep is in the figure, and every packet's allocations,
# resizes and rebuilds are. Less what plain forwarding takes it is the cost of a
# session.
#
# One packet in some thousands is the one for which the page allocator refills its
# list of free pages, some hundreds at once (kmem:mm_page_alloc_zone_locked). That is
# the kernel's, whoever asks for memory, conntrack most of all. The dearest packet
# is printed with it, and judged without it.
#
# Host A fills; host B comes at each point of interest, with source ports that A
# has in use. Then host A floods beyond its host-limit, beside host B. The same
# fill for nft's "snat to" is printed and not judged.
#
# Topology: topo_lab of lib-lab.sh; flows and what is counted: lib-pktgen.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib-pktgen.sh
. "$HERE/lib-pktgen.sh"

[ -n "${ERNAT_ICOUNT:-}" ] ||
	skip_all "counts instructions: only in a guest with --icount"
TRACE=/sys/kernel/tracing
grep -q x86-tsc $TRACE/trace_clock || skip_all "no trace clock that counts"

load
topo_lab
pktgen_load

trace_on() {
	local e

	echo 0 >$TRACE/tracing_on
	echo x86-tsc >$TRACE/trace_clock
	echo 40960 >$TRACE/buffer_size_kb
	echo 'name == "in0"' >$TRACE/events/net/netif_receive_skb/filter
	echo 'name == "er0"' >$TRACE/events/net/net_dev_queue/filter
	for e in net/netif_receive_skb net/net_dev_queue irq/irq_handler_entry \
		irq/irq_handler_exit irq_vectors kmem/mm_page_alloc_zone_locked; do
		echo 1 >$TRACE/events/$e/enable
	done
}

# drops on|off: there are many of them, and the far side's are as well
drops() {
	[ "$1" = on ]
	echo $((! $?)) >$TRACE/events/skb/kfree_skb/enable
}

# costs: a line for each packet of the trace: its cost, and with refills of the
# page allocator. From one page of a refill to the next it is about 1000.
costs() {
	awk '
		{ at = $4 + 0 }
		$5 == "netif_receive_skb:" {
			start = at
			off = refill = page = 0
			next
		}
		$5 == "net_dev_queue:" || $5 == "kfree_skb:" {
			if (start)
				printf "%d %d\n", at - start - off - refill,
					at - start - off
			start = 0
			next
		}
		$5 == "mm_page_alloc_zone_locked:" {
			if (page && at - page < 2500)
				refill += at - page
			page = at
			next
		}
		$5 ~ /_entry:$/ { if (!depth++) since = at; next }
		$5 ~ /_exit:$/ { if (depth && !--depth) off += at - since }
	' $TRACE/trace
}

# traced FILE FROM FIRST COUNT [LINE]...: pour, and each packet's cost into FILE
traced() {
	local file=$1 sent lines

	: >$TRACE/trace
	echo 1 >$TRACE/tracing_on
	pktgen_dev 0 eth0 "$PG_MAC" "$2" 198.18.0.1 "$3" "$4" < <(
		[ $# -lt 5 ] || printf '%s\n' "${@:5}")
	pktgen_start
	echo 0 >$TRACE/tracing_on
	sent=$(pktgen_sent eth0)
	costs >"$file"
	lines=$(wc -l <"$file")
	if [ "$sent" != "$4" ] || [ "$lines" != "$4" ]; then
		echo "$4 packets: $sent sent, $lines measured" >>"$TMP/missing"
	fi
	cat "$file" >>"$TMP/all"
}

median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] + 0 }'
}

# dearest COLUMN FILE: 1: without, 2: with refills
dearest() {
	sort -n -k "$1,$1" "$2" | tail -n 1 | cut -d' ' -f"$1"
}

# point NAME COUNT: host B has so many new flows; their median in COST
point() {
	drops on
	traced "$TMP/batch" 10.1.0.11 $B_NEXT "$2"
	drops off
	B_NEXT=$((B_NEXT + $2))
	COST[$1]=$(median "$TMP/batch")
	MOST[$1]=$(dearest 1 "$TMP/batch")
}

# fill_to N: host A has new flows, until N are there in all
fill_to() {
	local n=$(($1 - A_NEXT - B_NEXT + 2048))

	traced "$TMP/batch" 10.1.0.10 $A_NEXT $n
	A_NEXT=$((A_NEXT + n))
}

# whole_fill WHAT: of one address and one destination
whole_fill() {
	local failed name

	COST=() MOST=()
	A_NEXT=1024 B_NEXT=1024
	: >"$TMP/all"
	: >"$TMP/missing"
	fill_to 500
	COST[0]=$(median "$TMP/batch")
	MOST[0]=$(dearest 1 "$TMP/batch")
	fill_to 32256
	point 50 500
	fill_to 58061
	point 90 500
	fill_to 63867
	point 99 200
	fill_to 64448
	point 99.9 50
	fill_to 64512
	COST[all]=$(median "$TMP/all")
	MOST[all]=$(dearest 1 "$TMP/all")
	failed=$((64512 - $(on "$RTR" conntrack -C)))
	point full 500
	note "$1: instructions a packet (plain forwarding: $PLAIN_COST)" \
		"$(printf '\n%-9s %8s %8s %8s %8s' ports median session ratio dearest)"
	for name in 0 50 90 99 99.9 full all; do
		note "$(printf '%-9s %8d %8d %8s %8d' "$name" "${COST[$name]}" \
			$((COST[$name] - PLAIN_COST)) "$(awk -v a="${COST[$name]}" \
			-v b="${COST[0]}" -v plain="$PLAIN_COST" \
			'BEGIN { printf "%.3f", (a - plain) / (b - plain) }')" \
			"${MOST[$name]}")"
	done
	note "$1: of 64512 flows $failed failed; the dearest packet, with a refill of" \
		"the page allocator: $(dearest 2 "$TMP/all")"
}

# at_most WHAT A PERMILLE B: A is no more than so much of B
at_most() {
	cmp "$1" $(($2 * 1000)) -le $(($4 * $3))
}

declare -A COST MOST

live_sessions() {
	stat sessions
}

trace_on
on "$MS" nft -f - <<-'TXT'
	table netdev far {
		chain in {
			type filter hook ingress device p0 priority 0;
			udp dport 7 drop
		}
	}
	TXT
drops off
: >"$TMP/missing"
traced "$TMP/batch" 10.1.0.10 1024 500
PLAIN_COST=$(median "$TMP/batch")

apply "one address" <<-'TXT'
	route-source er { device er0; }
	pool p { address 198.51.100.1; }
	rule r { to er; snat p; }
	TXT
whole_fill ernat
ok "ernat: every packet was measured" test ! -s "$TMP/missing"
is "ernat: the last port was given out, and no failure before it" \
	"$(stat drop_exhausted) $(live_sessions)" "500 64512"
for name in 50 90 99 99.9; do
	at_most "at $name % a packet costs at most 1.1 x that at 0 %" \
		"${COST[$name]}" 1100 "${COST[0]}"
	at_most "at $name % so does a session alone" \
		$((COST[$name] - PLAIN_COST)) 1100 $((COST[0] - PLAIN_COST))
done
at_most "the dearest packet of the fill costs at most 10 x the median" \
	"${MOST[all]}" 10000 "${COST[all]}"
at_most "one that cannot be served costs no more than one that can" \
	"${COST[full]}" 1000 "${COST[0]}"
at_most "nor does the dearest of those" "${MOST[full]}" 10000 "${COST[all]}"

note "a sweep over 64512 sessions: $(stat sweep_ns) instructions"
on "$RTR" conntrack -F >/dev/null 2>&1
began=${EPOCHREALTIME/./}
busywait 10 gives 0 live_sessions
took=$(((${EPOCHREALTIME/./} - began) / 1000))
cmp "conntrack -F: 64512 ports are back within 2 s ($took ms)" $took -le 2000
note "the sweep that ended them: $(stat sweep_ns) instructions"

# last_of NAME ADDRESSES: 256 of them. A host fills 255, then come 20 others.
last_of() {
	local first last others

	apply "256 addresses, $1" <<-TXT
		route-source er { device er0; }
		pool $1 { $2 port 3000-3019; }
		rule r { to er; snat $1; }
		TXT
	: >"$TMP/missing"
	: >"$TMP/all"
	traced "$TMP/batch" 10.1.0.10 1024 5100
	head -n 200 "$TMP/batch" >"$TMP/first"
	tail -n 20 "$TMP/batch" >"$TMP/last"
	first=$(median "$TMP/first")
	last=$(median "$TMP/last")
	traced "$TMP/batch" 10.1.0.11 1024 20 "src_max 10.1.0.30" \
		"udp_src_min 1024" "udp_src_max 1024"
	others=$(median "$TMP/batch")
	note "256 addresses, $1: median of the first 200 packets $first," \
		"of the last of the 255th address $last, of 20 hosts' first $others" \
		"(dearest $(dearest 1 "$TMP/batch"))"
	is "256 addresses, $1: all are served" "$(live_sessions)" 5120
	ok "256 addresses, $1: every packet was measured" test ! -s "$TMP/missing"
	at_most "256 addresses, $1: the last free one costs at most 1.1 x the first" \
		"$last" 1100 "$first"
	at_most "256 addresses, $1: for a host that is new at most 2 x" \
		"$others" 2000 "$first"
	drops on
	traced "$TMP/batch" 10.1.0.10 20000 200
	drops off
	note "256 addresses, $1: when all are full $(median "$TMP/batch")"
	at_most "256 addresses, $1: a failure costs no more" \
		"$(median "$TMP/batch")" 1000 "$first"
	on "$RTR" conntrack -F >/dev/null 2>&1
	busywait 10 gives 0 live_sessions
}
last_of row "address 198.51.100.0/24;"
last_of gaps "$(printf 'address 198.51.100.%d; ' {0..254..2})
	$(printf 'address 203.0.114.%d; ' {0..254..2})"

# A host that floods at its limit, and one beside it
apply "a host-limit" <<-'TXT'
	route-source er { device er0; }
	pool limit { address 198.51.100.1; host-limit 300; }
	rule r { to er; snat limit; }
	TXT
: >"$TMP/missing"
: >"$TMP/all"
traced "$TMP/first" 10.1.0.10 1024 300
served=$(median "$TMP/first")
drops on
traced "$TMP/batch" 10.1.0.10 20000 2000
flood=$(median "$TMP/batch")
traced "$TMP/batch" 10.1.0.11 1024 250
drops off
others=$(median "$TMP/batch")
note "host-limit: median of a host's first 300 packets $served, of 2000 beyond its" \
	"limit $flood, of another host's 250 after them $others"
is "host-limit: so many are served, so many not" \
	"$(live_sessions) $(stat drop_host_limit)" "550 2000"
ok "host-limit: every packet was measured" test ! -s "$TMP/missing"
at_most "one beyond its host-limit costs no more than one that is served" \
	"$flood" 1000 "$served"
at_most "another host pays the usual price beside it" "$others" 1100 "$served"

ok "ernat does not translate now" e flush --force
on "$RTR" nft -f - <<-'TXT'
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname "er0" snat to 198.51.100.1
		}
	}
	TXT
whole_fill 'nft "snat to"'
finish
