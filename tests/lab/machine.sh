#!/bin/bash
# machine.sh NAME DIR SHARED: the first process of one machine of the lab, in its new network, mount and UTS namespaces.
# It lays out what is the machine's own and then only holds the namespaces open.
set -euo pipefail
name=$1 dir=$2 shared=$3
hostname "$name"
umount -R -l /sys && mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/libvirt /run/lock /run/rpcbind /run/ganesha
if [ "$name" = nfs ]; then
  mount -t tmpfs tmpfs /var/lib/nfs
  mkdir -p /var/lib/nfs/ganesha
else
  for pair in run:/run/libvirt varlib:/var/lib/libvirt etc:/etc/libvirt log:/var/log/libvirt cache:/var/cache/libvirt pki:/etc/pki; do
    mkdir -p "${pair#*:}"
    mount --bind "$dir/${pair%%:*}" "${pair#*:}"
  done
  mount -t tmpfs -o size=1m tmpfs /srv
  mkdir /srv/shared /srv/local
  mount --bind "$shared" /srv/shared
  mount --bind "$dir/local" /srv/local
  mount -t tmpfs -o size=1m tmpfs /vmware
  mkdir -p /vmware/xen/images
  mount --bind "$dir/images" /vmware/xen/images
  if [ -f "$dir/weak-qemu" ]; then
    mount --bind /usr/bin /usr/src # QEMU looks for its files in ../share
    mount --bind "$dir/weak-qemu" /usr/bin/qemu-system-x86_64
  fi
fi
echo $$ >"$dir/holder.pid"
exec sleep infinity
