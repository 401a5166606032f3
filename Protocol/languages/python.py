"""Emits the generated half of the Python client: numbers, tables, and a dataclass per message.

    clients/python/src/assay/_protocol.py   constants, kinds, statuses, message tables
    clients/python/src/assay/messages.py    the dataclasses, public, with the meanings as comments
"""

FOLDER = "clients/python/src/assay/"
NOTE = "# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.\n"

PROTOCOL_HEAD = NOTE + '''"""Numbers and message tables of the wire protocol (Protocol/SPEC.md)."""

from __future__ import annotations

from enum import IntEnum

from . import messages
from ._tables import Field, Kind, Message

'''

MESSAGES_HEAD = NOTE + '''"""What is sent and what comes back: one dataclass per message of Protocol/SPEC.md, section 8.

Optional fields of requests are None when they are not given; a field that is given is sent, even
with its default. In answers, an absent list, text or byte string is empty, an absent number with a
default has it, and everything else that is absent is None.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as _field
from typing import Literal

Provenance = Literal["real", "mock"]


def _no_values() -> array[float]:
    return array("f")


@dataclass(slots=True, kw_only=True)
class Result:
    """What every answer, and every part of one, says about itself."""

    #: "mock" only when the client allows mocks
    provenance: Provenance
    #: of the model that answered, 0 for none
    generation: int
    #: True exactly when `answer.degradations` is not empty
    degraded: bool
'''

SCALARS = {"u64": "int", "f64": "float", "bytes": "bytes", "text": "str", "bool": "bool"}
NUMBERS = {"u64": "U64", "f64": "F64", "bytes": "BYTES", "text": "TEXT", "u32[]": "U32S",
           "f32[]": "F32S", "record": "RECORD", "bool": "BOOL"}
EMPTY = {"text": '""', "bytes": 'b""', "u32[]": "_field(default_factory=list)",
         "f32[]": "_field(default_factory=_no_values)"}


def class_name(message):
    """`Generate request` -> `GenerateRequest`; an Error is a body, not an exception."""
    return "ErrorBody" if message == "Error" else "".join(
        word[0].upper() + word[1:] for word in message.split())


def outermost(protocol, parts):
    """Names of the messages that are frames' bodies, of the given parts of a kind."""
    return [kind[part] for kind in protocol["kinds"] for part in parts
            if kind[part] is not None and kind["name"] != "GoAway"]


def reachable(protocol, names):
    """Those names, and the records inside them."""
    found, rest = set(), list(names)
    while rest:
        name = rest.pop()
        if name not in found:
            found.add(name)
            rest += [row["record"] for row in protocol["messages"][name]["fields"]
                     if "record" in row]
    return found


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
    lines, line = [], "    #:"
    for word in text.split():
        if len(line) + 1 + len(word) > 99:
            lines.append(line)
            line = "    #:"
        line += " " + word
    return "\n".join(lines + [line]) + "\n"


def dataclass_text(name, message, answers, base):
    """The class of one message."""
    out = ["\n\n@dataclass(slots=True, kw_only=True)\nclass %s%s:\n" % (class_name(name), base),
           '    """%s."""\n' % name]
    for row in message["fields"]:
        out.append("\n" if row is message["fields"][0] else "")
        out.append(remark(row["meaning"]))
        out.append("    %s: %s\n" % (row["name"], declared(row, answers)))
    return "".join(out)


def messages_text(protocol):
    """messages.py."""
    requests = reachable(protocol, outermost(protocol, ["request"]))
    results = set(outermost(protocol, ["chunk", "response"]))
    out, late = [MESSAGES_HEAD], []
    for name, message in protocol["messages"].items():
        base = "(Result)" if name in results else ""
        text = dataclass_text(name, message, name not in requests, base)
        (late if base else out).append(text)
    return "".join(out + late)


# ---------------------------------------------------------------- constants and tables

def field_line(row, since):
    """One `Field(...)`."""
    words = [str(row["id"]), '"%s"' % row["name"], str(NUMBERS[row["type"]])]
    if row["presence"] != "optional":
        words.append("%s=True" % row["presence"])
    for key in ("min", "max", "times_min", "times_max"):
        if key in row:
            words.append("%s=%r" % (key, row[key]))
    if "choices" in row:
        words.append("choices=(%s)" % ", ".join('"%s"' % word for word in row["choices"]))
    if "record" in row:
        words.append('record="%s"' % row["record"])
    if max(row.get("since", 1), since) != 1:
        words.append("since=%d" % max(row.get("since", 1), since))
    line = "            Field(%s),\n" % ", ".join(words)
    if len(line) > 100:
        line = "            Field(\n%s            ),\n" % "".join(
            "                %s,\n" % word for word in words)
    return line


def message_text(name, message):
    """One entry of MESSAGES."""
    head = '    "%s": Message(\n        "%s",\n        messages.%s,\n' % (
        name, name, class_name(name))
    if not message["fields"]:
        return head + "        (),\n    ),\n"
    return head + "        (\n%s        ),\n    ),\n" % "".join(
        field_line(row, message["since"]) for row in message["fields"])


def kind_text(kind):
    """One entry of KINDS."""
    words = [str(kind["number"]), '"%s"' % kind["name"], "since=%d" % kind["since"],
             "retry_safe=%s" % kind["retry_safe"]]
    for part in ("request", "chunk", "response"):
        words.append("%s=%s" % (part, "None" if kind[part] is None else
                                'MESSAGES["%s"]' % kind[part]))
    return '    "%s": Kind(\n        %s,\n    ),\n' % (kind["name"], ",\n        ".join(words))


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
    out += ["%s = %d\n" % (NUMBERS[row["name"]], row["number"]) for row in protocol["types"]]
    out.append("\n\nclass Limits:\n    \"\"\"Numbers that both sides keep; the unit stands behind "
               "each.\"\"\"\n\n")
    out += ["    %s = %d  # %s\n" % (row["name"].upper(), row["value"], row["unit"])
            for row in protocol["limits"]]
    out.append("\n\nclass Status(IntEnum):\n    \"\"\"How a request ended.\"\"\"\n\n")
    out += ["%s    %s = %d\n" % (remark("%s: %s" % (row["advice"], row["meaning"])),
                                  row["name"], row["number"])
            for row in protocol["statuses"]]
    out.append("\n\nMESSAGES: dict[str, Message] = {\n")
    out += [message_text(name, message) for name, message in protocol["messages"].items()]
    out.append("}\n\nKINDS: dict[str, Kind] = {\n")
    out += [kind_text(kind) for kind in protocol["kinds"] if kind["state"] == "served"]
    out.append("}\n\nGOAWAY_KIND = %d\n" % next(
        kind["number"] for kind in protocol["kinds"] if kind["name"] == "GoAway"))
    return "".join(out)


def emit(protocol):
    """Path from the root of the repository -> text."""
    return {FOLDER + "_protocol.py": protocol_text(protocol),
            FOLDER + "messages.py": messages_text(protocol)}
