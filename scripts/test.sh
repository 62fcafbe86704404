#!/bin/bash
# test.sh: what `make test` does once the packages are there: every test there is, from fast to real.
# DROVER_TOTALS=FILE also writes "PASSED FAILED" there, for .ci/run to add to its own.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/rust.sh
. scripts/steps.sh
export GSK_RENDERER=cairo GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 NO_AT_BRIDGE=
unset WAYLAND_DISPLAY

# The lab runs as root: from a terminal sudo asks for the password now, not after minutes of other tests.
as_root=()
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
  as_root=(sudo -n -E env "PATH=$PATH")
  if [ -t 0 ] && ! sudo -n true 2>/dev/null; then
    echo "The lab tests (libvirt hosts in namespaces of their own) need root; without it they are skipped."
    if sudo -v; then
      while sleep 60 && kill -0 $$ 2>/dev/null; do sudo -n -v; done &
      trap "kill $! 2>/dev/null" EXIT
    fi
  fi
fi

step build cargo test --workspace --locked --no-run --quiet
if [ "$FAILED" = 0 ]; then
  step "build programs" cargo build --workspace --locked --quiet
  step catalogues scripts/mo.sh
  step "core tests" cargo test -p drover --locked
  step "window component tests" xvfb-run -a -s "-screen 0 1280x1024x24" dbus-run-session -- cargo test -p drover-ui --locked

  if ! reason=$("${as_root[@]}" tests/lab/lab.sh check 2>&1); then
    skip "lab tests" "$reason"
    skip "window tests" "they need the lab"
  else
    lab_test=$(cargo test -p drover --test lab --locked --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))$/\1/p')
    step "lab tests" "${as_root[@]}" tests/lab/lab.sh run -- "$lab_test" --test-threads=1 --show-output
    step "window tests" "${as_root[@]}" tests/lab/lab.sh run -- tests/ui/run.sh
    [ "$(id -u)" = 0 ] || sudo -n chown -R "$(id -u):$(id -g)" "${CARGO_TARGET_DIR:-target}"/{lab-cache,screenshots} 2>/dev/null
  fi
fi
[ -z "${DROVER_TOTALS:-}" ] || echo "$PASSED $FAILED" >"$DROVER_TOTALS"
total
