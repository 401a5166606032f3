// What a plan reads of a model, whatever form its files have.
//
// A family's description speaks of GGUF's keys and tensor names. A source answers in these terms
// and says how its own files spell them, so that one set of checks serves every form and errors
// name what stands in the file.
//
// Guarantees: a tensor is described as it will be handed over, and `withBytes` hands over exactly
// that; the same weights give the same bytes whatever file they come in.
// Does not: check. `ModelConfiguration`, `PlannedTensors` and `VocabularyCheck` do.

import ModelFiles
import Tokenizers

/// A parsed model in the terms of `ArchitectureDescription`. A value; any thread.
package protocol ModelSource: Sendable {
    /// The family.
    var description: ArchitectureDescription { get }
    /// What the model calls itself, clipped for printing.
    var name: String? { get }
    /// The hyper-parameters.
    var parameters: any HyperParameterSource { get }

    /// Every tensor that must have a use.
    var tensors: [TensorInfo] { get }
    /// The tensor of a rule, under the file's own name and as it will be handed over.
    func tensor(
        _ rule: TensorRule, block: Int, _ configuration: ModelConfiguration
    ) -> TensorInfo?
    /// What the files call the tensor of a rule.
    func name(_ rule: TensorRule, block: Int) -> String
    /// The bytes of a tensor as they lie in the file, for those that are handed over so.
    func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer
    /// Hands the bytes of a tensor over, converted where its description differs from the file.
    /// The pointer is valid during the call.
    func withBytes<Result, Failure: Error>(
        of tensor: TensorInfo, _ configuration: ModelConfiguration,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result

    /// What the files call the token list.
    var tokenListName: String { get }
    /// Compares the ids of special tokens with the vocabulary.
    func checkSpecialIDs(_ configuration: ModelConfiguration) throws(InferenceError)
    /// Makes the tokenizer.
    func makeTokenizer(_ configuration: ModelConfiguration) throws(TokenizerError) -> any Tokenizer
    /// How the model takes conversations.
    var chatTemplate: ChatTemplateState { get }
}

/// A GGUF model, whole or split: everything is as the descriptions say.
struct GGUFModelSource: ModelSource {
    let file: any GGUFSource
    let description: ArchitectureDescription
    let makeTokenizer: ModelPlan.TokenizerMaker

    init(
        _ file: any GGUFSource, makeTokenizer: @escaping ModelPlan.TokenizerMaker
    ) throws(InferenceError) {
        self.file = file
        self.makeTokenizer = makeTokenizer
        description = try ArchitectureDescription.named(in: file.metadata)
    }

    var name: String? { file.metadata["general.name"]?.asString.map(\.clipped) }
    var parameters: any HyperParameterSource { MetadataParameters(file.metadata) }
    var tensors: [TensorInfo] { file.tensors }

    func tensor(
        _ rule: TensorRule, block: Int, _ configuration: ModelConfiguration
    ) -> TensorInfo? {
        file.tensor(rule.name(block: block))
    }

    func name(_ rule: TensorRule, block: Int) -> String { rule.name(block: block) }

    func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer { file.bytes(of: tensor) }

    func withBytes<Result, Failure: Error>(
        of tensor: TensorInfo, _ configuration: ModelConfiguration,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(file.bytes(of: tensor))
    }

    var tokenListName: String { "tokenizer.ggml.tokens" }

    func checkSpecialIDs(_ configuration: ModelConfiguration) throws(InferenceError) {
        try VocabularyCheck.checkSpecialIDs(file.metadata, configuration)
    }

    func makeTokenizer(
        _ configuration: ModelConfiguration
    ) throws(TokenizerError) -> any Tokenizer {
        try makeTokenizer(file.metadata)
    }

    var chatTemplate: ChatTemplateState { ChatTemplateState(file.metadata) }
}
