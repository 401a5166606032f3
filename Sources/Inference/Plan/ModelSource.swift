// What a plan reads of a model, whatever form its files have.
//
// A family's description speaks of GGUF's keys and tensor names. A source answers in these terms
// and says how its own files spell them, so that one set of checks serves every form and errors
// name what stands in the file.
//
// Guarantees: a tensor is described as it will be handed over, and `withConverted` hands over
// exactly that; the same weights give the same bytes whatever file they come in.
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
    /// The tensors as they are stored, of every name that is in the files.
    var stored: any TensorSource { get }
    /// Values of a tensor that the configuration gives and no file holds; nil for every other.
    func computedValues(of tensor: TensorInfo, _ configuration: ModelConfiguration) -> [Float]?
    /// Names of the small tensors that `withConverted` needs to convert others.
    var sideNames: [String] { get }
    /// Hands over what `tensor` is described as, made of its stored bytes and of the stored bytes
    /// of the tensors in `sideNames`. The pointer is valid during the call.
    func withConverted<Result>(
        _ bytes: UnsafeRawBufferPointer, of tensor: TensorInfo, sides: [String: [UInt8]],
        _ configuration: ModelConfiguration, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result

    /// Bytes of the texts beside the files that hold tensors.
    var textSize: Int { get }
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

    var stored: any TensorSource { file }

    func computedValues(of tensor: TensorInfo, _ configuration: ModelConfiguration) -> [Float]? {
        nil
    }

    var sideNames: [String] { [] }

    func withConverted<Result>(
        _ bytes: UnsafeRawBufferPointer, of tensor: TensorInfo, sides: [String: [UInt8]],
        _ configuration: ModelConfiguration, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try body(bytes)
    }

    var textSize: Int { 0 }
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
