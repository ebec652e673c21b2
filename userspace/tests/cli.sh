#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line where there is no module: what is wrong with it is said in
# one line with exit code 2, what the kernel is needed for with 1. $ERNAT is
# the command.

ERNAT=${ERNAT:-$(dirname "$0")/../ernat}
HERE=$(cd "$(dirname "$0")" && pwd)
TMP=$(mktemp -d) || exit 1
trap 'rm -rf "$TMP"' EXIT
n=0
failed=0

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	failed=1
	echo "not ok $n - $2"
	shift 2
	printf '%s\n' "$@" | sed 's/^/# /'
}

# run CODE WORD...: the exit code, nothing on stdout unless it is 0
run() {
	local want=$1 code

	shift
	"$ERNAT" "$@" >"$TMP/out" 2>"$TMP/err"
	code=$?
	[ $code = "$want" ] && { [ $code = 0 ] || [ ! -s "$TMP/out" ]; }
}

# refused CODE TEXT WORD...: with one line that has TEXT in it
refused() {
	local code=$1 text=$2

	shift 2
	run "$code" "$@" && [ "$(wc -l <"$TMP/err")" = 1 ] && grep -qF -- "$text" "$TMP/err"
	result $? "exit $code: $*" "$(cat "$TMP/out" "$TMP/err")"
}

# prints TEXT WORD...: exit 0, TEXT on stdout, nothing on stderr
prints() {
	local text=$1

	shift
	run 0 "$@" && [ ! -s "$TMP/err" ] && grep -qF -- "$text" "$TMP/out"
	result $? "prints \"$text\": $*" "$(cat "$TMP/out" "$TMP/err")"
}

loaded() {
	[ -e /sys/module/ernat ]
}

for words in '' 'show' 'show -j'; do
	# shellcheck disable=SC2086
	run 2 $words && grep -q ^Usage: "$TMP/err"
	result $? "help on stderr: \"$words\"" "$(cat "$TMP/err")"
done

refused 2 'unknown command "nope"' nope
refused 2 'unknown command "\x1b[2J"' $'\033[2J'
refused 2 'ambiguous command "s": show, status' s
refused 2 'ambiguous command "r": route-source, rule' show r
refused 2 'unknown command "pol"' show pol
refused 2 '-n needs the name' status -n
refused 2 '-n needs the name' --netns= status
refused 2 'Usage: ernat show pool [NAME]' show pool a b
refused 2 'show pool: it takes one NAME' show pool a b
refused 2 'explain: "from" and "to" are needed' explain from 10.0.0.1
refused 2 'Usage: ernat show rule [NAME]' show rule a b
refused 2 'Usage: ernat show route-source [NAME]' sh ro a b
refused 2 'Usage: ernat show stats' show stats x
refused 2 'Usage: ernat status' status x
refused 2 'Usage: ernat version' version x
refused 2 'Usage: ernat flush' flush --forced
refused 2 '"colour" is no word' show session colour red
refused 2 'host "10.1.2.3/8" has host bits set' show session pool p host 10.1.2.3/8
refused 2 '"dest" needs a value' show session dest
refused 2 'Usage: ernat adopt' adopt now
refused 2 'Usage: ernat clear session all |' clear session
refused 2 '"everything" is no word of a filter of clear session' clear session everything
refused 2 '"all" is no word' clear session all pool p
refused 2 '"10.0.0.1" is no word' clear session 10.0.0.1
refused 2 'show session has no --top' show session --top 3
refused 2 '"vrf" is no word of a filter of show host (pool, host)' show host vrf red
refused 2 'host "10.0.0.1:80" may have no port here' show host 10.0.0.1:80
refused 2 'host "10.0.0.2" is said twice' show host 10.0.0.1 host 10.0.0.2
refused 2 '--top needs a number from 1 to 65535' show host --top
refused 2 '--top needs a number from 1 to 65535' show destination --top=65536
refused 2 '"mapped" is no word of a filter of show destination' show destination mapped 10.0.0.1
refused 2 '"vrf" is no word of a filter of show event' show event vrf red
refused 2 'show event has no --top' show event --top 3
refused 2 '"vrf" is no word of a filter of monitor' monitor vrf red
refused 2 '--count needs a number' monitor --count 0
refused 2 '--count is said twice' monitor --count 1 --count 2
refused 2 'Usage: ernat explain' explain
refused 2 'Usage: ernat explain' explain from 10.0.0.1
refused 2 'to "x" is not an address' explain from 10.0.0.1 to x
refused 2 'unknown word "via"' explain from 10.0.0.1 to 10.0.0.2 via 10.0.0.3
refused 2 '"to" is said twice' explain to 10.0.0.1 to 10.0.0.2
refused 2 'dport "65536" is not a port' explain from 10.0.0.1 to 10.0.0.2 dport 65536
refused 2 '"mark" needs a number' explain from 10.0.0.1 to 10.0.0.2 mark

prints 'apply FILE' --help
prints 'ernat show pool' show --help
prints 'Usage: ernat show session [pool P]' show ses --help
prints 'Usage: ernat explain from A to B' explain -h
prints 'Usage: ernat status' help status
prints 'clear session all |' clear --help
prints '[--top N]' show host --help
prints '[--count N]' monitor --help
prints 'command: 0' version
prints '"command": "0' version --json
prints '"schema": 1' -j version

if [ "$(id -u)" = 0 ]; then
	refused 1 'there is none of that name' -n no-such-namespace status
	refused 1 'is no network namespace' -n /etc/passwd status
	prints 'command: 0' -n /proc/self/ns/net version
fi
if ! loaded; then
	prints 'module: not loaded' version
	prints '"loaded": false' -j version
	for words in status 'show pool' 'show pool x' 'show route-source' 'show rule' \
		'show session' 'show session pool p' 'show stats' 'show config' flush \
		'show host' 'show host 10.0.0.1 --top 3' 'show destination 10.0.0.1:443' \
		'show event host 10.0.0.1' 'monitor --count 1' adopt 'clear session all' \
		'clear session host 10.0.0.0/8' \
		'explain from 10.0.0.1 to 10.0.0.2' '-j show session' '-j status'; do
		# shellcheck disable=SC2086
		refused 1 'ernat.ko is not loaded' $words
	done
fi

"$ERNAT" --help >/dev/full 2>"$TMP/err"
[ $? = 1 ] && grep -q 'standard output: No space' "$TMP/err"
result $? 'a full disk is a failure' "$(cat "$TMP/err")"
{ sleep 0.2; "$ERNAT" --help; echo $? >"$TMP/code"; } 2>"$TMP/err" | true
[ "$(cat "$TMP/code")" = 1 ] && [ ! -s "$TMP/err" ]
result $? 'a closed pipe is a failure without a word' "$(cat "$TMP/code" "$TMP/err")"

# completes WANT WORD...: the first of what may follow
completes() {
	local want=$1

	shift
	[ "$("$ERNAT" --complete "$@" | head -n 1)" = "$want" ]
	result $? "completion: ${*:-nothing} -> $want" "$("$ERNAT" --complete "$@")"
}

completes adopt
completes pool show
completes pool -j sh
completes @POOL show pool
completes pool show session
completes all clear session
completes session clear
completes @POOL show host pool
completes icmp show destination protocol
completes pool monitor --count 3
completes @RULE show session pool p rule
completes icmp explain from 10.0.0.1 protocol
completes @DEVICE explain in
completes @FILE apply
completes @NETNS -n
completes --check apply x.conf
completes to explain from 10.0.0.1
completes --file show config m365

# complete_in_shell WORD...: what the shell's function makes of it
complete_in_shell() {
	# shellcheck source=/dev/null
	. "$HERE/../ernat.bash-completion"
	# shellcheck disable=SC2317 # _ernat calls it
	ernat() {
		"$ERNAT" "$@"
	}
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_ernat
	echo "${COMPREPLY[*]}"
}

said=$(complete_in_shell ernat show s 2>&1)
[ "$said" = 'session stats' ]
result $? 'completion in the shell' "$said"

man=$HERE/../../Documentation/ernat.8
missing=
for counter in $(sed -n 's/^[[:space:]]ERNAT_STAT_\([A-Z_]*\),.*/\1/p' \
	"$HERE/../../include/uapi/linux/ernat.h" | tr '[:upper:]' '[:lower:]'); do
	[ "$counter" = unspec ] || grep -q "^\.It Li $counter\$" "$man" || missing+=" $counter"
done
[ -z "$missing" ]
result $? 'ernat(8) names every counter' "missing:$missing"

missing=
for command in $("$ERNAT" --complete) $("$ERNAT" --complete show); do
	grep -q "^\.It Cm .*$command" "$man" || missing+=" $command"
done
[ -z "$missing" ]
result $? 'ernat(8) names every command' "missing:$missing"

echo "1..$n"
exit $failed
