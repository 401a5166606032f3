// Reads the token file at the start and whenever it changes, and posts the tokens to the loop.
//
// Guarantees: a look is one `stat` call, on a separate thread. A file that cannot be read, or that
// is refused, changes nothing, and the log says so once for each state of the file. `look` reads
// the file anew whatever its state. No line of the log holds a token.

import Credentials
import Dispatch
import Logging
import Service
import Synchronization
import Threads

/// See the head of the file. Any thread.
final class TokenWatch: Sendable {
    /// Seconds from one look to the next. A withdrawn token is gone about as soon.
    private static let interval = 1.0

    /// The tokens of the start.
    let first: TokenGate

    private let path: String
    private let state: Mutex<State>
    private let isStopped = Atomic<Bool>(false)
    private let isForced = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)
    private let inbox: LoopInbox
    private let logger: Logger

    private struct State {
        var table: TokenTable
        /// The state of the file that was judged last. Nil for a missing file.
        var identity: TokenFile.Identity?
    }

    /// Reads the file. Blocking.
    init(path: String, inbox: LoopInbox, logger: Logger) throws(TokenFileError) {
        let (table, identity) = try TokenFile.read(path)
        (self.path, self.inbox, self.logger) = (path, inbox, logger)
        first = TokenGate(table)
        state = Mutex(State(table: table, identity: identity))
        logger.info("tokens are required", metadata: ["tokens": "\(table.entries.count)"])
    }

    /// Starts the thread. Once.
    func start() throws(ThreadRefusal) {
        try startThread("assay-tokens", stackSize: 1 << 20) { [self] in run() }
    }

    /// Reads the file anew soon, changed or not.
    func look() {
        isForced.store(true, ordering: .relaxed)
        wake.signal()
    }

    /// Ends the thread at its next look.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        wake.signal()
    }

    private func run() {
        while true {
            _ = wake.wait(timeout: .now() + Self.interval)
            if isStopped.load(ordering: .relaxed) { return }
            compare(isForced: isForced.exchange(false, ordering: .relaxed))
        }
    }

    /// Looks at the file, and reads a changed one.
    private func compare(isForced: Bool) {
        let now = TokenFile.identity(of: path)
        let isSame = state.withLock { $0.identity == now }
        guard isForced || !isSame else { return }
        // A refused file is not judged again before it changes.
        state.withLock { $0.identity = now }
        let table: TokenTable
        do throws(TokenFileError) {
            let (found, identity) = try TokenFile.read(path)
            state.withLock { $0.identity = identity }
            table = found
        } catch {
            logger.error(
                "the token file is refused, the tokens before it stay",
                metadata: ["reason": "\(error)"])
            return
        }
        let old = state.withLock { state in
            defer { state.table = table }
            return state.table
        }
        guard table != old else {
            return logger.info("the token file holds the same tokens")
        }
        let kept = table.entries.count { old.entries.contains($0) }
        logger.notice(
            "the token file was read again",
            metadata: [
                "tokens": "\(table.entries.count)", "new": "\(table.entries.count - kept)",
                "withdrawn": "\(old.entries.count - kept)",
            ])
        inbox.post(.tokens(TokenGate(table)))
    }
}
