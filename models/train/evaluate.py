"""Scores the trained model on held-out prompts: `python evaluate.py --run run`.

Greedy, whole answers or nothing. Held-out prompts are never trained on; for stories, whose prompts
are few, the score is the share of texts that the grammar could have told.
"""

import argparse
import json
import random
from pathlib import Path

import torch

import skills
import vocabulary
from export import load

ANSWER_MAX = 96


@torch.inference_mode()
def answers(model, tokenizer, prompts: list[str]) -> list[str]:
    """One greedy answer per prompt; prompts of one length run together."""
    begin = tokenizer.token_to_id(vocabulary.BEGIN)
    end = tokenizer.token_to_id(vocabulary.END)
    rows = [[begin, *tokenizer.encode(prompt).ids] for prompt in prompts]
    made: list[list[int]] = [[] for _ in rows]
    by_length: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        by_length.setdefault(len(row), []).append(index)
    for indices in by_length.values():
        tokens = torch.tensor([rows[index] for index in indices])
        open_rows = set(range(len(indices)))
        for _ in range(ANSWER_MAX):
            best = model(tokens)[:, -1].argmax(-1)
            for position in list(open_rows):
                if best[position] == end:
                    open_rows.discard(position)
                else:
                    made[indices[position]].append(int(best[position]))
            if not open_rows:
                break
            tokens = torch.cat((tokens, best[:, None]), 1)
    return [tokenizer.decode(ids, skip_special_tokens=False) for ids in made]


def score(model, tokenizer, skill: str, count: int) -> float:
    if skill == "story":
        animals = skills.ANIMALS
        told = answers(model, tokenizer, [f"Story about a {animal}:" for animal in animals])
        return sum(map(skills.story_is_sound, animals, told)) / len(animals)
    examples = skills.held_out_examples(skill, count)
    made = answers(model, tokenizer, [example.prompt for example in examples])
    return sum(a == example.answer for a, example in zip(made, examples)) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    torch.set_num_threads(2)
    model = load(options.run)
    tokenizer = vocabulary.load(options.run / "tokenizer.json")
    scores = {skill: score(model, tokenizer, skill, options.count) for skill in skills.SKILLS}
    (options.run / "scores.json").write_text(json.dumps(scores, indent=1) + "\n")
    for skill, value in scores.items():
        print(f"{skill:10} {100 * value:6.2f} %")


if __name__ == "__main__":
    main()
