#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Issue 2, point 2: an IKE/ESP tunnel of an inside host passes: IKE (UDP 500 and
# 4500, answers to the mapped port), ESP in tunnel mode by address (R1, IPv4 and
# IPv6), traffic inside the tunnel in both directions.
#
# Topology: topo_lab of lib-lab.sh. HOST 10.1.0.10 and MS 198.18.0.1 are the ends
# of a tunnel, 10.77.0.1 and 10.77.0.2 (fd77::1 and fd77::2) are inside it.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
modprobe -qa esp4 esp6 xfrm4_tunnel xfrm6_tunnel xfrm_user authenc cbc sha256_generic aes_generic
topo_lab
apply "one address, so that Microsoft's end knows it" <<-'TXT'
	pool p { address 198.51.100.1; address 2001:db8:beef::1; }
	route-source er { device er0; }
	rule r { to er; from 10.1.0.0/16, fd00:1::/64; snat p; }
	TXT
serve "$HOST"

KEYS="enc cbc(aes) 0x00112233445566778899aabbccddeeff auth hmac(sha256) 0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
# tunnel NS LOCAL REMOTE OUT-SPI IN-SPI INNER-LOCAL INNER-REMOTE
tunnel() {
	local ns=$1 l=$2 r=$3 out=$4 in=$5 il=$6 ir=$7

	# shellcheck disable=SC2086
	ip -n "$ns" xfrm state add src "$l" dst "$r" proto esp spi "$out" \
		mode tunnel $KEYS &&
	ip -n "$ns" xfrm state add src "$r" dst "$l" proto esp spi "$in" \
		mode tunnel $KEYS &&
	ip -n "$ns" xfrm policy add src "$il" dst "$ir" dir out \
		tmpl src "$l" dst "$r" proto esp mode tunnel &&
	ip -n "$ns" xfrm policy add src "$ir" dst "$il" dir in \
		tmpl src "$r" dst "$l" proto esp mode tunnel level use
}
addr "$HOST" lo 10.77.0.1/32 fd77::1/128
addr "$MS" lo 10.77.0.2/32 fd77::2/128
ip -n "$HOST" route add 10.77.0.2 via 10.1.0.1 src 10.77.0.1
ip -n "$HOST" route add fd77::2 via fd00:1::1 src fd77::1

for f in 4 6; do
	addresses $f
	pub=198.51.100.1 i1=10.77.0.1 i2=10.77.0.2
	[ $f = 4 ] || pub=2001:db8:beef::1 i1=fd77::1 i2=fd77::2
	is "IPv$f IKE, port 500 to port 500" "$(seen_addr "$HOST" udp $A,500 $MS1,500)" $pub
	is "IPv$f IKE, port 4500 to port 4500" "$(seen_addr "$HOST" udp $A,4500 $MS1,4500)" $pub
	is "IPv$f a second host's IKE to the same peer" \
		"$(seen_addr "$HOST" udp $B,500 $MS1,500)" $pub
	ok "IPv$f the host's end" tunnel "$HOST" $A $MS1 0x1001 0x1002 $i1 $i2
	ok "IPv$f Microsoft's end" tunnel "$MS" $MS1 $pub 0x1002 0x1001 $i2 $i1
	# The peer sees the pool's address, not the host's.
	like "IPv$f TCP through the tunnel" "$(seen "$HOST" tcp $i1 $i2)" "^$i1 "
	pings $f "ping through the tunnel" "$HOST" $i1 $i2
	like "IPv$f TCP from the other end" "$(seen "$MS" tcp $i2 $i1)" "^$i2 "
	is "IPv$f it is one ESP session, by address" \
		"$(sessions 'map(select(.protocol == "esp")) | "\(length) \(.[0].mapped)"' \
			dest $MS1)" "1 $pub"
done
is "nothing failed" "$(e -j show stats |
	jq '[to_entries[] | select(.key | startswith("drop_")).value] | add')" 0
finish
