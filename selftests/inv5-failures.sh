#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 5: every failure has its counter: by rule, exhausted, no active
# address of the family, host-limit; each dropped packet is counted once, and
# nothing else fails. No failed packet is seen by the far side.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
apply "a ruleset full of failures" <<-'TXT'
	pool few { address 198.51.100.1; address 2001:db8:beef::1; port 2000-2002; }
	pool idle { address 198.51.100.2 standby; address 2001:db8:beef::2 standby; }
	pool limit { address 198.51.100.3; address 2001:db8:beef::3; host-limit 4; }
	route-source er { device er0; }
	rule idle { to er; from 10.1.0.12, fd00:1::12; snat idle; }
	rule limit { to er; from 10.1.0.13, fd00:1::13; snat limit; }
	rule drop { to er; from 10.1.0.14, fd00:1::14; drop; }
	rule few { to er; snat few; }
	TXT
on "$RTR" nft -f - <<-'TXT'
	table inet lost {
		counter in { }
		counter out { }
		chain pre {
			type filter hook prerouting priority -400;
			iifname "in0" udp dport 7 counter name in
		}
		chain post {
			type filter hook postrouting priority 400;
			oifname "er0" udp dport 7 counter name out
		}
	}
	TXT
counter() {
	on "$RTR" nft -j list counter inet lost "$1" |
		jq '.nftables[].counter? // empty | .packets'
}
failures() {
	e -j show stats | jq '[to_entries[] | select(.key | startswith("drop_")).value] | add'
}

# fails STAT HOST FLOWS FAILURES
fails() {
	local n total

	for f in 4 6; do
		addresses $f
		n=$(stat "$1")
		total=$(failures)
		seen "$HOST" --timeout 1 --count "$3" udp "${A%10}$2" $MS1 >"$TMP/got"
		is "IPv$f $1: $4 of $3 fail" "$(grep -c timeout "$TMP/got")" "$4"
		is "IPv$f $1: counted" "$(stat "$1")" $((n + $4))
		is "IPv$f $1: no other failure" "$(failures)" $((total + $4))
	done
}
fails drop_exhausted 10 5 2
fails drop_no_address 12 3 3
fails drop_host_limit 13 6 2
fails drop_rule 14 2 2
is "pool: exhausted" "$(pool few .exhausted)" 4
is "pool: host_limited" "$(pool limit .host_limited)" 4
is "every packet that came in went out or was counted" \
	$(($(counter in) - $(counter out))) "$(failures)"
for c in drop_exhausted drop_no_address drop_host_limit drop_rule drop_no_memory \
	drop_nat rejected foreign_port route_mismatch unconfirmed; do
	like "show stats explains $c" "$(e show stats)" "$c +[0-9]+ +[A-Za-z]{2}"
done
for c in count max insert_failed drop early_drop; do
	like "show stats has conntrack's $c" "$(e -j show stats | jq -r 'keys[]')" \
		"^ct_$c\$"
done

# What conntrack itself refuses is visible in the same place
max=$(sysctl -n net.netfilter.nf_conntrack_max)
n=$(e -j show stats | jq '.ct_drop + .ct_early_drop')
sysctl -qw net.netfilter.nf_conntrack_max=1
seen "$HOST" --timeout 1 --count 3 udp 10.1.0.10 198.18.0.2 >/dev/null
sysctl -qw "net.netfilter.nf_conntrack_max=$max"
cmp "a full conntrack table shows" "$(e -j show stats |
	jq '.ct_drop + .ct_early_drop')" -gt "$n"
finish
