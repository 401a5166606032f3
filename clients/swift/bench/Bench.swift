// Measures the round trip of a Ping through the client, beside a bare socket in the same language.
//
//     bench --server URL --echo URL [--rounds 5] [--requests 2000] [--from-elsewhere]
//     bench --server URL --rate SECONDS [--connections 16] [--depth 16] [--threads 1]
//
// The first form prints a line of JSON: medians over rounds of p50, in microseconds. The second
// form prints Pings per second for the given connections and requests in flight on each.

import AssayClient
import Foundation

@main
enum Bench {
    static func main() async {
        let arguments = Arguments(CommandLine.arguments)
        do {
            if arguments.value("rate") != nil {
                try await Rate(arguments).run()
            } else {
                try await RoundTrips(arguments).run()
            }
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(1)
        }
    }
}

/// Parser for `--name value` and `--flag`.
struct Arguments {
    private let words: [String]

    init(_ words: [String]) { self.words = words }

    func value(_ name: String) -> String? {
        guard let index = words.firstIndex(of: "--" + name), index + 1 < words.count else {
            return nil
        }
        return words[index + 1]
    }

    func number(_ name: String, _ standard: Int) -> Int {
        value(name).flatMap { Int($0) } ?? standard
    }

    func has(_ name: String) -> Bool { words.contains("--" + name) }
}

/// Consecutive round trips on a single connection.
struct RoundTrips {
    private let server: String
    private let echo: String
    private let rounds: Int
    private let requests: Int
    private let isElsewhere: Bool
    private static let payload = [UInt8](repeating: 7, count: 64)

    init(_ arguments: Arguments) {
        server = arguments.value("server") ?? "tcp://127.0.0.1:7411"
        echo = arguments.value("echo") ?? "tcp://127.0.0.1:7400"
        rounds = arguments.number("rounds", 5)
        requests = arguments.number("requests", 2000)
        isElsewhere = arguments.has("from-elsewhere")
    }

    func run() async throws {
        let client = try Client(server)
        let bare = try BareSocket(ServerAddress(echo))
        var client50: [Double] = []
        var bare50: [Double] = []
        for _ in 0..<rounds {
            if isElsewhere {
                client50.append(try await roundTrips(client))
            } else {
                client50.append(
                    try await withTaskExecutorPreference(client.executor) {
                        try await roundTrips(client)
                    })
            }
            // 32 bytes of header, 8 of field header, the payload.
            bare50.append(try bare.roundTrips(requests, size: 40 + Self.payload.count))
        }
        let own = Self.median(client50)
        let least = Self.median(bare50)
        func text(_ value: Double) -> String { String(format: "%.2f", value) }
        print(
            "{\"language\":\"swift\",\"client_p50_us\":\(text(own)),"
                + "\"bare_p50_us\":\(text(least)),\"ratio\":\(text(own / least)),"
                + "\"requests\":\(requests),\"rounds\":\(rounds)}")
    }

    private func roundTrips(_ client: Client) async throws -> Double {
        let clock = ContinuousClock()
        var times: [Double] = []
        times.reserveCapacity(requests)
        for _ in 0..<requests {
            let start = clock.now
            try await client.ping(Self.payload)
            times.append(start.duration(to: clock.now) / .microseconds(1))
        }
        return Self.median(times)
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}

/// A blocking socket without a client.
final class BareSocket {
    private let descriptor: Int32

    init(_ address: ServerAddress) throws {
        switch address {
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            try Self.connect(descriptor, &name, MemoryLayout<sockaddr_un>.size)
        case .tcp(let host, let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = inet_addr(host)
            try Self.connect(descriptor, &name, MemoryLayout<sockaddr_in>.size)
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        }
    }

    deinit { close(descriptor) }

    private static func connect<Name>(_ descriptor: Int32, _ name: inout Name, _ size: Int) throws {
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(size))
            }
        }
        if status != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// Median time of `count` round trips, microseconds.
    func roundTrips(_ count: Int, size: Int) throws -> Double {
        let clock = ContinuousClock()
        let message = [UInt8](repeating: 7, count: size)
        var buffer = [UInt8](repeating: 0, count: 4096)
        var times: [Double] = []
        times.reserveCapacity(count)
        for _ in 0..<count {
            let start = clock.now
            guard send(descriptor, message, size, Int32(MSG_NOSIGNAL)) == size else {
                throw POSIXError(.EPIPE)
            }
            var received = 0
            while received < size {
                let part = recv(descriptor, &buffer, buffer.count, 0)
                if part <= 0 { throw POSIXError(.EPIPE) }
                received += part
            }
            times.append(start.duration(to: clock.now) / .microseconds(1))
        }
        return RoundTrips.median(times)
    }
}

/// Pings per second.
struct Rate {
    private let server: String
    private let seconds: Double
    private let connections: Int
    private let depth: Int
    private let threads: Int

    init(_ arguments: Arguments) {
        server = arguments.value("server") ?? "tcp://127.0.0.1:7411"
        seconds = arguments.value("rate").flatMap { Double($0) } ?? 2
        connections = arguments.number("connections", 16)
        depth = arguments.number("depth", 16)
        threads = arguments.number("threads", 1)
    }

    func run() async throws {
        let executors = try (0..<threads).map { _ in try ClientExecutor() }
        let clients = try (0..<connections).map {
            try Client(server, executor: executors[$0 % threads])
        }
        for client in clients { try await client.connect() }
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .milliseconds(Int(seconds * 1000))
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for client in clients {
                for _ in 0..<depth {
                    group.addTask(executorPreference: client.executor) {
                        var count = 0
                        while clock.now < end {
                            for _ in 0..<16 { try await client.ping() }
                            count += 16
                        }
                        return count
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        let elapsed = start.duration(to: clock.now) / .seconds(1)
        print(
            "{\"language\":\"swift\",\"requests_per_second\":\(Int(Double(count) / elapsed)),"
                + "\"connections\":\(connections),\"depth\":\(depth),\"threads\":\(threads)}")
    }
}
