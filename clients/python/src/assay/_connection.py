"""One connection as a state machine: bytes in, frames for calls out. No I/O, clock or lock.

    I/O adds what one system call gave to `input.pieces`, says `file(now)`: calls are woken.
    I/O says `begin(call)`, and after that (and after `file`) `write(send)`.

An exception may come between any two instructions of a thread (a signal's handler, Ctrl-C), so
each change here is one of two: a single store that is the change, or a step that does no harm when
it is done twice; whoever comes next does it again. What a system call gave reaches `input`, or a
call's `taken`, within one call of the interpreter, so that no byte is lost or sent twice. What an
interrupted caller left behind is found by `tidy`, which looks at the calls themselves.

Guarantees: every header is checked before a call sees its frame, in the order of Protocol/SPEC.md;
the first breach of the protocol ends the connection and every call on it; a frame is filed once,
for the call it names. One user at a time: threads hold a lock.
Not here: contents of answers and what is tried again (_exchange), reading and writing (_link).
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from . import _frames
from . import _protocol as protocol
from ._codec import decode, encode
from ._errors import AssayError, breach, closed, invalid
from ._exchange import Call, refused
from ._frames import COUNTED, HEADER, HEADER_SIZE, Head, new_tuple, unpack
from ._options import Options
from ._protocol import FLAG_COMPRESSED, KINDS, MESSAGES, RESPONSE_BIT, REVISION
from .messages import CancelRequest, ErrorBody, GoAway, HelloRequest, HelloResponse

#: bytes one system call reads
READ_SIZE = 64 << 10
#: the same in the middle of a larger frame
LARGE_READ_SIZE = 1 << 20
#: seconds between two searches for calls that nobody waits for any more
_TIDY_EVERY = 0.1
_HELLO, _CANCEL = KINDS["Hello"], KINDS["Cancel"]
_FLAGS = (socket.MSG_DONTWAIT,)  # of every write: one call does not wait


class Input(NamedTuple):
    """How far the input is filed; replaced as a whole."""

    #: what the system calls gave, each as it came; b"" is the end
    pieces: list[bytes]
    #: of them, those that were looked at
    looked: int
    #: bytes of them that are filed
    at: int
    #: of the next frame
    number: int
    #: bytes without which there is nothing to file
    missing: int


class Connection:
    """The state of one connection."""

    def __init__(self, options: Options) -> None:
        self.options = options
        #: why it ended; None while it lives
        self.broken: AssayError | None = None
        #: Hello was answered
        self.is_open = False
        #: neither side has said farewell
        self.takes_requests = True
        #: when the last bytes came; the I/O's clock
        self.heard = 0.0
        self.calls: dict[int, Call] = {}
        #: those who wait until another request may be sent, in their order
        self.rooms: dict[Call, None] = {}
        #: those whose frames are not with the kernel yet; only the first one's is in part
        self.outbox: dict[int, Call] = {}
        #: what is spoken
        self.revision = REVISION
        self._compression = False
        self._peer_body_limit = protocol.Limits.FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE
        self._body_limit = self._peer_body_limit
        self._in_flight_max = 0
        self._ids = itertools.count(1)
        self.input = Input([], 0, 0, 0, 1)
        #: somebody may have left without a word: see `tidy`
        self.untidy = False
        self._tidied = 0.0

    def wake(self, call: Call) -> None:
        """Wakes whoever waits; twice is as good as once."""

    # ------------------------------------------------------------ requests

    def room_or_none(self) -> bool:
        """Another request may be sent now, or never will be here: whoever waits looks again."""
        return len(self.calls) < self._in_flight_max or not self.takes_requests

    def say_hello(self) -> None:
        """The first request. What an interrupt left of an earlier try goes."""
        self.calls.clear()
        self.outbox.clear()
        given = self.options
        request = HelloRequest(client=given.name, revision=REVISION, compression=given.compression)
        request.body_size_max = given.body_size_max
        self.begin(Call(_HELLO, request), encode(_HELLO.request, request, REVISION), 0)

    def begin(self, call: Call, body: bytes, deadline: int) -> None:
        """Registers a call and queues its frame. Raises when it is too large; nothing is kept.

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

    # ------------------------------------------------------------ those who left

    def give_up(self, call: Call, error: AssayError) -> None:
        """Ends a call from this side; `tidy` tells the server."""
        call.over = True
        if not call.done:
            call.error = error
        self.untidy = True

    def tidy(self, now: float) -> None:
        """Has the server stop what nobody waits for, and forgets what it was never sent."""
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
        """Wakes as many as have room now, or all when there is nothing to wait for."""
        room = self._in_flight_max - len(self.calls)
        count = max(room, 0) if self.takes_requests else len(self.rooms)
        for waiter in list(self.rooms)[:count]:
            self.wake(waiter)

    # ------------------------------------------------------------ writing

    def write(self, send: Callable[[Any, int], int]) -> None:
        """Gives the kernel what it takes now. Raises OSError."""
        while self.outbox:
            call = next(iter(self.outbox.values()))
            at = sum(call.taken)
            if at >= len(call.frame):
                self.outbox.pop(call.id, None)
                call.frame = b""
                continue
            rest = memoryview(call.frame)[at:] if at else call.frame
            try:
                # In one call of the interpreter: the bytes go, and it is noted that they did.
                call.taken.extend(map(send, (rest,), _FLAGS))
            except BlockingIOError:
                return

    # ------------------------------------------------------------ the end

    def fail(self, error: AssayError) -> None:
        """Ends the connection, and every call on it that is not answered yet."""
        if self.broken is None:
            self.broken = error
        self.takes_requests = False
        for waiter in [*self.calls.values(), *self.rooms]:
            self.wake(waiter)
        self.calls.clear()
        self.outbox.clear()
        self.ended()

    def ended(self) -> None:
        """Nothing more is read or written."""

    # ------------------------------------------------------------ reading

    @property
    def is_settled(self) -> bool:
        """All that arrived is filed: only then may more be read. An interrupt may leave some."""
        return self.input.looked == len(self.input.pieces)

    @property
    def read_size(self) -> int:
        """How much to read at once."""
        return READ_SIZE if self.input.missing <= READ_SIZE else LARGE_READ_SIZE

    def file(self, now: float) -> None:
        """Files what arrived, and what an interrupt left unfiled, while the connection lives."""
        self.heard = now
        try:
            self._file(now)
        except AssayError as error:
            self.fail(error)
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
                raise breach("reading a frame: its body is compressed, which was not agreed on")
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
        """Puts a frame where its call finds it; done twice, it is there once."""
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
        call.heard = now
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
            words = ErrorBody(**decode(MESSAGES["Error"], body))
            text = f"the server ended the connection: {words.code}: {words.message}"
            raise AssayError(protocol.PROTOCOL_ERROR, text, server=words)
        GoAway(**decode(MESSAGES["GoAway"], body))
        self.takes_requests = False
        self.wake_rooms()

    def _agree(self, head: Head, body: bytes) -> None:
        """Takes the answer to Hello; requests may be sent from its last line on."""
        _check_own(head, "the server's Hello")
        if head.status:
            raise refused(head, body)
        said = decode(_HELLO.response, body)
        server = HelloResponse(provenance="real", generation=0, degraded=False, **said)
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
    """What is said of the connection itself is said by no model, and in one frame."""
    if head.provenance != protocol.PROVENANCE_REAL or head.flags & ~FLAG_COMPRESSED:
        raise breach(f"reading {what}: it says mock, or more, or degraded, which none may")
