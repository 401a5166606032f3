// Makes a `ModelConfiguration` from a file's hyper-parameters.
//
// The architecture decides which keys exist. Each key is read with its fallbacks, and the caller's
// overrides replace the file's values. Then the values are checked against each other. The defaults
// (a missing head_count_kv means head_count, a missing key_length means embedding_length /
// head_count, rope base 10000, ...) are llama.cpp's, so files that rely on the defaults mean the
// same here.

import ModelFiles

extension ModelConfiguration {
    /// Extracts and checks the hyper-parameters of `file`.
    ///
    /// - Parameter overrides: text values by key, with or without the architecture prefix.
    ///   Overrides are merged last and listed in `overrides` of the result. An override is checked
    ///   like a file's value.
    /// - Throws: an error with the key, the value found and the values allowed.
    public static func extract(
        from file: GGUFFile, overrides: [String: String] = [:]
    ) throws(InferenceError) -> ModelConfiguration {
        let description = try ArchitectureDescription.named(in: file.metadata)
        return try extract(
            from: MetadataParameters(file.metadata), description: description,
            name: file.metadata["general.name"]?.asString.map(\.clipped), overrides: overrides)
    }

    package static func extract(
        from source: any HyperParameterSource, description: ArchitectureDescription,
        name: String?, overrides: [String: String]
    ) throws(InferenceError) -> ModelConfiguration {
        let reader = try HyperParameterReader(
            source: source, architecture: description.name,
            parameters: description.parameters, overrides: overrides)
        for refusal in description.refusals { try refusal.check(reader) }

        let blocks = try reader.requiredCount(.blockCount)
        let heads = try reader.counts(.headCount, blocks: blocks)
        let feedForward = try reader.counts(.feedForwardLength, blocks: blocks)
        guard let heads else { throw reader.missing(.headCount) }
        guard let feedForward else { throw reader.missing(.feedForwardLength) }
        let headsKV = try reader.counts(.headCountKV, blocks: blocks) ?? heads
        let embedding = try reader.requiredCount(.embeddingLength)
        let head = try headLengths(reader, embedding: embedding, heads: heads)
        let normEpsilon = try reader.real(description.norm.epsilon)
        guard let normEpsilon else { throw reader.missing(description.norm.epsilon) }
        let originalContext = try reader.count(.originalContextLength)
        let fullContext = try reader.requiredCount(.contextLength)
        let isCausal = try isCausal(reader)
        let context =
            isCausal
            ? try contextLength(reader, description) : min(fullContext, wholeLengthMax)

        let configuration = ModelConfiguration(
            architecture: description.name,
            name: name, vocabularySize: try vocabularySize(reader, source.tokenList),
            embeddingLength: embedding, blockCount: blocks, feedForwardLength: feedForward,
            headCount: heads, headCountKV: headsKV, keyLength: head.key, valueLength: head.value,
            ropeDimensionCount: try reader.count(.ropeDimensionCount) ?? head.key,
            ropeBase: try reader.real(.ropeBase) ?? 10_000,
            ropeScaling: try ropeScaling(reader, description.rope),
            ropeAttentionFactor: try reader.real(.ropeAttentionFactor) ?? 1,
            contextLength: context,
            originalContextLength: originalContext ?? fullContext,
            activationRounding: try activationRounding(reader, description),
            normEpsilon: normEpsilon, pooling: try pooling(reader), isCausal: isCausal,
            overrides: reader.applied)
        try configuration.checkHeads(reader)
        try configuration.checkRope(reader, description)
        return configuration
    }

    // MARK: Values with rules of their own

    /// `<arch>.vocab_size`, else `tokenizer.ggml.vocab_size`, else the length of the token list.
    private static func vocabularySize(
        _ reader: HyperParameterReader, _ tokenList: (key: String, count: Int)?
    ) throws(InferenceError) -> Int {
        if let size = try reader.count(.vocabularySize) { return size }
        guard let list = tokenList else { throw reader.missing(.vocabularySize) }
        guard list.count >= 2, list.count <= HyperParameter.vocabularySizeMax else {
            throw InferenceError(
                .keyRange, tried: "counting \"\(list.key)\"", found: "\(list.count) tokens",
                allowed: "2 to \(HyperParameter.vocabularySizeMax)", location: list.key)
        }
        return list.count
    }

    private static func headLengths(
        _ reader: HyperParameterReader, embedding: Int, heads: [Int]
    ) throws(InferenceError) -> (key: Int, value: Int) {
        let key = try reader.count(.keyLength)
        let value = try reader.count(.valueLength)
        if let key, let value { return (key, value) }
        // The default needs the heads to divide the embedding evenly.
        guard embedding % heads[0] == 0, heads.allSatisfy({ $0 == heads[0] }) else {
            throw InferenceError(
                .keysInconsistent,
                tried: "dividing \"\(reader.key(of: .embeddingLength))\" among the heads",
                found: "\(embedding) over \(heads[0]) heads",
                allowed: "a multiple of \"\(reader.key(of: .headCount))\", the same in every "
                    + "block, or \"\(reader.key(of: .keyLength))\" and "
                    + "\"\(reader.key(of: .valueLength))\" given",
                location: reader.key(of: .headCount))
        }
        return (key ?? embedding / heads[0], value ?? embedding / heads[0])
    }

    private static func ropeScaling(
        _ reader: HyperParameterReader, _ rule: RopeRule
    ) throws(InferenceError) -> RopeScaling {
        let factor = try reader.real(.ropeScalingFactor) ?? 0
        let isStretched = factor != 0 && factor != 1
        let scaling = try choice(
            .ropeScalingType, reader, among: rule.scalings, otherwise: .linear, name: \.rawValue)
        switch scaling {
        case .none: return .none
        case .linear: return isStretched ? .linear(factor: factor) : .none
        case .yarn: return isStretched ? .yarn(factor: factor) : .none
        case .longrope:
            // The lists alone define the scaling. A factor beside the lists is defined nowhere.
            guard !isStretched else {
                let key = reader.key(of: .ropeScalingFactor)
                throw InferenceError(
                    .unsupportedFeature, tried: "reading \"\(key)\"", found: String(factor),
                    allowed: "none, or 1, with scaling type longrope", location: key)
            }
            return .longrope
        }
    }

    /// The context length, or the attention window where that is shorter.
    private static func contextLength(
        _ reader: HyperParameterReader, _ description: ArchitectureDescription
    ) throws(InferenceError) -> Int {
        let context = try reader.requiredCount(.contextLength)
        guard description.statesWindow, let window = try reader.count(.slidingWindow), window > 0
        else { return context }
        return min(context, window)
    }

    /// Refuses a window beside attention in both directions. Some runtimes hide what is further
    /// away than the window, and others what is further away than half of it.
    private static func isCausal(_ reader: HyperParameterReader) throws(InferenceError) -> Bool {
        guard try reader.flag(.causal) == false else { return true }
        guard let window = try reader.count(.slidingWindow), window > 0 else { return false }
        let key = reader.key(of: .slidingWindow)
        throw InferenceError(
            .unsupportedFeature, tried: "reading \"\(key)\"",
            found: "a window of \(window) beside attention in both directions "
                + "(\"\(reader.key(of: .causal))\" is false)",
            allowed: "no window, or causal attention", location: key)
    }

    /// The numbers are llama.cpp's: 0 none, 1 mean, 2 the first position, 3 the last, 4 a rank.
    private static func pooling(
        _ reader: HyperParameterReader
    ) throws(InferenceError) -> Pooling {
        switch try reader.count(.poolingType) {
        case nil, 0, 1: return .mean
        case 2: return .cls
        case 3: return .last
        case let other?:
            let key = reader.key(of: .poolingType)
            throw InferenceError(
                .unsupportedFeature, tried: "reading \"\(key)\"",
                found: "\(other): a rank of pairs of texts, which is not supported",
                allowed: "0 none, 1 mean, 2 first, 3 last", location: key)
        }
    }

    private static func activationRounding(
        _ reader: HyperParameterReader, _ description: ArchitectureDescription
    ) throws(InferenceError) -> ActivationRounding {
        try choice(
            .activationRounding, reader, among: description.activationRoundings,
            otherwise: description.activationRoundings[0], name: \.rawValue)
    }

    /// Returns the option named under `parameter`'s key, or `otherwise` when the key is absent.
    private static func choice<Option>(
        _ parameter: HyperParameter, _ reader: HyperParameterReader, among options: [Option],
        otherwise: Option, name: (Option) -> String
    ) throws(InferenceError) -> Option {
        guard let word = try reader.word(parameter) else { return otherwise }
        guard let option = options.first(where: { name($0) == word }) else {
            let key = reader.key(of: parameter)
            throw InferenceError(
                .unsupportedFeature, tried: "reading \"\(key)\"", found: "\"\(word.clipped)\"",
                allowed: options.map(name).joined(separator: ", "), location: key)
        }
        return option
    }

    // MARK: Values against each other

    private func checkHeads(_ reader: HyperParameterReader) throws(InferenceError) {
        for block in 0..<blockCount where headCount[block] % headCountKV[block] != 0 {
            throw InferenceError(
                .keysInconsistent, tried: "sharing key-value heads in block \(block)",
                found: "\"\(reader.key(of: .headCount))\" \(headCount[block]) and "
                    + "\"\(reader.key(of: .headCountKV))\" \(headCountKV[block])",
                allowed: "a multiple of the key-value heads",
                location: reader.key(of: .headCountKV))
        }
    }

    private func checkRope(
        _ reader: HyperParameterReader, _ description: ArchitectureDescription
    ) throws(InferenceError) {
        let key = reader.key(of: .ropeDimensionCount)
        guard ropeDimensionCount % 2 == 0, ropeDimensionCount <= keyLength else {
            throw InferenceError(
                .keysInconsistent, tried: "reading \"\(key)\"", found: String(ropeDimensionCount),
                allowed: "an even number, at most the \(keyLength) of "
                    + "\"\(reader.key(of: .keyLength))\"",
                location: key)
        }
        guard ropeDimensionCount == keyLength || description.rope.mayBePartial else {
            throw InferenceError(
                .keysInconsistent, tried: "reading \"\(key)\"", found: String(ropeDimensionCount),
                allowed: "the head length \(keyLength): architecture \(architecture) rotates "
                    + "whole heads",
                location: key)
        }
    }
}
