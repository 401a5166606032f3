// Reads the JSON texts of a model: SafeTensors headers, shard indexes, tokenizer.json, config.json.
//
// A document is a flat array of nodes over the text, in document order. A node takes 16 bytes. The
// node of a container has the index of the node behind the container, so skipping a value is a
// single step:
//
//   {"a":[1,2]}      object(next 5)  string a  array(next 5)  number 1  number 2
//
// Guarantees: a document was checked as a whole: grammar (RFC 8259, and on request Python's words
// for numbers that are not finite), UTF-8, depth, size, escapes
// (no lone surrogates), numbers, and no key twice in an object, however the key is escaped. Reading
// is linear except for a sort of each object's keys. Nothing recurses.
// Does not: write JSON, or convert numbers before a caller asks.
//
// The reader exists because these modules do without Foundation, and files from anywhere need
// bounds on depth, count and size, and a refusal of duplicate keys.

/// A checked JSON text. A value for any thread. Keeps the text.
package struct JSONDocument: Sendable {
    /// The outermost value.
    package var root: JSONValue { JSONValue(storage: storage, index: 0) }

    private let storage: JSONStorage

    /// Checks `bytes`. Allocates about 16 bytes a value, within `limits`.
    package init(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        // Nodes hold 32-bit offsets.
        let sizeMax = min(limits.sizeMax, Int(UInt32.max) / 2)
        guard bytes.count <= sizeMax else {
            throw JSONError(
                .tooLarge, offset: 0, found: "\(bytes.count) bytes",
                allowed: "at most \(sizeMax) bytes")
        }
        guard bytes.withUnsafeBytes(isValidUTF8) else {
            throw JSONError(
                .notUTF8, offset: 0, found: "bytes that are not UTF-8", allowed: "UTF-8")
        }
        var parser = JSONParser(bytes, limits: limits)
        try parser.parse()
        let storage = JSONStorage(bytes: bytes, nodes: parser.nodes)
        try storage.checkKeys()
        self.storage = storage
    }
}

/// Bounds of a document.
package struct JSONLimits: Sendable, Equatable {
    /// Bytes of text. The largest published tokenizer.json has 33 MB.
    package var sizeMax = 64 << 20
    /// Containers inside containers. Published files stay below 12.
    package var depthMax = 64
    /// Values, keys included. The largest published tokenizer.json has about 2 million.
    package var valueCountMax = 8 << 20
    /// Bytes of one number.
    package var numberSizeMax = 64
    /// True to read the words `Infinity`, `-Infinity` and `NaN`, which Python writes for numbers
    /// that JSON lacks. No accessor takes them for a finite number.
    package var allowsNonFinite = false

    /// The defaults of each field.
    package static let `default` = JSONLimits()
    /// Starts from the defaults.
    package init() {}
}

/// The reason for refusing a JSON text. Callers turn the reason into errors of their own.
package struct JSONError: Error, Sendable {
    package enum Code: Sendable { case syntax, notUTF8, tooDeep, tooLarge, keyDuplicate }

    package let code: Code
    /// Byte position in the text.
    package let offset: Int
    package let found: String
    package let allowed: String

    /// The error for a well-formed text with an unexpected structure.
    package init(structure found: String, offset: Int, allowed: String) {
        self.init(.syntax, offset: offset, found: found, allowed: allowed)
    }

    init(_ code: Code, offset: Int, found: String, allowed: String) {
        self.code = code
        self.offset = offset
        self.found = found
        self.allowed = allowed
    }
}

/// One value of a document.
struct JSONNode: Sendable {
    enum Kind: UInt8, Sendable {
        case null, `false`, `true`, number, string, array, object, nonFinite
    }

    var kind: Kind
    /// True for a string with escapes, whose bytes in the document are not the text.
    var isEscaped = false
    /// Offset of the first byte. A string starts behind the opening quotation mark.
    var start: UInt32
    /// Offset behind the last byte. A string ends before the closing quotation mark. In a
    /// container: the number of entries.
    var end: UInt32
    /// Index of the node behind the value.
    var next: UInt32
}

/// The text and its nodes, shared by all values of a document.
final class JSONStorage: Sendable {
    let bytes: [UInt8]
    let nodes: [JSONNode]

    init(bytes: [UInt8], nodes: [JSONNode]) {
        self.bytes = bytes
        self.nodes = nodes
    }

    /// The text of a string node, escapes resolved.
    func text(_ index: Int) -> ArraySlice<UInt8> {
        let node = nodes[index]
        let raw = bytes[Int(node.start)..<Int(node.end)]
        return node.isEscaped ? JSONEscapes.resolve(raw)[...] : raw
    }

    /// Refuses an object with two equal keys. Sorting by hash finds equal keys in n log n for any
    /// keys, because each process seeds the hash anew.
    func checkKeys() throws(JSONError) {
        var hashes: [(hash: Int, index: Int)] = []
        for object in nodes.indices where nodes[object].kind == .object && nodes[object].end > 1 {
            hashes.removeAll(keepingCapacity: true)
            var key = object + 1
            while key < Int(nodes[object].next) {
                var hasher = Hasher()
                text(key).withUnsafeBytes { hasher.combine(bytes: $0) }
                hashes.append((hasher.finalize(), key))
                key = Int(nodes[key + 1].next)
            }
            hashes.sort { $0 < $1 }
            for (first, second) in zip(hashes, hashes.dropFirst())
            where first.hash == second.hash && text(first.index) == text(second.index) {
                throw JSONError(
                    .keyDuplicate, offset: Int(nodes[second.index].start),
                    found: "the key \"\(printable(text(second.index)))\" a second time",
                    allowed: "each key once in an object")
            }
        }
    }
}
