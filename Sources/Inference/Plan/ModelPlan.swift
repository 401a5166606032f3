// The conditions between a file and this engine that must hold before any weight is touched.
//
// Guarantees: when a plan exists,
// - the hyper-parameters are consistent,
// - every tensor of the architecture is present, with the right shape and a format with a kernel,
// - the file holds no tensor that would be silently ignored,
// - vocabulary, keys and embedding agree about the number of tokens.
//
// Placement and the forward pass rely on the plan and check none of these facts again.
// Does not: check the values of tensors. Validation finds NaN and garbage.

import Compute
import Conversations
import ModelFiles
import Tokenizers

/// A model file that is fit for this engine, with everything needed to run the model.
public struct ModelPlan: Sendable {
    /// Makes the tokenizer from a file's metadata.
    public typealias TokenizerMaker =
        @Sendable (Metadata) throws(TokenizerError) -> any Tokenizer

    /// Hyper-parameters with the overrides applied.
    public let configuration: ModelConfiguration
    /// Description of the family.
    public let architecture: ArchitectureDescription
    /// The vocabulary, ready to use.
    public let tokenizer: any Tokenizer
    /// Chat templates of the files.
    public let chatTemplates: ChatTemplates
    /// Every token that ends an answer, ascending. Every place in the files that names one counts.
    public let endTokens: [Int32]
    /// Keys of the files, by use.
    public let keys: ModelKeys
    /// Reason for which the model makes embeddings and no text, or nil for a model of text.
    public var textRefusal: String? {
        guard configuration.isCausal else {
            return "attention in both directions, which predicts no next token"
        }
        return source.hasOutput ? nil : "the model's files have no output matrix"
    }
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

    /// Checks a parsed model from end to end.
    ///
    /// Reads metadata and the tensor table. In a checkpoint, also compares the bytes of a tied
    /// embedding and of an output matrix beside it. Allocates in proportion to the vocabulary.
    ///
    /// - Parameter overrides: see `ModelConfiguration.extract`.
    /// - Throws: an error with the key or tensor, the value found and the value needed.
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

    /// Checks a single GGUF file from end to end.
    ///
    /// - Parameter makeTokenizer: the table of supported tokenizers unless a test brings its own.
    public init(
        file: GGUFFile, overrides: [String: String] = [:],
        makeTokenizer: @escaping TokenizerMaker = ModelPlan.standardTokenizer
    ) throws(InferenceError) {
        try self.init(GGUFModelSource(file, makeTokenizer: makeTokenizer), overrides)
    }

    /// Makes a tokenizer from the table of supported tokenizers.
    public static let standardTokenizer: TokenizerMaker = { metadata throws(TokenizerError) in
        try TokenizerFactory.make(from: metadata)
    }

    package init(
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
        var lists = try source.tokenLists()
        try lists.check(configuration)
        let vocabulary: any Tokenizer
        do throws(TokenizerError) {
            vocabulary = try source.makeTokenizer(configuration)
        } catch {
            throw InferenceError(
                .tokenizer, tried: error.tried, found: error.found, allowed: error.allowed,
                location: error.location ?? source.tokenListName, cause: error)
        }
        try VocabularyCheck.checkSize(vocabulary, configuration, list: source.tokenListName)
        chatTemplates = try Self.templates(source, vocabulary)
        lists.addTurnEnds(of: chatTemplates, vocabulary)
        let tokenizer = EndingTokenizer.make(vocabulary, lists)
        self.tokenizer = tokenizer
        endTokens = (0..<Int32(tokenizer.vocabularySize)).filter(tokenizer.isEndOfGeneration)

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

    private static func templates(
        _ source: any ModelSource, _ tokenizer: any Tokenizer
    ) throws(InferenceError) -> ChatTemplates {
        let sources: ChatTemplateSources
        do throws(TemplateSourceError) {
            sources = try source.chatTemplates()
        } catch {
            throw InferenceError(
                .keyType, tried: "reading the chat template", found: error.found,
                allowed: error.allowed, location: error.place)
        }
        do throws(ChatTemplateRefusal) {
            return try CheckedTemplates(sources, specialTokens: source.specialTokens(tokenizer))
                .probed()
        } catch {
            throw InferenceError(
                error.isUnsupported ? .templateUnsupported : .templateInvalid,
                tried: "reading line \(error.line) of the chat template", found: error.found,
                allowed: "the constructs in docs/templates.md", location: error.place)
        }
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

    /// Bytes for the duration of placement: the largest tensor, and its converted form.
    private var stagingBytes: Int { 2 * TensorReading.stagingSize(source.stored) }

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

    /// Sum of all parts. Saturates instead of overflowing.
    public var total: Int {
        [weights, cache, scratch, texts, staging].reduce(0) { sum, part in
            let (next, overflow) = sum.addingReportingOverflow(part)
            return overflow ? Int.max : next
        }
    }
}
