// Reads `rope_scaling` (`rope_parameters` since transformers 5) in the terms of GGUF files.
//
// Facts, from transformers' rope utilities and llama.cpp's converter:
//   linear      factor
//   yarn        factor, original_max_position_embeddings. attention_factor replaces
//               1 + ln(factor) / 10. beta_fast 32 and beta_slow 1 are the engine's own.
//   llama3      becomes one divisor per pair: 1 for wavelengths below original / high_freq_factor,
//               `factor` above original / low_freq_factor, between them 1 / ((1 - s) / factor + s)
//               with s = (original / wavelength - low) / (high - low)
//   longrope    (once `su`) two lists of divisors. Cosines and sines are multiplied with
//               attention_factor, by default sqrt(1 + ln(max / original) / ln(original)) for
//               max > original
// Other types (dynamic, mrope, …) are refused by name, and so are fields that change angles and are
// not implemented.

import Glibc
import ModelFiles

/// Rotation as stated in config.json.
struct CheckpointRope: Sendable {
    /// Divisors of the frequencies.
    enum Divisors: Sendable {
        case none
        case byWavelength(factor: Double, low: Double, high: Double, original: Double)
        case byContext(short: [Double], long: [Double])
    }

    /// Hyper-parameters by name.
    private(set) var parameters: [String: (key: String, value: HyperParameterValue)] = [:]
    private(set) var divisors = Divisors.none
    /// Key of the object with the scaling.
    let place: String
    /// Type of scaling, in lower case.
    let type: String

    private let keys: CheckpointKeys
    /// Context length where config.json has none.
    private let context: Int
    private static let factors = 1e-6...1e6

    init(_ keys: CheckpointKeys, _ family: CheckpointFamily) throws(InferenceError) {
        self.keys = keys
        let hasParameters = keys.value("rope_parameters") != nil
        guard !hasParameters || keys.value("rope_scaling") == nil else {
            throw InferenceError(
                .keysInconsistent, tried: "reading \"rope_parameters\"",
                found: "rope_scaling beside it", allowed: "one of the two",
                location: "rope_parameters")
        }
        place = hasParameters ? "rope_parameters" : "rope_scaling"
        context = family.defaults.context
        let typeKey = keys.value(place + ".rope_type") != nil ? ".rope_type" : ".type"
        let stated = keys.value(place)?.isObject == true ? try keys.word(place + typeKey) : nil
        let type = stated ?? "default"
        self.type = type.lowercased()
        try readShare(family)
        guard let value = keys.value(place) else { return }
        guard value.isObject else { throw keys.wrongType(place, value, "an object") }
        let description = family.description
        let roles = description.tensors.map(\.role)
        switch type.lowercased() {
        case "default": return
        case "linear" where description.rope.scalings.contains(.linear):
            try readFactor("linear")
        case "yarn" where description.rope.scalings.contains(.yarn): try readYaRN()
        case "llama3" where roles.contains(.ropeFactors): try readWavelengths()
        case "longrope" where roles.contains(.ropeFactorsLong),
            "su" where roles.contains(.ropeFactorsLong):
            try readLists()
        default:
            throw keys.unsupported(
                place + typeKey, "\"\(type.clipped)\"",
                Self.supportedTypes(description, roles).joined(separator: ", "))
        }
    }

    private static func supportedTypes(
        _ description: ArchitectureDescription, _ roles: [TensorRole]
    ) -> [String] {
        ["default", "linear", "yarn"] + (roles.contains(.ropeFactors) ? ["llama3"] : [])
            + (roles.contains(.ropeFactorsLong) ? ["longrope"] : [])
    }

    // MARK: Types

    private mutating func set(_ parameter: HyperParameter, _ key: String, _ value: Double) {
        parameters[parameter.name] = (key, .real(value))
    }

    @discardableResult
    private mutating func readFactor(_ type: String) throws(InferenceError) -> Double {
        let key = place + ".factor"
        let factor = try keys.required(key, keys.real(key, in: Self.factors))
        parameters[HyperParameter.ropeScalingType.name] = (place + ".rope_type", .word(type))
        set(.ropeScalingFactor, key, factor)
        return factor
    }

    private var statedContext: Int {
        keys.value("max_position_embeddings")?.asInteger ?? context
    }

    private func original() throws(InferenceError) -> (key: String, length: Int)? {
        let name = "original_max_position_embeddings"
        for key in [place + "." + name, name] {
            if let length = try keys.whole(key, in: 1...HyperParameter.contextLengthMax) {
                return (key, length)
            }
        }
        return nil
    }

    private mutating func readYaRN() throws(InferenceError) {
        let factor = try readFactor("yarn")
        for (name, usual) in [("beta_fast", 32.0), ("beta_slow", 1.0)] {
            let key = place + "." + name
            if let number = try keys.real(key, in: 0...1e6), number != usual {
                throw keys.unsupported(key, "\(number)", "\(usual)")
            }
        }
        for name in ["mscale", "mscale_all_dim"] where keys.value(place + "." + name) != nil {
            throw keys.unsupported(place + "." + name, "a value", "none")
        }
        guard try keys.bool(place + ".truncate") != false else {
            throw keys.unsupported(place + ".truncate", "false", "true")
        }
        let contextKey = HyperParameter.originalContextLength.name
        if let original = try original() {
            parameters[contextKey] = (original.key, .whole(original.length))
        } else {
            parameters[contextKey] = ("max_position_embeddings", .whole(statedContext))
        }
        let key = place + ".attention_factor"
        if let attention = try keys.real(key, in: 1e-3...1e3) {
            // The engine multiplies the usual factor in by itself.
            set(.ropeAttentionFactor, key, attention / (1 + 0.1 * log(max(1, factor))))
        }
    }

    private mutating func readWavelengths() throws(InferenceError) {
        func number(_ name: String) throws(InferenceError) -> Double {
            let key = place + "." + name
            return try keys.required(key, keys.real(key, in: Self.factors))
        }
        let low = try number("low_freq_factor")
        let high = try number("high_freq_factor")
        guard low < high else {
            throw InferenceError(
                .keysInconsistent, tried: "reading \"\(place)\"",
                found: "low_freq_factor \(low) and high_freq_factor \(high)",
                allowed: "a low_freq_factor below high_freq_factor", location: place)
        }
        let original = try keys.required(
            place + ".original_max_position_embeddings", original()?.length)
        divisors = .byWavelength(
            factor: try number("factor"), low: low, high: high, original: Double(original))
    }

    private mutating func readLists() throws(InferenceError) {
        for name in ["short_mscale", "long_mscale"] where keys.value(place + "." + name) != nil {
            throw keys.unsupported(place + "." + name, "a value", "none")
        }
        func list(_ name: String) throws(InferenceError) -> [Double] {
            let key = place + "." + name
            return try keys.required(
                key, keys.reals(key, in: Self.factors, countMax: HyperParameter.headLengthMax))
        }
        divisors = .byContext(short: try list("short_factor"), long: try list("long_factor"))
        parameters[HyperParameter.ropeScalingType.name] = (place + ".rope_type", .word("longrope"))
        let original = try keys.required("original_max_position_embeddings", original())
        parameters[HyperParameter.originalContextLength.name] = (
            original.key, .whole(original.length)
        )
        // Newer files repeat the stretch of the context.
        let factorKey = place + ".factor"
        if let factor = try keys.real(factorKey, in: Self.factors),
            Float(factor) != Float(statedContext) / Float(original.length)
        {
            throw keys.unsupported(
                factorKey, "\(factor)", "none, or the context over its original length")
        }
        let key = place + ".attention_factor"
        if let attention = try keys.real(key, in: 1e-3...1e3) {
            set(.ropeAttentionFactor, key, attention)
        } else if statedContext > original.length, original.length > 1 {
            let stretch = log(Double(statedContext) / Double(original.length))
            let factor = (1 + stretch / log(Double(original.length))).squareRoot()
            set(.ropeAttentionFactor, key, factor)
        }
    }

    // MARK: The rotated part of a head

    /// Turns `partial_rotary_factor` into a count, in families that may rotate a part of a head.
    private mutating func readShare(_ family: CheckpointFamily) throws(InferenceError) {
        let name = "partial_rotary_factor"
        let inner = place + "." + name
        let key = keys.value(inner) != nil ? inner : name
        let share = try keys.real(key, in: 0...1)
        guard family.description.rope.mayBePartial else {
            if let share, share != 1 { throw keys.unsupported(key, "\(share)", "1") }
            return
        }
        let range = 1...HyperParameter.embeddingLengthMax
        var length = try keys.whole("head_dim", in: range)
        if length == nil, let width = try keys.whole("hidden_size", in: range),
            let heads = try keys.whole("num_attention_heads", in: range)
        {
            length = width / heads
        }
        guard let length else { return }
        let count = Int(Double(length) * (share ?? family.rotaryShare))
        parameters[HyperParameter.ropeDimensionCount.name] = (key, .whole(count))
    }

    // MARK: Divisors

    /// Returns the divisors under the name given by `divisors(_:_:)`.
    func divisors(named name: String, _ configuration: ModelConfiguration) -> [Float]? {
        guard name.hasPrefix(place) else { return nil }
        let roles: [TensorRole] = [.ropeFactors, .ropeFactorsShort, .ropeFactorsLong]
        let found = roles.compactMap { divisors($0, configuration) }
        return found.first { $0.name == name }?.values
    }

    /// Returns the divisors for `role` and their name in config.json, or nil when there are none.
    func divisors(
        _ role: TensorRole, _ configuration: ModelConfiguration
    ) -> (name: String, values: [Float])? {
        switch (divisors, role) {
        case (.byContext(_, let long), .ropeFactorsLong):
            return (place + ".long_factor", long.map { Float($0) })
        case (.byContext(let short, _), .ropeFactorsShort):
            return (place + ".short_factor", short.map { Float($0) })
        case (.byWavelength(let factor, let low, let high, let original), .ropeFactors):
            let length = configuration.ropeDimensionCount
            let values = (0..<length / 2).map { pair -> Float in
                let exponent = 2 * Double(pair) / Double(length)
                let wavelength = 2 * .pi * pow(configuration.ropeBase, exponent)
                if wavelength < original / high { return 1 }
                if wavelength > original / low { return Float(factor) }
                let smooth = (original / wavelength - low) / (high - low)
                return Float(1 / ((1 - smooth) / factor + smooth))
            }
            return (place, values)
        default: return nil
        }
    }
}
