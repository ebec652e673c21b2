#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Issue 2, point 4: 4,096 pools, route sources and rules apply in one transaction
# and are read back identical: what "show config" gives of it, applied again,
# changes nothing, and diff says so. Traffic finds the last rule.
#
# Topology: topo_lab of lib-lab.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

load
topo_lab
N=4096
[ $SLOW = 1 ] || N=1024
python3 - $N >"$TMP/big.conf" <<'PY'
import sys
n = int(sys.argv[1])
for i in range(n):
    print(f'pool p{i} {{ description "customer {i}"; '
          f'address 11.{i >> 8}.{i & 255}.0/28; '
          f'address 2001:db8:{i + 1:x}::/124; port 1024-{30000 + i}; }}')
for i in range(n):
    dev = 'er0' if i == n - 1 else f'dev{i}'
    print(f'route-source s{i} {{ device {dev}; metric {i % (n - 1)}-{i + 100000}; }}')
for i in range(n):
    print(f'rule r{i} {{ to s{i}; from 10.{i >> 8}.{i & 255}.0/24, 10.1.0.0/16, fd00::/16; snat p{i}; }}')
PY
start=$(date +%s%N)
ok "$N pools, $N route sources and $N rules apply" e apply "$TMP/big.conf"
took=$((($(date +%s%N) - start) / 1000000))
note "applied in $took ms"
cmp "within thirty seconds" "$took" -lt $((30000 * SLOW))
is "all pools are there" "$(e -j show pool | jq length)" $N
is "all route sources are there" "$(e -j show route-source | jq length)" $N
is "all rules are there" "$(e -j show rule | jq length)" $N

last=$((N - 1))
is "IPv4 traffic finds the last rule" "$(seen_addr "$HOST" tcp 10.1.0.10 198.18.0.1 |
	cut -d. -f1-3)" "11.$((last >> 8)).$((last & 255))"
like "IPv6 traffic finds the last rule" "$(seen "$HOST" tcp fd00:1::10 2001:db8:365::1)" \
	"^2001:db8:$(printf %x $N)::"

e show config >"$TMP/read.conf"
e -j show config >"$TMP/read.json"
for file in big.conf read.conf read.json; do
	ok "diff: $file is what runs" e diff "$TMP/$file"
	ok "$file applied again" e apply "$TMP/$file"
	is "$file: read back identical" "$(e -j show config | jq -S . | sha256sum)" \
		"$(jq -S . "$TMP/read.json" | sha256sum)"
done
sed '$s/10.1.0.0/10.3.0.0/' "$TMP/big.conf" >"$TMP/other.conf"
ok "diff of a file in which one rule differs" \
	sh -c "ernat -n $RTR diff $TMP/other.conf >$TMP/diff"
like "diff: it says which" "$(cat "$TMP/diff")" "r$last"
cmp "diff: and no other" "$(wc -l <"$TMP/diff")" -lt 30
finish
