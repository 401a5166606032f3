// Typed access to a value inside a checked document. Absent values and other types give nil.
//
// Guarantees: access never fails on content, because the document was checked as a whole. Arrays
// and objects are walked in document order. Only access to a string, key or number copies text.
// Does not: keep an index of keys. Looking up a key walks the object's keys.

/// A value of a `JSONDocument`. Any thread. Keeps the document alive.
package struct JSONValue: Sendable {
    let storage: JSONStorage
    let index: Int

    private var node: JSONNode { storage.nodes[index] }

    /// Byte position in the document, for error texts.
    package var byteOffset: Int { Int(node.start) }

    /// The type in words, for error texts.
    package var typeName: String {
        switch node.kind {
        case .null: "null"
        case .true, .false: "a boolean"
        case .number: "a number"
        case .nonFinite: "a number that is not finite"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    package var isNull: Bool { node.kind == .null }
    package var isArray: Bool { node.kind == .array }
    package var isObject: Bool { node.kind == .object }

    package var asBool: Bool? {
        switch node.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The UTF-8 text of a string, with escapes resolved.
    package var asBytes: ArraySlice<UInt8>? {
        node.kind == .string ? storage.text(index) : nil
    }

    package var asString: String? { asBytes.map { String(decoding: $0, as: UTF8.self) } }

    /// A number without fraction and exponent that fits in `Int`.
    package var asInteger: Int? { numberText.flatMap { Int($0) } }

    /// A finite number.
    package var asDouble: Double? {
        numberText.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
    }

    /// A number whose nearest 32-bit value is finite, rounded once.
    package var asFloat: Float? {
        numberText.flatMap { Float($0) }.flatMap { $0.isFinite ? $0 : nil }
    }

    /// The infinity or NaN that one of Python's words stands for.
    package var nonFinite: Double? {
        guard node.kind == .nonFinite else { return nil }
        return switch storage.bytes[Int(node.start)] {
        case UInt8(ascii: "N"): .nan
        case UInt8(ascii: "-"): -.infinity
        default: .infinity
        }
    }

    /// A number as it is written.
    package var numberText: String? {
        guard node.kind == .number else { return nil }
        return String(
            decoding: storage.bytes[Int(node.start)..<Int(node.end)], as: UTF8.self)
    }

    /// Number of entries of an array or object, 0 for any other value.
    package var count: Int {
        node.kind == .array || node.kind == .object ? Int(node.end) : 0
    }

    /// The entries of an array, empty for any other value.
    package var elements: JSONElements {
        JSONElements(storage: storage, index: index + 1, end: isArray ? Int(node.next) : 0)
    }

    /// The entries of an object, empty for any other value.
    package var members: JSONMembers {
        JSONMembers(storage: storage, index: index + 1, end: isObject ? Int(node.next) : 0)
    }

    /// The value of a key of an object, or nil.
    package subscript(key: String) -> JSONValue? {
        members.first { $0.key.elementsEqual(key.utf8) }?.value
    }
}

/// An array's values in order.
package struct JSONElements: Sequence, IteratorProtocol, Sendable {
    let storage: JSONStorage
    var index: Int
    let end: Int

    package mutating func next() -> JSONValue? {
        guard index < end else { return nil }
        defer { index = Int(storage.nodes[index].next) }
        return JSONValue(storage: storage, index: index)
    }
}

/// An object's keys and values in order.
package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    let storage: JSONStorage
    var index: Int
    let end: Int

    package mutating func next() -> (key: ArraySlice<UInt8>, value: JSONValue)? {
        guard index < end else { return nil }
        defer { index = Int(storage.nodes[index + 1].next) }
        return (storage.text(index), JSONValue(storage: storage, index: index + 1))
    }
}
