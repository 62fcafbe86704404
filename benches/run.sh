#!/bin/bash
# run.sh [N…]: what `make bench` does. Searches and hovers in the core; migrations beside virsh and rsync, and a host evacuated
# in the window, in the lab; then fleets of N machines (1,000 and 10,000) in the window, beside virt-manager where it is
# installed. It prints figures and judges nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --workspace --quiet
cargo bench -p drover --locked --quiet --bench search --bench hover
target=$(realpath "${CARGO_TARGET_DIR:-target}")
if reason=$(tests/lab/lab.sh check); then
  tests/lab/lab.sh run -- /usr/bin/python3 benches/migrate.py "$target/release/droverctl"
  DROVER_BIN=$target/release/drover DROVER_SCRIPT=benches/evacuate.py tests/lab/lab.sh run -- tests/ui/run.sh "$target/release/droverctl"
else
  echo "no migrations: $reason" >&2
fi
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(1000 10000)
export GSK_RENDERER=cairo GDK_BACKEND=x11
# A home of its own: neither program may open what the user has saved.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
env -u WAYLAND_DISPLAY HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" XDG_DATA_HOME="$home/data" \
  xvfb-run -a -s "-screen 0 1280x1024x24" dbus-run-session -- /usr/bin/python3 benches/fleet.py "$target/release/drover" "${sizes[@]}"
