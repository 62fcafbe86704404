"""Machines dragged onto hosts with the real pointer, and cut and pasted by keyboard."""
import time

from driver import App, Atspi, run, wait
from lab import HOST, OTHER, STATE
from moves import forget_all, small, there

BAD = "test:///default"
DARK = {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"}


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

    @staticmethod
    def drop():
        run("xdotool", "mouseup", "1")
        time.sleep(0.4)

    def cancel(self, app):
        """Lets go where nothing takes it. (Without a window manager the Escape key does not reach a drag of GTK's.)"""
        self.to((1390, 890), rest=0.6)
        self.drop()
        time.sleep(1)
        # GTK leaves the keyboard to the window of its drag; a window manager would give it back.
        run("xdotool", "windowfocus", app.xid)


def row(app, name):
    """A place near the left end of a machine's row in the list."""
    x, y, _, height = app.box(app.find(contains=f"{name}, ", role="table row", timeout=30))
    return x + 90, y + height // 2


def host(app, name):
    """The middle of a host's name in the sidebar."""
    return wait(f"host {name} in the sidebar",
                lambda: next((app.middle(n) for n in app.every(name, "label") if 0 < app.box(n)[0] - app.origin(n)[0] < 200), None))


def says(app, words, timeout=30):
    """A label with this in it, as the card's are."""
    return app.find(contains=words, role="label", timeout=timeout)


def bad_name():
    """What the host that takes nothing calls itself."""
    return run("virsh", "-c", BAD, "hostname").strip()


def drag_to_migrate():
    """From one host over a bad one, whose card says why, to a good one; the drop opens the dialog and the machine arrives."""
    small("mover")
    small("second")
    app = App("--connect", HOST, "--connect", OTHER, "--connect", BAD)
    try:
        before = [host(app, name) for name in (bad_name(), "hosta", "hostb")]
        drag = Drag(row(app, "mover"))
        drag.to(before[0])
        says(app, "✖ can't take it")
        assert before == [host(app, name) for name in (bad_name(), "hosta", "hostb")], "hosts do not move below the pointer"
        says(app, "ther hypervisor: hosta runs QEMU")
        app.shoot("50-drag-bad-host")
        drag.to(host(app, "hosta"))
        says(app, "here already")
        drag.to(host(app, "hostb"))
        says(app, "How: Live")
        says(app, "Memory:")
        app.find(contains="hostb, ✔ can take it", role="table row")
        app.shoot("51-drag-good-host")
        drag.cancel(app)
        app.gone(contains="can take it", role="label")
        assert not app.has(contains="✔ can take it", role="table row"), "the signs go with the drag"
        drag = Drag(row(app, "mover"))
        drag.to(host(app, "hosta"))
        drag.drop()
        app.shoot("52-drag-refused")
        assert not app.has(contains="Migrate mover to"), "its own host does not take it"
        drag = Drag(row(app, "mover"))
        drag.to((1300, 850))
        drag.to(host(app, "hostb"))
        drag.drop()
        app.find(contains="Migrate mover to hostb")
        app.shoot("52-drag-dropped")
        begin(app)
        wait("mover on hostb, as virsh says", lambda: "mover" in there(), 60)
        wait("it below hostb in the list", lambda: row(app, "mover")[1] > row(app, "second")[1], 30)
        app.shoot("53-drag-arrived")
    finally:
        run("xdotool", "mouseup", "1")
        app.stop()
        forget_all("mover", "second")


def begin(app):
    """Begins what the Migrate dialog says."""
    button = app.find("Migrate", "button", within=app.top(app.find(contains="Migrate mover to hostb")))
    wait("that it can go", lambda: button.get_state_set().contains(Atspi.StateType.SENSITIVE), 60)
    app.click(button)


def select(app, first, *more):
    """Selects machines in the list by the pointer."""
    app.point(app.find(contains=f"{first}, ", role="table row", timeout=30))
    run("xdotool", "keydown", "ctrl")
    for name in more:
        app.point(app.find(contains=f"{name}, ", role="table row"))
    run("xdotool", "keyup", "ctrl")


def drag_many_and_by_keyboard():
    """Two rows at once onto a host's section in the list; then cut and pasted onto a host by keyboard."""
    names = ["mover", "second"]
    for name in names:
        small(name)
    app = App("--connect", HOST, "--connect", OTHER, "--connect", BAD, env=DARK)
    try:
        select(app, *names)
        app.keys("ctrl+x")
        says(app, "2 machines cut")
        app.find(contains="mover, Running", role="table row")
        assert len(app.every(contains=", cut", role="table row")) == 2
        app.shoot("55-cut")
        app.keys("Escape")
        wait("them no longer cut", lambda: not app.has(contains=", cut", role="table row"))
        drag = Drag(row(app, "second"))
        x, y, _, height = app.box(app.find(contains="hostb, ", role="table row"))
        drag.to((x + 140, y + height // 2), rest=1)
        says(app, "✔ can take all 2")
        app.shoot("54-drag-two-dark")
        drag.cancel(app)
        select(app, *names)
        app.keys("ctrl+x")
        says(app, "2 machines cut")
        app.point(app.find(contains="hostb, ", role="table row"))
        app.keys("ctrl+v")
        app.find(contains="2 machines to hostb")
        assert not app.has(contains="2 machines cut", role="label")
    finally:
        run("xdotool", "mouseup", "1")
        app.stop()
        forget_all(*names)


def drag_from_a_page():
    """A machine's page by its name, over a narrow window whose sidebar comes."""
    small("mover")
    app = App("--connect", HOST, "--connect", OTHER, "--show-domain-console", "mover", size=(690, 420))
    try:
        app.find("mover", "label", timeout=30)
        # The window's own title is another one, and so is the tab's.
        title = wait("its page's title", lambda: next((n for n in app.every("mover", "label") if app.box(n)[1] > 80), None))
        drag = Drag(app.middle(title))
        drag.to(app.middle(app.find("Sidebar", "button")), rest=1.5)
        drag.to(host(app, "hostb"))
        says(app, "✔ can take it")
        app.shoot("56-drag-narrow")
        drag.cancel(app)
    finally:
        run("xdotool", "mouseup", "1")
        app.stop()
        forget_all("mover")


def drag_between_windows():
    """A machine's page in a window of its own is dragged into the main window; the drop opens the dialog there."""
    small("mover")
    app = App("--connect", HOST, "--connect", OTHER, "--show-domain-console", "mover", size=(690, 500))
    try:
        app.find("mover", "label", timeout=30)
        app.keys("ctrl+shift+w")
        torn = wait("a window of its own", lambda: next((w for w in app.windows() if w != app.xid), None))
        app.place(torn, (700, 430, 690, 440))
        wait("the list at the front", lambda: app.has(contains="mover, ", role="table row"))
        app.shoot("57-torn-off")
        # The window's own title and the tab's are above it.
        title = wait("its page's title", lambda: next((n for n in app.every("mover", "label") if app.box(n)[1] > 480), None))
        drag = Drag(app.middle(title))
        drag.to(row(app, "hostb"), rest=1)
        says(app, "✔ can take it")
        app.shoot("58-drag-between-windows")
        drag.drop()
        app.find(contains="Migrate mover to hostb")
        app.shoot("59-dropped-between-windows")
    finally:
        run("xdotool", "mouseup", "1")
        app.stop()
        forget_all("mover")


def herd(count):
    """The URI of a host of the test driver with so many machines, all off."""
    path = f"{STATE}/herd.xml"
    with open(path, "w", encoding="ascii") as out:
        machines = (f"<domain type='test' xmlns:t='http://libvirt.org/schemas/domain/test/1.0'><name>herd-{i:02}</name>"
                    "<memory>16384</memory><os><type>hvm</type></os><t:runstate>5</t:runstate></domain>" for i in range(count))
        out.write(f"<node>{''.join(machines)}</node>")
    return f"test://{path}"


def drag_opens_and_scrolls():
    """A folded host opens when a drag rests on it, and the list follows a drag that is held at its edge."""
    small("mover")
    app = App("--connect", HOST, "--connect", herd(30), size=(1180, 420))
    try:
        app.point(app.find(contains="herd, ", role="table row", timeout=30))
        app.keys("Left")
        wait("it folded", lambda: not app.has(contains="herd-00, ", role="table row"))
        drag = Drag(row(app, "mover"))
        drag.to(row(app, "herd"))
        app.find(contains="herd-00, ", role="table row")
        drag.to((300, 355), rest=0)
        app.find(contains="herd-29, ", role="table row")
        drag.to((300, 140), rest=0)
        app.find(contains="hosta, ", role="table row")
        drag.cancel(app)
    finally:
        run("xdotool", "mouseup", "1")
        app.stop()
        forget_all("mover")


TESTS = [drag_to_migrate, drag_many_and_by_keyboard, drag_from_a_page, drag_between_windows, drag_opens_and_scrolls]
