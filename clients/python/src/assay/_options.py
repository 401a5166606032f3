"""What a client is told: options, the server's address, and when a failed call is tried again.

Guarantees: no clock, no socket, no randomness of its own: `Trial` is given the time and decides.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from ._errors import (
    ADDRESS_INVALID,
    CONNECTION_CLOSED,
    REQUEST_INVALID,
    SERVER_REFUSED,
    TIMED_OUT,
    UNREACHABLE,
    AssayError,
)
from ._protocol import Limits, Status
from ._tables import Kind

_PATH_SIZE_MAX = 107  # bytes a Unix socket's address has room for, less its terminator
#: seconds without a byte after which a time-out ends the connection
SILENCE_MAX = 10.0
#: seconds after which a call that pauses looks whether its client was closed
PAUSE_STEP = 0.05
#: longest pause while a server is waited for, seconds
_WAIT_PAUSE_MAX = 0.2
_RETRIED = (Status.UNAVAILABLE, Status.RESOURCE_EXHAUSTED, Status.ABORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a client says about itself and insists on."""

    #: name sent in Hello, for the server's log
    name: str = "assay-python/1"
    #: True: answers of mock models are handed out (and say so); False: they are refused
    allow_mock: bool = False
    #: offer LZ4 in Hello
    compression: bool = True
    #: largest body accepted, bytes before compression
    body_size_max: int = Limits.BODY_SIZE_MAX
    #: connections at most; a call takes the one with the fewest requests in flight
    connections: int = 1
    #: time to connect and say Hello, each
    connect_milliseconds: int = 5_000
    #: longest silence on an answer, 0 for none
    answer_milliseconds: int = 0
    #: time beyond a call's deadline before the client gives up by itself
    grace_milliseconds: int = 2_000
    #: attempts of one call in all
    attempts: int = 3
    #: first pause between attempts; it doubles, and each is cut at random down to its half
    backoff_milliseconds: int = 50
    #: longest such pause
    backoff_max_milliseconds: int = 2_000
    #: how long, from a call's start, to wait for a server that is not there or loads its model
    wait_milliseconds: int = 0

    def __post_init__(self) -> None:
        least = {"connections": 1, "attempts": 1, "connect_milliseconds": 1}
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, int) and value < least.get(name, 0):
                raise AssayError(
                    REQUEST_INVALID,
                    f"reading the option {name}: found {value}, allowed: at least "
                    f"{least.get(name, 0)}",
                    field=name,
                )
        if not Limits.BODY_SIZE_MIN <= self.body_size_max <= 0xFFFF_FFFF:
            raise AssayError(
                REQUEST_INVALID,
                f"reading the option body_size_max: found {self.body_size_max}, allowed: "
                f"{Limits.BODY_SIZE_MIN} to 4294967295 bytes",
                field="body_size_max",
            )


@dataclass(frozen=True, slots=True)
class Address:
    """`tcp://host:port`, `tcp://[::1]:port` or `unix:///path`."""

    text: str
    #: of a Unix socket; empty for TCP
    path: str
    host: str
    port: int

    @staticmethod
    def parse(text: str) -> Address:
        """Touches no network. Raises `address_invalid`."""
        if text.startswith("unix://"):
            path = text[len("unix://") :]
            if not path.startswith("/") or len(path.encode()) > _PATH_SIZE_MAX or "\0" in path:
                allowed = f"an absolute path of at most {_PATH_SIZE_MAX} bytes after unix://"
                raise _address_invalid(text, allowed)
            return Address(text, path, "", 0)
        if not text.startswith("tcp://"):
            raise _address_invalid(text, "tcp://HOST:PORT or unix:///PATH")
        host, colon, port = text[len("tcp://") :].rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise _address_invalid(text, "a port from 1 to 65535 after the last colon")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        if not host or "/" in host:
            raise _address_invalid(text, "a host between tcp:// and the port")
        return Address(text, "", host, int(port))


def _address_invalid(text: str, allowed: str) -> AssayError:
    return AssayError(
        ADDRESS_INVALID, f'reading the server address: found "{text}", allowed: {allowed}'
    )


class Trial:
    """The attempts of one call: how long, how often, and after which failures.

    Times are seconds of one monotonic clock; `now` is always the caller's.
    """

    __slots__ = (
        "_options",
        "_deadline",
        "_pause",
        "_wait_pause",
        "_wait_until",
        "attempt",
        "give_up_at",
        "handed_out",
        "is_endless",
        "kind",
    )

    def __init__(
        self, options: Options, kind: Kind, deadline_milliseconds: int, now: float
    ) -> None:
        self._options = options
        self._deadline: float | None = None
        self._pause = options.backoff_milliseconds / 1000
        self._wait_pause = self._pause
        self._wait_until = now + options.wait_milliseconds / 1000
        self.kind = kind
        #: attempts begun
        self.attempt = 1
        #: when the client stops waiting by itself; None: never
        self.give_up_at: float | None = None
        #: a part of the answer has reached the caller
        self.handed_out = False
        #: the client waits for as long as it takes
        self.is_endless = not (deadline_milliseconds or options.answer_milliseconds)
        if deadline_milliseconds:
            self._set_deadline(deadline_milliseconds, now)

    def _set_deadline(self, milliseconds: int, now: float) -> None:
        if not 0 < milliseconds <= 0xFFFF_FFFF:
            raise AssayError(
                REQUEST_INVALID,
                f"reading deadline_milliseconds: found {milliseconds}, allowed: 0 to 4294967295",
                field="deadline_milliseconds",
            )
        self._deadline = now + milliseconds / 1000
        self.give_up_at = self._deadline + self._options.grace_milliseconds / 1000

    @property
    def deadline(self) -> float | None:
        """When the caller's deadline passes; None: never."""
        return self._deadline

    def header_deadline(self, now: float) -> int:
        """What remains for the header's word, milliseconds; 0: no deadline. Raises `timed_out`."""
        if self._deadline is None:
            return 0
        remaining = math.ceil((self._deadline - now) * 1000)
        if remaining <= 0:
            raise self.late()
        return remaining

    def late(self) -> AssayError:
        """The deadline passed before the request was sent."""
        return AssayError(
            TIMED_OUT, f"sending {self.kind.name}: the deadline passed before it was sent"
        )

    def connect_limit(self, now: float) -> float:
        """When connecting, or Hello, has taken too long."""
        limit = now + self._options.connect_milliseconds / 1000
        return limit if self._deadline is None else min(limit, self._deadline)

    def answer_limit(self, heard: float) -> float | None:
        """When to give up, if the last frame of the answer came at `heard`."""
        silence = self._options.answer_milliseconds
        if not silence:
            return self.give_up_at
        limit = heard + silence / 1000
        return limit if self.give_up_at is None else min(limit, self.give_up_at)

    def pause_after(self, error: AssayError, written: bool, now: float) -> float | None:
        """Seconds to wait before the next attempt; None: there is none, `error` stands."""
        pause = self._pause_of_wait(error, now) if self._options.wait_milliseconds else None
        if pause is not None and (self._deadline is None or pause < self._deadline - now):
            return pause
        if self.attempt >= self._options.attempts or not self.may_retry(error, written):
            return None
        pause = self._pause * random.uniform(0.5, 1)
        self._pause = min(self._pause * 2, self._options.backoff_max_milliseconds / 1000)
        if error.retry_after_milliseconds is not None:
            pause = error.retry_after_milliseconds / 1000
        if self._deadline is not None and self._deadline - now <= pause:
            return None
        self.attempt += 1
        return pause

    def _pause_of_wait(self, error: AssayError, now: float) -> float | None:
        """The same while the server is waited for, which costs no attempt."""
        left = self._wait_until - now
        if left <= 0 or self.handed_out:
            return None
        if error.code == UNREACHABLE:
            pause = min(self._wait_pause, _WAIT_PAUSE_MAX) * random.uniform(0.5, 1)
            self._wait_pause = min(self._wait_pause * 2, _WAIT_PAUSE_MAX)
            return min(max(pause, 0.001), left)
        if error.server_code != "model_loading" or error.status not in _RETRIED:
            return None
        asked = error.retry_after_milliseconds
        pause = _WAIT_PAUSE_MAX if asked is None else asked / 1000
        return pause if pause <= left else None

    def may_retry(self, error: AssayError, written: bool) -> bool:
        """Is it safe to send the request again?"""
        if self.handed_out:
            return False
        if error.code == SERVER_REFUSED:
            return error.status in _RETRIED
        if not written:
            return error.code in (UNREACHABLE, CONNECTION_CLOSED, TIMED_OUT)
        return error.code == CONNECTION_CLOSED and self.kind.retry_safe


def late(kind: Kind) -> AssayError:
    """An answer did not come in time."""
    return AssayError(TIMED_OUT, f"waiting for the answer to {kind.name}: it did not come in time")
