#!/usr/bin/env bash
# The inside of a Debian root: `namespace.sh ROOT CACHE COMMAND…`, already in namespaces of its own (debian.py), so that
# all mounts end with it. COMMAND becomes process 1.
set -euo pipefail
root=$1 cache=$2
shift 2

mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
	touch "$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mkdir -p "$root/root/.cache"
mount --bind "$cache" "$root/root/.cache"
hostname debian
ip link set lo up

cd "$root"
pivot_root . .
umount -l .
# Its systemd leaves the kernel that it shares with this machine alone: no variables, modules, clock.
exec setpriv --bounding-set=-sys_module,-sys_time,-sys_boot "$@" </dev/null
