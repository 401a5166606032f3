"""The message structs of Wire: properties, ids, layout, decoding, encoding. Used by swift.py.

The unions of a prompt and of an input, log-probability rows, Ping's short cut and clipping are
written by hand. Of a type in BY_HAND only the ids and the layout are generated.
One file: all of it makes one struct.
"""

from _tables import filled, listed, lower, parts, pascal, reachable

WIDTH = 100

# Swift names that differ from the message's name.
TYPES = {"Answer": "AnswerRecord", "Model": "ModelInfo", "Layer": "LayerVerdictRecord",
         "Counter": "CounterRecord", "Error": "ErrorBody", "Continuation score": "Score",
         "Chat template": "ChatTemplateInfo"}
BY_HAND = {"Input", "Logprobs"}

# Enums of fields with choices, by name of the field in any message.
WORDS = {"state": "ServingState", "file": "FileState", "seal": "SealState",
         "strategy": "LoadStrategy", "pooling": "Pooling", "finish_reason": "FinishReason",
         "role": "ChatRole", "breaker": "BreakerState", "step": "SwapStep", "tool_arguments": "ToolArguments", "thinking": "Thinking"}

# Defaults of required fields in initializers.
PRESET = {("Hello request", "revision"): "Limits.revision",
          ("Hello response", "revision"): "Limits.revision",
          ("Answer", "timing"): "Timing()",
          ("Hello response", "compression"): "false",
          ("Hello response", "body_size_max"): "UInt64(Limits.bodySizeMax)",
          ("Hello response", "requests_in_flight_max"): "UInt64(Limits.requestsInFlightMax)"}
PRESET.update({("Chat template", name): value for name, value in (
    ("source", '""'), ("fingerprint", "[]"), ("reads_tools", "false"), ("thinking", ".none"),
    ("reads_time", "false"))})
PRESET_ALL = {"Timing": "0", "Server load": "0"}

# Fields that are written even with the default value, so that both logs show the value.
ALWAYS = {("Hello request", "compression"), ("Hello request", "body_size_max"),
          ("Generate request", "max_tokens"),
          ("Ping request", "payload"), ("Ping response", "payload")}

PROMPT = ["prompt", "tokens", "messages"]
SCALARS = {"u64": ("UInt64", "unsigned", "unsigned", "0"),
           "f64": ("Double", "number", "number", "0"),
           "bytes": ("[UInt8]", "data", "ownedBytes", "[]"),
           "text": ("String", "text", "text()", '""'),
           "u32[]": ("[UInt32]", "unsigneds", "unsigneds", "[]"),
           "f32[]": ("[Float]", "numbers", "numbers", "[]"),
           "bool": ("Bool", "bool", "bool", "false")}
LAYOUT_TYPES = {"u64": "unsigned", "f64": "number", "u32[]": "unsigneds", "f32[]": "numbers"}


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def type_name(message):
    return TYPES.get(message) or pascal(message)


def grouped(value):
    """A number with long ones in groups."""
    return "{:_}".format(value) if value >= 100_000 else str(value)


def number(value):
    """A number in the formatter's style."""
    if isinstance(value, float):
        return "%g" % value
    if value == 2 ** 64 - 1:
        return ".max"
    return grouped(value)


def wrapped(opening, items, closing, indent):
    """`opening item, item closing` on one line where it fits, else the items on lines between."""
    line = " " * indent + opening + ", ".join(items) + closing
    if len(line) <= WIDTH:
        return line + "\n"
    inner = " " * (indent + 4)
    if any(len(inner + item) + 1 > WIDTH for item in items):
        return " " * indent + opening + "\n" + nested(items, closing, inner)
    return " " * indent + opening + "\n" + filled(
        listed([*items[:-1], items[-1] + closing]), WIDTH, inner, inner) + "\n"


def nested(items, closing, inner):
    """Items with a first one that is too long for a line: its own arguments stand on lines."""
    first, rest = items[0], items[1:]
    head, _, arguments = first.partition("(")
    lines = inner + head + "(\n" + filled(
        [word + "," for word in arguments.split(", ")[:-1]]
        + [arguments.split(", ")[-1] + ("," if rest else closing)], WIDTH, inner + "    ",
        inner + "    ") + "\n"
    return lines + (filled(listed([*rest[:-1], rest[-1] + closing]), WIDTH, inner, inner) + "\n"
                    if rest else "")


def condition(parts, since):
    """`if part || part { return since }`, on several lines where one is too short."""
    line = "        if %s { return %d }\n" % (" || ".join(parts), since)
    if len(line) <= WIDTH + 1:
        return line
    inner = "\n            || ".join(parts)
    return "        if %s\n        {\n            return %d\n        }\n" % (inner, since)


class Field:
    """One row of a table, with the Swift names and expressions."""

    def __init__(self, message, row):
        self.message, self.row = message, row
        self.name, self.property = row["name"], camel(row["name"])
        self.type, self.writer, self.reader, self.blank = SCALARS.get(
            row["type"], (None, "record", None, None))
        self.is_word = "choices" in row and row["name"] in WORDS
        self.is_provenance = (message, self.name) == ("Model", "provenance")
        if row["type"] == "record":
            self.type = type_name(row["record"])
        if self.is_word:
            self.type, self.blank = WORDS[self.name], "." + row["choices"][0]
        if self.is_provenance:
            self.type, self.blank = "Provenance", ".mock"
        self.is_repeated = row["presence"] == "repeated"
        self.has_default = "default" in row
        self.is_empty_when_absent = (
            row["presence"] == "optional" and not self.has_default and row.get("min") == 0
            and row["type"] in ("text", "bytes", "u32[]", "f32[]"))
        self.is_optional = row["presence"] == "optional" and not (
            self.has_default or self.is_empty_when_absent)

    @property
    def declared(self):
        return "[%s]" % self.type if self.is_repeated else self.type + "?" * self.is_optional

    @property
    def default(self):
        """The default as an expression, or None."""
        row = self.row
        if self.has_default:
            value = row["default"]
            if isinstance(value, bool):
                return lower(value)
            return "." + value if self.is_word else number(value)
        if self.is_optional:
            return "nil"
        if self.is_repeated:
            return "[]" if row["times_min"] == 0 else None
        if self.is_empty_when_absent:
            return self.blank
        return PRESET.get((self.message, self.name), PRESET_ALL.get(self.message))

    @property
    def is_said(self):
        """An expression that is true when the caller gave a value."""
        if self.is_optional:
            return "%s != nil" % self.property
        if self.is_repeated or self.is_empty_when_absent:
            return "!%s.isEmpty" % self.property
        if self.row["type"] == "bool":
            return ("!" if self.row["default"] else "") + self.property
        return "%s != %s" % (self.property, self.default)

    def layout(self):
        row = self.row
        kind = LAYOUT_TYPES.get(row["type"], row["type"])
        if self.is_repeated:
            low = "min: %d, " % row["times_min"] if row["times_min"] else ""
            presence = ".repeated(%smax: %s)" % (low, number(row["times_max"]))
        else:
            presence = "." + row["presence"]
        items = ["ID." + self.property, '"%s"' % self.name, "." + kind, presence, self.range()]
        if items[-1] is None:
            items.pop()
            if items[-1] == ".optional":
                items.pop()
        return wrapped("FieldLayout(", items, "),", 12)

    def range(self):
        row = self.row
        if "choices" in row:
            return '.choice("%s")' % "|".join(row["choices"])
        if "min" not in row:
            return None
        case = {"u64": "unsigned", "f64": "number", "text": "size", "bytes": "size"}.get(
            row["type"], "count")
        case += "Above" if row.get("min_exclusive") else ""
        return ".%s(%s, %s)" % (case, number(row["min"]), number(row["max"]))

    def decoded(self):
        """The expression that reads the field from the view `value`."""
        if self.is_provenance:
            return "value.unsigned == 1 ? .real : .mock"
        if self.is_word:
            return "try value.word(%s.self)" % self.type
        if self.row["type"] == "record":
            return "try value.record(%s.self)" % self.type
        if self.row.get("format") == "traceparent":
            return "try value.traceparent()"
        return ("try " if self.reader.endswith("()") else "") + "value." + self.reader

    def encoded(self):
        """The statement that writes the field."""
        name, value = self.property, self.property
        if self.is_repeated:
            return "for value in %s { writer.%s(ID.%s, value) }" % (name, self.writer, name)
        if self.is_provenance:
            value = "UInt64(%s.rawValue)" % name
        elif self.is_word:
            value = "%s%s.rawValue" % (name, "?" * self.is_optional)
        if (self.message, self.name) not in ALWAYS:
            if self.row["type"] == "bool" and self.has_default:
                value = name + (" ? nil : false" if self.row["default"] else " ? true : nil")
            elif self.has_default:
                value = "%s == %s ? nil : %s" % (name, self.default, value)
            elif self.is_empty_when_absent:
                value = "%s.isEmpty ? nil : %s" % (name, name)
        return "writer.%s(ID.%s, %s)" % (self.writer, name, value)


class Message:
    """One table and the struct for it."""

    def __init__(self, protocol, name):
        self.protocol, self.name, self.table = protocol, name, protocol["messages"][name]
        self.swift = type_name(name)
        self.fields = [Field(name, row) for row in self.table["fields"]]
        self.has_prompt = self.table.get("exactly_one") == PROMPT
        self.kind, self.part = None, None
        for kind in protocol["kinds"]:
            for part in ("request", "chunk", "response"):
                if kind[part] == name:
                    self.kind, self.part = kind, part

    @property
    def has_number(self):
        return any(field.name == "frame" for field in self.fields)

    def properties(self):
        """(name, type, default, meaning) of the struct, a prompt's three fields as one."""
        found = []
        for field in self.fields:
            if self.has_prompt and field.name in PROMPT:
                if field.name == "prompt":
                    found.append(("prompt", "Prompt", None, "prompt of the request"))
            else:
                found.append((field.property, field.declared, field.default, field.row["meaning"]))
        return found

    def about(self):
        if self.kind is None:
            return self.table["meaning"]
        words = {"request": "Request of %s: %s", "chunk": "Part of the answer to %s, followed by "
                 "more frames", "response": "Answer to %s, or last frame of the answer"}[self.part]
        if self.part == "response" and not self.kind["streamed"]:
            words = "Answer to %s"
        if self.kind["name"] == "GoAway":
            return self.kind["meaning"].split(" (")[0].replace("`0xf0`", "0xf0")
        return words % ((self.kind["name"], self.kind["meaning"]) if self.part == "request"
                        else self.kind["name"])

    def blank(self):
        """An expression for the value before anything is read."""
        if self.name in BY_HAND:
            return {"Input": '.text("")', "Logprobs": "Logprobs()"}[self.name]
        arguments = []
        for field in self.fields:
            if self.has_prompt and field.name in PROMPT:
                if field.name == "prompt":
                    arguments.append('prompt: .text("")')
                continue
            if field.default is None:
                arguments.append("%s: %s" % (field.property, self.blank_of(field)))
        return arguments

    def blank_of(self, field):
        if field.is_repeated:
            return "[]"
        if field.row["type"] != "record":
            return field.blank
        inner = Message(self.protocol, field.row["record"])
        blank = inner.blank()
        return blank if isinstance(blank, str) else "%s(%s)" % (inner.swift, ", ".join(blank))

    # ------------------------------------------------------------ text

    def swift_text(self, comment):
        if self.name in BY_HAND:
            return ("extension %s {\n" % self.swift) + self.ids() + "\n" + self.layout() + "}\n"
        kinds = {"request": "RequestMessage", None: "WireRecord"}
        conformance = kinds.get(
            self.part, "NumberedResponse" if self.has_number else "ResponseMessage")
        out = comment(self.about(), "")
        out += "public struct %s: %s, Equatable {\n" % (self.swift, conformance)
        out += self.marks(comment)
        for name, declared, _, meaning in self.properties():
            out += comment(meaning) + "    public var %s: %s\n" % (name, declared)
        if any(field.name == "answer" for field in self.fields):
            out += "\n" + comment("true when the answer lists degradations")
            out += "    public var isDegraded: Bool { !answer.degradations.isEmpty }\n"
        out += "\n" + self.initializer(comment) + "\n" + self.ids() + "\n" + self.layout() + "\n"
        return out + self.decoding() + "\n" + self.encoding() + "}\n"

    def marks(self, comment):
        if self.kind is None:
            is_asked = self.name in reachable(self.protocol, parts(self.protocol, "request"))
            return self.revision(comment) + "\n" if is_asked and self.dated() else ""
        name = self.kind["name"]
        out = comment("kind of the message's frames")
        out += "    public static let kind = MessageKind.%s%s\n" % (name[:1].lower(), name[1:])
        if self.part == "chunk":
            out += comment("true: more frames of the response follow")
            out += "    public static let isFollowed = true\n"
        if self.part == "request":
            out += self.revision(comment)
        return out + ("\n" if self.fields else "")

    def dated(self):
        """Revision after the message's own -> the conditions that need the revision."""
        base, found = self.table["since"], {}
        for field in self.fields:
            since = field.row.get("since", base)
            if since > base and not (self.has_prompt and field.name in PROMPT):
                found.setdefault(since, []).append(field.is_said)
            for word, since in field.row.get("choices_since", {}).items():
                if since > base:
                    found.setdefault(since, []).append("%s == .%s" % (field.property, word))
        return found

    def revision(self, comment):
        base, dated = self.table["since"], self.dated()
        last = str(base)
        if self.has_prompt and base < self.protocol["revision"]:
            last = "prompt.revision" if base == 1 else "max(prompt.revision, %d)" % base
        if not dated and last == "1":
            return ""
        out = comment("lowest revision that knows every field given")
        if not dated:
            return out + "    public var revisionNeeded: UInt64 { %s }\n" % last
        out += "    public var revisionNeeded: UInt64 {\n"
        for since in sorted(dated, reverse=True):
            out += condition(dated[since], since)
        return out + "        return %s\n    }\n" % last

    def initializer(self, comment):
        properties = self.properties()
        out = comment("makes a value from the fields")
        if not properties:
            return out + "    public init() {}\n"
        items = ["%s: %s%s" % (name, declared, "" if default is None else " = " + default)
                 for name, declared, default, _ in properties]
        head = "    public init(" + ", ".join(items) + ") {\n"
        if len(head) > WIDTH + 1:
            head = wrapped("public init(", items, "", 4) + "    ) {\n"
        body = "".join("        self.%s = %s\n" % (name, name) for name, *_ in properties)
        return out + head + body + "    }\n"

    def ids(self):
        items = ["%s = %d" % (field.property, field.row["id"]) for field in self.fields]
        line = "    enum ID: UInt16 { case %s }\n" % ", ".join(items or ["none = 0"])
        if len(line) <= WIDTH + 1:
            return line
        lines = filled(listed(items), WIDTH - 13, "", "").split("\n")
        return "    enum ID: UInt16 {\n" + "".join(
            "        case %s\n" % line.rstrip(",") for line in lines) + "    }\n"

    def layout(self):
        out = "    /// Table of the body.\n"
        if not self.fields:
            return out + '    public static let layout = MessageLayout("%s", [])\n' % self.name
        out += "    public static let layout = MessageLayout(\n        \"%s\",\n        [\n" % self.name
        rows = "".join(field.layout() for field in self.fields)
        # The formatter wants no comma after a single row.
        out += rows if len(self.fields) > 1 else rows[:-2] + "\n"
        pairs = ["(ID.%s, ID.%s)" % tuple(map(camel, pair))
                 for pair in self.table.get("excludes", [])]
        if not pairs:
            return out + "        ])\n"
        if len(pairs) == 1:
            return out + "        ],\n        excludes: [%s])\n" % pairs[0]
        return out + "        ],\n        excludes: [\n" + "".join(
            "            %s,\n" % pair for pair in pairs) + "        ])\n"

    def decoding(self):
        out = "    /// Decodes a whole body, see `WireRecord`.\n"
        out += "    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {\n"
        if not self.fields:
            out += "        var reader = BodyReader(body, Self.layout, ids: ID.self)\n"
            return out + "        while try reader.next() != nil {}\n    }\n"
        out += wrapped("self.init(", self.blank(), ")", 8)
        if self.has_prompt:
            out += "        var parts = PromptFields()\n"
        out += "        var reader = BodyReader(body, Self.layout, ids: ID.self)\n"
        out += "        while let (id, value) = try reader.next() {\n            switch id {\n"
        for field in self.fields:
            value, target = field.decoded(), field.property
            if self.has_prompt and field.name in PROMPT:
                target = "parts." + {"prompt": "text"}.get(field.name, field.name)
            if target in ("id", "value"):  # names of the loop, too
                target = "self." + target
            statement = ("%s.append(%s)" if field.is_repeated else "%s = %s") % (target, value)
            case = "            case .%s:" % field.property
            out += case + (" " if len(case + statement) < WIDTH else "\n" + " " * 16)
            out += statement + "\n"
        out += "            }\n        }\n"
        if self.has_prompt:
            out += "        prompt = try parts.prompt(of: Self.layout.name)\n"
        if "excludes" in self.table:
            out += "        try reader.checkExclusions()\n"
        for field in self.fields:
            if "beside" in field.row:
                out += "        try Logprobs.check(%s, beside: %s, of: Self.layout.name)\n" % (
                    field.property, camel(field.row["beside"]))
        return out + "    }\n"

    def encoding(self):
        out = "    /// Appends the fields, see `WireRecord`.\n"
        out += "    public func encode(into writer: inout BodyWriter) {"
        lines = []
        for field in self.fields:
            if self.has_prompt and field.name in PROMPT:
                line = {"prompt": "writer.text(ID.prompt, prompt.text)",
                        "tokens": "writer.unsigneds(ID.tokens, prompt.tokens)",
                        "messages": "for value in prompt.messages { "
                                    "writer.record(ID.messages, value) }"}[field.name]
            else:
                line = field.encoded()
                if field.row.get("since", 1) > max(self.table["since"], 2):
                    line = "if writer.revision >= %d { %s }" % (field.row["since"], line)
                if len(line) > WIDTH - 8:
                    line = line.replace("{ ", "{\n            ", 1)[:-2] + "\n        }"
            lines.append("        " + line + "\n")
        return out + ("\n" + "".join(lines) + "    }\n" if lines else "}\n")


def words(protocol, comment):
    """The enums of fields with words."""
    out, seen = "", set()
    for name, table in protocol["messages"].items():
        for row in table["fields"]:
            kind = WORDS.get(row["name"])
            if "choices" not in row or kind is None or kind in seen:
                continue
            seen.add(kind)
            about = "`%s` of %s: %s" % (row["name"], name, row["meaning"])
            out += ("\n" if out else "") + comment(about, "")
            out += "public enum %s: String, Sendable, CaseIterable {\n    case %s\n}\n" % (
                kind, ", ".join(named(word) for word in row["choices"]))
    return out


def named(word):
    """A case of an enum of words."""
    return word if camel(word) == word else '%s = "%s"' % (camel(word), word)


def files(protocol, head, comment):
    """File name -> text: one for each kind, one for the records, one for the words."""
    found = {}
    for kind in protocol["kinds"]:
        names = [kind[part] for part in ("request", "chunk", "response") if kind[part]]
        if not names:
            continue
        text = head("%s: %s." % (kind["name"], kind["meaning"]), "") + "\n".join(
            Message(protocol, name).swift_text(comment) for name in names)
        found["%sMessages.swift" % kind["name"]] = text
    bodies = parts(protocol, "request", "chunk", "response")
    records = [name for name in protocol["messages"] if name not in bodies]
    found["Records.swift"] = head("Records inside messages, and the body of an error.", "") \
        + "\n".join(Message(protocol, name).swift_text(comment) for name in records)
    found["Words.swift"] = head("Allowed words of text fields.", "") \
        + words(protocol, comment)
    return found


def registry(protocol, head):
    """Every type, for tests that cover all types."""
    out = head("Every message and record type of Wire.", "") + "import Wire\n\n"
    out += "enum MessageTypes {\n"
    used = []
    for group, conformance, frames in (("requests", "RequestMessage", ["request"]),
                                       ("responses", "ResponseMessage", ["chunk", "response"])):
        names = parts(protocol, *frames)
        used += names
        out += "    static let %s: [any %s.Type] = [\n" % (group, conformance)
        out += "".join("        %s.self,\n" % type_name(name) for name in names) + "    ]\n\n"
    out += "    static let records: [any WireRecord.Type] = [\n"
    out += "".join("        %s.self,\n" % type_name(name) for name in protocol["messages"]
                   if name not in used)
    return out + "    ]\n}\n"
