# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the selftests of ernat share: TAP, waiting, network namespaces, the
# module, rulesets, and flows whose far side tells what it saw (peer.py). The
# topologies are in lib-topo.sh and lib-lab.sh.
#
# A test sources this file, calls topo_*, load and apply, states what it finds
# with ok/is/has/…, and ends in "finish". cleanup() runs on every exit; it
# proves (invariant 6) that sessions created = ended + live, and that after
# flush and rmmod nothing is left.

set -u
# Each job in a process group of its own would outlive its namespace.
set +m
# "conf | apply" counts in this shell.
shopt -s lastpipe

KSFT_SKIP=4
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TMP=$(mktemp -d "${TMPDIR:-/tmp}/ernat-test.XXXXXX")
export NEXT_PORT=$TMP/next-port
MODULE=${ERNAT_MODULE:-}
TAG=${TMP##*.}
SLOW=1
[ "${KSFT_MACHINE_SLOW:-no}" != yes ] || SLOW=10
# To start jq takes half a second on an emulated processor, its twin a tenth. That one
# sorts keys always, and knows no option for it.
if command -v gojq >/dev/null; then
	jq() {
		[ "$1" != -S ] || shift
		gojq "$@"
	}
fi
# scale N: how many of a thing; fewer where packets are slow
scale() {
	local n=$(($1 / (SLOW > 1 ? 4 : 1)))

	echo $((n > 0 ? n : 1))
}

# --- TAP ---------------------------------------------------------------------

TESTS=0
FAILED=0
FINISHED=

note() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# PLAIN is for demo.sh, which tells the same to people.
pass() {
	TESTS=$((TESTS + 1))
	if [ -n "${PLAIN:-}" ]; then
		printf '  as told:      %s\n' "$*"
	else
		printf 'ok %d %s\n' $TESTS "$*"
	fi
}

fail() {
	TESTS=$((TESTS + 1))
	FAILED=$((FAILED + 1))
	if [ -n "${PLAIN:-}" ]; then
		printf '  NOT AS TOLD:  %s\n' "$*"
	else
		printf 'not ok %d %s\n' $TESTS "$*"
	fi
}

skip() {
	TESTS=$((TESTS + 1))
	printf 'ok %d %s # SKIP %s\n' $TESTS "$1" "$2"
}

# skip_all REASON: before anything was tested
skip_all() {
	if [ $TESTS -gt 0 ]; then
		fail "$*"
		exit 1
	fi
	printf '1..0 # SKIP %s\n' "$*"
	FINISHED=skip
	exit $KSFT_SKIP
}

# ok WHAT COMMAND...: the command succeeds; what it says is shown if not
ok() {
	local what=$1 said rc

	shift
	said=$("$@" 2>&1)
	rc=$?
	if [ $rc -eq 0 ]; then
		pass "$what"
	else
		fail "$what"
		note "\"$*\" gave $rc: $said"
	fi
	return $rc
}

# nok WHAT COMMAND...: the command fails
nok() {
	local what=$1 said

	shift
	if said=$("$@" 2>&1); then
		fail "$what"
		note "\"$*\" succeeded: $said"
		return 1
	fi
	pass "$what"
}

# is WHAT GOT WANTED: both are the same text
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
		return 0
	fi
	fail "$1"
	note "got:    $2"
	note "wanted: $3"
	return 1
}

# like WHAT GOT REGEX: GOT has what the extended regular expression says
like() {
	if printf '%s\n' "$2" | grep -qE -- "$3"; then
		pass "$1"
		return 0
	fi
	fail "$1"
	note "got:    $2"
	note "wanted: /$3/"
	return 1
}

unlike() {
	if ! printf '%s\n' "$2" | grep -qE -- "$3"; then
		pass "$1"
		return 0
	fi
	fail "$1"
	note "got:          $2"
	note "not expected: /$3/"
	return 1
}

# cmp WHAT A OP B: integers, as test(1) compares them
cmp() {
	# shellcheck disable=SC1072,SC1073,SC1009
	if test "${2:-x}" "$3" "${4:-x}" 2>/dev/null; then
		pass "$1"
		return 0
	fi
	fail "$1"
	note "not so: ${2:-nothing} $3 ${4:-nothing}"
	return 1
}

finish() {
	FINISHED=yes
	exit 0
}

# script NS FILE ARG...: its lines "ok …" and "not ok …" are this test's
script() {
	local line last='' name=$2

	while IFS= read -r line; do
		case "$line" in
		'ok '*)		pass "${line#ok }" ;;
		'not ok '*)	fail "${line#not ok }" ;;
		*)		note "$line" ;;
		esac
		last=$line
	done < <(on "$1" python3 "$HERE/$2" "${@:3}" 2>&1; echo "exit $?")
	is "$name went through to its end" "$last" "exit 0"
}

# --- waiting -----------------------------------------------------------------

# busywait SECONDS COMMAND...: until the command succeeds; prints its last output
busywait() {
	local end=$((SECONDS + $1 * SLOW)) out

	shift
	while :; do
		if out=$("$@" 2>/dev/null); then
			[ -z "$out" ] || printf '%s\n' "$out"
			return 0
		fi
		if [ $SECONDS -ge $end ]; then
			[ -z "$out" ] || printf '%s\n' "$out"
			return 1
		fi
		sleep 0.1
	done
}

# says REGEX COMMAND...: for busywait
says() {
	local re=$1

	shift
	"$@" 2>/dev/null | grep -qE -- "$re"
}

# gives TEXT COMMAND...: for busywait: the command's whole output is TEXT
gives() {
	local want=$1

	shift
	[ "$("$@" 2>/dev/null)" = "$want" ]
}

# at_least N COMMAND...: for busywait: the command prints a number as large
at_least() {
	local n=$1

	shift
	[ "$("$@" 2>/dev/null)" -ge "$n" ] 2>/dev/null
}

# --- namespaces --------------------------------------------------------------

NAMESPACES=()

# setup_ns VARIABLE...: a namespace each, its name in that variable
setup_ns() {
	local var name

	for var; do
		name=${var,,}-$TAG${#NAMESPACES[@]}
		ip netns add "$name" || skip_all "no network namespaces"
		NAMESPACES+=("$name")
		printf -v "$var" %s "$name"
		# Devices made later take over what "default" says.
		# shellcheck disable=SC2016
		on "$name" sh -c '
			cd /proc/sys/net
			for f in all default; do
				echo 0 >ipv4/conf/$f/rp_filter
				echo 0 >ipv6/conf/$f/accept_dad
				echo 0 >ipv6/conf/$f/accept_ra
				echo 1 >ipv6/conf/$f/keep_addr_on_down
			done
			echo 1 >ipv6/conf/default/addr_gen_mode
			echo 1 >ipv4/ip_forward
			echo 1 >ipv6/conf/all/forwarding
			echo 1 >ipv4/fib_multipath_hash_policy
			echo 1 >ipv6/fib_multipath_hash_policy
			echo 0 >ipv4/icmp_ratelimit
			echo 0 >ipv6/icmp/ratelimit
			exec ip link set lo up
		' 2>/dev/null
	done
}

# on NS COMMAND...: like "ip netns exec", without its mounts
on() {
	local ns=$1

	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# batch NS: the lines of stdin are what "ip" is to do there
batch() {
	ip -n "$1" -batch -
}

# link NS-A DEV-A NS-B DEV-B: a veth pair
link() {
	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3" &&
	ip -n "$1" link set "$2" up &&
	ip -n "$3" link set "$4" up
}

# addr NS DEV ADDRESS...
addr() {
	local ns=$1 dev=$2 a

	shift 2
	for a; do
		case "$a" in
		*:*)	ip -n "$ns" addr add "$a" dev "$dev" nodad ;;
		*)	ip -n "$ns" addr add "$a" dev "$dev" ;;
		esac
	done
}

# --- the module and its command ----------------------------------------------

checktool() {
	command -v "$1" >/dev/null || skip_all "$1 is missing"
}

LOADED=

load() {
	if [ -z "$MODULE" ]; then
		MODULE=ernat
		[ ! -f /ernat/ernat.ko ] || MODULE=/ernat/ernat.ko
	fi
	[ ! -d /sys/module/ernat ] || rmmod ernat ||
		skip_all "ernat is loaded and in use"
	case "$MODULE" in
	*/*)	modprobe -qa nf_conntrack nf_nat nf_defrag_ipv4 nf_defrag_ipv6
		insmod "$MODULE" ;;
	*)	modprobe "$MODULE" ;;
	esac || skip_all "module ernat is missing"
	LOADED=yes
}

# e ARGUMENT...: the command, in the namespace of the router under test
e() {
	ernat -n "${ROUTER:-$RTR}" "$@"
}

# apply WHAT [ARGUMENT...] <RULESET: applies, as one result
apply() {
	local what=$1

	shift
	cat >"$TMP/ernat.conf"
	ok "$what" e apply "$TMP/ernat.conf" "$@"
}

# refused WHAT LINE:COLUMN REGEX <RULESET: does not apply, says why and where,
# with a caret, and what runs stays as it is
refused() {
	local what=$1 place=$2 re=$3 said rc before

	cat >"$TMP/bad.conf"
	before=$(e -j show config 2>&1)
	said=$(e apply "$TMP/bad.conf" 2>&1)
	rc=$?
	if [ $rc -ne 1 ]; then
		fail "$what"
		note "exit $rc: $said"
	elif ! printf '%s\n' "$said" | grep -qE -- "bad\.conf:$place: .*$re"; then
		fail "$what"
		note "said:   $said"
		note "wanted: bad.conf:$place: … $re"
	elif ! printf '%s\n' "$said" | grep -qE '^ *[~]*\^'; then
		fail "$what: no caret"
		note "$said"
	elif [ "$(e -j show config 2>&1)" != "$before" ]; then
		fail "$what: the running ruleset changed"
	else
		pass "$what"
	fi
}

# stat NAME: a counter of "show stats"
stat() {
	e -j show stats | jq -r --arg n "$1" '.[$n] // "none"'
}

# pool NAME JQ: of the pool's object
pool() {
	e -j show pool "$1" | jq -r "if type == \"array\" then .[0] else . end | $2"
}

# sessions JQ [FILTER...]: over the array of sessions
sessions() {
	local q=$1

	shift
	e -j show session "$@" | jq -r "$q"
}

live() {
	sessions length "$@"
}

# swept [N]: so many sweeps (3) begin and end
swept() {
	busywait 20 at_least $(($(stat sweeps) + ${1:-3})) stat sweeps
}

# watch NAME [ARGUMENT...]: "ernat ARGUMENT... monitor", from now on, into $TMP/NAME
watch() {
	local name=$1

	shift
	spawn ernat -n "${ROUTER:-$RTR}" "$@" >"$TMP/$name" 2>"$TMP/$name.err"
	busywait 20 is_watching $! || fail "ernat monitor listens"
}

# It waits for signals when it is in its groups.
is_watching() {
	find "/proc/$1/fd" -lname '*signalfd*' | grep -q .
}

declare -A HEARD=()

# hears NAME WHAT [REGEX...]: since it was asked the last time "watch NAME monitor"
# has printed a line for each REGEX and no other
hears() {
	local name=$1 what=$2 end=$((SECONDS + 10 * SLOW)) lines left missing re i

	shift 2
	while :; do
		mapfile -t -s "${HEARD[$name]:-0}" lines <"$TMP/$name"
		left=("${lines[@]}") missing=()
		for re; do
			for i in "${!left[@]}"; do
				[[ ${left[i]} =~ $re ]] || continue
				unset "left[i]"
				continue 2
			done
			missing+=("$re")
		done
		if [ ${#missing[@]} -eq 0 ] || [ $SECONDS -ge $end ]; then
			break
		fi
		sleep 0.1
	done
	HEARD[$name]=$((${HEARD[$name]:-0} + ${#lines[@]}))
	if [ ${#missing[@]} -eq 0 ] && [ ${#left[@]} -eq 0 ]; then
		pass "$what"
		return 0
	fi
	fail "$what"
	for i in "${!missing[@]}"; do
		note "not heard: /${missing[i]}/"
	done
	for i in "${!left[@]}"; do
		note "heard besides: ${left[i]}"
	done
	return 1
}

# watched NAME JQ: over the array of what "watch NAME -j monitor" has said so far
watched() {
	jq -s -r "$2" "$TMP/$1" 2>/dev/null
}

balance() {
	e -j show stats | jq -r \
		'if .created == .ended + .sessions then "even"
		else "created \(.created), ended \(.ended), live \(.sessions)" end'
}

# gone NS: ernat has nothing in this namespace any more
gone() {
	local left

	ernat -n "$1" flush --force >/dev/null || return
	left=$(ernat -n "$1" -j show stats |
		jq -r '"\(.sessions) \(.created - .ended)"') || return
	[ "$left" = "0 0" ] || { echo "left: $left"; return 1; }
}

prove_end() {
	local ns bad=

	for ns in "${ROUTERS[@]}"; do
		ip netns list | grep -qE "^$ns( |$)" || continue
		ROUTER=$ns
		busywait 5 gives even balance >/dev/null || {
			note "$ns: $(balance)"
			bad=1
		}
		gone "$ns" >"$TMP/gone" 2>&1 ||
			busywait 5 gone "$ns" >"$TMP/gone" 2>&1 || {
			note "$ns: after flush: $(cat "$TMP/gone")"
			bad=1
		}
	done
	if ! timeout $((20 * SLOW)) rmmod ernat 2>"$TMP/gone"; then
		note "rmmod: $(cat "$TMP/gone")"
		bad=1
	fi
	for ns in "${ROUTERS[@]}"; do
		ip netns list | grep -qE "^$ns( |$)" || continue
		# Nobody else is to make new ones.
		on "$ns" nft flush ruleset
		on "$ns" conntrack -F >/dev/null 2>&1
		busywait 5 gives 0 on "$ns" conntrack -C || {
			note "$ns: conntrack entries are still held"
			bad=1
		}
	done
	if [ -z "$bad" ]; then
		pass "created = ended + live; after flush and rmmod nothing is left"
	else
		fail "created = ended + live; after flush and rmmod nothing is left"
	fi
}

# --- flows -------------------------------------------------------------------

PIDS=()

# spawn COMMAND...: in the background, killed at the end
spawn() {
	# Without job control a job has no stdin unless told so.
	"$@" <&0 &
	PIDS+=($!)
}

# serve NS: echo reporters for TCP and UDP on port 7 and some others, for SCTP on
# port 7 of the addresses of lo
serve() {
	local sctp

	mapfile -t sctp < <(ip -o -n "$1" addr show dev lo scope global |
		awk '{ sub("/.*", "", $4); print $4 }')
	spawn nsenter --net="/run/netns/$1" python3 "$HERE/peer.py" serve \
		--ready "$TMP/serve.$1" --log "$TMP/seen.$1" \
		--ports 7,53,443,500,4500,5000-5007 --sctp "${sctp[@]}" \
		>"$TMP/serve.$1.log" 2>&1
}

served() {
	busywait 20 test -e "$TMP/serve.$1" && return
	fail "peer.py starts"
	note "$(cat "$TMP/serve.$1.log")"
	exit 1
}

# seen NS [ARGUMENT...] PROTOCOL FROM TO [PROTOCOL FROM TO]...: a line each, what the far side saw: "ADDRESS PORT",
# or "timeout", "refused", "error NAME". FROM and TO are ADDRESS[,PORT]; NS is
# where the client runs.
seen() {
	local ns=$1

	shift
	on "$ns" python3 "$HERE/peer.py" call "$@" 2>&1
}

# seen_addr …: only the address
seen_addr() {
	seen "$@" | cut -d' ' -f1
}

# caller NAME NS: a client that stays for calls NAME, which is like seen without
# the start of another one.
caller() {
	mkfifo "$TMP/calls.$1.in" "$TMP/calls.$1.out"
	spawn nsenter --net="/run/netns/$2" python3 "$HERE/peer.py" many \
		<>"$TMP/calls.$1.in" 1<>"$TMP/calls.$1.out" 2>"$TMP/calls.$1.err"
	eval "exec {CALLS_IN_$1}<>'$TMP/calls.$1.in'"
	eval "exec {CALLS_OUT_$1}<>'$TMP/calls.$1.out'"
}

calls() {
	local in=CALLS_IN_$1 out=CALLS_OUT_$1 line lines=() tag=$RANDOM

	echo "$tag ${*:2}" >&"${!in}"
	while read -r -t $((60 * SLOW)) line <&"${!out}"; do
		case "$line" in
		". $tag")
			[ ${#lines[@]} -eq 0 ] || printf '%s\n' "${lines[@]}"
			return ;;
		'. '*)	lines=() ;; # of a call that took too long
		*)	lines+=("$line") ;;
		esac
	done
	echo "no answer: $(cat "$TMP/calls.$1.err")"
}

# talk NAME NS PROTOCOL FROM TO: opens a connection that stays. say NAME uses it
# again and prints what the far side saw.
talk() {
	local name=$1 ns=$2

	shift 2
	mkfifo "$TMP/talk.$name.in" "$TMP/talk.$name.out"
	spawn nsenter --net="/run/netns/$ns" python3 "$HERE/peer.py" talk "$@" \
		<>"$TMP/talk.$name.in" 1<>"$TMP/talk.$name.out" \
		2>"$TMP/talk.$name.err"
	eval "exec {TALK_IN_$name}<>'$TMP/talk.$name.in'"
	eval "exec {TALK_OUT_$name}<>'$TMP/talk.$name.out'"
	say "$name"
}

say() {
	local in=TALK_IN_$1 out=TALK_OUT_$1 line

	echo again >&"${!in}"
	if read -r -t $((20 * SLOW)) line <&"${!out}"; then
		printf '%s\n' "$line"
	else
		echo "no answer: $(cat "$TMP/talk.$1.err")"
	fi
}

# --- the end -----------------------------------------------------------------

ROUTERS=()

cleanup() {
	local rc=$? pid ns

	trap - EXIT
	if [ -n "$LOADED" ] && [ "$FINISHED" != skip ]; then
		prove_end
	fi
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for ns in "${NAMESPACES[@]}"; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -9 "$pid" 2>/dev/null
		done
		ip netns del "$ns" 2>/dev/null
	done
	wait 2>/dev/null
	[ ! -d /sys/module/ernat ] || rmmod ernat 2>/dev/null
	rm -rf "$TMP"
	[ "$FINISHED" != skip ] || exit $KSFT_SKIP
	if [ "$FINISHED" != yes ]; then
		fail "the test went through to its end (exit $rc)"
	fi
	if [ -n "${PLAIN:-}" ]; then
		verdict
	else
		echo "1..$TESTS"
	fi
	[ $FAILED -eq 0 ] || exit 1
	exit 0
}
trap cleanup EXIT
trap 'exit 1' INT TERM

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
if [ -z "${ERNAT_VM:-}" ] && [ "${ERNAT_HOST_OK:-no}" != yes ]; then
	skip_all "runs in the test VM (ERNAT_HOST_OK=yes to run it here)"
fi
for tool in ip nft jq python3 conntrack; do
	checktool $tool
done
[ -n "${PLAIN:-}" ] || echo "TAP version 13"

# shellcheck source-path=SCRIPTDIR source=lib-topo.sh
. "$HERE/lib-topo.sh"
# shellcheck source-path=SCRIPTDIR source=lib-flows.sh
. "$HERE/lib-flows.sh"
# shellcheck source-path=SCRIPTDIR source=lib-lab.sh
. "$HERE/lib-lab.sh"
