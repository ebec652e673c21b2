#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R3, R4, R14 and the other refusals at apply: each names file, line and column,
# shows a caret, and leaves the running ruleset as it is. Warnings do not refuse.
#
# Topology: one namespace.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
setup_ns RTR
ROUTERS+=("$RTR")
ip -n "$RTR" addr add 198.51.100.200/32 dev lo
base_conf bgp | apply "the ruleset to keep applies"

ER='route-source er { role microsoft; device er0; }'
NET='route-source internet { role internet; device inet0; }'
PRIV='route-source private { role private; device pr0; }'

# R3: address, by what it is
while read -r range what; do
	refused "R3: $what ($range)" '3:[0-9]+' '' <<-TXT
	$ER
	pool p {
	address $range;
	}
	rule r { to er; snat p; }
	TXT
done <<-'TXT'
	10.0.0.0/24 private
	172.20.1.1 private
	192.168.0.0/16 private
	100.64.0.0/10 shared
	127.0.0.1 loopback
	169.254.1.0/24 link-local
	224.1.0.0/16 multicast
	240.0.0.1 reserved
	0.1.0.0/16 this-network
	9.255.255.255-10.0.0.0 a-range-that-reaches-into-it
	fd00::/120 unique-local
	fe80::1 link-local
	ff0e::1 multicast
	::1 loopback
	TXT
refused "R3: through an overflow" '2:[0-9]+' '' <<-TXT
	$ER
	pool spare { address 10.0.0.1; }
	pool p { address 198.51.100.0/28; overflow spare; }
	rule r { to er; snat p; }
	TXT
apply "R3: through return, an inside address is right" <<-TXT
	$ER
	pool p { address 10.0.0.1; address fd00::1; }
	rule r { return er; snat p; }
	TXT
apply "R3: toward the Internet alone, private addresses are nobody's business" <<-TXT
	$NET
	pool p { address 192.168.0.1; address fd00::1; }
	rule r { to internet; snat p; }
	TXT
cat >"$TMP/doc.conf" <<-TXT
	$ER
	pool p { address 198.51.100.0/28; address 2001:db8::/120; }
	rule r { to er; snat p; }
	TXT
said=$(e apply "$TMP/doc.conf" 2>&1)
is "R3: documentation ranges apply" $? 0
like "R3: with a warning" "$said" 'doc.conf:2:.*([Ww]arning|documentation)'
base_conf bgp | apply "the ruleset to keep applies again"

# R4
refused "R4: one pool for both roles" '[0-9]+:[0-9]+' 'pool "p"' <<-TXT
	$ER
	$NET
	pool p { address 198.51.100.0/28; address 2001:db8::/120; }
	rule a { to er; snat p; }
	rule b { to internet; snat p; }
	TXT
refused "R4: in one rule" '[0-9]+:[0-9]+' 'pool "p"' <<-TXT
	$ER
	$NET
	pool p { address 198.51.100.0/28; address 2001:db8::/120; }
	rule a { to er, internet; snat p; }
	TXT
refused "R4: through an overflow" '[0-9]+:[0-9]+' 'pool "(spare|q)"' <<-TXT
	$ER
	$NET
	pool spare { address 198.51.100.64; address 2001:db8::64; }
	pool p { address 198.51.100.0/28; address 2001:db8::/123; overflow spare; }
	pool q { address 198.51.100.16/28; address 2001:db8:1::/123; overflow spare; }
	rule a { to er; snat p; }
	rule b { to internet; snat q; }
	TXT
refused "R4: one address in two pools" '4:[0-9]+' \
	'pool "q" overlaps pool "p" at 198.51.100.15|overlaps' <<-TXT
	$ER
	pool p { address 198.51.100.0/28; }
	pool q {
	address 198.51.100.15-198.51.100.16;
	}
	TXT
refused "R4: one IPv6 address in two pools" '3:[0-9]+' 'overlaps' <<-TXT
	$ER
	pool p { address 2001:db8:beef::/64; }
	pool q { address 2001:db8:beef::ffff:0; }
	TXT

# R14
refused "R14: a pool that serves role private" '[0-9]+:[0-9]+' 'private' <<-TXT
	$PRIV
	pool p { address 198.51.100.0/28; address 2001:db8::/120; }
	rule a { to private; snat p; }
	TXT
refused "R14: together with another source" '[0-9]+:[0-9]+' 'private' <<-TXT
	$PRIV
	$ER
	pool p { address 198.51.100.0/28; address 2001:db8::/120; }
	rule a { to er, private; snat p; }
	TXT

# Families
refused "a pool without the family that its rule matches" '[0-9]+:[0-9]+' \
	'IPv6|ipv6|family' <<-TXT
	$ER
	pool p { address 198.51.100.0/28; }
	rule a { to er; from 10.0.0.0/8, fd00::/16; snat p; }
	TXT
refused "… or asks for" '[0-9]+:[0-9]+' 'IPv4|ipv4|family' <<-TXT
	$ER
	pool p { address 2001:db8:beef::/124; }
	rule a { to er; family ipv4; snat p; }
	TXT
apply "a rule for one family needs that one alone" <<-TXT
	$ER
	pool p { address 198.51.100.0/28; }
	rule a { to er; from 10.0.0.0/8; snat p; }
	TXT

# Warnings
cat >"$TMP/warn.conf" <<-TXT
	$ER
	pool p { address 198.51.100.200; address 2001:db8::200; }
	rule leaked { to er; from 192.0.2.0/28; exempt; }
	rule a { to er; snat p; }
	TXT
said=$(e apply "$TMP/warn.conf" 2>&1)
is "warnings do not refuse" $? 0
like "an exempt prefix that \"allow\" lacks" "$said" 'warn.conf:3:.*allow'
like "a pool address that is local here" "$said" '198.51.100.200.*local'
like "a pool address without a route" "$said" '2001:db8::200.*route'

unlike "a rule of both IP versions, with a pool of both" "$said" 'matches IPv'
cat >"$TMP/warn.conf" <<-TXT
	$ER
	pool p { address 198.51.100.200; }
	rule a { to er; snat p; }
	TXT
like "a rule of both IP versions, with a pool of one" \
	"$(e apply --check "$TMP/warn.conf" 2>&1)" 'warn.conf:3:.*matches IPv6 too'

base_conf bgp >"$TMP/c.conf"
before=$(e -j show config)
ok "--check of something else" e apply --check "$TMP/warn.conf"
is "changes nothing" "$(e -j show config)" "$before"
echo 'pool p { }' >"$TMP/bad.conf"
e apply --check "$TMP/bad.conf" >/dev/null 2>&1
is "--check of something bad: exit 1" $? 1
e apply >/dev/null 2>&1
is "apply without a file: exit 2" $? 2
finish
