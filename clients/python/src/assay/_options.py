# Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
"""What a client says about itself and insists on."""

from __future__ import annotations

from dataclasses import dataclass

from ._errors import AssayError
from ._protocol import REQUEST_INVALID

#: lowest and highest value of each number; of the name: bytes
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
    """What a client says about itself and insists on. Raises `request_invalid` out of a range."""

    #: name and version of the program, for the server's log; default: the library's
    name: str = "assay-python/0.1.0"
    #: hand out answers of mocks, which say so
    allow_mock: bool = False
    #: offer LZ4
    compression: bool = True
    #: largest body accepted, bytes
    body_size_max: int = 4194304
    #: largest whole answer accepted, bytes of its bodies; beyond it the answer is given up
    answer_size_max: int = 1073741824
    #: size of the pool; a call takes the connection with the fewest requests in flight
    connections: int = 1
    #: to connect, and again for Hello
    connect_milliseconds: int = 5000
    #: longest silence on an answer; 0: any
    answer_milliseconds: int = 0
    #: beyond a request's deadline before the client gives up by itself
    grace_milliseconds: int = 2000
    #: in all
    attempts: int = 3
    #: first pause between attempts; doubles; each with jitter from half to whole
    backoff_milliseconds: int = 50
    #: longest pause between attempts
    backoff_max_milliseconds: int = 2000
    #: how long, from a call's start, to wait for a server that is not there or loads its model
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
