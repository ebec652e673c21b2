#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 2: a pool of N addresses holds N x ports sessions to one destination,
# every one of them, before the first failure; beside it, nft's "snat to" of the
# same addresses. Four hosts with the same source ports. When conntrack lets go
# every port comes back (R11).
#
# Topology: topo_lab of lib-lab.sh; flows and what is counted: lib-pktgen.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib-pktgen.sh
. "$HERE/lib-pktgen.sh"

load
topo_lab
pktgen_load
if [ $SLOW -gt 1 ]; then
	LIST='port 2000-2999, 5000-7047, 60000-61047;' PORTS=4096
else
	LIST='' PORTS=64512
fi
ALL=$((4 * PORTS))

# four_hosts: each uses as many source ports; how many packets were sent
four_hosts() {
	local n=0 i

	for i in 10 11 12 13; do
		n=$((n + $(pour 10.1.0.$i 198.18.0.1 1024 $PORTS)))
	done
	echo $n
}

apply "four addresses" <<-TXT
	route-source er { device er0; }
	pool p { address 198.51.100.0/30; $LIST }
	rule r { to er; snat p; }
	TXT
is "one destination can have all ports of all addresses" "$(pool p .ports)" $ALL
far_side
began=$SECONDS
is "as many flows of four hosts" "$(four_hosts)" $ALL
note "took $((SECONDS - began)) s"
got=$(arrived)
note "ernat: ${got%% *} sessions of $ALL placed, $(stat drop_exhausted) failed"
is "each left with a mapping of its own" "$got" "$ALL 0 0"
is "every address is full" "$(by_address 4)" "$PORTS $PORTS $PORTS $PORTS"
is "no failure is counted" "$(stat drop_exhausted) $(pool p .exhausted)" "0 0"
is "conntrack has them all, and lost none" "$(on "$RTR" conntrack -C) $(lost)" \
	"$ALL 0"
full "full" p $ALL 198.18.0.1
is "the next packet" "$(pour 10.1.0.14 198.18.0.1 1024 1)" 1
is "fails, and is counted" "$(stat drop_exhausted) $(pool p .exhausted)" "1 1"
is "and does not leave" "$(arrived)" "$got"
far_side
is "another destination has them all again" \
	"$(pour 10.1.0.10 198.18.0.2 1024 1000) $(arrived)" "1000 1000 0 0"
all_return "conntrack -F" p

ok "ernat does not translate now" e flush --force
on "$RTR" nft -f - <<-'TXT'
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname "er0" snat to 198.51.100.0-198.51.100.3
		}
	}
	TXT
far_side
began=$SECONDS
is "the same flows with nft" "$(four_hosts)" $ALL
note "took $((SECONDS - began)) s"
got=$(arrived)
note "nft \"snat to\": ${got%% *} sessions of $ALL placed;" \
	"by address: $(by_address 4)"
cmp "nft places no more than all" "${got%% *}" -le $ALL
finish
