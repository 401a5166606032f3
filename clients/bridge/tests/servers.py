"""Processes for tests: a real assayd, the bridge in front of it, and a scripted server."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

from assay import Answer, Timing
from assay._codec import encode
from assay._frames import HEADER
from assay._protocol import KINDS, MESSAGES, REVISION
from assay.messages import ErrorBody

ROOT = pathlib.Path(__file__).parents[3]
MODEL = ROOT / "models" / "assay-demo.gguf"
LIMIT = 30.0  # seconds until a step counts as broken


def assayd_path() -> str:
    """The server under ASSAYD, or this repository's. No test runs without a server."""
    path = os.environ.get("ASSAYD") or str(ROOT / ".build" / "release" / "assayd")
    if not os.access(path, os.X_OK):
        raise SystemExit(f"tests of the bridge need an assayd: found none at {path}; set ASSAYD")
    return path


def _first_line(process: subprocess.Popen[str], beginning: str) -> str:
    """The rest of the first output line with `beginning`. Raises when the process ends before."""
    assert process.stdout is not None
    watch = threading.Timer(LIMIT, process.kill)
    watch.start()
    seen = []
    try:
        for line in process.stdout:
            if line.startswith(beginning):
                return line[len(beginning) :].strip()
            seen.append(line)
    finally:
        watch.cancel()
    raise RuntimeError(f"{process.args!r} did not start: {''.join(seen[-8:])}")


@contextlib.contextmanager
def _running(words: list[str], beginning: str) -> Iterator[str]:
    # Settings of the tester's own servers must not reach the servers of the test.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY")}
    clean["ASSAY_ADMIN"] = "none"  # servers of several tests would need the same port
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, env=clean
    )
    drain = threading.Thread(target=lambda: process.stdout.read() if process.stdout else None)
    try:
        found = _first_line(process, beginning)
        drain.start()
        yield found
    finally:
        process.terminate()
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            if drain.ident is not None:
                drain.join(LIMIT)
            process.stdout.close()


@contextlib.contextmanager
def assayd(*words: str) -> Iterator[str]:
    """A real server. Gives the URL."""
    with tempfile.TemporaryDirectory() as folder:
        listen = f"unix://{folder}/assay.sock"
        with _running([assayd_path(), "--listen", listen, *words], "listening on "):
            yield listen


@contextlib.contextmanager
def bridge(server: str, *words: str) -> Iterator[str]:
    """The bridge in front of a server. Gives the base URL."""
    command = [sys.executable, "-m", "assay_bridge", "--server", server, "--listen", "127.0.0.1:0"]
    with _running([*command, *words], "listening on ") as url:
        yield url


class Peer:
    """The one connection of a scripted server."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.file = sock.makefile("rb")

    def request(self) -> tuple[int, int, bytes]:
        """Kind, id and body of the next request. Kind 0 at the end."""
        head = self.file.read(32)
        if len(head) < 32:
            return 0, 0, b""
        words = HEADER.unpack(head)
        return words[2], words[5], self.file.read(words[0] - 28)

    def send(self, name: str, number: int, *, more: bool = False, **fields: Any) -> None:
        """One real frame of an answer."""
        kind = KINDS[name]
        message = kind.chunk if more else kind.response
        assert message is not None
        values = message.type(provenance="real", generation=1, degraded=False, **fields)
        body = encode(message, values, REVISION)
        words = (28 + len(body), 1, kind.number | 0x80, 2 if more else 0, 1, number)
        self.socket.sendall(HEADER.pack(*words, 0, len(body), 1, 0) + body)

    def refuse(self, name: str, number: int, status: int, code: str, pause: int) -> None:
        """A frame with a status."""
        words = ErrorBody(code=code, message=code, retry_after_milliseconds=pause)
        body = encode(MESSAGES["Error"], words, REVISION)
        head = (28 + len(body), 1, KINDS[name].number | 0x80, 0, 1, number)
        self.socket.sendall(HEADER.pack(*head, status, len(body), 0, 0) + body)

    def hello(self) -> None:
        """Answers Hello."""
        _, number, _ = self.request()
        fields: dict[str, Any] = {"server": "test", "revision": REVISION, "compression": False}
        fields |= {"body_size_max": 4 << 20, "requests_in_flight_max": 64}
        self.send("Hello", number, **fields)


def answer() -> Answer:
    """A made-up `Answer`."""
    timing = Timing(accept=1, queue=1, tokenize=1, prefill=1, decode=1, write=1, total=6)
    return Answer(model="m", device="cpu", timing=timing)


@contextlib.contextmanager
def scripted(script: Callable[[Peer], None]) -> Iterator[str]:
    """A server that plays `script` on a single connection. Errors of the script are raised."""
    failures: list[BaseException] = []
    with tempfile.TemporaryDirectory() as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{folder}/s")
        listener.listen()
        listener.settimeout(LIMIT)

        def serve() -> None:
            try:
                sock, _ = listener.accept()
                with sock:
                    sock.settimeout(LIMIT)
                    script(Peer(sock))
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"unix://{folder}/s"
        finally:
            thread.join(2 * LIMIT)  # each step of the script fails after LIMIT
            listener.close()
    if failures:
        raise failures[0]
