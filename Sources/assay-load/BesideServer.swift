// A server of its own for a measurement: the assayd beside this program, on a socket in a temporary
// folder.
//
// Guarantees: the server ends with the measurement, also after an error. The last words of a server
// that ends by itself are in the error.

import AssayClient
import Foundation
import LoadTesting

final class BesideServer {
    /// Name of the model that serves.
    static let modelName = "beside"

    /// Where the server listens.
    let address: ServerAddress
    private let process = Process()
    private let folder: URL
    private var log: URL { folder.appendingPathComponent("log") }

    /// Starts the server with `model`. The model is not ready yet.
    init(model: String, threads: Int?) throws {
        let executable = try Self.executable()
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("assay-load-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        let socket = folder.appendingPathComponent("socket").path
        address = try ServerAddress(socket)
        process.executableURL = executable
        process.arguments = [
            "--model", "\(Self.modelName)=\(model)", "--listen", socket, "--admin", "none",
            "--log-level", "error", "--allow-loading", "same-user",
        ]
        if let threads { process.arguments? += ["--threads", "\(threads)"] }
        process.environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("ASSAY_") || $0.key == "ASSAY_INSTRUCTION_SET"
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        do {
            try Data().write(to: log)
            process.standardError = try FileHandle(forWritingTo: log)
            try process.run()
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw RunRefused(
                status: 70, sentence: "starting \(executable.path): \(error.localizedDescription)")
        }
    }

    /// The server's program lies where this program lies.
    private static func executable() throws -> URL {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let found = own.deletingLastPathComponent().appendingPathComponent("assayd")
        guard FileManager.default.isExecutableFile(atPath: found.path) else {
            throw RunRefused(
                status: 70,
                sentence: "--beside starts a server: found no program at \(found.path); install "
                    + "assayd beside assay-load")
        }
        return found
    }

    /// Waits until the model serves. Throws when the server has ended instead.
    func waitUntilReady(_ client: Client) async throws {
        while process.isRunning {
            if Interruption.hasHappened { throw RunRefused(status: 130, sentence: "interrupted") }
            let list = try? await client.models(deadlineMilliseconds: 5000).message.models
            if list?.contains(where: { $0.state == .ready }) == true { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw RunRefused(
            status: process.terminationStatus,
            sentence: "the server that --beside started has ended with status "
                + "\(process.terminationStatus): \(lastWords)")
    }

    private var lastWords: String {
        let words = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        return words.split(separator: "\n").suffix(3).joined(separator: "; ")
    }

    /// Ends the server and takes its folder away.
    func stop() {
        // A second signal skips what a first one waits for.
        for signal in [SIGTERM, SIGINT] where process.isRunning {
            kill(process.processIdentifier, signal)
        }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}
