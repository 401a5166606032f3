// assay-load rpc: puts load on a server and writes a report that cannot be fooled.
//
// This file only connects modules: flags become a plan, LoadTesting's engine runs the plan, and the
// record becomes a report. The run looks for a mock before the load, in every answer, and
// afterwards.

import ArgumentParser
import AssayClient
import Console
import Credentials
import Foundation
import LoadTesting
import PlainText

struct RpcCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rpc",
        abstract: "Open- and closed-loop load against a server, with a report.",
        discussion: """
            With a rate the loop is open: requests are sent when they are due, however slow the \
            answers, and latency counts from when a request was meant to be sent. Without one the \
            loop is closed: each caller waits for its answer. A mock or degraded answer fails the \
            run. A request without an answer counts as slower than any bound, and more of them \
            than --failures-max fail the run. Exit status: 0; 1 when a threshold is broken, too \
            many requests fail, an answer is degraded or nothing succeeds; 2 wrong usage; 69 \
            server unreachable; 79 a mock answered; 130 interrupted.
            """)

    @Option(
        help: "Server: HOST:PORT or /PATH of a Unix socket (or ASSAY_SERVER; 127.0.0.1:7411).")
    var server: String?

    @Option(
        help: ArgumentHelp(
            "File with the token to show the server, on one line (or ASSAY_TOKEN_FILE).",
            valueName: "file"), completion: .file())
    var tokenFile: String?

    @Option(help: "Name of the model; not needed when the server has one.")
    var model: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Time to wait for the server and its model: seconds, or 500ms, 2m; 0 for neither "
                + "(default: 60 for a model that is loading, none for a server that is not "
                + "there).", valueName: "time"),
        transform: FlagValue.span("--wait", bare: .seconds, upTo: 3_600))
    var wait: UInt64?

    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Requests") var requests: RequestOptions
    @OptionGroup(title: "Report") var output: ReportOptions

    @Option(parsing: .unconditional, help: "Goodput: TIME, or latency:TIME,ttft:TIME,tpot:TIME.")
    var goodput: String?

    @Option(help: "Fail when this holds, such as p99>20ms or errors>1%. May be repeated.")
    var failIf: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Share of the requests that may fail, have no end or never be sent (default: 1%, or "
                + "any with --fail-if on errors, error_count or unfinished)."))
    var failuresMax: String?

    @Flag(help: "Measure a mock; the report says so everywhere.")
    var allowMock = false

    @Flag(help: "Count degraded answers instead of failing.")
    var allowDegraded = false

    @Flag(help: "Do not offer LZ4.")
    var noCompression = false

    @Option(
        parsing: .unconditional,
        help: "Threads for the connections, 1 to 64 (default: one per two processors, at most 4).",
        transform: FlagValue.whole("--threads", 1...64))
    var threads: Int?

    @Option(
        parsing: .unconditional,
        help: "Measure nothing but this host for so long (and as long again), such as 10s.")
    var intrinsicLatency: String?

    private var threadCount: Int {
        threads ?? max(1, min(4, ProcessInfo.processInfo.activeProcessorCount / 2))
    }

    func run() async throws {
        Interruption.watch()
        if let intrinsicLatency {
            try Self.checkAlone("--intrinsic-latency")
            return try measureHost(try NumberText.seconds(intrinsicLatency, "--intrinsic-latency"))
        }
        let schedule = try schedule.settled()
        try output.checkPaths()
        let bounds = try Bounds(failIf: failIf, failuresMax: failuresMax)
        let objective = try goodput.map { try LatencyObjective($0, "--goodput") }
        let kinds = Set(try RequestMix(requests.mix).weights.map(\.kind))
            .union((schedule.trace ?? []).compactMap(\.kind))
        let content = try requests.content(vocabulary: 0)
        guard requests.conversation == nil || kinds.contains(.chat) else {
            throw ValidationError(
                "--conversation is \(requests.conversation ?? ""), and --mix is \(requests.mix) "
                    + "without chat; add chat to --mix, or leave out --conversation")
        }
        let end = ContinuousClock.now + .nanoseconds(wait ?? 60_000_000_000)
        let target = try target(schedule.connections, wait: wait ?? 0)
        let facts = try await target.facts(until: end)
        if let sentence = facts.mockSentence, !allowMock {
            throw RunRefused(status: Verdict.mock.rawValue, sentence: sentence)
        }
        guard model == nil || !facts.models.isEmpty else {
            let names = try await target.modelNames()
            let nearest = nearestName(to: model ?? "", among: names) ?? "none"
            throw RunRefused(
                status: 2,
                sentence: "--model: found no model \"\(model ?? "")\" on the server at \(address); "
                    + "nearest: \(nearest), served are: \(names.joined(separator: ", "))")
        }
        // The client would hold back requests beyond the server's limit, and the wait would look
        // like the server's.
        guard schedule.depth <= target.depthMax ?? schedule.depth else {
            throw ValidationError(
                "--depth: found \(schedule.depth), allowed: up to \(target.depthMax ?? 0), the "
                    + "server's requests in flight per connection")
        }
        if kinds.contains(.chat) { try await checkChat(target, content.conversations) }
        await target.close()
        let verdict = try await measure(schedule, bounds, objective, facts)
        if verdict != .passed { throw ExitCode(verdict.rawValue) }
    }

    /// Refuses a model that cannot hold the conversations, before any load.
    private func checkChat(
        _ target: AssayTarget, _ conversations: [[ConversationTurn]]
    ) async throws {
        guard let refusal = try await target.checkConversations(conversations) else { return }
        let name = model.map { "model \"\($0)\"" } ?? "model"
        let what =
            refusal.error.serverError?.code == "chat_template_missing"
            ? "has no chat template, so chat in --mix cannot be measured; use generate, or serve a "
                + "model with a chat template"
            : "refuses conversation \(refusal.number): \(refusal.error.message)"
        throw RunRefused(
            status: refusal.error.exitStatus, sentence: "the \(name) at \(address) \(what)")
    }

    private var address: String {
        server ?? ProcessInfo.processInfo.environment["ASSAY_SERVER"]
            ?? ServerAddress.standard.description
    }

    /// Makes new clients, not connected yet.
    private func target(_ connections: Int, wait: UInt64 = 0) throws -> AssayTarget {
        try AssayTarget(
            ServerAddress(address), token: try token(), model: model, connections: connections,
            threads: threadCount, allowMock: allowMock, compression: !noCompression, wait: wait)
    }

    /// The token to show, or nil without a token file.
    private func token() throws(RunRefused) -> String? {
        do throws(TokenFileError) {
            return try OwnToken.read(
                option: tokenFile, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw RunRefused(status: 2, sentence: "\(error)")
        }
    }

    /// Refuses every other option beside `flag`, which asks no server and sends nothing.
    private static func checkAlone(_ flag: String) throws {
        let options = CommandLine.arguments.dropFirst().filter { $0.hasPrefix("-") }
        let other = options.first { $0 != flag && !$0.hasPrefix(flag + "=") }
        guard let other else { return }
        throw ValidationError("\(flag) and \(other) exclude each other: \(flag) sends nothing")
    }

    private func measureHost(_ seconds: Double) throws {
        guard (0.1...3_600).contains(seconds) else {
            throw ValidationError(
                "--intrinsic-latency: found \(seconds) s, allowed: 0.1s to 1h")
        }
        let result = IntrinsicLatency.measure(seconds: seconds) { Interruption.hasHappened }
        Console.output(result.text)
    }

    // MARK: - Measuring

    private func measure(
        _ schedule: Schedule, _ bounds: Bounds, _ objective: LatencyObjective?,
        _ facts: TargetFacts
    ) async throws -> Verdict {
        let started = Date().timeIntervalSince1970
        var schedule = schedule
        var found: SearchReport?
        let result: RunResult
        if let search = schedule.search {
            let progress = ProgressLine()
            let finding = try await RateSearchRun.find(
                search, from: schedule.start, failuresMax: bounds.failuresMax
            ) { rate in
                progress.say("trying \(NumberText.short(rate)) requests/s")
                return try await carryOut(schedule, rate, objective, facts)
            } onTrial: {
                progress.say("\($0.held ? "held" : "failed"): \($0.finding)")
            }
            guard let finding else { return .failed }
            found = finding.report
            result = finding.result
            schedule.words = "\(NumberText.short(finding.rate))/s, \(schedule.kind.rawValue)"
        } else {
            result = try await carryOut(schedule, nil, objective, facts)
        }
        var report = RunReport(
            result, facts: facts, setup: try setup(schedule), objective: objective,
            startedAt: started)
        report.search = found
        report.origin = .here(startedAt: started)
        await lookAgain(&report, facts, result)
        var verdict = report.judge(
            bounds.thresholds, earlyEnd: result.record.earlyEnd, allowMock: allowMock,
            allowDegraded: allowDegraded, failuresMax: bounds.failuresMax)
        if let found, found.rate == nil, verdict == .passed {
            report.failures.append("no rate holds \(found.objective)")
            verdict = .failed
        }
        try output.write(report, intervals: result.intervals)
        for failure in report.failures { Console.error("assay-load: \(failure)") }
        if verdict == .mock, let words = report.endedEarly { Console.error("assay-load: \(words)") }
        return verdict
    }

    /// Runs the load on new connections, because a run that gave up requests has closed its
    /// connections.
    private func carryOut(
        _ schedule: Schedule, _ rate: Double?, _ objective: LatencyObjective?,
        _ facts: TargetFacts
    ) async throws -> RunResult {
        let target = try target(schedule.connections)
        try await target.connect()
        let vocabulary = facts.models.map(\.vocabulary).filter { $0 > 0 }.min() ?? 0
        let traced = Set((schedule.trace ?? []).compactMap(\.kind))
        let pool = RequestPool(
            try RequestMix(requests.mix), try requests.content(vocabulary: vocabulary),
            traced: traced, seed: schedule.seed)
        var plan = RunPlan(
            loop: schedule.loop(rate: rate), pool: pool, connections: schedule.connections,
            depth: schedule.depth, warmupSeconds: schedule.warmup,
            durationSeconds: schedule.duration, drainSeconds: schedule.drainInForce,
            requestsMax: schedule.requests)
        plan.allowMock = allowMock
        plan.allowDegraded = allowDegraded
        plan.objective = objective
        plan.steps = schedule.profile(rate: rate)?.rateSteps ?? []
        let progress = ProgressLine()
        defer { progress.clear() }
        let result = await RunEngine(
            plan, target, executors: target.executors,
            isInterrupted: { Interruption.hasHappened }, onInterval: progress.show
        ).run()
        await target.close()
        return result
    }

    /// Checks the server after the run, and reports models replaced by another model or a mock.
    private func lookAgain(
        _ report: inout RunReport, _ facts: TargetFacts, _ result: RunResult
    ) async {
        guard result.record.earlyEnd == nil, let target = try? target(1) else { return }
        let after = try? await target.facts()
        await target.close()
        guard let after else {
            return report.warnings.append("after the run the server did not answer any more")
        }
        if after.mockSentence != nil, !report.isMock {
            report.provenance = "mock"
            report.warnings.insert("MOCK: the model became a mock during the run", at: 0)
        }
        for model in after.models {
            guard let before = facts.models.first(where: { $0.name == model.name }),
                before.generation != model.generation
            else { continue }
            report.warnings.append(
                "the model \"\(model.name)\" was replaced during the run: generation "
                    + "\(before.generation), then \(model.generation)")
        }
    }

    private func setup(_ schedule: Schedule) throws -> SetupReport {
        let content = try requests.content(vocabulary: 0)
        return SetupReport(
            loop: self.schedule.isOpen ? "open" : "closed", schedule: schedule.words,
            mix: try RequestMix(requests.mix).description, connections: schedule.connections,
            depth: schedule.depth, warmupSeconds: schedule.warmup,
            durationSeconds: schedule.duration, prompts: requests.words,
            outputTokens: requests.outputTokens, cancelShare: content.cancelShare,
            deadlineShare: content.deadlineShare,
            deadlineMilliseconds: content.deadlineShare > 0
                ? Int(content.deadlineMilliseconds) : 0, seed: schedule.seed)
    }
}

/// Bounds that fail a run, read from the flags.
private struct Bounds {
    let thresholds: [Threshold]
    /// Largest share of requests without an answer.
    let failuresMax: Double

    init(failIf: [String], failuresMax: String?) throws {
        thresholds = try failIf.map { try Threshold($0) }
        // A threshold on failures takes the place of the default.
        let byDefault =
            thresholds.contains(where: \.isAboutFailures) ? 1 : LoadLimits.failureShareMax
        self.failuresMax =
            try failuresMax.map { try NumberText.share($0, "--failures-max") } ?? byDefault
    }
}

/// A run that was not started or not finished, and its exit status.
struct RunRefused: Error {
    let status: Int32
    let sentence: String
}
