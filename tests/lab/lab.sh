#!/bin/bash
# The lab: two libvirt/QEMU hosts and an NFS machine on one computer, in namespaces of their own.
#
#   lab.sh check              says "ok", or why the lab can't run here (exit 1)
#   lab.sh run -- CMD ARGS…   brings the lab up, runs CMD inside it, takes it down; exits as CMD does
#   inside (from CMD):
#   lab.sh kill|start HOST    libvirtd of hosta or hostb dies (SIGKILL) or comes back; its machines run on
#   lab.sh freeze|thaw HOST   libvirtd stops answering (SIGSTOP) or goes on
#   lab.sh exec HOST CMD…     CMD on hosta, hostb or nfs
#
# Everything lives in one outer network + mount + PID namespace: it meets neither the computer's own libvirt nor another lab,
# and nothing survives the end of the first process in it, however it ends.
#
# CMD sees DROVER_LAB (state directory), DROVER_LAB_A/_B (URIs over a unix socket), _TA/_TB (tcp), _SA/_SB (ssh, empty without
# sshd), DROVER_LAB_WEAK (the feature), DROVER_LAB_NFS (the NFS server's address; it exports /soft, and /secure to ports below 1024 only) and DROVER_LAB_SH (this file), and a XDG_STATE_HOME of its own. On each host: bridges
# xenbr0 (uplink) and br0 (isolated), folders /srv/shared (same on both), /srv/local, /vmware/xen/images and /etc/pki (its own;
# from here: $DROVER_LAB/HOST/local, images and pki). hostb's CPU lacks a feature that hosta's has (see weaken).
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
CACHE=${DROVER_LAB_CACHE:-${CARGO_TARGET_DIR:-$TOP/target}/lab-cache}
NET=10.77.0
NET6=fd77:
WEAK=smap
NFS=10.1.1.22
HOSTS=(hosta hostb)
PATH=$PATH:/usr/sbin:/sbin

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit 1; }
address() { case $1 in hosta) echo $NET.11 ;; hostb) echo $NET.12 ;; nfs) echo $NFS ;; *) die "no machine $1" ;; esac }
on() { local m=$1; shift; nsenter -t "$(cat "$DROVER_LAB/$m/holder.pid")" -n -m -u -- "$@"; }
unix_uri() { echo "qemu+unix:///system?socket=$DROVER_LAB/$1/run/libvirt-sock"; }

# Waits until a command succeeds: wait_for SECONDS WHAT CMD…
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { say "waited in vain for $what"; return 1; }
    sleep 0.1
  done
}

check() {
  [ "$(id -u)" = 0 ] || { echo "the lab needs root (for network namespaces)"; return 1; }
  local missing=() c
  for c in unshare nsenter ip cc libvirtd virtlogd virsh qemu-system-x86_64 qemu-img openssl rpcbind ganesha.nfsd busybox cpio; do
    command -v $c >/dev/null || missing+=("$c")
  done
  [ ${#missing[@]} = 0 ] || { echo "not installed: ${missing[*]} (make deps-test installs them)"; return 1; }
  "$HERE/trees.sh" --kernel >/dev/null 2>&1 || { echo "neither Debian's installer images nor a kernel in /boot (make deps-test installs one)"; return 1; }
  unshare -n -m -u -p -f --mount-proc true 2>/dev/null || { echo "namespaces are not allowed here"; return 1; }
  echo ok
}

# The outer side: one PID namespace whose end is the end of all.
run() {
  local reason
  reason=$(check) || die "can't run: $reason"
  "$HERE/trees.sh" "$CACHE/export"
  local own=
  if [ -z "${DROVER_LAB:-}" ]; then
    DROVER_LAB=$(mktemp -d /tmp/drover-lab.XXXXXX)
    own=1
  fi
  mkdir -p "$DROVER_LAB/nfs"
  # Hard links where they can be: a test adds to what is offered, it never changes a file in place.
  cp -al "$CACHE/export" "$DROVER_LAB/nfs/" 2>/dev/null || { rm -rf "$DROVER_LAB/nfs/export" && cp -a "$CACHE/export" "$DROVER_LAB/nfs/"; }
  export DROVER_LAB
  local code=0
  unshare -n -m -u -p -f --kill-child --mount-proc --propagation private bash "${BASH_SOURCE[0]}" __inside "$@" &
  local inner=$!
  trap 'kill -TERM $inner 2>/dev/null || true' INT TERM
  wait $inner || code=$?
  kill -KILL $inner 2>/dev/null || true
  [ -z "$own" ] || [ -n "${DROVER_LAB_KEEP:-}" ] || rm -rf "$DROVER_LAB"
  return $code
}

inside() {
  local t0=$EPOCHREALTIME
  hostname drover-lab
  new_root
  fresh_mounts
  ip link set lo up
  ip link add sw type bridge stp_state 0 forward_delay 0
  ip addr add $NET.1/24 dev sw
  ip addr add 10.1.1.1/24 dev sw
  ip link set sw up
  ip addr add $NET6:1/64 dev sw nodad 2>/dev/null || say "there is no IPv6 here"
  mkdir -p "$DROVER_LAB/shared"
  [ -z "$(command -v sshd)" ] || keys
  local h
  host_up hosta
  keep_capabilities
  host_up hostb
  nfs_up
  wait_for 20 "NFS at $NFS" bash -c "exec 3<>/dev/tcp/$NFS/2049" || { tail -20 "$DROVER_LAB/nfs/ganesha.log" >&2; exit 1; }
  export_uris
  say "up in $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $t0 }") s ($DROVER_LAB)"
  local code=0
  "$@" </dev/null || code=$?
  [ $code = 0 ] || for h in "${HOSTS[@]}"; do say "$h: $(tail -3 "$DROVER_LAB/$h/log/libvirtd.log" 2>/dev/null)"; done
  exit $code # the namespace's first process ends: the kernel ends the rest
}

# A root folder of our own over the computer's: /vmware and /etc/pki, mount points, are made only here.
new_root() {
  local e here=$PWD
  mount -t tmpfs -o mode=755 tmpfs /mnt
  for e in /*; do
    if [ -L "$e" ]; then
      cp -a "$e" /mnt/
    elif [ "$e" = /mnt ]; then
      mkdir /mnt/mnt
    elif [ "$e" = /etc ]; then
      cp -a /etc /mnt/
    elif [ -d "$e" ]; then
      mkdir "/mnt$e" && mount --rbind "$e" "/mnt$e"
    fi
  done
  mkdir -p /mnt/vmware /mnt/etc/pki
  cd /mnt && pivot_root . . && umount -l .
  cd "$here"
}

# What of the computer's own must not be seen or touched from in here.
fresh_mounts() {
  umount -R -l /sys && mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/sshd /run/libvirt /run/lock
  if [ -e /dev/kvm ]; then # nested KVM is there on some computers and broken on many: the lab always emulates
    : >"$DROVER_LAB/nokvm"
    mount --bind "$DROVER_LAB/nokvm" /dev/kvm && mount -o remount,bind,ro /dev/kvm
  fi
  { echo "127.0.0.1 localhost"; local m; for m in "${HOSTS[@]}" nfs; do echo "$(address $m) $m"; done; } >"$DROVER_LAB/hosts"
  mount --bind "$DROVER_LAB/hosts" /etc/hosts
}

keys() {
  ssh-keygen -q -t ed25519 -N '' -f "$DROVER_LAB/id"
  ssh-keygen -q -t ed25519 -N '' -f "$DROVER_LAB/hostkey"
  printf 'Host *\n  IdentityFile %s\n  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  LogLevel ERROR\n' "$DROVER_LAB/id" >"$DROVER_LAB/ssh_config"
  mount --bind "$DROVER_LAB/ssh_config" /etc/ssh/ssh_config
}

# machine_up NAME: its namespaces with one process that holds them, and its cable to the switch.
machine_up() {
  local m=$1 d=$DROVER_LAB/$1
  unshare -n -m -u --propagation private bash "$HERE/machine.sh" "$m" "$d" "$DROVER_LAB/shared" </dev/null >"$d/holder.log" 2>&1 &
  wait_for 10 "$m's namespaces" test -s "$d/holder.pid" || { cat "$d/holder.log" >&2; exit 1; }
  ip link add "$m" type veth peer name eth0 netns "$(cat "$d/holder.pid")"
  ip link set "$m" master sw up
}

host_up() {
  local h=$1 d=$DROVER_LAB/$1 address
  address=$(address "$h")
  mkdir -p "$d"/{run,varlib/{qemu,images,boot,network},etc/{qemu/networks/autostart,storage/autostart,nwfilter,secrets,hooks},log/qemu,cache/qemu,local,images,pki}
  cp -a /etc/libvirt/nwfilter/. "$d/etc/nwfilter/" 2>/dev/null || true
  [ ! -d "$CACHE/capabilities" ] || cp -a "$CACHE/capabilities" "$d/cache/qemu/" # probing QEMU costs 4-8 s a host
  "$HERE/config.sh" "$h" "$address" "$d"
  [ "$h" != hostb ] || weaken "$d"
  machine_up "$h"
  on "$h" ip -batch - <<X
link set lo up
link add xenbr0 type bridge stp_state 0 forward_delay 0
link add br0 type bridge stp_state 0 forward_delay 0
link set eth0 master xenbr0 up
addr add $address/24 dev xenbr0
link set xenbr0 up
link set br0 up
route add 10.1.1.0/24 dev xenbr0
X
  on "$h" ip addr add "$NET6:${address##*.}/64" dev xenbr0 nodad 2>/dev/null || true # where there is no IPv6
  on "$h" virtlogd -d -p "$d/virtlogd.pid"
  start_libvirtd "$h"
  [ -z "$(command -v sshd)" ] || on "$h" "$(command -v sshd)" -f "$d/sshd_config" -E "$d/log/sshd.log"
}

# weaken DIR: that host's CPU lacks a feature. QEMU never gives it to a machine there (machine.sh puts a script in QEMU's
# place, and QEMU itself where its files are found from), and what libvirt remembers of QEMU says so too.
weaken() {
  local d=$1 file
  cat >"$d/weak-qemu" <<X
#!/bin/sh
for a; do
  shift
  [ "\$last" != -cpu ] || a=\$a,$WEAK=off
  last=\$a
  set -- "\$@" "\$a"
done
exec /usr/src/qemu-system-x86_64 "\$@"
X
  chmod 755 "$d/weak-qemu"
  for file in "$d"/cache/qemu/capabilities/*.xml; do
    grep -q 'qemu-system-x86_64<' "$file" || continue
    sed -i -E -e "s/<qemuctime>[0-9]*</<qemuctime>$(stat -c %Z "$d/weak-qemu")</" \
      -e "s/(<property name='$WEAK' type='boolean' value=')true/\1false/" "$file"
  done
}

# One host after the other, and again if it did not come up: a daemon that starts may lose a race for a pid file.
start_libvirtd() {
  local h=$1 d=$DROVER_LAB/$1 try preload=()
  [ ! -f "$d/shared.so" ] || preload=(env LD_PRELOAD="$d/shared.so")
  for try in 1 2 3; do
    rm -f "$d"/run/libvirt-sock* "$d/libvirtd.pid"
    on "$h" "${preload[@]}" libvirtd -d --listen -p "$d/libvirtd.pid" || true
    if wait_for 30 "$h's libvirtd (try $try)" virsh -c "$(unix_uri "$h")" version; then return; fi
    [ ! -s "$d/libvirtd.pid" ] || kill -KILL "$(cat "$d/libvirtd.pid")" 2>/dev/null || true
  done
  tail -20 "$d/log/libvirtd.log" >&2
  die "$h's libvirtd does not come up"
}

nfs_up() {
  local d=$DROVER_LAB/nfs
  "$HERE/config.sh" nfs $NFS "$d"
  machine_up nfs
  on nfs ip -batch - <<X
link set lo up
addr add $NFS/24 dev eth0
link set eth0 up
route add $NET.0/24 dev eth0
X
  on nfs rpcbind -w
  on nfs ganesha.nfsd -f "$d/ganesha.conf" -L "$d/ganesha.log" -p "$d/ganesha.pid" -N NIV_EVENT
}

keep_capabilities() {
  [ ! -d "$CACHE/capabilities" ] || return 0
  virsh -c "$(unix_uri hosta)" domcapabilities --virttype qemu >/dev/null
  cp -a "$DROVER_LAB/hosta/cache/qemu/capabilities" "$CACHE/"
}

export_uris() {
  local key="keyfile=$DROVER_LAB/id&no_verify=1&no_tty=1"
  DROVER_LAB_A=$(unix_uri hosta) DROVER_LAB_B=$(unix_uri hostb)
  DROVER_LAB_TA=qemu+tcp://$NET.11/system DROVER_LAB_TB=qemu+tcp://$NET.12/system
  DROVER_LAB_SA='' DROVER_LAB_SB=''
  if [ -f "$DROVER_LAB/id" ]; then
    DROVER_LAB_SA="qemu+ssh://root@$NET.11/system?$key" DROVER_LAB_SB="qemu+ssh://root@$NET.12/system?$key"
  fi
  DROVER_LAB_NFS=$NFS DROVER_LAB_SH=$HERE/lab.sh XDG_STATE_HOME=$DROVER_LAB/state
  export DROVER_LAB_WEAK=$WEAK DROVER_LAB_A DROVER_LAB_B DROVER_LAB_TA DROVER_LAB_TB DROVER_LAB_SA DROVER_LAB_SB DROVER_LAB_NFS DROVER_LAB_SH XDG_STATE_HOME
}

signal() { kill "-$1" "$(cat "$DROVER_LAB/$2/libvirtd.pid")"; }

verb=${1:-}
[ $# = 0 ] || shift
case $verb in
check) check ;;
run) [ "${1:-}" != -- ] || shift; [ $# -gt 0 ] || die "run what?"; run "$@" ;;
__inside) inside "$@" ;;
kill) signal KILL "$1" ;;
start) start_libvirtd "$1" ;;
freeze) signal STOP "$1" ;;
thaw) signal CONT "$1" ;;
exec) on "$@" ;;
*) sed -n '2,20s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
