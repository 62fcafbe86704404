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


def walk(top):
    """Every widget under this one that is there when we look."""
    stack = [top]
    while stack:
        node = stack.pop()
        try:
            children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
            yield node, node.get_role_name()
        except gi.repository.GLib.Error:
            continue
        stack += [child for child in children if child is not None]


def application(pid):
    """The program on the accessibility bus; it may take some seconds to get there."""
    for _ in range(200):
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            app = desktop.get_child_at_index(i)
            if app is not None and app.get_process_id() == pid:
                return app
        time.sleep(0.1)
    sys.exit("Drover is not on the accessibility bus")


def main():
    Atspi.init()
    app = application(int(sys.argv[1]))
    field = next(node for node, role in walk(app) if role in ("text", "entry") and node.get_editable_text_iface())
    Atspi.EditableText.set_text_contents(field, "name:5")
    time.sleep(1)
    # The number found, beside the field: "12 of 118".
    label = next(node for node, role in walk(app) if role == "label" and re.fullmatch(r"[\d,.]+ of [\d,.]+", read(node)))
    times = []
    for text in [f"name:{n}" for n in ("0", "04", "042", "07", "071", "1", "12", "123", "3", "33", "9", "99")] * 2:
        before = read(label)
        start = time.perf_counter()
        Atspi.EditableText.set_text_contents(field, text)
        while read(label) == before and time.perf_counter() - start < 5:
            pass
        times.append((time.perf_counter() - start) * 1000)
        time.sleep(0.2)
    times.sort()
    print(f"{times[len(times) // 2]:.0f} ms median, {times[-1]:.0f} ms slowest")


def read(node):
    """A label's text as it is now, not as libatspi remembers it."""
    node.clear_cache()
    try:
        return node.get_name() or ""
    except gi.repository.GLib.Error:
        return ""


main()
