"""keystroke.py PID: types into the search field of the Drover with that process id, and prints how long the list takes.

From setting the field's text over AT-SPI to the moment at which the count beside it is the new one: an upper bound, since
the way there and back over D-Bus is in it.
"""
import re
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402


def walk(node, depth=0):
    """Every widget under this one; not the rows, of which there are very many."""
    yield node
    if depth < 40 and node.get_role_name() not in ("table", "tree table", "list item"):
        for i in range(node.get_child_count()):
            child = node.get_child_at_index(i)
            if child is not None:
                yield from walk(child, depth + 1)


def main():
    Atspi.init()
    desktop = Atspi.get_desktop(0)
    apps = [desktop.get_child_at_index(i) for i in range(desktop.get_child_count())]
    app = next(a for a in apps if a is not None and a.get_process_id() == int(sys.argv[1]))
    nodes = list(walk(app))
    field = next(n for n in nodes if n.get_editable_text_iface() and n.get_text_iface())
    times = []
    for text in [f"name:{n}" for n in ("0", "04", "042", "07", "071", "1", "12", "123", "3", "33", "9", "99")] * 2:
        before = count(nodes)
        start = time.perf_counter()
        Atspi.EditableText.set_text_contents(field, text)
        while count(nodes) == before and time.perf_counter() - start < 5:
            pass
        times.append((time.perf_counter() - start) * 1000)
        time.sleep(0.2)
    times.sort()
    print(f"{times[len(times) // 2]:.0f} ms median, {times[-1]:.0f} ms slowest")


label = None


def count(nodes):
    """The text beside the field: "12 of 118", or only "118" while nothing is searched."""
    global label
    if label is None:
        Atspi.EditableText.set_text_contents(next(n for n in nodes if n.get_editable_text_iface()), "name:5")
        time.sleep(1)
        label = next(n for n in nodes if n.get_role_name() == "label" and re.fullmatch(r"\d+ of \d+", read(n)))
    return read(label)


def read(node):
    """A label's text; GTK 4 caches nothing that libatspi may answer with."""
    node.clear_cache_single() if hasattr(node, "clear_cache_single") else node.clear_cache()
    text = node.get_text_iface()
    return Atspi.Text.get_text(text, 0, -1) if text else node.get_name() or ""


main()
