"""The one error of the client: why a call gave no answer that may be used.

Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
again, and a sentence a person can act on. Prompts and answers never appear in it.
"""

from __future__ import annotations

from ._protocol import CONNECTION_CLOSED, ERROR_STATUS, PROTOCOL_ERROR, REQUEST_INVALID, Status
from .messages import ErrorBody, Provenance


class AssayError(Exception):
    """Why a call failed. `str()` of it is `code: message`.

    `code` is a stable reason in snake_case, `status` the server's or the one that fits, `message`
    one sentence. `provenance` is that of the frame that failed. In the server's own words, None
    where it said nothing: `server_code`, `field` (path of the refused field; of one refused here,
    too), `layer` (of the assay, with MODEL_REJECTED), `retry_after_milliseconds`, `server_load`.
    """

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
        """A new error that says the same: one raised in two threads would mix their traces."""
        copy = AssayError(self.code, self.message)
        vars(copy).update(vars(self))
        return copy


def breach(message: str) -> AssayError:
    """The server broke the protocol."""
    return AssayError(PROTOCOL_ERROR, message)


def closed(reason: str) -> AssayError:
    """The connection ended."""
    return AssayError(CONNECTION_CLOSED, reason)


def invalid(doing: str, found: object, allowed: object, field: str | None = None) -> AssayError:
    """The request cannot be sent."""
    text = f"{doing}: found {found}, allowed: {allowed}"
    return AssayError(REQUEST_INVALID, text, field=field)
