"""Machines that move between the lab's two hosts by what a person does in the window."""
import os
import subprocess
import time

from driver import App, run, wait
from lab import HOST, OTHER, STATE, choose, forget, virsh


def small(name, more=""):
    """A running machine without a disk, which any host can take."""
    xml = f"{STATE}/{name}.xml"
    with open(xml, "w", encoding="ascii") as out:
        out.write(f"<domain type='qemu'><name>{name}</name><memory>16384</memory><os><type machine='pc'>hvm</type></os>"
                  f"<cpu mode='custom' match='exact'><model>qemu64</model></cpu><devices>{more}</devices></domain>")
    virsh("define", xml)
    virsh("start", name)


def there():
    """The names of what runs on the second host."""
    return run("virsh", "-c", OTHER, "list", "--name").split()


def forget_all(*names):
    """Removes machines from both hosts."""
    forget(*names)
    for name in names:
        for verb in ("destroy", "undefine"):
            run("virsh", "-c", OTHER, verb, name, check=False)


def evacuate(app, count, entry="Evacuate…", at=3, picture="20-evacuate"):
    """Opens the dialog of that entry of the first host's menu and begins, once its plan has a place for so many."""
    app.point(app.find("hosta", "label"), button=3)
    choose(app, entry, at)
    button = app.find(f"Move {count} machines", "button", timeout=120)
    app.shoot(picture)
    app.click(button)


def evacuates():
    """A host is emptied and filled again: the plan is shown before, each machine is a task, and none is on both hosts."""
    names = ["ev-1", "ev-2", "ev-3"]
    for name in names:
        small(name)
    app = App("--connect", HOST, "--connect", OTHER)
    try:
        app.find("hosta", "label")
        app.find(contains="ev-3")
        evacuate(app, len(names))
        wait("all of them on hostb, as virsh says", lambda: set(names) <= set(there()), 90)
        app.click("Tasks", "button")
        wait("all tasks to be done", lambda: len(app.every("✔ Done", "label")) == len(names), 30)
        app.shoot("21-evacuated")
        assert not virsh("list", "--all", "--name").split(), "one is on both hosts"
        app.click("Clear finished", "button")
        app.keys("Escape")
        evacuate(app, len(names), "Bring back…", 4, "23-bring-back")
        wait("all of them on hosta again", lambda: set(names) <= set(virsh("list", "--name").split()), 90)
        wait("none on hostb", lambda: not there(), 30)
        app.point(app.find("hosta", "label"), button=3)
        choose(app, "Bring back…", 4)
        app.find(contains="No machine is away", role="label", timeout=30)
    finally:
        app.stop()
        forget_all(*names)


def with_disk(name):
    """A small machine with 48 MiB of data on a disk that only the first host has; gives back the image's path."""
    disk = f"{STATE}/hosta/local/{name}.img"
    with open(disk, "wb") as image:
        image.write(os.urandom(48 << 20))
    small(name, f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/local/{name}.img'/>"
                "<target dev='vda' bus='virtio'/></disk><graphics type='vnc' autoport='yes' listen='0.0.0.0'/><video><model type='vga'/></video>")
    return disk


def watched_while_it_runs():
    """A slow move shows its figures; its limit is lifted while it runs; the machine's page follows it to the other host."""
    disk = with_disk("slow")
    app = App("--connect", HOST, "--connect", OTHER)
    try:
        app.find("hostb", "label")
        app.point(app.find(contains="slow, ", role="table row"), count=2)
        app.find("Console of slow", timeout=30)
        app.keys("ctrl+Page_Up")
        app.point(app.find(contains="slow, ", role="table row"))
        app.keys("ctrl+shift+m")
        app.find(contains="Migrate slow to hostb")
        app.find("Migrate", "button", timeout=60)
        wait("the hosts' answers", lambda: app.has(contains=" passed"), 60)
        app.keys("alt+o")
        app.type_in("1", "Bandwidth at most (MiB/s)")
        app.click("Migrate", "button")
        app.click("Tasks", "button")
        app.find(contains="changed by the machine", role="label", timeout=60)
        wait("a chart with something in it", lambda: app.has(contains="Disks left:", role="label"), 30)
        time.sleep(2)
        app.shoot("27-migration-runs")
        app.click("Limits", ("toggle button", "button"))
        app.type_in("900", "Bandwidth, MiB/s", "spin button")
        app.click("Set", "button")
        app.shoot("28-migration-limits")
        wait("it to arrive", lambda: "slow" in there(), 120)
        app.find(contains="Its old images stay at the source", role="label", timeout=60)
        app.keys("Escape")
        app.keys("ctrl+Page_Down")
        app.find("Console of slow", timeout=60)
        app.find(contains="hostb", role="label")
        app.shoot("29-page-followed")
    finally:
        app.stop()
        forget_all("slow")
        os.remove(disk)


def broken_off_is_settled():
    """What a program that was killed in the middle of a move has left is removed at the next start, and said."""
    disk = with_disk("broken")
    program = os.path.join(os.path.dirname(os.environ["DROVER_BIN"]), "droverctl")
    copy = f"{STATE}/hostb/local/broken.img"
    move = subprocess.Popen([program, "-c", HOST, "migrate", "broken", OTHER, "--copy-storage", "--bandwidth", "1"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait("the copy to grow", lambda: os.path.exists(copy) and os.stat(copy).st_blocks > 2048, 60)
        move.kill()
        move.wait()
        assert os.path.exists(copy), "the move removed it: there is nothing to settle"
        app = App("--connect", HOST, "--connect", OTHER)
        try:
            app.click("Tasks", "button")
            app.find(contains="broken runs on hosta as before", role="label", timeout=60)
            app.shoot("22-settled")
            assert not os.path.exists(copy), "its copy is still there"
            assert "running" in virsh("domstate", "broken")
        finally:
            app.stop()
    finally:
        move.kill()
        forget_all("broken")
        os.remove(disk)


TESTS = [evacuates, broken_off_is_settled, watched_while_it_runs]
