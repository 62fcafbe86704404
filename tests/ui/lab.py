"""What the window tests know of the lab: its hosts, its NFS server, and how to be rude to them."""
import os
import signal
import subprocess
import time

from driver import extents, run, wait

HOST = os.environ.get("DROVER_LAB_A", "")
OTHER = os.environ.get("DROVER_LAB_B", "")
STATE = os.environ.get("DROVER_LAB", "")
SOURCE = "nfs:10.1.1.22:/soft/rhel5_source"
KICKSTART = "nfs:10.1.1.22:/soft/xen-ks.cfg"
IMAGES = "/vmware/xen/images"
# Without the right to ports below 1024, as an ordinary user is.
ORDINARY = ("setpriv", "--inh-caps=-net_bind_service", "--bounding-set=-net_bind_service")


def virsh(*argv, check=True):
    """virsh on the lab's first host."""
    return run("virsh", "-c", HOST, *argv, check=check)


def daemon(verb, host):
    """kill, start, freeze or thaw a host's libvirtd."""
    run("bash", os.environ["DROVER_LAB_SH"], verb, host)


def nfs(what):
    """The NFS server stops answering (SIGSTOP) or goes on (SIGCONT)."""
    with open(f"{STATE}/nfs/ganesha.pid", encoding="ascii") as pid:
        os.kill(int(pid.read()), what)


FREEZE, THAW = signal.SIGSTOP, signal.SIGCONT


def on_host(path):
    """A path of the first host's image folder, as seen from here."""
    return path.replace(IMAGES, f"{STATE}/hosta/images", 1)


def machine(name):
    """A small machine with a display, running."""
    xml = f"{STATE}/{name}.xml"
    with open(xml, "w", encoding="ascii") as out:
        out.write(f"<domain type='qemu'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os><devices>"
                  "<graphics type='vnc' autoport='yes' listen='0.0.0.0'/><video><model type='vga'/></video></devices></domain>")
    virsh("define", xml)
    virsh("start", name)


def forget(*names):
    """Removes machines and what lies in the image folder."""
    for name in names:
        virsh("destroy", name, check=False)
        virsh("undefine", name, check=False)
    for file in os.listdir(f"{STATE}/hosta/images"):
        os.remove(f"{STATE}/hosta/images/{file}")


def web():
    """A web server over what the NFS server exports; gives back its process and URL."""
    served = subprocess.Popen(["/usr/bin/python3", "-m", "http.server", "8000", "--bind", "10.77.0.1", "-d", f"{STATE}/nfs/export"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return served, "http://10.77.0.1:8000"


def shown(app, **which):
    """The first such node that has a place in its window."""
    return wait(f"to see {which}", lambda: next((n for n in app.every(**which) if extents(n).width > 0 <= extents(n).y), None))


def choose(app, text, place):
    """Chooses from the open menu by name; GTK 4.14 gives a menu's items none, and there the place (from 0) tells which."""
    def item():
        items = [n for n in app.every(role="menu item") if extents(n).width > 0 <= extents(n).y]
        named = [n for n in items if n.get_name()]
        return next((n for n in named if text in n.get_name()), None) if named else next(iter(items[place:]), None)
    app.click(wait(f"“{text}” in the menu", item))


def drag(start, end):
    """Drags with the real pointer from one place of the screen to another."""
    run("xdotool", "mousemove", *map(str, start))
    run("xdotool", "mousedown", "1")
    for i in range(1, 21):
        run("xdotool", "mousemove", *(str(a + (b - a) * i // 20) for a, b in zip(start, end)))
        time.sleep(0.03)
    time.sleep(0.3)
    run("xdotool", "mouseup", "1")
