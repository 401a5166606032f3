"""Emits clients/python/src/assay/_protocol.py: numbers and message tables as Python values."""

PATH = "clients/python/src/assay/_protocol.py"

HEAD = '''# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Numbers and message tables of the wire protocol (Protocol/SPEC.md)."""

from typing import Dict, NamedTuple, Optional, Tuple, Union


class Field(NamedTuple):
    """One row of a message's table."""

    id: int
    name: str
    #: u64, f64, bytes, text, u32[], f32[], record, bool
    type: str
    #: required, optional, repeated
    presence: str
    #: bytes of a text or bytes, elements of an array, otherwise the value; None: any
    min: Union[int, float, None] = None
    max: Union[int, float, None] = None
    min_exclusive: bool = False
    times_min: int = 0
    times_max: int = 1
    choices: Tuple[str, ...] = ()
    default: Union[bool, int, float, str, None] = None
    #: name of the message that a record holds
    record: Optional[str] = None
    #: lowest revision that knows the field
    since: int = 1


class Kind(NamedTuple):
    """One kind of request."""

    number: int
    name: str
    #: served, reserved, push
    state: str
    since: int
    streamed: bool
    retry_safe: bool
    #: names of its messages
    request: Optional[str]
    chunk: Optional[str]
    response: Optional[str]


class Status(NamedTuple):
    """One status number."""

    number: int
    name: str
    #: none, retry, backoff, fix
    advice: str
    on_wire: bool


'''


def constant(name, value):
    return "%s = %r\n" % (name.upper(), value)


def field_line(field, message_since):
    words = ["%r" % field[key] for key in ("id", "name", "type", "presence")]
    for key in ("min", "max", "min_exclusive", "times_min", "times_max", "choices", "default",
                "record"):
        if key in field:
            value = tuple(field[key]) if key == "choices" else field[key]
            words.append("%s=%r" % (key, value))
    since = max(field.get("since", 1), message_since)
    if since != 1:
        words.append("since=%d" % since)
    return "        Field(%s),\n" % ", ".join(words)


def emit(protocol):
    out = [HEAD]
    out.append(constant("version", protocol["version"]))
    out.append(constant("revision", protocol["revision"]))
    out.append(constant("default_port", protocol["default_port"]))
    out.append(constant("response_bit", protocol["response_bit"]))
    out.append("\n# Flags of a frame.\n")
    out += [constant("flag_" + flag["name"], flag["value"]) for flag in protocol["flags"]]
    out.append("\n# Provenance of a frame.\n")
    out += [constant("provenance_" + row["name"], row["number"]) for row in protocol["provenance"]]
    out.append("\n# Limits; the unit stands behind each.\n")
    out += ["%s = %d  # %s\n" % (limit["name"].upper(), limit["value"], limit["unit"])
            for limit in protocol["limits"]]
    out.append("\nKINDS: Dict[str, Kind] = {\n")
    out += ["    %r: Kind(%s),\n" % (kind["name"], ", ".join(
        "%r" % kind[key] for key in ("number", "name", "state", "since", "streamed", "retry_safe",
                                     "request", "chunk", "response")))
            for kind in protocol["kinds"]]
    out.append("}\n\nSTATUSES: Tuple[Status, ...] = (\n")
    out += ["    Status(%r, %r, %r, %r),\n" % (status["number"], status["name"], status["advice"],
                                                status["on_wire"])
            for status in protocol["statuses"]]
    out.append(")\n\n# Name of a type -> its number in a field header.\nTYPES: Dict[str, int] = {\n")
    out += ["    %r: %d,\n" % (row["name"], row["number"]) for row in protocol["types"]]
    out.append("}\n\n# Exactly one of these fields is given.\n")
    out.append("EXACTLY_ONE: Dict[str, Tuple[str, ...]] = {\n")
    out += ["    %r: %r,\n" % (name, tuple(message["exactly_one"]))
            for name, message in protocol["messages"].items() if "exactly_one" in message]
    out.append("}\n\nMESSAGES: Dict[str, Tuple[Field, ...]] = {\n")
    for name, message in protocol["messages"].items():
        lines = [field_line(field, message["since"]) for field in message["fields"]]
        out.append("    %r: (\n%s    ),\n" % (name, "".join(lines)) if lines else
                   "    %r: (),\n" % name)
    out.append("}\n")
    return {PATH: "".join(out)}
