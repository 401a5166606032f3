"""Tools for tests: a connection after Hello, fed with frames of `assay.testing`."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any

from assay import AssayError, Client, Options, testing
from assay._codec import encode
from assay._connection import Connection
from assay._exchange import Call, Exchange
from assay._protocol import KINDS, PROVENANCE_REAL
from assay.testing import ANSWER, frame, hello, refusal

__all__ = ["ANSWER", "answer", "begun", "feed", "frame", "greeted", "hello", "opened", "refusal"]
__all__ += ["take", "written"]

#: the client is tested as if a real model answered
answer = partial(testing.answer, provenance=PROVENANCE_REAL)


def feed(core: Connection, data: bytes, size: int = 1 << 20) -> None:
    """Gives bytes to a connection in pieces. Every call takes its frames, as its caller would."""
    calls = list(core.calls.values())
    while data and core.broken is None:
        core.input.pieces.append(data[:size])
        data = data[size:]
        core.file(0.0)
        for call in calls:
            take(core, call)


def take(core: Connection, call: Call) -> Any:
    """Makes one step of a call's caller. Returns the chunk to hand out, if any."""
    chunk = None
    try:
        chunk = call.accept(core.options.allow_mock)
    except AssayError as error:
        core.fail(error)
    if core.broken is not None and not call.done:
        call.error = core.broken.again()
    if call.error is not None:
        core.give_up(call, call.error)
        core.tidy(0.0)
    return chunk


def written(core: Connection) -> bytes:
    """Returns the bytes that the connection has to send."""
    data = bytearray()

    def send(part: bytes, flags: int) -> int:
        data.extend(part)
        return len(part)

    core.write(send)
    return bytes(data)


def opened(options: Options | None = None, **fields: Any) -> Connection:
    """Makes a connection after an answered Hello."""
    core = Connection(options or Options())
    feed(core, hello(greeted(core).id, **fields))
    assert core.is_open or core.broken, "Hello was answered"
    return core


def greeted(core: Connection) -> Call:
    """Sends Hello. The connection itself takes the answer."""
    core.say_hello()
    written(core)
    return next(iter(core.calls.values()))


def begun(core: Connection, name: str, streams: bool = False, **fields: Any) -> Call:
    """Makes a call in flight."""
    kind = KINDS[name]
    request = kind.request.type(**fields)
    exchange = Exchange(Client("unix:///nowhere"), kind, request, 0, True) if streams else None
    call = Call(kind, request, weakref.ref(exchange) if exchange else None)
    call.alive.acquire()
    core.begin(call, encode(kind.request, request, core.revision), 0)
    written(core)
    return call
