#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 10: a ruleset cannot make packets dear by saying the same again and again.
# Each of 50 route sources names one device 1,000 times and one set 1,000 times; if they
# were asked as often as they are named, a single packet would take many seconds.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab

# times N WORD: a list
times() {
	local list

	list=$(printf "$2, %.0s" $(seq "$1"))
	echo "${list%, }"
}
DEVICES=$(times 1000 er0) SETS=$(times 1000 x)
{
	echo 'set x { 10.9.0.0/24; fd00:9::/64; }'
	echo 'pool p { address 198.51.100.1; address 2001:db8:beef::1; }'
	for i in {2..50}; do
		echo "route-source s$i { role microsoft; device $DEVICES; via $SETS; allow $SETS; }"
		echo "rule not$i { to s$i; from $SETS; exempt; }"
	done
	echo "route-source s1 { role microsoft; device $DEVICES; allow $SETS; }"
	echo 'rule r { to s1; snat p; }'
} >"$TMP/repeated.conf"
ok "a ruleset that says the same a thousand times" e apply "$TMP/repeated.conf"
is "a list has a set once" \
	"$(e -j show config | jq -c '[.. | .allow? // empty] | length, unique' | tr '\n' ' ')" \
	'50 [["x"]] '
begun=$SECONDS
for f in 4 6; do
	addresses $f
	for p in udp tcp; do
		like "IPv$f $p: translated" "$(seen "$HOST" $p $A $MS1)" \
			'^(198[.]51[.]100[.]1|2001:db8:beef::1) '
	done
	is "IPv$f of twenty new flows each is answered" \
		"$(seen "$HOST" --count 20 udp $A $MS1 | grep -c ' ')" 20
done
cmp "all that took no minute" $((SECONDS - begun)) -lt $((60 * SLOW))
finish
