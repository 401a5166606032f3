"""The tables of assay_protocol.h, for assay.c alone, and the words of C. Used by c.py.

A table has the fields of a message, the kinds, the lists of which answers are assembled, the checks
of a header, the codes and the options. The bodies of the calls stand beside the tables.
One file, since one part of the header is made of all of it.
"""

import re

import _strangers
import _token_file
from _c_words import defined
from _tables import filled, folded, listed, lower, served, variant

# Codes and default name of the C client alone.
OWN_CODES = [{"code": "out_of_memory", "status": "RESOURCE_EXHAUSTED",
              "meaning": "the allocator returned NULL"}]
OWN_NAME = "assay-c/%s"
VALUES = {"bytes": "assay_bytes", "text": "assay_text", "u32[]": "assay_u32s",
          "f32[]": "assay_f32s"}
# Type -> bytes of a scalar (0 for no scalar), bytes of an element (1 for a record).
SIZES = {"u64": (8, 8), "f64": (8, 8), "bool": (1, 1), "record": (0, 1), "text": (0, 1),
         "bytes": (0, 1), "u32[]": (0, 4), "f32[]": (0, 4)}


def snake(name):
    """`GoAway` -> go_away, `Chat message` -> chat_message. `Error` is error_body."""
    if name == "Error":
        return "error_body"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace(" ", "_").lower()


def struct(name):
    return "assay_" + snake(name)


def wrapped(text, indent):
    """A comment in lines of at most 100 columns."""
    pad = " " * indent
    lines = folded(text.replace("`", ""), 100 - indent - 6)
    return pad + "/* " + ("\n" + pad + " * ").join(lines) + " */\n"


def number(value):
    return "%dULL" % value


def choices(name, message, field):
    """The allowed words of a field, in lines of at most 100 columns."""
    since = max(field.get("since", 1), message["since"])
    late = field.get("choices_since", {})
    words = ['{"%s", %d}' % (word, late.get(word, since)) for word in field["choices"]]
    start = "static const assay_choice assay_choices_%s_%s[] = {" % (snake(name), field["name"])
    return filled(listed([*words, "{NULL, 0}"]), 98, start, "    ") + "};\n"


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
    return filled(listed([*members[:-1], members[-1] + "},"]), 99, "    {", "     ") + "\n"


def field_entry(name, message, field):
    times = {"required": (1, 1), "optional": (0, 1),
             "repeated": (field.get("times_min"), field.get("times_max"))}[field["presence"]]
    members = ['.name = "%s"' % field["name"], ".id = %d" % field["id"],
               ".type = ASSAY_TYPE_" + variant(field["type"]).upper(),
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
            out.append(choices(name, message, field))
    out.append("static const assay_field_info assay_fields_%s[] = {\n" % snake(name))
    out += [field_entry(name, message, field) for field in message["fields"]]
    out.append("};\n")
    if rules_of(message):
        out.append("static const assay_rule assay_rules_%s[] = {\n" % snake(name))
        out += ["    {{%s}, %d, %s},\n" % (", ".join(map(str, rows)), len(rows),
                                          lower(needs_one))
                for rows, needs_one in rules_of(message)]
        out.append("};\n")
    return "".join(out)


def default_of(protocol, option):
    if option.get("optional"):
        return "NULL"
    if option["type"] == "text":
        return '"%s"' % (OWN_NAME % protocol["release"])
    if option["type"] == "bool":
        return lower(option["default"])
    return number(option["default"])


def called(protocol):
    """The kinds that a program calls."""
    return served(protocol, ("Hello", "Cancel"))


def call_head(protocol, kind):
    """Name and parameters of a kind's call."""
    request = ""
    if protocol["messages"][kind["request"]]["fields"]:
        request = "const %s *request,\n    " % struct(kind["request"])
    return ("assay_code assay_%s(\n    assay_client *client, %s"
            "const assay_call_options *call, assay_reply *reply, assay_error *error)"
            % (snake(kind["name"]), request))


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
    for name, label, field, inner in rows:
        members = ["ASSAY_MESSAGE_" + snake(name).upper(), "ASSAY_LIST_" + label,
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
                          ".type = ASSAY_TYPE_" + variant(option["type"]).upper()]
                         + bounds(option)
                         + [".presence = ASSAY_OPTIONAL"] * bool(option.get("optional"))
                         + [".offset = offsetof(assay_options, %s)" % option["name"]]))
    out.append("};\nconst size_t assay_option_count = %d;\n\n" % len(rows))
    texts = [option for option in rows if option["type"] == "text"]
    out.append("/* The texts of a client's options. */\nstruct assay_option_texts {\n")
    out += ["    char %s[%d];\n" % (option["name"], option["max"] + 1) for option in texts]
    out.append("};\n\n")
    out.append(KEEPING % "".join(
        "    options->%s = assay_kept(texts->%s, options->%s);\n" % ((option["name"],) * 3)
        for option in texts))
    return "".join(out)


KEEPING = """/* Copies a text that fits. A text that is there already, or is absent, stays. */
static const char *assay_kept(char *target, const char *text) {
    if (text != NULL && text != target) {
        memcpy(target, text, strlen(text) + 1);
    }
    return text == NULL ? NULL : target;
}

/* Makes the options point to copies of their texts. */
static void assay_keep_texts(assay_options *options, struct assay_option_texts *texts) {
%s}

assay_options assay_options_default(void) {
    return assay_defaults;
}

"""


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
    kinds = served(protocol)
    for kind in kinds:
        out.append("    {\"%s\", %d, %d, %s, %s,\n     %s, %s, %s},\n" % (
            kind["name"], kind["number"], kind["since"], lower(kind["streamed"]),
            lower(kind["retry_safe"]),
            *(message_or_none(kind[part]) for part in ("request", "chunk", "response"))))
    out.append("};\nconst size_t assay_kind_count = %d;\n\n" % len(kinds))
    out.append("/* A request of any kind. */\nunion assay_request {\n")
    out += ["    %s %s;\n" % (struct(kind["request"]), snake(kind["name"])) for kind in kinds]
    out.append("};\n\n")
    out += [lists(protocol), header(protocol), framing(protocol), code_tables(protocol),
            _strangers.c(protocol)]
    out += [option_tables(protocol), _token_file.c(protocol), LOOKUPS, call_bodies(protocol)]
    out += [defined().lstrip("\n"), "\n#endif /* ASSAY_PROTOCOL_TABLES */\n"]
    return "".join(out)
