"""What assay-demo learns of conversations: made up here, one function per kind.

A conversation is a list of turns, each with what the user says and the one right answer. In six of
the seven kinds a later turn needs an earlier one. A conversation belongs to the held-out set by the
hash of what its user says. Training also leaves out every conversation that would tell the answer
to a held-out prompt of `skills.py` in other words.
"""

import random
from dataclasses import dataclass, field

import skills


@dataclass
class Conversation:
    kind: str
    turns: list[tuple[str, str]] = field(default_factory=list)
    # The same questions as prompts of skills.py.
    problems: list[str] = field(default_factory=list)
    depends: bool = False

    @property
    def key(self) -> str:
        return "\n".join(said for said, _ in self.turns)

    def say(self, said: str, answer: str, problem: str | None = None) -> None:
        self.turns.append((said, answer))
        if problem is not None:
            self.problems.append(problem)


# A turn of the user is worded as the prompts of skills.py are, so that what the model knows serves
# conversations, too. Behind a skill's answer comes a turn that is about it.


def ask(talk: Conversation, example: skills.Example) -> str:
    talk.say(example.prompt, example.answer, example.prompt)
    return example.answer


def calculate(talk: Conversation, rng: random.Random) -> None:
    ask(talk, rng.choice((skills.add, skills.subtract))(rng))


def order(talk: Conversation, rng: random.Random) -> None:
    ordered = ask(talk, skills.sort(rng)).split()
    talk.depends = True
    if rng.random() < 0.5:
        talk.say("Which is the largest?", ordered[-1])
    else:
        talk.say("Which is the smallest?", ordered[0])


def letters(talk: Conversation, rng: random.Random) -> None:
    example = skills.count(rng)
    ask(talk, example)
    talk.depends = True
    talk.say("Which letter was it?", f" {example.prompt.split()[1]}")


# Told in one turn, asked about in another.


def introduction(talk: Conversation, rng: random.Random) -> None:
    name = rng.choice(skills.PEOPLE)
    talk.say(f"My name is {name}.", f"Hello, {name}.")
    if rng.random() < 0.4:
        calculate(talk, rng)
    talk.depends = True
    talk.say("What is my name?", f"Your name is {name}.")


def tell(talk: Conversation, rng: random.Random) -> None:
    """One or two people, who have something or are somewhere, and a question about one of them."""
    people = rng.sample(skills.PEOPLE, rng.randint(1, 2))
    questions = []
    for person, thing, place in zip(
            people, rng.sample(skills.THINGS, 2), rng.sample(skills.PLACES, 2)):
        if rng.random() < 0.5:
            talk.say(f"{person} has the {thing}.", "I see.")
            questions += [
                (f"Who has the {thing}?", f"It is {person}."),
                (f"What does {person} have?", f"It is the {thing}.")]
        else:
            talk.say(f"{person} is in the {place}.", "I see.")
            questions.append((f"Where is {person}?", f"In the {place}."))
    talk.depends = True
    talk.say(*rng.choice(questions))


def favorite(talk: Conversation, rng: random.Random) -> None:
    color = rng.choice(skills.COLORS)
    talk.say(f"I like {color}.", "I see.")
    if rng.random() < 0.6:
        calculate(talk, rng)
    talk.depends = True
    talk.say("Which color do I like?", f"You like {color}.")


def pet(talk: Conversation, rng: random.Random) -> None:
    animal, name = rng.choice(skills.ANIMALS), rng.choice(skills.PEOPLE)
    talk.say(f"My {animal} is {name}.", "I see.")
    if rng.random() < 0.6:
        calculate(talk, rng)
    talk.depends = True
    talk.say(f"Who is my {animal}?", f"Your {animal} is {name}.")


def single(talk: Conversation, rng: random.Random) -> None:
    """One question that stands alone."""
    ask(talk, rng.choice((skills.add, skills.subtract, skills.sort, skills.count))(rng))


KINDS = {
    "order": order, "letters": letters, "introduction": introduction, "tell": tell,
    "favorite": favorite, "pet": pet, "single": single,
}


def conversation(kind: str, rng: random.Random) -> Conversation:
    talk = Conversation(kind)
    if rng.random() < 0.2:
        talk.say("Hello.", "Hello.")
    KINDS[kind](talk, rng)
    if rng.random() < 0.1:
        talk.say("Thank you.", "You are welcome.")
    return talk


def training_conversation(kind: str, rng: random.Random) -> Conversation:
    while True:
        talk = conversation(kind, rng)
        if not any(map(skills.is_held_out, [talk.key, *talk.problems])):
            return talk


def held_out_conversations(count: int, seed: int = 1, without=frozenset()) -> list[Conversation]:
    """Kinds take turns; none twice, and none of those whose key is in `without`."""
    rng = random.Random(f"conversations-{seed}")
    found: dict[str, Conversation] = {}
    names = list(KINDS)
    while len(found) < count:
        talk = conversation(names[len(found) % len(names)], rng)
        if skills.is_held_out(talk.key) and talk.key not in without:
            found.setdefault(talk.key, talk)
    return list(found.values())
