#!/bin/sh
# Looks for the tools that building and running need; installs what Debian packages may bring.
#
# Missing packages are installed only by root or where `sudo -n` works without a password, after the
# exact command was printed. NO_INSTALL, with whatever in it, forbids it. Exit code 2: something is missing.
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
if [ -n "${NO_INSTALL:-}" ]; then
    say "missing: $packages; NO_INSTALL=$NO_INSTALL forbids installing; as root: $line"
    exit 2
fi
if [ "$(id -u)" -eq 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n "
else
    say "missing: $packages; as root: $line"
    exit 2
fi

# An update that fails may still leave lists that are good enough, so the second command decides.
quiet="env DEBIAN_FRONTEND=noninteractive"
wait="-o DPkg::Lock::Timeout=300"
say "missing: $packages; running: ${sudo}apt-get update; ${sudo}$line"
$sudo$quiet apt-get $wait update
$sudo$quiet $line $wait && exit 0
say "that failed; as root: $line"
exit 2
