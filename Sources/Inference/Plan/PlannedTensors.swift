// Matches an architecture's rules against a file's tensor table.
//
// Guarantees: every required tensor is present. Every present tensor has the rule's shape and a
// format with a kernel. Every tensor of the file has a rule, because a tensor that the forward pass
// ignores (a norm or an expert of another family) would make answers quietly wrong.

import Compute
import ModelFiles

/// The tensors of a model by role and block.
package struct PlannedTensors: Sendable {
    /// Each tensor once, in the order of the rules.
    package private(set) var all: [TensorInfo] = []
    /// Index into `all` by `block * roleCount + role`, or -1 where absent.
    private var indices: [Int]
    private static let roleCount = TensorRole.allCases.count

    package init(
        _ source: any ModelSource, _ configuration: ModelConfiguration
    ) throws(InferenceError) {
        let architecture = source.description
        indices = Array(repeating: -1, count: configuration.blockCount * Self.roleCount)
        for rule in architecture.tensors {
            for block in 0..<(rule.isPerBlock ? configuration.blockCount : 1) {
                guard let isRequired = isRequired(rule, block: block) else { continue }
                guard let tensor = source.tensor(rule, block: block, configuration) else {
                    if isRequired { throw Self.missing(rule, source, configuration, block) }
                    continue
                }
                try Self.checkShape(tensor, rule, configuration, block)
                try Self.checkFormat(tensor, rule)
                indices[block * Self.roleCount + rule.role.rawValue] = all.count
                all.append(tensor)
            }
        }
        try checkRopeFactors(source, configuration)
        try checkNothingIsIgnored(source, configuration)
    }

    package subscript(role: TensorRole, block block: Int = 0) -> TensorInfo? {
        let index = indices[block * Self.roleCount + role.rawValue]
        return index < 0 ? nil : all[index]
    }

    // MARK: Checks

    /// Returns true for a required tensor, false for an optional tensor, and nil for a tensor that
    /// the block must not have, because its values are elsewhere or belong to an absent part.
    /// `checkNothingIsIgnored` then refuses the tensor.
    private func isRequired(_ rule: TensorRule, block: Int) -> Bool? {
        switch rule.presence {
        case .required: true
        case .optional: false
        case .unless(let other): self[other, block: block] == nil ? true : nil
        case .with(let other): self[other, block: block] == nil ? nil : true
        case .allowedWith(let other): self[other, block: block] == nil ? nil : false
        }
    }

    private static func missing(
        _ rule: TensorRule, _ source: any ModelSource, _ configuration: ModelConfiguration,
        _ block: Int
    ) -> InferenceError {
        let name = source.name(rule, block: block)
        let dimensions = rule.dimensions(in: configuration, block: block)
        var allowed =
            "one of shape \(dimensions), which architecture \(configuration.architecture) needs"
        if case .unless(let other) = rule.presence,
            let instead = source.description.tensors.first(where: { $0.role == other })
        {
            allowed += ", or \"\(source.name(instead, block: block))\" in its place"
        }
        return InferenceError(
            .missingTensor, tried: "looking for tensor \"\(name)\"", found: "no such tensor",
            allowed: allowed, location: name)
    }

    /// Checks that a file with the scaling type longrope has the lists of divisors.
    private func checkRopeFactors(
        _ source: any ModelSource, _ configuration: ModelConfiguration
    ) throws(InferenceError) {
        guard configuration.ropeScaling == .longrope, self[.ropeFactorsLong] == nil,
            let rule = source.description.tensors.first(where: { $0.role == .ropeFactorsLong })
        else { return }
        throw Self.missing(rule, source, configuration, 0)
    }

    private static func checkShape(
        _ tensor: TensorInfo, _ rule: TensorRule, _ configuration: ModelConfiguration, _ block: Int
    ) throws(InferenceError) {
        let needed = rule.dimensions(in: configuration, block: block)
        // A trailing dimension of 1 changes nothing, and writers differ about it.
        guard tensor.dimensions.withoutTrailingOnes == needed.withoutTrailingOnes else {
            throw InferenceError(
                .tensorShape, tried: "checking the shape of tensor \"\(tensor.name)\"",
                found: "\(tensor.dimensions)", allowed: "\(needed)", location: tensor.name)
        }
    }

    private static func checkFormat(
        _ tensor: TensorInfo, _ rule: TensorRule
    ) throws(InferenceError) {
        let allowed: [WeightFormat] = rule.use == .vector ? [.f32] : WeightFormat.allCases
        guard let format = allowed.first(where: { $0.rawValue == tensor.format.id }) else {
            throw InferenceError(
                .tensorFormat, tried: "checking the format of tensor \"\(tensor.name)\"",
                found: tensor.format.name,
                allowed: allowed.map(\.name).joined(separator: ", "), location: tensor.name)
        }
        // The parser has checked for whole blocks. Where blocks run over row ends, a row can still
        // end at a place from which no kernel starts.
        guard tensor.columns % format.columnMultiple == 0 else {
            throw InferenceError(
                .tensorShape, tried: "checking the rows of tensor \"\(tensor.name)\"",
                found: "\(tensor.columns) columns",
                allowed: "a multiple of \(format.columnMultiple) in format \(format)",
                location: tensor.name)
        }
    }

    private func checkNothingIsIgnored(
        _ source: any ModelSource, _ configuration: ModelConfiguration
    ) throws(InferenceError) {
        let known = Set(all.map(\.name))
        guard let stranger = source.tensors.first(where: { !known.contains($0.name) }) else {
            return
        }
        throw InferenceError(
            .unexpectedTensor, tried: "placing tensor \"\(stranger.name.clipped)\"",
            found: "no use for it",
            allowed: "the tensors of architecture \(source.description.name) with "
                + "\(configuration.blockCount) blocks; ignoring one would change the answers",
            location: stranger.name.clipped)
    }
}

extension [Int] {
    fileprivate var withoutTrailingOnes: ArraySlice<Int> {
        var end = count
        while end > 1, self[end - 1] == 1 { end -= 1 }
        return self[..<end]
    }
}
