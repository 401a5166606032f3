"""What assay-demo learns: text that this file makes up itself, one function per skill.

Every example is a prompt and the answer a person can check at a glance. A problem belongs to the
held-out set by the hash of its prompt, so the two sets never meet, whatever the seed.
"""

import hashlib
import random
import re
from dataclasses import dataclass

HELD_OUT_SHARE = 20  # one prompt in twenty is never trained on


@dataclass(frozen=True)
class Example:
    skill: str
    prompt: str
    answer: str


def is_held_out(prompt: str) -> bool:
    digest = hashlib.sha256(prompt.encode()).digest()
    return digest[0] % HELD_OUT_SHARE == 0


# Arithmetic: up to three digits, no negative results.


def operand(rng: random.Random) -> int:
    digits = rng.choice((1, 2, 2, 3, 3, 3, 3, 3))
    return rng.randrange(10**digits)


def add(rng: random.Random) -> Example:
    a, b = operand(rng), operand(rng)
    return Example("add", f"{a}+{b}=", f"{a + b}")


def subtract(rng: random.Random) -> Example:
    a, b = sorted((operand(rng), operand(rng)), reverse=True)
    return Example("subtract", f"{a}-{b}=", f"{a - b}")


# Lists.


def sort(rng: random.Random) -> Example:
    numbers = [rng.randrange(100) for _ in range(rng.randint(2, 5))]
    text = " ".join(map(str, numbers))
    return Example("sort", f"sort {text}:", " " + " ".join(map(str, sorted(numbers))))


# Letters. Words are spelled out: a token holds many letters, and the model sees tokens only.

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def count(rng: random.Random) -> Example:
    letter = rng.choice(LETTERS)
    size = rng.randint(3, 9)
    wanted = rng.randint(0, min(5, size))
    others = LETTERS.replace(letter, "")
    word = [letter] * wanted + [rng.choice(others) for _ in range(size - wanted)]
    rng.shuffle(word)
    return Example("count", f"count {letter} in {' '.join(word)}:", f" {wanted}")


# A small world, told in the prompt and asked about.

PEOPLE = (
    "Ada Alan Amir Anna Ben Bela Boris Carl Cleo Dan Dora Elsa Emil Eva Finn Frida Gus Greta Hana"
    " Hugo Ida Igor Iris Jack Jon Julia Karl Kim Lara Leo Lena Lin Luca Maja Mia Milo Nina Noa"
    " Nora Ola Omar Oscar Paul Pia Rita Rob Rosa Sam Sara Sofia Theo Tina Tom Uma Vera Viktor"
    " Wanda Yara Yuri Zoe"
).split()
PLACES = (
    "attic bakery barn bridge cabin castle cave cellar chapel cinema farm field forest garage"
    " garden hall harbor hotel island kitchen library market meadow mill museum office palace park"
    " pool school shop station stable street studio theater tower tunnel valley village"
).split()
THINGS = (
    "apple arrow ball balloon blanket book bottle bowl box brush bucket candle card chair chest"
    " clock coat cup doll drum fan flag flute fork glass glove guitar hammer helmet jacket jar key"
    " kite knife ladder lamp lantern letter map mask mirror needle pen pillow plate puzzle ring"
    " rope scarf shell shovel spoon stone sword table ticket towel umbrella vase whistle"
).split()
COLORS = "red blue green yellow white black brown purple orange pink gray silver golden".split()


def world(rng: random.Random) -> Example:
    people = rng.sample(PEOPLE, 3)
    things = rng.sample(THINGS, 3)
    colors = rng.sample(COLORS, 3)
    places = rng.sample(PLACES, 3)
    facts, questions = [], []
    for person, thing, color, place in zip(people, things, colors, places):
        told = rng.sample(range(3), rng.choice((1, 1, 2)))
        if 0 in told:
            facts.append(f"{person} is in the {place}.")
            questions.append((f"Where is {person}?", f" in the {place}."))
        if 1 in told:
            facts.append(f"{person} has the {thing}.")
            questions.append((f"Who has the {thing}?", f" {person}."))
            questions.append((f"What does {person} have?", f" the {thing}."))
        if 2 in told:
            facts.append(f"The {thing} is {color}.")
            questions.append((f"What color is the {thing}?", f" {color}."))
    rng.shuffle(facts)
    question, answer = rng.choice(questions)
    return Example("world", " ".join(facts) + " " + question, answer)


# Stories from a grammar that keeps track of who, where and what. A name in braces is drawn once for
# each story; `{hero}` and `{friend}` are two animals.

ANIMALS = (
    "badger bear beaver cat cow crab crow deer dog donkey duck fox frog goat goose hare hen"
    " horse lamb lion lizard mole monkey mouse panda parrot pig pony rabbit raven seal"
    " sheep sparrow squirrel swan tiger turtle wolf zebra"
).split()
GRAMMAR = {
    "mood": (
        "brave bored busy calm careful cheerful clever clumsy curious famous friendly"
        " gentle happy hungry kind lazy little lonely lucky merry modest nervous noisy"
        " patient polite proud quick quiet sad shy silly sleepy small strong tired wise young"
    ).split(),
    "loss": (
        "bag bell bone bracelet button coin crown diary feather flower hat jewel leaf"
        " medal necklace nut pebble pencil pearl photo picture ribbon sack seed shoe sock toy"
        " violin wheel"
    ).split(),
    "spot": (
        "under a log", "behind the door", "in the tall grass", "on the roof", "by the river",
        "inside a boot", "beneath the stairs", "at the bottom of a well", "between two rocks",
        "among the roses", "on top of a hill", "near an empty nest",
    ),
    "place": PLACES,
    "weather": (
        "It was a sunny day.", "It was raining.", "Snow was falling.", "The wind was strong.",
        "The moon was bright.", "Fog covered everything.", "The stars were shining.",
        "A storm was coming.",
    ),
    "search": (
        "looked for it everywhere", "searched all morning", "could not find it",
        "cried for a long time", "asked every neighbor about it",
    ),
    "offer": (
        "I will help you", "Do not worry", "Let us look again", "I have an idea",
        "Please follow me",
    ),
    "end": (
        "They laughed and went home.", "They became good friends.", "They danced until night.",
        "They shared a warm pie.", "From then on they met every week.",
        "That evening they sang together.", "Nobody was ever so glad.",
    ),
}
STORY = (
    " Once there was a {mood} {hero} who lived near the {place}. {weather}"
    " The {hero} had lost a {loss} and {search}. Then came a {mood} {friend}."
    " \"{offer},\" said the {friend}. Together they found the {loss} {spot}. {end}"
)


def story(rng: random.Random) -> Example:
    hero, friend = rng.sample(ANIMALS, 2)
    loss = rng.choice(GRAMMAR["loss"])
    text = ""
    for part in re.split(r"(\{\w+\})", STORY):
        name = part.strip("{}")
        fixed = {"hero": hero, "friend": friend, "loss": loss}
        text += fixed.get(name) or rng.choice(GRAMMAR[name]) if part.startswith("{") else part
    return Example("story", f"Story about a {hero}:", text)


SKILLS = {
    "add": add, "subtract": subtract, "sort": sort, "count": count, "world": world,
    "story": story,
}


def training_example(skill: str, rng: random.Random) -> Example:
    """Never a held-out prompt. Stories share their prompts; the texts differ."""
    while True:
        example = SKILLS[skill](rng)
        if skill == "story" or not is_held_out(example.prompt):
            return example


def held_out_examples(skill: str, count: int, seed: int = 1) -> list[Example]:
    rng = random.Random(f"{skill}-{seed}")
    found: dict[str, Example] = {}
    while len(found) < count:
        example = SKILLS[skill](rng)
        if is_held_out(example.prompt):
            found.setdefault(example.prompt, example)
    return list(found.values())


def story_is_sound(animal: str, text: str) -> bool:
    """Whether the grammar above could have told this story after `Story about a ANIMAL:`."""
    pattern, seen = "", set()
    for part in re.split(r"(\{\w+\})", STORY):
        name = part.strip("{}")
        if not part.startswith("{"):
            pattern += re.escape(part)
        elif name == "hero":
            pattern += re.escape(animal)
        elif name in seen and name in ("friend", "loss"):
            pattern += f"(?P={name})"
        else:
            words = ANIMALS if name == "friend" else GRAMMAR[name]
            choice = "|".join(map(re.escape, words))
            pattern += f"(?:{choice})" if name in seen else f"(?P<{name}>{choice})"
            seen.add(name)
    found = re.fullmatch(pattern, text)
    return found is not None and found["friend"] != animal
