// Attributes and elements: `x.name`, `x['name']`, `x[0]`, slices, `set x.name`.
//
// `x.name` looks for an attribute first and for a key second, `x['name']` the other way round. The
// attributes of a text, a list or a dictionary are the methods of the reference: a method that
// changes a value is denied when it is used, one that is not supported is an error.

extension Evaluator {
    mutating func attribute(
        _ value: TemplateValue, _ index: Int
    ) throws(TemplateError) -> TemplateValue {
        let name = program.names[index]
        switch value {
        case .dictionary(let dictionary):
            if program.holders[index].contains(.dictionary),
                let method = try pythonAttribute(of: value, name, index)
            {
                return method
            }
            if let found = dictionary[name] { return found }
        case .object(.namespace(let number)):
            if let found = namespaces[number][name] { return found }
        case .object(.loop(let loop)):
            guard let name = LoopName(rawValue: name.string) else {
                if ["cycle", "changed"].contains(name.string) {
                    throw error("the loop's \"\(name.string)\" is not supported")
                }
                break
            }
            return try loopAttribute(loop, name)
        case .undefined(let reason): throw undefined(reason)
        default:
            if program.holders[index].contains(.other),
                let method = try pythonAttribute(of: value, name, index)
            {
                return method
            }
        }
        return .undefined(TemplateUndefined(name: Int32(index)))
    }

    /// The attribute that the reference's host language has, or nil.
    private func pythonAttribute(
        of value: TemplateValue, _ name: TemplateText, _ index: Int?
    ) throws(TemplateError) -> TemplateValue? {
        let word = name.string
        if let method = Method(rawValue: word) {
            switch value {
            case .text where !method.isOfDictionaries, .dictionary where method.isOfDictionaries:
                return .object(.method(value, method))
            default: break
            }
        }
        guard value.hasForeignAttribute(word) else { return nil }
        if value.hasMutatingMethod(word) {
            return .undefined(TemplateUndefined(name: Int32(index ?? -1), isDenied: true))
        }
        throw error("the attribute \"\(word)\" of \(value.typeName) is not supported")
    }

    mutating func item(
        _ value: TemplateValue, _ key: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        switch value {
        case .dictionary(let dictionary):
            if case .text(let name) = key {
                try charge(bytes: name.count)
                if let found = dictionary[name] { return found }
            } else if let key = DictionaryKey(key), let position = dictionary.position(of: key) {
                return dictionary.values[position]
            }
        case .list(let items), .tuple(let items):
            if let found = key.index.flatMap({ Self.position($0, count: items.count) }) {
                return items[found]
            }
        case .text(let text):
            if let index = key.index, let found = try character(text, at: index) {
                return .text(found)
            }
        case .object(.range(let range)):
            if let found = key.index.flatMap({ Self.position($0, count: range.count) }) {
                return .integer(range.start + found * range.step)
            }
        case .undefined(let reason): throw undefined(reason)
        default: break
        }
        return try namedItem(value, key)
    }

    /// The value of `x['name']` without a key of the name.
    private mutating func namedItem(
        _ value: TemplateValue, _ key: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        guard case .text(let name) = key else { return .undefined }
        let index = program.names.firstIndex(of: name)
        if case .object(.namespace) = value, let index { return try attribute(value, index) }
        if case .object(.namespace(let number)) = value {
            return namespaces[number][name] ?? .undefined
        }
        if case .object(.loop(let loop)) = value, let name = LoopName(rawValue: name.string) {
            return try loopAttribute(loop, name)
        }
        // Keys from a conversation never enter an error's sentence.
        return try pythonAttribute(of: value, name, index)
            ?? .undefined(TemplateUndefined(name: Int32(index ?? -1)))
    }

    static func position(_ index: Int, count: Int) -> Int? {
        let position = index < 0 ? index &+ count : index
        return (0..<count).contains(position) ? position : nil
    }

    mutating func setAttribute(_ index: Int) throws(TemplateError) {
        let namespace = pop()
        let value = pop()
        guard case .object(.namespace(let number)) = namespace else {
            throw error("an attribute is set on something that is no namespace")
        }
        try charge(elements: namespaces[number].count)
        namespaces[number].set(program.names[index], value)
    }
}

extension TemplateValue {
    /// The number of an integer or a boolean, else nil.
    var index: Int? {
        switch self {
        case .integer(let number): number
        case .boolean(let flag): flag ? 1 : 0
        default: nil
        }
    }

    /// The kind of value, for sentences.
    var typeName: String {
        switch self {
        case .undefined: "an undefined value"
        case .none: "none"
        case .boolean: "a boolean"
        case .integer, .largeInteger: "an integer"
        case .float: "a float"
        case .text: "a text"
        case .list: "a list"
        case .tuple: "a tuple"
        case .dictionary: "a dictionary"
        case .object(.namespace): "a namespace"
        case .object(.loop): "a loop"
        case .object(.generator): "a generator"
        case .object(.macro): "a macro"
        case .object(.range): "a range"
        case .object(.view): "a view of a dictionary"
        case .object(.function): "a function"
        case .object(.method): "a method"
        }
    }

    fileprivate func hasMutatingMethod(_ name: String) -> Bool {
        switch self {
        case .list:
            ForeignNames.mutating.subtracting(["popitem", "setdefault", "update"]).contains(name)
        case .dictionary:
            ["clear", "pop", "popitem", "setdefault", "update"].contains(name)
        default: false
        }
    }

    /// True for attributes of the host language's value that are not among the methods.
    fileprivate func hasForeignAttribute(_ name: String) -> Bool {
        switch self {
        case .text(let text):
            ForeignNames.text.contains(name)
                || text.isMarked && ForeignNames.markedText.contains(name)
        case .list: ForeignNames.list.contains(name) || hasMutatingMethod(name)
        case .tuple: name == "count" || name == "index"
        case .dictionary: ForeignNames.dictionary.contains(name) || hasMutatingMethod(name)
        case .boolean, .integer, .largeInteger, .float: ForeignNames.number.contains(name)
        case .object(.range): ForeignNames.range.contains(name)
        case .object(.macro): ForeignNames.macro.contains(name)
        case .object(.view): ForeignNames.view.contains(name)
        case .object(.generator): ForeignNames.generator.contains(name)
        default: false
        }
    }
}
