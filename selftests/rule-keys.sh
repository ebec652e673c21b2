#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every key of a rule: in, out, from, dest, sets, except, protocol, sport, dport,
# mark, family, to none, from local, wildcards, devices that do not exist; first
# match decides; actions snat, exempt, drop. (vrf: vrf-zones.sh; return:
# r2-*.sh.)
#
# Topology: topo_edge of lib-topo.sh. Rule N gives address N of the pool range,
# so the far side sees which rule it was.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge bird

# From here on Microsoft could answer inside addresses.
ip -n "$MS" route add 10.0.0.0/8 via 203.0.113.1
ip -n "$MS" route add fd00::/16 via fe80::1 dev p0
on "$RTR" nft -f - <<-'TXT'
	table inet marks {
		chain pre {
			type filter hook prerouting priority -150;
			ip saddr 10.1.0.14 meta mark set 0x25
			ip6 saddr fd00:1::14 meta mark set 0x25
		}
	}
	TXT

pools() {
	local n

	for n in {1..20}; do
		printf 'pool p%d { address 198.51.100.%d; address 2001:db8:beef::%x; }\n' \
			"$n" "$n" "$n"
	done
}

{
	pools
	cat <<-'TXT'
	set ms { 198.18.0.0/16; 2001:db8:365::/48; except 198.18.0.3; except 2001:db8:365::3; }
	set some { 10.1.0.16/31; fd00:1::16/127; except 10.1.0.17; except fd00:1::17; }
	route-source er { device er0, er1; }
	rule r1 { to er; in nosuch0; snat p1; }
	rule r2 { to er; dport 5001, 5003-5004; protocol tcp; snat p2; }
	rule r3 { to er; sport 6000-6010; snat p3; }
	rule r4 { dest 198.18.0.2/32, 2001:db8:365::2; protocol udp; snat p4; }
	rule r5 { mark 0x5/0xf; to er; snat p5; }
	rule r6 { from 10.1.0.15, fd00:1::15; family ipv6; snat p6; }
	rule r7 { from 10.1.0.15, fd00:1::15; family ipv4; snat p7; }
	rule r8 { to er; from some; snat p8; }
	rule r9 { from 10.1.0.18, fd00:1::18; out inet*; snat p9; }
	rule r10 { from 10.1.0.18, fd00:1::18; out e*; snat p10; }
	rule r11 { from 10.1.0.19, fd00:1::19; in er0, in*; snat p11; }
	rule r12 { to none; snat p12; }
	rule r13 { from 10.1.0.20, fd00:1::20; drop; }
	rule r14 { from 10.1.0.21, fd00:1::21; exempt; }
	rule r15 { dest ms; from 10.1.0.0/16, fd00:1::/64; snat p15; }
	rule r16 { to er; from 10.1.0.0/16, fd00:1::/64; snat p16; }
	rule r17 { to er; from 10.2.0.0/16, fd00:2::/64; protocol 132, icmp, icmpv6; snat p17; }
	TXT
} >"$TMP/all"
apply "a ruleset with every key applies" <"$TMP/all"

want=()
flows=()
# flow WHAT WANTED PROTOCOL HOST[,PORT] DEST[,PORT]: HOST and DEST without what
# the families differ in
flow() {
	local what=$1 n=$2 p=$3 h=${4%,*} hp='' d=${5%,*} dp=''

	[ "$h" = "$4" ] || hp=,${4#*,}
	[ "$d" = "$5" ] || dp=,${5#*,}
	flows+=("$p" "10.1.0.$h$hp" "198.18.0.$d$dp"
		"$p" "fd00:1::$h$hp" "2001:db8:365::$d$dp")
	want+=("IPv4 $what=$n" "IPv6 $what=$n")
}

flow "nothing special: the later rule" 15 tcp 10 1
flow "dport, a value" 2 tcp 10 1,5001
flow "dport, in a range" 2 tcp 10 1,5004
flow "dport, another" 15 tcp 10 1,5002
flow "dport, of another protocol" 15 udp 10 1,5001
flow "sport, first" 3 udp 10,6000 1
flow "sport, last" 3 tcp 11,6010 1
flow "sport, beyond" 15 tcp 11,6011 1
flow "dest and protocol" 4 udp 10 2
flow "dest of another protocol" 15 tcp 10 2
flow "mark under its mask" 5 udp 14 1
flow "set" 8 tcp 16 1
flow "except of a set" 15 tcp 17 1
flow "out, wildcard" 10 tcp 18 1
flow "in, wildcard" 11 tcp 19 1
flow "drop" drop udp 20 1
flow "exempt" exempt tcp 21 1
flow "dest's except" 16 tcp 10 3
flow "family" family tcp 15 1
seen "$HOST" "${flows[@]}" >"$TMP/got"
i=0
while read -r addr _; do
	what=${want[i]%=*}
	n=${want[i]##*=}
	i=$((i + 1))
	case "$n:$what" in
	drop:*)		exp=timeout ;;
	exempt:IPv4*)	exp=10.1.0.21 ;;
	exempt:*)	exp=fd00:1::21 ;;
	family:IPv4*)	exp=198.51.100.7 ;;
	family:*)	exp=2001:db8:beef::6 ;;
	*:IPv4*)	exp=198.51.100.$n ;;
	*)		exp=$(printf '2001:db8:beef::%x' "$n") ;;
	esac
	is "$what" "$addr" "$exp"
done <"$TMP/got"
is "every flow was judged" "$i" "${#want[@]}"

like "IPv4 protocol by number: SCTP" \
	"$(seen "$HOST" sctp 10.2.0.10 198.18.0.3)" '^198[.]51[.]100[.]17 '
like "… and what no rule matches keeps its address" \
	"$(seen "$HOST" tcp 10.2.0.10 198.18.0.3)" '^10[.]2[.]0[.]10 ' 
cmp "drops are counted" "$(stat drop_rule)" -ge 2
is "hits of a rule are counted" \
	"$(e -j show rule r4 | jq -r '(if type == "array" then .[0] else . end).hits')" 2

# to none: destinations whose route has no source. The Internet cannot answer
# ExpressRoute's pool; what counts is what arrives.
on "$INET" nft -f - <<-'TXT'
	table inet none {
		counter hit { }
		chain pre {
			type filter hook prerouting priority -400;
			ip saddr 198.51.100.12 counter name hit
			ip6 saddr 2001:db8:beef::c counter name hit
		}
	}
	TXT
seen "$HOST" --timeout 0.5 udp 10.1.0.10 198.19.0.1 \
	udp fd00:1::10 2001:db8:1::1 >/dev/null
is "to none: the route has no source" "$(on "$INET" nft -j list counters table inet none |
	jq '.nftables[1].counter.packets')" 2

# The router's own packets
ms_sees() {
	seen "$RTR" tcp "$1" "$2"
}
like "IPv4 the router's own are left alone" "$(ms_sees 10.1.0.1 198.18.0.1)" '^10[.]1[.]0[.]1 '
like "IPv6 the router's own are left alone" "$(ms_sees fd00:1::1 2001:db8:365::1)" '^fd00:1::1 '
{
	sed '/^rule/d' "$TMP/all"
	echo 'rule own { from local; dest ms; snat p18; }'
} | apply "a rule from local applies"
like "IPv4 from local: translated" "$(ms_sees 10.1.0.1 198.18.0.1)" '^198[.]51[.]100[.]18 '
like "IPv6 from local: translated" "$(ms_sees fd00:1::1 2001:db8:365::1)" '^2001:db8:beef::12 '
like "IPv4 hosts are not local" "$(seen "$HOST" tcp 10.1.0.10 198.18.0.1)" '^10[.]1[.]0[.]10 '
finish
