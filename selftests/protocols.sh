#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R1 for every protocol: TCP, UDP, SCTP with ports, ICMP and ICMPv6 echo by id,
# ESP, GRE and others by address; many at once where the protocol has ports or
# ids; ICMP errors of translated flows come back to the host.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
modprobe -qa sctp nf_conntrack_proto_sctp 2>/dev/null
topo_lab
apply "two addresses" <<-'TXT'
	pool p { address 198.51.100.0/31; address 2001:db8:beef::/127; port 2000-2999; }
	route-source er { device er0; }
	rule r { to er; snat p; }
	TXT
P='^(198[.]51[.]100[.][01]|2001:db8:beef::1?) '
for f in 4 6; do
	addresses $f
	for p in tcp udp sctp; do
		like "IPv$f $p" "$(seen "$HOST" $p $A $MS1)" "${P}2[0-9]{3}$"
	done
	pings $f "two hosts ping at once" "$HOST" $A $MS1
	icmp=icmp
	[ $f = 4 ] || icmp=icmpv6
	# The same identifier from both
	on "$HOST" python3 "$HERE/peer.py" ping $A $MS1 777 >"$TMP/p1" &
	pid=$!
	on "$HOST" python3 "$HERE/peer.py" ping $B $MS1 777 >"$TMP/p2"
	wait $pid
	is "IPv$f the same echo id of two hosts" "$(cat "$TMP/p1" "$TMP/p2")" \
		"$(printf 'answered\nanswered')"
	is "IPv$f echo sessions have an id as their port" \
		"$(sessions "[.[] | select(.protocol == \"$icmp\" and .source_port == 777)] |
			length" dest $MS1)" 2
	for p in 47 50; do
		like "IPv$f protocol $p by address" \
			"$(on "$HOST" python3 "$HERE/peer.py" raw $p $A $MS1)" "${P}0$"
	done
	like "IPv$f GRE of the same host to another destination" \
		"$(on "$HOST" python3 "$HERE/peer.py" raw 47 $A $MS2)" "${P}0$"
	like "IPv$f GRE of another host to the same destination: the other address" \
		"$(on "$HOST" python3 "$HERE/peer.py" raw 47 $B $MS1)" "${P}0$"
	is "IPv$f the two GRE flows to one destination differ" \
		"$(sessions '[.[] | select(.protocol == "gre").mapped] | unique | length' dest $MS1)" 2
	is "IPv$f a third finds no address" \
		"$(on "$HOST" python3 "$HERE/peer.py" raw --timeout 1 47 "${A%10}12" $MS1)" timeout
	is "IPv$f an ICMP error comes back: port closed" \
		"$(seen "$HOST" udp $A $MS1,9)" refused
	is "IPv$f a reset comes back" "$(seen "$HOST" tcp $A $MS1,9)" refused
done
finish
