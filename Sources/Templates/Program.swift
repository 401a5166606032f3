// A checked template as instructions for a stack machine.
//
// Names are resolved: a variable is a slot of a frame, or a variable of the caller. Operands of
// instructions are indexes into the tables of the program.

/// Takes operands from the stack, left to right, and leaves the result there.
enum Instruction {
    // Output.
    case text(Int32)
    case output
    /// Prints a text. Anything else is an error.
    case outputText
    // Values.
    case constant(Int32)
    case local(Int32)
    /// A slot of the function `depth` functions outside.
    case outer(depth: Int32, slot: Int32)
    case variable(Int32)
    case store(Int32)
    /// Makes a slot undefined, under a name.
    case undefine(slot: Int32, name: Int32)
    case duplicate
    case list(Int32)
    case tuple(Int32)
    case dictionary(Int32)
    // Operations.
    case attribute(Int32)
    /// `local` and `attribute`.
    case localAttribute(slot: Int32, name: Int32)
    case item
    /// Base, start, stop, step. A lenient slice of something else is undefined.
    case slice(isLenient: Bool)
    case negate
    case affirm
    case not
    case binary(BinaryOperator)
    case compare(CompareOperator)
    /// `constant` and `compare`.
    case compareConstant(CompareOperator, Int32)
    /// Like `compare`, with the right operand below the result.
    case compareKeeping(CompareOperator)
    /// Takes the value below the top.
    case dropBelow
    case concatenate(Int32)
    // Calls.
    case call(Int32)
    case method(name: Int32, method: Method, site: Int32)
    case filter(Filter, site: Int32)
    case test(Test, site: Int32)
    case fail(Int32)
    // Jumps.
    case jump(Int32)
    case jumpIfFalse(Int32)
    case jumpIfFalseKeeping(Int32)
    case jumpIfTrueKeeping(Int32)
    /// Jumps and takes the value below the condition, too.
    case jumpIfFalsePopping(Int32)
    /// Jumps where the parameter in the slot was given.
    case jumpIfGiven(slot: Int32, target: Int32)
    // Loops.
    case loopBegin
    /// Like `loopBegin`, for a loop whose elements are asked one by one. The condition starts at an
    /// instruction, finds the element on the stack and leaves its result there.
    case loopBeginAsking(condition: Int32)
    /// Ends the condition of a loop.
    case conditionEnd
    /// Leaves the innermost loop.
    case loopValue
    /// Leaves the next element, or jumps behind the loop.
    case loopNext(Int32)
    case loopVisited
    case loopEnd(isKept: Bool)
    /// Like `loopEnd`, and leaves whether no pass was completed.
    case loopEndUnvisited(isKept: Bool)
    case unpack(Int32)
    // Captured output.
    case capture
    case captured
    case dropCapture
    // Functions.
    case macro(Int32)
    case functionEnd
    case setAttribute(Int32)
    case end
}

/// The form of a call's arguments. Values lie on the stack in this order.
struct CallSite {
    var positionalCount = 0
    var keywords: [TemplateText] = []
    var hasList = false
    var hasDictionary = false

    var isEmpty: Bool {
        positionalCount == 0 && keywords.isEmpty && !hasList && !hasDictionary
    }

    var valueCount: Int {
        positionalCount + keywords.count + (hasList ? 1 : 0) + (hasDictionary ? 1 : 0)
    }
}

/// A macro or the body of a call block. Parameters have the first slots.
struct Function {
    var name: String
    var parameters: [TemplateText]
    var entry: Int32
    var slotCount: Int
    /// True if the body reads `caller`, which has the slot behind the parameters then.
    var readsCaller: Bool
    /// True if a parameter is called `caller`.
    var hasCallerParameter: Bool
    /// True if frames outlive their call: for functions that are made inside, and for loops that
    /// ask for their elements.
    var isCaptured: Bool
}

/// Kinds of values that have an attribute of some name, by the reference's host language.
struct AttributeHolders: OptionSet {
    let rawValue: UInt8

    static let dictionary = AttributeHolders(rawValue: 1)
    static let other = AttributeHolders(rawValue: 2)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(of name: String) {
        self = []
        let method = Method(rawValue: name)
        if method?.isOfDictionaries == true || ForeignNames.dictionary.contains(name)
            || ForeignNames.mutating.contains(name)
        {
            insert(.dictionary)
        }
        if method != nil || ForeignNames.attributes.contains(name) { insert(.other) }
    }
}

/// All of a template that a rendering needs.
struct Program: Sendable {
    var code: [Instruction] = []
    /// The line of each instruction.
    var lines: [Int32] = []
    var constants: [TemplateValue] = []
    var names: [TemplateText] = []
    /// For each name the values of the reference's host language that have such an attribute.
    var holders: [AttributeHolders] = []
    /// Names of the caller's variables, by index.
    var variables: [String] = []
    /// What a variable is that the caller does not give.
    var absentVariables: [TemplateValue] = []
    var sites: [CallSite] = []
    var functions: [Function] = []
    var failures: [String] = []
    /// Slots of the template itself.
    var slotCount = 0
}
