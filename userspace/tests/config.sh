#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The configuration language, without the module: what is wrong is said with
# file, line, column and caret; what is right comes back the same, as text and
# as JSON. $ERNAT is the command.

ERNAT=${ERNAT:-$(dirname "$0")/../ernat}
DOC=$(realpath "$(dirname "$0")/../../Documentation") || exit 1
TMP=$(mktemp -d) || exit 1
trap 'rm -rf "$TMP"' EXIT
cd "$TMP" || exit 1
n=0
failed=0

ok() {
	n=$((n + 1))
	echo "ok $n - $1"
}

not_ok() {
	n=$((n + 1))
	failed=1
	echo "not ok $n - $1"
	shift
	printf '%s\n' "$@" | sed 's/^/# /'
}

# bad NAME LINE:COLUMN TEXT [FILE]: stdin is refused there, and the caret agrees
bad() {
	local name=$1 at=$2 text=$3 file=${4:-x.conf} said code line column marks

	cat >x.conf
	said=$("$ERNAT" show config --file "$file" 2>&1)
	code=$?
	line=$(printf '%s\n' "$said" | head -n 1)
	marks=$(printf '%s\n' "$said" | sed -n 3p)
	column=${at#*:}
	marks=${marks%%^*}
	if [ $code -ne 1 ]; then
		not_ok "$name" "exit $code" "$said"
	elif [[ $line != x.conf:$at:\ *"$text"* ]]; then
		not_ok "$name" "expected x.conf:$at: ... $text" "$said"
	elif [ ${#marks} -ne $((column - 1)) ] || [ -n "${marks//[ $'\t']/}" ]; then
		not_ok "$name" "caret is not at column $column" "$said"
	else
		ok "$name"
	fi
}

# refused NAME TEXT FILE: one line, without a place
refused() {
	local said code

	said=$("$ERNAT" show config --file "$3" 2>&1)
	code=$?
	if [ $code -eq 1 ] && [[ $said == *"$2"* && $said != *$'\n'* ]]; then
		ok "$1"
	else
		not_ok "$1" "exit $code" "${said:0:400}"
	fi
}

good() {
	local name=$1 said

	cat >x.conf
	if said=$("$ERNAT" show config --file x.conf 2>&1); then
		ok "$name"
	else
		not_ok "$name" "$said"
	fi
}

# says NAME TEXT: what stdin is in canonical text has that line
says() {
	local name=$1 said

	cat >x.conf
	said=$("$ERNAT" show config --file x.conf 2>&1)
	if printf '%s\n' "$said" | sed 's/^\t//' | grep -qxF -- "$2"; then
		ok "$name"
	else
		not_ok "$name" "$said"
	fi
}

bad "host bits set" 2:10 'has host bits set, the prefix is 198.51.100.0/28' <<'C'
pool a {
	address 198.51.100.1/28;
}
C
bad "host bits set, IPv6" 1:18 'host bits' <<<'pool a { address 2001:db8::1/64; }'
bad "a prefix too long" 1:18 'too long' <<<'pool a { address 10.0.0.0/33; }'
bad "a reversed address range" 1:18 'reversed' <<<'pool a { address 10.0.0.9-10.0.0.1; }'
bad "a range of two families" 1:18 'mixes IPv4 and IPv6' <<<'pool a { address 10.0.0.9-2001:db8::1; }'
bad "no address" 1:18 'is not' <<<'pool a { address 10.0.0; }'
bad "an address and something" 1:35 'unexpected "foo"' <<<'pool a { address 1.1.1.1, 2.2.2.2 foo; }'
bad "port 0" 1:32 'port: 0 is not in 1 to 65535' <<<'pool a { address 1.1.1.1; port 0; }'
bad "port 65536" 1:36 '65536' <<<'pool a { address 1.1.1.1; port 80, 1-65536; }'
bad "a reversed port range" 1:32 'reversed' <<<'pool a { address 1.1.1.1; port 9-8; }'
bad "a name of 64 bytes" 1:6 'longer than 63' <<<"pool $(printf 'x%.0s' {1..64}) { }"
good "a name of 63 bytes" <<<"pool $(printf 'x%.0s' {1..63}) { address 1.1.1.1; }"
bad "an odd name" 1:6 'not a name' <<<'pool a/b { }'
bad "a reserved name" 1:14 'word of the language' <<<'route-source none { }'
bad "a set that looks like an address" 1:5 'look like an address' <<<'set fe80:1 { ::/0; }'
bad "a second pool of a name" 2:6 'second pool "a"' <<'C'
pool a { address 1.1.1.1; }
pool a { address 1.1.1.2; }
C
bad "a key twice" 1:41 'second "host-limit"' <<<'pool a { address 1.1.1.1; host-limit 1; host-limit 2; }'
bad "an unknown key" 2:2 'did you mean "address"?' <<'C'
pool a {
	adress 1.1.1.1;
}
C
bad "an unknown statement" 1:1 'did you mean "pool"?' <<<'pol a { }'
bad "a key of another block" 1:10 'a pool has no key "snat"' <<<'pool a { snat b; }'
bad "an unknown protocol" 1:27 'did you mean "bgp"?' <<<'route-source a { protocol bpg; }'
bad "an unknown choice" 1:23 'did you mean "microsoft"?' <<<'route-source a { role microsft; }'
bad "a missing semicolon" 3:2 'missing ";" before "port"' <<'C'
pool a {
	address 1.1.1.1
	port 80;
}
C
bad "a missing semicolon at the end" 1:26 'missing ";"' <<<'pool a { address 1.1.1.1 }'
bad "a missing brace" 1:8 'missing "}"' <<<'pool a { address 1.1.1.1;'
bad "a brace too many" 1:28 'unexpected "}"' <<<'pool a { address 1.1.1.1; }}'
bad "an open string" 1:22 'without closing quote' <<<'pool a { description "abc; }'
bad "a stray quote" 1:18 'is not' <<<'pool a { address "; }"; }'
bad "a rule without an action" 1:6 'has no action' <<<'rule r { from 10.0.0.0/8; }'
bad "two actions" 1:18 'second action' <<<'rule r { exempt; drop; }'
bad "snat without a pool" 1:10 'snat needs the name of a pool' <<<'rule r { snat; }'
bad "exempt with a value" 1:17 'takes no value' <<<'rule r { exempt now; }'
bad "local in dest" 1:15 '"local" is for "from" only' <<<'rule r { dest local; exempt; }'
bad "an unknown pool" 2:15 'snat: no pool "b"' <<'C'
pool long-name { address 1.1.1.1; }
rule r { snat b; }
C
bad "an unknown pool, nearly" 2:15 'did you mean "microsoft"?' <<'C'
pool microsoft { address 1.1.1.1; }
rule r { snat mircosoft; }
C
bad "an unknown route source" 1:13 'to: no route-source "x"' <<<'rule r { to x; exempt; }'
bad "an unknown set" 1:15 'from: no set "x"' <<<'rule r { from x; exempt; }'
bad "an unknown overflow" 1:36 'overflow: no pool "x"' <<<'pool a { address 1.1.1.1; overflow x; }'
bad "an overflow loop" 3:37 'overflows into itself: b -> c -> b' <<'C'
pool a { address 1.1.1.1; overflow b; }
pool b { address 1.1.1.2; overflow c; }
pool c { address 1.1.1.3;  overflow b; }
C
bad "an overflow into itself" 1:36 'a -> a' <<<'pool a { address 1.1.1.1; overflow a; }'
bad "a mark beyond its mask" 1:15 'outside its mask' <<<'rule r { mark 0x10/0x1; exempt; }'
bad "an alarm above 100 %" 1:33 '110%' <<<'pool a { address 1.1.1.1; alarm 110% 5%; }'
bad "an alarm that clears above" 1:37 'clears at 60%' <<<'pool a { address 1.1.1.1; alarm 50% 60%; }'
bad "half an alarm" 1:33 'two percentages' <<<'pool a { address 1.1.1.1; alarm 50%; }'
bad "a device too long" 1:25 'not a device name' <<<'route-source a { device abcdefghijklmnop; }'
bad "a star in the middle" 1:25 'not a device name' <<<'route-source a { device e*h; }'
bad "ge below the prefix" 1:39 'not a length from 8 to 32' <<<'route-source a { prefix 10.0.0.0/8 ge 4; }'
bad "le below ge" 1:45 'not a length from 16 to 32' <<<'route-source a { prefix 10.0.0.0/8 ge 16 le 8; }'
bad "a set without address" 1:5 'has no address' <<<'set s { except 10.0.0.0/8; }'
bad "a pool without address" 1:6 'has no address' <<<'pool p { }'
bad "a comma that begins a list" 1:27 'unexpected ","' <<<'pool p { address 1.1.1.1, , 2.2.2.2; }'
bad "no UTF-8" 1:22 'not UTF-8' <<<$'pool p { description "\xff"; }'
bad "a NUL" 2:3 'NUL byte' < <(printf '\n  \0')
bad "columns are characters" 1:27 'unexpected "b"' <<<'rule e { description "üé" b; }'
bad "a statement without end before a block" 1:16 'missing ";" after "203.0.113.64/29"' \
	<<<$'circuit-subnet 203.0.113.64/29\npool a { address 1.1.1.1; }'
bad "an include without end before a block" 1:9 'missing ";" after "y.conf"' \
	<<<$'include "y.conf"\npool a { address 1.1.1.1; }'
bad "a block without end before another" 3:1 'missing "}" before it, of the pool "a" that begins in line 1' \
	<<<$'pool a {\n address 1.1.1.1;\nrule r { snat a; }'
bad "the end within a statement" 1:9 'the file ends here, missing ";" after "drop"?' \
	< <(printf 'rule r {drop')
bad "a byte order mark is no character" 1:1 'unknown statement "x"' < <(printf '\xef\xbb\xbfx;')
bad "two addresses without comma" 1:26 'missing ","?' <<<'pool a { address 1.1.1.1 1.1.1.2; }'
bad "not an address" 1:15 'is not a prefix' <<<'rule r { from !10.0.0.0/8; drop; }'
bad "an include that is not there" 1:9 'No such file' <<<'include "nosuch.conf";'
bad "a file that includes itself" 1:9 'includes itself' <<<'include "x.conf";'
bad "an include without a name" 1:1 'include needs' <<<'include;'

bad "JSON cut off" 2:7 'JSON: ' <<<$'{"pool": [{"name": "a",\n "addre'
bad "JSON: an address" 2:14 'host bits' <<<$'{"pool": [{"name": "a",\n "address": ["1.1.1.1/8"]}]}'
bad "JSON: an unknown key" 1:24 'did you mean "address"' <<<'{"pool": [{"name":"a", "adress": ["1.1.1.1"]}]}'
bad "JSON: another shape" 1:10 'has to be an array' <<<'{"pool": 7}'
bad "JSON: a block without name" 1:11 'has no "name"' <<<'{"pool": [{"address":["1.1.1.1"]}]}'
bad "JSON: an unknown kind of block" 1:2 'did you mean "rule"' <<<'{"rules": []}'
bad "JSON: an include" 1:2 'includes no others' <<<'{"include": "y.conf"}'
bad "JSON: a list" 1:1 'expected an object' <<<'[]'
bad "JSON: an empty list" 1:41 'empty list' <<<'{"rule":[{"name":"a","exempt":true,"to":[]}]}'
bad "JSON: a key twice" 1:27 'duplicate' <<<'{"pool":[{"name":"a","name":"b"}]}'
bad "JSON: nested deep" 1:21 'nested too deep' <<<'{"pool":[{"name":[[[[[[[[]]]]]]]]}]}'
bad "JSON: a schema to come" 1:11 'schema is not 1' <<<'{"schema":2}'

: >empty
refused "an empty file" 'no rule, pool or route source; to remove a ruleset: ernat flush' empty
echo '# nothing; at all' >empty
refused "a file of comments" 'no rule, pool or route source' empty
echo '{}' >empty
refused "an empty JSON" 'no rule, pool or route source' empty
refused "a file that is not there" 'No such file or directory' nosuch
refused "a directory" 'Is a directory' .
refused "a device without end" 'larger than 16 MiB' /dev/zero
truncate -s 50M big
refused "50 MB" 'larger than 16 MiB' big
rm big

cat >x.conf <<'C'
pool a { address 1.1.1.1/8; port 0; foo 1; overflow; }
rule r { snat a b; }
pool a { addres 1; }
C
said=$("$ERNAT" show config --file x.conf 2>&1)
if [ "$(printf '%s\n' "$said" | grep -c '^x.conf:')" -ge 6 ]; then
	ok "several errors at once"
else
	not_ok "several errors at once" "$said"
fi
for i in {1..30}; do echo "pool p$i { foo 1; }"; done >x.conf
said=$("$ERNAT" show config --file x.conf 2>&1)
if [ "$(printf '%s\n' "$said" | grep -c '^x.conf:')" -eq 10 ]; then
	ok "ten errors are enough"
else
	not_ok "ten errors are enough" "$said"
fi
printf 'pool \x1b]0;owned\x07 { }\n# \x1b\npool a\x1b[31m { }\n' >x.conf
said=$("$ERNAT" show config --file x.conf 2>&1)
if [[ $said == *'\x1b'* && $said != *$'\x1b'* && $said != *$'\x07'* ]]; then
	ok "control characters are escaped"
else
	not_ok "control characters are escaped" "$said"
fi

says "a default is left out" 'address 1.1.1.1;' <<<'pool p { address 1.1.1.1; port 1024-65535; alarm 80% 70%; exhausted drop; }'
says "a prefix in full is one" 'address 10.0.0.0/24;' <<<'pool p { address 10.0.0.0-10.0.0.255; }'
says "a range that is none stays" 'address 10.0.0.0-10.0.0.254;' <<<'pool p { address 10.0.0.0-10.0.0.254; }'
says "numbers get their names" 'protocol bgp, ospf, 200;' <<<'route-source s { protocol 186, ospf; protocol 200; }'
says "tables get theirs" 'table main, 100;' <<<'route-source s { table 254, 100; }'
says "an IP protocol" 'protocol tcp, gre;' <<<'rule r { protocol 6, gre; exempt; }'
says "ge alone goes to host routes" 'prefix 10.0.0.0/8 ge 16;' <<<'route-source s { prefix 10.0.0.0/8 ge 16 le 32; }'
says "a quoted device" 'device "a;b", eth1.*;' <<<'route-source s { device "a;b", "eth1.*"; }'
says "a text" 'description "say \"hi\" \\";' <<<'route-source s { description "say \"hi\" \\"; }'
says "hexadecimal marks" 'mark 0x10/0xff;' <<<'rule r { mark 16/255; exempt; }'

cat >all.conf <<'C'
# every key there is
set corp { 10.0.0.0/8, 172.16.0.0/12; except 10.9.0.0/16; fd00::/16; }
pool p {
	description "registered to AS64500, \"Übersee\"";
	address 198.51.100.0/28, 198.51.100.32/28 standby; address 198.51.100.64 drain;
	address 198.51.100.65-198.51.100.70 router b;
	address 2001:db8:beef::/124;
	except 198.51.100.0, 198.51.100.15;
	port 80, 1024-65535; overflow spare;
	host-limit 16384; host-prefix 64; alarm 90% 10%; exhausted reject;
	log sessions;
}
pool spare { address 198.51.101.0; }
route-source er {
	description "ExpressRoute"; role microsoft; protocol bgp, static, 77;
	table main, 100; vrf red; device er0, er*; via 203.0.113.0/30, corp, except 203.0.113.1;
	realm 5, 6; metric 10, 20-30; lookup 1000;
	prefix 10.0.0.0/8, 10.0.0.0/8 ge 16, 10.0.0.0/8 le 24, 2001:db8::/32 ge 48 le 64;
	neighbor 203.0.113.2, 2001:db8::2; peer-as 12076, 12077; as 64500;
	allow corp, 192.0.2.0/28; no guard;
}
rule r1 {
	description "all"; to er, none; return none; in inet0; out er0, er1; vrf red, blue;
	from local, corp, 10.1.1.1, except 10.3.0.0/16; dest 198.18.0.0/15;
	protocol tcp, 200; sport 1-1023; dport 80, 443; mark 5; family ipv4; snat p;
	reply-mark 0x10/0x10;
}
rule r2 { exempt; }
rule r3 { drop; }
circuit-subnet 203.0.113.64/29, 203.0.113.72/29;
conntrack-alarm 85% 20%;
C
"$ERNAT" show config --file all.conf >1.conf 2>&1
"$ERNAT" show config --file 1.conf >2.conf 2>&1
"$ERNAT" -j show config --file 1.conf >1.json 2>&1
"$ERNAT" show config --file 1.json >3.conf 2>&1
"$ERNAT" -j show config --file 1.json >2.json 2>&1
if cmp -s 1.conf 2.conf; then ok "text to text"; else
	not_ok "text to text" "$(diff 1.conf 2.conf)"; fi
if cmp -s 1.conf 3.conf; then ok "text to JSON to text"; else
	not_ok "text to JSON to text" "$(diff 1.conf 3.conf)"; fi
if cmp -s 1.json 2.json; then ok "JSON to JSON"; else
	not_ok "JSON to JSON" "$(diff 1.json 2.json)"; fi
if "$ERNAT" show config --file - <all.conf | cmp -s - 1.conf; then
	ok "standard input"
else
	not_ok "standard input"
fi
if "$ERNAT" show config r2 --file all.conf | cmp -s - <(printf 'rule r2 {\n\texempt;\n}\n'); then
	ok "one object by name"
else
	not_ok "one object by name"
fi

mkdir -p d/sub
echo 'include "sub/*.conf"; include "none/*.conf"; rule last { exempt; }' >d/main.conf
echo 'rule a { exempt; }' >d/sub/a.conf
echo 'rule b { exempt; }' >d/sub/b.conf
if [ "$("$ERNAT" show config --file d/main.conf | grep -c '^rule')" = 3 ] &&
   [ "$("$ERNAT" show config --file d/main.conf | grep '^rule' | tail -n 1)" = 'rule last {' ]; then
	ok "includes are read where they stand, relative to their file"
else
	not_ok "includes are read where they stand, relative to their file"
fi
echo 'rule c { exemp; }' >d/sub/b.conf
said=$("$ERNAT" show config --file d/main.conf 2>&1)
if [[ $said == d/sub/b.conf:1:10:* ]]; then
	ok "an error in an included file is said there"
else
	not_ok "an error in an included file is said there" "$said"
fi

good "the example" <"$DOC/examples/ernat.conf"
good "the example of the manual" < <(sed -n '/^set corp/,/^\.Ed/p' "$DOC/ernat.conf.5" | sed '$d')

for args in "apply" "apply --confirm 5 x" "apply --nosuch x" "apply a b" \
	"apply --router" "diff" "diff a b" "show config --nosuch" "show config a b"; do
	# shellcheck disable=SC2086
	said=$("$ERNAT" $args 2>&1 </dev/null)
	code=$?
	if [ $code -eq 2 ]; then
		ok "usage: $args"
	else
		not_ok "usage: $args" "exit $code" "$said"
	fi
done

echo "1..$n"
exit $failed
