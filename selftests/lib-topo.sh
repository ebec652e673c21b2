# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2153
#
# Topologies of the selftests; sourced by lib.sh.
#
# topo_edge frr|bird: one edge router with both links
#
#   HOST                    RTR, AS 64500                 MS, AS 12076
#   10.1.0.10/16 eth0 ──in0 10.1.0.1/16
#   10.1.0.11-29                203.0.113.1/30 er0 ── p0 203.0.113.2/30
#   10.2.0.10-29                203.0.113.5/30 er1 ── p1 203.0.113.6/30
#   192.0.2.10  leaked                                 lo 198.18.0.1-4, 198.18.128.1
#   192.0.2.70  service                                i0 192.0.2.133/30
#                             192.0.2.129/30 inet0         │
#                                     │             m0 192.0.2.134/30
#                                     └──── r0 192.0.2.130/30
#                                           INET, AS 64510; lo 198.19.0.1-2
#
#   The same in IPv6: 2001:db8:e0::/126, :e1:, :e2: (RTR-INET), :e3: (MS-INET);
#   hosts fd00:1::10 to ::29 and fd00:2::10 to ::29, router fd00:1::1; leaked
#   2001:db8:10::10, service 2001:db8:70::70; Microsoft 2001:db8:365::1 to ::4 and
#   2001:db8:365:8000::1; Internet 2001:db8:1::1 and ::2.
#   MS's link-local addresses are fe80::2 (p0), fe80::6 (p1); INET's is fe80::a.
#
#   MS announces 198.18.0.0/16 and 198.18.128.0/17, over ExpressRoute and to the
#   Internet; INET a default route, 198.19.0.0/16 and what it hears from MS. RTR
#   announces its pools for ExpressRoute (198.51.100.0/25, 2001:db8:beef::/48)
#   and the leaked prefix to MS only, its pool for the Internet
#   (203.0.113.128/28, 2001:db8:cafe::/48) and the service's prefix to INET only.
#   Routes come from FRR or BIRD on RTR and from BIRD on the other two.

# bird_start NS CONFIG NAME
bird_start() {
	on "$1" bird -c "$HERE/conf/$2" -s "$TMP/bird.$3" -P "$TMP/bird.$3.pid" \
		>"$TMP/bird.$3.log" 2>&1 ||
		skip_all "bird does not start: $(cat "$TMP/bird.$3.log")"
}

# birdc_on NAME COMMAND...
birdc_on() {
	local name=$1

	shift
	birdc -s "$TMP/bird.$name" "$@"
}

# frr_start NS NAME [DAEMON...]: conf/NAME-zebra.conf, conf/NAME-bgpd.conf
frr_start() {
	local ns=$1 name=$2 path d

	path=$name-$TAG
	# The daemons give up root and refuse what frr cannot read.
	mkdir -p "/run/frr/$path" "/etc/frr/$path"
	for d in zebra bgpd; do
		cp "$HERE/conf/$name-$d.conf" "/etc/frr/$path/$d.conf"
	done
	: >"/etc/frr/$path/vtysh.conf"
	chown -R frr:frr "/run/frr/$path" "/etc/frr/$path"
	for d in zebra bgpd; do
		on "$ns" /usr/lib/frr/$d -N "$path" -d \
			-f "/etc/frr/$path/$d.conf" \
			-i "/run/frr/$path/$d.pid" >"$TMP/frr.$d.log" 2>&1 ||
			skip_all "$d does not start: $(cat "$TMP/frr.$d.log")"
	done
}

# vty NAME COMMAND: in FRR's shell
vty() {
	vtysh -N "$1-$TAG" -c "$2"
}

# route_to NS REGEX PREFIX: for busywait: the prefix's routes say REGEX
route_to() {
	case "$3" in
	*:*)	says "$2" ip -6 -n "$1" route show "$3" ;;
	*)	says "$2" ip -n "$1" route show "$3" ;;
	esac
}

# addrs DEV ADDRESS...: lines for batch
addrs() {
	local dev=$1 a

	shift
	for a; do
		case "$a" in
		*:*)	echo "addr add $a dev $dev nodad" ;;
		*)	echo "addr add $a dev $dev" ;;
		esac
	done
}

# The links and addresses of one edge router, without routes.
topo_links() {
	local i

	setup_ns HOST RTR MS INET
	ROUTERS+=("$RTR")

	batch "$RTR" <<-TXT
	link add in0 type veth peer name eth0 netns $HOST
	link add er0 type veth peer name p0 netns $MS
	link add er1 type veth peer name p1 netns $MS
	link add inet0 type veth peer name r0 netns $INET
	link set in0 up
	link set er0 up
	link set er1 up
	link set inet0 up
	$(addrs in0 10.1.0.1/16 fd00:1::1/64 fe80::1/64)
	$(addrs er0 203.0.113.1/30 2001:db8:e0::1/126 fe80::1/64)
	$(addrs er1 203.0.113.5/30 2001:db8:e1::1/126 fe80::5/64)
	$(addrs inet0 192.0.2.129/30 2001:db8:e2::1/126 fe80::9/64)
	route add blackhole 198.51.100.0/25
	route add blackhole 203.0.113.128/28
	route add blackhole 10.255.0.0/28
	route add blackhole 2001:db8:beef::/48
	route add blackhole 2001:db8:cafe::/48
	route add blackhole fd00:ed::/64
	route add 10.2.0.0/16 via 10.1.0.10
	route add 192.0.2.0/28 via 10.1.0.10
	route add 192.0.2.64/28 via 10.1.0.10
	route add fd00:2::/64 via fd00:1::10
	route add 2001:db8:10::/64 via fd00:1::10
	route add 2001:db8:70::/64 via fd00:1::10
	TXT
	{
		echo "link set eth0 up"
		addrs eth0 fe80::2/64
		for i in {10..29}; do
			addrs eth0 "10.1.0.$i/16" "fd00:1::$i/64"
			addrs lo "10.2.0.$i/32" "fd00:2::$i/128"
		done
		addrs lo 192.0.2.10/32 192.0.2.70/32 2001:db8:10::10/128 \
			2001:db8:70::70/128
		echo "route add default via 10.1.0.1"
		echo "route add default via fd00:1::1"
	} | batch "$HOST"
	batch "$MS" <<-TXT
	link add i0 type veth peer name m0 netns $INET
	link set p0 up
	link set p1 up
	link set i0 up
	$(addrs p0 203.0.113.2/30 2001:db8:e0::2/126 fe80::2/64)
	$(addrs p1 203.0.113.6/30 2001:db8:e1::2/126 fe80::6/64)
	$(addrs i0 192.0.2.133/30 2001:db8:e3::1/126 fe80::d/64)
	$(addrs lo 198.18.0.{1,2,3,4}/32 198.18.128.1/32 \
		2001:db8:365::{1,2,3,4}/128 2001:db8:365:8000::1/128)
	TXT
	batch "$INET" <<-TXT
	link set r0 up
	link set m0 up
	$(addrs r0 192.0.2.130/30 2001:db8:e2::2/126 fe80::a/64)
	$(addrs m0 192.0.2.134/30 2001:db8:e3::2/126 fe80::e/64)
	$(addrs lo 198.19.0.{1,2}/32 2001:db8:1::{1,2}/128)
	TXT
}

# Packets at MS that came over ExpressRoute with an inside address.
watch_leaks() {
	on "$MS" nft -f - <<-TXT
	table inet leak {
		chain pre {
			type filter hook prerouting priority -400;
			iifname { "p0", "p1" } ip saddr { 10.0.0.0/8, 172.16.0.0/12 } counter name leak4
			iifname { "p0", "p1" } ip6 saddr fd00::/16 counter name leak6
		}
		counter leak4 { }
		counter leak6 { }
	}
	TXT
}

leaks() {
	on "$MS" nft -j list counters table inet leak |
		jq '[.nftables[] | .counter? // empty | .packets] | add'
}

# routes NS: all of them, a line each
routes() {
	ip -o -n "$1" route
	ip -o -6 -n "$1" route
}

# learned NS REGEX...: for busywait: a route for each; says which lack
learned() {
	local ns=$1

	shift
	routes "$ns" | awk -v all="$(printf '%s\n' "$@")" '
		BEGIN { n = split(all, re, "\n") }
		{ for (i = 1; i <= n; i++) if ($0 ~ re[i]) has[i] = 1 }
		END {
			for (i = 1; i <= n; i++)
				if (!has[i]) { print "no route " re[i]; lack = 1 }
			exit lack
		}'
}

# Until everybody has learned everything.
bgp_up() {
	busywait 40 learned "$RTR" '^198[.]18[.]0[.]0/16 .*er0' \
		'^198[.]18[.]0[.]0/16 .*er1' '^2001:db8:365::/48 .*er0' \
		'^2001:db8:365::/48 .*er1' '^default .*inet0.*pref' \
		'^default via [0-9.]+ dev inet0|^default nhid.* via [0-9.]+ dev inet0' \
		'^2001:db8:1::/48 .*inet0' '^198[.]19[.]0[.]0/16 .*inet0' &&
	busywait 20 learned "$MS" '^198[.]51[.]100[.]0/25 .*p0' \
		'^198[.]51[.]100[.]0/25 .*p1' '^2001:db8:beef::/48 .*p0' \
		'^2001:db8:beef::/48 .*p1' '^192[.]0[.]2[.]64/28 .*i0' \
		'^2001:db8:70::/64 .*i0' '^203[.]0[.]113[.]128/28 .*i0' &&
	busywait 20 learned "$INET" '^203[.]0[.]113[.]128/28 .*r0' \
		'^2001:db8:cafe::/48 .*r0' '^198[.]18[.]0[.]0/16 .*m0' \
		'^2001:db8:365::/48 .*m0'
}

topo_edge() {
	topo_links
	serve "$HOST"
	serve "$MS"
	serve "$INET"
	case "$1" in
	frr)	frr_start "$RTR" rtr ;;
	bird)	bird_start "$RTR" rtr-bird.conf rtr ;;
	esac
	bird_start "$MS" ms-bird.conf ms
	bird_start "$INET" inet-bird.conf inet
	watch_leaks
	ok "BGP is up ($1)" bgp_up || exit 1
	served "$HOST"
	served "$MS"
	served "$INET"
}

# The ruleset that most tests start from. With FRR, "protocol bgp" tells the
# routes; with BIRD, their devices.
base_conf() {
	sed "s/@PROTOCOL@/$1/" "$HERE/conf/base.conf"
}
