#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R11: a pool that says "log sessions" tells of each session that conntrack confirmed,
# when it began and when it ended, with all addresses, ports and times, and of no
# other; no other pool does. The ring of failures wraps. To listen takes CAP_NET_ADMIN;
# what happens in another namespace is not heard.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=900 \
	net.netfilter.nf_conntrack_udp_timeout_stream=900
FAILING=2100 # pools of which each fails once; the ring has room for 2048 events
conf() {
	cat <<-'TXT'
	pool log { address 198.51.100.1; address 2001:db8:beef::1; log sessions; }
	pool quiet { address 198.51.100.2; address 2001:db8:beef::2; }
	route-source er { device er0; }
	rule log { to er; from 10.1.0.10, fd00:1::10; snat log; }
	rule quiet { to er; from 10.1.0.11, fd00:1::11; snat quiet; }
	TXT
}
conf | apply "a pool that logs, and one that does not"
watch json -j monitor
watch text monitor
watch pool -j monitor pool quiet
caller host "$HOST"

# count EVENT JQ
count() {
	watched json "[.[] | select(.event == \"$1\" and ($2))] | length"
}

began=$(date +%s%3N)
calls host --timeout 2 tcp 10.1.0.10 198.18.0.1 udp 10.1.0.10,3000 198.18.0.1,53 \
	tcp fd00:1::10 2001:db8:365::1 udp fd00:1::10,3000 2001:db8:365::1,53 \
	udp 10.1.0.11 198.18.0.1 udp fd00:1::11 2001:db8:365::1 >"$TMP/got"
for to in "10.1.0.10 198.18.0.2" "fd00:1::10 2001:db8:365::2"; do
	# shellcheck disable=SC2086
	on "$HOST" python3 "$HERE/peer.py" ping $to 77 >>"$TMP/got"
done
is "flows" "$(grep -cE '^[12a]' "$TMP/got")" 8
what='"\(.pool) \(.rule) \(.route_source) \(.protocol) \(.source) \(.source_port) \(.zone) \(.mapped) \(.mapped_port) \(.destination) \(.destination_port)"'
sessions ".[] | $what" pool log | sort >"$TMP/shown"
ok "six of them are told" busywait 10 gives 6 count session-created true
is "as show session has them" "$(watched json ".[] | select(.event == \"session-created\") | $what" | sort)" \
	"$(cat "$TMP/shown")"
like "an echo request's ports are its identifier" "$(cat "$TMP/shown")" "icmp 10\.1\.0\.10 77 0 198\.51\.100\.1 [0-9]+ 198\.18\.0\.2 0"
swept 3
is "once" "$(count session-created true)" 6
on "$RTR" conntrack -D -f ipv4 -s 10.1.0.10 >/dev/null 2>&1
on "$RTR" conntrack -D -f ipv6 -s fd00:1::10 >/dev/null 2>&1
ok "their end is told" busywait 10 gives 6 count session-ended true
is "the same of them" "$(watched json ".[] | select(.event == \"session-ended\") | $what" | sort)" \
	"$(cat "$TMP/shown")"
# A session's own clock ticks every 67 ms.
watched json '[.[] | select(.event | startswith("session"))] | group_by([.protocol, .source])[] |
	"\(.[0].time) \(.[1].created) \(.[1].time)"' >"$TMP/times"
bad=0 now=$(date +%s%3N)
while read -r first created ended; do
	first=$(date -d "$first" +%s%3N) created=$(date -d "$created" +%s%3N)
	ended=$(date -d "$ended" +%s%3N) off=$((first - created))
	if [ ${off#-} -gt 200 ] || [ "$first" -lt $((began - 200)) ] ||
	   [ "$ended" -lt "$first" ] || [ "$ended" -gt "$now" ]; then
		bad=$((bad + 1))
	fi
done <"$TMP/times"
is "when they began and ended" "$bad of $(wc -l <"$TMP/times")" "0 of 6"
is "the other pool's sessions are not told" "$(live pool quiet) $(wc -l <"$TMP/pool")" "2 0"
like "as people read it" "$(cat "$TMP/text")" \
	' session created: pool log rule log udp 10\.1\.0\.10:3000 -> 198\.51\.100\.1:[0-9]+ -> 198\.18\.0\.1:53$'
like "the end, too" "$(cat "$TMP/text")" \
	' session ended: .* \[fd00:1::10\]:3000 -> \[2001:db8:beef::1\]:[0-9]+ -> \[2001:db8:365::1\]:53 after [0-9]+ s$'
is "the ring has none of them" "$(e -j show event | jq '[.[] | select(.event | startswith("session"))] | length')" 0

# A packet that is dropped behind ernat makes no session
on "$RTR" nft -f - <<-'TXT'
	table inet behind {
		chain post {
			type filter hook postrouting priority 300;
			udp dport 500 drop
		}
	}
	TXT
n=$(stat unconfirmed)
calls host --timeout 1 udp 10.1.0.10 198.18.0.1,500 udp fd00:1::10 2001:db8:365::1,500 >"$TMP/got"
ok "what conntrack never confirmed has ended" busywait 10 at_least $((n + 2)) stat unconfirmed
is "and nobody has heard of it" "$(watched json '[.[] | select(.destination_port == 500)] | length')" 0

# Who may listen
nok "nobody may not" on "$RTR" timeout 5 setpriv --reuid 65534 --regid 65534 --clear-groups ernat monitor
cat >"$TMP/join.py" <<-'PY'
	import errno, struct, sys
	sys.path.insert(0, sys.argv[1])
	import nl
	g = nl.Genl()
	g.family = nl.CTRL
	g.send(3, nl.attr(2, 'ernat'), nl.REQUEST | nl.ACK, version=1)
	groups = nl.attrs(g.replies[0])[7]
	while groups:
	    size, _ = struct.unpack_from('=HH', groups)
	    group = nl.attrs(groups[4:size])
	    try:
	        g.s.setsockopt(270, 1, struct.unpack('=I', group[2][:4])[0])
	        print(group[1][:-1].decode(), 'joined')
	    except OSError as err:
	        print(group[1][:-1].decode(), errno.errorcode[err.errno])
	    groups = groups[(size + 3) & ~3:]
	PY
chmod -R a+rX "$TMP"
is "nor join either group" "$(on "$RTR" setpriv --reuid 65534 --regid 65534 --clear-groups \
	python3 "$TMP/join.py" "$HERE" | sort)" "events EPERM
sessions EPERM"
is "CAP_NET_ADMIN alone is enough" "$(on "$RTR" setpriv --reuid 65534 --regid 65534 --clear-groups \
	--inh-caps +net_admin --ambient-caps +net_admin python3 "$TMP/join.py" "$HERE" | sort)" "events joined
sessions joined"

# Another namespace
setup_ns ELSE
n=$(wc -l <"$TMP/json")
ok "a ruleset elsewhere" ernat -n "$ELSE" apply "$TMP/ernat.conf"
ok "is flushed" ernat -n "$ELSE" flush
{
	conf
	for ((i = 1; i <= FAILING; i++)); do
		echo "pool x$i { address 10.128.$((i / 250)).$((i % 250 + 1)) standby; }"
		echo "rule x$i { to er; protocol udp; dport $((20000 + i)); snat x$i; }"
	done
} >"$TMP/many.conf"
ip -n "$RTR" route add blackhole 10.128.0.0/16
ok "a ruleset of many pools that have nothing to give" e apply "$TMP/many.conf"
ok "is heard" busywait 10 at_least $((n + 1)) grep -c . "$TMP/json"
is "the one elsewhere is not" "$(wc -l <"$TMP/json")" $((n + 1))

# More events than the ring has room for
first=$(watched json 'map(select(.event == "ruleset"))[-1].seq')
on "$HOST" python3 "$HERE/peer.py" spray 10.1.0.12 198.18.0.1 20001 $((20000 + FAILING))
ok "every pool fails" busywait 10 gives "$FAILING" stat drop_no_address
ok "every failure is heard" busywait 20 gives "$FAILING" count no-address .source
e -j show event >"$TMP/ring"
last=$((first + FAILING))
is "the ring has the last 2048 events, in order" \
	"$(jq -c "map(.seq) | [length, . == [range($last - 2047; $last + 1)]]" "$TMP/ring")" "[2048,true]"
is "as they were heard" "$(jq -S -c '.[]' "$TMP/ring" | sha256sum)" \
	"$(jq -S -c "select((.event | startswith(\"session\") | not) and .seq > $last - 2048)" "$TMP/json" | sha256sum)"
is "the last of them is the last pool's" "$(jq -r '.[-1] | "\(.pool) \(.rule) \(.source) \(.destination_port)"' "$TMP/ring")" \
	"x$FAILING x$FAILING 10.1.0.12 $((20000 + FAILING))"
is "show event finds one in the middle" "$(e -j show event pool x1000 | jq -c 'map(.destination_port)')" "[21000]"
conf >"$TMP/ernat.conf"
ok "when all those pools are gone, the ring still knows their names" e apply "$TMP/ernat.conf"
is "…" "$(e -j show event pool x1000 | jq length)" 1
finish
