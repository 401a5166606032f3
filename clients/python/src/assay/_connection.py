"""One connection as a state machine: bytes in, frames for calls out. No I/O, clock or lock.

    I/O puts what one system call gave into `arrived` and says `file(now)`: calls are woken.
    I/O says `begin(call)`, and after that (and after `file`) `write(send)`.

An exception may come between any two instructions of a thread (a signal's handler, Ctrl-C), so
each change here is one of two: a single store that is the change, or a step that does no harm when
it is done twice. What is to follow a store is written down in it, and whoever comes next does it
(`_settle_sends`, `tidy`). A system call's result reaches `arrived` and `_sends` within one call
of the interpreter, so that no byte is lost or sent twice. What an interrupted caller left behind is
found by `tidy`, which looks at the calls themselves.

Guarantees: every header is checked before a call sees its frame, in the order of Protocol/SPEC.md;
the first breach of the protocol ends the connection and every call on it; a frame is filed once,
for the call it names. One user at a time: threads hold a lock.
Not here: contents of answers and what is tried again (_exchange), reading and writing (_socket).
"""

from __future__ import annotations

import itertools
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from . import _frames
from . import _protocol as protocol
from ._codec import decode
from ._errors import AssayError, breach, invalid
from ._exchange import Call
from ._frames import COUNTED, HEADER, HEADER_SIZE, Head, new_head
from ._lz4 import unpack
from ._options import Options
from ._protocol import CONNECTION_CLOSED, FLAG_COMPRESSED, KINDS, MESSAGES, RESPONSE_BIT, REVISION
from .messages import CancelRequest, ErrorBody, GoAway, HelloRequest, HelloResponse

#: bytes one system call reads
READ_SIZE = 64 << 10
#: the same in the middle of a larger frame
LARGE_READ_SIZE = 1 << 20
#: bytes of one answer that may wait for their caller
_HELD_MAX = 256 << 20
#: seconds between two searches for calls that nobody waits for any more
_TIDY_EVERY = 0.1
_GOAWAY = protocol.GOAWAY_KIND | RESPONSE_BIT
_CANCEL = KINDS["Cancel"]
_FLAGS = (socket.MSG_DONTWAIT,)  # of every write: one call does not wait


class Input(NamedTuple):
    """How far the input is filed; replaced as a whole."""

    #: what is not filed yet, from `at` on, and then the pieces of a frame that is still to come
    data: bytes
    at: int
    #: of the next frame
    number: int
    #: the piece in `arrived` is part of `data`
    absorbed: bool
    pieces: tuple[bytes, ...] = ()
    #: bytes without which there is nothing to file
    missing: int = 1


class Output(NamedTuple):
    """How far the output is written; replaced as a whole."""

    #: of the request under way; 0: none
    number: int
    #: bytes of it that the kernel has
    at: int
    #: the count in `_sends` is part of `at`
    counted: bool


_NOTHING_UNDER_WAY = Output(0, 0, False)


def _nobody(item: Call) -> None:
    """Wakes nobody: for a connection without I/O."""


class Connection:
    """The state of one connection."""

    def __init__(self, options: Options, wake: Callable[[Call], None] = _nobody) -> None:
        self.options = options
        self._wake = wake
        #: what was agreed on; None before Hello is answered
        self.server: HelloResponse | None = None
        #: why it ended; None while it lives
        self.broken: AssayError | None = None
        self._takes_requests = True
        #: when the last bytes came; the I/O's clock
        self.heard = 0.0
        self.calls: dict[int, Call] = {}
        #: those who wait until another request may be sent, in their order
        self.rooms: dict[Call, None] = {}
        self._revision = REVISION
        self._compression = False
        self._peer_body_limit = protocol.Limits.FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE
        self._body_limit = self._peer_body_limit
        self._in_flight_max = 1
        self._ids = itertools.count(1)
        #: what one system call read: no more than one piece; b"" is the end
        self.arrived: deque[bytes] = deque()
        self._input = Input(b"", 0, 0, False)
        #: frames that are not with the kernel yet, by their request
        self.outbox: dict[int, bytes] = {}
        self._output = _NOTHING_UNDER_WAY
        self._sends: deque[int] = deque()
        #: somebody may have left without a word: see `tidy`
        self.untidy = False
        self._tidied = 0.0

    # ------------------------------------------------------------ requests

    @property
    def usable(self) -> bool:
        """Hello is done, and new requests are taken."""
        return self.server is not None and self._takes_requests and self.broken is None

    @property
    def has_room(self) -> bool:
        """Another request may be sent now."""
        return len(self.calls) < self._in_flight_max

    def room_or_none(self) -> bool:
        """Whoever waits for room looks again: there is some, or never will be here."""
        return self.has_room or not self.usable

    @property
    def finished(self) -> bool:
        """The server takes no more requests, and those it took are answered."""
        return not self._takes_requests and not self.calls

    def hello(self) -> Call:
        """The first request; `begin` sends it like any other."""
        request = HelloRequest(
            client=self.options.name,
            revision=REVISION,
            compression=self.options.compression,
            body_size_max=self.options.body_size_max,
        )
        return Call(KINDS["Hello"], request)

    def begin(self, call: Call, deadline: int) -> None:
        """Registers a call and queues its frame. Raises when it cannot be sent; nothing is kept.

        `deadline` is milliseconds from receipt, 0 for none.
        """
        kind = call.kind
        if kind.since > self._revision:
            raise AssayError(
                protocol.REVISION_TOO_LOW,
                f"sending {kind.name}: needs revision {kind.since} of the protocol, the server "
                f"speaks revision {self._revision}",
            )
        body = call.body(self._revision)
        if len(body) > self._peer_body_limit:
            found, allowed = f"a body of {len(body)} bytes", f"{self._peer_body_limit}, its limit"
            raise invalid(f"sending {kind.name} to the server", found, allowed)
        number = next(self._ids)
        frame = _frames.request_frame(kind.number, number, deadline, body, self._compression)
        call.id, call.is_unsent = number, False
        self.calls[number] = call
        self.outbox[number] = frame

    # ------------------------------------------------------------ those who left

    def give_up(self, call: Call, error: AssayError | None) -> None:
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
        if self.broken is not None:
            return
        self._settle_sends()
        for number, call in list(self.calls.items()):
            if call.last < self._input.number:
                self._forget(number)
            elif not call.sent and number != self._output.number:
                self._forget_unsent(number, call)
            elif not call.cancelled and call.kind is not _CANCEL and not call.wanted:
                self.begin(Call(_CANCEL, CancelRequest(target=number)), 0)
                call.inbox.clear()
                call.cancelled = True
        for number in self.outbox.keys() - self.calls.keys():
            if number != self._output.number:
                del self.outbox[number]
        for waiter in list(self.rooms):
            if not waiter.alive.locked():
                self.rooms.pop(waiter, None)

    def _forget_unsent(self, number: int, call: Call) -> None:
        """A request that waits in the outbox, or never came there."""
        if not (call.kind is _CANCEL and number in self.outbox or call.wanted):
            self._forget(number)

    def _forget(self, number: int) -> None:
        self.outbox.pop(number, None)
        self.calls.pop(number, None)
        self.wake_rooms()

    def wake_rooms(self) -> None:
        """Wakes as many as have room now, or all when there is nothing to wait for."""
        count = self._in_flight_max - len(self.calls) if self.usable else len(self.rooms)
        for waiter in list(self.rooms)[: max(count, 0)]:
            self._wake(waiter)

    # ------------------------------------------------------------ writing

    def write(self, send: Callable[[Any, int], int]) -> bool:
        """Gives the kernel what it takes; True when all is written. Raises OSError."""
        while self.outbox:
            if self._sends or self._output.counted:
                self._settle_sends()
            number, at, _ = self._output
            if number not in self.outbox:
                number, at = next(iter(self.outbox)), 0
                self._output = Output(number, at, False)
            frame = self.outbox[number]
            if at < len(frame):
                rest = memoryview(frame)[at:] if at else frame
                try:
                    # In one call of the interpreter: the bytes go, and it is noted that they did.
                    self._sends.extend(map(send, (rest,), _FLAGS))
                except BlockingIOError:
                    return False
                continue
            call = self.calls.get(number)
            if call is not None:
                call.sent = True
            self.outbox.pop(number, None)
            self._output = _NOTHING_UNDER_WAY
        return True

    def _settle_sends(self) -> None:
        """Does what an interrupt may have left of noting how much was sent."""
        output = self._output
        if self._sends and not output.counted:
            output = Output(output.number, output.at + self._sends[0], True)
            self._output = output
        if output.counted:
            self._sends.clear()
            self._output = Output(output.number, output.at, False)

    def is_begun(self, call: Call) -> bool:
        """Some of its frame is with the kernel, and not all of it."""
        self._settle_sends()
        return self._output.number == call.id and self._output.at > 0

    # ------------------------------------------------------------ the end

    def lost(self, reason: str) -> None:
        """The connection ended."""
        self.fail(AssayError(CONNECTION_CLOSED, reason))

    def fail(self, error: AssayError) -> None:
        """Ends the connection, and every call on it that is not answered yet."""
        if self.broken is None:
            self._settle_sends()
            under_way = self._output.number if self._output.at else 0
            for number in self.outbox.keys() - {under_way}:
                call = self.calls.get(number)
                if call is not None:
                    call.is_unsent = True
            self.broken = error
        calls = list(self.calls.values())
        for waiter in [*calls, *self.rooms]:
            self._wake(waiter)
        self.calls.clear()
        self.outbox.clear()

    # ------------------------------------------------------------ reading

    def file(self, now: float) -> None:
        """Files what arrived, and what an interrupt left unfiled."""
        if self.broken is not None:
            self.arrived.clear()
            return
        self.heard = now
        try:
            if self._absorb():
                self._file(now)
        except AssayError as error:
            self.fail(error)

    @property
    def is_settled(self) -> bool:
        """All that arrived is filed: only then may more be read. An interrupt may leave some."""
        state = self._input
        return bool(state.missing) and not (self.arrived or state.absorbed)

    @property
    def read_size(self) -> int:
        """How much to read at once."""
        return READ_SIZE if self._input.missing <= READ_SIZE else LARGE_READ_SIZE

    def _absorb(self) -> bool:
        """Takes the piece that arrived to those before it; True when there may be a frame."""
        data, at, number, absorbed, pieces, missing = self._input
        if self.arrived and not absorbed:
            piece, absorbed = self.arrived[0], True
            if not piece:
                raise AssayError(CONNECTION_CLOSED, "the server closed the connection")
            if len(piece) < missing:
                pieces, missing = (*pieces, piece), missing - len(piece)
            else:
                rest = data[at:] if at else data
                data, at = b"".join((rest, *pieces, piece)) if rest or pieces else piece, 0
                pieces, missing = (), 0
            self._input = Input(data, at, number, absorbed, pieces, missing)
        if absorbed:
            self.arrived.clear()
            self._input = Input(data, at, number, False, pieces, missing)
        return not missing

    def _file(self, now: float) -> None:
        data, at, number = self._input[:3]
        end, missing = len(data), 1
        while end - at >= HEADER_SIZE:
            head = new_head(Head, HEADER.unpack_from(data, at))
            _frames.check_header(head, self._body_limit)
            if head.flags & FLAG_COMPRESSED and not self._compression:
                raise breach("reading a frame: its body is compressed, which was not agreed on")
            size = HEADER_SIZE - COUNTED + head.length
            if end - at < size:
                missing = size - (end - at)
                break
            call = self._file_frame(head, data[at + HEADER_SIZE : at + size], number, now)
            at, number = at + size, number + 1
            self._input = Input(data, at, number, False, (), 0)
            if call is not None and call.last < number:
                self.calls.pop(call.id, None)
                if self.rooms:
                    self.wake_rooms()
        if at < end and end - at < HEADER_SIZE:
            _frames.check_first_bytes(data[at:], self._body_limit)
        self._input = Input(data[at:], 0, number, False, (), missing)

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
        if call.wanted:
            call.inbox[number] = (head, body)
            call.came += len(body)
            if call.came > self.options.answer_size_max:
                self._give_up_large(
                    call, f"{self.options.answer_size_max}, as answer_size_max says"
                )
            elif call.came - call.took > _HELD_MAX:
                self._give_up_large(call, f"{_HELD_MAX} that its caller has not taken")
            self._wake(call)
        return call

    def _give_up_large(self, call: Call, allowed: str) -> None:
        found = f"found {call.came} bytes, allowed: {allowed}"
        text = f"reading the answer to {call.kind.name}: {found}"
        call.inbox.clear()
        self.give_up(call, AssayError(protocol.GIVEN_UP, text))

    def _take_go_away(self, head: Head, body: bytes) -> None:
        if head.kind != _GOAWAY or head.flags & ~FLAG_COMPRESSED:
            raise breach("reading a GoAway: more follows, or it is degraded")
        if head.provenance != protocol.PROVENANCE_REAL:
            raise breach("reading a GoAway: it says mock, and no model makes one")
        if head.status:
            words = ErrorBody(**decode(MESSAGES["Error"], body))
            error = breach(f"the server ended the connection: {words.code}: {words.message}")
            error.server_code = words.code
            raise error
        GoAway(**decode(MESSAGES["GoAway"], body))
        self._takes_requests = False
        self.wake_rooms()

    # ------------------------------------------------------------ Hello

    def agree(self, server: HelloResponse) -> None:
        """Takes the answer to Hello; the connection is usable from its last line on."""
        for offered, what in (
            (server.revision <= REVISION, f"revision {server.revision}"),
            (self.options.compression or not server.compression, "compression"),
        ):
            if not offered:
                text = f"reading the server's Hello: it agrees to {what}, which was not offered"
                raise breach(text)
        self._revision = server.revision
        self._compression = server.compression
        self._peer_body_limit = server.body_size_max
        self._body_limit = self.options.body_size_max
        self._in_flight_max = server.requests_in_flight_max
        self.server = server
