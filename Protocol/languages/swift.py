"""Emits Sources/Wire/Generated: the kinds, statuses, limits and messages of Wire.

Lines are at most 100 characters wide, as the formatter wants them.
"""

import textwrap

import _strangers
import _swift_messages
from _swift_messages import grouped
from _tables import sentence

FOLDER = "Sources/Wire/Generated/"

# Bounds of fields for code outside the messages.
FIELD_BOUNDS = [
    ("modelNameSizeMax", "Model", "name", "max", "Int", "bytes of a model's name"),
    ("pathSizeMax", "Load request", "path", "max", "Int", "bytes of a file's path"),
    ("deviceNameSizeMax", "Answer", "device", "max", "Int",
     "bytes of a device's name, such as `cpu` or `cuda:0`"),
    ("peerNameSizeMax", "Hello request", "client", "max", "Int",
     "bytes of the name of a client or server in Hello"),
    ("wordSizeMax", "Error", "code", "max", "Int",
     "bytes of a short word: a stable code, a path of fields, a counter's name"),
    ("sentenceSizeMax", "Error", "message", "max", "Int",
     "bytes of a sentence: an error's message, a reason, a degradation"),
    ("fingerprintSize", "Answer", "fingerprint", "max", "Int", "bytes of a SHA-256 fingerprint"),
    ("logitCountMax", "Logits chunk", "logits", "max", "Int", "values of a chunk of logits"),
    ("embeddingCountMax", "Embed chunk", "embeddings", "max", "Int",
     "values of a chunk of embeddings"),
    ("generateTokensMax", "Generate request", "max_tokens", "max", "UInt64",
     "upper bound of the tokens of a Generate"),
    ("generateTokensDefault", "Generate request", "max_tokens", "default", "UInt64",
     "default of max_tokens of a Generate"),
    ("stopCountMax", "Generate request", "stop", "times_max", "Int",
     "stop strings of a Generate"),
    ("stopSizeMax", "Generate request", "stop", "max", "Int", "bytes of a stop string"),
    ("temperatureMax", "Generate request", "temperature", "max", "Double",
     "upper bound of the temperature, near which the distribution is practically flat"),
    ("topKMax", "Generate request", "top_k", "max", "UInt64",
     "upper bound of top_k, larger than any vocabulary"),
    ("labelSizeMax", "Alias request", "label", "max", "Int", "bytes of a label of a generation"),
    ("shadowCountMax", "Swap request", "shadow", "max", "UInt64",
     "live requests that both generations of a swap compute"),
    ("priorityMax", "Request context", "priority", "max", "UInt64", "the highest priority"),
    ("priorityDefault", "Request context", "priority", "default", "UInt64",
     "the default priority"),
]

# Swift's own names, and limits of type UInt64.
NAMES = {"INTERNAL": "internalError", "request_id_invalid": "requestIDInvalid"}
WIDE = {"top_logprobs_max", "embedding_dimensions_max", "retry_after_milliseconds_max"}


def head(what, guarantees):
    lines = ["// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.", "//"]
    lines += ["// " + line for line in textwrap.wrap(what + " " + guarantees, 96)]
    return "\n".join(lines) + "\n\n"


def lower_camel(name):
    if name in NAMES:
        return NAMES[name]
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def comment(text, indent="    "):
    return "".join(indent + "/// " + line + "\n"
                   for line in textwrap.wrap(sentence(text), 95 - len(indent)))


def switch(declaration, about, rows, default=None):
    """A computed property that is a table."""
    out = comment(about) + "    public var %s {\n        switch self {\n" % declaration
    for names, value in rows:
        out += "        case %s: %s\n" % (", ".join("." + name for name in names), value)
    if default is not None:
        out += "        default: %s\n" % default
    return out + "        }\n    }\n"


def kinds(protocol):
    case = {kind["name"]: kind["name"][:1].lower() + kind["name"][1:] for kind in protocol["kinds"]}
    out = head("The kinds of messages: byte 5 of every frame.",
               "Unknown kinds are legal on the wire, so headers keep the raw byte and this enum "
               "names only the kinds of this revision.")
    out += "/// A kind known to this revision, by request number.\n"
    out += "public enum MessageKind: UInt8, Sendable, CaseIterable, CustomStringConvertible {\n"
    for kind in protocol["kinds"]:
        out += comment(kind["meaning"])
        out += "    case %s = 0x%02X\n" % (case[kind["name"]], kind["number"])
    out += "\n" + comment("bit that turns the kind of a request into the kind of the response")
    out += "    public static let responseBit: UInt8 = 0x%02X\n\n" % protocol["response_bit"]
    unserved = [case[kind["name"]] for kind in protocol["kinds"] if kind["state"] != "served"]
    out += switch("isServed: Bool", "false for reserved kinds and for kinds that no client sends",
                  [(unserved, "false")], "true")
    out += "\n" + switch("description: String", "name as SPEC.md writes it: `Hello`, `GoAway`",
                         [([case[name]], '"%s"' % name) for name in case])
    return out + "}\n"


def statuses(protocol):
    out = head("Status numbers of responses, with advice for the caller.",
               "Numbers 0 to 16 are gRPC's canonical codes with gRPC's meanings, and numbers from "
               "32 on are Assay's. A number is never reused.")
    out += "/// Outcome of a request: the u32 at offset 16 of a response.\n"
    out += "public enum Status: UInt32, Sendable, CaseIterable, CustomStringConvertible {\n"
    case = {status["name"]: lower_camel(status["name"]) for status in protocol["statuses"]}
    for status in protocol["statuses"]:
        out += comment(status["meaning"])
        out += "    case %s = %d\n" % (case[status["name"]], status["number"])
    out += "\n" + comment("advice on the next step after a status")
    out += "    public enum Advice: String, Sendable {\n"
    for name, meaning in protocol["advice"].items():
        out += comment(meaning, "        ") + "        case %s\n" % name
    out += "    }\n\n"
    by_advice = {}
    for status in protocol["statuses"]:
        by_advice.setdefault(status["advice"], []).append(case[status["name"]])
    rows = [(names, "." + name) for name, names in by_advice.items() if name != "fix"]
    out += switch("advice: Advice", "advice for the caller", rows, ".fix")
    local = [case[status["name"]] for status in protocol["statuses"] if not status["on_wire"]]
    out += "\n" + switch("isOnWire: Bool", "false for statuses that only a client makes",
                         [(local, "false")], "true")
    out += "\n" + switch("description: String", "name as SPEC.md writes it: `INVALID_ARGUMENT`",
                         [([case[name]], '"%s"' % name) for name in case])
    return out + "}\n"


def limits(protocol):
    out = head("The bounds of SPEC.md, section 6, the sizes of headers, and the bounds of fields",
               "for code outside the messages.")
    out += "/// Bounds of the protocol. Sizes are bytes, counts are elements.\n"
    out += "public enum Limits {\n"
    out += "    /// Protocol version in byte 4 of every frame.\n"
    out += "    public static let version: UInt8 = %d\n\n" % protocol["version"]
    out += "    /// Revision of the version that this code speaks.\n"
    out += "    public static let revision: UInt64 = %d\n\n" % protocol["revision"]
    out += "    /// Release of the programs and of the clients.\n"
    out += '    public static let release = "%s"\n' % protocol["release"]
    for limit in protocol["limits"]:
        about = limit["meaning"]
        if limit.get("label"):
            about = "%s: %s" % (limit["label"], about)
        elif limit["unit"] not in about:
            about = "%s: %s" % (limit["unit"], about)
        kind = ": UInt64" if limit["name"] in WIDE else ""
        out += "\n" + comment(about)
        out += "    public static let %s%s = %s\n" % (
            lower_camel(limit["name"]), kind, grouped(limit["value"]))
    for name, message, field, key, kind, about in FIELD_BOUNDS:
        row = next(row for row in protocol["messages"][message]["fields"] if row["name"] == field)
        out += "\n" + comment(about)
        out += "    public static let %s: %s = %s\n" % (name, kind, grouped(row[key]))
    return out + "}\n"


def codes(protocol):
    out = head("Error codes added after revision 1.",
               "A connection of an older revision gets the earlier code.")
    out += "/// Error codes by revision.\npublic enum DatedCodes {\n"
    out += comment("the code to send for `code` in `revision`, with an unchanged status")
    out += ("    public static func name(of code: String, in revision: UInt64) -> String {\n"
            "        switch code {\n")
    for row in protocol["codes"]:
        out += '        case "%s": revision >= %d ? code : "%s"\n' % (
            row["code"], row["since"], row["before"])
    return out + "        default: code\n        }\n    }\n}\n"


def wire_codes(protocol):
    out = head("Codes of WireError, for the checks of SPEC.md, sections 1 and 2.",
               "Broken framing is answered PROTOCOL_ERROR, a broken body INVALID_ARGUMENT.")
    out += "extension WireError.Code {\n"
    rows = [(row, "broken rule: %s" % row["meaning"].replace(";", ","))
            for row in protocol["framing_codes"]]
    rows += [(row, row["meaning"]) for row in protocol["body_codes"]]
    for row, about in rows:
        out += comment(about)
        out += '    public static let %s = Self("%s")\n' % (lower_camel(row["code"]), row["code"])
    return out + "}\n"


def strangers(protocol):
    return head("Protocols of others, by the first bytes of a peer, for both sides' messages.",
                "A frame is never taken for one of them.") + _strangers.swift(protocol)


def emit(protocol):
    files = {FOLDER + "DatedCodes.swift": codes(protocol),
             FOLDER + "MessageKind.swift": kinds(protocol),
             FOLDER + "Status.swift": statuses(protocol),
             FOLDER + "Limits.swift": limits(protocol),
             FOLDER + "Strangers.swift": strangers(protocol),
             FOLDER + "WireErrorCodes.swift": wire_codes(protocol),
             "Tests/WireTests/MessageTypes.swift": _swift_messages.registry(protocol, head)}
    messages = _swift_messages.files(protocol, head, comment)
    return dict(files, **{FOLDER + name: text for name, text in messages.items()})
