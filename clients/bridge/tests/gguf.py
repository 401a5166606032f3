"""Adds one text to the metadata of a GGUF file.

    +------+---------+---------+------+- - - - - -+- - - - - - - -+- - -+- - - -
    | GGUF | version | tensors | keys | key=value  | tensor infos  | pad | data
    +------+---------+---------+------+- - - - - -+- - - - - - - -+- - -+- - - -
      u32     u32       u64      u64

The new key goes first, and a key of spaces after the new one makes both a multiple of the data's
alignment. So only the header changes: tensors' offsets count from the start of the data.
"""

from __future__ import annotations

import pathlib
import struct

_HEADER = struct.Struct("<4sIQQ")
_TEXT = 8
_ALIGNMENT = 32  # the format's default, which the file uses


def _entry(key: str, value: str) -> bytes:
    words = struct.pack("<Q", len(key.encode())) + key.encode()
    return words + struct.pack("<IQ", _TEXT, len(value.encode())) + value.encode()


def with_text(path: pathlib.Path, key: str, value: str) -> bytes:
    """The file's bytes with an additional text in the metadata."""
    data = path.read_bytes()
    magic, version, tensors, keys = _HEADER.unpack_from(data)
    assert magic == b"GGUF" and version == 3, "a GGUF file of version 3"
    assert key.encode() not in data and b"general.alignment" not in data
    spaces = -len(_entry(key, value) + _entry("test.spaces", "")) % _ALIGNMENT
    entries = _entry(key, value) + _entry("test.spaces", " " * spaces)
    return _HEADER.pack(magic, version, tensors, keys + 2) + entries + data[_HEADER.size :]
