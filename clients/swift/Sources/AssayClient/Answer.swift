// Who waits for an answer: one caller for the whole of it, or one for its parts.
//
// Guarantees: values are filled in while the connection is locked and handed over after it was
// unlocked; a caller is resumed exactly once for each wait. A frame that breaks the protocol, one
// out of its turn included, is thrown to whoever files it, before anything of it is handed over.

import Synchronization
import Wire

/// What a chunk came to.
package enum ChunkOutcome: Sendable {
    /// Kept for the end.
    case filed
    /// There is something to hand over.
    case news
    /// The caller cannot have any more.
    case unwanted
}

/// Somebody to be resumed.
package protocol Waking: Sendable {
    /// Hands over what there is. Not while a lock is held.
    func resume()
}

/// Takes the frames of one answer and hands them to who waits.
package protocol Answer: Waking {
    /// Takes a frame that others follow. Throws a protocol error.
    mutating func takeChunk(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) -> ChunkOutcome
    /// Takes the last frame. Throws a protocol error.
    mutating func takeLast(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError)
    /// Ends the answer without a last frame.
    mutating func fail(_ failure: CallFailure)
    /// Who is resumed when there is a part to take; owns nothing of the answer.
    var taker: any Waking { get }
}

/// The frames of one answer so far: decoded, counted, put together.
private struct Assembly<Pieces: AnswerPieces>: Sendable {
    private var pieces: Pieces
    private var frameCount: UInt64 = 0

    init(_ pieces: Pieces) { self.pieces = pieces }

    /// Decodes a chunk, compares its flags and its number with what is expected, and adds it.
    mutating func add(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) -> Pieces.Chunk {
        guard Pieces.isStreamed else {
            throw .damage("reading the answer to \(Pieces.Last.kind): more frames than one")
        }
        let chunk = try Pieces.Chunk(server: body)
        try checkDegraded(chunk, header)
        try count(Pieces.number(of: chunk))
        if !pieces.add(chunk), let breach = pieces.breach { throw .damage(breach) }
        return chunk
    }

    /// Decodes the last frame and puts the whole together.
    mutating func finish(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) -> (last: Pieces.Last, reply: Reply<Pieces.Last>) {
        let last = try Pieces.Last(server: body)
        try checkDegraded(last, header)
        try count(Pieces.number(of: last))
        let whole = pieces.whole(last)
        if let breach = pieces.breach { throw .damage(breach) }
        let reply = Reply(
            message: whole, provenance: header.provenance ?? .mock,
            generation: header.generation)
        return (last, reply)
    }

    /// Counts a frame. Frames of an older server have no number.
    private mutating func count(_ number: UInt64?) throws(ClientError) {
        if let number, number != frameCount {
            throw .damage(
                "reading the answer to \(Pieces.Last.kind): found frame \(number), allowed: frame "
                    + "\(frameCount); one was lost, doubled or swapped")
        }
        frameCount += 1
    }

    private func checkDegraded(
        _ message: some ResponseMessage, _ header: FrameHeader
    ) throws(ClientError) {
        if message.isDegraded != header.flags.contains(.degraded) {
            throw .damage(
                "reading the answer to \(Pieces.Last.kind): its degraded flag and its list "
                    + "disagree")
        }
    }
}

/// An answer that one caller awaits as a whole.
struct WholeAnswer<Pieces: AnswerPieces>: Answer {
    typealias Outcome = Result<Reply<Pieces.Last>, CallFailure>

    private var pieces: Assembly<Pieces>
    private let caller: UnsafeContinuation<Outcome, Never>
    private var outcome: Outcome?

    init(_ pieces: Pieces, _ caller: UnsafeContinuation<Outcome, Never>) {
        self.pieces = Assembly(pieces)
        self.caller = caller
    }

    mutating func takeChunk(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) -> ChunkOutcome {
        _ = try pieces.add(header, body)
        return .filed
    }

    mutating func takeLast(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) {
        outcome = .success(try pieces.finish(header, body).reply)
    }

    mutating func fail(_ failure: CallFailure) { outcome = .failure(failure) }

    var taker: any Waking { self }

    func resume() {
        guard let outcome else { return }
        caller.resume(returning: outcome)
    }
}

/// The parts of an answer between the connection that files them and the caller who takes them.
final class PartQueue<Pieces: AnswerPieces>: Waking {
    /// One part.
    enum Part: Sendable {
        case chunk(Pieces.Chunk, Provenance, generation: UInt32)
        case last(Pieces.Last, Reply<Pieces.Last>)
    }

    /// What the caller finds.
    enum Taken {
        case part(Part)
        case failure(CallFailure)
        case nothing
    }

    private struct State {
        var parts: [(part: Part, size: Int)] = []
        var taken = 0
        var size = 0
        var failure: CallFailure?
        var caller: UnsafeContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Adds a part; false, and nothing is kept, when more than `sizeMax` bytes would wait.
    func add(_ part: Part, size: Int, sizeMax: Int) -> Bool {
        state.withLock { state in
            guard state.size + size <= sizeMax || state.parts.count == state.taken else {
                return false
            }
            state.parts.append((part, size))
            state.size += size
            return true
        }
    }

    func fail(_ failure: CallFailure) {
        state.withLock { state in state.failure = state.failure ?? failure }
    }

    /// The next part, or the failure behind the last one.
    func take() -> Taken {
        state.withLock { state in
            guard state.taken < state.parts.count else {
                return state.failure.map { .failure($0) } ?? .nothing
            }
            let (part, size) = state.parts[state.taken]
            state.taken += 1
            state.size -= size
            if state.taken == state.parts.count || state.taken >= 64 {
                state.parts.removeFirst(state.taken)
                state.taken = 0
            }
            return .part(part)
        }
    }

    /// Resumes `caller` when there is something to take, at once when there is already.
    func wait(_ caller: UnsafeContinuation<Void, Never>) {
        let isReady = state.withLock { state in
            if state.taken < state.parts.count || state.failure != nil { return true }
            state.caller = caller
            return false
        }
        if isReady { caller.resume() }
    }

    func resume() {
        let caller = state.withLock { state in
            let caller = state.caller
            state.caller = nil
            return caller
        }
        caller?.resume()
    }
}

/// An answer whose parts are taken as they come.
struct PartedAnswer<Pieces: AnswerPieces>: Answer {
    private var pieces: Assembly<Pieces>
    private let queue: PartQueue<Pieces>
    private let sizeMax: Int

    init(_ pieces: Pieces, _ queue: PartQueue<Pieces>, sizeMax: Int) {
        self.pieces = Assembly(pieces)
        self.queue = queue
        self.sizeMax = sizeMax
    }

    mutating func takeChunk(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) -> ChunkOutcome {
        let chunk = try pieces.add(header, body)
        let part = PartQueue<Pieces>.Part.chunk(
            chunk, header.provenance ?? .mock, generation: header.generation)
        if queue.add(part, size: header.frameSize, sizeMax: sizeMax) { return .news }
        let error = ClientError(
            .givenUp, .cancelled,
            "waiting for the caller to take the parts of an answer: found more than \(sizeMax) "
                + "bytes of them untaken, allowed: at most that")
        fail(CallFailure(error: error, stage: .sent))
        return .unwanted
    }

    mutating func takeLast(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) {
        let (last, reply) = try pieces.finish(header, body)
        _ = queue.add(.last(last, reply), size: 0, sizeMax: .max)
    }

    mutating func fail(_ failure: CallFailure) { queue.fail(failure) }

    var taker: any Waking { queue }

    func resume() { queue.resume() }
}
