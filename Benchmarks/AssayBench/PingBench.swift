// Round trips of two servers, measured in turns by the same client.
//
// A block of echo, a block of Assay, then the other way round, and so on: what the host does
// meanwhile happens to both. Ratios are taken between the two blocks of a pair, and the median
// pair counts.

import CPingPong

/// How the client loads a server.
struct PingScenario {
    let name: String
    let connections: UInt32
    /// Requests sent in one write on each connection.
    let depth: Int
    let isTCP: Bool
    /// Round trips per connection and block.
    let rounds: Int
    /// Pairs of blocks.
    let pairs: Int

    static func all(scale: Double) -> [PingScenario] {
        func scaled(_ count: Int) -> Int { max(10, Int(Double(count) * scale)) }
        return [
            .init(
                name: "unix 1x1", connections: 1, depth: 1, isTCP: false, rounds: scaled(1000),
                pairs: 20),
            .init(
                name: "tcp 1x1", connections: 1, depth: 1, isTCP: true, rounds: scaled(1000),
                pairs: 20),
            .init(
                name: "unix 64x1", connections: 64, depth: 1, isTCP: false, rounds: scaled(150),
                pairs: 10),
            .init(
                name: "tcp 64x1", connections: 64, depth: 1, isTCP: true, rounds: scaled(150),
                pairs: 10),
            .init(
                name: "unix 16x16", connections: 16, depth: 16, isTCP: false, rounds: scaled(300),
                pairs: 10),
        ]
    }
}

/// Where client and server run.
enum Placement: String, CaseIterable {
    /// Client on CPU 0, server on CPU 1: every round trip wakes another core.
    case cross
    /// Both on CPU 0: every round trip is a context switch.
    case same
    /// Wherever the kernel likes.
    case free

    var clientMask: UInt64? { self == .free ? nil : 1 }
    var serverMask: UInt64? { self == .free ? nil : self == .cross ? 2 : 1 }
}

/// What one server showed in one scenario.
struct PingFigures: Codable {
    /// Round trip of a write: one request, or one pipelined batch. Microseconds.
    let p50: Double
    let p99: Double
    /// Requests per second, median of the blocks.
    let requestsPerSecond: Double
    /// CPU time of the server per request, microseconds, over all blocks.
    let serverCPU: Double

    enum CodingKeys: String, CodingKey {
        case p50 = "p50_us"
        case p99 = "p99_us"
        case requestsPerSecond = "requests_per_second"
        case serverCPU = "server_cpu_us"
    }
}

/// Both servers in one scenario.
struct PingComparison: Codable {
    let scenario: String
    let echo: PingFigures
    let assay: PingFigures
    /// Assay over echo, median of the pairs.
    let p50Ratio: Double
    /// Assay over echo, whole run.
    let p99Ratio: Double
    let throughputRatio: Double
    let serverCPURatio: Double

    enum CodingKeys: String, CodingKey {
        case scenario, echo, assay
        case p50Ratio = "p50_ratio"
        case p99Ratio = "p99_ratio"
        case throughputRatio = "throughput_ratio"
        case serverCPURatio = "server_cpu_ratio"
    }
}

/// One server's side of a running scenario.
private final class Lane {
    let server: BenchServer
    let client: OpaquePointer
    let frames: PingFrames
    let expected: [UInt8]
    var samples: [UInt64] = []
    var blockMedians: [Double] = []
    var blockRates: [Double] = []
    var cpuTime: UInt64 = 0

    init(_ server: BenchServer, _ scenario: PingScenario) throws {
        self.server = server
        var opened: OpaquePointer?
        let address = scenario.isTCP ? server.tcp : server.unix
        try BenchError.check(
            pp_open(address, scenario.connections, &opened), "connecting to \(server.name)")
        guard let opened else { throw BenchError("connecting to \(server.name)") }
        client = opened
        frames = try PingFrames(depth: scenario.depth)
        var reply: [UInt8] = []
        for index in 0..<scenario.connections {
            if server.speaksAssay { try PingFrames.greet(client, index, server.name) }
            reply = try frames.firstReply(client, index, server.name)
            if server.speaksAssay { try frames.verify(reply) }
        }
        expected = reply
    }

    deinit { pp_close(client) }

    func runBlock(rounds: Int, connections: Int) throws {
        var times = [UInt64](repeating: 0, count: rounds * connections)
        var elapsed: UInt64 = 0
        let before = server.cpuTime
        let status = frames.request.withUnsafeBufferPointer { request in
            expected.withUnsafeBufferPointer { expected in
                var block = pp_block(
                    request: request.baseAddress, request_size: request.count,
                    expected: expected.baseAddress, reply_size: expected.count,
                    round_count: rounds)
                return pp_run(client, &block, &times, &elapsed)
            }
        }
        try BenchError.check(status, "pinging \(server.name)")
        cpuTime += server.cpuTime - before
        samples += times
        blockMedians.append(Statistics.percentile(times, 0.5))
        blockRates.append(Double(times.count * frames.depth) / Double(elapsed) * 1e9)
    }

    var figures: PingFigures {
        PingFigures(
            p50: Statistics.percentile(samples, 0.5) / 1000,
            p99: Statistics.percentile(samples, 0.99) / 1000,
            requestsPerSecond: Statistics.median(blockRates),
            serverCPU: Double(cpuTime) / Double(samples.count * frames.depth) / 1000)
    }
}

enum PingBench {
    static func run(
        _ scenario: PingScenario, echo: BenchServer, assay: BenchServer
    ) throws -> PingComparison {
        let lanes = [try Lane(echo, scenario), try Lane(assay, scenario)]
        let connections = Int(scenario.connections)
        for lane in lanes {
            try lane.runBlock(rounds: max(10, scenario.rounds / 4), connections: connections)
            lane.forgetWarmUp()
        }
        for pair in 0..<scenario.pairs {
            for lane in pair % 2 == 0 ? lanes : lanes.reversed() {
                try lane.runBlock(rounds: scenario.rounds, connections: connections)
            }
        }
        return compare(scenario.name, lanes[0], lanes[1])
    }

    private static func compare(_ name: String, _ echo: Lane, _ assay: Lane) -> PingComparison {
        let (bare, ours) = (echo.figures, assay.figures)
        return PingComparison(
            scenario: name, echo: bare, assay: ours,
            p50Ratio: Statistics.median(
                zip(assay.blockMedians, echo.blockMedians).map { $0 / $1 }),
            p99Ratio: ours.p99 / bare.p99,
            throughputRatio: Statistics.median(
                zip(assay.blockRates, echo.blockRates).map { $0 / $1 }),
            serverCPURatio: ours.serverCPU / bare.serverCPU)
    }
}

extension Lane {
    fileprivate func forgetWarmUp() {
        samples = []
        blockMedians = []
        blockRates = []
        cpuTime = 0
    }
}
