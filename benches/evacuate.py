"""evacuate.py: empties a host of 100 small machines in the window, and prints how long it took and how long the window stood still.

Runs in the lab on a display of its own: see run.sh. The task panel is open while they move. Both hosts are given less of the
processor than the window: they would be other machines.
"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "ui"))

from driver import SHOTS, App, wait  # noqa: E402
from lab import HOST, OTHER, STATE  # noqa: E402
from moves import evacuate, forget_all, small, there  # noqa: E402


def step_back(state):
    """Makes a host's daemon, and each QEMU that it will start, wait for the window."""
    with open(f"{state}/libvirtd.pid", encoding="utf-8") as file:
        pid = file.read().strip()
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.setpriority(os.PRIO_PROCESS, int(thread), 10)


def main():
    for host in ("hosta", "hostb"):
        step_back(f"{STATE}/{host}")
    count = int(os.environ.get("DROVER_BENCH_MACHINES", "100"))
    names = [f"small-{n:03}" for n in range(count)]
    for name in names:
        small(name)
    log = os.path.join(SHOTS, "drover.log")
    app = App("--connect", HOST, "--connect", OTHER, env={"DROVER_LOG": "warn,stall=debug"})
    try:
        app.find(contains=names[0])
        time.sleep(3)
        with open(log, encoding="utf-8") as text:
            before = len(text.read())
        began = time.monotonic()
        evacuate(app, count)
        planned = time.monotonic()
        app.click("Tasks", "button")
        app.shoot("90-evacuation")
        wait("all of them on the other host", lambda: len(there()) >= count, 1200, 1)
        took = time.monotonic() - planned
        with open(log, encoding="utf-8") as text:
            found = re.findall(r"stalled_ms=(\d+) busy_ms=(\d+)", text.read()[before:])
        stalls, busy = [int(n) for n, _ in found], [int(n) for _, n in found]
        print(f"{count} machines: planned in {planned - began:.1f} s, moved in {took:.1f} s "
              f"({took / count * 1000:.0f} ms each); the window stood still for over 50 ms {len(stalls)} times, "
              f"longest {max(stalls, default=0)} ms; of one such time Drover itself worked {max(busy, default=0)} ms at most")
    finally:
        app.stop()
        forget_all(*names)


main()
