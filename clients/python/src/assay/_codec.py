"""Bodies by table: values to bytes and bytes to values.

    +----+----+----+--------+---------------- - -+
    | id |type|zero|  size  | size bytes         |   u16, u8, u8, u32, little-endian
    +----+----+----+--------+---------------- - -+

Guarantees: reading checks every length against the bytes that are there before anything is made of
it, and refuses whatever the table does not list; what it returns holds no part of the input.
Writing sends what is given as it is: ranges are the server's to judge, and only what cannot be
written down at all is refused here. Not here: rules across fields (see _answers).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable
from typing import Any

from ._errors import REQUEST_INVALID, REVISION_TOO_LOW, AssayError, breach
from ._protocol import BOOL, BYTES, F32S, F64, MESSAGES, TEXT, U32S, U64
from ._tables import Field, Message

_HEADER = struct.Struct("<HBBI")
_U64 = struct.Struct("<Q")
_F64 = struct.Struct("<d")

# ---------------------------------------------------------------- writing


def encode(message: Message, values: object, revision: int) -> bytes:
    """The body of `values`, a dataclass of `message`.

    Raises `revision_too_low` for a field that `revision` does not know, `request_invalid` for a
    value that has no such form.
    """
    parts: list[bytes] = []
    for field in message.fields:
        value = getattr(values, field.name)
        if value is None:
            continue
        if not field.repeated:
            value = (value,)
        elif isinstance(value, (str, bytes)):
            raise _not_writable(message, field, value)
        for element in value:
            payload = write_value(message, field, element, revision)
            parts.append(_HEADER.pack(field.id, field.type, 0, len(payload)))
            parts.append(payload)
    return b"".join(parts)


def write_value(message: Message, field: Field, value: Any, revision: int) -> bytes:
    """One value's bytes."""
    if field.since > revision:
        raise AssayError(
            REVISION_TOO_LOW,
            f'sending "{field.name}" of {message.name}: needs revision {field.since} of the '
            f"protocol, the server speaks revision {revision}",
            field=field.name,
        )
    try:
        if field.record is not None:
            return encode(MESSAGES[field.record], value, revision)
        return _WRITERS[field.type](value)
    except (struct.error, UnicodeError, TypeError, ValueError, OverflowError, AttributeError):
        raise _not_writable(message, field, value) from None


def _not_writable(message: Message, field: Field, value: Any) -> AssayError:
    return AssayError(
        REQUEST_INVALID,
        f'sending "{field.name}" of {message.name}: found a value of type '
        f"{type(value).__name__} that cannot be written as the protocol's type {field.type}",
        field=field.name,
    )


def _write_u32s(value: Any) -> bytes:
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError
    return struct.pack(f"<{len(value)}I", *value)


def _write_f32s(value: Any) -> bytes:
    return struct.pack(f"<{len(value)}f", *value)


def _write_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise TypeError
    return b"\1" if value else b"\0"


_WRITERS: dict[int, Callable[[Any], bytes]] = {
    U64: _U64.pack,
    F64: _F64.pack,
    BYTES: lambda value: memoryview(value).tobytes(),
    TEXT: str.encode,
    U32S: _write_u32s,
    F32S: _write_f32s,
    BOOL: _write_bool,
}

# ---------------------------------------------------------------- reading


def decode(message: Message, body: memoryview, where: str = "") -> dict[str, Any]:
    """The values of a body by field name. Raises `protocol_error`, the field named."""
    values: dict[str, Any] = {}
    at, end, last = 0, len(body), 0
    while at < end:
        if end - at < 8:
            raise _damaged(message, where, "", f"{end - at} bytes", "a field's header of 8 bytes")
        number, kind, zero, size = _HEADER.unpack_from(body, at)
        at += 8
        field = message.by_id.get(number)
        if field is None:
            raise _damaged(message, where, f"#{number}", f"field {number}", "the ids of its table")
        left = end - at
        if (
            kind != field.type
            or zero
            or size > left
            or not field.size_min <= size <= field.size_max
        ):
            check_field(message, where, field, kind, zero, size, left)
        if number <= last:
            check_order(message, where, field, last)
        last = number
        value = read_value(message, where, field, body[at : at + size])
        at += size
        if field.repeated:
            values.setdefault(field.name, []).append(value)
        else:
            values[field.name] = value
    if message.counted:
        check_counts(message, where, values)
    return values


def check_field(
    message: Message, where: str, field: Field, kind: int, zero: int, size: int, left: int
) -> None:
    """A field's own header: type, zero byte, size against the bytes left and the table."""
    if kind != field.type:
        raise _damaged(message, where, field.name, f"type {kind}", f"type {field.type}")
    if zero:
        raise _damaged(message, where, field.name, f"a fourth byte of {zero}", "0")
    if size > left:
        raise _damaged(message, where, field.name, f"a size of {size}", f"the {left} bytes left")
    if not field.size_min <= size <= field.size_max:
        allowed = f"{field.size_min} to {field.size_max}"
        raise _damaged(message, where, field.name, f"{size} bytes", allowed)


def check_order(message: Message, where: str, field: Field, last: int) -> None:
    """Ids ascend; only a repeated field may stand there again, and at once."""
    if field.id < last:
        raise _damaged(message, where, field.name, f"id {field.id} after {last}", "ascending ids")
    if field.id == last and not field.repeated:
        raise _damaged(message, where, field.name, "it a second time", "it once")


def check_counts(message: Message, where: str, values: dict[str, Any]) -> None:
    """What is required is there, and nothing more often than allowed."""
    for name in message.required:
        if name not in values:
            raise _damaged(message, where, name, "no such field", "one: it is required")
    for field in message.repeated:
        count = len(values.get(field.name, ()))
        if not field.times_min <= count <= field.times_max:
            allowed = f"{field.times_min} to {field.times_max} times"
            raise _damaged(message, where, field.name, f"it {count} times", allowed)


def read_value(message: Message, where: str, field: Field, data: memoryview) -> Any:
    """One value, of its type's size and in its range."""
    if field.record is not None:
        record = MESSAGES[field.record]
        return record.type(**decode(record, data, f"{where}{field.name}."))
    try:
        value = _READERS[field.type](data)
    except UnicodeDecodeError:
        raise _damaged(message, where, field.name, "bytes", "UTF-8") from None
    except (struct.error, ValueError):
        raise _damaged(message, where, field.name, f"{len(data)} bytes", "its type's") from None
    if field.ranged:
        check_range(message, where, field, value)
    return value


def check_range(message: Message, where: str, field: Field, value: Any) -> None:
    """A number against its range, a word against its choices."""
    if field.choices is not None:
        if value not in field.choices:
            raise _damaged(message, where, field.name, "another word", ", ".join(field.choices))
    elif field.max is not None and field.min is not None:
        if not field.min <= value <= field.max:  # a NaN fails both comparisons
            allowed = f"{field.min} to {field.max}"
            raise _damaged(message, where, field.name, str(value), allowed)


def _damaged(message: Message, where: str, field: str, found: str, allowed: str) -> AssayError:
    return breach(
        f'reading the server\'s {message.name}, field "{where}{field}": found {found}, '
        f"allowed: {allowed}"
    )


def _read_u32s(data: memoryview) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def _read_f32s(data: memoryview) -> array[float]:
    values = array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _read_bool(data: memoryview) -> bool:
    if len(data) != 1 or data[0] > 1:
        raise ValueError
    return data[0] == 1


_READERS: dict[int, Callable[[memoryview], Any]] = {
    U64: lambda data: _U64.unpack(data)[0],
    F64: lambda data: _F64.unpack(data)[0],
    BYTES: bytes,
    TEXT: lambda data: str(data, "utf-8"),
    U32S: _read_u32s,
    F32S: _read_f32s,
    BOOL: _read_bool,
}
