#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "clear session" by each key of a filter, by several, and "all": those that the
# filter means end, and no other; their conntrack entries are gone, their ports free.
#
# Topology: topo_lab of lib-lab.sh, and behind a VRF
#
#   RED eth0 10.3.0.10/24 ── red0 10.3.0.1 RTR, vrf red
#            fd00:3::10/64        fd00:3::1

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
modprobe -q vrf
topo_lab
setup_ns RED
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=900 \
	net.netfilter.nf_conntrack_udp_timeout_stream=900 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=900 \
	net.ipv4.conf.all.rp_filter=0
batch "$RTR" <<-TXT
	link add red type vrf table 1001
	link set red up
	link add red0 type veth peer name eth0 netns $RED
	link set red0 master red
	link set red0 up
	$(addrs red0 10.3.0.1/24 fd00:3::1/64)
	route add 198.18.0.0/16 via 203.0.113.2 dev er0 table 1001
	route add 2001:db8:365::/48 via 2001:db8:e0::2 dev er0 table 1001
	route add 10.3.0.0/24 dev red0
	route add fd00:3::/64 dev red0
	TXT
batch "$RED" <<-TXT
	link set eth0 up
	$(addrs eth0 10.3.0.10/24 fd00:3::10/64)
	route add default via 10.3.0.1
	route add default via fd00:3::1
	TXT
conf() {
	cat <<-'TXT'
	pool p { address 198.51.100.0/30; address 2001:db8:beef::/126; }
	pool q { address 198.51.100.8; address 2001:db8:beef::8; port 2000-2003; }
	route-source six { prefix 2001:db8:365::/48; }
	route-source er { device er0; }
	rule dns { to er, six; dport 53; snat p; }
	rule q { to er, six; from 10.1.0.11, fd00:1::11; snat q; }
	rule rest { to er, six; snat p; }
	TXT
}
conf | apply "two pools, rules and route sources"
caller host "$HOST"
caller red "$RED"

# What each test begins with; UDP flows that are there already stay as they are
flows() {
	calls host --timeout 2 \
		udp 10.1.0.10,3000+10.1.0.10,3001 198.18.0.1 udp 10.1.0.10,3002 198.18.0.2,53 \
		udp 10.1.0.11,3000 198.18.0.1 tcp 10.1.0.12 198.18.0.1,443 \
		udp fd00:1::10,3000+fd00:1::10,3001 2001:db8:365::1 \
		udp fd00:1::10,3002 2001:db8:365::2,53 \
		udp fd00:1::11,3000 2001:db8:365::1 tcp fd00:1::12 2001:db8:365::1,443
	calls red --timeout 2 udp 10.3.0.10,3000 198.18.0.1 udp fd00:3::10,3000 2001:db8:365::1
}
# keys JQ: what is known of the sessions of $TMP/before for which JQ holds
keys() {
	jq -r ".[] | select($1) | \"\(.protocol) \(.source) \(.source_port)\"" "$TMP/before" | sort
}
in_conntrack() {
	{
		on "$RTR" conntrack -L -f ipv4
		on "$RTR" conntrack -L -f ipv6
	} 2>/dev/null | awk '/ (tcp|udp) |^(tcp|udp) / {
		src = sport = ""
		for (i = 1; i <= NF; i++) {
			if (src == "" && $i ~ /^src=/) src = substr($i, 5)
			if (sport == "" && $i ~ /^sport=/) sport = substr($i, 7)
		}
		print $1, src, sport
	}' | sort
}

# clears JQ FILTER...: the sessions for which JQ holds are those of the FILTER
clears() {
	local jq=$1 n

	shift
	flows >"$TMP/got"
	e -j show session >"$TMP/before"
	n=$(keys "$jq" | wc -l)
	is "clear session $*: ends $n" "$(e -j clear session "$@" | jq .cleared)" "$n"
	keys "$jq | not" >"$TMP/stay"
	is "… no other" "$(e -j show session | jq -r '.[] | "\(.protocol) \(.source) \(.source_port)"' |
		sort)" "$(cat "$TMP/stay")"
	is "… and conntrack has no more" "$(in_conntrack)" "$(cat "$TMP/stay")"
}

flows >"$TMP/got"
is "flows" "$(grep -c '^[12]' "$TMP/got")" 12
is "a session for each" "$(stat sessions)" 12
e -j show session >"$TMP/before"
is "of every key there are some and others" "$(for k in pool rule route_source protocol vrf; do
	jq -r "[.[].$k] | unique | length > 1" "$TMP/before"
done | sort -u)" true
clears '.pool == "q"' pool q
clears '.rule == "dns"' rule dns
clears '.route_source == "six"' route-source six
clears '.source == "10.1.0.10"' host 10.1.0.10
clears '.source == "fd00:1::10" and .source_port == 3001' host '[fd00:1::10]:3001'
clears '.source | startswith("10.1.0.")' host 10.1.0.0/24
clears '.destination == "198.18.0.2"' dest 198.18.0.2
clears '.destination == "2001:db8:365::1" and .destination_port == 443' dest '[2001:db8:365::1]:443'
clears '.destination | startswith("198.18.")' dest 198.18.0.1-198.18.0.2
clears '.protocol == "tcp"' protocol tcp
clears '.vrf == "red"' vrf red
flows >"$TMP/got"
mapped=$(sessions '.[0].mapped' host 10.1.0.10) port=$(sessions '.[0].mapped_port' host fd00:1::11)
clears ".mapped == \"$mapped\"" mapped "$mapped"
clears ".mapped == \"2001:db8:beef::8\" and .mapped_port == $port" mapped "[2001:db8:beef::8]:$port"
clears '.source == "10.1.0.10" and .destination == "198.18.0.1" and .rule == "rest"' \
	host 10.1.0.10 dest 198.18.0.1 rule rest protocol udp pool p
clears false host 10.9.9.9
clears false pool nosuch
n=$(stat cleared)
clears true all
cmp "cleared sessions are counted" "$(stat cleared)" -gt "$n"
is "and told" "$(e -j show event | jq -r '[.[] | select(.event == "cleared") | .count] | add')" \
	"$(stat cleared)"

# Ports
e clear session all >/dev/null
for f in 4 6; do
	addresses $f
	calls host --sport 4000 --count 4 udp $B $MS1 >"$TMP/got"
	is "IPv$f all four ports are used" "$(cut -d' ' -f2 "$TMP/got" | sort | tr '\n' ' ')" "2000 2001 2002 2003 "
	pub=198.51.100.8:2002
	[ $f = 4 ] || pub="[2001:db8:beef::8]:2002"
	e clear session mapped "$pub" >/dev/null
	is "IPv$f the port that was cleared is the one that is free" \
		"$(calls host udp $B,4004 $MS1 | cut -d' ' -f2)" 2002
done

# What does not say which sessions ends none
flows >"$TMP/got"
n=$(stat sessions)
for args in "" "host" "hosts 10.1.0.10" "all pool p" "host 10.1.0.10 host 10.1.0.11"; do
	# shellcheck disable=SC2086
	e clear session $args >/dev/null 2>&1
	is "clear session $args: usage" $? 2
done
is "and nothing ended" "$(stat sessions)" "$n"
finish
