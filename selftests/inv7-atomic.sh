#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 7: a change of the ruleset is all or nothing; sessions whose mapped
# address is still in their rule's pool or its overflow are not touched, the rest
# drain: they live on until they end, and nothing new gets their address.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
conf() {
	cat <<-TXT
	pool p { address $1; address $2; }
	route-source er { device er0; }
	rule r { to er; snat p; }
	TXT
}
conf 198.51.100.1 2001:db8:beef::1 | apply "the first ruleset"
declare -A first
for f in 4 6; do
	addresses $f
	for p in tcp udp; do
		talk $p$f "$HOST" $p $A $MS1 >"$TMP/first"
		first[$p$f]=$(cat "$TMP/first")
	done
done
stay() {
	local s

	for s in "${!first[@]}"; do
		is "$1: $s goes on" "$(say "$s")" "${first[$s]}"
	done
}
ids() {
	on "$RTR" conntrack -L -o id 2>/dev/null | grep -o 'id=[0-9]*' | sort
}
before=$(ids)

# Bad at its very end
{
	conf 198.51.100.9 2001:db8:beef::9
	for i in {1..100}; do
		echo "pool q$i { address 198.51.101.$i; }"
	done
	echo "rule bad { to er; snat nosuch; }"
} >"$TMP/late.conf"
config=$(e -j show config)
refused "an error in the last line of a large file" '[0-9]+:[0-9]+' nosuch <"$TMP/late.conf"
is "nothing of it came into force" "$(e -j show config)" "$config"
like "IPv4 new flows use the old ruleset" "$(seen "$HOST" tcp 10.1.0.11 198.18.0.2)" \
	'^198[.]51[.]100[.]1 '
stay "after the refusal"

{
	conf 198.51.100.1-198.51.100.2 2001:db8:beef::1-2001:db8:beef::2
	echo 'pool other { address 198.51.100.77; }'
} | apply "a ruleset that has its address still"
stay "replaced"
is "the same conntrack entries" "$(ids | grep -cFf <(printf '%s\n' "$before"))" \
	"$(wc -l <<<"$before")"
is "none is counted as drained" "$(stat drained)" 0

sed 's/pool p/pool renamed/; s/snat p/snat renamed/' <(
	conf 198.51.100.1 2001:db8:beef::1) | apply "the pool under another name"
stay "renamed"

conf 198.51.100.2 2001:db8:beef::2 | sed '1s/^/pool spare { address 198.51.100.1; address 2001:db8:beef::1; }\n/
	s/; address 2001:db8:beef::2; }/&/; s/^\(pool p {\)/\1 overflow spare;/' |
	apply "its address is in the overflow now"
stay "in the overflow"

conf 198.51.100.3 2001:db8:beef::3 | apply "its address is gone"
stay "draining"
like "IPv4 a new flow has the new address" "$(seen "$HOST" tcp 10.1.0.10 198.18.0.1)" \
	'^198[.]51[.]100[.]3 '
like "IPv6 a new flow has the new address" "$(seen "$HOST" tcp fd00:1::10 2001:db8:365::1)" \
	'^2001:db8:beef::3 '
cmp "they are counted" "$(stat drained)" -ge 4

# Readers and writers at once: a reader sees one ruleset or the other
for i in {1..20}; do
	printf 'pool a%d { address 198.51.100.%d; }\n' "$i" "$i"
done >"$TMP/a.conf"
for i in {1..20}; do
	printf 'pool b%d { address 198.51.100.%d; }\n' "$i" "$i"
done >"$TMP/b.conf"
ok "another ruleset" e apply "$TMP/a.conf"
(
	for i in $(seq "$(scale 8)"); do
		e apply "$TMP/b.conf"
		e apply "$TMP/a.conf"
	done
) >/dev/null 2>&1 &
writer=$!
mixed=0 reads=0
while kill -0 $writer 2>/dev/null; do
	n=$(e -j show config 2>/dev/null | jq -r '[.. | .name? // empty | .[0:1]] |
		unique | join("")')
	reads=$((reads + 1))
	case "$n" in
	a|b)	;;
	*)	mixed=$((mixed + 1)); note "read: $n" ;;
	esac
done
wait $writer
is "$reads reads during changes: never a mixture" $mixed 0
finish
