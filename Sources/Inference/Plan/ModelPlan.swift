// The compatibility layer: everything that must hold between a file and this engine before any
// weight is touched.
//
// Guarantees: when a plan exists, the hyper-parameters are consistent, every tensor of the
// architecture is there with the right shape in a format that has a kernel, the file holds no
// tensor that would be silently ignored, and vocabulary, keys and embedding agree about the number
// of tokens. Placement and the forward pass rely on it and check none of this again. It looks at
// no tensor's values: NaN and garbage are found by validation.

import Compute
import ModelFiles
import Tokenizers

/// A model file found fit for this engine, with what is needed to run it.
public struct ModelPlan: Sendable {
    /// Makes the tokenizer from a file's metadata.
    public typealias TokenizerMaker =
        @Sendable (Metadata) throws(TokenizerError) -> any Tokenizer

    /// The hyper-parameters, overrides applied.
    public let configuration: ModelConfiguration
    /// The family's description.
    public let architecture: ArchitectureDescription
    /// The vocabulary, ready to use.
    public let tokenizer: any Tokenizer
    /// What the files say about conversations.
    public let chatTemplate: ChatTemplateState
    /// Values in all tensors.
    public let parameterCount: Int
    /// Bytes of all tensors as stored.
    public let weightBytes: Int
    /// Formats of the weight matrices with the number of tensors in each, by name.
    public let formatCounts: [String: Int]
    /// True when the token embedding serves as output matrix too.
    public let isOutputTied: Bool
    /// The files.
    package let source: any ModelSource
    private let tensors: PlannedTensors

    /// Checks a parsed model from end to end.
    ///
    /// - Parameter overrides: see `ModelConfiguration.extract`.
    /// - Throws: an error that names the key or tensor, what was found and what is needed.
    ///   Reads metadata and the tensor table only; allocates in proportion to the vocabulary.
    public init(
        _ model: ParsedModel, overrides: [String: String] = [:]
    ) throws(InferenceError) {
        switch model {
        case .gguf(let file):
            try self.init(
                GGUFModelSource(file, makeTokenizer: Self.standardTokenizer), overrides)
        case .checkpoint(let files): try self.init(CheckpointSource(files), overrides)
        }
    }

    /// The same for one GGUF file.
    ///
    /// - Parameter makeTokenizer: the table of supported tokenizers unless a test brings its own.
    public init(
        file: GGUFFile, overrides: [String: String] = [:],
        makeTokenizer: @escaping TokenizerMaker = ModelPlan.standardTokenizer
    ) throws(InferenceError) {
        try self.init(GGUFModelSource(file, makeTokenizer: makeTokenizer), overrides)
    }

    /// Makes a tokenizer by the table of supported ones.
    public static let standardTokenizer: TokenizerMaker = { metadata throws(TokenizerError) in
        try TokenizerFactory.make(from: metadata)
    }

    package init(
        _ source: any ModelSource, _ overrides: [String: String]
    ) throws(InferenceError) {
        let configuration = try ModelConfiguration.extract(
            from: source.parameters, description: source.description, name: source.name,
            overrides: overrides)
        let tensors = try PlannedTensors(source, configuration)
        try source.checkSpecialIDs(configuration)
        do throws(TokenizerError) {
            tokenizer = try source.makeTokenizer(configuration)
        } catch {
            throw InferenceError(
                .tokenizer, tried: error.tried, found: error.found, allowed: error.allowed,
                location: error.location ?? source.tokenListName, cause: error)
        }
        try VocabularyCheck.checkSize(tokenizer, configuration, list: source.tokenListName)
        chatTemplate = source.chatTemplate

        self.source = source
        self.configuration = configuration
        self.architecture = source.description
        self.tensors = tensors
        // Sums cannot overflow: the tensors lie side by side in files, but for a few small ones.
        parameterCount = tensors.all.reduce(0) { $0 + $1.valueCount }
        weightBytes = tensors.all.reduce(0) { $0 + $1.byteSize }
        isOutputTied = tensors[.output] == nil
        formatCounts = tensors.all.filter { $0.dimensions.count > 1 }
            .reduce(into: [:]) { $0[$1.format.name, default: 0] += 1 }
    }

    /// The tensor that plays `role`, in `block` where every block has one; nil when it is optional
    /// and absent.
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

    /// Bytes of the weights in the kernels' layout, rows padded, and of the embedding's rows as
    /// they are stored; a tied output is packed beside them.
    private var packedWeightBytes: Int {
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

    /// Bytes of headers, metadata and texts: kept as read, copied into the tokenizer, and indexed
    /// there.
    private var textBytes: Int {
        let stored = source.stored
        // Of a part without tensors, which may hold the vocabulary, all that was read.
        var headers = Dictionary(
            uniqueKeysWithValues: stored.files.map { (ObjectIdentifier($0), $0.headSize) })
        for tensor in stored.tensors {
            let part = stored.part(of: tensor)
            headers[ObjectIdentifier(part.file)] = part.dataOffset
        }
        return 3 * (headers.values.reduce(0, +) + source.textSize)
    }

    /// Bytes that placing takes for a while: the largest tensor, and its converted form.
    private var stagingBytes: Int { 2 * TensorReading.stagingSize(source.stored) }

    /// Every tensor of the model.
    package var allTensors: [TensorInfo] { tensors.all }

    /// Bytes the model needs when its cache holds `contextTokens` positions over all sequences.
    ///
    /// Everything a step or a tokenizer reads is counted, and what placing takes for a while. Files
    /// are read, not mapped. Negative counts are taken as zero; the sum saturates.
    public func memory(contextTokens: Int) -> MemoryEstimate {
        let pageCount = max(0, contextTokens - 1) / CacheShape.pagePositions + 1
        let cache = configuration.cacheShape(pageCount: pageCount).size
        return MemoryEstimate(
            weights: packedWeightBytes, cache: contextTokens <= 0 ? 0 : cache ?? Int.max,
            scratch: StepShape(configuration).scratchBytes(configuration), texts: textBytes,
            staging: stagingBytes)
    }
}

/// Bytes a model needs, by what needs them.
public struct MemoryEstimate: Sendable, Equatable {
    /// Weights in the layout of the kernels, and the rows of the embedding.
    public let weights: Int
    /// Keys and values of the positions asked for.
    public let cache: Int
    /// Activations of one pass.
    public let scratch: Int
    /// Vocabulary, metadata and other texts.
    public let texts: Int
    /// Taken while the model is placed, and given back.
    public let staging: Int

    /// All of it; saturates instead of overflowing.
    public var total: Int {
        [weights, cache, scratch, texts, staging].reduce(0) { sum, part in
            let (next, overflow) = sum.addingReportingOverflow(part)
            return overflow ? Int.max : next
        }
    }
}
