"""Adds one text to the metadata of a GGUF file.

    +------+---------+---------+------+- - - - - -+- - - - - - - -+- - -+- - - -
    | GGUF | version | tensors | keys | key=value  | tensor infos  | pad | data
    +------+---------+---------+------+- - - - - -+- - - - - - - -+- - -+- - - -
      u32     u32       u64      u64

The new key goes first, so only the header and the padding change: tensors' offsets count from the
start of the data.
"""

from __future__ import annotations

import pathlib
import struct

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_TEXT, _LIST = 8, 9
_ALIGNMENT = 32  # the format's default, which the file uses


class _Reader:
    """Walks over values without keeping them."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return int(value)

    def text(self) -> bytes:
        size = self.number("Q")
        self.at += size
        return self.data[self.at - size : self.at]

    def value(self, kind: int) -> None:
        if kind == _TEXT:
            self.text()
        elif kind == _LIST:
            kind = self.number("I")
            for _ in range(self.number("Q")):
                self.value(kind)
        else:
            self.at += _SIZES[kind]


def with_text(path: pathlib.Path, key: str, value: str) -> bytes:
    """The file's bytes with an additional text in the metadata."""
    data = path.read_bytes()
    magic, version, tensors, keys = struct.unpack_from("<4sIQQ", data)
    assert magic == b"GGUF" and version == 3, "a GGUF file of version 3"
    reader = _Reader(data, 24)
    for _ in range(keys):
        assert reader.text() not in (b"general.alignment", key.encode())
        reader.value(reader.number("I"))
    for _ in range(tensors):
        reader.text()
        dimensions = reader.number("I")
        reader.at += 8 * dimensions + 4 + 8
    infos = data[24 : reader.at]
    start = reader.at + -reader.at % _ALIGNMENT
    entry = b"".join(
        (
            struct.pack("<Q", len(key.encode())) + key.encode(),
            struct.pack("<IQ", _TEXT, len(value.encode())) + value.encode(),
        )
    )
    head = struct.pack("<4sIQQ", magic, version, tensors, keys + 1) + entry + infos
    return head + bytes(-len(head) % _ALIGNMENT) + data[start:]
