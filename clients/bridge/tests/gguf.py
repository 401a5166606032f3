"""Writes one text into the metadata of a GGUF file.

    +------+---------+---------+------+- - - - - -+- - - - - - - -+- - -+- - - -
    | GGUF | version | tensors | keys | key=value  | tensor infos  | pad | data
    +------+---------+---------+------+- - - - - -+- - - - - - - -+- - -+- - - -
      u32     u32       u64      u64

The new key goes first, in place of a text that had its name, and a key of spaces after the new
one makes the difference a multiple of the data's alignment. So only the header changes: tensors'
offsets count from the start of the data.
"""

from __future__ import annotations

import pathlib
import struct

_HEADER = struct.Struct("<4sIQQ")
_TEXT = 8
_ALIGNMENT = 32  # the format's default, which the file uses


def _start(key: str) -> bytes:
    return struct.pack("<Q", len(key.encode())) + key.encode() + struct.pack("<I", _TEXT)


def _entry(key: str, value: str) -> bytes:
    return _start(key) + struct.pack("<Q", len(value.encode())) + value.encode()


def without_text(data: bytes, key: str) -> bytes:
    """The bytes of a file without the text of that name; not aligned."""
    before, found, rest = data.partition(_start(key))
    if not found:
        return data
    magic, version, tensors, keys = _HEADER.unpack_from(before)
    before = _HEADER.pack(magic, version, tensors, keys - 1) + before[_HEADER.size :]
    return before + rest[8 + struct.unpack_from("<Q", rest)[0] :]


def with_text(path: pathlib.Path, key: str, value: str) -> bytes:
    """The file's bytes with this text in the metadata, alone of its name."""
    data = path.read_bytes()
    magic, version, _, _ = _HEADER.unpack_from(data)
    assert magic == b"GGUF" and version == 3, "a GGUF file of version 3"
    assert b"general.alignment" not in data
    kept = without_text(data, key)
    assert key.encode() not in kept, "another key of this name, or no text"
    _, _, tensors, keys = _HEADER.unpack_from(kept)
    grown = len(kept) - len(data) + len(_entry(key, value) + _entry("test.spaces", ""))
    entries = _entry(key, value) + _entry("test.spaces", " " * (-grown % _ALIGNMENT))
    return _HEADER.pack(magic, version, tensors, keys + 2) + entries + kept[_HEADER.size :]
