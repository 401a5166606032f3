// assay ping: round trips to a server.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct Ping: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure round trips.")

    @OptionGroup var options: ConnectionOptions

    @Option(
        parsing: .unconditional, help: "Round trips, 1 to 1000000.",
        transform: FlagValue.whole("--count", 1...1_000_000))
    var count = 1

    @Option(
        parsing: .unconditional, help: "Bytes of payload.",
        transform: FlagValue.whole("--size", 0...Limits.pingPayloadSizeMax))
    var size = 56

    func run() async throws {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let (server, times) = try await options.withClient { client in
            let hello = try await client.connect()
            let times = try await roundTrips(client, payload)
            return (hello.server, times.map(Self.milliseconds).sorted())
        }
        let median = times[times.count / 2]
        let late = times[min(times.count - 1, times.count * 99 / 100)]
        if options.json {
            Console.line(
                JSONText.object([
                    ("provenance", .string("real")), ("server", .string(server)),
                    ("count", .unsigned(UInt64(count))), ("p50_ms", .number(median)),
                    ("p99_ms", .number(late)),
                ]).text)
        } else {
            Console.line(
                "\(server) at \(options.address): p50 \(median) ms, p99 \(late) ms of \(count)")
        }
    }

    /// Measures on the client's own thread, without a change of threads in each round trip.
    private func roundTrips(_ client: Client, _ payload: [UInt8]) async throws -> [Duration] {
        let clock = ContinuousClock()
        return try await withTaskExecutorPreference(client.executor) {
            var times: [Duration] = []
            for _ in 0..<count {
                let start = clock.now
                try await client.ping(payload, deadlineMilliseconds: options.deadline)
                times.append(start.duration(to: clock.now))
            }
            return times
        }
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        let parts = duration.components
        let nanoseconds = parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
        return Double(nanoseconds / 1000) / 1000
    }
}
