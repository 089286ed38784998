#!/bin/sh
# Builds a guest image for a plain TDX virtual machine: one unified kernel image (UKI), in which everything that runs is.
#
#     build.sh KERNEL MODULES ENCLAVE BUSYBOX OUT
#
#   KERNEL   vmlinuz of Linux 6.7 or later with CONFIG_INTEL_TDX_GUEST and CONFIG_TDX_GUEST_DRIVER
#   MODULES  its modules (/lib/modules/VERSION)
#   ENCLAVE  prover-enclave, linked statically, built without the feature `software`
#   BUSYBOX  busybox, linked statically
#   OUT      where the image goes
#
# Needs cpio and ukify (systemd 254 or later) with systemd's EFI stub. The same inputs give the same bytes.
set -eu
[ $# -eq 5 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
kernel=$1 modules=$2 enclave=$3 busybox=$4 out=$5
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

version=$(basename "$modules")
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/lib/modules"
cp "$here/init" "$root/init"
cp "$here/udhcpc-script" "$root/bin/udhcpc-script"
cp "$enclave" "$root/bin/prover-enclave"
cp "$busybox" "$root/bin/busybox"
cp -a "$modules" "$root/lib/modules/$version"
chmod 755 "$root/init" "$root/bin"/*

# Times, owners and order of files are the same everywhere.
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio --null --create --format=newc --owner=0:0 --reproducible --quiet) \
    > "$root.cpio"
trap 'rm -rf "$root" "$root.cpio"' EXIT

# The stub measures kernel, command line and initial file system into RTMR2, the firmware the whole image into RTMR1.
ukify build --linux="$kernel" --initrd="$root.cpio" --uname="$version" \
    --cmdline="console=ttyS0 panic=10" --output="$out"
sha256sum "$out"
