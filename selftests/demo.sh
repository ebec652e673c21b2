#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make demo: an ExpressRoute edge router at work, with real BGP; R1, R2, R10 on a
# screen. Ends in a verdict, and non-zero if anything was not as told.
#
# Topology: topo_edge of lib-topo.sh.

PLAIN=yes
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

chapter() {
	printf '\n== %s\n\n' "$*"
}

# run COMMAND…: as one would type it on the router
run() {
	printf '  router# ernat %s\n' "$*"
	e "$@" 2>&1 | sed 's/^/    /'
}

# told WHAT GOT REGEX: and what the far side saw
told() {
	printf '    %-47s far side saw %s\n' "$1" "$2"
	TESTS=$((TESTS + 1))
	printf '%s\n' "$2" | grep -qE -- "$3" && return
	TESTS=$((TESTS - 1))
	fail "$1: wanted /$3/"
}

verdict() {
	if [ "$FAILED" -eq 0 ]; then
		printf '\nVERDICT: everything was as told (%d checks, %d s).\n' \
			"$TESTS" "$SECONDS"
	else
		printf '\nVERDICT: %d of %d checks were NOT as told.\n' \
			"$FAILED" "$TESTS"
	fi
}

cat <<'TXT'

ernat: source NAT by route source, on an ExpressRoute edge router

   hosts 10.1.0.0/16      edge router             Microsoft, AS 12076
   fd00:1::/64            AS 64500, FRR           198.18.0.0/16, 2001:db8:365::/48
                               ┌── er0 ── primary ────┐
   10.1.0.10 ───────────── in0 ┤                      ├ Microsoft
   192.0.2.10 leaked           ├── er1 ── secondary ──┘     │
   192.0.2.70 service          └── inet0 ── Internet, AS 64510: default route
TXT

chapter "The routers start; BGP comes up"
load
topo_edge frr
for f in -4 -6; do
	ip $f -n "$RTR" rule add fwmark 0x10/0x10 lookup 100
done
ip -n "$RTR" route add default via 192.0.2.130 dev inet0 table 100
ip -n "$RTR" route add default via fe80::a dev inet0 table 100
printf '  router# ip route show proto bgp\n'
ip -n "$RTR" route show proto bgp | sed 's/^/    /'

chapter "The ruleset: which pool is a matter of where the route came from"
mkdir -p /etc/ernat
base_conf bgp >/etc/ernat/ernat.conf
sed -n '/^route-source er/,$p' /etc/ernat/ernat.conf | grep -vE 'neighbor|peer-as|as 64500' |
	sed 's/^/    /'
echo
run apply /etc/ernat/ernat.conf
ok "the ruleset is in force" e -j show pool msft

chapter "R1: from inside to Microsoft and to the Internet"
for f in 4 6; do
	addresses $f
	for p in tcp udp; do
		talk $p$f "$HOST" $p $A $MS1 >"$TMP/$p$f"
		told "IPv$f $p to Microsoft" "$(cat "$TMP/$p$f")" "$POOL_MSFT"
		told "IPv$f $p to the Internet" "$(seen "$HOST" $p $A $NET1)" "$POOL_PUBLIC"
	done
	pings $f "ping to Microsoft" "$HOST" $A $MS1
done

chapter "R10, R2: Microsoft calls in over both paths"
for f in 4 6; do
	addresses $f
	told "IPv$f over ExpressRoute, to a leaked prefix" \
		"$(seen "$MS" tcp $MS1 $LEAKED)" "^$MS1 "
	told "IPv$f over the Internet, to the service" \
		"$(seen "$MS" tcp $MS1 $SERVICE)" "$POOL_EDGE"
	told "IPv$f somebody else over the Internet" \
		"$(seen "$INET" tcp $NET1 $SERVICE)" "^$NET1 "
done

chapter "R13: the primary link fails"
ip -n "$MS" link set p0 down
primary_gone() {
	! routes "$RTR" | grep -E '^(198.18.0.0/16|2001:db8:365::/48) .*er0'
}
ok "its routes are withdrawn" busywait 20 primary_gone
for s in tcp4 tcp6; do
	is "the ${s%?} session over IPv${s: -1} lives on by the secondary" \
		"$(say $s)" "$(cat "$TMP/$s")"
done

chapter "What the router knows"
run show pool
echo
run show session pool msft
echo
run explain from 10.1.0.10 to 198.18.0.1 protocol tcp dport 7
echo
run explain from 198.18.0.1 to 192.0.2.70 in inet0
ok "explain says rule m365 and pool msft" \
	sh -c "ernat -n $RTR explain from 10.1.0.10 to 198.18.0.1 | grep -q msft"

chapter "R11: a pool that starves, seen before it does"
{
	cat <<-'CONF'
	pool tiny { address 198.51.100.20; address 2001:db8:beef::20; port 2000-2019; }
	CONF
	sed 's/^rule m365 .*/rule tiny { to er; from 10.1.0.12, fd00:1::12; snat tiny; }\n&/' \
		/etc/ernat/ernat.conf
} >"$TMP/tiny.conf"
sed -n '/tiny/p' "$TMP/tiny.conf" | sed 's/^/    /'
echo
# The warnings were seen above.
run apply "$TMP/tiny.conf" | grep -E 'router#|applied' |
	sed "s|$TMP|/etc/ernat|"
printf '  router# ernat monitor &\n'
spawn nsenter --net="/run/netns/$RTR" ernat monitor pool tiny >"$TMP/monitor"
sleep 0.5
flows() {
	seen "$HOST" --timeout 1 --count "$1" udp 10.1.0.12 198.18.0.1 | grep -c '^198.51.100.20 '
}
told_by_monitor() {
	ok "$1" busywait 10 says "$2" cat "$TMP/monitor"
}
printf '    10.1.0.12 opens 17 flows to 198.18.0.1: %s are answered\n' "$(flows 17)"
told_by_monitor "the alarm comes before the last port" 'alarm raised: .*16 of 20'
printf '    and 8 more: %s are answered\n' "$(flows 8)"
told_by_monitor "then no port is left, and that is said" 'exhausted'
echo
run show host 10.1.0.12
echo
run show destination pool tiny
echo
run clear session pool tiny
told_by_monitor "the alarm is over" 'alarm cleared'
printf '    10.1.0.12 tries again: %s of 5 are answered\n' "$(flows 5)"
printf '\n  what ernat monitor said:\n'
sed 's/^/    /' "$TMP/monitor"
is "every failure is counted" "$(pool tiny .exhausted)" "$(stat drop_exhausted)"

chapter "The end"
is "packets that reached Microsoft with an inside address: none" "$(leaks)" 0
cmp "sessions made" "$(stat created)" -ge 12
finish
