"""Bodies as LZ4 blocks.

Guarantees: a block decodes to exactly the bytes its frame's header says, or is damage. Nothing is
allocated beyond that size, which the header's checks keep within the limit on bodies.
"""

from __future__ import annotations

import lz4.block

from ._errors import breach
from ._protocol import Limits


def pack(body: bytes) -> bytes | None:
    """`body` as an LZ4 block; None when that saves too little."""
    if len(body) >= Limits.COMPRESSION_SAMPLED_SIZE_MIN:
        start = (len(body) - Limits.COMPRESSION_SAMPLE_SIZE) // 2
        if _saving(body[start : start + Limits.COMPRESSION_SAMPLE_SIZE]) is None:
            return None
    return _saving(body)


def _saving(body: bytes) -> bytes | None:
    block: bytes = lz4.block.compress(body, store_size=False)
    return block if len(block) * 100 <= len(body) * Limits.COMPRESSION_PERCENT_MAX else None


def unpack(block: bytes, raw_size: int) -> bytes:
    """Exactly `raw_size` bytes; everything else a block may come to is damage."""
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


def has_zero_offset(data: bytes) -> bool:
    """Does a match of this block point at itself? liblz4 lets that pass and invents bytes.

    Such an offset is two zero bytes: most blocks have none, and are not walked through at all.
    Raises IndexError where the block ends too early.
    """
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
