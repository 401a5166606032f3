// The table of element formats in GGUF files.
//
// Guarantees: ids, values per block and bytes per block come from ggml's type list, as stated in
// ggml's GGUF document and headers. A format that ggml removed is known by name but never returned.
// Does not: list the formats this engine computes with. The compatibility layer has the list.

/// Storage format of a tensor's values, from the table of ggml types.
public struct TensorFormat: Sendable, Hashable, CustomStringConvertible {
    /// The number stored in the file.
    public let id: UInt32
    /// ggml's name, for example `Q8_0`.
    public let name: String
    /// Values in one block. A row is a whole number of blocks, unless `blocksSpanRows`.
    public let valuesPerBlock: Int
    /// Bytes of one block.
    public let bytesPerBlock: Int
    /// Bytes after the last block of the tensor (only `I2_S`: one float32 scale and padding).
    public let trailerSize: Int
    /// True if blocks run over row ends, so only the tensor as a whole consists of whole blocks.
    public let blocksSpanRows: Bool

    /// The name.
    public var description: String { name }

    /// The format with this id, or nil for an unknown or removed id. Does not allocate.
    public static func known(_ id: UInt32) -> TensorFormat? {
        guard id < UInt32(byID.count) else { return nil }
        return byID[Int(id)]
    }

    /// Every known format, by ascending id.
    public static var all: [TensorFormat] { byID.compactMap { $0 } }

    /// The name of a format that ggml removed, or nil for any other id.
    package static func removedName(_ id: UInt32) -> String? { removed[id] }

    init(
        _ id: UInt32, _ name: String, _ valuesPerBlock: Int, _ bytesPerBlock: Int,
        trailerSize: Int = 0, blocksSpanRows: Bool = false
    ) {
        self.id = id
        self.name = name
        self.valuesPerBlock = valuesPerBlock
        self.bytesPerBlock = bytesPerBlock
        self.trailerSize = trailerSize
        self.blocksSpanRows = blocksSpanRows
    }

    private static let byID: [TensorFormat?] = {
        var slots = [TensorFormat?](repeating: nil, count: Int(table.map(\.id).max() ?? 0) + 1)
        for format in table { slots[Int(format.id)] = format }
        return slots
    }()

    //                   id   name      values  bytes
    private static let table: [TensorFormat] = [
        TensorFormat(0, "F32", 1, 4),
        TensorFormat(1, "F16", 1, 2),
        TensorFormat(2, "Q4_0", 32, 18),
        TensorFormat(3, "Q4_1", 32, 20),
        TensorFormat(6, "Q5_0", 32, 22),
        TensorFormat(7, "Q5_1", 32, 24),
        TensorFormat(8, "Q8_0", 32, 34),
        TensorFormat(9, "Q8_1", 32, 36),
        TensorFormat(10, "Q2_K", 256, 84),
        TensorFormat(11, "Q3_K", 256, 110),
        TensorFormat(12, "Q4_K", 256, 144),
        TensorFormat(13, "Q5_K", 256, 176),
        TensorFormat(14, "Q6_K", 256, 210),
        TensorFormat(15, "Q8_K", 256, 292),
        TensorFormat(16, "IQ2_XXS", 256, 66),
        TensorFormat(17, "IQ2_XS", 256, 74),
        TensorFormat(18, "IQ3_XXS", 256, 98),
        TensorFormat(19, "IQ1_S", 256, 50),
        TensorFormat(20, "IQ4_NL", 32, 18),
        TensorFormat(21, "IQ3_S", 256, 110),
        TensorFormat(22, "IQ2_S", 256, 82),
        TensorFormat(23, "IQ4_XS", 256, 136),
        TensorFormat(24, "I8", 1, 1),
        TensorFormat(25, "I16", 1, 2),
        TensorFormat(26, "I32", 1, 4),
        TensorFormat(27, "I64", 1, 8),
        TensorFormat(28, "F64", 1, 8),
        TensorFormat(29, "IQ1_M", 256, 56),
        TensorFormat(30, "BF16", 1, 2),
        TensorFormat(34, "TQ1_0", 256, 54),
        TensorFormat(35, "TQ2_0", 256, 66),
        // bitnet.cpp only. Id 36 was IQ4_NL_4_4 upstream, and no current writer produces it.
        TensorFormat(36, "I2_S", 128, 32, trailerSize: 32, blocksSpanRows: true),
        TensorFormat(39, "MXFP4", 32, 17),
    ]

    private static let removed: [UInt32: String] = [
        4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8",
        37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8",
    ]
}
