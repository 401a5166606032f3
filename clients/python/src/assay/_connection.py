"""One connection as a state machine: takes bytes, gives frames to calls. No I/O, clock or lock.

    The I/O appends the result of each system call to `input.pieces`, then calls `file(now)`,
    which wakes calls. The I/O calls `begin(call)`, then `write(send)`, and `write` after `file`.

An exception may come between any two instructions of a thread (a signal's handler, Ctrl-C). So each
change here is either a single store, or a step that may be done twice, and the next user repeats
the step. The result of a system call reaches `input`, or a call's `taken`, within one call of the
interpreter, so that no byte is lost or sent twice. `tidy` looks at the calls themselves and finds
the remains of interrupted callers.

Guarantees: every header is checked before a call receives its frame, in the order of
Protocol/SPEC.md. The first breach of the protocol ends the connection and all its calls. A frame is
filed once, for the call with its id. Only one user at a time: threads hold a lock.
Not here: contents of answers and retries (_exchange), reading and writing (_link).
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from . import _frames
from . import _protocol as protocol
from ._codec import decode, encode
from ._errors import AssayError, breach, closed, invalid, stranger
from ._exchange import Call, refused
from ._frames import COUNTED, HEADER, HEADER_SIZE, Head, new_tuple, unpack
from ._options import Options
from ._protocol import FLAG_COMPRESSED, KINDS, MESSAGES, RESPONSE_BIT, REVISION
from .messages import CancelRequest, GoAway, HelloRequest, HelloResponse, Provenance

#: bytes to read with one system call
READ_SIZE = 64 << 10
#: bytes to read with one system call, within a larger frame
LARGE_READ_SIZE = 1 << 20
#: seconds between two searches for abandoned calls
_TIDY_EVERY = 0.1
_HELLO, _CANCEL = KINDS["Hello"], KINDS["Cancel"]
_FLAGS = (socket.MSG_DONTWAIT,)  # of every write: no waiting


class Input(NamedTuple):
    """Progress of filing the input, replaced as a whole."""

    #: results of the system calls, b"" for the end
    pieces: list[bytes]
    #: number of pieces examined
    looked: int
    #: number of bytes filed
    at: int
    #: number of the next frame
    number: int
    #: bytes needed before the next frame can be filed
    missing: int


class Connection:
    """The state of one connection."""

    def __init__(self, options: Options, where: str = "") -> None:
        self.where = where
        self.options = options
        #: reason for the end, None while the connection lives
        self.broken: AssayError | None = None
        #: true once Hello is answered
        self.is_open = False
        #: true until either side ends the connection or drains
        self.takes_requests = True
        #: time of the last bytes, by the I/O's clock
        self.heard = 0.0
        self.calls: dict[int, Call] = {}
        #: calls waiting to send a request, in order
        self.rooms: dict[Call, None] = {}
        #: calls whose frames the kernel has not taken whole, of which only the first may be in part
        self.outbox: dict[int, Call] = {}
        #: protocol revision in force
        self.revision = REVISION
        self._compression = False
        self._peer_body_limit = protocol.Limits.FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE
        self._body_limit = self._peer_body_limit
        self._in_flight_max = 0
        self._ids = itertools.count(1)
        self.input = Input([], 0, 0, 0, 1)
        #: a caller may have left without notice: see `tidy`
        self.untidy = False
        self._tidied = 0.0

    def wake(self, call: Call) -> None:
        """Wakes the caller of `call`. May be repeated."""

    # ------------------------------------------------------------ requests

    def room_or_none(self) -> bool:
        """True when a request can be sent now, or never will be here. Waiting callers check
        again."""
        return len(self.calls) < self._in_flight_max or not self.takes_requests

    def say_hello(self) -> None:
        """Sends Hello, the first request. Removes the remains of an interrupted earlier try."""
        self.calls.clear()
        self.outbox.clear()
        given = self.options
        request = HelloRequest(client=given.name, revision=REVISION, token=given.token)
        request.tenant, request.compression = given.tenant, given.compression
        request.body_size_max = given.body_size_max
        self.begin(Call(_HELLO, request), encode(_HELLO.request, request, REVISION), 0)

    def begin(self, call: Call, body: bytes, deadline: int) -> None:
        """Registers a call and queues its frame. Raises when the body is too large, and keeps
        nothing then.

        `deadline` is milliseconds from receipt, 0 for none.
        """
        kind = call.kind
        if len(body) > self._peer_body_limit:
            found, allowed = f"a body of {len(body)} bytes", f"{self._peer_body_limit}, its limit"
            raise invalid(f"sending {kind.name} to the server", found, allowed)
        call.id = number = next(self._ids)
        call.frame = _frames.request_frame(kind.number, number, deadline, body, self._compression)
        self.calls[number] = call
        self.outbox[number] = call

    # ------------------------------------------------------------ abandoned calls

    def give_up(self, call: Call, error: AssayError) -> None:
        """Ends a call from the client's side. `tidy` tells the server."""
        call.over = True
        if not call.done:
            call.error = error
        self.untidy = True

    def tidy(self, now: float) -> None:
        """Cancels abandoned calls at the server, and drops abandoned calls that were never sent."""
        if not self.untidy and now - self._tidied < _TIDY_EVERY:
            return
        self.untidy = False
        self._tidied = now
        for number, call in list(self.calls.items()):
            is_own = call.kind is _HELLO or call.kind is _CANCEL
            wanted = number in self.outbox if is_own else call.wanted
            if call.last < self.input.number or not (wanted or call.taken):
                self.outbox.pop(number, None)
                self.calls.pop(number, None)
            elif not (wanted or is_own or call.cancelled):
                request = CancelRequest(target=number)
                self.begin(Call(_CANCEL, request), encode(_CANCEL.request, request, REVISION), 0)
                call.inbox.clear()
                call.cancelled = True
        for waiter in list(self.rooms):
            if not waiter.alive.locked():
                self.rooms.pop(waiter, None)
        self.wake_rooms()

    def wake_rooms(self) -> None:
        """Wakes as many waiting calls as there is room for, or all when there is no more to wait
        for."""
        room = self._in_flight_max - len(self.calls)
        count = max(room, 0) if self.takes_requests else len(self.rooms)
        for waiter in list(self.rooms)[:count]:
            self.wake(waiter)

    # ------------------------------------------------------------ writing

    def write(self, send: Callable[[Any, int], int]) -> None:
        """Writes the bytes that the kernel takes now. Raises OSError."""
        while self.outbox:
            call = next(iter(self.outbox.values()))
            at = sum(call.taken)
            if at >= len(call.frame):
                self.outbox.pop(call.id, None)
                call.frame = b""
                continue
            rest = memoryview(call.frame)[at:] if at else call.frame
            try:
                # One call of the interpreter both sends the bytes and records their number.
                call.taken.extend(map(send, (rest,), _FLAGS))
            except BlockingIOError:
                return

    # ------------------------------------------------------------ the end

    def fail(self, error: AssayError) -> None:
        """Ends the connection and all its unanswered calls."""
        if self.broken is None:
            self.broken = error
        self.takes_requests = False
        for waiter in [*self.calls.values(), *self.rooms]:
            self.wake(waiter)
        self.calls.clear()
        self.outbox.clear()
        self.ended()

    def ended(self) -> None:
        """Called at the end, when no more is read or written."""

    # ------------------------------------------------------------ reading

    @property
    def is_settled(self) -> bool:
        """True when all received bytes are filed. Only then may more be read. An interrupt may
        leave some."""
        return self.input.looked == len(self.input.pieces)

    @property
    def read_size(self) -> int:
        """Number of bytes to read at once."""
        return READ_SIZE if self.input.missing <= READ_SIZE else LARGE_READ_SIZE

    def file(self, now: float) -> None:
        """Files the received bytes, also after an interrupt, while the connection lives."""
        self.heard = now
        try:
            self._file(now)
        except AssayError as error:
            self.fail(error if self.is_open else stranger(error, self.where, self.input.pieces))
        if not (self.takes_requests or self.calls or self.broken):
            self.fail(closed("the server takes no more requests"))

    def _file(self, now: float) -> None:
        pieces, looked, at, number, missing = self.input
        for piece in pieces[looked:]:
            if not piece:
                raise closed("the server closed the connection")
            missing -= len(piece)
        if missing > 0:
            self.input = new_tuple(Input, (pieces, len(pieces), at, number, missing))
            return
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        end, missing = len(data), 1
        while end - at >= HEADER_SIZE:
            head = new_tuple(Head, HEADER.unpack_from(data, at))
            _frames.check_header(head, self._body_limit)
            if head.flags & FLAG_COMPRESSED and not self._compression:
                found = "compression_not_agreed: found a compressed body"
                raise breach(f"reading a frame: {found}, allowed: what Hello agreed on")
            size = HEADER_SIZE - COUNTED + head.length
            if end - at < size:
                missing = size - (end - at)
                break
            call = self._file_frame(head, data[at + HEADER_SIZE : at + size], number, now)
            at, number = at + size, number + 1
            left = ([data], 0, at, number, 0) if at < end else ([], 0, 0, number, 1)
            self.input = new_tuple(Input, left)
            if call is not None and call.last < number:
                self.calls.pop(call.id, None)
                if self.rooms:
                    self.wake_rooms()
        if at < end:
            if end - at < HEADER_SIZE:
                _frames.check_first_bytes(data[at:], self._body_limit)
            self.input = new_tuple(Input, ([data[at:]], 1, 0, number, missing))

    def _file_frame(self, head: Head, body: bytes, number: int, now: float) -> Call | None:
        """Puts a frame into its call's inbox. Repeating it leaves one copy."""
        if head.flags & FLAG_COMPRESSED:
            body = unpack(body, head.raw_size)
        if head.request_id == 0:
            self._take_go_away(head, body)
            return None
        call = self.calls.get(head.request_id)
        if call is None:
            raise breach(f"reading a frame: nobody waits for an answer to {head.request_id}")
        if head.kind != call.kind.number | RESPONSE_BIT:
            raise breach(
                f"reading the answer to {call.kind.name}: found kind 0x{head.kind:02x}, allowed: "
                f"0x{call.kind.number | RESPONSE_BIT:02x}"
            )
        call.heard, call.answered = now, True
        if not head.flags & protocol.FLAG_MORE:
            call.last = number
        if call.kind is _HELLO:
            self._agree(head, body)
        elif call.wanted:
            call.inbox[number] = (head, body)
            call.came += len(body)
            if call.came > self.options.answer_size_max:
                call.inbox.clear()
                text = f"reading the answer to {call.kind.name}: found {call.came} bytes, allowed: "
                text += f"{self.options.answer_size_max}, as answer_size_max says"
                self.give_up(call, AssayError(protocol.GIVEN_UP, text))
            self.wake(call)
        return call

    # ------------------------------------------------------------ frames about the connection

    def _take_go_away(self, head: Head, body: bytes) -> None:
        _check_own(head, "a GoAway")
        if head.status:
            is_unnamed = head.status == protocol.Status.UNAUTHENTICATED
            code = protocol.SERVER_REFUSED if is_unnamed else protocol.PROTOCOL_ERROR
            raise refused(head, body, code, "the server ended the connection: ")
        # A server that says idle has read none of the requests in flight.
        if GoAway(**decode(MESSAGES["GoAway"], body)).reason == "idle":
            if any(call.answered for call in self.calls.values()):
                raise breach("reading a GoAway: found reason idle in the middle of an answer")
            error = closed("the server closed the connection, which it found idle")
            error.unread = True
            raise error
        self.takes_requests = False
        self.wake_rooms()

    def _agree(self, head: Head, body: bytes) -> None:
        """Takes the answer to Hello. The last line allows requests."""
        _check_own(head, "the server's Hello")
        if head.status:
            raise refused(head, body)
        said = decode(_HELLO.response, body)
        server = HelloResponse(provenance=Provenance.REAL, generation=0, degraded=False, **said)
        if server.revision > REVISION or server.compression and not self.options.compression:
            found = f"revision {server.revision}, compression {server.compression}"
            raise breach(f"reading the server's Hello: found {found}, which was not offered")
        self.revision = server.revision
        self._compression = server.compression
        self._peer_body_limit = server.body_size_max
        self._body_limit = self.options.body_size_max
        self.is_open = True
        self._in_flight_max = server.requests_in_flight_max


def _check_own(head: Head, what: str) -> None:
    """Checks a frame about the connection itself, which no model makes, and which is always
    alone."""
    if head.provenance != protocol.PROVENANCE_REAL or head.flags & ~FLAG_COMPRESSED:
        raise breach(f"reading {what}: it says mock, or more, or degraded, which none may")
