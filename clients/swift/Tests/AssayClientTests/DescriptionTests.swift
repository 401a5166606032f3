// Protocol/protocol.json against what the client itself knows: which kinds may be asked twice, and
// the names of its errors. Wire's tables are compared with it in WireTests.

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
        // Of all clients only this one has `process_forked`: the others work in a forked process.
        #expect(Set(codes.map(\.name)) == Set(try description().client_errors.map(\.code)))
    }
}
