// The decisions of a connection: permitted requests and their answers. Pure: bytes, events and the
// time come in, frames and actions go out. No socket, clock, thread or lock.
//
//      +----------+ Hello ok +------+ drain  +----------+ last request done +-------+
//      | greeting |--------->| open |------->| draining |------------------>| ended |
//      +----------+          +------+        +----------+                   +-------+
//           +-- damaged framing, timeout, peer gone: GoAway where it helps -----^
//
// Guarantees:
// - Before Hello frames are small, and every request but Hello is answered with an error.
// - A damaged frame ends the connection with a GoAway that names the reason.
// - A peer whose first bytes are those of another protocol is ended without a frame, by name.
// - A refused request never ends the connection.
// - After the end no action comes.
// - Every request gets exactly one last frame unless the connection ends first.
//
// Here: bytes and events. ConnectionMachine+Requests.swift: requests. ConnectionMachine+Time.swift:
// endings by time and room.

import Wire

/// Decisions of a connection. Owned by the loop thread and not copyable, like the connection.
package struct ConnectionMachine: ~Copyable {
    package enum Phase: Sendable, Equatable {
        case greeting, open, draining, ended
    }

    package let id: UInt64
    let isOwner: Bool
    /// Address or user of the peer, for the audit.
    let peer: String
    /// Who speaks, as Hello settled it.
    package internal(set) var principal = Principal.anyone
    package internal(set) var phase = Phase.greeting
    /// Requests in flight by their id on the wire.
    var requests: [UInt64: RequestMachine] = [:]
    private let decoder = FrameDecoder(.request, acceptsCompression: false)
    private var compresses = false
    /// Protocol revision in force: 1 until Hello agrees on a revision.
    private(set) var revision: UInt64 = 1
    private(set) var peerBodySizeMax = Limits.frameSizeMaxBeforeHello - Limits.headerSize
    private var isPaused = false
    /// True once a whole frame has come.
    private var speaks = false
    /// Time of the last byte in either direction, or of the last end of a request.
    private(set) var activeAt: UInt64

    /// - Parameters:
    ///   - isOwner: true when the peer is a process of the server's own user.
    ///   - peer: address or user of the peer, for the audit.
    package init(id: UInt64, isOwner: Bool, peer: String = "unknown", now: UInt64 = 0) {
        (self.id, self.isOwner, self.peer, activeAt) = (id, isOwner, peer, now)
    }

    /// Requests that wait for their last frame.
    package var inFlightCount: Int { requests.count }

    // MARK: - Bytes in

    /// Takes bytes as read from the socket and answers every whole frame in them.
    package mutating func receive(
        _ bytes: UnsafeRawBufferPointer, now: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        guard phase != .ended else { return }
        prepare(&effects)
        activeAt = now
        context.counters.add(.bytesReceived, UInt64(bytes.count))
        let wasBetweenFrames = decoder.pendingSize == 0
        var frameCount = 0
        decoder.lend(bytes)
        do throws(WireError) {
            while phase != .ended, let frame = try decoder.next() {
                frameCount += 1
                speaks = true
                handle(frame, now: now, context: &context, effects: &effects)
            }
        } catch {
            if error.status == .protocolError { context.counters.add(.protocolErrors) }
            refuse(error, context: &context, effects: &effects)
        }
        decoder.settle()
        let refusal =
            context.crowd.inputChanged(
                id, kept: decoder.keptSize, frame: decoder.pendingSize,
                begins: wasBetweenFrames || frameCount > 0, now: now)
            ?? decoder.failure.map { ServiceError($0) }
        if let refusal { end(refusal, tellPeer: true, context: &context, effects: &effects) }
    }

    /// Ends the connection for damaged framing. Who speaks another protocol gets no frame.
    private mutating func refuse(
        _ error: WireError, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        let stranger = speaks ? nil : Stranger.name(decoder.failedStart)
        let reason = stranger.map { ServiceError.stranger($0) } ?? ServiceError(error)
        end(reason, tellPeer: stranger == nil, context: &context, effects: &effects)
        guard let stranger else { return }
        effects.stranger = stranger
        effects.end(.afterFlush)
    }

    private mutating func handle(
        _ frame: Frame, now: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        context.counters.add(.requestsReceived)
        let id = frame.header.requestID
        if !requests.isEmpty, let holder = requests[id] {
            // The first request goes on. The client sees one last frame too many for the id, and
            // the status gives the reason.
            let error = ServiceError(
                .alreadyExists, .requestIDInUse,
                "reading a request: found id \(id), which is in flight, allowed: an unused id")
            var taint = context.unreadableTaint
            taint.absorb(holder.provenance)
            return refuse(error, frame.header, taint, &context, &effects)
        }
        let kind = frame.header.kind
        if kind == .ping && phase != .greeting {
            return ping(frame, context: &context, effects: &effects)
        }
        if kind == .goAway {
            // The answer would be a GoAway with a request id, which no client may accept.
            context.counters.add(.protocolErrors)
            let error = ServiceError(
                .protocolError, .kindReserved,
                "reading a request: found GoAway, allowed: a kind that clients send")
            return end(error, tellPeer: true, context: &context, effects: &effects)
        }
        if kind == .hello {
            return hello(frame, context: &context, effects: &effects)
        }
        guard phase != .greeting else {
            let error = ServiceError(
                .failedPrecondition, .helloRequired,
                "answering a request: found no Hello before it, the first request must be Hello")
            return refuse(error, frame.header, .untainted, &context, &effects)
        }
        guard let kind, kind.isServed else {
            let error = ServiceError(
                .unimplemented, .kindUnimplemented,
                "answering a request: kind \(frame.header.kindByte) is not served here")
            return refuse(error, frame.header, .untainted, &context, &effects)
        }
        respond(kind, frame, now: now, context: &context, effects: &effects)
    }

    private mutating func hello(
        _ frame: Frame, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        do throws(ServiceError) {
            guard phase == .greeting else {
                throw ServiceError(
                    .failedPrecondition, .helloRepeated,
                    "answering Hello: this connection has said it before")
            }
            let request = try Self.decode(HelloRequest.self, frame)
            compresses = request.compression
            revision = min(request.revision, Limits.revision)
            peerBodySizeMax = min(Int(request.bodySizeMax), Limits.bodySizeMax)
            decoder.bodySizeMax = Limits.bodySizeMax
            decoder.acceptsCompression = compresses
            phase = .open
            prepare(&effects)
            let response = HelloResponse(
                server: context.serverName, revision: revision,
                compression: compresses, bodySizeMax: UInt64(Limits.bodySizeMax),
                requestsInFlightMax: UInt64(context.limits.inFlightMax))
            send(response, to: frame.header, .untainted, &context, &effects)
        } catch {
            refuse(error, frame.header, .untainted, &context, &effects)
        }
    }

    /// The fast path: no decoding into values, no allocation beyond the reply's bytes.
    private mutating func ping(
        _ frame: Frame, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        do throws(WireError) {
            try effects.output.appendPing(
                echoing: frame.body, to: frame.header.requestID, provenance: .real)
            context.counters.add(.pings)
        } catch {
            refuse(ServiceError(error), frame.header, .untainted, &context, &effects)
        }
    }

    // MARK: - Events in

    /// Takes an event of a request. Returns false when the connection does not have the request.
    @discardableResult
    package mutating func handle(
        _ event: WorkEvent, requestID: UInt64, ticket: UInt64, now: UInt64,
        context: inout ServiceContext, effects: inout ConnectionEffects
    ) -> Bool {
        guard phase != .ended, requests[requestID]?.ticket == ticket else { return false }
        prepare(&effects)
        requests[requestID]?.handle(
            event, now: now, load: context.serverLoad(withoutOne: context.holdsModel(ticket)),
            counters: &context.counters, output: &effects.output)
        activeAt = now
        guard requests[requestID]?.isFinished == true else { return true }
        requests[requestID] = nil
        if event.isFinal {
            context.finish(ticket, now: now)
        } else {
            // The answer ends before the work does: the answer is too large for the peer, or due.
            effects.cancelled.append(ticket)
        }
        endIfDrained(&effects)
        return true
    }

    /// Says GoAway because the server shuts down, finishes the requests in flight, takes no new
    /// ones.
    package mutating func drain(
        context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        guard phase == .open || phase == .greeting else { return }
        sayGoAway(
            "shutting_down", drainMilliseconds: context.limits.drainMicroseconds / 1000,
            context: &context, effects: &effects)
        phase = .draining
        endIfDrained(&effects)
    }

    /// Ends the connection for a reason of the server's own, e.g. memory. `tellPeer` sends a
    /// GoAway.
    package mutating func end(
        _ error: ServiceError, tellPeer: Bool, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        guard phase != .ended else { return }
        prepare(&effects)
        if tellPeer {
            effects.output.appendGoAway(ErrorBody(error), status: error.status)
            context.counters.add(.goAwaysSent)
        }
        abandonRequests(&effects)
        phase = .ended
        effects.end(tellPeer ? .afterFlush : .now, error)
    }

    /// Takes the loss of the connection and cancels the requests in flight.
    package mutating func peerClosed(effects: inout ConnectionEffects) {
        guard phase != .ended else { return }
        abandonRequests(&effects)
        phase = .ended
    }

    /// Notes that waiting bytes have left.
    package mutating func outputLeft(now: UInt64) { activeAt = now }

    /// Turns back-pressure on when unsent output exceeds the high mark, and off at the low mark.
    package mutating func outputChanged(
        pendingSize: Int, context: borrowing ServiceContext, effects: inout ConnectionEffects
    ) {
        guard phase != .ended else { return }
        let shouldPause =
            isPaused
            ? pendingSize > context.limits.outputLowSize
            : pendingSize > context.limits.outputHighSize
        guard shouldPause != isPaused else { return }
        isPaused = shouldPause
        effects.reading = !shouldPause
    }

    // MARK: - Shared with the requests

    /// Sets the encoder to the agreement of this connection, since all connections share the
    /// encoder.
    func prepare(_ effects: inout ConnectionEffects) {
        effects.output.compresses = compresses
        effects.output.revision = revision
        effects.output.bodySizeMax = peerBodySizeMax
    }

    mutating func abandonRequests(_ effects: inout ConnectionEffects) {
        for request in requests.values { effects.cancelled.append(request.ticket) }
        requests.removeAll()
    }

    private mutating func endIfDrained(_ effects: inout ConnectionEffects) {
        guard phase == .draining, requests.isEmpty else { return }
        phase = .ended
        effects.end(.afterFlush)
    }

    static func decode<Message: RequestMessage>(
        _ type: Message.Type, _ frame: Frame
    ) throws(ServiceError) -> Message {
        do throws(WireError) {
            return try Message(decoding: frame.body)
        } catch {
            throw ServiceError(error)
        }
    }
}
