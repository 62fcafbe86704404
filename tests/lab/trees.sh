#!/bin/bash
# trees.sh DIR: fills DIR with install trees (idempotent). They are made from Debian's own installer package; where there is
#   none (Ubuntu), from the newest kernel in /boot and a busybox that shows a blue page as large as that installer's.
# trees.sh --kernel: prints which kernel they would boot, or fails.
#   rhel5_source/     shaped like Red Hat Enterprise Linux 5: .treeinfo, images/pxeboot, images/xen
#   centos-stream9/   shaped like CentOS Stream 9
#   debian/           Debian's own layout under dists/
#   quick/            a tree whose "installer" is a busybox that shows one still screen within seconds; with
#                     drover.reboot=N on its command line it reboots after N seconds, with drover.poweroff=N it powers off
#                     then; with drover.poweroff-with=FILE it powers off at once if its initrd has that file; with drover.tick=1
#                     it counts on ttyS0 and says "lost" once its memory is no longer what it was; with drover.dirty=N it
#                     rewrites N MiB for ever
#   truncated/        a tree whose initrd is cut off in the middle of its compressed stream
#   nokernel/         a tree whose .treeinfo names a kernel that is not there
#   xen-ks.cfg        a kickstart file
set -euo pipefail
installer=$(ls -d /usr/lib/debian-installer/images/*/amd64/text/debian-installer/amd64 2>/dev/null | tail -1 || true)
kernel=${installer:+$installer/linux}
[ -n "$kernel" ] || kernel=$(ls /boot/vmlinuz-* 2>/dev/null | sort -V | tail -1 || true)
[ -r "$kernel" ] || { echo "trees.sh: no debian-installer-*-netboot-amd64 package, no kernel in /boot" >&2; exit 1; }
case ${1:?directory} in --kernel) echo "$kernel"; exit ;; esac
out=$1
made_by=$(cat "$0" "$kernel" | sha256sum)
[ "$made_by" != "$(cat "$out.made-by" 2>/dev/null)" ] || exit 0
rm -rf "$out"
mkdir -p "$out"

treeinfo() { # DIR FAMILY VERSION
  cat >"$1/.treeinfo" <<X
[general]
family = $2
version = $3
name = $2-$3
arch = x86_64
timestamp = 1170972069.75
[images-x86_64]
kernel = images/pxeboot/vmlinuz
initrd = images/pxeboot/initrd.img
[images-xen]
kernel = images/xen/vmlinuz
initrd = images/xen/initrd.img
X
}
tree() { # NAME FAMILY VERSION INITRD
  local t=$out/$1 i
  for i in pxeboot xen; do
    mkdir -p "$t/images/$i"
    ln "$out/.linux" "$t/images/$i/vmlinuz"
    ln "$4" "$t/images/$i/initrd.img"
  done
  treeinfo "$t" "$2" "$3"
}

install -m 644 "$kernel" "$out/.linux" # in /boot only root may read it

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys}
cp "$(command -v busybox)" "$root/bin/busybox"
cat >"$root/init" <<'X'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
echo 1 >/proc/sys/kernel/printk # the kernel's late words would move the screen
arg() { for w in $(/bin/busybox cat /proc/cmdline); do case $w in $1=*) echo "${w#*=}";; esac; done; }
if [ -f /blue ]; then
  printf '\033[44m\033[2J\033[?25l\033[10;20H\033[30;47m  Choose a language: English  ' >/dev/tty1
  while :; do /bin/busybox sleep 3600; done
fi
for tty in /dev/tty1 /dev/ttyS0; do
  printf '\033[2J\033[1;1H\033[?25l\n  Quick installer\n\n  %s\n\n  The screen stands still.\n' "$(/bin/busybox cat /proc/cmdline)" >$tty 2>/dev/null
done
n=$(arg drover.dirty)
[ -z "$n" ] || (while :; do /bin/busybox dd if=/dev/urandom of=/dirty bs=65536 count=$((n * 16)) conv=notrunc 2>/dev/null; done) &
[ -z "$(arg drover.tick)" ] || (
  /bin/busybox dd if=/dev/urandom of=/memory bs=65536 count=32 2>/dev/null
  sum=$(/bin/busybox md5sum </memory) n=0
  while :; do
    n=$((n + 1)) is=ok
    [ "$(/bin/busybox md5sum </memory)" = "$sum" ] || is=lost
    echo "tick $n $is" >/dev/ttyS0
    /bin/busybox usleep 200000
  done
) &
f=$(arg drover.poweroff-with); [ -z "$f" ] || { [ -f "$f" ] && /bin/busybox poweroff -f; }
n=$(arg drover.reboot); [ -z "$n" ] || { /bin/busybox sleep "$n"; /bin/busybox reboot -f; }
n=$(arg drover.poweroff); [ -z "$n" ] || { /bin/busybox sleep "$n"; /bin/busybox poweroff -f; }
while :; do /bin/busybox sleep 3600; done
X
chmod 755 "$root/init"
pack() { (cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -n; }
pack >"$out/.quick"
if [ -n "$installer" ]; then
  cp "$installer/initrd.gz" "$out/.initrd"
else
  head -c 30M /dev/urandom >"$root/blue" # as large as the real one: a fetch of it can be stopped half-way
  pack >"$out/.initrd"
fi

tree rhel5_source "Red Hat Enterprise Linux Server" 5.0 "$out/.initrd"
tree centos-stream9 "CentOS Stream" 9 "$out/.initrd"
tree quick "Red Hat Enterprise Linux Server" 5.0 "$out/.quick"
head -c 2000000 "$out/.initrd" >"$out/.cut"
tree truncated "Red Hat Enterprise Linux Server" 5.0 "$out/.cut"
mkdir "$out/nokernel"
treeinfo "$out/nokernel" "Red Hat Enterprise Linux Server" 5.0

suite=bookworm
case $installer in */13/*) suite=trixie ;; esac
images=$out/debian/dists/$suite/main/installer-amd64/current/images
mkdir -p "$images/netboot/debian-installer/amd64"
ln "$out/.linux" "$images/netboot/debian-installer/amd64/linux"
ln "$out/.initrd" "$images/netboot/debian-installer/amd64/initrd.gz"
(cd "$images" && find . -type f ! -name MANIFEST | sed 's#^\./##' >MANIFEST)

cat >"$out/xen-ks.cfg" <<'X'
install
nfs --server=10.1.1.22 --dir=/soft/rhel5_source
lang en_US.UTF-8
keyboard us
network --device eth0 --bootproto dhcp
rootpw --iscrypted $1$drover$2bTn0LkqDqYwRDE7Fq7dU.
firewall --disabled
selinux --disabled
timezone Asia/Shanghai
bootloader --location=mbr
clearpart --all --initlabel
part / --fstype ext3 --size=1 --grow
part swap --recommended
reboot
%packages
@core
X
rm -f "$out"/.linux "$out"/.initrd "$out"/.quick "$out"/.cut
echo "$made_by" >"$out.made-by"
