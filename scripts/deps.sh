#!/bin/bash
# deps.sh GROUP…: installs the system packages of the groups that are missing. Groups: run (build and use), test, bench.
# Debian 12 and 13, Ubuntu 24.04 and later; elsewhere it names what is needed and exits with 3. A second run does nothing.
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }

# A newest-of pattern such as debian-installer-*-netboot-amd64 is resolved when it is needed.
run=(build-essential pkg-config gettext libgtk-4-dev libadwaita-1-dev libvirt-dev adwaita-icon-theme librsvg2-common
  libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils openssh-client)
test=(xvfb xauth xdotool x11-utils imagemagick dbus dbus-daemon at-spi2-core python3 python3-pyatspi python3-gi
  gir1.2-atspi-2.0 fonts-dejavu-core desktop-file-utils appstream
  openssh-server iproute2 busybox-static cpio netbase rpcbind nfs-ganesha nfs-ganesha-vfs 'debian-installer-*-netboot-amd64')
bench=(virt-manager xvfb xauth dbus dbus-daemon at-spi2-core python3 python3-libvirt python3-gi gir1.2-atspi-2.0)

in_words() {
  cat >&2 <<'X'
Drover needs these packages; your distribution has its own names for them:
  to build and run:  a C compiler, pkg-config, gettext, and the development files of GTK 4.8 or later, libadwaita 1.2 or
                     later and libvirt 8.0 or later
  for machines here: libvirt's daemon with its QEMU driver, QEMU for x86 with qemu-img
  to test:           Xvfb, xdotool, ImageMagick, D-Bus, AT-SPI with Python's pyatspi, desktop-file-utils, appstream,
                     iproute2, OpenSSH's server, a static busybox, cpio, rpcbind, nfs-ganesha with its VFS module, and the
                     netboot images of Debian's installer
X
}

. /etc/os-release 2>/dev/null || true
case "${ID:-} ${VERSION_CODENAME:-}" in
"debian bookworm" | "debian trixie" | "ubuntu "*) ;;
*) command -v apt-get >/dev/null && case " ${ID_LIKE:-} " in *" debian "* | *" ubuntu "*) false ;; esac && { in_words; exit 3; }
  command -v apt-get >/dev/null || { in_words; exit 3; }
  echo "deps.sh: ${PRETTY_NAME:-this system} is not one that was tried; going by Debian's package names" >&2 ;;
esac

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
missing() {
  local group p
  for group in "$@"; do
    local -n list=$group
    for p in "${list[@]}"; do installed "$p" || echo "$p"; done
  done | sort -u
}
for group in "$@"; do
  case $group in run | test | bench) ;; *) echo "deps.sh: no group $group" >&2; exit 2 ;; esac
done
mapfile -t want < <(missing "$@")
[ ${#want[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { printf 'These packages are missing. As root:\n  apt-get install %s\n' "${want[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 "$@"; }

# Debian 12 with QEMU or libvirt from backports: their siblings and GTK's -dev packages (by way of libudev) resolve only if
# all come from backports in one call.
release=()
here=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' 'qemu-*' libvirt0 libudev1 2>/dev/null || true)
if [ "${VERSION_CODENAME:-}" = bookworm ] && grep -q '^installed.*~bpo12' <<<"$here"; then
  release=(-t bookworm-backports)
  sources=$(apt-get indextargets --format '$(RELEASE) $(CODENAME)')
  if ! grep -q bookworm-backports <<<"$sources"; then
    mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' | sed -n 's/^bookworm //p' | head -1)
    echo "deps.sh: this system has packages from bookworm-backports; adding that source (/etc/apt/sources.list.d/bookworm-backports.list)"
    echo "deb $mirror bookworm-backports main" | "${as_root[@]}" tee /etc/apt/sources.list.d/bookworm-backports.list >/dev/null
  fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt update >"$log" 2>&1 || { tail -5 "$log" >&2; echo "deps.sh: apt-get update failed; going on with the lists that are here" >&2; }
for i in "${!want[@]}"; do
  case ${want[$i]} in *\**)
    newest=$(apt-cache pkgnames | grep -E "^${want[$i]//\*/[0-9.]+}\$" | sort -V | tail -1 || true)
    [ -n "$newest" ] || { echo "deps.sh: this system has no ${want[$i]}: the lab tests can't run" >&2; newest=; }
    want[i]=$newest ;;
  esac
done
mapfile -t want < <(printf '%s\n' "${want[@]}" | grep .)
mapfile -t want < <(for p in "${want[@]}"; do # a part that an older release keeps in another package has no name of its own
  apt-cache show "$p" >/dev/null 2>&1 && echo "$p" || echo "deps.sh: no package $p here, going on without it" >&2
done)
echo "Installing ${#want[@]} system packages: ${want[*]}"
apt install -y --no-install-recommends "${release[@]}" "${want[@]}" >"$log" 2>&1 || { tail -15 "$log" >&2; exit 1; }
