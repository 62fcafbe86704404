#!/bin/bash
# potfiles.sh [--check]: writes po/POTFILES.in, the files with translated strings; --check fails if it is not up to date.
set -euo pipefail
cd "$(dirname "$0")/.."
list() {
  echo "# Made by scripts/potfiles.sh: do not edit."
  git ls-files --cached --others --exclude-standard 'ui/*.rs' | sort -u | xargs -r grep -lE '\b(d|n|p|np)?gettext(_f)?\(|\bgettext_noop\(' | grep -v '^ui/i18n\.rs$'
}
if [ "${1:-}" = --check ]; then
  diff -u po/POTFILES.in <(list) || { echo "po/POTFILES.in is out of date: run scripts/po-update.sh" >&2; exit 1; }
else
  list >po/POTFILES.in
fi
