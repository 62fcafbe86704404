"""Machines dragged onto hosts with the real pointer, and cut and pasted by keyboard."""
import json
import os
import subprocess
import time

from driver import App, run, wait
from lab import HOST, OTHER, daemon, forget, machine, shown, virsh

HERE = os.path.dirname(os.path.abspath(__file__))


class Drag:
    """The pointer with its button held; each move is told in steps, as a hand makes them."""

    def __init__(self, start):
        self.at = start
        run("xdotool", "mousemove", *map(str, start))
        time.sleep(0.2)
        run("xdotool", "mousedown", "1")
        time.sleep(0.1)

    def to(self, end, rest=0.4):
        for i in range(1, 13):
            run("xdotool", "mousemove", *(str(a + (b - a) * i // 12) for a, b in zip(self.at, end)))
            time.sleep(0.04)
        self.at = end
        time.sleep(rest)

    def drop(self):
        run("xdotool", "mouseup", "1")
        time.sleep(0.4)

    def cancel(self):
        run("xdotool", "key", "Escape")
        time.sleep(0.4)
        run("xdotool", "mouseup", "1")
        time.sleep(0.2)


def left_part(app, node):
    """A place near the left end of a row."""
    x, y, _, height = app.box(node)
    return x + 90, y + height // 2


def host_row(app, name):
    """A host of the sidebar."""
    label = next(n for n in app.every(name, "label") if app.box(n)[0] < 200)
    return app.middle(label)


def card(app, says, timeout=30):
    """The card beside a host, with this in its words."""
    return app.find(contains=says, role="label", timeout=timeout)


def on_other(name):
    """What the second host says of a machine."""
    return run("virsh", "-c", OTHER, "domstate", name, check=False).strip()


def drag_to_migrate():
    """From one host over a bad one, where the card says why, to a good one, where it is dropped and arrives."""
    machine("mover")
    machine("second")
    app = App("--connect", HOST, "--connect", OTHER, "--connect", "test:///default")
    drag = None
    try:
        row = app.find(contains="mover, Running", role="table row", timeout=30)
        app.find("hostb", "label")
        drag = Drag(left_part(app, row))
        drag.to(host_row(app, "localhost") if app.has("localhost", "label") else host_row(app, "default"))
        card(app, "✖ can't take it")
        app.shoot("50-drag-bad-host")
        drag.to(host_row(app, "hosta"))
        card(app, "here already")
        drag.to(host_row(app, "hostb"))
        card(app, "✔ can take it")
        card(app, "Memory:")
        app.shoot("51-drag-good-host")
        drag.cancel()
        app.gone(contains="✔ can take it", role="label")
        app.shoot("52-drag-cancelled")
        assert virsh("domstate", "mover").strip() == "running"
    finally:
        if drag:
            drag.drop()
        app.stop()
        forget("mover", "second")
