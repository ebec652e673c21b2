#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R6: a pool can be any length: one address, ranges that are not contiguous, less
# some; addresses on standby, draining, or another router's; port lists; overflow;
# what happens when nothing is left; a /16 and an IPv6 /64 without memory in
# proportion. Invariant 2 for one address: each of its ports is given out.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
ER='route-source er { device er0; }'
HOSTS4=$(printf '10.1.0.%d+' {10..29}) HOSTS4=${HOSTS4%+}
HOSTS6=$(printf 'fd00:1::%d+' {10..29}) HOSTS6=${HOSTS6%+}

# all_from WHAT REGEX HOW-MANY: flows of 20 hosts in both families; how many
# addresses they got
all_from() {
	local used

	seen "$HOST" udp "$HOSTS4" 198.18.0.1 udp "$HOSTS6" 2001:db8:365::1 >"$TMP/got"
	is "$1: every flow got a right address" \
		"$(wc -l <"$TMP/got") $(grep -vE "^($2) " "$TMP/got")" "40 "
	used=$(cut -d' ' -f1 "$TMP/got" | sort -u | wc -l)
	is "$1: and each is used" "$used" "$3"
}

apply "one address" <<-TXT
	$ER
	pool p { address 198.51.100.1; address 2001:db8:beef::1/128; }
	rule r { to er; snat p; }
	TXT
all_from "one address" '198[.]51[.]100[.]1|2001:db8:beef::1' 2
is "one address: no port twice" "$(sort "$TMP/got" | uniq -d)" ""
is "\"ports\" is what one destination can hold" "$(pool p .ports)" 64512

apply "ranges, less some" <<-TXT
	$ER
	pool p {
		address 198.51.100.8-198.51.100.10; address 198.51.100.200/31;
		except 198.51.100.9; except 198.51.100.201;
		address 2001:db8:beef::8-2001:db8:beef::a; address 2001:db8:beef:1::/127;
		except 2001:db8:beef::9; except 2001:db8:beef:1::1;
	}
	rule r { to er; snat p; }
	TXT
all_from "ranges" '198[.]51[.]100[.](8|10|200)|2001:db8:beef::[8a]|2001:db8:beef:1::' 6
is "ranges: ports" "$(pool p .ports)" $((3 * 64512))

apply "standby and drain" <<-TXT
	$ER
	pool p {
		address 198.51.100.16/31; address 198.51.100.18/31 standby; address 198.51.100.20/30 drain;
		address 2001:db8:beef::10/127; address 2001:db8:beef::12/127 standby; address 2001:db8:beef::14/126 drain;
	}
	rule r { to er; snat p; }
	TXT
all_from "standby and drain" '198[.]51[.]100[.]1[67]|2001:db8:beef::1[01]' 4
is "standby and drain do not count" "$(pool p .ports)" $((2 * 64512))
is "their states are shown" \
	"$(pool p '[.addresses[].state] | unique | join(" ")')" "active drain standby"

cat >"$TMP/router.conf" <<-TXT
	$ER
	pool p {
		address 198.51.100.32/31 router a; address 198.51.100.34/31 router b;
		address 2001:db8:beef::20/127 router a; address 2001:db8:beef::22/127 router b;
	}
	rule r { to er; snat p; }
	TXT
ok "applied as router b" e apply "$TMP/router.conf" --router b
all_from "router b" '198[.]51[.]100[.]3[45]|2001:db8:beef::2[23]' 4

# Ports: five of them, one destination
cat >"$TMP/few.conf" <<-TXT
	$ER
	pool p { address 198.51.100.1; address 2001:db8:beef::1; port 2000-2003, 3000; }
	rule r { to er; snat p; }
	TXT
ok "a list of ports" e apply "$TMP/few.conf"
is "its ports" "$(pool p .ports)" 5
for f in 4 6; do
	addresses $f
	n=$(stat drop_exhausted)
	seen "$HOST" --timeout 1 --count 7 udp $A $MS1 >"$TMP/got"
	is "IPv$f each port is given out, once" \
		"$(grep -vc timeout "$TMP/got") $(grep -v timeout "$TMP/got" |
			cut -d' ' -f2 | sort -n | tr '\n' ' ')" \
		"5 2000 2001 2002 2003 3000 "
	is "IPv$f the rest is not answered" "$(grep -c timeout "$TMP/got")" 2
	is "IPv$f and counted" "$(stat drop_exhausted)" $((n + 2))
	is "IPv$f another destination has them all again" \
		"$(seen "$HOST" --count 5 udp $A $MS2 | grep -c ' [23]00[0-3]$')" 5
	is "IPv$f another protocol as well" \
		"$(seen "$HOST" --count 5 tcp $A $MS1 | grep -c ' [23]00[0-3]$')" 5
done
cmp "the pool says so" "$(pool p .exhausted)" -eq 4

apply "reject when exhausted, and an overflow" <<-TXT
	$ER
	pool spare { address 198.51.100.3; address 2001:db8:beef::3; port 4000-4001; exhausted reject; }
	pool p { address 198.51.100.2; address 2001:db8:beef::2; port 2000-2001; overflow spare; exhausted reject; }
	rule r { to er; snat p; }
	TXT
on "$HOST" nft -f - <<-'TXT'
	table inet errors {
		counter c4 { }
		counter c6 { }
		chain in {
			type filter hook input priority 0;
			icmp type destination-unreachable icmp code 13 counter name c4
			icmpv6 type destination-unreachable icmpv6 code 1 counter name c6
		}
	}
	TXT
for f in 4 6; do
	addresses $f
	seen "$HOST" --each --timeout 1 --count 5 udp $A $MS1 >"$TMP/got"
	is "IPv$f the pool, then its overflow, then no more" \
		"$(cut -d' ' -f2 "$TMP/got" | sort | tr '\n' ' ' | sed 's/E[A-Z]*/E/')" \
		"2000 2001 4000 4001 E "
	is "IPv$f the fifth got an ICMP error" "$(on "$HOST" nft -j list counters table inet errors |
		jq ".nftables[].counter? // empty | select(.name == \"c$f\").packets")" 1
done
is "what the overflow took is counted" "$(pool p .overflowed)" 4
cmp "what was rejected is counted" "$(stat rejected)" -ge 2

# Growing and shrinking while sessions live
apply "two addresses" <<-TXT
	$ER
	pool p { address 198.51.100.4/31; address 2001:db8:beef::4/127; }
	rule r { to er; snat p; }
	TXT
for f in 4 6; do
	addresses $f
	talk g$f "$HOST" tcp $A $MS1 >"$TMP/g$f"
done
apply "grown" <<-TXT
	$ER
	pool p { address 198.51.100.4/30; address 2001:db8:beef::4/126; }
	rule r { to er; snat p; }
	TXT
is "grown: ports" "$(pool p .ports)" $((4 * 64512))
apply "shrunk to other addresses" <<-TXT
	$ER
	pool p { address 198.51.100.6/31; address 2001:db8:beef::6/127; }
	rule r { to er; snat p; }
	TXT
for f in 4 6; do
	addresses $f
	is "IPv$f the session lives on an address that drains" "$(say g$f)" \
		"$(cat "$TMP/g$f")"
	like "IPv$f a new one gets a new address" "$(seen "$HOST" tcp $A $MS1)" \
		'^(198[.]51[.]100[.][67]|2001:db8:beef::[67]) '
done

# Size costs nothing
slab() {
	awk '/^(Slab|VmallocUsed|Percpu):/ { n += $2 } END { print n }' /proc/meminfo
}
before=$(slab)
start=$(date +%s%N)
apply "a /16 and a /64" <<-TXT
	$ER
	pool p { address 172.20.0.0/16; address 2001:db8:beef:64::/64; }
	rule r { to er; snat p; }
	TXT
note "applied in $((($(date +%s%N) - start) / 1000000)) ms"
cmp "took less than 16 MB" $(($(slab) - before)) -lt 16384
like "IPv4 it works" "$(seen "$HOST" tcp 10.1.0.10 198.18.0.1)" '^172[.]20[.]'
is "IPv4 ports" "$(pool p .ports)" $((65536 * 64512))
ip -n "$RTR" route add blackhole 2001:db8:beef:64::/64
like "IPv6 it works" "$(seen "$HOST" tcp fd00:1::10 2001:db8:365::1)" '^2001:db8:beef:64:'
finish
