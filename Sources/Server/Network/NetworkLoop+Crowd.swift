// What the crowd asks and says: facts about connections, room for newcomers, verdicts carried out.

import EventLoop
import Service

extension NetworkLoop {
    /// Lets the longest idle connection go where that makes room. Returns the refusal without room.
    func makeRoom(for peer: Peer, _ now: UInt64) -> ServiceError? {
        if context.isDraining { return .drainingConnections }
        switch context.crowd.room(for: peer, now: now, facts: { facts($0) }) {
        case .free: break
        case .inPlaceOf(let id, let error): take(.idle(error), id)
        case .refused(let error): return error
        }
        return nil
    }

    func refuse(_ stream: Stream, _ error: ServiceError) {
        ConnectionMachine.refuseConnection(error, context: &context, effects: &effects)
        _ = effects.output.withUnsafeBytes { stream.write($0) }
        stream.finish(within: flushLimit)
        effects.reset()
    }

    /// Ends a connection for a verdict of the crowd.
    func take(_ cause: Crowd.Verdict.Cause, _ id: UInt64) {
        let connection = member(id)
        connection.machine.take(cause, context: &context, effects: &effects)
        carryOut(connection)
    }

    func facts(_ id: UInt64) -> Crowd.Facts { member(id).facts }

    private func member(_ id: UInt64) -> ClientConnection {
        guard let connection = connections[id] else {
            preconditionFailure("connection \(id) is in the crowd alone")
        }
        return connection
    }
}
