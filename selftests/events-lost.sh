#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R11: a monitor that stops reading while logged sessions come and go, until its buffer
# overflows, is told how many events it has missed, exactly, and has lost no alarm.
#
# Topology: topo_lab of lib-lab.sh; flows: lib-pktgen.sh, to 198.18.0.9, where
# nobody is.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib-pktgen.sh
. "$HERE/lib-pktgen.sh"

if [ "$SLOW" -gt 1 ]; then
	skip_all "it takes too many sessions for a slow machine"
fi
load
topo_lab
pktgen_load
apply "a pool that logs" <<-'TXT'
	pool log { address 198.51.100.1; address 2001:db8:beef::1; log sessions; }
	route-source er { device er0; }
	rule log { to er; snat log; }
	TXT
caller host "$HOST"
watch slow -j monitor
slow=$!
kill -STOP $slow
on "$MS" nft -f - <<-'TXT'
	table inet quiet {
		chain in {
			type filter hook prerouting priority 0;
			ip daddr 198.18.0.9 drop
		}
	}
	TXT
# shellcheck disable=SC2016
overflows() {
	on "$RTR" awk 'NR > 1 && $9 > 0 { found = 1 } END { exit !found }' /proc/net/netlink
}
for ((i = 0; i < 12; i++)); do
	pour 10.1.0.10 198.18.0.9 10000 8000 >"$TMP/poured"
	e clear session host 10.1.0.10 >/dev/null
	! overflows || break
done
ok "the reader's buffer is full" overflows
kill -CONT $slow
# What comes when there is room again says how many are missing.
busywait 200 says '"event": ?"lost"' cat "$TMP/slow" >/dev/null
calls host --timeout 2 udp 10.1.0.10,3999 198.18.0.1 >"$TMP/got"
told() {
	e -j show session host 10.1.0.10 | jq -e 'length == 1' >/dev/null &&
		tail -n 1 "$TMP/slow" | grep -q '"source_port": *3999'
}
ok "it hears of the next session" busywait 200 told
# There are many lines: the few that count are picked before anybody parses them.
grep -E '"event": ?"session-' "$TMP/slow" >"$TMP/sessions"
grep -E '"event": ?"lost"' "$TMP/slow" >"$TMP/lost"
seq_of() {
	"$1" -n 1 "$TMP/sessions" | jq .seq
}
lost=$(jq -s '[.[] | select(.group == "sessions") | .count // 0] | add // 0' "$TMP/lost")
cmp "some were lost" "$lost" -gt 0
is "and how many it has missed, exactly" "$(($(wc -l <"$TMP/sessions") + lost))" \
	"$(($(seq_of tail) - $(seq_of head) + 1))"
is "no alarm was lost" "$(jq -s '[.[] | select(.group == "events")] | length' "$TMP/lost")" 0
is "nor anything for want of memory" "$(stat events_lost)" 0
finish
