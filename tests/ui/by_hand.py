"""What else a person does and meets, on real hosts: answers that are wrong, an install that fails, a host that is lost, tabs
that are torn off, machines saved and restored."""
import os
import re
import subprocess
import time

from driver import App, extents, run, wait
from lab import FREEZE, HOST, IMAGES, ORDINARY, STATE, THAW, choose, daemon, drag, forget, machine, nfs, on_host, shown, virsh, web


def says_what_is_wrong():
    """Each wrong answer is said under its field, with what to do, and nothing typed is lost."""
    machine("taken")
    with open(on_host(f"{IMAGES}/there.img"), "w", encoding="ascii") as there:
        there.write("x")
    served, url = web()
    app = App("--connect", HOST, via=ORDINARY)

    def wrong(name, answers, role="text"):
        for typed, said in answers:
            app.type_in(typed, name, role)
            app.find(contains=said, role="label", timeout=20)

    try:
        app.find(contains="hosta")
        app.click("New machine", "button")
        wrong("Install tree", [
            ("nfs:10.1.1.22:/secure", "add “insecure” to its options in /etc/exports"),
            ("nfs:10.1.1.22:/soft/nokernel", "names files that are not there: images/pxeboot/vmlinuz"),
            ("nfs:10.1.1.22:/nothing", "it offers /soft"),
            ("rhel5_source", "it must begin with nfs:"),
            (f"{url}/nothing", "Nothing installable at"),
            (url.replace("http:", "https:"), "it speaks no HTTPS"),
            ("nfs:10.1.1.22:/soft/nothing_here", "nothing_here is not there"),
        ])
        app.shoot("08-wrong-source")
        app.type_in(f"{url}/quick", "Install tree", "text")
        app.find(contains="Red Hat Enterprise Linux Server 5.0", role="label", timeout=20)
        app.click("Next", "button")
        wrong("Name", [("taken", "choose another name"), ("a/b", "can't contain “/”")])
        app.type_in("node3", "Name", "text")
        wrong("Memory (MiB)", [("99999", "is more than"), ("1024", "1024 MiB are good")], "spin button")
        app.click("Next", "button")
        app.click("A kickstart or preseed file at a URL", "check box")
        wrong("Address of the file", [("nfs:10.1.1.22:/soft/no.cfg", "no.cfg is not there")])
        app.click("Next", "button")
        wrong("Path on the host", [
            (f"{IMAGES}/there.img", "exists already"),
            ("/no/such/x.img", "create it, or choose another path"),
            ("/proc/x.img", "belongs to the kernel"),
            ("x.img", "must begin with “/”"),
            ("/srv/x.img", "20 GiB are asked for"),
        ])
        app.click("Next", "button")
        wrong("Bridge name", [("nobr", "it has: br0, xenbr0")])
        app.click("Back", "button")
        assert app.text_of(app.find("Path on the host", "text")) == "/srv/x.img"
    finally:
        app.stop()
        served.kill()
        forget("taken")


def choose_file(app, title, path):
    """Names a file in GTK's file chooser; again while it stays, for it may take Return for its folder before it has read that."""
    def chooser():
        return run("xdotool", "search", "--onlyvisible", "--name", f"^{title}$", check=False).split()
    wait("the file chooser", chooser)
    for _ in range(4):
        time.sleep(1)
        app.keys("slash")  # opens the field for a path
        app.type_in(path, role="text", within=app.find(title))
        time.sleep(1)
        app.keys("Return")
        time.sleep(2)
        if not chooser():
            return


def failed_install_can_be_changed():
    """An initrd that is cut off: the page says so, leaves nothing behind, and leads back to everything that was entered."""
    answers = f"{STATE}/answers.cfg"
    with open(answers, "w", encoding="ascii") as out:
        out.write("install\nlang en_US.UTF-8\nkeyboard us\nrootpw x\ntimezone Asia/Shanghai\nbootloader\nclearpart --all\nautopart\n"
                  "reboot\n%packages\n@core\n")
    tree = "nfs:10.1.1.22:/soft/truncated"
    app = App("--connect", HOST)
    try:
        app.find(contains="hosta")
        app.click("New machine", "button")
        app.type_in(tree, "Install tree", "text")
        app.find(contains="Red Hat Enterprise Linux Server 5.0", role="label", timeout=30)
        app.click("Next", "button")
        app.type_in("node4", "Name", "text")
        app.click("Next", "button")
        app.click("A file on this computer, put into the initrd", "check box")
        app.click(contains="Choose a file…", role="button")
        choose_file(app, "File with the installer's answers", answers)
        app.find(contains="no problems", timeout=20)
        app.shoot("20-answer-file")
        app.click("Next", "button")
        app.type_in(f"{IMAGES}/node4.img", "Path on the host", "text")
        for _ in range(2):
            app.click("Next", "button")
        app.click("Begin install", "button", timeout=30)
        app.find(contains="is damaged, or no initial RAM disk", timeout=30)
        app.shoot("21-failed-install")
        assert "node4" not in virsh("list", "--all", "--name")
        assert not os.listdir(f"{STATE}/hosta/images"), "nothing is left on the host"
        app.click("Change what was entered…", "button")
        assert app.text_of(app.find("Install tree", "text")) == tree
        for _ in range(2):
            app.click("Next", "button")
        app.find(contains=answers, role="button")
        app.click("Next", "button")
        assert app.text_of(app.find("Path on the host", "text")) == f"{IMAGES}/node4.img"
    finally:
        app.stop()
        forget("node4")


def lost_host_comes_back():
    """A daemon that dies: rows stay with a question mark, the countdown runs, "Try now" finds it again."""
    machine("one")
    app = App("--connect", HOST, "--connect", "test:///default")
    try:
        app.find(contains="one, Running", role="table row")
        daemon("kill", "hosta")
        said = app.find(contains="Stale since", role="label", timeout=30).get_name()
        assert re.search(r"\d\d:\d\d:\d\d — trying again in \d+ s", said), said
        app.find(contains="one, Running?", role="table row")
        app.find(contains="test, Running", role="table row")
        app.shoot("22-lost-host")
        daemon("start", "hosta")
        app.click("Try now", "button")
        app.gone(contains="Stale since", timeout=20)
        wait("the row to be sure again", lambda: not app.has(contains="one, Running?", role="table row"))
    finally:
        app.stop()
        daemon("start", "hosta") if not virsh("version", check=False) else None
        forget("one")


def torn_off_saved_and_restored():
    """A tab is dragged into a window of its own, where its buttons work; the machine is saved to a file and restored from it."""
    machine("one")
    saved = f"{IMAGES}/one.save"
    # Something below the windows that takes no drops, as a desktop has; the bare X root would take them all.
    desktop = subprocess.Popen(["display", "-size", "1400x900", "xc:gray"])
    time.sleep(1)
    app = App("--connect", HOST, "--show-domain-console", "one")
    try:
        app.find("Console of one", timeout=20)
        tab = next(n for n in app.every("one", "label") if 40 < extents(n).y < 100 and extents(n).width > 0)
        drag(app.middle(tab), (1250, 840))
        own = wait("the page's own window", lambda: run("xdotool", "search", "--onlyvisible", "--name", "^one$", check=False).split())
        app.shoot("23-torn-off")
        run("xdotool", "windowmove", own[0], "0", "0")
        app.click(shown(app, name="Pause", role="button"))
        wait("one to be paused", lambda: "paused" in virsh("domstate", "one"))
        app.click(shown(app, name="Resume", role="button"))
        app.point(next(n for n in app.every("More actions", "button") if 0 < extents(n).y < 120))
        choose(app, "Save to File", 1)
        app.type_in(saved, "File on the host")
        app.click("Save", "button")
        wait("one to be off", lambda: "shut off" in virsh("domstate", "one"), 30)
        assert os.path.exists(on_host(saved))
        host = next(n for n in app.every("hosta", "label") if extents(n).x < 200 and extents(n).width > 0)
        run("xdotool", "windowraise", app.xid)
        app.point(host, button=3)
        choose(app, "saved file", 2)
        app.type_in(saved, "File on the host")
        app.click("Restore", "button")
        wait("one to run again", lambda: "running" in virsh("domstate", "one"), 30)
        app.shoot("24-restored")
    finally:
        app.stop()
        desktop.terminate()
        forget("one")


def wrong_hosts():
    """A wrong URI and a refused login are said in the dialog, before anything is added."""
    app = App("--connect", HOST)
    try:
        app.find(contains="hosta")
        app.keys("ctrl+h")
        app.point(app.find("Hypervisor", "combo box"))
        app.keys("End", "Return")
        for uri, said in (("nonsense", "it must begin with a driver"), ("qemu+foo://x/system", "“foo” is not known"),
                          ("qemu:///", "add /system or /session")):
            app.type_in(uri, "URI")
            app.find(contains=said)
        app.type_in("qemu+tcp://10.77.0.11:1/system", "URI")
        app.click("Test connection", "button")
        app.find(contains="Host not reachable", timeout=20)
        if os.environ.get("DROVER_LAB_SA"):
            app.type_in("qemu+ssh://nobody@10.77.0.11/system", "URI")
            app.click("Test connection", "button")
            app.find(contains="Login refused", timeout=30)
        app.shoot("25-wrong-host")
    finally:
        app.stop()


def keeps_its_size():
    """The size that the window had when it was closed is the one it opens with."""
    app = App("--connect", "test:///default")
    try:
        app.find(contains="test, Running")
        app.resize(1000, 700)
        app.keys("ctrl+q")
        app.process.wait(10)
        with open(os.path.join(os.environ["XDG_CONFIG_HOME"], "drover", "settings.toml"), encoding="utf-8") as file:
            settings = file.read()
        assert "width = 1000" in settings and "height = 700" in settings, settings
    finally:
        app.stop()


# A line of steps breaks between them only.
SENDING = "Sending to the host".replace(" ", "\u00a0")


def progress_while_installing(app, begin):
    """From Begin on the page shows the steps: while the NFS server is silent, after a cancel, and when it is tried again."""
    nfs(FREEZE)
    try:
        begin()
        app.find("Install node2", "label", timeout=10)
        app.find(contains=SENDING, role="label")
        app.shoot("15b-begun")
        app.click(shown(app, name="Cancel", role="button"))
        app.find("Install node2: cancelled", "label", timeout=30)
        app.click("Try again", "button")
        app.find(contains=SENDING, role="label")
    finally:
        nfs(THAW)
