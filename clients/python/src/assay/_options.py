# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Settings of a client: name, demands, bounds and times."""

from __future__ import annotations

from dataclasses import dataclass

from ._errors import AssayError
from ._protocol import REQUEST_INVALID

#: lowest and highest value of each number, and least and most bytes of the name
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

    def __post_init__(self) -> None:
        for name, field in self.__dataclass_fields__.items():
            value = getattr(self, name)
            low, high = _RANGES.get(name, (False, True))
            measured = len(value.encode()) if isinstance(value, str) else value
            if type(value) is not type(field.default) or not low <= measured <= high:
                raise AssayError(
                    REQUEST_INVALID,
                    f"reading the option {name}: found {value!r}, allowed: {low} to {high}",
                    field=name,
                )
