// The plan of a model's weights: everything that must hold before a weight is touched, apart from
// the vocabulary.
//
// Guarantees: when a plan exists,
// - the hyper-parameters are consistent,
// - every tensor of the architecture is present, with the right shape and a format with a kernel,
// - the file holds no tensor that would be silently ignored,
// - keys, special ids and token lists agree with the number of tokens.
//
// Weights can be placed from here on, while `ModelPlan` makes the vocabulary on another thread.
// Does not: check the values of tensors. Validation finds NaN and garbage.

import Compute
import ModelFiles

/// Everything of a model that placement and a runner need.
public struct WeightPlan: Sendable {
    /// Hyper-parameters with the overrides applied.
    public let configuration: ModelConfiguration
    /// Description of the family.
    public let architecture: ArchitectureDescription
    /// Keys of the files, by use.
    public let keys: ModelKeys
    /// Number of values in all tensors.
    public let parameterCount: Int
    /// Bytes of all tensors as stored.
    public let weightBytes: Int
    /// Formats of the weight matrices with the number of tensors in each, by name.
    public let formatCounts: [String: Int]
    /// True when the token embedding serves as output matrix too.
    public let isOutputTied: Bool
    /// Files of the model.
    package let source: any ModelSource
    private let tensors: PlannedTensors
    /// Tokens that the files name, for the vocabulary.
    let tokenLists: TokenLists

    /// Checks everything but the vocabulary and the chat templates. See `ModelPlan`.
    package init(
        _ model: ParsedModel, overrides: [String: String] = [:]
    ) throws(InferenceError) {
        switch model {
        case .gguf(let file):
            try self.init(
                GGUFModelSource(file, makeTokenizer: ModelPlan.standardTokenizer), overrides)
        case .checkpoint(let files): try self.init(CheckpointSource(files), overrides)
        }
    }

    init(
        _ source: any ModelSource, _ overrides: [String: String]
    ) throws(InferenceError) {
        let vouched = Self.vouched(overrides, source.description)
        var configuration = try ModelConfiguration.extract(
            from: source.parameters, description: source.description, name: source.name,
            overrides: overrides.filter { !vouched.contains($0.key) })
        var check = KeyCheck(configuration, vouched: vouched)
        try source.sortKeys(&check)
        try check.checkVouched()
        keys = check.keys
        configuration.overrides += check.overrides
        let tensors = try PlannedTensors(source, configuration)
        try source.checkSpecialIDs(configuration)
        let lists = try source.tokenLists()
        try lists.check(configuration)

        tokenLists = lists
        self.source = source
        self.configuration = configuration
        self.architecture = source.description
        self.tensors = tensors
        // Sums cannot overflow: apart from a few small tensors, all lie side by side in files.
        parameterCount = tensors.all.reduce(0) { $0 + $1.valueCount }
        weightBytes = tensors.all.reduce(0) { $0 + $1.byteSize }
        isOutputTied = tensors[.output] == nil
        formatCounts = tensors.all.filter { $0.dimensions.count > 1 }
            .reduce(into: [:]) { $0[$1.format.name, default: 0] += 1 }
    }

    /// Reason for which the model makes embeddings and no text, or nil for a model of text.
    public var textRefusal: String? {
        guard configuration.isCausal else {
            return "attention in both directions, which predicts no next token"
        }
        return source.hasOutput ? nil : "the model's files have no output matrix"
    }

    /// Returns the keys that the caller vouches for: overrides with the word `ignore` of keys that
    /// are no hyper-parameters.
    private static func vouched(
        _ overrides: [String: String], _ description: ArchitectureDescription
    ) -> Set<String> {
        let names = Set(
            description.parameters.flatMap {
                $0.keys(architecture: description.name) + [$0.name] + $0.aliases
            })
        return Set(
            overrides.filter { $0.value == KeyCheck.vouching && !names.contains($0.key) }.keys)
    }

    /// Returns the tensor that plays `role`, in `block` where every block has one, or nil for an
    /// absent optional tensor.
    package func tensor(_ role: TensorRole, block: Int = 0) -> TensorInfo? {
        tensors[role, block: block]
    }

    /// Every planned tensor with its role, block after block.
    package var placedTensors: [(role: TensorRole, tensor: TensorInfo)] {
        (0..<configuration.blockCount).flatMap { block in
            TensorRole.allCases.compactMap { role in
                tensor(role, block: block).map { (role, $0) }
            }
        }
    }

    /// Bytes of the weights in the kernels' layout with padded rows, and of the embedding's rows as
    /// stored. A tied output matrix is packed in addition to the rows.
    package var packedWeightBytes: Int {
        let embedding = tensor(.tokenEmbedding)
        let matrices =
            isOutputTied ? tensors.all : tensors.all.filter { $0.name != embedding?.name }
        return matrices.reduce(embedding?.byteSize ?? 0) { sum, tensor in
            let format = WeightFormat(rawValue: tensor.format.id)
            let size = format?.packedSize(rows: tensor.rows, columns: tensor.columns)
            let vectorSize = tensor.valueCount * MemoryLayout<Float>.size
            return sum + (tensor.dimensions.count > 1 ? size ?? tensor.byteSize : vectorSize)
        }
    }

    /// Bytes of headers, metadata and texts, three times: as read, as copied into the tokenizer,
    /// and as indexed by the tokenizer.
    private var textBytes: Int {
        let stored = source.stored
        // For a part without tensors, which may hold the vocabulary, every byte read counts.
        var headers = Dictionary(
            uniqueKeysWithValues: stored.files.map { (ObjectIdentifier($0), $0.headSize) })
        for tensor in stored.tensors {
            let part = stored.part(of: tensor)
            headers[ObjectIdentifier(part.file)] = part.dataOffset
        }
        return 3 * (headers.values.reduce(0, +) + source.textSize)
    }

    /// Bytes for the duration of placement: pieces on their way, the largest tensor that is taken
    /// whole, and its converted form.
    private var stagingBytes: Int {
        2 * TensorReading.stagingSize(source.stored, step: pieceStep)
    }

    /// Returns the bytes of which a piece of the stored tensor must be a multiple: 16 rows, which a
    /// matrix takes at a time. Nil for a tensor that has to be converted or placed as a whole.
    package func pieceStep(_ stored: TensorInfo) -> Int? {
        guard source.isStoredAsPlanned(stored), !source.sideNames.contains(stored.name),
            stored.dimensions.count > 1, let format = WeightFormat(rawValue: stored.format.id),
            format.trailerSize == 0
        else { return nil }
        return format.fileSize(rows: 16, columns: stored.columns)
    }

    /// Every tensor of the model.
    package var allTensors: [TensorInfo] { tensors.all }

    /// Returns the bytes that the model needs when its cache holds `contextTokens` positions over
    /// all sequences.
    ///
    /// The sum covers everything that a step or a tokenizer reads, and the memory for the duration
    /// of placement. Files are read, not mapped. Negative counts are taken as zero, and the sum
    /// saturates.
    public func memory(contextTokens: Int) -> MemoryEstimate {
        let pageCount = max(0, contextTokens - 1) / CacheShape.pagePositions + 1
        let cache = configuration.cacheShape(pageCount: pageCount).size
        return MemoryEstimate(
            weights: packedWeightBytes, cache: contextTokens <= 0 ? 0 : cache ?? Int.max,
            scratch: StepShape(configuration, pageCount: pageCount).scratchBytes(configuration),
            texts: textBytes, staging: stagingBytes)
    }
}

/// Memory of a model in bytes, by use.
public struct MemoryEstimate: Sendable, Equatable {
    /// Weights in the layout of the kernels, and the rows of the embedding.
    public let weights: Int
    /// Keys and values of the requested positions.
    public let cache: Int
    /// Activations of one pass.
    public let scratch: Int
    /// Vocabulary, metadata and other texts.
    public let texts: Int
    /// Memory for the duration of placement, given back afterwards.
    public let staging: Int

    /// The parts that one more runner of a packed model takes.
    public var ofRunner: MemoryEstimate {
        MemoryEstimate(weights: 0, cache: cache, scratch: scratch, texts: 0, staging: 0)
    }

    /// Sum of all parts. Saturates instead of overflowing.
    public var total: Int {
        [weights, cache, scratch, texts, staging].reduce(0) { sum, part in
            let (next, overflow) = sum.addingReportingOverflow(part)
            return overflow ? Int.max : next
        }
    }
}
