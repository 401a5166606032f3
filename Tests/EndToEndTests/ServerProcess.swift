// The real assayd as a child process: started, waited for, signalled, and never left behind.
//
// Binaries are taken from the folder that holds the test runner, so what is tested is what was
// built with it.

import Foundation
import ServerTestSupport
import TestSupport
import Wire

/// A program of the build.
enum Program {
    static func path(_ name: String) -> String {
        let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let folder = URL(fileURLWithPath: runner ?? ".").deletingLastPathComponent()
        return folder.appendingPathComponent(name).path
    }

    /// How a program ended and what it said.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs to the end: a program of the build, or one elsewhere by its absolute path.
    static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:],
        input: String = ""
    ) throws -> Outcome {
        let directory = try TemporaryDirectory()
        let process = try ChildProcess(
            name.hasPrefix("/") ? name : path(name), arguments, environment, directory,
            input: try directory.write(input.utf8, as: "in"))
        let status = process.waitUntilExit()
        return Outcome(status: status, output: process.output, errors: process.errors)
    }
}

/// A running assayd. Killed with the object if it has not stopped before.
final class ServerProcess {
    let directory: TemporaryDirectory
    let addresses: [String]
    private let process: ChildProcess

    /// Starts with one model, or with the one in the box, and waits until it listens.
    ///
    /// - Parameters:
    ///   - program: the path of the assayd to start; nil for the one of this build.
    ///   - threads: nil leaves the flag out.
    init(
        model: String?, _ arguments: [String] = [], environment: [String: String] = [:],
        program: String? = nil, threads: Int? = 2
    ) throws {
        let directory = try TemporaryDirectory()
        let process = try ChildProcess(
            program ?? Program.path("assayd"),
            (model.map { ["--model", "m=" + $0] } ?? []) + [
                "--listen", "unix://" + directory.path("s"), "--listen", "tcp://127.0.0.1:0",
            ] + (threads.map { ["--threads", "\($0)"] } ?? []) + arguments, environment, directory)
        self.directory = directory
        self.process = process
        _ = ProcessFacts.eventually { Self.listening(process).count == 2 || !process.isRunning }
        addresses = Self.listening(process)
        guard addresses.count == 2 else { throw ServerProcessError(errors: process.errors) }
    }

    var identifier: Int32 { process.identifier }
    var errors: String { process.errors }

    func client(_ index: Int = 0) throws -> RawClient {
        let client = try RawClient(addresses[index])
        try client.hello()
        return client
    }

    /// The value of a counter, both provenances together.
    func counter(_ name: String) throws -> UInt64 {
        let stats = try client().call(StatsRequest()).decoded(StatsResponse.self)
        return stats.counters.first { $0.name == name }.map { $0.real + $0.mock } ?? 0
    }

    func signal(_ number: Int32) { process.signal(number) }

    func waitUntilExit() -> Int32 { process.waitUntilExit() }

    /// Addresses it has announced, whole lines only.
    private static func listening(_ process: ChildProcess) -> [String] {
        process.errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .filter { $0.hasPrefix("listening on ") }.map { String($0.dropFirst(13)) }
    }
}

extension GenerateRequest {
    /// A greedy stream.
    static func stream(_ model: String? = nil, tokens: UInt64) -> GenerateRequest {
        var request = GenerateRequest(model: model, prompt: .tokens([1, 300, 301]))
        request.maxTokens = tokens
        return request
    }
}

/// The server did not come up; what it said.
struct ServerProcessError: Error {
    let errors: String
}
