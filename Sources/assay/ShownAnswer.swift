// An answer on its way to the screen: shown as it comes, accounted for at its end or where it was
// cut.
//
// Guarantees: only the text goes to standard output. Ctrl-C cancels the request on the wire, and a
// second Ctrl-C ends the program at once.

import AssayClient
import Console
import Foundation
import PlainText
import Synchronization
import Wire

/// How a streamed answer ended.
enum AnswerEnding: Sendable {
    case whole(Reply<GenerateResponse>)
    /// Cancelled by the person.
    case cut(CutAnswer)
}

/// What is known of an answer that was cancelled.
struct CutAnswer: Sendable {
    var provenance: Provenance?
    var tokenCount = 0
    var promptTokenCount: UInt64?
    var time = Duration.zero

    /// The account of the part: its origin, what was made, and how it ended.
    func line(model: String?) -> String {
        let origin = provenance.map { "provenance: \($0)" } ?? "provenance: not known yet"
        let name = model.map { " | model: \($0)" } ?? ""
        let prompt = promptTokenCount.map { "\($0) prompt tokens, " } ?? ""
        let shown = Quantity.time(milliseconds: time / .milliseconds(1))
        return "[\(origin)\(name)]\n[\(prompt)\(tokenCount) made, \(shown), cancelled by Ctrl-C]"
    }
}

/// Runs `body` as a task. The first Ctrl-C cancels the task, and the second ends the program.
/// Returns nil when the task ended by that without a value, such as in a wait for the server.
func interruptible<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    let task = Task<Value?, any Error> {
        do {
            return try await body()
        } catch is CancellationError {
            return nil
        }
    }
    onInterrupt { task.cancel() }
    return try await task.value
}

/// Calls `body` at the first Ctrl-C. The second ends the program at once, as do SIGTERM and SIGHUP
/// where the program takes them.
func onInterrupt(_ body: @escaping @Sendable () -> Void) {
    let isFirst = Atomic<Bool>(true)
    Signals.take([SIGINT]) { number in
        if [SIGTERM, SIGHUP].contains(number) { _exit(128 + number) }
        guard number == SIGINT else { return }
        if !isFirst.exchange(false, ordering: .relaxed) { _exit(ExitCode.interrupted.rawValue) }
        body()
    }
}

/// Waits until the server has read the Cancel of a cut answer, which is lost when the connection is
/// closed first. Waits a second at most.
func settle(_ client: Client) async {
    // The calling task is cancelled, and so would be its calls.
    await Task { _ = try? await client.ping([], deadlineMilliseconds: 1000) }.value
}

/// The part of an answer printed so far.
struct ShownAnswer {
    let isQuiet: Bool
    private var progress = Progress()
    private var textSize = 0
    private var isAnnounced = false
    private var cut = CutAnswer()
    private let start = ContinuousClock.now

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Shows the parts of a stream to its end, or until the task is cancelled.
    mutating func take(_ stream: GenerateStream) async throws -> AnswerEnding {
        do {
            for try await part in stream where part.answer == nil {
                show(part.chunk, provenance: part.provenance)
            }
            // A stream without an answer throws.
            let reply = try await stream.result()
            finish(reply)
            return .whole(reply)
        } catch {
            progress.clear()
            if textSize > 0 { Console.output("\n") }
            guard error.code == .givenUp, Task.isCancelled else { throw error }
            cut.time = start.duration(to: .now)
            return .cut(cut)
        }
    }

    private mutating func show(_ chunk: GenerateChunk, provenance: Provenance) {
        cut.provenance = provenance
        cut.tokenCount += chunk.tokens.count
        cut.promptTokenCount = chunk.promptTotal ?? cut.promptTokenCount
        if chunk.tokens.isEmpty, let done = chunk.promptDone, let total = chunk.promptTotal {
            progress.show("reading the prompt: \(done) of \(total) tokens")
        }
        guard !isQuiet, !chunk.text.isEmpty else { return }
        announce(provenance, nil)
        progress.clear()
        Console.output(chunk.text)
        textSize += chunk.text.utf8.count
    }

    /// Prints the text that the chunks did not hold.
    private mutating func finish(_ reply: Reply<GenerateResponse>) {
        progress.clear()
        guard !isQuiet else { return }
        announce(reply.provenance, reply.message.answer.model)
        let rest = reply.message.text.utf8.dropFirst(textSize)
        Console.output(String(decoding: rest, as: UTF8.self) + "\n")
    }

    private mutating func announce(_ provenance: Provenance, _ model: String?) {
        guard !isAnnounced, provenance == .mock else { return }
        isAnnounced = true
        progress.clear()
        Terminal.mockBanner(model: model)
    }
}

extension GenerateResponse {
    /// Tokens, rates, time and end of the answer, on a line.
    var summary: String {
        let timing = answer.timing
        let decodeRate = rate(completionTokens, timing.decode)
        let prefillRate = rate(promptTokens, timing.prefill)
        return "[\(promptTokens) prompt tokens\(prefillRate), "
            + "\(completionTokens) made\(decodeRate), "
            + "\(Quantity.time(microseconds: timing.total)), finished by \(finishReason.rawValue)]"
    }

    private func rate(_ tokens: UInt64, _ microseconds: UInt64) -> String {
        guard microseconds > 0, tokens > 0 else { return "" }
        return " at \(Int(Double(tokens) * 1e6 / Double(microseconds)))/s"
    }
}
