"""One connection as a state machine: bytes in, answers of calls out. No socket, clock or thread.

    I/O reads into `space()` and says `received(count)`: back come the calls that moved on.
    I/O writes what `begin` returns, and after `received` what `take_outgoing` returns.

Guarantees: every frame is checked before a call sees it, in the order of Protocol/SPEC.md; the
first breach of the protocol ends the connection and every call on it; a mock's frame is never
handed out unless mocks are allowed. One user at a time: callers in threads hold a lock.
Not here: what is tried again (_options), reading and writing (_client, _aio).
"""

from __future__ import annotations

from collections import deque
from typing import Any

from . import _frames
from ._answers import PIECES, Pieces
from ._codec import decode, encode
from ._errors import (
    CONNECTION_CLOSED,
    GIVEN_UP,
    MOCK_REFUSED,
    REQUEST_INVALID,
    REVISION_TOO_LOW,
    SERVER_REFUSED,
    AssayError,
    breach,
    status_of,
)
from ._frames import COUNTED, HEADER, HEADER_SIZE, Head, new_head
from ._options import Options
from ._protocol import (
    FLAG_COMPRESSED,
    FLAG_DEGRADED,
    FLAG_MORE,
    GOAWAY_KIND,
    KINDS,
    MESSAGES,
    PROVENANCE_MOCK,
    PROVENANCE_REAL,
    RESPONSE_BIT,
    REVISION,
    Limits,
)
from ._tables import Kind, Message
from .messages import (
    CancelRequest,
    ErrorBody,
    GoAway,
    HealthRequest,
    HelloRequest,
    HelloResponse,
    Provenance,
    Requirements,
)

_SPACE = 64 << 10  # bytes of the input buffer when nothing large is under way
_HELLO, _CANCEL, _LOAD = KINDS["Hello"], KINDS["Cancel"], KINDS["Load"]
_WORDS: dict[int, Provenance] = {PROVENANCE_REAL: "real", PROVENANCE_MOCK: "mock"}


class Call:
    """One request in flight: what came for it so far."""

    #: 0 until it is sent
    id = 0
    result: Any = None
    error: AssayError | None = None
    #: there is something to take: a chunk, the result, or the error
    ready = False
    #: some of it may have reached the server
    written = False
    #: nobody waits any more: the rest is consumed silently
    abandoned = False
    #: frames that came, and what the first one said
    frames = 0
    provenance = 0
    generation = 0
    #: when the last frame came, or the request went; the I/O's clock
    heard = 0.0
    #: whatever the I/O wakes
    waiter: Any = None

    def __init__(self, kind: Kind, request: Any, streams: bool = False) -> None:
        self.kind = kind
        self.pieces: Pieces = PIECES.get(kind.name, Pieces)(request)
        #: those that wait to be handed out; None: only the whole answer is
        self.chunks: deque[Any] | None = deque() if streams else None

    @property
    def done(self) -> bool:
        """The answer is complete, or never will be."""
        return self.result is not None or self.error is not None

    def end(self, error: AssayError) -> None:
        """The answer never will be complete."""
        self.error = error
        self.ready = True

    def take_chunk(self) -> Any:
        """The next chunk to hand out; None when there is none."""
        if not self.chunks:
            return None
        chunk = self.chunks.popleft()
        self.ready = self.done or bool(self.chunks)
        return chunk


class Room:
    """A place in the queue of those who wait until another request may be sent."""

    __slots__ = ("ready", "waiter")

    def __init__(self) -> None:
        #: look again: there is room, or never will be on this connection
        self.ready = False
        #: whatever the I/O wakes
        self.waiter: Any = None


class Connection:
    """The state of one connection."""

    def __init__(self, options: Options) -> None:
        self.options = options
        #: what was agreed on; None before Hello is answered
        self.server: HelloResponse | None = None
        #: why it ended; None while it lives
        self.broken: AssayError | None = None
        #: Hello is done, and new requests are taken
        self.usable = False
        self._takes_requests = True
        #: when the last bytes came; the I/O's clock
        self.heard = 0.0
        self.calls: dict[int, Call] = {}
        self._rooms: deque[Room] = deque()
        self._revision = REVISION
        self._compression = False
        self._peer_body_limit = Limits.FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE
        self._body_limit = self._peer_body_limit
        self._in_flight_max = 1
        self._next_id = 1
        #: frames of the connection's own, see `take_outgoing`
        self.outgoing: list[bytes] = []
        self._buffer = bytearray(_SPACE)
        self._view = memoryview(self._buffer)
        self._end = 0

    # ------------------------------------------------------------ requests

    @property
    def has_room(self) -> bool:
        """Another request may be sent now."""
        return len(self.calls) < self._in_flight_max

    @property
    def finished(self) -> bool:
        """The server takes no more requests, and those it took are answered."""
        return not self._takes_requests and not self.calls

    def room(self) -> Room:
        """A place in the queue of those who wait for `has_room`."""
        room = Room()
        self._rooms.append(room)
        return room

    def leave(self, room: Room) -> list[Room]:
        """Gives a place up; returns who has room instead."""
        if room in self._rooms:
            self._rooms.remove(room)
            return []
        return self._admitted()

    def _admitted(self) -> list[Room]:
        """Takes from the queue as many as have room, or all when there is nothing to wait for."""
        if not self._rooms:
            return []
        count = self._in_flight_max - len(self.calls) if self.usable else len(self._rooms)
        admitted = [self._rooms.popleft() for _ in range(min(max(count, 0), len(self._rooms)))]
        for room in admitted:
            room.ready = True
        return admitted

    def hello(self) -> tuple[Call, bytes]:
        """The first request, and its frame."""
        request = HelloRequest(
            client=self.options.name,
            revision=REVISION,
            compression=self.options.compression,
            body_size_max=self.options.body_size_max,
        )
        call = Call(_HELLO, request)
        return call, self.begin(call, 0)

    def begin(self, call: Call, deadline: int) -> bytes:
        """Registers a call and returns its frame. Raises when it cannot be sent; nothing is kept.

        `deadline` is milliseconds from receipt, 0 for none.
        """
        kind = call.kind
        if kind.since > self._revision:
            self.check_revision(kind)
        assert kind.request is not None
        request = call.pieces.request
        if kind.request.has_requirements:
            request = self.insist(request)
        body = encode(kind.request, request, self._revision)
        if len(body) > self._peer_body_limit:
            self.check_request_size(kind, len(body))
        call.id = self._next_id
        self._next_id += 1
        self.calls[call.id] = call
        return _frames.request_frame(kind.number, call.id, deadline, body, self._compression)

    def check_revision(self, kind: Kind) -> None:
        """A kind the server does not know is not sent."""
        if kind.since > self._revision:
            raise AssayError(
                REVISION_TOO_LOW,
                f"sending {kind.name}: needs revision {kind.since} of the protocol, the server "
                f"speaks revision {self._revision}",
            )

    def check_request_size(self, kind: Kind, size: int) -> None:
        """A body the server does not accept is not sent."""
        if size > self._peer_body_limit:
            raise AssayError(
                REQUEST_INVALID,
                f"sending {kind.name}: found a body of {size} bytes, allowed: "
                f"{self._peer_body_limit}, as the server says",
            )

    def insist(self, request: Any) -> Any:
        """The request with `real: true` among its requirements, unless mocks are allowed."""
        if self.options.allow_mock or (isinstance(request, HealthRequest) and not request.model):
            return request  # the health of a server has no model that could be real
        given: Requirements = request.requirements or Requirements()
        if given.real:
            return request
        copy = _copied(request)
        copy.requirements = Requirements(
            real=True, fingerprint=given.fingerprint, device=given.device
        )
        return copy

    def abandon(self, call: Call) -> None:
        """Nobody waits for this answer any more: the server is asked to stop making it."""
        if call.abandoned or call.id not in self.calls:
            return
        call.abandoned = True
        if call.chunks:
            call.chunks.clear()
        if self.broken is None:
            cancel = Call(_CANCEL, CancelRequest(target=call.id))
            self.outgoing.append(self.begin(cancel, 0))
            cancel.abandoned = True

    def give_up(self, call: Call, error: AssayError | None = None) -> None:
        """Ends a call from this side; nothing happens when it is done."""
        if not call.done:
            call.end(error or AssayError(GIVEN_UP, "the caller gave the answer up"))
        self.abandon(call)

    def take_outgoing(self) -> bytes:
        """Frames of the connection's own that wait to be written."""
        if not self.outgoing:
            return b""
        data = b"".join(self.outgoing)
        self.outgoing.clear()
        return data

    # ------------------------------------------------------------ bytes

    def space(self) -> memoryview:
        """Where to put the next bytes; never empty."""
        return self._view[self._end :] if self._end else self._view

    def received(self, count: int, now: float) -> list[Call | Room]:
        """Takes `count` bytes that were put into `space()`; returns who has something to do now."""
        self._end += count
        self.heard = now
        moved: list[Any] = []
        try:
            self._take_frames(now, moved)
        except AssayError as error:
            moved += self._fail(error)
            for call in moved:  # the last frame of a call has taken it from the list already
                if not call.done:
                    call.end(error.again())
        return [*moved, *self._admitted()] if self._rooms else moved

    def lost(self, reason: str, code: str = CONNECTION_CLOSED) -> list[Call | Room]:
        """The connection ended; returns who has something to do now."""
        return [*self._fail(AssayError(code, reason)), *self._admitted()]

    def _fail(self, error: AssayError) -> list[Call]:
        if self.broken is not None:
            return []
        self.broken = error
        self.usable = False
        self.outgoing.clear()
        ended = [call for call in self.calls.values() if not call.done]
        self.calls.clear()
        for call in ended:
            call.end(error.again())
        return ended

    def _take_frames(self, now: float, moved: list[Call]) -> None:
        start, end, view = 0, self._end, self._view
        need = HEADER_SIZE
        while end - start >= HEADER_SIZE and self.broken is None:
            head = new_head(Head, HEADER.unpack_from(view, start))
            _frames.check_header(head, self._body_limit)
            if head.flags & FLAG_COMPRESSED:
                self.check_compression()
            need = HEADER_SIZE - COUNTED + head.length
            if end - start < need:
                break
            self._take_frame(head, view[start + HEADER_SIZE : start + need], now, moved)
            start, need = start + need, HEADER_SIZE
        if start == end and len(self._buffer) == _SPACE:
            self._end = 0
            return
        if start < end and end - start < HEADER_SIZE:
            _frames.check_first_bytes(view[start:end], self._body_limit)
        self._keep(start, need)

    def _keep(self, start: int, need: int) -> None:
        """Moves what is left to the front; the buffer doubles when a frame has filled it."""
        left = self._end - start
        size = len(self._buffer)
        if left == size:
            size = min(size * 2, max(need, _SPACE))
        elif left < _SPACE < size and need <= _SPACE:
            size = _SPACE
        if size != len(self._buffer):
            buffer = bytearray(size)
            buffer[:left] = self._view[start : self._end]
            self._buffer, self._view = buffer, memoryview(buffer)
        elif left and start:
            self._view[:left] = bytes(self._view[start : self._end])
        self._end = left

    # ------------------------------------------------------------ frames

    def _take_frame(self, head: Head, body: memoryview, now: float, moved: list[Call]) -> None:
        if head.flags & FLAG_COMPRESSED:
            body = _frames.unpack(body, head.raw_size)
        if head.request_id == 0:
            self._take_go_away(head, body)
            return
        call = self.check_request_id(head)
        if head.kind != call.kind.number | RESPONSE_BIT:
            self.check_kind(call, head)
        if call.frames == 0:
            call.provenance, call.generation = head.provenance, head.generation
        else:
            self.check_sequence(call, head)
        call.heard = now
        call.frames += 1
        if not head.flags & FLAG_MORE:
            del self.calls[head.request_id]
        if call.abandoned:
            return
        moved.append(call)
        self._take_answer(call, head, body)

    def _take_answer(self, call: Call, head: Head, body: memoryview) -> None:
        """A frame for a caller who waits: mock first, failure second, contents last."""
        words = self.decode_error(body) if head.status else None
        if head.provenance == PROVENANCE_MOCK and not self.check_provenance(head):
            call.end(mock_refused())
            self.abandon(call)
        elif words is not None:
            call.end(refused(head, words))
        elif head.flags & FLAG_MORE:
            if call.kind.chunk is None:
                raise breach(f"reading the answer to {call.kind.name}: more frames than one")
            chunk = self.decode_body(call.kind.chunk, head, body)
            call.pieces.add(chunk)
            if call.chunks is not None:
                call.chunks.append(chunk)
                call.ready = True
        else:
            assert call.kind.response is not None
            result = call.pieces.whole(self.decode_body(call.kind.response, head, body))
            if call.kind is _HELLO:
                self._agree(result)
            call.result = result
            call.ready = True

    def check_compression(self) -> None:
        """Compressed bodies come only when both sides said so."""
        if not self._compression:
            raise breach("reading a frame: its body is compressed, which was not agreed on")

    def check_request_id(self, head: Head) -> Call:
        """The call a frame is for."""
        call = self.calls.get(head.request_id)
        if call is None:
            raise breach(f"reading a frame: nobody waits for an answer to {head.request_id}")
        return call

    def check_kind(self, call: Call, head: Head) -> None:
        """The answer's kind is the request's."""
        if head.kind != call.kind.number | RESPONSE_BIT:
            raise breach(
                f"reading the answer to {call.kind.name}: found kind 0x{head.kind:02x}, allowed: "
                f"0x{call.kind.number | RESPONSE_BIT:02x}"
            )

    def check_sequence(self, call: Call, head: Head) -> None:
        """Provenance and generation stay the same within an answer, Load's apart."""
        if call.kind is not _LOAD and (
            head.provenance != call.provenance or head.generation != call.generation
        ):
            if head.provenance == PROVENANCE_MOCK and not self.check_provenance(head):
                return  # refused as the mock it is
            raise breach(
                f"reading the answer to {call.kind.name}: provenance or generation changed"
            )

    def check_provenance(self, head: Head) -> bool:
        """May what a frame says be handed out?"""
        return head.provenance == PROVENANCE_REAL or self.options.allow_mock

    def decode_body(self, message: Message, head: Head, body: memoryview) -> Any:
        """The message of a frame, its degraded flag compared with its list."""
        values = decode(message, body)
        degraded = head.flags & FLAG_DEGRADED != 0
        if degraded or message.has_answer:
            self.check_degraded(message, values, degraded)
        provenance = _WORDS[head.provenance]
        return message.type(
            provenance=provenance, generation=head.generation, degraded=degraded, **values
        )

    def check_degraded(self, message: Message, values: dict[str, Any], degraded: bool) -> None:
        """The flag is set exactly when the answer lists degradations."""
        listed = message.has_answer and bool(values["answer"].degradations)
        if listed != degraded:
            raise breach(f"reading {message.name}: its degraded flag and its list disagree")

    def decode_error(self, body: memoryview) -> ErrorBody:
        """The body of a frame with a status."""
        return ErrorBody(**decode(MESSAGES["Error"], body))

    def _take_go_away(self, head: Head, body: memoryview) -> None:
        if head.kind != GOAWAY_KIND | RESPONSE_BIT or head.flags & ~FLAG_COMPRESSED:
            raise breach("reading a GoAway: more follows, or it is degraded")
        if head.provenance != PROVENANCE_REAL:
            raise breach("reading a GoAway: it says mock, and no model makes one")
        if head.status:
            words = self.decode_error(body)
            raise _said_by_server(words)
        GoAway(**decode(MESSAGES["GoAway"], body))
        self.usable = self._takes_requests = False

    # ------------------------------------------------------------ Hello

    def _agree(self, server: HelloResponse) -> None:
        if server.revision > REVISION:
            raise _not_offered(f"revision {server.revision}")
        if server.compression and not self.options.compression:
            raise _not_offered("compression")
        self.server = server
        self.usable = self._takes_requests
        self._revision = server.revision
        self._compression = server.compression
        self._peer_body_limit = server.body_size_max
        self._body_limit = self.options.body_size_max
        self._in_flight_max = server.requests_in_flight_max


def refused(head: Head, words: ErrorBody) -> AssayError:
    """The server answered with a status."""
    status = status_of(head.status)
    return AssayError(
        SERVER_REFUSED,
        f"{status.name}: {words.message}",
        status=status,
        server=words,
        provenance=_WORDS[head.provenance],
    )


def mock_refused() -> AssayError:
    """A mock answered, which the user has not allowed. Nothing it said is handed out."""
    return AssayError(
        MOCK_REFUSED,
        "the answer comes from a mock model, not from a real one, and was refused",
        provenance="mock",
    )


def _said_by_server(words: ErrorBody) -> AssayError:
    error = breach(f"the server ended the connection: {words.code}: {words.message}")
    error.server_code = words.code
    return error


def _not_offered(what: str) -> AssayError:
    return breach(f"reading the server's Hello: it agrees to {what}, which was not offered")


def _copied(request: Any) -> Any:
    return type(request)(**{name: getattr(request, name) for name in request.__slots__})
