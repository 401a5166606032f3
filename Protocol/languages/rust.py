"""Emits clients/rust/src/protocol.rs: numbers, a struct for each message, and the message tables.

The structs are what a Rust program reads and fills in; each turns itself into a `Record` and back,
and the codec reads and writes records by table.
"""

PATH = "clients/rust/src/protocol.rs"

HEAD = """// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//! Numbers and messages of the wire protocol (Protocol/SPEC.md).

use crate::codec::{
    Field, Fields, Message, MessageInfo, Presence, Record, Request, Type, ANY_F64, ANY_SIZE,
    ANY_U64,
};

"""

TYPES = {"u64": ("U64", "u64"), "f64": ("F64", "f64"), "bytes": ("Bytes", "Vec<u8>"),
         "text": ("Text", "String"), "u32[]": ("U32s", "Vec<u32>"), "f32[]": ("F32s", "Vec<f32>"),
         "bool": ("Bool", "bool"), "record": ("Record", None)}


def camel(name):
    """`Chat message` -> ChatMessage; `Error` is ErrorBody."""
    if name == "Error":
        return "ErrorBody"
    return "".join(word[0].upper() + word[1:] for word in name.split())


def table_name(name):
    return {"Error": "ERROR_BODY", "GoAway": "GO_AWAY"}.get(
        name, name.upper().replace(" ", "_"))


def value_type(field):
    return camel(field["record"]) if field["type"] == "record" else TYPES[field["type"]][1]


def member_type(field):
    wrap = {"required": "%s", "optional": "Option<%s>", "repeated": "Vec<%s>"}
    return wrap[field["presence"]] % value_type(field)


def doc(text, indent):
    """A doc comment in lines of at most 100 columns."""
    room, lines, line = 100 - indent - 4, [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = (line + " " + word).strip()
    lines.append(line)
    return "".join(" " * indent + "/// " + one + "\n" for one in lines)


def range_words(field):
    words = [field["presence"]]
    if field["presence"] == "repeated":
        words = ["%d..%d times" % (field["times_min"], field["times_max"])]
    if "choices" in field:
        words.append(", ".join("`%s`" % word for word in field["choices"]))
    elif "min" in field:
        unit = {"text": " bytes", "bytes": " bytes", "u32[]": " elements",
                "f32[]": " elements"}.get(field["type"], "")
        words.append("%s..%s%s" % (field["min"], field["max"], unit))
    return "; ".join(words)


def struct_text(name, message):
    out = ["/// Message `%s`.\n#[derive(Debug, Clone, Default, PartialEq)]\n" % name,
           "pub struct %s {\n" % camel(name)]
    for field in message["fields"]:
        text = field["meaning"][0].upper() + field["meaning"][1:]
        out.append(doc("%s (%s)." % (text, range_words(field)), 4))
        out.append("    pub %s: %s,\n" % (field["name"], member_type(field)))
    out.append("}\n\n")
    return "".join(out)


def message_text(name, message):
    """The two ways between a struct and a record."""
    put = {"required": "value", "optional": "optional", "repeated": "repeated"}
    fields = message["fields"]
    out = ["impl Message for %s {\n" % camel(name),
           "    fn info() -> &'static MessageInfo {\n        &%s\n    }\n" % table_name(name)]
    if not fields:
        out.append("    fn to_record(&self) -> Record {\n        Record::default()\n    }\n")
        out.append("    fn from_record(_: Record) -> Self {\n        Self::default()\n    }\n}\n\n")
        return "".join(out)
    out.append("    fn to_record(&self) -> Record {\n        let mut record = Record::default();\n")
    for field in fields:
        out.append("        record.put_%s(%d, &self.%s);\n"
                   % (put[field["presence"]], field["id"], field["name"]))
    out.append("        record\n    }\n")
    out.append("    fn from_record(record: Record) -> Self {\n")
    out.append("        let mut fields = Fields::new(record);\n        Self {\n")
    for field in fields:
        out.append("            %s: fields.take_%s(%d),\n"
                   % (field["name"], put[field["presence"]], field["id"]))
    out.append("        }\n    }\n")
    for field in fields:
        if field.get("record") == "Answer":
            out.append("    fn answer(&self) -> Option<&Answer> {\n")
            out.append("        Some(&self.%s)\n    }\n" % field["name"])
    out.append("}\n\n")
    return "".join(out)


def bounds(field):
    """min, max as u64 and as f64."""
    if field["type"] == "f64":
        if "min" not in field:
            return "ANY_U64", "ANY_F64"
        return "ANY_U64", "(%r, %r)" % (float(field["min"]), float(field["max"]))
    if "min" in field:
        return "(%d, %d)" % (field["min"], field["max"]), "ANY_F64"
    return ("ANY_U64" if field["type"] == "u64" else "ANY_SIZE"), "ANY_F64"


def table_text(name, message):
    out = ["/// Table of `%s`.\n" % name,
           "pub static %s: MessageInfo = MessageInfo {\n    name: \"%s\",\n    fields: &[\n"
           % (table_name(name), name)]
    for field in message["fields"]:
        integers, numbers = bounds(field)
        repeated = field["presence"] == "repeated"
        out.append("        Field {\n            name: \"%s\", id: %d, kind: Type::%s, "
                   "presence: Presence::%s, since: %d,\n" % (
                       field["name"], field["id"], TYPES[field["type"]][0],
                       field["presence"].capitalize(),
                       max(field.get("since", 1), message["since"])))
        out.append("            bounds: %s, numbers: %s, above_min: %s, times: (%d, %d),\n" % (
            integers, numbers, "true" if field.get("min_exclusive") else "false",
            field["times_min"] if repeated else 0, field["times_max"] if repeated else 1))
        out.append("            choices: &[%s], record: %s,\n        },\n" % (
            ", ".join('"%s"' % word for word in field.get("choices", [])),
            "Some(&%s)" % table_name(field["record"]) if "record" in field else "None"))
    out.append("    ],\n};\n\n")
    return "".join(out)


def constants(protocol):
    out = []

    def constant(name, kind, value, text):
        out.append("/// %s\npub const %s: %s = %s;\n"
                   % (text[0].upper() + text[1:] + ".", name.upper(), kind, value))

    constant("version", "u8", protocol["version"], "version of the protocol")
    constant("revision", "u64", protocol["revision"], "revision of that version")
    constant("default_port", "u16", protocol["default_port"], "port that a server listens on")
    constant("response_bit", "u8", protocol["response_bit"], "set in the kind of a response")
    for flag in protocol["flags"]:
        constant("flag_" + flag["name"], "u8", flag["value"], "flag: " + flag["meaning"])
    for row in protocol["provenance"]:
        constant("provenance_" + row["name"], "u8", row["number"], "provenance: " + row["meaning"])
    for limit in protocol["limits"]:
        constant(limit["name"], "usize", limit["value"], "limit, in " + limit["unit"])
    for kind in protocol["kinds"]:
        name = {"GoAway": "go_away"}.get(kind["name"], kind["name"])
        constant("kind_" + name, "u8", "0x%02x" % kind["number"], "kind: " + kind["meaning"])
    return "".join(out) + "\n"


def statuses(protocol):
    out = ["/// What a server's answer, or this client, says about a call; see SPEC.md.\n",
           "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[non_exhaustive]\n",
           "pub enum Status {\n"]
    names = {status["name"]: camel(status["name"].replace("_", " ").lower())
             for status in protocol["statuses"]}
    names["OK"] = "Ok"
    for status in protocol["statuses"]:
        out.append(doc(status["meaning"][0].upper() + status["meaning"][1:] + ".", 4))
        out.append("    %s,\n" % names[status["name"]])
    out.append("}\n\nimpl Status {\n")
    out.append("    /// The status of a number; one nobody knows reads as `Unknown`.\n")
    out.append("    pub fn from_number(number: u32) -> Status {\n        match number {\n")
    out += ["            %d => Status::%s,\n" % (status["number"], names[status["name"]])
            for status in protocol["statuses"]]
    out.append("            _ => Status::Unknown,\n        }\n    }\n\n")
    out.append("    /// Its name, `UNAVAILABLE`.\n    pub fn name(self) -> &'static str {\n")
    out.append("        match self {\n")
    out += ["            Status::%s => \"%s\",\n" % (names[status["name"]], status["name"])
            for status in protocol["statuses"]]
    out.append("        }\n    }\n}\n\n")
    return "".join(out)


def requests(protocol):
    """Which messages a kind's frames hold."""
    out = []
    for kind in protocol["kinds"]:
        if kind["request"] is None:
            continue
        out.append("impl Request for %s {\n" % camel(kind["request"]))
        out.append("    const KIND: u8 = 0x%02x;\n    const NAME: &'static str = \"%s\";\n"
                   % (kind["number"], kind["name"]))
        out.append("    const SINCE: u64 = %d;\n    const STREAMED: bool = %s;\n" % (
            kind["since"], str(kind["streamed"]).lower()))
        out.append("    const RETRY_SAFE: bool = %s;\n" % str(kind["retry_safe"]).lower())
        out.append("    type Chunk = %s;\n    type Response = %s;\n}\n\n" % (
            camel(kind["chunk"] or kind["response"]), camel(kind["response"])))
    return "".join(out)


def emit(protocol):
    messages = protocol["messages"].items()
    out = [HEAD, constants(protocol), statuses(protocol)]
    for name, message in messages:
        out += [struct_text(name, message), message_text(name, message),
                table_text(name, message)]
    out.append(requests(protocol).rstrip("\n") + "\n")
    return {PATH: "".join(out)}
