// The values of a rendering.
//
// Guarantees: values are immutable and hold nothing of the host. What a rendering keeps for itself
// (namespaces, loops, macros) appears in a value as a number that has meaning only there.

/// A value of the template language. A value for any thread.
package enum TemplateValue: Sendable {
    /// A name, key or element that is not there.
    case undefined(TemplateUndefined)
    case none
    case boolean(Bool)
    case integer(Int)
    /// An integer outside 64 bits, in decimal digits. Such numbers come from conversations only.
    case largeInteger(TemplateText)
    case float(Double)
    case text(TemplateText)
    case list(TemplateList)
    case tuple(TemplateList)
    case dictionary(TemplateDictionary)
    /// A value that only a rendering makes.
    case object(TemplateObject)

    /// An undefined value without a name.
    package static let undefined = TemplateValue.undefined(TemplateUndefined())

    /// A copy of `text`.
    package static func text(_ text: String, origin: UInt32 = 0) -> TemplateValue {
        .text(TemplateText(text, origin: origin))
    }

    package static func list(_ items: [TemplateValue]) -> TemplateValue {
        .list(TemplateList(items))
    }

    package static func tuple(_ items: [TemplateValue]) -> TemplateValue {
        .tuple(TemplateList(items))
    }

    /// A dictionary in the order of `members`. Of equal keys the last value wins.
    package static func dictionary(_ members: [(String, TemplateValue)]) -> TemplateValue {
        var builder = DictionaryBuilder(capacity: members.count)
        for (key, value) in members { builder.set(TemplateText(key), value) }
        return .dictionary(builder.dictionary)
    }

    /// The value with every text inside, keys too, numbered `origin`. Copies all texts.
    package func attributed(to origin: UInt32) -> TemplateValue {
        switch self {
        case .text(let text): return .text(text.attributed(to: origin))
        case .list(let items): return .list(items.map { $0.attributed(to: origin) })
        case .tuple(let items): return .tuple(items.map { $0.attributed(to: origin) })
        case .dictionary(let dictionary):
            var builder = DictionaryBuilder(capacity: dictionary.count)
            for index in 0..<dictionary.count {
                builder.append(
                    dictionary.keys[index].attributed(to: origin),
                    dictionary.values[index].attributed(to: origin))
            }
            return .dictionary(builder.dictionary)
        default: return self
        }
    }

    /// Containers inside each other: 0 for a text or a number, 1 for a list of such.
    package var depth: Int {
        switch self {
        case .list(let items), .tuple(let items): items.depth
        case .dictionary(let dictionary): dictionary.storage.depth
        case .object(.view(_, let dictionary)): dictionary.storage.depth + 1
        case .object(.method(let receiver, _)): receiver.depth + 1
        default: 0
        }
    }

    package var isNone: Bool { if case .none = self { true } else { false } }

    /// The value of a dictionary's text key, or nil.
    package subscript(key key: String) -> TemplateValue? {
        guard case .dictionary(let dictionary) = self else { return nil }
        return dictionary[TemplateText(key)]
    }
}

/// The values of a list or a tuple, immutable.
package struct TemplateList: Sendable, RandomAccessCollection {
    package let items: [TemplateValue]
    let depth: Int

    package init(_ items: [TemplateValue]) {
        self.items = items
        depth = items.greatestDepth + 1
    }

    /// `items` must be no deeper than `depth` says.
    init(_ items: [TemplateValue], depth: Int) {
        self.items = items
        self.depth = depth
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { items.count }
    package subscript(index: Int) -> TemplateValue { items[index] }
}

extension [TemplateValue] {
    /// The depth of the deepest value, 0 for none.
    var greatestDepth: Int {
        var deepest = 0
        for index in indices { deepest = Swift.max(deepest, self[index].depth) }
        return deepest
    }

    /// As `TemplateValue.inputSize`, of all.
    var inputSize: Int {
        var size = 0
        for index in indices { size += self[index].inputSize }
        return size
    }
}

/// The reason for an undefined value.
package struct TemplateUndefined: Sendable {
    /// Index into the names of the program, or -1 for an unnamed value.
    var name: Int32 = -1
    /// True for an attribute that the sandbox of the reference denies: its use is an error of its
    /// own.
    var isDenied = false
}

/// A value that only a rendering makes. Numbers are indexes into tables of the evaluator.
package indirect enum TemplateObject: Sendable {
    case namespace(Int)
    case loop(Int)
    case generator(Int)
    case macro(function: Int, frame: Int)
    case range(TemplateRange)
    case view(DictionaryView, TemplateDictionary)
    case function(GlobalFunction)
    case method(TemplateValue, Method)
}

/// The numbers of `range`, not made.
package struct TemplateRange: Sendable, Equatable {
    let start: Int
    let stop: Int
    let step: Int
    let count: Int
}

/// The results of the methods `keys`, `values` and `items`.
package enum DictionaryView: Sendable { case keys, values, items }
