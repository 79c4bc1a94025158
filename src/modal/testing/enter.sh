#!/bin/sh
# Runs a command as a container would see the world: the files of this machine, and mounts of its own. Called in a mount
# namespace that nothing else shares (unshare -m), so that nothing of it is seen outside or left behind.
#
#   enter.sh ROOT WORKDIR [FROM TO rw|ro]... -- COMMAND...
set -eu
root=$1 workdir=$2
shift 2
mount -t tmpfs bgb-stand-in "$root"
for entry in /*; do
  name=${entry#/}
  case " $* " in *" $entry rw "* | *" $entry ro "*) continue ;; esac
  if [ -L "$entry" ]; then
    cp -P "$entry" "$root/"
  elif [ -d "$entry" ]; then
    mkdir "$root/$name"
    mount --rbind "$entry" "$root/$name"
  fi
done
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
  shift 3
done
shift
exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$workdir" "$@"
