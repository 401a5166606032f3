"""Message bodies as JSON values and back, by the tables of ../protocol.json, strict both ways.

The second half of the kit's codec: frames, raw fields and LZ4 are in ../vectors/encoder.py. Values
have the form of the driver protocol: u64 as decimal text, bytes as hexadecimal text, arrays and
records as JSON arrays and objects. `decode` refuses everything that SPEC.md refuses, with a reason.
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))

from encoder import PAYLOAD, PROTOCOL, TYPE, raw_field  # noqa: E402

MESSAGES = PROTOCOL["messages"]
KINDS = {kind["name"]: kind for kind in PROTOCOL["kinds"]}
KIND_OF_NUMBER = {kind["number"]: kind["name"] for kind in PROTOCOL["kinds"]}
STATUS_NAME = {status["number"]: status["name"] for status in PROTOCOL["statuses"]}
LIMITS = {limit["name"]: limit["value"] for limit in PROTOCOL["limits"]}
TABLES = {name: {field["id"]: field for field in message["fields"]}
          for name, message in MESSAGES.items()}


class Wrong(Exception):
    """Bytes or values that SPEC.md does not allow: the code of SPEC.md, the field's path or None."""

    def __init__(self, code, field, found):
        super().__init__("%s: %s" % (code, found))
        self.code, self.field = code, field


# ---------------------------------------------------------------- values to bytes

def encode(name, values):
    """The body of message `name`. Absent, None and (for repeated fields) [] leave a field out."""
    known = {field["name"] for field in MESSAGES[name]["fields"]}
    for key in values:
        if key not in known:
            raise Wrong("field_unknown", key, 'message "%s" has no field %r' % (name, key))
    out = []
    for field in MESSAGES[name]["fields"]:
        value = values.get(field["name"])
        if value is None:
            continue
        for one in value if field["presence"] == "repeated" else [value]:
            payload = encode(field["record"], one) if field["type"] == "record" \
                else PAYLOAD[field["type"]](one)
            out.append(raw_field(field["id"], TYPE[field["type"]], payload))
    return b"".join(out)


# ---------------------------------------------------------------- bytes to values

def decode(name, body, path=""):
    """The values of a body. Raises Wrong."""
    values, last, at = {}, 0, 0
    table = TABLES[name]
    while at < len(body):
        if at + 8 > len(body):
            raise Wrong("body_truncated", None, "half a field header in %s" % (path or name))
        number, kind, zero, size = struct.unpack_from("<HBBI", body, at)
        at += 8
        field = table.get(number)
        if field is None:
            raise Wrong("field_unknown", "%s#%d" % (path, number), "%s#%d in %s"
                        % (path, number, name))
        where = path + field["name"]
        if kind != TYPE[field["type"]]:
            raise Wrong("field_type_mismatch", where, "%s has type %d" % (where, kind))
        if zero:
            raise Wrong("field_reserved_not_zero", where, where)
        if at + size > len(body):
            raise Wrong("body_truncated", where, "%s of %d bytes" % (where, size))
        if number < last:
            raise Wrong("field_order", where, where)
        if number == last and (field["presence"] != "repeated"
                               or len(values[field["name"]]) == field["times_max"]):
            raise Wrong("field_repeated", where, where)
        value = unpack(field, body[at:at + size], where)
        if field["presence"] == "repeated":
            values.setdefault(field["name"], []).append(value)
        else:
            values[field["name"]] = value
        last, at = number, at + size
    check_presence(name, values, path)
    return values


def unpack(field, data, where):
    """One value, its size, range and encoding checked."""
    kind, size = field["type"], len(data)
    if kind in ("u64", "f64") and size != 8 or kind == "bool" and size != 1 \
            or kind in ("u32[]", "f32[]") and size % 4:
        raise Wrong("field_size_mismatch", where, "%s of %d bytes" % (where, size))
    if kind == "record":
        return decode(field["record"], data, where + ".")
    if kind == "u64":
        measured = struct.unpack("<Q", data)[0]
        value = str(measured)
    elif kind == "f64":
        measured = value = struct.unpack("<d", data)[0]
    elif kind == "bool":
        if data[0] > 1:
            raise Wrong("field_out_of_range", where, "%s is %d" % (where, data[0]))
        return data[0] == 1
    elif kind == "bytes":
        measured, value = size, data.hex()
    elif kind == "text":
        measured = size
        try:
            value = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Wrong("field_text_invalid", where, where) from error
    else:
        measured = size // 4
        value = list(struct.unpack("<%d%s" % (measured, "I" if kind == "u32[]" else "f"), data))
    check_range(field, measured, value, where)
    return value


def check_range(field, measured, value, where):
    if "choices" in field and value not in field["choices"]:
        raise Wrong("field_out_of_range", where, "%s is %r" % (where, value))
    if field["type"] == "f64" and measured != measured:
        raise Wrong("field_out_of_range", where, "%s is NaN" % where)
    if "min" not in field:
        return
    low = measured > field["min"] if field.get("min_exclusive") else measured >= field["min"]
    if not (low and measured <= field["max"]):
        raise Wrong("field_out_of_range", where, "%s is %s" % (where, measured))


def check_presence(name, values, path):
    """Required fields, and fields that exclude each other."""
    for field in MESSAGES[name]["fields"]:
        needed = field["presence"] == "required" or field.get("times_min", 0) > 0
        if needed and field["name"] not in values:
            where = path + field["name"]
            raise Wrong("field_missing", where, "%s in %s" % (where, name))
    one = MESSAGES[name].get("exactly_one")
    if one:
        given = [key for key in one if key in values]
        if len(given) != 1:
            raise Wrong("field_conflict" if given else "field_missing",
                        path + (given[-1] if given else one[0]), "%s of %s in %s"
                        % (" and ".join(given) or "none", ", ".join(one), name))
    for first, second in MESSAGES[name].get("excludes", []):
        if first in values and second in values:
            raise Wrong("field_conflict", path + second, "%s beside %s in %s"
                        % (second, first, name))


# ---------------------------------------------------------------- comparing

def normal(name, values):
    """Values without members that mean nothing: None, defaults, empty optional fields.

    The number of a frame is left out as well: a client checks the number, but need not hand it out.
    """
    out, one = {}, MESSAGES[name].get("exactly_one", [])
    for field in MESSAGES[name]["fields"]:
        value = values.get(field["name"])
        if value is None or field["name"] == "frame":
            continue
        if field["type"] == "record":
            value = [normal(field["record"], part) for part in
                     (value if field["presence"] == "repeated" else [value])]
            if field["presence"] != "repeated":
                value = value[0]
        elif field["type"] == "f32[]":
            value = [struct.unpack("<f", struct.pack("<f", one))[0] for one in value]
        elif field["type"] == "u64":
            value = int(value) if isinstance(value, str) else "%r, no decimal text" % value
        elif field["type"] == "f64":
            value = float(value)
        empty = value in ([], "", {}) or value == field.get("default", [])
        if empty and field["presence"] != "required" and field["name"] not in one:
            continue
        out[field["name"]] = value
    unknown = sorted(set(values) - {field["name"] for field in MESSAGES[name]["fields"]})
    if unknown:
        out["(not in the table)"] = unknown
    return out


def difference(wanted, found, path=""):
    """A sentence about the first place where two values differ, None where they are equal."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(set(wanted) | set(found), key=str):
            here = "%s.%s" % (path, key) if path else key
            if key not in found:
                return "%s: expected %s, found nothing" % (here, clip(wanted[key]))
            if key not in wanted:
                return "%s: expected nothing, found %s" % (here, clip(found[key]))
            inner = difference(wanted[key], found[key], here)
            if inner:
                return inner
        return None
    if isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            return "%s: expected %d elements, found %d" % (path, len(wanted), len(found))
        for index, (left, right) in enumerate(zip(wanted, found)):
            inner = difference(left, right, "%s[%d]" % (path, index))
            if inner:
                return inner
        return None
    if type(wanted) is bool or type(found) is bool:
        same = wanted is found
    else:
        same = wanted == found
    return None if same else "%s: expected %s, found %s" % (path, clip(wanted), clip(found))


def clip(value, size=120):
    """A value short enough for a sentence."""
    text = repr(value)
    return text if len(text) <= size else text[:size - 3] + "..."


# ---------------------------------------------------------------- whole answers

def whole(kind, chunks, last):
    """The whole answer from chunks and last frame, with values cut into frames joined."""
    answer = dict(last)
    if kind == "Generate":
        frames = chunks + [last]
        answer["tokens"] = [token for frame in frames for token in frame.get("tokens", [])]
        answer["text"] = "".join(frame.get("text", "") for frame in frames)
        for name in ("logprobs", "prompt_logprobs"):
            lists = [frame[name] for frame in frames if name in frame]
            if lists:
                answer[name] = joined(lists)
    elif kind in ("Logits", "Embed"):
        name = "logits" if kind == "Logits" else "embeddings"
        answer[name] = [value for frame in chunks + [last] for value in frame[name]]
    return answer


def joined(lists):
    """Several Logprobs as one."""
    out = {"tokens": [], "logprobs": []}
    for part in lists:
        for name in ("tokens", "logprobs", "top_tokens", "top_logprobs"):
            if part.get(name):
                out.setdefault(name, []).extend(part[name])
        if int(part.get("top_count", 0)):
            out["top_count"] = part["top_count"]
    return out
