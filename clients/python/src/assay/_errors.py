"""The one error of the client: why a call gave no answer that may be used.

Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
again, and a sentence a person can act on. Prompts and answers never appear in it.
"""

from __future__ import annotations

from ._protocol import Status
from .messages import ErrorBody, Provenance

#: The address is not a URL of a known form.
ADDRESS_INVALID = "address_invalid"
#: Nobody answers at the address.
UNREACHABLE = "unreachable"
#: The connection ended before the answer was complete.
CONNECTION_CLOSED = "connection_closed"
#: The answer did not come in time.
TIMED_OUT = "timed_out"
#: The server's bytes break the protocol; the connection is closed.
PROTOCOL_ERROR = "protocol_error"
#: The answer comes from a mock and mocks are not allowed.
MOCK_REFUSED = "mock_refused"
#: The server answered with a status.
SERVER_REFUSED = "server_refused"
#: The caller gave the answer up.
GIVEN_UP = "given_up"
#: The request cannot be sent to this server: it exceeds its limits, or cannot be written down.
REQUEST_INVALID = "request_invalid"
#: The server speaks an older revision, which does not know the request; nothing was sent.
REVISION_TOO_LOW = "revision_too_low"

_STATUS = {
    ADDRESS_INVALID: Status.INVALID_ARGUMENT,
    UNREACHABLE: Status.UNAVAILABLE,
    CONNECTION_CLOSED: Status.UNAVAILABLE,
    TIMED_OUT: Status.DEADLINE_EXCEEDED,
    PROTOCOL_ERROR: Status.PROTOCOL_ERROR,
    MOCK_REFUSED: Status.MOCK_REFUSED,
    SERVER_REFUSED: Status.UNKNOWN,
    GIVEN_UP: Status.CANCELLED,
    REQUEST_INVALID: Status.INVALID_ARGUMENT,
    REVISION_TOO_LOW: Status.UNIMPLEMENTED,
}


class AssayError(Exception):
    """Why a call failed. `str()` of it is `code: message`."""

    #: stable reason in snake_case, one of the constants above
    code: str
    #: the server's status, or the one that fits
    status: Status
    #: one sentence
    message: str
    #: the server's own reason in snake_case, None when it gave none
    server_code: str | None
    #: path of the refused field of the request
    field: str | None
    #: with MODEL_REJECTED: the layer of the assay that refused
    layer: str | None
    #: pause before another attempt, as the server asks for it
    retry_after_milliseconds: int | None
    #: provenance of the frame that failed, None when there was none
    provenance: Provenance | None

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
        self.status = _STATUS[code] if status is None else status
        self.message = message
        self.server_code = server.code if server else None
        self.field = server.field if server else field
        self.layer = server.layer if server else None
        self.retry_after_milliseconds = server.retry_after_milliseconds if server else None
        self.provenance = provenance

    def again(self) -> AssayError:
        """A new error that says the same: one raised in two threads would mix their traces."""
        copy = AssayError(self.code, self.message, status=self.status, provenance=self.provenance)
        copy.server_code, copy.field, copy.layer = self.server_code, self.field, self.layer
        copy.retry_after_milliseconds = self.retry_after_milliseconds
        return copy


def breach(message: str) -> AssayError:
    """The server broke the protocol."""
    return AssayError(PROTOCOL_ERROR, message)


def status_of(number: int) -> Status:
    """The status of a number; one that is not known reads as UNKNOWN."""
    try:
        return Status(number)
    except ValueError:
        return Status.UNKNOWN
