"""Emits clients/go/protocol.go: numbers, message tables, and one Go struct per message.

The struct of a message has the fields of its table, in the table's order; an answer's struct ends
with Origin. clients/go/codec.go relies on both.
"""

PATH = "clients/go/protocol.go"

# What the caller never holds in hand.
PRIVATE = {"Error": "errorBody", "GoAway": "goAway", "Hello request": "helloRequest",
           "Hello response": "helloResponse", "Ping request": "pingRequest",
           "Unload request": "unloadRequest", "Models request": "modelsRequest",
           "Stats request": "statsRequest", "Cancel request": "cancelRequest",
           "Cancel response": "cancelResponse", "Load progress": "loadProgress",
           "Logits chunk": "logitsChunk", "Embed chunk": "embedChunk"}

SLICES = {"u32[]": "[]uint32", "f32[]": "[]float32", "bytes": "[]byte"}
SCALARS = {"u64": "uint64", "f64": "float64", "text": "string", "bool": "bool"}
TYPES = {"u64": "typeU64", "f64": "typeF64", "bytes": "typeBytes", "text": "typeText",
         "u32[]": "typeU32s", "f32[]": "typeF32s", "record": "typeRecord", "bool": "typeBool"}

HEAD = """// Code generated from Protocol/protocol.json by Protocol/generate.py. DO NOT EDIT.

package assay

import "math"

"""


def camel(name):
    return "".join(word.capitalize() for word in name.replace(" ", "_").split("_"))


def struct_name(message):
    if message in PRIVATE:
        return PRIVATE[message]
    return "".join(word[:1].upper() + word[1:] for word in message.split(" "))


def table_name(message):
    name = struct_name(message)
    return name[:1].lower() + name[1:] + "Table"


def zero_says_absent(field, in_answer):
    """True when a field left at Go's zero value may stay out of the body."""
    kind = field["type"]
    if kind == "text" and in_answer:
        return True
    if "choices" in field:
        return True
    zero = {"u64": 0, "f64": 0.0, "text": "", "bool": False}[kind]
    if "min" in field and (field["min"] > 0 or field.get("min_exclusive")):
        return True
    return "default" in field and field["default"] == zero


def go_type(field, in_answer):
    kind, presence = field["type"], field["presence"]
    if kind == "record":
        record = struct_name(field["record"])
        return {"required": record, "optional": "*" + record, "repeated": "[]" + record}[presence]
    if presence == "repeated":
        return "[]" + (SLICES.get(kind) or SCALARS[kind])
    if kind in SLICES:
        return SLICES[kind]
    if presence == "required" or zero_says_absent(field, in_answer):
        return SCALARS[kind]
    return "*" + SCALARS[kind]


def sentence(field, name, message):
    text = field["meaning"] + (", microseconds" if message == "Timing" else "")
    if "choices" in field:
        text += ": " + ", ".join(field["choices"])
    elif "min" in field:
        unit = {"text": " bytes", "bytes": " bytes", "u32[]": " elements",
                "f32[]": " elements"}.get(field["type"], "")
        text += " (%s to %s%s)" % (field["min"], field["max"], unit)
    return wrap("%s: %s." % (name, text), "\t// ")


def wrap(text, mark):
    lines, line = [], mark.rstrip(" ")
    for word in text.split(" "):
        if len(line) + 1 + len(word) > 96 and line.strip() != "//":
            lines.append(line)
            line = mark.rstrip(" ")
        line += " " + word
    return "\n".join(lines + [line]) + "\n"


def struct(name, message, answers, roles):
    in_answer = name in answers
    members = []
    for field in message["fields"]:
        member = camel(field["name"])
        omit = "" if field["presence"] == "required" else ",omitempty"
        members.append("%s\t%s %s `json:\"%s%s\"`\n" % (
            sentence(field, member, name), member, go_type(field, in_answer), field["name"], omit))
    if name in roles:
        members.append("\tOrigin\n")
    text = wrap("%s is the %s \"%s\" of Protocol/SPEC.md." % (
        struct_name(name), "message" if name in roles or "request" in name else "record", name),
        "// ")
    if not members:
        return "%stype %s struct{}\n" % (text, struct_name(name))
    return "%stype %s struct {\n%s}\n" % (text, struct_name(name), "\n".join(members))


def field_line(field):
    words = ["id: %d" % field["id"], 'name: "%s"' % field["name"], "typ: " + TYPES[field["type"]],
             "presence: " + field["presence"]]
    if field["presence"] == "repeated":
        words += ["timesMin: %d" % field["times_min"], "timesMax: %d" % field["times_max"]]
    if "choices" in field:
        choices = ", ".join('"%s"' % choice for choice in field["choices"])
        words.append("choices: []string{%s}" % choices)
        words.append("high: math.MaxUint64")
    elif field["type"] == "f64":
        words.append("least: %s" % (field["min"] if "min" in field else "math.Inf(-1)"))
        words.append("most: %s" % (field["max"] if "max" in field else "math.Inf(1)"))
        if field.get("min_exclusive"):
            words.append("above: true")
    elif field["type"] not in ("record", "bool"):
        if field.get("min"):
            words.append("low: %d" % field["min"])
        words.append("high: %s" % field.get("max", "math.MaxUint64"))
    if field["type"] == "record":
        words.append("record: " + table_name(field["record"]))
    if field.get("since", 1) != 1:
        words.append("since: %d" % field["since"])
    return "\t{%s},\n" % ", ".join(words)


def table(name, message):
    rules = []
    for key in ("exactly_one", "excludes"):
        rows = message.get(key) or []
        rows = [rows] if rows and isinstance(rows[0], str) else rows
        rules.append("[][]string{%s}" % ", ".join(
            "{%s}" % ", ".join('"%s"' % word for word in row) for row in rows) if rows else "nil")
    fields = "".join(field_line(field) for field in message["fields"])
    body = "[]field{\n%s}" % fields if fields else "nil"
    return 'var %s = &message{"%s", %s, %s, %s}\n' % (table_name(name), name, body, *rules)


def block(word, rows):
    """A block of constants with aligned values and comments: (name, type, value, comment)."""
    width = max(len(row[0]) for row in rows)
    rows = [("%s %s" % (name.ljust(width), kind) if kind else name, "= %s" % value, comment)
            for name, kind, value, comment in rows]
    names = max(len(row[0]) for row in rows)
    values = max(len(row[1]) for row in rows)
    lines = "".join("\t%s %s // %s\n" % (name.ljust(names), value.ljust(values), comment)
                    for name, value, comment in rows)
    return "%s (\n%s)\n" % (word, lines)


def kinds(protocol):
    tables = "".join(
        "\tkind%s: {%s},\n" % (kind["name"], ", ".join([
            '"%s"' % kind["name"], "%d" % kind["since"],
            "true" if kind["streamed"] else "false", "true" if kind["retry_safe"] else "false",
            table_name(kind["request"])]))
        for kind in protocol["kinds"] if kind["request"])
    width = max(len(kind["name"]) for kind in protocol["kinds"] if kind["request"]) + 5
    aligned = ""
    for line in tables.splitlines():
        name, rest = line.split(": ", 1)
        aligned += "\t%s %s\n" % ((name.strip() + ":").ljust(width), rest)
    return "var kinds = map[byte]kindRule{\n%s}\n" % aligned


def status_name(status):
    return "Status" + ("OK" if status["name"] == "OK" else camel(status["name"]))


def emit(protocol):
    answers, roles = set(), {kind[part] for kind in protocol["kinds"]
                             for part in ("chunk", "response") if kind[part]}
    roles -= {"Hello response", "Cancel response", "GoAway"}
    pending = list(roles | {"Error", "GoAway", "Hello response", "Cancel response"})
    while pending:
        name = pending.pop()
        if name in answers:
            continue
        answers.add(name)
        pending += [field["record"] for field in protocol["messages"][name]["fields"]
                    if "record" in field]
    parts = [block("const", [
        ("protocolVersion", "", protocol["version"], "of the header and the encoding of fields"),
        ("protocolRevision", "", protocol["revision"], "highest revision this client speaks"),
        ("responseBit", "", "0x%02x" % protocol["response_bit"], "set in the kind of a response"),
    ])]
    parts.append(block("const", [
        (camel(limit["name"])[:1].lower() + camel(limit["name"])[1:], "", limit["value"],
         limit["meaning"] if limit["meaning"].startswith(limit["unit"])
         else "%s; %s" % (limit["unit"], limit["meaning"])) for limit in protocol["limits"]]))
    parts.append(block("const", [
        ("flag" + camel(flag["name"]), "", flag["value"], flag["meaning"])
        for flag in protocol["flags"]]))
    parts.append(block("const", [
        ("kind" + kind["name"], "byte", "0x%02x" % kind["number"], kind["meaning"])
        for kind in protocol["kinds"]]))
    parts.append("// The values of Provenance.\n" + block("const", [
        (camel(each["name"]), "Provenance", each["number"], each["meaning"])
        for each in protocol["provenance"]]))
    parts.append("// The numbers a Status can have.\n" + block("const", [
        (status_name(status), "Status", status["number"], status["meaning"])
        for status in protocol["statuses"]]))
    width = max(len(status_name(status)) for status in protocol["statuses"]) + 1
    parts.append("var statusNames = map[Status]string{\n%s}\n" % "".join(
        "\t%s \"%s\",\n" % ((status_name(status) + ":").ljust(width), status["name"])
        for status in protocol["statuses"]))
    parts.append("// What an Error's Code can be.\n" + block("const", [
        ("Code" + camel(error["code"]), "Code", '"%s"' % error["code"], error["meaning"])
        for error in protocol["client_errors"]]))
    parts += [struct(name, message, answers, roles)
              for name, message in protocol["messages"].items()]
    parts += [table(name, message) for name, message in protocol["messages"].items()]
    parts.append(kinds(protocol))
    return {PATH: HEAD + "\n".join(parts)}
