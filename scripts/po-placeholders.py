#!/usr/bin/env python3
"""po-placeholders.py FILE.po: fails when a translation lacks a {name} of its original, or has one that is not there.

Of several plural forms the first may be the singular's; every other, and an only one, has all that msgid_plural has."""
import ast
import re
import sys

NAME = re.compile(r"\{([a-z_]+)\}")


def entries(path):
    """Yields (msgids, msgstrs) of each entry, each a list of texts."""
    ids, strs, into = [], [], None
    for line in [*open(path, encoding="utf-8"), "\n"]:
        line = line.strip()
        if line.startswith("msgid"):
            if line.startswith("msgid ") and ids:
                yield ids, strs
                ids, strs = [], []
            into = ids
            into.append(ast.literal_eval(line[line.index('"'):]))
        elif line.startswith("msgstr"):
            into = strs
            into.append(ast.literal_eval(line[line.index('"'):]))
        elif line.startswith('"') and into:
            into[-1] += ast.literal_eval(line)
        elif not line or line.startswith("#"):
            into = None
    if ids:
        yield ids, strs


bad = 0
for ids, strs in entries(sys.argv[1]):
    known = set(NAME.findall(" ".join(ids)))
    for form, text in enumerate(strs):
        used = set(NAME.findall(text))
        original = ids[0] if form == 0 and len(strs) > 1 else ids[-1]
        lost = set(NAME.findall(original)) - used
        if text and ids[0] and (used - known or lost):
            print(f"{sys.argv[1]}: {ids[0]!r}: unknown {sorted(used - known)}, lost {sorted(lost)}")
            bad = 1
sys.exit(bad)
