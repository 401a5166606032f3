"""Emits clients/c/assay_protocol.h: numbers, types, codes, options, messages, calls and tables.

A C program reads and fills in the structs. The tables hold the place of each field and each option
in the structs (offsetof), so that assay.c needs no code per message and none per option.
"""

import re

PATH = "clients/c/assay_protocol.h"

HEAD = """/*
 * Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
 *
 * Numbers, values and messages of the wire protocol (Protocol/SPEC.md), errors, the options of a
 * client, a reply and a call for each kind of request. Included by assay.h, which describes the
 * calls. A field with the type of an optional value that is not `given`, a text or bytes without
 * data, an array without items and a record that is NULL are absent.
 */
#ifndef ASSAY_PROTOCOL_H
#define ASSAY_PROTOCOL_H

"""

WIRE_TYPES = {"u64": "U64", "f64": "F64", "bytes": "BYTES", "text": "TEXT", "u32[]": "U32S",
              "f32[]": "F32S", "record": "RECORD", "bool": "BOOL"}
REQUIRED = {"u64": "uint64_t", "f64": "double", "bool": "bool"}
OPTIONAL = {"u64": "assay_opt_u64", "f64": "assay_opt_f64", "bool": "assay_opt_bool"}

# Codes and default name of the C client alone.
OWN_CODES = [{"code": "out_of_memory", "status": "RESOURCE_EXHAUSTED",
              "meaning": "the allocator returned NULL"}]
OWN_NAME = "assay-c/%s"

VALUES = {"bytes": "assay_bytes", "text": "assay_text", "u32[]": "assay_u32s",
          "f32[]": "assay_f32s"}
# Type -> C type of the elements, names of the two members, unit of the second member.
ELEMENTS = {"bytes": ("uint8_t", "data", "size", "bytes"),
            "text": ("char", "data", "size", "bytes"),
            "u32[]": ("uint32_t", "items", "count", "elements"),
            "f32[]": ("float", "items", "count", "elements")}
# Type -> bytes of a scalar (0 for no scalar), bytes of an element (1 for a record).
SIZES = {"u64": (8, 8), "f64": (8, 8), "bool": (1, 1), "record": (0, 1), "text": (0, 1),
         "bytes": (0, 1), "u32[]": (0, 4), "f32[]": (0, 4)}

# Room in a message of an error beside the server's own words.
OWN_WORDS_SIZE = 512


def snake(name):
    """`GoAway` -> go_away, `Chat message` -> chat_message. `Error` is error_body."""
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
    """Names with every record before the messages that hold the record."""
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
    """The members with the range of a value."""
    if field["type"] == "f64":
        low, high = field.get("min"), field.get("max")
        out = [".f64_min = %s" % ("-INFINITY" if low is None else repr(float(low))),
               ".f64_max = %s" % ("INFINITY" if high is None else repr(float(high)))]
        return out + ([".min_exclusive = true"] if field.get("min_exclusive") else [])
    if field["type"] == "bool":
        return [".max = 1"]
    if field["type"] == "record":
        return []
    limit = "UINT64_MAX" if field["type"] == "u64" else "UINT32_MAX"
    high = number(field["max"]) if field.get("max", 2 ** 64 - 1) < 2 ** 64 - 1 else limit
    return ([".min = " + number(field["min"])] if field.get("min") else []) + [".max = " + high]


def entry(members):
    """One row of a table, in lines of at most 100 columns."""
    lines, line = [], "    {"
    for at, member in enumerate(members):
        piece = member + ("}," if at == len(members) - 1 else ",")
        if len(line) + 1 + len(piece) > 100:
            lines.append(line.rstrip())
            line = "     "
        line += piece + " "
    return "\n".join(lines + [line.rstrip()]) + "\n"


def field_entry(name, message, field):
    times = {"required": (1, 1), "optional": (0, 1),
             "repeated": (field.get("times_min"), field.get("times_max"))}[field["presence"]]
    members = ['.name = "%s"' % field["name"], ".id = %d" % field["id"],
               ".type = ASSAY_TYPE_" + WIRE_TYPES[field["type"]],
               ".presence = ASSAY_" + field["presence"].upper(),
               ".since = %d" % max(field.get("since", 1), message["since"])]
    members += [".times_min = %d" % times[0]] if times[0] else []
    members += [".times_max = %d" % times[1]] + bounds(field)
    members += [".%s_size = %d" % (word, size)
                for word, size in zip(("scalar", "element"), SIZES[field["type"]]) if size]
    if field["presence"] == "repeated" or "record" in field:
        members.append(".item_size = sizeof(%s)" % (
            struct(field["record"]) if "record" in field else VALUES[field["type"]]))
    if "record" in field:
        members.append(".record = ASSAY_MESSAGE_" + snake(field["record"]).upper())
    if "choices" in field:
        members.append(".choices = assay_choices_%s_%s" % (snake(name), field["name"]))
    if "format" in field:
        assert field["format"] == "traceparent", "the one format that assay.c knows so far"
        members.append(".is_traceparent = true")
    members.append(".offset = offsetof(struct %s, %s)" % (struct(name), field["name"]))
    return entry(members)


def rules_of(message):
    """Rules across fields: indices of the fields, and True when one field must be given."""
    names = [field["name"] for field in message["fields"]]
    rules = [(message["exactly_one"], True)] if "exactly_one" in message else []
    rules += [(pair, False) for pair in message.get("excludes", [])]
    assert all(len(words) <= 4 for words, _ in rules), "assay_rule has four places"
    return [([names.index(word) for word in words], needs_one) for words, needs_one in rules]


def table_text(name, message):
    """Choices, fields and rules of one message."""
    out = []
    if not message["fields"]:
        return ""
    for field in message["fields"]:
        if "choices" in field:
            out.append(listed_words("static const char *const assay_choices_%s_%s[] = "
                                    % (snake(name), field["name"]), field["choices"]))
    out.append("static const assay_field_info assay_fields_%s[] = {\n" % snake(name))
    out += [field_entry(name, message, field) for field in message["fields"]]
    out.append("};\n")
    if rules_of(message):
        out.append("static const assay_rule assay_rules_%s[] = {\n" % snake(name))
        out += ["    {{%s}, %d, %s},\n" % (", ".join(map(str, rows)), len(rows),
                                          "true" if needs_one else "false")
                for rows, needs_one in rules_of(message)]
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
    out.append("/* All flags together. */\n#define ASSAY_FLAGS_MAX %d\n"
               % sum(flag["value"] for flag in protocol["flags"]))
    out.append("\n/* Provenance. */\n")
    for row in protocol["provenance"]:
        out.append("#define ASSAY_%s %d\n" % (row["name"].upper(), row["number"]))
    out.append("\n/* Limits, with units. */\n")
    for limit in protocol["limits"]:
        out.append("#define ASSAY_LIMIT_%s %s /* %s */\n"
                   % (limit["name"].upper(), number(limit["value"]), limit["unit"]))
    out.append("\n/* Status numbers, see assay_status_name. */\nenum {\n")
    for status in protocol["statuses"]:
        out.append(wrapped(status["meaning"], 4))
        out.append("    ASSAY_STATUS_%s = %d,\n" % (status["name"], status["number"]))
    out.append("};\n\n/* Kinds of requests. */\nenum {\n")
    for kind in protocol["kinds"]:
        out.append("    ASSAY_KIND_%s = 0x%02x,\n" % (snake(kind["name"]).upper(), kind["number"]))
    out.append("};\n\n/* Types of fields. */\nenum {\n")
    for row in protocol["types"]:
        out.append("    ASSAY_TYPE_%s = %d,\n" % (WIRE_TYPES[row["name"]], row["number"]))
    out.append("};\n\n/* Messages, as indices of assay_messages. */\nenum {\n")
    for name in protocol["messages"]:
        out.append("    ASSAY_MESSAGE_%s,\n" % snake(name).upper())
    out.append("    ASSAY_MESSAGE_COUNT\n};\n\n")
    return "".join(out)


def values(protocol):
    """The types of the values: a struct for each type of fields, or for its optional values."""
    out = [wrapped("Types of values, which own nothing. In replies a 0 byte follows the data of a "
                   "text or bytes, not counted in size.", 0)]
    for row in protocol["types"]:
        name, meaning = row["name"], row["meaning"]
        if name in ELEMENTS:
            members = "    const %s *%s;\n    size_t %s; /* %s */\n" % ELEMENTS[name]
            known_as = VALUES[name]
        elif name in OPTIONAL:
            members = "    %s value;\n    bool given;\n" % REQUIRED[name]
            known_as, meaning = OPTIONAL[name], "optional " + meaning
        else:
            continue
        out.append("%stypedef struct %s {\n%s} %s;\n"
                   % (wrapped("%s: %s" % (name, meaning), 0), known_as, members, known_as))
    out.append("/* Texts. */\ntypedef struct assay_texts {\n    const assay_text *items;\n"
               "    size_t count; /* elements */\n} assay_texts;\n\n")
    return "".join(out)


def error_member(field):
    """The member of assay_error for a field of the error body: texts as C strings."""
    name = "server_code" if field["name"] == "code" else field["name"]
    if field["type"] == "text":
        most = max(map(len, field["choices"])) if "choices" in field else field["max"]
        room = most + 4 - most % 4 + (OWN_WORDS_SIZE if name == "message" else 0)
        absent = "" if name == "message" else ", empty for none"
        kind, name = "char ", "%s[%d]" % (name, room)
    else:
        absent = ", valid if has_" + name.replace("_milliseconds", "")
        kind = struct(field["record"]) + " " if "record" in field else "uint64_t "
    return wrapped(field["meaning"] + absent, 4) + "    %s%s;\n" % (kind, name)


def error(protocol):
    """The struct that a failing call fills in."""
    fields = protocol["messages"]["Error"]["fields"]
    out = ["/* An error. Owns nothing, and never holds prompts or answers. */\n"
           "typedef struct assay_error {\n    assay_code code;\n",
           wrapped("status number, from the server or from the code", 4),
           "    uint32_t status;\n",
           wrapped("provenance of the failed frame: ASSAY_REAL, ASSAY_MOCK, or 0 for none", 4),
           "    uint8_t provenance;\n"]
    out += ["    bool has_%s;\n" % field["name"].replace("_milliseconds", "")
            for field in fields if field["type"] != "text"]
    return "".join(out + [error_member(field) for field in fields]) + "} assay_error;\n\n"


def codes(protocol):
    out = ["/* Outcome of a call. All codes but ASSAY_OK mean that there is no usable answer. */\n",
           "typedef enum assay_code {\n    ASSAY_OK,\n"]
    for row in protocol["client_errors"] + OWN_CODES:
        out.append(wrapped(row["meaning"], 4))
        out.append("    ASSAY_%s,\n" % row["code"].upper())
    out.append("} assay_code;\n\n")
    return "".join(out)


def option_type(option):
    return {"text": "const char *", "bool": "bool ", "u64": "uint64_t "}[option["type"]]


def default_of(protocol, option):
    if option["type"] == "text":
        return '"%s"' % (OWN_NAME % protocol["release"])
    if option["type"] == "bool":
        return "true" if option["default"] else "false"
    return number(option["default"])


def options(protocol):
    out = [wrapped("Settings of a client: name, demands, bounds and times. Start from "
                   "assay_options_default.", 0), "typedef struct assay_options {\n"]
    for option in protocol["client"]["options"]:
        words = "default " + default_of(protocol, option).replace("ULL", "")
        if option["type"] == "u64":
            words += ", %d..%d" % (option["min"], option["max"])
        if option["type"] == "text":
            words += ", %d..%d bytes" % (option["min"], option["max"])
        meaning = option["meaning"].replace(", by default the library's", "")
        out.append(wrapped("%s (%s)" % (meaning, words), 4))
        out.append("    %s%s;\n" % (option_type(option), option["name"]))
    out.append("    assay_allocator allocator; /* realloc and free when resize is NULL */\n")
    out.append("} assay_options;\n\n")
    return "".join(out)


def called(protocol):
    """The kinds that a program calls."""
    return [kind for kind in protocol["kinds"]
            if kind["state"] == "served" and kind["name"] not in ("Hello", "Cancel")]


REPLY = """/* A part of an answer, valid while on_chunk runs. */
typedef struct assay_chunk {
    uint8_t kind; /* ASSAY_KIND_..., selects the member of the union */
    uint8_t provenance;
    uint32_t generation;
    union {
        const void *message;
%s    };
} assay_chunk;

/* A whole answer, with the content of all chunks. Freed by assay_reply_free. */
typedef struct assay_reply {
    uint8_t kind;               /* ASSAY_KIND_..., selects the member of the union */
    uint8_t provenance;         /* ASSAY_REAL or ASSAY_MOCK (only with allow_mock) */
    bool degraded;              /* reasons in answer->degradations */
    uint32_t generation;        /* generation of the model that answered, 0 for none */
    const assay_answer *answer; /* model, device and timing, NULL for kinds without answer */
    union {
        const void *message;
%s    };
    struct assay_block *blocks; /* private */
    assay_allocator allocator;  /* private */
} assay_reply;

/*
 * A function for each kind of request, with the kind's request as parameter if the request has
 * fields. The function blocks until the answer is whole, and returns the error's code. The
 * parameters call, reply and error may be NULL.
 */
"""


ANY_CALL = """\
/* A call by number of kind. The request is the struct of the kind's request message. */
assay_code assay_call(
    assay_client *client, uint8_t kind, const void *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
"""


def members(protocol, frame):
    return "".join("        const %s *%s;\n" % (struct(kind[frame]), snake(kind["name"]))
                   for kind in called(protocol) if kind[frame])


def call_head(protocol, kind):
    """Name and parameters of a kind's call."""
    request = ""
    if protocol["messages"][kind["request"]]["fields"]:
        request = "const %s *request,\n    " % struct(kind["request"])
    return ("assay_code assay_%s(\n    assay_client *client, %s"
            "const assay_call_options *call, assay_reply *reply, assay_error *error)"
            % (snake(kind["name"]), request))


def replies_and_calls(protocol):
    out = [REPLY % (members(protocol, "chunk"), members(protocol, "response"))]
    for kind in called(protocol):
        out.append(wrapped(kind["meaning"], 0) + call_head(protocol, kind) + ";\n")
    out.append(ANY_CALL)
    return "".join(out) + "\n"


def call_bodies(protocol):
    out = []
    for kind in called(protocol):
        has_request = protocol["messages"][kind["request"]]["fields"]
        request = "request" if has_request else "&(%s){0}" % struct(kind["request"])
        out.append(call_head(protocol, kind) + " {\n")
        out.append("    return assay_call(client, ASSAY_KIND_%s, %s, call, reply, error);\n}\n\n"
                   % (snake(kind["name"]).upper(), request))
    return "".join(out)


NUMBERS = """/* Numbers on the wire, lowest byte first. */
static uint16_t get_u16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get_u32(const uint8_t *bytes) {
    return (uint32_t)get_u16(bytes) | (uint32_t)get_u16(bytes + 2) << 16;
}

static uint64_t get_u64(const uint8_t *bytes) {
    return (uint64_t)get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32;
}

static void put_u32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static void put_u64(uint8_t *bytes, uint64_t value) {
    put_u32(bytes, (uint32_t)value);
    put_u32(bytes + 4, (uint32_t)(value >> 32));
}

"""


def header(protocol):
    """The header of a frame as a struct, read and written."""
    out = [NUMBERS, "/* The header of a frame. */\nstruct assay_header {\n"]
    for row in protocol["header"]:
        out.append(wrapped(row["response"], 4))
        out.append("    uint%d_t %s;\n" % (row["size"] * 8, row["name"]))
    out.append("};\n\nstatic struct assay_header read_header(const uint8_t *bytes) {\n"
               "    return (struct assay_header){\n")
    out += ["        .%s = %s,\n" % (row["name"], "bytes[%d]" % row["offset"] if row["size"] == 1
                                    else "get_u%d(bytes + %d)" % (row["size"] * 8, row["offset"]))
            for row in protocol["header"]]
    out.append("    };\n}\n\n"
               "static void put_header(uint8_t *bytes, struct assay_header header) {\n")
    out += ["    %s;\n" % ("bytes[%d] = header.%s" % (row["offset"], row["name"])
                          if row["size"] == 1 else "put_u%d(bytes + %d, header.%s)"
                          % (row["size"] * 8, row["offset"], row["name"]))
            for row in protocol["header"]]
    return "".join(out) + "}\n\n"


def framing(protocol):
    """The checks of the header of a response, in order."""
    rows = [row for row in protocol["framing_codes"]
            if row["from_byte"] and not row["meaning"].startswith("request: generation")]
    out = ["/* Checks of the header of a response, in order. */\n",
           "enum {\n"]
    out += ["    ASSAY_FRAMING_%s,\n" % row["code"].upper() for row in rows]
    out.append("    ASSAY_FRAMING_COUNT\n};\n\nstatic const struct {\n    const char *code;\n")
    out.append("    size_t from_byte; /* bytes needed for the check */\n")
    out.append("    const char *allowed;\n} assay_framing[ASSAY_FRAMING_COUNT] = {\n")
    out += [entry(['"%s"' % row["code"], "%d" % row["from_byte"], '"%s"' % row["meaning"]])
            for row in rows]
    out.append("};\n\n")
    return "".join(out)


def list_rows(protocol):
    """The texts and arrays that chunks share with the last frame: message, field, inner field."""
    messages = protocol["messages"]
    for kind in protocol["kinds"]:
        frames = [kind["chunk"], kind["response"]] if kind["chunk"] else []
        names = [{field["name"] for field in messages[name]["fields"]} for name in frames]
        for name in frames:
            for field in messages[name]["fields"]:
                if field["name"] not in names[0] & names[1]:
                    continue
                if field["type"] in VALUES:
                    yield name, field, None
                elif field["type"] == "record":
                    for inner in messages[field["record"]]["fields"]:
                        if inner["type"] in VALUES:
                            yield name, field, inner


def lists(protocol):
    """The lists of which an answer is assembled, and their places in frames."""
    rows = [(name, "_".join(part["name"] for part in (field, inner) if part).upper(), field, inner)
            for name, field, inner in list_rows(protocol)]
    names = list(dict.fromkeys(row[1] for row in rows))
    out = ["/* Lists of which an answer is assembled, and their places in frames. */\n",
           "enum {\n"] + ["    ASSAY_LIST_%s,\n" % name for name in names]
    out.append("    ASSAY_LIST_COUNT\n};\n\nstatic const struct {\n    uint8_t message, list;\n")
    out.append("    uint8_t element_size;\n")
    out.append("    bool in_record; /* at `offset` is a pointer to a record with the list */\n")
    out.append("    size_t offset, inner;\n} assay_lists[] = {\n")
    for name, listed, field, inner in rows:
        members = ["ASSAY_MESSAGE_" + snake(name).upper(), "ASSAY_LIST_" + listed,
                   "1" if (inner or field)["type"] in ("text", "bytes") else "4",
                   "true" if inner else "false",
                   "offsetof(struct %s, %s)" % (struct(name), field["name"]),
                   "offsetof(struct %s, %s)" % (struct(field["record"]), inner["name"])
                   if inner else "0"]
        out.append(entry(members))
    out.append("};\nstatic const size_t assay_list_count = %d;\n\n" % len(rows))
    return "".join(out)


def message_or_none(name):
    return "ASSAY_MESSAGE_COUNT" if name is None else "ASSAY_MESSAGE_" + snake(name).upper()


def option_tables(protocol):
    rows = protocol["client"]["options"]
    out = ["static const assay_options assay_defaults = {\n"]
    out += ["    .%s = %s,\n" % (option["name"], default_of(protocol, option)) for option in rows]
    out.append("};\n\nconst assay_field_info assay_option_fields[] = {\n")
    for option in rows:
        out.append(entry(['.name = "%s"' % option["name"],
                          ".type = ASSAY_TYPE_" + WIRE_TYPES[option["type"]]]
                         + bounds(option)
                         + [".offset = offsetof(assay_options, %s)" % option["name"]]))
    out.append("};\nconst size_t assay_option_count = %d;\n\n" % len(rows))
    return "".join(out)


def code_tables(protocol):
    out = ["static const struct {\n    const char *name;\n    uint32_t status;\n",
           "} assay_codes[] = {\n    {\"ok\", ASSAY_STATUS_OK},\n"]
    out += ["    {\"%s\", ASSAY_STATUS_%s},\n" % (row["code"], row["status"] or "UNKNOWN")
            for row in protocol["client_errors"] + OWN_CODES]
    out.append("};\n\nstatic const struct {\n    uint32_t number;\n    const char *name;\n")
    out.append("} assay_statuses[] = {\n")
    out += ["    {%d, \"%s\"},\n" % (status["number"], status["name"])
            for status in protocol["statuses"]]
    out.append("};\n\n")
    return "".join(out)


LOOKUPS = """\
const char *assay_code_name(assay_code code) {
    size_t index = (size_t)code;
    return index < sizeof assay_codes / sizeof *assay_codes ? assay_codes[index].name : "unknown";
}

/* Row of a status number. An unknown number gives the row of UNKNOWN. */
static size_t assay_status_row(uint32_t status) {
    for (size_t i = 0; i < sizeof assay_statuses / sizeof *assay_statuses; i++) {
        if (assay_statuses[i].number == status) {
            return i;
        }
    }
    return assay_status_row(ASSAY_STATUS_UNKNOWN);
}

const char *assay_status_name(uint32_t status) {
    return assay_statuses[assay_status_row(status)].name;
}

/* The served kind with the number, or NULL. */
static const assay_kind_info *assay_kind_of(uint8_t number) {
    for (size_t i = 0; i < assay_kind_count; i++) {
        if (assay_kinds[i].number == number) {
            return &assay_kinds[i];
        }
    }
    return NULL;
}

/* The field of a message with the name, or NULL. */
static const assay_field_info *assay_field_named(unsigned message, const char *name) {
    for (size_t i = 0; i < assay_messages[message].field_count; i++) {
        if (strcmp(assay_messages[message].fields[i].name, name) == 0) {
            return &assay_messages[message].fields[i];
        }
    }
    return NULL;
}

"""


TABLE_TYPES = """/* Presence of a field. */
enum { ASSAY_REQUIRED, ASSAY_OPTIONAL, ASSAY_REPEATED };

/* One row of a message's table, with the field's place in the struct. For generic programs. */
typedef struct assay_field_info {
    const char *name;
    uint16_t id;
    uint8_t type;     /* ASSAY_TYPE_... */
    uint8_t presence; /* ASSAY_REQUIRED, ... */
    uint8_t since;    /* lowest revision with the field */
    uint8_t record;   /* index of a record's message */
    uint32_t times_min, times_max;
    uint8_t scalar_size;  /* bytes of a u64, f64 or bool, else 0 */
    uint8_t element_size; /* bytes of a u64, f64 or bool, of an element of an array, of a char */
    size_t item_size;     /* bytes of an item of a list, or of a record's struct */
    uint64_t min, max;    /* bytes, elements or value */
    double f64_min, f64_max;
    bool min_exclusive;
    bool is_traceparent;        /* true for a W3C traceparent of version 00 */
    const char *const *choices; /* allowed words, ends with NULL (NULL for any) */
    size_t offset;
} assay_field_info;

/* Fields of a message, of which at most one is given, and exactly one if `needs_one`. */
typedef struct assay_rule {
    uint8_t rows[4]; /* indices of the message's fields */
    uint8_t count;
    bool needs_one;
} assay_rule;

/* One message. */
typedef struct assay_message_info {
    const char *name;
    size_t size; /* bytes of the message's struct */
    const assay_field_info *fields;
    size_t field_count;
    const assay_rule *rules;
    size_t rule_count;
} assay_message_info;

/* One kind of request, with the messages of the frames (ASSAY_MESSAGE_COUNT for none). */
typedef struct assay_kind_info {
    const char *name;
    uint8_t number;
    uint8_t since;
    bool streamed;
    bool retry_safe; /* true when a repeated request does no harm */
    uint8_t request, chunk, response;
} assay_kind_info;

/* Name of a code in snake_case: "mock_refused". */
const char *assay_code_name(assay_code code);
/* Name of a status number: "UNAVAILABLE". An unknown number is "UNKNOWN". */
const char *assay_status_name(uint32_t status);

extern const assay_message_info assay_messages[ASSAY_MESSAGE_COUNT];
extern const assay_kind_info assay_kinds[]; /* the served kinds */
extern const size_t assay_kind_count;
extern const assay_field_info assay_option_fields[]; /* fields of assay_options */
extern const size_t assay_option_count;

"""


def tables(protocol):
    messages = protocol["messages"]
    out = ["/* Tables for assay.c, which defines ASSAY_PROTOCOL_TABLES once. */\n",
           "#ifdef ASSAY_PROTOCOL_TABLES\n\n"]
    out += [table_text(name, message) for name, message in messages.items()]
    out.append("\nconst assay_message_info assay_messages[ASSAY_MESSAGE_COUNT] = {\n")
    for name, message in messages.items():
        row = ['.name = "%s"' % name, ".size = sizeof(struct %s)" % struct(name)]
        if message["fields"]:
            row += [".fields = assay_fields_" + snake(name),
                    ".field_count = %d" % len(message["fields"])]
        if rules_of(message):
            row += [".rules = assay_rules_" + snake(name),
                    ".rule_count = %d" % len(rules_of(message))]
        out.append(entry(row))
    out.append("};\n\nconst assay_kind_info assay_kinds[] = {\n")
    served = [kind for kind in protocol["kinds"] if kind["state"] == "served"]
    for kind in served:
        out.append("    {\"%s\", %d, %d, %s, %s,\n     %s, %s, %s},\n" % (
            kind["name"], kind["number"], kind["since"], "true" if kind["streamed"] else "false",
            "true" if kind["retry_safe"] else "false", message_or_none(kind["request"]),
            message_or_none(kind["chunk"]), message_or_none(kind["response"])))
    out.append("};\nconst size_t assay_kind_count = %d;\n\n" % len(served))
    out.append("/* A request of any kind. */\nunion assay_request {\n")
    out += ["    %s %s;\n" % (struct(kind["request"]), snake(kind["name"])) for kind in served]
    out.append("};\n\n")
    out += [lists(protocol), header(protocol), framing(protocol), code_tables(protocol)]
    out += [option_tables(protocol), LOOKUPS, call_bodies(protocol)]
    out.append("#endif /* ASSAY_PROTOCOL_TABLES */\n")
    return "".join(out)


def emit(protocol):
    messages = protocol["messages"]
    listed = {field["record"] for message in messages.values() for field in message["fields"]
              if field["type"] == "record" and field["presence"] == "repeated"}
    out = [HEAD, constants(protocol), values(protocol), codes(protocol), options(protocol)]
    for name in ordered(messages):
        out.append("typedef struct %s %s;\n" % (struct(name), struct(name)))
        if name in listed:
            out.append("typedef struct %s_list %s_list;\n" % (struct(name), struct(name)))
    out.append("\n")
    out += [struct_text(name, messages[name], listed) for name in ordered(messages)]
    out += [error(protocol), replies_and_calls(protocol), TABLE_TYPES, tables(protocol)]
    out.append("\n#endif /* ASSAY_PROTOCOL_H */\n")
    return {PATH: "".join(out)}
