// assay ping: round trips to a server. On a terminal they go on until Ctrl-C.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct Ping: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure round trips.",
        discussion: """
            Without --count and --json, on a terminal: a round trip a second until Ctrl-C, then a \
            summary; 0 when anything answered, 69 when nothing did. A server that goes away is \
            told, and ping goes on. Percentiles are shown of enough round trips only: p90 of 100, \
            p99 of 1000.
            """)

    @OptionGroup var options: ConnectionOptions

    @Option(
        parsing: .unconditional,
        help: "Round trips, 1 to 1000000; 1 by default where there is no terminal.",
        transform: FlagValue.whole("--count", 1...1_000_000))
    var count: Int?

    @Option(
        parsing: .unconditional, help: "Bytes of payload.",
        transform: FlagValue.whole("--size", 0...Limits.pingPayloadSizeMax))
    var size = 56

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Time from one round trip to the next: seconds, or 200ms, up to 1h (default: 1 without "
                + "--count, else none).", valueName: "time"),
        transform: FlagValue.span("--interval", bare: .seconds, upTo: 3600))
    var interval: UInt64?

    func run() async throws {
        let isEndless = count == nil && !options.json && Console.outputIsTerminal
        let count = count ?? 1
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        guard !isEndless else {
            return try await PingUntilInterrupted(
                address: options.address, payload: payload,
                interval: .nanoseconds(interval ?? 1_000_000_000),
                deadline: options.deadline
            ).run(options)
        }
        let (server, times) = try await options.withClient { client in
            let hello = try await client.connect()
            let times = try await roundTrips(client, payload, count)
            return (hello.server, times.map(Self.milliseconds))
        }
        if options.json {
            Console.line(Self.json(server, times.sorted()).text)
        } else {
            var trips = RoundTrips()
            for time in times { trips.add(milliseconds: time) }
            Console.line("\(server) at \(options.address): \(trips.summary)")
        }
    }

    private static func json(_ server: String, _ times: [Double]) -> JSONText {
        .object([
            ("provenance", .string("real")), ("server", .string(server)),
            ("count", .unsigned(UInt64(times.count))),
            ("p50_ms", .number(times[times.count / 2])),
            ("p99_ms", .number(times[min(times.count - 1, times.count * 99 / 100)])),
        ])
    }

    /// Measures on the client's own thread, without a change of threads in each round trip.
    private func roundTrips(
        _ client: Client, _ payload: [UInt8], _ count: Int
    ) async throws -> [Duration] {
        let clock = ContinuousClock()
        return try await withTaskExecutorPreference(client.executor) {
            var times: [Duration] = []
            for index in 0..<count {
                if index > 0, let interval { try await Task.sleep(for: .nanoseconds(interval)) }
                let start = clock.now
                try await client.ping(payload, deadlineMilliseconds: options.deadline)
                times.append(start.duration(to: clock.now))
            }
            return times
        }
    }

    fileprivate static func milliseconds(_ duration: Duration) -> Double {
        let parts = duration.components
        let nanoseconds = parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
        return Double(nanoseconds / 1000) / 1000
    }
}

/// Round trips until Ctrl-C, a line each.
private struct PingUntilInterrupted: Sendable {
    /// Milliseconds after which an answer counts as lost when --deadline is absent.
    private static let patience: UInt32 = 10_000

    let address: String
    let payload: [UInt8]
    let interval: Duration
    let deadline: UInt32

    func run(_ options: ConnectionOptions) async throws {
        let outcome = try await options.withClient { client in
            let work = Task { await trips(client) }
            onInterrupt { work.cancel() }
            return (await work.value, client.server?.server ?? "no server")
        }
        Console.line("\n\(outcome.1) at \(address): \(outcome.0.summary)")
        if outcome.0.answered == 0 { exitProcess(.unreachable) }
    }

    private func trips(_ client: Client) async -> RoundTrips {
        let clock = ContinuousClock()
        var trips = RoundTrips()
        Console.line("\(payload.count) bytes to \(address), Ctrl-C ends it")
        for number in 1... {
            let start = clock.now
            do {
                try await client.ping(
                    payload, deadlineMilliseconds: deadline > 0 ? deadline : Self.patience)
                let time = Ping.milliseconds(start.duration(to: clock.now))
                trips.add(milliseconds: time)
                Console.line("round trip \(number): \(Quantity.time(milliseconds: time))")
            } catch {
                // The round trip that Ctrl-C ends is no loss.
                if Task.isCancelled { break }
                trips.addLost()
                Console.line("round trip \(number): lost, \(error.message)")
            }
            try? await Task.sleep(until: start + interval, clock: clock)
            if Task.isCancelled { break }
        }
        return trips
    }
}
