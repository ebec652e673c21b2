#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariants 1 and 2 on two CPUs: two hosts with the same source ports fill one
# destination at once; they come for more than there is, down to the last port; the
# same packets come by both links at once. No mapping is there twice, conntrack
# refuses no entry, and what was created is what is there.
#
# Topology: topo_lab of lib-lab.sh, and a second link HOST eth1 -- in1 RTR; the
# pktgen of CPU 0 sends by eth0, that of CPU 1 by eth1.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib-pktgen.sh
. "$HERE/lib-pktgen.sh"

[ "$(nproc)" -ge 2 ] || skip_all "one CPU only"
load
topo_lab
pktgen_load
link "$RTR" in1 "$HOST" eth1
addr "$RTR" in1 10.3.0.1/16
MAC1=$(mac "$RTR" in1)
HALF=$(scale 8192)

# both FROM-A FROM-B FIRST COUNT: from each link so many flows; what was sent
both() {
	pktgen_dev 0 eth0 "$PG_MAC" "$1" 198.18.0.1 "$3" "$4" </dev/null
	pktgen_dev 1 eth1 "$MAC1" "$2" 198.18.0.1 "$3" "$4" </dev/null
	pktgen_start
	echo "$(pktgen_sent eth0) $(pktgen_sent eth1)"
}

# mappings: that the far side saw. A set has each once, however many CPUs add to
# it; the counts of "arrived" know less.
mappings() {
	on "$MS" nft -j list set netdev far seen4 | jq \
		'[.nftables[].set? // empty | .elem[]?] | length'
}

apply "one address" <<-TXT
	route-source er { device er0; }
	pool p { address 198.51.100.1; port 1024-$((1023 + 2 * HALF)); }
	rule r { to er; snat p; }
	TXT
far_side
is "two hosts, the same source ports, at once" \
	"$(both 10.1.0.10 10.3.0.10 1024 "$HALF")" "$HALF $HALF"
is "each has a mapping of its own" "$(arrived) $(mappings)" \
	"$((2 * HALF)) 0 0 $((2 * HALF))"
is "created is placed, none failed, conntrack lost none" \
	"$(stat created) $(stat sessions) $(stat drop_exhausted) $(lost)" \
	"$((2 * HALF)) $((2 * HALF)) 0 0"
full "two hosts" p $((2 * HALF)) 198.18.0.1
all_return "two hosts" p

far_side
is "they want half as many again" "$(both 10.1.0.10 10.3.0.10 1024 $((HALF * 3 / 2)))" \
	"$((HALF * 3 / 2)) $((HALF * 3 / 2))"
is "all there are were given out, each once" "$(arrived) $(mappings)" \
	"$((2 * HALF)) 0 0 $((2 * HALF))"
is "the rest failed, conntrack lost none" \
	"$(stat sessions) $(stat drop_exhausted) $(lost)" "$((2 * HALF)) $HALF 0"
all_return "half as many again" p

# The same flows by both links. The two CPUs go through them at a pace of their
# own, so it takes some rounds until they meet.
apply "all ports" <<-TXT
	route-source er { device er0; }
	pool p { address 198.51.100.1; }
	rule r { to er; snat p; }
	TXT
far_side
flows=0 shared=$(stat shared) sent=
for round in {0..29}; do
	sent=$(both 10.1.0.20 10.1.0.20 $((2000 + round * 1000)) 1000)
	[ "$sent" = "1000 1000" ] || break
	flows=$((flows + 1000))
	[ "$(stat shared)" -lt $((shared + 5)) ] || break
done
note "$flows flows by both links, $(($(stat shared) - shared)) met"
is "two packets of one flow: all were sent" "$sent" "1000 1000"
cmp "two packets of one flow: some met" "$(stat shared)" -gt "$shared"
is "two packets of one flow: all arrived, with one mapping for each flow" \
	"$(arrived | awk '{ print $1 + $2, $3 }') $(mappings)" "$((2 * flows)) 0 $flows"
is "two packets of one flow: conntrack has each flow once, and lost none" \
	"$(on "$RTR" conntrack -L 2>/dev/null | wc -l) $(stat sessions) $(lost)" "$flows $flows 0"
# Entries that never got into the table count as well, until the sweep lets go of them.
ok "two packets of one flow: the second's entries are gone" \
	busywait 3 gives "$flows" on "$RTR" conntrack -C
all_return "two packets of one flow" p
finish
