#!/bin/bash
# run.sh [DROVER'S OPTIONS…]: what `make run` does once the packages are there: builds, looks for what would be in the way, starts.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "Drover needs Rust 1.93 or later: install it from https://rustup.rs, then open a new terminal." >&2; exit 1; }
cargo build --release --locked --workspace
scripts/mo.sh

built=${CARGO_TARGET_DIR:-target}/release
if [ -z "${WAYLAND_DISPLAY:-}${DISPLAY:-}" ]; then
  cat >&2 <<X
There is no display here, so there is no window to open. Start this from a desktop session, with “ssh -X”, or under Xvfb:
  xvfb-run -a $built/drover
Without a window, $built/droverctl does the same work: $built/droverctl --help
X
  exit 1
fi

socket=/run/libvirt/libvirt-sock
[ -S $socket ] || socket=/run/libvirt/virtqemud-sock
if [ -S $socket ] && [ ! -w $socket ] && ! id -nG | grep -qw libvirt; then
  echo "Note: you may not use the machines of this computer's system libvirt yet. To be allowed to:"
  echo "  sudo usermod -aG libvirt $(id -un)     and log in again"
elif [ ! -S $socket ]; then
  echo "Note: no system libvirt runs here; your own session's (qemu:///session) needs none. To have one:"
  echo "  sudo systemctl enable --now libvirtd"
fi
exec "$built/drover" "$@"
