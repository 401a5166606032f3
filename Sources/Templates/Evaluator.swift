// The machine that runs a program.
//
// Values lie on a stack, variables in frames, output in builders. Calls of macros are entries of a
// list, so no template makes the machine recurse.
//
// Guarantees: each instruction is a step, and operations charge further steps for bytes and
// elements. Sizes are checked before a value is made. Errors get the line of the instruction.
// Does not: read anything but variables and the time given.

struct Evaluator {
    let program: Program
    let limits: TemplateLimits
    let now: TemplateTime?
    let stepsTotal: Int
    var stepsLeft: Int
    var usedTime = false

    var stack: [TemplateValue] = []
    /// Values of the caller's variables, by the program's index.
    private let variables: [TemplateValue]
    var output = TextBuilder()
    var outputs: [TextBuilder] = []

    var slots: [TemplateValue] = []
    var frames: [Frame] = []
    var calls: [Call] = []
    /// The frame of the running function and the place of its slots.
    var frame = 0
    var base = 0
    var position = 0

    var loops: [LoopState] = []
    /// Loops that run, innermost last.
    var activeLoops: [Int] = []
    /// Conditions of loops that are being asked inside each other.
    var conditionDepth = 0
    var namespaces: [DictionaryBuilder] = []
    var generators: [Generator] = []

    /// The slots of a call, and the frame that the function was made in.
    struct Frame {
        let base: Int
        let parent: Int
    }

    /// The way back from a function.
    struct Call {
        let position: Int
        let frame: Int
        let isCaptured: Bool
    }

    /// Marks a parameter that no argument was given for.
    static let missing = TemplateValue.undefined(TemplateUndefined(name: -2))

    init(
        _ program: Program, limits: TemplateLimits, variables: [(String, TemplateValue)],
        now: TemplateTime?
    ) throws(TemplateError) {
        self.program = program
        self.limits = limits
        self.now = now
        var values = program.absentVariables
        var inputSize = 0
        for (name, value) in variables {
            guard value.depth <= limits.valueDepthMax else {
                throw TemplateError(.limit, "a variable deeper than \(limits.valueDepthMax)")
            }
            if let index = program.variables.firstIndex(of: name) { values[index] = value }
            inputSize += value.inputSize
        }
        let (scaled, overflow) = inputSize.multipliedReportingOverflow(
            by: limits.stepsPerInputByteMax)
        stepsTotal = overflow ? Int.max / 2 : limits.stepsMax + min(scaled, Int.max / 4)
        stepsLeft = stepsTotal
        self.variables = values
        slots = [TemplateValue](repeating: .undefined, count: program.slotCount)
        frames = [Frame(base: 0, parent: 0)]
        stack.reserveCapacity(32)
        output.reserve(4096)
    }

    mutating func run() throws(TemplateError) -> Rendering {
        do throws(TemplateError) {
            try runInstructions()
        } catch {
            var error = error
            // The position is already behind the instruction that failed.
            if error.line == 0 { error.line = Int(program.lines[max(position - 1, 0)]) }
            throw error
        }
        return Rendering(
            text: output.text(), steps: stepsTotal - max(stepsLeft, 0), usedTime: usedTime)
    }

    /// Runs from `position` to the end of the program or of a condition.
    mutating func runInstructions() throws(TemplateError) {
        let code = program.code
        while true {
            let instruction = code[position]
            position += 1
            stepsLeft -= 1
            guard stepsLeft >= 0 else { throw tooManySteps() }
            switch instruction {
            case .text(let index):
                if case .text(let text) = program.constants[Int(index)] { try emit(text) }
            case .output: try emitValue(pop())
            case .constant(let index): stack.append(program.constants[Int(index)])
            case .local(let slot): stack.append(slots[base + Int(slot)])
            case .variable(let index): stack.append(variables[Int(index)])
            case .store(let slot): slots[base + Int(slot)] = pop()
            case .attribute(let name):
                let value = pop()
                stack.append(try attribute(value, Int(name)))
            case .localAttribute(let slot, let name):
                stack.append(try attribute(slots[base + Int(slot)], Int(name)))
            case .jump(let target): position = Int(target)
            case .jumpIfFalse(let target):
                if try !isTrue(pop()) { position = Int(target) }
            case .jumpIfFalseKeeping(let target):
                if try isTrue(top) { drop() } else { position = Int(target) }
            case .jumpIfTrueKeeping(let target):
                if try isTrue(top) { position = Int(target) } else { drop() }
            case .compare(let operation):
                let right = pop()
                let left = pop()
                stack.append(.boolean(try compare(operation, left, right)))
            case .compareConstant(let operation, let index):
                let left = pop()
                let right = program.constants[Int(index)]
                stack.append(.boolean(try compare(operation, left, right)))
            case .test(let test, let site):
                let arguments = try arguments(site)
                let value = pop()
                stack.append(.boolean(try self.test(test, value, arguments)))
            case .not: stack.append(.boolean(try !isTrue(pop())))
            case .end, .conditionEnd: return
            default: try runRare(instruction)
            }
        }
    }

    /// Runs the rarer instructions.
    private mutating func runRare(_ instruction: Instruction) throws(TemplateError) {
        switch instruction {
        case .item:
            let key = pop()
            let value = pop()
            stack.append(try item(value, key))
        case .slice(let isLenient):
            let parts = popMany(3)
            let value = pop()
            stack.append(try slice(value, parts, isLenient: isLenient))
        case .binary(let operation):
            let right = pop()
            let left = pop()
            stack.append(try binary(operation, left, right))
        case .concatenate(let count): try concatenate(Int(count))
        case .filter(let filter, let site):
            let arguments = try arguments(site)
            let value = pop()
            stack.append(try self.filter(filter, value, arguments))
        case .method(let name, let method, let site):
            try callMethod(method, Int(name), Int(site))
        case .call(let site): try call(Int(site))
        case .loopNext(let exit): try nextElement(exit: Int(exit))
        case .loopBegin: try beginLoop(pop(), condition: nil)
        case .loopBeginAsking(let condition):
            try beginLoop(
                pop(), condition: LoopCondition(position: Int(condition), frame: frame))
        case .loopEnd, .loopEndUnvisited, .loopVisited, .loopValue: runLoop(instruction)
        case .list(let count): stack.append(try checked(.list(popMany(Int(count)))))
        case .tuple(let count): stack.append(try checked(.tuple(popMany(Int(count)))))
        case .dictionary(let count): try makeDictionary(Int(count))
        case .negate, .affirm:
            let value = pop()
            stack.append(try unary(value, isNegation: instruction.isNegation))
        case .compareKeeping(let operation):
            let right = pop()
            let left = pop()
            let result = try compare(operation, left, right)
            stack.append(right)
            stack.append(.boolean(result))
        default: try runPlumbing(instruction)
        }
    }

    /// Runs the instructions that move values, captures and functions.
    private mutating func runPlumbing(_ instruction: Instruction) throws(TemplateError) {
        switch instruction {
        case .outer(let depth, let slot):
            var outer = frame
            for _ in 0..<depth { outer = frames[outer].parent }
            stack.append(slots[frames[outer].base + Int(slot)])
        case .undefine(let slot, let name):
            slots[base + Int(slot)] = .undefined(TemplateUndefined(name: name))
        case .duplicate: stack.append(top)
        case .dropBelow: stack.remove(at: stack.count - 2)
        case .jumpIfFalsePopping(let target):
            if try !isTrue(pop()) {
                drop()
                position = Int(target)
            }
        case .jumpIfGiven(let slot, let target):
            if case .undefined(let reason) = slots[base + Int(slot)], reason.name == -2 { break }
            position = Int(target)
        case .unpack(let count): try unpack(Int(count))
        case .outputText:
            let value = pop()
            guard case .text(let text) = value else {
                throw error("a filter block that gives \(value.typeName)")
            }
            try emit(text)
        case .capture: beginCapture()
        case .captured: stack.append(.text(endCapture()))
        case .dropCapture: _ = endCapture()
        case .macro(let function):
            stack.append(.object(.macro(function: Int(function), frame: frame)))
        case .functionEnd: endFunction()
        case .setAttribute(let name): try setAttribute(Int(name))
        case .fail(let index): throw TemplateError(.error, program.failures[Int(index)])
        default: preconditionFailure("no instruction \(instruction)")
        }
    }

    // MARK: Stack

    var top: TemplateValue { stack[stack.count - 1] }

    mutating func pop() -> TemplateValue { stack.removeLast() }

    mutating func drop() { stack.removeLast() }

    mutating func popMany(_ count: Int) -> [TemplateValue] {
        let values = Array(stack[(stack.count - count)...])
        stack.removeLast(count)
        return values
    }

    // MARK: Output

    mutating func emit(_ text: TemplateText) throws(TemplateError) {
        try charge(bytes: text.count)
        try check(size: output.count + text.count)
        output.append(text)
    }

    private mutating func emitValue(_ value: TemplateValue) throws(TemplateError) {
        if case .text(let text) = value { return try emit(text) }
        try emit(try text(value))
    }

    mutating func beginCapture() {
        outputs.append(output)
        output = TextBuilder()
    }

    mutating func endCapture() -> TemplateText {
        let text = output.text()
        output = outputs.removeLast()
        return text
    }
}

extension Instruction {
    fileprivate var isNegation: Bool { if case .negate = self { true } else { false } }
}

extension TemplateValue {
    /// Bytes of texts and one for every value inside.
    var inputSize: Int {
        switch self {
        case .text(let text): text.count + 1
        case .list(let items), .tuple(let items): 1 + items.items.inputSize
        case .dictionary(let dictionary): dictionary.storage.inputSize
        default: 1
        }
    }
}
