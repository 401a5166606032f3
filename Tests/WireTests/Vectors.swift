// The cases of Protocol/vectors as values: bytes and what they must decode to.
//
// The folder is found from this file's place, links resolved, so that a development package with
// links to the sources reads the same vectors.

import Foundation
import Testing
import Wire

/// Any JSON value, compared structurally.
indirect enum JSON: Decodable, Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }
}

/// One case of the folder.
struct VectorCase: CustomTestStringConvertible, Sendable {
    struct Header: Decodable, Equatable, Sendable {
        let kind: UInt8
        let flags: UInt8
        let provenance: UInt8
        let request_id: String
        let status: UInt32
        let raw_size: Int
        let generation: UInt32
        let wire_size: Int
    }

    struct Field: Decodable, Equatable, Sendable {
        let id: UInt16
        let name: String
        let value: JSON
    }

    struct FrameExpectation: Decodable, Sendable {
        let header: Header
        let message: String?
        let fields: [Field]
    }

    struct ErrorExpectation: Decodable, Sendable {
        let code: String
        let status: String
        let field: String?
    }

    struct Expectation: Decodable, Sendable {
        let about: String
        let direction: String
        let before_hello: Bool
        let compression: Bool?
        let canonical: Bool?
        let frames: [FrameExpectation]?
        let message: String?
        let error: ErrorExpectation?
    }

    let name: String
    let bytes: [UInt8]
    let expectation: Expectation

    var testDescription: String { name }

    /// A decoder set up as the case says.
    func decoder() -> FrameDecoder {
        let strict = Limits.frameSizeMaxBeforeHello - Limits.headerSize
        return FrameDecoder(
            expectation.direction == "request" ? .request : .response,
            bodySizeMax: expectation.before_hello ? strict : Limits.bodySizeMax,
            acceptsCompression: !expectation.before_hello && expectation.compression != false)
    }

    /// Every case of `valid`, `invalid` or `incomplete`, in order of name.
    static func all(_ folder: String) -> [VectorCase] {
        let base = protocolFolder.appendingPathComponent("vectors/\(folder)")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
        return names.filter { $0.hasSuffix(".bin") }.sorted().compactMap { file in
            let name = String(file.dropLast(4))
            guard let bytes = try? Data(contentsOf: base.appendingPathComponent(file)),
                let json = try? Data(contentsOf: base.appendingPathComponent(name + ".json")),
                let expectation = try? JSONDecoder().decode(Expectation.self, from: json)
            else {
                Issue.record("unreadable vector \(folder)/\(name)")
                return nil
            }
            return VectorCase(
                name: "\(folder)/\(name)", bytes: [UInt8](bytes), expectation: expectation)
        }
    }

    static let protocolFolder: URL = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Protocol")
}
