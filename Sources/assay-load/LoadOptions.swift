// The flags of assay-load rpc for the amount and the kind of load.
//
// LoadTesting parses the values. This file has names, defaults and exclusions.

import ArgumentParser
import Foundation
import LoadTesting
import PlainText

/// Flags for the schedule of requests.
struct ScheduleOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "Open loop: requests per second. Without this and its kin the loop is closed.")
    var rate: String?

    @Option(
        parsing: .unconditional,
        help: "Open loop: FROM:TO requests per second, evenly over the duration.")
    var ramp: String?

    @Option(
        parsing: .unconditional,
        help: "Open loop: RATE:TIME,RATE:TIME...; their times are the duration.")
    var step: String?

    @Option(
        help: "Open loop: a file of SECONDS[,KIND[,PROMPT_TOKENS[,OUTPUT_TOKENS]]] lines.",
        completion: .file())
    var trace: String?

    @Option(
        help: "Open loop: arrivals spread evenly (constant, the default) or at random (poisson).",
        completion: .list(ArrivalKind.allCases.map(\.rawValue)),
        transform: FlagValue.word("--arrival"))
    var arrival: ArrivalKind?

    @Option(parsing: .unconditional, help: "Time to measure, such as 30s or 5m; at most 24h.")
    var duration: String?

    @Option(
        parsing: .unconditional,
        help: "Time before anything is counted (default: 1s; 0 with --trace or --requests).")
    var warmup: String?

    @Option(parsing: .unconditional, help: "Time to wait for answers after the last request.")
    var drain = "10s"

    @Option(
        parsing: .unconditional, help: "Requests to send at most, warm-up included.",
        transform: FlagValue.whole("--requests", 1...LoadLimits.requestsMax))
    var requests: Int?

    @Option(
        parsing: .unconditional, help: "Connections, 1 to 4096.",
        transform: FlagValue.whole("--connections", 1...LoadLimits.connectionsMax))
    var connections = 8

    @Option(
        parsing: .unconditional,
        help: "Requests in flight per connection, 1 to 256 (default: open loop 64, closed 1).",
        transform: FlagValue.whole("--depth", 1...LoadLimits.depthMax))
    var depth: Int?

    @Option(
        parsing: .unconditional, help: "Seed of arrivals, lengths and contents.",
        transform: FlagValue.whole("--seed", 0...UInt64.max))
    var seed: UInt64 = 1

    @Option(help: "Find the highest rate that holds, for example p99=20ms; starts at --rate.")
    var findMaxRate: String?

    var isOpen: Bool {
        rate != nil || ramp != nil || step != nil || trace != nil || findMaxRate != nil
    }

    /// Reads and checks all flags.
    func settled() throws -> Schedule {
        let given = [rate, ramp, step, trace].compactMap(\.self)
        guard given.count <= 1 else {
            throw ValidationError("--rate, --ramp, --step and --trace exclude each other")
        }
        let requests = requests ?? LoadLimits.requestsMax
        let warmup = warmup ?? (trace != nil || self.requests != nil ? "0" : "1s")
        let depth = depth ?? (isOpen ? 64 : 1)
        guard arrival == nil || (isOpen && trace == nil) else {
            throw ValidationError("--arrival needs --rate, --ramp, --step or --find-max-rate")
        }
        var schedule = Schedule(
            kind: arrival ?? .constant, connections: connections, depth: depth, requests: requests,
            seed: seed,
            warmup: try time(warmup, "--warmup", 0...LoadLimits.warmupSecondsMax),
            drain: try time(drain, "--drain", 0...LoadLimits.drainSecondsMax),
            duration: try time(
                duration ?? (findMaxRate == nil ? "10s" : "5s"), "--duration",
                0.1...LoadLimits.durationSecondsMax))
        if let findMaxRate {
            guard ramp == nil, step == nil, trace == nil else {
                throw ValidationError("--find-max-rate sets the rate: only --rate goes with it")
            }
            schedule.search = try RateObjective(findMaxRate)
            schedule.start = try rate.map { try RateProfile.rate($0, "--rate") } ?? 100
        } else {
            try fill(&schedule)
        }
        let count = schedule.profile?.area ?? 0
        guard count <= Double(LoadLimits.requestsMax) else {
            throw ValidationError(
                "the schedule: found \(NumberText.fixed(count, 0)) requests, allowed: up to "
                    + "\(LoadLimits.requestsMax)")
        }
        return schedule
    }

    private func fill(_ schedule: inout Schedule) throws {
        if let rate {
            schedule.profile = .constant(
                try RateProfile.rate(rate, "--rate"), seconds: schedule.duration)
        } else if let ramp {
            schedule.profile = try .ramp(ramp, seconds: schedule.duration)
        } else if let step {
            guard duration == nil else {
                throw ValidationError("--step says how long: leave out --duration")
            }
            let profile = try RateProfile.steps(step)
            guard profile.seconds <= LoadLimits.durationSecondsMax else {
                throw ValidationError("--step: found more than 24h, allowed: up to 24h")
            }
            schedule.profile = profile
            schedule.duration = profile.seconds
        } else if let trace {
            let entries = try TraceFile.parse(try contents(trace, "--trace"), name: trace)
            schedule.trace = entries
            let last = Double(entries[entries.count - 1].intended) / 1e9
            // The end is a millisecond after the last request, so that the last request counts,
            // too.
            if duration == nil { schedule.duration = max(0.1, last - schedule.warmup + 0.001) }
        }
        schedule.words = words
    }

    private var words: String {
        let spread = trace == nil ? ", \((arrival ?? .constant).rawValue)" : ""
        if let rate { return "\(rate)/s\(spread)" }
        if let ramp { return "\(ramp.replacingOccurrences(of: ":", with: " to "))/s\(spread)" }
        if let step { return "\(step)\(spread)" }
        if let trace { return "trace \(trace)" }
        return "each caller waits for its answer"
    }

    private func time(
        _ text: String, _ name: String, _ range: ClosedRange<Double>
    ) throws -> Double {
        let seconds = try NumberText.seconds(text, name)
        guard range.contains(seconds) else {
            throw ValidationError(
                "\(name): found \(FlagValue.shown(text)), allowed: "
                    + "\(FlagValue.short(range.lowerBound)) to "
                    + "\(FlagValue.short(range.upperBound)) seconds, or a time such as 50ms, 5s")
        }
        return seconds
    }
}

/// The schedule of requests, read and checked.
struct Schedule {
    var kind: ArrivalKind
    var connections: Int
    var depth: Int
    var requests: Int
    var seed: UInt64
    var warmup: Double
    var drain: Double
    var duration: Double
    var profile: RateProfile?
    var trace: [TraceEntry]?
    var search: RateObjective?
    var start = 0.0
    var words = ""

    /// Seconds to wait for the last answers. A trial of a search need not wait much longer than its
    /// bound, because later answers are too late anyway.
    var drainInForce: Double {
        search.map { min(drain, 2 * $0.bound / 1_000 + 0.5) } ?? drain
    }

    /// Returns the load loop. `rate` is the rate of a search's trial, else nil.
    func loop(rate: Double?) -> LoadLoop {
        if let trace { return .open(ArrivalSchedule(trace: trace)) }
        guard let base = profile(rate: rate) else { return .closed }
        return .open(ArrivalSchedule(base.warmed(seconds: warmup), kind, seed: seed))
    }

    /// The rate over the time of measuring. Nil without a rate.
    func profile(rate: Double?) -> RateProfile? {
        rate.map { RateProfile.constant($0, seconds: duration) } ?? profile
    }
}

/// Flags for the content of requests.
struct RequestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Kinds and weights, such as ping=80,generate=20; kinds: \(RequestKind.names)."))
    var mix = "ping"

    @Option(
        help: "A file of prompts, one a line, instead of synthetic ones.", completion: .file())
    var prompts: String?

    @Option(
        help: ArgumentHelp(
            "Conversations of chat requests, instead of those in the box: a JSON list of messages, "
                + "or a list of such lists.", valueName: "file"))
    var conversation: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Tokens of a synthetic prompt: N, uniform:A:B, normal:MEAN:DEVIATION, "
                + "lognormal:MEDIAN:SIGMA or exponential:MEAN (default: 32)."))
    var promptTokens: String?

    @Option(parsing: .unconditional, help: "Tokens to generate at most, in the same forms.")
    var outputTokens = "16"

    @Option(parsing: .unconditional, help: "Bytes of a ping, in the same forms.")
    var pingBytes = "64"

    @Option(
        parsing: .unconditional,
        help: "Share of generate and chat to give up after a few tokens: 10% or 0.1.")
    var cancelShare = "0"

    @Option(parsing: .unconditional, help: "Share of requests to send with --deadline.")
    var deadlineShare = "0"

    @Option(
        parsing: .unconditional, help: "The deadline of those, such as 50ms (default: 1s).")
    var deadline: String?

    /// Tokens of a synthetic prompt without the flag.
    private static let promptTokensDefault = "32"

    /// Reads and checks all flags. `vocabulary` is the size of the server's vocabulary, 0 when
    /// unknown.
    func content(vocabulary: Int) throws -> RequestContent {
        guard prompts == nil || promptTokens == nil else {
            throw ValidationError("--prompts and --prompt-tokens exclude each other")
        }
        var content = RequestContent(
            promptTokens: try LengthDistribution(
                promptTokens ?? Self.promptTokensDefault, "--prompt-tokens",
                most: LoadLimits.tokensMax),
            outputTokens: try LengthDistribution(
                outputTokens, "--output-tokens", most: LoadLimits.tokensMax),
            pingBytes: try LengthDistribution(pingBytes, "--ping-bytes", most: 65_536))
        content.prompts =
            try prompts.map { try PromptFile.parse(try contents($0, "--prompts"), name: $0) } ?? []
        if let conversation { content.conversations = try ConversationsInFile.read(conversation) }
        content.cancelShare = try NumberText.share(cancelShare, "--cancel-share")
        content.deadlineShare = try NumberText.share(deadlineShare, "--deadline-share")
        guard deadline == nil || content.deadlineShare > 0 else {
            throw ValidationError("--deadline needs --deadline-share")
        }
        let deadline = deadline ?? "1s"
        let milliseconds = try NumberText.seconds(deadline, "--deadline") * 1_000
        guard (1...86_400_000).contains(milliseconds) else {
            throw ValidationError(
                "--deadline: found \(FlagValue.shown(deadline)), allowed: 1ms to 24h")
        }
        content.deadlineMilliseconds = UInt32(milliseconds)
        content.vocabulary = UInt32(clamping: vocabulary > 0 ? vocabulary : 256)
        return content
    }

    /// Description of the prompts for the report.
    var words: String {
        let kinds = ((try? RequestMix(mix))?.weights ?? []).map(\.kind)
        let chat = conversation.map { "conversations of \($0)" } ?? "the conversations in the box"
        if kinds == [.chat] { return chat }
        if kinds == [.ping] { return "\(pingBytes) bytes" }
        let texts =
            prompts.map { "prompts of \($0)" }
            ?? "synthetic prompts of \(promptTokens ?? Self.promptTokensDefault) tokens"
        return texts + (kinds.contains(.chat) ? "; " + chat : "")
    }
}

/// Returns the bytes of a file named by a flag. The size is checked before the content is read.
func contents(_ path: String, _ flag: String = "") throws -> [UInt8] {
    let what = flag.isEmpty ? path : "\(flag) \(path)"
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
    guard size <= LoadLimits.fileSizeMax else {
        throw LoadTestError(
            .fileInvalid,
            "reading \(what): found \(size) bytes, allowed: \(LoadLimits.fileSizeMax)")
    }
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = FileHandle(forReadingAtPath: path)
    defer { try? file?.close() }
    guard !isFolder.boolValue, let file,
        let bytes = try? file.read(upToCount: LoadLimits.fileSizeMax + 1) ?? Data()
    else {
        let found = isFolder.boolValue ? "a folder" : isThere ? "no right to read" : "no such file"
        throw LoadTestError(
            .fileInvalid, "reading \(what): found \(found), allowed: a file that this user may read"
        )
    }
    return Array(bytes)
}
