// Llama-shaped model files with random weights: real shapes and real cost, no meaning.
//
// Guarantees: the same shape and seed give the same bytes on every machine. The file passes the
// whole assay (finite logits, consistent vocabulary). Memory stays at a few megabytes. Matrices
// are Q8_0, norms F32, the output is tied to the embedding, as in small trained models.
// Facts about the formats (block layout, keys, token types) are those of ggml's gguf.md.

/// The recipe of a random model file.
package struct RandomLlama: Sendable {
    /// Width of the residual stream, a multiple of 32 and of `headCount`.
    package var embeddingLength: Int
    /// Transformer blocks.
    package var blockCount: Int
    /// Query heads, each `embeddingLength / headCount` wide, an even number.
    package var headCount: Int
    /// Key-value heads, a divisor of `headCount`.
    package var headCountKV: Int
    /// Width of the gated layer, a multiple of 32.
    package var feedForwardLength: Int
    /// At least 512, at most 262144.
    package var vocabularySize: Int
    /// Positions the file promises.
    package var contextLength: Int
    /// Start of every random number in the file.
    package var seed: UInt64

    /// The 15-million-parameter shape: 288 wide, 6 blocks, 32000 tokens, 16 MB as Q8_0.
    package static func fifteenMillion(seed: UInt64 = 1) -> RandomLlama {
        RandomLlama(
            embeddingLength: 288, blockCount: 6, headCount: 6, headCountKV: 6,
            feedForwardLength: 768, vocabularySize: 32_000, contextLength: 2048, seed: seed)
    }

    /// The shape of Qwen2-0.5B: 896 wide, 24 blocks, 2 key-value heads, 151936 tokens, 525 MB as
    /// Q8_0.
    package static func halfBillion(seed: UInt64 = 1) -> RandomLlama {
        RandomLlama(
            embeddingLength: 896, blockCount: 24, headCount: 14, headCountKV: 2,
            feedForwardLength: 4864, vocabularySize: 151_936, contextLength: 32_768, seed: seed)
    }

    /// The smallest useful shape, for starting a server that only answers pings: about 70 kB.
    package static func tiny(seed: UInt64 = 1) -> RandomLlama {
        RandomLlama(
            embeddingLength: 64, blockCount: 1, headCount: 2, headCountKV: 2,
            feedForwardLength: 64, vocabularySize: 512, contextLength: 256, seed: seed)
    }

    /// Writes the file, replacing what is at `path`. Streams, and takes well under a second for
    /// 15M.
    package func write(to path: String) throws(ModelWritingError) {
        precondition(embeddingLength % 32 == 0 && embeddingLength % (2 * headCount) == 0)
        precondition(feedForwardLength % 32 == 0 && headCount % headCountKV == 0)
        precondition((512...262_144).contains(vocabularySize))
        let tensors = self.tensors
        let writer = try GGUFFileWriter(path: path, tensorCount: tensors.count, keyCount: 18)
        try writeMetadata(writer)
        var dataOffset = 0
        for tensor in tensors {
            try writer.tensor(
                tensor.name, dimensions: tensor.dimensions, format: tensor.isMatrix ? 8 : 0,
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

    private func writeMetadata(_ writer: GGUFFileWriter) throws(ModelWritingError) {
        try writer.key("general.architecture", "llama")
        try writer.key("general.name", "random llama, seed \(seed)")
        try writer.key("general.file_type", UInt32(7))
        try writer.key("general.quantization_version", UInt32(2))
        try writer.key("llama.vocab_size", UInt32(vocabularySize))
        try writer.key("llama.context_length", UInt32(contextLength))
        try writer.key("llama.embedding_length", UInt32(embeddingLength))
        try writer.key("llama.block_count", UInt32(blockCount))
        try writer.key("llama.feed_forward_length", UInt32(feedForwardLength))
        try writer.key("llama.attention.head_count", UInt32(headCount))
        try writer.key("llama.attention.head_count_kv", UInt32(headCountKV))
        try writer.key("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
        try writer.key("tokenizer.ggml.model", "llama")
        let vocabulary = RandomVocabulary(size: vocabularySize, seed: seed)
        try writer.key("tokenizer.ggml.tokens", vocabulary.tokens)
        try writer.key("tokenizer.ggml.scores", vocabulary.scores)
        try writer.key("tokenizer.ggml.token_type", vocabulary.types)
        try writer.key("tokenizer.ggml.bos_token_id", UInt32(1))
        try writer.key("tokenizer.ggml.eos_token_id", UInt32(2))
    }

    // MARK: Tensors

    private var tensors: [RandomTensor] {
        let width = embeddingLength
        let keyWidth = width / headCount * headCountKV
        var list = [
            RandomTensor.matrix("token_embd.weight", width, vocabularySize),
            RandomTensor.vector("output_norm.weight", width),
        ]
        for block in 0..<blockCount {
            let prefix = "blk.\(block)."
            list += [
                .vector(prefix + "attn_norm.weight", width),
                .matrix(prefix + "attn_q.weight", width, width),
                .matrix(prefix + "attn_k.weight", width, keyWidth),
                .matrix(prefix + "attn_v.weight", width, keyWidth),
                .matrix(prefix + "attn_output.weight", width, width),
                .vector(prefix + "ffn_norm.weight", width),
                .matrix(prefix + "ffn_gate.weight", width, feedForwardLength),
                .matrix(prefix + "ffn_up.weight", width, feedForwardLength),
                .matrix(prefix + "ffn_down.weight", feedForwardLength, width),
            ]
        }
        return list
    }
}

/// One tensor: its shape, and how its random values are stored.
private struct RandomTensor {
    let name: String
    /// ggml's order: columns first.
    let dimensions: [Int]
    var isMatrix: Bool { dimensions.count == 2 }

    static func matrix(_ name: String, _ columns: Int, _ rows: Int) -> RandomTensor {
        RandomTensor(name: name, dimensions: [columns, rows])
    }

    static func vector(_ name: String, _ count: Int) -> RandomTensor {
        RandomTensor(name: name, dimensions: [count])
    }

    private var valueCount: Int { dimensions.reduce(1, *) }

    var alignedSize: Int {
        let size = isMatrix ? valueCount / 32 * 34 : valueCount * 4
        return (size + GGUFFileWriter.alignment - 1) / GGUFFileWriter.alignment
            * GGUFFileWriter.alignment
    }

    /// Q8_0: per 32 values one half-precision scale and 32 signed bytes. The scale makes the
    /// matrix keep the size of what it multiplies: uniform bytes have a deviation of 73.6, and
    /// a sum over `columns` of them grows with the root.
    func write(_ writer: GGUFFileWriter, _ random: inout SplitMix) throws(ModelWritingError) {
        guard isMatrix else {
            for _ in 0..<valueCount {
                try writer.number((1 + 0.1 * random.nextUnit()).bitPattern)
            }
            return
        }
        let scale = Float16(1 / (73.6 * Float(dimensions[0]).squareRoot())).bitPattern
        var block = [UInt8](repeating: 0, count: 34)
        block[0] = UInt8(truncatingIfNeeded: scale)
        block[1] = UInt8(truncatingIfNeeded: scale >> 8)
        for _ in 0..<(valueCount / 32) {
            for word in 0..<4 {
                var bits = random.next()
                for byte in 0..<8 {
                    let value = UInt8(truncatingIfNeeded: bits)
                    block[2 + word * 8 + byte] = value == 0x80 ? 0x81 : value
                    bits >>= 8
                }
            }
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
