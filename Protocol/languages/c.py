"""Emits clients/c/assay_protocol.h: numbers, a struct for each message, and the message tables.

The structs are what a C program reads and fills in; the tables say where each field lies in them
(offsetof), so that the codec in assay.c needs no code per message.
"""

import re

PATH = "clients/c/assay_protocol.h"

HEAD = """/*
 * Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
 *
 * Numbers and messages of the wire protocol (Protocol/SPEC.md). Included by assay.h, which defines
 * the types of the values. A field with the type of an optional value, a text or bytes without
 * data, an array without items and a record that is NULL are absent.
 */
#ifndef ASSAY_PROTOCOL_H
#define ASSAY_PROTOCOL_H

"""

WIRE_TYPES = {"u64": "U64", "f64": "F64", "bytes": "BYTES", "text": "TEXT", "u32[]": "U32S",
              "f32[]": "F32S", "record": "RECORD", "bool": "BOOL"}
REQUIRED = {"u64": "uint64_t", "f64": "double", "bool": "bool"}
OPTIONAL = {"u64": "assay_opt_u64", "f64": "assay_opt_f64", "bool": "assay_opt_bool"}
VALUES = {"bytes": "assay_bytes", "text": "assay_text", "u32[]": "assay_u32s",
          "f32[]": "assay_f32s"}


def snake(name):
    """`GoAway` -> go_away, `Chat message` -> chat_message; `Error` is error_body."""
    if name == "Error":
        return "error_body"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace(" ", "_").lower()


def struct(name):
    return "assay_" + snake(name)


def member_type(field):
    """The C type of a field's member."""
    kind, presence = field["type"], field["presence"]
    if kind == "record":
        if presence == "repeated":
            return "struct %s_list" % struct(field["record"])
        return "const struct %s *" % struct(field["record"])
    if presence == "repeated":
        assert kind == "text", "only texts and records are repeated so far"
        return "assay_texts"
    if kind in VALUES:
        return VALUES[kind]
    return (REQUIRED if presence == "required" else OPTIONAL)[kind]


def range_text(field):
    """Presence, range and default in words."""
    words = [field["presence"]]
    if field["presence"] == "repeated":
        words = ["%d..%d times" % (field["times_min"], field["times_max"])]
    if "choices" in field:
        words.append(" | ".join(field["choices"]))
    elif "min" in field:
        unit = {"text": " bytes", "bytes": " bytes", "u32[]": " elements",
                "f32[]": " elements"}.get(field["type"], "")
        words.append("%s..%s%s" % (field["min"], field["max"], unit))
    return ", ".join(words)


def wrapped(text, indent):
    """A comment in lines of at most 100 columns."""
    room, lines, line = 100 - indent - 6, [], ""
    for word in text.replace("`", "").split():
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = (line + " " + word).strip()
    lines.append(line)
    pad = " " * indent
    return pad + "/* " + ("\n" + pad + " * ").join(lines) + " */\n"


def struct_text(name, message, listed):
    """The struct of one message, and its list type when some message repeats it."""
    lines = ["struct %s {\n" % struct(name)]
    for field in message["fields"]:
        kind = member_type(field)
        lines.append(wrapped("%s (%s)" % (field["meaning"], range_text(field)), 4))
        lines.append("    %s%s%s;\n" % (kind, "" if kind.endswith("*") else " ", field["name"]))
    if not message["fields"]:
        lines.append("    char nothing; /* an empty body */\n")
    lines.append("};\n")
    if name in listed:
        lines.append("struct %s_list {\n    const struct %s *items;\n    size_t count;\n};\n"
                     % (struct(name), struct(name)))
    return "".join(lines) + "\n"


def ordered(messages):
    """Names such that what is contained as a list comes before its container."""
    done = []

    def visit(name):
        if name in done:
            return
        for field in messages[name]["fields"]:
            if field["type"] == "record":
                visit(field["record"])
        done.append(name)

    for name in messages:
        visit(name)
    return done


def number(value):
    return "%dULL" % value


def listed_words(start, words):
    """An array of words in lines of at most 100 columns."""
    lines, line = [], start + "{"
    for word in ['"%s"' % word for word in words] + ["NULL};"]:
        piece = word if word.startswith("NULL") else word + ","
        if len(line) + 1 + len(piece) > 100:
            lines.append(line)
            line = "   "
        line += ("" if line.endswith("{") else " ") + piece
    return "\n".join(lines + [line]) + "\n"


def bounds(field):
    """min, max as u64 and as f64 of a field."""
    if field["type"] == "f64":
        low, high = field.get("min"), field.get("max")
        return "0, 0", "%s, %s" % ("-INFINITY" if low is None else repr(float(low)),
                                   "INFINITY" if high is None else repr(float(high)))
    limit = "UINT64_MAX" if field["type"] == "u64" else "UINT32_MAX"
    high = number(field["max"]) if field.get("max", 2 ** 64 - 1) < 2 ** 64 - 1 else limit
    return "%s, %s" % (number(field.get("min", 0)), high), "0, 0"


def table_text(name, message):
    """Choices and fields of one message."""
    out = []
    for field in message["fields"]:
        if "choices" in field:
            out.append(listed_words("static const char *const assay_choices_%s_%s[] = "
                                    % (snake(name), field["name"]), field["choices"]))
    if not message["fields"]:
        return ""
    out.append("static const assay_field_info assay_fields_%s[] = {\n" % snake(name))
    for field in message["fields"]:
        integers, numbers = bounds(field)
        repeated = field["presence"] == "repeated"
        out.append("    {\"%s\", %d, ASSAY_TYPE_%s, ASSAY_%s, %d, %s, %d, %d,\n" % (
            field["name"], field["id"], WIRE_TYPES[field["type"]], field["presence"].upper(),
            max(field.get("since", 1), message["since"]),
            "ASSAY_MESSAGE_" + snake(field["record"]).upper() if "record" in field else "0",
            field["times_min"] if repeated else 0, field["times_max"] if repeated else 1))
        out.append("     %s, %s, %s, %s,\n     offsetof(struct %s, %s)},\n" % (
            integers, numbers, "true" if field.get("min_exclusive") else "false",
            "assay_choices_%s_%s" % (snake(name), field["name"]) if "choices" in field else "NULL",
            struct(name), field["name"]))
    out.append("};\n")
    return "".join(out)


def constants(protocol):
    out = ["#define ASSAY_PROTOCOL_VERSION %d\n" % protocol["version"],
           "#define ASSAY_PROTOCOL_REVISION %d\n" % protocol["revision"],
           "#define ASSAY_DEFAULT_PORT %d\n" % protocol["default_port"],
           "#define ASSAY_RESPONSE_BIT %d\n\n" % protocol["response_bit"], "/* Flags. */\n"]
    for flag in protocol["flags"]:
        out.append(wrapped(flag["meaning"], 0))
        out.append("#define ASSAY_FLAG_%s %d\n" % (flag["name"].upper(), flag["value"]))
    out.append("\n/* Provenance. */\n")
    for row in protocol["provenance"]:
        out.append("#define ASSAY_%s %d\n" % (row["name"].upper(), row["number"]))
    out.append("\n/* Limits; the unit stands behind each. */\n")
    for limit in protocol["limits"]:
        out.append("#define ASSAY_LIMIT_%s %s /* %s */\n"
                   % (limit["name"].upper(), number(limit["value"]), limit["unit"]))
    out.append("\n/* Status numbers; see assay_status_name. */\nenum {\n")
    for status in protocol["statuses"]:
        out.append(wrapped(status["meaning"], 4))
        out.append("    ASSAY_STATUS_%s = %d,\n" % (status["name"], status["number"]))
    out.append("};\n\n/* Kinds of requests. */\nenum {\n")
    for kind in protocol["kinds"]:
        out.append("    ASSAY_KIND_%s = 0x%02x,\n" % (snake(kind["name"]).upper(), kind["number"]))
    out.append("};\n\n/* Types of fields. */\nenum {\n")
    for row in protocol["types"]:
        out.append("    ASSAY_TYPE_%s = %d,\n" % (WIRE_TYPES[row["name"]], row["number"]))
    out.append("};\n\n/* Messages: indices of assay_messages. */\nenum {\n")
    for name in protocol["messages"]:
        out.append("    ASSAY_MESSAGE_%s,\n" % snake(name).upper())
    out.append("    ASSAY_MESSAGE_COUNT\n};\n\n")
    return "".join(out)


def message_or_none(name):
    return "ASSAY_MESSAGE_COUNT" if name is None else "ASSAY_MESSAGE_" + snake(name).upper()


def tables(protocol):
    out = ["/* The tables: for assay.c, which defines ASSAY_PROTOCOL_TABLES once. */\n",
           "#ifdef ASSAY_PROTOCOL_TABLES\n\n"]
    messages = protocol["messages"]
    out += [table_text(name, message) for name, message in messages.items()]
    out.append("\nconst assay_message_info assay_messages[ASSAY_MESSAGE_COUNT] = {\n")
    for name, message in messages.items():
        fields = message["fields"]
        out.append("    {\"%s\", sizeof(struct %s),\n     %s, %d},\n" % (
            name, struct(name), "assay_fields_" + snake(name) if fields else "NULL", len(fields)))
    out.append("};\n\nconst assay_kind_info assay_kinds[] = {\n")
    served = [kind for kind in protocol["kinds"] if kind["state"] == "served"]
    for kind in served:
        out.append("    {\"%s\", %d, %d, %s, %s,\n     %s, %s, %s},\n" % (
            kind["name"], kind["number"], kind["since"], "true" if kind["streamed"] else "false",
            "true" if kind["retry_safe"] else "false", message_or_none(kind["request"]),
            message_or_none(kind["chunk"]), message_or_none(kind["response"])))
    out.append("};\nconst size_t assay_kind_count = %d;\n\n" % len(served))
    out.append("static const struct {\n    uint32_t number;\n    const char *name;\n")
    out.append("} assay_statuses[] = {\n")
    out += ["    {%d, \"%s\"},\n" % (status["number"], status["name"])
            for status in protocol["statuses"]]
    out.append("};\n\n#endif /* ASSAY_PROTOCOL_TABLES */\n")
    return "".join(out)


def emit(protocol):
    messages = protocol["messages"]
    listed = {field["record"] for message in messages.values() for field in message["fields"]
              if field["type"] == "record" and field["presence"] == "repeated"}
    out = [HEAD, constants(protocol)]
    for name in ordered(messages):
        out.append("typedef struct %s %s;\n" % (struct(name), struct(name)))
        if name in listed:
            out.append("typedef struct %s_list %s_list;\n" % (struct(name), struct(name)))
    out.append("\n")
    out += [struct_text(name, messages[name], listed) for name in ordered(messages)]
    out += [tables(protocol), "\n#endif /* ASSAY_PROTOCOL_H */\n"]
    return {PATH: "".join(out)}
