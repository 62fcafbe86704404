#!/bin/bash
# mo.sh [DIR]: compiles po/*.po to DIR/LANG/LC_MESSAGES/drover.mo (default: where a program in target/ looks for them).
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${1:-${CARGO_TARGET_DIR:-target}/share/locale}
while read -r lang; do
  [ -f "po/$lang.po" ] || continue
  mkdir -p "$dir/$lang/LC_MESSAGES"
  msgfmt -o "$dir/$lang/LC_MESSAGES/drover.mo" "po/$lang.po"
done < <(grep -v '^#' po/LINGUAS | tr ' ' '\n' | grep .)
