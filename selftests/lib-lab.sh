# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2153
#
# A small topology for tests that need no routing daemon; sourced by lib.sh.
#
# topo_lab:  HOST eth0 10.1.0.10-29/16 ── in0 10.1.0.1 RTR 203.0.113.1/30 er0 ── p0 .2 MS
#                 fd00:1::10-29/64        fd00:1::1        2001:db8:e0::1/126      ::2
#                 lo 10.2.0.10-29, fd00:2::10-29           lo 198.18.0.1-4, 2001:db8:365::1-4
topo_lab() {
	local i

	setup_ns HOST RTR MS
	ROUTERS+=("$RTR")
	batch "$RTR" <<-TXT
	link add in0 type veth peer name eth0 netns $HOST
	link add er0 type veth peer name p0 netns $MS
	link set in0 up
	link set er0 up
	$(addrs in0 10.1.0.1/16 fd00:1::1/64 fe80::1/64)
	$(addrs er0 203.0.113.1/30 2001:db8:e0::1/126 fe80::1/64)
	route add 10.2.0.0/16 via 10.1.0.10
	route add fd00:2::/64 via fd00:1::10
	route add 198.18.0.0/16 via 203.0.113.2 proto bgp
	route add 2001:db8:365::/48 via 2001:db8:e0::2 proto bgp
	route add blackhole 198.51.100.0/24
	route add blackhole 2001:db8:beef::/48
	TXT
	{
		echo "link set eth0 up"
		addrs eth0 fe80::2/64
		for i in {10..29}; do
			addrs eth0 "10.1.0.$i/16" "fd00:1::$i/64"
			addrs lo "10.2.0.$i/32" "fd00:2::$i/128"
		done
		echo "route add default via 10.1.0.1"
		echo "route add default via fd00:1::1"
	} | batch "$HOST"
	batch "$MS" <<-TXT
	link set p0 up
	$(addrs p0 203.0.113.2/30 2001:db8:e0::2/126 fe80::2/64)
	$(addrs lo 198.18.0.{1,2,3,4}/32 2001:db8:365::{1,2,3,4}/128)
	route add default via 203.0.113.1
	route add default via 2001:db8:e0::1
	TXT
	serve "$MS"
	served "$MS"
}
