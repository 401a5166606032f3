"""Trains assay-demo from nothing: `python train.py --out run`. Seeded; picks up where it stopped.

Answers carry the loss (stories: every token of the text), prompts do not. The learning rate rises,
stays and falls; weight decay ends half way, so that weights can settle on their side of zero.
"""

import argparse
import json
import math
import random
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional as F

import skills
import vocabulary
from model import BitLinear, DemoModel, Shape

# Rows per step, about 8,000 tokens together: arithmetic first, then more of what reads a text.
FIRST_HALF = {"add": 160, "subtract": 128, "sort": 48, "count": 40, "world": 32, "story": 8}
SECOND_HALF = {"add": 96, "subtract": 96, "sort": 32, "count": 64, "world": 96, "story": 8}


class Batches:
    """Examples of one step by their number: any step can be made again."""

    def __init__(self, tokenizer, seed: int):
        self.tokenizer, self.seed = tokenizer, seed
        self.begin = tokenizer.token_to_id(vocabulary.BEGIN)
        self.end = tokenizer.token_to_id(vocabulary.END)

    def row(self, example: skills.Example) -> tuple[list[int], int]:
        """The tokens and the position of the first answer token."""
        prompt = self.tokenizer.encode(example.prompt).ids
        answer = self.tokenizer.encode(example.answer).ids
        return [self.begin, *prompt, *answer, self.end], 1 + len(prompt)

    def step(self, number: int, rows_of: dict[str, int]):
        for skill, count in rows_of.items():
            rng = random.Random(f"{self.seed}-{number}-{skill}")
            rows = [self.row(skills.training_example(skill, rng)) for _ in range(count)]
            length = max(len(tokens) for tokens, _ in rows)
            inputs = torch.full((count, length - 1), self.end)
            targets = torch.full((count, length - 1), -100)
            for index, (tokens, start) in enumerate(rows):
                inputs[index, : len(tokens) - 1] = torch.tensor(tokens[:-1])
                targets[index, start - 1 : len(tokens) - 1] = torch.tensor(tokens[start:])
            yield skill, inputs, targets


def rate(step: int, steps: int, peak: float) -> float:
    if step < 100:
        return peak * (step + 1) / 100
    if step < steps * 0.6:
        return peak
    share = (step - steps * 0.6) / (steps * 0.4)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("run"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--peak", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    tokenizer = vocabulary.load(options.out / "tokenizer.json")
    model = DemoModel(Shape(vocabulary=tokenizer.get_vocab_size()))
    matrices = [p for p in model.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        betas=(0.9, 0.98))
    first = 0
    saved = options.out / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    print(f"{model.parameter_count:,} parameters, from step {first}", flush=True)

    batches = Batches(tokenizer, options.seed)
    log = (options.out / "loss.jsonl").open("a")
    for step in range(first, options.steps):
        started = time.monotonic()
        for index, group in enumerate(optimizer.param_groups):
            group["lr"] = rate(step, options.steps, options.peak)
            if index == 0:
                group["weight_decay"] = 0.1 if step < options.steps // 2 else 0.0
        BitLinear.mode = "fast" if step < options.steps * 0.9 else "exact"
        losses, tokens = {}, 0
        rows = FIRST_HALF if step < options.steps // 2 else SECOND_HALF
        for skill, inputs, targets in batches.step(step, rows):
            wanted = targets != -100
            loss = F.cross_entropy(model(inputs, wanted), targets[wanted])
            (loss / len(rows)).backward()
            losses[skill] = round(loss.item(), 4)
            tokens += inputs.numel()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        spent = time.monotonic() - started
        if step % 10 == 0:
            log.write(json.dumps({"step": step, **losses}) + "\n")
            log.flush()
        if step % 50 == 0:
            print(step, losses, f"{tokens / spent:.0f} tokens/s", flush=True)
        if (step + 1) % 200 == 0 or step + 1 == options.steps:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                     "step": step + 1, "shape": asdict(model.shape)}
            torch.save(state, saved.with_suffix(".new"))
            saved.with_suffix(".new").replace(saved)


if __name__ == "__main__":
    main()
