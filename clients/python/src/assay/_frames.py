"""Frames: 32 bytes of header, and a body that may be an LZ4 block.

     0        4  5  6  7  8                16       20       24       28       32
     +--------+--+--+--+--+-----------------+--------+--------+--------+--------+------ - -
     | length |v |k |f |p |    requestID    | status |rawSize | gener. |reserved| body
     +--------+--+--+--+--+-----------------+--------+--------+--------+--------+------ - -

Guarantees: a header is refused as soon as the bytes that condemn it are there; nothing is allocated
because a header announces it, except a decompressed body, which is within the limit on bodies.
Not here: what a frame means to a connection (see _connection).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import lz4.block

from ._errors import AssayError, breach
from ._protocol import (
    FLAG_COMPRESSED,
    FLAG_DEGRADED,
    FLAG_MORE,
    GOAWAY_KIND,
    PROVENANCE_MOCK,
    PROVENANCE_REAL,
    RESPONSE_BIT,
    VERSION,
    Limits,
)

HEADER = struct.Struct("<IBBBBQIIII")
HEADER_SIZE = Limits.HEADER_SIZE
COUNTED = Limits.HEADER_SIZE_COUNTED
_LENGTH = struct.Struct("<I")
_ALL_FLAGS = FLAG_COMPRESSED | FLAG_MORE | FLAG_DEGRADED
_GOAWAY = GOAWAY_KIND | RESPONSE_BIT


class Head(NamedTuple):
    """A header's words, in their order."""

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


#: makes a Head of a tuple at half the cost of `Head._make`
new_head = tuple.__new__


def request_frame(kind: int, request_id: int, deadline: int, body: bytes, packs: bool) -> bytes:
    """One frame of a request; with `packs` its body may become an LZ4 block."""
    flags, raw_size = 0, len(body)
    if packs and raw_size >= Limits.COMPRESSION_SIZE_MIN:
        block = pack(body)
        if block is not None:
            flags, body = FLAG_COMPRESSED, block
    size = COUNTED + len(body)
    return HEADER.pack(size, VERSION, kind, flags, 0, request_id, deadline, raw_size, 0, 0) + body


# ---------------------------------------------------------------- checking a header


def _refused(code: str, found: str, allowed: str) -> AssayError:
    return breach(f"reading a frame's header ({code}): found {found}, allowed: {allowed}")


def check_first_bytes(data: memoryview, body_limit: int) -> None:
    """What fewer than 32 bytes can already condemn: the length, the version."""
    if len(data) >= 4:
        check_length(_LENGTH.unpack_from(data)[0], body_limit)
    if len(data) >= 5:
        check_version(data[4])


def check_length(length: int, body_limit: int) -> None:
    """The first word: no less than a header, no more than a body within the limit."""
    if length < COUNTED:
        raise _refused("length_too_small", str(length), f"at least {COUNTED}")
    if length - COUNTED > body_limit:
        raise _refused("length_too_large", str(length), f"at most {COUNTED + body_limit}")


def check_version(version: int) -> None:
    """The fifth byte."""
    if version != VERSION:
        raise _refused("version_unsupported", str(version), str(VERSION))


def check_header(head: Head, body_limit: int) -> None:
    """A whole header of a response, in the order of Protocol/SPEC.md, section 1."""
    length, version, kind, flags, provenance, request_id, _, raw_size, _, reserved = head
    if (
        flags == 0
        and COUNTED <= length <= COUNTED + body_limit
        and raw_size == length - COUNTED
        and version == VERSION
        and RESPONSE_BIT < kind != _GOAWAY
        and (provenance == PROVENANCE_REAL or provenance == PROVENANCE_MOCK)
        and request_id
        and not reserved
    ):
        return  # the most frequent header by far: no flags, no GoAway, nothing wrong
    check_length(head.length, body_limit)
    check_version(head.version)
    if head.reserved:
        raise _refused("reserved_not_zero", str(head.reserved), "0")
    if head.kind <= RESPONSE_BIT:
        raise _refused("kind_out_of_range", f"0x{head.kind:02x}", "0x81 to 0xff")
    check_flags(head.flags)
    check_provenance_byte(head.provenance)
    if (head.request_id == 0) != (head.kind == _GOAWAY):
        raise _refused("request_id_invalid", str(head.request_id), "0 exactly in GoAway")
    if head.status and head.flags & (FLAG_MORE | FLAG_DEGRADED):
        raise _refused("flags_conflict", f"flags {head.flags} with a status", "compressed only")
    check_sizes(head, body_limit)


def check_flags(flags: int) -> None:
    """No bits but the known ones."""
    if flags & ~_ALL_FLAGS:
        raise _refused("flags_unknown", f"0x{flags:02x}", "bits 0 to 2")


def check_provenance_byte(provenance: int) -> None:
    """Real or mock, there is no third."""
    if provenance != PROVENANCE_REAL and provenance != PROVENANCE_MOCK:
        raise _refused("provenance_invalid", str(provenance), "1 (real) or 2 (mock)")


def check_sizes(head: Head, body_limit: int) -> None:
    """The size before compression against the limit and against the size on the wire."""
    wire_size = head.length - COUNTED
    if head.raw_size > body_limit:
        raise _refused("raw_size_too_large", str(head.raw_size), f"at most {body_limit}")
    if not head.flags & FLAG_COMPRESSED:
        if head.raw_size != wire_size:
            raise _refused("raw_size_mismatch", str(head.raw_size), str(wire_size))
    elif head.raw_size < Limits.COMPRESSION_SIZE_MIN or not 0 < wire_size < head.raw_size:
        found = f"{head.raw_size} bytes in a block of {wire_size}"
        raise _refused("compression_not_useful", found, "at least 1024 bytes in fewer, not none")


# ---------------------------------------------------------------- LZ4 blocks


def pack(body: bytes) -> bytes | None:
    """`body` as an LZ4 block; None when that saves too little."""
    if len(body) >= Limits.COMPRESSION_SAMPLED_SIZE_MIN:
        start = (len(body) - Limits.COMPRESSION_SAMPLE_SIZE) // 2
        sample = body[start : start + Limits.COMPRESSION_SAMPLE_SIZE]
        if not _saves(lz4.block.compress(sample, store_size=False), sample):
            return None
    block: bytes = lz4.block.compress(body, store_size=False)
    return block if _saves(block, body) else None


def _saves(block: bytes, body: bytes) -> bool:
    return len(block) * 100 <= len(body) * Limits.COMPRESSION_PERCENT_MAX


def unpack(block: memoryview, raw_size: int) -> memoryview:
    """Exactly `raw_size` bytes; everything else a block may come to is damage."""
    try:
        if has_zero_offset(block):
            raise ValueError("a match offset of 0")
        body = lz4.block.decompress(block, uncompressed_size=raw_size)
    except (ValueError, IndexError, lz4.block.LZ4BlockError, MemoryError) as error:
        raise breach(
            f"decompressing a body (compressed_body_damaged): found {error}, allowed: a block of "
            f"exactly {raw_size} bytes"
        ) from None
    check_raw_size(len(body), raw_size)
    return memoryview(body)


def check_raw_size(found: int, raw_size: int) -> None:
    """A block that decodes to less than its header says is damage."""
    if found != raw_size:
        raise breach(
            f"decompressing a body (compressed_body_damaged): found {found} bytes, allowed: "
            f"{raw_size}, as the header says"
        )


def has_zero_offset(block: memoryview) -> bool:
    """Does a match of this block point at itself? liblz4 lets that pass and invents bytes.

    Such an offset is two zero bytes: most blocks have none, and are not walked through at all.
    Raises IndexError where the block ends too early.
    """
    data = bytes(block)
    if data.find(b"\0\0") < 0:
        return False
    at, end = 0, len(data)
    while at < end:
        token = data[at]
        at += 1
        count = token >> 4
        if count == 15:
            while data[at] == 255:
                count += 255
                at += 1
            count += data[at]
            at += 1
        at += count
        if at >= end:
            return False
        if data[at] == 0 and data[at + 1] == 0:
            return True
        at += 2
        if token & 15 == 15:
            while data[at] == 255:
                at += 1
            at += 1
    return False
