"""What our own cases share: a server whose engine can be frozen, the wire, one line per bound.

A case prints `NAME: measured X, bound Y UNIT: RIGHT|WRONG` for each bound and exits 1 on a miss;
one that the machine cannot run exits 77. Only measures of time are here: counts, bytes and bits are
in `make test`.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "clients" / "python" / "src"), str(ROOT / "scripts" / "soak")]

import assay  # noqa: E402
import models  # noqa: E402
from assay import _frames  # noqa: E402
from assay._codec import encode  # noqa: E402
from assay._protocol import KINDS, REVISION  # noqa: E402
from servers import Server  # noqa: E402

SKIPPED = 77
ANSWER_SECONDS = 30
SEIZE, INTERRUPT, DETACH, ALL_THREADS = 0x4206, 0x4207, 17, 0x40000000
PROGRAM = pathlib.Path(os.environ.get("ASSAY_BIN", ROOT / ".build" / "release")) / "assayd"
_missed = []


def bound(name, measured, limit, unit, note=""):
    """One line; a miss is remembered for `end`."""
    holds = measured <= limit
    if not holds:
        _missed.append(name)
    print(f"{name}: measured {measured:.1f}, bound {limit:g} {unit}: "
          f"{'RIGHT' if holds else 'WRONG'}{' ' + note if note else ''}", flush=True)


def demand(name, holds, note=""):
    """Something that must be so for a measure to mean anything."""
    if not holds:
        _missed.append(name)
        print(f"{name}: WRONG {note}", flush=True)


def end():
    sys.exit(1 if _missed else 0)


@contextlib.contextmanager
def served(admin="none", **settings):
    """(server, path of the model's copy): the demo model as `demo`, on a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="assay-case-") as folder:
        path = pathlib.Path(folder, "demo.gguf")
        path.write_bytes(models.DEMO.read_bytes())
        config = pathlib.Path(folder, "settings.json")
        config.write_text(json.dumps({key.replace("_", "-"): value
                                      for key, value in settings.items()}))
        words = ["--config", str(config)]
        server = Server(str(PROGRAM), folder, "case", {"demo": str(path)}, words, admin)
        try:
            yield server.start(), path
        finally:
            server.kill()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---------------------------------------------------------------- a frozen engine

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ticks(pid):
    """Processor time of each thread, in the kernel's ticks."""
    return {int(task.name): sum(map(int, (task / "stat").read_text().rsplit(")", 1)[1]
                                    .split()[11:13]))
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


def engine_thread(server, client):
    """With one thread the engine computes itself: the one that works while answers are made."""
    before = ticks(server.process.pid)
    for seed in range(6):
        client.generate(assay.GenerateRequest(
            prompt="Story about a fox:", max_tokens=400, temperature=1.0, seed=seed))
    after = ticks(server.process.pid)
    return max(after, key=lambda thread: after[thread] - before.get(thread, 0))


@contextlib.contextmanager
def frozen(thread):
    """Stops one thread as a wedged driver call would; exits with 77 where ptrace is forbidden."""
    if _libc.ptrace(SEIZE, thread, None, None) or _libc.ptrace(INTERRUPT, thread, None, None):
        print(f"SKIP no ptrace here: {os.strerror(ctypes.get_errno())}")
        sys.exit(SKIPPED)
    os.waitpid(thread, ALL_THREADS)
    try:
        yield
    finally:
        _libc.ptrace(DETACH, thread, None, None)


# ---------------------------------------------------------------- the wire


class Wire:
    """One connection without the client's own waits, so that a frame's time is the server's."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(ANSWER_SECONDS)
        self.socket.connect(path)
        self.send("Hello", 1, client="case", revision=REVISION)
        self.answer(1)

    def send(self, kind, number, deadline=0, **fields):
        request = KINDS[kind].request
        body = encode(request, request.type(**fields), REVISION)
        head = _frames.HEADER.pack(_frames.COUNTED + len(body), 1, KINDS[kind].number, 0, 0,
                                   number, deadline, len(body), 0, 0)
        self.socket.sendall(head + body)

    def take(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise EOFError("the server closed the connection")
            data += piece
        return data

    def answer(self, number):
        """The last frame of a request: when it came, and its status."""
        while True:
            head = _frames.HEADER.unpack(self.take(_frames.HEADER.size))
            self.take(head[0] - _frames.COUNTED)
            came = time.monotonic()
            more = head[3] & 2
            if head[5] == number and not more:
                return came, head[6]

    def close(self):
        self.socket.close()
