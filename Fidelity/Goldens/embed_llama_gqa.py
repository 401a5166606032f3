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

import numpy as np

from embed_both_directions import hidden, read_gguf, weight

folder = sys.argv[1] + "/models/"
model = read_gguf(folder + "llama-gqa-f32.gguf")
golden = json.load(open(folder + "llama-gqa.golden.json"))
raw = np.fromfile(folder + "llama-gqa.logits.f32", dtype=np.float32)
rows = []
for number, prompt in enumerate(golden["prompts"]):
    states = hidden(model, prompt, True)
    logits = states[-1] @ weight(model, "output").T
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
