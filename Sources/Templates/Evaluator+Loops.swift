// Loops, and the elements of values.

/// A loop that runs, or ran.
struct LoopState {
    let elements: [TemplateValue]
    var index = -1
    /// True once a pass came to its end, for `else`.
    var isVisited = false
}

/// The elements of `map`, `select` and `items`, to be taken once.
struct Generator {
    var elements: [TemplateValue]
    /// The error behind the last element.
    var failure: TemplateError?
}

extension Evaluator {
    mutating func beginLoop(_ value: TemplateValue) throws(TemplateError) {
        loops.append(LoopState(elements: try elements(value)))
        activeLoops.append(loops.count - 1)
    }

    mutating func nextElement(exit: Int) {
        let loop = activeLoops[activeLoops.count - 1]
        loops[loop].index += 1
        let index = loops[loop].index
        if index < loops[loop].elements.count {
            stack.append(loops[loop].elements[index])
        } else {
            position = exit
        }
    }

    mutating func runLoop(_ instruction: Instruction) {
        let loop = activeLoops[activeLoops.count - 1]
        switch instruction {
        case .loopValue: stack.append(.object(.loop(loop)))
        case .loopVisited: loops[loop].isVisited = true
        case .loopEndUnvisited(let isKept):
            let isVisited = loops[loop].isVisited
            endLoop(loop, isKept: isKept)
            stack.append(.boolean(!isVisited))
        case .loopEnd(let isKept): endLoop(loop, isKept: isKept)
        default: preconditionFailure("no instruction of loops")
        }
    }

    /// A loop that a value may stand for is kept.
    private mutating func endLoop(_ loop: Int, isKept: Bool) {
        activeLoops.removeLast()
        if !isKept, loop == loops.count - 1 { loops.removeLast() }
    }

    /// An attribute of `loop`.
    func loopAttribute(_ loop: Int, _ name: LoopName) -> TemplateValue {
        let state = loops[loop]
        let count = state.elements.count
        switch name {
        case .index: return .integer(state.index + 1)
        case .index0: return .integer(state.index)
        case .revindex: return .integer(count - state.index)
        case .revindex0: return .integer(count - state.index - 1)
        case .first: return .boolean(state.index == 0)
        case .last: return .boolean(state.index >= count - 1)
        case .length: return .integer(count)
        case .depth: return .integer(1)
        case .depth0: return .integer(0)
        case .previtem: return state.index > 0 ? state.elements[state.index - 1] : .undefined
        case .nextitem:
            return state.index + 1 < count ? state.elements[state.index + 1] : .undefined
        }
    }

    // MARK: Elements

    /// The elements of anything that a loop accepts. Empties a generator.
    mutating func elements(_ value: TemplateValue) throws(TemplateError) -> [TemplateValue] {
        switch value {
        case .list(let items), .tuple(let items): return items.items
        case .dictionary(let dictionary): return dictionary.keys
        case .text(let text): return try characters(text)
        case .undefined: return []
        case .object(.range(let range)):
            try charge(elements: range.count)
            return (0..<range.count).map { .integer(range.start + $0 * range.step) }
        case .object(.view(let view, let dictionary)):
            try charge(elements: dictionary.count)
            return dictionary.elements(view)
        case .object(.generator(let index)):
            let generator = generators[index]
            generators[index] = Generator(elements: [], failure: nil)
            if let failure = generator.failure { throw failure }
            return generator.elements
        default: throw error("\(value.typeName) cannot be iterated")
        }
    }

    /// The characters of a text, not marked.
    private mutating func characters(
        _ text: TemplateText
    ) throws(TemplateError) -> [TemplateValue] {
        try charge(text.count)
        var result: [TemplateValue] = []
        result.reserveCapacity(text.count)
        let plain = text.unmarked
        var start = 0
        while start < text.count {
            let size = Characters.size(text.storage.bytes[Int(text.start) + start])
            result.append(.text(plain.slice(start..<start + size)))
            start += size
        }
        return result
    }

    /// Makes a generator of the results of `body`, up to the first error.
    mutating func generator(
        over value: TemplateValue,
        _ body: (inout Evaluator, TemplateValue) throws(TemplateError) -> TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        var generator = Generator(elements: [], failure: nil)
        do throws(TemplateError) {
            // The reference looks at the truth of the value first, so `none` gives no elements.
            let items = try isTrue(value) ? elements(value) : []
            try charge(items.count)
            for item in items {
                if let result = try body(&self, item) { generator.elements.append(result) }
            }
        } catch {
            guard error.code != .limit else { throw error }
            generator.failure = error
        }
        generators.append(generator)
        return .object(.generator(generators.count - 1))
    }

    // MARK: Unpacking

    /// Leaves the elements of the top value, the first on top.
    mutating func unpack(_ count: Int) throws(TemplateError) {
        let value = pop()
        if case .undefined(let reason) = value, count > 0, reason.isDenied {
            throw undefined(reason)
        }
        let items = try elements(value)
        guard items.count == count else {
            throw error("\(items.count) values where \(count) are unpacked")
        }
        stack.append(contentsOf: items.reversed())
    }

    // MARK: Making

    mutating func makeDictionary(_ count: Int) throws(TemplateError) {
        let values = popMany(count * 2)
        var builder = DictionaryBuilder(capacity: count)
        for index in 0..<count {
            try set(values[index * 2], values[index * 2 + 1], in: &builder)
        }
        stack.append(try checked(.dictionary(builder.dictionary)))
    }

    mutating func set(
        _ key: TemplateValue, _ value: TemplateValue, in builder: inout DictionaryBuilder
    ) throws(TemplateError) {
        builder.set(try self.key(key), key, value)
    }

    /// The form of a key that is compared.
    mutating func key(_ value: TemplateValue) throws(TemplateError) -> DictionaryKey {
        try charge(1)
        if case .text(let text) = value { try charge(bytes: text.count) }
        if case .tuple(let items) = value {
            var parts: [DictionaryKey] = []
            for item in items { parts.append(try key(item)) }
            return .tuple(parts)
        }
        guard let key = DictionaryKey(value) else {
            throw error("\(value.typeName) cannot be a key")
        }
        return key
    }
}

extension TemplateDictionary {
    func elements(_ view: DictionaryView) -> [TemplateValue] {
        switch view {
        case .keys: keys
        case .values: values
        case .items: zip(keys, values).map { .tuple([$0, $1]) }
        }
    }
}
