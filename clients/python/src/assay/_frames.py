"""Frames: 32 bytes of header, and a body that may be an LZ4 block.

     0        4  5  6  7  8                16       20       24       28       32
     +--------+--+--+--+--+-----------------+--------+--------+--------+--------+------ - -
     | length |v |k |f |p |    requestID    | status |rawSize | gener. |reserved| body
     +--------+--+--+--+--+-----------------+--------+--------+--------+--------+------ - -

Guarantees: a header is refused as soon as its faulty bytes are present. No header causes an
allocation. A block decodes to exactly the bytes that its header announces, or is damage.
Not here: the effect of a frame on a connection (see _connection).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import lz4.block

from . import _protocol as protocol
from ._errors import breach
from ._protocol import FLAG_COMPRESSED, FLAG_MORE, RESPONSE_BIT, VERSION, Limits

HEADER = struct.Struct("<IBBBBQIIII")
HEADER_SIZE = Limits.HEADER_SIZE
COUNTED = Limits.HEADER_SIZE_COUNTED
_UNFINISHED = FLAG_MORE | protocol.FLAG_DEGRADED
_PROVENANCES = (protocol.PROVENANCE_REAL, protocol.PROVENANCE_MOCK)
_GOAWAY = protocol.GOAWAY_KIND | RESPONSE_BIT


class Head(NamedTuple):
    """The words of a header, in order."""

    length: int
    version: int
    kind: int
    flags: int
    provenance: int
    request_id: int
    status: int
    raw_size: int
    generation: int
    reserved: int


#: makes a named tuple from a tuple, at half the cost of `_make`
new_tuple = tuple.__new__


def request_frame(kind: int, request_id: int, deadline: int, body: bytes, packs: bool) -> bytes:
    """Makes the frame of a request. With `packs` the body may become an LZ4 block."""
    flags, raw_size = 0, len(body)
    if packs and raw_size >= Limits.COMPRESSION_SIZE_MIN:
        block = pack(body)
        if block is not None:
            flags, body = FLAG_COMPRESSED, block
    size = COUNTED + len(body)
    return HEADER.pack(size, VERSION, kind, flags, 0, request_id, deadline, raw_size, 0, 0) + body


# ---------------------------------------------------------------- headers of responses


def check_header(head: Head, body_limit: int, rules: int | None = None) -> None:
    """Checks a header by the first `rules` rules, or by all for None."""
    length, version, kind, flags, provenance, request_id, status, raw_size, _, reserved = head
    if (
        (flags == 0 or flags == FLAG_MORE and not status)
        and COUNTED <= length <= COUNTED + body_limit
        and raw_size == length - COUNTED
        and version == VERSION
        and RESPONSE_BIT < kind != _GOAWAY
        and provenance in _PROVENANCES
        and request_id
        and not reserved
    ):
        return  # the common case: whole, uncompressed, no GoAway, no fault
    for is_kept, name, found, allowed in islice(_rules(head, body_limit), rules):
        if not is_kept:
            raise breach(f"reading a frame's header ({name}): found {found}, allowed: {allowed}")


def check_first_bytes(data: bytes, body_limit: int) -> None:
    """Checks the length and the version of an incomplete header."""
    if len(data) >= 4:
        head = new_tuple(Head, HEADER.unpack(data.ljust(HEADER_SIZE, b"\0")))
        check_header(head, body_limit, 2 if len(data) == 4 else 3)


def _rules(head: Head, body_limit: int) -> Iterator[tuple[bool, str, object, object]]:
    """Yields the rules of Protocol/SPEC.md, section 1, in order, the first two on the length:
    true if kept, the name of a breach, the value found, the value allowed."""
    length, version, kind, flags, provenance, request_id, status, raw_size, _, reserved = head
    size = length - COUNTED
    yield size >= 0, "length_too_small", length, f"at least {COUNTED}"
    yield size <= body_limit, "length_too_large", length, f"at most {COUNTED + body_limit}"
    yield version == VERSION, "version_unsupported", version, VERSION
    yield reserved == 0, "reserved_not_zero", reserved, 0
    yield kind > RESPONSE_BIT, "kind_out_of_range", f"0x{kind:02x}", "0x81 to 0xff"
    known = flags & ~(FLAG_COMPRESSED | _UNFINISHED) == 0
    yield known, "flags_unknown", f"0x{flags:02x}", "bits 0 to 2"
    yield provenance in _PROVENANCES, "provenance_invalid", provenance, "1 (real) or 2 (mock)"
    is_go_away = kind == _GOAWAY
    yield is_go_away == (request_id == 0), "request_id_invalid", request_id, "0 exactly in GoAway"
    alone = not (status and flags & _UNFINISHED)
    yield alone, "flags_conflict", f"flags {flags} with a status", "compressed only"
    yield raw_size <= body_limit, "raw_size_too_large", raw_size, f"at most {body_limit}"
    if not flags & FLAG_COMPRESSED:
        yield raw_size == size, "raw_size_mismatch", raw_size, size
        return
    useful = Limits.COMPRESSION_SIZE_MIN <= raw_size and 0 < size < raw_size
    found = f"{raw_size} bytes in a block of {size}"
    yield useful, "compression_not_useful", found, "at least 1024 bytes in fewer, not none"


# ---------------------------------------------------------------- LZ4 blocks


def pack(body: bytes) -> bytes | None:
    """Packs `body` into an LZ4 block, or returns None when the block saves too little."""
    if len(body) >= Limits.COMPRESSION_SAMPLED_SIZE_MIN:
        start = (len(body) - Limits.COMPRESSION_SAMPLE_SIZE) // 2
        if _saving(body[start : start + Limits.COMPRESSION_SAMPLE_SIZE]) is None:
            return None
    return _saving(body)


def _saving(body: bytes) -> bytes | None:
    block: bytes = lz4.block.compress(body, store_size=False)
    return block if len(block) * 100 <= len(body) * Limits.COMPRESSION_PERCENT_MAX else None


def unpack(block: bytes, raw_size: int) -> bytes:
    """Unpacks a block to exactly `raw_size` bytes. Any other result is damage."""
    try:
        if has_zero_offset(block):
            raise ValueError("a match offset of 0")
        body: bytes = lz4.block.decompress(block, uncompressed_size=raw_size)
        if len(body) != raw_size:
            raise ValueError(f"{len(body)} bytes")
        return body
    except (ValueError, IndexError, lz4.block.LZ4BlockError, MemoryError) as error:
        raise breach(
            f"decompressing a body (compressed_body_damaged): found {error}, allowed: a block of "
            f"exactly {raw_size} bytes"
        ) from None


def has_zero_offset(block: bytes) -> bool:
    """True when a match of the block has offset 0, which liblz4 accepts and turns into arbitrary
    bytes.

    Offset 0 is two zero bytes, and a block without two zero bytes in a row needs no walk. Raises
    IndexError when the block ends too early.
    """
    at = 0 if b"\0\0" in block else len(block)
    while at < len(block):
        token = block[at]
        count, at = _length(block, token >> 4, at + 1)
        at += count
        if at >= len(block):
            break  # the last sequence has no match
        if block[at] == block[at + 1] == 0:
            return True
        _, at = _length(block, token & 15, at + 2)
    return False


def _length(block: bytes, count: int, at: int) -> tuple[int, int]:
    """Returns a length that begins with the token half `count`, and the position after the
    length. 15 continues in further bytes."""
    more = 255 if count == 15 else 0
    while more == 255:
        more = block[at]
        count += more
        at += 1
    return count, at
