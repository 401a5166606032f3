// The element types of SafeTensors, as formats with a single value per block.
//
// Facts: names and sizes come from the safetensors format description. Types that ggml also has
// use ggml's formats. The rest get ids that no known ggml type has.

extension TensorFormat {
    /// The format for a `dtype`, or nil for a name that SafeTensors does not define.
    public static func safeTensors(_ name: String) -> TensorFormat? {
        ggmlIDs[name].flatMap(known) ?? ownFormats[name]
    }

    /// The names of all element types, for error texts.
    package static var safeTensorsNames: [String] {
        (Array(ggmlIDs.keys) + ownFormats.keys).sorted()
    }

    private static let ggmlIDs: [String: UInt32] = [
        "F32": 0, "F16": 1, "BF16": 30, "F64": 28, "I8": 24, "I16": 25, "I32": 26, "I64": 27,
    ]

    //                                        id         name     values bytes
    private static let ownFormats: [String: TensorFormat] = Dictionary(
        uniqueKeysWithValues: [
            TensorFormat(0x1_0000, "BOOL", 1, 1),
            TensorFormat(0x1_0001, "U8", 1, 1),
            TensorFormat(0x1_0002, "U16", 1, 2),
            TensorFormat(0x1_0003, "U32", 1, 4),
            TensorFormat(0x1_0004, "U64", 1, 8),
            TensorFormat(0x1_0005, "F8_E4M3", 1, 1),
            TensorFormat(0x1_0006, "F8_E5M2", 1, 1),
        ].map { ($0.name, $0) })
}
