#!/bin/bash
# po-update.sh: takes every translatable string of the window into po/drover.pot and merges it into each po/LANG.po.
# po-update.sh --check: fails when a language of po/LINGUAS lacks a string, or has a fuzzy or a broken one.
set -euo pipefail
cd "$(dirname "$0")/.."
extract() { # FILE
  grep -v '^#' po/POTFILES.in | xgettext --files-from=- --output="$1" --language=C --from-code=UTF-8 --add-comments=Translators \
    --keyword --keyword=gettext --keyword=gettext_f --keyword=ngettext:1,2 --keyword=ngettext_f:1,2 --keyword=gettext_noop \
    --keyword=pgettext:1c,2 --keyword=pgettext_f:1c,2 --package-name=Drover --copyright-holder='The Drover developers' \
    --no-wrap --sort-by-file --force-po 2> >(grep -vE 'unterminated (character|string)|invalid escape|warning: character sequence' >&2 || true)
  sed -i '/^"POT-Creation-Date/d; s/charset=CHARSET/charset=UTF-8/' "$1"
  # C keeps the indentation after a line's closing backslash, Rust drops it: such a text would never be found again.
  ! grep -nE '^msgid.*   ' "$1" || { echo "po: a text is broken over lines by a backslash: write it on one line" >&2; exit 1; }
}
languages() { grep -v '^#' po/LINGUAS | tr ' ' '\n' | grep .; }

if [ "${1:-}" = --check ]; then
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  extract "$dir/drover.pot"
  bad=0
  while read -r lang; do
    msgmerge --quiet --no-fuzzy-matching --no-wrap -o "$dir/$lang.po" "po/$lang.po" "$dir/drover.pot"
    msgfmt --check --check-accelerators=_ -o /dev/null "po/$lang.po" || bad=1
    missing=$(msgattrib --untranslated --no-obsolete --no-wrap "$dir/$lang.po" | grep -c '^msgid "..*"\|^msgid ""$' || true)
    fuzzy=$(msgattrib --only-fuzzy --no-obsolete "po/$lang.po" | grep -c '^#, .*fuzzy' || true)
    missing=$((missing > 0 ? missing - 1 : 0)) # the header
    if [ "$missing" != 0 ] || [ "$fuzzy" != 0 ]; then
      echo "po/$lang.po: $missing missing, $fuzzy fuzzy:"
      msgattrib --untranslated --no-obsolete --no-wrap "$dir/$lang.po" | grep -E '^(#:|msgid )' | sed -n 1,20p
      bad=1
    fi
    # A value's name must be the same on both sides: {name} is filled in by the program.
    python3 scripts/po-placeholders.py "$dir/$lang.po" || bad=1
  done < <(languages)
  exit $bad
fi

scripts/potfiles.sh
extract po/drover.pot
while read -r lang; do
  [ -f "po/$lang.po" ] || msginit --no-translator --locale="$lang.UTF-8" --input=po/drover.pot --output-file="po/$lang.po" 2>/dev/null
  msgmerge --quiet --update --backup=none --no-wrap --previous "po/$lang.po" po/drover.pot
  echo "po/$lang.po: $(msgfmt --statistics -o /dev/null "po/$lang.po" 2>&1)"
done < <(languages)
