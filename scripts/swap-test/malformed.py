"""Files that no server may switch to, each made of a good one by a single change."""

import os
import struct

HUGE = 1 << 60
NAN, INFINITY = float("nan"), float("inf")


def number(value):
    return struct.pack("<Q", value)


def word(value):
    return struct.pack("<I", value)


def malformed(good):
    """The bytes of each file, by what is wrong with it."""
    return cuts(good) | headers(good) | keys(good) | tensors(good) | weights(good)


def cuts(good):
    data, first = good.data, next(iter(good.tensors.values()))
    return {
        "empty": b"",
        "magic-alone": data[:4],
        "header-alone": data[:24],
        "cut-in-keys": data[:good.tensors_at // 2],
        "cut-in-tensors": data[:first.kind_at],
        "cut-in-weights": data[:(good.base + len(data)) // 2],
        "byte-short": data[:-1],
        "web-page": b"<!DOCTYPE html><title>404</title>" + bytes(200),
    }


def headers(good):
    count = len(good.tensors)
    return {
        "magic-flipped": good.altered(0, bytes([good.data[0] ^ 1])),
        "version-1": good.altered(4, word(1)),
        "version-99": good.altered(4, word(99)),
        "tensor-more": good.altered(8, number(count + 1)),
        "tensors-none": good.altered(8, number(0)),
        "tensors-huge": good.altered(8, number(HUGE)),
        "keys-more": good.altered(16, number(len(good.keys) + 1)),
        "keys-huge": good.altered(16, number(HUGE)),
    }


def keys(good):
    start, value = good.keys["general.architecture"]
    tokens = good.keys["tokenizer.ggml.tokens"][1]
    return {
        "key-long": good.altered(start, number(HUGE)),
        "value-unknown": good.altered(value, word(99)),
        "architecture-unknown": good.altered(value + 12, b"x"),
        "architecture-missing": good.altered(start + 8, b"f"),
        "array-huge": good.altered(tokens + 8, number(HUGE)),
    }


def tensors(good):
    matrix = good.matrices[1]
    first, second = (good.tensors[f"blk.0.attn_{part}.weight"] for part in "qk")
    columns, rows = matrix.shape
    return {
        "name-long": good.altered(matrix.start, number(HUGE)),
        "tensor-renamed": good.altered(matrix.start + 8, b"?"),
        "tensor-twice": good.altered(second.start, good.data[first.start:first.end]),
        "rank-none": good.altered(matrix.rank_at, word(0)),
        "rank-9": good.altered(matrix.rank_at, word(9)),
        "shape-turned": good.altered(matrix.shape_at, number(rows * 2) + number(columns // 2)),
        "shape-none": good.altered(matrix.shape_at, number(0)),
        "shape-huge": good.altered(matrix.shape_at, number(HUGE)),
        "type-unknown": good.altered(matrix.kind_at, word(200)),
        "type-other": good.altered(matrix.kind_at, word(0 if matrix.kind else 1)),
        "offset-behind": good.altered(matrix.offset_at, number(len(good.data))),
        "offset-odd": good.altered(matrix.offset_at, number(matrix.offset + 1)),
    }


def weights(good):
    last = "output_norm.weight"
    return {
        "weights-nan": good.with_floats(good.norms[0], lambda values: [NAN] + values[1:]),
        "weights-infinite": good.with_floats(last, lambda values: [INFINITY] * len(values)),
        "weights-zero": good.with_floats(last, lambda values: [0.0] * len(values)),
    }


def write(good, folder):
    """Writes each file, and gives the paths by what is wrong."""
    paths = {}
    for name, data in malformed(good).items():
        paths[name] = os.path.join(folder, name + ".gguf")
        with open(paths[name], "wb") as file:
            file.write(data)
    paths["folder-empty"] = os.path.join(folder, "folder-empty")
    os.mkdir(paths["folder-empty"])
    paths["pipe"] = os.path.join(folder, "pipe.gguf")
    os.mkfifo(paths["pipe"])
    paths["missing"] = os.path.join(folder, "missing.gguf")
    return paths
