// A child process by posix_spawn and waitpid, and nothing else.
//
// Foundation's Process notices an exit through a socket that later children inherit, so waiting for
// one child can wait for another; tests with several programs at once need better.

import Foundation
import TestSupport

/// A running program. Its output goes to files, so that it never blocks on a pipe.
final class ChildProcess {
    let identifier: pid_t
    private let directory: TemporaryDirectory
    private var status: Int32?

    /// Starts `path` with exactly these variables. `input` is a file.
    init(
        _ path: String, _ arguments: [String], _ environment: [String: String],
        _ directory: TemporaryDirectory, input: String = "/dev/null"
    ) throws {
        self.directory = directory
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 1, directory.path("out"), flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, directory.path("err"), flags, 0o600)
        // Many servers at once: only who says so has an admin port.
        let variables = [
            "PATH": "/usr/bin:/bin", "ASSAY_ADMIN": "none", "ASSAY_DRAIN_GRACE_SECONDS": "0",
        ].merging(environment) { $1 }
        var started = pid_t()
        let failure = Self.withStrings([path] + arguments) { arguments in
            Self.withStrings(variables.map { "\($0)=\($1)" }) { variables in
                posix_spawn(&started, path, &actions, nil, arguments, variables)
            }
        }
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .ENOENT) }
        identifier = started
    }

    deinit {
        guard isRunning else { return }
        signal(SIGKILL)
        _ = waitUntilExit()
    }

    var output: String { Self.text(directory.path("out")) }
    var errors: String { Self.text(directory.path("err")) }

    /// False once it has ended.
    var isRunning: Bool {
        guard status == nil else { return false }
        var raw: Int32 = 0
        if waitpid(identifier, &raw, WNOHANG) == identifier { status = Self.exitStatus(raw) }
        return status == nil
    }

    func signal(_ number: Int32) { if isRunning { kill(identifier, number) } }

    /// Waits for the end; 128 and the signal's number for a program that was killed. One that does
    /// not end within half a minute is killed: that fails a test instead of hanging it.
    func waitUntilExit() -> Int32 {
        for _ in 0..<3000 where isRunning { usleep(10_000) }
        if isRunning { kill(identifier, SIGKILL) }
        while isRunning { usleep(1_000) }
        return status ?? -1
    }

    static func exitStatus(_ raw: Int32) -> Int32 {
        raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// A null-terminated array of C strings, valid during `body`.
    static func withStrings(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
    ) -> Int32 {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }
}
