// Protocol/protocol.json, from which every client's constants are generated, against this code.
//
// Guarantees: kinds, statuses, limits, types and every message table are the same in both; whoever
// changes one of them alone turns a test red. That protocol.json agrees with SPEC.md is checked by
// Protocol/generate.py --check.

import Foundation
import Testing
import Wire

/// The parts of protocol.json that Wire knows about too.
private struct Description: Decodable {
    struct Kind: Decodable {
        let number: UInt8
        let name: String
        let state: String
        let since: UInt64
        let streamed: Bool
        let request: String?
        let chunk: String?
        let response: String?
    }

    struct Status: Decodable {
        let number: UInt32
        let name: String
        let advice: String
        let on_wire: Bool
    }

    struct Named: Decodable {
        let name: String
        let value: Int
    }

    struct Number: Decodable {
        let number: UInt8
        let name: String
    }

    /// A bound of a range: whole numbers keep all their digits.
    enum Bound: Decodable {
        case whole(UInt64)
        case real(Double)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let whole = try? value.decode(UInt64.self) {
                self = .whole(whole)
            } else {
                self = .real(try value.decode(Double.self))
            }
        }

        var text: String {
            switch self {
            case .whole(let value): "\(value)"
            case .real(let value): "\(value)"
            }
        }

        /// As an f64's range writes it.
        var realText: String {
            switch self {
            case .whole(let value): "\(Double(value))"
            case .real(let value): "\(value)"
            }
        }
    }

    struct Field: Decodable {
        let id: UInt16
        let name: String
        let type: String
        let presence: String
        let times_min: Int?
        let times_max: Int?
        let min: Bound?
        let max: Bound?
        let min_exclusive: Bool?
        let choices: [String]?

        var presenceInCode: FieldPresence? {
            switch presence {
            case "required": .required
            case "optional": .optional
            default:
                times_min.flatMap { low in times_max.map { .repeated(min: low, max: $0) } }
            }
        }

        /// The range in the words of `FieldRange.text`.
        var rangeText: String {
            if let choices { return choices.joined(separator: ", ") }
            guard let min, let max else { return "any" }
            if type == "f64" {
                return min_exclusive == true
                    ? "above \(min.realText), to \(max.realText)"
                    : "\(min.realText)..\(max.realText)"
            }
            let unit =
                switch type {
                case "text", "bytes": " bytes"
                case "u32[]", "f32[]": " elements"
                default: ""
                }
            return min.text == max.text && unit == " bytes"
                ? "\(min.text) bytes" : "\(min.text)..\(max.text)\(unit)"
        }
    }

    struct Message: Decodable {
        let fields: [Field]
    }

    let version: UInt8
    let revision: UInt64
    let response_bit: UInt8
    let kinds: [Kind]
    let statuses: [Status]
    let types: [Number]
    let provenance: [Number]
    let limits: [Named]
    let messages: [String: Message]

    static func load() throws -> Description {
        let url = VectorCase.protocolFolder.appendingPathComponent("protocol.json")
        return try JSONDecoder().decode(Description.self, from: Data(contentsOf: url))
    }
}

@Suite struct DescriptionTests {
    @Test func versionAndRevisionAreTheCodes() throws {
        let file = try Description.load()
        #expect(file.version == Limits.version)
        #expect(file.revision == Limits.revision)
        #expect(file.response_bit == MessageKind.responseBit)
    }

    @Test func kindsAreTheCodes() throws {
        let file = try Description.load()
        #expect(file.kinds.map(\.number) == MessageKind.allCases.map(\.rawValue))
        for entry in file.kinds {
            let kind = try #require(MessageKind(rawValue: entry.number))
            #expect(entry.name == kind.description)
            let state = kind.isServed ? "served" : (kind == .goAway ? "push" : "reserved")
            #expect(entry.state == state)
            var requests: [String] = []
            for type in MessageRegistry.requests where type.kind == kind {
                requests.append("\(type.layout.name)")
            }
            var chunks: [String] = []
            var last: [String] = []
            for type in MessageRegistry.responses where type.kind == kind {
                if type.isFollowed {
                    chunks.append("\(type.layout.name)")
                } else {
                    last.append("\(type.layout.name)")
                }
            }
            #expect(Self.list(entry.request) == requests)
            #expect(Self.list(entry.chunk) == chunks)
            #expect(Self.list(entry.response) == last)
            #expect(entry.streamed == !chunks.isEmpty)
        }
    }

    private static func list(_ name: String?) -> [String] {
        name.map { [$0] } ?? []
    }

    @Test func statusesAreTheCodes() throws {
        let file = try Description.load()
        #expect(file.statuses.map(\.number) == Status.allCases.map(\.rawValue))
        for entry in file.statuses {
            let status = try #require(Status(rawValue: entry.number))
            #expect(entry.name == status.description)
            #expect(entry.advice == status.advice.rawValue)
            #expect(entry.on_wire == status.isOnWire)
        }
    }

    @Test func typesAndProvenanceAreTheCodes() throws {
        let file = try Description.load()
        #expect(file.types.map(\.number) == FieldType.allCases.map(\.rawValue))
        #expect(file.types.map(\.name) == FieldType.allCases.map(\.name))
        #expect(
            file.provenance.map(\.number) == [Provenance.real.rawValue, Provenance.mock.rawValue])
    }

    @Test func limitsAreTheCodes() throws {
        let found = Dictionary(
            try Description.load().limits.map { ($0.name, $0.value) },
            uniquingKeysWith: { first, _ in first })
        let expected: [String: Int] = [
            "frame_size_max_before_hello": Limits.frameSizeMaxBeforeHello,
            "body_size_max": Limits.bodySizeMax,
            "body_size_min": Limits.bodySizeMin,
            "compression_size_min": Limits.compressionSizeMin,
            "requests_in_flight_max": Limits.requestsInFlightMax,
            "text_size_max": Limits.textSizeMax,
            "token_count_max": Limits.tokenCountMax,
            "list_count_max": Limits.listCountMax,
            "message_count_max": Limits.messageCountMax,
            "continuation_count_max": Limits.continuationCountMax,
            "input_count_max": Limits.inputCountMax,
            "top_logprobs_max": Int(Limits.topLogprobsMax),
            "embedding_dimensions_max": Int(Limits.embeddingDimensionsMax),
            "ping_payload_size_max": Limits.pingPayloadSizeMax,
            "retry_after_milliseconds_max": Int(Limits.retryAfterMillisecondsMax),
            "header_size": Limits.headerSize,
            "header_size_counted": Limits.headerSizeCounted,
            "field_header_size": Limits.fieldHeaderSize,
            "compression_percent_max": Limits.compressionPercentMax,
            "compression_sampled_size_min": Limits.compressionSampledSizeMin,
            "compression_sample_size": Limits.compressionSampleSize,
        ]
        #expect(found == expected)
    }

    @Test func theMessagesAreTheCodes() throws {
        let names = try Description.load().messages.keys.sorted()
        #expect(names == MessageRegistry.all.map { "\($0.layout.name)" }.sorted())
    }

    @Test(arguments: MessageRegistry.all.map { "\($0.layout.name)" })
    func tableIsTheCodes(_ name: String) throws {
        let fields = try #require(try Description.load().messages[name]).fields
        let layout = try #require(MessageRegistry.type(named: name)).layout
        #expect(fields.map(\.id) == layout.fields.map(\.id))
        #expect(fields.map(\.name) == layout.fields.map(\.name))
        #expect(fields.map(\.type) == layout.fields.map(\.type.name))
        #expect(fields.map(\.presenceInCode) == layout.fields.map(\.presence))
        #expect(fields.map(\.rangeText) == layout.fields.map(\.range.text))
    }

    @Test func whatIsNewerThanRevision1IsMarkedSo() throws {
        let kinds = try Description.load().kinds
        for kind in kinds where kind.state == "served" {
            let newer = kind.name == "Score" || kind.name == "Embed"
            #expect(kind.since == (newer ? 2 : 1), "\(kind.name)")
        }
    }
}
