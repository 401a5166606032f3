// What the loading tests share: a clock that only moves when told, a log that can be read back,
// and loaders with layers that fail on command.

import Compute
import Dispatch
import Inference
import Loading
import Logging
import ModelFiles
import Synchronization
import TestSupport

/// Time under control of the test.
final class ManualTime: Sendable {
    struct State {
        var now = Duration.zero
        var sleeps: [Duration] = []
        var scheduled: [(at: Duration, body: @Sendable () -> Void)] = []
    }
    private let state = Mutex(State())
    /// Signalled by a layer that is about to hang; waiting then times out at once.
    let hanging = DispatchSemaphore(value: 0)
    private let timesOut: Bool

    /// With `timesOut`, every bounded wait lasts until a layer hangs, and then runs out.
    init(timesOut: Bool = false) { self.timesOut = timesOut }

    var now: Duration { state.withLock { $0.now } }
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.scheduled.filter { $0.at <= state.now }
            state.scheduled.removeAll { $0.at <= state.now }
            return due
        }
        due.forEach { $0.body() }
    }

    var source: TimeSource {
        TimeSource(
            now: { self.now },
            sleep: { duration in
                self.state.withLock { $0.sleeps.append(duration) }
                self.advance(by: duration)
            },
            wait: { semaphore, limit in
                if self.timesOut {
                    self.hanging.wait()
                    self.advance(by: limit)
                    return false
                }
                semaphore.wait()
                return true
            },
            schedule: { delay, body in
                self.state.withLock { $0.scheduled.append((at: $0.now + delay, body: body)) }
            })
    }
}

/// Collects log lines.
final class RecordedLog: Sendable {
    struct Line: Sendable, Equatable {
        let level: Logger.Level
        let text: String
    }
    private let stored = Mutex<[Line]>([])

    var lines: [Line] { stored.withLock { $0 } }

    func count(_ level: Logger.Level, containing text: String) -> Int {
        lines.count { $0.level == level && $0.text.contains(text) }
    }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.stored.withLock {
                $0.append(Line(level: event.level, text: "\(event.message)"))
            }
        }
    }
}

/// One back end for all tests of the process, as a server has.
enum TestBackend {
    static let placing = ModelPlacing(
        backend: { try shared.get() }, probe: { .unavailable(reason: "test") })
    private static let shared = Result { try CPUBackend(threads: 1) as any Backend }
}

extension ModelLoader {
    /// A loader on the tests' back end.
    static func test(
        _ change: (inout ModelLoadingConfiguration) -> Void = { _ in },
        store: PackingStore? = nil, time: TimeSource = .system, log: RecordedLog = RecordedLog(),
        pace: LoadPace = .full,
        steps change2: (inout LayerSteps) -> Void = { _ in }
    ) throws -> ModelLoader {
        var configuration = ModelLoadingConfiguration()
        change(&configuration)
        var steps = LayerSteps.standard(TestBackend.placing)
        change2(&steps)
        return try ModelLoader(
            configuration: configuration, steps: steps, store: store, time: time,
            logger: log.logger, pace: pace)
    }
}

extension LoadOutcome {
    var rejection: AssayRejection? {
        if case .failure(let rejection) = result { rejection } else { nil }
    }
    var model: LoadedModel? {
        if case .success(let model) = result { model } else { nil }
    }
}

/// Refuses the first `count` calls with `error`.
final class FailingFirst<Failure: Error & Sendable>: Sendable {
    private let left: Mutex<Int>
    private let error: Failure

    init(_ count: Int, _ error: Failure) {
        left = Mutex(count)
        self.error = error
    }

    func check() throws(Failure) {
        let fails = left.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails { throw error }
    }
}

func fileError(_ code: ModelFileError.Code) -> ModelFileError {
    ModelFileError(
        code, tried: "pretending", found: "a fault", allowed: "none",
        location: .init(path: "/pretended.gguf"))
}
