"""Drives Drover's real window: finds widgets by accessible name and role, clicks and types, keeps screenshots."""
import os
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

SHOTS = os.environ.get("DROVER_SHOTS", "target/screenshots")
Atspi.init()

# The New-machine window by name and role (a radio button counts as a check box, as on GTK 4.8):
#   button: Steps (narrow only), Back, Next, Begin install, Close · list item: Source, System, Unattended, Disk, Network, Summary
#   Source      combo box Host · text Install tree · button Recent locations, Browse NFS…, Local folder…
#   Browse NFS  text Server · button List exports, Folder above, Choose this folder · list item per export, folder and file
#   System      text Name · spin button Memory (MiB), CPUs · combo box Virtualisation
#   Unattended  check box Nobody: I sit at the console | A kickstart or preseed file at a URL | A file on this computer, put into
#               the initrd · text Address of the file, More kernel arguments · button Answer file
#   Disk        check box A new image | An image or volume that exists | No disk · text Path on the host, Path of the image ·
#               spin button Size (GiB) · check box qcow2: grows, can have snapshots | raw: plain and fast | Grow as needed
#   Network     check box A bridge of the host | A virtual network | User mode: out through the host, not reachable |
#               No network card · text Bridge name, MAC address · combo box Network · button Bridges of the host,
#               Make another MAC address
#   Summary     list item Machine XML, Command line (pointer) · text of the same names · button Copy the XML, Copy the command
# What a check says is the target of the control's DESCRIBED_BY relation, and a label in the window.


class NotFound(AssertionError):
    """A widget that should be in the window isn't; the message lists what is."""


def run(*argv, check=True, timeout=60):
    """Runs a command and returns its standard output."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def wait(what, probe, timeout=15.0, every=0.15):
    """Waits until `probe()` is true and returns its value; `what` words the failure."""
    end = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise NotFound(f"after {timeout:.0f} s: {what}")
        time.sleep(every)


def role_of(node):
    """A node's role by name: AT-SPI before 2.52 says "push button", and GTK from 4.10 on knows radio and toggle buttons."""
    return {"push button": "button", "toggle button": "button", "radio button": "check box"}.get(name := node.get_role_name(), name)


def extents(node):
    """A node's place and size as GTK tells them, within its window; empty ones are of what is not laid out."""
    return node.get_component_iface().get_extents(Atspi.CoordType.WINDOW)


class App:
    """One running Drover and its windows."""

    def __init__(self, *args, env=None, size=(1180, 760), via=()):
        self.log = open(os.path.join(SHOTS, "drover.log"), "a")
        self.process = subprocess.Popen([*via, os.environ["DROVER_BIN"], *args], env={**os.environ, **(env or {})},
                                        stdout=self.log, stderr=self.log)
        self.node = wait("Drover on the accessibility bus", self._find_app, timeout=40)
        self.xid = wait("Drover's X window", self._find_window, timeout=20)
        if size:
            self.resize(*size)

    def _find_app(self):
        if self.process.poll() is not None:
            raise AssertionError(f"drover ended with {self.process.returncode}; see drover.log")
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            app = desktop.get_child_at_index(i)
            if app is not None and app.get_process_id() == self.process.pid:
                return app
        return None

    def windows(self):
        """The X windows that are shown, the largest first. (GTK makes small ones of its own too.)"""
        ids = run("xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid), check=False).split()
        sized = []
        for xid in ids:
            out = dict(l.split("=") for l in run("xdotool", "getwindowgeometry", "--shell", xid, check=False).split() if "=" in l)
            sized.append((int(out.get("WIDTH", 0)) * int(out.get("HEIGHT", 0)), xid))
        return [xid for size, xid in sorted(sized, reverse=True) if size > 10000]

    def _find_window(self):
        return next(iter(self.windows()), None)

    @staticmethod
    def place(xid, box):
        """Moves an X window to `(x, y, width, height)` of the screen."""
        x, y, width, height = map(str, box)
        run("xdotool", "windowmove", xid, x, y, check=False)
        run("xdotool", "windowsize", "--sync", xid, width, height, check=False, timeout=10)
        time.sleep(0.5)

    def resize(self, width, height):
        """Sets the main window's size in pixels and moves it to the screen's origin."""
        self.place(self.xid, (0, 0, width, height))

    def stop(self):
        """Ends the program, which must go by itself when asked."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    # --- finding -------------------------------------------------------------------------------------------------
    def walk(self, node=None):
        """All accessible nodes that are on screen, depth first. (GTK 4.8 says SHOWING of windows only.)"""
        top = node or self.node
        stack = [top]
        while stack:
            here = stack.pop()
            try:
                if here is not top and not here.get_state_set().contains(Atspi.StateType.VISIBLE):
                    continue
                yield here
                for i in reversed(range(here.get_child_count())):
                    child = here.get_child_at_index(i)
                    if child is not None:
                        stack.append(child)
            except gi.repository.GLib.Error:
                continue  # it went away while we looked

    def every(self, name=None, role=None, within=None, contains=None):
        """All nodes of that exact name, or containing that text, and of that role."""
        found = []
        for node in self.walk(within):
            try:
                # GTK 4.8 leaves mnemonics in, and says a button's label twice.
                own = node.get_name() or ""
                if name is not None and own != name and own.replace("_", "") not in (name, f"{name} {name}"):
                    continue
                if contains is not None and contains not in own:
                    continue
                if role is not None and role_of(node) not in ((role,) if isinstance(role, str) else role):
                    continue
                found.append(node)
            except gi.repository.GLib.Error:
                continue
        return found

    def find(self, name=None, role=None, within=None, contains=None, timeout=15.0):
        """The first such node; waits for it."""
        def probe():
            hits = self.every(name, role, within, contains)
            return hits[0] if hits else None
        try:
            return wait("", probe, timeout)
        except NotFound:
            self.shoot("not-found")
            raise NotFound(f"no {role or 'widget'} “{name or contains}” after {timeout:.0f} s; there are:\n{self.tree()}") from None

    def has(self, name=None, role=None, contains=None):
        """Whether such a node is on screen now."""
        return bool(self.every(name, role, None, contains))

    def gone(self, timeout=15.0, **which):
        """Waits until no such node is on screen."""
        wait(f"still there: {which}", lambda: not self.has(**which), timeout)

    def tree(self):
        """What is on screen, as text, for messages."""
        lines = []
        for node in self.walk():
            try:
                name = node.get_name()
                if name and not name.startswith(("Gtk", "Adw")):
                    lines.append(f"  {role_of(node)}: {name!r}")
            except gi.repository.GLib.Error:
                continue
        return "\n".join(lines[:200])

    # --- acting --------------------------------------------------------------------------------------------------
    def click(self, name=None, role=None, within=None, contains=None, timeout=15.0):
        """Clicks by the widget's own accessible action, as a screen reader does; else with the pointer."""
        node = name if not isinstance(name, (str, type(None))) else self.find(name, role, within, contains, timeout)
        action = node.get_action_iface()
        if action is not None:
            for i in range(action.get_n_actions()):
                if action.get_action_name(i) in ("click", "activate", "press", "toggle"):
                    action.do_action(i)
                    time.sleep(0.25)
                    return node
        self.point(node)
        return node

    def point(self, node, button=1, count=1):
        """Clicks with the real pointer in the middle of a node."""
        x, y = self.middle(node)
        run("xdotool", "mousemove", "--sync", str(x), str(y))
        time.sleep(0.1)
        run("xdotool", "click", "--repeat", str(count), "--delay", "80", str(button))
        time.sleep(0.3)

    def middle(self, node):
        """A node's middle in screen pixels."""
        x, y, width, height = self.box(node)
        return x + width // 2, y + height // 2

    def box(self, node):
        """A node's place and size in screen pixels."""
        top = self.top(node)
        box, frame = (extents(n) for n in (node, top))
        origin = self.origin(node)
        inner = extents(top.get_child_at_index(0)) if top.get_child_count() else frame
        border = (frame.width - inner.width) // 2
        if border != (frame.height - inner.height) // 2:
            inner, border = frame, 0
        # What the window holds begins inside its border; where GTK counts from differs from version to version.
        return origin[0] + border + box.x - inner.x, origin[1] + border + box.y - inner.y, box.width, box.height

    @staticmethod
    def top(node):
        """The window that a node lies in."""
        while node.get_parent() is not None and node.get_parent().get_role_name() != "application":
            node = node.get_parent()
        return node

    def origin(self, node):
        """The screen position of the window that a node lies in."""
        top = self.top(node)
        title = top.get_name() or ""
        places = []
        for xid in run("xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid), check=False).split():
            if title and run("xdotool", "getwindowname", xid, check=False).strip() == title:
                places.append(self.geometry(xid))
        # A tooltip is a window of the same name: the largest is the one.
        place = max(places, key=lambda p: p["WIDTH"] * p["HEIGHT"]) if places else self.geometry(self.xid)
        return place["X"], place["Y"]

    def geometry(self, xid):
        """An X window's X, Y, WIDTH and HEIGHT."""
        lines = (l.split("=") for l in run("xdotool", "getwindowgeometry", "--shell", xid).split() if "=" in l)
        return {key: int(value) for key, value in lines}

    def type_in(self, text, name=None, role=None, within=None):
        """Replaces an entry's text, as typing would."""
        node = name if not isinstance(name, (str, type(None))) else self.find(name, role or ("text", "entry", "spin button"), within)
        editable = node.get_editable_text_iface() or self._editable_child(node)
        if editable is None:
            raise NotFound(f"“{name}” can't be edited")
        editable.set_text_contents(text)
        time.sleep(0.2)
        return node

    def _editable_child(self, node):
        for child in self.walk(node):
            if child.get_editable_text_iface() is not None:
                return child.get_editable_text_iface()
        return None

    @staticmethod
    def focus(title):
        """Gives the keyboard to the window of this title, as a window manager does when one before it closes."""
        run("xdotool", "windowfocus", run("xdotool", "search", "--onlyvisible", "--name", title).split()[-1])
        time.sleep(0.3)

    def keys(self, *combos):
        """Presses key combinations in the focused window."""
        for combo in combos:
            run("xdotool", "key", "--clearmodifiers", combo)
            time.sleep(0.2)

    def text_of(self, node):
        """A node's text content."""
        if node.get_text_iface() is None:
            return node.get_name()
        return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))

    def shoot(self, name):
        """Keeps a screenshot of the whole screen as NAME.png."""
        time.sleep(0.4)
        path = os.path.join(SHOTS, f"{name}.png")
        run("import", "-window", "root", path)
        return path


def main(tests):
    """Runs the tests in order; the last line counts them as libtest does. The exit status tells whether all passed."""
    only = sys.argv[1:]
    passed = failed = 0
    for test in tests:
        if only and test.__name__ not in only:
            continue
        began = time.monotonic()
        try:
            test()
            passed += 1
            print(f"test ui::{test.__name__} ... ok ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as error:  # noqa: BLE001 - a test's failure must not stop the others
            failed += 1
            print(f"test ui::{test.__name__} ... FAILED\n  {type(error).__name__}: {error}", flush=True)
    print(f"test result: {'ok' if not failed else 'FAILED'}. {passed} passed; {failed} failed; 0 ignored")
    sys.exit(1 if failed or not passed else 0)
