"""One call of the API: the request, its attempts, and the frames received for each.

A `Call` is one attempt on one connection. The connection files frames without a check of their
content, and the caller decodes and checks them in `accept`. So a caller that is interrupted in
`accept` spoils only its own call. An `Exchange` is the whole call, with its deadline, attempts and
retries.

Guarantees: `Call.wanted` is false as soon as the caller has left, even by an exception at any
point, because it depends on a lock held only by a `with` block, or on a stream between two steps.
No attempt exceeds `attempts`, follows a handed out chunk, or exceeds the deadline.
Not here: headers, routing, messages to the server (_connection), waiting (_link).
"""

from __future__ import annotations

import math
import random
import threading
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import _protocol as protocol
from ._answers import PIECES, Pieces
from ._codec import decode, encode
from ._errors import AssayError, breach, closed, invalid
from ._frames import Head
from ._protocol import FLAG_MORE, MESSAGES, PROVENANCE_MOCK, REVISION, Kind, Message, Status
from .messages import ErrorBody, HealthRequest, Provenance, RequestContext, Requirements

if TYPE_CHECKING:
    from ._base import BaseClient
    from ._link import Link

now_seconds = time.monotonic
#: interval in which a pausing call checks for a closed client, seconds
_PAUSE_STEP = 0.02
#: longest pause within `wait_milliseconds`
_WAIT_PAUSE_MAX = 200  # milliseconds
_RETRIED = (Status.UNAVAILABLE, Status.RESOURCE_EXHAUSTED, Status.ABORTED)
_UNSENT = (protocol.UNREACHABLE, protocol.CONNECTION_CLOSED, protocol.TIMED_OUT)
_WORDS = {protocol.PROVENANCE_REAL: Provenance.REAL, PROVENANCE_MOCK: Provenance.MOCK}


# ---------------------------------------------------------------- one attempt


class Call:
    """One request in flight, with the frames received and the waiting caller."""

    #: 0 before registration
    id = 0
    #: frame of the request, empty once sent
    frame = b""
    result: Any = None
    error: AssayError | None = None
    #: true when the caller gave the answer up
    over = False
    #: true when a frame of the answer has come
    answered = False
    #: true when the server was asked to stop
    cancelled = False
    #: body bytes filed
    came = 0
    #: time of the last frame received, or of sending
    heard = 0.0
    #: number of frames taken, and connection-wide number of the last frame taken
    frames = 0
    _number = -1
    #: number of the answer's last frame, once filed
    last = 1 << 63
    #: provenance and generation of the first frame
    _marks = (0, 0)
    #: wakes the waiting thread or task
    bell: Any = None

    def __init__(
        self, kind: Kind, request: Any, stream: weakref.ref[Exchange] | None = None
    ) -> None:
        self.kind = kind
        self.pieces: Pieces = PIECES.get(kind.name, Pieces)(kind, request)
        #: held by a `with` block as long as a caller waits
        self.alive = threading.Lock()
        #: frames not yet taken, by their number on the connection
        self.inbox: dict[int, tuple[Head, bytes]] = {}
        #: byte counts of writes to the kernel, so the server may have seen the bytes
        self.taken: list[int] = []
        #: stream that hands out chunks, or None for the whole answer only
        self._stream = stream

    @property
    def wanted(self) -> bool:
        """True when a caller waits for the answer, or will."""
        if self.over or self.alive.locked():
            return not self.over
        stream = self._stream() if self._stream else None
        return stream is not None and stream.is_at_rest

    @property
    def done(self) -> bool:
        """True when the answer is complete or has failed."""
        return self.result is not None or self.error is not None

    def has_frames(self) -> bool:
        """True when there are frames to take, or an error."""
        return bool(self.inbox) or self.error is not None

    def accept(self, allow_mock: bool) -> Any:
        """Takes filed frames up to the first chunk to hand out. Returns the chunk, or None without
        a chunk.

        Raises `protocol_error`, after which the caller must end the connection.
        """
        for number in list(self.inbox):
            head, body = self.inbox.pop(number)
            if number <= self._number:
                continue  # filed twice, after an interrupt
            self._number = number
            chunk = self._take(head, body, allow_mock)
            if chunk is None or self._stream:
                return chunk
        return None

    def _take(self, head: Head, body: bytes, allow_mock: bool) -> Any:
        """Takes one frame, checked in this order: provenance and generation, mock, failure,
        content."""
        self.frames += 1
        marks = (head.provenance, head.generation)
        if self.frames == 1:
            self._marks = marks
        elif marks != self._marks and self.kind.name not in ("Load", "Swap"):
            raise self._breach("provenance or generation changed")
        failure = refused(head, body) if head.status else None
        if head.provenance == PROVENANCE_MOCK and not allow_mock:
            text = "the answer comes from a mock model, not from a real one, and was refused"
            self.error = AssayError(protocol.MOCK_REFUSED, text, provenance=Provenance.MOCK)
        elif failure is not None:
            self.error = failure
        else:
            is_last = not head.flags & FLAG_MORE
            message = self.kind.response if is_last else self.kind.chunk
            if message is None:
                raise self._breach("more frames than one")
            said = self.pieces.take(self._decode(message, head, body), is_last)
            if not is_last:
                return said
            self.result = said
        return None

    def _decode(self, message: Message, head: Head, body: bytes) -> Any:
        """Decodes the message of a frame. Checks its number and its degraded flag."""
        values = decode(message, body)
        degraded = head.flags & protocol.FLAG_DEGRADED != 0
        answer = values.get("answer")
        if degraded != (answer is not None and answer.degradations != []):
            raise self._breach("its degraded flag and its list disagree")
        frame = values.get("frame")
        if frame is not None and frame != self.frames - 1:
            raise self._breach(
                f"found frame {frame}, allowed: {self.frames - 1}; one was lost, doubled or swapped"
            )
        mark, number = _WORDS[head.provenance], head.generation
        return message.type(provenance=mark, generation=number, degraded=degraded, **values)

    def _breach(self, found: str) -> AssayError:
        return breach(f"reading the answer to {self.kind.name}: {found}")


def refused(
    head: Head, body: bytes, code: str = protocol.SERVER_REFUSED, doing: str = ""
) -> AssayError:
    """Makes the error for a frame with a status. An unknown status becomes UNKNOWN."""
    words = ErrorBody(**decode(MESSAGES["Error"], body))
    known = head.status in Status._value2member_map_
    status, mark = Status(head.status) if known else Status.UNKNOWN, _WORDS[head.provenance]
    text = f"{doing}{status.name}: {words.message}"
    return AssayError(code, text, status=status, server=words, provenance=mark)


# ---------------------------------------------------------------- the request


def _insist(request: Any) -> Any:
    """Returns the request with `real: true` among its requirements."""
    if isinstance(request, HealthRequest) and not request.model:
        return request  # server-wide health has no model that could be real
    given = request.requirements or Requirements()
    if not isinstance(given, Requirements) or given.real:
        return request
    return replace(request, requirements=replace(given, real=True))


# ---------------------------------------------------------------- all attempts


class Exchange:
    """One call of the API, with all its attempts. Only one thread or task uses an exchange at a
    time.

    The deadline is in milliseconds, 0 for none. Times here are seconds of one monotonic clock.
    """

    #: true between two steps of a stream: the answer is wanted, although no caller waits now
    is_at_rest = False
    result: Any = None
    error: AssayError | None = None
    #: running attempt, and its connection
    call: Call | None = None
    link: Link | None = None
    #: true when a part of the answer has reached the caller
    handed_out = False
    #: number of attempts begun
    attempt = 1
    #: time of the caller's deadline, and time when the client stops waiting
    deadline = math.inf
    give_up_at = math.inf
    #: tries for an absent server, which do not count as attempts
    _waits = 0
    #: true after an idle connection ended under the request, which was then no attempt
    _moved = False

    def __init__(
        self, client: BaseClient, kind: Kind, request: Any, milliseconds: int, streams: bool
    ) -> None:
        self._client = client
        self.kind = kind
        self._stream = weakref.ref(self) if streams else None
        options, message = client.options, kind.request
        if "requirements" in message.names and isinstance(request, message.type):
            request = request if options.allow_mock else _insist(request)
        self._request = request
        self._body = encode(message, request, REVISION)
        self.silence_max = options.answer_milliseconds / 1000 or math.inf
        if milliseconds:
            if not 0 < milliseconds <= 0xFFFF_FFFF:
                field, allowed = "deadline_milliseconds", "0 to 4294967295"
                raise invalid(f"reading {field}", milliseconds, allowed, field)
            self.deadline = now_seconds() + milliseconds / 1000
            self.give_up_at = self.deadline + options.grace_milliseconds / 1000
        #: end of the wait for a server that is not up, or loads its model
        self._wait_until = now_seconds() + options.wait_milliseconds / 1000

    # ------------------------------------------------------------ steps

    async def step(self) -> Any:
        """Returns the next chunk, or None at the end. Tries again when a retry is safe.

        Any other exception than `AssayError` in a step ends the exchange.
        """
        if self.call is not None and not self.is_at_rest:
            self.close()
        if self.link is not None and self.link.home is not self.link.here():
            self.close("the stream was begun in another event loop, and ends with it")
        if self.error is not None:
            raise self.error
        while self.result is None:
            call = self.call or Call(self.kind, self._request, self._stream)
            try:
                with call.alive:
                    self.is_at_rest, self.call = False, call
                    link = self.link or await self._ask(call)
                    chunk = await link.step(call, self)
                    if chunk is not None:
                        self.handed_out = self.is_at_rest = True
                        return chunk
                    self.result = call.result
            except AssayError as error:
                self.call = self.link = None
                self.error = error
                await self._pause(error, bool(call.taken))
                self.error = None
            except BaseException:  # an interrupt, or the task's cancellation
                self.close()
                raise
        return None

    def body(self, revision: int) -> bytes:
        """Returns the request's body for a server of `revision`, with the number of the attempt."""
        message, request = self.kind.request, self._request
        if self.attempt > 1 and revision >= 3 and "context" in message.names:
            context = replace(request.context or RequestContext(), attempt=self.attempt)
            request = replace(request, context=context)
        elif revision == REVISION:
            return self._body
        return encode(message, request, revision)

    async def _ask(self, call: Call) -> Link:
        """Sends the request, once more when the connection takes no requests any more."""
        for _ in range(2):
            self.link = link = self._client.pick(call)
            if await link.ask(call, self):
                return link
        raise closed("the server takes no requests")

    async def _pause(self, error: AssayError, written: bool) -> None:
        """Waits before the next attempt, or raises `error` when there is none.

        Closing the client ends the wait, and the next attempt fails.
        """
        client, now = self._client, now_seconds()
        pause = None if client.closed else self.pause_after(error, written, now)
        if pause is None:
            raise error
        left = pause
        while left >= 0 and not client.closed:  # an event loop gets at least one turn
            await client.io.nap(min(left, _PAUSE_STEP))
            left = now + pause - now_seconds()

    def close(self, reason: str = "the caller gave the answer up", waits: bool = True) -> None:
        """Gives up the rest of the answer. May be repeated. A finalizer waits for no lock."""
        if self.result is None and self.error is None:
            self.error = AssayError(protocol.GIVEN_UP, reason)
            self.is_at_rest = False
            if self.link is not None:
                self.link.cancel(waits)

    # ------------------------------------------------------------ limits

    def time_left(self, now: float) -> int:
        """Returns the milliseconds until the deadline, for the header. 0 for none. Raises
        `timed_out`."""
        if self.deadline == math.inf:
            return 0
        remaining = math.ceil((self.deadline - now) * 1000)
        if remaining <= 0:
            raise self.late("sending", "the deadline passed before it was sent")
        return remaining

    def late(self, doing: str, what: str) -> AssayError:
        """Makes the error for a lack of time."""
        return AssayError(protocol.TIMED_OUT, f"{doing} {self.kind.name}: {what}")

    # ------------------------------------------------------------ another attempt

    def pause_after(self, error: AssayError, written: bool, now: float) -> float | None:
        """Returns the seconds before the next attempt. None when `error` is final."""
        options, asked = self._client.options, error.retry_after_milliseconds
        if self.handed_out:
            return None
        if error.unread and not self._moved:
            self._moved = True
            return 0.0
        left, most, waits = self._wait_until - now, self.deadline - now, math.inf
        if error.code == protocol.UNREACHABLE and left > 0:
            self._waits += 1
            waits = min(max(self._backoff(self._waits, _WAIT_PAUSE_MAX), 0.001), left)
        elif error.server_code == "model_loading" and error.status in _RETRIED:
            waits = (_WAIT_PAUSE_MAX if asked is None else asked) / 1000
        if waits <= left and waits < most:
            return waits
        if self.attempt >= options.attempts or not self._may_retry(error, written):
            return None
        pause = self._backoff(self.attempt, options.backoff_max_milliseconds)
        pause = pause if asked is None else asked / 1000
        if pause >= most:
            return None
        self.attempt += 1
        return pause

    def _backoff(self, count: int, most: int) -> float:
        """Returns the pause number `count` in seconds: the first pause, doubled each time, with
        jitter."""
        pause = self._client.options.backoff_milliseconds << min(count - 1, 32)
        return min(pause, most) / 1000 * random.uniform(0.5, 1)

    def _may_retry(self, error: AssayError, written: bool) -> bool:
        """True when the request may be sent again."""
        if error.code == protocol.SERVER_REFUSED:
            return error.status in _RETRIED
        if error.unread or not written:
            return error.code in _UNSENT
        return error.code == protocol.CONNECTION_CLOSED and self.kind.retry_safe
