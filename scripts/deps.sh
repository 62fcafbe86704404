#!/bin/bash
# deps.sh GROUP…: installs the system packages of the groups that are missing. Groups: run (build and use), test, bench.
# Debian 12 and 13, Ubuntu 24.04 and later; elsewhere it names what is needed and exits with 3. A second run does nothing.
# (OS_RELEASE=FILE instead of /etc/os-release, for scripts/deps-test.sh.)
set -euo pipefail # no `grep -q` at the end of a pipe: what writes into it would die of SIGPIPE
[ $# -gt 0 ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }

# A pattern such as debian-installer-*-netboot-amd64 means the newest that there is. A part that some releases keep in
# another package, or that only some tests need, ends in a question mark: where apt knows no such name, it goes on without.
# Of alternatives (a|b) any will do; the first that apt knows is installed. (Ubuntu has no Debian installer, and its
# containers no kernel.)
run=(build-essential pkg-config gettext libgtk-4-dev libadwaita-1-dev libvirt-dev adwaita-icon-theme librsvg2-common
  libvirt-daemon-system 'libvirt-daemon-driver-qemu?' libvirt-clients qemu-system-x86 qemu-utils openssh-client)
test=(xvfb xauth xdotool x11-utils imagemagick dbus 'dbus-daemon?' at-spi2-core python3 python3-pyatspi python3-gi
  gir1.2-atspi-2.0 fonts-dejavu-core desktop-file-utils appstream
  openssh-server openssl iproute2 'busybox-static?' cpio netbase 'rpcbind?' 'nfs-ganesha?' 'nfs-ganesha-vfs?'
  'debian-installer-*-netboot-amd64|linux-modules-[0-9]*|linux-image-virtual?')
bench=(rsync virt-manager xvfb xauth dbus 'dbus-daemon?' at-spi2-core python3 python3-libvirt python3-gi gir1.2-atspi-2.0)

say() { echo "deps.sh: $*" >&2; }
in_words() {
  cat >&2 <<'X'
Drover needs these packages; your distribution has its own names for them:
  to build and run:  a C compiler, pkg-config, gettext, and the development files of GTK 4.8 or later, libadwaita 1.2 or
                     later and libvirt 8.0 or later
  for machines here: libvirt's daemon with its QEMU driver, QEMU for x86 with qemu-img
  to test:           Xvfb, xdotool, ImageMagick, D-Bus, AT-SPI with Python's pyatspi, desktop-file-utils, appstream,
                     iproute2, OpenSSH's server, OpenSSL, a static busybox, cpio, rpcbind, nfs-ganesha with its VFS module, and the
                     netboot images of Debian's installer or a kernel in /boot
Once they are there: scripts/run.sh builds and starts Drover, scripts/test.sh runs the tests.
X
  exit 3
}

# supported: may Debian's package names be used here? Where that is a guess, `guess` says so.
supported() {
  command -v apt-get >/dev/null || return 1
  local ID='' VERSION_ID='' ID_LIKE='' PRETTY_NAME=''
  . "${OS_RELEASE:-/etc/os-release}" 2>/dev/null || true
  case $ID in
  debian) at_least "${VERSION_ID:-99}" 12 || { say "$PRETTY_NAME has no GTK 4.8: Debian 12 or later does"; return 1; } ;; # testing has no number
  ubuntu) at_least "${VERSION_ID:-99}" 24.04 || { say "$PRETTY_NAME has no GTK 4.8: Ubuntu 24.04 does"; return 1; } ;;
  *)
    case " $ID_LIKE " in *" debian "* | *" ubuntu "*) ;; *) return 1 ;; esac
    guess="${PRETTY_NAME:-this system} was never tried; going by Debian's package names" ;;
  esac
}
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -1)" = "$2" ]; }

# wanted GROUP…: the names in the groups' lists that no installed package has.
wanted() {
  local group p patterns
  for group in "$@"; do
    local -n list=$group
    for p in "${list[@]}"; do
      IFS='|' read -ra patterns <<<"${p%\?}"
      { dpkg-query -W -f '${db:Status-Status}\n' "${patterns[@]}" 2>/dev/null || true; } | grep -x installed >/dev/null || echo "$p"
    done
  done | sort -u
}

# resolve: sorts the wanted names into `packages` (what apt knows), `without` (known nowhere, can be missed) and `unknown`.
resolve() {
  local p name found alternatives
  packages=() without=() unknown=()
  for p in "${want[@]}"; do
    found=
    IFS='|' read -ra alternatives <<<"${p%\?}"
    for name in "${alternatives[@]}"; do
      case $name in
      *\**) found=$(apt-cache pkgnames | grep -xE "${name//\*/[0-9.]+}" | sort -V | tail -1 || true) ;;
      *) found=$(apt-cache policy "$name" 2>/dev/null | grep 'Candidate: [^(]' >/dev/null && echo "$name" || true) ;;
      esac
      [ -z "$found" ] || break
    done
    name=${alternatives[0]}
    if [ -n "$found" ]; then packages+=("$found"); elif [[ $p == *\? ]]; then without+=("$name"); else unknown+=("$name"); fi
  done
}

# Debian 12 with QEMU or libvirt from backports: their siblings and GTK's -dev packages (by way of libudev) resolve only if
# all come from backports in one call.
from_backports() {
  local VERSION_CODENAME='' here
  . "${OS_RELEASE:-/etc/os-release}" 2>/dev/null || true
  [ "$VERSION_CODENAME" = bookworm ] || return 1
  here=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' 'qemu-*' libvirt0 libudev1 2>/dev/null || true)
  grep -q '^installed.*~bpo12' <<<"$here"
}
add_backports() {
  local mirror list=/etc/apt/sources.list.d/bookworm-backports.list
  ! apt-get indextargets --format '$(RELEASE) $(CODENAME)' | grep bookworm-backports >/dev/null || return 0
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' | sed -n 's/^bookworm //p' | head -1)
  say "this system has packages from bookworm-backports; adding that source ($list)"
  echo "deb $mirror bookworm-backports main" | "${as_root[@]}" tee "$list" >/dev/null
}

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"; }

for group in "$@"; do
  case $group in run | test | bench) ;; *) say "no group $group"; exit 2 ;; esac
done
guess=
supported || in_words
mapfile -t want < <(wanted "$@")
[ ${#want[@]} -gt 0 ] || exit 0
resolve
# Nothing is left but what this release doesn't have.
[ ${#packages[@]} -gt 0 ] || [ ${#unknown[@]} -gt 0 ] || { say "not to be had here: ${without[*]}"; exit 0; }

[ -z "$guess" ] || say "$guess"
release=() as_root=()
! from_backports || release=(-t bookworm-backports)
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null && { sudo -n true 2>/dev/null || sudo -v; } || {
    say "packages are missing, and installing them needs root; as root run:"
    names=("${release[@]}" "${packages[@]}" "${unknown[@]}")
    echo "  apt-get update && apt-get install --no-install-recommends ${names[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi

[ ${#release[@]} = 0 ] || add_backports
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt update >"$log" 2>&1 || { tail -5 "$log" >&2; say "apt-get update failed; going on with the lists that are here"; }
resolve
[ ${#without[@]} = 0 ] || say "apt knows no package ${without[*]} here; going on without (the lab tests may be skipped)"
[ ${#unknown[@]} = 0 ] || say "apt knows no package ${unknown[*]} here, and Drover needs it (Ubuntu: is “universe” among the sources?)"
if [ ${#packages[@]} -gt 0 ]; then
  echo "Installing ${#packages[@]} system packages: ${packages[*]}"
  apt install -y --no-install-recommends "${release[@]}" "${packages[@]}" >"$log" 2>&1 ||
    { tail -15 "$log" >&2; say "apt-get install failed: its words are above"; exit 1; }
fi
[ ${#unknown[@]} = 0 ]
