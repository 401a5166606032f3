// Sorts the frames of one connection by request: pure, so that every breach can be tested without
// a socket.
//
// Guarantees: a frame is kept only when it answers a request in flight, with that request's
// kind and
// with the provenance and generation of its earlier frames (Load excepted, whose progress comes
// before its model); anything else is a protocol error.
// Frames of a request the caller gave up are dropped until its last one.

import Wire

/// One received frame with an owned body.
struct ReceivedFrame {
    let header: FrameHeader
    let body: [UInt8]

    var provenance: Provenance { header.provenance ?? .mock }
    var isLast: Bool { !header.flags.contains(.more) }
}

/// The requests in flight and what has arrived for each.
struct Inbox {
    private struct Entry {
        let kind: MessageKind
        var frames: [ReceivedFrame] = []
        var first: FrameHeader?
        var isAbandoned = false
        var isComplete = false
    }

    private var entries: [UInt64: Entry] = [:]

    /// True after a GoAway with status OK: the server takes no new requests.
    private(set) var isDraining = false

    /// Requests that have not had their last frame.
    var inFlightCount: Int { entries.values.filter { !$0.isComplete }.count }

    mutating func expect(_ kind: MessageKind, for requestID: UInt64) {
        entries[requestID] = Entry(kind: kind)
    }

    /// Files one frame. Throws a protocol error, or the error of a GoAway.
    mutating func receive(_ frame: ReceivedFrame) throws(ClientError) {
        let header = frame.header
        if header.kind == .goAway {
            try receiveGoAway(frame)
            return
        }
        guard var entry = entries[header.requestID], !entry.isComplete else {
            throw .damage(
                "reading the server's answer: found request id \(header.requestID), "
                    + "allowed: one of the \(inFlightCount) in flight")
        }
        if header.kindByte != entry.kind.responseByte {
            throw .damage(
                "reading the answer to \(entry.kind): found kind \(header.kindByte), "
                    + "allowed: \(entry.kind.responseByte)")
        }
        // Load's progress comes before there is a model whose generation it could carry.
        if let first = entry.first, entry.kind != .load {
            let same =
                first.provenance == header.provenance && first.generation == header.generation
            if !same {
                throw .damage(
                    "reading the answer to \(entry.kind): provenance or generation changed "
                        + "between its frames")
            }
        }
        entry.first = entry.first ?? header
        entry.isComplete = frame.isLast
        if entry.isAbandoned {
            entries[header.requestID] = frame.isLast ? nil : entry
        } else {
            entry.frames.append(frame)
            entries[header.requestID] = entry
        }
    }

    private mutating func receiveGoAway(_ frame: ReceivedFrame) throws(ClientError) {
        if frame.header.statusNumber == 0 {
            isDraining = true
            return
        }
        let body = try ErrorBody(server: frame.body)
        throw .refused(frame.header.status, body, frame.provenance)
    }

    /// The next frame for a request, nil when none has arrived. The last one ends the request.
    mutating func take(_ requestID: UInt64) -> ReceivedFrame? {
        guard var entry = entries[requestID], !entry.frames.isEmpty else { return nil }
        let frame = entry.frames.removeFirst()
        entries[requestID] = frame.isLast ? nil : entry
        return frame
    }

    /// Drops what has come and what is still to come for a request.
    mutating func abandon(_ requestID: UInt64) {
        guard var entry = entries[requestID] else { return }
        entry.frames = []
        entry.isAbandoned = true
        entries[requestID] = entry.isComplete ? nil : entry
    }
}

extension WireRecord {
    /// Decodes a body that a server sent: what is wrong with it is the server's breach.
    init(server body: [UInt8]) throws(ClientError) {
        do throws(WireError) {
            try self.init(decoding: body)
        } catch {
            throw .damage(error)
        }
    }
}
