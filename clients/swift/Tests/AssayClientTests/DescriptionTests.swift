// Compares Protocol/protocol.json with the client's tables: kinds that may be repeated, and names
// of errors. WireTests compares the tables of Wire.

import AssayClient
import Foundation
import Testing

@Suite struct DescriptionTests {
    private struct Description: Decodable {
        struct Kind: Decodable {
            let number: UInt8
            let retry_safe: Bool
        }

        struct Failure: Decodable {
            let code: String
            let status: String?
        }

        let kinds: [Kind]
        let client_errors: [Failure]
    }

    private func description() throws -> Description {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: root.appendingPathComponent("Protocol/protocol.json"))
        return try JSONDecoder().decode(Description.self, from: data)
    }

    @Test func theSameKindsMayBeAskedTwice() throws {
        let described = try description().kinds
        #expect(described.count == MessageKind.allCases.count)
        for kind in described {
            #expect(MessageKind(rawValue: kind.number)?.isRetrySafe == kind.retry_safe)
        }
    }

    @Test func errorsHaveTheSameNames() throws {
        let codes: [AssayError.Code] = [
            .addressInvalid, .unreachable, .connectionClosed, .timedOut, .protocolError,
            .mockRefused, .serverRefused, .requestInvalid, .givenUp, .revisionTooLow,
        ]
        // Only this client has `process_forked`. The clients in other languages work in a forked
        // process.
        #expect(Set(codes.map(\.name)) == Set(try description().client_errors.map(\.code)))
    }
}
