"""The Migrate dialog by hand: a bridge that the other host does not have is told, another chosen there, and the machine goes."""
import os
import time

from driver import App, Atspi, run, wait
from lab import HOST, OTHER, STATE, daemon, virsh
from moves import forget_all, small, there

ONLY_HERE = "onlya"
DARK = {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"}


def bridge(verb):
    """Makes or removes a bridge that only the first host has."""
    run("bash", os.environ["DROVER_LAB_SH"], "exec", "hosta", "ip", "link", verb, ONLY_HERE, *(["type", "bridge"] if verb == "add" else []))


def on_bridge(name):
    return f"<interface type='bridge'><source bridge='{name}'/></interface>"


def focused(app):
    """What has the keyboard."""
    return next((n for n in app.walk(dialog(app)) if n.get_state_set().contains(Atspi.StateType.FOCUSED)), None)


def names(node):
    """A node's name and those around it, and what describes them: inside a drop-down it is a button that has the keyboard."""
    found = []
    while node is not None and len(found) < 6:
        found += [node.get_name() or "", node.get_description() or ""]
        node = node.get_parent()
    return found


def tab_to(app, part):
    """Presses Tab until something with this in its name has the keyboard."""
    seen = []
    for _ in range(40):
        seen.append(names(focused(app)))
        if any(part in name for name in seen[-1]):
            return
        app.keys("Tab")
    raise AssertionError(f"Tab does not reach “{part}” but {seen[-12:]}")


def open_dialog(app, *names):
    """Selects machines in the list and opens the dialog by keyboard."""
    rows = [app.find(contains=f"{name}, ", role="table row") for name in names]
    app.point(rows[0])
    for row in rows[1:]:
        run("xdotool", "keydown", "ctrl")
        app.point(row)
        run("xdotool", "keyup", "ctrl")
    app.keys("ctrl+shift+m")


def size(app, title, width, height):
    """Gives the dialog a size, as its edge would."""
    xid = run("xdotool", "search", "--onlyvisible", "--name", title).split()[-1]
    for _ in range(2):
        run("xdotool", "windowsize", xid, str(width), str(height))
        time.sleep(0.6)
    return int(dict(l.split("=") for l in run("xdotool", "getwindowgeometry", "--shell", xid).split() if "=" in l)["WIDTH"])


def migrate_by_hand():
    """By keyboard alone: Migrate…, a blocked bridge, another one there, and the machine arrives."""
    bridge("add")
    small("mv-1", on_bridge(ONLY_HERE))
    app = App("--connect", HOST, "--connect", OTHER)
    try:
        app.find("hostb", "label")
        open_dialog(app, "mv-1")
        app.find(contains="Migrate mv-1 to hostb")
        app.find(contains=f"hostb has no bridge {ONLY_HERE}", timeout=60)
        app.shoot("22-migrate-blocked")
        button = app.find("Migrate", "button", within=dialog(app))
        assert not button.get_state_set().contains(Atspi.StateType.SENSITIVE), "it can't go like this"
        tab_to(app, f"Bridge there instead of {ONLY_HERE}")
        app.keys("space", "Down", "Return")
        app.find(contains=f"Instead of bridge {ONLY_HERE}, there")
        wait("that it can go", lambda: button.get_state_set().contains(Atspi.StateType.SENSITIVE))
        app.shoot("23-migrate-ready")
        app.keys("alt+m")
        app.gone(contains="Migrate mv-1 to hostb")
        wait("it on hostb, as virsh says", lambda: "mv-1" in there(), 60)
        wait("it gone from hosta", lambda: "mv-1" not in virsh("list", "--all", "--name").split(), 30)
        xml = run("virsh", "-c", OTHER, "dumpxml", "mv-1")
        assert f"bridge='{ONLY_HERE}'" not in xml and "<source bridge=" in xml, xml
    finally:
        app.stop()
        forget_all("mv-1")
        bridge("del")


def dialog(app):
    """The dialog's window among the app's."""
    return wait("the dialog's window", lambda: next((n for n in app.every(contains="Migrate ") if n.get_parent().get_role_name() == "application"), None))


def migrate_many():
    """Several machines: one that is blocked, one that is off, and the dialog at 360 and in the dark."""
    bridge("add")
    small("mv-a")
    small("mv-b", on_bridge(ONLY_HERE))
    small("mv-off")
    virsh("destroy", "mv-off")
    app = App("--connect", HOST, "--connect", OTHER, env=DARK)
    try:
        app.find("hostb", "label")
        open_dialog(app, "mv-a", "mv-b", "mv-off")
        app.find(contains="Migrate 3 machines to hostb")
        app.find("Migrate 2 of 3", "button", timeout=60)
        app.shoot("24-migrate-many-dark")
        app.keys("alt+o")
        app.type_in("soon", "Bandwidth at most (MiB/s)")
        app.find(contains="A whole number from 1 to")
        button = app.find("Migrate 2 of 3", "button")
        wait("it to be refused", lambda: not button.get_state_set().contains(Atspi.StateType.SENSITIVE))
        app.type_in("50", "Bandwidth at most (MiB/s)")
        wait("it to be allowed", lambda: button.get_state_set().contains(Atspi.StateType.SENSITIVE))
        app.shoot("26-migrate-options")
        assert app.has(contains="mv-off: It is off, so it goes like this: Offline"), app.tree()
        assert abs(size(app, "Migrate 3 machines", 360, 640) - 360) <= 1, "it can't be 360 wide"
        app.shoot("25-migrate-narrow")
        app.keys("Escape")
        app.gone(contains="Migrate 3 machines to hostb")
        assert there() == [], "nothing moves by Escape"
    finally:
        app.stop()
        forget_all("mv-a", "mv-b", "mv-off")
        bridge("del")


def migrate_prepares():
    """A network that the other host lacks is made there by a button, and then nothing stands against the move."""
    xml = f"{STATE}/onlynet.xml"
    with open(xml, "w", encoding="ascii") as out:
        out.write("<network><name>onlynet</name><bridge name='onlybr0'/></network>")
    for words in (("net-define", xml), ("net-start", "onlynet")):
        virsh(*words)
    small("mv-n", "<interface type='network'><source network='onlynet'/></interface>")
    app = App("--connect", HOST, "--connect", OTHER)
    try:
        app.find("hostb", "label")
        open_dialog(app, "mv-n")
        app.click("Create network onlynet there", "button", timeout=60)
        app.gone(contains="hostb has no network onlynet", timeout=60)
        button = app.find("Migrate", "button", within=dialog(app))
        wait("that it can go", lambda: button.get_state_set().contains(Atspi.StateType.SENSITIVE), 60)
        assert "onlynet" in run("virsh", "-c", OTHER, "net-list", "--name").split()
        app.shoot("27-migrate-prepared")
        app.keys("Return")
        wait("it on hostb, as virsh says", lambda: "mv-n" in there(), 60)
    finally:
        app.stop()
        forget_all("mv-n")
        for host in (HOST, OTHER):
            run("virsh", "-c", host, "net-destroy", "onlynet", check=False)
            run("virsh", "-c", host, "net-undefine", "onlynet", check=False)


def migrate_asks_a_frozen_host():
    """While a host does not answer, the dialog says whom it waits for, can be used, and closes at once."""
    small("mv-f")
    app = App("--connect", HOST, "--connect", OTHER)
    try:
        app.find("hostb", "label")
        app.find(contains="mv-f, ", role="table row")
        open_dialog(app, "mv-f")
        app.find(contains="passed", role="label")
        # Later the host counts as lost, and would not be asked.
        daemon("freeze", "hostb")
        app.click("Check again", "button")
        app.find("Asking hostb…")
        app.click("Static", "check box")
        app.shoot("28-migrate-asking")
        app.keys("Escape")
        app.gone(timeout=3, contains="Migrate mv-f to hostb")
    finally:
        daemon("thaw", "hostb")
        app.stop()
        forget_all("mv-f")


def drive(letter):
    """A disk of 1 MiB that only the first host has, as XML; and its path as seen from here."""
    path = f"{STATE}/hosta/local/mv-two-{letter}.img"
    with open(path, "wb") as image:
        image.truncate(1 << 20)
    return (f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/local/mv-two-{letter}.img'/>"
            f"<target dev='vd{letter}' bus='virtio'/></disk>"), path


def migrate_chosen_disks_of_a_saved_machine():
    """Its saved state is discarded after a question; a disk that is not copied is missed, and copied by the button."""
    drives = [drive(letter) for letter in "ab"]
    small("mv-two", "".join(xml for xml, _ in drives))
    virsh("managedsave", "mv-two")
    app = App("--connect", HOST, "--connect", OTHER, env=DARK)
    try:
        app.find("hostb", "label")
        open_dialog(app, "mv-two")
        app.click("Discard its saved state…", "button", timeout=60)
        app.find(contains="Discard the saved state of mv-two?", role="label")
        app.shoot("29-discard-asks")
        app.click("Discard", "button")
        app.gone(contains="It has a saved state", timeout=30)
        assert "yes" not in virsh("dominfo", "mv-two").split("Managed save:")[1].splitlines()[0]
        button = app.find("Migrate", "button", within=dialog(app))
        can = lambda: button.get_state_set().contains(Atspi.StateType.SENSITIVE)  # noqa: E731
        wait("that it can go", can, 60)
        app.focus("^Migrate mv-two")
        app.keys("alt+o")
        tab_to(app, "Copy vdb (")
        app.keys("space")
        app.find(contains="hostb has no /srv/local/mv-two-b.img", timeout=30)
        wait("it to be refused", lambda: not can())
        app.shoot("30-migrate-disks-dark")
        assert abs(size(app, "Migrate mv-two", 360, 640) - 360) <= 1, "it can't be 360 wide"
        app.keys("shift+Tab", "Tab")
        app.shoot("31-migrate-disks-narrow")
        app.click("Copy vdb along", "button")
        wait("that it can go again", can)
        app.keys("alt+m")
        wait("it on hostb, as virsh says", lambda: "mv-two" in run("virsh", "-c", OTHER, "list", "--all", "--name").split(), 60)
        app.gone(contains="Migrate mv-two to hostb")
    finally:
        app.stop()
        forget_all("mv-two")
        for host in "ab":
            for _, path in drives:
                there = path.replace("hosta", f"host{host}")
                if os.path.exists(there):
                    os.remove(there)


TESTS = [migrate_by_hand, migrate_many, migrate_prepares, migrate_asks_a_frozen_host, migrate_chosen_disks_of_a_saved_machine]
