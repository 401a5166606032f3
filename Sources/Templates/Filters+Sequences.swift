// Filters over lists, dictionaries and generators.

extension Evaluator {
    mutating func sequenceFilter(
        _ filter: Filter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch filter {
        case .list:
            try nothing(arguments, "list")
            let items = try elements(value)
            try charge(elements: items.count)
            return .list(items)
        case .items:
            try nothing(arguments, "items")
            return try items(value)
        case .first:
            try nothing(arguments, "first")
            return try first(value)
        case .last:
            try nothing(arguments, "last")
            if case .object(.generator) = value { throw error("last of a generator") }
            return try elements(value).last ?? .undefined
        case .map: return try mapped(value, arguments)
        case .select, .selectattr, .reject, .rejectattr:
            return try selected(filter, value, arguments)
        case .sort: return try sorted(value, arguments)
        case .dictsort: return try dictionarySorted(value, arguments)
        case .unique: return try unique(value, arguments)
        case .min, .max: return try extreme(filter, value, arguments)
        default: preconditionFailure("no filter of sequences")
        }
    }

    private mutating func items(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
        var generator = Generator(elements: [], failure: nil)
        switch value {
        case .undefined: break
        case .dictionary(let dictionary):
            try charge(elements: dictionary.count)
            generator.elements = dictionary.elements(.items)
        default: generator.failure = error("items of \(value.typeName)")
        }
        generators.append(generator)
        return .object(.generator(generators.count - 1))
    }

    private mutating func first(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
        guard case .object(.generator(let index)) = value else {
            return try elements(value).first ?? .undefined
        }
        if let first = generators[index].elements.first {
            try charge(elements: generators[index].elements.count)
            generators[index].elements.removeFirst()
            return first
        }
        if let failure = generators[index].failure { throw failure }
        return .undefined
    }

    // MARK: Paths

    /// The keys of an attribute such as `function.name`.
    func path(_ value: TemplateValue?) throws(TemplateError) -> [TemplateValue] {
        switch value {
        case nil, TemplateValue.none?: return []
        case .text(let text)?:
            return text.split(at: ".", countMax: -1).map { part in
                let isNumber = !part.isEmpty && part.utf8.allSatisfy(Characters.isDigit)
                return isNumber ? NumberReading.integer(part) ?? .text(part) : .text(part)
            }
        case let index?: return [index]
        }
    }

    mutating func follow(
        _ path: [TemplateValue], from value: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        var value = value
        for key in path {
            try charge(1)
            value = try item(value, key)
        }
        return value
    }

    // MARK: map, select, reject

    private mutating func mapped(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        guard arguments.positional.isEmpty,
            arguments.keywords.contains(where: { $0.name == "attribute" })
        else {
            let call = try named(arguments, "map")
            guard let filter = Filter.names[call.name] else {
                throw error("map with a filter that is not supported")
            }
            return try generator(over: value) { (evaluator, item) throws(TemplateError) in
                try evaluator.filter(filter, item, call.arguments)
            }
        }
        let values = try bound(arguments, ["attribute", "default"], "map")
        let path = try path(values[0])
        return try generator(over: value) { (evaluator, item) throws(TemplateError) in
            var item = item
            for key in path {
                item = try evaluator.follow([key], from: item)
                if case .undefined = item, let otherwise = values[1] {
                    if case .none = otherwise { continue }
                    item = otherwise
                }
            }
            return item
        }
    }

    /// The first argument as a name, and the arguments behind it.
    private func named(
        _ arguments: CallArguments, _ callee: String
    ) throws(TemplateError) -> (name: String, arguments: CallArguments) {
        guard case .text(let name)? = arguments.positional.first else {
            throw error("\"\(callee)\" needs a name first")
        }
        return (
            name.string,
            CallArguments(
                positional: Array(arguments.positional.dropFirst()), keywords: arguments.keywords)
        )
    }

    private mutating func selected(
        _ filter: Filter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let isByAttribute = filter == .selectattr || filter == .rejectattr
        let isWanted = filter == .select || filter == .selectattr
        var arguments = arguments
        var keys: [TemplateValue] = []
        if isByAttribute {
            guard !arguments.positional.isEmpty else {
                throw error("\"\(filter.rawValue)\" needs an attribute")
            }
            keys = try path(arguments.positional.removeFirst())
        }
        var test: Test?
        if !arguments.positional.isEmpty {
            let call = try named(arguments, filter.rawValue)
            guard let known = Test.names[call.name] else {
                throw error("\"\(filter.rawValue)\" with a test that is not supported")
            }
            test = known
            arguments = call.arguments
        }
        return try generator(over: value) { (evaluator, item) throws(TemplateError) in
            let tested = try evaluator.follow(keys, from: item)
            let holds =
                if let test {
                    try evaluator.test(test, tested, arguments)
                } else {
                    try evaluator.isTrue(tested)
                }
            return holds == isWanted ? item : nil
        }
    }
}
