#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invariant 3: a host keeps its pool address (RFC 4787 REQ-2) while it has
# sessions and the address has a port free for the destination: for all its
# destinations and protocols, and when the pool grows.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
conf() {
	cat <<-TXT
	pool p { address 198.51.100.$1; address 2001:db8:beef::$2; port 1024-65535; }
	route-source er { device er0; }
	rule r { to er; snat p; }
	TXT
}
conf 16/30 10/126 | apply "four addresses"

check() {
	seen "$HOST" --show-source --count "$(scale 8)" udp "$hosts4" 198.18.0.1 \
		udp "$hosts6" 2001:db8:365::1 tcp "$hosts4" 198.18.0.2 \
		tcp "$hosts6" 2001:db8:365::2 >"$TMP/got"
	is "$1: every flow was answered" "$(grep -cE 'timeout|refused|error' "$TMP/got")" 0
	cut -d' ' -f1,3 "$TMP/got" | sort -u >"$TMP/pairs"
	is "$1: each host has one address" "$(cut -d' ' -f1 "$TMP/pairs" | uniq -d)" ""
}
hosts4=$(printf '10.1.0.%d+' {10..19}) hosts4=${hosts4%+}
hosts6=$(printf 'fd00:1::%d+' {10..19}) hosts6=${hosts6%+}
check "at first"
cp "$TMP/pairs" "$TMP/before"
cmp "the hosts are spread" "$(cut -d' ' -f2 "$TMP/pairs" | sort -u | wc -l)" -ge 4
conf 16/28 10/124 | apply "sixteen addresses"
check "when the pool has grown"
is "the pool has grown: the hosts keep theirs" "$(cat "$TMP/pairs")" \
	"$(cat "$TMP/before")"

# An address without a free port for that destination: the next one
{
	conf 32/31 20/127 | sed 's/1024-65535/2000-2003/'
} | apply "few ports"
for f in 4 6; do
	addresses $f
	seen "$HOST" --count 8 udp $A $MS1 >"$TMP/got"
	is "IPv$f a host gets every port of both addresses" \
		"$(grep -cE '^(198.51.100.3[23]|2001:db8:beef::2[01]) ' "$TMP/got")" 8
	is "IPv$f four of each" "$(cut -d' ' -f1 "$TMP/got" | sort | uniq -c |
		awk '{ print $1 }' | tr '\n' ' ')" "4 4 "
done
finish
