"""Tools for tests: interrupts at every point of a call, and a server whose answers show their
owner.

`interrupted(n, work)` raises `Interrupt` at the nth point where the interpreter looks for signals
and for exceptions set on a thread: at a function's first instruction, after a call, at a jump
backwards. Only code of the package counts. These are the points of CPython 3.11 and later.

Guarantees: the same n is the same point for the same work. Not here: real signals, which some tests
send at random moments.
"""

from __future__ import annotations

import asyncio
import contextlib
import dis
import os
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import assay
from assay._frames import HEADER

from .frames import ANSWER, answer, hello

_PACKAGE = os.path.dirname(assay.__file__)
_LOOKED = ("CALL", "RESUME", "JUMP_BACKWARD", "JUMP_ABSOLUTE")
_names: dict[CodeType, dict[int, str]] = {}


class Interrupt(BaseException):
    """The exception of a signal's handler."""


class Tracer:
    """Counts the points, and raises at the chosen point."""

    def __init__(self, point: int) -> None:
        self.point = point
        self.count = 0
        self.where = ""
        self._last: dict[FrameType, int] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            return None
        if event == "call" and _is_in_finalizer(frame):
            return None  # the interpreter ignores exceptions of finalizers
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "call":
            self._look(frame)
        elif event == "opcode":
            last = self._last.get(frame)
            self._last[frame] = frame.f_lasti
            if last is not None and _name(frame.f_code, last).startswith(_LOOKED):
                self._look(frame)
        elif event == "return":
            self._last.pop(frame, None)
        return self

    def _look(self, frame: FrameType) -> None:
        self.count += 1
        if self.count == self.point:
            self.where = f"{frame.f_code.co_name}, line {frame.f_lineno}"
            self._last.clear()
            raise Interrupt(self.where)


def _is_in_finalizer(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _name(code: CodeType, offset: int) -> str:
    if code not in _names:
        _names[code] = {one.offset: one.opname for one in dis.get_instructions(code)}
    return _names[code].get(offset, "")


def interrupted(point: int, work: Callable[[], Any]) -> tuple[Tracer, Any]:
    """Does the work and interrupts it. Returns the tracer and the result."""
    tracer, result = Tracer(point), None
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        result = work()
    except Interrupt as interrupt:
        result = interrupt
    finally:
        sys.settrace(before)
    return tracer, result


class Echo:
    """A server that accepts any number of connections until the end of the block.

    A Generate is answered in seven frames of the prompt's letters. A Generate with a prompt that
    begins with "slow" is answered only when cancelled. A Tokenize gives the length of its text.
    """

    def __init__(self, tcp: bool = False, **agreed: Any) -> None:
        self.agreed = agreed
        self.connections: list[socket.socket] = []
        self.requests: list[int] = []
        self.broken: list[str] = []
        self._folder = tempfile.TemporaryDirectory()
        self._listener = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        path = os.path.join(self._folder.name, "s")
        self._listener.bind(("127.0.0.1", 0) if tcp else path)
        self._listener.listen(64)
        self.address = f"unix://{path}"
        if tcp:
            self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Echo:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in [self._listener, *self.connections]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections.append(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        held: set[int] = set()
        with contextlib.suppress(OSError), sock.makefile("rb") as file:
            while head := file.read(32):
                words = HEADER.unpack(head) if len(head) == 32 else (0,) * 10
                body = file.read(words[0] - 28) if words[0] >= 28 else b""
                if words[1] != 1 or len(body) != words[0] - 28:
                    self.broken.append(f"half a request, or none: {head!r}")
                    return
                self.requests.append(words[2])
                for data in self._answers(words[2], words[5], body, held):
                    sock.sendall(data)

    def _answers(self, kind: int, number: int, body: bytes, held: set[int]) -> Iterator[bytes]:
        if kind == 1:
            yield hello(number, **self.agreed)
        elif kind == 2:
            yield answer("Ping", number, payload=body[8:])
        elif kind == 8:
            yield answer("Tokenize", number, tokens=[len(body)], answer=ANSWER)
        elif kind == 14:
            (target,) = struct.unpack("<Q", body[-8:])
            yield answer("Cancel", number, found=target in held)
            if target in held:
                held.discard(target)
                yield from _generated(target, "", "cancelled")
        else:
            prompt = body[8 : 8 + struct.unpack_from("<I", body, 4)[0]].decode()
            if prompt.startswith("slow"):
                held.add(number)
            else:
                yield from _generated(number, prompt, "stop")


async def rested(client: assay.AsyncClient) -> None:
    """Waits until no call holds a place."""
    while client._links[0].load:
        await asyncio.sleep(0.12)
        await client.ping()


def _generated(number: int, prompt: str, reason: str) -> Iterator[bytes]:
    for index, letter in enumerate(prompt[:6]):
        yield answer("Generate", number, flags=2, tokens=[index], text=letter, frame=index)
    last = dict(finish_reason=reason, prompt_tokens=1, completion_tokens=len(prompt), answer=ANSWER)
    rest = dict(tokens=list(range(len(prompt[6:]))), text=prompt[6:], frame=len(prompt[:6]))
    yield answer("Generate", number, **last, **rest)
