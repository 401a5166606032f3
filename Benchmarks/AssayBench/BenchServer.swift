// A server process under test: started, awaited, pinned to a CPU, and ended with the benchmark.
//
// Ends by pid: SIGTERM, then SIGKILL after two seconds. The bare echo also ends by itself when our
// end of its standard input closes.

import CPingPong
import Foundation

/// A running server and its two addresses.
final class BenchServer {
    let name: String
    let unix: String
    let tcp: String
    /// Whether connections begin with a Hello.
    let speaksAssay: Bool
    private let process: Process
    private let input = Pipe()
    /// What it wrote to standard error; shown only when it does not start.
    private let log: URL

    var pid: Int32 { process.processIdentifier }

    /// CPU time of all its threads so far, nanoseconds.
    var cpuTime: UInt64 { pp_cpu_time(pid) }

    private init(
        name: String, executable: String, arguments: [String], speaksAssay: Bool, unix: String,
        tcp: String, directory: URL
    ) throws {
        self.name = name
        self.speaksAssay = speaksAssay
        self.unix = unix
        self.tcp = tcp
        log = directory.appendingPathComponent("\(name).log")
        process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw BenchError("\(name): there is no executable at \(executable)")
        }
        try process.run()
        do {
            for address in [unix, tcp] { try awaitReady(address) }
        } catch {
            stop()
            throw error
        }
    }

    deinit { stop() }

    static func bareEcho(_ executable: String, in directory: URL) throws -> BenchServer {
        let unix = "unix://" + directory.appendingPathComponent("echo.sock").path
        let tcp = "tcp://127.0.0.1:\(try freePort())"
        return try BenchServer(
            name: "bare echo", executable: executable, arguments: [unix, tcp], speaksAssay: false,
            unix: unix, tcp: tcp, directory: directory)
    }

    static func assayd(
        _ executable: String, model: String, extra: [String], in directory: URL
    ) throws -> BenchServer {
        let unix = "unix://" + directory.appendingPathComponent("assay.sock").path
        let tcp = "tcp://127.0.0.1:\(try freePort())"
        let arguments = [
            "--model", "bench=\(model)", "--listen", unix, "--listen", tcp, "--admin", "none",
            "--log-level", "warning",
        ]
        return try BenchServer(
            name: "assay", executable: executable, arguments: arguments + extra, speaksAssay: true,
            unix: unix, tcp: tcp, directory: directory)
    }

    /// Moves all its threads to the CPUs of the mask.
    func pin(_ mask: UInt64) throws {
        try BenchError.check(pp_pin(pid, mask), "pinning \(name)")
    }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        let limit = Date().addingTimeInterval(2)
        while process.isRunning && Date() < limit { usleep(10_000) }
        if process.isRunning { kill(pid, SIGKILL) }
        process.waitUntilExit()
    }

    /// Connects until it works; a server needs a moment to load its model.
    private func awaitReady(_ address: String) throws {
        let limit = Date().addingTimeInterval(20)
        while Date() < limit {
            var client: OpaquePointer?
            if pp_open(address, 1, &client) == 0 {
                pp_close(client)
                return
            }
            guard process.isRunning else {
                let words = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                throw BenchError("\(name) ended with status \(process.terminationStatus): \(words)")
            }
            usleep(10_000)
        }
        throw BenchError("\(name) did not listen on \(address) within 20 s")
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        guard status == 0 else { throw BenchError("no free TCP port") }
        return UInt16(bigEndian: name.sin_port)
    }
}
