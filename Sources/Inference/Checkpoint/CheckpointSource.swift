// SafeTensors weights with config.json and tokenizer.json, in the terms of the descriptions.
//
// Two kinds of tensors may be left without a use, as in transformers: `rotary_emb.inv_freq`
// buffers, which follow from the configuration, and an `lm_head.weight` with the bytes of a tied
// embedding. An `lm_head.weight` with different bytes is refused, because transformers 5 would use
// the tensor and other readers (vLLM, candle, transformers 4) would not.
//
// Guarantees: all other tensors of the files are offered to the plan, which refuses tensors without
// a rule. The tensors agree with config.json about biases, tied outputs and packing.
// Does not: check shapes. The plan does.

import Compute
import Conversations
import ModelFiles
import Tokenizers

/// A checkpoint as a plan reads it.
struct CheckpointSource: ModelSource {
    let files: CheckpointFiles
    let configuration: CheckpointConfiguration
    /// Every tensor that must have a use.
    let tensors: [TensorInfo]
    let sideNames: [String]
    let hasOutput: Bool
    private let unused: Set<String>
    private let sentences: SentenceModules

    init(_ files: CheckpointFiles) throws(InferenceError) {
        self.files = files
        // Saved from the base class, the names lack the name of the base inside the whole.
        let isBare =
            files.tensors.tensor("embed_tokens.weight") != nil
            && files.tensors.tensor("model.embed_tokens.weight") == nil
        sentences = try SentenceModules(files.sentences)
        configuration = try CheckpointConfiguration(
            files.configuration, isBare: isBare, pooling: sentences.pooling)
        let check = try CheckpointTensorCheck(
            tensors: files.tensors, configuration: configuration, isBare: isBare)
        hasOutput = !check.isHeadless
        try check.checkBiases()
        // The scale of packed weights is handed over with the weights.
        sideNames = try check.packedScales()
        var unused = Set(sideNames)
        if let head = try check.duplicateHead() { unused.insert(head) }
        for tensor in files.tensors.tensors where Self.isRotaryBuffer(tensor.name) {
            unused.insert(tensor.name)
        }
        self.unused = unused
        tensors = files.tensors.tensors.filter { !unused.contains($0.name) }
    }

    /// Returns true for `rotary_emb.inv_freq` of the model or of a block's attention.
    private static func isRotaryBuffer(_ name: String) -> Bool {
        let end = "rotary_emb.inv_freq"
        guard name.hasSuffix(end) else { return false }
        let parts = name.dropLast(end.count).split(separator: ".").drop { $0 == "model" }
        return parts.isEmpty
            || (parts.count == 3 && parts.first == "layers" && parts.last == "self_attn")
    }

    var description: ArchitectureDescription { configuration.description }
    var name: String? { nil }
    var parameters: any HyperParameterSource { configuration }

    // MARK: Tensors

    func name(_ rule: TensorRule, block: Int) -> String {
        configuration.family.name(rule, block: block)
            ?? "\(configuration.rope.place) (\(rule.name(block: block)))"
    }

    func tensor(
        _ rule: TensorRule, block: Int, _ model: ModelConfiguration
    ) -> TensorInfo? {
        if let (name, values) = configuration.rope.divisors(rule.role, model) {
            return TensorInfo(
                name: name, dimensions: [values.count], format: .of(.f32), byteOffset: 0,
                byteSize: 0)
        }
        guard let name = configuration.family.name(rule, block: block), !unused.contains(name),
            let stored = files.tensors.tensor(name)
        else { return nil }
        switch conversion(of: stored) {
        case .ternary:
            return TensorInfo(
                name: name, dimensions: [stored.columns, 4 * stored.rows], format: .of(.i2_s),
                byteOffset: stored.byteOffset, byteSize: stored.byteSize)
        case .none: return stored
        case .pairedRows where stored.dimensions.count > 1: return stored
        case .widened, .pairedRows:
            return TensorInfo(
                name: name, dimensions: stored.dimensions, format: .of(.f32),
                byteOffset: stored.byteOffset, byteSize: stored.byteSize)
        }
    }

    var stored: any TensorSource { files.tensors }

    func computedValues(of tensor: TensorInfo, _ model: ModelConfiguration) -> [Float]? {
        configuration.rope.divisors(named: tensor.name, model)
    }

    func isStoredAsPlanned(_ stored: TensorInfo) -> Bool {
        if case .none = conversion(of: stored) { true } else { false }
    }

    private func conversion(of stored: TensorInfo) -> TensorConversion {
        let paired = [".q_proj.weight", ".k_proj.weight", ".q_proj.bias", ".k_proj.bias"]
        let isPaired =
            configuration.family.splitsPairs && paired.contains(where: stored.name.hasSuffix)
        if CheckpointTensorCheck.isPacked(stored, configuration),
            let scale = files.tensors.tensor(CheckpointTensorCheck.scaleName(of: stored.name))
        {
            return .ternary(scale: scale, isPaired: isPaired)
        }
        guard StoredFloats.holds(stored.format) else { return .none }
        if isPaired { return .pairedRows }
        let isWide = stored.dimensions.count > 1 || stored.format == .of(.f32)
        return isWide ? .none : .widened
    }

    func withConverted<Result>(
        _ bytes: UnsafeRawBufferPointer, of tensor: TensorInfo, sides: [String: [UInt8]],
        _ model: ModelConfiguration, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard let stored = files.tensors.tensor(tensor.name) else {
            preconditionFailure("tensor \(tensor.name) of another model")
        }
        switch conversion(of: stored) {
        case .none: return try body(bytes)
        case .widened:
            let values = StoredFloats.widen(bytes, stored.format)
            return try lend(count: values.count * 4, { $0.store(values) }, body)
        case .pairedRows:
            return try withPairedRows(stored, bytes, headLength: model.keyLength, body)
        case .ternary(let scale, let isPaired):
            guard let side = sides[scale.name] else {
                preconditionFailure("the scale \(scale.name) was not read")
            }
            let number = side.withUnsafeBytes { StoredFloats.widen($0, scale.format)[0] }
            let divides = configuration.packing?.divides ?? false
            let size = bytes.count + TernaryBytes.trailerSize
            return try lend(
                count: size,
                {
                    TernaryBytes.repack(
                        bytes, columns: stored.columns, scale: divides ? 1 / number : number,
                        pairedHeadLength: isPaired ? model.keyLength : nil, into: $0)
                }, body)
        }
    }

    private func withPairedRows<Result>(
        _ stored: TensorInfo, _ bytes: UnsafeRawBufferPointer, headLength: Int,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let isVector = stored.dimensions.count == 1
        let values = isVector ? StoredFloats.widen(bytes, stored.format) : []
        let size = isVector ? values.count * 4 : bytes.count
        let rowSize = isVector ? 4 : bytes.count / stored.rows
        return try lend(
            count: size,
            { target in
                values.withUnsafeBytes { wide in
                    PairedRows.reorder(
                        isVector ? wide : bytes, into: target, rowSize: rowSize,
                        headLength: headLength)
                }
            }, body)
    }

    /// Fills memory and lends it to `body` for the length of the call.
    private func lend<Result>(
        count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        defer { memory.deallocate() }
        fill(memory)
        return try body(UnsafeRawBufferPointer(memory))
    }

    // MARK: Vocabulary

    var textSize: Int { files.textSize }
    var tokenListName: String { "tokenizer.json" }

    /// Checks the ids of begin and end tokens in config.json. Every id of a list counts.
    func checkSpecialIDs(_ model: ModelConfiguration) throws(InferenceError) {
        for key in ["bos_token_id", "eos_token_id"] {
            for value in ids(key) {
                if let id = value.asInteger, (0..<model.vocabularySize).contains(id) { continue }
                throw InferenceError(
                    .tokenizerMismatch, tried: "reading \"\(key)\"",
                    found: value.asInteger.map(String.init) ?? value.typeName,
                    allowed: "a token id, 0 to \(model.vocabularySize - 1)", location: key)
            }
        }
    }

    /// Every list of config.json and of generation_config.json counts.
    func tokenLists() throws(InferenceError) -> TokenLists {
        var lists = TokenLists()
        for (place, root) in [
            ("", files.configuration), (Self.generationPlace, files.generation),
        ] {
            try lists.addEnds(place + "eos_token_id", root?["eos_token_id"].map { KeyValue($0) })
            try lists.addSuppressed(
                place + "suppress_tokens", root?["suppress_tokens"].map { KeyValue($0) })
        }
        return lists
    }

    func sortKeys(_ check: inout KeyCheck) throws(InferenceError) {
        try check.sort(configuration: files.configuration, configuration.family)
        let rope = configuration.rope
        if let root = configuration.keys.value(rope.place) {
            try check.sort(rope.place + ".", root, RopeKeyTable.rules(rope.type), isClosed: true)
        }
        if let root = configuration.keys.value(TernaryPacking.place) {
            try check.sort(
                TernaryPacking.place + ".", root, TernaryPacking.rules, isClosed: true)
        }
        if let root = files.generation {
            try check.sort(Self.generationPlace, root, GenerationKeyTable.rules)
        }
        try sentences.sortKeys(&check)
    }

    private static let generationPlace = "generation_config.json:"

    private func ids(_ key: String) -> [JSONValue] {
        guard let value = configuration.keys.value(key) else { return [] }
        return value.isArray ? Array(value.elements) : [value]
    }

    /// Embeddings often have more rows than there are tokens. The surplus rows become tokens that
    /// nothing produces, as in converted files. Tokens without a row can neither be made nor read:
    /// the tokenizer's line in the report counts them, and a text that has one is refused.
    func makeTokenizer(
        _ model: ModelConfiguration
    ) throws(TokenizerError) -> any Tokenizer {
        var definition = try TokenizerDefinition(
            tokenizer: files.tokenizer, configuration: files.tokenizerConfiguration)
        for (role, key) in [
            (TokenizerDefinition.SpecialToken.begin, "bos_token_id"), (.end, "eos_token_id"),
        ] where definition.specialTokens[role] == nil {
            definition.specialTokens[role] = ids(key).first?.asInteger
        }
        definition.pad(to: model.vocabularySize)
        definition.rowCount = model.vocabularySize
        return try TokenizerFactory.make(from: definition)
    }

    func chatTemplates() throws(TemplateSourceError) -> ChatTemplateSources {
        try ChatTemplateSources(
            file: files.chatTemplate, additional: files.additionalTemplates,
            document: files.templateDocument, configuration: files.tokenizerConfiguration)
    }

    /// Texts of tokenizer_config.json, as transformers reads them: without the file, the begin and
    /// end tokens of the vocabulary.
    func specialTokens(_ tokenizer: any Tokenizer) -> [SpecialTokenText] {
        let names = ["bos", "eos", "unk", "pad", "sep", "cls", "mask"].map { $0 + "_token" }
        guard let settings = files.tokenizerConfiguration else {
            return zip(names, [tokenizer.beginToken, tokenizer.endToken]).compactMap { name, id in
                id.map {
                    SpecialTokenText(
                        name: name, text: String(decoding: tokenizer.piece($0), as: UTF8.self))
                }
            }
        }
        return names.compactMap { name in
            let value = settings[name]
            return (value?.asString ?? value?["content"]?.asString).map {
                SpecialTokenText(name: name, text: $0)
            }
        }
    }
}

extension TensorFormat {
    /// Returns the file format that matches a format of the kernels.
    static func of(_ format: WeightFormat) -> TensorFormat {
        guard let known = known(format.rawValue) else {
            preconditionFailure("format \(format) is not in the table of formats")
        }
        return known
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores little-endian float32 values from the start on.
    fileprivate func store(_ values: [Float]) {
        for (index, value) in values.enumerated() {
            storeBytes(
                of: value.bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
        }
    }
}
