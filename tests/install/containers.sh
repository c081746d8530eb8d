#!/usr/bin/env bash
# The inside of `containers.Host`, already in namespaces of its own for mounts and the network: devices, control groups and
# addresses that are nobody else's, so that what builds and runs containers can't reach this machine's. Ends with its parent.
set -euo pipefail

mount --make-rprivate /
mount -t tmpfs -o mode=755 devices /mnt
for device in null zero full random urandom tty; do
	cp -a "/dev/$device" /mnt
done
mkdir /mnt/pts /mnt/shm /mnt/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /mnt/pts
mount -t tmpfs -o mode=1777 shm /mnt/shm
ln -s pts/ptmx /mnt/ptmx
ln -s /proc/self/fd /mnt/fd
for number in 0:stdin 1:stdout 2:stderr; do
	ln -s "fd/${number%:*}" "/mnt/${number#*:}"
done
mount --move /mnt /dev
while umount -R -l /sys/fs/cgroup 2>/dev/null; do :; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# What engines keep outside of their own folders.
mount -t tmpfs run /run
ip link set lo up
echo ready
exec sleep infinity
