// Tokens on the loop: news of the file, and the signal that asks for a look at it.

import EventLoop
import Glibc
import Service

extension NetworkLoop {
    /// Has the token file read anew on SIGHUP.
    func watchTokens(_ tokens: TokenWatch) throws(EventLoopError) {
        let logger = logger
        signals.append(
            try SignalWatcher(loop: loop, signal: SIGHUP) {
                logger.notice("signal", metadata: ["number": "\(SIGHUP)"])
                tokens.look()
            })
    }

    /// Takes new tokens. Speakers whose token was withdrawn or changed lose their connections.
    func take(_ gate: TokenGate) {
        context.tokens = gate
        for connection in connections.values.sorted(by: { $0.id < $1.id }) {
            connection.machine.tokensChanged(context: &context, effects: &effects)
            carryOut(connection)
        }
    }
}
