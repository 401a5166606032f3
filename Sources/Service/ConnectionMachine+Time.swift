// What ends a connection that did nothing wrong by a frame: time, memory, room, the peer's end.

import Wire

extension ConnectionMachine {
    /// Beginning of the time without a request in flight and without a byte, or nil while the
    /// connection is busy, has not greeted, or ends.
    package var idleSince: UInt64? { phase == .open && requests.isEmpty ? activeAt : nil }

    /// Takes the verdict of the crowd.
    package mutating func take(
        _ cause: Crowd.Verdict.Cause, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        switch cause {
        case .helloTimeout: helloTimedOut(context: &context, effects: &effects)
        case .slowFrame(let error):
            end(error, tellPeer: true, context: &context, effects: &effects)
        case .idle(let error): endIdle(error, context: &context, effects: &effects)
        case .finished: peerFinishedLongAgo(effects: &effects)
        case .stalled(let error):
            // A peer that does not read keeps a last answer waiting as well.
            if phase == .ended { effects.end(.now) }
            end(error, tellPeer: false, context: &context, effects: &effects)
        }
    }

    /// Ends the connection when the time for Hello is over.
    private mutating func helloTimedOut(
        context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        guard phase == .greeting else { return }
        let error = ServiceError(
            .deadlineExceeded, .helloTimeout,
            "waiting for Hello: found none within "
                + "\(context.limits.helloTimeoutMicroseconds / 1000) ms")
        end(error, tellPeer: true, context: &context, effects: &effects)
    }

    /// Says GoAway to a connection without anything in flight, and ends it.
    private mutating func endIdle(
        _ error: ServiceError, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        guard phase == .open, requests.isEmpty else { return }
        sayGoAway("idle", drainMilliseconds: 0, context: &context, effects: &effects)
        phase = .ended
        effects.end(.afterFlush, error)
    }

    /// Takes the end of the peer's input. Requests in flight have a moment to finish.
    package mutating func peerFinished(
        now: UInt64, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        guard phase != .ended else { return }
        if phase == .greeting || requests.isEmpty {
            phase = .ended
            effects.end(.afterFlush)
        } else {
            phase = .draining
            context.crowd.peerFinished(id, now: now)
        }
    }

    /// Ends the connection of a peer that finished before the requests did.
    private mutating func peerFinishedLongAgo(effects: inout ConnectionEffects) {
        guard phase != .ended else { return }
        abandonRequests(&effects)
        phase = .ended
        effects.end(.afterFlush)
    }

    /// Appends a GoAway without an error.
    mutating func sayGoAway(
        _ reason: String, drainMilliseconds: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        prepare(&effects)
        let notice = GoAway(reason: reason, drainMilliseconds: drainMilliseconds)
        do throws(WireError) {
            try effects.output.appendResponse(notice, to: 0, provenance: .real)
            context.counters.add(.goAwaysSent)
        } catch {
            preconditionFailure("a GoAway is smaller than any limit: \(error)")
        }
    }

    /// Writes the GoAway for a connection that is not taken, which never gets a machine.
    package static func refuseConnection(
        _ error: ServiceError, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        context.counters.add(.connectionsRefused)
        context.counters.add(.goAwaysSent)
        effects.output.appendGoAway(ErrorBody(error), status: error.status)
        effects.end(.afterFlush, error)
    }
}

extension ServiceError {
    /// The refusal of a connection that comes during a drain.
    package static let drainingConnections = ServiceError(
        .unavailable, .draining, "accepting a connection: the server is shutting down")
}
