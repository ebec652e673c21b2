# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2153,SC2034
#
# What several tests ask about the flows of topo_edge; sourced by lib.sh.

POOL_MSFT='^(198[.]51[.]100[.]([0-9]|1[0-5])|2001:db8:beef::[0-9a-f]?) '
POOL_PUBLIC='^(203[.]0[.]113[.]1(2[89]|3[0-5])|2001:db8:cafe::[0-7]?) '
POOL_EDGE='^(10[.]255[.]0[.]([0-9]|1[0-5])|fd00:ed::[0-9a-f]?) '

# The host and what it talks to, by family.
addresses() {
	if [ "$1" = 4 ]; then
		A=10.1.0.10 B=10.1.0.11 GW=10.1.0.1
		MS1=198.18.0.1 MS2=198.18.0.2 MSX=198.18.128.1
		NET1=198.19.0.1 NET2=198.19.0.2
		LEAKED=192.0.2.10 SERVICE=192.0.2.70
	else
		A=fd00:1::10 B=fd00:1::11 GW=fd00:1::1
		MS1=2001:db8:365::1 MS2=2001:db8:365::2 MSX=2001:db8:365:8000::1
		NET1=2001:db8:1::1 NET2=2001:db8:1::2
		LEAKED=2001:db8:10::10 SERVICE=2001:db8:70::70
	fi
	export A B GW MS1 MS2 MSX NET1 NET2 LEAKED SERVICE
}

# to_both FAMILY: R1 in its simplest form: by ExpressRoute from the pool for it,
# by the Internet from the other
to_both() {
	local p

	addresses "$1"
	for p in tcp udp; do
		like "IPv$1 $p to Microsoft: from its pool" \
			"$(seen "$HOST" $p $A $MS1)" "$POOL_MSFT"
		like "IPv$1 $p to the Internet: from the other pool" \
			"$(seen "$HOST" $p $A $NET1)" "$POOL_PUBLIC"
	done
}

# pings FAMILY WHAT NS FROM TO
pings() {
	ok "IPv$1 $2" on "$3" ping "-$1" -q -n -c 2 -i 0.2 -W $((3 * SLOW)) -I "$4" "$5"
}
