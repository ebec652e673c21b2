#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 10: configuration, reads and explain need CAP_NET_ADMIN in the
# network namespace: nobody else gets them; root of a user namespace gets them
# for a network namespace of its own and for no other; what it can make the
# kernel hold is capped.
#
# Topology: one namespace, and those that unshare makes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
setup_ns RTR
ROUTERS+=("$RTR")
base_conf bgp >"$TMP/good.conf"
chmod -R a+rX "$TMP"
ok "the ruleset applies" e apply "$TMP/good.conf"
before=$(e -j show config)

as_nobody() {
	on "$RTR" setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
for c in status "show pool" "show route-source" "show rule" "show session" \
	"show stats" "show config" "show host" "show destination" "show event" \
	"explain from 10.0.0.1 to 198.18.0.1" flush "flush --force" \
	"apply $TMP/good.conf" "clear session all" adopt monitor; do
	# shellcheck disable=SC2086
	nok "nobody: ${c% /*}" as_nobody ernat $c
done
is "nobody changed nothing" "$(e -j show config)" "$before"
cat >"$TMP/raw.py" <<-'PY'
	import sys
	sys.path.insert(0, sys.argv[1])
	import nl
	g = nl.Genl()
	for cmd in nl.COMMANDS:
	    for flags in (nl.REQUEST | nl.ACK, nl.REQUEST | nl.DUMP):
	        err = g.send(cmd, b'', flags)
	        print(cmd, flags, err)
	for group in g.groups:
	    print('group', group, g.join(group))
	PY
as_nobody python3 "$TMP/raw.py" "$HERE" >"$TMP/raw" 2>&1
is "nobody, by netlink: nothing but EPERM" "$(awk '{ print $3 }' "$TMP/raw" |
	grep -vE '^(EPERM|E(OP)?NOTSUPP?)$' | sort -u)" ""
# EVENT is one that the kernel sends alone
is "… for every command" "$(grep -v group "$TMP/raw" | grep EPERM | cut -d' ' -f1 |
	sort -nu | xargs)" "$(seq -s ' ' 18)"
is "… and for both groups of events" "$(grep -c 'group.*EPERM' "$TMP/raw")" 2

# Only the capability counts
ok "CAP_NET_ADMIN alone is enough" on "$RTR" setpriv --reuid 65534 --regid 65534 \
	--clear-groups --inh-caps +net_admin --ambient-caps +net_admin \
	ernat show pool

# User namespaces
sysctl -qw kernel.unprivileged_userns_clone=1 2>/dev/null
nok "root of a user namespace, in the router's network namespace" \
	as_nobody unshare -r ernat show pool
nok "… by apply" as_nobody unshare -r ernat apply "$TMP/good.conf"
ok "root of a user namespace, in a network namespace of its own" \
	as_nobody unshare -rn ernat apply "$TMP/good.conf"
is "the router's ruleset is its own" "$(e -j show config)" "$before"

cat >"$TMP/cap.py" <<-'PY'
	import sys
	sys.path.insert(0, sys.argv[1])
	import nl
	socks, refused = [], 0
	for _ in range(64):
	    g = nl.Genl()
	    err = g.send(nl.BEGIN, b'', nl.REQUEST | nl.ACK)
	    socks.append(g)
	    if err:
	        refused += 1
	print(64 - refused)
	for g in socks:
	    g.close()
	g = nl.Genl()
	print(nl.retry(lambda: g.send(nl.BEGIN, b'', nl.REQUEST | nl.ACK)) or 'ok')
	PY
as_nobody unshare -rn python3 "$TMP/cap.py" "$HERE" >"$TMP/caps" 2>&1
is "open transactions are capped, and forgotten with their sockets" \
	"$(tr '\n' ' ' <"$TMP/caps")" "8 ok "
finish
