// Calls: macros, functions of the language, methods.

/// The values of a call's arguments.
struct CallArguments {
    var positional: [TemplateValue] = []
    var keywords: [(name: TemplateText, value: TemplateValue)] = []

    static let none = CallArguments()

    var isEmpty: Bool { positional.isEmpty && keywords.isEmpty }
}

extension Evaluator {
    /// Takes the arguments of a site from the stack.
    mutating func arguments(_ index: Int32) throws(TemplateError) -> CallArguments {
        if index < 0 { return .none }
        let site = program.sites[Int(index)]
        let values = popMany(site.valueCount)
        if site.positionalCount == values.count { return CallArguments(positional: values) }
        var arguments = CallArguments(positional: Array(values[..<site.positionalCount]))
        var next = site.positionalCount
        for name in site.keywords {
            arguments.keywords.append((name, values[next]))
            next += 1
        }
        if site.hasList {
            arguments.positional += try elements(values[next])
            try charge(elements: arguments.positional.count)
            next += 1
        }
        if site.hasDictionary { try addKeywords(of: values[next], to: &arguments) }
        return arguments
    }

    private mutating func addKeywords(
        of value: TemplateValue, to arguments: inout CallArguments
    ) throws(TemplateError) {
        guard case .dictionary(let dictionary) = value else {
            throw error("\"**\" needs a dictionary, not \(value.typeName)")
        }
        try charge(dictionary.count * (arguments.keywords.count + 1))
        for (key, value) in zip(dictionary.keys, dictionary.values) {
            guard case .text(let name) = key else {
                throw error("\"**\" with a key that is no text")
            }
            guard !arguments.keywords.contains(where: { $0.name == name }) else {
                throw error("an argument is given twice")
            }
            arguments.keywords.append((name, value))
        }
    }

    /// Calls the value below the arguments.
    mutating func call(_ site: Int) throws(TemplateError) {
        let arguments = try arguments(Int32(site))
        try call(pop(), arguments)
    }

    mutating func call(
        _ callee: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) {
        switch callee {
        case .object(.macro(let function, let frame)):
            try enter(function, frame: frame, arguments)
        case .object(.function(let function)):
            stack.append(try self.function(function, arguments))
        case .object(.method(let receiver, let method)):
            stack.append(try self.method(method, of: receiver, arguments))
        case .undefined(let reason): throw undefined(reason)
        default: throw error("\(callee.typeName) cannot be called")
        }
    }

    /// Calls a method by its name. The receiver lies below the arguments.
    mutating func callMethod(
        _ method: Method, _ name: Int, _ site: Int
    ) throws(TemplateError) {
        let arguments = try arguments(Int32(site))
        let receiver = pop()
        switch receiver {
        case .text where !method.isOfDictionaries, .dictionary where method.isOfDictionaries:
            stack.append(try self.method(method, of: receiver, arguments))
        default: try call(try attribute(receiver, name), arguments)
        }
    }

    // MARK: Macros

    private static var callSteps: Int { 40 }

    private mutating func enter(
        _ index: Int, frame parent: Int, _ arguments: CallArguments
    ) throws(TemplateError) {
        guard calls.count < limits.callDepthMax else {
            throw TemplateError(
                .limit, "more than \(limits.callDepthMax) macro calls in each other")
        }
        let function = program.functions[index]
        let newBase = slots.count
        // A call costs about as much as this many other instructions.
        try charge(Self.callSteps + function.slotCount)
        try bind(function, arguments)
        while slots.count < newBase + function.slotCount { slots.append(.undefined) }
        frames.append(Frame(base: newBase, parent: parent))
        calls.append(Call(position: position, frame: frame, isCaptured: function.isCaptured))
        frame = frames.count - 1
        base = newBase
        position = Int(function.entry)
        beginCapture()
    }

    /// Puts arguments into the slots of a call that begins.
    private mutating func bind(
        _ function: Function, _ arguments: CallArguments
    ) throws(TemplateError) {
        let count = function.parameters.count
        guard arguments.positional.count <= count else {
            throw error("the macro \"\(function.name)\" takes at most \(count) arguments")
        }
        slots.append(contentsOf: arguments.positional)
        if arguments.keywords.isEmpty {
            for _ in arguments.positional.count..<count { slots.append(Self.missing) }
            if function.readsCaller { slots.append(.undefined) }
            return
        }
        var keywords = arguments.keywords
        func take(_ name: TemplateText) -> TemplateValue? {
            guard let index = keywords.firstIndex(where: { $0.name == name }) else { return nil }
            return keywords.remove(at: index).value
        }
        for parameter in function.parameters[arguments.positional.count...] {
            slots.append(take(parameter) ?? Self.missing)
        }
        if function.readsCaller { slots.append(take("caller") ?? .undefined) }
        guard keywords.isEmpty else {
            throw error("the macro \"\(function.name)\" has no parameter of that name")
        }
    }

    mutating func endFunction() {
        let text = endCapture()
        let call = calls.removeLast()
        // Frames that a macro was made in stay for it.
        if !call.isCaptured, frame == frames.count - 1 {
            slots.removeLast(slots.count - base)
            frames.removeLast()
        }
        frame = call.frame
        base = frames[frame].base
        position = call.position
        stack.append(.text(text))
    }

    // MARK: Functions of the language

    private mutating func function(
        _ function: GlobalFunction, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch function {
        case .raise_exception:
            let values = try bound(arguments, ["message"], required: 1, "raise_exception")
            throw TemplateError(.raised, try text(values[0] ?? .none).string)
        case .namespace:
            namespaces.append(try merged(arguments))
            return .object(.namespace(namespaces.count - 1))
        case .dict: return try checked(.dictionary(try merged(arguments).dictionary))
        case .range: return try range(arguments)
        case .strftime_now:
            let values = try bound(arguments, ["format"], required: 1, "strftime_now")
            guard case .text(let format)? = values[0] else {
                throw error("strftime_now needs a text")
            }
            return .text(try time(format))
        }
    }

    private mutating func time(_ format: TemplateText) throws(TemplateError) -> TemplateText {
        try charge(bytes: format.count * 8)
        guard let now else { throw error("strftime_now without a time") }
        guard Strftime.unsupportedCode(format) == nil else {
            throw error("a time code that is not supported")
        }
        usedTime = true
        return Strftime.text(format, now)
    }

    /// The dictionary that `dict(…)` and `namespace(…)` make.
    private mutating func merged(
        _ arguments: CallArguments
    ) throws(TemplateError) -> DictionaryBuilder {
        guard arguments.positional.count <= 1 else { throw error("more than one dictionary") }
        var builder = DictionaryBuilder()
        if let first = arguments.positional.first {
            if case .undefined(let reason) = first { throw undefined(reason) }
            if case .dictionary(let dictionary) = first {
                try charge(elements: dictionary.count)
                builder = DictionaryBuilder(dictionary)
            } else {
                for pair in try elements(first) {
                    let parts = try elements(pair)
                    guard parts.count == 2 else { throw error("a pair is needed for each key") }
                    try set(parts[0], parts[1], in: &builder)
                }
            }
        }
        for (name, value) in arguments.keywords { builder.set(name, value) }
        return builder
    }

    private mutating func range(_ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
        guard arguments.keywords.isEmpty, (1...3).contains(arguments.positional.count) else {
            throw error("range needs one to three integers")
        }
        var numbers: [Int] = []
        for value in arguments.positional {
            if case .undefined(let reason) = value { throw undefined(reason) }
            guard let number = value.index else { throw error("range needs integers") }
            numbers.append(number)
        }
        let start = numbers.count == 1 ? 0 : numbers[0]
        let stop = numbers.count == 1 ? numbers[0] : numbers[1]
        let step = numbers.count == 3 ? numbers[2] : 1
        guard step != 0 else { throw error("range with step 0") }
        let (distance, overflow) =
            step > 0
            ? stop.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(stop)
        let size = step.magnitude
        let isEmpty = step > 0 ? stop <= start : stop >= start
        let count = isEmpty ? 0 : overflow ? UInt.max : (distance.magnitude - 1) / size + 1
        guard count <= UInt(limits.rangeCountMax) else {
            throw TemplateError(.limit, "a range of more than \(limits.rangeCountMax) numbers")
        }
        return .object(
            .range(TemplateRange(start: start, stop: stop, step: step, count: Int(count))))
    }

    // MARK: Parameters

    /// The arguments by the names of parameters, nil where none is given.
    func bound(
        _ arguments: CallArguments, _ names: [TemplateText], required: Int = 0, _ callee: String
    ) throws(TemplateError) -> [TemplateValue?] {
        guard arguments.positional.count <= names.count else {
            throw error("\"\(callee)\" takes at most \(names.count) arguments")
        }
        var values: [TemplateValue?] = Array(repeating: nil, count: names.count)
        for (index, value) in arguments.positional.enumerated() { values[index] = value }
        for (name, value) in arguments.keywords {
            guard let index = names.firstIndex(of: name), case nil = values[index] else {
                throw error("\"\(callee)\" has no such argument, or has it twice")
            }
            values[index] = value
        }
        for index in 0..<required {
            if values[index] != nil { continue }
            throw error("\"\(callee)\" needs the argument \"\(names[index].string)\"")
        }
        return values
    }
}
