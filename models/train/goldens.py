"""Writes what the demo model must answer, for the project's own tests: `python goldens.py`.

The model file is read back and computed in plain PyTorch, twice: with float inputs of its ternary
matrices, and with inputs rounded to 8 bits per token as it was trained. Token ids are those of the
HF tokenizers library. Nothing here knows the checkpoint. `--run run` compares the file with it.

    demo.json             texts with their ids; prompts with best tokens and greedy answers
    demo.logits.f32       float32, little-endian: one row of logits per prompt and way of computing
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer, models

import export
import model as network
import vocabulary

ROOT = Path(__file__).resolve().parents[2]
WAYS = ("float", "exact")
ANSWER_MAX = 96
# How near two best logits may lie and still leave the choice open: what float32 sums may differ by,
# and what an input on the other side of a rounding may move.
NEAR_TIE = {"float": 1e-3, "exact": 0.1}

PROMPTS = (
    ("add", "317+485="), ("add", "999+999="), ("add", "7+8="), ("add", "640+65="),
    ("subtract", "802-485="), ("subtract", "1000-1="), ("subtract", "56-9="),
    ("sort", "sort 42 7 19 3:"), ("sort", "sort 88 10 5 73 41:"), ("sort", "sort 9 90:"),
    ("count", "count e in t e l l e r:"), ("count", "count z in b a r n:"),
    ("count", "count o in o o o:"),
    ("world", "Mia is in the barn. Ben has the kite. The kite is red. Where is Mia?"),
    ("world", "Leo has the lamp. Eva is in the tower. Jack has the drum. Who has the drum?"),
    ("story", "Story about a fox:"), ("story", "Story about a turtle:"),
    ("odd", "Füchse\u00a0– 狐 🦊\u200d\u0301"), ("odd", "\x00\x01\x7f\t\r\n \n"),
    ("odd", "\U0010ffff\ufeffЙ ١٢٣ ｱ'LL's\u2028x"),
)

TEXTS = tuple(text for _, text in PROMPTS) + (
    "", " ", "   ", "\n\n\n", "a", "  a  b   c    ", "12345 678,90", "Once there was a brave fox",
    "<|begin|>", "<|end|>1+1=<|end|>", "<|end|", "don't DON'T we'll I'VE", "!!! ... ---\r\n\r\nx",
    "été naïve e\u0301", "日本語のテキスト", "🏳️\u200d🌈👩\u200d👩\u200d👧", "Ελληνικά и русский",
    "tab\tand\u3000wide", "x" * 200, "9" * 40,
    "<|begin|>317+485=802<|end|><|begin|>-2=",
)


def as_shipped(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Signs and scale of a matrix read from the file: every weight is -scale, 0 or scale."""
    scale = weight.abs().max()
    return torch.sign(weight), scale


def fields(reader: gguf.GGUFReader) -> dict:
    return {name: field.contents() for name, field in reader.fields.items()}


def read_model(reader: gguf.GGUFReader) -> network.DemoModel:
    keys, kind = fields(reader), export.ARCHITECTURE
    shape = network.Shape(
        vocabulary=len(keys["tokenizer.ggml.tokens"]), width=keys[f"{kind}.embedding_length"],
        layers=keys[f"{kind}.block_count"], heads=keys[f"{kind}.attention.head_count"],
        kv_heads=keys[f"{kind}.attention.head_count_kv"],
        feed_forward=keys[f"{kind}.feed_forward_length"], context=keys[f"{kind}.context_length"],
        rope_base=keys[f"{kind}.rope.freq_base"],
        epsilon=keys[f"{kind}.attention.layer_norm_rms_epsilon"])
    weights = {
        tensor.name: torch.from_numpy(
            gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
        for tensor in reader.tensors}
    model = network.DemoModel(shape)
    state = {
        "embedding.weight": weights.pop("token_embd.weight"),
        "output_norm.weight": weights.pop("output_norm.weight")}
    for index in range(shape.layers):
        for name, ours in export.BLOCK.items():
            state[f"blocks.{index}.{ours}.weight"] = weights.pop(f"blk.{index}.{name}.weight")
    assert not weights, f"tensors nobody reads: {list(weights)}"
    model.load_state_dict(state)
    network.ternary = as_shipped
    return model.eval()


def read_tokenizers(reader: gguf.GGUFReader) -> tuple[Tokenizer, Tokenizer]:
    """One for which special tokens are plain text, one that recognises them."""
    keys = fields(reader)
    tokens = keys["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in keys["tokenizer.ggml.merges"]]
    ids = {text: id for id, text in enumerate(tokens)}
    plain, special = (vocabulary.byte_level(models.BPE(ids, merges)) for _ in range(2))
    special.add_special_tokens([vocabulary.BEGIN, vocabulary.END])
    return plain, special


def compare_with_run(model: network.DemoModel, plain: Tokenizer, special: Tokenizer, run: Path):
    """The file computes and tokenizes what the trained model does, bit for bit."""
    trained, ours = export.load(run), vocabulary.load(run / "tokenizer.json")
    tokens = torch.tensor([ours.encode(PROMPTS[0][1]).ids])
    network.BitLinear.mode = "exact"
    shipped = model(tokens)
    network.ternary, kept = TERNARY, network.ternary
    assert torch.equal(trained(tokens), shipped), "the file is not this checkpoint"
    network.ternary = kept
    for text in TEXTS:
        assert ours.encode(text).ids == special.encode(text).ids, f"the file splits {text!r} anew"


TERNARY = network.ternary


@torch.inference_mode()
def answers(model: network.DemoModel, prompts: list[list[int]], end: int) -> tuple[dict, list]:
    rows, items = {way: [] for way in WAYS}, []
    for tokens in prompts:
        item = {}
        for way in WAYS:
            network.BitLinear.mode = way
            logits = model(torch.tensor([tokens]))[0]
            rows[way].append(logits[-1].numpy())
            best = logits.topk(2).values
            item[way] = {
                "best": logits.argmax(-1).tolist(),
                "near_ties": [i for i, (a, b) in enumerate(best.tolist()) if a - b < NEAR_TIE[way]]}
        made, gaps, finish = [], [], "length"
        while len(made) < ANSWER_MAX:
            last = model(torch.tensor([tokens + made]))[0, -1]
            first, second = last.topk(2).values.tolist()
            token = int(last.argmax())
            gaps.append(first - second)
            if token == end:
                finish = "stop"
                break
            made.append(token)
        items.append(item | {"answer": made, "gap": round(min(gaps), 6), "finish": finish})
    return rows, items


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models/assay-demo.gguf")
    parser.add_argument("--out", type=Path, default=ROOT / "Tests/DemoModelTests/goldens")
    parser.add_argument("--run", type=Path, help="the training run to compare the file with")
    options = parser.parse_args()
    torch.set_num_threads(1)

    reader = gguf.GGUFReader(options.model)
    model = read_model(reader)
    plain, special = read_tokenizers(reader)
    if options.run:
        with torch.inference_mode():
            compare_with_run(model, plain, special, options.run)
    begin, end = (special.token_to_id(text) for text in (vocabulary.BEGIN, vocabulary.END))
    prompts = [[begin, *plain.encode(text).ids] for _, text in PROMPTS]
    rows, items = answers(model, prompts, end)
    texts = [
        {"hex": text.encode().hex(), "plain": plain.encode(text).ids,
         "special": special.encode(text).ids}
        for text in TEXTS]
    for (skill, text), tokens, item in zip(PROMPTS, prompts, items):
        item |= {
            "skill": skill, "hex": text.encode().hex(), "tokens": tokens,
            "answer_text": plain.decode(item["answer"], skip_special_tokens=False)}
    golden = {
        "vocabulary": model.shape.vocabulary, "begin": begin, "end": end, "ways": WAYS,
        "prompts": items, "texts": texts}
    options.out.mkdir(parents=True, exist_ok=True)
    lines = json.dumps(golden, ensure_ascii=True).replace('{"float"', '\n{"float"')
    lines = lines.replace('{"hex"', '\n{"hex"')
    (options.out / "demo.json").write_text(lines + "\n")
    raw = np.stack([np.stack(rows[way]) for way in WAYS]).astype("<f4")
    raw.tofile(options.out / "demo.logits.f32")
    print(f"{len(prompts)} prompts, {len(texts)} texts, {raw.nbytes:,} bytes of logits")


if __name__ == "__main__":
    main()
