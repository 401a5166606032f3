"""Tools for tests over sockets: a scripted server in this process, calls in threads, and the ends
of calls. The bridge's tests use them, too."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from assay import AssayError
from assay._frames import HEADER
from assay._protocol import KINDS

from .frames import ANSWER, answer, hello, refusal

LIMIT = 30.0  # seconds after which a test has failed, whatever the machine's speed


class Peer:
    """One accepted connection of the scripted server."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.file = sock.makefile("rb")

    def request(self) -> tuple[int, int, bytes]:
        """Kind, id and body of the next request; kind 0 at the end."""
        head = self.file.read(32)
        if len(head) < 32:
            return 0, 0, b""
        words = HEADER.unpack(head)
        return words[2], words[5], self.file.read(words[0] - 28)

    def hello(self, **fields: object) -> None:
        kind, number, _ = self.request()
        assert kind == 1
        self.socket.sendall(hello(number, **fields))

    def send(self, name: str, number: int, *, more: bool = False, **fields: object) -> None:
        """Sends an answer, or a chunk when there is `more` to come."""
        words = fields | ({"flags": 2} if more else {})
        self.socket.sendall(answer(name, number, **words))

    def refuse(self, kind: int, number: int, status: int, code: str, pause: int) -> None:
        """Refuses a request, to be sent again after `pause` milliseconds."""
        name = next(name for name, one in KINDS.items() if one.number == kind)
        words = dict(code=code, message=code, retry_after_milliseconds=pause)
        self.socket.sendall(refusal(name, number, status, **words))

    def end(self, number: int, reason: str = "stop", completion_tokens: int = 0) -> None:
        """Sends the last frame of a Generate."""
        counts: dict[str, Any] = dict(prompt_tokens=1, completion_tokens=completion_tokens)
        self.send("Generate", number, finish_reason=reason, answer=ANSWER, **counts)

    def cancel(self, number: int, completion_tokens: int = 0) -> None:
        """Answers a Cancel, the next request, and ends the Generate that the Cancel names."""
        kind, cancel, body = self.request()
        assert (kind, body[-8:]) == (14, struct.pack("<Q", number))
        self.send("Cancel", cancel, found=True)
        self.end(number, "cancelled", completion_tokens)


@contextlib.contextmanager
def server(*scripts: Callable[[Peer], object]) -> Iterator[str]:
    """A server that plays one script for each connection; its address."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX) as listener,
        ThreadPoolExecutor(1) as pool,
    ):
        listener.bind(f"{folder}/s")
        listener.listen()
        listener.settimeout(LIMIT)

        def play() -> None:
            for script in scripts:
                sock, _ = listener.accept()
                with sock:
                    sock.settimeout(LIMIT)
                    script(Peer(sock))

        played = pool.submit(play)
        yield f"unix://{folder}/s"
        played.result()


class Threads:
    """Works that are done from now on, each in a thread."""

    def __init__(self, *works: Callable[[], object]) -> None:
        #: results, codes of an `AssayError`, or other failures, in the order of their ends
        self.ends: list[object] = []
        self._threads = [
            threading.Thread(target=self._do, args=(work,), daemon=True) for work in works
        ]
        for thread in self._threads:
            thread.start()

    def _do(self, work: Callable[[], object]) -> None:
        try:
            self.ends.append(end_of(work))
        except BaseException as failure:
            self.ends.append(failure)

    def join(self) -> list[object]:
        """Waits for the threads, and returns `ends`."""
        for thread in self._threads:
            thread.join(LIMIT)
            if thread.is_alive():
                faulthandler.dump_traceback()
                raise AssertionError("a thread hangs")
        return self.ends


def end_of(work: Callable[[], object]) -> object:
    """Does the work. Returns the result, or the code of an `AssayError`."""
    try:
        return work()
    except AssayError as error:
        return error.code


def run(work: Coroutine[Any, Any, object]) -> None:
    """Runs a coroutine in an event loop of its own."""
    asyncio.run(asyncio.wait_for(work, LIMIT))


@contextlib.contextmanager
def fails(code: str, field: str | None = None, words: str = "") -> Iterator[None]:
    """Checks that the block fails with `code`, `words` in the message, and `field` where given."""
    try:
        yield
    except AssayError as error:
        assert error.code == code and words in error.message, f"found {error}, allowed: {code}"
        assert field in (None, error.field), f"found {error.field}, allowed: {field}"
    else:
        raise AssertionError(f"found no error, allowed: {code}")
