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
        /// For each key the search key of its text.
        let searchKeys: [UInt64]
        let depth: Int
        /// As `TemplateValue.inputSize`.
        let inputSize: Int

        init(
            keys: [TemplateValue], values: [TemplateValue], index: [DictionaryKey: Int],
            searchKeys: [UInt64]
        ) {
            self.keys = keys
            self.values = values
            self.index = index
            self.searchKeys = searchKeys
            depth = max(keys.greatestDepth, values.greatestDepth) + 1
            inputSize = 1 + keys.inputSize + values.inputSize
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
        guard storage.index.isEmpty else { return storage.index[.text(key)] }
        return storage.keys.position(of: key, storage.searchKeys)
    }

    func position(of key: DictionaryKey) -> Int? {
        guard storage.index.isEmpty else { return storage.index[key] }
        return storage.keys.position(of: key, storage.searchKeys)
    }
}

/// A search through few keys.
extension [TemplateValue] {
    /// Looks at the text of a key only where its search key is the one sought.
    fileprivate func position(of key: TemplateText, _ searchKeys: [UInt64]) -> Int? {
        let searchKey = key.searchKey
        for position in searchKeys.indices where searchKeys[position] == searchKey {
            if case .text(let text) = self[position], text == key { return position }
        }
        return nil
    }

    fileprivate func position(of key: DictionaryKey, _ searchKeys: [UInt64]) -> Int? {
        if case .text(let text) = key { return position(of: text, searchKeys) }
        return firstIndex { DictionaryKey($0) == key }
    }
}

extension TemplateValue {
    /// The search key of a text, else 0.
    fileprivate var searchKey: UInt64 {
        if case .text(let text) = self { text.searchKey } else { 0 }
    }
}

/// Makes a dictionary entry by entry.
package struct DictionaryBuilder {
    private var keys: [TemplateValue] = []
    private var values: [TemplateValue] = []
    private var index: [DictionaryKey: Int] = [:]
    private var searchKeys: [UInt64] = []

    package init(capacity: Int = 0) {
        keys.reserveCapacity(capacity)
        values.reserveCapacity(capacity)
        searchKeys.reserveCapacity(capacity)
    }

    package init(_ dictionary: TemplateDictionary) {
        keys = dictionary.keys
        values = dictionary.values
        index = dictionary.storage.index
        searchKeys = dictionary.storage.searchKeys
    }

    var count: Int { keys.count }

    subscript(key: TemplateText) -> TemplateValue? {
        position(of: .text(key)).map { values[$0] }
    }

    package var dictionary: TemplateDictionary {
        TemplateDictionary(
            storage: TemplateDictionary.Storage(
                keys: keys, values: values, index: index, searchKeys: searchKeys))
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
        searchKeys.append(key.searchKey)
    }

    private func position(of key: DictionaryKey) -> Int? {
        index.isEmpty ? keys.position(of: key, searchKeys) : index[key]
    }
}
