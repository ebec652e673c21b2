#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R11: who uses a pool, and for what. show host and show destination say what was
# really sent, in both families, with hosts grouped by host-prefix, filtered, the first
# ones in order; one host by itself tells its last failure, when and why, also without a
# session. host-limit is exact while two processors are at it, and a host that is at
# its limit is in nobody's way.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=900 \
	net.netfilter.nf_conntrack_udp_timeout_stream=900 \
	net.netfilter.nf_conntrack_icmp_timeout=900 \
	net.netfilter.nf_conntrack_icmpv6_timeout=900 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=900
apply "the ruleset applies" <<-'TXT'
	pool p { address 198.51.100.1; address 2001:db8:beef::1; port 2000-2099; }
	pool grouped { address 198.51.100.2; address 2001:db8:beef::2; host-prefix 64; host-limit 5; }
	pool idle { address 198.51.100.3 standby; address 2001:db8:beef::3 standby; }
	pool limit { address 198.51.100.4; address 2001:db8:beef::4; host-limit 100; }
	pool tiny { address 198.51.100.5; address 2001:db8:beef::5; port 3000-3001; }
	route-source er { device er0; }
	rule grouped { to er; from 10.2.0.0/16, fd00:2::/64; snat grouped; }
	rule idle { to er; from 10.1.0.20, fd00:1::20; snat idle; }
	rule limit { to er; from 10.1.0.21, fd00:1::21, 10.1.0.22, fd00:1::22; snat limit; }
	rule tiny { to er; from 10.1.0.23, fd00:1::23; snat tiny; }
	rule p { to er; snat p; }
	TXT
caller host "$HOST"

# What is sent: PROTOCOL HOST DESTINATION COUNT
cat >"$TMP/sent" <<-'TXT'
	udp 10.1.0.10 198.18.0.1,7 9
	tcp 10.1.0.10 198.18.0.1,7 3
	udp 10.1.0.11 198.18.0.1,7 5
	tcp 10.1.0.11 198.18.0.2,443 2
	udp 10.1.0.12 198.18.0.2,53 1
	udp fd00:1::10 2001:db8:365::1,7 8
	tcp fd00:1::10 2001:db8:365::2,443 4
	udp fd00:1::11 2001:db8:365::1,7 2
	TXT
while read -r proto from to count; do
	calls host --timeout 2 --count "$count" "$proto" "$from" "$to" </dev/null
done <"$TMP/sent" >"$TMP/got"
on "$HOST" python3 "$HERE/peer.py" ping 10.1.0.12 198.18.0.3 7 >"$TMP/ping4"
on "$HOST" python3 "$HERE/peer.py" ping fd00:1::12 2001:db8:365::3 7 >"$TMP/ping6"
is "everything is answered" "$(grep -c '^[12]' "$TMP/got") $(cat "$TMP/ping4" "$TMP/ping6" | tr '\n' ' ')" \
	"34 answered answered "
{
	cat "$TMP/sent"
	echo "icmp 10.1.0.12 198.18.0.3,0 1"
	echo "icmpv6 fd00:1::12 2001:db8:365::3,0 1"
} >"$TMP/all"

# sum FIELDS: of the counts in $TMP/all, by these fields
sum() {
	awk -v fields="$1" '{ k = ""; n = split(fields, f, " ")
		for (i = 1; i <= n; i++) k = k (i > 1 ? " " : "") $f[i]
		count[k] += $4 } END { for (k in count) print k, count[k] }' "$TMP/all" | sort
}
e -j show host pool p >"$TMP/hosts"
is "show host: each with its sessions" "$(jq -r '.[] | "\(.host) \(.sessions)"' "$TMP/hosts" | sort)" \
	"$(sum 2)"
is "… and its address" "$(jq -r '.[] | "\(.host | contains(":")) \(.mapped)"' "$TMP/hosts" | sort -u)" \
	"false 198.51.100.1
true 2001:db8:beef::1"
is "… without limit, prefix, alarm and failure" "$(jq -c '[.[] | [.limit, .prefix_length, .alarm, .failed,
	.last_failure, .zone]] | unique' "$TMP/hosts")" "[[null,null,false,0,null,0]]"
swept 3
is "show destination: each with its sessions" "$(e -j show destination | jq -r '.[] |
	"\(.protocol) \(.destination),\(.destination_port) \(.sessions)"' | sort)" "$(sum "1 3")"
is "… and what it uses of the pool's ports" "$(e -j show destination | jq -c '[.[] |
	[.pool, .used == .sessions, .ports, .percent == .used]] | unique')" '[["p",true,100,true]]'
is "show pool knows the busiest" "$(e -j show pool p | jq -S -c '.[0] | [.sessions, .hosts, .busiest]')" \
	'[36,6,{"destination":"198.18.0.1","destination_port":7,"percent":14,"protocol":"udp","sessions":14}]'

# Filters, and the first ones
is "of a prefix" "$(e -j show host host 10.1.0.0/24 | jq -c 'map(.host) | sort')" \
	'["10.1.0.10","10.1.0.11","10.1.0.12"]'
is "of one destination, all protocols" "$(e -j show destination dest 198.18.0.1 | jq -c 'map(.protocol) | sort')" \
	'["tcp","udp"]'
is "by port and protocol" "$(e -j show destination '[2001:db8:365::1]:7' protocol udp | jq -c 'map(.sessions)')" "[10]"
is "the first two hosts" "$(e -j show host --top 2 | jq -c 'map([.host, .sessions]) | sort')" \
	'[["10.1.0.10",12],["fd00:1::10",12]]'
is "all of them in order" "$(e -j show host --top 100 | jq -c 'map(.sessions) | . == (sort | reverse)')" true
is "the first three destinations" "$(e -j show destination --top 3 | jq -c 'map([.protocol, .destination, .sessions])')" \
	'[["udp","198.18.0.1",14],["udp","2001:db8:365::1",10],["tcp","2001:db8:365::2",4]]'
is "as people read them" "$(e show destination --top 2 | sed -E 's/ +/ /g; s/ $//')" \
	"PROTO DESTINATION POOL SESSIONS USED PORTS SHARE
udp 198.18.0.1:7 p 14 14 100 14.0%
udp [2001:db8:365::1]:7 p 10 10 100 10.0%"
like "hosts, too" "$(e show host --top 1 host 10.1.0.0/16 | tail -n 1 | tr -s ' ')" \
	"^10.1.0.10 p 198.51.100.1 12 - 0 - 0 -"

# Hosts of one prefix are one host
calls host --timeout 1 --count 2 udp fd00:2::10+fd00:2::11+fd00:2::12 2001:db8:365::1 >"$TMP/got"
is "of six sessions of a /64 five are granted" "$(grep -c '^[12]' "$TMP/got")" 5
is "it is one host" "$(e -j show host pool grouped | jq -c 'map([.host, .prefix_length, .sessions, .limit, .failed])')" \
	'[["fd00:2::",64,5,5,1]]'
calls host --timeout 1 --count 2 udp 10.2.0.10+10.2.0.11+10.2.0.12 198.18.0.1 >"$TMP/got"
is "IPv4 hosts are one each" "$(e -j show host pool grouped host 10.2.0.0/16 | jq -c 'map([.prefix_length, .sessions])')" \
	'[[null,2],[null,2],[null,2]]'
like "show host of the group" "$(e show host fd00:2::/64)" "fd00:2::/64 +grouped"

# The last failure: when, where to, why
began=$(date +%s)
for h in 10.1.0.20 fd00:1::20; do
	to=198.18.0.2
	[ $h = 10.1.0.20 ] || to=2001:db8:365::2
	calls host --timeout 1 udp $h $to,53 >"$TMP/got"
	calls host --timeout 1 --count 3 udp ${h%0}3 $to,53 >"$TMP/got"
	e -j show host $h >"$TMP/host"
	is "a host without a session: why it has none" "$(jq -c 'map([.pool, .sessions, .mapped, .failed,
		(.last_failure | [.reason, .protocol, .destination, .destination_port])])' "$TMP/host")" \
		"[[\"idle\",0,null,1,[\"no-address\",\"udp\",\"$to\",53]]]"
	when=$(date -d "$(jq -r '.[0].last_failure.time' "$TMP/host")" +%s)
	ok "… and when" test "$when" -ge "$began" -a "$when" -le "$(date +%s)"
	like "… in words" "$(e show host $h | tr -s ' ')" \
		"last failure 20[-0-9]+ [0-9:]+, to \[?$to\]?:53 udp: the pool has no active address of the family"
	like "no port" "$(e show host ${h%0}3 | tr -s ' ')" \
		"last failure .*, to \[?$to\]?:53 udp: no port was left in the pool and its overflow"
	is "… and two sessions live" "$(e -j show host ${h%0}3 | jq -c 'map([.sessions, .failed, .last_failure.reason])')" \
		'[[2,1,"exhausted"]]'
done
like "host-limit" "$(e show host fd00:2::/64 | tr -s ' '; e -j show host fd00:2::/64)" '"reason": ?"host-limit"'
is "nobody has seen this host" "$(e show host 10.9.9.9; e -j show host 10.9.9.9)" \
	"no sessions of that host live, and none of its connections failed lately
[]"

# host-limit is exact: four processes of one host, four hundred flows, a hundred granted.
# The far side is not to answer for each of these ports.
on "$MS" nft -f - <<-'TXT'
	table inet quiet {
		chain in {
			type filter hook input priority 0;
			udp dport 20000-29999 drop
		}
	}
	TXT
for f in 4 6; do
	addresses $f
	h=${A%10}21 n=$(stat drop_host_limit)
	pids=()
	for i in 0 1 2 3; do
		nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" spray "$h,$((7000 + i))" $MS1 \
			$((20000 + 1000 * i)) $((20099 + 1000 * i)) &
		pids+=($!)
	done
	wait "${pids[@]}"
	is "IPv$f of 400 flows at once 100 are granted" "$(live host "$h")" 100
	is "IPv$f the others are counted" $(($(stat drop_host_limit) - n)) 300
	is "IPv$f show host" "$(e -j show host "$h" | jq -c 'map([.sessions, .limit, .failed, .last_failure.reason])')" \
		'[[100,100,300,"host-limit"]]'
	like "IPv$f another host is served meanwhile" "$(calls host udp "${h%1}2" $MS1)" "^[12]"
done
is "there never were more: two hosts with a hundred, two with one" "$(pool limit .peak_sessions)" 202
is "nothing is called exhausted" "$(pool limit .exhausted)" 0

# A flood of one at its limit, and others beside it
spawn nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" flood 10.1.0.21 198.18.0.4 \
	fd00:1::21 2001:db8:365::4
n=$(stat drop_host_limit)
ok "a host at its limit goes on and on" busywait 10 at_least $((n + 500)) stat drop_host_limit
is "twenty flows of another one are served" "$(calls host --timeout 3 --count 10 udp 10.1.0.22 198.18.0.2 \
	udp fd00:1::22 2001:db8:365::2 | grep -c '^[12]')" 20
is "it has what it may have" "$(e -j show host pool limit host 10.1.0.21 | jq '.[0].sessions')" 100
finish
