#!/bin/bash
# config.sh NAME ADDRESS DIR: writes the daemons' settings of one machine of the lab.
set -euo pipefail
name=$1 address=$2 dir=$3
# at_least VERSION LEAST: some settings are known only from a version on, and older ones refuse to start with them.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -1)" = "$2" ]; }
if [ "$name" = nfs ]; then
  # From 6 on Ganesha wants to be an IO flusher, and root in a container may not.
  flusher=
  ! at_least "$(ganesha.nfsd -v | sed -n 's/.*= V//p')" 6 || flusher="Allow_Set_Io_Flusher_Fail = true;"
  cat >"$dir/ganesha.conf" <<X
NFS_CORE_PARAM { Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; Bind_addr = $address; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; mount_path_pseudo = true; $flusher }
NFSV4 { Graceless = true; RecoveryBackend = fs; }
LOG { Default_Log_Level = EVENT; }
EXPORT {
  Export_Id = 1; Path = $dir/export; Pseudo = /soft; Access_Type = RO; Squash = No_Root_Squash;
  Protocols = 3; Transports = TCP; SecType = sys; Attr_Expiration_Time = 1;
  FSAL { Name = VFS; }
}
EXPORT {
  Export_Id = 2; Path = $dir/export/quick; Pseudo = /secure; Access_Type = RO; Squash = No_Root_Squash;
  Protocols = 3; Transports = TCP; SecType = sys; Attr_Expiration_Time = 1; PrivilegedPort = true;
  FSAL { Name = VFS; }
}
X
  exit
fi
# Without security labels, device cgroups and private /dev: no systemd, SELinux or AppArmor is needed to run a machine.
cat >"$dir/etc/qemu.conf" <<X
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
vnc_listen = "0.0.0.0"
stdio_handler = "logd"
max_core = 0
X
if at_least "$(libvirtd --version | awk '{ print $NF }')" 10.8.0; then
  echo 'shared_filesystems = [ "/srv/shared" ]' >>"$dir/etc/qemu.conf"
else
  cc -shared -fPIC -o "$dir/shared.so" "$(dirname "$0")/shared.c"
fi
cat >"$dir/etc/libvirtd.conf" <<X
host_uuid = "$(printf '%s' "drover-$name" | md5sum | sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-4\3-8\4-\5/')"
listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_rw_perms = "0777"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
log_filters = "3:event 3:object 3:util 2:qemu 3:rpc"
X
echo 'max_clients = 100' >"$dir/etc/virtlogd.conf"
for f in network libvirt-admin libvirt; do : >"$dir/etc/$f.conf"; done
[ -f "$dir/../id" ] || exit 0
cp "$dir/../id.pub" "$dir/authorized_keys"
cat >"$dir/sshd_config" <<X
ListenAddress $address:22
HostKey $dir/../hostkey
AuthorizedKeysFile $dir/authorized_keys
PidFile $dir/sshd.pid
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
X
