#!/bin/bash
# test.sh: what `make test` does once the packages are there: every test there is, from fast to real.
# DROVER_TOTALS=FILE also writes "PASSED FAILED" there, for .ci/run to add to its own.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh
export GSK_RENDERER=cairo GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 NO_AT_BRIDGE=
unset WAYLAND_DISPLAY

step build cargo test --workspace --locked --no-run --quiet
if [ "$FAILED" = 0 ]; then
  step "build programs" cargo build --workspace --locked --quiet
  step catalogues scripts/mo.sh
  step "core tests" cargo test -p drover --locked
  step "window component tests" xvfb-run -a -s "-screen 0 1280x1024x24" dbus-run-session -- cargo test -p drover-ui --locked

  # The lab: as root; where sudo asks for nothing, through it.
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n -E env "PATH=$PATH")
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
