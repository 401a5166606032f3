// A stored value in the form that GGUF metadata and JSON share, for the rules of keys.
//
// Guarantees: an array is expanded only up to `listCountMax` values, so the form is small for any
// file. Nothing is converted: a float stays a float, and `null` is a value of its own.
// Does not: judge. `KeyRule` does.

import ModelFiles

/// A stored value of any type.
package enum KeyValue: Sendable, Equatable {
    case null
    case flag(Bool)
    case whole(Int)
    /// A number with a fraction, also one that is not finite.
    case real(Double)
    case word(String)
    case list([KeyValue])
    /// An array of more than `listCountMax` values, or of arrays.
    case longList(count: Int)
    case object(count: Int)
    /// A value of another form, described for the error text.
    case other(String)

    /// Values of an array that are expanded: one for each of the most blocks of a model.
    static let listCountMax = HyperParameter.blockCountMax

    /// The number of a whole or real value.
    var number: Double? {
        switch self {
        case .whole(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }

    /// The value for error texts.
    var text: String {
        switch self {
        case .null: "null"
        case .flag(let value): String(value)
        case .whole(let value): String(value)
        case .real(let value): String(value)
        case .word(let value): "\"\(value.clipped)\""
        case .list(let values):
            ("[" + values.prefix(16).map(\.text).joined(separator: ", ")
                + (values.count > 16 ? ", …]" : "]")).clipped
        case .longList(let count): "an array of \(count)"
        case .object(let count): count == 0 ? "{}" : "an object"
        case .other(let type): type
        }
    }
}

extension KeyValue {
    init(_ value: MetadataValue) {
        if let number = value.asInteger, let whole = Int(exactly: number) {
            self = .whole(whole)
        } else if let number = value.asFloat {
            self = .real(number)
        } else if let flag = value.asBool {
            self = .flag(flag)
        } else if let text = value.asString {
            self = .word(text)
        } else if let array = value.asArray {
            self = Self.list(array)
        } else {
            self = .other("a value of type \(value.type)")
        }
    }

    private static func list(_ array: MetadataArray) -> KeyValue {
        guard array.count <= listCountMax else { return .longList(count: array.count) }
        if let numbers = array.integers() { return .list(numbers.map { .whole(Int($0)) }) }
        if let numbers = array.floats() { return .list(numbers.map { .real(Double($0)) }) }
        if let flags = array.bools() { return .list(flags.map { .flag($0) }) }
        if let texts = array.strings() { return .list(texts.map { .word($0) }) }
        return .longList(count: array.count)
    }

    init(_ value: JSONValue) {
        if value.isNull {
            self = .null
        } else if let flag = value.asBool {
            self = .flag(flag)
        } else if let number = value.asInteger {
            self = .whole(number)
        } else if let number = value.asDouble {
            self = .real(number)
        } else if let text = value.asString {
            self = .word(text)
        } else if value.isArray {
            guard value.count <= Self.listCountMax else {
                self = .longList(count: value.count)
                return
            }
            // Arrays inside arrays are not expanded, so the depth of a file does not matter.
            self = .list(
                value.elements.map { $0.isArray ? .longList(count: $0.count) : KeyValue($0) })
        } else if value.isObject {
            self = .object(count: value.count)
        } else {
            self = .real(value.nonFinite ?? .infinity)
        }
    }
}

/// Type of a value, for keys that are listed and not read.
package indirect enum KeyType: Sendable {
    case flag, whole, number, word, words, wholes, list, object, any
    case either(KeyType, KeyType)

    /// Returns true for a value of the type.
    func holds(_ value: KeyValue) -> Bool {
        switch (self, value) {
        case (.any, _), (.flag, .flag), (.whole, .whole), (.word, .word): true
        case (.number, .whole), (.number, .real): true
        case (.list, .list), (.list, .longList), (.object, .object): true
        case (.words, .list(let values)): values.allSatisfy { KeyType.word.holds($0) }
        case (.wholes, .list(let values)): values.allSatisfy { KeyType.whole.holds($0) }
        case (.either(let first, let second), _): first.holds(value) || second.holds(value)
        default: false
        }
    }

    /// The type in words, for error texts.
    var text: String {
        switch self {
        case .flag: "true or false"
        case .whole: "a whole number"
        case .number: "a number"
        case .word: "a string"
        case .words: "an array of strings"
        case .wholes: "an array of whole numbers"
        case .list: "an array"
        case .object: "an object"
        case .any: "any value"
        case .either(let first, let second): "\(first.text) or \(second.text)"
        }
    }
}
