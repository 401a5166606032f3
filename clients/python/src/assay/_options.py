# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Settings of a client: name, demands, bounds and times."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from ._errors import invalid

#: lowest and highest value of each number, and least and most bytes of each text
_RANGES = {
    "name": (1, 128),
    "body_size_max": (4096, 4294967295),
    "answer_size_max": (4096, 9007199254740991),
    "connections": (1, 1024),
    "connect_milliseconds": (1, 4294967295),
    "answer_milliseconds": (0, 4294967295),
    "grace_milliseconds": (0, 4294967295),
    "attempts": (1, 4294967295),
    "backoff_milliseconds": (0, 4294967295),
    "backoff_max_milliseconds": (0, 4294967295),
    "wait_milliseconds": (0, 4294967295),
    "token": (1, 256),
    "tenant": (1, 64),
    "token_file": (1, 4096),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a client. A value out of range raises `request_invalid`."""

    #: name and version of the program, for the server's log, by default the library's
    name: str = "assay-python/0.1.0"
    #: answers of mocks are handed out, with provenance mock
    allow_mock: bool = False
    #: LZ4 compression is offered in Hello
    compression: bool = True
    #: largest body accepted, bytes
    body_size_max: int = 4194304
    #: largest whole answer accepted before the answer is given up, bytes of all bodies
    answer_size_max: int = 1073741824
    #: size of the pool, where a call takes the connection with the fewest requests in flight
    connections: int = 1
    #: time to connect, and again for Hello, milliseconds
    connect_milliseconds: int = 5000
    #: longest silence on an answer, 0 for no bound, milliseconds
    answer_milliseconds: int = 0
    #: time after a request's deadline before the client gives up the answer, milliseconds
    grace_milliseconds: int = 2000
    #: attempts of a call in all
    attempts: int = 3
    #: first pause between attempts, doubled for each later pause, with jitter from half to whole,
    #: milliseconds
    backoff_milliseconds: int = 50
    #: longest pause between attempts, milliseconds
    backoff_max_milliseconds: int = 2000
    #: time from a call's start to wait for a server that is absent or loads its model,
    #: milliseconds
    wait_milliseconds: int = 0
    #: token that Hello sends to the server, never shown, by default that of token_file
    token: str | None = field(default=None, repr=False)
    #: part of the client's own share of the server, which Hello sends, by default none
    tenant: str | None = None
    #: path of a file with the token on one line, read when the client is made without a token, by
    #: default that of the environment variable ASSAY_TOKEN_FILE
    token_file: str | None = None

    def __post_init__(self) -> None:
        for name, row in self.__dataclass_fields__.items():
            value, kind = getattr(self, name), type("" if row.default is None else row.default)
            if value is None and row.default is None:
                continue
            low, high = _RANGES.get(name, (False, True))
            found = value if kind is not str else f"a {type(value).__name__}"
            measured = value
            if isinstance(value, str):
                measured = len(value.encode())
                found = f"{measured} bytes"
            if type(value) is not kind or not low <= measured <= high:
                unit = " bytes" if kind is str else ""
                raise invalid(f"reading the option {name}", found, f"{low} to {high}{unit}", name)

    def with_token(self) -> Options:
        """Returns the options with the token of the token file, where no token is given."""
        path, source = self.token_file, "the option token_file"
        if path is None:
            path, source = os.environ.get("ASSAY_TOKEN_FILE"), "ASSAY_TOKEN_FILE"
        if self.token is not None or not path:
            return self
        token, found = b"", ""
        try:
            with open(path, "rb") as file:
                token = file.read(1024).strip()
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL
            found = f"no file to read ({getattr(error, 'strerror', None) or 'not a path'})"
        if not found and not token:
            found = "an empty file"
        elif len(token) > 256:
            found = "more than 256 bytes"
        elif not all(32 < byte < 127 for byte in token):
            found = "a byte that is no visible ASCII character"
        if found:
            doing = f"reading the token file that {source} names"
            allowed = "one line of 1 to 256 visible ASCII characters, the token"
            raise invalid(doing, found, allowed, "token_file")
        return replace(self, token=token.decode())
