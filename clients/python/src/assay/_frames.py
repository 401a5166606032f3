"""Frames: 32 bytes of header, and a body that may be an LZ4 block.

     0        4  5  6  7  8                16       20       24       28       32
     +--------+--+--+--+--+-----------------+--------+--------+--------+--------+------ - -
     | length |v |k |f |p |    requestID    | status |rawSize | gener. |reserved| body
     +--------+--+--+--+--+-----------------+--------+--------+--------+--------+------ - -

Guarantees: a header is refused as soon as the bytes that condemn it are there; nothing is allocated
because a header announces it. Not here: what a frame means to a connection (see _connection).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from . import _protocol as protocol
from ._errors import AssayError, breach
from ._lz4 import pack
from ._protocol import GOAWAY_KIND, PROVENANCE_MOCK, PROVENANCE_REAL, RESPONSE_BIT, VERSION, Limits

HEADER = struct.Struct("<IBBBBQIIII")
HEADER_SIZE = Limits.HEADER_SIZE
COUNTED = Limits.HEADER_SIZE_COUNTED
_LENGTH = struct.Struct("<I")
_ALL_FLAGS = protocol.FLAG_COMPRESSED | protocol.FLAG_MORE | protocol.FLAG_DEGRADED
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
            flags, body = protocol.FLAG_COMPRESSED, block
    size = COUNTED + len(body)
    return HEADER.pack(size, VERSION, kind, flags, 0, request_id, deadline, raw_size, 0, 0) + body


def _refused(code: str, found: object, allowed: str) -> AssayError:
    return breach(f"reading a frame's header ({code}): found {found}, allowed: {allowed}")


def check_first_bytes(data: bytes, body_limit: int) -> None:
    """What fewer than 32 bytes can already condemn: the length, the version."""
    if len(data) >= 4:
        _check_length(_LENGTH.unpack_from(data)[0], body_limit)
    if len(data) >= 5:
        _check_version(data[4])


def _check_length(length: int, body_limit: int) -> None:
    if length < COUNTED:
        raise _refused("length_too_small", length, f"at least {COUNTED}")
    if length - COUNTED > body_limit:
        raise _refused("length_too_large", length, f"at most {COUNTED + body_limit}")


def _check_version(version: int) -> None:
    if version != VERSION:
        raise _refused("version_unsupported", version, str(VERSION))


def check_header(head: Head, body_limit: int) -> None:
    """A whole header of a response, in the order of Protocol/SPEC.md, section 1."""
    length, version, kind, flags, provenance, request_id, status, raw_size, _, reserved = head
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
    _check_length(length, body_limit)
    _check_version(version)
    if reserved:
        raise _refused("reserved_not_zero", reserved, "0")
    if kind <= RESPONSE_BIT:
        raise _refused("kind_out_of_range", f"0x{kind:02x}", "0x81 to 0xff")
    if flags & ~_ALL_FLAGS:
        raise _refused("flags_unknown", f"0x{flags:02x}", "bits 0 to 2")
    if provenance not in (PROVENANCE_REAL, PROVENANCE_MOCK):
        raise _refused("provenance_invalid", provenance, "1 (real) or 2 (mock)")
    if (request_id == 0) != (kind == _GOAWAY):
        raise _refused("request_id_invalid", request_id, "0 exactly in GoAway")
    if status and flags & (protocol.FLAG_MORE | protocol.FLAG_DEGRADED):
        raise _refused("flags_conflict", f"flags {flags} with a status", "compressed only")
    _check_sizes(length - COUNTED, raw_size, flags, body_limit)


def _check_sizes(wire_size: int, raw_size: int, flags: int, body_limit: int) -> None:
    """The size before compression against the limit and against the size on the wire."""
    if raw_size > body_limit:
        raise _refused("raw_size_too_large", raw_size, f"at most {body_limit}")
    if not flags & protocol.FLAG_COMPRESSED:
        if raw_size != wire_size:
            raise _refused("raw_size_mismatch", raw_size, str(wire_size))
    elif raw_size < Limits.COMPRESSION_SIZE_MIN or not 0 < wire_size < raw_size:
        found = f"{raw_size} bytes in a block of {wire_size}"
        raise _refused("compression_not_useful", found, "at least 1024 bytes in fewer, not none")
