"""Emits clients/c/assay_protocol.h: numbers, types, codes, options, messages, calls and tables.

A C program reads and fills in the structs. The tables (_c_tables.py) hold the place of each field
and each option in the structs (offsetof), so that assay.c needs no code per message and none per
option.
"""

from _c_tables import (OWN_CODES, VALUES, call_head, called, default_of, number, snake, struct,
                       tables, wrapped)
from _c_words import declared
from _tables import records_first, variant, with_range

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

REQUIRED = {"u64": "uint64_t", "f64": "double", "bool": "bool"}
OPTIONAL = {"u64": "assay_opt_u64", "f64": "assay_opt_f64", "bool": "assay_opt_bool"}
# Type -> C type of the elements, names of the two members, unit of the second member.
ELEMENTS = {"bytes": ("uint8_t", "data", "size", "bytes"),
            "text": ("char", "data", "size", "bytes"),
            "u32[]": ("uint32_t", "items", "count", "elements"),
            "f32[]": ("float", "items", "count", "elements")}
# Room in a message of an error beside the server's own words.
OWN_WORDS_SIZE = 512


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


def struct_text(name, message, listed):
    """The struct of one message, and its list type when some message repeats it."""
    lines = ["struct %s {\n" % struct(name)]
    for field in message["fields"]:
        kind = member_type(field)
        lines.append(wrapped("%s (%s)" % (
            field["meaning"], with_range(field, " | ".join(field.get("choices", ())))), 4))
        lines.append("    %s%s%s;\n" % (kind, "" if kind.endswith("*") else " ", field["name"]))
    if not message["fields"]:
        lines.append("    char nothing; /* an empty body */\n")
    lines.append("};\n")
    if name in listed:
        lines.append("struct %s_list {\n    const struct %s *items;\n    size_t count;\n};\n"
                     % (struct(name), struct(name)))
    return "".join(lines) + "\n"


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
    out.append("\n/* Provenance, 0 for none. */\ntypedef enum assay_provenance {\n")
    for row in protocol["provenance"]:
        out.append(wrapped(row["meaning"], 4))
        out.append("    ASSAY_%s = %d,\n" % (row["name"].upper(), row["number"]))
    out.append("} assay_provenance;\n")
    out.append("\n/* Limits, with units. */\n")
    for limit in protocol["limits"]:
        out.append("#define ASSAY_LIMIT_%s %s /* %s */\n"
                   % (limit["name"].upper(), number(limit["value"]), limit["unit"]))
    out.append("\n/* Status numbers, see assay_status_name. */\ntypedef enum assay_status {\n")
    for status in protocol["statuses"]:
        out.append(wrapped(status["meaning"], 4))
        out.append("    ASSAY_STATUS_%s = %d,\n" % (status["name"], status["number"]))
    out.append("} assay_status;\n\n/* Kinds of requests. */\nenum {\n")
    for kind in protocol["kinds"]:
        out.append("    ASSAY_KIND_%s = 0x%02x,\n" % (snake(kind["name"]).upper(), kind["number"]))
    out.append("};\n\n/* Types of fields. */\nenum {\n")
    for row in protocol["types"]:
        out.append("    ASSAY_TYPE_%s = %d,\n" % (variant(row["name"]).upper(), row["number"]))
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
           "    assay_status status;\n",
           wrapped("provenance of the failed frame: ASSAY_REAL, ASSAY_MOCK, or 0 for none", 4),
           "    assay_provenance provenance;\n"]
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


REPLY = """/* A part of an answer, valid while on_chunk runs. */
typedef struct assay_chunk {
    uint8_t kind; /* ASSAY_KIND_..., selects the member of the union */
    assay_provenance provenance;
    uint32_t generation;
    union {
        const void *message;
%s    };
} assay_chunk;

/* A whole answer, with the content of all chunks. Freed by assay_reply_free. */
typedef struct assay_reply {
    uint8_t kind;               /* ASSAY_KIND_..., selects the member of the union */
    assay_provenance provenance; /* ASSAY_REAL or ASSAY_MOCK (only with allow_mock) */
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


def replies_and_calls(protocol):
    out = [REPLY % (members(protocol, "chunk"), members(protocol, "response"))]
    for kind in called(protocol):
        out.append(wrapped(kind["meaning"], 0) + call_head(protocol, kind) + ";\n")
    out += [ANY_CALL, "\n", declared(protocol)]
    return "".join(out)


TABLE_TYPES = """/* Presence of a field. */
enum { ASSAY_REQUIRED, ASSAY_OPTIONAL, ASSAY_REPEATED };

/* An allowed word, and the lowest revision with it. */
typedef struct assay_choice {
    const char *word;
    uint8_t since;
} assay_choice;

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
    bool is_traceparent;         /* true for a W3C traceparent of version 00 */
    const assay_choice *choices; /* allowed words, ends with a NULL word (NULL for any) */
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


def emit(protocol):
    messages = protocol["messages"]
    listed = {field["record"] for message in messages.values() for field in message["fields"]
              if field["type"] == "record" and field["presence"] == "repeated"}
    out = [HEAD, constants(protocol), values(protocol), codes(protocol), options(protocol)]
    names = records_first(messages)
    for name in names:
        out.append("typedef struct %s %s;\n" % (struct(name), struct(name)))
        if name in listed:
            out.append("typedef struct %s_list %s_list;\n" % (struct(name), struct(name)))
    out.append("\n")
    out += [struct_text(name, messages[name], listed) for name in names]
    out += [error(protocol), replies_and_calls(protocol), TABLE_TYPES, tables(protocol)]
    out.append("\n#endif /* ASSAY_PROTOCOL_H */\n")
    return {PATH: "".join(out)}
