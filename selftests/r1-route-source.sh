#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R1: the pool follows the source of the route that a packet takes, here as FRR
# installs it (protocol bgp, nexthop objects); no list of prefixes is involved.
# Invariant 1: nothing of a snat rule leaves untranslated.
#
# Topology: topo_edge of lib-topo.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_edge frr
base_conf bgp | apply "the ruleset applies"

for f in 4 6; do
	to_both $f
	pings $f "ping to Microsoft" "$HOST" $A $MS1
	pings $f "ping to the Internet" "$HOST" $A $NET1
	like "IPv$f a longer prefix of ExpressRoute counts as well" \
		"$(seen "$HOST" tcp $A $MSX)" "$POOL_MSFT"
	is "IPv$f the session says which pool, rule and route source" \
		"$(sessions '[.[] | select(.protocol == "tcp")][0] |
			"\(.pool) \(.rule) \(.route_source) \(.source)"' \
			dest $MSX)" \
		"msft m365 er $A"
done
is "no packet reached Microsoft with an inside address" "$(leaks)" 0

# A prefix that Microsoft begins to announce needs no new ruleset.
new4=198.19.0.2 new6=2001:db8:1::2
like "a host of the Internet, before" "$(seen "$HOST" tcp 10.1.0.10 $new4)" \
	"$POOL_PUBLIC"
on "$MS" ip addr add $new4/32 dev lo
on "$MS" ip addr add $new6/128 dev lo nodad
sed "s|198.18.128.0/17|$new4/32|; s|2001:db8:365:8000::/49|$new6/128|" \
	"$HERE/conf/ms-bird.conf" >"$TMP/ms-new.conf"
birdc_on ms configure "\"$TMP/ms-new.conf\"" >/dev/null
ok "Microsoft announces it" busywait 20 learned "$RTR" \
	"^$new4 .*er[01]" "^$new6 .*er[01]"
like "IPv4 it is translated as Microsoft's now" \
	"$(seen "$HOST" tcp 10.1.0.11 $new4)" "$POOL_MSFT"
like "IPv6 it is translated as Microsoft's now" \
	"$(seen "$HOST" tcp fd00:1::11 $new6)" "$POOL_MSFT"
finish
