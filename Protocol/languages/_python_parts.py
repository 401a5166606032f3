"""Two files of the Python client, for python.py: _errors.py, the error with its kinds, and
_words.py, the fields of requests as keyword arguments."""

import _strangers
from _tables import folded, pascal, served

NOTE = "# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.\n"

#: class of errors -> (kind of the language, the client's codes, a server's statuses)
KINDS = {
    "AssayConnectionError": ("ConnectionError", ("unreachable", "connection_closed"), ()),
    "AssayTimeoutError": ("TimeoutError", ("timed_out",), ("DEADLINE_EXCEEDED",)),
    "AssayValueError": ("ValueError", ("address_invalid", "request_invalid"),
                        ("INVALID_ARGUMENT", "OUT_OF_RANGE")),
    "AssayLookupError": ("LookupError", (), ("NOT_FOUND",)),
    "AssayPermissionError": ("PermissionError", (), ("PERMISSION_DENIED", "UNAUTHENTICATED")),
}

ERROR = NOTE + '''"""The error type of the client, and its kinds, which are also kinds of the language.

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
%(members)s
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

%(classes)s
#: class of each code, and of each status with which a server refuses
_KINDS_OF_CODES: dict[str, type[AssayError]] = {
%(codes)s}
_KINDS_OF_STATUSES: dict[Status, type[AssayError]] = {
%(statuses)s}


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
'''

CLASS = '''
class %s(AssayError, %s):
    """%s"""

'''


def error_text(protocol):
    """_errors.py: the error with the fields of the server's Error, and its kinds."""
    members = []
    for row in protocol["messages"]["Error"]["fields"]:
        name = {"code": "server_code"}.get(row["name"], row["name"])
        if name != "message":
            members.append("        self.%s = server.%s if server else %s\n" % (
                name, row["name"], "field" if name == "field" else None))
    classes, codes, statuses = [], [], []
    for name, (kind, own, refused) in KINDS.items():
        words = ["the code %s" % " or ".join("`%s`" % code for code in own)] if own else []
        if refused:
            words.append("a server's status %s" % " or ".join(refused))
        about = "An error with %s, also a %s." % (", or ".join(words), kind)
        lines = folded(about, 90)
        classes.append(CLASS % (name, kind, "\n    ".join(lines)))
        codes += ["    protocol.%s: %s,\n" % (code.upper(), name) for code in own]
        statuses += ["    Status.%s: %s,\n" % (status, name) for status in refused]
    return ERROR % {"members": "".join(members), "classes": "".join(classes),
                    "codes": "".join(codes), "statuses": "".join(statuses)
                    } + _strangers.python(protocol)


def class_names():
    return list(KINDS)


# ---------------------------------------------------------------- words of requests

WORDS = NOTE + '''"""The fields of requests as keyword arguments of calls, for the checkers of types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from . import messages as m

#: a turn of a conversation, with the fields of `ChatMessage`
Turn = m.ChatMessage | Mapping[str, Any]
#: a text, the ids of its tokens, or both forms by name
Piece = m.Input | str | Sequence[int] | Mapping[str, Any]
'''


def words_text(protocol, annotation):
    """_words.py: a dictionary of optional fields for each request that may be given as words."""
    out = [WORDS]
    for kind in served(protocol, ("Hello", "Cancel")):
        message = protocol["messages"][kind["request"]]
        if kind["name"] == "Generate":  # a chat has all fields but the ways to say what goes on
            ways = message["exactly_one"]
            rest = [row for row in message["fields"] if row["name"] not in ways]
            out.append(words_class("Chat", "TypedDict, total=False", rest, annotation))
            rest = [row for row in message["fields"] if row["name"] in ways]
            out.append(words_class("Generate", "ChatWords, total=False", rest, annotation))
        elif message["fields"]:
            out.append(words_class(kind["name"], "TypedDict, total=False", message["fields"],
                                   annotation))
    return "".join(out)


def words_class(name, base, rows, annotation):
    """The dictionary of one request."""
    fields = []
    for row in rows:
        found = annotation(row, False)
        if row["type"] == "record":
            found = {"Chat message": "Turn", "Input": "Piece"}.get(
                row["record"], "m.%s | Mapping[str, Any]" % pascal(row["record"]))
        elif row["type"] == "bytes":
            found = "bytes | str"
        if row["presence"] == "repeated":
            found = "Sequence[%s]" % found
        fields.append("    %s: %s\n" % (row["name"], found))
    return '\n\nclass %sWords(%s):\n    """Further words of a %s."""\n\n%s' % (
        name, base, name, "".join(fields))
