#!/bin/bash
# check.sh: everything that CI checks besides the tests. DROVER_TOTALS=FILE also writes "PASSED FAILED" there.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/rust.sh
. scripts/steps.sh

first_lines() { # every Rust file says in its first line what it is for, and stays under 400 lines
  local bad=0 f n
  while read -r f; do
    head -1 "$f" | grep -q '^//! .' || { echo "$f: the first line must say what the file is for (//! …)"; bad=1; }
    n=$(wc -l <"$f")
    [ "$n" -le 400 ] || { echo "$f: $n lines, more than 400: split it by concern"; bad=1; }
  done < <(git ls-files '*.rs')
  return $bad
}
flatpak_manifest() {
  command -v flatpak-builder >/dev/null || { echo "skipped: flatpak-builder is not installed"; return 0; }
  flatpak-builder --show-manifest flatpak/io.github.drover.Drover.yml
}
dependencies() { # licences, sources and duplicates; the advisory database can't be had without the open internet
  local deny
  deny=$(scripts/cargo-deny.sh) && "$deny" --offline --workspace check --hide-inclusion-graph bans licenses sources
}

step "fetch crates" cargo fetch --locked
step format cargo fmt --all --check -- --color never
# cargo-deny may have to be fetched first: it goes beside the compilers.
from=$SECONDS
dependencies >"$LOGS/cargo-deny.log" 2>&1 </dev/null &
deny=$!
step "one purpose per file" first_lines
step "system packages" scripts/deps-test.sh
step "files with strings" scripts/potfiles.sh --check
step translations scripts/po-update.sh --check
step "desktop file" desktop-file-validate resources/io.github.drover.Drover.desktop
step metainfo appstreamcli validate --no-net resources/io.github.drover.Drover.metainfo.xml
step "flatpak manifest" flatpak_manifest
step clippy cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
step documentation env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
code=0
wait $deny || code=$?
record "dependencies (cargo-deny)" $code $((SECONDS - from)) "$LOGS/cargo-deny.log"
[ -z "${DROVER_TOTALS:-}" ] || echo "$PASSED $FAILED" >"$DROVER_TOTALS"
total
