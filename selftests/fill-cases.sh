#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 2, where a search for a free port would stumble: one host with more
# sessions than an address has ports; clients' ports in solid blocks, which nft
# keeps if it can; IPv6; ports that conntrack entries of others hold; the last free
# one of 256 addresses. Each is filled to the last port, is told apart from failure
# by the next packet, and gives every port back (R11).
#
# Topology: topo_lab of lib-lab.sh; flows and what is counted: lib-pktgen.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib-pktgen.sh
. "$HERE/lib-pktgen.sh"

load
topo_lab
pktgen_load
ER='route-source er { device er0; }'
EIGHT=$(scale 8192)
failures=0

# filled WHAT HOW-MANY DESTINATION: the flows that were sent all left, each with a
# mapping of its own, and the next one fails and is counted
filled() {
	local next=10.1.0.29

	[ "${3#*:}" = "$3" ] || next=fd00:1::29
	is "$1: each has a mapping of its own" "$(arrived)" "$2 0 0"
	is "$1: no failure" "$(stat drop_exhausted) $(lost)" "$failures 0"
	is "$1: then the next packet" "$(pour $next "$3" 1024 1)" 1
	failures=$((failures + 1))
	is "$1: fails, and is counted" "$(stat drop_exhausted)" $failures
	is "$1: and does not leave" "$(arrived)" "$2 0 0"
}

# One host with more sessions than one address has ports
if [ $SLOW -gt 1 ]; then
	LIST='port 2000-2999;' PORTS=1000 FLOWS=1400
else
	LIST='' PORTS=64512 FLOWS=65535
fi
apply "two addresses" <<-TXT
	$ER
	pool one { address 198.51.100.0/31; $LIST }
	rule r { to er; snat one; }
	TXT
far_side
is "one host: all its ports" "$(pour 10.1.0.10 198.18.0.1 $((65536 - FLOWS)) $FLOWS)" \
	$FLOWS
is "one host: each has a mapping of its own" "$(arrived)" "$FLOWS 0 0"
is "one host: one address to its last port, then the next" "$(by_address 4)" \
	"$((FLOWS - PORTS)) $PORTS"
is "one host: no failure" "$(stat drop_exhausted) $(lost)" "0 0"
all_return "one host" one

# Two hosts whose ports are the same solid block
blocks() {
	far_side
	is "$1: two hosts, the same solid block" \
		"$(pour 10.1.0.10 198.18.0.1 1024 "$EIGHT") $(pour 10.1.0.11 198.18.0.1 \
			1024 "$EIGHT")" "$EIGHT $EIGHT"
	note "$1: $(arrived | cut -d' ' -f1) sessions of $((2 * EIGHT)) placed"
}
apply "one address" <<-TXT
	$ER
	pool blocks { address 198.51.100.4; port 1024-$((1023 + 2 * EIGHT)); }
	rule r { to er; snat blocks; }
	TXT
for n in 1 2; do
	blocks "blocks, filled $n x"
	filled "blocks, filled $n x" $((2 * EIGHT)) 198.18.0.1
	full "blocks, filled $n x" blocks $((2 * EIGHT)) 198.18.0.1
	all_return "blocks, filled $n x" blocks
done

# IPv6
apply "four IPv6 addresses" <<-TXT
	$ER
	pool p6 { address 2001:db8:beef::/126; port 2000-$((1999 + EIGHT)), 40000-$((39999 + EIGHT)); }
	rule r { to er; snat p6; }
	TXT
far_side
for i in 10 11 12 13; do
	is "IPv6: host $i" \
		"$(pour fd00:1::$i 2001:db8:365::1 1024 $((2 * EIGHT)))" $((2 * EIGHT))
done
filled "IPv6" $((8 * EIGHT)) 2001:db8:365::1
is "IPv6: every address is full" "$(by_address 6)" "$(yes $((2 * EIGHT)) | head -n 4 | xargs)"
full "IPv6" p6 $((8 * EIGHT)) 2001:db8:365::1
all_return "IPv6" p6

# Half of the ports are held by what the destination sent, unasked. Where nothing
# keeps it out (the blackhole routes of topo_lab do), conntrack has it then.
ip -n "$HOST" route add blackhole 198.51.100.0/24
ip -n "$RTR" route replace 198.51.100.0/24 via 10.1.0.10
apply "an address that others use too" <<-TXT
	$ER
	pool p { address 198.51.100.5; port 1024-$((1023 + 2 * EIGHT)); }
	rule r { to er; snat p; }
	TXT
PG_NS=$MS pktgen_dev 0 p0 "$(mac "$RTR" er0)" 198.18.0.1 198.51.100.5 7 1 <<-TXT
	count $EIGHT
	udp_dst_min $((1024 + EIGHT / 2))
	udp_dst_max $((1024 + EIGHT / 2 + EIGHT))
	TXT
PG_NS=$MS pktgen_start
is "foreign: half of the ports are taken" \
	"$(PG_NS=$MS pktgen_sent p0) $(on "$RTR" conntrack -C)" "$EIGHT $EIGHT"
far_side
foreign=$(stat foreign_port)
is "foreign: the other half" "$(pour 10.1.0.10 198.18.0.1 1024 "$EIGHT")" "$EIGHT"
filled "foreign" "$EIGHT" 198.18.0.1
is "foreign: conntrack has both" "$(on "$RTR" conntrack -C)" $((2 * EIGHT))
cmp "foreign: ports of others are told apart" "$(stat foreign_port)" -gt "$foreign"
ok "foreign: the address is full, half of it with sessions" \
	busywait 5 gives "$EIGHT 100 $EIGHT" pool p \
	'"\(.busiest.sessions) \(.busiest.percent) \(.sessions)"'
all_return "foreign" p
far_side
is "foreign: what others held can be had again" \
	"$(pour 10.1.0.10 198.18.0.1 1024 $((2 * EIGHT)))" $((2 * EIGHT))
filled "foreign, gone" $((2 * EIGHT)) 198.18.0.1
all_return "foreign, gone" p
ip -n "$RTR" route replace blackhole 198.51.100.0/24

# The last of 256 addresses, in a row and with gaps, for a host that begins anywhere
last_one() {
	local name=$1 what=$2 n=256 i

	apply "$what" <<-TXT
		$ER
		pool $name { $3 port 3000-3003; }
		rule r { to er; snat $name; }
		TXT
	far_side
	is "$what: all but one are full" \
		"$(pour 10.1.0.10 198.18.0.1 1024 $((4 * n - 4))) $(arrived)" \
		"$((4 * n - 4)) $((4 * n - 4)) 0 0"
	is "$what: to the last port" "$(by_address 4)" "$(yes 4 | head -n $((n - 1)) | xargs)"
	for i in 11 12 13 14; do
		pour 10.1.0.$i 198.18.0.1 1024 1
	done >/dev/null
	filled "$what" $((4 * n)) 198.18.0.1
	full "$what" "$name" $((4 * n)) 198.18.0.1
	all_return "$what" "$name"
}
last_one row "256 addresses in a row" "address 198.51.100.0/24;"
last_one gaps "256 addresses with gaps" \
	"$(printf 'address 198.51.100.%d; ' {0..254..2})$(printf 'address 203.0.114.%d; ' {0..254..2})"

# What nft makes of the blocks
ok "ernat does not translate now" e flush --force
on "$RTR" nft -f - <<-TXT
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname "er0" udp dport 7 snat to 198.51.100.4:1024-$((1023 + 2 * EIGHT))
		}
	}
	TXT
blocks 'nft "snat to"'
finish
