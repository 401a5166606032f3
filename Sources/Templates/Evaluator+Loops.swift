// Loops, and the elements of values.
//
// A `for … if` whose body uses `loop` asks its condition as the reference does: for a pass up to
// the next element that it holds for, for `loop.last` and `loop.nextitem` up to the one behind, and
// for `loop.length`, `revindex` and the text of `loop` to the end.

/// A loop that runs, or ran.
struct LoopState {
    /// The elements that passes see, as far as they are known.
    var elements: [TemplateValue]
    /// Elements whose condition was not asked yet.
    var waiting: ArraySlice<TemplateValue> = []
    var condition: LoopCondition?
    var index = -1
    /// True once a pass came to its end, for `else`.
    var isVisited = false
}

/// The condition of a loop and the frame that its names belong to.
struct LoopCondition {
    let position: Int
    let frame: Int
}

/// The elements of `map`, `select` and `items`, to be taken once.
struct Generator {
    var elements: [TemplateValue]
    /// The error behind the last element.
    var failure: TemplateError?
}

extension Evaluator {
    mutating func beginLoop(
        _ value: TemplateValue, condition: LoopCondition?
    ) throws(TemplateError) {
        let elements = try elements(value)
        if let condition {
            loops.append(LoopState(elements: [], waiting: elements[...], condition: condition))
        } else {
            loops.append(LoopState(elements: elements))
        }
        activeLoops.append(loops.count - 1)
    }

    mutating func nextElement(exit: Int) throws(TemplateError) {
        let loop = activeLoops[activeLoops.count - 1]
        let next = loops[loop].index + 1
        guard try hasElement(loop, at: next) else {
            position = exit
            return
        }
        loops[loop].index = next
        stack.append(loops[loop].elements[next])
    }

    /// True if the loop has an element at `index`. Asks the condition as far as needed.
    private mutating func hasElement(_ loop: Int, at index: Int) throws(TemplateError) -> Bool {
        while index >= loops[loop].elements.count {
            guard let condition = loops[loop].condition,
                let element = loops[loop].waiting.popFirst()
            else { return false }
            if try holds(condition, element) { loops[loop].elements.append(element) }
        }
        return true
    }

    /// The number of elements of a loop. Asks the condition of all.
    mutating func elementCount(_ loop: Int) throws(TemplateError) -> Int {
        _ = try hasElement(loop, at: Int.max)
        return loops[loop].elements.count
    }

    /// Runs the condition of a loop, in the frame of the loop, for an element.
    private mutating func holds(
        _ condition: LoopCondition, _ element: TemplateValue
    ) throws(TemplateError) -> Bool {
        guard conditionDepth < limits.conditionDepthMax else {
            throw TemplateError(
                .limit, "more than \(limits.conditionDepthMax) conditions of loops in each other")
        }
        let place = (position, frame)
        conditionDepth += 1
        (position, frame) = (condition.position, condition.frame)
        base = frames[frame].base
        stack.append(element)
        try runInstructions()
        (position, frame) = place
        base = frames[frame].base
        conditionDepth -= 1
        return try isTrue(pop())
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
    mutating func loopAttribute(
        _ loop: Int, _ name: LoopName
    ) throws(TemplateError) -> TemplateValue {
        let index = loops[loop].index
        switch name {
        case .index: return .integer(index + 1)
        case .index0: return .integer(index)
        case .revindex: return .integer(try elementCount(loop) - index)
        case .revindex0: return .integer(try elementCount(loop) - index - 1)
        case .first: return .boolean(index == 0)
        case .last: return .boolean(try !hasElement(loop, at: index + 1))
        case .length: return .integer(try elementCount(loop))
        case .depth: return .integer(1)
        case .depth0: return .integer(0)
        case .previtem: return index > 0 ? loops[loop].elements[index - 1] : .undefined
        case .nextitem:
            return try hasElement(loop, at: index + 1)
                ? loops[loop].elements[index + 1] : .undefined
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
