#!/bin/sh
# Looks for the tools that building and running need; installs what Debian packages may bring.
#
# Missing packages are installed only by root or where `sudo -n` works without a password, after the
# exact command was printed. NO_INSTALL=1 forbids it. Exit code 2: something is missing.
set -u

say() { echo "setup: $*" >&2; }

if ! command -v cargo >/dev/null; then
    say "cargo is missing; https://rustup.rs installs stable Rust"
    exit 2
fi

packages=
command -v cc >/dev/null || packages="build-essential"
command -v qemu-system-x86_64 >/dev/null || packages="${packages:+$packages }qemu-system-x86"
[ -n "$packages" ] || exit 0

line="apt-get install -y --no-install-recommends $packages"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo -n"
fi
if [ "${NO_INSTALL:-}" = 1 ]; then
    say "missing: $packages; NO_INSTALL=1 forbids installing it; as root: $line"
    exit 2
fi
if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! $as_root true 2>/dev/null; }; then
    say "missing: $packages; as root: $line"
    exit 2
fi

say "missing: $packages; running: ${as_root:+$as_root }$line"
wait_for_lock="-o DPkg::Lock::Timeout=300"
if [ -n "$as_root" ]; then
    as_root="$as_root env"
fi
export DEBIAN_FRONTEND=noninteractive
${as_root:+$as_root DEBIAN_FRONTEND=noninteractive} apt-get update $wait_for_lock &&
    ${as_root:+$as_root DEBIAN_FRONTEND=noninteractive} $line $wait_for_lock || {
    say "that failed; as root: $line"
    exit 2
}
