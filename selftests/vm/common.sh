# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Where the VM's parts are kept, for the scripts beside this one.

set -euo pipefail

# What it is to run in a guest whose user's umask may be tight.
umask 022

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP_DIR=$(cd "$VM_DIR/../.." && pwd)
CACHE_DIR=${ERNAT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ernat}
MIRROR=${ERNAT_MIRROR:-http://deb.debian.org/debian}
SECURITY_MIRROR=${ERNAT_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
SUITE=bookworm
export VM_DIR TOP_DIR CACHE_DIR MIRROR SECURITY_MIRROR SUITE

mkdir -p "$CACHE_DIR"

say() {
	printf '# %s\n' "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# hash FILE...: a short name for what these files hold
hash() {
	cat -- "$@" | sha256sum | cut -c1-12
}

# locked NAME COMMAND...: one run at a time of those that build the same thing
locked() {
	local lock="$CACHE_DIR/$1.lock"

	shift
	(
		flock 9
		"$@"
	) 9>"$lock"
}

# A kernel's folder in the cache: vmlinuz, release, bin/busybox, lib/modules/,
# build (what modules are built against).
kernel_dir() {
	case "$1" in
	6.1|6.12)
		printf '%s/kernel-%s\n' "$CACHE_DIR" "$1" ;;
	source)
		printf '%s/source-6.12\n' "$CACHE_DIR" ;;
	debug)
		printf '%s/kernel-debug-%s\n' "$CACHE_DIR" \
			"$(hash "$VM_DIR/debug.config")" ;;
	*)
		die "no kernel \"$1\": 6.1, 6.12 or debug" ;;
	esac
}

root_image() {
	printf '%s/root-%s.sqfs\n' "$CACHE_DIR" \
		"$(hash "$VM_DIR/packages" "$VM_DIR/fetch-root")"
}

# The modules that a guest needs before it has its root.
BOOT_MODULES="virtio_pci virtio_blk virtio_console virtio_rng squashfs overlay
	9pnet_virtio 9p"

make_initrd() {
	local dir=$1 image=$2 release tmp=$1/initrd m file

	[ ! -f "$image" ] || return 0
	release=$(cat "$dir/release")
	mkdir -p "$tmp"/{bin,modules}
	install -m 755 "$VM_DIR/init-initrd" "$tmp/init"
	install -m 755 "$dir/bin/busybox" "$tmp/bin/busybox"
	: >"$tmp/modules/order"
	for m in $BOOT_MODULES; do
		/sbin/modprobe -d "$dir" -S "$release" --show-depends "$m"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
	while read -r file; do
		m=$(basename "$file")
		case "$m" in
		*.xz)
			m=${m%.xz}
			xz -dc "$file" >"$tmp/modules/$m" ;;
		*)
			cp "$file" "$tmp/modules/$m" ;;
		esac
		printf '%s\n' "$m" >>"$tmp/modules/order"
	done
	(cd "$tmp" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) \
		>"$tmp.gz"
	rm -r "$tmp"
	mv "$tmp.gz" "$image"
}

# initrd DIR: that of the kernel in that folder, made if need be
initrd() {
	local image

	image=$1/initrd-$(hash "$VM_DIR/init-initrd" "$VM_DIR/common.sh").gz
	locked "${1##*/}" make_initrd "$1" "$image"
	printf '%s\n' "$image"
}
