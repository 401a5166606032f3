// Placement on a thread of its own, begun as soon as the weights are planned, while the
// compatibility layer still makes the vocabulary.
//
//     layers thread     plan | vocabulary, templates | join | validation
//     placement thread       | device, memory, weights |
//
// The order of the layers and of their errors does not depend on which thread is first: nobody
// looks at the outcome before the compatibility layer has passed.
// Guarantees: files stay open while the thread reads them, and are closed once by whoever needs
// them last. A placement that nobody wants ends before its next piece. Its weights go with it.
// Does not: wait for an unwanted placement, which may sit in a read from a hung disk.

import Compute
import Dispatch
import ModelFiles
import Synchronization
import Threads

/// A placement that may be running. Any thread.
final class EarlyPlacement: Sendable {
    /// The work, on any thread. The digest sees the weights, and tells when nobody wants them.
    typealias Body = @Sendable (_ digest: FingerprintDigest) throws -> PlacedModel

    private struct State {
        var outcome: Result<PlacedModel, any Error>?
        var isRunning = true
        var isGivenUp = false
        var isClosed = false
    }

    /// True when the outcome is not wanted any more.
    private final class Notice: Sendable {
        let isGiven = Atomic<Bool>(false)
    }

    /// Digests of what has been placed so far.
    let digest: FingerprintDigest
    private let files: ModelFileSet
    private let body: Body
    private let notice: Notice
    private let state = Mutex(State())
    private let done = DispatchSemaphore(value: 0)

    /// Begins. Without another thread, the work waits for `value`.
    ///
    /// - Parameters:
    ///   - isAbandoned: returns true once the owner of the load has left.
    ///   - reading: counts the bytes of the files as they are digested.
    ///   - pace: of all threads of the placement.
    init(
        of files: ModelFileSet, _ isAbandoned: @escaping @Sendable () -> Bool,
        _ reading: ReadingProgress? = nil, pace: LoadPace = .full, time: TimeSource = .system,
        _ body: @escaping Body
    ) {
        let notice = Notice()
        digest = FingerprintDigest(reading, pace, time) {
            isAbandoned() || notice.isGiven.load(ordering: .acquiring)
        }
        (self.files, self.body, self.notice) = (files, body, notice)
        do throws(ThreadRefusal) {
            try startThread("assay-placing") { [self] in
                run()
                done.signal()
            }
        } catch {
            state.withLock { $0.isRunning = false }
        }
    }

    private func run() {
        let outcome = Result { try body(digest) }
        StandingAside.end()
        let closes = state.withLock { state in
            state.isRunning = false
            if !state.isGivenUp { state.outcome = outcome }
            defer { state.isClosed = state.isClosed || state.isGivenUp }
            return state.isGivenUp && !state.isClosed
        }
        if closes { files.close() }
    }

    /// Waits for the placed model, once. Throws the error of the work.
    func value() throws -> PlacedModel {
        if state.withLock({ $0.isRunning || $0.outcome != nil }) {
            done.wait()
        } else {
            run()
        }
        let outcome = state.withLock { state in
            defer { state.outcome = nil }
            return state.outcome
        }
        guard let outcome else { preconditionFailure("the outcome of a placement is taken once") }
        return try outcome.get()
    }

    /// Ends the placement: what is not finished is given up. Closes the files, now or as soon as
    /// the thread lets go of them.
    func end() {
        notice.isGiven.store(true, ordering: .releasing)
        let closes = state.withLock { state in
            state.isGivenUp = true
            state.outcome = nil
            defer { state.isClosed = state.isClosed || !state.isRunning }
            return !state.isRunning && !state.isClosed
        }
        if closes { files.close() }
    }
}
