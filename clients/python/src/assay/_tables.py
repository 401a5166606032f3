"""The shape of the generated tables in _protocol.py: rows of fields, messages, kinds.

Guarantees: plain data, resolved once at import (records find their message, ids find their row).
Not here: what the rows say (generated), and the code that reads and writes by them (_codec).
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

#: bytes of a value, by type
_SIZES = {1: 8, 2: 8, 8: 1}
#: bytes of a unit of `Field.min` and `max`, by type
_UNITS = {3: 1, 4: 1, 5: 4, 6: 4}


@dataclass(slots=True)
class Field:
    """One row of a message's table."""

    id: int
    name: str
    #: number of the type, as in a field's header
    type: int
    required: bool = False
    repeated: bool = False
    #: bytes of a text or of bytes, elements of an array, otherwise the value; None: any
    min: float | None = None
    max: float | None = None
    #: how often a repeated field may stand there
    times_min: int = 0
    times_max: int = 1
    choices: tuple[str, ...] | None = None
    #: name of the message that a record holds
    record: str | None = None
    #: lowest revision that knows the field
    since: int = 1

    #: bytes that a value may have
    size_min: int = dataclass_field(init=False, default=0)
    size_max: int = dataclass_field(init=False, default=0xFFFF_FFFF)
    #: the value itself has a range, or is one of some words
    ranged: bool = dataclass_field(init=False, default=False)

    def __post_init__(self) -> None:
        unit = _UNITS.get(self.type, 0)
        if self.type in _SIZES:
            self.size_min = self.size_max = _SIZES[self.type]
        elif unit and self.min is not None and self.max is not None:
            self.size_min, self.size_max = int(self.min) * unit, int(self.max) * unit
        self.ranged = self.choices is not None or (not unit and self.max is not None)


class Message:
    """A message's rows, by id and in order, and the dataclass that holds its values."""

    def __init__(self, name: str, type: type[Any], fields: tuple[Field, ...]) -> None:
        self.name = name
        self.type = type
        self.fields = fields
        self.by_id = {field.id: field for field in fields}
        #: names of what must be there, repeated fields with a least number included
        self.required = tuple(f.name for f in fields if f.required or f.times_min > 0)
        self.repeated = tuple(f for f in fields if f.repeated)
        #: something is required, or may stand there more than once
        self.counted = bool(self.required or self.repeated)
        self.has_answer = any(f.name == "answer" for f in fields)
        self.has_requirements = any(f.name == "requirements" for f in fields)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request, and its messages."""

    number: int
    name: str
    since: int
    #: may be sent again after a connection was lost
    retry_safe: bool
    request: Message | None
    chunk: Message | None
    response: Message | None
