"""fleet.py DROVER N…: opens test-driver hosts of N machines in Drover and in virt-manager, and prints what each takes.

Times come from outside: from the start of the process to the line that the program logs. "open" is virConnectOpen alone,
which reads the fleet's XML: neither program can be faster.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import libvirt

TICKS = os.sysconf("SC_CLK_TCK")


def fleet(count):
    """The XML of a test-driver host with `count` machines; every third runs."""
    yield "<node><cpu><mhz>2800</mhz><model>x86_64</model><active>4</active><nodes>1</nodes><sockets>1</sockets>"
    yield "<cores>4</cores><threads>1</threads></cpu><memory>67108864</memory>"
    yield "<network><name>default</name><bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
    for i in range(count):
        mac = f"52:54:00:{i >> 16 & 255:02x}:{i >> 8 & 255:02x}:{i & 255:02x}"
        yield (
            "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
            f"<name>vm-{i:05}</name><uuid>00000000-0000-4000-8000-{i:012x}</uuid>"
            "<memory>1048576</memory><vcpu>2</vcpu><os><type>hvm</type></os><devices>"
            f"<disk type='file' device='disk'><source file='/images/vm-{i}.img'/><target dev='vda' bus='virtio'/></disk>"
            f"<interface type='network'><mac address='{mac}'/><source network='default'/></interface>"
            f"</devices><test:runstate>{1 if i % 3 == 0 else 5}</test:runstate></domain>"
        )
    yield "</node>"


class Program:
    """A program that was started on a fleet, with the moments at which it logged what."""

    def __init__(self, command, moments, env):
        self.at = {}
        self.start = time.monotonic()
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, **env}, start_new_session=True,
        )
        self.tail = []
        self.moments = {name: re.compile(text) for name, text in moments.items()}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            now = time.monotonic() - self.start
            self.tail = [*self.tail[-20:], line]
            for name, text in self.moments.items():
                if name not in self.at and text.search(line):
                    self.at[name] = now

    def wait(self, name, limit):
        """Seconds from the start until it logged that; None if it did not within the limit."""
        while name not in self.at and time.monotonic() - self.start < limit and self.process.poll() is None:
            time.sleep(0.01)
        if name not in self.at:
            print(f"  {self.process.args[0]}: no {name} within {limit} s; its last lines:", *self.tail[-5:], sep="\n    ")
        return self.at.get(name)

    def cpu(self, seconds):
        """Percent of one core over that time."""
        before = self._ticks()
        time.sleep(seconds)
        return (self._ticks() - before) / TICKS / seconds * 100

    def _ticks(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def rss(self):
        """Resident MB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def measure(name, command, moments, env, limit, settle, more=None):
    """Runs one program on one fleet: (list complete in s, RSS in MB, idle CPU in percent), None where it failed."""
    program = Program(command, moments, env)
    try:
        done = program.wait("list", limit)
        if done is None:
            return None
        time.sleep(settle)
        result = done, program.rss(), program.cpu(10)
        first = f", first frame {program.at['frame']:.2f} s" if "frame" in program.at else ""
        print(f"  {name:13} list complete {done:6.2f} s{first}, RSS {result[1]:5.0f} MB, idle CPU {result[2]:5.1f} %")
        if more:
            more(program.process.pid)
        return result
    finally:
        program.stop()


def keystrokes(pid):
    """Prints how long the window takes to answer a keystroke in its search field."""
    script = os.path.join(os.path.dirname(__file__), "keystroke.py")
    done = subprocess.run([sys.executable, script, str(pid)], capture_output=True, text=True, timeout=120)
    print(f"  {'':13} a keystroke in its search: {done.stdout.strip() or done.stderr.strip()[-300:]}")


def main():
    drover, sizes = sys.argv[1], [int(n) for n in sys.argv[2:]]
    for count in sizes:
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write("".join(fleet(count)))
            file.flush()
            uri = f"test://{file.name}"
            start = time.monotonic()
            libvirt.open(uri).close()
            opening = time.monotonic() - start
            print(f"{count} machines (virConnectOpen alone: {opening:.2f} s)")
            ours = measure(
                "Drover", [drover, "--connect", uri],
                {"frame": r"first-frame elapsed_ms=", "list": r"inventory-complete .*elapsed_ms="},
                {"DROVER_LOG": "info", "NO_COLOR": "1", "GTK_A11Y": "atspi"}, 60, 5, keystrokes,
            )
            if ours:
                print(f"  {'':13} … {ours[0] - opening:.2f} s more than virConnectOpen")
            if not shutil.which("virt-manager"):
                print("  virt-manager is not installed: nothing to compare with")
                continue
            theirs = measure(
                "virt-manager", ["virt-manager", "--no-fork", "--debug", "--connect", uri],
                {"list": r"changed to state=Active|Connection .* opened"}, {}, 120, 5,
            )
            if ours and theirs:
                print(f"  ratio         list {theirs[0] / ours[0]:.1f}, RSS {theirs[1] / ours[1]:.1f}, "
                      f"idle CPU {theirs[2] / max(ours[2], 0.1):.0f} times Drover's")


main()
