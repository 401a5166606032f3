"""Ranks the snapshots of further.py: `python choose.py --run run`; `--take NAME` makes one the
checkpoint that export.py and finish.sh read.

The questions are held out like those of `heldout.jsonl` and `conversations.jsonl`, but are others:
another seed draws them, and none is in those files. Greedy, whole answers or nothing; a
conversation is right if every answer is.
"""

import argparse
import json
import shutil
import time
from pathlib import Path

import torch

import conversations
import further
import skills
import vocabulary
from evaluate import ANSWER_MAX
from heldout import FOLDER
from model import BitLinear, DemoModel, Shape

VALIDATION_SEED = 2


def committed() -> set[str]:
    """Every prompt and conversation that the tests ask."""
    rows = [json.loads(line) for line in (FOLDER / "heldout.jsonl").read_text().splitlines()]
    talks = FOLDER / "conversations.jsonl"
    lines = talks.read_text().splitlines() if talks.exists() else []
    said = ["\n".join(turn["user"] for turn in json.loads(line)["turns"]) for line in lines]
    return {row["prompt"] for row in rows} | set(said)


@torch.inference_mode()
def all_right(model, rows: list[tuple[list[int], list[bool]]], batch: int = 100) -> list[bool]:
    """Whether every token that is the model's own is its best one behind the right ones before."""
    right = [False] * len(rows)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index][0]))
    for start in range(0, len(order), batch):
        indices = order[start : start + batch]
        inputs, targets = further.padded([rows[index] for index in indices], 0)
        wanted = targets != -100
        wrong = torch.zeros_like(wanted)
        wrong[wanted] = model(inputs, wanted).argmax(-1) != targets[wanted]
        for index, missed in zip(indices, wrong.any(1).tolist()):
            right[index] = not missed
    return right


@torch.inference_mode()
def stories(model, tokenizer) -> float:
    begin, end = (tokenizer.token_to_id(text) for text in (vocabulary.BEGIN, vocabulary.END))
    sound = 0
    for animal in skills.ANIMALS:
        tokens = [begin, *tokenizer.encode(f"Story about a {animal}:").ids]
        first = len(tokens)
        while len(tokens) < first + ANSWER_MAX and tokens[-1] != end:
            tokens.append(int(model(torch.tensor([tokens]))[0, -1].argmax()))
        text = tokenizer.decode(tokens[first:-1], skip_special_tokens=False)
        sound += tokens[-1] == end and skills.story_is_sound(animal, text)
    return sound / len(skills.ANIMALS)


class Questions:
    """What one seed asks; `without` keeps those of the tests out."""

    def __init__(self, tokenizer, seed: int, count: int, without: set[str]):
        self.tokenizer, self.rows = tokenizer, {}
        for skill in skills.SKILLS:
            if skill != "story":
                drawn = skills.held_out_examples(skill, count + len(without), seed)
                kept = [each for each in drawn if each.prompt not in without][:count]
                self.rows[skill] = [further.skill_row(tokenizer, each) for each in kept]
        talks = conversations.held_out_conversations(count, seed, without)
        self.kinds = [talk.kind for talk in talks]
        self.rows["talk"] = [further.talk_row(tokenizer, talk) for talk in talks]

    def scores(self, model, with_stories: bool) -> dict[str, float]:
        found = {}
        for name, rows in self.rows.items():
            right = all_right(model, rows)
            found[name] = sum(right) / len(rows)
            for kind in conversations.KINDS if name == "talk" else ():
                mine = [r for r, k in zip(right, self.kinds) if k == kind]
                found[f"talk/{kind}"] = sum(mine) / max(1, len(mine))
        if with_stories:
            found["story"] = stories(model, self.tokenizer)
        return {name: round(score, 4) for name, score in found.items()}


def load(path: Path) -> DemoModel:
    state = torch.load(path, weights_only=True)
    model = DemoModel(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    BitLinear.mode = "exact"
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--take", help="the snapshot to make the run's checkpoint")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--last", type=int, default=8, help="how many snapshots to ask")
    parser.add_argument("--stories", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder = options.run / "snapshots"
    if options.take:
        shutil.copy(folder / options.take, options.run / "checkpoint.pt")
        return
    tokenizer = vocabulary.load(options.run / "tokenizer.json")
    questions = Questions(tokenizer, VALIDATION_SEED, options.count, committed())
    log = (options.run / "chosen.jsonl").open("a")
    for path in sorted(folder.glob("*.pt"))[-options.last :]:
        started = time.monotonic()
        scores = {"snapshot": path.name, **questions.scores(load(path), options.stories)}
        print(json.dumps(scores), f"{time.monotonic() - started:.0f} s", flush=True)
        log.write(json.dumps(scores) + "\n")


if __name__ == "__main__":
    main()
