"""Trains a shipped model further: `python further.py --from ../assay-demo.gguf --out run`.

The model learns conversations and keeps its skills: every step has rows of each skill and, by
conversation kind, turns whose answers carry the loss. The file holds -1, 0, 1 and one scale per
matrix only, so the weights to train start in the middle of what rounds to these. The learning rate
rises, then falls to nothing. Picks up where it stopped. Snapshots of the second half are kept for
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
from torch import distributed
from torch.nn import functional as F

import conversations
import goldens
import model as network
import skills
import vocabulary

# Rows per step, about 4,000 to 6,000 tokens together. Conversations take their kinds in turn. The
# format is new at first. Towards the end the skills that were there get larger shares.
FIRST = {"add": 24, "subtract": 32, "sort": 24, "count": 16, "world": 16, "story": 2, "talk": 42}
THEN = {"add": 20, "subtract": 36, "sort": 44, "count": 28, "world": 70, "story": 8, "talk": 16}
FIRST_SHARE = 0.45
SNAPSHOT_STEPS = 25


def talk_row(tokenizer, talk: conversations.Conversation) -> tuple[list[int], list[bool]]:
    """The tokens of a whole conversation, and which of them are the model's to say."""
    begin, end = (tokenizer.token_to_id(text) for text in (vocabulary.BEGIN, vocabulary.END))
    tokens, ours = [], []
    for said, answer in talk.turns:
        opened = [begin, *tokenizer.encode(said).ids]
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
    """Inputs, targets, and the place of each row's name in `counts`: few passes of rows of about
    one length, made from the step's number alone."""
    end, all_rows = tokenizer.token_to_id(vocabulary.END), []
    for place, (name, count) in enumerate(counts.items()):
        rng, kinds = random.Random(f"{seed}-{step}-{name}"), list(conversations.KINDS)
        for index in range(count):
            if name == "talk":
                kind = kinds[index % len(kinds)]
                row = talk_row(tokenizer, conversations.training_conversation(kind, rng))
            else:
                row = skill_row(tokenizer, skills.training_example(name, rng))
            all_rows.append((row, place))
    all_rows.sort(key=lambda row: len(row[0][0]))
    start = 0
    for share in (0.6, 0.87, 1):
        part = all_rows[start : int(share * len(all_rows))]
        start += len(part)
        yield *padded([row for row, _ in part], end), torch.tensor([place for _, place in part])


def read(path: Path) -> tuple[network.DemoModel, object]:
    """The model of a file, its ternary matrices as weights that round to them, its tokenizer."""
    reader = gguf.GGUFReader(path)
    model, (_, tokenizer) = goldens.read_model(reader), goldens.read_tokenizers(reader)
    network.ternary = goldens.TERNARY
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, network.BitLinear):
                signs, scale = goldens.as_shipped(layer.weight)
                # Zeros anywhere in the inner two thirds of what rounds to zero, the others so far
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
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--peak", type=float, default=1.2e-3)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--exact", type=float, default=0.9, help="share of steps before float32")
    parser.add_argument("--processes", type=int, default=1, help="that share the rows of a step")
    options = parser.parse_args()
    if options.processes > 1:
        torch.multiprocessing.spawn(train, (options,), options.processes)
    else:
        train(0, options)


def train(place: int, options) -> None:
    """One of the processes. All make the same rows and take the same step. Each computes its own
    rows, and the gradients are summed."""
    (options.out / "snapshots").mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)

    if options.processes > 1:
        meeting = f"file://{options.out.resolve()}/meeting"
        distributed.init_process_group(
            "gloo", init_method=meeting, rank=place, world_size=options.processes)
    model, tokenizer = read(options.source)
    tokenizer.save(str(options.out / "tokenizer.json"))
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.0)
    first, saved = 0, options.out / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    if place == 0:
        print(f"{model.parameter_count:,} parameters, from step {first}", flush=True)

    log, spent, tokens = (options.out / "loss.jsonl").open("a"), 0.0, 0
    for step in range(first, options.steps):
        started = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = rate(step, options.steps, options.peak)
        network.BitLinear.mode = "fast" if step < options.steps * options.exact else "exact"
        rows = FIRST if step < options.steps * FIRST_SHARE else THEN
        parts = list(batches(tokenizer, options.seed, step, rows))
        # Every skill's mean loss counts the same, that of conversations twice.
        answers = torch.zeros(len(rows))
        for _, targets, places in parts:
            answers.index_add_(0, places, (targets != -100).sum(1).float())
        weights = torch.tensor([2.0 if name == "talk" else 1.0 for name in rows])
        losses = torch.zeros(len(rows))
        for part in parts:
            inputs, targets, places = (each[place :: options.processes] for each in part)
            wanted = targets != -100
            loss = F.cross_entropy(model(inputs, wanted), targets[wanted], reduction="none")
            places = places[:, None].expand_as(targets)[wanted]
            mean = torch.zeros(len(rows)).index_add(0, places, loss) / answers
            ((mean * weights).sum() / weights.sum()).backward()
            losses += mean.detach()
            tokens += inputs.numel() * options.processes
        if options.processes > 1:
            sums = torch.cat([p.grad.flatten() for p in model.parameters()] + [losses])
            distributed.all_reduce(sums)
            *grads, losses = sums.split([p.numel() for p in model.parameters()] + [len(rows)])
            for parameter, grad in zip(model.parameters(), grads):
                parameter.grad = grad.view_as(parameter)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        spent += time.monotonic() - started
        if place > 0:
            continue
        if step % 10 == 0:
            said = {name: round(loss, 4) for name, loss in zip(rows, losses.tolist())}
            log.write(json.dumps({"step": step, **said}) + "\n")
            log.flush()
            print(step, said, f"{tokens / spent:.0f} tokens/s", flush=True)
            spent, tokens = 0.0, 0
        if (step + 1) % SNAPSHOT_STEPS == 0 or step + 1 == options.steps:
            state = {"model": model.state_dict(), "shape": asdict(model.shape), "step": step + 1}
            if step + 1 > options.steps // 2:
                torch.save(state, options.out / "snapshots" / f"{step + 1:05}.pt")
            torch.save(state | {"optimizer": optimizer.state_dict()}, saved.with_suffix(".new"))
            saved.with_suffix(".new").replace(saved)


if __name__ == "__main__":
    main()
