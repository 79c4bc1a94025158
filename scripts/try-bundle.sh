#!/usr/bin/env bash
# Tries the bundle of `npm run bundle` in an empty Debian: only g++ and the CPU's libtorch, no network, everything read-only
# but /tmp and root's home. Needs root, debootstrap, and a Debian mirror for the first run.
#
#     bash scripts/try-bundle.sh [FOLDER]    # FOLDER keeps the empty root between runs
set -eu
cd "$(dirname "$0")/.."
bundle=$(ls -d build/bundle/bgb-*-linux-*/ | tail -n 1)
root=${1:-$(mktemp -d)}
if [ ! -e "$root/usr/bin/g++" ]; then
  debootstrap --variant=minbase bookworm "$root" > /dev/null
  chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update -q && apt-get install -q -y --no-install-recommends g++ libtorch-dev libopenblas0-pthread' > /dev/null
fi
mkdir -p "$root/opt/bgb"
for program in node npm make git; do
  if chroot "$root" sh -c "command -v $program" > /dev/null; then echo "the root is not empty: it has $program" >&2; exit 2; fi
done
export root bundle
unshare --mount --net --pid --fork bash -eu -c '
  mount --bind "$root" "$root"
  mount --bind "$bundle" "$root/opt/bgb"
  mount -o remount,bind,ro "$root/opt/bgb"
  mount -o remount,bind,ro "$root"
  mount -t proc proc "$root/proc"
  mount -t tmpfs tmpfs "$root/tmp"
  mount -t tmpfs tmpfs "$root/root"
  exec chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root /opt/bgb/smoke /tmp/smoke
'
