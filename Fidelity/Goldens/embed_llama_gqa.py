#!/usr/bin/env python3
"""Writes embed-llama-gqa.json: hidden states of the llama-gqa fixture, computed apart from the engine.

A plain forward pass in float64 over the weights of models/llama-gqa-f32.gguf, read with gguf-py. As
a check on itself it computes the logits too and compares them with the fixture's golden rows (three
independent references) before it writes anything.

    pip install numpy gguf
    embed_llama_gqa.py FIXTURES > embed-llama-gqa.json
"""

import json
import sys

import gguf
import numpy as np

folder = sys.argv[1] + "/models/"
reader = gguf.GGUFReader(folder + "llama-gqa-f32.gguf")
weights = {
    t.name: np.array(t.data, dtype=np.float64).reshape([int(d) for d in reversed(t.shape)])
    for t in reader.tensors
}


def key(name):
    return reader.fields["llama." + name].contents()


width, blocks = key("embedding_length"), key("block_count")
heads, kv_heads = key("attention.head_count"), key("attention.head_count_kv")
epsilon, base = key("attention.layer_norm_rms_epsilon"), key("rope.freq_base")
length = width // heads


def norm(x, name):
    scale = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + epsilon)
    return x * scale * weights[name + ".weight"]


def rotate(x):
    """Positions x heads x length; values 2i and 2i + 1 turn together."""
    angles = np.arange(len(x))[:, None] * base ** (-np.arange(0, length, 2) / length)
    cos, sin = np.cos(angles)[:, None, :], np.sin(angles)[:, None, :]
    even, odd = x[..., 0::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def hidden(tokens):
    n = len(tokens)
    x = weights["token_embd.weight"][tokens]
    mask = np.triu(np.full((n, n), -np.inf), 1)
    for block in range(blocks):
        prefix = f"blk.{block}."

        def linear(name, value):
            return value @ weights[prefix + name + ".weight"].T

        h = norm(x, prefix + "attn_norm")
        q = rotate(linear("attn_q", h).reshape(n, heads, length))
        k = rotate(linear("attn_k", h).reshape(n, kv_heads, length))
        v = linear("attn_v", h).reshape(n, kv_heads, length)
        parts = []
        for head in range(heads):
            other = head * kv_heads // heads
            scores = q[:, head] @ k[:, other].T / np.sqrt(length) + mask
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            parts.append(scores / scores.sum(axis=-1, keepdims=True) @ v[:, other])
        x = x + linear("attn_output", np.concatenate(parts, axis=-1))
        h = norm(x, prefix + "ffn_norm")
        gate = linear("ffn_gate", h)
        x = x + linear("ffn_down", gate / (1 + np.exp(-gate)) * linear("ffn_up", h))
    return norm(x, "output_norm")


golden = json.load(open(folder + "llama-gqa.golden.json"))
raw = np.fromfile(folder + "llama-gqa.logits.f32", dtype=np.float32)
rows = []
for number, prompt in enumerate(golden["prompts"]):
    states = hidden(prompt)
    logits = states[-1] @ weights["output.weight"].T
    start = golden["offsets"]["hf"] // 4 + number * len(logits)
    assert np.abs(logits - raw[start : start + len(logits)]).max() < 1e-4
    rows.append(
        {
            "tokens": prompt,
            "mean": [round(float(v), 7) for v in states.mean(axis=0)],
            "last": [round(float(v), 7) for v in states[-1]],
            "cls": [round(float(v), 7) for v in states[0]],
        }
    )
note = "float64, not normalised; made by embed_llama_gqa.py"
print(json.dumps({"note": note, "rows": rows}, indent=None, separators=(",", ":")))
