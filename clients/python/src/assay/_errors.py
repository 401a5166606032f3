"""The error type of the client: the reason why a call has no usable answer.

Guarantees: an error has a stable code, a status (from the server, or the closest match), advice on
a retry, and a sentence that a person can act on. Prompts and answers never appear in an error.
"""

from __future__ import annotations

from ._protocol import CONNECTION_CLOSED, ERROR_STATUS, PROTOCOL_ERROR, REQUEST_INVALID, Status
from .messages import ErrorBody, Provenance


class AssayError(Exception):
    """The reason why a call failed. `str()` gives `code: message`.

    `code` is a stable reason in snake_case, `status` the server's status or the closest match, and
    `message` one sentence. `provenance` is the provenance of the frame that failed. The server's
    own words, or None: `server_code`, `field` (path of the refused field, also when the client
    refused it), `layer` (of the assay, with MODEL_REJECTED), `retry_after_milliseconds`,
    `server_load`.
    """

    #: true when the server ended an idle connection, and never read the request
    unread = False

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
        self.layer = server.layer if server else None
        self.retry_after_milliseconds = server.retry_after_milliseconds if server else None
        self.server_load = server.server_load if server else None

    def again(self) -> AssayError:
        """Makes a copy of the error, since one error raised in two threads would mix their
        traces."""
        copy = AssayError(self.code, self.message)
        vars(copy).update(vars(self))
        return copy


def breach(message: str) -> AssayError:
    """Makes the error for a server that broke the protocol."""
    return AssayError(PROTOCOL_ERROR, message)


def closed(reason: str) -> AssayError:
    """Makes the error for a connection that ended."""
    return AssayError(CONNECTION_CLOSED, reason)


def invalid(doing: str, found: object, allowed: object, field: str | None = None) -> AssayError:
    """Makes the error for a request that cannot be sent."""
    text = f"{doing}: found {found}, allowed: {allowed}"
    return AssayError(REQUEST_INVALID, text, field=field)
