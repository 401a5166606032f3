// The rule of a key: what the engine makes of the key, and which values it may have.
//
// Every key of the model's own namespace has a rule, or the model is refused. A rule says that the
// engine applies the key, that the key must have the only value that the engine implements, or that
// the key does not touch the numbers.
// Does not: list keys. The tables beside this file do.

/// What the engine makes of a key.
package enum KeyRule: Sendable {
    /// Read by the engine, which checks the value.
    case applied
    /// Refused unless the value changes nothing.
    case only(Neutral)
    /// Without effect on the numbers, whatever the value.
    case withoutEffect(KeyType)
    /// Advice about sampling, listed and never applied unasked.
    case suggestion(KeyType)

    /// The values of a key that change nothing.
    package enum Neutral: Sendable {
        /// null, false, zero, and empty arrays and objects.
        case off
        /// null and true.
        case on
        /// null and any of the numbers.
        case numbers([Double])
        /// null and any of the words.
        case words([String])
        /// null, one, and an array of ones.
        case one
        /// No value but null.
        case nothing
        /// null, zero, and lengths of at least the context where attention is causal.
        case windowOverContext
        /// null and 1 over the square root of the head length.
        case scoreScale
        /// null and the length of a head.
        case headLength
        /// null and the epsilon of the norms.
        case epsilon
        /// null and the base of the rotation.
        case ropeBase
        /// null, and an array of the one value.
        case all(KeyValue)
        /// null and the embedding length.
        case width
    }
}

extension KeyRule.Neutral {
    /// Returns true for a value that changes nothing in a model with `configuration`.
    func holds(_ value: KeyValue, _ configuration: ModelConfiguration) -> Bool {
        if value == .null { return true }
        switch self {
        case .off: return Self.isOff(value)
        case .on: return value == .flag(true)
        case .numbers(let allowed): return value.number.map(allowed.contains) ?? false
        case .words(let allowed):
            guard case .word(let text) = value else { return false }
            return allowed.contains(text)
        case .one:
            if case .list(let values) = value { return values.allSatisfy { $0.number == 1 } }
            return value.number == 1
        case .nothing: return false
        case .windowOverContext:
            guard case .whole(let window) = value else { return value == .flag(false) }
            // Windows of attention in both directions are not the same length everywhere.
            return window == 0
                || configuration.isCausal && window >= configuration.contextLength
        case .scoreScale:
            // Writers store float32 or float64, and round either the root or its inverse.
            guard let scale = value.number else { return false }
            let usual = 1 / Double(configuration.keyLength).squareRoot()
            return Float(scale) == Float(usual)
        case .headLength: return value.number == Double(configuration.keyLength)
        case .epsilon: return value.number.map { Float($0) } == Float(configuration.normEpsilon)
        case .ropeBase: return value.number.map { Float($0) } == Float(configuration.ropeBase)
        case .all(let wanted):
            guard case .list(let values) = value else { return false }
            return values.allSatisfy { $0 == wanted }
        case .width: return value.number == Double(configuration.embeddingLength)
        }
    }

    private static func isOff(_ value: KeyValue) -> Bool {
        switch value {
        case .null, .flag(false): true
        case .whole(let number): number == 0
        case .real(let number): number == 0
        case .list(let values): values.isEmpty
        case .object(let count): count == 0
        default: false
        }
    }

    /// The values in words, for error texts.
    func text(_ configuration: ModelConfiguration) -> String {
        switch self {
        case .off: "no such key, or a value that switches it off"
        case .on: "true"
        case .numbers(let allowed): allowed.map { "\($0)" }.joined(separator: ", ")
        case .words(let allowed): allowed.map { "\"\($0)\"" }.joined(separator: ", ")
        case .one: "1"
        case .nothing: "no such key"
        case .windowOverContext:
            configuration.isCausal
                ? "0, or at least the context length \(configuration.contextLength)"
                : "0 beside attention in both directions"
        case .scoreScale: "1 over the square root of the head length \(configuration.keyLength)"
        case .headLength: "the head length \(configuration.keyLength)"
        case .epsilon: "the norms' epsilon \(configuration.normEpsilon)"
        case .ropeBase: "the base of the rotation \(configuration.ropeBase)"
        case .all(let wanted): "\(wanted.text) throughout"
        case .width: "the embedding length \(configuration.embeddingLength)"
        }
    }
}
