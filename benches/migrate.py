#!/usr/bin/env python3
"""migrate.py DROVERCTL: migrations by droverctl beside virsh's and rsync's, on the lab's two hosts (run inside tests/lab/lab.sh).

Live moves of one machine go to and fro by both programs in turn, at the full speed of the link and slowed down to the length
of a move of some GiB over a usual one. A sparse image goes over a link of 1 Gbit/s by a static move and by `rsync -S`.
It prints figures and judges nothing."""
import os
import shutil
import statistics
import subprocess
import sys
import time

DROVERCTL = sys.argv[1]
LAB = os.environ["DROVER_LAB"]
CONTROL = os.environ["DROVER_LAB_SH"]
UNIX = {"hosta": os.environ["DROVER_LAB_A"], "hostb": os.environ["DROVER_LAB_B"]}
TCP = {"hosta": os.environ["DROVER_LAB_TA"], "hostb": os.environ["DROVER_LAB_TB"]}
OTHER = {"hosta": "hostb", "hostb": "hosta"}
LIVE = ["--live", "--persistent", "--undefinesource", "--abort-on-error"]
ROUNDS = int(os.environ.get("ROUNDS", "6"))


def virsh(host, *args):
    subprocess.run(["virsh", "-q", "-c", UNIX[host], *args], check=True, stdout=subprocess.DEVNULL)


def define(host, name, disk, kind, start):
    shared = f"{LAB}/shared"
    for file in ("vmlinuz", "initrd.img"):
        shutil.copy(f"{LAB}/nfs/export/quick/images/pxeboot/{file}", shared)
    xml = f"{shared}/{name}.xml"
    with open(xml, "w", encoding="utf-8") as out:
        out.write(
            f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>192</memory><vcpu>1</vcpu>"
            "<os><type arch='x86_64' machine='pc'>hvm</type><kernel>/srv/shared/vmlinuz</kernel>"
            "<initrd>/srv/shared/initrd.img</initrd><cmdline>quiet drover.tick=1</cmdline></os><features><acpi/></features>"
            "<cpu mode='custom' match='exact'><model>qemu64</model></cpu><devices><disk type='file' device='disk'>"
            f"<driver name='qemu' type='{kind}'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>"
            "<interface type='bridge'><source bridge='xenbr0'/><model type='virtio'/></interface></devices></domain>"
        )
    virsh(host, "define", xml)
    if start:
        virsh(host, "start", name)
        time.sleep(8)  # its kernel is up, and it only counts from then on


def timed(args):
    """Seconds of wall clock, and the most memory that it held, in MiB."""
    begin = time.monotonic()
    child = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status", encoding="ascii") as status:
                peak = max([peak] + [int(line.split()[1]) for line in status if line.startswith("VmHWM")])
        except OSError:
            pass
        time.sleep(0.005)
    seconds = time.monotonic() - begin
    if child.returncode != 0:
        sys.exit(f"{args}: {child.stderr.read().decode()}")
    return seconds, peak / 1024


def live(title, bandwidth, rounds):
    """To and fro by both programs; each goes in each direction as often as the other."""
    at = "hosta"
    found = {"virsh": [], "droverctl": []}
    for turn in range(2 * rounds):
        # virsh, droverctl, droverctl, virsh: each goes both ways, and a drift of the computer meets both alike.
        for program in ("virsh", "droverctl") if turn % 2 == 0 else ("droverctl", "virsh"):
            there = TCP[OTHER[at]]
            if program == "virsh":
                args = ["virsh", "-q", "-c", UNIX[at], "migrate", "bench-live", there, *LIVE]
            else:
                args = [DROVERCTL, "-c", UNIX[at], "migrate", "bench-live", there, "--live"]
            found[program].append(timed(args + (["--bandwidth", str(bandwidth)] if bandwidth else [])))
            at = OTHER[at]
    seconds = {p: statistics.median(s for s, _ in found[p]) for p in found}
    memory = {p: max(m for _, m in found[p]) for p in found}
    more = seconds["droverctl"] - seconds["virsh"]
    print(
        f"live, {title}: virsh {seconds['virsh']:.2f} s, droverctl with its checks {seconds['droverctl']:.2f} s"
        f" ({more:+.2f} s, {100 * more / seconds['virsh']:+.1f} %), medians of {2 * rounds};"
        f" memory {memory['virsh']:.0f} and {memory['droverctl']:.0f} MiB",
        flush=True,
    )


def sent_to(host):
    with open(f"/sys/class/net/{host}/statistics/tx_bytes", encoding="ascii") as figure:
        return int(figure.read())


def image(path):
    """4 GiB with 300 MB of data, spread in pieces of 1 MB."""
    with open(path, "wb") as out:
        out.truncate(4 << 30)
        for piece in range(300):
            out.seek(piece * ((4 << 30) // 300 // 4096 * 4096))
            out.write(os.urandom(1_000_000))


def static(rounds):
    name, here, there = "bench.img", f"{LAB}/hosta/local", f"{LAB}/hostb/local"
    image(f"{here}/{name}")
    rate = ["rate", "1gbit", "burst", "256kb", "latency", "50ms"]
    for host in OTHER:
        subprocess.run(["tc", "qdisc", "add", "dev", host, "root", "tbf", *rate], check=True)
        subprocess.run([CONTROL, "exec", host, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", *rate], check=True)
    with open(f"{LAB}/rsyncd.conf", "w", encoding="utf-8") as conf:
        conf.write("use chroot = no\nuid = 0\ngid = 0\n[local]\npath = /srv/local\nread only = no\n")
    daemon = [CONTROL, "exec", "hostb", "rsync", "--daemon", "--no-detach", "--address=10.77.0.12", f"--config={LAB}/rsyncd.conf"]
    server = subprocess.Popen(daemon)
    time.sleep(1)
    found = {"rsync -S": [], "droverctl --static": []}
    for _ in range(rounds):
        for program in found:
            if program == "rsync -S":
                args = [CONTROL, "exec", "hosta", "rsync", "-S", f"/srv/local/{name}", "rsync://10.77.0.12/local/"]
            else:
                define("hosta", "bench-static", f"/srv/local/{name}", "raw", False)
                args = [DROVERCTL, "-c", UNIX["hosta"], "migrate", "bench-static", TCP["hostb"], "--static"]
            before = sent_to("hostb")
            seconds, _ = timed(args)
            found[program].append((seconds, sent_to("hostb") - before))
            with open(f"{here}/{name}", "rb") as one, open(f"{there}/{name}", "rb") as two:
                if program != "rsync -S" and one.read(64 << 20) != two.read(64 << 20):
                    sys.exit("the copy is another one")
            if program != "rsync -S":
                virsh("hostb", "undefine", "bench-static")
            os.remove(f"{there}/{name}")
    server.terminate()
    for program, runs in found.items():
        seconds, sent = (statistics.median(column) for column in zip(*runs))
        print(f"4 GiB with 300 MB of data, {program}: {seconds:.1f} s, {sent / 300e6:.2f} × the data sent there", flush=True)
    os.remove(f"{here}/{name}")


def main():
    image_file = f"{LAB}/shared/bench-live.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image_file, "64M"], check=True)
    define("hosta", "bench-live", "/srv/shared/bench-live.qcow2", "qcow2", True)
    live("at full speed", None, ROUNDS)
    live("at 4 MiB/s", 4, max(2, ROUNDS // 3))
    virsh("hosta", "destroy", "bench-live")
    virsh("hosta", "undefine", "bench-live")
    static(3)


main()
