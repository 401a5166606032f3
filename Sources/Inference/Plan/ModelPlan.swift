// The conditions between a file and this engine that must hold before any weight is touched.
//
// Guarantees: when a plan exists, everything that `WeightPlan` guarantees, and
// - vocabulary, keys and embedding agree about the number of tokens,
// - every chat template of the files can be run.
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

    /// Everything but the vocabulary.
    public let weights: WeightPlan
    /// The vocabulary, ready to use.
    public let tokenizer: any Tokenizer
    /// Chat templates of the files.
    public let chatTemplates: ChatTemplates
    /// Every token that ends an answer, ascending. Every place in the files that names one counts.
    public let endTokens: [Int32]

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
        try self.init(WeightPlan(model, overrides: overrides))
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
        try self.init(WeightPlan(source, overrides))
    }

    /// Makes the vocabulary and the chat templates of a plan, and compares them with it.
    package init(_ weights: WeightPlan) throws(InferenceError) {
        let (source, configuration) = (weights.source, weights.configuration)
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
        var lists = weights.tokenLists
        lists.addTurnEnds(of: chatTemplates, vocabulary)
        let tokenizer = EndingTokenizer.make(vocabulary, lists)
        self.tokenizer = tokenizer
        endTokens = (0..<Int32(tokenizer.vocabularySize)).filter(tokenizer.isEndOfGeneration)
        self.weights = weights
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
}

// The facts of `weights`, under the same names.
extension ModelPlan {
    /// Hyper-parameters with the overrides applied.
    public var configuration: ModelConfiguration { weights.configuration }
    /// Description of the family.
    public var architecture: ArchitectureDescription { weights.architecture }
    /// Keys of the files, by use.
    public var keys: ModelKeys { weights.keys }
    /// Reason for which the model makes embeddings and no text, or nil for a model of text.
    public var textRefusal: String? { weights.textRefusal }
    /// Number of values in all tensors.
    public var parameterCount: Int { weights.parameterCount }
    /// Bytes of all tensors as stored.
    public var weightBytes: Int { weights.weightBytes }
    /// Formats of the weight matrices with the number of tensors in each, by name.
    public var formatCounts: [String: Int] { weights.formatCounts }
    /// True when the token embedding serves as output matrix too.
    public var isOutputTied: Bool { weights.isOutputTied }
    /// Files of the model.
    package var source: any ModelSource { weights.source }

    /// See `WeightPlan.memory`.
    public func memory(contextTokens: Int) -> MemoryEstimate {
        weights.memory(contextTokens: contextTokens)
    }

    /// See `WeightPlan.tensor`.
    package func tensor(_ role: TensorRole, block: Int = 0) -> TensorInfo? {
        weights.tensor(role, block: block)
    }

    /// See `WeightPlan.readBytes`.
    package func readBytes(of tensor: TensorInfo) throws -> [UInt8] {
        try weights.readBytes(of: tensor)
    }
}
