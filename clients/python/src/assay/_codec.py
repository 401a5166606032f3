"""Bodies by table: values to bytes and bytes to values.

    +----+----+----+--------+---------------- - -+
    | id |type|zero|  size  | size bytes         |   u16, u8, u8, u32, little-endian
    +----+----+----+--------+---------------- - -+

Guarantees: reading checks every length against the bytes that are there before anything is made of
it, and refuses whatever the table does not list; what it returns holds no part of the input.
Writing refuses what reading would: nothing is sent that breaks its table. Not here: rules across
fields of an answer (see _answers).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable
from typing import Any

from ._errors import AssayError, breach
from ._protocol import (
    BOOL,
    BYTES,
    F32S,
    F64,
    MESSAGES,
    REQUEST_INVALID,
    REVISION_TOO_LOW,
    TEXT,
    U32S,
    U64,
    Field,
    Message,
)

_HEADER = struct.Struct("<HBBI")
_U64 = struct.Struct("<Q")
_F64 = struct.Struct("<d")
_NOT_WRITABLE = (struct.error, UnicodeError, TypeError, ValueError, OverflowError, AttributeError)


class _Wrong(Exception):
    """A field that breaks its table: its path, what was found, what is allowed."""

    def __init__(self, path: str, found: object, allowed: str) -> None:
        self.path = path
        self.words = f'field "{path}": found {found}, allowed: {allowed}'


# ---------------------------------------------------------------- writing


def encode(message: Message, values: object, revision: int) -> bytes:
    """The body of `values`, a dataclass of `message`.

    Raises `revision_too_low` for a field that `revision` does not know, `request_invalid` for one
    that breaks its table.
    """
    try:
        return _write(message, "", values, revision)
    except _Wrong as wrong:
        text = f"sending {message.name}, {wrong.words}"
        raise AssayError(REQUEST_INVALID, text, field=wrong.path) from None


def _write(message: Message, where: str, values: object, revision: int) -> bytes:
    parts: list[bytes] = []
    given: dict[str, Any] = {}
    if not isinstance(values, message.type):
        raise _Wrong(where[:-1], f"a value of type {type(values).__name__}", f"a {message.name}")
    for field in message.fields:
        value = getattr(values, field.name)
        if value is None:
            continue
        elements = value if field.repeated and not isinstance(value, (str, bytes)) else (value,)
        if not elements:
            continue
        given[field.name] = elements
        path = where + field.name
        if field.since > revision:
            raise AssayError(
                REVISION_TOO_LOW,
                f'sending "{path}": needs revision {field.since} of the protocol, the server '
                f"speaks revision {revision}",
                field=path,
            )
        for element in elements:
            payload = _write_value(field, path, element, revision)
            parts.append(_HEADER.pack(field.id, field.type, 0, len(payload)))
            parts.append(payload)
    _check_presence(message, where, given)
    return b"".join(parts)


def _write_value(field: Field, path: str, value: Any, revision: int) -> bytes:
    """One value's bytes."""
    if field.record is not None:
        return _write(MESSAGES[field.record], f"{path}.", value, revision)
    try:
        payload = _WRITERS[field.type](value)
    except _NOT_WRITABLE:
        found = f"a value of type {type(value).__name__}"
        raise _Wrong(path, found, f"what the protocol's type {field.type} holds") from None
    if not field.size_min <= len(payload) <= field.size_max:
        raise _Wrong(path, f"{len(payload)} bytes", f"{field.size_min} to {field.size_max}")
    if field.range or field.choices:
        _check_value(field, path, value)
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
    U64: _U64.pack,
    F64: _F64.pack,
    BYTES: lambda value: value.encode() if isinstance(value, str) else bytes(memoryview(value)),
    TEXT: str.encode,
    U32S: _write_u32s,
    F32S: lambda value: struct.pack(f"<{len(value)}f", *value),
    BOOL: _write_bool,
}

# ---------------------------------------------------------------- reading


def decode(message: Message, body: bytes) -> dict[str, Any]:
    """The values of a body by field name. Raises `protocol_error`, the field named."""
    try:
        return _read(message, "", memoryview(body))
    except _Wrong as wrong:
        raise breach(f"reading the server's {message.name}, {wrong.words}") from None


def _read(message: Message, where: str, body: memoryview) -> dict[str, Any]:
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
        path, left = where + field.name, end - at
        if (
            kind != field.type
            or zero
            or size > left
            or not field.size_min <= size <= field.size_max
        ):
            raise _wrong_header(field, path, kind, zero, size, left)
        if number <= last:
            _check_order(field, path, last)
        last = number
        value = _read_value(field, path, body[at : at + size])
        at += size
        if field.repeated:
            values.setdefault(field.name, []).append(value)
        else:
            values[field.name] = value
    _check_presence(message, where, values)
    return values


def _wrong_header(field: Field, path: str, kind: int, zero: int, size: int, left: int) -> _Wrong:
    """A field's own header: type, zero byte, size against the bytes left and the table."""
    if kind != field.type:
        return _Wrong(path, f"type {kind}", f"type {field.type}")
    if zero:
        return _Wrong(path, f"a fourth byte of {zero}", "0")
    if size > left:
        return _Wrong(path, f"a size of {size}", f"the {left} bytes left")
    return _Wrong(path, f"{size} bytes", f"{field.size_min} to {field.size_max}")


def _check_order(field: Field, path: str, last: int) -> None:
    """Ids ascend; only a repeated field may stand there again, and at once."""
    if field.id < last:
        raise _Wrong(path, f"id {field.id} after {last}", "ascending ids")
    if not field.repeated:
        raise _Wrong(path, "it a second time", "it once")


def _read_value(field: Field, path: str, data: memoryview) -> Any:
    """One value, of its type's size and in its range."""
    if field.record is not None:
        record = MESSAGES[field.record]
        return record.type(**_read(record, f"{path}.", data))
    try:
        value = _READERS[field.type](data)
    except UnicodeDecodeError:
        raise _Wrong(path, "bytes", "UTF-8") from None
    except (struct.error, ValueError):
        raise _Wrong(path, f"{len(data)} bytes", "its type's") from None
    if field.range or field.choices:
        _check_value(field, path, value)
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
    U64: lambda data: _U64.unpack(data)[0],
    F64: lambda data: _F64.unpack(data)[0],
    BYTES: bytes,
    TEXT: lambda data: str(data, "utf-8"),
    U32S: lambda data: list(struct.unpack(f"<{len(data) // 4}I", data)),
    F32S: _read_f32s,
    BOOL: _read_bool,
}

# ---------------------------------------------------------------- both ways


def _check_value(field: Field, path: str, value: Any) -> None:
    """A number against its range, a word against its choices."""
    if field.choices and value not in field.choices:
        raise _Wrong(path, "another word", ", ".join(field.choices))
    if field.range:
        low, high = field.range
        if not low <= value <= high or field.above and value == low:  # a NaN is not in between
            raise _Wrong(path, value, f"{'above ' if field.above else ''}{low} to {high}")


def _check_presence(message: Message, where: str, values: dict[str, Any]) -> None:
    """What must be there is there, nothing more often than allowed, nothing beside its opposite."""
    for field in message.counted:
        count = len(values.get(field.name, ())) if field.repeated else int(field.name in values)
        if not field.times_min <= count <= field.times_max:
            allowed = f"{field.times_min} to {field.times_max} times"
            raise _Wrong(where + field.name, f"it {count} times", allowed)
    if message.exactly_one:
        given = [name for name in message.exactly_one if name in values]
        if len(given) != 1:
            path = where + (given[-1] if given else message.exactly_one[0])
            allowed = "exactly one of " + ", ".join(message.exactly_one)
            raise _Wrong(path, " and ".join(given) or "none", allowed)
    for first, second in message.excludes:
        if first in values and second in values:
            raise _Wrong(where + second, f"it beside {first}", "one of them")
