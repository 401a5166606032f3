// Model files of real shapes with random weights: real cost, no meaning.
//
// Guarantees: the same recipe and seed give the same bytes on every machine. The file passes the
// whole assay (finite logits, consistent vocabulary). Memory stays at a few megabytes. The weights
// have the formats that llama.cpp's quantiser gives such a model. Norms and biases are F32, and the
// output is tied to the embedding, as in small trained models.
// Facts about the formats (keys, token types) are those of ggml's gguf.md.

/// The recipe of a random model file.
package struct RandomModel: Sendable {
    /// The families of the shapes.
    package enum Architecture: String, Sendable { case llama, qwen2, bitnet }

    /// The mixtures of formats, by llama.cpp's names.
    package enum Weights: String, Sendable, CaseIterable {
        case q80 = "q8_0"
        case q40 = "q4_0"
        case q4KM = "q4_k_m"
        case tq10 = "tq1_0"
        case tq20 = "tq2_0"
    }

    /// Family: names, tensors and vocabulary of the file.
    package var architecture = Architecture.llama
    /// Formats of the matrices.
    package var weights = Weights.q80
    /// Width of the residual stream, a multiple of the blocks' values and of `headCount`.
    package var embeddingLength: Int
    /// Transformer blocks.
    package var blockCount: Int
    /// Query heads, each `embeddingLength / headCount` wide, an even number.
    package var headCount: Int
    /// Key-value heads, a divisor of `headCount`.
    package var headCountKV: Int
    /// Width of the gated layer, a multiple of the blocks' values.
    package var feedForwardLength: Int
    /// At least 512, at most 262144.
    package var vocabularySize: Int
    /// Positions the file promises.
    package var contextLength: Int
    /// Start of every random number in the file.
    package var seed: UInt64

    /// The 15-million-parameter shape: 288 wide, 6 blocks, 32000 tokens, 16 MB as Q8_0.
    package static func fifteenMillion(seed: UInt64 = 1) -> RandomModel {
        RandomModel(
            embeddingLength: 288, blockCount: 6, headCount: 6, headCountKV: 6,
            feedForwardLength: 768, vocabularySize: 32_000, contextLength: 2048, seed: seed)
    }

    /// The smallest useful shape, for starting a server that only answers pings: about 70 kB.
    package static func tiny(seed: UInt64 = 1) -> RandomModel {
        RandomModel(
            embeddingLength: 64, blockCount: 1, headCount: 2, headCountKV: 2,
            feedForwardLength: 64, vocabularySize: 512, contextLength: 256, seed: seed)
    }

    /// The shape of Qwen2-0.5B: 525, 346 and 392 MB as Q8_0, Q4_0 and Q4_K_M.
    package static func halfBillion(_ weights: Weights, seed: UInt64 = 1) -> RandomModel {
        RandomModel(
            architecture: .qwen2, weights: weights, embeddingLength: 896, blockCount: 24,
            headCount: 14, headCountKV: 2, feedForwardLength: 4864, vocabularySize: 151_936,
            contextLength: 4096, seed: seed)
    }

    /// The shape of BitNet-2B-4T: 809 and 711 MB as TQ2_0 and TQ1_0.
    package static func bitNet(_ weights: Weights, seed: UInt64 = 1) -> RandomModel {
        RandomModel(
            architecture: .bitnet, weights: weights, embeddingLength: 2560, blockCount: 30,
            headCount: 20, headCountKV: 5, feedForwardLength: 6912, vocabularySize: 128_256,
            contextLength: 4096, seed: seed)
    }

    /// Writes the file, replacing what is at `path`. Streams, and takes well under a second for
    /// 15M.
    package func write(to path: String) throws(ModelWritingError) {
        precondition(embeddingLength % (2 * headCount) == 0 && headCount % headCountKV == 0)
        precondition((512...262_144).contains(vocabularySize))
        let tensors = self.tensors
        let keys = self.keys
        let writer = try GGUFFileWriter(
            path: path, tensorCount: tensors.count, keyCount: keys.count)
        for key in keys { try key.write(writer) }
        var dataOffset = 0
        for tensor in tensors {
            try writer.tensor(
                tensor.name, dimensions: tensor.dimensions, format: tensor.format.rawValue,
                dataOffset: dataOffset)
            dataOffset += tensor.alignedSize
        }
        var random = SplitMix(state: seed)
        for tensor in tensors {
            try writer.pad()
            try tensor.write(writer, &random)
        }
        try writer.pad()
        try writer.flush()
    }

    // MARK: Metadata

    /// A key with its value, by the value's type in the file.
    private enum Key {
        case text(String, String)
        case number(String, Int)
        case float(String, Float)
        case texts(String, [String])
        case floats(String, [Float])
        case integers(String, [Int32])

        func write(_ writer: GGUFFileWriter) throws(ModelWritingError) {
            switch self {
            case .text(let name, let value): try writer.key(name, value)
            case .number(let name, let value): try writer.key(name, UInt32(value))
            case .float(let name, let value): try writer.key(name, value)
            case .texts(let name, let values): try writer.key(name, values)
            case .floats(let name, let values): try writer.key(name, values)
            case .integers(let name, let values): try writer.key(name, values)
            }
        }
    }

    private var keys: [Key] {
        let family = architecture.rawValue
        return [
            .text("general.architecture", family),
            .text("general.name", "random \(family), seed \(seed)"),
            .number("general.file_type", weights.fileType),
            .number("general.quantization_version", 2),
            .number("\(family).vocab_size", vocabularySize),
            .number("\(family).context_length", contextLength),
            .number("\(family).embedding_length", embeddingLength),
            .number("\(family).block_count", blockCount),
            .number("\(family).feed_forward_length", feedForwardLength),
            .number("\(family).attention.head_count", headCount),
            .number("\(family).attention.head_count_kv", headCountKV),
            .float("\(family).attention.layer_norm_rms_epsilon", 1e-5),
        ] + (architecture == .qwen2 ? mergesKeys : vocabularyKeys)
    }

    private var mergesKeys: [Key] {
        let vocabulary = RandomMerges(size: vocabularySize, seed: seed)
        return [
            .text("tokenizer.ggml.model", "gpt2"), .text("tokenizer.ggml.pre", "qwen2"),
            .texts("tokenizer.ggml.tokens", vocabulary.tokens),
            .integers("tokenizer.ggml.token_type", vocabulary.types),
            .texts("tokenizer.ggml.merges", vocabulary.merges),
            .number("tokenizer.ggml.eos_token_id", vocabulary.endOfText),
        ]
    }

    private var vocabularyKeys: [Key] {
        let vocabulary = RandomVocabulary(size: vocabularySize, seed: seed)
        return [
            .text("tokenizer.ggml.model", "llama"),
            .texts("tokenizer.ggml.tokens", vocabulary.tokens),
            .floats("tokenizer.ggml.scores", vocabulary.scores),
            .integers("tokenizer.ggml.token_type", vocabulary.types),
            .number("tokenizer.ggml.bos_token_id", 1), .number("tokenizer.ggml.eos_token_id", 2),
        ]
    }

    // MARK: Tensors

    private var tensors: [RandomTensor] {
        let width = embeddingLength
        let keyWidth = width / headCount * headCountKV
        var list = [
            matrix("token_embd.weight", width, vocabularySize, .table),
            RandomTensor.vector("output_norm.weight", width),
        ]
        for block in 0..<blockCount {
            let prefix = "blk.\(block)."
            let precise: RandomTensor.Role = hasMoreBits(block) ? .precise : .plain
            list += [
                .vector(prefix + "attn_norm.weight", width),
                matrix(prefix + "attn_q.weight", width, width),
                matrix(prefix + "attn_k.weight", width, keyWidth),
                matrix(prefix + "attn_v.weight", width, keyWidth, precise),
                matrix(prefix + "attn_output.weight", width, width),
                .vector(prefix + "ffn_norm.weight", width),
                matrix(prefix + "ffn_gate.weight", width, feedForwardLength),
                matrix(prefix + "ffn_up.weight", width, feedForwardLength),
                matrix(prefix + "ffn_down.weight", feedForwardLength, width, precise),
            ]
            switch architecture {
            case .llama: break
            case .qwen2:
                list += [("attn_q", width), ("attn_k", keyWidth), ("attn_v", keyWidth)].map {
                    .vector(prefix + $0.0 + ".bias", $0.1, mean: 0)
                }
            case .bitnet:
                list += [
                    .vector(prefix + "attn_sub_norm.weight", width),
                    .vector(prefix + "ffn_sub_norm.weight", feedForwardLength),
                ]
            }
        }
        return list
    }

    /// llama.cpp's `use_more_bits`: the first and the last eighth of the blocks, and each third one
    /// between them.
    private func hasMoreBits(_ block: Int) -> Bool {
        let eighth = blockCount / 8
        return block < eighth || block >= 7 * blockCount / 8 || (block - eighth) % 3 == 2
    }

    private func matrix(
        _ name: String, _ columns: Int, _ rows: Int, _ role: RandomTensor.Role = .plain
    ) -> RandomTensor {
        RandomTensor(
            name: name, dimensions: [columns, rows],
            format: weights.format(role, columns: columns))
    }
}

extension RandomModel.Weights {
    /// Number of the mixture in `general.file_type`.
    fileprivate var fileType: Int {
        switch self {
        case .q80: 7
        case .q40: 2
        case .q4KM: 15
        case .tq10: 36
        case .tq20: 37
        }
    }

    /// The format of a matrix. Blocks of 256 need columns in such a multiple. Where there are none,
    /// llama.cpp takes Q5_0 in place of Q4_K, and Q8_0 in place of Q6_K.
    fileprivate func format(_ role: RandomTensor.Role, columns: Int) -> BlockFormat {
        let isMultiple = columns % 256 == 0
        switch (self, role) {
        case (.q80, _): return .q80
        case (_, .table), (.q4KM, .precise): return isMultiple ? .q6K : .q80
        case (.q4KM, _): return isMultiple ? .q4K : .q50
        case (.q40, _): return .q40
        case (.tq10, _): return .tq10
        case (.tq20, _): return .tq20
        }
    }
}

/// One tensor: its shape, and how its random values are stored.
private struct RandomTensor {
    /// The parts that a mixture of formats tells apart.
    enum Role { case plain, precise, table }

    let name: String
    /// ggml's order: columns first.
    let dimensions: [Int]
    let format: BlockFormat
    /// Mean of a vector's values.
    var mean: Float = 0

    static func vector(_ name: String, _ count: Int, mean: Float = 1) -> RandomTensor {
        RandomTensor(name: name, dimensions: [count], format: .float32, mean: mean)
    }

    private var blockCount: Int { dimensions.reduce(1, *) / format.valueCount }

    var alignedSize: Int {
        (blockCount * format.size + GGUFFileWriter.alignment - 1) / GGUFFileWriter.alignment
            * GGUFFileWriter.alignment
    }

    func write(_ writer: GGUFFileWriter, _ random: inout SplitMix) throws(ModelWritingError) {
        guard format != .float32 else {
            for _ in 0..<blockCount {
                try writer.number((mean + 0.1 * random.nextUnit()).bitPattern)
            }
            return
        }
        let scale = format.scale(columns: dimensions[0])
        var block = [UInt8](repeating: 0, count: format.size)
        for _ in 0..<blockCount {
            format.fill(&block, scale: scale, &random)
            try writer.put(block)
        }
    }
}

/// SplitMix64: one addition and two multiplications per 64 bits. The constants define it.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in -1..<1.
    mutating func nextUnit() -> Float { Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }

    /// Uniform in 0..<count, as good as a benchmark needs.
    mutating func next(below count: Int) -> Int { Int(next() >> 33) % count }
}
