#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R11, invariant 5: who runs a pool hears of it before it starves. Alarms of pools, of
# hosts and of the conntrack table are raised at one threshold and cleared at the
# other, with nothing in between; failures are told, with how many were not; so are
# rulesets. The ring tells what the monitor told, also of when nobody listened.
#
# Topology: topo_lab of lib-lab.sh. Pools and hosts ending in 4 are of IPv4, those in
# 6 of IPv6, otherwise alike.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
# Sessions end when this test says so.
on "$RTR" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=900 \
	net.netfilter.nf_conntrack_udp_timeout_stream=900
conf() {
	local f a h

	echo "route-source er { device er0; }"
	for f in 4 6; do
		a=198.51.100. h=10.1.0.
		[ $f = 4 ] || a=2001:db8:beef:: h=fd00:1::
		cat <<-TXT
		pool few$f { address ${a}1; port 2000-2019; }
		pool odd$f { address ${a}2; port 2000-2019; alarm 50% 25%; }
		pool limit$f { address ${a}3; host-limit 20; }
		rule few$f { to er; from ${h}10-${h}19; snat few$f; }
		rule odd$f { to er; from ${h}20-${h}22; snat odd$f; }
		rule limit$f { to er; from ${h}23; snat limit$f; }
		TXT
	done
	cat <<-TXT
	pool quiet { address 198.51.100.5; }
	rule quiet { to er; snat quiet; }
	TXT
}

# begin HOST FIRST N: so many UDP sessions of that host in both families, from ports
# FIRST on; prints how many came through
begin() {
	calls host --timeout 1 --sport "$2" --count "$3" \
		udp "10.1.0.$1" 198.18.0.1 udp "fd00:1::$1" 2001:db8:365::1 | grep -c '^[12]'
}

# stop HOST [PORT]: they end
stop() {
	on "$RTR" conntrack -D -f ipv4 -p udp -s "10.1.0.$1" ${2:+--sport "$2"}
	on "$RTR" conntrack -D -f ipv6 -p udp -s "fd00:1::$1" ${2:+--sport "$2"}
} >/dev/null 2>&1

to4='198\.18\.0\.1:7 udp' to6='\[2001:db8:365::1]:7 udp'

# both NAME...: of the pools so called, that of IPv4 and that of IPv6, as jq prints
both() {
	e -j show pool | jq -r "[.[] | select(.name == (\"$1\" + (\"4\", \"6\"))) | $2 | tostring] | join(\" \")"
}

conf | apply "the ruleset applies"
caller host "$HOST"
watch text monitor
watch json -j monitor
watch host monitor host 10.1.0.10

# A pool
is "15 of 20 ports" "$(begin 10 3000 15)" 30
swept
hears text "75 %: no alarm"
is "the 16th" "$(begin 11 3000 1)" 2
hears text "80 %: it is raised, and says where, and how much of what" \
	" alarm raised: pool few4: $to4 uses 16 of 20 ports \(80%\)$" \
	" alarm raised: pool few6: $to6 uses 16 of 20 ports \(80%\)$"
swept
is "show pool has it" "$(both few '.alarm, .busiest.sessions, .busiest.percent')" \
	"true 16 80 true 16 80"
e status >"$TMP/status"
like "status has it" "$(cat "$TMP/status")" "few4: $to4 uses 16 of 20 ports"
like "… of IPv6" "$(cat "$TMP/status")" "few6: $to6 uses 16 of 20 ports"
is "… in JSON" "$(e -j status | jq -r '.alarms[] | "\(.subject) \(.pool) \(.busiest.sessions)"' |
	sort | tr '\n' ' ')" "pool few4 16 pool few6 16 "
stop 11
swept
is "15: it stays" "$(both few .alarm)" "true true"
begin 11 3000 1 >/dev/null
swept
hears text "16: it is not raised again"
stop 11
stop 10 3000
hears text "70 %: it is cleared" \
	" alarm cleared: pool few4: $to4 uses 14 of 20 ports \(70%\)$" \
	" alarm cleared: pool few6: $to6 uses 14 of 20 ports \(70%\)$"
begin 10 3000 1 >/dev/null
swept
hears text "75 %: and stays so"
is "show pool" "$(both few .alarm)" "false false"

# Exhaustion
is "six of sixty find a port" "$(begin 10 3100 30)" 10
is "the others are counted" "$(both few .exhausted)" "25 25"
# Those that were not told are told together, by the next one or a second later.
told() {
	[ "$(watched json '[.[] | select(.event == "exhausted") |
		(if .source then 1 else 0 end) + (.suppressed // 0)] | add // 0')" = 50 ]
}
ok "each is told, or counted as not told" busywait 10 told
is "by whom, where, by which rule" "$(watched json '[.[] | select(.event == "exhausted" and .source) |
	"\(.pool) \(.rule) \(.source) \(.zone) \(.destination) \(.destination_port) \(.protocol)"] |
	unique[]')" "few4 few4 10.1.0.10 0 198.18.0.1 7 udp
few6 few6 fd00:1::10 0 2001:db8:365::1 7 udp"
cmp "not one by one" "$(watched json 'map(select(.event == "exhausted")) | length')" -lt 20
stop 10
swept
is "the alarm is cleared when all have gone" "$(both few .alarm)" "false false"
mapfile -t -s "${HEARD[text]}" lines <"$TMP/text"
HEARD[text]=$((HEARD[text] + ${#lines[@]}))
for f in 4 6; do
	to=to$f
	is "IPv$f it was raised and cleared once" "$(printf '%s\n' "${lines[@]}" |
		grep "pool few$f" | grep -oE 'alarm (raised|cleared)' | tr '\n' ' ')" \
		"alarm raised alarm cleared "
	like "IPv$f monitor prints a failure" "$(printf '%s\n' "${lines[@]}")" \
		" exhausted: pool few$f, rule few$f, host [0-9a-f:.]+:?10 to ${!to}"
done
like "… and how many it did not print" "$(printf '%s\n' "${lines[@]}")" \
	" exhausted: pool few4.* \([0-9]+ more not shown\)$"
ok "a monitor of one host hears of that host alone" grep -q "exhausted: pool few4, .*host 10.1.0.10 " "$TMP/host"
is "… and of nothing else" "$(grep -cv "host 10.1.0.10 " "$TMP/host")" 0

# Other thresholds
begin 20 3000 9 >/dev/null
hears text "thresholds of 50 and 25 %: 9 of 20 are too few"
begin 21 3000 1 >/dev/null
hears text "10 are not" "alarm raised: pool odd4: .* 10 of 20" "alarm raised: pool odd6: .* 10 of 20"
begin 22 3000 5 >/dev/null
stop 20
swept
hears text "6 are too many"
stop 21
hears text "5 are not" "alarm cleared: pool odd4: .* 5 of 20" "alarm cleared: pool odd6: .* 5 of 20"
stop 22

# A host against its limit
is "15 sessions of 20" "$(begin 23 3000 15)" 30
hears text "no alarm"
begin 23 3015 1 >/dev/null
hears text "16: it is raised" \
	" alarm raised: pool limit4: host 10\.1\.0\.23 has 16 of 20 sessions \(80%\)$" \
	" alarm raised: pool limit6: host fd00:1::23 has 16 of 20 sessions \(80%\)$"
is "show host has it" "$(e -j show host | jq -r '[.[] | select(.alarm) |
	"\(.host) \(.sessions) \(.limit)"] | sort[]')" "10.1.0.23 16 20
fd00:1::23 16 20"
is "4 of 10 more are granted" "$(begin 23 3016 10)" 8
is "host_limited, not exhausted" "$(both limit '.host_limited, .exhausted')" "6 0 6 0"
limits() {
	[ "$(watched json '[.[] | select(.event == "host-limited") |
		(if .source then 1 else 0 end) + (.suppressed // 0)] | add // 0')" = 12 ]
}
ok "they are told, or counted as not told" busywait 10 limits
mapfile -t -s "${HEARD[text]}" lines <"$TMP/text"
HEARD[text]=$((HEARD[text] + ${#lines[@]}))
is "nothing else is" "$(printf '%s\n' "${lines[@]}" | grep -cv " host limit: pool limit")" 0
like "monitor prints it" "${lines[0]}${lines[1]}" \
	"host limit: pool limit4, rule limit4, host 10\.1\.0\.23 to $to4"
for p in {3000..3004}; do
	stop 23 "$p"
done
swept
hears text "15: it stays"
stop 23 3005
hears text "14: it is cleared" \
	" alarm cleared: pool limit4: host 10\.1\.0\.23 has 14 of 20 sessions \(70%\)$" \
	" alarm cleared: pool limit6: host fd00:1::23 has 14 of 20 sessions \(70%\)$"

# The conntrack table, whose maximum is one for all namespaces
max=$(sysctl -n net.netfilter.nf_conntrack_max)
calls host --timeout 1 --sport 4000 --count 60 udp 10.2.0.10 198.18.0.2 >/dev/null
n=$(on "$RTR" conntrack -C)
sysctl -qw net.netfilter.nf_conntrack_max=$((n * 100 / 85))
hears text "85 % of conntrack: raised" \
	" alarm raised: conntrack table: $n of $((n * 100 / 85)) entries \(8[56]%\)$"
e status >"$TMP/status"
sysctl -qw net.netfilter.nf_conntrack_max=$((n * 100 / 75))
like "status says so" "$(cat "$TMP/status")" "conntrack table: $n of $((n * 100 / 85))"
swept 5
hears text "75 %: it stays"
sysctl -qw net.netfilter.nf_conntrack_max=$((n * 100 / 60))
hears text "60 %: cleared" \
	" alarm cleared: conntrack table: $n of $((n * 100 / 60)) entries \([56][0-9]%\)$"
sysctl -qw "net.netfilter.nf_conntrack_max=$max"

# Rulesets, and the alarm of a pool that goes
begin 12 3000 16 >/dev/null
hears text "raised once more" "alarm raised: pool few4" "alarm raised: pool few6"
conf | sed -E '/few/d' | apply "a ruleset without those pools"
hears text "their alarms go with them" "alarm cleared: pool few4" "alarm cleared: pool few6" \
	" ruleset [0-9]+ in force \($TMP/ernat\.conf\)$"
e clear session all >/dev/null
hears text "what was cleared" " cleared 1[0-9]+ sessions$"
ok "flush" e flush --force
hears text "flushed" " ruleset flushed$"
conf | apply "and again"
hears text "in force" " ruleset [0-9]+ in force \("

# What was told is kept
e -j show event >"$TMP/ring"
jq -S -c ".[] | select(.seq >= $(head -n 1 "$TMP/json" | jq .seq))" "$TMP/ring" >"$TMP/kept"
jq -S -c . "$TMP/json" >"$TMP/heard"
cmp "events were heard" "$(wc -l <"$TMP/heard")" -ge 30
ok "the ring has what the monitor heard" diff "$TMP/kept" "$TMP/heard"
is "from the first on, in order" "$(jq -r '[.[].seq] == [range(1; length + 1)]' "$TMP/ring")" true
is "text and JSON say the same number of things" "$(wc -l <"$TMP/text")" "$(wc -l <"$TMP/heard")"
is "show event of a host is that host's" "$(e -j show event host 10.1.0.10 | jq -c '[.[].seq]')" \
	"$(jq -c '[.[] | select(.source == "10.1.0.10") | .seq]' "$TMP/ring")"
is "… and has its failures" "$(e show event host 10.1.0.10 | grep -c exhausted: | sed 's/[1-9].*/some/')" some
is "by pool and destination" "$(e -j show event pool few6 dest '[2001:db8:365::1]:7' | jq -c '[.[].seq]')" \
	"$(jq -c '[.[] | select(.pool == "few6" and .destination == "2001:db8:365::1") | .seq]' "$TMP/ring")"
finish
