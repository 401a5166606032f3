// The files of a model as a plan reads them, in any form.
//
// A family's description uses the keys and tensor names of GGUF. A source answers in these terms
// and knows the spellings of its own files. So a single set of checks serves every form, and errors
// name keys and tensors as the files do.
//
// Guarantees: `withConverted` hands over exactly the described tensor. Equal weights give equal
// bytes in every form of file.
// Does not: check. `ModelConfiguration`, `PlannedTensors` and `VocabularyCheck` do.

import Conversations
import ModelFiles
import Tokenizers

/// A parsed model in the terms of `ArchitectureDescription`. A value type, usable from any thread.
package protocol ModelSource: Sendable {
    /// Description of the family.
    var description: ArchitectureDescription { get }
    /// Name that the model gives itself, clipped for printing.
    var name: String? { get }
    /// False for a model without an output matrix, which makes embeddings and no text.
    var hasOutput: Bool { get }
    /// The hyper-parameters.
    var parameters: any HyperParameterSource { get }

    /// Every tensor that must have a use.
    var tensors: [TensorInfo] { get }
    /// Returns the tensor of a rule, with its name in the files and in its converted form.
    func tensor(
        _ rule: TensorRule, block: Int, _ configuration: ModelConfiguration
    ) -> TensorInfo?
    /// Returns the files' name for the tensor of a rule.
    func name(_ rule: TensorRule, block: Int) -> String
    /// All tensors of the files, as stored.
    var stored: any TensorSource { get }
    /// Returns the values of a tensor that the configuration gives and no file holds, or nil.
    func computedValues(of tensor: TensorInfo, _ configuration: ModelConfiguration) -> [Float]?
    /// True when the converted form of a stored tensor is the stored one, byte for byte.
    func isStoredAsPlanned(_ stored: TensorInfo) -> Bool
    /// Names of the small tensors that `withConverted` needs to convert other tensors.
    var sideNames: [String] { get }
    /// Passes the converted tensor to `body`, made of the stored bytes of `tensor` and of the
    /// tensors in `sideNames`. The pointer is valid during the call.
    func withConverted<Result>(
        _ bytes: UnsafeRawBufferPointer, of tensor: TensorInfo, sides: [String: [UInt8]],
        _ configuration: ModelConfiguration, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result

    /// Bytes of the texts outside the tensor files.
    var textSize: Int { get }
    /// The files' name for the token list.
    var tokenListName: String { get }
    /// Sorts every key of the files. Throws for a key that changes the numbers and is not applied.
    func sortKeys(_ check: inout KeyCheck) throws(InferenceError)
    /// Returns the lists of tokens that end an answer or are never chosen.
    func tokenLists() throws(InferenceError) -> TokenLists
    /// Compares the ids of special tokens with the vocabulary.
    func checkSpecialIDs(_ configuration: ModelConfiguration) throws(InferenceError)
    /// Makes the tokenizer.
    func makeTokenizer(_ configuration: ModelConfiguration) throws(TokenizerError) -> any Tokenizer
    /// Texts of the model's chat templates.
    func chatTemplates() throws(TemplateSourceError) -> ChatTemplateSources
    /// Names and texts of the special tokens that a chat template sees.
    func specialTokens(_ tokenizer: any Tokenizer) -> [SpecialTokenText]
}

/// A GGUF model, whole or split. The files already use the terms of the descriptions.
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
    var hasOutput: Bool { true }
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

    func isStoredAsPlanned(_ stored: TensorInfo) -> Bool { true }

    var sideNames: [String] { [] }

    func withConverted<Result>(
        _ bytes: UnsafeRawBufferPointer, of tensor: TensorInfo, sides: [String: [UInt8]],
        _ configuration: ModelConfiguration, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try body(bytes)
    }

    var textSize: Int { 0 }
    var tokenListName: String { "tokenizer.ggml.tokens" }

    func sortKeys(_ check: inout KeyCheck) throws(InferenceError) {
        try check.sort(file.metadata, description)
    }

    /// The tokenizer itself knows eos, eot and eom.
    func tokenLists() throws(InferenceError) -> TokenLists {
        var lists = TokenLists()
        let (ends, suppressed) = (
            "tokenizer.ggml.eos_token_ids", "tokenizer.ggml.suppress_tokens"
        )
        try lists.addEnds(ends, file.metadata[ends].map { KeyValue($0) })
        try lists.addSuppressed(suppressed, file.metadata[suppressed].map { KeyValue($0) })
        return lists
    }

    func checkSpecialIDs(_ configuration: ModelConfiguration) throws(InferenceError) {
        try VocabularyCheck.checkSpecialIDs(file.metadata, configuration)
    }

    func makeTokenizer(
        _ configuration: ModelConfiguration
    ) throws(TokenizerError) -> any Tokenizer {
        try makeTokenizer(file.metadata)
    }

    func chatTemplates() throws(TemplateSourceError) -> ChatTemplateSources {
        try ChatTemplateSources(file.metadata)
    }

    /// Tokens that the keys name, and begin and end tokens that the vocabulary has without a key.
    func specialTokens(_ tokenizer: any Tokenizer) -> [SpecialTokenText] {
        let ids: [(String, String, Int32?)] = [
            ("bos_token", "bos", tokenizer.beginToken), ("eos_token", "eos", tokenizer.endToken),
            ("unk_token", "unknown", nil), ("pad_token", "padding", nil),
            ("sep_token", "seperator", nil), ("cls_token", "cls", nil),
            ("mask_token", "mask", nil),
        ]
        return ids.compactMap { name, key, token in
            let id = file.metadata["tokenizer.ggml.\(key)_token_id"]?.asInteger
            guard let token = token ?? id.flatMap(Int32.init(exactly:)) else { return nil }
            return SpecialTokenText(
                name: name, text: String(decoding: tokenizer.piece(token), as: UTF8.self))
        }
    }
}
