#!/bin/bash
# Runs the window tests: a display of its own (Xvfb), a session bus, accessibility — then tests/ui/test_window.py.
# Inside the lab (DROVER_LAB_A is set) it does the whole install; names of tests as arguments run only those.
set -eu
cd "$(dirname "$0")/../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export DROVER_BIN=${DROVER_BIN:-$target/debug/drover}
export DROVER_SHOTS=${DROVER_SHOTS:-$PWD/target/screenshots}
[ -x "$DROVER_BIN" ] || { echo "tests/ui: build first: cargo build (no $DROVER_BIN)" >&2; exit 1; }
mkdir -p "$DROVER_SHOTS"; : > "$DROVER_SHOTS/drover.log"
work=$(mktemp -d); xpid=
trap '[ -z "$xpid" ] || kill "$xpid" 2>/dev/null || true; rm -rf "$work"' EXIT
exec 3> "$work/display"
Xvfb -noreset -displayfd 3 -screen 0 1400x900x24 -nolisten tcp >"$work/xvfb.log" 2>&1 &
xpid=$!
for _ in $(seq 100); do grep -q . "$work/display" && break; sleep 0.05; done
[ -s "$work/display" ] || { cat "$work/xvfb.log" >&2; exit 1; }
DISPLAY=:$(cat "$work/display"); export DISPLAY
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
export GDK_BACKEND=x11 GSK_RENDERER=cairo GTK_A11Y=atspi NO_AT_BRIDGE=0 GSETTINGS_BACKEND=memory LC_ALL=C.UTF-8 LANGUAGE=en
export HOME=$work/home XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data XDG_RUNTIME_DIR=$work/run
mkdir -p "$HOME" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME" "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR"; chmod 700 "$XDG_RUNTIME_DIR"
dbus-run-session -- /usr/bin/python3 "${DROVER_SCRIPT:-tests/ui/test_window.py}" "$@"
