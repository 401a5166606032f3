"""Emits clients/swift/Sources/AssayClient/Generated: options, error codes and calls of the client.

The use of options, codes and calls is written by hand. Lines are at most 100 characters wide, as
the formatter wants them.
"""

import swift
from _swift_words import words as short_words
from _tables import lower, needs_no_field, served

FOLDER = "clients/swift/Sources/AssayClient/Generated/"

# Options and codes of this client alone.
OWN_OPTIONS = [
    ("demandsReal", "Bool", "true", "package",
     "false when requests demand no real model by themselves, even where mocks are refused, for "
     "questions about a model's state that a mock may answer, too")]
OWN_CODES = [
    ("process_forked", "FAILED_PRECONDITION",
     "the process is a fork of the process that made the client, and nothing was touched")]
NAME = '"assay-swift/%s"'

# Calls written by hand, and answers that are compared with the request.
BY_HAND = {"Hello", "Cancel", "Load", "Swap"}
COMPARED = {"Ping", "Score"}
# Answers whose parts are handed out as they come, the last part included.
HANDED_OUT = {"Generate"}
# Calls whose answer may be ignored.
DISCARDABLE = {"Ping", "Unload"}


def option_type(option):
    if option["type"] == "text":
        return "String"
    if option["type"] == "bool":
        return "Bool"
    return "UInt32" if option["name"].endswith("_milliseconds") else "Int"


def literal(value):
    if isinstance(value, bool):
        return lower(value)
    return "{:_}".format(value) if value >= 1000 else str(value)


def range_check(option):
    """The line that checks an option. None where the type leaves nothing to check."""
    kind = option_type(option)
    if kind == "Bool" or (kind == "UInt32" and option["min"] == 0):
        return None
    value = swift.lower_camel(option["name"])
    size = ".utf8.count" if kind == "String" else ""
    number = "Int(%s)" % value if kind == "UInt32" else value + size
    unit = ', " bytes"' if kind == "String" else ""
    return '        try check("%s", %s, %s...%s%s)\n' % (
        option["name"], number, literal(option["min"]), literal(option["max"]), unit)


def options(protocol):
    out = swift.head("Settings of a client: name, demands, bounds and times.",
                     "`check` refuses a value out of range before anything is connected.")
    out += "/// Settings of a client. A client keeps a copy, so later changes have no effect.\n"
    out += "public struct Options: Sendable {\n"
    for option in protocol["client"]["options"]:
        value = literal(option["default"]) if "default" in option else NAME % protocol["release"]
        text = option["meaning"].replace(", by default the library's", "")
        out += swift.comment(text)
        out += "    public var %s: %s = %s\n" % (
            swift.lower_camel(option["name"]), option_type(option), value)
    for name, kind, value, access, meaning in OWN_OPTIONS:
        out += swift.comment(meaning) + "    %s var %s: %s = %s\n" % (access, name, kind, value)
    out += "\n    /// The defaults above.\n    public init() {}\n\n"
    out += swift.comment("throws `request_invalid`, with the option's name as `field`")
    out += "    func check() throws(AssayError) {\n"
    out += "".join(filter(None, map(range_check, protocol["client"]["options"])))
    out += "    }\n\n"
    out += "    private func check(\n"
    out += "        _ name: String, _ value: Int, _ allowed: ClosedRange<Int>, _ unit: String = \"\"\n"
    out += "    ) throws(AssayError) {\n        if allowed.contains(value) { return }\n"
    out += "        throw AssayError(\n            .requestInvalid,\n"
    out += '            "reading the client\'s options: found \\(name) \\(value)\\(unit), allowed: "\n'
    out += '                + "\\(allowed.lowerBound) to \\(allowed.upperBound)\\(unit)",\n'
    out += "            field: name)\n    }\n}\n"
    return out


def words(protocol):
    """The fields of the server's error body as members of an error.

    The message is part of the error's own, and a request refused by the client has a field, too.
    """
    types = {"text": "String", "u64": "UInt64"}
    out = "\nextension AssayError {"
    for field in protocol["messages"]["Error"]["fields"]:
        if field["name"] in ("message", "field"):
            continue
        name = swift.lower_camel(field["name"])
        kind = types.get(field["type"]) or field["record"].title().replace(" ", "")
        out += "\n" + swift.comment("from the server: " + field["meaning"])
        out += "    public var %s: %s? { serverError?.%s }\n" % (
            "serverCode" if name == "code" else name, kind, name)
    return out + "}\n"


def codes(protocol):
    rows = [(row["code"], row["status"], row["meaning"]) for row in protocol["client_errors"]]
    rows += OWN_CODES
    out = swift.head("Stable reasons of the client's errors, and fields of the server's error body.",
                     "Each reason has the fitting status.")
    out += "extension AssayError {\n"
    out += "    /// Stable reason. Later versions may add reasons.\n"
    out += "    public struct Code: Sendable, Hashable, CustomStringConvertible {\n"
    out += "        /// The name in snake_case.\n        public let name: String\n"
    out += "        /// The status of the reason, unless the server states another.\n"
    out += "        public let status: Status\n"
    out += "        /// The name.\n        public var description: String { name }\n"
    for code, status, meaning in rows:
        out += "\n" + swift.comment(meaning, "        ")
        line = '        public static let %s = Code(name: "%s", status: .%s)\n' % (
            swift.lower_camel(code), code, swift.lower_camel(status or "UNKNOWN"))
        out += line if len(line) <= 101 else line.replace("Code(", "Code(\n            ")
    out += "    }\n}\n"
    return out.replace("extension AssayError", "import Wire\n\nextension AssayError") + words(protocol)


def call(kind, protocol):
    name = kind["name"][:1].lower() + kind["name"][1:]
    standard = " = %sRequest()" % kind["name"] \
        if needs_no_field(protocol["messages"][kind["request"]]) else ""
    discardable = "    @discardableResult\n" if kind["name"] in DISCARDABLE else ""
    if kind["streamed"]:
        pieces = "%sPieces(request)" % kind["name"]
    elif kind["name"] in COMPARED:
        pieces = "SinglePiece { $0.breach(of: request) }"
    else:
        pieces = "SinglePiece()"
    return (swift.comment(kind["meaning"])
            + discardable + "    public func %s(\n" % name
            + "        _ request: %sRequest%s, deadlineMilliseconds: UInt32 = 0\n" % (
                kind["name"], standard)
            + "    ) async throws(AssayError) -> Reply<%sResponse> {\n" % kind["name"]
            + "        try await call(request, %s, deadlineMilliseconds)\n    }\n" % pieces)


def chunk_of_last(kind, protocol):
    """The initializer of a part from the last frame."""
    last = {field["name"] for field in protocol["messages"][kind["response"]]["fields"]}
    shared = [swift.lower_camel(field["name"])
              for field in protocol["messages"][kind["chunk"]]["fields"]
              if field["name"] in last and field["name"] != "frame"]
    out = "\nextension %sChunk {\n    /// Makes a chunk from the last frame.\n" % kind["name"]
    out += "    init(of last: %sResponse) {\n        self.init(\n            " % kind["name"]
    return out + ",\n            ".join(
        "%s: last.%s" % (name, name) for name in shared) + ")\n    }\n}\n"


def calls(protocol):
    out = swift.head("One method per kind of request, named like the kind.",
                     "A method returns when the answer is complete, on the caller's own executor. "
                     "A deadline is milliseconds from now for the whole call, repetitions included "
                     "(0 for none). The request carries the time that remains when sent.")
    out += "import Wire\n\nextension Client {\n"
    out += "\n".join(call(kind, protocol) for kind in served(protocol, BY_HAND))
    out += "}\n\n"
    for kind in served(protocol):
        names = {field["name"] for field in protocol["messages"][kind["request"]]["fields"]}
        role = "DemandingRequest" if "requirements" in names else "CallRequest"
        out += "extension %sRequest: %s {}\n" % (kind["name"], role)
    out += "".join(chunk_of_last(kind, protocol) for kind in served(protocol)
                   if kind["name"] in HANDED_OUT)
    out += "\nextension MessageKind {\n" + swift.comment(
        "true when a repeated request has no further effect")
    unsafe = [kind["name"][:1].lower() + kind["name"][1:] for kind in protocol["kinds"]
              if not kind["retry_safe"]]
    out += "    package var isRetrySafe: Bool {\n        switch self {\n"
    out += "        case %s: false\n        default: true\n        }\n    }\n}\n" % ", ".join(
        "." + name for name in unsafe)
    return out


def emit(protocol):
    return {FOLDER + "Options.swift": options(protocol),
            FOLDER + "ErrorCodes.swift": codes(protocol),
            FOLDER + "Calls.swift": calls(protocol),
            FOLDER + "Words.swift": swift.head(
                "Calls with a text, a conversation or a list of texts, and the other fields as "
                "arguments.", "Each makes a request and calls the method of the kind.")
            + short_words(protocol)}
