"""Frames, fields and LZ4 blocks of Protocol/SPEC.md as bytes, free to be wrong.

Written from the document, with the standard library only, and shares nothing with any codec of the
project but the numbers and types of protocol.json. Used by generate.py (the vectors) and by ../conformance (the scripted server). Checks
nothing on purpose: arguments may ask for a wrong frame.
"""

import json
import os
import struct

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "protocol.json"),
          encoding="utf-8") as _handle:
    PROTOCOL = json.load(_handle)

COMPRESSED, MORE, DEGRADED = 1, 2, 4
REAL, MOCK = 1, 2
STATUS = {status["name"]: status["number"] for status in PROTOCOL["statuses"]}
KIND = {kind["name"]: kind["number"] for kind in PROTOCOL["kinds"]}

# ---------------------------------------------------------------- fields

U64, F64, BYTES, TEXT, U32S, F32S, RECORD, BOOL = range(1, 9)
TYPE = {row["name"]: row["number"] for row in PROTOCOL["types"]}

# Type -> bytes of a value in the form of the vectors' JSON.
PAYLOAD = {
    "u64": lambda value: struct.pack("<Q", int(value)),
    "f64": lambda value: struct.pack("<d", value),
    "bytes": bytes.fromhex,
    "text": str.encode,
    "u32[]": lambda values: struct.pack("<%dI" % len(values), *values),
    "f32[]": lambda values: struct.pack("<%df" % len(values), *values),
    "bool": lambda value: b"\1" if value else b"\0",
}
# A u64 is a decimal string: JSON numbers lose precision above 2^53 in many languages.
AS_JSON = {"u64": str, "bytes": bytes.hex}


class Field:
    """One field by its row of a table: its bytes, and the same thing as JSON."""

    def __init__(self, row, value):
        kind = row["type"]
        if kind == "record":
            inner = fields(row["record"], value)
            payload, value = body(inner), [field.json for field in inner]
        else:
            value = AS_JSON[kind](value) if kind in AS_JSON else value
            payload = PAYLOAD[kind](value)
        self.raw = raw_field(row["id"], TYPE[kind], payload)
        self.json = {"id": row["id"], "name": row["name"], "value": value}


def fields(message, values):
    """The fields of a message in the order of its table: a list where a field may be repeated, a
    dictionary for a record."""
    rows = PROTOCOL["messages"][message]["fields"]
    assert set(values) <= {row["name"] for row in rows}, (message, values)
    return [Field(row, one) for row in rows if row["name"] in values
            for one in (values[row["name"]] if row["presence"] == "repeated"
                        else [values[row["name"]]])]


def body(fields):
    return b"".join(f.raw for f in fields)


def raw_field(number, kind, payload, size=None, zero=0):
    """A field as bytes, free to be wrong."""
    size = len(payload) if size is None else size
    return struct.pack("<HBBI", number, kind, zero, size) + payload


# ---------------------------------------------------------------- frames

def header(kind, flags=0, provenance=0, request=1, status=0, raw=0, generation=0, wire=None,
           version=1, reserved=0, length=None):
    wire = raw if wire is None else wire
    length = 28 + wire if length is None else length
    return struct.pack("<IBBBBQIIII", length & 0xFFFFFFFF, version, kind, flags, provenance,
                       request, status, raw, generation, reserved)


def packed(block, raw_body, **words):
    """A frame whose body is an LZ4 block of `raw_body`."""
    return header(raw=len(raw_body), wire=len(block), **words) + block


def plain(raw_body, **words):
    return header(raw=len(raw_body), **words) + raw_body


# ---------------------------------------------------------------- LZ4 blocks, by hand

def lz4_length(value):
    """The bytes after a token's nibble of 15."""
    rest = value - 15
    return b"\xff" * (rest // 255) + bytes([rest % 255])


def lz4_sequence(literals, offset=None, match=None):
    """A sequence. Without a match, the last sequence of a block."""
    high = min(len(literals), 15)
    low = 0 if match is None else min(match - 4, 15)
    out = bytearray([high << 4 | low])
    if high == 15:
        out += lz4_length(len(literals))
    out += literals
    if match is not None:
        out += struct.pack("<H", offset)
        if low == 15:
            out += lz4_length(match - 4)
    return bytes(out)


def lz4_decode(block, size_max=1 << 26):
    """The inverse, written from the format's description to prove the blocks above. ValueError for
    bytes that are no block, or a block of more than `size_max` bytes."""
    try:
        out = _lz4_decode(block, size_max)
    except IndexError:
        raise ValueError("the block ends too early") from None
    return out


def _count(block, at, count):
    """A token's nibble with the bytes at `at` that a nibble of 15 has, and the place behind."""
    if count == 15:
        while block[at] == 255:
            count, at = count + 255, at + 1
        count, at = count + block[at], at + 1
    return count, at


def _lz4_decode(block, size_max):
    out, at = bytearray(), 0
    while True:
        token = block[at]
        at += 1
        count, at = _count(block, at, token >> 4)
        if at + count > len(block) or len(out) + count > size_max:
            raise ValueError("literals leave the block or the body")
        out += block[at:at + count]
        at += count
        if at == len(block):
            return bytes(out)
        offset = block[at] | block[at + 1] << 8
        count, at = _count(block, at + 2, token & 15)
        count += 4
        if offset == 0 or offset > len(out) or len(out) + count > size_max:
            raise ValueError("a match leaves the body")
        for _ in range(count // offset):
            out += out[-offset:]
        count %= offset
        out += out[len(out) - offset:len(out) - offset + count]


def lz4_runs(prefix, period, length):
    """A block for `prefix` followed by its last `period` bytes repeated up to `length` in all."""
    tail = 12  # the format wants the last five bytes, and no match in the last twelve, as literals
    raw_body = bytearray(prefix)
    while len(raw_body) < length:
        raw_body.append(raw_body[-period])
    raw_body = bytes(raw_body)
    match = length - len(prefix) - tail
    block = lz4_sequence(prefix, period, match) + lz4_sequence(raw_body[-tail:])
    assert lz4_decode(block) == raw_body
    return block, raw_body


def _common(data, left, right, end):
    """Number of equal bytes at `left` and `right`, before `end`."""
    size, step = 0, 16
    while step:
        step = min(step, max(end - right - size, 0))
        if step and data[left + size:left + size + step] == data[right + size:right + size + step]:
            size += step
            step *= 2
        else:
            step //= 2
    return size


def lz4_encode(raw_body):
    """A block for any bytes: greedy, one position remembered per four bytes."""
    out, anchor, at, seen = bytearray(), 0, 0, {}
    end = len(raw_body) - 12  # no match begins in the last twelve bytes, nor covers the last five
    while at < end:
        word = raw_body[at:at + 4]
        before = seen.get(word)
        seen[word] = at
        if before is None or at - before > 65535:
            at += 1
            continue
        size = 4 + _common(raw_body, before + 4, at + 4, len(raw_body) - 5)
        out += lz4_sequence(raw_body[anchor:at], at - before, size)
        at += size
        anchor = at
    return bytes(out + lz4_sequence(raw_body[anchor:]))
