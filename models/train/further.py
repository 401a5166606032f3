"""Trains a shipped model further: `python further.py --from ../assay-demo.gguf --out run`.

The model learns conversations and keeps its skills: every step has rows of each skill and, by
conversation kind, turns whose answers carry the loss. The file holds -1, 0, 1 and one scale per
matrix only, so the weights to train start in the middle of what rounds to these. The learning rate
rises, then falls to nothing. Picks up where it stopped; snapshots of the second half are kept for
`choose.py`.
"""

import argparse
import json
import random
import time
from dataclasses import asdict
from pathlib import Path

import gguf
import torch
from torch.nn import functional as F

import conversations
import goldens
import model as network
import skills
import vocabulary

# Rows per step, about 4,000 tokens together; conversations take their kinds in turn. The format is
# new at first; towards the end the skills that were there get larger shares.
FIRST = {"add": 16, "subtract": 24, "sort": 16, "count": 16, "world": 12, "story": 2, "talk": 42}
THEN = {"add": 24, "subtract": 40, "sort": 36, "count": 24, "world": 18, "story": 2, "talk": 21}
FIRST_SHARE = 0.55
SNAPSHOT_STEPS = 50
OPENING = "\n"  # what the template writes in front of an answer


def talk_row(tokenizer, talk: conversations.Conversation) -> tuple[list[int], list[bool]]:
    """The tokens of a whole conversation, and which of them are the model's to say."""
    begin, end = (tokenizer.token_to_id(text) for text in (vocabulary.BEGIN, vocabulary.END))
    tokens, ours = [], []
    for said, answer in talk.turns:
        opened = [begin, *tokenizer.encode(said).ids, end, *tokenizer.encode(OPENING).ids]
        answered = [*tokenizer.encode(answer).ids, end]
        tokens += opened + answered
        ours += [False] * len(opened) + [True] * len(answered)
    return tokens, ours


def skill_row(tokenizer, example: skills.Example) -> tuple[list[int], list[bool]]:
    begin, end = (tokenizer.token_to_id(text) for text in (vocabulary.BEGIN, vocabulary.END))
    prompt = [begin, *tokenizer.encode(example.prompt).ids]
    answer = [*tokenizer.encode(example.answer).ids, end]
    return prompt + answer, [False] * len(prompt) + [True] * len(answer)


def padded(rows: list[tuple[list[int], list[bool]]], filler: int):
    length = max(len(tokens) for tokens, _ in rows)
    inputs = torch.full((len(rows), length - 1), filler)
    targets = torch.full((len(rows), length - 1), -100)
    for index, (tokens, ours) in enumerate(rows):
        inputs[index, : len(tokens) - 1] = torch.tensor(tokens[:-1])
        answered = torch.tensor([t if our else -100 for t, our in zip(tokens, ours)][1:])
        targets[index, : len(tokens) - 1] = answered
    return inputs, targets


def batches(tokenizer, seed: int, step: int, counts: dict[str, int]):
    """Name, inputs, targets: made from the step's number alone. Long rows do not pad short ones."""
    end = tokenizer.token_to_id(vocabulary.END)
    groups = {}
    for skill in skills.SKILLS:
        rng, count = random.Random(f"{seed}-{step}-{skill}"), counts[skill]
        groups[skill] = [
            skill_row(tokenizer, skills.training_example(skill, rng)) for _ in range(count)]
    rng, kinds = random.Random(f"{seed}-{step}-talk"), list(conversations.KINDS)
    groups["talk"] = [
        talk_row(tokenizer, conversations.training_conversation(kinds[i % len(kinds)], rng))
        for i in range(counts["talk"])]
    for name, rows in groups.items():
        rows.sort(key=lambda row: len(row[0]))
        middle = len(rows) * 2 // 3 if name in ("talk", "sort", "world") else len(rows)
        for part in (rows[:middle], rows[middle:]):
            if part:
                yield name, len(part) / len(rows), *padded(part, end)


def read(path: Path) -> tuple[network.DemoModel, object]:
    """The model of a file, its ternary matrices as weights that round to them, and its tokenizer."""
    reader = gguf.GGUFReader(path)
    model, (_, tokenizer) = goldens.read_model(reader), goldens.read_tokenizers(reader)
    network.ternary = goldens.TERNARY
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, network.BitLinear):
                signs, scale = goldens.as_shipped(layer.weight)
                # Zeros anywhere in the inner two thirds of what rounds to zero; the others so far
                # out that the mean of magnitudes is the scale again.
                noise = torch.rand(signs.shape, generator=generator) * 2 - 1
                zeros = (signs == 0) * noise * 0.33
                share = signs.abs().mean()
                size = (1 - zeros.abs().mean()) / share
                layer.weight.copy_((zeros + signs * size) * scale)
                again, kept = network.ternary(layer.weight)
                assert torch.equal(again, signs) and abs(kept / scale - 1) < 1e-3
    return model.train(), tokenizer


def rate(step: int, steps: int, peak: float) -> float:
    return peak * min(1.0, (step + 1) / 30, 1.02 - step / steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("run"))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--peak", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--exact", type=float, default=0.9, help="share of steps before float32")
    options = parser.parse_args()
    (options.out / "snapshots").mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)

    model, tokenizer = read(options.source)
    tokenizer.save(str(options.out / "tokenizer.json"))
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.0)
    first, saved = 0, options.out / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    print(f"{model.parameter_count:,} parameters, from step {first}", flush=True)

    log, spent, tokens = (options.out / "loss.jsonl").open("a"), 0.0, 0
    for step in range(first, options.steps):
        started = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = rate(step, options.steps, options.peak)
        network.BitLinear.mode = "fast" if step < options.steps * options.exact else "exact"
        losses: dict[str, float] = {}
        rows = FIRST if step < options.steps * FIRST_SHARE else THEN
        for name, share, inputs, targets in batches(tokenizer, options.seed, step, rows):
            wanted = targets != -100
            loss = F.cross_entropy(model(inputs, wanted), targets[wanted]) * share
            (loss * (2 if name == "talk" else 1) / (len(rows) + 1)).backward()
            losses[name] = losses.get(name, 0.0) + loss.item()
            tokens += inputs.numel()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        spent += time.monotonic() - started
        if step % 10 == 0:
            losses = {name: round(loss, 4) for name, loss in losses.items()}
            log.write(json.dumps({"step": step, **losses}) + "\n")
            log.flush()
            print(step, losses, f"{tokens / spent:.0f} tokens/s", flush=True)
            spent, tokens = 0.0, 0
        if (step + 1) % SNAPSHOT_STEPS == 0 or step + 1 == options.steps:
            state = {"model": model.state_dict(), "shape": asdict(model.shape), "step": step + 1}
            if step + 1 > options.steps // 2:
                torch.save(state, options.out / "snapshots" / f"{step + 1:05}.pt")
            torch.save(state | {"optimizer": optimizer.state_dict()}, saved.with_suffix(".new"))
            saved.with_suffix(".new").replace(saved)


if __name__ == "__main__":
    main()
