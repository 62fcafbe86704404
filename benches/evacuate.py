"""evacuate.py DROVERCTL: empties a host of 100 small machines in the window, and prints how long it took and how long the window
stood still.

Runs in the lab on a display of its own: see run.sh. The task panel is open while they move. Both hosts are given less of the
processor than the window: they would be other machines. While the window's time is taken, nobody reads its widgets: a walk
through all of them by the accessibility bus holds it up.
"""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "ui"))

from driver import SHOTS, App, run, wait  # noqa: E402
from lab import HOST, OTHER, STATE, choose  # noqa: E402
from moves import forget_all, small, there  # noqa: E402


def step_back(state):
    """Makes a host's daemon, and each QEMU that it will start, wait for the window."""
    with open(f"{state}/libvirtd.pid", encoding="utf-8") as file:
        pid = file.read().strip()
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.setpriority(os.PRIO_PROCESS, int(thread), 10)


def click(place):
    run("xdotool", "mousemove", "--sync", *map(str, place))
    run("xdotool", "click", "1")


class Stalls:
    """What the window logs of itself from now on."""

    def __init__(self):
        self.log = os.path.join(SHOTS, "drover.log")
        self.before = len(self.text())

    def text(self):
        with open(self.log, encoding="utf-8") as text:
            return text.read()

    def told(self, when):
        found = re.findall(r"stalled_ms=(\d+) busy_ms=(\d+) queued_ms=(\d+)", self.text()[self.before:])
        stalls, busy, queued = ([int(one[i]) for one in found] for i in range(3))
        # What it did not wait for a processor is its own: work, or waiting for something else.
        own = [stall - wait for stall, wait in zip(stalls, queued)]
        print(f"{when}: the window stood still for over 50 ms {len(stalls)} times, longest {max(stalls, default=0)} ms; without its "
              f"waits for a processor {sum(n > 50 for n in own)} times, longest {max(own, default=0)} ms; by its work alone "
              f"{sum(n > 50 for n in busy)} times, longest {max(busy, default=0)} ms", flush=True)


def main():
    for host in ("hosta", "hostb"):
        step_back(f"{STATE}/{host}")
    count = int(os.environ.get("DROVER_BENCH_MACHINES", "100"))
    names = [f"small-{n:03}" for n in range(count)]
    for name in names:
        small(name)
    began = time.monotonic()
    subprocess.run([sys.argv[1], "-c", HOST, "evacuate", OTHER, "--dry-run"], check=True, stdout=subprocess.DEVNULL)
    plan = time.monotonic() - began
    app = App("--connect", HOST, "--connect", OTHER, env={"DROVER_LOG": "warn,stall=debug"})
    try:
        app.find(contains=names[0])
        tasks = app.middle(app.find("Tasks", "button"))
        app.point(app.find("hosta", "label"), button=3)
        choose(app, "Evacuate…", 3)
        stalls = Stalls()
        time.sleep(2 * plan + 5)
        stalls.told(f"{count} machines, planned (by droverctl in {plan:.1f} s)")
        move = app.middle(app.find(f"Move {count} machines", "button", timeout=120))
        time.sleep(1)
        stalls = Stalls()
        began = time.monotonic()
        click(move)
        time.sleep(0.5)
        click(tasks)
        time.sleep(1)
        app.shoot("90-evacuation")
        wait("all of them on the other host", lambda: len(there()) >= count, 1200, 1)
        took = time.monotonic() - began
        stalls.told(f"{count} machines, moved in {took:.1f} s ({took / count * 1000:.0f} ms each)")
    finally:
        app.stop()
        forget_all(*names)


main()
