#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 9: connections that are there before ernat, or that somebody puts into
# conntrack while it runs. Those that carry a pool's address become sessions: counted,
# and their port given to nobody else. Those that a snat rule matches and that carry
# none are ended. What no rule matches, what is exempt, what comes from outside and
# the router's own stays as it is. rmmod, insmod and apply under traffic, as
# Documentation/operations.md says, lose no session and no mapping, and nothing
# leaves untranslated in between.
#
# Topology: topo_lab of lib-lab.sh; 10.2.0.0/16 and fd00:2::/64 are of no rule.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

modprobe -qa nf_conntrack nf_nat nft_chain_nat nft_nat nft_ct
topo_lab
serve "$HOST"
served "$HOST"
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=900 \
	net.netfilter.nf_conntrack_udp_timeout_stream=900
conf() {
	cat <<-'TXT'
	pool p { address 198.51.100.1; address 2001:db8:beef::1; port 2000-2009; }
	route-source er { device er0; }
	rule exempt { to er; from 10.1.0.12, fd00:1::12; exempt; }
	rule p { to er; from 10.1.0.0/16, fd00:1::/64; snat p; }
	TXT
}

# Before ernat: one host is translated by nft, to what will be a pool's address
on "$RTR" nft -f - <<-'TXT'
	table inet before {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname "er0" ip saddr 10.1.0.10 snat ip to 198.51.100.1
			oifname "er0" ip6 saddr fd00:1::10 snat ip6 to 2001:db8:beef::1
		}
	}
	TXT
# entry FAMILY HOST: what conntrack has of it
entry() {
	on "$RTR" conntrack -L -f "ipv$1" -p tcp -s "$2" 2>/dev/null
}
for f in 4 6; do
	addresses $f
	P=${A%10}
	talk mapped$f "$HOST" --sport 2003 tcp "${P}10" $MS1 >"$TMP/mapped$f"
	talk bare$f "$HOST" tcp "${P}11" $MS1 >"$TMP/bare$f"
	talk exempt$f "$HOST" tcp "${P}12" $MS1 >"$TMP/exempt$f"
	other=10.2.0.10 own=203.0.113.1
	[ $f = 4 ] || other=fd00:2::10 own=2001:db8:e0::1
	talk other$f "$HOST" tcp $other $MS1 >"$TMP/other$f"
	talk own$f "$RTR" tcp $own $MS1 >"$TMP/own$f"
	talk out$f "$MS" tcp $MS1 "${P}13" >"$TMP/out$f"
done
is "connections" "$(cut -d' ' -f1 "$TMP"/{mapped,bare,exempt,other,own,out}4 | tr '\n' ' ')" \
	"198.51.100.1 10.1.0.11 10.1.0.12 10.2.0.10 203.0.113.1 198.18.0.1 "
is "of IPv6" "$(cut -d' ' -f1 "$TMP"/{mapped,bare,exempt,other,own,out}6 | tr '\n' ' ')" \
	"2001:db8:beef::1 fd00:1::11 fd00:1::12 fd00:2::10 2001:db8:e0::1 2001:db8:365::1 "

load
conf | apply "the first ruleset of this module"
is "adopted and ended" "$(e -j show stats | jq -c '[.adopted, .unmapped, .sessions, .created]')" "[2,2,2,2]"
is "as an event" "$(e -j show event | jq -c '[.[] | select(.event == "adopted") | [.count, .ended]]')" "[[2,2]]"
is "the sessions" "$(sessions '.[] | "\(.pool) \(.rule) \(.route_source) \(.protocol) \(.source) \(.source_port) \(.mapped) \(.mapped_port) \(.state)"' |
	sort)" "p p er tcp 10.1.0.10 2003 $(cat "$TMP/mapped4") established
p p er tcp fd00:1::10 2003 $(cat "$TMP/mapped6") established"
swept 3
is "counted by pool" "$(e -j show pool p | jq -c '.[0] | [.sessions, .hosts, .busiest.sessions,
	[.addresses[].sessions]]')" "[2,2,1,[1,1]]"
is "by rule and route source" "$(e -j show rule p | jq .[0].sessions; e -j show route-source er |
	jq .[0].sessions)" "2
2"
is "by host" "$(e -j show host | jq -c 'map([.host, .sessions, .mapped]) | sort')" \
	'[["10.1.0.10",1,"198.51.100.1"],["fd00:1::10",1,"2001:db8:beef::1"]]'
is "by destination" "$(e -j show destination | jq -c 'map([.destination, .destination_port, .sessions, .used]) | sort')" \
	'[["198.18.0.1",7,1,1],["2001:db8:365::1",7,1,1]]'
for f in 4 6; do
	addresses $f
	P=${A%10}
	is "IPv$f the adopted one goes on" "$(say mapped$f)" "$(cat "$TMP/mapped$f")"
	is "IPv$f the exempt one" "$(say exempt$f)" "$(cat "$TMP/exempt$f")"
	is "IPv$f one of no rule" "$(say other$f)" "$(cat "$TMP/other$f")"
	is "IPv$f the router's own" "$(say own$f)" "$(cat "$TMP/own$f")"
	is "IPv$f one from outside" "$(say out$f)" "$(cat "$TMP/out$f")"
	is "IPv$f that without a mapping is not in conntrack" "$(entry $f "${P}11")" ""
	unlike "IPv$f and does not go on untranslated" "$(say bare$f)" "^${P}11 "
	# The client's socket sees a reset, if anything; a new connection is in order.
	pub=198.51.100.1
	[ $f = 4 ] || pub=2001:db8:beef::1
	is "IPv$f a new one is" "$(seen_addr "$HOST" tcp "${P}11" $MS2)" "$pub"
	seen "$HOST" --timeout 1 --count 10 tcp "${P}14" $MS1 >"$TMP/got"
	is "IPv$f of ten ports nine are left" "$(grep -c "^$pub " "$TMP/got")" 9
	is "IPv$f and not that of the adopted one" "$(grep -c "^$pub 2003$" "$TMP/got")" 0
done
on "$RTR" nft delete table inet before
is "nobody else translates any more, and it goes on" "$(say mapped4; say mapped6)" \
	"$(cat "$TMP/mapped4" "$TMP/mapped6")"

# While it runs: what conntrackd or an operator puts there
e clear session host 10.1.0.14 >/dev/null
e clear session host fd00:1::14 >/dev/null
adopted=$(stat adopted)
on "$RTR" conntrack -I -p udp -t 900 -u SEEN_REPLY,ASSURED -s 10.1.0.15 -d 198.18.0.1 \
	--sport 3000 --dport 7 --src-nat 198.51.100.1:2005 >/dev/null 2>"$TMP/err"
on "$RTR" conntrack -I -p udp -t 900 -u SEEN_REPLY,ASSURED -s fd00:1::15 -d 2001:db8:365::1 \
	--sport 3000 --dport 7 --src-nat '[2001:db8:beef::1]:2005' >/dev/null 2>>"$TMP/err"
on "$RTR" conntrack -I -p udp -t 900 -u SEEN_REPLY,ASSURED -s 10.1.0.16 -d 198.18.0.1 \
	--sport 3000 --dport 7 >/dev/null 2>>"$TMP/err"
is "three entries are put into conntrack" "$(on "$RTR" conntrack -L -p udp 2>/dev/null |
	grep -c 'src=10.1.0.1[56] '; on "$RTR" conntrack -L -f ipv6 -p udp 2>/dev/null |
	grep -c 'src=fd00:1::15 '; grep -v 'entries have been' "$TMP/err")" "2
1"
# The look that is taken every ten seconds may have found the two before.
is "ernat adopt" "$(e -j adopt | jq -c .ended) $(($(stat adopted) - adopted))" "1 2"
is "they are sessions" "$(sessions '.[] | "\(.mapped) \(.mapped_port)"' host 10.1.0.15
	sessions '.[] | "\(.mapped) \(.mapped_port)"' host fd00:1::15)" "198.51.100.1 2005
2001:db8:beef::1 2005"
is "and none twice" "$(e -j adopt | jq -c '[.adopted, .ended]')
$(live host 10.1.0.15) $(live host fd00:1::15) $(live host 10.1.0.16)" "[0,0]
1 1 0"
is "its packets are of it" "$(seen "$HOST" --sport 3000 udp 10.1.0.15 198.18.0.1)" "198.51.100.1 2005"
seen "$HOST" --timeout 1 --count 10 udp 10.1.0.17 198.18.0.1 udp fd00:1::17 2001:db8:365::1 >"$TMP/got"
is "nine of ten ports are left, without theirs" \
	"$(grep -c ' 20' "$TMP/got") $(grep -c ' 2005$' "$TMP/got")" "18 0"
on "$RTR" conntrack -D -s 10.1.0.15 >/dev/null 2>&1
ok "an adopted one ends with its entry" busywait 5 gives 0 live host 10.1.0.15

# A new module under traffic. First all that was here before goes.
e clear session all >/dev/null
busywait 5 gives 0 stat sessions >/dev/null
on "$MS" nft -f - <<-'TXT'
	table inet watch {
		counter inside { }
		chain pre {
			type filter hook prerouting priority -300;
			iifname "p0" ip saddr 10.1.0.0/16 ip saddr != 10.1.0.12 counter name inside
			iifname "p0" ip6 saddr fd00:1::/64 ip6 saddr != fd00:1::12 counter name inside
		}
	}
	TXT
conf | sed 's/port 2000-2009;//' | apply "a pool of all ports"
talk keep4 "$HOST" tcp 10.1.0.18 198.18.0.1 >"$TMP/keep4"
talk keep6 "$HOST" tcp fd00:1::18 2001:db8:365::1 >"$TMP/keep6"
spawn nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" call --hold "$TMP/held" --count 30 \
	tcp 10.1.0.19 198.18.0.2 tcp fd00:1::19 2001:db8:365::2 >"$TMP/live"
ok "sixty connections more" busywait 30 test -e "$TMP/held"
spawn nsenter --net="/run/netns/$HOST" python3 "$HERE/peer.py" flood 10.1.0.20 198.18.0.3 \
	fd00:1::20 2001:db8:365::3
flood=$!
what='[.[] | [.source, .source_port, .mapped, .mapped_port, .rule]] | sort'
sessions "$what" protocol tcp >"$TMP/tcp"
is "62 sessions" "$(jq length "$TMP/tcp")" 62
# The recipe, as it stands in Documentation/operations.md
on "$RTR" nft add table inet hold
on "$RTR" nft add chain inet hold nat '{ type nat hook postrouting priority 101; }'
on "$RTR" nft add chain inet hold gap '{ type filter hook forward priority 0; }'
on "$RTR" nft add rule inet hold gap ct state new drop
n=$(on "$RTR" conntrack -C)
ok "rmmod under traffic" timeout $((20 * SLOW)) rmmod ernat
is "established ones are translated without it" "$(say keep4; say keep6)" "$(cat "$TMP/keep4" "$TMP/keep6")"
cmp "conntrack has kept them" "$(on "$RTR" conntrack -C)" -ge 62
load
conf | sed 's/port 2000-2009;//' | apply "a new module, the same ruleset"
on "$RTR" nft delete table inet hold
is "every session is there again, with its mapping" "$(sessions "$what" protocol tcp)" "$(cat "$TMP/tcp")"
is "each goes on" "$(say keep4; say keep6)" "$(cat "$TMP/keep4" "$TMP/keep6")"
is "all were adopted, none was ended" "$(e -j show stats | jq -c '[.adopted >= 62, .unmapped]')" "[true,0]"
kill "$flood"
ok "new flows are translated" busywait 10 says '^198.51.100.1 ' seen "$HOST" --timeout 1 udp 10.1.0.21 198.18.0.1
is "nothing has left untranslated" "$(on "$MS" nft -j list counter inet watch inside |
	jq '.nftables[].counter? // empty | .packets')" 0
finish
