#!/bin/bash
# cargo-deny.sh: prints where cargo-deny is; if it is nowhere, builds it into target/tools, which takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
command -v cargo-deny && exit
tools=$(realpath -m "${CARGO_TARGET_DIR:-target}/tools")
[ -x "$tools/bin/cargo-deny" ] ||
  CARGO_TARGET_DIR=$tools/build cargo install cargo-deny --locked --quiet --version $version --root "$tools" >&2
echo "$tools/bin/cargo-deny"
