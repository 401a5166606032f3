// assay-load loading --beside: a stream of one model while another model is loaded and dropped, in
// the same server.
//
// Guarantees: with and without a load are measured in turn, in one server, on one stream. The
// stream runs on a thread of its own, and counts tokens when they arrive.

import AssayClient
import Foundation
import LoadMeasure
import LoadTesting
import Synchronization

struct LoadingBeside {
    /// Path of the model that serves.
    let model: String
    let rounds: Int
    let threads: Int?

    /// Name of the model that is loaded.
    private static let name = "loaded"
    /// Shortest quiet window, and the window behind an unload.
    private static let windowMin = Duration.seconds(1)

    /// Measures the load of each path.
    func run(paths: [String], onFigures: (BesideFigures) throws -> Void) async throws {
        let server = try BesideServer(model: model, threads: threads)
        defer { server.stop() }
        var options = ClientOptions()
        options.name = "assay-load/1"
        options.waitMilliseconds = 60_000
        let client = try Client(server.address, options: options)
        try await server.waitUntilReady(client)
        for path in paths {
            let record = try await measure(path, client, server.address, options)
            try onFigures(BesideFigures(beside: model, path: path, record))
        }
        client.close()
    }

    private func measure(
        _ path: String, _ client: Client, _ address: ServerAddress, _ options: ClientOptions
    ) async throws -> BesideRecord {
        var record = BesideRecord()
        // Not counted: afterwards the file is in the page cache.
        try await load(path, client)
        for _ in 0..<rounds { record.alone.append(milliseconds(try await load(path, client))) }
        let stream = try TokenStream(address, options)
        defer { stream.stop() }
        try await stream.waitUntilRunning()
        for _ in 0..<rounds {
            guard !Interruption.hasHappened else {
                throw RunRefused(status: 130, sentence: "interrupted")
            }
            let length = record.beside.last.map { Duration.milliseconds($0) } ?? Self.windowMin
            let quiet = try await wait(max(length, Self.windowMin))
            let loadStart = LoadClock.now()
            _ = try await client.load(LoadRequest(name: Self.name, path: path))
            let loadEnd = LoadClock.now()
            record.beside.append(milliseconds(loadStart..<loadEnd))
            _ = try await wait(Self.windowMin)
            let unloadStart = LoadClock.now()
            try await client.unload(UnloadRequest(name: Self.name))
            let unload = unloadStart..<(try await wait(Self.windowMin)).upperBound
            record.rounds.append(.init(quiet: quiet, load: loadStart..<loadEnd, unload: unload))
            if let failure = stream.failure { throw failure }
        }
        record.answers = stream.answers
        return record
    }

    /// Loads and drops the path. Returns the time of the load.
    @discardableResult
    private func load(_ path: String, _ client: Client) async throws -> Range<Int64> {
        let start = LoadClock.now()
        _ = try await client.load(LoadRequest(name: Self.name, path: path))
        let end = LoadClock.now()
        try await client.unload(UnloadRequest(name: Self.name))
        return start..<end
    }

    private func wait(_ time: Duration) async throws -> Range<Int64> {
        let start = LoadClock.now()
        try await Task.sleep(for: time)
        return start..<LoadClock.now()
    }

    private func milliseconds(_ range: Range<Int64>) -> Double { Double(range.count) / 1e6 }
}

/// Answers of the served model, one after another, until told to stop. Any thread.
private final class TokenStream: Sendable {
    private struct State {
        var answers: [[Int64]] = []
        var failure: (any Error)?
    }

    /// Tokens of an answer, where the context has room for them.
    private static let tokenCount: UInt64 = 128

    private let state = Mutex(State())
    private let isStopped = Atomic<Bool>(false)
    private let client: Client

    init(_ address: ServerAddress, _ options: ClientOptions) throws {
        let executor = try ClientExecutor()
        client = try Client(address, options: options, executor: executor)
        Task(executorPreference: executor) { [self] in
            do {
                while !isStopped.load(ordering: .relaxed) { try await answer() }
            } catch {
                if !isStopped.load(ordering: .relaxed) { state.withLock { $0.failure = error } }
            }
        }
    }

    /// Arrivals of tokens, by answer.
    var answers: [[Int64]] { state.withLock { $0.answers } }
    /// The end that nobody asked for.
    var failure: (any Error)? { state.withLock { $0.failure } }

    private func answer() async throws {
        var request = GenerateRequest(
            model: BesideServer.modelName, prompt: .text("Once upon a time"))
        request.maxTokens = Self.tokenCount
        request.minTokens = Self.tokenCount
        state.withLock { $0.answers.append([]) }
        for try await part in client.generateStream(request) {
            let now = LoadClock.now()
            guard !part.tokens.isEmpty else { continue }
            state.withLock { $0.answers[$0.answers.count - 1].append(now) }
        }
    }

    /// Waits for the first tokens.
    func waitUntilRunning() async throws {
        while (answers.first?.count ?? 0) < 2 {
            if let failure { throw failure }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        client.close()
    }
}
