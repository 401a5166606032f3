// Compares a checkpoint's tensors with the statements of config.json about tensors.
//
// Guarantees: biases are present where their switch is on, and absent where the switch is off.
// Packed weights have a usable scale each. An output matrix beside a tied embedding equals the
// embedding. An embedding that is not tied comes with an output matrix.
// Does not: check shapes against hyper-parameters. The plan does.

import ModelFiles

struct CheckpointTensorCheck {
    let tensors: SafeTensorsModel
    let configuration: CheckpointConfiguration
    /// True for a model without an output matrix, which makes embeddings and no text.
    let isHeadless: Bool
    private let isTied: Bool

    init(
        tensors: SafeTensorsModel, configuration: CheckpointConfiguration, isBare: Bool
    ) throws(InferenceError) {
        self.tensors = tensors
        self.configuration = configuration
        let family = configuration.family
        let head = family.modules["output"].flatMap { tensors.tensor($0 + Self.weightSuffix) }
        isTied =
            try configuration.keys.bool(Self.tieKey) ?? family.defaults.tiesEmbeddings
        isHeadless = family.isBase || (isBare && head == nil && !isTied)
    }

    private var keys: CheckpointKeys { configuration.keys }
    private static let weightSuffix = ".weight"

    // MARK: Biases

    func checkBiases() throws(InferenceError) {
        for rule in configuration.family.biasSwitches {
            // Every class with a switch has it off by default.
            let isOn = try keys.bool(rule.key) ?? false
            let modules = rule.modules.compactMap { configuration.family.modules[$0] }
            let ends = modules.map { $0.split(separator: "#").last.map(String.init) ?? $0 }
            for tensor in tensors.tensors {
                for end in ends where isOn && tensor.name.hasSuffix(end + Self.weightSuffix) {
                    let module = String(tensor.name.dropLast(Self.weightSuffix.count))
                    let bias = module + ".bias"
                    guard tensors.tensor(bias) == nil else { continue }
                    throw missing(bias, "one, for \"\(rule.key)\" is true")
                }
                for end in ends where !isOn && tensor.name.hasSuffix(end + ".bias") {
                    throw unexpected(
                        tensor.name, "no use for it", "none, for \"\(rule.key)\" is false")
                }
            }
        }
    }

    // MARK: The output matrix

    private static let tieKey = "tie_word_embeddings"

    /// Returns the name of an output matrix that repeats the embedding, or nil.
    func duplicateHead() throws(InferenceError) -> String? {
        let family = configuration.family
        guard let headName = family.modules["output"].map({ $0 + Self.weightSuffix }),
            let tableName = family.modules["token_embd"].map({ $0 + Self.weightSuffix })
        else { return nil }
        let key = Self.tieKey
        let head = tensors.tensor(headName)
        guard !isHeadless else {
            guard head == nil else {
                throw unexpected(
                    headName, "an output matrix", "none in class \(family.baseName)")
            }
            return nil
        }
        switch (isTied, head) {
        case (false, nil): throw missing(headName, "one, for \"\(key)\" is false")
        case (true, let head?):
            let table = tensors.tensor(tableName)
            guard let table, table.dimensions == head.dimensions, table.format == head.format,
                try isSame(table, head)
            else {
                throw unexpected(
                    headName, "other values than those of \"\(tableName)\"",
                    "the same, or no such tensor, for \"\(key)\" is true")
            }
            return headName
        default: return nil
        }
    }

    /// Returns true when two stored tensors have the same bytes. Reads both, a piece at a time.
    private func isSame(_ first: TensorInfo, _ second: TensorInfo) throws(InferenceError) -> Bool {
        do throws(ModelFileError) {
            return try tensors.part(of: first).hasSameBytes(as: tensors.part(of: second))
        } catch {
            throw InferenceError(reading: second.name, error)
        }
    }

    // MARK: Packed weights

    static func scaleName(of weight: String) -> String { weight + "_scale" }

    /// Returns true for a tensor that must be unpacked. The embedding is read where it lies.
    static func isPacked(
        _ tensor: TensorInfo, _ configuration: CheckpointConfiguration
    ) -> Bool {
        configuration.packing != nil && tensor.format.name == "U8"
            && tensor.name.hasSuffix("_proj" + weightSuffix)
    }

    /// Returns the names of the scales of packed weights. Every packed weight must have a scale.
    func packedScales() throws(InferenceError) -> [String] {
        var names: [String] = []
        guard configuration.packing != nil else { return names }
        for tensor in tensors.tensors where tensor.name.hasSuffix("_proj" + Self.weightSuffix) {
            guard Self.isPacked(tensor, configuration) else {
                throw InferenceError(
                    .tensorFormat,
                    tried: "checking the format of tensor \"\(tensor.name.clipped)\"",
                    found: tensor.format.name,
                    allowed: "U8, for \"\(TernaryPacking.place)\" says that weights are packed",
                    location: tensor.name.clipped)
            }
            let name = Self.scaleName(of: tensor.name)
            guard let scale = tensors.tensor(name) else {
                throw missing(name, "one, for \"\(tensor.name.clipped)\" is packed")
            }
            guard StoredFloats.holds(scale.format) else {
                throw InferenceError(
                    .tensorFormat, tried: "checking the format of tensor \"\(name.clipped)\"",
                    found: scale.format.name, allowed: "F32, F16, BF16", location: name.clipped)
            }
            guard scale.valueCount == 1 else {
                throw shape(name, "\(scale.dimensions)", "[1]")
            }
            // Whole blocks of 128 values, with four values per byte.
            guard tensor.dimensions.count == 2, tensor.valueCount % 32 == 0 else {
                throw shape(
                    tensor.name, "\(tensor.dimensions)", "two dimensions, a multiple of 32 bytes")
            }
            names.append(name)
        }
        return names
    }

    // MARK: Errors

    private func missing(_ name: String, _ allowed: String) -> InferenceError {
        InferenceError(
            .missingTensor, tried: "looking for tensor \"\(name.clipped)\"",
            found: "no such tensor", allowed: allowed, location: name.clipped)
    }

    private func unexpected(
        _ name: String, _ found: String, _ allowed: String
    ) -> InferenceError {
        InferenceError(
            .unexpectedTensor, tried: "placing tensor \"\(name.clipped)\"", found: found,
            allowed: allowed, location: name.clipped)
    }

    private func shape(_ name: String, _ found: String, _ allowed: String) -> InferenceError {
        InferenceError(
            .tensorShape, tried: "checking the shape of tensor \"\(name.clipped)\"", found: found,
            allowed: allowed, location: name.clipped)
    }
}
