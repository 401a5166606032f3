"""Emits clients/rust/src/protocol.rs: numbers, options, errors, messages, a client's calls.

A message is a struct with a field for each row, a table, and two accessors of the values, by which
the codec reads and writes the message.
One file a language, as for the other clients.
"""

import textwrap

import _strangers
import _token_file
from _rust_words import words as short_words
from _tables import folded, lower, pascal, sentence, served, variant, with_range

PATH = "clients/rust/src/protocol.rs"

HEAD = """// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//! Numbers, options, errors and messages of the wire protocol (Protocol/SPEC.md).

use crate::answers::Gather;
use crate::client::Client;
use crate::codec::{BodyError, Message, Request, See};
use crate::errors::{error, AssayError, Result};
use crate::exchange::Reply;
use std::io::Read;

"""

TYPES = {"u64": "u64", "f64": "f64", "bytes": "Vec<u8>", "text": "String", "u32[]": "Vec<u32>",
         "f32[]": "Vec<f32>", "bool": "bool"}

# Kinds whose answers are assembled or checked by hand (answers.rs), and kinds called by hand.
GATHERED = {"Ping", "Generate", "Score", "Logits", "Embed"}
CALLED_BY_HAND = {"Hello", "Cancel"}
# kind -> the parameter for its chunks, the parameter's argument, a chunk as argument, what it is
CHUNKS = {"Load": ("on_layer", "Layer", "&progress.layer", "the verdict on each layer"),
          "Swap": ("on_progress", "SwapProgress", "&progress", "each layer and each later step")}


def camel(name):
    """`Chat message` -> ChatMessage. `Error` is ErrorBody."""
    return "ErrorBody" if name == "Error" else pascal(name)


def member_type(field):
    wrap = {"required": "%s", "optional": "Option<%s>", "repeated": "Vec<%s>"}
    kind = camel(field["record"]) if field["type"] == "record" else TYPES[field["type"]]
    return wrap[field["presence"]] % kind


def doc(text, indent=0):
    """A doc comment in lines of at most 100 columns."""
    return "".join(" " * indent + "/// " + line + "\n"
                   for line in folded(sentence(text), 96 - indent))


# ---------------------------------------------------------------- numbers, options, errors

def constants(protocol):
    out = []

    def constant(name, kind, value, text):
        out.append(doc(text) + "pub const %s: %s = %s;\n" % (name.upper(), kind, value))

    constant("version", "u8", protocol["version"], "version of the protocol")
    constant("revision", "u64", protocol["revision"], "revision of the version")
    constant("default_port", "u16", protocol["default_port"], "port that a server listens on")
    constant("response_bit", "u8", protocol["response_bit"], "set in the kind of a response")
    for flag in protocol["flags"]:
        constant("flag_" + flag["name"], "u8", flag["value"], "flag: " + flag["meaning"])
    for row in protocol["provenance"]:
        constant("provenance_" + row["name"], "u8", row["number"], "provenance: " + row["meaning"])
    for limit in protocol["limits"]:
        constant(limit["name"], "usize", limit["value"],
                 limit.get("label", "limit") + ": " + limit["meaning"])
    for kind in protocol["kinds"]:
        name = {"GoAway": "go_away"}.get(kind["name"], kind["name"])
        constant("kind_" + name, "u8", "0x%02x" % kind["number"], "kind: " + kind["meaning"])
    constant("context_since", "u64", protocol["messages"]["Request context"]["since"],
             "lowest revision with a context in requests")
    return "".join(out) + "\n"


def option_default(option):
    if option.get("optional"):
        return "None"
    if "default" in option:
        return lower(option["default"])
    return 'concat!("assay-rust/", env!("CARGO_PKG_VERSION")).to_owned()'


def options(protocol):
    rows = protocol["client"]["options"]
    out = ["/// Settings of a client: name, demands, bounds and times.\n#[derive(Clone)]\n",
           "pub struct Options {\n"]
    for option in rows:
        allowed = ", %(min)d..%(max)d" % option if "min" in option else ""
        found = lower(option.get("default", ""))
        stated = ", default " + found if found else ""
        out.append(doc("%s (%s%s%s)" % (option["meaning"], option["type"], allowed, stated), 4))
        kind = "Option<%s>" if option.get("optional") else "%s"
        out.append("    pub %s: %s,\n" % (option["name"], kind % TYPES[option["type"]]))
    out.append("}\n\nimpl Default for Options {\n    fn default() -> Self {\n        Options {\n")
    out += ["            %s: %s,\n" % (option["name"], option_default(option)) for option in rows]
    out.append("        }\n    }\n}\n\n/// Without the token.\nimpl std::fmt::Debug for Options {\n"
               "    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n"
               "        to.debug_struct(\"Options\")\n")
    for option in rows:
        value = "&self.%s" % option["name"]
        if option.get("secret"):
            value += '.as_ref().map(|_| "hidden")'
        out.append('            .field("%s", %s)\n' % (option["name"], value))
    out.append("            .finish()\n    }\n}\n\nimpl Options {\n"
               "    /// Checks the range of each option, and reads the token file.\n"
               "    pub(crate) fn check(&mut self) -> Result<()> {\n"
               "        for (name, found, min, max) in [\n")
    for option in rows:
        if "min" not in option:
            continue
        value = "self.%s" % option["name"] + ".len() as u64" * (option["type"] == "text")
        if option.get("optional"):
            value = "self.%s.as_ref().map_or(%d, String::len) as u64" % (
                option["name"], option["min"])
        out.append('            ("%s", %s, %d, %d),\n'
                   % (option["name"], value, option["min"], option["max"]))
    out.append("        ] {\n            if !(min..=max).contains(&found) {\n"
               '                let words = format!("option {name}: found {found}, allowed: '
               '{min}..{max}");\n'
               '                return Err(error!(RequestInvalid, "making a client: {words}")'
               ".field(name));\n            }\n        }\n        self.read_token()\n    }\n\n"
               + _token_file.rust(protocol) + "}\n\n")
    return "".join(out)


def enumeration(name, text, rows):
    """Variants with meanings."""
    derived = "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[non_exhaustive]\n"
    variants = "".join(doc(meaning, 4) + "    %s,\n" % variant for variant, meaning in rows)
    return "/// %s\n%spub enum %s {\n%s}\n\n" % (text, derived, name, variants)


def statuses(protocol):
    rows = [("Ok" if row["name"] == "OK" else pascal(row["name"].lower()), row)
            for row in protocol["statuses"]]
    table = "".join('    (%d, Status::%s, "%s"),\n' % (row["number"], variant, row["name"])
                    for variant, row in rows)
    return (enumeration("Status", "Outcome of a call, from the server or from this client. See "
                        "SPEC.md.", [(variant, row["meaning"]) for variant, row in rows])
            + "const STATUSES: [(u32, Status, &str); %d] = [\n%s];\n\nimpl Status {\n"
            "    /// The status of a number. An unknown number gives `Unknown`.\n"
            "    pub fn from_number(number: u32) -> Status {\n"
            "        let known = STATUSES.iter().find(|row| row.0 == number);\n"
            "        known.map_or(Status::Unknown, |row| row.1)\n    }\n\n"
            "    /// The name, `UNAVAILABLE`.\n    pub fn name(self) -> &'static str {\n"
            "        let known = STATUSES.iter().find(|row| row.1 == self);\n"
            "        known.map_or(\"UNKNOWN\", |row| row.2)\n    }\n}\n\n"
            % (len(rows), table))


def codes(protocol):
    rows = protocol["client_errors"]
    arms = "".join('            Code::%s => ("%s", Status::%s),\n' % (
        pascal(row["code"]), row["code"], pascal((row["status"] or "UNKNOWN").lower()))
        for row in rows)
    return (enumeration("Code", "Stable reason of an [`AssayError`].",
                        [(pascal(row["code"]), row["meaning"]) for row in rows])
            + "impl Code {\n    /// The name in snake_case.\n"
            "    pub fn name(self) -> &'static str {\n        self.row().0\n    }\n\n"
            "    /// The name, and the fitting status.\n"
            "    pub(crate) fn row(self) -> (&'static str, Status) {\n        match self {\n%s"
            "        }\n    }\n}\n\n" % arms)


def error_detail(protocol):
    """The members of an error: the client's own, and the fields of the server's Error."""
    fields = protocol["messages"]["Error"]["fields"]
    words = [field for field in fields if field["name"] != "message"]
    rows = [("code", "Code", "stable reason"), ("status", "Status",
             "the server's status, or the status of the code"), ("message", "String", "a sentence")]
    given = []
    for field in words:
        name = {"code": "server_code"}.get(field["name"], field["name"])
        kind = camel(field["record"]) if field["type"] == "record" else TYPES[field["type"]]
        rows.append((name, "Option<%s>" % kind, "from the server: " + field["meaning"]))
        given.append((name, ("Some(words.%s)" if field["presence"] == "required" else "words.%s")
                      % field["name"]))
    rows.append(("provenance", "Option<Provenance>", "provenance of the failed frame, if any"))
    members = "".join("%s    pub %s: %s,\n" % (doc(meaning, 4), name, kind)
                      for name, kind, meaning in rows) + "    pub(crate) cause: Option<Cause>,\n"
    rows.append(("cause", "", ""))
    nothing = "".join("            %s: None,\n" % name for name, kind, _ in rows[3:])
    taken = "".join("        self.%s = %s;\n" % pair for pair in given)
    return ("/// Details of an [`AssayError`](crate::AssayError), read through the error.\n"
            "#[derive(Debug, Clone, PartialEq)]\n#[non_exhaustive]\n"
            "pub struct ErrorDetail {\n%s}\n\nimpl ErrorDetail {\n"
            "    pub(crate) fn new(code: Code, message: String) -> Self {\n"
            "        ErrorDetail {\n            code,\n            status: code.row().1,\n"
            "            message,\n%s        }\n    }\n\n"
            "    /// Takes over the server's fields except `message`.\n"
            "    pub(crate) fn set_words(&mut self, words: ErrorBody) {\n%s    }\n}\n\n"
            % (members, nothing, taken))


def provenances(protocol):
    rows = [(pascal(row["name"]), row) for row in protocol["provenance"]]
    numbers = "".join("            %d => Some(Provenance::%s),\n" % (row["number"], variant)
                      for variant, row in rows)
    names = "".join('            Provenance::%s => "%s",\n' % (variant, row["name"])
                    for variant, row in rows)
    return (enumeration("Provenance", "Source of an answer: a real model or a mock.",
                        [(variant, row["meaning"]) for variant, row in rows])
            + "impl Provenance {\n"
            "    pub(crate) fn from_number(number: u8) -> Option<Provenance> {\n"
            "        match number {\n%s            _ => None,\n        }\n    }\n\n"
            "    /// `real` or `mock`.\n    pub fn name(self) -> &'static str {\n"
            "        match self {\n%s        }\n    }\n}\n\n" % (numbers, names))


# ---------------------------------------------------------------- header, types, messages

def header(protocol):
    """The words of a header, parsed from bytes and written as bytes."""
    words = [(word["name"], word["offset"], word["offset"] + word["size"],
              {1: "u8", 4: "u32", 8: "u64"}[word["size"]], word["response"])
             for word in protocol["header"]]
    members = "".join("%s    pub %s: %s,\n" % (doc(meaning, 4), name, kind)
                      for name, _, _, kind, meaning in words)
    reads = "".join("            %s: %s::from_le_bytes(word(bytes, %d)),\n" % (name, kind, start)
                    for name, start, _, kind, _ in words)
    writes = "".join("        bytes[%d..%d].copy_from_slice(&self.%s.to_le_bytes());\n"
                     % (start, end, name) for name, start, end, _, _ in words)
    flags = "".join("\n    pub fn is_%s(&self) -> bool {\n        self.flags & FLAG_%s != 0\n    }\n"
                    % (flag["name"], flag["name"].upper()) for flag in protocol["flags"])
    return ("/// The header of a frame.\n#[derive(Debug, Clone, Copy, Default)]\n"
            "pub(crate) struct Header {\n%s}\n\n"
            "fn word<const SIZE: usize>(bytes: &[u8; HEADER_SIZE], at: usize) -> [u8; SIZE] {\n"
            "    let mut word = [0; SIZE];\n    word.copy_from_slice(&bytes[at..at + SIZE]);\n"
            "    word\n}\n\nimpl Header {\n    pub fn parse(bytes: &[u8; HEADER_SIZE]) -> Self {\n"
            "        Header {\n%s        }\n    }\n\n"
            "    pub fn bytes(&self) -> [u8; HEADER_SIZE] {\n"
            "        let mut bytes = [0; HEADER_SIZE];\n"
            "%s        bytes\n    }\n%s}\n\n" % (members, reads, writes, flags))


# Members of a row of a message's table: name, type, usual value, meaning.
ROW = [
    ("id", "u16", "0", "id of the field"),
    ("name", "&'static str", '""', "name of the field"),
    ("kind", "u8", "0", "number of the type"),
    ("since", "u64", "1", "lowest revision with the field"),
    ("times", "(usize, usize)", "(0, 1)", "least and most occurrences"),
    ("bounds", "(u64, u64)", "(0, u64::MAX)",
     "least and most bytes or elements, or least and largest u64"),
    ("numbers", "(f64, f64)", "(f64::NEG_INFINITY, f64::INFINITY)", "least and largest f64"),
    ("above_min", "bool", "false", "the least f64 is excluded"),
    ("choices", "&'static [&'static str]", "&[]", "allowed words, empty for any"),
    ("words_since", "&'static [(&'static str, u64)]", "&[]",
     "words later than the field, with the lowest revision of each"),
    ("is_traceparent", "bool", "false", "the text is a W3C traceparent of version 00"),
]
TABLE = [
    ("name", "&'static str", "name in SPEC.md"),
    ("fields", "&'static [Field]", "fields in order of id"),
    ("one_of", "&'static [usize]", "indices of fields, at least one of which must be given"),
    ("excludes", "&'static [&'static [usize]]",
     "indices of fields, at most one of which may be given"),
]
KIND = [
    ("number", "u8", "number of the kind in a request"),
    ("name", "&'static str", "name of the kind"),
    ("since", "u64", "lowest revision with the kind"),
    ("streamed", "bool", "several frames may answer the request"),
    ("retry_safe", "bool", "a repeated request does no harm"),
]


def record(name, text, members):
    """A struct of members, each a name, a type and a meaning."""
    lines = "".join("%s    pub %s: %s,\n" % (doc(meaning, 4), member, kind)
                    for member, kind, meaning in members)
    return "/// %s\n#[derive(Debug)]\npub struct %s {\n%s}\n\n" % (text, name, lines)


def types(protocol):
    """The parts of tables, and the place of a value of each type."""
    places = "".join("%s    %s(&'a mut %s),\n" % (
        doc(row["meaning"], 4), variant(row["name"]), TYPES.get(row["name"], "dyn Message"))
        for row in protocol["types"])
    usual = "".join("    %s: %s,\n" % (name, value) for name, _, value, _ in ROW)
    return (record("Field", "One row of a message's table.",
                   [(name, kind, meaning) for name, kind, _, meaning in ROW])
            + "/// An optional field with any value but NaN.\n"
            "const FIELD: Field = Field {\n%s};\n\n" % usual
            + record("Table", "The fields and rules of a message.", TABLE)
            + record("Kind", "A kind of request.", KIND)
            + "/// The place of a value in a message.\npub enum Place<'a> {\n%s}\n\n" % places)


def row_text(field, since, number):
    """A row: the differences from an optional field with any value."""
    words = ["id: %d" % field["id"], 'name: "%s"' % field["name"], "kind: %d" % number]
    if field["presence"] == "required":
        words.append("times: (1, 1)")
    elif field["presence"] == "repeated":
        words.append("times: (%d, %d)" % (field["times_min"], field["times_max"]))
    if "choices" in field:
        words.append("choices: &[%s]" % ", ".join('"%s"' % word for word in field["choices"]))
        if "choices_since" in field:
            words.append("words_since: &[%s]" % ", ".join(
                '("%s", %d)' % pair for pair in field["choices_since"].items()))
    elif field["type"] == "f64" and "min" in field:
        words.append("numbers: (%r, %r)" % (float(field["min"]), float(field["max"])))
        if field.get("min_exclusive"):
            words.append("above_min: true")
    elif "min" in field:
        words.append("bounds: (%d, %d)" % (field["min"], field["max"]))
    if field.get("format") == "traceparent":
        words.append("is_traceparent: true")
    since = max(field.get("since", 1), since)
    if since > 1:
        words.append("since: %d" % since)
    line = "        Field { %s, ..FIELD },\n" % ", ".join(words)
    if len(line) > 101:
        indent = " " * 12
        line = "        Field {\n%s\n        },\n" % textwrap.fill(
            ", ".join(words) + ", ..FIELD", 100, initial_indent=indent, subsequent_indent=indent)
    return line


def table_text(name, message, numbers):
    fields = message["fields"]
    index = {field["name"]: place for place, field in enumerate(fields)}
    places = lambda names: "&[%s]" % ", ".join(str(index[one]) for one in names)
    one_of = message.get("exactly_one", [])
    excludes = ([one_of] if one_of else []) + message.get("excludes", [])
    rows = "".join(row_text(field, message["since"], numbers[field["type"]]) for field in fields)
    return ('const %s: Table = Table {\n    name: "%s",\n    fields: &[%s],\n    one_of: %s,\n'
            "    excludes: &[%s],\n};\n\n"
            % (table_name(name), name,
               "\n%s    " % rows if rows else "",
               places(one_of), ", ".join(map(places, excludes))))


def table_name(name):
    return name.upper().replace(" ", "_") + "_TABLE"


SEEN = {
    "required": "        see(%(at)d, Place::%(variant)s(&mut self.%(name)s))?;\n",
    "optional": "        if let Some(value) = &mut self.%(name)s {\n"
                "            see(%(at)d, Place::%(variant)s(value))?;\n        }\n",
    "repeated": "        for value in &mut self.%(name)s {\n"
                "            see(%(at)d, Place::%(variant)s(value))?;\n        }\n",
}
ADDED = {
    "required": "            %(at)d => Place::%(variant)s(&mut self.%(name)s),\n",
    "optional": "            %(at)d => Place::%(variant)s("
                "self.%(name)s.get_or_insert_with(Default::default)),\n",
    "repeated": "            %(at)d => {\n"
                "                self.%(name)s.push(Default::default());\n"
                "                Place::%(variant)s(self.%(name)s.last_mut()?)\n            }\n",
}


def method(head, body):
    return "    fn %s {\n%s    }\n" % (head, body)


def message_text(name, message, numbers):
    """The struct of a message, the table, and the accessors of the values."""
    fields = message["fields"]
    out = ["/// Message `%s`.\n#[derive(Debug, Clone, Default, PartialEq)]\npub struct %s {\n"
           % (name, camel(name))]
    for field in fields:
        choices = ", ".join("`%s`" % word for word in field.get("choices", ()))
        out.append(doc("%s (%s)" % (field["meaning"], with_range(field, choices)), 4))
        out.append("    pub %s: %s,\n" % (field["name"], member_type(field)))
    out.append("}\n\n" + table_text(name, message, numbers))
    facts = [{"at": place, "name": field["name"], "variant": variant(field["type"]),
              "presence": field["presence"]} for place, field in enumerate(fields)]
    seen = "".join(SEEN[fact["presence"]] % fact for fact in facts)
    arms = "".join(ADDED[fact["presence"]] % fact for fact in facts)
    names = {field["name"]: field for field in fields}
    asked = "request" in name
    answers = names.get("answer", {}).get("record") == "Answer"
    # A health request without a model asks about the server, which has no requirements.
    model = "        self.model.as_ref()?;\n" if name == "Health request" else ""
    option = lambda there, value: "        %s\n" % (value if there else "None")
    out.append("impl Message for %s {\n" % camel(name) + "\n".join([
        method("table(&self) -> &'static Table", "        &%s\n" % table_name(name)),
        method("each(&mut self, %s: &mut See) -> Result<(), BodyError>"
               % ("see" if fields else "_"), seen + "        Ok(())\n"),
        method("add(&mut self, %s: usize) -> Option<Place<'_>>" % ("place" if fields else "_"),
               "        Some(match place {\n%s            _ => return None,\n        })\n" % arms
               if fields else "        None\n"),
        method("frame(&self) -> Option<u64>", option("frame" in names, "self.frame")),
        method("answer(&self) -> Option<&Answer>", option(answers, "Some(&self.answer)")),
        method("context(&mut self) -> Option<&mut Option<RequestContext>>",
               option(asked and "context" in names, "Some(&mut self.context)")),
        method("requirements(&mut self) -> Option<&mut Option<Requirements>>",
               model + option(asked and "requirements" in names, "Some(&mut self.requirements)")),
    ]) + "}\n\n")
    return "".join(out)


# ---------------------------------------------------------------- calls

def requests(protocol):
    """The messages of each kind's frames."""
    out = []
    for kind in protocol["kinds"]:
        if kind["request"] is None:
            continue
        name = camel(kind["request"])
        out.append("impl Request for %s {\n    const KIND: &'static Kind = &Kind {\n" % name)
        out.append('        number: 0x%02x, name: "%s", since: %d, streamed: %s, retry_safe: %s,\n'
                   "    };\n" % (kind["number"], kind["name"], kind["since"],
                                 lower(kind["streamed"]), lower(kind["retry_safe"])))
        out.append("    type Chunk = %s;\n    type Response = %s;\n}\n\n" % (
            camel(kind["chunk"] or kind["response"]), camel(kind["response"])))
        if kind["name"] not in GATHERED:
            out.append("impl Gather for %s {}\n\n" % name)
    return "".join(out)


def call_with_chunks(kind):
    """The method of a kind whose chunks go to a function."""
    name, part, value, what = CHUNKS[kind["name"]]
    about = kind["meaning"].replace(" (streamed)", "") + ". `%s` receives %s" % (name, what)
    return ("%s    pub fn %s(\n        &self, request: &%s, mut %s: impl FnMut(&%s),\n"
            "    ) -> Result<Reply<%s>> {\n"
            "        self.call_in_parts(request, |progress| %s(%s))\n    }\n" % (
                doc(about, 4), kind["name"].lower(), camel(kind["request"]), name, part,
                camel(kind["response"]), name, value))


def calls(protocol):
    out = []
    for kind in served(protocol, CALLED_BY_HAND):
        if kind["name"] in CHUNKS:
            out.append(call_with_chunks(kind))
            continue
        out.append("%s    pub fn %s(&self, request: &%s) -> Result<Reply<%s>> {\n"
                   "        self.call(request)\n    }\n" % (
                       doc(kind["meaning"], 4), kind["name"].lower(), camel(kind["request"]),
                       camel(kind["response"])))
    return "/// One method for each kind of request.\nimpl Client {\n%s}\n" % "\n".join(out)


def emit(protocol):
    out = [HEAD, constants(protocol), options(protocol), provenances(protocol),
           statuses(protocol), codes(protocol), error_detail(protocol), _strangers.rust(protocol),
           header(protocol),
           types(protocol)]
    numbers = {row["name"]: row["number"] for row in protocol["types"]}
    out += [message_text(name, message, numbers)
            for name, message in protocol["messages"].items()]
    out += [requests(protocol), calls(protocol), short_words(protocol, TYPES, camel)]
    return {PATH: "".join(out)}
