#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Bad input (issue 2, point 3): each is refused with one clear error and its
# place, the running ruleset untouched; every command without privilege, without
# the module, in a namespace without a ruleset, says so in one line.
#
# Topology: one namespace.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

setup_ns RTR

# Without the module
one_line() {
	local what=$1 said rc

	shift
	said=$("$@" 2>&1 </dev/null)
	rc=$?
	if [ $rc -ne 1 ]; then
		fail "$what: exit code"
		note "$rc: $said"
	elif [ "$(printf '%s\n' "$said" | grep -c .)" -ne 1 ]; then
		fail "$what: one line"
		note "$said"
	elif ! printf '%s\n' "$said" | grep -qiE "$RE"; then
		fail "$what: says why"
		note "$said"
	else
		pass "$what"
	fi
}
READS=("show pool" "show route-source" "show rule" "show session" "show stats"
	"show config" "status" "explain from 10.0.0.1 to 198.18.0.1")
base_conf bgp >"$TMP/good.conf"
rmmod ernat 2>/dev/null
RE='module|loaded|modprobe'
for c in "${READS[@]}" flush "apply $TMP/good.conf" "diff $TMP/good.conf"; do
	# shellcheck disable=SC2086
	one_line "without the module: ${c% /*}" e $c
done
ok "version works without the module" e version

load
ROUTERS+=("$RTR")
# In a namespace without a ruleset
for c in "${READS[@]}"; do
	# shellcheck disable=SC2086
	said=$(e $c 2>&1)
	rc=$?
	if [ $rc -le 1 ] && [ "$(printf '%s\n' "$said" | grep -c .)" -ge 0 ] &&
	   ! printf '%s\n' "$said" | grep -qiE 'segm|abort|dumped|errno'; then
		pass "without a ruleset: $c"
	else
		fail "without a ruleset: $c"
		note "$rc: $said"
	fi
done
is "without a ruleset: JSON stays JSON" "$(e -j show pool | jq -c .)" '[]'

# Without privilege
RE='permi|privilege|root|CAP_NET_ADMIN'
for c in "${READS[@]}" flush "apply $TMP/good.conf"; do
	chmod 755 "$TMP"
	# shellcheck disable=SC2086
	one_line "without privilege: ${c% /*}" on "$RTR" setpriv --reuid 65534 \
		--regid 65534 --clear-groups ernat $c
done

ok "the ruleset to keep applies" e apply "$TMP/good.conf"

refused "an overlapping pool" '2:[0-9]+' 'pool "b" overlaps pool "a"' <<-'TXT'
	pool a { address 198.51.100.0/28; }
	pool b { address 198.51.100.8/29; }
	TXT
refused "an unknown pool" '2:[0-9]+' '"nosuch"' <<-'TXT'
	route-source er { device er0; }
	rule r { to er; snat nosuch; }
	TXT
refused "an unknown route source" '2:[0-9]+' '"nosuch"' <<-'TXT'
	pool a { address 198.51.100.1; address 2001:db8::1; }
	rule r { to nosuch; snat a; }
	TXT
refused "an unknown set" '2:[0-9]+' '"nosuch"' <<-'TXT'
	pool a { address 198.51.100.1; address 2001:db8::1; }
	rule r { from nosuch; snat a; }
	TXT
refused "an overflow loop" '[12]:[0-9]+' 'loop|itself|cycle' <<-'TXT'
	pool a { address 198.51.100.1; overflow b; }
	pool b { address 198.51.100.2; overflow a; }
	TXT
refused "an overflow into itself" '1:[0-9]+' 'loop|itself|cycle' <<-'TXT'
	pool a { address 198.51.100.1; overflow a; }
	TXT
refused "port 0" '1:[0-9]+' 'port|0' <<-'TXT'
	pool a { address 198.51.100.1; port 0; }
	TXT
refused "port 0 in a range" '1:[0-9]+' 'port|0' <<-'TXT'
	pool a { address 198.51.100.1; port 0-100; }
	TXT
refused "port 65536" '1:[0-9]+' '65536' <<-'TXT'
	pool a { address 198.51.100.1; port 1024-65536; }
	TXT
refused "a reversed port range" '1:[0-9]+' '2000-1000' <<-'TXT'
	pool a { address 198.51.100.1; port 2000-1000; }
	TXT
refused "a reversed address range" '1:[0-9]+' '198.51.100.9-198.51.100.1' <<-'TXT'
	pool a { address 198.51.100.9-198.51.100.1; }
	TXT
refused "a range of two families" '1:[0-9]+' '' <<-'TXT'
	pool a { address 198.51.100.9-2001:db8::1; }
	TXT
refused "host bits set" '1:[0-9]+' '198.51.100.1/28' <<-'TXT'
	pool a { address 198.51.100.1/28; }
	TXT
refused "host bits set, IPv6" '1:[0-9]+' '2001:db8::1/64' <<-'TXT'
	pool a { address 2001:db8::1/64; }
	TXT
refused "a prefix too long" '1:[0-9]+' '/33' <<-'TXT'
	pool a { address 198.51.100.0/33; }
	TXT
long=$(printf 'x%.0s' {1..200})
refused "a 200-character name" '1:[0-9]+' 'long|63|64' <<-TXT
	pool $long { address 198.51.100.1; }
	TXT
refused "a name used twice" '2:[0-9]+' '"a"' <<-'TXT'
	pool a { address 198.51.100.1; }
	pool a { address 198.51.100.2; }
	TXT
refused "an unknown key" '2:[0-9]+' 'adress' <<-'TXT'
	pool a {
	adress 198.51.100.1;
	}
	TXT
refused "an unknown statement" '1:[0-9]+' 'pol' <<-'TXT'
	pol a { }
	TXT
refused "a missing semicolon" '[12]:[0-9]+' '' <<-'TXT'
	pool a { address 198.51.100.1
	port 1024-65535; }
	TXT
refused "a missing brace" '[0-9]+:[0-9]+' '' <<-'TXT'
	pool a { address 198.51.100.1;
	TXT
refused "a rule without an action" '1:[0-9]+' '' <<-'TXT'
	rule r { from 10.0.0.0/8; }
	TXT
refused "two actions" '2:[0-9]+' '' <<-'TXT'
	pool a { address 198.51.100.1; address 2001:db8::1; }
	rule r { exempt; snat a; }
	TXT
refused "a mark beyond its mask" '2:[0-9]+' '' <<-'TXT'
	pool a { address 198.51.100.1; address 2001:db8::1; }
	rule r { mark 0x10/0x1; snat a; }
	TXT
printf 'pool a { address 198.51.100.1; }\npool \0b { }\n' >"$TMP/nul"
refused "a NUL" '2:[0-9]+' '' <"$TMP/nul"

bad_file() {
	local said rc before after

	before=$(e -j show config)
	said=$(timeout $((60 * SLOW)) ernat -n "$RTR" apply "$2" 2>&1 </dev/null)
	rc=$?
	after=$(e -j show config)
	if [ $rc -eq 1 ] && [ "$before" = "$after" ] &&
	   [ "$(printf '%s' "$said" | wc -c)" -lt 4000 ] && [ -n "$said" ]; then
		pass "$1"
	else
		fail "$1"
		note "$rc: ${said:0:1000}"
		[ "$before" = "$after" ] || note "the running ruleset changed"
	fi
}
: >"$TMP/empty"
bad_file "an empty file" "$TMP/empty"
bad_file "a file that does not exist" "$TMP/nosuch"
bad_file "a folder" "$TMP"
bad_file "a device" /dev/zero
MB=$(scale 50)
head -c "${MB}M" /dev/zero | tr '\0' 'x' >"$TMP/big"
bad_file "$MB MB of one word" "$TMP/big"
yes 'pool a { address 198.51.100.1; }' | head -c "${MB}M" >"$TMP/big"
bad_file "$MB MB of one pool again and again" "$TMP/big"
head -c 1M /dev/urandom >"$TMP/big"
bad_file "1 MB of noise" "$TMP/big"
rm "$TMP/big"
echo "include \"$TMP/include.conf\";" >"$TMP/include.conf"
bad_file "a file that includes itself" "$TMP/include.conf"

e -j show config >"$TMP/good.json"
ok "the running ruleset as JSON is JSON" jq -e . "$TMP/good.json"
ok "and applies" e apply "$TMP/good.json"
size=$(wc -c <"$TMP/good.json")
for part in 10 50 90; do
	head -c $((size * part / 100)) "$TMP/good.json" >"$TMP/cut.json"
	bad_file "JSON cut off after $part %" "$TMP/cut.json"
done
said=$(e apply "$TMP/cut.json" 2>&1)
like "… says where" "$said" 'cut.json:[0-9]+:[0-9]+'
echo '{"pool": 7}' >"$TMP/cut.json"
bad_file "JSON of another shape" "$TMP/cut.json"

for args in "nosuch" "show nosuch" "--nosuch" "explain from 10.0.0.1" \
	"explain from x to y" "apply" "show session pool" "-n"; do
	# shellcheck disable=SC2086
	said=$(ernat $args 2>&1 </dev/null)
	rc=$?
	cmp "usage error: ernat $args" "$rc" -eq 2 || note "$said"
done
RE='nosuch'
one_line "a namespace that does not exist" ernat -n nosuch show pool
one_line "a pool that does not exist" e show pool nosuch
is "the ruleset is still the one to keep" "$(e -j show config | jq -S -c .)" \
	"$(jq -S -c . "$TMP/good.json")"
finish
