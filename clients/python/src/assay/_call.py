"""One request in flight, and whether anybody still wants its answer.

The connection files a call's frames as they are; the caller itself decodes and checks them, in
`accept`. So a caller that is interrupted there spoils nothing but its own call.

Guarantees: `wanted` is false as soon as the caller has left, wherever an exception took it: it
rests on a lock that only a `with` block holds, or on a stream that is between two steps.
Not here: headers, routing, what the server is told (_connection).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

from ._answers import PIECES, Pieces
from ._codec import decode
from ._errors import MOCK_REFUSED, SERVER_REFUSED, AssayError, breach, status_of
from ._frames import Head
from ._protocol import (
    FLAG_DEGRADED,
    FLAG_MORE,
    KINDS,
    MESSAGES,
    PROVENANCE_MOCK,
    PROVENANCE_REAL,
)
from ._tables import Kind, Message
from .messages import ErrorBody, Provenance

_LOAD = KINDS["Load"]
_WORDS: dict[int, Provenance] = {PROVENANCE_REAL: "real", PROVENANCE_MOCK: "mock"}


class Waiter:
    """A thread, or a task, that waits for a connection: it lives, and it can be woken."""

    def __init__(self) -> None:
        #: held by a `with` block for as long as somebody waits here
        self.alive = threading.Lock()
        #: whatever the I/O wakes
        self.bell: Any = None


class Call(Waiter):
    """One request in flight: what came for it so far."""

    #: 0 until it is registered
    id = 0
    result: Any = None
    error: AssayError | None = None
    #: every byte of the request is with the kernel
    sent = False
    #: the connection ended before a byte of it was with the kernel
    is_unsent = False
    #: the caller gave the answer up
    over = False
    #: the server was asked to stop
    cancelled = False
    #: bytes that were filed, and those of them that the caller took
    came = 0
    took = 0
    #: when the last frame came, or the request went; the I/O's clock
    heard = 0.0
    #: frames that were taken, what the first one said, and the number of the last one on its
    #: connection
    frames = 0
    provenance = 0
    generation = 0
    _number = -1

    def __init__(
        self,
        kind: Kind,
        request: Any,
        streams: bool = False,
        at_rest: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.pieces: Pieces = PIECES.get(kind.name, Pieces)(request)
        #: chunks are handed out as they come; otherwise only the whole answer is
        self.streams = streams
        #: frames that wait to be taken, by their number on the connection
        self.inbox: dict[int, tuple[Head, bytes]] = {}
        self._at_rest = at_rest

    @property
    def wanted(self) -> bool:
        """Somebody waits for this answer, or will."""
        if self.over:
            return False
        return self.alive.locked() or (self._at_rest is not None and self._at_rest())

    @property
    def is_written(self) -> bool:
        """The server may have seen some of it."""
        return self.id != 0 and not self.is_unsent

    @property
    def done(self) -> bool:
        """The answer is complete, or never will be."""
        return self.result is not None or self.error is not None

    def has_frames(self) -> bool:
        """There is something to take."""
        return bool(self.inbox)

    # ------------------------------------------------------------ the caller's work

    def accept(self, allow_mock: bool) -> Any:
        """Takes what was filed, up to the first chunk to hand out; None when there is none.

        Raises `protocol_error`: then the connection is to be ended.
        """
        for number in list(self.inbox):
            head, body = self.inbox.pop(number)
            if number <= self._number:
                continue  # filed twice: an interrupt came between filing and noting it
            self._number = number
            self.took += len(body)
            chunk = self._take(head, memoryview(body), allow_mock)
            if self.done or (chunk is not None and self.streams):
                return chunk
        return None

    def _take(self, head: Head, body: memoryview, allow_mock: bool) -> Any:
        """One frame: marks first, mock second, failure third, contents last."""
        self._check_marks(head, allow_mock)
        words = ErrorBody(**decode(MESSAGES["Error"], body)) if head.status else None
        if head.provenance == PROVENANCE_MOCK and not allow_mock:
            self.error = mock_refused()
        elif words is not None:
            self.error = refused(head, words)
        elif head.flags & FLAG_MORE:
            if self.kind.chunk is None:
                raise breach(f"reading the answer to {self.kind.name}: more frames than one")
            chunk = self._decode(self.kind.chunk, head, body)
            self.pieces.add(chunk)
            return chunk
        else:
            assert self.kind.response is not None
            self.result = self.pieces.whole(self._decode(self.kind.response, head, body))
        return None

    def _check_marks(self, head: Head, allow_mock: bool) -> None:
        """Provenance and generation stay the same within an answer, Load's apart."""
        self.frames += 1
        if self.frames == 1:
            self.provenance, self.generation = head.provenance, head.generation
        elif self.kind is not _LOAD and (
            head.provenance != self.provenance or head.generation != self.generation
        ):
            if head.provenance == PROVENANCE_MOCK and not allow_mock:
                return  # refused as the mock it is
            raise breach(
                f"reading the answer to {self.kind.name}: provenance or generation changed"
            )

    def _decode(self, message: Message, head: Head, body: memoryview) -> Any:
        """The message of a frame, its number and its degraded flag checked."""
        values = decode(message, body)
        degraded = head.flags & FLAG_DEGRADED != 0
        if degraded or message.has_answer:
            listed = message.has_answer and bool(values["answer"].degradations)
            if listed != degraded:
                raise breach(f"reading {message.name}: its degraded flag and its list disagree")
        frame = values.get("frame")
        if frame is not None and frame != self.frames - 1:
            raise breach(
                f"reading the answer to {self.kind.name}: found frame {frame}, allowed: "
                f"{self.frames - 1}; one was lost, doubled or swapped"
            )
        return message.type(
            provenance=_WORDS[head.provenance],
            generation=head.generation,
            degraded=degraded,
            **values,
        )


def at_rest(stream: weakref.ref[Any]) -> Callable[[], bool]:
    """Asks a stream, as long as it is there, whether it is between two steps."""

    def ask() -> bool:
        found = stream()
        return found is not None and bool(found.is_at_rest)

    return ask


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
