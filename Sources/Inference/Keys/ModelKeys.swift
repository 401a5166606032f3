// The keys of a model's files, sorted by what the engine makes of each, and the check that sorts
// them.
//
// Guarantees: every key is in one of the lists, or the model is refused with the key and its value.
// A value of the wrong type is refused for every key that has a rule.
// Does not: read values. The configuration does, before the check.

/// The keys of a model's files by use. Names are spelled as in the files.
public struct ModelKeys: Sendable, Equatable {
    /// Keys that decide something: shapes, arithmetic, vocabulary, end of an answer.
    public internal(set) var applied: [String] = []
    /// Keys without effect on the numbers: names, licences, the training, switches that are off.
    public internal(set) var withoutEffect: [String] = []
    /// Keys that this engine does not know.
    public internal(set) var notUnderstood: [String] = []
    /// Advice about sampling, by key with the value as text. Nothing is applied unasked.
    public internal(set) var suggestions: [String: String] = [:]

    /// Creates empty lists.
    public init() {}
}

/// Sorts keys and refuses those that change the numbers.
package struct KeyCheck {
    /// The word of an override by which the caller vouches that a key changes nothing.
    static let vouching = "ignore"

    let configuration: ModelConfiguration
    /// Keys that the caller vouches for.
    let vouched: Set<String>
    private(set) var keys = ModelKeys()
    private(set) var overrides: [AppliedOverride] = []
    private var used: Set<String> = []

    init(_ configuration: ModelConfiguration, vouched: Set<String>) {
        self.configuration = configuration
        self.vouched = vouched
    }

    /// Sorts a key with a rule.
    ///
    /// - Parameter shown: the key as the report and an override spell it.
    mutating func sort(
        _ shown: String, _ value: KeyValue, _ rule: KeyRule
    ) throws(InferenceError) {
        switch rule {
        case .applied: keys.applied.append(shown)
        case .only(let neutral):
            guard neutral.holds(value, configuration) else {
                try vouchOrRefuse(
                    shown, value,
                    InferenceError(
                        .unsupportedFeature, tried: "reading \"\(shown.clipped)\"",
                        found: value.text, allowed: neutral.text(configuration),
                        location: shown.clipped))
                return
            }
            keys.withoutEffect.append(shown.clipped)
        case .withoutEffect(let type):
            try check(shown, value, type)
            keys.withoutEffect.append(shown.clipped)
        case .suggestion(let type):
            try check(shown, value, type)
            guard value != .null else { return keys.withoutEffect.append(shown.clipped) }
            keys.suggestions[shown.clipped] = value.text
        }
    }

    /// Sorts a key of the model's own namespace, or of another that carries meaning, without a
    /// rule.
    mutating func refuseUnknown(_ shown: String, _ value: KeyValue) throws(InferenceError) {
        try vouchOrRefuse(
            shown, value,
            InferenceError(
                .unknownKey, tried: "reading \"\(shown.clipped)\"", found: value.text,
                allowed: "keys that this engine knows; the override "
                    + "\"\(shown.clipped)=\(Self.vouching)\" vouches that the key changes nothing",
                location: shown.clipped))
    }

    /// Sorts a key that nothing is known about.
    mutating func listUnknown(_ shown: String) { keys.notUnderstood.append(shown.clipped) }

    /// Refuses a key that the caller vouches for and no file has.
    func checkVouched() throws(InferenceError) {
        guard let key = vouched.subtracting(used).min() else { return }
        throw InferenceError(
            .unknownOverride, tried: "overriding \"\(key.clipped)\"",
            found: "no such key that would be refused",
            allowed: "\"\(Self.vouching)\" for a key of the files that is refused",
            location: key.clipped)
    }

    private mutating func vouchOrRefuse(
        _ shown: String, _ value: KeyValue, _ error: InferenceError
    ) throws(InferenceError) {
        // As for hyper-parameters, the name of the architecture may be left out.
        let namespace = configuration.architecture + "."
        let short = shown.hasPrefix(namespace) ? String(shown.dropFirst(namespace.count)) : shown
        guard let name = [shown, short].first(where: vouched.contains) else { throw error }
        used.insert(name)
        keys.withoutEffect.append(shown.clipped)
        overrides.append(
            AppliedOverride(key: shown, original: value.text, replacement: Self.vouching))
    }

    private func check(
        _ shown: String, _ value: KeyValue, _ type: KeyType
    ) throws(InferenceError) {
        guard value != .null, !type.holds(value) else { return }
        throw InferenceError(
            .keyType, tried: "reading \"\(shown.clipped)\"", found: value.text,
            allowed: type.text, location: shown.clipped)
    }
}
