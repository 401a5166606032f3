"""Writes the questions the served model is scored with: `python heldout.py`.

    heldout.jsonl         {"skill", "prompt", "answer"} a line; prompts that training never sees
    conversations.jsonl   {"kind", "depends", "turns": [{"user", "assistant"}]} a line; the same
    story.regex           the form of every story the grammar can tell, SUBJECT for the animal

Stories have few prompts and no one answer: theirs name the subject and are matched with the form.
The same seed as evaluate.py: the questions are the first of its 1,000 a skill.
"""

import argparse
import json
import random
import re
from pathlib import Path

import conversations
import skills

FOLDER = Path(__file__).resolve().parents[1]
SUBJECT = "SUBJECT"


def literal(text: str) -> str:
    return re.sub(r"([.?*+^$|()\[\]{}\\])", r"\\\1", text)


def story_form() -> str:
    """`skills.story_is_sound` as one regular expression, in the spelling of Swift and ICU."""
    form, seen = "", set()
    for part in re.split(r"(\{\w+\})", skills.STORY):
        name = part.strip("{}")
        if not part.startswith("{"):
            form += literal(part)
        elif name == "hero":
            form += SUBJECT
        elif name in seen and name in ("friend", "loss"):
            form += rf"\k<{name}>"
        else:
            words = skills.ANIMALS if name == "friend" else skills.GRAMMAR[name]
            choice = "|".join(map(literal, words))
            other = rf"(?!{SUBJECT}\.)" if name == "friend" else ""
            form += other + (f"(?:{choice})" if name in seen else f"(?<{name}>{choice})")
            seen.add(name)
    return form


def check(form: str) -> None:
    """The form and the function agree, on stories that are told and on stories gone wrong."""
    here = form.replace("(?<", "(?P<").replace(r"\k<friend>", "(?P=friend)")
    here = here.replace(r"\k<loss>", "(?P=loss)")
    rng = random.Random(3)
    for index in range(2000):
        example = skills.story(rng)
        animal = example.prompt.removeprefix("Story about a ").removesuffix(":")
        text = example.answer
        if index % 2:
            words = text.split(" ")
            words[rng.randrange(len(words))] = rng.choice(words)
            text = " ".join(words)
        found = re.fullmatch(here.replace(SUBJECT, animal), text) is not None
        assert found == skills.story_is_sound(animal, text), text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    form = story_form()
    check(form)
    rows = []
    for skill in skills.SKILLS:
        if skill == "story":
            rows += [
                {"skill": skill, "prompt": f"Story about a {animal}:", "subject": animal}
                for animal in skills.ANIMALS]
        else:
            rows += [
                {"skill": skill, "prompt": example.prompt, "answer": example.answer}
                for example in skills.held_out_examples(skill, options.count)]
    (options.out / "heldout.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    talks = [
        {"kind": talk.kind, "depends": talk.depends,
         "turns": [{"user": said, "assistant": answer} for said, answer in talk.turns]}
        for talk in conversations.held_out_conversations(options.count)]
    lines = "".join(json.dumps(talk) + "\n" for talk in talks)
    (options.out / "conversations.jsonl").write_text(lines)
    (options.out / "story.regex").write_text(form + "\n")
    print(f"{len(rows)} questions, {len(talks)} conversations")


if __name__ == "__main__":
    main()
