// Reads hyper-parameters out of a model's files, with the caller's overrides on top.
//
// Guarantees: every value has the row's type and lies in the row's range. A refusal names the key
// as the file spells it.
// Does not: relate values to each other. `ModelConfiguration` does.

/// A value that the caller put in place of the file's value.
public struct AppliedOverride: Sendable, Equatable {
    /// The full key, e.g. `llama.context_length`.
    public let key: String
    /// Value in the file, or nil when the file lacks the key.
    public let original: String?
    /// Value that was used instead, or `ignore` for a key that the caller vouches for.
    public let replacement: String

    /// The override as a degradation of answers: the numbers rest on the caller's word.
    public var degradation: String {
        replacement == KeyCheck.vouching
            ? "key_vouched: \(key)" : "key_overridden: \(key)=\(replacement)"
    }

    /// Creates a record.
    public init(key: String, original: String?, replacement: String) {
        self.key = key
        self.original = original
        self.replacement = replacement
    }
}

/// The file's hyper-parameters and the overrides, read row by row.
package struct HyperParameterReader {
    private let source: any HyperParameterSource
    private let architecture: String
    private var replacements: [String: HyperParameterValue] = [:]
    package private(set) var applied: [AppliedOverride] = []

    /// Reads the overrides. Throws when an override names no row of `parameters` or cannot be
    /// parsed.
    package init(
        source: any HyperParameterSource, architecture: String, parameters: [HyperParameter],
        overrides: [String: String]
    ) throws(InferenceError) {
        self.source = source
        self.architecture = architecture
        for (key, text) in overrides.sorted(by: { $0.key < $1.key }) {
            try replace(key, with: text, among: parameters)
        }
    }

    // MARK: Typed reads

    /// Returns the number under `parameter`'s key, or nil when the file has no spelling of the key.
    package func count(_ parameter: HyperParameter) throws(InferenceError) -> Int? {
        guard case .count(let range) = parameter.kind else {
            preconditionFailure("\(parameter.name) is not a count")
        }
        guard let (key, value) = find(parameter) else { return nil }
        guard case .whole(let number) = value else {
            throw wrongType(key, value, needed: "a whole number")
        }
        try check(number, in: range, key)
        return number
    }

    /// Returns a number per block. A single number in the file stands for all blocks.
    package func counts(
        _ parameter: HyperParameter, blocks: Int
    ) throws(InferenceError) -> [Int]? {
        guard case .countPerBlock(let range) = parameter.kind else {
            preconditionFailure("\(parameter.name) is not a count per block")
        }
        // Arrays with more numbers than blocks are read too, up to the largest block count, so that
        // the error can state their length.
        let countMax = HyperParameter.blockCountMax
        guard let (key, value) = find(parameter, listCountMax: countMax) else { return nil }
        switch value {
        case .whole(let number):
            try check(number, in: range, key)
            return Array(repeating: number, count: blocks)
        case .list(let numbers):
            guard numbers.count == blocks else {
                throw InferenceError(
                    .keysInconsistent, tried: "reading \"\(key)\"",
                    found: "an array of \(numbers.count)",
                    allowed: "one number, or one for each of the \(blocks) blocks", location: key)
            }
            for number in numbers { try check(number, in: range, key) }
            return numbers
        default:
            throw wrongType(key, value, needed: "a whole number or an array of them")
        }
    }

    /// Returns the finite number under `parameter`'s key.
    package func real(_ parameter: HyperParameter) throws(InferenceError) -> Double? {
        guard case .real(let range) = parameter.kind else {
            preconditionFailure("\(parameter.name) is not a real number")
        }
        guard let (key, value) = find(parameter) else { return nil }
        guard case .real(let number) = value else {
            throw wrongType(key, value, needed: "a floating-point number")
        }
        guard number.isFinite, range.contains(number) else {
            throw outOfRange(key, String(number), "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Returns true or false as under `parameter`'s key.
    package func flag(_ parameter: HyperParameter) throws(InferenceError) -> Bool? {
        guard case .flag = parameter.kind else {
            preconditionFailure("\(parameter.name) is not true or false")
        }
        guard let (key, value) = find(parameter) else { return nil }
        guard case .flag(let isTrue) = value else {
            throw wrongType(key, value, needed: "true or false")
        }
        return isTrue
    }

    /// Returns the word under `parameter`'s key.
    package func word(_ parameter: HyperParameter) throws(InferenceError) -> String? {
        guard case .word = parameter.kind else {
            preconditionFailure("\(parameter.name) is not a word")
        }
        guard let (key, value) = find(parameter) else { return nil }
        guard case .word(let text) = value else {
            throw wrongType(key, value, needed: "a string")
        }
        return text
    }

    /// Returns the number like `count`, and throws when the file lacks the key.
    package func requiredCount(_ parameter: HyperParameter) throws(InferenceError) -> Int {
        guard let value = try count(parameter) else { throw missing(parameter) }
        return value
    }

    /// Returns the error for an absent key, with every accepted spelling.
    package func missing(_ parameter: HyperParameter) -> InferenceError {
        let keys = source.keys(parameter, architecture)
        return InferenceError(
            .missingKey, tried: "reading \"\(keys[0])\"", found: "no such key",
            allowed: keys.map { "\"\($0)\"" }.joined(separator: " or "), location: keys[0])
    }

    /// Returns the first spelling of `parameter` that is present, or the preferred spelling.
    package func key(of parameter: HyperParameter) -> String {
        find(parameter)?.key ?? source.keys(parameter, architecture)[0]
    }

    // MARK: Looking up

    private func find(
        _ parameter: HyperParameter, listCountMax: Int = 0
    ) -> (key: String, value: HyperParameterValue)? {
        // An override of any spelling wins over every spelling in the file.
        for key in parameter.keys(architecture: architecture) {
            if let value = replacements[key] { return (key, value) }
        }
        return source.find(parameter, architecture, listCountMax: listCountMax)
    }

    private func check(
        _ number: Int, in range: ClosedRange<Int>, _ key: String
    ) throws(InferenceError) {
        guard range.contains(number) else {
            throw outOfRange(key, String(number), "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    private func outOfRange(_ key: String, _ found: String, _ allowed: String) -> InferenceError {
        InferenceError(
            .keyRange, tried: "reading \"\(key)\"", found: found, allowed: allowed, location: key)
    }

    private func wrongType(
        _ key: String, _ value: HyperParameterValue, needed: String
    ) -> InferenceError {
        var found = value.text
        if case .flag = value { found = "a boolean" }
        return InferenceError(
            .keyType, tried: "reading \"\(key)\"", found: found, allowed: needed, location: key)
    }

    // MARK: Overrides

    private mutating func replace(
        _ key: String, with text: String, among parameters: [HyperParameter]
    ) throws(InferenceError) {
        let names = parameters.flatMap { $0.keys(architecture: architecture) }
        let fullKey = names.contains(key) ? key : "\(architecture).\(key)"
        guard
            let parameter = parameters.first(where: {
                $0.keys(architecture: architecture).contains(fullKey)
            })
        else {
            let nearest = names.min { $0.editDistance(to: key) < $1.editDistance(to: key) }
            throw InferenceError(
                .unknownOverride, tried: "overriding \"\(key.clipped)\"",
                found: "no such key for architecture \(architecture)",
                allowed: "for example \"\(nearest ?? "")\"", location: key.clipped)
        }
        guard let value = Self.parse(text, as: parameter.kind) else {
            throw InferenceError(
                .badOverride, tried: "overriding \"\(fullKey)\"", found: "\"\(text.clipped)\"",
                allowed: parameter.kind.expectation, location: fullKey)
        }
        let original = find(parameter, listCountMax: HyperParameter.blockCountMax)?.value.text
        replacements[fullKey] = value
        applied.append(
            AppliedOverride(key: fullKey, original: original, replacement: value.text))
    }

    private static func parse(
        _ text: String, as kind: HyperParameter.Kind
    ) -> HyperParameterValue? {
        switch kind {
        case .count: return Int(text).map(HyperParameterValue.whole)
        case .real: return Double(text).map(HyperParameterValue.real)
        case .flag: return Bool(text).map(HyperParameterValue.flag)
        case .word: return .word(text)
        case .countPerBlock:
            if let number = Int(text) { return .whole(number) }
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count <= HyperParameter.blockCountMax else { return nil }
            let numbers = parts.compactMap { Int($0) }
            return numbers.count == parts.count ? .list(numbers) : nil
        }
    }
}

extension HyperParameter.Kind {
    fileprivate var expectation: String {
        switch self {
        case .count(let range): "a whole number, \(range.lowerBound) to \(range.upperBound)"
        case .countPerBlock(let range):
            "a whole number, \(range.lowerBound) to \(range.upperBound), or a comma-separated list"
        case .real(let range): "a number, \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .word: "a word"
        }
    }
}
