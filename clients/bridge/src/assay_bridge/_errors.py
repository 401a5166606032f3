"""Refusals in OpenAI's shape, and the HTTP status of each failure.

    {"error": {"message", "type", "param", "code"}, "assay": {"code", "status", "provenance"}}

Guarantees: every failure has a stable `code`. A client that may try again gets the time to wait.
Prompts and answers never appear in a failure.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

from assay import AssayError, Status

#: HTTP statuses of the server's statuses
_BY_STATUS = {
    Status.CANCELLED: 499,
    Status.INVALID_ARGUMENT: 400,
    Status.DEADLINE_EXCEEDED: 504,
    Status.NOT_FOUND: 404,
    Status.ALREADY_EXISTS: 409,
    Status.PERMISSION_DENIED: 403,
    Status.RESOURCE_EXHAUSTED: 429,
    Status.FAILED_PRECONDITION: 400,
    Status.ABORTED: 503,
    Status.OUT_OF_RANGE: 400,
    Status.UNIMPLEMENTED: 501,
    Status.UNAVAILABLE: 503,
    Status.UNAUTHENTICATED: 401,
    Status.REQUIREMENT_NOT_MET: 412,
}
#: HTTP statuses of the client's codes (a mock answer is an unusable answer of the server)
_BY_CODE = {
    "mock_refused": 502,
    "unreachable": 502,
    "connection_closed": 502,
    "protocol_error": 502,
    "timed_out": 504,
    "request_invalid": 400,
    "revision_too_low": 501,
    "given_up": 499,
}
#: HTTP statuses of refusals that concern the bridge's own token, which no request can mend
_BY_SERVER_CODE = {"token_required": 502, "token_invalid": 502, "scope_missing": 502}
#: reasons of Assay under the names that tools of the interface look for
_KNOWN_AS = {"model_unknown": "model_not_found", "prompt_too_long": "context_length_exceeded"}
#: fields of Assay under the names of the interface
_PARAMETERS = {"inputs": "input", "tokens": "prompt"}


@dataclass(eq=False)
class Refusal(Exception):
    """An error as an HTTP answer with the HTTP `status`."""

    status: int
    code: str
    message: str
    _: KW_ONLY
    param: str | None = None
    assay: dict[str, Any] | None = None
    retry_milliseconds: int | None = None
    #: the connection ends after the answer
    closes: bool = False

    def body(self) -> dict[str, Any]:
        """The JSON object."""
        kind = "rate_limit_error" if self.status == 429 else "server_error"
        if self.status < 500 and self.status != 429:
            kind = "invalid_request_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        made: dict[str, Any] = {"error": error}
        if self.assay is not None:
            made["assay"] = self.assay
        return made

    def headers(self) -> dict[str, str]:
        """Headers with the time to wait and the provenance."""
        made = {"Connection": "close"} if self.closes else {}
        if self.retry_milliseconds is not None:
            made["Retry-After"] = str(math.ceil(self.retry_milliseconds / 1000))
            made["retry-after-ms"] = str(self.retry_milliseconds)
        if self.assay is not None and self.assay.get("provenance"):
            made["X-Assay-Provenance"] = self.assay["provenance"]
        return made


def refused(error: AssayError) -> Refusal:
    """The refusal for an error of the client."""
    if error.code == "server_refused":
        code = error.server_code or error.status.name.lower()
        status = _BY_SERVER_CODE.get(code) or _BY_STATUS.get(error.status, 500)
    else:
        status = _BY_CODE.get(error.code, 500)
        code = error.code
    retry = error.retry_after_milliseconds
    if retry is None and status in (429, 503):
        retry = 1000
    return Refusal(
        status,
        _KNOWN_AS.get(code, code),
        error.message,
        param=_PARAMETERS.get(error.field, error.field) if error.field else None,
        assay={"code": code, "status": error.status.name, "provenance": error.provenance},
        retry_milliseconds=retry,
    )


def refusal_of(error: Exception) -> Refusal:
    """The refusal for any error."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, AssayError):
        return refused(error)
    return Refusal(500, "internal_error", "a fault of the bridge; its log says more")


def bad(param: str | None, message: str, code: str = "invalid_value") -> Refusal:
    """The request itself is wrong. Foreign names in the words are cut to a sensible length."""
    return Refusal(400, code, message[:1000], param=param[:200] if param else None)


def shutting_down() -> Refusal:
    """The bridge ends before the answer does."""
    text = "the bridge shuts down before the end of the answer"
    return Refusal(503, "shutting_down", text, retry_milliseconds=1000, closes=True)


def cut_short(provenance: str) -> Refusal:
    """The server ended the answer of a client that still waits for it."""
    text = "the server ended the answer before its end, as it does at the end of a drain"
    assay = {"code": "answer_cut", "status": Status.UNAVAILABLE.name, "provenance": provenance}
    return Refusal(503, "answer_cut", text, assay=assay, retry_milliseconds=1000)
