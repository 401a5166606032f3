"""What several emitters say of the tables: names, ranges, lines of text, messages by their part."""

import re
import textwrap

UNITS = {"text": " bytes", "bytes": " bytes", "u32[]": " elements", "f32[]": " elements"}


# ---------------------------------------------------------------- names and words

def pascal(name):
    """`mock_refused`, `Chat message` -> MockRefused, ChatMessage."""
    return "".join(word[:1].upper() + word[1:] for word in re.split("[ _]", name))


def variant(kind):
    """A type of fields as a word: `u32[]` -> U32s."""
    return pascal(kind.replace("[]", "s"))


def sentence(text):
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def lower(value):
    """`True` -> true."""
    return str(value).lower()


def limit_meaning(limit):
    """The meaning of a limit, which names its unit."""
    unit, meaning = limit["unit"], limit["meaning"]
    return meaning if meaning.startswith(unit) else "%s, %s" % (meaning, unit)


def presence(field):
    if field["presence"] != "repeated":
        return field["presence"]
    return "%d..%d times" % (field["times_min"], field["times_max"])


def with_range(field, choices):
    """Presence and range in words, with the choices as given."""
    words = [presence(field)]
    if "choices" in field:
        words.append(choices)
    elif "min" in field:
        words.append("%s..%s%s" % (field["min"], field["max"], UNITS.get(field["type"], "")))
    return ", ".join(words)


# ---------------------------------------------------------------- lines

def folded(text, room):
    """Lines of at most so many columns, cut at spaces."""
    return textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False)


def filled(items, width, first, rest):
    """Items on lines of at most so many columns, cut between items."""
    text = " ".join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items)
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest,
                         break_on_hyphens=False, break_long_words=False).replace(
                             "\N{NO-BREAK SPACE}", " ")


def listed(items):
    """The items with commas, except behind the last."""
    return [item + "," for item in items[:-1]] + items[-1:]


# ---------------------------------------------------------------- kinds and messages

def parts(protocol, *names):
    """The messages that are such parts of a kind: request, chunk, response."""
    return [kind[name] for kind in protocol["kinds"] for name in names if kind[name]]


def reachable(protocol, names):
    """The messages of these names, and the records inside."""
    found, rest = set(), list(names)
    while rest:
        name = rest.pop()
        if name not in found:
            found.add(name)
            rest += [field["record"] for field in protocol["messages"][name]["fields"]
                     if "record" in field]
    return found


def from_server(protocol):
    """The messages that a server sends, records included."""
    return reachable(protocol, ["Error", *parts(protocol, "chunk", "response")])


def answers(protocol):
    """The messages that are an answer to a call, or a part of one."""
    return set(parts(protocol, "chunk", "response")) - {"Hello response", "Cancel response",
                                                         "GoAway"}


def records_first(messages):
    """Names with every record before the messages that hold the record."""
    order = []

    def visit(name):
        for field in messages[name]["fields"]:
            if "record" in field:
                visit(field["record"])
        if name not in order:
            order.append(name)

    for name in messages:
        visit(name)
    return order


def served(protocol, but=()):
    """The kinds that a server answers, without those of these names."""
    return [kind for kind in protocol["kinds"] if kind["state"] == "served"
            and kind["name"] not in but]


def needs_no_field(message):
    """True when an empty request is a right one."""
    return "exactly_one" not in message and not any(
        field["presence"] == "required" or field.get("times_min", 0) > 0
        for field in message["fields"])
