// Metadata entries that lie: keys, types, lengths, text, booleans, arrays, alignment.

extension MalformedFile {
    /// Keys and values.
    static let metadata: [MalformedFile] = [
        parse("empty key", code: "key_length_invalid") { $0.add("", .uint8(1)) },
        parse("key of 65536 bytes", code: "key_length_invalid", mention: "65536") {
            $0.add(String(repeating: "k", count: 65_536), .uint8(1))
        },
        parse("key length 2^64 - 1", code: "key_length_invalid") {
            $0.metadata[1].claimedKeySize = .max
        },
        parse("key longer than the file", code: "truncated", mention: "a metadata key") {
            $0.metadata[2].claimedKeySize = 60_000
        },
        parse("key that is not UTF-8", code: "key_not_utf8", mention: "\\xff") {
            $0.metadata[1].key = [0x61, 0xFF, 0x62]
        },
        parse("key with an accent", code: "key_character_invalid") {
            $0.metadata[1].key = Array("clé".utf8)
        },
        parse("key with a space", code: "key_character_invalid") {
            $0.metadata[1].key = Array("a key".utf8)
        },
        parse("key with a zero byte", code: "key_character_invalid", mention: "\\x00") {
            $0.metadata[1].key = [0x61, 0, 0x62]
        },
        parse("key twice", code: "key_duplicate", mention: "test.number") {
            $0.add("test.number", .uint32(42))
        },
        parse("key twice with another type", code: "key_duplicate", mention: "test.words") {
            $0.add("test.words", .bool(true))
        },
        parse("value type 13", code: "value_type_unknown", mention: "type 13") {
            $0.add("test.bad", .raw(type: 13, payload: [0, 0, 0, 0]))
        },
        parse("value type 2^32 - 1", code: "value_type_unknown", mention: "test.bad") {
            $0.add("test.bad", .raw(type: .max, payload: []))
        },
        parse("value cut off by the end", code: "truncated", mention: "test.bad") {
            $0.tensors = []
            $0.add("test.bad", .raw(type: 10, payload: [1, 2, 3]))
        },
        parse("boolean 2", code: "bool_invalid", mention: "byte 2") {
            $0.add("test.bad", .raw(type: 7, payload: [2]))
        },
        parse("string length 2^64 - 1", code: "string_too_long", mention: "test.bad") {
            $0.add("test.bad", .raw(type: 8, payload: [UInt8](repeating: 255, count: 8)))
        },
        parse("string one byte longer than the file", code: "string_too_long") {
            $0.tensors = []
            $0.add("test.bad", .raw(type: 8, payload: [5, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]))
        },
        parse("string in Latin-1", code: "string_not_utf8", mention: "test.bad") {
            $0.add("test.bad", .bytes([0x63, 0x6C, 0xE9]))
        },
        parse("string with an overlong form", code: "string_not_utf8") {
            $0.add("test.bad", .bytes([0xC0, 0xAF]))
        },
        parse("string with a surrogate", code: "string_not_utf8") {
            $0.add("test.bad", .bytes([0xED, 0xA0, 0x80]))
        },
        parse("string ending inside a character", code: "string_not_utf8") {
            $0.add("test.bad", .bytes(Array("abcdefgh".utf8) + [0xE6, 0x97]))
        },
        parse("array of type 99", code: "value_type_unknown", mention: "type 99") {
            $0.add("test.bad", .claimedArray(type: 99, count: 1, payload: [0]))
        },
        parse("array count 2^64 - 1", code: "array_too_long", mention: "test.bad") {
            $0.add("test.bad", .claimedArray(type: 0, count: .max, payload: []))
        },
        parse("array whose size overflows", code: "array_too_long") {
            $0.add("test.bad", .claimedArray(type: 10, count: 1 << 61, payload: zeros(16)))
        },
        parse("array longer than the file", code: "array_too_long", mention: "5000") {
            $0.add("test.bad", .claimedArray(type: 6, count: 5000, payload: zeros(16)))
        },
        parse("array of strings longer than the file", code: "array_too_long") {
            $0.add("test.bad", .claimedArray(type: 8, count: 5000, payload: zeros(16)))
        },
        parse("array nested five deep", code: "array_too_deep", mention: "depth 5") {
            var value = GGUFBuilder.Value.array(type: 0, [.uint8(1)])
            for _ in 1..<5 { value = .array(type: 9, [value]) }
            $0.add("test.bad", value)
        },
        parse("boolean 7 in an array", code: "bool_invalid", mention: "byte 7") {
            $0.add("test.bad", .claimedArray(type: 7, count: 3, payload: [0, 1, 7]))
        },
        parse("string in an array longer than the file", code: "string_too_long") {
            $0.add(
                "test.bad",
                .claimedArray(type: 8, count: 1, payload: [0, 0, 0, 0, 0, 0, 0, 16]))
        },
        parse("inner array longer than the file", code: "array_too_long") {
            $0.add("test.bad", .array(type: 9, [.claimedArray(type: 5, count: 9999, payload: [])]))
        },
        parse("inner array of an unknown type", code: "value_type_unknown") {
            $0.add("test.bad", .array(type: 9, [.claimedArray(type: 14, count: 0, payload: [])]))
        },
        parse("array cut off inside its header", code: "truncated", mention: "element count") {
            $0.tensors = []
            $0.add("test.bad", .raw(type: 9, payload: [4, 0, 0, 0, 1, 0]))
        },
    ]

    /// `general.alignment`.
    static let alignment: [MalformedFile] = [
        aligned("0", .uint32(0)), aligned("3", .uint32(3)), aligned("4", .uint32(4)),
        aligned("48", .uint32(48)), aligned("2^25", .uint32(1 << 25)),
        aligned("2^31", .uint32(1 << 31)), aligned("a uint64", .uint64(32)),
        aligned("an int32", .int32(32)), aligned("text", .string("32")),
        aligned("an array", .uint32s([32])),
    ]

    private static func aligned(_ name: String, _ value: GGUFBuilder.Value) -> MalformedFile {
        parse(
            "alignment is \(name)", code: "alignment_invalid", mention: "general.alignment"
        ) { $0.add("general.alignment", value) }
    }
}
