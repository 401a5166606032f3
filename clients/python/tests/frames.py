"""Tools for tests: frames made with the client's own writer, and a connection after Hello."""

from __future__ import annotations

import weakref
from typing import Any

from assay import AssayError, Client, Options, messages
from assay._codec import encode
from assay._connection import Connection
from assay._exchange import Call, Exchange
from assay._frames import COUNTED, HEADER
from assay._protocol import KINDS, MESSAGES, REVISION

MARKS: dict[str, Any] = {"provenance": "real", "generation": 0, "degraded": False}
ANSWER = messages.Answer(
    model="m",
    device="cpu",
    timing=messages.Timing(accept=1, queue=2, tokenize=3, prefill=4, decode=5, write=6, total=21),
)


def frame(
    kind: int,
    number: int,
    body: bytes,
    flags: int = 0,
    provenance: int = 1,
    status: int = 0,
    raw_size: int | None = None,
) -> bytes:
    """Makes a frame of a response."""
    size, raw_size = COUNTED + len(body), len(body) if raw_size is None else raw_size
    words = (size, 1, kind | 0x80, flags, provenance, number, status, raw_size, 0, 0)
    return HEADER.pack(*words) + body


def answer(name: str, number: int, /, **fields: Any) -> bytes:
    """Makes a frame that answers a request of a kind: a chunk with flags 2, if the kind has chunks,
    or an error with a status. `fields` may include words of the header."""
    kind, names = KINDS[name], fields.keys() & {"flags", "provenance", "status"}
    words = {name: fields.pop(name) for name in names}
    message = kind.chunk if kind.chunk and words.get("flags") == 2 else kind.response
    message = MESSAGES["Error"] if "status" in words else message
    marks = MARKS if issubclass(message.type, messages.Result) else {}
    body = encode(message, message.type(**marks, **fields), REVISION)
    return frame(kind.number, number, body, **words)


def hello(number: int = 1, **fields: Any) -> bytes:
    """Makes the answer to Hello."""
    given = {
        "server": "test",
        "revision": REVISION,
        "compression": False,
        "body_size_max": 4 << 20,
        "requests_in_flight_max": 64,
    }
    return answer("Hello", number, **(given | fields))


def refusal(name: str, number: int, status: int, **fields: Any) -> bytes:
    """Makes a frame with a status."""
    return answer(name, number, status=status, **({"code": "no", "message": "no"} | fields))


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
