#!/bin/bash
# run.sh [DROVER'S OPTIONS…]: what `make run` does once the packages are there: builds, looks for what would be in the way, starts.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/rust.sh
programs=${CARGO_TARGET_DIR:-target}/release
cargo build --release --locked --workspace
scripts/mo.sh

if [ -z "${WAYLAND_DISPLAY:-}${DISPLAY:-}" ]; then
  cat >&2 <<X
There is no display here, so there is no window to open. Start this from a desktop session, with \`ssh -X\`, or under Xvfb (package xvfb):
  xvfb-run -a $programs/drover
Without a window, droverctl does the same work: $programs/droverctl --help
X
  exit 1
fi

socket=/run/libvirt/libvirt-sock
[ -S $socket ] || socket=/run/libvirt/virtqemud-sock
if [ -S $socket ] && [ "$(id -u)" != 0 ] && ! id -nG | grep -w libvirt >/dev/null; then
  # On Debian the socket itself is open to all, and polkit asks for an administrator's password or refuses.
  echo "Note: you are not in the group libvirt, so this computer's system libvirt may refuse you. To be allowed to use it:"
  echo "  sudo usermod -aG libvirt $(id -un)     and log in again"
elif [ ! -S $socket ]; then
  echo "Note: no system libvirt runs here; your own session's (qemu:///session) needs none. To have one:"
  echo "  sudo systemctl enable --now libvirtd"
fi
exec "$programs/drover" "$@"
