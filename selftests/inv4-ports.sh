#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 4: ports are within the pool's ranges and not predictable from
# outside (RFC 6056): spread over the whole range, neither sequential nor in
# steps, not the inside port, different from run to run.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
N=$(scale 160)
conf() {
	cat <<-TXT
	pool p { address 198.51.100.1; address 2001:db8:beef::1; port 10000-17999, 20000-21999; }
	route-source er { device er0; }
	rule r { to er; snat p; }
	TXT
}
conf | apply "ports in two ranges"

for f in 4 6; do
	addresses $f
	for p in udp tcp; do
		seen "$HOST" --sport 12000 --count "$N" $p $A $MS1 |
			cut -d' ' -f2 >"$TMP/ports"
		awk -v n="$N" '
			$1 < 10000 || $1 > 17999 && $1 < 20000 || $1 > 21999 { out++ }
			NR > 1 { d = $1 - last; if (d == 1 || d == -1) next_++; step[d]++ }
			$1 == 12000 + NR - 1 { kept++ }
			{ last = $1; q[int(($1 >= 20000 ? $1 - 2000 : $1) / 2500)]++ }
			END {
				for (d in step) if (step[d] > most) most = step[d]
				least = n
				for (i = 4; i < 8; i++) if (q[i] + 0 < least) least = q[i] + 0
				printf "%d %d %d %d %d %d\n", NR, out, next_, most, kept, least
			}' "$TMP/ports" >"$TMP/sum"
		read -r count out sequential same kept least <"$TMP/sum"
		is "IPv$f $p: as many as asked for" "$count" "$N"
		is "IPv$f $p: none outside the ranges" "$out" 0
		cmp "IPv$f $p: hardly ever the neighbour" "$sequential" -le 3
		cmp "IPv$f $p: no step is usual" "$same" -le 4
		cmp "IPv$f $p: the inside port is not kept" "$kept" -le 2
		cmp "IPv$f $p: every quarter of the range is used" "$least" -ge $((N / 10))
		cp "$TMP/ports" "$TMP/$f$p"
	done
done
e flush --force >/dev/null
conf | apply "once more, from the beginning"
seen "$HOST" --sport 12000 --count "$N" udp 10.1.0.10 198.18.0.1 |
	cut -d' ' -f2 >"$TMP/ports"
cmp "the same flows get other ports the next time" \
	"$(paste "$TMP/ports" "$TMP/4udp" | awk '$1 == $2' | wc -l)" -le 2
finish
