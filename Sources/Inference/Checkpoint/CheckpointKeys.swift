// Reads config.json key by key, with errors that name the key.
//
// Guarantees: a key that is present has the requested type and lies in the requested range, or is
// refused. `null` counts as absent, because transformers writes `null` for values that are not set.
// Only where a class has a default, `isPresent` tells the two apart.
// Does not: know the set of keys.

import ModelFiles

/// Typed access to config.json. A dot in a key leads into an object.
struct CheckpointKeys: Sendable {
    let root: JSONValue

    func value(_ key: String) -> JSONValue? {
        stored(key).flatMap { $0.isNull ? nil : $0 }
    }

    /// Returns true for a key that is there, also with the value `null`.
    func isPresent(_ key: String) -> Bool { stored(key) != nil }

    private func stored(_ key: String) -> JSONValue? {
        var value: JSONValue? = root
        for part in key.split(separator: ".") { value = value?[String(part)] }
        return value
    }

    func word(_ key: String) throws(InferenceError) -> String? {
        try read(key, "a string") { $0.asString }
    }

    func bool(_ key: String) throws(InferenceError) -> Bool? {
        try read(key, "true or false") { $0.asBool }
    }

    func whole(_ key: String, in range: ClosedRange<Int>) throws(InferenceError) -> Int? {
        guard let number = try read(key, "a whole number", { $0.asInteger }) else { return nil }
        guard range.contains(number) else {
            throw outOfRange(key, "\(number)", "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func real(_ key: String, in range: ClosedRange<Double>) throws(InferenceError) -> Double? {
        guard let number = try read(key, "a number", { $0.asDouble }) else { return nil }
        guard range.contains(number) else {
            throw outOfRange(key, "\(number)", "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Returns a list of numbers, each in the range.
    func reals(
        _ key: String, in range: ClosedRange<Double>, countMax: Int
    ) throws(InferenceError) -> [Double]? {
        guard let list = try read(key, "an array of numbers", { $0.isArray ? $0 : nil }) else {
            return nil
        }
        guard list.count <= countMax else {
            throw outOfRange(key, "\(list.count) numbers", "at most \(countMax)")
        }
        var numbers: [Double] = []
        for element in list.elements {
            guard let number = element.asDouble else {
                throw wrongType(key, element, "an array of numbers")
            }
            guard range.contains(number) else {
                throw outOfRange(key, "\(number)", "\(range.lowerBound) to \(range.upperBound)")
            }
            numbers.append(number)
        }
        return numbers
    }

    func required<Value>(_ key: String, _ value: Value?) throws(InferenceError) -> Value {
        guard let value else {
            throw InferenceError(
                .missingKey, tried: "reading \"\(key)\"", found: "no such key",
                allowed: "\"\(key)\" in config.json", location: key)
        }
        return value
    }

    func wrongType(_ key: String, _ value: JSONValue, _ needed: String) -> InferenceError {
        InferenceError(
            .keyType, tried: "reading \"\(key)\"", found: value.typeName, allowed: needed,
            location: key)
    }

    func unsupported(_ key: String, _ found: String, _ allowed: String) -> InferenceError {
        InferenceError(
            .unsupportedFeature, tried: "reading \"\(key)\"", found: found, allowed: allowed,
            location: key)
    }

    private func outOfRange(_ key: String, _ found: String, _ allowed: String) -> InferenceError {
        InferenceError(
            .keyRange, tried: "reading \"\(key)\"", found: found, allowed: allowed, location: key)
    }

    private func read<Value>(
        _ key: String, _ needed: String, _ convert: (JSONValue) -> Value?
    ) throws(InferenceError) -> Value? {
        guard let stored = value(key) else { return nil }
        guard let value = convert(stored) else { throw wrongType(key, stored, needed) }
        return value
    }
}
