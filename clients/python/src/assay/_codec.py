"""Bodies by table: values to bytes and bytes to values.

    +----+----+----+--------+---------------- - -+
    | id |type|zero|  size  | size bytes         |   u16, u8, u8, u32, little-endian
    +----+----+----+--------+---------------- - -+

Guarantees: reading checks every length against the bytes present before making a value, and refuses
all bytes that the table does not list. Values hold no part of the input. Writing refuses the same
values as reading, so no sent body breaks its table.
Not here: rules across fields of an answer (see _answers).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable
from typing import Any

from . import _protocol as protocol
from ._errors import AssayError, breach
from ._protocol import MESSAGES, Field, Message

_HEADER = struct.Struct("<HBBI")
_U64 = struct.Struct("<Q")
_F64 = struct.Struct("<d")
_NOT_WRITABLE = (struct.error, UnicodeError, TypeError, ValueError, OverflowError, AttributeError)


class _Wrong(Exception):
    """A field that breaks its table: the path, the value found, the value allowed."""

    def __init__(self, path: str, found: object, allowed: object) -> None:
        self.path = path
        self.words = f'field "{path}": found {found}, allowed: {allowed}'


# ---------------------------------------------------------------- writing


def encode(message: Message, values: object, revision: int) -> bytes:
    """Returns the body of `values`, a dataclass of `message`.

    Raises `revision_too_low` for a field or word that `revision` does not have, and
    `request_invalid` for a field that breaks its table.
    """
    try:
        return _write(message, values, "", revision)
    except _Wrong as wrong:
        text = f"sending {message.name}, {wrong.words}"
        raise AssayError(protocol.REQUEST_INVALID, text, field=wrong.path or None) from None


def _write(message: Message, values: object, where: str, revision: int) -> bytes:
    parts: list[bytes] = []
    given: dict[str, Any] = {}
    if not isinstance(values, message.type):
        raise _Wrong(where[:-1], f"a value of type {type(values).__name__}", f"a {message.name}")
    for field in message.fields:
        value, path = getattr(values, field.name), where + field.name
        if value is None:
            continue
        since = max([field.since, *(since for word, since in field.words_since if word == value)])
        if since > revision and (value or not field.repeated):
            text = f'sending {message.name}, field "{path}": needs revision {since} of the '
            text += f"protocol, the server speaks revision {revision}"
            raise AssayError(protocol.REVISION_TOO_LOW, text, field=path)
        if field.repeated and (isinstance(value, (str, bytes)) or not hasattr(value, "__iter__")):
            raise _Wrong(path, f"one value of type {type(value).__name__}", "a sequence of them")
        for element in value if field.repeated else (value,):
            payload = _write_value(field, element, path, revision)
            parts += (_HEADER.pack(field.id, field.type, 0, len(payload)), payload)
            given[field.name] = value
    if message.rules:
        _check_rules(message, given, where)
    return b"".join(parts)


def _write_value(field: Field, value: Any, path: str, revision: int) -> bytes:
    """Returns the bytes of one value."""
    if field.record is not None:
        return _write(MESSAGES[field.record], value, path + ".", revision)
    try:
        payload = _WRITERS[field.type](value)
    except _NOT_WRITABLE:
        allowed = f"what the protocol's type {field.type} holds"
        raise _Wrong(path, f"a value of type {type(value).__name__}", allowed) from None
    if not field.size_min <= len(payload) <= field.size_max:
        raise _Wrong(path, f"{len(payload)} bytes", f"{field.size_min} to {field.size_max}")
    _check_value(field, value, path)
    return payload


def _write_u32s(value: Any) -> bytes:
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError
    return struct.pack(f"<{len(value)}I", *value)


def _write_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise TypeError
    return b"\1" if value else b"\0"


_WRITERS: dict[int, Callable[[Any], bytes]] = {
    protocol.U64: _U64.pack,
    protocol.F64: _F64.pack,
    protocol.BYTES: lambda value: (
        value.encode() if isinstance(value, str) else memoryview(value).tobytes()
    ),
    protocol.TEXT: str.encode,
    protocol.U32S: _write_u32s,
    protocol.F32S: lambda value: struct.pack(f"<{len(value)}f", *value),
    protocol.BOOL: _write_bool,
}

# ---------------------------------------------------------------- reading


def decode(message: Message, body: bytes | memoryview) -> dict[str, Any]:
    """Returns the values of a body by field name. Raises `protocol_error` with the field's name."""
    try:
        return _read(message, memoryview(body), "")
    except _Wrong as wrong:
        raise breach(f"reading the server's {message.name}, {wrong.words}") from None


def _read(message: Message, body: memoryview, where: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    at, end, last = 0, len(body), 0
    while at < end:
        if end - at < 8:
            raise _Wrong(where, f"{end - at} bytes", "a field's header of 8 bytes")
        number, kind, zero, size = _HEADER.unpack_from(body, at)
        at += 8
        field = message.by_id.get(number)
        if field is None:
            raise _Wrong(f"{where}#{number}", f"field {number}", "the ids of its table")
        path = where + field.name
        if kind != field.type or zero:
            raise _Wrong(path, f"type {kind} and then {zero}", f"type {field.type} and then 0")
        if size > end - at:
            raise _Wrong(path, f"a size of {size}", f"the {end - at} bytes left")
        if not field.size_min <= size <= field.size_max:
            raise _Wrong(path, f"{size} bytes", f"{field.size_min} to {field.size_max}")
        if number < last or number == last and not field.repeated:
            raise _Wrong(path, f"id {number} after {last}", "ascending ids, each once")
        last = number
        value = _read_value(field, body[at : at + size], path)
        at += size
        if field.repeated:
            values.setdefault(field.name, []).append(value)
        else:
            values[field.name] = value
    if message.rules:
        _check_rules(message, values, where)
    return values


def _read_value(field: Field, data: memoryview, path: str) -> Any:
    """Reads one value and checks its size and range."""
    if field.record is not None:
        record = MESSAGES[field.record]
        return record.type(**_read(record, data, path + "."))
    try:
        value = _READERS[field.type](data)
    except (struct.error, ValueError) as error:
        allowed = "UTF-8" if isinstance(error, UnicodeError) else "its type's"
        raise _Wrong(path, f"{len(data)} bytes", allowed) from None
    _check_value(field, value, path)
    return value


def _read_f32s(data: memoryview) -> array[float]:
    values = array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _read_bool(data: memoryview) -> bool:
    if data[0] > 1:
        raise ValueError
    return data[0] == 1


_READERS: dict[int, Callable[[memoryview], Any]] = {
    protocol.U64: lambda data: _U64.unpack(data)[0],
    protocol.F64: lambda data: _F64.unpack(data)[0],
    protocol.BYTES: bytes,
    protocol.TEXT: lambda data: str(data, "utf-8"),
    protocol.U32S: lambda data: list(struct.unpack(f"<{len(data) // 4}I", data)),
    protocol.F32S: _read_f32s,
    protocol.BOOL: _read_bool,
}

# ---------------------------------------------------------------- both ways


def _check_value(field: Field, value: Any, path: str) -> None:
    """Checks a number against its range, and a word against its choices."""
    if field.choices and value not in field.choices:
        raise _Wrong(path, "another word", ", ".join(field.choices))
    if field.range:
        low, high = field.range
        if not low <= value <= high or field.above and value == low:  # false for NaN
            raise _Wrong(path, value, f"{'above ' if field.above else ''}{low} to {high}")


def _check_rules(message: Message, values: dict[str, Any], where: str) -> None:
    """Checks the required fields, the number of values, and fields that exclude each other."""
    for field in message.counted:
        count = len(values.get(field.name, ())) if field.repeated else int(field.name in values)
        if not field.times_min <= count <= field.times_max:
            allowed = f"{field.times_min} to {field.times_max} times"
            raise _Wrong(where + field.name, f"it {count} times", allowed)
    given = [name for name in message.exactly_one if name in values]
    if message.exactly_one and len(given) != 1:
        path = where + (given[-1] if given else message.exactly_one[0])
        allowed = "exactly one of " + ", ".join(message.exactly_one)
        raise _Wrong(path, " and ".join(given) or "none", allowed)
    for first, second in message.excludes:
        if first in values and second in values:
            raise _Wrong(where + second, f"it beside {first}", "one of them")
