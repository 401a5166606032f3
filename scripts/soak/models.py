"""The model files of the soak: staged copies, which attackers may damage.

Guarantees: every file is a copy in the soak's own folder, and the demo model and its split need no
fixtures. Not here: damage itself and its repair (attack_files).
"""

import os
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "models" / "assay-demo.gguf"

NUMBER_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<B",
                  10: "<Q", 11: "<q", 12: "<d"}
TEXT, ARRAY = 8, 9
ALIGNMENT = 32


class Staged:
    """A model as it lies on disk: the path that is served, and each file with its right bytes."""

    def __init__(self, name, path, files):
        self.name, self.path = name, str(path)
        self.files = {str(file): data for file, data in files.items()}

    def write(self):
        for file, data in self.files.items():
            os.makedirs(os.path.dirname(file), exist_ok=True)
            pathlib.Path(file).write_bytes(data)


def stage(folder, fixtures):
    """Writes every model that can be had into `folder`; gives them by name."""
    folder = pathlib.Path(folder)
    demo = DEMO.read_bytes()
    found = [Staged("demo", folder / "demo.gguf", {folder / "demo.gguf": demo})]
    parts = split(demo, 2)
    names = [folder / "split" / f"part-{n + 1:05}-of-{len(parts):05}.gguf"
             for n in range(len(parts))]
    found.append(Staged("split", names[0], dict(zip(names, parts))))
    stories = fixtures / "stories" / "stories260K-f32.gguf"
    if stories.is_file():
        place = folder / "stories.gguf"
        found.append(Staged("stories", place, {place: stories.read_bytes()}))
    tensors = fixtures / "safetensors" / "llama-gqa"
    if tensors.is_dir():
        place = folder / "tensors"
        files = {place / one.name: one.read_bytes() for one in sorted(tensors.iterdir())}
        found.append(Staged("tensors", place, files))
    for model in found:
        model.write()
    return {model.name: model for model in found}


# ---------------------------------------------------------------- a GGUF file in parts


def split(data, count):
    """The parts of a GGUF file, written as llama.cpp's gguf-split does: the metadata in the first,
    the tensors dealt out in turn."""
    magic, version, tensor_count, key_count = struct.unpack_from("<4sIQQ", data)
    at = 24
    for _ in range(key_count):
        at = after_value(data, after_text(data, at))
    keys = data[24:at]
    tensors = []
    for _ in range(tensor_count):
        start, at = at, after_text(data, at)
        (rank,) = struct.unpack_from("<I", data, at)
        at += 4 + 8 * rank + 4
        (offset,) = struct.unpack_from("<Q", data, at)
        tensors.append((data[start:at], offset))
        at += 8
    base = at + -at % ALIGNMENT
    ends = sorted(offset for _, offset in tensors) + [len(data) - base]
    content = [(head, data[base + offset:base + min(end for end in ends if end > offset)])
               for head, offset in tensors]
    return [part(version, keys if index == 0 else b"", key_count if index == 0 else 0,
                 content[index::count], index, count, tensor_count) for index in range(count)]


def part(version, keys, key_count, tensors, index, count, tensor_count):
    """The bytes of one part."""
    own = (text("split.no") + struct.pack("<IH", 2, index)
           + text("split.count") + struct.pack("<IH", 2, count)
           + text("split.tensors.count") + struct.pack("<Ii", 5, tensor_count))
    heads, values = b"", b""
    for head, value in tensors:
        heads += head + struct.pack("<Q", len(values))
        values += value + bytes(-len(value) % ALIGNMENT)
    made = struct.pack("<4sIQQ", b"GGUF", version, len(tensors), key_count + 3)
    made += keys + own + heads
    return made + bytes(-len(made) % ALIGNMENT) + values


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def after_text(data, at):
    return at + 8 + struct.unpack_from("<Q", data, at)[0]


def after_value(data, at):
    """The offset behind a metadata value whose type word is at `at`."""
    (kind,) = struct.unpack_from("<I", data, at)
    at += 4
    if kind == TEXT:
        return after_text(data, at)
    if kind != ARRAY:
        return at + struct.calcsize(NUMBER_FORMATS[kind])
    element, count = struct.unpack_from("<IQ", data, at)
    at += 12
    if element != TEXT:
        return at + count * struct.calcsize(NUMBER_FORMATS[element])
    for _ in range(count):
        at = after_text(data, at)
    return at
