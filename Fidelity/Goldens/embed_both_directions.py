#!/usr/bin/env python3
"""Writes embed-both-directions.json: embeddings of a llama whose attention is not causal.

A plain forward pass in float64 over the llama-gqa fixture, once from models/llama-gqa-f32.gguf and
once from the folder safetensors/llama-gqa, whose weights are others (bfloat16) and whose heads lie
in the order of transformers. Every position attends to every other. As a check on itself the pass
also runs with a causal mask, and its logits must be the fixture's golden rows (three independent
references) before anything is written. The longest input has more tokens than a pass of the engine.

    pip install numpy gguf
    embed_both_directions.py FIXTURES > embed-both-directions.json
"""

import json
import sys

import gguf
import numpy as np


def read_gguf(path):
    reader = gguf.GGUFReader(path)
    weights = {
        t.name: np.array(t.data, dtype=np.float64).reshape([int(d) for d in reversed(t.shape)])
        for t in reader.tensors
    }

    def key(name):
        return reader.fields["llama." + name].contents()

    return {
        "weights": weights,
        "names": {},
        "blocks": key("block_count"),
        "heads": key("attention.head_count"),
        "kv_heads": key("attention.head_count_kv"),
        "epsilon": key("attention.layer_norm_rms_epsilon"),
        "base": key("rope.freq_base"),
        "pairs": "neighbours",
    }


def read_safetensors(folder):
    raw = open(folder + "/model.safetensors", "rb").read()
    size = int.from_bytes(raw[:8], "little")
    header, data = json.loads(raw[8 : 8 + size]), raw[8 + size :]
    weights = {}
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        assert tensor["dtype"] == "BF16", tensor["dtype"]
        start, end = tensor["data_offsets"]
        words = np.frombuffer(data[start:end], dtype="<u2").astype("<u4") << 16
        weights[name] = words.view("<f4").astype(np.float64).reshape(tensor["shape"])
    config = json.load(open(folder + "/config.json"))
    names = {
        "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
        "blk": "model.layers", "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }
    return {
        "weights": weights,
        "names": names,
        "blocks": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
        "kv_heads": config["num_key_value_heads"],
        "epsilon": config["rms_norm_eps"],
        "base": config["rope_theta"],
        "pairs": "halves",
    }


def weight(model, name):
    parts = [model["names"].get(part, part) for part in name.split(".")]
    return model["weights"][".".join(parts) + ".weight"]


def norm(model, x, name):
    scale = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + model["epsilon"])
    return x * scale * weight(model, name)


def rotate(model, x):
    """Positions x heads x length. The two values of a pair are neighbours, or half a head apart."""
    length = x.shape[-1]
    angles = np.arange(len(x))[:, None] * model["base"] ** (-np.arange(0, length, 2) / length)
    cos, sin = np.cos(angles)[:, None, :], np.sin(angles)[:, None, :]
    if model["pairs"] == "neighbours":
        left, right = x[..., 0::2], x[..., 1::2]
        turned = [left * cos - right * sin, left * sin + right * cos]
        return np.stack(turned, axis=-1).reshape(x.shape)
    left, right = x[..., : length // 2], x[..., length // 2 :]
    return np.concatenate([left * cos - right * sin, left * sin + right * cos], axis=-1)


def hidden(model, tokens, causal):
    n, heads, kv_heads = len(tokens), model["heads"], model["kv_heads"]
    x = weight(model, "token_embd")[tokens]
    length = x.shape[-1] // heads
    mask = np.triu(np.full((n, n), -np.inf), 1) if causal else np.zeros((n, n))
    for block in range(model["blocks"]):
        prefix = f"blk.{block}."

        def linear(name, value):
            return value @ weight(model, prefix + name).T

        h = norm(model, x, prefix + "attn_norm")
        q = rotate(model, linear("attn_q", h).reshape(n, heads, length))
        k = rotate(model, linear("attn_k", h).reshape(n, kv_heads, length))
        v = linear("attn_v", h).reshape(n, kv_heads, length)
        parts = []
        for head in range(heads):
            other = head * kv_heads // heads
            scores = q[:, head] @ k[:, other].T / np.sqrt(length) + mask
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            parts.append(scores / scores.sum(axis=-1, keepdims=True) @ v[:, other])
        x = x + linear("attn_output", np.concatenate(parts, axis=-1))
        h = norm(model, x, prefix + "ffn_norm")
        gate = linear("ffn_gate", h)
        x = x + linear("ffn_down", gate / (1 + np.exp(-gate)) * linear("ffn_up", h))
    return norm(model, x, "output_norm")


def rounded(values):
    return [round(float(v), 6) for v in values]


def main():
    folder = sys.argv[1]
    golden = json.load(open(folder + "/models/llama-gqa.golden.json"))
    raw = np.fromfile(folder + "/models/llama-gqa.logits.f32", dtype=np.float32)
    models = {
        "gguf": read_gguf(folder + "/models/llama-gqa-f32.gguf"),
        "safetensors": read_safetensors(folder + "/safetensors/llama-gqa"),
    }
    for number, prompt in enumerate(golden["prompts"]):
        logits = hidden(models["gguf"], prompt, True)[-1] @ weight(models["gguf"], "output").T
        start = golden["offsets"]["hf"] // 4 + number * len(logits)
        assert np.abs(logits - raw[start : start + len(logits)]).max() < 1e-4
    inputs = golden["prompts"] + [[(37 * i + 11) % 512 for i in range(300)]]
    note = "float64, not normalised; made by embed_both_directions.py"
    found = {"note": note}
    for name, model in models.items():
        found[name] = []
        for tokens in inputs:
            states = hidden(model, tokens, False)
            assert len(tokens) == 1 or np.abs(states - hidden(model, tokens, True)).max() > 0.01
            found[name].append(
                {
                    "tokens": tokens,
                    "mean": rounded(states.mean(axis=0)),
                    "last": rounded(states[-1]),
                    "cls": rounded(states[0]),
                }
            )
    print(json.dumps(found, separators=(",", ":")))


if __name__ == "__main__":
    main()
