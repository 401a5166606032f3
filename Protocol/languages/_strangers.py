"""Emits what a client says of a peer with the first bytes of another protocol, in each language.

Every text holds a table of first bytes and a function from a peer's first bytes to the end of a
sentence: "speaks HTTP, not Assay's protocol", or the bytes themselves. No start of the table can
begin a frame before Hello: generate.py compares them.
"""

ABOUT = "First bytes of other protocols, with their names. None begins a frame before Hello."
WORDS = "The end of a sentence about a peer with these first bytes, which are no frame."
SAMPLE = 16  # bytes of an unknown protocol that are shown


def rows(protocol):
    """Pairs of first bytes and name, in order."""
    return [(start.encode("latin-1"), stranger["name"])
            for stranger in protocol["strangers"] for start in stranger["starts"]]


def bounds(protocol):
    """The least and the largest length word of a frame before Hello."""
    limit = next(one["value"] for one in protocol["limits"]
                 if one["name"] == "frame_size_max_before_hello")
    return 28, limit - 4


def escaped(data):
    """The bytes as they stand between quotes in C, Rust, Python and TypeScript."""
    return "".join(chr(byte) if 32 <= byte < 127 else "\\x%02x" % byte for byte in data)


def table(protocol, row, width=96, indent="    "):
    """The rows as `row` makes them, several a line."""
    lines, line = [], indent
    for start, name in rows(protocol):
        part = row(start, name) + ","
        if len(line) + len(part) > width:
            lines.append(line.rstrip())
            line = indent
        line += part + " "
    return "\n".join(lines + [line.rstrip()]) + "\n"


def swift(protocol):
    """The body of Strangers.swift."""
    def row(start, name):
        return "([%s], \"%s\")" % (", ".join("0x%02X" % byte for byte in start), name)
    return """/// %s
public enum Stranger {
    /// Bytes of a peer that are enough to tell.
    public static let sampleSize = %d

    private static let starts: [(bytes: [UInt8], name: String)] = [
%s    ]

    /// The protocol that begins so, or nil for none of the table.
    public static func name(_ bytes: [UInt8]) -> String? {
        starts.first { bytes.starts(with: $0.bytes) }?.name
    }

    /// %s
    public static func words(_ bytes: [UInt8]) -> String {
        if let name = name(bytes) { return "speaks \\(name), not Assay's protocol" }
        let shown = bytes.prefix(sampleSize).map { byte -> String in
            if (32..<127).contains(byte) { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16)
            return digits.utf8.count < 2 ? "\\\\x0\\(digits)" : "\\\\x\\(digits)"
        }
        return "does not speak Assay's protocol, its first bytes are \\"\\(shown.joined())\\""
    }
}
""" % (ABOUT, SAMPLE, "".join("        %s,\n" % row(*each) for each in rows(protocol)), WORDS)


def python(protocol):
    """Lines of _errors.py."""
    return """

# %s
_STRANGERS = (
%s)


def stranger(error: AssayError, where: str, pieces: list[bytes]) -> AssayError:
    \"\"\"Returns the error for the first bytes of the peer at `where`, or `error` if they may begin a
    frame.\"\"\"
    first = b"".join(pieces)
    length = int.from_bytes(first[:4], "little")
    fits = %d <= length <= %d and first[4:5] in (b"", b"\\x%02x")
    if len(first) < 4 or fits or error.code != protocol.PROTOCOL_ERROR:
        return error
    for start, name in _STRANGERS:
        if first.startswith(start):
            words = f"speaks {name}, not Assay's protocol"
            return breach(f"reading the first bytes: the peer at {where} {words}")
    shown = "".join(chr(one) if 32 <= one < 127 else f"\\\\x{one:02x}" for one in first[:%d])
    words = f'does not speak Assay\\'s protocol, its first bytes are "{shown}"'
    return breach(f"reading the first bytes: the peer at {where} {words}")
""" % (ABOUT, "".join('    (b"%s", "%s"),\n' % (escaped(start), name)
                      for start, name in rows(protocol)),
       *bounds(protocol), protocol["version"], SAMPLE)


def c(protocol):
    """Lines of assay_protocol.h, for the implementation."""
    return """/* %s */
static const struct {
    const char *start, *name;
} assay_strangers[] = {
%s};

/* Says in an error which protocol the peer at `address` speaks. Returns false. */
static bool assay_stranger(
    assay_error *error, const char *address, const uint8_t *bytes, size_t size) {
    char shown[4 * %d + 1] = "";
    for (size_t i = 0; i < sizeof assay_strangers / sizeof assay_strangers[0]; i++) {
        const size_t length = strlen(assay_strangers[i].start);
        if (size >= length && memcmp(bytes, assay_strangers[i].start, length) == 0) {
            (void)snprintf(
                error->message, sizeof error->message,
                "reading the first bytes: the peer at %%s speaks %%s, not Assay's protocol", address,
                assay_strangers[i].name);
            return false;
        }
    }
    for (size_t i = 0, at = 0; i < size && i < %d; i++) {
        const bool is_plain = bytes[i] >= 32 && bytes[i] < 127;
        at += (size_t)snprintf(
            shown + at, sizeof shown - at, is_plain ? "%%c" : "\\\\x%%02x", bytes[i]);
    }
    (void)snprintf(
        error->message, sizeof error->message,
        "reading the first bytes: the peer at %%s does not speak Assay's protocol, its first bytes "
        "are \\"%%s\\"", address, shown);
    return false;
}

""" % (ABOUT, "".join('    {"%s", "%s"},\n' % ("".join(
        chr(byte) if 32 <= byte < 127 else "\\%03o" % byte for byte in start), name)
                      for start, name in rows(protocol)),
       SAMPLE, SAMPLE)


def go(protocol):
    """Lines of protocol.go."""
    return """// strangers has the first bytes of other protocols. None begins a frame before Hello.
var strangers = []struct{ start, name string }{
%s}

// strangerWords says what a peer with these first bytes speaks, which are no frame.
func strangerWords(peer net.Addr, first []byte) string {
	words := fmt.Sprintf("the peer at %%s://%%s ", peer.Network(), peer)
	for _, each := range strangers {
		if strings.HasPrefix(string(first), each.start) {
			return words + "speaks " + each.name + ", not Assay's protocol"
		}
	}
	first = first[:min(len(first), %d)]
	return words + fmt.Sprintf("does not speak Assay's protocol, its first bytes are %%+q", first)
}
""" % ("".join('\t{"%s", "%s"},\n' % (escaped(start), name)
                       for start, name in rows(protocol)), SAMPLE)


def rust(protocol):
    """Lines of protocol.rs."""
    return """/// %s
const STRANGERS: &[(&[u8], &str)] = &[
%s];

/// The error for the first bytes of the peer at `url`. `None` when they may begin a frame.
pub(crate) fn stranger(url: &str, first: &[u8]) -> Option<AssayError> {
    let word = <[u8; 4]>::try_from(first.get(..4)?).ok()?;
    let fits = (%d..=%d).contains(&u32::from_le_bytes(word));
    if fits && first.get(4).map_or(true, |version| *version == VERSION) {
        return None;
    }
    let shown = first[..first.len().min(%d)].escape_ascii();
    let words = match STRANGERS.iter().find(|(start, _)| first.starts_with(start)) {
        Some((_, name)) => format!("speaks {name}, not Assay's protocol"),
        None => format!("does not speak Assay's protocol, its first bytes are \\"{shown}\\""),
    };
    Some(error!(ProtocolError, "reading the first bytes: the peer at {url} {words}"))
}

""" % (ABOUT, "".join('    (b"%s", "%s"),\n' % (escaped(start), name)
                      for start, name in rows(protocol)), *bounds(protocol), SAMPLE)


def typescript(protocol):
    """Lines of protocol.ts."""
    return """/** %s */
const strangers: readonly (readonly [string, string])[] = [
%s];

/**
 * What the first bytes of the peer at `address` say. Undefined when they may begin a frame.
 */
export function stranger(address: string, first: Uint8Array = new Uint8Array()): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0, version = protocolVersion] = first;
  const length = a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
  const fits = length >= %d && length <= %d && version === protocolVersion;
  if (first.length < 4 || fits) return undefined;
  const text = String.fromCharCode(...first.subarray(0, %d));
  const known = strangers.find(([start]) => text.startsWith(start));
  const shown = text.replace(/[^ -~]/g, (one) =>
    "\\\\x" + one.charCodeAt(0).toString(16).padStart(2, "0"));
  const words = known !== undefined ? `speaks ${known[1]}, not Assay's protocol`
    : `does not speak Assay's protocol, its first bytes are "${shown}"`;
  return `the peer at ${address} ${words}`;
}
""" % (ABOUT, "".join('  ["%s", "%s"],\n' % (escaped(start), name)
                      for start, name in rows(protocol)), *bounds(protocol), SAMPLE)


def markdown(protocol):
    """The table of SPEC.md."""
    names = [(stranger["name"], [escaped(start.encode("latin-1")) for start in stranger["starts"]])
             for stranger in protocol["strangers"]]
    return "| protocol | first bytes |\n|---|---|\n" + "".join(
        "| %s | %s |\n" % (name, ", ".join("`%s`" % start for start in starts))
        for name, starts in names)
