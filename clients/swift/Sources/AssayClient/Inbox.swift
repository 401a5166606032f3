// Sorts the frames of one connection by request: pure, so that every breach can be tested without
// a socket.
//
// Guarantees: a frame is taken only when it answers a request in flight, with that request's kind
// and with the provenance and generation of its earlier frames (Load excepted, whose progress
// comes before its model); anything else is a protocol error. A mock's frame is refused before a
// failure is looked at: nobody should act on a mock's words unawares.
// Frames of a request that was given up are dropped until its last one.

import Wire

/// The requests in flight and who waits for each.
struct Inbox {
    /// One request in flight.
    struct Entry {
        let kind: MessageKind
        /// The caller's name for it.
        let ticket: UInt64
        /// Nil once the request was given up.
        var answer: (any Answer)?
        /// When the client gives it up by itself.
        let end: Moment
        /// When something was last heard of it.
        var heard: Moment
        /// Position of its first byte in all that this connection writes.
        let position: UInt64
        /// Header of its first frame.
        var first: FrameHeader?
    }

    /// What a frame came to.
    enum Outcome {
        /// Nothing to tell anyone.
        case filed
        /// Somebody who waits for a part can have it.
        case news(any Waking)
        /// The answer is complete, or has failed.
        case finished(any Answer)
        /// The caller must not or cannot have it: the server is to stop making it.
        case unwanted(any Answer)
    }

    private var entries: [UInt64: Entry] = [:]
    private let allowMock: Bool

    init(allowMock: Bool) { self.allowMock = allowMock }

    /// Requests that have not had their last frame.
    var count: Int { entries.count }

    mutating func expect(_ entry: Entry, for requestID: UInt64) { entries[requestID] = entry }

    /// Files one frame of an answer. Throws a protocol error.
    mutating func receive(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, now: Moment
    ) throws(ClientError) -> Outcome {
        // Taken out and put back, so that what the answer holds has one owner while it grows.
        guard var entry = entries.removeValue(forKey: header.requestID) else {
            throw .damage(
                "reading the server's answer: found request id \(header.requestID), allowed: one "
                    + "of the \(count) in flight")
        }
        let outcome: Outcome
        do throws(ClientError) {
            outcome = try file(header, body, in: &entry, now: now)
        } catch {
            entries[header.requestID] = entry
            throw error
        }
        if header.flags.contains(.more) { entries[header.requestID] = entry }
        return outcome
    }

    private func file(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, in entry: inout Entry, now: Moment
    ) throws(ClientError) -> Outcome {
        try check(header, against: entry)
        if entry.first == nil { entry.first = header }
        guard entry.answer != nil else { return .filed }
        let isLast = !header.flags.contains(.more)
        if let error = try refusal(header, body) {
            entry.answer?.fail(CallFailure(error: error, stage: .sent))
            return end(&entry, isLast: isLast)
        }
        if isLast {
            try entry.answer?.takeLast(header, body)
            return end(&entry, isLast: true)
        }
        entry.heard = now
        switch try entry.answer?.takeChunk(header, body) {
        case .unwanted: return end(&entry, isLast: false)
        case .news: return entry.answer.map { .news($0.taker) } ?? .filed
        case .filed, nil: return .filed
        }
    }

    /// Takes the waiter out.
    private func end(_ entry: inout Entry, isLast: Bool) -> Outcome {
        guard let answer = entry.answer else { return .filed }
        entry.answer = nil
        return isLast ? .finished(answer) : .unwanted(answer)
    }

    private func check(_ header: FrameHeader, against entry: Entry) throws(ClientError) {
        if header.kindByte != entry.kind.responseByte {
            throw .damage(
                "reading the answer to \(entry.kind): found kind \(header.kindByte), "
                    + "allowed: \(entry.kind.responseByte)")
        }
        // Load's progress comes before there is a model whose generation it could carry.
        guard let first = entry.first, entry.kind != .load else { return }
        if first.provenance != header.provenance || first.generation != header.generation {
            throw .damage(
                "reading the answer to \(entry.kind): provenance or generation changed "
                    + "between its frames")
        }
    }

    /// Why a frame is no answer: a mock where real is wanted, or a status.
    private func refusal(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(ClientError) -> ClientError? {
        let failed = header.statusNumber != 0
        let words: ErrorBody? = failed ? try ErrorBody(server: body) : nil
        let provenance = header.provenance ?? .mock
        if provenance == .mock, !allowMock { return .mockRefused }
        return words.map { .refused(header.status, $0, provenance) }
    }

    /// Takes the answer to Hello: one frame, of no model.
    mutating func hello(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, now: Moment
    ) throws(ClientError) -> HelloResponse {
        guard let entry = entries[header.requestID] else {
            throw .damage(
                "reading the server's Hello: found request id \(header.requestID), allowed: "
                    + "that of Hello")
        }
        try check(header, against: entry)
        if let error = try refusal(header, body) { throw error }
        if header.flags.contains(.more) {
            throw .damage("reading the answer to Hello: more frames than one")
        }
        if header.flags.contains(.degraded) {
            throw .damage("reading the answer to Hello: found the degraded flag, allowed: none")
        }
        entries[header.requestID] = nil
        return try HelloResponse(server: body)
    }

    // MARK: - Giving up

    /// When something was last heard of a request.
    func heard(_ requestID: UInt64) -> Moment { entries[requestID]?.heard ?? .never }

    /// The kind of a request in flight.
    func kind(_ requestID: UInt64) -> MessageKind { entries[requestID]?.kind ?? .goAway }

    /// The id of a request that is still wanted.
    func requestID(of ticket: UInt64) -> UInt64? {
        entries.first { $0.value.ticket == ticket && $0.value.answer != nil }?.key
    }

    /// Drops what is still to come for a request; its waiter, failed.
    mutating func abandon(_ requestID: UInt64, _ error: ClientError) -> (any Answer)? {
        guard var answer = entries[requestID]?.answer else { return nil }
        entries[requestID]?.answer = nil
        answer.fail(CallFailure(error: error, stage: .sent))
        return answer
    }

    /// Requests whose time is over by `now`, or of which nothing was heard for `silence`.
    func overdue(at now: Moment, silence: UInt64?) -> [UInt64] {
        entries.filter { _, entry in
            entry.answer != nil && Self.end(of: entry, silence) <= now
        }.map(\.key)
    }

    /// When the next request is overdue.
    func nextEnd(silence: UInt64?) -> Moment {
        var next = Moment.never
        for entry in entries.values where entry.answer != nil {
            next = min(next, Self.end(of: entry, silence))
        }
        return next
    }

    private static func end(of entry: Entry, _ silence: UInt64?) -> Moment {
        guard let silence else { return entry.end }
        return min(entry.end, entry.heard.advanced(byNanoseconds: silence))
    }

    /// Ends all requests with one error; their waiters, failed. What lies at `written` or behind
    /// it in the stream of bytes was never sent.
    mutating func failAll(_ error: ClientError, written: UInt64) -> [any Answer] {
        var failed: [any Answer] = []
        for entry in entries.values {
            guard var answer = entry.answer else { continue }
            let stage: CallFailure.Stage = entry.position < written ? .sent : .unsent
            answer.fail(CallFailure(error: error, stage: stage))
            failed.append(answer)
        }
        entries = [:]
        return failed
    }
}

extension WireRecord {
    /// Decodes a body that a server sent: what is wrong with it is the server's breach.
    init(server body: UnsafeRawBufferPointer) throws(ClientError) {
        do throws(WireError) {
            try self.init(decoding: body)
        } catch {
            throw .damage(error)
        }
    }
}
