"""Frames, fields and LZ4 blocks of Protocol/SPEC.md as bytes, free to be wrong.

Written from the document, with the standard library only, and shares nothing with any codec of the
project. Used by generate.py (the vectors) and by ../conformance (the scripted server). Checks
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


class Field:
    """One field: its bytes, and the same thing as JSON."""

    def __init__(self, number, name, kind, payload, value):
        self.raw = struct.pack("<HBBI", number, kind, 0, len(payload)) + payload
        self.json = {"id": number, "name": name, "value": value}


def u64(number, name, value):
    # A decimal string: JSON numbers lose precision above 2^53 in many languages.
    return Field(number, name, U64, struct.pack("<Q", value), str(value))


def f64(number, name, value):
    return Field(number, name, F64, struct.pack("<d", value), value)


def data(number, name, value):
    return Field(number, name, BYTES, value, value.hex())


def text(number, name, value):
    return Field(number, name, TEXT, value.encode("utf-8"), value)


def u32s(number, name, values):
    return Field(number, name, U32S, struct.pack("<%dI" % len(values), *values), values)


def f32s(number, name, values):
    return Field(number, name, F32S, struct.pack("<%df" % len(values), *values), values)


def boolean(number, name, value):
    return Field(number, name, BOOL, bytes([1 if value else 0]), value)


def record(number, name, fields):
    return Field(number, name, RECORD, body(fields), [f.json for f in fields])


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
    out = bytearray()
    value -= 15
    while value >= 255:
        out.append(255)
        value -= 255
    out.append(value)
    return bytes(out)


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


def _lz4_decode(block, size_max):
    out, at = bytearray(), 0
    while True:
        token = block[at]
        at += 1
        count = token >> 4
        if count == 15:
            while True:
                count += block[at]
                at += 1
                if block[at - 1] != 255:
                    break
        if at + count > len(block) or len(out) + count > size_max:
            raise ValueError("literals leave the block or the body")
        out += block[at:at + count]
        at += count
        if at == len(block):
            return bytes(out)
        offset = block[at] | block[at + 1] << 8
        at += 2
        count = (token & 15) + 4
        if token & 15 == 15:
            while True:
                count += block[at]
                at += 1
                if block[at - 1] != 255:
                    break
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
