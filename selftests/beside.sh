#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Issue 2, point 5: conntrack -L, an nft stateful firewall, an nft flowtable and an
# nft masquerade rule for other traffic work beside ernat in the same namespace.
#
# Topology: topo_lab of lib-lab.sh; hosts of 10.2/16 are "other traffic".

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
modprobe -qa nf_flow_table nf_flow_table_inet nft_flow_offload nft_masq nft_ct
topo_lab
apply "the ruleset applies" <<-'TXT'
	pool p { address 198.51.100.0/28; address 2001:db8:beef::/124; }
	route-source er { device er0; }
	rule r { to er; from 10.1.0.0/16, fd00:1::/64; snat p; }
	TXT

ok "a stateful firewall with flowtable and masquerade" on "$RTR" nft -f - <<-'TXT'
	table inet beside {
		flowtable fast {
			hook ingress priority 0;
			devices = { in0, er0 };
		}
		counter offloaded { }
		counter refused { }
		chain forward {
			type filter hook forward priority 0; policy drop;
			tcp dport 443 ct state established flow add @fast counter name offloaded
			ct state established,related accept
			iifname "in0" oifname "er0" ct state new accept
			counter name refused
		}
		chain post {
			type nat hook postrouting priority srcnat;
			oifname "er0" masquerade
		}
	}
	TXT
count() {
	on "$RTR" nft -j list counter inet beside "$1" |
		jq '.nftables[].counter? // empty | .packets'
}
for f in 4 6; do
	addresses $f
	pub=203.0.113.1 other=10.2.0.10
	[ $f = 4 ] || pub=2001:db8:e0::1 other=fd00:2::10
	like "IPv$f through the firewall, from the pool" "$(seen "$HOST" tcp $A $MS1)" "$POOL_MSFT"
	is "IPv$f other traffic is masqueraded" "$(seen_addr "$HOST" tcp $other $MS1)" $pub
	like "IPv$f UDP" "$(seen "$HOST" udp $A $MS1)" "$POOL_MSFT"
	like "IPv$f an ICMP error is related" "$(seen "$HOST" udp $A $MS1,9)" refused
	n=$(count refused)
	talk o$f "$HOST" tcp $A $MS1,443 >"$TMP/o"
	mapped=$(cut -d' ' -f1 "$TMP/o") port=$(cut -d' ' -f2 "$TMP/o")
	like "IPv$f a connection for the flowtable" "$(cat "$TMP/o")" "$POOL_MSFT"
	is "IPv$f it keeps its mapping" "$(say o$f)" "$(cat "$TMP/o")"
	is "IPv$f and again" "$(say o$f)" "$(cat "$TMP/o")"
	ok "IPv$f conntrack -L shows it offloaded" \
		says "dst=$mapped .*dport=$port.*OFFLOAD|OFFLOAD.*" \
		on "$RTR" conntrack -L -f ipv$f -p tcp
	like "IPv$f conntrack -L knows the mapping" \
		"$(on "$RTR" conntrack -L -f ipv$f 2>/dev/null | grep "src=$A ")" \
		"dst=$mapped "
	is "IPv$f show session knows it" "$(live mapped "$([ $f = 4 ] &&
		echo "$mapped:$port" || echo "[$mapped]:$port")")" 1
	is "IPv$f a call from outside is refused" \
		"$(seen "$MS" --timeout 1 tcp $MS1 $B)" timeout
	cmp "IPv$f by the firewall" "$(count refused)" -gt "$n"
done
cmp "flows were offloaded" "$(count offloaded)" -gt 0

seen "$HOST" udp 10.1.0.10 198.18.0.2 >/dev/null
ok "conntrack -D ends a session" on "$RTR" conntrack -D -p udp -s 10.1.0.10
ok "… and ernat hears of it" busywait 10 gives 0 live host 10.1.0.10 protocol udp
finish
