// Tensor tables that lie: names, shapes, formats, places.

extension MalformedFile {
    /// Names, dimensions and formats.
    static let tensorEntries: [MalformedFile] = [
        parse("tensor without a name", code: "tensor_name_length_invalid") {
            $0.tensors[1].name = []
        },
        parse("tensor name of 65 bytes", code: "tensor_name_length_invalid", mention: "65") {
            $0.tensors[1].name = [UInt8](repeating: 0x61, count: 65)
        },
        parse("tensor name length 2^64 - 1", code: "tensor_name_length_invalid") {
            $0.tensors[0].claimedNameSize = .max
        },
        parse("tensor name that is not UTF-8", code: "tensor_name_not_utf8") {
            $0.tensors[1].name = [0x61, 0x80]
        },
        parse("tensor name with a newline", code: "tensor_name_character_invalid") {
            $0.tensors[1].name = Array("a\nb".utf8)
        },
        parse("tensor twice", code: "tensor_name_duplicate", mention: "first") {
            $0.tensors[1].name = Array("first".utf8)
        },
        parse("no dimension", code: "tensor_dimension_count_invalid", mention: "second") {
            $0.tensors[1].dimensions = []
        },
        parse("five dimensions", code: "tensor_dimension_count_invalid", mention: "second") {
            $0.tensors[1].dimensions = [8, 1, 1, 1, 1]
        },
        parse("2^32 - 1 dimensions", code: "tensor_dimension_count_invalid") {
            $0.tensors[0].claimedDimensionCount = .max
        },
        parse("dimension of length 0", code: "tensor_dimension_zero", mention: "first") {
            $0.tensors[0].dimensions = [4, 0]
        },
        parse("dimension of length 2^63", code: "tensor_size_overflow", mention: "first") {
            $0.tensors[0].dimensions = [1 << 63, 1]
        },
        parse("dimensions whose product overflows", code: "tensor_size_overflow") {
            $0.tensors[0].dimensions = [1 << 32, 1 << 31, 2]
        },
        parse("dimensions whose product overflows to 0", code: "tensor_size_overflow") {
            $0.tensors[0].dimensions = [1 << 32, 1 << 32]
        },
        parse("size in bytes overflows", code: "tensor_size_overflow") {
            $0.tensors[0].dimensions = [1 << 62]
        },
        parse("format 1000", code: "tensor_type_unknown", mention: "number 1000") {
            $0.tensors[0].format = 1000
        },
        parse("format 2^32 - 1", code: "tensor_type_unknown", mention: "first") {
            $0.tensors[0].format = .max
        },
        parse("format Q4_2, removed", code: "tensor_type_removed", mention: "Q4_2") {
            $0.tensors[0].format = 4
        },
        parse("format Q4_0_4_4, removed", code: "tensor_type_removed", mention: "Q4_0_4_4") {
            $0.tensors[1].format = 31
        },
        parse("Q8_0 rows of 40 values", code: "tensor_row_not_whole_blocks", mention: "40") {
            $0.tensors[0].format = 8
            $0.tensors[0].dimensions = [40, 4]
        },
        parse("Q4_K rows of 128 values", code: "tensor_row_not_whole_blocks", mention: "Q4_K") {
            $0.tensors[0].format = 12
            $0.tensors[0].dimensions = [128, 2]
        },
        parse("I2_S tensor of 96 values", code: "tensor_row_not_whole_blocks") {
            $0.tensors[0].format = 36
            $0.tensors[0].dimensions = [96]
        },
        parse("table cut off inside a name", code: "truncated", mention: "a tensor name") {
            $0.tensors[1].claimedNameSize = 64
            $0.tensors[1].data = []
            $0.tensors[0].data = []
            $0.tensors[1].dimensions = []
            $0.alignment = 1
        },
    ]

    /// Offsets and data.
    static let tensorPlaces: [MalformedFile] = [
        parse("offset not aligned", code: "tensor_offset_unaligned", mention: "second") {
            $0.tensors[1].claimedOffset = 33
        },
        parse("offset not aligned to 64", code: "tensor_offset_unaligned", mention: "64") {
            $0.set("general.alignment", .uint32(64))
        },
        parse("offset behind the file", code: "tensor_outside_file", mention: "second") {
            $0.tensors[1].claimedOffset = 1 << 40
        },
        parse("offset that overflows", code: "tensor_outside_file", mention: "second") {
            $0.tensors[1].claimedOffset = UInt64.max - 31
        },
        parse("same place twice", code: "tensor_overlap", mention: "second") {
            $0.tensors[1].claimedOffset = 0
        },
        parse("tensor inside another", code: "tensor_overlap", mention: "second") {
            $0.tensors[0].dimensions = [16]
        },
        parse("no tensor data", code: "tensor_outside_file", mention: "first") {
            $0.tensors[0].data = []
            $0.tensors[1].data = []
        },
        MalformedFile(
            name: "last byte missing", layer: "parse", code: "tensor_outside_file",
            mention: "second"
        ) { Array(smallest.build().dropLast()) },
        MalformedFile(
            name: "cut in the middle of the data", layer: "parse", code: "tensor_outside_file"
        ) { Array(GGUFBuilder.tinyLlama().build().prefix(60_000)) },
        MalformedFile(
            name: "cut inside the tensor table", layer: "parse", code: "truncated"
        ) {
            let layout = smallest.layout()
            return Array(layout.bytes.prefix(layout.dataOffset - 64))
        },
        parse("tensor larger than memory", code: "tensor_outside_file", mention: "first") {
            $0.tensors[0].dimensions = [1 << 40, 1 << 18]
        },
    ]

    init(
        name: String, layer: String, code: String, bytes: @escaping @Sendable () -> [UInt8]
    ) {
        self.init(name: name, layer: layer, code: code, mention: "", bytes: bytes)
    }
}
