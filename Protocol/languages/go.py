"""Emits clients/go/protocol.go (numbers, a struct per message with a method for the codec, a method
of Client per kind), clients/go/options.go, and clients/go/words.go (_go_words.py).

The `fields` method of a struct is its table, by which clients/go/codec.go writes and reads. The
struct of an answer ends with Origin.
One file a language, as for the other clients.
"""

import _strangers
import _token_file
from _go_words import words as short_words
from _tables import (UNITS, answers, folded, from_server, limit_meaning, lower, pascal, served,
                     variant)

PATH = "clients/go/protocol.go"
OPTIONS_PATH = "clients/go/options.go"
WORDS_PATH = "clients/go/words.go"

# Default name in Hello.
LIBRARY = "assay-go/%s"

# Messages that callers never see.
PRIVATE = {"Error": "errorBody", "GoAway": "goAway", "Hello request": "helloRequest",
           "Hello response": "helloResponse", "Cancel request": "cancelRequest",
           "Cancel response": "cancelResponse", "Load progress": "loadProgress",
           "Logits chunk": "logitsChunk", "Embed chunk": "embedChunk"}

# Kinds whose answers clients/go/answers.go checks or assembles. Their requests have a method
# `answer`. Chunks of all remaining kinds go to a function of the caller.
ASSEMBLED = {"Ping", "Generate", "Score", "Logits", "Embed"}

SLICES = {"u32[]": "[]uint32", "f32[]": "[]float32", "bytes": "[]byte"}
SCALARS = {"u64": "uint64", "f64": "float64", "text": "string", "bool": "bool"}

MARK = "// Code generated from Protocol/protocol.json by Protocol/generate.py. DO NOT EDIT.\n"

HEAD = MARK + """
package assay

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"strings"
)

"""

OPTIONS_HEAD = MARK + """
package assay

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

"""


# A row of a table, as written by `rule`.
FIELD = """// field is one row of a table. low and high bound the value of a u64, the bytes of a text or bytes
// and the elements of an array; least and most bound an f64 (above: least is excluded).
type field struct {
	id       int
	name     string
	typ      byte
	since    uint32
	low      uint64
	high     uint64
	least    float64
	most     float64
	above    bool
	timesMin int
	timesMax int
	choices  []string
	format   string
	// lowest revision with each choice, where a choice is later than the field
	wordsSince map[string]uint32
}
"""


def camel(name):
    return pascal(name.lower())


def struct_name(message):
    return PRIVATE.get(message) or pascal(message)


def zero_says_absent(field, in_answer):
    """True when a field left at Go's zero value may stay out of the body."""
    kind = field["type"]
    if kind == "text" and in_answer:
        return True
    if "choices" in field:
        return True
    zero = {"u64": 0, "f64": 0.0, "text": "", "bool": False}[kind]
    if "min" in field and (field["min"] > 0 or field.get("min_exclusive")):
        return True
    return "default" in field and field["default"] == zero


def go_type(field, in_answer):
    kind, presence = field["type"], field["presence"]
    if kind == "record":
        record = struct_name(field["record"])
        return {"required": record, "optional": "*" + record, "repeated": "[]" + record}[presence]
    if presence == "repeated":
        return "[]" + (SLICES.get(kind) or SCALARS[kind])
    if kind in SLICES:
        return SLICES[kind]
    if presence == "required" or zero_says_absent(field, in_answer):
        return SCALARS[kind]
    return "*" + SCALARS[kind]


def sentence(field, name):
    text = field["meaning"]
    if "choices" in field:
        text += ": " + ", ".join(field["choices"])
    elif "min" in field:
        text += " (%s to %s%s)" % (field["min"], field["max"], UNITS.get(field["type"], ""))
    return wrap("%s: %s." % (name, text), "\t// ")


def wrap(text, mark):
    return "".join(mark + line + "\n" for line in folded(text, 96 - len(mark)))


def struct(name, message, answers, roles):
    in_answer = name in answers
    members = []
    for field in message["fields"]:
        member = camel(field["name"])
        omit = "" if field["presence"] == "required" else ",omitempty"
        members.append("%s\t%s %s `json:\"%s%s\"`\n" % (
            sentence(field, member), member, go_type(field, in_answer), field["name"], omit))
    if name in roles:
        members.append("\tOrigin\n")
    text = wrap("%s is the %s \"%s\" of Protocol/SPEC.md." % (
        struct_name(name), "message" if name in roles or "request" in name else "record", name),
        "// ")
    if not members:
        return "%stype %s struct{}\n" % (text, struct_name(name))
    return "%stype %s struct {\n%s}\n" % (text, struct_name(name), "\n".join(members))


# ---------------------------------------------------------------- codec

def type_name(name):
    return "type" + variant(name)


def rule(field):
    """The literal of a field's row."""
    words = ["id: %d" % field["id"], 'name: "%s"' % field["name"], "typ: " + type_name(field["type"])]
    if field["presence"] == "repeated":
        if field["times_min"]:
            words.append("timesMin: %d" % field["times_min"])
        words.append("timesMax: %d" % field["times_max"])
    if "choices" in field:
        words.append("choices: []string{%s}" % ", ".join('"%s"' % word for word in field["choices"]))
        late = field.get("choices_since")
        if late:
            words.append("wordsSince: map[string]uint32{%s}" % ", ".join(
                '"%s": %d' % (word, late.get(word, field["since"])) for word in field["choices"]))
    elif field["type"] == "f64":
        words.append("least: %s" % (field["min"] if "min" in field else "math.Inf(-1)"))
        words.append("most: %s" % (field["max"] if "max" in field else "math.Inf(1)"))
        if field.get("min_exclusive"):
            words.append("above: true")
    elif field["type"] not in ("record", "bool"):
        if field.get("min"):
            words.append("low: %d" % field["min"])
        words.append("high: %s" % field.get("max", "math.MaxUint64"))
    if "format" in field:
        words.append('format: "%s"' % field["format"])
    if field.get("since", 1) != 1:
        words.append("since: %d" % field["since"])
    return "field{%s}" % ", ".join(words)


def is_given(field, in_answer):
    """The expression that is true when a request's field is to be written."""
    member, kind = "m." + camel(field["name"]), go_type(field, in_answer)
    if field["presence"] == "repeated":
        return "len(%s) > 0" % member
    return {"string": member + ' != ""', "uint64": member + " != 0", "float64": member + " != 0",
            "bool": member}.get(kind, member + " != nil")


def fields(name, message, in_answer, since):
    """The method that has the codec go through the fields, none of which is older than its message."""
    receiver = struct_name(name)
    message = dict(message, fields=[
        dict(field, since=max(since, field.get("since", 1))) for field in message["fields"]])
    by_name = {field["name"]: field for field in message["fields"]}
    lines = []
    for field in message["fields"]:
        member, kind = "&m." + camel(field["name"]), go_type(field, in_answer)
        if field["presence"] == "required":
            lines.append("c.required(%s, %s)" % (rule(field), member))
        elif field["presence"] == "repeated":
            lines.append("repeated(c, %s, %s)" % (rule(field), member))
        elif kind.startswith("*"):
            lines.append("pointer(c, %s, %s)" % (rule(field), member))
        else:
            lines.append("c.optional(%s, %s, %s)" % (rule(field), member, is_given(field, in_answer)))
    names = message.get("exactly_one")
    if names:
        given = ", ".join(is_given(by_name[word], in_answer) for word in names)
        lines.append("c.exactlyOne([]string{%s}, %s)" % (
            ", ".join('"%s"' % word for word in names), given))
    for pair in message.get("excludes", ()):
        lines.append('c.excludes("%s", "%s", %s)' % (
            *pair, " && ".join(is_given(by_name[word], in_answer) for word in pair)))
    if not lines:
        return "func (m *%s) fields(*coder) {}\n" % receiver
    return "func (m *%s) fields(c *coder) {\n%s}\n" % (
        receiver, "".join("\t%s\n" % line for line in lines))


def accessors(name, message, roles):
    """The methods that frames of answers, and requests to models, have in common."""
    receiver, words = struct_name(name), {field["name"] for field in message["fields"]}
    text = ""
    if {"context", "requirements"} <= words:
        text += ("\nfunc (m *%s) terms() (**RequestContext, **Requirements) {\n"
                 "\treturn &m.Context, &m.Requirements\n}\n" % receiver)
    if name in roles:
        text += ("\nfunc (m *%s) facts() (*Origin, int, *uint64, *[]float32) {\n"
                 "\treturn &m.Origin, %s, %s, %s\n}\n" % (
                     receiver, "len(m.Answer.Degradations)" if "answer" in words else "0",
                     "m.Frame" if "frame" in words else "nil",
                     "".join("&m." + camel(field["name"]) for field in message["fields"]
                             if field["type"] == "f32[]") or "nil"))
    return text


# ---------------------------------------------------------------- numbers, kinds, options

def block(word, rows):
    """A block of constants with aligned values and comments: (name, type, value, comment)."""
    width = max(len(row[0]) for row in rows)
    rows = [("%s %s" % (name.ljust(width), kind) if kind else name, "= %s" % value, comment)
            for name, kind, value, comment in rows]
    names = max(len(row[0]) for row in rows)
    values = max(len(row[1]) for row in rows)
    lines = "".join("\t%s %s // %s\n" % (name.ljust(names), value.ljust(values), comment)
                    if comment else "\t%s %s\n" % (name.ljust(names), value)
                    for name, value, comment in rows)
    return "%s (\n%s)\n" % (word, lines)


def mapping(head, rows):
    """A map with aligned values."""
    width = max(len(key) for key, _ in rows) + 1
    return "%s{\n%s}\n" % (head, "".join(
        "\t%s %s,\n" % ((key + ":").ljust(width), value) for key, value in rows))


def header(protocol):
    """The header of a frame, with its reader and writer."""
    rows, width = [], max(len(row["name"]) for row in protocol["header"])
    for row in protocol["header"]:
        member = {"request_id": "requestID", "raw_size": "rawSize"}.get(row["name"], row["name"])
        kind = {1: "byte", 4: "uint32", 8: "uint64"}[row["size"]]
        kind = "Provenance" if member == "provenance" else kind
        place, word = "bytes[%d" % row["offset"], {4: "Uint32", 8: "Uint64"}.get(row["size"])
        if word:
            read = "binary.LittleEndian.%s(%s:])" % (word, place)
            write = "binary.LittleEndian.Put%s(%s:], h.%s)" % (word, place, member)
        else:
            read = "Provenance(%s])" % place if kind == "Provenance" else place + "]"
            write = "%s] = %s" % (place, "byte(h.%s)" % member if kind == "Provenance" else "h." + member)
        rows.append(("\t%s %s // %s" % (member.ljust(width), kind.ljust(10), row["response"]),
                     "\th.%s = %s" % (member, read), "\t" + write))
    return """// header is the header of a frame.
type header struct {
%s
}

func (h *header) read(bytes []byte) {
%s
}

func (h *header) write(bytes []byte) {
%s
}
""" % tuple("\n".join(column) for column in zip(*rows))


def origin(protocol):
    """The words of the header beside the fields of each answer."""
    marks = {row["name"]: row["response"] for row in protocol["header"]}
    flag = next(row["meaning"] for row in protocol["flags"] if row["name"] == "degraded")
    members = [
        ("Provenance", "Provenance",
         "%s, with mock only when the options allow mocks" % marks["provenance"]),
        ("Generation", "uint32", marks["generation"]),
        ("Degraded", "bool", flag.split(" (")[0])]
    return ("// Origin has the provenance, generation and quality of an answer.\n"
            "type Origin struct {\n%s}\n") % "\n".join(
        '%s\t%s %s `json:"%s"`\n' % (wrap("%s: %s." % (name, text), "\t// "), name, kind, name.lower())
        for name, kind, text in members)


def names(kind, table, rows, otherwise):
    """The names of a type's values, and its method String."""
    receiver = kind[0].lower()
    return mapping("var %s = map[%s]string" % (table, kind), [
        (member, '"%s"' % name) for member, name in rows]) + """
// String is the name in SPEC.md, or %s for an unknown number.
func (%s %s) String() string {
	if name, ok := %s[%s]; ok {
		return name
	}
	return %s
}
""" % (dict(rows).get("StatusUnknown", "none"), receiver, kind, table, receiver, otherwise)


def method(kind, messages):
    name, request, response = kind["name"], struct_name(kind["request"]), struct_name(kind["response"])
    text = "%s: %s." % (name, kind["meaning"].replace(" (streamed)", ""))
    if not kind["retry_safe"]:
        text += " Never sent again once the work may have begun."
    chunk, parameter, seen = "struct{}", "", "nil"
    if kind["chunk"] and name not in ASSEMBLED:
        chunk = struct_name(kind["chunk"])
        member, whole, part = "Progress", chunk, "*chunk"
        field = messages[kind["chunk"]]["fields"][0]
        if field["presence"] == "required":  # the one value of a chunk is handed out by itself
            member, whole = camel(field["name"]), struct_name(field["record"])
            part = "chunk." + member
        parameter = ", on%s func(%s)" % (member, whole)
        text += " The function on%s, unless nil, gets each %s on the calling goroutine." % (
            member, "chunk" if part == "*chunk" else member.lower())
        seen = ("func(chunk *%s) {\n\t\tif on%s != nil {\n\t\t\ton%s(%s)\n\t\t}\n\t}"
                % (chunk, member, member, part))
    answer = "request.answer" if name in ASSEMBLED else "plain[%s, %s]" % (chunk, response)
    words = (name, "ctx context.Context, request %s%s" % (request, parameter), response)
    head = "func (c *Client) %s(%s) (*%s, error) {\n" % words
    if len(head) > 100:
        head = "func (c *Client) %s(\n\t%s,\n) (*%s, error) {\n" % words
    return "%s%s\treturn ask(c.exchange(ctx, kind%s, &request), %s, %s)\n}\n" % (
        wrap(text, "// "), head, name, answer, seen)


def options(protocol):
    rows = protocol["client"]["options"]
    types = {"text": "string", "bool": "bool", "u64": "uint64"}
    members, defaults, checks = [], [], []
    library = LIBRARY % protocol["release"]
    for row in rows:
        member, kind = camel(row["name"]), row["type"]
        default = library if row["name"] == "name" else row.get("default")
        text = row["meaning"].replace("the library's", library)
        if "default" in row:
            text += ", default %s" % lower(default)
        if "min" in row:
            text += " (%d to %d%s)" % (row["min"], row["max"], " bytes" if kind == "text" else "")
        members.append("%s\t%s %s\n" % (
            wrap("%s: %s." % (member, text), "\t// "), member, types[kind]))
        if default:
            defaults.append((member, {"text": '"%s"' % default, "bool": "true"}.get(kind, default)))
        if "min" in row:
            low = "low: %d, " % row["min"] if row["min"] else ""
            unit = "typ: typeText, " if kind == "text" else ""
            low = "" if row.get("optional") else low  # an empty text is none
            words = 'field{name: "%s", %s%shigh: %d}' % (row["name"], unit, low, row["max"])
            checks.append("\tc.%s(&%s, o.%s)\n" % (
                "text" if kind == "text" else "within", words, member))
    return "\n".join([
        "// Options of a Client. NewClient fills in the defaults before it calls the functions it is "
        "given.\ntype Options struct {\n%s"
        "\n\tsecret func() string // the token of a Client, in a form that no text shows\n}\n"
        % "\n".join(members),
        mapping("var defaultOptions = Options", defaults),
        "// check finds the first option out of range, reads the token file, and hides the token.\n"
        "func (o *Options) check() *breach {\n\tc := &coder{}\n%s"
        "\tif c.wrong != nil {\n\t\treturn c.wrong\n\t}\n\treturn o.readToken()\n}\n"
        % "".join(checks), _token_file.go(protocol)])


def error(message):
    """The members of an error: the client's own, then the server's."""
    members = [("Code", "Code", "the stable reason"),
               ("Status", "Status", "the server's status, or the status of the code"),
               ("Provenance", "Provenance", "provenance of the failed frame, 0 for no frame")]
    for field in message["fields"]:
        name = "ServerCode" if field["name"] == "code" else camel(field["name"])
        absent = "" if field["name"] == "message" else ", zero when the server gave none"
        members.append((name, go_type(field, True), field["meaning"] + absent))
    return ("// Error is the error of every failed call of a Client. errors.As finds it. errors.Is finds\n"
            "// context.Canceled or context.DeadlineExceeded in every error of a call whose context had\n"
            "// ended, or whose deadline the server found passed, and the system's error. It also\n"
            "// finds net.ErrClosed after Close, and errors of io/fs for statuses.\n"
            "type Error struct {\n%s\n\tcauses\n}\n" % "\n".join(
                "%s\t%s %s\n" % (wrap("%s: %s." % (name, text), "\t// "), name, kind)
                for name, kind, text in members))


def status_name(status):
    return "Status" + ("OK" if status["name"] == "OK" else camel(status["name"]))


def numbers(protocol):
    """Constants and tables of the frame and of the types."""
    parts = [block("const", [
        ("protocolVersion", "", protocol["version"],
         "version of the header and of the encoding of fields"),
        ("protocolRevision", "", protocol["revision"], "highest revision of this client"),
        ("responseBit", "", "0x%02x" % protocol["response_bit"], "set in the kind of a response"),
    ])]
    parts.append(block("const", [
        (camel(limit["name"])[:1].lower() + camel(limit["name"])[1:], "", limit["value"],
         limit_meaning(limit)) for limit in protocol["limits"]]))
    parts.append(header(protocol))
    parts.append(block("const", [
        ("flag" + camel(flag["name"]), "", flag["value"], flag["meaning"])
        for flag in protocol["flags"]]))
    parts.append(block("const", [
        (type_name(row["name"]), "byte", row["number"], row["meaning"])
        for row in protocol["types"]]))
    sizes = {row["name"]: row["size"] or (4 if row["size_text"] == "4 n" else 1)
             for row in protocol["types"]}
    parts.append("// typeSizes has the bytes of an element by type. A type in typeIsOne has one element.\n"
                 "// units has the unit of a range.\n" + block("var", [
            ("typeSizes", "", "[...]uint64{%s}" % ", ".join(
                "%s: %d" % (type_name(name), size) for name, size in sizes.items()), ""),
            ("typeIsOne", "", "[...]bool{%s}" % ", ".join("%s: %s" % (
                type_name(row["name"]), lower(bool(row["size"])))
                for row in protocol["types"]), ""),
            ("units", "", "[...]string{%s}" % ", ".join('%s: "%s"' % (
                type_name(row["name"]), UNITS.get(row["name"], ""))
                for row in protocol["types"]), ""),
        ]))
    parts.append(block("const", [
        ("kind" + kind["name"], "byte", "0x%02x" % kind["number"], kind["meaning"])
        for kind in protocol["kinds"]]))
    parts.append("// kindRule has the name of a kind of request, and whether a request may be repeated.\n"
                 "type kindRule struct {\n"
                 "\tname      string\n\tretrySafe bool\n}\n")
    parts.append(mapping("var kinds = map[byte]kindRule", [
        ("kind" + kind["name"], '{"%s", %s}' % (kind["name"], lower(kind["retry_safe"])))
        for kind in protocol["kinds"] if kind["request"]]))
    return parts


def words(protocol):
    """Types with a fixed set of values, and the error."""
    parts = []
    parts.append("// Provenance is the source of an answer, a real model or a mock. Zero: no answer.\n"
                 "type Provenance uint8\n\n// The values of Provenance.\n"
                 + block("const", [(camel(each["name"]), "Provenance", each["number"], each["meaning"])
                                   for each in protocol["provenance"]]))
    parts.append(names("Provenance", "provenanceNames", [
        (camel(each["name"]), each["name"]) for each in protocol["provenance"]], '"none"')
                 + "\n// MarshalText is String, for JSON and logs.\nfunc (p Provenance) MarshalText() "
                 "([]byte, error) { return []byte(p.String()), nil }\n")
    parts.append("// Status is a status of the protocol, from the server or from the client.\n"
                 "type Status uint32\n\n// The values of Status.\n" + block("const", [
                     (status_name(status), "Status", status["number"], status["meaning"])
                     for status in protocol["statuses"]]))
    parts.append(names("Status", "statusNames", [
        (status_name(status), status["name"]) for status in protocol["statuses"]],
        "statusNames[StatusUnknown]"))
    parts.append("// Code is the stable reason of an Error. Later versions may add codes.\n"
                 "type Code string\n\n// The values of Code.\n" + block("const", [
        ("Code" + camel(error["code"]), "Code", '"%s"' % error["code"], error["meaning"])
        for error in protocol["client_errors"]]))
    parts.append(error(protocol["messages"]["Error"]))
    members = {status["name"]: status_name(status) for status in protocol["statuses"]}
    parts.append("// codeStatus has the status of each code except CodeServerRefused.\n"
                 + mapping("var codeStatus = map[Code]Status", [
                     ("Code" + camel(error["code"]), members[error["status"]])
                     for error in protocol["client_errors"] if error["status"]]))
    return parts


def emit(protocol):
    messages, from_it, whole = protocol["messages"], from_server(protocol), answers(protocol)
    parts = numbers(protocol) + words(protocol)
    parts.append(_strangers.go(protocol))
    parts.append(FIELD)
    parts.append(origin(protocol))
    parts.append("// termed is a request to a model, with a context and with requirements.\n"
                 "type termed interface {\n\tterms() (**RequestContext, **Requirements)\n}\n")
    parts.append("// message is the body of a frame of an answer.\ntype message interface {\n\tbody\n"
                 "\tfacts() (origin *Origin, degradations int, number *uint64, values *[]float32)\n}\n")
    since = {kind["request"]: kind["since"] for kind in protocol["kinds"]}
    parts += [struct(name, message, from_it, whole) + "\n"
              + fields(name, message, name in from_it, since.get(name, 1))
              + accessors(name, message, whole) for name, message in messages.items()]
    parts += [method(kind, messages) for kind in served(protocol, {"Hello", "Cancel"})]
    short = short_words(protocol, lambda field: go_type(field, False), camel, wrap, status_name)
    return {PATH: HEAD + "\n".join(parts), OPTIONS_PATH: OPTIONS_HEAD + options(protocol),
            WORDS_PATH: MARK + short}
