"""Real servers of the soak, and how much of the machine a process holds.

Guarantees: a server listens on a Unix socket and, where asked, on a loopback port of its own
choice, is ended by its process id, and ends by itself when the process that started it is gone.
Settings of the reader's own servers do not reach it.
"""

import ctypes
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

START_SECONDS = 60
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def ends_with_its_parent():
    """For `preexec_fn`: the kernel kills the child when its parent is gone, however that went."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def clean_environment():
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    # Nobody has to be told of a stop in advance.
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "ASSAY_DRAIN_GRACE_SECONDS": "0"}


class Server:
    """assayd; `start` again after its end uses the same address.

    `tcp`: it has a `port` as well. `memory`: RLIMIT_AS, bytes. With `read_log` False its log goes
    to a pipe that nobody reads once it serves."""

    def __init__(self, program, folder, name, models, words=(), admin="none", tcp=False,
                 memory=None, read_log=True):
        self.program, self.models = program, models
        self.words = ["--admin", admin, "--threads", "1", *words]
        self.socket = os.path.join(folder, name + ".sock")
        self.log = os.path.join(folder, name + ".log")
        self.url = "unix://" + self.socket
        self.memory, self.read_log, self.port = memory, read_log, None
        if tcp:
            self.words += ["--listen", "tcp://127.0.0.1:0"]
        self.process = None

    def start(self, wait=True):
        words = [word for name, path in self.models.items()
                 for word in ("--model", f"{name}={path}")]
        with open(self.log, "wb") as log:
            said = log if self.read_log else subprocess.PIPE
            self.process = subprocess.Popen(
                [self.program, "--listen", self.url, *self.words, *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=said, env=clean_environment(),
                preexec_fn=self.bounded)
            if not self.read_log:
                for line in self.process.stderr:  # and no line behind the one waited for
                    log.write(line)
                    if b"listening on" in line:
                        break
        if wait:
            self.wait_until_it_serves()
        return self

    def bounded(self):
        """In the child: its bounds, and as many descriptors as the machine lets it have."""
        ends_with_its_parent()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if self.memory:
            resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))

    def wait_until_it_serves(self):
        """Until the log says `listening on`: bound alone means that the models still load."""
        seen = pathlib.Path(self.log)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            said = seen.read_text(errors="replace")
            if self.accepts() and "listening on" in said:
                port = re.search(r"listening on tcp://127.0.0.1:(\d+)", said)
                self.port = int(port[1]) if port else None
                return
            time.sleep(0.02)
        raise RuntimeError(f"{self.program} did not start: {self.said()}")

    def accepts(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def said(self, size=800):
        """The end of its log."""
        return pathlib.Path(self.log).read_text(errors="replace")[-size:]

    @property
    def lives(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, seconds=20):
        """SIGTERM, and SIGKILL when that does not end it; the exit status."""
        if self.lives:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode if self.process else None


def usage(pid):
    """What a process holds: descriptors and threads, counts; memory, resident bytes."""
    at = pathlib.Path(f"/proc/{pid}")
    return {
        "descriptors": len(os.listdir(at / "fd")),
        "threads": len(os.listdir(at / "task")),
        "memory": int((at / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
    }


def memory_peak(pid):
    """The most resident bytes that a process had."""
    said = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", said)[1]) << 10
