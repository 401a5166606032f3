// A kernel that computes something else on this machine: the log says so at the start, and every
// answer says so too.

import CKernels
import Compute
import Logging
import ServerTestSupport
import Synchronization
import Testing
import Wire

@Suite(.enabled(if: InstructionSet.best != .scalar, "needs more than the scalar kernels"))
struct FaultyKernelTests {
    @Test func aKernelThatWasSwitchedOffIsLoggedAndInEveryAnswer() throws {
        let backend = try CPUBackend(threads: 1, instructionSet: .best) { set, table in
            if set == .best { table.rope = { x, _, _, _, _ in x?[0] = 7 } }
        }
        let log = LineLog()
        let server = try TestServer(backend: backend, logger: Logger(label: "test") { _ in log })
        #expect(
            log.lines.contains {
                $0.hasPrefix("info: computing on 1 threads with \(InstructionSet.best); ")
            })
        #expect(log.lines.contains { $0.hasPrefix("warning: ") && $0.contains("rope") })
        let client = try server.client()
        let frames = try client.answers(to: try client.request(GenerateRequest.stream(tokens: 3)))
        #expect(try frames.generated.answer.degradations == ["kernel_disabled: rope"])
        // And the tokens are those of a sound machine.
        let sound = try TestServer()
        let other = try sound.client()
        let expected = try other.answers(to: try other.request(GenerateRequest.stream(tokens: 3)))
        #expect(try frames.tokens == expected.tokens)
        #expect(try expected.generated.answer.degradations == [])
    }
}

/// Keeps what is logged.
private final class LineLog: LogHandler {
    private let stored = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    var lines: [String] { stored.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        stored.withLock { $0.append("\(event.level): \(event.message)") }
    }
}
