// Runs every case of Protocol/vectors: valid frames to fields, invalid ones to their code.

import Testing
import Wire

@Suite struct VectorTests {
    @Test func thereAreEnoughCasesOfEveryFolder() {
        #expect(VectorCase.all("valid").count >= 155)
        #expect(VectorCase.all("invalid").count >= 334)
        #expect(VectorCase.all("incomplete").count >= 25)
    }

    @Test(arguments: VectorCase.all("valid"))
    func validFrameDecodesToTheExpectedHeaderAndFields(_ vector: VectorCase) throws {
        let expectation = vector.expectation
        let frames = try vector.decoder().frames(in: vector.bytes)
        let expected = try #require(expectation.frames)
        #expect(frames.count == expected.count)
        for (frame, wanted) in zip(frames, expected) {
            #expect(VectorCase.Header(frame.header) == wanted.header)
            guard let name = wanted.message else { continue }
            let type = try #require(MessageRegistry.type(named: name), "\(name)")
            let message = try decode(type, frame.body)
            expectFields(wanted.fields, in: message)
            if expectation.canonical == true { #expect(encode(message) == frame.body) }
        }
    }

    @Test(arguments: VectorCase.all("invalid"))
    func invalidBytesAreRefusedWithTheExpectedCode(_ vector: VectorCase) throws {
        let expectation = vector.expectation
        let expected = try #require(expectation.error)
        var thrown: WireError?
        do {
            let frames = try vector.decoder().frames(in: vector.bytes)
            let name = try #require(expectation.message, "framing was accepted")
            let type = try #require(MessageRegistry.type(named: name))
            _ = try decode(type, try #require(frames.first).body)
        } catch let error as WireError {
            thrown = error
        }
        let error = try #require(thrown, "accepted")
        #expect(error.code.name == expected.code)
        #expect(error.status.description == expected.status)
        #expect(error.field == expected.field)
    }

    @Test(arguments: VectorCase.all("incomplete"))
    func prefixOfAFrameIsAwaited(_ vector: VectorCase) throws {
        let decoder = vector.decoder()
        #expect(try decoder.frames(in: vector.bytes).isEmpty)
        #expect(decoder.pendingSize == vector.bytes.count)
    }

    @Test func everyServedKindHasARequestAndAResponseVector() throws {
        var requests: Set<UInt8> = []
        var responses: Set<UInt8> = []
        for vector in VectorCase.all("valid") {
            for frame in vector.expectation.frames ?? [] where frame.header.status == 0 {
                let kind = frame.header.kind
                if kind & 0x80 == 0 { requests.insert(kind) } else { responses.insert(kind) }
            }
        }
        for kind in MessageKind.allCases where kind.isServed {
            #expect(requests.contains(kind.requestByte), "\(kind)")
            #expect(responses.contains(kind.responseByte), "\(kind)")
        }
        #expect(responses.contains(MessageKind.goAway.responseByte))
    }

    @Test func everyCodeOfTheDecoderHasAVector() throws {
        let seen = Set(
            VectorCase.all("invalid").compactMap { $0.expectation.error?.code })
        let codes: [WireError.Code] = [
            .lengthTooSmall, .lengthTooLarge, .versionUnsupported, .kindOutOfRange,
            .flagsUnknown, .flagsConflict, .provenanceInvalid, .requestIDInvalid,
            .generationNotZero, .reservedNotZero, .rawSizeMismatch, .rawSizeTooLarge,
            .compressionNotAgreed, .compressionNotUseful, .compressedBodyDamaged, .bodyTruncated,
            .fieldUnknown,
            .fieldTypeMismatch, .fieldSizeMismatch, .fieldReservedNotZero, .fieldOrder,
            .fieldRepeated, .fieldOutOfRange, .fieldTextInvalid, .fieldMissing, .fieldConflict,
        ]
        #expect(seen == Set(codes.map(\.name)))
    }

    private func decode(
        _ type: any WireRecord.Type, _ body: [UInt8]
    ) throws(WireError) -> any WireRecord {
        try type.init(decoding: body)
    }

    private func encode(_ message: any WireRecord) -> [UInt8] {
        var writer = BodyWriter()
        message.encode(into: &writer)
        return writer.bytes
    }

    /// Compares what the vector lists with the properties of the decoded value.
    private func expectFields(_ fields: [VectorCase.Field], in message: any WireRecord) {
        let found = Reflected.fields(of: message)
        for name in Set(fields.map(\.name)) {
            let wanted = fields.filter { $0.name == name }.map { Self.normal($0.value) }
            let values = (found[name] ?? []).map { Self.subset($0, of: wanted) }
            #expect(values == wanted, "\(name)")
        }
    }

    /// A list of fields becomes an object from name to values, as `Reflected` makes them.
    private static func normal(_ value: JSON) -> JSON {
        guard case .array(let items) = value, case .object? = items.first else { return value }
        var result: [String: JSON] = [:]
        for case .object(let field) in items {
            guard case .string(let name)? = field["name"], let inner = field["value"] else {
                continue
            }
            var values: [JSON] = []
            if case .array(let present)? = result[name] { values = present }
            result[name] = .array(values + [normal(inner)])
        }
        return .object(result)
    }

    /// Drops from a reflected record what no expected record lists (absent optional fields).
    private static func subset(_ value: JSON, of wanted: [JSON]) -> JSON {
        guard case .object(let fields) = value else { return value }
        // A record that says nothing is an empty list of fields.
        if wanted.contains(.array([])) { return .array([]) }
        var kept: [String: JSON] = [:]
        for (name, inner) in fields {
            let expected = wanted.compactMap { record -> [JSON]? in
                guard case .object(let object) = record, case .array(let values)? = object[name]
                else { return nil }
                return values
            }
            guard let first = expected.first, case .array(let values) = inner, !values.isEmpty
            else { continue }
            kept[name] = .array(values.map { subset($0, of: first) })
        }
        return .object(kept)
    }
}

extension VectorCase.Header {
    /// A decoded header as the vectors write it.
    init(_ header: FrameHeader) {
        self.init(
            kind: header.kindByte, flags: header.flags.rawValue,
            provenance: header.provenance?.rawValue ?? 0, request_id: String(header.requestID),
            status: header.statusNumber, raw_size: header.rawSize,
            generation: header.generation, wire_size: header.wireSize)
    }
}
