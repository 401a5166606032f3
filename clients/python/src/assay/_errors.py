# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""The error type of the client, and its kinds, which are also kinds of the language.

Guarantees: an error has a stable code, a status (from the server, or the closest match), advice on
a retry, and a sentence that a person can act on. Prompts and answers never appear in an error.
"""

from __future__ import annotations

from typing import Any

from . import _protocol as protocol
from ._protocol import ERROR_STATUS, Status
from .messages import ErrorBody, Provenance


class AssayError(Exception):
    """The reason why a call failed. `str()` gives `code: message`.

    `code` is a stable reason in snake_case, `status` the server's status or the closest match, and
    `message` one sentence. `provenance` is the provenance of the frame that failed. The server's
    own words, or None: `server_code`, `field` (path of the refused field, also when the client
    refused it), `layer` (of the assay, with MODEL_REJECTED), `retry_after_milliseconds`,
    `server_load`. An error may be copied and pickled.
    """

    #: true when the server ended an idle connection, and never read the request
    unread = False

    def __new__(
        cls, code: str, message: str, *, status: Status | None = None, **_: Any
    ) -> AssayError:
        if code == protocol.SERVER_REFUSED:
            kind = _KINDS_OF_STATUSES.get(status or Status.UNKNOWN, cls)
        else:
            kind = _KINDS_OF_CODES.get(code, cls)
        return super(AssayError, kind).__new__(kind, f"{code}: {message}")

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: Status | None = None,
        server: ErrorBody | None = None,
        provenance: Provenance | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = ERROR_STATUS[code] if status is None else status
        self.message = message
        self.provenance = provenance
        self.server_code = server.code if server else None
        self.field = server.field if server else field
        self.retry_after_milliseconds = server.retry_after_milliseconds if server else None
        self.layer = server.layer if server else None
        self.server_load = server.server_load if server else None

    def again(self) -> AssayError:
        """Makes a copy of the error, since one error raised in two threads would mix their
        traces."""
        copy = AssayError(self.code, self.message, status=self.status)
        vars(copy).update(vars(self))
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.code, self.message, self.status), vars(self)


def _unpickled(code: str, message: str, status: Status) -> AssayError:
    return AssayError(code, message, status=status)


class AssayConnectionError(AssayError, ConnectionError):
    """An error with the code `unreachable` or `connection_closed`, also a ConnectionError."""


class AssayTimeoutError(AssayError, TimeoutError):
    """An error with the code `timed_out`, or a server's status DEADLINE_EXCEEDED, also a
    TimeoutError."""


class AssayValueError(AssayError, ValueError):
    """An error with the code `address_invalid` or `request_invalid`, or a server's status
    INVALID_ARGUMENT or OUT_OF_RANGE, also a ValueError."""


class AssayLookupError(AssayError, LookupError):
    """An error with a server's status NOT_FOUND, also a LookupError."""


class AssayPermissionError(AssayError, PermissionError):
    """An error with a server's status PERMISSION_DENIED or UNAUTHENTICATED, also a
    PermissionError."""


#: class of each code, and of each status with which a server refuses
_KINDS_OF_CODES: dict[str, type[AssayError]] = {
    protocol.UNREACHABLE: AssayConnectionError,
    protocol.CONNECTION_CLOSED: AssayConnectionError,
    protocol.TIMED_OUT: AssayTimeoutError,
    protocol.ADDRESS_INVALID: AssayValueError,
    protocol.REQUEST_INVALID: AssayValueError,
}
_KINDS_OF_STATUSES: dict[Status, type[AssayError]] = {
    Status.DEADLINE_EXCEEDED: AssayTimeoutError,
    Status.INVALID_ARGUMENT: AssayValueError,
    Status.OUT_OF_RANGE: AssayValueError,
    Status.NOT_FOUND: AssayLookupError,
    Status.PERMISSION_DENIED: AssayPermissionError,
    Status.UNAUTHENTICATED: AssayPermissionError,
}


def breach(message: str) -> AssayError:
    """Makes the error for a server that broke the protocol."""
    return AssayError(protocol.PROTOCOL_ERROR, message)


def closed(reason: str) -> AssayError:
    """Makes the error for a connection that ended."""
    return AssayError(protocol.CONNECTION_CLOSED, reason)


def invalid(doing: str, found: object, allowed: object, field: str | None = None) -> AssayError:
    """Makes the error for a request that cannot be sent."""
    text = f"{doing}: found {found}, allowed: {allowed}"
    return AssayError(protocol.REQUEST_INVALID, text, field=field)


# First bytes of other protocols, with their names. None begins a frame before Hello.
_STRANGERS = (
    (b"HTTP", "HTTP"),
    (b"GET ", "HTTP"),
    (b"HEAD", "HTTP"),
    (b"POST", "HTTP"),
    (b"PUT ", "HTTP"),
    (b"DELE", "HTTP"),
    (b"OPTI", "HTTP"),
    (b"PATC", "HTTP"),
    (b"CONN", "HTTP"),
    (b"TRAC", "HTTP"),
    (b"PRI ", "HTTP"),
    (b"\x15\x03\x01", "TLS"),
    (b"\x15\x03\x02", "TLS"),
    (b"\x15\x03\x03", "TLS"),
    (b"\x16\x03\x01", "TLS"),
    (b"\x16\x03\x02", "TLS"),
    (b"\x16\x03\x03", "TLS"),
    (b"SSH-", "SSH"),
)


def stranger(error: AssayError, where: str, pieces: list[bytes]) -> AssayError:
    """Returns the error for the first bytes of the peer at `where`, or `error` if they may begin a
    frame."""
    first = b"".join(pieces)
    length = int.from_bytes(first[:4], "little")
    fits = 28 <= length <= 4092 and first[4:5] in (b"", b"\x01")
    if len(first) < 4 or fits or error.code != protocol.PROTOCOL_ERROR:
        return error
    for start, name in _STRANGERS:
        if first.startswith(start):
            words = f"speaks {name}, not Assay's protocol"
            return breach(f"reading the first bytes: the peer at {where} {words}")
    shown = "".join(chr(one) if 32 <= one < 127 else f"\\x{one:02x}" for one in first[:16])
    words = f'does not speak Assay\'s protocol, its first bytes are "{shown}"'
    return breach(f"reading the first bytes: the peer at {where} {words}")
