// An answer between the connection that files its frames and the caller who takes them.
//
// Guarantees: frames are filed while the connection is locked, and the caller is woken after it was
// unlocked. A frame that breaks the protocol, one out of its turn included, is thrown to whoever
// files it, before anything of it is handed over. No more is kept than the caller allows.

import Synchronization
import Wire

/// Takes the frames of one answer.
package protocol Answer: AnyObject, Sendable {
    /// Takes a frame; true when the caller has something to take. Throws damage, or `given_up`
    /// when the caller can have no more of it.
    func take(_ header: FrameHeader, _ body: UnsafeRawBufferPointer) throws(AssayError) -> Bool
    /// Ends the answer without a last frame.
    func fail(_ failure: CallFailure)
    /// Wakes the caller. Not while a lock is held.
    func resume()
}

/// The answer to one request that was sent.
final class PendingAnswer<Pieces: AnswerPieces>: Answer {
    /// What the caller takes.
    enum Part: Sendable {
        case chunk(Pieces.Chunk, Provenance, generation: UInt32)
        case last(Pieces.Last, Reply<Pieces.Last>)
    }

    private struct State {
        var pieces: Pieces
        var frameCount: UInt64 = 0
        var size = 0
        var parts: [Part] = []
        var failure: CallFailure?
        var caller: UnsafeContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let keepsChunks: Bool
    private let sizeMax: Int

    /// - Parameter keepsChunks: true for a caller who takes chunks as they come.
    init(_ pieces: Pieces, keepsChunks: Bool, sizeMax: Int) {
        state = Mutex(State(pieces: pieces))
        self.keepsChunks = keepsChunks
        self.sizeMax = sizeMax
    }

    func take(_ header: FrameHeader, _ body: UnsafeRawBufferPointer) throws(AssayError) -> Bool {
        try state.withLock { (state) throws(AssayError) in
            state.size += header.rawSize
            guard state.size <= sizeMax else {
                throw AssayError(
                    .givenUp,
                    "reading the answer to \(Pieces.Last.kind): found \(state.size) bytes or more, "
                        + "allowed: \(sizeMax)")
            }
            let provenance = header.provenance ?? .mock
            if header.flags.contains(.more) {
                guard Pieces.isStreamed else { throw Pieces.breach("more frames than one") }
                let chunk = try Pieces.Chunk(server: body)
                try Self.check(chunk, header, &state.frameCount)
                try state.pieces.add(chunk)
                guard keepsChunks else { return false }
                state.parts.append(.chunk(chunk, provenance, generation: header.generation))
                return true
            }
            let last = try Pieces.Last(server: body)
            try Self.check(last, header, &state.frameCount)
            let reply = Reply(
                message: try state.pieces.whole(last), provenance: provenance,
                generation: header.generation)
            state.parts.append(.last(last, reply))
            return true
        }
    }

    /// Compares a frame's flag and number with what is expected. Frames of an older server have no
    /// number.
    private static func check(
        _ message: some ResponseMessage, _ header: FrameHeader, _ count: inout UInt64
    ) throws(AssayError) {
        if message.isDegraded != header.flags.contains(.degraded) {
            throw Pieces.breach("its degraded flag and its list disagree")
        }
        if Pieces.isStreamed, let number = (message as? any NumberedResponse)?.frame,
            number != count
        {
            throw Pieces.breach(
                "found frame \(number), allowed: frame \(count); one was lost, doubled or swapped")
        }
        count += 1
    }

    func fail(_ failure: CallFailure) {
        state.withLock { state in state.failure = state.failure ?? failure }
    }

    func resume() {
        let caller = state.withLock { state in
            let caller = state.caller
            state.caller = nil
            return caller
        }
        caller?.resume()
    }

    /// Waits until there is something to take.
    func wait() async {
        await withUnsafeContinuation { caller in
            let isReady = state.withLock { state in
                if !state.parts.isEmpty || state.failure != nil { return true }
                state.caller = caller
                return false
            }
            if isReady { caller.resume() }
        }
    }

    /// What has come since the last time; parts come before the failure behind them.
    func taken() -> (parts: [Part], failure: CallFailure?) {
        state.withLock { state in
            let parts = state.parts
            state.parts = []
            return (parts, state.failure)
        }
    }
}

extension WireRecord {
    /// Decodes a body that a server sent: what is wrong with it is the server's breach.
    init(server body: UnsafeRawBufferPointer) throws(AssayError) {
        do throws(WireError) {
            try self.init(decoding: body)
        } catch {
            throw .damage(error)
        }
    }
}
