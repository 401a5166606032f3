"""Emits the generated half of the Python client.

    clients/python/src/assay/_protocol.py   constants, error codes, kinds, statuses, message tables
    clients/python/src/assay/messages.py    the dataclasses, public, with the meanings as comments
    clients/python/src/assay/_options.py    the options, their defaults and ranges
    clients/python/src/assay/_calls.py      a method for each kind, blocking and asyncio alike
    clients/python/src/assay/_errors.py     the error and its kinds (_python_parts.py)
    clients/python/src/assay/_words.py      the fields of requests as arguments (_python_parts.py)
    clients/python/src/assay/_version.py    the version

One file a language, as for the other clients.
"""

import _token_file
from _python_parts import NOTE, error_text, words_text
from _tables import filled, folded, listed, pascal, reachable, served, variant

FOLDER = "clients/python/src/assay/"
VERSION = NOTE + '"""Version of the client."""\n\n__version__ = "%s"\n'

PROTOCOL_HEAD = NOTE + '''"""Numbers and message tables of the wire protocol (Protocol/SPEC.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from . import messages


@dataclass(slots=True)
class Field:
    """One row of a message's table."""

    id: int
    name: str
    #: number of the type, as in the header of a field
    type: int
    #: lowest revision with the field
    since: int
    #: least and most bytes of a value
    size_min: int
    size_max: int
    #: least and most occurrences
    times_min: int
    times_max: int
    repeated: bool = False
    #: lowest and highest value of a number, where `above` excludes the lowest
    range: tuple[float, float] | None = None
    above: bool = False
    choices: tuple[str, ...] | None = None
    #: words that came with a later revision than the field, and the revision of each
    words_since: tuple[tuple[str, int], ...] = ()
    #: name of a record's message
    record: str | None = None


class Message:
    """The rows of a message, by id and in order, and the dataclass of the values."""

    def __init__(
        self,
        name: str,
        type: type[Any],
        fields: tuple[Field, ...],
        exactly_one: tuple[str, ...] = (),
        excludes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.name = name
        self.type = type
        self.fields = fields
        self.by_id = {field.id: field for field in fields}
        #: names of the fields, a prompt first, then required fields
        self.names = [
            f.name for f in sorted(fields, key=lambda f: (f.name != "prompt", not f.times_min))
        ]
        #: fields that are required or may be repeated
        self.counted = tuple(f for f in fields if f.times_min or f.repeated)
        #: fields of which exactly one is given
        self.exactly_one = exactly_one
        #: pairs of fields of which at most one is given
        self.excludes = excludes
        #: true when there are checks across fields
        self.rules = bool(self.counted or exactly_one or excludes)


@dataclass(slots=True)
class Kind:
    """One kind of request, with the messages."""

    number: int
    name: str
    since: int
    #: true when the request may be sent again after a lost connection
    retry_safe: bool
    request: Message
    chunk: Message | None
    response: Message
    #: fields that are spread over the frames of an answer
    shares: tuple[str, ...]


'''

OPTIONS_HEAD = NOTE + '''"""Settings of a client: name, demands, bounds and times."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from ._errors import invalid

#: lowest and highest value of each number, and least and most bytes of each text
_RANGES = {
%s}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a client. A value out of range raises `request_invalid`."""

%s
    def __post_init__(self) -> None:
        for name, row in self.__dataclass_fields__.items():
            value, kind = getattr(self, name), type("" if row.default is None else row.default)
            if value is None and row.default is None:
                continue
            low, high = _RANGES.get(name, (False, True))
            found = value if kind is not str else f"a {type(value).__name__}"
            measured = value
            if isinstance(value, str):
                measured = len(value.encode())
                found = f"{measured} bytes"
            if type(value) is not kind or not low <= measured <= high:
                unit = " bytes" if kind is str else ""
                raise invalid(f"reading the option {name}", found, f"{low} to {high}{unit}", name)
%s'''

CALLS_HEAD = NOTE + '''"""The calls of both clients: one method for each kind and its request.

A request may be given as arguments instead: `load("name", "/path", device="cpu")`,
`generate("text", max_tokens=8)`. Records may be dictionaries of their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import _words as w
from . import messages as m
from ._base import BaseClient
from ._exchange import Exchange
from ._protocol import KINDS
from ._requests import request_of
from ._stream import AsyncGenerateStream, GenerateStream, done

if TYPE_CHECKING:
    from typing_extensions import Unpack
'''

CALLS_CLASS = '''

class %(class)s(BaseClient):
    """%(about)s."""
'''

CALL = '''
    %(async)sdef %(method)s(
        self,
%(parameters)s    ) -> m.%(response)s:
        """%(about)s"""
%(made)s        answer: m.%(response)s = %(answer)s
        return answer
'''

STREAM = '''
    def generate_stream(
        self,
        request: m.GenerateRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.GenerateWords],
    ) -> %(stream)s[m.GenerateChunk, m.GenerateResponse]:
        """Continues a prompt as a stream of chunks. `result` is the whole answer at the end."""
        made = request_of("Generate", request, words, fields)
        exchange = Exchange(self, KINDS["Generate"], made, deadline_milliseconds, True)
        return %(stream)s(exchange)

    %(async)sdef chat(
        self,
        messages: Sequence[w.Turn],
        *,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ChatWords],
    ) -> m.GenerateResponse:
        """Continues a conversation: `chat([{"role": "user", "content": "..."}], max_tokens=8)`."""
        made = request_of("Generate", None, (), {"messages": messages, **fields})
        answer: m.GenerateResponse = %(chat)s
        return answer

    def chat_stream(
        self,
        messages: Sequence[w.Turn],
        *,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ChatWords],
    ) -> %(stream)s[m.GenerateChunk, m.GenerateResponse]:
        """Continues a conversation as a stream of chunks, see `generate_stream`."""
        made = request_of("Generate", None, (), {"messages": messages, **fields})
        exchange = Exchange(self, KINDS["Generate"], made, deadline_milliseconds, True)
        return %(stream)s(exchange)
'''

#: kind -> the parameter for its chunks, the parameter's argument, a sentence about it
ON_CHUNK = {
    "Load": ("on_layer", "Layer", "gets the verdict of each layer"),
    "Swap": ("on_progress", "SwapProgress", "gets each layer and each later step"),
}
ABOUT_CHUNKS = '''

        `%(name)s` %(gets)s. An exception gives up the answer.
        '''

MESSAGES_HEAD = NOTE + '''"""Requests and answers: one dataclass per message of SPEC.md, section 8.

Optional fields of requests are None when not given. A given field is sent, even with the default
value. In answers, an absent list, text or byte string is empty, an absent number with a default has
the default, and every further absent field is None.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as _field
from enum import Enum
from typing import Literal


class Provenance(str, Enum):
    """The source of an answer. Equal to the word, and printed as the word."""

%s
    #: as a key, the word, too
    __hash__ = str.__hash__

    def __str__(self) -> str:
        return self.value


def _no_values() -> array[float]:
    return array("f")


@dataclass(slots=True, kw_only=True)
class Result:
    """Facts about every answer, and about every part of an answer."""

    #: mock only when the client allows mocks
    provenance: Provenance
    #: generation of the model that answered, 0 for none
    generation: int
    #: True exactly when `answer.degradations` is not empty
    degraded: bool
'''

SOURCE = '''
    @property
    def source(self) -> Provenance:
        """The provenance as a word."""
        return Provenance.REAL if self.provenance == 1 else Provenance.MOCK
'''

VECTORS = '''
    @property
    def vectors(self) -> list[array[float]]:
        """One vector for each input, in the order of the inputs."""
        values, size = self.embeddings, self.dimensions
        return [values[at : at + size] for at in range(0, len(values), size)]
'''

SCALARS = {"u64": "int", "f64": "float", "bytes": "bytes", "text": "str", "bool": "bool"}
#: bytes of a unit of `min` and `max`
UNITS = {"text": 1, "bytes": 1, "u32[]": 4, "f32[]": 4}
EMPTY = {"text": '""', "bytes": 'b""', "u32[]": "_field(default_factory=list)",
         "f32[]": "_field(default_factory=_no_values)"}


def class_name(message):
    """`Generate request` -> `GenerateRequest`. An Error is a body, not an exception."""
    return "ErrorBody" if message == "Error" else pascal(message)


def outermost(protocol, parts):
    """Names of the messages that are frames' bodies, of the given parts of a kind."""
    return [kind[part] for kind in protocol["kinds"] for part in parts
            if kind[part] is not None and kind["name"] != "GoAway"]


# ---------------------------------------------------------------- dataclasses

def annotation(row, answers):
    """The Python type of one value of a field."""
    if row["type"] == "record":
        return class_name(row["record"])
    if "choices" in row:
        return "Literal[%s]" % ", ".join('"%s"' % word for word in row["choices"])
    if row["type"] == "u32[]":
        return "list[int]" if answers else "Sequence[int]"
    if row["type"] == "f32[]":
        return "array[float]"
    return SCALARS[row["type"]]


def declared(row, answers):
    """`annotation`, and the default when there is one."""
    kind = annotation(row, answers)
    if row["presence"] == "repeated":
        if answers:
            return "list[%s] = _field(default_factory=list)" % kind
        return "Sequence[%s]%s" % (kind, "" if row["times_min"] else " = ()")
    if row["presence"] == "required":
        return kind
    if answers and row["type"] in EMPTY and row.get("min", 0) == 0 and "choices" not in row:
        return "%s = %s" % (kind, EMPTY[row["type"]])
    if answers and "default" in row:
        return "%s = %r" % (kind, row["default"])
    return "%s | None = None" % kind


def remark(text):
    """Comment lines of at most 100 columns."""
    return "".join("    #: %s\n" % line for line in folded(text, 92))


def dataclass_text(name, message, answers, base):
    """The class of one message."""
    out = ["\n\n@dataclass(slots=True, kw_only=True)\nclass %s%s:\n" % (class_name(name), base),
           '    """%s."""\n' % name]
    for row in message["fields"]:
        out.append("\n" if row is message["fields"][0] else "")
        out.append(remark(row["meaning"]))
        out.append("    %s: %s\n" % (row["name"], declared(row, answers)))
    out.append({"Embed response": VECTORS, "Model": SOURCE}.get(name, ""))
    return "".join(out)


def messages_text(protocol):
    """messages.py."""
    requests = reachable(protocol, outermost(protocol, ["request"]))
    results = set(outermost(protocol, ["chunk", "response"]))
    marks = "".join('%s    %s = "%s"\n' % (
        remark(row["meaning"]), row["name"].upper(), row["name"]) for row in protocol["provenance"])
    out, late = [MESSAGES_HEAD % marks], []
    for name, message in protocol["messages"].items():
        base = "(Result)" if name in results else ""
        text = dataclass_text(name, message, name not in requests, base)
        (late if base else out).append(text)
    names = sorted(["Provenance", "Result", *map(class_name, protocol["messages"])])
    listed = "".join('    "%s",\n' % name for name in names)
    return "".join(out + late) + "\n\n__all__ = [\n%s]\n" % listed


# ---------------------------------------------------------------- constants and tables

def sizes(row):
    """Least and most bytes of one value."""
    unit = UNITS.get(row["type"])
    if unit and "max" in row:
        return row["min"] * unit, row["max"] * unit
    return {"u64": (8, 8), "f64": (8, 8), "bool": (1, 1)}.get(row["type"], (0, 0xFFFFFFFF))


def texts(words):
    """A tuple of texts."""
    return "(%s)" % ", ".join('"%s"' % word for word in words)


def field_line(row, since):
    """One `Field(...)`."""
    times = {"required": (1, 1), "optional": (0, 1)}.get(row["presence"])
    words = [row["id"], '"%s"' % row["name"], variant(row["type"]).upper(),
             max(row.get("since", 1), since), *sizes(row),
             *(times or (row["times_min"], row["times_max"]))]
    if times is None:
        words.append("repeated=True")
    if "max" in row and row["type"] not in UNITS:
        words.append("range=(%r, %r)" % (row["min"], row["max"]))
    if row.get("min_exclusive"):
        words.append("above=True")
    if "choices" in row:
        words.append("choices=%s" % texts(row["choices"]))
    if "choices_since" in row:
        words.append("words_since=(%s)" % " ".join(
            '("%s", %d),' % pair for pair in row["choices_since"].items()))
    if "record" in row:
        words.append('record="%s"' % row["record"])
    first, *rest = map(str, words)
    return filled(listed(["Field(" + first, *rest[:-1], rest[-1] + "),"]), 100, " " * 12,
                  " " * 16) + "\n"


def message_text(name, message):
    """One entry of MESSAGES."""
    out = ['    "%s": Message(\n        "%s",\n        messages.%s,\n' % (
        name, name, class_name(name))]
    rows = "".join(field_line(row, message["since"]) for row in message["fields"])
    out.append("        (\n%s        ),\n" % rows if rows else "        (),\n")
    if "exactly_one" in message:
        out.append("        exactly_one=%s,\n" % texts(message["exactly_one"]))
    if "excludes" in message:
        pairs = listed([texts(pair) for pair in message["excludes"]] + [""])[:-1]
        line = "        excludes=(%s),\n" % " ".join(pairs)
        out.append(line if len(line) <= 101 else "        excludes=(\n%s\n        ),\n" % filled(
            pairs, 100, " " * 12, " " * 12))
    return "".join(out + ["    ),\n"])


def kind_text(kind, messages):
    """One entry of KINDS."""
    words = ['%d, "%s", since=%d, retry_safe=%s' % (
        kind["number"], kind["name"], kind["since"], kind["retry_safe"])]
    words += ["%s=%s" % (part, 'MESSAGES["%s"]' % kind[part] if kind[part] else None)
              for part in ("request", "chunk", "response")]
    chunk = messages[kind["chunk"]]["fields"] if kind["chunk"] else []
    shares = [row["name"] for row in chunk
              if row["type"] in ("text", "u32[]", "f32[]") and "choices" not in row]
    words.append("shares=(%s)" % "".join('"%s", ' % name for name in shares).rstrip())
    return '    "%s": Kind(\n        %s,\n    ),\n' % (kind["name"], ",\n        ".join(words))


def errors_text(protocol):
    """The client's own codes, and the status of each code."""
    rows = protocol["client_errors"]
    codes = ['%s%s = "%s"\n' % (remark(row["meaning"]).replace("    #:", "#:"),
                                row["code"].upper(), row["code"]) for row in rows]
    statuses = ["    %s: Status.%s,\n" % (row["code"].upper(), row["status"] or "UNKNOWN")
                for row in rows]
    return "".join([
        "\n\n# Codes of the client's own errors.\n\n", *codes,
        "\n#: status of each code (a server's refusal has the server's status)\nERROR_STATUS = {\n",
        *statuses, "}\n"])


def protocol_text(protocol):
    """_protocol.py."""
    out = [PROTOCOL_HEAD]
    for key in ("version", "revision", "default_port", "response_bit"):
        out.append("%s = %d\n" % (key.upper(), protocol[key]))
    out.append("\n# Flags of a frame.\n")
    out += ["FLAG_%s = %d\n" % (row["name"].upper(), row["value"]) for row in protocol["flags"]]
    out.append("\n# Provenance of a frame.\n")
    out += ["PROVENANCE_%s = %d\n" % (row["name"].upper(), row["number"])
            for row in protocol["provenance"]]
    out.append("\n# Types of a field.\n")
    out += ["%s = %d\n" % (variant(row["name"]).upper(), row["number"])
            for row in protocol["types"]]
    out.append("\n\nclass Limits:\n    \"\"\"Limits that both sides keep, with units."
               "\"\"\"\n\n")
    out += ["    %s = %d  # %s\n" % (row["name"].upper(), row["value"], row["unit"])
            for row in protocol["limits"]]
    out.append("\n\nclass Status(IntEnum):\n    \"\"\"Outcome of a request.\"\"\"\n\n")
    out += ["%s    %s = %d\n" % (remark("%s: %s" % (row["advice"], row["meaning"])),
                                  row["name"], row["number"])
            for row in protocol["statuses"]]
    out.append(errors_text(protocol))
    out.append("\nMESSAGES: dict[str, Message] = {\n")
    out += [message_text(name, message) for name, message in protocol["messages"].items()]
    out.append("}\n\nKINDS: dict[str, Kind] = {\n")
    out += [kind_text(kind, protocol["messages"]) for kind in served(protocol)]
    out.append("}\n\nGOAWAY_KIND = %d\n" % next(
        kind["number"] for kind in protocol["kinds"] if kind["name"] == "GoAway"))
    return "".join(out)


# ---------------------------------------------------------------- options

def options_text(protocol):
    """_options.py."""
    rows = protocol["client"]["options"]
    ranges = ['    "%s": (%d, %d),\n' % (row["name"], row["min"], row["max"])
              for row in rows if "min" in row]
    fields = []
    for row in rows:
        kind = SCALARS[row["type"]]
        if row.get("optional"):
            kind, default = kind + " | None", None
            if row.get("secret"):
                default = "field(default=None, repr=False)"
        else:
            default = row.get("default", '"assay-python/%s"' % protocol["release"])
        fields += [remark(row["meaning"]), "    %s: %s = %s\n" % (row["name"], kind, default)]
    return OPTIONS_HEAD % ("".join(ranges), "".join(fields), _token_file.python(protocol))


# ---------------------------------------------------------------- calls

def lead_type(message):
    """The type of the first argument when a request is given as words."""
    fields = message["fields"]
    lead = min(fields, key=lambda row: (row["name"] != "prompt", row["presence"] != "required"
                                        and not row.get("times_min"), fields.index(row)))
    if "record" in lead:
        return "Sequence[w.%s]" % {"Chat message": "Turn", "Input": "Piece"}[lead["record"]]
    return annotation(lead, False) + " | str" * (lead["type"] == "bytes")


def call_text(kind, message, prefixes):
    """The method of one kind."""
    by_words, chunks = message["fields"], ON_CHUNK.get(kind["name"])
    request = class_name(kind["request"])
    if by_words:
        parameters = ["request: m.%s | %s | None = None" % (request, lead_type(message)),
                      "*words: Any"]
    else:
        parameters = ["request: m.%s | None = None" % request, "*"]
    if chunks:
        parameters.append("%s: Callable[[m.%s], None] | None = None" % chunks[:2])
    parameters.append("deadline_milliseconds: int = 0")
    if by_words:
        parameters.append("**fields: Unpack[w.%sWords]" % kind["name"])
    about = kind["meaning"].replace(" (streamed)", "").capitalize() + "."
    if not kind["retry_safe"]:
        about += " Never sent again once the work may have begun."
    about = "\n        ".join(folded(about, 86))
    if chunks:
        about += ABOUT_CHUNKS % {"name": chunks[0], "gets": chunks[2]}
    made = "request or m.%s()" % request
    if by_words:
        made = 'request_of("%s", request, words, fields)' % kind["name"]
    words = ['"%s"' % kind["name"], "made", "deadline_milliseconds"]
    words += chunks[:1] if chunks else []
    answer = prefixes["answer"] % ", ".join(words)
    if len("        answer: m.%s = " % class_name(kind["response"]) + answer) > 100:
        answer = prefixes["answer"] % ("\n            %s\n        " % ", ".join(words))
    return CALL % {
        "method": kind["name"].lower(), "response": class_name(kind["response"]),
        "parameters": "".join("        %s,\n" % one for one in parameters),
        "about": about,
        "made": "        made = %s\n" % made,
        "answer": answer,
        "async": prefixes["async"]}


def calls_text(protocol):
    """_calls.py: the calls of the blocking client, then of the asyncio client."""
    out = [CALLS_HEAD]
    for about, prefixes in (
            ("The calls of the blocking client",
             {"async": "", "answer": "done(self._answer(%s))", "class": "Calls",
              "stream": "GenerateStream"}),
            ("The calls of the asyncio client",
             {"async": "async ", "answer": "await self._answer(%s)", "class": "AsyncCalls",
              "stream": "AsyncGenerateStream"})):
        out.append(CALLS_CLASS % {"about": about, **prefixes})
        for kind in served(protocol, ("Hello", "Cancel")):
            out.append(call_text(kind, protocol["messages"][kind["request"]], prefixes))
            if kind["name"] == "Generate":
                call = '"Generate", made, deadline_milliseconds'
                out.append(STREAM % dict(prefixes, chat=prefixes["answer"] % call))
    return "".join(out)


def emit(protocol):
    """Path from the root of the repository -> text."""
    return {FOLDER + "_version.py": VERSION % protocol["release"],
            FOLDER + "_errors.py": error_text(protocol),
            FOLDER + "_words.py": words_text(protocol, annotation),
            FOLDER + "_protocol.py": protocol_text(protocol),
            FOLDER + "messages.py": messages_text(protocol),
            FOLDER + "_options.py": options_text(protocol),
            FOLDER + "_calls.py": calls_text(protocol)}
