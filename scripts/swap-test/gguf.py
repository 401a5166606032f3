"""A GGUF file as bytes with known places, and copies of it with single changes.

Guarantees: `GGUF` reads only files that are right; every change makes a new file and leaves the
read one alone. The layout is that of scripts/soak/models.py.
"""

import struct

from models import ALIGNMENT, after_text, after_value

HEADER = 24
F32 = 0


class Tensor:
    """A tensor of the list: its shape, and the places of its fields in the file."""

    def __init__(self, data, at):
        self.start = at
        shape = after_text(data, at)
        self.name = data[at + 8:shape].decode()
        (self.rank,) = struct.unpack_from("<I", data, shape)
        self.rank_at, self.shape_at = shape, shape + 4
        self.shape = struct.unpack_from(f"<{self.rank}Q", data, shape + 4)
        self.kind_at = self.shape_at + 8 * self.rank
        self.kind, self.offset = struct.unpack_from("<IQ", data, self.kind_at)
        self.offset_at = self.kind_at + 4
        self.end = self.offset_at + 8


class GGUF:
    def __init__(self, data):
        self.data = data
        _, _, tensor_count, key_count = struct.unpack_from("<4sIQQ", data)
        self.keys, at = {}, HEADER
        for _ in range(key_count):
            start, at = at, after_text(data, at)
            self.keys[data[start + 8:at].decode()] = (start, at)
            at = after_value(data, at)
        self.tensors, self.tensors_at = {}, at
        for _ in range(tensor_count):
            tensor = Tensor(data, at)
            self.tensors[tensor.name] = tensor
            at = tensor.end
        self.base = at + -at % ALIGNMENT

    def altered(self, at, value):
        """A copy with `value` at a place."""
        assert at + len(value) <= len(self.data)
        return self.data[:at] + value + self.data[at + len(value):]

    def floats(self, name):
        """The place and the values of an F32 tensor."""
        tensor = self.tensors[name]
        assert tensor.kind == F32, f"{name} is of type {tensor.kind}"
        count = 1
        for size in tensor.shape:
            count *= size
        at = self.base + tensor.offset
        return at, list(struct.unpack_from(f"<{count}f", self.data, at))

    def with_floats(self, name, change):
        """A copy with the values of an F32 tensor changed: `change` takes and gives the list."""
        at, values = self.floats(name)
        made = change(values)
        assert len(made) == len(values)
        return self.altered(at, struct.pack(f"<{len(made)}f", *made))

    @property
    def norms(self):
        """Names of the F32 tensors with a weight a column, in the order of the file."""
        return [t.name for t in self.tensors.values() if t.kind == F32 and t.rank == 1]

    @property
    def matrices(self):
        return [t for t in self.tensors.values() if t.rank == 2]
