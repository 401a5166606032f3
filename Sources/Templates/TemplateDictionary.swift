// A dictionary that keeps the order of insertion.
//
// Guarantees: few entries are searched in order, many through a hash table. Keys compare as in the
// reference: 1, 1.0 and true are equal.

/// A key in the form that is compared.
enum DictionaryKey: Hashable {
    case text(TemplateText)
    case integer(Int)
    case largeInteger(TemplateText)
    case float(Double)
    case none
    case undefined
    case tuple([DictionaryKey])

    /// Nil for a value that cannot be a key.
    init?(_ value: TemplateValue) {
        switch value {
        case .text(let text): self = .text(text)
        case .integer(let number): self = .integer(number)
        case .boolean(let flag): self = .integer(flag ? 1 : 0)
        case .largeInteger(let digits): self = .largeInteger(digits)
        case .float(let number):
            if let integer = Int(exactly: number) {
                self = .integer(integer)
            } else {
                self = .float(number)
            }
        case .none: self = .none
        case .undefined: self = .undefined
        case .tuple(let items):
            var keys: [DictionaryKey] = []
            for item in items {
                guard let key = DictionaryKey(item) else { return nil }
                keys.append(key)
            }
            self = .tuple(keys)
        case .list, .dictionary, .object: return nil
        }
    }
}

/// Keys and values in order. A value for any thread, immutable.
package struct TemplateDictionary: Sendable {
    final class Storage: Sendable {
        let keys: [TemplateValue]
        let values: [TemplateValue]
        /// Positions by key, for more than `searchedCountMax` entries.
        let index: [DictionaryKey: Int]
        let depth: Int

        init(keys: [TemplateValue], values: [TemplateValue], index: [DictionaryKey: Int]) {
            self.keys = keys
            self.values = values
            self.index = index
            depth = (keys + values).reduce(0) { max($0, $1.depth) } + 1
        }
    }

    /// Entries up to which a search compares keys in order.
    static let searchedCountMax = 12

    let storage: Storage

    package var count: Int { storage.keys.count }
    package var keys: [TemplateValue] { storage.keys }
    package var values: [TemplateValue] { storage.values }

    /// The value of a text key, or nil.
    package subscript(key: TemplateText) -> TemplateValue? {
        position(of: key).map { storage.values[$0] }
    }

    func position(of key: TemplateText) -> Int? {
        if storage.index.isEmpty {
            for position in storage.keys.indices {
                if case .text(let text) = storage.keys[position], text == key { return position }
            }
            return nil
        }
        return storage.index[.text(key)]
    }

    func position(of key: DictionaryKey) -> Int? {
        if case .text(let text) = key { return position(of: text) }
        if storage.index.isEmpty {
            return storage.keys.firstIndex { DictionaryKey($0) == key }
        }
        return storage.index[key]
    }
}

/// Makes a dictionary entry by entry.
package struct DictionaryBuilder {
    private var keys: [TemplateValue] = []
    private var values: [TemplateValue] = []
    private var index: [DictionaryKey: Int] = [:]

    package init(capacity: Int = 0) {
        keys.reserveCapacity(capacity)
        values.reserveCapacity(capacity)
    }

    package init(_ dictionary: TemplateDictionary) {
        keys = dictionary.keys
        values = dictionary.values
        index = dictionary.storage.index
    }

    var count: Int { keys.count }

    package var dictionary: TemplateDictionary {
        TemplateDictionary(
            storage: TemplateDictionary.Storage(keys: keys, values: values, index: index))
    }

    /// Sets a text key. An equal key keeps its place and gets the value.
    package mutating func set(_ key: TemplateText, _ value: TemplateValue) {
        set(.text(key), .text(key), value)
    }

    /// Sets `key`, whose compared form is `compared`.
    mutating func set(_ compared: DictionaryKey, _ key: TemplateValue, _ value: TemplateValue) {
        if let position = position(of: compared) {
            values[position] = value
        } else {
            insert(compared, key, value)
        }
    }

    /// Adds a valid key, known to be absent.
    mutating func append(_ key: TemplateValue, _ value: TemplateValue) {
        if let compared = DictionaryKey(key) { insert(compared, key, value) }
    }

    private mutating func insert(
        _ compared: DictionaryKey, _ key: TemplateValue, _ value: TemplateValue
    ) {
        if !index.isEmpty {
            index[compared] = keys.count
        } else if keys.count == TemplateDictionary.searchedCountMax {
            for (position, key) in keys.enumerated() {
                if let compared = DictionaryKey(key) { index[compared] = position }
            }
            index[compared] = keys.count
        }
        keys.append(key)
        values.append(value)
    }

    private func position(of key: DictionaryKey) -> Int? {
        index.isEmpty ? keys.firstIndex { DictionaryKey($0) == key } : index[key]
    }
}
