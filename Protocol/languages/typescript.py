"""Emits clients/typescript/src/protocol.ts: numbers, message tables, an interface per message, the
options, and a method per kind of request. messages.ts has the names that a program may need.

A u64 is a number. A value above 2^53 - 1, which a number cannot hold exactly, is read as a bigint.
A seed may be given as a number or a bigint. The options are a table like a message's, so that the
same codec checks both.
"""

import json
import os

import _strangers
import _token_file
from _typescript_words import SHORT, SHORT_CALLS, SPLIT, words_types
from _tables import (UNITS, answers, folded, from_server, limit_meaning, lower, needs_no_field,
                     pascal, records_first, sentence, variant)

FOLDER = "clients/typescript/"
PATH = FOLDER + "src/protocol.ts"

NUMBER_OR_BIG = {("Generate request", "seed")}

# The connection's own kinds, without a call.
OWN = {"Hello", "Cancel"}
# Kinds whose calls hand out chunks: options of the call, and the function's use of a chunk.
CHUNKS = {"Load": ("LoadOptions", "onLayer?.((chunk as LoadProgress).layer)"),
          "Swap": ("SwapOptions", "onProgress?.(chunk as SwapProgress)")}
# Patterns of texts with a named format.
PATTERNS = {"traceparent": "/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/"}
# Names with another meaning in TypeScript.
RENAMED = {"Error": "ErrorBody"}

HEAD = """// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.

import { closeSync, openSync, readSync } from "node:fs";

import { CallOptions, LoadOptions, SwapOptions } from "./options.js";

/** Types of values, with the numbers of SPEC.md, section 2. */
export const enum FieldType {
%s}

/** One row of a message's table. */
export interface Field {
  readonly id: number;
  /** Name in SPEC.md. */
  readonly name: string;
  /** Name of the member. */
  readonly key: string;
  readonly type: FieldType;
  readonly presence: "required" | "optional" | "repeated";
  /** Least and most bytes of a text or bytes, elements of an array, or value. Absent for any. */
  readonly low?: number;
  readonly high?: number;
  /** The value `low` itself is excluded. */
  readonly above?: boolean;
  readonly timesMin?: number;
  readonly timesMax?: number;
  readonly choices?: readonly string[];
  /** Lowest revision with a choice, for choices later than the field. */
  readonly wordsSince?: Readonly<Record<string, number>>;
  readonly pattern?: RegExp;
  readonly record?: Message;
  /** Lowest revision with the field. */
  readonly since?: number;
  /** Value of an absent field in an answer or the options ("" also means no elements). */
  readonly absent?: string | number | boolean;
}

/** A message's table. */
export interface Message {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Names of fields, exactly one of which must be given. */
  readonly exactlyOne?: readonly string[];
  /** Pairs of names of fields that exclude each other. */
  readonly excludes?: readonly (readonly [string, string])[];
}

/** A kind of request. */
export interface Kind {
  readonly name: string;
  readonly number: number;
  readonly since: number;
  /** A repeated request has no further effect. */
  readonly retrySafe: boolean;
  readonly request: Message;
  /** All frames of an answer but the last, absent for answers of a single frame. */
  readonly chunk?: Message;
  readonly response: Message;
}

"""


def camel(name):
    word = pascal(name)
    return word[:1].lower() + word[1:]


def interface_name(message):
    return RENAMED.get(message, pascal(message))


def table_name(message):
    return camel(RENAMED.get(message, message)) + "Table"


def wrap(text, indent):
    """A documentation comment in one line, or in several where needed."""
    if len(indent) + len(text) + 7 <= 100:
        return "%s/** %s */\n" % (indent, text)
    lines = folded(text, 97 - len(indent))
    return "%s/**\n%s%s */\n" % (
        indent, "".join("%s * %s\n" % (indent, each) for each in lines), indent)


def absent(field, in_answer):
    """The value of an absent field in an answer, or None."""
    if "absent" in field:
        return json.dumps(field["absent"])
    if not in_answer or field["presence"] != "optional" or "choices" in field:
        return None
    if field.get("default") in (0, False) and "default" in field:
        return "false" if field["type"] == "bool" else "0"
    if field["type"] in ("text", "bytes", "u32[]", "f32[]") and field.get("min", 0) == 0:
        return '""'
    return None


def ts_type(message, field, in_answer):
    kind = field["type"]
    if "choices" in field:
        base = " | ".join('"%s"' % word for word in field["choices"])
    elif (message, field["name"]) in NUMBER_OR_BIG:
        base = "number | bigint"
    elif kind == "record":
        base = interface_name(field["record"])
    else:
        base = {"u64": "number", "f64": "number", "text": "string", "bool": "boolean",
                "bytes": "Uint8Array | string" if field["name"] == "text" and not in_answer
                else "Uint8Array",
                "u32[]": "Uint32Array" if in_answer else "Uint32Array | readonly number[]",
                "f32[]": "Float32Array"}[kind]
    if field["presence"] != "repeated":
        return base
    return "%s%s[]" % ("" if in_answer else "readonly ", base if "|" not in base else "(%s)" % base)


def meaning(field):
    text = field["meaning"].replace("*/", "* /")
    if "min" in field:
        text += " (%s to %s%s)" % (field["min"], field["max"], UNITS.get(field["type"], ""))
    return sentence(text)


def interface(name, message, in_answer, whole):
    extends = " extends Origin" if name in whole else ""
    if not message["fields"]:
        text = wrap('The message "%s" of SPEC.md: empty.' % name, "")
        if in_answer:
            return text + "export interface %s%s {}\n" % (interface_name(name), extends)
        return text + "export type %s = Record<string, never>;\n" % interface_name(name)
    text = wrap('The %s "%s" of SPEC.md.' % (
        "message" if name in whole or "request" in name else "record", name), "")
    text += "export interface %s%s {\n" % (interface_name(name), extends)
    for field in message["fields"]:
        given = field["presence"] == "required" or absent(field, in_answer) is not None or (
            field["presence"] == "repeated" and (in_answer or field["times_min"] > 0))
        text += wrap(meaning(field), "  ")
        text += "  %s%s: %s;\n" % (camel(field["name"]), "" if given else "?",
                                   ts_type(name, field, in_answer))
    if name == "Embed response":
        text += wrap("One vector for each input, sharing memory with `embeddings`.", "  ")
        text += "  vectors: Float32Array[];\n"
    return text + "}\n"


def field_line(message, field, in_answer):
    words = ["id: %d" % field["id"], 'name: "%s"' % field["name"],
             'key: "%s"' % camel(field["name"]), "type: FieldType.%s" % variant(field["type"]),
             'presence: "%s"' % field["presence"]]
    for key, name in (("min", "low"), ("max", "high")):
        if key in field and not (field["type"] == "u64" and field[key] > 2 ** 53):
            words.append("%s: %s" % (name, field[key]))
    if field.get("min_exclusive"):
        words.append("above: true")
    if field["presence"] == "repeated":
        words += ["timesMin: %d" % field["times_min"], "timesMax: %d" % field["times_max"]]
    if "choices" in field:
        words.append("choices: [%s]" % ", ".join('"%s"' % word for word in field["choices"]))
    if "choices_since" in field:
        words.append("wordsSince: { %s }" % ", ".join(
            "%s: %d" % pair for pair in field["choices_since"].items()))
    if "format" in field:
        words.append("pattern: " + PATTERNS[field["format"]])
    if "record" in field:
        words.append("record: " + table_name(field["record"]))
    if field.get("since", 1) != 1:
        words.append("since: %d" % field["since"])
    if absent(field, in_answer) is not None:
        words.append("absent: " + absent(field, in_answer))
    return "    { %s },\n" % ", ".join(words)


def table(name, message, in_answer):
    fields = "".join(field_line(name, field, in_answer) for field in message["fields"])
    text = 'export const %s: Message = {\n  name: "%s",\n  fields: [%s],\n' % (
        table_name(name), name, "\n" + fields + "  " if fields else "")
    if message.get("exactly_one"):
        text += "  exactlyOne: %s,\n" % json.dumps(message["exactly_one"])
    if message.get("excludes"):
        text += "  excludes: %s,\n" % json.dumps(message["excludes"])
    return text + "};\n"


def constants(protocol):
    lines = [("Version of the header and of the encoding of fields.", "protocolVersion",
              protocol["version"]),
             ("Highest revision of this client.", "protocolRevision", protocol["revision"]),
             ("Set in the kind of a response.", "responseBit", "0x%02x" % protocol["response_bit"])]
    lines += [(sentence(limit_meaning(limit)), camel(limit["name"]), limit["value"])
              for limit in protocol["limits"]]
    lines += [(sentence(flag["meaning"]), "flag" + pascal(flag["name"]), flag["value"])
              for flag in protocol["flags"]]
    return "".join("%sexport const %s = %s;\n" % (wrap(words, ""), name, value)
                   for words, name, value in lines)


def statuses(protocol):
    rows = "".join("%s  %s: %d,\n" % (
        wrap(sentence(status["meaning"]), "  "), status["name"], status["number"])
        for status in protocol["statuses"])
    return ("/** The protocol's statuses, by name. */\nexport const statuses = {\n%s} as const;\n\n"
            "/** Name of a status. */\nexport type Status = keyof typeof statuses;\n" % rows)


def codes(protocol):
    rows = "".join("  /** %s */\n  | \"%s\"\n" % (sentence(error["meaning"]), error["code"])
                   for error in protocol["client_errors"])
    table_ = "".join('  %s: "%s",\n' % (error["code"], error["status"])
                     for error in protocol["client_errors"] if error["status"])
    return ("/** Reason of a failed call. Later versions may add reasons. */\n"
            "export type Code =\n%s;\n\n"
            "/** The status of each of the client's own failures. */\n"
            "export const statusOfCode: Partial<Record<Code, Status>> = {\n%s};\n"
            % (rows.rstrip("\n"), table_))


def kinds(protocol):
    rows, names = "", []
    for kind in protocol["kinds"]:
        if kind["request"]:
            names.append(kind["name"])
            rows += '  %s: {\n    name: "%s", number: 0x%02x, since: %d, retrySafe: %s,\n' % (
                kind["name"], kind["name"], kind["number"], kind["since"],
                lower(kind["retry_safe"]))
            rows += "    %s,\n  },\n" % ", ".join(
                "%s: %s" % (part, table_name(kind[part]))
                for part in ("request", "chunk", "response") if kind[part])
    go_away = next(kind for kind in protocol["kinds"] if kind["name"] == "GoAway")
    return ("/** Byte 5 of a GoAway, without the response bit. */\n"
            "export const goAwayKind = 0x%02x;\n\n/** Every kind of request. */\n"
            "export const kinds: Readonly<Record<KindName, Kind>> = {\n%s};\n"
            "\nexport type KindName =\n%s;\n" % (
                go_away["number"], rows, "\n".join('  | "%s"' % name for name in names)))


def options(protocol):
    """The options as an interface, and as a table whose absent values are the defaults."""
    with open(os.path.join(os.path.dirname(__file__), "../..", FOLDER, "package.json"),
              encoding="utf-8") as handle:
        own_name = "assay-typescript/" + json.load(handle)["version"]
    text = "/** Options of a Client. */\nexport interface Options {\n"
    fields = []
    for number, option in enumerate(protocol["client"]["options"], 1):
        field = dict(option, id=number, presence="optional")
        if not option.get("optional"):
            field["absent"] = option.get("default", own_name)
        fields.append(field)
        words = meaning(field)
        if "default" in option:
            words += " Default %s." % json.dumps(option["default"])
        text += wrap(words, "  ")
        text += "  %s?: %s;\n" % (camel(option["name"]), ts_type("Options", field, False))
    return text + "}\n\n" + table("Options", {"fields": fields}, False) + "\n" \
        + _token_file.typescript(protocol)


def calls(protocol):
    """A method per kind. A request with one field may be given as the bare value of the field."""
    text = (SPLIT.lstrip("\n") + words_types() +
            "/** A method for each kind of request. */\nexport abstract class Calls {\n"
            "  /** Sends a request and gives the whole answer. */\n"
            "  protected abstract call<Reply>(\n"
            "    kind: Kind, request: object, options: CallOptions, onChunk?: (chunk: object) => void\n"
            "  ): Promise<Reply>;\n")
    for kind in protocol["kinds"]:
        if not kind["request"] or kind["name"] in OWN:
            continue
        if kind["name"] in SHORT:
            continue
        message = protocol["messages"][kind["request"]]
        words = kind["meaning"].replace(" (streamed)", "")
        if not kind["retry_safe"]:
            words += ", sent again only if the work never began"
        request, given = interface_name(kind["request"]), "request"
        if len(message["fields"]) == 1:
            field = message["fields"][0]
            bare = ts_type(kind["request"], field, False)
            is_bare = {"string": 'typeof request === "string"'}.get(
                bare, "request instanceof " + bare)
            given = "%s ? { %s: request } : request" % (is_bare, camel(field["name"]))
            request += " | " + bare
        if needs_no_field(message):
            request += " = {}"
        its_options, use = CHUNKS.get(kind["name"], ("CallOptions", None))
        head = "  %s(request: %s, options: %s = {}): Promise<%s> {" % (
            camel(kind["name"]), request, its_options, interface_name(kind["response"]))
        if len(head) > 100:
            head = head.replace("(", "(\n    ", 1).replace(")", "\n  )", 1)
        text += "\n%s%s\n" % (wrap(sentence(words), "  "), head)
        if given != "request":
            text += "    const given = %s;\n" % given
            given = "given"
        handed = ", (chunk) => {\n      options.%s;\n    }" % use if use else ""
        text += "    return this.call(kinds.%s, %s, options%s);\n  }\n" % (
            kind["name"], given, handed)
    return text + SHORT_CALLS + "}\n"


def messages_text(protocol):
    """The names of the types that a program may need, for index.ts."""
    private = {"ErrorBody", "GoAway"} | {
        interface_name(kind[part]) for kind in protocol["kinds"] if kind["name"] in OWN
        for part in ("request", "response")}
    names = {interface_name(name) for name in protocol["messages"]} - private
    names |= {"Code", "EmbedWords", "GenerateWords", "Options", "Origin", "Status"}
    lines = folded(", ".join(sorted(names)) + ",", 98)
    return HEAD.split("\n")[0] + "\n\nexport type {\n%s} from \"./protocol.js\";\n" % "".join(
        "  %s\n" % line for line in lines)


def emit(protocol):
    from_it, whole = from_server(protocol), answers(protocol)
    types = "".join("  %s = %d,\n" % (variant(each["name"]), each["number"])
                    for each in protocol["types"])
    origin = ("/** Provenance, generation and quality of an answer. */\nexport interface Origin {\n"
              "  /** \"mock\" only when the options allow mocks. */\n"
              "  provenance: %s;\n"
              "  /** Generation of the model that answered, 1 for the first load, 0 for none. */\n"
              "  generation: number;\n"
              "  /** True when the answer lists degradations. */\n"
              "  degraded: boolean;\n}\n"
              % " | ".join('"%s"' % each["name"] for each in protocol["provenance"]))
    names = ("/** Names of the provenance byte's values. */\n"
             "export const provenances: Readonly<Record<number, Origin[\"provenance\"]>> =\n"
             "  { %s };\n"
             % ", ".join('%d: "%s"' % (each["number"], each["name"])
                         for each in protocol["provenance"]))
    version = '/** Version of this client. */\nexport const version = "%s";\n' % (
        protocol["release"])
    parts = [version, constants(protocol), origin, names, statuses(protocol), codes(protocol),
             _strangers.typescript(protocol)]
    parts += [interface(name, message, name in from_it, whole)
              for name, message in protocol["messages"].items()]
    parts += [table(name, protocol["messages"][name], name in from_it)
              for name in records_first(protocol["messages"])]
    parts += [kinds(protocol), options(protocol), calls(protocol)]
    return {PATH: HEAD % types + "\n".join(part for part in parts if part),
            FOLDER + "src/messages.ts": messages_text(protocol)}
