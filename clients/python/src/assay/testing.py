"""A scripted server in this process, for tests of programs without a model.

    def answers(request):
        return {"text": "802"}

    with assay.testing.client(Generate=answers) as client:
        assert client.generate("317+485=").text == "802"

`client` and `serving` answer requests by kind, on any number of connections. `server` plays a
script frame by frame on each connection, for tests of lost connections, refusals and late answers.
Frames are made by the client's own writer, so an answer that breaks its table raises
`request_invalid` in the test.

No model answers here, so answers that a model would give say `mock`, and a client refuses mocks
unless its options allow them, as those of `client` do. A test of a program that makes its own
client asks for `provenance="real"`. Counts of tokens are those that the test gives, or the number
of words.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import messages
from ._client import Client
from ._codec import decode, encode
from ._errors import AssayError
from ._frames import COUNTED, HEADER
from ._options import Options
from ._protocol import (
    FLAG_MORE,
    KINDS,
    MESSAGES,
    PROVENANCE_MOCK,
    PROVENANCE_REAL,
    REVISION,
    Status,
)

__all__ = ["ANSWER", "LIMIT", "Peer", "answer", "client", "frame", "hello", "refusal", "server"]
__all__ += ["serving"]

#: seconds after which a wait of the scripted server has failed, whatever the machine's speed
LIMIT = 30.0
#: facts about an answer, for answers that demand them
ANSWER = messages.Answer(
    model="m",
    device="cpu",
    timing=messages.Timing(accept=1, queue=2, tokenize=3, prefill=4, decode=5, write=6, total=21),
)
#: answers a request with the fields of a response, or raises `AssayError` to refuse
Handler = Callable[[Any], dict[str, Any]]
_MARKS: dict[str, Any] = {
    "provenance": messages.Provenance.REAL,
    "generation": 0,
    "degraded": False,
}
_CANCEL = KINDS["Cancel"].number
_PROVENANCES = {"real": PROVENANCE_REAL, "mock": PROVENANCE_MOCK}

# ---------------------------------------------------------------- frames


def frame(
    kind: int,
    number: int,
    body: bytes,
    flags: int = 0,
    provenance: int = PROVENANCE_REAL,
    status: int = 0,
    raw_size: int | None = None,
) -> bytes:
    """Makes a frame of a response."""
    size, raw_size = COUNTED + len(body), len(body) if raw_size is None else raw_size
    words = (size, 1, kind | 0x80, flags, provenance, number, status, raw_size, 0, 0)
    return HEADER.pack(*words) + body


def answer(name: str, number: int, /, **fields: Any) -> bytes:
    """Makes a frame that answers a request of a kind: a chunk with flags 2, if the kind has chunks,
    or an error with a status. `fields` may include words of the header. What a model would say is a
    mock's without a word about the provenance."""
    kind, names = KINDS[name], fields.keys() & {"flags", "provenance", "status"}
    words = {"provenance": _provenance(name, "mock")} | {one: fields.pop(one) for one in names}
    message = kind.chunk if kind.chunk and words.get("flags") == FLAG_MORE else kind.response
    message = MESSAGES["Error"] if "status" in words else message
    marks = _MARKS if issubclass(message.type, messages.Result) else {}
    body = encode(message, message.type(**marks, **fields), REVISION)
    return frame(kind.number, number, body, **words)


def _provenance(name: str, model: str) -> int:
    """The provenance of an answer of a kind. The server's own words are real whatever it serves."""
    if model not in _PROVENANCES:
        raise ValueError(f"found provenance {model!r}, allowed: {list(_PROVENANCES)}")
    says = "answer" in KINDS[name].response.names
    return _PROVENANCES[model] if says else PROVENANCE_REAL


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
    given = {"code": "no", "message": "no", "provenance": PROVENANCE_REAL} | fields
    return answer(name, number, status=status, **given)


# ---------------------------------------------------------------- connections


class Peer:
    """One accepted connection of the scripted server."""

    def __init__(self, sock: socket.socket, provenance: str = "mock") -> None:
        self.socket = sock
        self.file = sock.makefile("rb")
        #: what answers of a model say of themselves, "mock" or "real"
        self.provenance = provenance

    def request(self) -> tuple[int, int, bytes]:
        """Kind, id and body of the next request; kind 0 at the end."""
        head = self.file.read(32)
        if len(head) < 32:
            return 0, 0, b""
        words = HEADER.unpack(head)
        return words[2], words[5], self.file.read(words[0] - 28)

    def hello(self, **fields: object) -> None:
        """Answers Hello, the first request."""
        kind, number, _ = self.request()
        assert kind == 1
        self.socket.sendall(hello(number, **fields))

    def send(self, name: str, number: int, *, more: bool = False, **fields: object) -> None:
        """Sends an answer, or a chunk when there is `more` to come."""
        words = {"provenance": _provenance(name, self.provenance)} | fields
        words |= {"flags": FLAG_MORE} if more else {}
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
        assert (kind, body[-8:]) == (_CANCEL, struct.pack("<Q", number))
        self.send("Cancel", cancel, found=True)
        self.end(number, "cancelled", completion_tokens)


@contextlib.contextmanager
def server(*scripts: Callable[[Peer], object], provenance: str = "mock") -> Iterator[str]:
    """A server that plays one script for each connection; its address."""
    _provenance("Generate", provenance)
    with _listening() as (listener, address), ThreadPoolExecutor(1) as pool:

        def play() -> None:
            for script in scripts:
                sock, _ = listener.accept()
                with sock:
                    sock.settimeout(LIMIT)
                    script(Peer(sock, provenance))

        played = pool.submit(play)
        yield address
        played.result()


@contextlib.contextmanager
def _listening() -> Iterator[tuple[socket.socket, str]]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        listener.listen()
        listener.settimeout(LIMIT)
        yield listener, f"unix://{folder}/s"


# ---------------------------------------------------------------- answers by kind


@contextlib.contextmanager
def client(*, provenance: str = "mock", **handlers: Handler) -> Iterator[Client]:
    """A client that allows mocks, of a server that answers by these handlers: see `serving`."""
    with serving(provenance=provenance, **handlers) as url:
        with Client(url, Options(allow_mock=True)) as made:
            yield made


@contextlib.contextmanager
def serving(*, provenance: str = "mock", **handlers: Handler) -> Iterator[str]:
    """A server that answers each request by the handler of its kind; its address.

    A handler gets the request and returns fields of the response. Fields that an answer demands
    beside these are filled in, and the text of a Generate goes out word by word. An `AssayError`
    of the handler refuses the request. Ping and Health are answered without a handler, and other
    kinds are refused as UNIMPLEMENTED. What a model would say has the `provenance`. An exception
    of another kind ends the connection, and is raised at the end of the block.
    """
    _provenance("Generate", provenance)
    unknown = handlers.keys() - KINDS.keys()
    if unknown:
        raise TypeError(f"no kind {sorted(unknown)}; there are {sorted(KINDS)}")
    known: dict[str, Handler] = {
        "Ping": lambda request: {"payload": request.payload or b""},
        "Health": lambda request: {"ready": True, "state": "ready"},
    }
    served = _Serving(known | handlers, provenance)
    with _listening() as (listener, address):
        listener.settimeout(None)
        accepting = threading.Thread(target=served.accept, args=(listener,), daemon=True)
        accepting.start()
        try:
            yield address
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(LIMIT)
            served.end()
    if served.failures:
        raise served.failures[0]


class _Serving:
    """The connections of one `serving` block, a thread each."""

    def __init__(self, handlers: dict[str, Handler], provenance: str) -> None:
        self.handlers = handlers
        self.provenance = provenance
        self.failures: list[Exception] = []
        self._connections: list[tuple[socket.socket, threading.Thread]] = []

    def accept(self, listener: socket.socket) -> None:
        """Accepts connections until the listener is shut down."""
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._connections.append((sock, thread))
            thread.start()

    def end(self) -> None:
        """Ends every connection."""
        for sock, thread in self._connections:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            thread.join(LIMIT)

    def _serve(self, sock: socket.socket) -> None:
        peer = Peer(sock, self.provenance)
        with sock, peer.file:  # the file holds the socket open, too
            try:
                peer.hello()
                while (asked := peer.request())[0] != 0:
                    self._answer(peer, *asked)
            except (OSError, AssertionError):
                return  # the client is gone
            except Exception as failure:
                self.failures.append(failure)

    def _answer(self, peer: Peer, kind: int, number: int, body: bytes) -> None:
        name = next((name for name, one in KINDS.items() if one.number == kind), "")
        if kind == _CANCEL:  # answers go out whole, so there is nothing to cancel
            return peer.send("Cancel", number, found=False)
        request = KINDS[name].request.type(**decode(KINDS[name].request, body))
        try:
            if name not in self.handlers:
                text = f"no handler of {name}"
                raise AssayError("server_refused", text, status=Status.UNIMPLEMENTED)
            fields = dict(self.handlers[name](request))
        except AssayError as error:
            words = dict(code=error.server_code or error.code, message=error.message)
            return peer.socket.sendall(refusal(name, number, error.status, **words))
        return self._say(peer, name, number, fields)

    def _say(self, peer: Peer, name: str, number: int, fields: dict[str, Any]) -> None:
        """Sends the answer, a Generate's text word by word."""
        words = []
        if name == "Generate":
            words = re.findall(r"\s*\S+|\s+$", fields.pop("text", ""))
            fields = {
                "finish_reason": "stop",
                "prompt_tokens": 1,
                "completion_tokens": len(words) + len(fields.get("tokens", ())),
            } | fields
        if "answer" in KINDS[name].response.names:
            fields = {"answer": ANSWER} | fields
        for place, text in enumerate(words):
            peer.send(name, number, more=True, tokens=[place], text=text)
        peer.send(name, number, **fields)
