// Typed access: what fits is given, what does not is nil, nothing is converted behind the
// caller's back.

import ModelFiles
import TestSupport
import Testing

@Suite struct MetadataValueTests {
    static let values: [(GGUFBuilder.Value, MetadataType)] = [
        (.uint8(200), .uint8), (.int8(-3), .int8), (.uint16(40_000), .uint16),
        (.int16(-300), .int16), (.uint32(3_000_000_000), .uint32), (.int32(-70_000), .int32),
        (.uint64(.max), .uint64), (.int64(.min), .int64), (.float32(1.5), .float32),
        (.float64(-2.25), .float64), (.bool(true), .bool), (.string("é"), .string),
        (.uint32s([1]), .array),
    ]

    private func value(_ value: GGUFBuilder.Value) throws -> MetadataValue {
        var builder = GGUFBuilder()
        builder.add("key", value)
        return try #require(try builder.parsed().metadata["key"])
    }

    @Test func everyTypeKeepsItsTypeAndName() throws {
        for (stored, type) in Self.values {
            #expect(try value(stored).type == type)
        }
        let names = Set(MetadataType.allCases.map(\.description))
        #expect(names.count == 13)
        #expect(names.contains("uint8") && names.contains("float64"))
    }

    @Test func integersOfEveryWidthAreReadExactly() throws {
        #expect(try value(.uint8(200)).asInteger == 200)
        #expect(try value(.int8(-3)).asInteger == -3)
        #expect(try value(.uint16(40_000)).asInteger == 40_000)
        #expect(try value(.int16(-300)).asInteger == -300)
        #expect(try value(.uint32(3_000_000_000)).asInteger == 3_000_000_000)
        #expect(try value(.int32(-70_000)).asInteger == -70_000)
        #expect(try value(.int64(.min)).asInteger == .min)
        #expect(try value(.uint64(.max)).asUnsigned == .max)
        #expect(try value(.uint16(9)).asUnsigned == 9)
        #expect(try value(.uint8(9)).asUnsigned == 9)
        #expect(try value(.int32(9)).asUnsigned == 9)
    }

    @Test func whatDoesNotFitIsNil() throws {
        #expect(try value(.uint64(.max)).asInteger == nil)
        #expect(try value(.int8(-1)).asUnsigned == nil)
        #expect(try value(.float32(3)).asInteger == nil)
        #expect(try value(.bool(true)).asUnsigned == nil)
        #expect(try value(.uint32(1)).asFloat == nil)
        #expect(try value(.uint32(1)).asBool == nil)
        #expect(try value(.uint32(1)).asString == nil)
        #expect(try value(.string("1")).asArray == nil)
    }

    @Test func floatsBoolsAndTextAreReadExactly() throws {
        #expect(try value(.float32(1.5)).asFloat == 1.5)
        #expect(try value(.float64(-2.25)).asFloat == -2.25)
        #expect(try value(.bool(true)).asBool == true)
        #expect(try value(.bool(false)).asBool == false)
        #expect(try value(.string("日本 é")).asString == "日本 é")
    }

    private func array(_ stored: GGUFBuilder.Value) throws -> MetadataArray {
        try #require(try value(stored).asArray)
    }

    @Test func arraysOfIntegersOfEveryWidth() throws {
        #expect(try array(.array(type: 0, [.uint8(255)])).integers() == [255])
        #expect(try array(.array(type: 1, [.int8(-1)])).integers() == [-1])
        #expect(try array(.array(type: 2, [.uint16(65_535)])).integers() == [65_535])
        #expect(try array(.array(type: 3, [.int16(-2)])).integers() == [-2])
        #expect(try array(.uint32s([1, .max])).integers() == [1, 4_294_967_295])
        #expect(try array(.int32s([-5, 6])).integers() == [-5, 6])
        #expect(try array(.array(type: 10, [.uint64(7)])).integers() == [7])
        #expect(try array(.array(type: 10, [.uint64(.max)])).integers() == nil)
        #expect(try array(.array(type: 11, [.int64(-8)])).integers() == [-8])
        #expect(try array(.float32s([1])).integers() == nil)
    }

    @Test func arraysOfOtherTypes() throws {
        #expect(try array(.float32s([0.5, -2])).floats() == [0.5, -2])
        #expect(try array(.array(type: 12, [.float64(0.25)])).floats() == [0.25])
        #expect(try array(.uint32s([1])).floats() == nil)
        #expect(try array(.array(type: 7, [.bool(true), .bool(false)])).bools() == [true, false])
        #expect(try array(.uint32s([1])).bools() == nil)
        #expect(try array(.uint32s([1])).strings() == nil)
        #expect(try array(.uint32s([1])).arrays() == nil)
        #expect(try array(.strings(["a", ""])).strings() == ["a", ""])
        try array(.uint32s([1])).forEachString { _, _ in Issue.record("not an array of strings") }
    }

    @Test func bytesOfAnArrayAreItsElements() throws {
        let numbers = try array(.uint32s([0x0403_0201]))
        #expect(Array(numbers.bytes) == [1, 2, 3, 4])
        #expect(numbers.elementType == .uint32)
        #expect((numbers.count, numbers.byteSize) == (1, 4))
    }
}
