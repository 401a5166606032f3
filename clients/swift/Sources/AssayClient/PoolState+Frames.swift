// Reads the connections of a client and files the frames.
//
// Guarantees: a frame is taken only when it answers a request in flight, has the kind of the
// request, and has the provenance and generation of the earlier frames. Progress frames of Load are
// the exception, because they come before the model. Every wrong frame is damage and ends the
// connection. Frames about the connection itself are never a mock's. At most `answerSizeMax` bytes
// of an answer are kept, and none of a cancelled answer.
// Not here: bodies of answers, and the refusal of mocks (see Exchange).

import Wire

extension PoolState {
    /// Reads the available bytes of a connection.
    mutating func read(_ connection: Connection, _ buffer: UnsafeMutableRawBufferPointer) {
        // The number of reads is bounded, so that all connections get a turn.
        for _ in 0..<16 where connection.phase != .over {
            switch Socket.read(connection.descriptor, buffer) {
            case .nothing: return
            case .end(let reason):
                return end(connection, .closed("waiting for an answer", reason))
            case .bytes(let count):
                receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]), connection)
                if count < buffer.count { return }
            }
        }
    }

    private mutating func receive(_ bytes: UnsafeRawBufferPointer, _ connection: Connection) {
        connection.heard = now
        connection.decoder.lend(bytes)
        do throws(AssayError) {
            while let frame = try connection.nextFrame() {
                let received = Received(
                    header: frame.header, body: frame.ownedBody, connection: connection.number)
                if frame.header.kind == .goAway {
                    try leave(received, connection)
                } else {
                    try file(received, connection)
                }
            }
        } catch {
            let isStranger = connection.phase == .greeting && connection.decoder.failure != nil
            return end(
                connection,
                isStranger ? .stranger(address, connection.decoder.failedStart) : error)
        }
        connection.decoder.settle()
        if connection.phase == .draining, connection.calls.isEmpty {
            end(connection, .closed("the server drains"))
        }
    }

    private mutating func file(_ frame: Received, _ connection: Connection) throws(AssayError) {
        let header = frame.header
        guard let call = connection.calls[header.requestID] else {
            throw .damage(
                "reading the server's answer",
                "found request id \(header.requestID), allowed: one of the "
                    + "\(connection.calls.count) in flight")
        }
        try call.check(header)
        if frame.isLast {
            connection.calls[call.id] = nil
            if call.isCounted { connection.load -= 1 }
        }
        if call.kind == .hello { return try greet(frame, connection) }
        call.heard = now
        call.size += header.rawSize
        if call.size <= options.answerSizeMax {
            return deliver(.success(frame), isLast: frame.isLast, to: call)
        }
        stop(
            call,
            AssayError(
                .givenUp,
                "reading the answer to \(call.kind): found \(call.size) bytes or more, "
                    + "allowed: \(options.answerSizeMax)"))
    }

    private mutating func greet(_ frame: Received, _ connection: Connection) throws(AssayError) {
        let doing = "reading the server's Hello"
        try checkOwn(frame.header, doing)
        if let refusal = try frame.refusal() { throw refusal }
        let hello = try HelloResponse(server: frame.body)
        if hello.revision > Limits.revision || (hello.compression && !options.compression) {
            throw .damage(doing, "it agrees to what was not offered")
        }
        server = hello
        connection.open(hello, frame)
        // Calls that waited for Hello are now served like all waiting calls.
        for call in waiting where call.connection === connection { call.connection = nil }
        connection.load = 0
    }

    private func leave(_ frame: Received, _ connection: Connection) throws(AssayError) {
        try checkOwn(frame.header, "reading the server's GoAway")
        let doing = "the server closes the connection: "
        let isUnnamed = frame.header.status == .unauthenticated
        let code: AssayError.Code = isUnnamed ? .serverRefused : .protocolError
        if let refusal = try frame.refusal(code, doing) { throw refusal }
        let reason = try GoAway(server: frame.body).reason
        if connection.phase == .greeting { throw .closed("waiting for the server's Hello") }
        if reason == "idle" {
            // A server that says idle has read none of the requests in flight.
            guard connection.calls.values.allSatisfy({ $0.marks == nil }) else {
                throw .damage(
                    "reading the server's GoAway", "found reason idle in the middle of an answer")
            }
            throw .closed("using a connection that the server found idle").unread
        }
        connection.phase = .draining
    }

    /// Checks a frame about the connection: no model made the frame, and no frame follows.
    private func checkOwn(_ header: FrameHeader, _ doing: String) throws(AssayError) {
        if header.provenance == .real, header.flags.isDisjoint(with: [.more, .degraded]) { return }
        throw .damage(
            doing,
            "found provenance \(header.provenance ?? .mock) and flags \(header.flags.rawValue), "
                + "allowed: real and neither more nor degraded")
    }
}
